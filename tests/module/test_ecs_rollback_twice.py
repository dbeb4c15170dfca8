# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module ecs_rollback, in process, against the simulator: the same command again."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._ecs import marks
from tests.module.services import BREAKER, NEVER_STARTS, Run, Shop, arn


def is_unchanged(run: Run) -> bool:
    """It says so, and wrote nothing."""
    return (run.outcome, run.failed, run.result["changed"], run.only["method"], run.writes) == (
        "unchanged",
        False,
        False,
        "none",
        [],
    )


def test_the_same_command_again_is_unchanged(shop: Shop) -> None:
    shop.bad_release()
    shop.rollback()
    run = shop.rollback()
    assert is_unchanged(run)
    assert run.message.startswith("[web] unchanged: already rolled back from web:3 to web:1 at ")
    assert run.message.endswith(" by this tool; nothing was deployed since")
    assert shop.on() == "web:1"


def test_a_finished_rollback_leaves_marks_for_the_next_run(shop: Shop) -> None:
    shop.bad_release()
    run = shop.rollback(reason="500s since 13:52")
    assert run.writes == ["TagResource", "UpdateService", "TagResource", "TagResource"]
    assert shop.tags("web:3")["lastgood:bad"].endswith("Z 500s since 13:52")
    assert shop.tags("web:1") == {}
    last = marks.rolled_back(shop.service_tags())
    assert last is not None
    assert (last.left, last.target, last.primary, last.direction) == (
        "web:3",
        "web:1",
        run.only["before"]["deployment_id"],
        "back",
    )
    assert run.message.endswith('web:3 is marked bad: "500s since 13:52"')


def test_a_reason_that_no_tag_can_hold_is_made_to_fit(shop: Shop) -> None:
    shop.bad_release()
    run = shop.rollback(reason='"100 %" <script> ' + "x" * 300)
    mark = shop.tags("web:3")["lastgood:bad"]
    assert (run.outcome, len(mark)) == ("rolled_back", 256)
    assert "_100 __ _script_ xxx" in mark


def test_after_a_new_deployment_the_same_command_goes_back_again(shop: Shop) -> None:
    shop.bad_release()
    shop.rollback()
    shop.versions(1)
    shop.deploy("web:4")
    run = shop.rollback()
    assert (run.outcome, run.target, shop.on()) == ("rolled_back", "web:1", "web:1")


def test_after_the_bad_version_was_deployed_again_the_same_command_goes_back_again(shop: Shop) -> None:
    shop.bad_release()
    shop.rollback()
    shop.deploy("web:3")
    run = shop.rollback()
    assert (run.outcome, run.target, shop.on()) == ("rolled_back", "web:1", "web:1")


def test_with_force_it_goes_further_back(shop: Shop) -> None:
    shop.releases(3)
    shop.rollback()
    assert is_unchanged(shop.rollback(force=["barrier", "stack"]))
    run = shop.rollback(force=["again"])
    assert (run.outcome, run.target, shop.on()) == ("rolled_back", "web:1", "web:1")
    assert shop.tags("web:2")["lastgood:bad"]


def test_what_somebody_marked_bad_after_the_return_is_left_too(shop: Shop) -> None:
    shop.releases(3)
    shop.rollback()
    later = shop.clock.now() + timedelta(seconds=5)
    shop.mark("web:2", marks.BAD, f"{later:%Y-%m-%dT%H:%M:%SZ} loses orders")
    run = shop.rollback()
    assert (run.outcome, run.target, shop.on()) == ("rolled_back", "web:1", "web:1")
    # Their words stay.
    assert shop.tags("web:2")["lastgood:bad"].endswith("Z loses orders")
    assert run.message.endswith("web:2 is marked bad already")
    assert is_unchanged(shop.rollback())


def test_what_was_marked_bad_before_the_return_stays_with_a_warning(shop: Shop) -> None:
    shop.releases(3)
    shop.mark("web:1", marks.BAD, "2026-01-01T00:00:00Z loses orders")
    shop.rollback(revision="1")
    run = shop.rollback()
    assert is_unchanged(run)
    assert "web:1 is marked bad (" in run.finding("marked_bad")["message"]


def test_with_a_named_revision_it_goes_where_it_is_told(shop: Shop) -> None:
    shop.releases(3)
    shop.rollback()
    assert shop.rollback(revision="1").outcome == "rolled_back"
    assert is_unchanged(shop.rollback(revision="1"))


def test_after_the_circuit_breaker_has_rolled_back_it_is_unchanged(shop: Shop) -> None:
    shop.releases(2, deploymentConfiguration=BREAKER)
    shop.versions(1)
    shop.broken("web:3", **NEVER_STARTS)
    shop.deploy("web:3")
    assert (shop.on(), shop.history()[0]) == ("web:2", ("web:3", "ROLLBACK_SUCCESSFUL"))
    run = shop.rollback(deregister=True)
    assert is_unchanged(run)
    assert "ECS itself rolled it back from web:3 to web:2 at " in run.message
    assert "give steps_back, revision or force: [again]" in run.message
    assert [shop.status(f"web:{n}") for n in (1, 2, 3)] == ["ACTIVE", "ACTIVE", "ACTIVE"]


def test_after_the_circuit_breaker_force_goes_further_back(shop: Shop) -> None:
    shop.releases(2, deploymentConfiguration=BREAKER)
    shop.versions(1)
    shop.broken("web:3", **NEVER_STARTS)
    shop.deploy("web:3")
    run = shop.rollback(force=True)
    assert (run.outcome, run.target, shop.on()) == ("rolled_back", "web:1", "web:1")
    [warned] = [text for text in run.result["warnings"] if text.startswith("force: true turned off every guard: ")]
    assert all(f"{word} (the " in warned for word in ("again", "barrier", "stack"))


def test_after_the_circuit_breaker_steps_are_counted_from_the_version_that_it_left(shop: Shop) -> None:
    shop.releases(2, deploymentConfiguration=BREAKER)
    shop.versions(1)
    shop.broken("web:3", **NEVER_STARTS)
    shop.deploy("web:3")
    run = shop.rollback(steps_back=2)
    assert (run.outcome, run.target, shop.on()) == ("rolled_back", "web:1", "web:1")
    assert is_unchanged(shop.rollback(steps_back=2))


def test_after_a_return_by_hand_it_is_unchanged(shop: Shop) -> None:
    shop.releases(3)
    shop.deploy("web:2")
    run = shop.rollback()
    assert is_unchanged(run)
    assert "somebody returned it from web:3 to web:2 at " in run.message


def test_after_a_native_stop_by_hand_it_is_unchanged(shop: Shop) -> None:
    shop.releases(2)
    shop.versions(1)
    shop.deploy("web:3", settle=20)
    running = shop.world.ecs.list_service_deployments(cluster="shop", service="web")["serviceDeployments"][0]
    shop.world.ecs.stop_service_deployment(serviceDeploymentArn=running["serviceDeploymentArn"])
    shop.sim.advance(300)
    run = shop.rollback()
    assert is_unchanged(run)
    assert "ECS itself rolled it back from web:3 to web:2 at " in run.message


def test_without_marks_the_history_still_says_that_it_is_done(shop: Shop) -> None:
    shop.bad_release()
    first = shop.rollback(mark=False)
    assert (first.outcome, first.writes) == ("rolled_back", ["UpdateService"])
    assert (shop.tags("web:3"), shop.service_tags()) == ({}, {})
    run = shop.rollback(mark=False)
    assert is_unchanged(run)
    assert "returned it from web:3 to web:1 at " in run.message


def test_without_marks_a_native_rollback_is_done_only_once(shop: Shop) -> None:
    shop.releases(2)
    shop.versions(1)
    shop.deploy("web:3", settle=20)
    assert shop.rollback(mark=False).only["method"] == "stop_deployment"
    assert is_unchanged(shop.rollback(mark=False))


def test_where_tagging_is_denied_it_warns_and_goes_back(shop: Shop) -> None:
    shop.bad_release()
    shop.deny("TagResource")
    run = shop.rollback()
    assert (run.outcome, run.failed, shop.on()) == ("rolled_back", False, "web:1")
    assert "web:3 was not marked bad" in run.finding("mark")["message"]
    # With neither the mark nor the record, the next run cannot do it.
    assert run.finding("mark")["message"].endswith("left it. Mark it with ecs_revision_mark")
    assert run.finding("service_tags")["severity"] == "warn"
    assert all("needs the permission ecs:TagResource" in warning for warning in run.result["warnings"])


def test_where_tagging_is_denied_the_second_run_is_unchanged(shop: Shop) -> None:
    shop.bad_release()
    shop.deny("TagResource")
    shop.rollback()
    assert is_unchanged(shop.rollback())


def test_two_steps_back_twice_are_two_steps_back(shop: Shop) -> None:
    shop.releases(5)
    assert shop.rollback(steps_back=2).target == "web:3"
    assert is_unchanged(shop.rollback(steps_back=2))
    assert shop.on() == "web:3"


def test_two_steps_back_twice_without_marks_are_two_steps_back(shop: Shop) -> None:
    shop.releases(5)
    assert shop.rollback(steps_back=2, mark=False).target == "web:3"
    assert is_unchanged(shop.rollback(steps_back=2, mark=False))
    assert shop.on() == "web:3"


def test_one_step_and_then_two_steps_twice_without_marks_are_two_steps_back(shop: Shop) -> None:
    shop.releases(5)
    assert shop.rollback(mark=False).target == "web:4"
    assert shop.rollback(steps_back=2, mark=False).target == "web:3"
    assert is_unchanged(shop.rollback(steps_back=2, mark=False))
    assert shop.on() == "web:3"


def test_as_of_twice_is_unchanged(shop: Shop) -> None:
    shop.releases(3)
    options = {"as_of": shop.primary()["createdAt"].isoformat()}
    assert shop.rollback(**options).target == "web:2"
    assert is_unchanged(shop.rollback(**options))


def test_the_fallback_twice_is_unchanged(shop: Shop) -> None:
    shop.releases(3)
    shop.deny("ListServiceDeployments")
    assert shop.rollback(fallback="previous_registered").target == "web:2"
    assert is_unchanged(shop.rollback(fallback="previous_registered"))


def test_tasks_are_not_applied_to_a_service_that_is_unchanged(shop: Shop) -> None:
    shop.bad_release()
    shop.rollback()
    run = shop.rollback(tasks=5)
    assert is_unchanged(run)
    assert "the task count was left at 2 (tasks asked for 5)" in run.finding("tasks")["message"]


def test_a_version_that_was_rolled_back_from_can_be_named(shop: Shop) -> None:
    shop.bad_release()
    shop.rollback()
    run = shop.rollback(revision="3")
    assert (run.outcome, shop.on()) == ("rolled_back", "web:3")


# -- what could not be done in the end


def test_a_deregistration_that_was_refused_is_done_by_the_same_command(shop: Shop) -> None:
    shop.bad_release()
    shop.create("web:3", name="other")
    run = shop.rollback(deregister=True)
    assert (run.outcome, run.only["deregistered"]) == ("rolled_back", None)
    assert "still in use by service shop/other" in run.finding("deregister")["message"]
    # Still in use: nothing can be done, and that is said.
    again = shop.rollback(deregister=True)
    assert (again.outcome, again.only["changed"], again.writes) == ("unchanged", False, [])
    assert again.only["unchanged_because"] == "already_rolled_back"
    assert "web:3 is not deregistered yet" in again.message
    shop.deploy("web:1", name="other")
    done = shop.rollback(deregister=True)
    assert (done.outcome, done.only["changed"], shop.status("web:3")) == ("rolled_back", True, "INACTIVE")
    assert "UpdateService" not in done.writes
    assert is_unchanged(shop.rollback(deregister=True))


@pytest.mark.parametrize("operation", ["DeregisterTaskDefinition", "ListClusters"])
def test_a_deregistration_that_was_denied_is_done_by_the_same_command(shop: Shop, operation: str) -> None:
    shop.bad_release()
    shop.deny(operation)
    assert shop.rollback(deregister=True).only["deregistered"] is None
    shop.sim.clear_failures()
    assert shop.rollback(deregister=True).only["deregistered"] == arn("web:3")
    assert is_unchanged(shop.rollback(deregister=True))


@pytest.mark.parametrize("denied", ["DeregisterTaskDefinition", "TagResource"])
def test_what_was_denied_is_done_by_a_plan_too(shop: Shop, denied: str) -> None:
    """As the role does it: a look, and a step that carries out what the look has shown."""
    shop.bad_release()
    when = {"resourceArn": arn("web:3")} if denied == "TagResource" else None
    shop.sim.fail(denied, code="AccessDeniedException", times=None, when=when)
    assert shop.rollback(deregister=True).outcome == "rolled_back"
    shop.sim.clear_failures()
    look = shop.rollback(check_mode=True, deregister=True)
    done = shop.rollback(plan=[item["plan"] for item in look.result["services"]])
    assert (done.outcome, done.moves.count("UpdateService")) == ("rolled_back", 0)
    assert ("lastgood:bad" in shop.tags("web:3"), shop.status("web:3")) == (True, "INACTIVE")
    assert is_unchanged(shop.rollback(deregister=True))


def test_a_mark_that_was_denied_is_set_by_the_same_command(shop: Shop) -> None:
    shop.bad_release()
    shop.sim.fail("TagResource", code="AccessDeniedException", times=None, when={"resourceArn": arn("web:3")})
    run = shop.rollback(reason="500s")
    assert (run.outcome, shop.tags("web:3")) == ("rolled_back", {})
    shop.sim.clear_failures()
    again = shop.rollback(reason="500s")
    assert (again.outcome, again.only["changed"], again.writes) == ("rolled_back", True, ["TagResource", "TagResource"])
    assert shop.tags("web:3")["lastgood:bad"].endswith("Z 500s")
    assert is_unchanged(shop.rollback(reason="500s"))


@pytest.mark.parametrize("code", ["AccessDeniedException", "ThrottlingException", "ServerException"])
def test_if_the_record_cannot_be_written_it_is_one_warning_and_holds_nothing_up(shop: Shop, code: str) -> None:
    def rolled_back() -> tuple[Run, float]:
        begin = shop.sim.now()
        run = shop.rollback()
        assert (run.failed, run.outcome) == (False, "rolled_back")
        [sent] = [entry["time"] for entry in run.log if entry["operation"] == "UpdateService"]
        return run, float(sent) - begin

    shop.releases(3)
    fine, soon = rolled_back()
    assert fine.findings("service_tags") == []
    shop.deploy("web:3")
    shop.sim.fail("TagResource", code=code, times=None)
    run, late = rolled_back()
    assert late <= soon + 0.5
    assert run.finding("service_tags")["message"].startswith("the rollback is not recorded on the service")
    assert run.operations[: run.operations.index("UpdateService")].count("TagResource") == 1


def test_tasks_that_inherit_the_tag_are_told_of(shop: Shop) -> None:
    shop.versions(2)
    shop.create("web:1", propagateTags="SERVICE")
    shop.deploy("web:2")
    assert "propagateTags SERVICE" in shop.rollback().finding("propagated_tags")["message"]
    assert shop.rollback(force=["again"], revision="2").findings("propagated_tags")


def test_a_record_that_came_too_late_is_written_in_the_end(shop: Shop) -> None:
    shop.releases(3)
    shop.sim.fail("TagResource", code="ThrottlingException")
    run = shop.rollback()
    assert run.finding("service_tags")["message"].endswith("It goes ahead all the same")
    again = shop.rollback()
    assert (again.outcome, again.only["unchanged_because"]) == ("unchanged", "already_rolled_back")
