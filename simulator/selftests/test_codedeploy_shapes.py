# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every answer of CodeDeploy against the output model of botocore, and against the samples of the AWS CLI."""

from __future__ import annotations

import json
from typing import Any

import botocore.session
import pytest

from lastgood_simulator import Simulator
from lastgood_simulator.errors import Reply
from lastgood_simulator.operations import OPERATIONS
from lastgood_simulator.requests import Request
from selftests.cluster import client
from selftests.code_deploy import (
    BUNDLE,
    GREEN_IS_UP,
    NAMED,
    ROLE,
    BlueGreen,
    appspec,
    content,
    put_bundle,
    run_instances,
)
from selftests.test_shapes import problems


def _use_everything(sim: Simulator, blue_green: BlueGreen) -> None:
    codedeploy = blue_green.codedeploy
    blue_green.ready(actionOnTimeout="STOP_DEPLOYMENT", waitTimeInMinutes=60)
    codedeploy.update_application(applicationName="app", newApplicationName="app")
    codedeploy.get_application(applicationName="app")
    codedeploy.batch_get_applications(applicationNames=["app"])
    codedeploy.list_applications()
    config = codedeploy.list_deployment_configs()["deploymentConfigsList"][0]
    codedeploy.get_deployment_config(deploymentConfigName=config)
    routing = {"type": "TimeBasedLinear", "timeBasedLinear": {"linearPercentage": 30, "linearInterval": 1}}
    codedeploy.create_deployment_config(
        deploymentConfigName="mine", computePlatform="ECS", trafficRoutingConfig=routing
    )
    arn = "arn:aws:codedeploy:us-east-1:123456789012:deploymentgroup:app/group"
    codedeploy.tag_resource(ResourceArn=arn, Tags=[{"Key": "a", "Value": "b"}])
    codedeploy.list_tags_for_resource(ResourceArn=arn)
    codedeploy.untag_resource(ResourceArn=arn, TagKeys=["a"])
    codedeploy.register_application_revision(applicationName="app", revision=content(appspec("web:1")))
    first = blue_green.start(deploymentConfigName="mine", description="d")
    for _step in range(10):
        sim.advance(GREEN_IS_UP)
        info = blue_green.info(first)
        blue_green.target(first)
        if info["status"] == "Ready":
            codedeploy.continue_deployment(deploymentId=first)
        elif info["instanceTerminationWaitTimeStarted"] and info["status"] == "InProgress":
            codedeploy.skip_wait_time_for_instance_termination(deploymentId=first)
            sim.advance(1)
    assert blue_green.status(first) == "Succeeded"
    sim.image("web:3", "cannot_pull")
    second = blue_green.start(3, autoRollbackConfiguration={"enabled": True, "events": ["DEPLOYMENT_FAILURE"]})
    sim.advance(3700)
    codedeploy.batch_get_deployments(deploymentIds=[first, second, blue_green.rollback_of(second)])
    codedeploy.batch_get_deployment_targets(deploymentId=second, targetIds=["prod:web"])
    blue_green.stop(blue_green.start())
    blue_green.listed()
    codedeploy.get_deployment_group(**NAMED)
    codedeploy.batch_get_deployment_groups(applicationName="app", deploymentGroupNames=["group"])
    codedeploy.list_deployment_groups(applicationName="app")
    (revision, *_others) = codedeploy.list_application_revisions(applicationName="app")["revisions"]
    codedeploy.get_application_revision(applicationName="app", revision=revision)
    codedeploy.batch_get_application_revisions(applicationName="app", revisions=[revision])
    codedeploy.update_deployment_group(applicationName="app", currentDeploymentGroupName="group")
    codedeploy.delete_deployment_group(**NAMED)
    codedeploy.delete_deployment_config(deploymentConfigName="mine")
    codedeploy.delete_application(applicationName="app")
    codedeploy.create_application(applicationName="app")
    machine = {"instanceName": "machine"}
    codedeploy.register_on_premises_instance(**machine, iamUserArn="arn:aws:iam::123456789012:user/machine")
    tags = {"instanceNames": ["machine"], "tags": [{"Key": "a", "Value": "b"}]}
    codedeploy.add_tags_to_on_premises_instances(**tags)
    codedeploy.get_on_premises_instance(**machine)
    codedeploy.batch_get_on_premises_instances(instanceNames=["machine", "other"])
    codedeploy.list_on_premises_instances(registrationStatus="Registered")
    codedeploy.remove_tags_from_on_premises_instances(**tags)
    codedeploy.deregister_on_premises_instance(**machine)


def test_answers_are_what_botocore_expects(
    sim: Simulator, blue_green: BlueGreen, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[str, list[Any]] = {}
    original = sim.answer

    def answer(request: Request, forward: Any) -> Reply:
        reply = original(request, forward)
        if request.service == "codedeploy" and reply.status == 200:
            seen.setdefault(request.operation, []).append(json.loads(reply.body))
        return reply

    monkeypatch.setattr(sim, "answer", answer)
    _use_everything(sim, blue_green)
    assert set(seen) == {operation for service, operation in OPERATIONS if service == "codedeploy"}
    model = botocore.session.get_session().get_service_model("codedeploy")
    found = [
        problem
        for operation, answers in seen.items()
        if model.operation_model(operation).output_shape is not None
        for value in answers
        for problem in problems(value, model.operation_model(operation).output_shape, operation)
    ]
    assert sorted(set(found)) == []


# Members of the sample outputs in awscli/examples/deploy of the AWS CLI.
SAMPLES = {
    "get-deployment": {
        "applicationName",
        "status",
        "deploymentOverview",
        "deploymentConfigName",
        "creator",
        "description",
        "revision",
        "deploymentId",
        "deploymentGroupName",
        "createTime",
        "completeTime",
        "ignoreApplicationStopFailures",
    },
    "get-deployment-group": {
        "applicationName",
        "autoScalingGroups",
        "deploymentConfigName",
        "ec2TagFilters",
        "deploymentGroupId",
        "serviceRoleArn",
        "deploymentGroupName",
    },
    "get-deployment-target": {"lastUpdatedAt", "targetId", "targetArn", "status", "lifecycleEvents", "deploymentId"},
    "get-application-revision": {"description", "registerTime", "deploymentGroups", "lastUsedTime", "firstUsedTime"},
    "stop-deployment": {"status", "statusMessage"},
}


def test_the_members_of_aws_own_samples_are_there(sim: Simulator) -> None:
    codedeploy = client("codedeploy")
    (instance,) = run_instances(1)
    put_bundle()
    codedeploy.create_application(applicationName="app")
    codedeploy.create_deployment_group(**NAMED, serviceRoleArn=ROLE, ec2TagFilters=[{"Key": "app", "Type": "KEY_ONLY"}])
    deployment = codedeploy.create_deployment(**NAMED, revision=BUNDLE, description="d")["deploymentId"]
    sim.advance(60)
    named = {"deploymentId": deployment}
    target = codedeploy.get_deployment_target(**named, targetId=instance)["deploymentTarget"]["instanceTarget"]
    revision = codedeploy.get_application_revision(applicationName="app", revision=BUNDLE)["revisionInfo"]
    other = codedeploy.create_deployment(**NAMED, revision=BUNDLE)["deploymentId"]
    shown = {
        "get-deployment": codedeploy.get_deployment(**named)["deploymentInfo"],
        "get-deployment-group": codedeploy.get_deployment_group(**NAMED)["deploymentGroupInfo"],
        "get-deployment-target": target,
        "get-application-revision": revision,
        "stop-deployment": codedeploy.stop_deployment(deploymentId=other),
    }
    for name, members in SAMPLES.items():
        assert members <= set(shown[name]), name
