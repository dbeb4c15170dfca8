# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module ecs_rollback, in process, against the simulator: only a move back is a rollback."""

from __future__ import annotations

import pytest

from tests.module.code_deploy import BlueGreen
from tests.module.external import External
from tests.module.services import Shop


def is_bad(shop: Shop, *versions: str) -> bool:
    """All of these are marked bad."""
    return all("lastgood:bad" in shop.tags(version) for version in versions)


def unmarked(shop: Shop, *versions: str) -> bool:
    """None of these is marked bad."""
    return not any("lastgood:bad" in shop.tags(version) for version in versions)


def test_a_rollback_is_a_move_back(shop: Shop) -> None:
    shop.releases(3)
    planned = shop.rollback(check_mode=True)
    assert (planned.only["direction"], planned.message) == (
        "back",
        "[web] planned: web:3 → web:2 by update_service; nothing was written",
    )
    run = shop.rollback()
    assert (run.only["direction"], is_bad(shop, "web:3"), unmarked(shop, "web:1", "web:2")) == ("back", True, True)
    assert "(forward)" not in run.everything


def test_forward_again_takes_the_mark_back_and_the_next_rollback_starts_from_there(shop: Shop) -> None:
    """It was the database: web:3 is well. Then web:4 breaks."""
    shop.releases(3)
    shop.rollback(reason="500s")
    run = shop.rollback(revision="3")
    assert (run.outcome, run.only["direction"], shop.on()) == ("rolled_back", "forward", "web:3")
    assert unmarked(shop, "web:2", "web:3")
    assert run.finding("unmarked")["message"].startswith("web:3 is no longer marked bad")
    assert "web:2 → web:3 (forward) in " in run.message
    assert run.message.endswith("web:3 is no longer marked bad")
    shop.versions(1)
    shop.deploy("web:4")
    run = shop.rollback()
    assert (run.outcome, run.only["direction"], run.target, shop.on()) == ("rolled_back", "back", "web:3", "web:3")
    assert (is_bad(shop, "web:4"), unmarked(shop, "web:1", "web:2", "web:3")) == (True, True)


@pytest.mark.parametrize("mark", [True, False])
def test_forward_to_a_fix_that_is_bad_too_goes_back_with_the_next_plain_rollback(shop: Shop, mark: bool) -> None:
    shop.releases(2)
    shop.versions(1)
    shop.rollback(mark=mark)
    run = shop.rollback(revision="3", mark=mark)
    assert (run.outcome, run.only["direction"], unmarked(shop, "web:1")) == ("rolled_back", "forward", True)
    run = shop.rollback(mark=mark)
    assert (run.outcome, run.only["direction"], run.target, shop.on()) == ("rolled_back", "back", "web:1", "web:1")
    # And then it is done.
    assert shop.rollback(mark=mark).outcome == "unchanged"


def test_the_same_forward_move_again_is_unchanged(shop: Shop) -> None:
    shop.releases(3)
    shop.rollback()
    shop.rollback(revision="3")
    run = shop.rollback(revision="3")
    assert (run.outcome, run.only["direction"], run.writes) == ("unchanged", "same", [])


def test_a_mark_that_somebody_else_set_stays(shop: Shop) -> None:
    shop.releases(3)
    shop.rollback()
    shop.mark("web:3", "lastgood:bad", "2026-01-01T00:00:00Z loses orders")
    run = shop.rollback(revision="3")
    assert (run.outcome, shop.tags("web:3")["lastgood:bad"]) == ("rolled_back", "2026-01-01T00:00:00Z loses orders")
    assert "web:3 stays marked bad (2026-01-01T00:00:00Z loses orders)" in run.finding("marked_bad")["message"]
    assert run.finding("marked_bad")["severity"] == "warn"


def test_a_mark_of_another_service_s_rollback_stays(shop: Shop) -> None:
    """staging and web share their task definitions."""
    shop.releases(3)
    shop.create("web:2", name="staging")
    shop.deploy("web:3", name="staging")
    shop.rollback("staging", reason="fails on staging")
    run = shop.rollback(revision="2")
    assert (run.outcome, run.only["direction"]) == ("rolled_back", "back")
    run = shop.rollback(revision="3")
    assert (run.outcome, run.only["direction"], is_bad(shop, "web:3")) == ("rolled_back", "forward", True)
    assert run.finding("unmarked")["message"] == "web:3 is no longer marked bad for web, but still for other services"
    assert shop.tags("web:3")["lastgood:bad-of"].partition(" ")[2] == "shop/staging"


def test_what_another_service_left_is_not_bad_here(shop: Shop) -> None:
    """staging and web share their task definitions: only staging was rolled back from web:2."""
    shop.versions(3)
    shop.create("web:1", name="staging")
    shop.deploy("web:2", name="staging")
    shop.rollback("staging", reason="fails on staging")
    shop.create("web:1")
    shop.deploy("web:2")
    shop.deploy("web:3")
    run = shop.rollback()
    assert (run.outcome, run.target) == ("rolled_back", "web:1")
    left_out = run.finding("left_out")
    assert left_out["severity"] == "warn"
    assert left_out["message"].startswith("web:2: a rollback of shop/staging marked it bad (")


def test_what_another_service_left_meanwhile_is_not_left_here(shop: Shop) -> None:
    """A mark that is set after a return says that the running version is bad, but only for its own service."""
    shop.releases(3)
    shop.rollback()
    shop.create("web:1", name="staging")
    shop.deploy("web:2", name="staging")
    shop.rollback("staging")
    run = shop.rollback()
    assert (run.outcome, shop.on(), run.writes) == ("unchanged", "web:2", [])
    assert "a rollback of shop/staging marked it bad" in run.finding("marked_elsewhere")["message"]
    # A mark by hand counts here too.
    shop.sim.advance(60)
    now = shop.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    shop.mark("web:2", "lastgood:bad", f"{now} leaks memory")
    run = shop.rollback()
    assert (run.outcome, run.target) == ("rolled_back", "web:1")


def test_where_the_mark_cannot_be_taken_back_it_warns(shop: Shop) -> None:
    shop.releases(3)
    shop.rollback()
    shop.deny("UntagResource")
    run = shop.rollback(revision="3")
    assert (run.outcome, run.failed) == ("rolled_back", False)
    finding = run.finding("mark")
    assert finding["severity"] == "warn"
    assert "web:3 is still marked bad" in finding["message"]
    assert "ecs:UntagResource" in finding["message"]


def test_mark_false_takes_no_mark_back(shop: Shop) -> None:
    shop.releases(3)
    shop.rollback()
    run = shop.rollback(revision="3", mark=False)
    assert (run.outcome, is_bad(shop, "web:3"), run.writes) == ("rolled_back", True, ["UpdateService"])
    assert "web:3 stays marked bad" in run.finding("marked_bad")["message"]


@pytest.mark.parametrize("revision", ["3", "4"])
def test_a_move_forward_never_deregisters(shop: Shop, revision: str) -> None:
    shop.releases(3)
    shop.versions(1)
    shop.rollback()
    run = shop.rollback(revision=revision, deregister=True)
    assert (run.outcome, run.only["direction"], run.writes, shop.on()) == ("refused", "forward", [], "web:2")
    assert f"web:2 → web:{revision} is a move forward" in run.message
    assert "deregister" in run.message
    assert run.message.endswith("Nothing was written")


def test_a_move_to_a_family_that_never_ran_here_marks_nothing_and_deregisters_nothing(shop: Shop) -> None:
    shop.releases(2)
    shop.versions(1, family="spare")
    run = shop.rollback(revision="spare:1", deregister=True, force=["family"])
    assert (run.outcome, run.only["direction"], run.writes) == ("refused", "unknown", [])
    run = shop.rollback(revision="spare:1", force=["family"])
    assert (run.outcome, run.only["direction"], unmarked(shop, "web:1", "web:2")) == ("rolled_back", "unknown", True)
    assert "web:2 → spare:1 (direction unknown) in " in run.message


def test_deregister_again_after_the_rollback_is_unchanged(shop: Shop) -> None:
    shop.releases(3)
    assert shop.rollback(revision="2", deregister=True).only["deregistered"]
    run = shop.rollback(revision="2", deregister=True)
    assert (run.outcome, run.only["direction"]) == ("unchanged", "same")


def test_a_pinned_copy_counts_as_what_it_was_made_of(shop: Shop) -> None:
    """web:4 is a copy of web:1: from there web:3 is ahead, whatever the numbers say."""
    shop.releases(3)
    run = shop.rollback(revision="1", pin_images="always")
    assert (run.outcome, run.only["direction"], shop.on(), is_bad(shop, "web:3")) == (
        "rolled_back",
        "back",
        "web:4",
        True,
    )
    assert shop.rollback().outcome == "unchanged"
    run = shop.rollback(revision="3")
    assert (run.outcome, run.only["direction"], shop.on()) == ("rolled_back", "forward", "web:3")
    assert unmarked(shop, "web:1", "web:3", "web:4")
    run = shop.rollback()
    assert (run.outcome, run.only["direction"], run.target) == ("rolled_back", "back", "web:4")


def test_forward_while_a_rollback_is_running(shop: Shop) -> None:
    shop.releases(3)
    shop.rollback(wait=False)
    shop.sim.advance(2)
    run = shop.rollback(revision="3")
    assert (run.outcome, run.only["direction"], shop.on()) == ("rolled_back", "forward", "web:3")
    assert unmarked(shop, "web:2", "web:3")
    assert "web:2 → web:3 (forward)" in run.message


def test_back_from_a_forward_move_that_is_running(shop: Shop) -> None:
    shop.releases(3)
    shop.rollback()
    shop.rollback(revision="3", wait=False)
    shop.sim.advance(2)
    run = shop.rollback()
    assert (run.outcome, run.only["direction"], run.target, shop.on()) == ("rolled_back", "back", "web:2", "web:2")
    assert (is_bad(shop, "web:3"), unmarked(shop, "web:2")) == (True, True)


def test_a_forward_move_that_was_killed_is_finished_by_the_same_command(shop: Shop) -> None:
    shop.releases(3)
    shop.rollback()
    shop.killed(revision="3", at_sleep=2)
    shop.sim.advance(120)
    run = shop.rollback(revision="3")
    assert (run.outcome, run.only["method"], run.only["direction"]) == ("rolled_back", "adopt", "forward")
    assert unmarked(shop, "web:2", "web:3")
    assert shop.rollback(revision="3").outcome == "unchanged"


def test_after_a_forward_move_that_was_killed_a_plain_rollback_is_one(shop: Shop) -> None:
    shop.releases(3)
    shop.rollback()
    shop.killed(revision="3", at_sleep=2)
    shop.sim.advance(120)
    run = shop.rollback()
    assert (run.outcome, run.only["direction"], run.target) == ("rolled_back", "back", "web:2")


def test_as_of_can_go_forward(shop: Shop) -> None:
    shop.releases(3)
    good = shop.primary()["updatedAt"].isoformat()
    shop.rollback()
    run = shop.rollback(as_of=good)
    assert (run.outcome, run.only["direction"], shop.on(), unmarked(shop, "web:2", "web:3")) == (
        "rolled_back",
        "forward",
        "web:3",
        True,
    )


def test_without_a_history_the_numbers_of_one_family_tell(shop: Shop) -> None:
    shop.releases(3)
    shop.deny("ListServiceDeployments")
    run = shop.rollback(fallback="previous_registered")
    assert (run.outcome, run.only["direction"], is_bad(shop, "web:3")) == ("rolled_back", "back", True)
    run = shop.rollback(revision="3")
    assert (run.outcome, run.only["direction"], unmarked(shop, "web:2", "web:3")) == ("rolled_back", "forward", True)
    run = shop.rollback(fallback="previous_registered")
    assert (run.outcome, run.only["direction"], run.target) == ("rolled_back", "back", "web:2")


def test_the_plan_says_the_direction(shop: Shop) -> None:
    shop.releases(3)
    assert shop.info().only["direction"] == "back"
    shop.rollback()
    run = shop.info(revision="3")
    assert run.only["direction"] == "forward"
    assert run.lines[0].startswith("[web] web:2 → web:3 (forward)  named: you named it")


def test_a_service_that_cannot_be_read_has_no_direction(shop: Shop) -> None:
    assert shop.rollback("nosuch").only["direction"] is None
    assert shop.info("nosuch").only["direction"] is None


# -- services that CodeDeploy deploys


@pytest.fixture
def blue_green(shop: Shop) -> BlueGreen:
    return BlueGreen(shop)


def test_forward_with_codedeploy(shop: Shop, blue_green: BlueGreen) -> None:
    blue_green.bad_release()
    run = shop.rollback()
    assert (run.outcome, run.only["direction"], is_bad(shop, "web:3")) == ("rolled_back", "back", True)
    assert run.sent("CreateDeployment")[0]["description"].startswith("lastgood.aws rollback web:3 to web:2, run ")
    run = shop.rollback(revision="3")
    assert run.sent("CreateDeployment")[0]["description"].startswith("lastgood.aws redeploy web:2 to web:3, run ")
    assert (run.outcome, run.only["direction"], blue_green.sets()["PRIMARY"]) == ("rolled_back", "forward", "web:3")
    assert unmarked(shop, "web:2", "web:3")
    run = shop.rollback()
    assert (run.outcome, run.only["direction"], run.target) == ("rolled_back", "back", "web:2")


def test_a_move_forward_with_codedeploy_never_deregisters(shop: Shop, blue_green: BlueGreen) -> None:
    blue_green.bad_release()
    shop.rollback()
    run = shop.rollback(revision="3", deregister=True)
    assert (run.outcome, run.only["direction"], run.writes) == ("refused", "forward", [])


# -- services that something else deploys


@pytest.fixture
def external(shop: Shop) -> External:
    return External(shop)


def test_forward_with_task_sets(shop: Shop, external: External) -> None:
    external.released()
    run = shop.rollback()
    assert (run.outcome, run.only["direction"], is_bad(shop, "web:2")) == ("rolled_back", "back", True)
    run = shop.rollback(revision="2")
    assert (run.outcome, run.only["direction"], unmarked(shop, "web:1", "web:2")) == ("rolled_back", "forward", True)
    assert external.sets()["web:2"][0] == "PRIMARY"
    run = shop.rollback()
    assert (run.outcome, run.only["direction"], run.target) == ("rolled_back", "back", "web:1")


def test_of_task_sets_of_different_families_the_age_tells(shop: Shop, external: External) -> None:
    shop.versions(2, family="next", portMappings=[{"containerPort": 80}])
    for version in ("web:3", "next:1"):
        external.promote(external.stand(version))
    run = shop.rollback()
    assert (run.outcome, run.only["direction"], run.target) == ("rolled_back", "back", "web:3")
    assert is_bad(shop, "next:1")
    run = shop.rollback(revision="next:1", deregister=True)
    assert (run.outcome, run.only["direction"], run.writes) == ("refused", "forward", [])
    run = shop.rollback(revision="next:2")
    assert (run.outcome, run.only["direction"], unmarked(shop, "web:3")) == ("rolled_back", "unknown", True)


def test_the_task_set_that_a_rollback_was_made_for_is_the_youngest_and_not_the_newest_version(
    shop: Shop, external: External
) -> None:
    old, _new = external.released()
    external.delete(old)
    assert shop.rollback(revision="1", mark=False).only["direction"] == "back"
    # web:2 still stands, and its task set is the older one.
    run = shop.rollback()
    assert (run.outcome, run.writes) == ("refused", [])
    assert "web:2: it is newer than web:1, and a rollback does not go forward" in run.message
    assert shop.rollback(revision="2", mark=False).only["direction"] == "forward"


def test_a_task_set_that_has_to_be_created_goes_by_its_number(shop: Shop, external: External) -> None:
    external.released()
    run = shop.rollback(revision="3")
    assert (run.outcome, run.only["direction"], unmarked(shop, "web:2")) == ("rolled_back", "forward", True)


def test_a_copy_in_a_task_set_counts_as_what_it_was_made_of(shop: Shop, external: External) -> None:
    external.released()
    shop.deregister("web:1")
    shop.deregister("web:3")
    external.delete(next(s["id"] for s in shop.service()["taskSets"] if s["taskDefinition"].endswith("web:1")))
    run = shop.rollback(revision="1", pin_images="always")
    assert (run.outcome, run.only["direction"], run.target) == ("rolled_back", "back", "web:5")
    external.delete(next(s["id"] for s in shop.service()["taskSets"] if s["taskDefinition"].endswith("web:2")))
    run = shop.rollback(revision="4")
    assert (run.outcome, run.only["direction"], unmarked(shop, "web:5")) == ("rolled_back", "forward", True)


# -- what was begun elsewhere, or not waited for


def test_a_move_forward_that_was_not_waited_for_is_finished_by_the_same_command(shop: Shop) -> None:
    shop.releases(3)
    shop.rollback()
    shop.rollback(revision="3", wait=False)
    shop.sim.advance(2)
    run = shop.rollback(revision="3")
    assert (run.outcome, run.only["method"], run.only["direction"]) == ("rolled_back", "adopt", "forward")
    assert unmarked(shop, "web:2", "web:3")
    assert shop.rollback().target == "web:2"


def test_a_deployment_of_somebody_else_that_was_followed_is_not_a_rollback(shop: Shop) -> None:
    shop.releases(2)
    shop.versions(1)
    shop.deploy("web:3", settle=2)
    run = shop.rollback(revision="3")
    assert (run.outcome, run.only["method"], run.only["direction"]) == ("rolled_back", "adopt", "same")
    assert unmarked(shop, "web:2")
    run = shop.rollback()
    assert (run.outcome, run.target) == ("rolled_back", "web:2")


def test_a_version_that_was_brought_up_once_more_is_not_a_rollback(shop: Shop) -> None:
    """Its deployment had failed and is made anew."""
    shop.releases(2, deploymentConfiguration={"deploymentCircuitBreaker": {"enable": True, "rollback": False}})
    shop.versions(1)
    shop.broken("web:3")
    shop.deploy("web:3")
    assert shop.primary()["rolloutState"] == "FAILED"
    shop.sim.image("registry/web:3", "ok")
    run = shop.rollback(revision="3")
    assert (run.outcome, run.only["direction"]) == ("rolled_back", "same")
    assert shop.rollback(revision="3").outcome == "unchanged"
    run = shop.rollback()
    assert (run.outcome, run.target) == ("rolled_back", "web:2")
