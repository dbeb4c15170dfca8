# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the controller EXTERNAL adds to its parts: the way, what a run may delete, and which task set is ours."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.deployments import Begun, Ending, Going
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.external.controller import External
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.external.task_sets import TaskSet
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import (
    Between,
    Facts,
    Goal,
    GoBack,
    GoTo,
    Past,
    Plan,
    Way,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Deployment, Service
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.choices import Choice, Selection
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import (
    FakeAws,
    FakeClock,
    arn,
    deployment,
    planned,
    raw_service,
    refused_by_aws,
    service,
    task_definition,
    told,
)

PRIMARY = deployment(42, "ecs-svc/42")
STANDING = deployment(41, "ecs-svc/41", "ACTIVE")
OURS = Going(arn(41), "ecs-svc/41", "", frozenset({"ecs-svc/42"}), is_bare=True, created=True)


def on(*task_sets: Deployment, **changes: t.Any) -> Service:
    return service(*task_sets, controller="EXTERNAL", **changes)


def external(**answers: t.Any) -> tuple[External, FakeAws]:
    aws = FakeAws(**answers)
    return External(aws, FakeClock()), aws


def listed(*task_sets: Deployment) -> dict[str, t.Any]:
    """As DescribeServices lists them."""
    shown = [{"id": d.id, "status": d.status, "taskDefinition": d.task_definition} for d in task_sets]
    return {**raw_service(on()), "deployments": [], "taskSets": shown}


def way_back(where: Service, target: int = 41, status: str = "ACTIVE", unfinished: bool = False) -> Way:
    controller, aws = external()
    choice = Choice("standing_task_set", arn(target), unfinished=unfinished)
    between = Between(arn(42), task_definition(target, status), None, None)
    way = controller.way_back(GoBack(Selection(), pin_images="always"), Facts(where, Past(), {}), choice, between)
    assert aws.requests == []
    return way


def test_the_way_back() -> None:
    standing = way_back(on(PRIMARY, STANDING))
    assert (standing.verb, standing.method, standing.deploys) == ("act", "primary_task_set", False)
    assert standing.change == TaskSet(STANDING)
    created = way_back(on(PRIMARY))
    assert (created.verb, created.method, created.deploys, created.change) == (
        "act",
        "primary_task_set",
        True,
        TaskSet(),
    )
    assert way_back(on(PRIMARY, STANDING), unfinished=True).method == "adopt"
    there = way_back(on(PRIMARY), target=42)
    assert (there.verb, there.reason) == ("nothing", "it is on web:42 already")


@pytest.mark.parametrize(("task_sets", "copy"), [((PRIMARY,), {}), ((PRIMARY, STANDING), None)])
def test_a_copy_is_made_only_for_a_task_set_that_has_to_be_created(
    task_sets: tuple[Deployment, ...], copy: dict[str, str] | None
) -> None:
    assert way_back(on(*task_sets), status="INACTIVE").change.copy == copy


def test_the_ports_of_a_task_set_that_stands_are_proven() -> None:
    balancers = ({"containerName": "app", "containerPort": 9},)

    def blocking(*task_sets: Deployment) -> list[str]:
        way = way_back(on(*task_sets, load_balancers=balancers))
        return [f.check for f in way.findings if f.severity == "block"]

    assert (blocking(PRIMARY), blocking(PRIMARY, STANDING)) == (["load_balancer"], [])


def test_what_is_left_to_the_tool_that_deploys_the_service_is_said() -> None:
    for task_sets in ((PRIMARY,), (PRIMARY, STANDING)):
        assert "task_set_left" in [f.check for f in way_back(on(*task_sets)).findings]


def test_without_a_primary_task_set_nothing_can_be_deployed() -> None:
    controller, _aws = external()
    assert controller.undeployable(on(PRIMARY)) == []
    [finding] = controller.undeployable(on(STANDING))
    assert (finding.check, finding.severity) == ("task_set", "block")


@pytest.mark.parametrize(
    ("goal", "alarms"),
    [
        (GoTo("41", ("DEPLOYMENT_STOP_ON_ALARM",), ("errors",)), ("errors",)),
        (GoTo("41", ("DEPLOYMENT_FAILURE",), ("errors",)), ()),
        (GoTo("41", None, ("errors",)), ()),
        (GoBack(Selection()), ()),
    ],
)
def test_alarms_are_read_only_if_this_run_has_to_watch_them(goal: Goal, alarms: tuple[str, ...]) -> None:
    controller, _aws = external()
    assert controller.deciding_alarms(goal, Facts(on(PRIMARY), Past(), {})) == alarms


# -- what is ours


def plan_with(method: t.Any, change: object, where: Service) -> Plan:
    made = planned(service(42), told(41, 42))
    return dataclasses.replace(made, service=where, way=Way("act", method, change=change))


@pytest.mark.parametrize(
    ("change", "wrote", "created"),
    [(TaskSet(), True, True), (TaskSet(STANDING), True, False), (TaskSet(), False, False)],
)
def test_only_what_this_run_has_created_counts_as_created(change: TaskSet, wrote: bool, created: bool) -> None:
    controller, _aws = external()
    where = on(PRIMARY, STANDING)
    going = controller.going(
        plan_with("primary_task_set", change, where), Begun(where, wrote=wrote, deployment_id="ecs-svc/41")
    )
    assert (going.created, going.is_bare, going.deployment_id) == (created, True, "ecs-svc/41")
    # Any other that becomes PRIMARY was deployed by somebody else, even if it stood before.
    assert going.known_deployments == {"ecs-svc/42"}


def test_what_is_primary_is_followed() -> None:
    controller, aws = external()
    accepted = controller.begin(plan_with("adopt", None, on(PRIMARY, STANDING)), None, None)
    assert (accepted.wrote, accepted.going.deployment_id, aws.requests) == (False, "ecs-svc/42", [])
    assert controller.begin(plan_with("adopt", None, on(STANDING)), None, None).going.deployment_id == ""


def test_our_task_set_takes_over_when_it_is_ready() -> None:
    where = on(PRIMARY, STANDING)
    looks = [{"services": [listed(*where.deployments)]}, refused_by_aws("DescribeServices")]
    controller, aws = external(update_service_primary_task_set={}, describe_services=looks)
    assert controller.assess(OURS, where, None).state == "ready"
    assert controller.assess(OURS, where, None).ours is STANDING
    controller.advance(OURS, where)
    assert aws.sent("update_service_primary_task_set")[0]["primaryTaskSet"] == "ecs-svc/41"


def test_what_somebody_has_made_primary_by_now_stays() -> None:
    now = {"services": [listed(dataclasses.replace(PRIMARY, status="ACTIVE"), STANDING, deployment(43, "ecs-svc/43"))]}
    controller, aws = external(describe_services=now)
    advanced = controller.advance(OURS, on(PRIMARY, STANDING))
    assert (aws.sent("update_service_primary_task_set"), advanced.findings) == ([], ())
    assert controller.assess(OURS, advanced.service, None).state == "replaced"


@pytest.mark.parametrize(
    ("going", "task_sets", "done"),
    [
        (OURS, (PRIMARY, STANDING), "AWS has created task set ecs-svc/41 of web:41, which was not PRIMARY yet"),
        (
            dataclasses.replace(OURS, created=False),
            (PRIMARY, STANDING),
            "AWS was bringing up task set ecs-svc/41 of web:41, which was not PRIMARY yet",
        ),
        (OURS, (deployment(41, "ecs-svc/41"),), "AWS has accepted the deployment of web:41 (ecs-svc/41)"),
        # Who only watches makes nothing PRIMARY.
        (
            dataclasses.replace(OURS, read_only=True),
            (PRIMARY, STANDING),
            "AWS has accepted the deployment of web:41 (ecs-svc/41)",
        ),
    ],
    ids=["created", "stood", "PRIMARY", "read only"],
)
def test_what_is_said_if_contact_is_lost(going: Going, task_sets: tuple[Deployment, ...], done: str) -> None:
    said = external()[0].out_of_sight(going, on(*task_sets))
    assert said.done == done
    assert ("makes it PRIMARY" in said.then) == ("not PRIMARY yet" in done)


# -- the end

FAILURE, ON_ALARM, ON_REQUEST = "DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"


@pytest.mark.parametrize(
    ("task_sets", "alarmed", "asked", "event", "then"),
    [
        ((PRIMARY, STANDING), False, (FAILURE,), FAILURE, "take_away"),
        ((PRIMARY, STANDING), False, (), FAILURE, "leave"),
        ((PRIMARY, STANDING), True, (ON_ALARM,), ON_ALARM, "take_away"),
        ((PRIMARY, STANDING), True, (FAILURE,), ON_ALARM, "leave"),
        ((PRIMARY,), False, (ON_REQUEST,), ON_REQUEST, "take_away"),
        # It has taken over, so there is something to go back from.
        ((dataclasses.replace(STANDING, status="PRIMARY"),), False, (FAILURE,), FAILURE, "go_back"),
    ],
)
def test_the_end(
    task_sets: tuple[Deployment, ...], alarmed: bool, asked: tuple[str, ...], event: str, then: str
) -> None:
    controller, _aws = external(describe_services=refused_by_aws("DescribeServices"))
    end = controller.end_of(OURS, on(*task_sets), Past(), Ending(asked, on(PRIMARY), alarmed))
    assert (end.event, end.then) == (event, then)


def test_a_look_from_before_it_was_created_is_no_reason_to_call_it_stopped_on_request() -> None:
    answers = [{"services": [listed(PRIMARY)]}, {"services": [listed(PRIMARY, STANDING)]}]
    controller, aws = external(describe_services=answers)
    end = controller.end_of(OURS, on(PRIMARY), Past(), Ending((FAILURE,), on(PRIMARY), False))
    assert (end.event, end.then, len(aws.sent("describe_services"))) == (FAILURE, "take_away", 2)


def test_what_this_run_has_created_is_deleted() -> None:
    controller, aws = external(delete_task_set={})
    taken = controller.take_away(OURS, on(PRIMARY, STANDING))
    assert (taken.deleted, taken.how) == (True, "Its task set ecs-svc/41 was deleted")
    assert aws.sent("delete_task_set")[0]["taskSet"] == "ecs-svc/41"


@pytest.mark.parametrize(
    ("going", "task_sets", "how"),
    [
        (dataclasses.replace(OURS, created=False), (PRIMARY,), "was deleted by somebody"),
        (OURS, (PRIMARY, dataclasses.replace(STANDING, status="DRAINING")), "was deleted by somebody"),
        (dataclasses.replace(OURS, created=False), (PRIMARY, STANDING), "stood before this run, and is left"),
    ],
)
def test_nothing_else_is_deleted(going: Going, task_sets: tuple[Deployment, ...], how: str) -> None:
    controller, aws = external()
    taken = controller.take_away(going, on(*task_sets))
    assert (taken.deleted, taken.how.endswith(how), aws.requests) == (False, True, [])


@pytest.mark.parametrize(
    ("answer", "how"),
    [
        ({}, "was deleted"),
        (refused_by_aws("DeleteTaskSet", "TaskSetNotFoundException", "no such task set"), "was deleted by somebody"),
    ],
)
def test_one_that_a_look_does_not_show_is_deleted_all_the_same(answer: t.Any, how: str) -> None:
    """The look may be from before it was created, and a bad version went on running."""
    controller, _aws = external(delete_task_set=answer)
    taken = controller.take_away(OURS, on(PRIMARY))
    assert (taken.deleted, taken.how) == (answer == {}, f"Its task set ecs-svc/41 {how}")


def test_a_task_set_that_could_not_be_deleted_is_named() -> None:
    controller, _aws = external(delete_task_set=refused_by_aws("DeleteTaskSet"))
    taken = controller.take_away(OURS, on(PRIMARY, STANDING))
    assert (taken.deleted, taken.how) == (False, "Its task set ecs-svc/41 could not be deleted")
    assert [f.severity for f in taken.findings] == ["warn"]
    assert "ecs:DeleteTaskSet" in taken.findings[0].message
