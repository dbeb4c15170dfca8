# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Deployments of CodeDeploy on the compute platform ECS, as far as nothing is rolled back."""

from __future__ import annotations

from typing import Any

import pytest

from lastgood_simulator import Simulator
from selftests.cluster import START, client, refused
from selftests.code_deploy import (
    FINISHED,
    GREEN_IS_UP,
    GROUP,
    NAMED,
    BlueGreen,
    appspec,
    content,
)


def test_a_deployment_replaces_the_task_set(sim: Simulator, blue_green: BlueGreen) -> None:
    blue_green.group()
    deployment = blue_green.start()
    assert blue_green.status(deployment) == "Created"
    assert refused(blue_green.codedeploy.list_deployment_targets, deploymentId=deployment)[0] == (
        "DeploymentNotStartedException"
    )
    sim.advance(2)
    assert blue_green.status(deployment) == "Queued"
    sim.advance(4)
    (blue, green) = blue_green.service()["taskSets"]
    assert (green["status"], green["externalId"], green["startedBy"]) == ("ACTIVE", deployment, "CODE_DEPLOY")
    assert (green["stabilityStatus"], green["computedDesiredCount"], green["scale"]["value"]) == ("STABILIZING", 2, 100)
    assert green["loadBalancers"][0]["targetGroupArn"].split("/")[1] == "green"
    assert blue_green.service()["deployments"] == []
    arns = blue_green.ecs.list_tasks(cluster="prod", startedBy=green["id"])["taskArns"]
    assert len(arns) == 2
    assert blue_green.events(deployment)["Install"] == "InProgress"

    sim.advance(GREEN_IS_UP)
    # Traffic has moved; until the original task set is gone it is still in progress.
    assert blue_green.sets() == {"PRIMARY": "web:2", "ACTIVE": "web:1"}
    assert blue_green.service()["taskDefinition"].endswith("web:2")
    info = blue_green.info(deployment)
    assert (info["status"], info["instanceTerminationWaitTimeStarted"]) == ("InProgress", True)
    assert info["deploymentOverview"]["InProgress"] == 1
    target = blue_green.target(deployment)
    assert (target["targetId"], target["status"]) == ("prod:web", "InProgress")
    assert target["taskSetsInfo"] == [
        {
            "identifer": entry["id"],
            "desiredCount": 2,
            "pendingCount": 0,
            "runningCount": 2,
            "status": status,
            "trafficWeight": weight,
            "targetGroup": {"name": colour.lower()},
            "taskSetLabel": colour,
        }
        for entry, status, weight, colour in ((blue, "ACTIVE", 0.0, "Blue"), (green, "PRIMARY", 100.0, "Green"))
    ]
    assert set(blue_green.events(deployment).values()) == {"Succeeded"}
    assert list(blue_green.events(deployment)) == [
        "BeforeInstall",
        "Install",
        "AfterInstall",
        "BeforeAllowTraffic",
        "AllowTraffic",
        "AfterAllowTraffic",
    ]

    sim.advance(300)
    assert blue_green.sets() == {"PRIMARY": "web:2", "DRAINING": "web:1"}
    sim.advance(60)
    assert blue_green.sets() == {"PRIMARY": "web:2"}
    info = blue_green.info(deployment)
    assert (info["status"], info["deploymentOverview"]["Succeeded"]) == ("Succeeded", 1)
    group = blue_green.codedeploy.get_deployment_group(**NAMED)["deploymentGroupInfo"]
    assert group["lastSuccessfulDeployment"] == group["lastAttemptedDeployment"]
    assert group["lastSuccessfulDeployment"]["deploymentId"] == deployment


def test_the_next_one_goes_the_other_way(blue_green: BlueGreen) -> None:
    blue_green.group()
    first = blue_green.done(2)
    second = blue_green.done(3)
    assert [entry["targetGroup"]["name"] for entry in blue_green.target(second)["taskSetsInfo"]] == ["green", "blue"]
    info = blue_green.info(second)
    assert info["previousRevision"] == blue_green.info(first)["revision"]
    assert blue_green.sets() == {"PRIMARY": "web:3"}


def test_get_deployment_has_the_hash_of_the_appspec_and_not_its_content(blue_green: BlueGreen) -> None:
    blue_green.group()
    deployment = blue_green.start(
        description="why",
        deploymentConfigName="CodeDeployDefault.ECSLinear10PercentEvery1Minutes",
        autoRollbackConfiguration={"enabled": False},
        overrideAlarmConfiguration={"enabled": False},
        fileExistsBehavior="RETAIN",
    )
    info = blue_green.info(deployment)
    assert list(info["revision"]["appSpecContent"]) == ["sha256"]
    answer = blue_green.codedeploy.get_application_revision(applicationName="app", revision=info["revision"])
    assert answer["revision"]["appSpecContent"]["content"] == appspec("web:2")
    assert answer["revisionInfo"]["description"] == f"Application revision registered by Deployment ID: {deployment}"
    assert answer["revisionInfo"]["deploymentGroups"] == ["group"]
    shown = (info["description"], info["deploymentConfigName"], info["fileExistsBehavior"], info["creator"])
    assert shown == ("why", "CodeDeployDefault.ECSLinear10PercentEvery1Minutes", "RETAIN", "user")
    assert info["overrideAlarmConfiguration"] == {"enabled": False}
    assert info["createTime"].timestamp() == START + GREEN_IS_UP


def test_a_hash_alone_deploys_a_registered_revision(blue_green: BlueGreen) -> None:
    blue_green.group()
    first = blue_green.done(2)
    blue_green.done(3)
    again = blue_green.done(revision=blue_green.info(first)["revision"])
    assert blue_green.sets() == {"PRIMARY": "web:2"}
    assert blue_green.info(again)["revision"] == blue_green.info(first)["revision"]
    unknown = {"revisionType": "AppSpecContent", "appSpecContent": {"sha256": "0" * 64}}
    code, _message = refused(blue_green.codedeploy.create_deployment, **NAMED, revision=unknown)
    assert code == "RevisionDoesNotExistException"


def test_an_appspec_file_in_s3(sim: Simulator, blue_green: BlueGreen) -> None:
    blue_green.group()
    s3 = client("s3")
    s3.create_bucket(Bucket="specs")
    s3.put_object(Bucket="specs", Key="web.yaml", Body=appspec("web:2"))
    place = {"bucket": "specs", "key": "web.yaml", "bundleType": "YAML"}
    blue_green.done(revision={"revisionType": "S3", "s3Location": place})
    assert blue_green.sets() == {"PRIMARY": "web:2"}
    missing = blue_green.start(revision={"revisionType": "S3", "s3Location": place | {"key": "gone"}})
    sim.advance(10)
    assert blue_green.info(missing)["errorInformation"]["code"] == "REVISION_MISSING"


def test_one_deployment_at_a_time(blue_green: BlueGreen) -> None:
    blue_green.group()
    first = blue_green.start()
    code, message = refused(blue_green.start, number=3)
    assert code == "DeploymentLimitExceededException"
    assert message == f"The Deployment Group 'group' already has an active Deployment '{first}'"


@pytest.mark.parametrize(
    ("config", "weights"),
    [
        ("CodeDeployDefault.ECSAllAtOnce", [100, 100, 100, 100]),
        ("CodeDeployDefault.ECSCanary10Percent5Minutes", [10, 10, 10, 100]),
        ("CodeDeployDefault.ECSLinear10PercentEvery1Minutes", [10, 40, 50, 80]),
    ],
)
def test_traffic_moves_as_configured(sim: Simulator, blue_green: BlueGreen, config: str, weights: list[int]) -> None:
    blue_green.group()
    deployment = blue_green.start(deploymentConfigName=config)
    seen: list[float] = []
    for minutes in (1, 3, 1, 3):
        sim.advance(60 * minutes + 10 * (not seen))
        original, replacement = blue_green.weights(deployment)
        assert original + replacement == 100
        seen.append(replacement)
        primary = "web:2" if replacement == 100 else "web:1"
        assert blue_green.sets()["PRIMARY"] == primary
    assert seen == weights


def test_a_test_listener_has_its_own_events(sim: Simulator, blue_green: BlueGreen) -> None:
    pair = GROUP["loadBalancerInfo"]["targetGroupPairInfoList"][0]
    pair = pair | {"testTrafficRoute": {"listenerArns": ["arn:aws:elasticloadbalancing:us-east-1:1:listener/test"]}}
    blue_green.group(loadBalancerInfo={"targetGroupPairInfoList": [pair]})
    deployment = blue_green.start()
    sim.advance(GREEN_IS_UP + 10)
    names = list(blue_green.events(deployment))
    assert names[2:6] == ["AfterInstall", "AllowTestTraffic", "AfterAllowTestTraffic", "BeforeAllowTraffic"]
    assert set(blue_green.events(deployment).values()) == {"Succeeded"}


def test_the_listeners_follow(sim: Simulator, blue_green: BlueGreen) -> None:
    ec2, elb = client("ec2"), client("elbv2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    balancer = elb.create_load_balancer(Name="web", Subnets=[subnet])["LoadBalancers"][0]["LoadBalancerArn"]
    blue, green = (
        elb.create_target_group(Name=name, Protocol="HTTP", Port=80, VpcId=vpc)["TargetGroups"][0]["TargetGroupArn"]
        for name in ("blue", "green")
    )
    action = {"Type": "forward", "TargetGroupArn": blue}
    listeners = [
        elb.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=port, DefaultActions=[action])["Listeners"][
            0
        ]["ListenerArn"]
        for port in (80, 9000)
    ]
    pair = {
        "targetGroups": [{"name": "blue"}, {"name": "green"}],
        "prodTrafficRoute": {"listenerArns": [listeners[0]]},
        "testTrafficRoute": {"listenerArns": [listeners[1]]},
    }
    blue_green.group(
        loadBalancerInfo={"targetGroupPairInfoList": [pair]},
        deploymentConfigName="CodeDeployDefault.ECSCanary10Percent5Minutes",
    )

    def forwards(listener: str) -> dict[str, int]:
        (shown,) = elb.describe_listeners(ListenerArns=[listener])["Listeners"]
        groups = shown["DefaultActions"][0]["ForwardConfig"]["TargetGroups"]
        return {group["TargetGroupArn"].split("/")[1]: group.get("Weight", 1) for group in groups}

    deployment = blue_green.start()
    sim.advance(GREEN_IS_UP)
    assert blue_green.service()["taskSets"][1]["loadBalancers"][0]["targetGroupArn"] == green
    assert [forwards(listener) for listener in listeners] == [{"blue": 90, "green": 10}, {"green": 100}]
    blue_green.stop(deployment, autoRollbackEnabled=True)
    sim.advance(20)
    assert [forwards(listener) for listener in listeners] == [{"blue": 100}, {"blue": 100}]


@pytest.mark.parametrize(
    ("behaviour", "status", "error"),
    [
        ("succeed", "Succeeded", None),
        ("fail", "Failed", "reported Failed"),
        ("hang", "Failed", "did not report within one hour"),
    ],
)
def test_hooks(sim: Simulator, blue_green: BlueGreen, behaviour: str, status: str, error: str | None) -> None:
    blue_green.group()
    sim.hook("check", behaviour)
    spec = appspec("web:2", hooks={"AfterInstall": "arn:aws:lambda:us-east-1:123456789012:function:check"})
    deployment = blue_green.start(revision=content(spec))
    sim.advance(GREEN_IS_UP + 10)
    assert blue_green.events(deployment)["AfterInstall"] == ("InProgress" if behaviour == "hang" else status)
    sim.advance(3600)
    info = blue_green.info(deployment)
    assert info["status"] == status
    if error is not None:
        assert info["errorInformation"]["code"] == "HOOK_EXECUTION_FAILURE"
        assert error in info["errorInformation"]["message"]
        assert blue_green.events(deployment)["AfterInstall"] == "Failed"
        assert blue_green.sets()["PRIMARY"] == "web:1"


def test_a_hook_that_hangs_until_it_is_told_otherwise(sim: Simulator, blue_green: BlueGreen) -> None:
    blue_green.group()
    sim.hook("check", "hang")
    deployment = blue_green.start(revision=content(appspec("web:2", hooks={"BeforeInstall": "check"})))
    sim.advance(1800)
    assert blue_green.events(deployment)["BeforeInstall"] == "InProgress"
    sim.hook("check", "succeed")
    sim.advance(FINISHED + 30)
    assert blue_green.status(deployment) == "Succeeded"


def test_ready_until_it_is_continued(sim: Simulator, blue_green: BlueGreen) -> None:
    blue_green.ready(actionOnTimeout="STOP_DEPLOYMENT", waitTimeInMinutes=10)
    deployment = blue_green.start()
    resume = blue_green.codedeploy.continue_deployment
    named = {"deploymentId": deployment, "deploymentWaitType": "READY_WAIT"}
    assert refused(resume, **named)[0] == "DeploymentIsNotInReadyStateException"
    sim.advance(GREEN_IS_UP)
    assert blue_green.status(deployment) == "Ready"
    assert blue_green.info(deployment)["deploymentOverview"]["Ready"] == 1
    assert blue_green.sets() == {"PRIMARY": "web:1", "ACTIVE": "web:2"}
    resume(**named)
    sim.advance(10)
    assert blue_green.sets() == {"PRIMARY": "web:2", "ACTIVE": "web:1"}
    resume(deploymentId=deployment, deploymentWaitType="TERMINATION_WAIT")
    sim.advance(40)
    assert blue_green.status(deployment) == "Succeeded"
    assert refused(resume, **named)[0] == "DeploymentAlreadyCompletedException"


def test_ready_for_too_long_is_stopped(sim: Simulator, blue_green: BlueGreen) -> None:
    blue_green.ready(actionOnTimeout="STOP_DEPLOYMENT", waitTimeInMinutes=10)
    deployment = blue_green.start()
    sim.advance(GREEN_IS_UP + 600)
    info = blue_green.info(deployment)
    assert (info["status"], info["errorInformation"]["code"]) == ("Stopped", "TIMEOUT")
    assert blue_green.sets()["PRIMARY"] == "web:1"


def test_what_a_failed_deployment_left_is_removed_by_the_next(sim: Simulator, blue_green: BlueGreen) -> None:
    blue_green.group()
    sim.image("web:2", "cannot_pull")
    failed = blue_green.start(2)
    sim.advance(3700)
    info = blue_green.info(failed)
    assert (info["status"], info["errorInformation"]["code"]) == ("Failed", "TIMEOUT")
    assert "timed out while waiting for the replacement task set" in info["errorInformation"]["message"]
    assert blue_green.events(failed)["Install"] == "Failed"
    assert blue_green.events(failed)["AllowTraffic"] == "Skipped"
    assert blue_green.target(failed)["status"] == "Failed"
    (install,) = [event for event in blue_green.target(failed)["lifecycleEvents"] if event["status"] == "Failed"]
    assert install["diagnostics"]["message"] == info["errorInformation"]["message"]
    assert blue_green.sets() == {"PRIMARY": "web:1", "ACTIVE": "web:2"}
    blue_green.done(3)
    assert blue_green.sets() == {"PRIMARY": "web:3"}


@pytest.mark.parametrize(
    ("spec", "code"),
    [
        ("{", "INVALID_REVISION"),
        ("{}", "INVALID_REVISION"),
        ('{"Resources": [{"T": {}}]}', "INVALID_REVISION"),
        (appspec("web:2", LoadBalancerInfo={}), "INVALID_REVISION"),
        (appspec("gone:1"), "ECS_UPDATE_ERROR"),
        (
            appspec("web:2", LoadBalancerInfo={"ContainerName": "other", "ContainerPort": 80}),
            "ECS_UPDATE_ERROR",
        ),
    ],
)
def test_revisions_that_cannot_be_deployed(sim: Simulator, blue_green: BlueGreen, spec: str, code: str) -> None:
    blue_green.group()
    deployment = blue_green.start(revision=content(spec))
    sim.advance(10)
    info = blue_green.info(deployment)
    assert (info["status"], info["errorInformation"]["code"]) == ("Failed", code)
    assert blue_green.sets() == {"PRIMARY": "web:1"}


def test_a_task_definition_that_is_inactive(sim: Simulator, blue_green: BlueGreen) -> None:
    blue_green.group()
    blue_green.ecs.deregister_task_definition(taskDefinition="web:2")
    deployment = blue_green.start(2)
    sim.advance(10)
    error = blue_green.info(deployment)["errorInformation"]
    assert error["code"] == "ECS_UPDATE_ERROR"
    assert "TaskDefinition is inactive (Service: AmazonECS" in error["message"]


def test_the_appspec_says_how_tasks_run(sim: Simulator, blue_green: BlueGreen) -> None:
    blue_green.group()
    vpc = {"Subnets": ["subnet-9"], "SecurityGroups": ["sg-9"], "AssignPublicIp": "ENABLED"}
    strategy = [{"Base": 0, "CapacityProvider": "FARGATE_SPOT", "Weight": 1}]
    spec = appspec(
        "web:2",
        NetworkConfiguration={"AwsvpcConfiguration": vpc},
        CapacityProviderStrategy=strategy,
        PlatformVersion="1.4.0",
    )
    blue_green.start(revision=content(spec))
    sim.advance(10)
    green = blue_green.service()["taskSets"][1]
    assert green["networkConfiguration"]["awsvpcConfiguration"]["subnets"] == ["subnet-9"]
    assert green["capacityProviderStrategy"][0]["capacityProvider"] == "FARGATE_SPOT"
    assert "launchType" not in green


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"revision": None}, "RevisionRequiredException"),
        ({"revision": {"revisionType": "GitHub"}}, "InvalidRevisionException"),
        ({"autoRollbackConfiguration": {"enabled": True}}, "InvalidAutoRollbackConfigException"),
        ({"overrideAlarmConfiguration": {"enabled": True}}, "InvalidAlarmConfigException"),
        ({"fileExistsBehavior": "MERGE"}, "InvalidFileExistsBehaviorException"),
        ({"description": "x" * 257}, "DescriptionTooLongException"),
        ({"deploymentConfigName": "nope"}, "DeploymentConfigDoesNotExistException"),
        ({"targetInstances": {"autoScalingGroups": ["a"]}}, "InvalidTargetInstancesException"),
        ({"deploymentMode": "RESTART", "revision": None}, "InvalidInputException"),
        ({"deploymentGroupName": "nope"}, "DeploymentGroupDoesNotExistException"),
        ({"applicationName": "nope"}, "ApplicationDoesNotExistException"),
    ],
)
def test_deployments_that_are_refused(blue_green: BlueGreen, options: dict[str, Any], code: str) -> None:
    blue_green.group()
    params = {**NAMED, "revision": content(appspec("web:2")), **options}
    params = {name: value for name, value in params.items() if value is not None}
    assert refused(blue_green.codedeploy.create_deployment, **params)[0] == code
    assert blue_green.listed() == []


def test_a_service_that_is_gone_is_not_deployed_to(sim: Simulator, blue_green: BlueGreen) -> None:
    blue_green.group()
    running = blue_green.start()
    sim.advance(10)
    blue_green.ecs.delete_service(cluster="prod", service="web", force=True)
    sim.advance(1)
    assert blue_green.info(running)["errorInformation"]["code"] == "INVALID_ECS_SERVICE"
    assert refused(blue_green.start)[0] == "InvalidECSServiceException"


def test_deployments_are_listed_by_group_status_and_time(sim: Simulator, blue_green: BlueGreen) -> None:
    blue_green.group()
    first = blue_green.done(2)
    middle = sim.now() - 10
    second = blue_green.start(3)
    codedeploy = blue_green.codedeploy
    assert blue_green.listed() == [second, first]
    assert codedeploy.list_deployments()["deployments"] == [second, first]
    assert blue_green.listed(includeOnlyStatuses=["Succeeded", "Failed"]) == [first]
    assert blue_green.listed(createTimeRange={"start": middle}) == [second]
    assert blue_green.listed(createTimeRange={"end": middle}) == [first]
    ask = codedeploy.list_deployments
    assert refused(ask, applicationName="app")[0] == "DeploymentGroupNameRequiredException"
    assert refused(ask, deploymentGroupName="group")[0] == "ApplicationNameRequiredException"
    assert refused(ask, includeOnlyStatuses=["Done"])[0] == "InvalidDeploymentStatusException"
    assert refused(ask, createTimeRange={"start": 2, "end": 1})[0] == "InvalidTimeRangeException"
    infos = codedeploy.batch_get_deployments(deploymentIds=[first, second, "d-000000000"])["deploymentsInfo"]
    assert [info["deploymentId"] for info in infos] == [first, second]
    assert refused(codedeploy.batch_get_deployments, deploymentIds=[first] * 26)[0] == "BatchLimitExceededException"
    get = codedeploy.get_deployment
    assert refused(get, deploymentId="d-000000000")[0] == "DeploymentDoesNotExistException"
    assert refused(get, deploymentId="d-1")[0] == "InvalidDeploymentIdException"


def test_long_lists_have_pages(sim: Simulator, blue_green: BlueGreen) -> None:
    blue_green.group()
    for _index in range(101):
        blue_green.stop(blue_green.start(), autoRollbackEnabled=False)
    answer = blue_green.codedeploy.list_deployments(**NAMED)
    assert len(answer["deployments"]) == 100
    rest = blue_green.codedeploy.list_deployments(**NAMED, nextToken=answer["nextToken"])
    assert (len(rest["deployments"]), "nextToken" in rest) == (1, False)


def test_targets(sim: Simulator, blue_green: BlueGreen) -> None:
    blue_green.group()
    deployment = blue_green.start()
    sim.advance(10)
    codedeploy = blue_green.codedeploy
    named = {"deploymentId": deployment}
    (shown,) = codedeploy.batch_get_deployment_targets(**named, targetIds=["prod:web"])["deploymentTargets"]
    assert (shown["deploymentTargetType"], shown["ecsTarget"]["status"]) == ("ECSTarget", "InProgress")
    failed = {"TargetStatus": ["Failed"]}
    assert codedeploy.list_deployment_targets(**named, targetFilters=failed)["targetIds"] == []
    code, _message = refused(codedeploy.get_deployment_target, **named, targetId="prod:other")
    assert code == "DeploymentTargetDoesNotExistException"
    code, _message = refused(codedeploy.batch_get_deployment_targets, **named, targetIds=["prod:web"] * 26)
    assert code == "DeploymentTargetListSizeExceededException"


def test_one_long_step_is_many_short_ones() -> None:
    def run(step: int) -> Any:
        with Simulator(start=START) as sim:
            blue_green = BlueGreen(sim)
            blue_green.group()
            deployment = blue_green.start()
            for _index in range(FINISHED // step):
                sim.advance(step)
                if step < FINISHED:
                    blue_green.service()
            info = blue_green.info(deployment)
            times = [
                (event["startTime"], event["endTime"]) for event in blue_green.target(deployment)["lifecycleEvents"]
            ]
            return info["status"], info["startTime"], info["completeTime"], times

    assert run(FINISHED) == run(7)


def test_reset_forgets_everything(sim: Simulator, blue_green: BlueGreen) -> None:
    blue_green.group()
    blue_green.start()
    sim.reset()
    assert blue_green.codedeploy.list_applications()["applications"] == []
    assert blue_green.codedeploy.list_deployments()["deployments"] == []


def test_a_version_of_an_appspec_file_in_s3_and_its_etag(sim: Simulator, blue_green: BlueGreen) -> None:
    blue_green.group()
    s3 = client("s3")
    s3.create_bucket(Bucket="specs")
    s3.put_bucket_versioning(Bucket="specs", VersioningConfiguration={"Status": "Enabled"})
    first = s3.put_object(Bucket="specs", Key="web.json", Body=appspec("web:2"))
    sim.advance(600)
    second = s3.put_object(Bucket="specs", Key="web.json", Body=appspec("web:3"))
    found = s3.get_object(Bucket="specs", Key="web.json")
    assert found["LastModified"].timestamp() == sim.now()
    place = {"bucket": "specs", "key": "web.json", "bundleType": "JSON"}
    blue_green.done(revision={"revisionType": "S3", "s3Location": place | {"version": first["VersionId"]}})
    assert blue_green.sets() == {"PRIMARY": "web:2"}
    blue_green.done(revision={"revisionType": "S3", "s3Location": place | {"eTag": second["ETag"].strip('"')}})
    assert blue_green.sets() == {"PRIMARY": "web:3"}
    for wrong in ({"eTag": first["ETag"]}, {"version": "gone"}):
        failed = blue_green.start(revision={"revisionType": "S3", "s3Location": place | wrong})
        sim.advance(10)
        assert blue_green.info(failed)["errorInformation"]["code"] == "REVISION_MISSING"
    assert [call["operation"] for call in sim.log() if call["service"] == "s3"][-1] == "GetObject"


def test_an_object_that_may_not_be_read(sim: Simulator) -> None:
    s3 = client("s3")
    s3.create_bucket(Bucket="specs")
    s3.put_object(Bucket="specs", Key="a/b.json", Body="x")
    sim.fail("s3:GetObject", code="AccessDenied", when={"Bucket": "specs", "Key": "a/b.json"})
    assert refused(s3.get_object, Bucket="specs", Key="a/b.json")[0] == "AccessDenied"
    assert s3.get_object(Bucket="specs", Key="a/b.json")["Body"].read() == b"x"
