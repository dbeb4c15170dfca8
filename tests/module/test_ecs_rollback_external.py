# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module ecs_rollback, in process, against the simulator: services that something outside of AWS deploys."""

from __future__ import annotations

import pytest

from tests.module.external import BALANCER, External
from tests.module.services import CLUSTER, Shop, arn
from tests.world import NETWORK


@pytest.fixture
def external(shop: Shop) -> External:
    return External(shop)


def test_a_task_set_that_still_stands_takes_over_at_once(shop: Shop, external: External) -> None:
    old, new = external.released()
    run = shop.rollback(reason="500s")
    assert (run.outcome, run.only["method"], run.target) == ("rolled_back", "primary_task_set", "web:1")
    assert run.only["target_source"] == "standing_task_set"
    assert external.sets() == {"web:1": ("PRIMARY", 100), "web:2": ("ACTIVE", 100)}
    assert run.writes == ["TagResource", "UpdateServicePrimaryTaskSet", "TagResource", "TagResource"]
    assert f"its task set {old} still stands since" in run.only["target_why"]
    assert f"task set {new} of web:2 is left as it is" in run.finding("task_set_left")["message"]


def test_the_second_run_finds_the_work_done(shop: Shop, external: External) -> None:
    external.released()
    shop.rollback()
    shop.later()
    run = shop.rollback()
    assert (run.outcome, run.writes) == ("unchanged", [])
    assert "already rolled back from web:2 to web:1" in run.message


def test_without_marks_the_second_run_does_not_go_forward_again(shop: Shop, external: External) -> None:
    external.released()
    shop.rollback(mark=False)
    run = shop.rollback(mark=False)
    assert (run.outcome, run.writes, external.sets()["web:1"]) == ("refused", [], ("PRIMARY", 100))
    assert "of web:2 is younger than the PRIMARY one, of web:1, and steady" in run.message


def test_a_task_set_that_was_scaled_down_is_brought_up_first(shop: Shop, external: External) -> None:
    external.released(old_scale=0)
    run = shop.rollback()
    assert (run.outcome, external.sets()["web:1"]) == ("rolled_back", ("PRIMARY", 100))
    assert run.moves[0] == "UpdateTaskSet"
    assert run.writes.index("UpdateServicePrimaryTaskSet") > 0
    assert run.only["timings"]["ended"] > 10


def test_what_is_being_prepared_is_not_a_target(shop: Shop, external: External) -> None:
    """A task set that is newer than the PRIMARY one is on its way in."""
    first = external.stand("web:1")
    external.promote(first)
    external.stand("web:2")
    run = shop.rollback()
    assert (run.outcome, run.writes) == ("refused", [])
    assert "of web:2 is younger than the PRIMARY one, of web:1, and steady" in run.message
    assert "name a version with revision" in run.message


def test_one_that_is_younger_and_steady_is_not_passed_over(shop: Shop, external: External) -> None:
    """Nobody knows whether web:3 is about to come or was left; web:2, which serves, is not left for web:1."""
    external.released()
    external.stand("web:3")
    run = shop.rollback()
    assert (run.outcome, run.writes, external.sets()["web:2"][0]) == ("refused", [], "PRIMARY")
    assert shop.rollback(force=["again"]).target == "web:1"


def test_a_task_set_in_preparation_is_what_goes(shop: Shop, external: External) -> None:
    """web:2 is PRIMARY and serves; web:3 is on its way in. web:1 still stands, and is nobody's business."""
    _old, serving = external.released()
    coming = external.stand("web:3", settle=1)
    run = shop.rollback(reason="500s in the canary")
    assert (run.outcome, run.target, run.only["method"]) == ("rolled_back", "web:2", "stop_deployment")
    assert (run.only["left"], run.only["after"]["deployment_id"]) == (arn("web:3"), serving)
    assert [name for name in run.writes if name != "TagResource"] == ["DeleteTaskSet"]
    assert external.sets()["web:2"] == ("PRIMARY", 100)
    assert external.sets().get("web:3", ("DRAINING", 0))[0] == "DRAINING"
    assert ("lastgood:bad" in shop.tags("web:3"), "lastgood:bad" in shop.tags("web:2")) == (True, False)
    assert f"task set {coming} of web:3 was deleted" in run.finding("task_set_deleted")["message"]
    shop.sim.advance(120)
    again = shop.rollback()
    assert (again.outcome, again.writes) == ("unchanged", [])
    assert external.sets() == {"web:1": ("ACTIVE", 100), "web:2": ("PRIMARY", 100)}


def test_an_older_revision_in_preparation_is_somebody_s_way_back(shop: Shop, external: External) -> None:
    external.promote(external.stand("web:2"))
    external.stand("web:1", settle=1)
    run = shop.rollback()
    assert (run.outcome, run.writes) == ("refused", [])


def test_a_task_set_in_preparation_is_refused_when_that_is_asked_for(shop: Shop, external: External) -> None:
    external.released()
    coming = external.stand("web:3", settle=1)
    run = shop.rollback(in_flight="refuse")
    assert (run.outcome, run.writes) == ("refused", [])
    assert f"task set {coming} of web:3 is being brought up, and in_flight is refuse" in run.message


def test_a_task_set_in_preparation_is_told_if_another_version_is_named(shop: Shop, external: External) -> None:
    external.released()
    coming = external.stand("web:3", settle=1)
    run = shop.rollback(revision="1")
    assert (run.outcome, external.sets()["web:3"][0]) == ("rolled_back", "ACTIVE")
    assert f"task set {coming} of web:3 is being brought up" in run.finding("in_flight")["message"]


def test_one_that_is_marked_bad_is_passed_by(shop: Shop, external: External) -> None:
    for version in ("web:1", "web:2", "web:3"):
        external.promote(external.stand(version))
    shop.mark("web:2", "lastgood:bad")
    run = shop.rollback()
    assert (run.outcome, run.target) == ("rolled_back", "web:1")
    assert "web:2: marked bad" in run.finding("left_out")["message"]


def test_two_steps_back(shop: Shop, external: External) -> None:
    for version in ("web:1", "web:2", "web:3"):
        external.promote(external.stand(version))
    assert shop.rollback(steps_back=2).target == "web:1"


def test_a_named_revision_without_a_task_set_gets_one_like_the_primary_one(shop: Shop, external: External) -> None:
    external.released(loadBalancers=[BALANCER])
    run = shop.rollback(revision="3")
    assert (run.outcome, external.sets()["web:3"]) == ("rolled_back", ("PRIMARY", 100))
    (sent,) = run.sent("CreateTaskSet")
    assert (sent["launchType"], sent["networkConfiguration"]) == ("FARGATE", NETWORK)
    assert sent["loadBalancers"] == [BALANCER]
    assert (sent["scale"], sent["taskDefinition"]) == ({"value": 100.0, "unit": "PERCENT"}, arn("web:3"))
    assert "registered with the target groups of the PRIMARY one" in run.finding("traffic")["message"]
    assert run.finding("image_identity")["severity"] == "unknown"


def test_a_named_revision_whose_task_set_stands_gets_no_other(shop: Shop, external: External) -> None:
    external.released()
    run = shop.rollback(revision="1")
    assert (run.outcome, run.sent("CreateTaskSet")) == ("rolled_back", [])


def test_traffic_is_left_to_its_owner_and_that_is_said(shop: Shop, external: External) -> None:
    external.released(loadBalancers=[BALANCER])
    run = shop.rollback()
    assert run.outcome == "rolled_back"
    assert run.finding("traffic")["severity"] == "warn"
    assert "the listener is not changed" in run.finding("traffic")["message"]


def test_a_deregistered_revision_is_not_created_but_may_stand(shop: Shop, external: External) -> None:
    external.released()
    for version in ("web:1", "web:3"):
        shop.deregister(version)
    assert shop.rollback(revision="3").outcome == "refused"
    assert shop.rollback().outcome == "rolled_back"


def test_there_is_no_history(shop: Shop, external: External) -> None:
    external.released()
    assert "there is none of services with the controller EXTERNAL" in shop.rollback(as_of="2026-11-20").message
    (new, old) = shop.info().only["candidates"]
    assert (new["current"], old["verdict"]) == (True, "unknown")
    assert "no record tells how it did" in old["why"]


def test_from_revision(shop: Shop, external: External) -> None:
    external.released()
    assert shop.rollback(from_revision="1").outcome == "unchanged"
    assert shop.rollback(from_revision="2").outcome == "rolled_back"


def test_a_service_without_a_primary_task_set(shop: Shop, external: External) -> None:
    run = shop.rollback()
    assert (run.outcome, run.writes) == ("refused", [])
    assert "no task set of web is PRIMARY" in run.message


@pytest.mark.parametrize(
    ("tasks", "order"),
    [(4, ["UpdateService", "UpdateServicePrimaryTaskSet"]), (1, ["UpdateServicePrimaryTaskSet", "UpdateService"])],
)
def test_more_tasks_are_there_before_it_takes_over(
    shop: Shop, external: External, tasks: int, order: list[str]
) -> None:
    external.released()
    run = shop.rollback(tasks=tasks)
    assert (run.outcome, shop.service()["desiredCount"]) == ("rolled_back", tasks)
    assert [name for name in run.writes if name.startswith("UpdateService")] == order


def test_without_waiting_it_says_that_the_task_set_is_not_primary_yet(shop: Shop, external: External) -> None:
    external.released(old_scale=0)
    run = shop.rollback(wait=False)
    assert (run.outcome, external.sets()["web:2"][0]) == ("started", "PRIMARY")
    assert "is not steady yet, and so not PRIMARY either" in run.finding("task_set")["message"]
    shop.sim.advance(60)
    assert shop.rollback().outcome == "rolled_back"


def test_a_task_set_that_does_not_come_up(shop: Shop, external: External) -> None:
    external.released()
    shop.broken("web:3")
    run = shop.rollback(revision="3")
    assert (run.outcome, external.sets()["web:2"][0]) == ("failed", "PRIMARY")
    assert "CannotPullContainerError" in run.message
    assert "UpdateServicePrimaryTaskSet" not in run.writes


def test_a_task_set_that_somebody_deletes_meanwhile(shop: Shop, external: External) -> None:
    old, _new = external.released(old_scale=0)
    params = {"cluster": CLUSTER, "service": "web", "taskSet": old, "force": True}
    shop.sim.on("UpdateTaskSet", {"operation": "DeleteTaskSet", "params": params}, "after")
    run = shop.rollback()
    assert (run.outcome, external.sets()["web:2"][0]) == ("failed", "PRIMARY")
    assert "somebody deleted task set" in run.message or "is gone" in run.message


def test_somebody_makes_another_task_set_primary_meanwhile(shop: Shop, external: External) -> None:
    external.released(old_scale=0)
    third = external.stand("web:3")
    params = {"cluster": CLUSTER, "service": "web", "primaryTaskSet": third}
    shop.sim.on("UpdateTaskSet", {"operation": "UpdateServicePrimaryTaskSet", "params": params}, "after")
    run = shop.rollback(revision="1")
    assert (run.outcome, external.sets()["web:3"][0]) == ("superseded", "PRIMARY")
    assert "somebody else deployed web:3" in run.message


@pytest.mark.parametrize(("operation", "revision"), [("UpdateTaskSet", None), ("CreateTaskSet", "3")])
def test_a_task_set_that_may_not_be_scaled_or_created(
    shop: Shop, external: External, operation: str, revision: str | None
) -> None:
    external.released(old_scale=0)
    shop.deny(operation)
    run = shop.rollback(revision=revision)
    assert (run.outcome, run.only["changed"], external.sets()["web:2"][0]) == ("refused", False, "PRIMARY")
    assert f"ecs:{operation}" in run.message


@pytest.mark.parametrize(
    ("operation", "old_scale", "revision"),
    [("CreateTaskSet", 100, "3"), ("UpdateTaskSet", 0, None)],
)
def test_a_write_whose_answer_was_lost_is_not_called_unwritten(
    shop: Shop, external: External, operation: str, old_scale: float, revision: str | None
) -> None:
    external.released(old_scale=old_scale)
    shop.sim.fail(operation, kind="drop", after=True, times=None)
    run = shop.rollback(revision=revision)
    assert (run.outcome, run.result["changed"]) == ("lost_contact", True)
    assert "Nothing was written" not in run.everything
    assert f"the answer to {operation} was lost" in run.message
    shop.sim.clear_failures()
    shop.sim.advance(60)
    assert shop.rollback(revision=revision).outcome == "rolled_back"
    assert external.sets()[f"web:{revision or 1}"][0] == "PRIMARY"
    assert len(external.sets()) == (3 if revision else 2)


def test_the_answer_to_the_change_of_the_primary_task_set_was_lost(shop: Shop, external: External) -> None:
    external.released()
    shop.sim.fail("UpdateServicePrimaryTaskSet", kind="drop", after=True, times=None)
    run = shop.rollback()
    assert (run.outcome, external.sets()["web:1"][0]) == ("rolled_back", "PRIMARY")
    assert shop.rollback().outcome == "unchanged"


def test_a_look_that_fails_after_the_task_set_took_over(shop: Shop, external: External) -> None:
    external.released()
    shop.sim.on(
        "UpdateServicePrimaryTaskSet",
        {"control": "fail", "params": {"operation": "DescribeServices", "code": "AccessDeniedException", "times": 1}},
    )
    assert shop.rollback().outcome == "rolled_back"


def test_a_copy_that_was_registered_for_a_task_set_that_may_not_be_created_is_told(
    shop: Shop, external: External
) -> None:
    external.released()
    shop.deregister("web:3")
    shop.deny("CreateTaskSet")
    run = shop.rollback(revision="3", pin_images="always")
    assert (run.outcome, run.result["changed"]) == ("refused", True)
    assert "web:5 was registered as a copy of web:3" in run.message


def test_a_task_set_that_may_not_be_made_primary(shop: Shop, external: External) -> None:
    external.released()
    shop.deny("UpdateServicePrimaryTaskSet")
    run = shop.rollback()
    assert (run.outcome, external.sets()["web:2"][0]) == ("refused", "PRIMARY")
    assert "ecs:UpdateServicePrimaryTaskSet" in run.message


def test_a_task_set_that_is_up_and_may_not_be_made_primary(shop: Shop, external: External) -> None:
    external.released(old_scale=0)
    shop.deny("UpdateServicePrimaryTaskSet")
    run = shop.rollback()
    assert (run.outcome, run.only["changed"]) == ("failed", True)
    assert "is up, but not PRIMARY" in run.message


@pytest.mark.parametrize("revision", [None, "3"])
def test_a_run_that_was_killed_before_the_task_set_was_steady_is_finished(
    shop: Shop, external: External, revision: str | None
) -> None:
    external.released(old_scale=0)
    shop.killed(at_sleep=2, revision=revision)
    run = shop.rollback(revision=revision)
    wanted = f"web:{revision or 1}"
    assert (run.outcome, run.target, external.sets()[wanted]) == ("rolled_back", wanted, ("PRIMARY", 100))
    assert run.sent("CreateTaskSet") == []


def test_a_run_that_was_killed_after_the_task_set_had_taken_over_is_finished(shop: Shop, external: External) -> None:
    old, _new = external.released(old_scale=0)
    shop.killed(at_sleep=2)
    shop.sim.advance(60)
    external.promote(old)
    run = shop.rollback()
    assert (run.outcome, run.only["method"]) == ("rolled_back", "adopt")
    assert shop.tags("web:2")["lastgood:bad"]
    shop.later()
    assert shop.rollback().outcome == "unchanged"


@pytest.mark.parametrize("operation", ["DescribeServices", "UpdateServicePrimaryTaskSet"])
def test_contact_is_lost_before_the_task_set_takes_over(shop: Shop, external: External, operation: str) -> None:
    """AWS scales it up, and that is all that AWS does: it becomes PRIMARY by the next run only."""
    old, _new = external.released(old_scale=0)
    fault = {"operation": operation, "kind": "drop", "times": None}
    shop.sim.on("UpdateTaskSet", {"control": "fail", "params": fault}, "after")
    run = shop.rollback()
    shop.sim.clear_failures()
    assert (run.outcome, external.sets()["web:2"][0]) == ("lost_contact", "PRIMARY")
    assert "AWS has accepted" not in run.message
    assert f"task set {old} of web:1, which was not PRIMARY yet" in run.message
    assert "web:2 stays PRIMARY. The same command goes on and makes it PRIMARY" in run.message
    assert (shop.rollback().outcome, external.sets()["web:1"][0]) == ("rolled_back", "PRIMARY")


@pytest.mark.parametrize(("old_scale", "looks", "outcome"), [(0, 5, "superseded"), (100, 3, "refused")])
def test_somebody_makes_another_task_set_primary_after_the_last_sweep(
    shop: Shop, external: External, old_scale: float, looks: int, outcome: str
) -> None:
    """Right before the write there is another look."""
    external.released(old_scale=old_scale)
    third = external.stand("web:3")
    params = {"cluster": CLUSTER, "service": "web", "primaryTaskSet": third}
    deed = {"operation": "UpdateServicePrimaryTaskSet", "params": params}
    shop.sim.on("DescribeServices", deed, "before", looks)
    run = shop.rollback(revision="1")
    assert (run.outcome, external.sets()["web:3"][0]) == (outcome, "PRIMARY")
    assert "web:3" in run.message


@pytest.mark.parametrize("old_scale", [0, 100])
def test_somebody_creates_a_task_set_in_the_very_moment_of_the_write(
    shop: Shop, external: External, old_scale: float
) -> None:
    external.released(old_scale=old_scale)
    params = {
        "cluster": CLUSTER,
        "service": "web",
        "taskDefinition": "web:3",
        "launchType": "FARGATE",
        "networkConfiguration": NETWORK,
        "scale": {"value": 100, "unit": "PERCENT"},
    }
    shop.sim.on("UpdateServicePrimaryTaskSet", {"operation": "CreateTaskSet", "params": params}, "before")
    run = shop.rollback()
    assert (run.outcome, external.sets()["web:1"][0]) == ("rolled_back", "PRIMARY")
    finding = run.finding("superseded_another")
    assert finding["severity"] == "warn"
    assert "of web:3 was created between the last look and the write" in finding["message"]


def test_check_mode(shop: Shop, external: External) -> None:
    external.released()
    run = shop.rollback(check_mode=True, diff=True)
    assert (run.outcome, run.writes) == ("planned", [])
