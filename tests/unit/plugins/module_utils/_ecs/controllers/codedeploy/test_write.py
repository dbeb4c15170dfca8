# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is sent to CodeDeploy, and what is followed without sending anything."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError
from ansible_collections.lastgood.aws.plugins.module_utils._aws.writes import PlanIsStale
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy import appspec
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.model import Group
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.codedeploy import write
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.codedeploy.request import (
    Create,
    Follow,
    Request,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import Past, Plan, Way
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import ServiceDeployment
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past import history
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import (
    FakeAws,
    arn,
    at,
    deployment,
    flown,
    planned,
    raw_service,
    refused_by_aws,
    service,
    task_definition,
    told,
)

ON = service(deployment(42, "ecs-svc/42", external_id="d-42"), controller="CODE_DEPLOY")
REQUEST = Request(Group("app", "group"), appspec.made_for(arn(41), "app", 80))
OLD = flown(41, minute=0, id="d-41")


def plan_with(change: object, *records: ServiceDeployment, **choice: t.Any) -> Plan:
    """A plan to go back to web:41, with these deployments of CodeDeploy on record."""
    target = task_definition(41)
    whole = dataclasses.replace(target, content={**target.content, "family": "web"})
    made = planned(service(42), told(41, 42), having={whole.arn: whole})
    return dataclasses.replace(
        made,
        service=ON,
        past=Past(history.read(records)),
        way=Way("act", "codedeploy_deployment", change=change),
        choice=dataclasses.replace(made.choice, **choice),
    )


def running(status: str) -> ServiceDeployment:
    return flown(43, status, 120, sources=(42,), id="d-43")


# -- following


@pytest.mark.parametrize(
    ("status", "forward"),
    [
        ("SUCCESSFUL", True),
        ("PENDING", True),
        ("IN_PROGRESS", True),
        ("ROLLBACK_REQUESTED", False),
        ("ROLLBACK_IN_PROGRESS", False),
        ("ROLLBACK_SUCCESSFUL", False),
        ("STOPPED", False),
    ],
)
def test_what_goes_forward_is_followed_by_its_id_and_what_goes_back_by_what_it_undoes(
    status: str, forward: bool
) -> None:
    begun = write.adopt(plan_with(None, OLD, running(status)))
    assert (begun.deployment_id, begun.back_of) == (("d-43", "") if forward else ("", "d-43"))
    assert not begun.wrote


def test_one_that_the_history_does_not_name_is_followed_by_what_the_plan_says() -> None:
    begun = write.adopt(plan_with(Follow("d-9"), OLD))
    assert (begun.deployment_id, begun.wrote) == ("d-9", False)


def test_with_nothing_on_record_there_is_nothing_to_follow() -> None:
    with pytest.raises(PlanIsStale):
        write.adopt(plan_with(None))


# -- stopping


def test_what_is_running_is_stopped_with_a_rollback() -> None:
    aws = FakeAws(stop_deployment={})
    begun = write.stop(aws, plan_with(None, OLD, running("IN_PROGRESS")))
    assert aws.sent("stop_deployment") == [{"deploymentId": "d-43", "autoRollbackEnabled": True}]
    assert (begun.back_of, begun.wrote, begun.deployment_id) == ("d-43", True, "")


def test_without_a_running_one_nothing_is_stopped() -> None:
    aws = FakeAws()
    with pytest.raises(PlanIsStale):
        write.stop(aws, plan_with(None, OLD))
    assert aws.requests == []


# -- making room


def info(id_: str, status: str = "InProgress", **more: t.Any) -> dict[str, t.Any]:
    style = {"deploymentType": "BLUE_GREEN", "deploymentOption": "WITH_TRAFFIC_CONTROL"}
    return {"deploymentId": id_, "status": status, "createTime": at(0), "deploymentStyle": style, **more}


@pytest.mark.parametrize(
    ("status", "more", "roll_back", "room"),
    [
        ("InProgress", {}, True, "rolled_back"),
        ("Ready", {}, True, "rolled_back"),
        # Nothing of it has begun, or all of the traffic is on it already.
        ("Created", {}, False, "stopped"),
        ("Queued", {}, False, "stopped"),
        ("InProgress", {"instanceTerminationWaitTimeStarted": True}, False, "stopped"),
    ],
)
def test_what_is_in_the_way_is_ended_as_it_stands_now(
    status: str, more: dict[str, t.Any], roll_back: bool, room: str
) -> None:
    aws = FakeAws(batch_get_deployments={"deploymentsInfo": [info("d-43", status, **more)]}, stop_deployment={})
    begun = write.make_room(aws, plan_with(None, OLD), running("IN_PROGRESS"))
    assert aws.sent("stop_deployment") == [{"deploymentId": "d-43", "autoRollbackEnabled": roll_back}]
    assert (begun.makes_room, begun.back_of, begun.wrote) == (room, "d-43", True)


@pytest.mark.parametrize("status", ["ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS"])
def test_a_rollback_that_is_in_the_way_is_waited_for(status: str) -> None:
    aws = FakeAws()
    begun = write.make_room(aws, plan_with(None, OLD), running(status))
    assert (begun.makes_room, begun.back_of, begun.wrote) == ("rolled_back", "d-43", False)
    assert aws.requests == []


@pytest.mark.parametrize("answer", [[], [info("d-43", "Succeeded")], [info("d-43", "Stopped")]])
def test_what_has_ended_in_the_meantime_makes_the_plan_stale(answer: list[dict[str, t.Any]]) -> None:
    aws = FakeAws(batch_get_deployments={"deploymentsInfo": answer})
    with pytest.raises(PlanIsStale):
        write.make_room(aws, plan_with(None, OLD), running("IN_PROGRESS"))
    assert aws.sent("stop_deployment") == []


# -- deploying


@pytest.mark.parametrize(
    ("called", "direction", "word"),
    [("", "back", "rollback"), ("", "forward", "redeploy"), ("", "unknown", "redeploy"), ("deploy", "back", "deploy")],
)
def test_a_deployment_is_called_what_it_is(called: t.Any, direction: str, word: str) -> None:
    aws = FakeAws(create_deployment={"deploymentId": "d-44"})
    begun = write.deploy(aws, plan_with(Create(REQUEST, called=called), OLD, direction=direction), "INC-1", None)
    [sent] = aws.sent("create_deployment")
    assert sent["description"].startswith(f"INC-1 (lastgood.aws {word} web:42 to web:41, run ")
    assert (sent["applicationName"], sent["deploymentGroupName"]) == ("app", "group")
    assert (begun.deployment_id, begun.wrote, begun.copy, begun.service) == ("d-44", True, "", ON)


def test_a_copy_is_registered_first_and_deployed_in_place_of_the_target() -> None:
    copied = {**task_definition(44).content, "taskDefinitionArn": arn(44)}
    aws = FakeAws(
        describe_task_definition={"taskDefinition": task_definition(43).content},
        register_task_definition={"taskDefinition": copied},
        create_deployment={"deploymentId": "d-44"},
    )
    begun = write.deploy(aws, plan_with(Create(REQUEST, copy={"app": "sha256:good"}), OLD), None, None)
    [sent] = aws.sent("create_deployment")
    assert appspec.task_definition(sent["revision"]["appSpecContent"]["content"]) == arn(44)
    assert "to web:44" in sent["description"]
    assert (begun.copy, [f.check for f in begun.findings]) == (arn(44), ["copy"])


def test_more_tasks_are_set_once_the_deployment_is_there() -> None:
    more = dataclasses.replace(ON, desired=8)
    aws = FakeAws(create_deployment={"deploymentId": "d-44"}, update_service={"service": raw_service(more)})
    begun = write.deploy(aws, plan_with(Create(REQUEST), OLD), None, 8)
    assert [name for name, _params in aws.requests] == ["create_deployment", "update_service"]
    assert begun.service.desired == 8


@pytest.mark.parametrize("change", [None, Follow("d-9")])
def test_a_plan_without_a_deployment_is_stale(change: object) -> None:
    aws = FakeAws()
    with pytest.raises(PlanIsStale):
        write.deploy(aws, plan_with(change, OLD), None, None)
    assert aws.requests == []


# -- what a refusal and an end say


@pytest.mark.parametrize(
    ("overrides", "code", "says"),
    [
        (True, "AccessDeniedException", True),
        (False, "AccessDeniedException", False),
        (True, "ThrottlingException", False),
    ],
)
def test_overriding_alarms_needs_one_permission_more(overrides: bool, code: str, says: bool) -> None:
    change = Create(dataclasses.replace(REQUEST, overrides_alarms=overrides))
    error = AwsCallError("Failed to create a deployment", refused_by_aws("CreateDeployment", code))
    advice = write.denied_override(plan_with(change, OLD), error)
    assert bool(advice) is says
    assert ("codedeploy:UpdateDeploymentGroup" in advice and "group" in advice and "web:41" in advice) is says


def test_a_deployment_is_read_with_its_rollback() -> None:
    by_id = {"d-42": info("d-42", "Failed", rollbackInfo={"rollbackDeploymentId": "d-43"}), "d-43": info("d-43")}
    aws = FakeAws(
        batch_get_deployments=lambda deploymentIds: {
            "deploymentsInfo": [by_id[id_] for id_ in deploymentIds if id_ in by_id]
        }
    )
    deployment_, rollback = write.look(aws, "d-42")
    assert deployment_ is not None
    assert rollback is not None
    assert (deployment_.id, rollback.id) == ("d-42", "d-43")
    assert write.look(aws, "d-9") == (None, None)
    deployment_, rollback = write.look(aws, "d-43")
    assert (deployment_ is not None, rollback) == (True, None)
