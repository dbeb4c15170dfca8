# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""CodeDeploy's answers as plain data, and the tables of its statuses held against botocore's model."""

from __future__ import annotations

import functools
import typing as t
from datetime import UTC, datetime

import botocore.model
import botocore.session
import botocore.stub
import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError, IncompleteAnswerError
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy import api, targets
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.model import (
    ROLLBACK_CREATOR,
    ROLLBACK_EVENTS,
    TERMINAL,
    Deployment,
    Group,
)
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import FakeAws, refused_by_aws

AT = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@functools.cache
def _model() -> botocore.model.ServiceModel:
    return botocore.session.get_session().get_service_model("codedeploy")


def enum(shape: str) -> list[str]:
    return list(_model().shape_for(shape).enum)


@pytest.mark.parametrize("status", [*enum("DeploymentStatus"), "SomethingNew"])
def test_every_status_has_its_place(status: str) -> None:
    running = {
        "Created": True,
        "Queued": True,
        "InProgress": True,
        "Baking": True,
        "Ready": True,
        "Succeeded": False,
        "Failed": False,
        "Stopped": False,
        "SomethingNew": True,
    }
    assert Deployment("d-1", "app", "group", status, AT).running is running[status]
    assert (status in TERMINAL) is not running[status]


def test_botocore_knows_nothing_that_we_do_not() -> None:
    assert set(enum("AutoRollbackEvent")) == set(ROLLBACK_EVENTS)
    assert ROLLBACK_CREATOR in enum("DeploymentCreator")
    assert set(enum("DeploymentCreator")) <= {
        "user",
        "autoscaling",
        "codeDeployRollback",
        "CodeDeploy",
        "CodeDeployAutoUpdate",
        "CloudFormation",
        "CloudFormationRollback",
        "autoscalingTermination",
    }


@pytest.mark.parametrize(
    ("code", "message", "why"),
    [
        ("", "", ""),
        ("MANUAL_STOP", "", "MANUAL_STOP"),
        ("", "It broke.", "It broke"),
        ("ALARM_ACTIVE", "Alarms.", "ALARM_ACTIVE: Alarms"),
    ],
)
def test_why(code: str, message: str, why: str) -> None:
    assert Deployment("d-1", "app", "group", "Failed", AT, error_code=code, error=message).why == why


@pytest.mark.parametrize(
    ("named", "deploys"),
    [
        (("prod", "web"), True),
        (("arn:aws:ecs:eu-central-1:123456789012:cluster/prod", "web"), True),
        (("prod", "arn:aws:ecs:eu-central-1:123456789012:service/prod/web"), True),
        (("prod", "web2"), False),
        (("test", "web"), False),
        (("", "web"), False),
    ],
)
def test_whose_group_it_is(named: tuple[str, str], deploys: bool) -> None:
    assert Group("app", "group", (named,)).deploys("prod", "web") is deploys


def test_the_default_cluster_may_be_left_out() -> None:
    assert Group("app", "group", (("", "web"),)).deploys("default", "web")


def test_a_deployment_in_full() -> None:
    answer = {
        "deploymentId": "d-2",
        "applicationName": "app",
        "deploymentGroupName": "group",
        "status": "Stopped",
        "createTime": AT,
        "completeTime": AT,
        "creator": "codeDeployRollback",
        "description": "why",
        "revision": {"revisionType": "AppSpecContent", "appSpecContent": {"sha256": "1"}},
        "errorInformation": {"code": "MANUAL_STOP", "message": "Stopped."},
        "rollbackInfo": {
            "rollbackDeploymentId": "d-3",
            "rollbackTriggeringDeploymentId": "d-1",
            "rollbackMessage": "It is rolled back.",
        },
        "blueGreenDeploymentConfiguration": {"terminateBlueInstancesOnDeploymentSuccess": {"action": "KEEP_ALIVE"}},
        "instanceTerminationWaitTimeStarted": True,
    }
    found = next(
        iter(api.batch_get_deployments(FakeAws(batch_get_deployments={"deploymentsInfo": [answer]}), ["d-2"]).values())
    )
    assert found == Deployment(
        id="d-2",
        application="app",
        group="group",
        status="Stopped",
        created_at=AT,
        completed_at=AT,
        creator="codeDeployRollback",
        description="why",
        revision={"revisionType": "AppSpecContent", "appSpecContent": {"sha256": "1"}},
        error_code="MANUAL_STOP",
        error="Stopped.",
        rollback_deployment="d-3",
        triggered_by="d-1",
        rollback_message="It is rolled back.",
        keeps_original=True,
        waits_for_termination=True,
    )
    assert found.is_rollback


def test_a_group_in_full() -> None:
    answer: dict[str, t.Any] = {
        "applicationName": "app",
        "deploymentGroupName": "group",
        "deploymentConfigName": "CodeDeployDefault.ECSAllAtOnce",
        "ecsServices": [{"clusterName": "prod", "serviceName": "web"}],
        "alarmConfiguration": {"enabled": True, "alarms": [{"name": "errors"}, {}]},
        "lastAttemptedDeployment": {"deploymentId": "d-9"},
        "blueGreenDeploymentConfiguration": {
            "terminateBlueInstancesOnDeploymentSuccess": {"action": "TERMINATE", "terminationWaitTimeInMinutes": 60}
        },
    }
    aws = FakeAws(batch_get_deployment_groups=lambda **_: {"deploymentGroupsInfo": [answer]})
    config = "CodeDeployDefault.ECSAllAtOnce"
    assert api.batch_get_deployment_groups(aws, "app", ["group"]) == [
        Group("app", "group", (("prod", "web"),), config, ("errors",), last_attempted="d-9", termination_wait=60)
    ]
    answer["alarmConfiguration"]["enabled"] = False
    assert api.batch_get_deployment_groups(aws, "app", ["group"])[0].alarms == ()
    answer["ec2DeploymentOptions"] = {"autoScalingGroupProcessesToSuspend": ["Terminate"]}
    assert api.batch_get_deployment_groups(aws, "app", ["group"])[0].suspends == ("Terminate",)


def test_an_application_that_is_gone_has_no_groups() -> None:
    gone = refused_by_aws("BatchGetDeploymentGroups", "ApplicationDoesNotExistException")
    assert api.batch_get_deployment_groups(FakeAws(batch_get_deployment_groups=gone), "app", ["group"]) == []
    denied = refused_by_aws("BatchGetDeploymentGroups")
    with pytest.raises(AwsCallError) as error:
        api.batch_get_deployment_groups(FakeAws(batch_get_deployment_groups=denied), "app", ["group"])
    assert "codedeploy:BatchGetDeploymentGroups" in error.value.explain()


def test_batches_of_25_and_100() -> None:
    aws = FakeAws(
        batch_get_deployments=lambda **_: {"deploymentsInfo": []},
        batch_get_deployment_groups=lambda **_: {"deploymentGroupsInfo": []},
        batch_get_application_revisions=lambda **_: {"revisions": []},
    )
    api.batch_get_deployments(aws, [f"d-{n}" for n in range(30)])
    assert [len(sent["deploymentIds"]) for sent in aws.sent("batch_get_deployments")] == [25, 5]
    api.batch_get_deployment_groups(aws, "app", [f"g{n}" for n in range(101)])
    assert [len(sent["deploymentGroupNames"]) for sent in aws.sent("batch_get_deployment_groups")] == [100, 1]
    api.batch_get_application_revisions(aws, "app", [{"n": n} for n in range(26)])
    assert [len(sent["revisions"]) for sent in aws.sent("batch_get_application_revisions")] == [25, 1]


def test_deployments_are_listed_page_by_page_until_there_are_enough() -> None:
    aws = FakeAws(
        list_deployments=[{"deployments": ["d-1", "d-2"], "nextToken": "more"}, {"deployments": ["d-3", "d-4"]}]
    )
    assert api.list_deployments(aws, "app", "group", most=3) == ["d-1", "d-2", "d-3"]
    assert aws.sent("list_deployments")[1]["nextToken"] == "more"


def test_an_answer_that_was_cut() -> None:
    with pytest.raises(IncompleteAnswerError, match="deploymentId"):
        api.create_deployment(FakeAws(create_deployment={}), "app", "group")


def test_the_target_of_an_ecs_deployment() -> None:
    target = targets.ecs(
        {
            "ecsTarget": {
                "status": "Failed",
                "lifecycleEvents": [
                    {"lifecycleEventName": "Install", "status": "Succeeded"},
                    {
                        "lifecycleEventName": "AfterInstall",
                        "status": "Failed",
                        "diagnostics": {"errorCode": "UnknownError", "message": "no", "logTail": "secret"},
                    },
                    {"lifecycleEventName": "AllowTraffic", "status": "InProgress"},
                ],
                "taskSetsInfo": [{"identifer": "ecs-svc/1", "trafficWeight": 10.0}, {"identifer": "ecs-svc/2"}],
            }
        }
    )
    assert (target.weights, target.going()) == ({"ecs-svc/1": 10.0}, "AllowTraffic")
    assert [event.as_dict() for event in target.events if event.failed] == [
        {"event": "AfterInstall", "status": "Failed", "error_code": "UnknownError", "message": "no"}
    ]
    assert targets.ecs({"ecsTarget": {}}).going() == ""


# -- what is sent, held against botocore's model

GROUP = {"applicationName": "app", "deploymentGroupName": "group"}
PLACE = {"revisionType": "AppSpecContent", "appSpecContent": {"sha256": "1"}}
CALLS: list[tuple[str, t.Callable[[Aws], t.Any], dict[str, t.Any], dict[str, t.Any]]] = [
    ("list_applications", api.list_applications, {}, {"applications": ["app"]}),
    (
        "list_deployment_groups",
        lambda aws: api.list_deployment_groups(aws, "app"),
        {"applicationName": "app"},
        {"deploymentGroups": ["group"]},
    ),
    (
        "batch_get_deployment_groups",
        lambda aws: api.batch_get_deployment_groups(aws, "app", ["group"]),
        {"applicationName": "app", "deploymentGroupNames": ["group"]},
        {"deploymentGroupsInfo": []},
    ),
    (
        "list_deployments",
        lambda aws: api.list_deployments(aws, "app", "group"),
        GROUP,
        {"deployments": ["d-1"]},
    ),
    (
        "batch_get_deployments",
        lambda aws: api.batch_get_deployments(aws, ["d-1"]),
        {"deploymentIds": ["d-1"]},
        {"deploymentsInfo": []},
    ),
    (
        "batch_get_application_revisions",
        lambda aws: api.batch_get_application_revisions(aws, "app", [PLACE]),
        {"applicationName": "app", "revisions": [PLACE]},
        {"revisions": []},
    ),
    (
        "get_application_revision",
        lambda aws: api.get_application_revision(aws, "app", PLACE),
        {"applicationName": "app", "revision": PLACE},
        {"revision": PLACE},
    ),
    (
        "create_deployment",
        lambda aws: api.create_deployment(
            aws,
            "app",
            "group",
            revision=PLACE,
            description="why",
            deploymentConfigName="CodeDeployDefault.ECSAllAtOnce",
            overrideAlarmConfiguration={"enabled": False},
            autoRollbackConfiguration={"enabled": False, "events": []},
        ),
        {
            **GROUP,
            "revision": PLACE,
            "description": "why",
            "deploymentConfigName": "CodeDeployDefault.ECSAllAtOnce",
            "overrideAlarmConfiguration": {"enabled": False},
            "autoRollbackConfiguration": {"enabled": False, "events": []},
        },
        {"deploymentId": "d-1"},
    ),
    (
        "stop_deployment",
        lambda aws: api.stop_deployment(aws, "d-1", roll_back=True),
        {"deploymentId": "d-1", "autoRollbackEnabled": True},
        {"status": "Pending"},
    ),
    (
        "batch_get_deployment_targets",
        lambda aws: api.batch_get_deployment_targets(aws, "d-1", ["prod:web"]),
        {"deploymentId": "d-1", "targetIds": ["prod:web"]},
        {"deploymentTargets": []},
    ),
]


@functools.cache
def codedeploy() -> t.Any:
    return botocore.session.Session().create_client(
        "codedeploy", region_name="eu-central-1", aws_access_key_id="testing", aws_secret_access_key="testing"
    )


@pytest.mark.parametrize(("operation", "call", "request_", "answer"), CALLS)
def test_what_is_sent_fits_the_model(operation: str, call: t.Any, request_: t.Any, answer: t.Any) -> None:
    with botocore.stub.Stubber(codedeploy()) as stubber:
        stubber.add_response(operation, answer, request_)
        call(Aws(lambda name: codedeploy()))
        stubber.assert_no_pending_responses()


@pytest.mark.parametrize(("operation", "call"), [(name, call) for name, call, _request, _answer in CALLS])
def test_a_denied_call_names_the_permission(operation: str, call: t.Any) -> None:
    name = "".join(word.capitalize() for word in operation.split("_"))
    with pytest.raises(AwsCallError) as caught:
        call(FakeAws(**{operation: refused_by_aws(name)}))
    assert f"needs the permission codedeploy:{name}" in caught.value.explain()
    assert "error formatting" not in str(caught.value.message)


@pytest.mark.parametrize(
    ("operation", "call"), [(name, call) for name, call, _request, _answer in CALLS if name != "stop_deployment"]
)
def test_a_cut_answer_is_an_error(operation: str, call: t.Any) -> None:
    with pytest.raises(IncompleteAnswerError, match=operation):
        call(FakeAws(**{operation: {}}))
