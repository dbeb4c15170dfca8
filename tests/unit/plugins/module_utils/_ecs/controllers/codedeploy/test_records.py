# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""CodeDeploy's deployments told as service deployments: each end, and what it proves."""

from __future__ import annotations

import typing as t
from datetime import timedelta

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy import model
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.model import Deployment as CodeDeployment
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import plans
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.codedeploy import controller
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.codedeploy import (
    records as codedeploy_records,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Deployment, Revision, Service
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past import history
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.choices import Choice, Selection
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.target import choose
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import (
    arn,
    at,
    deployment,
    service,
    task_definition,
)


def made(id: str, status: str = "Succeeded", hour: float = 0, **more: t.Any) -> CodeDeployment:
    ended = None if status not in ("Succeeded", "Failed", "Stopped") else at(hour * 60 + 10)
    return CodeDeployment(id, "app", "group", status, at(hour * 60), ended, **more)


def task_set(number: int, by: str = "", status: str = "PRIMARY", rollout: str = "COMPLETED") -> Deployment:
    return deployment(number, f"ecs-svc/{number}", status, rollout, external_id=by, arn="arn:aws:ecs:task-set")


def blue_green(*task_sets: Deployment) -> Service:
    return service(*task_sets, controller="CODE_DEPLOY")


def told(on: Service, *deployments: tuple[CodeDeployment, int | None]) -> history.History:
    """A history; each deployment comes with the number of what it deployed, None where that is not known."""
    revisions = {d.id: Revision("", arn(n), settings={"appSpec": d.id}) for d, n in deployments if n is not None}
    return history.read(codedeploy_records.records(on, [d for d, _n in deployments], revisions)[0])


def chosen(on: Service, past: history.History, **selection: t.Any) -> Choice:
    known = {name: task_definition(name) for name in past.records}
    return choose(Selection(**selection), on, past, known)


ROLLBACKS = [("Succeeded", "ROLLBACK_SUCCESSFUL"), ("Failed", "ROLLBACK_FAILED"), ("Stopped", "ROLLBACK_FAILED")]
ENDS = [
    ("Created", "PENDING"),
    ("Queued", "PENDING"),
    ("InProgress", "IN_PROGRESS"),
    ("Baking", "IN_PROGRESS"),
    ("Ready", "IN_PROGRESS"),
    ("SomethingNew", "IN_PROGRESS"),
    ("Succeeded", "SUCCESSFUL"),
    ("Failed", "FAILED"),
    ("Stopped", "STOPPED"),
]


@pytest.mark.parametrize(("status", "expected"), ENDS)
def test_a_status_by_itself(status: str, expected: str) -> None:
    assert codedeploy_records.status(made("d-1", status), None) == expected


@pytest.mark.parametrize("ended", ["Failed", "Stopped"])
@pytest.mark.parametrize(
    ("rollback", "expected"),
    [
        *ROLLBACKS,
        ("Created", "ROLLBACK_IN_PROGRESS"),
        ("InProgress", "ROLLBACK_IN_PROGRESS"),
        ("New", "ROLLBACK_IN_PROGRESS"),
    ],
)
def test_a_status_with_a_rollback(ended: str, rollback: str, expected: str) -> None:
    assert codedeploy_records.status(made("d-1", ended), made("d-2", rollback)) == expected


def test_a_rollback_belongs_to_what_it_undid_and_is_no_record_of_its_own() -> None:
    on = blue_green(task_set(41, "d-3"))
    bad = made("d-2", "Failed", 1, rollback_deployment="d-3", error_code="HOOK_EXECUTION_FAILURE", error="It said no.")
    back = made("d-3", "Succeeded", 2, creator="codeDeployRollback", triggered_by="d-2")
    past = told(on, (made("d-1"), 41), (bad, 42), (back, 41))
    assert [d.id for d in past.deployments] == ["d-1", "d-2"]
    assert (past.deployments[-1].status, past.deployments[-1].finished_at) == ("ROLLBACK_SUCCESSFUL", at(130))
    settled = chosen(on, past).settled
    assert settled is not None
    assert settled.startswith("CodeDeploy itself rolled it back from web:42 to web:41")
    (worst,) = [c for c in past.candidates({}, "prod/web") if c.task_definition == arn(42)]
    assert (worst.verdict, worst.why.split(" at ")[0]) == ("bad", "CodeDeploy rolled it back")
    assert "HOOK_EXECUTION_FAILURE: It said no" in worst.why


def test_a_rollback_is_found_by_what_it_names_too() -> None:
    bad = made("d-2", "Failed", 1)
    back = made("d-3", "InProgress", 2, creator="codeDeployRollback", triggered_by="d-2")
    past = told(
        blue_green(task_set(42, "d-2"), task_set(41, "d-1", "ACTIVE")), (made("d-1"), 41), (bad, 42), (back, 41)
    )
    assert past.running is not None
    assert (past.running.status, past.lands_on, past.returning_from) == ("ROLLBACK_IN_PROGRESS", arn(41), arn(42))


def test_a_rollback_of_what_is_not_on_record_any_more_is_a_return() -> None:
    back = made("d-3", "Succeeded", 2, creator="codeDeployRollback", triggered_by="d-gone")
    past = told(blue_green(task_set(41, "d-3")), (made("d-2", hour=1), 42), (back, 41))
    assert [(a.task_definition, a.how) for a in past.arrivals] == [(arn(42), "deployed"), (arn(41), "returned")]


@pytest.mark.parametrize(("status", "verdict"), [("Failed", "bad"), ("Stopped", "unknown")])
def test_what_was_not_rolled_back_left_the_service_where_it_was(status: str, verdict: str) -> None:
    on = blue_green(task_set(41, "d-1"))
    past = told(on, (made("d-1"), 41), (made("d-2", status, 1), 42))
    assert [(a.task_definition, a.how, a.left) for a in past.arrivals][-1] == (arn(41), "stayed", arn(42))
    assert "it stayed on web:41" in str(chosen(on, past).settled)
    assert {c.task_definition: c.verdict for c in past.candidates({}, "prod/web")} == {
        arn(41): "good",
        arn(42): verdict,
    }


@pytest.mark.parametrize("status", ["Failed", "Stopped"])
def test_what_ended_with_its_traffic_shifted_is_what_runs_now(status: str) -> None:
    on = blue_green(task_set(42, "d-2"), task_set(41, "d-1", "ACTIVE"))
    past = told(on, (made("d-1"), 41), (made("d-2", status, 1), 42))
    assert chosen(on, past).target == arn(41)


def test_a_return_that_came_to_nothing_leaves_what_was_to_be_left() -> None:
    on = blue_green(task_set(42, "d-2"))
    past = told(on, (made("d-1"), 41), (made("d-2", hour=1), 42), (made("d-3", "Stopped", 2), 41))
    assert chosen(on, past).target == arn(41)


def test_of_an_older_one_it_is_not_known_where_it_left_the_service() -> None:
    on = blue_green(task_set(43, "d-3"))
    past = told(on, (made("d-1"), 41), (made("d-2", "Failed", 1), 42), (made("d-3", hour=2), 43))
    assert [a.how for a in past.arrivals] == ["deployed", "deployed"]
    assert chosen(on, past).target == arn(41)


def test_the_version_that_the_service_was_created_with_is_good_while_its_task_set_is_steady() -> None:
    going = made("d-1", "InProgress", 1)
    for rollout, expected in (("COMPLETED", arn(41)), ("IN_PROGRESS", None)):
        on = blue_green(task_set(41, "", rollout=rollout), task_set(42, "d-1", "ACTIVE"))
        assert chosen(on, told(on, (going, 42))).target == expected


@pytest.mark.parametrize(
    ("task_sets", "lands_on"),
    [
        ((task_set(41, "d-1"),), 41),
        ((task_set(41, "d-1"), task_set(42, "d-2", "ACTIVE")), 41),
        ((task_set(42, "d-2"), task_set(41, "d-1", "ACTIVE")), 41),
        ((task_set(42, "d-2"), task_set(41, "d-1", "DRAINING")), None),
        ((task_set(42, "d-2"), task_set(41, "d-1", "ACTIVE"), task_set(40, "d-0", "ACTIVE")), None),
        ((task_set(42, "d-2"),), None),
        ((), None),
    ],
)
def test_where_a_stop_lands(task_sets: tuple[Deployment, ...], lands_on: int | None) -> None:
    past = told(blue_green(*task_sets), (made("d-1"), 41), (made("d-2", "InProgress", 1), 42))
    assert past.native_stop_lands_on == (arn(lands_on) if lands_on else None)


def test_what_is_not_known_to_deploy_anything_is_left_out_unless_its_task_set_stands() -> None:
    on = blue_green(task_set(42, "d-2"))
    listed = [made("d-1"), made("d-2", hour=1)]
    records, unread = codedeploy_records.records(on, listed, {}, {"d-1": "denied"})
    assert [(d.id, names.short(d.target.task_definition)) for d in records] == [("d-2", "web:42")]
    assert unread == [codedeploy_records.Unread("d-1", "SUCCESSFUL", at(0), "denied")]


NO_EVENTS: tuple[str, ...] = ()
ALARM = "DEPLOYMENT_STOP_ON_ALARM"


@pytest.mark.parametrize(
    ("ended", "events", "later", "due"),
    [
        # Whether somebody's stop asked for a rollback shows nowhere.
        ({"status": "Stopped", "error_code": "MANUAL_STOP"}, NO_EVENTS, 5, True),
        ({"status": "Stopped", "error_code": "SOMETHING_NEW"}, NO_EVENTS, 5, True),
        ({"status": "Stopped"}, NO_EVENTS, 5, True),
        ({"status": "Stopped"}, NO_EVENTS, 59, True),
        ({"status": "Stopped"}, NO_EVENTS, 60, False),
        # Clocks that differ.
        ({"status": "Stopped"}, NO_EVENTS, -5, True),
        ({"status": "Stopped"}, NO_EVENTS, -7200, False),
        ({"status": "Stopped", "error_code": "ALARM_ACTIVE"}, NO_EVENTS, 5, False),
        ({"status": "Stopped", "error_code": "ALARM_ACTIVE"}, (ALARM,), 5, True),
        ({"status": "Failed", "error_code": "TIMEOUT"}, NO_EVENTS, 5, False),
        ({"status": "Failed", "error_code": "TIMEOUT"}, (ALARM,), 5, False),
        ({"status": "Failed", "error_code": "TIMEOUT"}, ("DEPLOYMENT_FAILURE",), 5, True),
        ({"status": "Succeeded"}, ("DEPLOYMENT_FAILURE",), 5, False),
        ({"status": "InProgress"}, ("DEPLOYMENT_FAILURE",), 5, False),
        ({"status": "SomethingNew"}, ("DEPLOYMENT_FAILURE",), 5, False),
        ({"status": "Stopped", "rollback_message": "There is nothing to go back to."}, NO_EVENTS, 5, False),
        ({"status": "Stopped", "rollback_deployment": "d-2"}, NO_EVENTS, 5, False),
        ({"status": "Stopped", "creator": "codeDeployRollback"}, NO_EVENTS, 5, False),
    ],
)
def test_codedeploy_can_still_be_about_to_roll_back(
    ended: dict[str, str], events: tuple[str, ...], later: float, due: bool
) -> None:
    deployment = made("d-1", hour=1, rollback_events=events, **ended)
    now = (deployment.completed_at or at(70)) + timedelta(seconds=later)
    assert model.is_due(deployment, now) is due
    assert model.is_due(deployment, None) is False


def test_a_rollback_that_is_due_is_one_that_runs() -> None:
    on = blue_green(task_set(42, "d-2"), task_set(41, "d-1", "ACTIVE"))
    listed = [made("d-1"), made("d-2", "Stopped", 1, error_code="MANUAL_STOP")]
    revisions = {"d-1": Revision("", arn(41)), "d-2": Revision("", arn(42))}
    records, _unread = codedeploy_records.records(on, listed, revisions, now=at(70))
    past = history.read(records)
    assert past.running is not None
    assert (past.running.status, past.running.finished_at) == ("ROLLBACK_REQUESTED", None)
    assert (past.lands_on, past.returning_from) == (arn(41), arn(42))
    records, _unread = codedeploy_records.records(on, listed, revisions, now=at(75))
    assert history.read(records).running is None


def test_only_the_newest_can_still_be_rolled_back() -> None:
    on = blue_green(task_set(42, "d-2"))
    listed = [made("d-1", "Stopped", 0.9), made("d-2", "Succeeded", 1)]
    revisions = {"d-1": Revision("", arn(41)), "d-2": Revision("", arn(42))}
    records, _unread = codedeploy_records.records(on, listed, revisions, now=at(64))
    assert [d.status for d in records] == ["STOPPED", "SUCCESSFUL"]


def test_a_rollback_is_known_by_either_of_the_two() -> None:
    on = blue_green(task_set(41, "d-1"))
    rollback = made("d-3", "Succeeded", 2, creator="codeDeployRollback", triggered_by="d-2")
    revisions = {"d-1": Revision("", arn(41)), "d-2": Revision("", arn(42)), "d-3": Revision("", arn(41))}
    listed = [made("d-1"), made("d-2", "Stopped", 1), rollback]
    records, _unread = codedeploy_records.records(on, listed, revisions)
    assert [d.status for d in records] == ["SUCCESSFUL", "ROLLBACK_SUCCESSFUL"]


@pytest.mark.parametrize(
    ("before", "belongs"),
    [
        (made("d-2", "Stopped", 1), True),
        (made("d-2", "Failed", 1), True),
        (made("d-2", "Succeeded", 1), False),
        (made("d-2", "InProgress", 1), False),
        (made("d-2", "Stopped", 1, creator="codeDeployRollback", triggered_by="d-0"), False),
        (made("d-2", "Stopped", 1, rollback_deployment="d-1"), False),
    ],
)
def test_a_rollback_that_names_nothing_belongs_to_what_ended_before_it(before: CodeDeployment, belongs: bool) -> None:
    on = blue_green(task_set(41, "d-1"))
    rollback = made("d-3", "Succeeded", 2, creator="codeDeployRollback")
    revisions = {"d-1": Revision("", arn(41)), "d-2": Revision("", arn(42)), "d-3": Revision("", arn(41))}
    records, _unread = codedeploy_records.records(on, [made("d-1"), before, rollback], revisions)
    assert ("d-3" not in [record.id for record in records]) is belongs
    assert ("ROLLBACK_SUCCESSFUL" in [record.status for record in records if record.id == "d-2"]) is (
        belongs or bool(before.rollback_deployment)
    )


def test_what_waits_for_somebody_says_so() -> None:
    assert codedeploy_records.reason(made("d-1", "Ready")) == "it waits for ContinueDeployment"
    ended = made("d-1", "Stopped", error_code="ALARM_ACTIVE", error="Alarms.", rollback_message="None to go back to.")
    assert codedeploy_records.reason(ended) == "ALARM_ACTIVE: Alarms; None to go back to"


# -- the way back


GOING = ((task_set(42, "d-2"), task_set(41, "d-1", "ACTIVE")), [(made("d-1"), 41), (made("d-2", "InProgress", 1), 42)])
STARTED = (
    (task_set(41, "d-1"), task_set(42, "d-2", "ACTIVE")),
    [(made("d-1"), 41), (made("d-2", "Created", 1), 42)],
)
DONE = ((task_set(42, "d-2"),), [(made("d-1"), 41), (made("d-2", hour=1), 42)])
RETURNING = (
    (task_set(42, "d-2"), task_set(41, "d-1", "ACTIVE")),
    [
        (made("d-1"), 41),
        (made("d-2", "Stopped", 1, rollback_deployment="d-3"), 42),
        (made("d-3", "InProgress", 2, creator="codeDeployRollback", triggered_by="d-2"), 41),
    ],
)


@pytest.mark.parametrize(
    ("story", "target", "in_flight", "expected"),
    [
        (DONE, 41, "stop", ("act", "codedeploy_deployment")),
        (DONE, 41, "refuse", ("act", "codedeploy_deployment")),
        (DONE, 42, "stop", ("nothing", "none")),
        (GOING, 41, "stop", ("act", "codedeploy_stop")),
        (STARTED, 41, "stop", ("act", "codedeploy_stop")),
        # CodeDeploy has no way to supersede one.
        (GOING, 41, "supersede", ("act", "codedeploy_stop")),
        (GOING, 41, "refuse", ("refuse", "none")),
        # Undone it would not land there: it has to end first.
        (GOING, 40, "stop", ("act", "codedeploy_deployment")),
        (GOING, 40, "supersede", ("act", "codedeploy_deployment")),
        (GOING, 40, "refuse", ("refuse", "none")),
        (GOING, 42, "stop", ("act", "adopt")),
        (RETURNING, 41, "stop", ("act", "adopt")),
        (RETURNING, 41, "refuse", ("act", "adopt")),
        (RETURNING, 40, "stop", ("act", "codedeploy_deployment")),
        (RETURNING, 40, "refuse", ("refuse", "none")),
    ],
)
def test_the_method(story: t.Any, target: int, in_flight: plans.InFlight, expected: tuple[str, str]) -> None:
    on = blue_green(*story[0])
    past = told(on, *story[1])
    step = controller.by_codedeploy(in_flight, past, arn(target), arn(42))
    assert (step.verb, step.method) == expected
    assert ("d-" in step.reason) is (step.verb == "refuse")


def test_without_deployments_nothing_is_decided() -> None:
    step = controller.by_codedeploy("stop", None, arn(41), arn(42))
    assert (step.verb, "without the deployments of CodeDeploy" in step.reason) == ("refuse", True)
