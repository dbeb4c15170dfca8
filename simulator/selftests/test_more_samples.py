# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Answers of CodeDeploy, Auto Scaling and SNS against the sample outputs in the documentation of the AWS CLI."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import botocore.session
import pytest

from lastgood_simulator import Simulator
from selftests.cluster import client
from selftests.code_deploy import NAMED, commit, put_bundle
from selftests.fleet import Fleet
from selftests.samples import data, merge, shape
from selftests.test_samples import paths

SERVICES = ("codedeploy", "autoscaling", "sns")
SAMPLES: dict[tuple[str, str], Any] = {
    (service, operation): sample
    for service in SERVICES
    for operation, sample in json.loads(data(service).read_text(encoding="utf-8")).items()
}
# What the samples show and the simulator does not have, with all that is below it.
EXCEPTIONS = {
    # The API has lists of names, and of structures.
    "slips of the pen": [
        "GetApplicationRevision.revisionInfo.deploymentGroups",
        "GetDeploymentGroup.deploymentGroupInfo.autoScalingGroups[]",
    ],
    "what moto does not have": ["DescribeAutoScalingGroups.AutoScalingGroups[].TrafficSources"],
}


def _record(found: dict[tuple[str, str], Any], made: Any) -> Any:
    """Let a client note the shapes of its answers."""

    def note(parsed: dict[str, Any], model: Any, **_others: Any) -> None:
        if "Error" not in parsed:
            key = (model.service_model.service_name, model.name)
            members = {name: value for name, value in parsed.items() if name != "ResponseMetadata"}
            found[key] = merge(found.get(key), shape(members))

    made.meta.events.register("after-call", note)
    return made


def _use_codedeploy(sim: Simulator, fleet: Fleet) -> None:
    codedeploy = fleet.codedeploy
    app = {"applicationName": "app"}
    topic = {"triggerName": "t", "triggerTargetArn": "arn:aws:sns:us-east-1:1:t"}
    triggers = [topic | {"triggerEvents": ["DeploymentStart"]}]
    tag_set = {"ec2TagSetList": [[{"Key": "app", "Value": "web", "Type": "KEY_AND_VALUE"}]]}
    alarms = {"enabled": True, "alarms": [{"name": "a"}], "ignorePollAlarmFailure": False}
    rollback = {"enabled": False, "events": ["DEPLOYMENT_FAILURE"]}
    fleet.update(
        triggerConfigurations=triggers, alarmConfiguration=alarms, autoRollbackConfiguration=rollback, ec2TagFilters=[]
    )
    fleet.update(ec2TagSet=tag_set, onPremisesTagSet={"onPremisesTagSetList": []})
    codedeploy.create_application(applicationName="other")
    other = {"applicationName": "other", "deploymentGroupName": "g"}
    codedeploy.create_deployment_group(
        **other, serviceRoleArn="arn:aws:iam::123456789012:role/r", ec2TagFilters=tag_set["ec2TagSetList"][0]
    )
    sim.bundle("b" * 40)
    bundle = put_bundle()
    codedeploy.register_application_revision(**app, revision=bundle, description="d")
    for revision in (bundle, commit("a"), commit("b")):
        deployment = fleet.start("", revision=revision, description="d")
        sim.advance(60)
        named = {"deploymentId": deployment}
        codedeploy.get_deployment(**named)
        codedeploy.batch_get_deployments(deploymentIds=[deployment])
        (target,) = codedeploy.list_deployment_targets(**named)["targetIds"]
        codedeploy.get_deployment_target(**named, targetId=target)
        codedeploy.batch_get_deployment_targets(**named, targetIds=[target])
        codedeploy.get_application_revision(**app, revision=revision)
        codedeploy.batch_get_application_revisions(**app, revisions=[revision, commit("c")])
    codedeploy.stop_deployment(deploymentId=fleet.start("a"))
    fleet.listed()
    fleet.group()
    codedeploy.get_deployment_group(**other)
    codedeploy.batch_get_deployment_groups(**app, deploymentGroupNames=["group", "none"])
    codedeploy.get_application(**app)
    codedeploy.batch_get_applications(applicationNames=["app"])
    codedeploy.list_applications()
    codedeploy.list_application_revisions(**app)
    codedeploy.list_deployment_configs()
    codedeploy.list_deployment_groups(**app)
    healthy = {"type": "HOST_COUNT", "value": 1}
    codedeploy.create_deployment_config(deploymentConfigName="mine", minimumHealthyHosts=healthy)
    codedeploy.get_deployment_config(deploymentConfigName="mine")
    arn = "arn:aws:codedeploy:us-east-1:123456789012:application:app"
    codedeploy.tag_resource(ResourceArn=arn, Tags=[{"Key": "k", "Value": "v"}])
    codedeploy.list_tags_for_resource(ResourceArn=arn)
    codedeploy.register_on_premises_instance(instanceName="m", iamUserArn="arn:aws:iam::123456789012:user/m")
    codedeploy.add_tags_to_on_premises_instances(instanceNames=["m"], tags=[{"Key": "k", "Value": "v"}])
    codedeploy.get_on_premises_instance(instanceName="m")
    codedeploy.batch_get_on_premises_instances(instanceNames=["m"])
    codedeploy.list_on_premises_instances()
    codedeploy.delete_deployment_group(**NAMED)


def _create_group(groups: Any) -> None:
    ec2 = client("ec2")
    image = ec2.describe_images()["Images"][0]["ImageId"]
    template = ec2.create_launch_template(
        LaunchTemplateName="t", LaunchTemplateData={"ImageId": image, "InstanceType": "t3.micro"}
    )["LaunchTemplate"]
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    groups.create_auto_scaling_group(
        AutoScalingGroupName="asg",
        LaunchTemplate={"LaunchTemplateId": template["LaunchTemplateId"], "Version": "1"},
        MinSize=0,
        MaxSize=1,
        DesiredCapacity=1,
        VPCZoneIdentifier=subnet,
        HealthCheckGracePeriod=300,
        TargetGroupARNs=[],
    )


@pytest.fixture(scope="module")
def seen() -> Iterator[dict[tuple[str, str], Any]]:
    """(service, operation) to the shape of all answers together."""
    found: dict[tuple[str, str], Any] = {}
    with Simulator(start=1_790_000_000.0) as sim:
        fleet = Fleet(sim, 1)
        _record(found, fleet.codedeploy)
        _use_codedeploy(sim, fleet)
        sim.reset()
        groups = _record(found, client("autoscaling"))
        _create_group(groups)
        groups.suspend_processes(AutoScalingGroupName="asg", ScalingProcesses=["Launch"])
        tag = {"ResourceId": "asg", "ResourceType": "auto-scaling-group", "Key": "k", "Value": "v"}
        groups.create_or_update_tags(Tags=[tag | {"PropagateAtLaunch": True}])
        groups.describe_auto_scaling_groups()
        groups.describe_tags()
        sns = _record(found, client("sns"))
        topic = {"TopicArn": sns.create_topic(Name="t")["TopicArn"]}
        sns.subscribe(**topic, Protocol="email", Endpoint="a@example.org")
        sns.publish(**topic, Message="m")
        sns.get_topic_attributes(**topic)
        sns.list_subscriptions_by_topic(**topic)
        yield found


def _timestamps(service: str) -> set[str]:
    """Names of members that are times."""
    model = botocore.session.get_session().get_service_model(service)
    shapes = [model.shape_for(name) for name in model.shape_names]
    return {
        name
        for item in shapes
        if item.type_name == "structure"
        for name, member in item.members.items()  # type: ignore[attr-defined]
        if member.type_name == "timestamp"
    }


@pytest.mark.parametrize("key", sorted(SAMPLES), ids=":".join)
def test_an_answer_has_what_the_sample_has(seen: dict[tuple[str, str], Any], key: tuple[str, str]) -> None:
    service, operation = key
    times = _timestamps(service)
    excepted = tuple(path for some in EXCEPTIONS.values() for path in some)
    shown = dict(paths(seen[key], operation))
    wrong = [
        f"{path} is {shown.get(path, 'missing')}, {kind} in the sample"
        for path, kind in paths(SAMPLES[key], operation)
        if shown.get(path) != kind and path.rsplit(".", 1)[-1] not in times and not path.startswith(excepted)
    ]
    assert not wrong, "\n".join(wrong)


def test_no_exception_is_left_over(seen: dict[tuple[str, str], Any]) -> None:
    samples = {path: kind for (_service, name), sample in SAMPLES.items() for path, kind in paths(sample, name)}
    shown = {path: kind for (_service, name), answer in seen.items() for path, kind in paths(answer, name)}
    for some in EXCEPTIONS.values():
        for path in some:
            assert samples[path] != shown.get(path)
