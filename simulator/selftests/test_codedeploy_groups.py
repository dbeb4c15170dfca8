# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Applications, deployment groups, deployment configurations, revisions and tags of CodeDeploy."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from lastgood_simulator import Simulator
from selftests.cluster import client, refused
from selftests.code_deploy import GROUP, NAMED, ROLE, ROLLS_BACK, BlueGreen, appspec, content

S3 = {"revisionType": "S3", "s3Location": {"bucket": "b", "key": "app/1.zip", "bundleType": "zip", "eTag": "e"}}


@pytest.fixture
def codedeploy(sim: Simulator) -> Any:
    found = client("codedeploy")
    found.create_application(applicationName="server")
    return found


def test_applications(codedeploy: Any) -> None:
    codedeploy.create_application(applicationName="ecs", computePlatform="ECS")
    assert codedeploy.get_application(applicationName="ecs")["application"]["computePlatform"] == "ECS"
    codedeploy.update_application(applicationName="ecs", newApplicationName="renamed")
    assert codedeploy.list_applications()["applications"] == ["server", "renamed"]
    infos = codedeploy.batch_get_applications(applicationNames=["server", "renamed"])["applicationsInfo"]
    assert [info["computePlatform"] for info in infos] == ["Server", "ECS"]
    codedeploy.delete_application(applicationName="renamed")
    codedeploy.delete_application(applicationName="renamed")
    code, message = refused(codedeploy.get_application, applicationName="renamed")
    assert (code, message) == ("ApplicationDoesNotExistException", "No application found for name: renamed")
    assert refused(codedeploy.create_application, applicationName="server")[0] == "ApplicationAlreadyExistsException"
    code, _message = refused(codedeploy.create_application, applicationName="x", computePlatform="Mainframe")
    assert code == "InvalidComputePlatformException"


def test_a_group_keeps_what_it_was_given(blue_green: BlueGreen) -> None:
    given = GROUP | {
        "deploymentConfigName": "CodeDeployDefault.ECSCanary10Percent5Minutes",
        "autoRollbackConfiguration": ROLLS_BACK,
        "alarmConfiguration": {"enabled": True, "ignorePollAlarmFailure": False, "alarms": [{"name": "a"}]},
        "triggerConfigurations": [
            {"triggerName": "t", "triggerTargetArn": "arn:aws:sns:us-east-1:1:t", "triggerEvents": ["DeploymentStart"]}
        ],
    }
    codedeploy = blue_green.codedeploy
    group_id = codedeploy.create_deployment_group(**NAMED, **given)["deploymentGroupId"]
    info = codedeploy.get_deployment_group(**NAMED)["deploymentGroupInfo"]
    assert given.items() <= info.items()
    assert (info["deploymentGroupId"], info["computePlatform"]) == (group_id, "ECS")
    assert "lastAttemptedDeployment" not in info
    codedeploy.update_deployment_group(
        applicationName="app",
        currentDeploymentGroupName="group",
        newDeploymentGroupName="renamed",
        autoRollbackConfiguration={"enabled": False},
    )
    (renamed,) = codedeploy.batch_get_deployment_groups(applicationName="app", deploymentGroupNames=["renamed"])[
        "deploymentGroupsInfo"
    ]
    changed = {"deploymentGroupName": "renamed", "autoRollbackConfiguration": {"enabled": False}}
    assert renamed == info | changed
    assert codedeploy.list_deployment_groups(applicationName="app")["deploymentGroups"] == ["renamed"]
    codedeploy.delete_deployment_group(applicationName="app", deploymentGroupName="renamed")
    answer = codedeploy.batch_get_deployment_groups(applicationName="app", deploymentGroupNames=["renamed"])
    assert (answer["deploymentGroupsInfo"], answer["errorMessage"]) == (
        [],
        "No Deployment Group found for name: renamed",
    )


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"autoRollbackConfiguration": {"enabled": True}}, "InvalidAutoRollbackConfigException"),
        ({"autoRollbackConfiguration": {"enabled": True, "events": ["X"]}}, "InvalidAutoRollbackConfigException"),
        ({"alarmConfiguration": {"enabled": True, "alarms": []}}, "InvalidAlarmConfigException"),
        ({"alarmConfiguration": {"alarms": [{"name": "a"}, {"name": "a"}]}}, "InvalidAlarmConfigException"),
        ({"triggerConfigurations": [{"triggerName": "t"}]}, "InvalidTriggerConfigException"),
        ({"deploymentConfigName": "nope"}, "DeploymentConfigDoesNotExistException"),
        ({"deploymentConfigName": "CodeDeployDefault.OneAtATime"}, "InvalidComputePlatformException"),
        ({"serviceRoleArn": "codedeploy"}, "InvalidRoleException"),
        ({"ecsServices": []}, "InvalidECSServiceException"),
        ({"ecsServices": [{"serviceName": "gone", "clusterName": "prod"}]}, "InvalidECSServiceException"),
        ({"ecsServices": [{"serviceName": "rolling", "clusterName": "prod"}]}, "InvalidECSServiceException"),
        ({"loadBalancerInfo": {}}, "InvalidLoadBalancerInfoException"),
        ({"blueGreenDeploymentConfiguration": {}}, "InvalidBlueGreenDeploymentConfigurationException"),
        (
            {"deploymentStyle": {"deploymentType": "IN_PLACE", "deploymentOption": "WITHOUT_TRAFFIC_CONTROL"}},
            "InvalidDeploymentStyleException",
        ),
    ],
)
def test_groups_that_are_refused(blue_green: BlueGreen, settings: dict[str, Any], code: str) -> None:
    blue_green.create("rolling")
    found, _message = refused(blue_green.codedeploy.create_deployment_group, **NAMED, **(GROUP | settings))
    assert found == code


def test_a_service_has_one_group(blue_green: BlueGreen) -> None:
    blue_green.group()
    create = blue_green.codedeploy.create_deployment_group
    assert refused(create, **NAMED, **GROUP)[0] == "DeploymentGroupAlreadyExistsException"
    other = {"applicationName": "app", "deploymentGroupName": "other"}
    assert refused(create, **other, **GROUP)[0] == "ECSServiceMappingLimitExceededException"


def test_server_groups_have_the_defaults_of_aws(codedeploy: Any) -> None:
    named = {"applicationName": "server", "deploymentGroupName": "g"}
    codedeploy.create_deployment_group(**named, serviceRoleArn=ROLE, autoScalingGroups=["asg"])
    info = codedeploy.get_deployment_group(**named)["deploymentGroupInfo"]
    assert info["deploymentConfigName"] == "CodeDeployDefault.OneAtATime"
    assert info["deploymentStyle"] == {"deploymentType": "IN_PLACE", "deploymentOption": "WITHOUT_TRAFFIC_CONTROL"}
    assert [group["name"] for group in info["autoScalingGroups"]] == ["asg"]


def test_deployment_configurations(codedeploy: Any) -> None:
    canary = codedeploy.get_deployment_config(deploymentConfigName="CodeDeployDefault.ECSCanary10Percent15Minutes")
    assert canary["deploymentConfigInfo"]["trafficRoutingConfig"] == {
        "type": "TimeBasedCanary",
        "timeBasedCanary": {"canaryPercentage": 10, "canaryInterval": 15},
    }
    names = codedeploy.list_deployment_configs()["deploymentConfigsList"]
    assert {"CodeDeployDefault.OneAtATime", "CodeDeployDefault.LambdaLinear10PercentEvery1Minute"} <= set(names)
    mine = {"deploymentConfigName": "mine", "minimumHealthyHosts": {"type": "HOST_COUNT", "value": 1}}
    codedeploy.create_deployment_config(**mine)
    assert refused(codedeploy.create_deployment_config, **mine)[0] == "DeploymentConfigAlreadyExistsException"
    named = {"applicationName": "server", "deploymentGroupName": "g"}
    codedeploy.create_deployment_group(**named, serviceRoleArn=ROLE, deploymentConfigName="mine")
    delete = codedeploy.delete_deployment_config
    assert refused(delete, deploymentConfigName="mine")[0] == "DeploymentConfigInUseException"
    assert refused(delete, deploymentConfigName=names[-1])[0] == "InvalidOperationException"
    codedeploy.delete_deployment_group(**named)
    delete(deploymentConfigName="mine")
    assert refused(codedeploy.get_deployment_config, deploymentConfigName="mine")[0] == (
        "DeploymentConfigDoesNotExistException"
    )


def test_revisions_are_found_by_content_and_by_hash(blue_green: BlueGreen) -> None:
    codedeploy, text = blue_green.codedeploy, appspec("web:1")
    digest = hashlib.sha256(text.encode()).hexdigest()
    by_hash = {"revisionType": "AppSpecContent", "appSpecContent": {"sha256": digest}}
    get = codedeploy.get_application_revision
    assert refused(get, applicationName="app", revision=by_hash)[0] == "RevisionDoesNotExistException"
    codedeploy.register_application_revision(applicationName="app", revision=content(text), description="first")
    whole = {"revisionType": "AppSpecContent", "appSpecContent": {"content": text, "sha256": digest}}
    for revision in (by_hash, content(text), whole):
        answer = get(applicationName="app", revision=revision)
        assert (answer["revision"], answer["revisionInfo"]["description"]) == (whole, "first")
    answer = codedeploy.batch_get_application_revisions(
        applicationName="app", revisions=[by_hash, content(appspec("web:2"))]
    )
    assert [item["revisionLocation"] for item in answer["revisions"]] == [whole]
    assert answer["errorMessage"] == "1 of the revisions do not exist in app"
    assert codedeploy.list_application_revisions(applicationName="app")["revisions"] == [by_hash]
    wrong = {"revisionType": "AppSpecContent", "appSpecContent": {"content": text, "sha256": "0" * 64}}
    for revision in (wrong, S3 | {"revisionType": "GitHub"}, {"revisionType": "AppSpecContent", "appSpecContent": {}}):
        code, _message = refused(codedeploy.register_application_revision, applicationName="app", revision=revision)
        assert code == "InvalidRevisionException"


def test_revisions_are_listed_as_asked(sim: Simulator, codedeploy: Any) -> None:
    for number in (1, 2):
        place = {"bucket": "b", "key": f"app/{number}.zip", "bundleType": "zip"}
        revision = {"revisionType": "S3", "s3Location": place}
        codedeploy.register_application_revision(applicationName="server", revision=revision)
        codedeploy.register_application_revision(applicationName="server", revision=revision)
        sim.advance(1)
    ask = codedeploy.list_application_revisions

    def keys(**options: Any) -> list[str]:
        return [item["s3Location"]["key"] for item in ask(applicationName="server", **options)["revisions"]]

    assert keys(sortBy="registerTime", sortOrder="descending") == ["app/2.zip", "app/1.zip"]
    assert keys(s3Bucket="b", s3KeyPrefix="app/1") == ["app/1.zip"]
    assert keys(deployed="include") == []
    assert refused(ask, applicationName="server", s3KeyPrefix="app")[0] == "BucketNameFilterRequiredException"


def test_tags_follow_their_resource(codedeploy: Any) -> None:
    arn = "arn:aws:codedeploy:us-east-1:123456789012:application:"
    codedeploy.tag_resource(ResourceArn=arn + "server", Tags=[{"Key": "a", "Value": "b"}, {"Key": "c", "Value": ""}])
    codedeploy.untag_resource(ResourceArn=arn + "server", TagKeys=["c"])
    codedeploy.update_application(applicationName="server", newApplicationName="new")
    assert codedeploy.list_tags_for_resource(ResourceArn=arn + "new")["Tags"] == [{"Key": "a", "Value": "b"}]
    ask = codedeploy.list_tags_for_resource
    assert refused(ask, ResourceArn=arn + "server")[0] == "ApplicationDoesNotExistException"
    assert refused(ask, ResourceArn="arn:aws:s3:::b")[0] == "InvalidArnException"
