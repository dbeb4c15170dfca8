# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module codedeploy_deployment_group, in process, against the simulator."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.modules import codedeploy_deployment_group
from tests.module import returned
from tests.module.code_deploy import BLUE, LISTENER, client
from tests.module.run import ModuleFailed, Result, run_module
from tests.module.services import Shop
from tests.world import REGION, World

ROLE = "arn:aws:iam::123456789012:role/codedeploy"
OTHER_ROLE = "arn:aws:iam::123456789012:role/other"
TAGS = [{"key": "app", "value": "shop"}]
READS = ("BatchGet", "Describe", "Get", "List")


class Account:
    """An account in which nothing is there yet, and the module for ``shop``/``prod``."""

    def __init__(self, shop: Shop) -> None:
        self.shop, self.sim = shop, shop.sim
        self.codedeploy = client("codedeploy")
        self.scaling = client("autoscaling")

    def run(self, **options: t.Any) -> Result:
        self.sim.reset_calls()
        given = {"region": REGION, "application": "shop", "deployment_group": "prod", **options}
        return run_module(codedeploy_deployment_group, **given)

    def create(self, **options: t.Any) -> Result:
        return self.run(**{"service_role": ROLE, "ec2_tags": TAGS, **options})

    def fails(self, **options: t.Any) -> Result:
        with pytest.raises(ModuleFailed) as caught:
            self.run(**options)
        return caught.value.result

    def writes(self) -> list[str]:
        return [call["operation"] for call in self.sim.log() if not call["operation"].startswith(READS)]

    def sent(self, operation: str) -> dict[str, t.Any]:
        [params] = [call["params"] for call in self.sim.log() if call["operation"] == operation]
        return dict(params)

    def info(self, application: str = "shop", name: str = "prod") -> dict[str, t.Any]:
        named = {"applicationName": application, "deploymentGroupName": name}
        return dict(self.codedeploy.get_deployment_group(**named)["deploymentGroupInfo"])

    def tags(self) -> dict[str, str]:
        arn = f"arn:aws:codedeploy:{REGION}:123456789012:deploymentgroup:shop/prod"
        found = self.codedeploy.list_tags_for_resource(ResourceArn=arn)["Tags"]
        return {tag["Key"]: tag["Value"] for tag in found}

    def scaling_group(self, name: str) -> None:
        self.scaling.create_launch_configuration(LaunchConfigurationName=name, ImageId="ami-12c6146b", InstanceType="m")
        self.scaling.create_auto_scaling_group(
            AutoScalingGroupName=name,
            LaunchConfigurationName=name,
            MinSize=0,
            MaxSize=1,
            DesiredCapacity=0,
            AvailabilityZones=[f"{REGION}a"],
        )


@pytest.fixture
def account(shop: Shop) -> Account:
    return Account(shop)


def test_a_group_is_created_with_its_application_and_protected_from_the_first_deployment_on(account: Account) -> None:
    World().alarm("5xx")
    topic = str(client("sns").create_topic(Name="on-call")["TopicArn"])
    options: dict[str, t.Any] = {
        "deployment_config": "CodeDeployDefault.HalfAtATime",
        "auto_rollback": True,
        "alarms": ["5xx"],
        "notifications": [{"name": "on-call", "topic_arn": topic}],
        "outdated_instances": "ignore",
        "termination_hook": True,
        "tags": {"team": "shop"},
    }
    planned = account.create(check_mode=True, diff=True, **options)
    assert (planned["outcome"], planned["changed"], account.writes()) == ("planned", True, [])
    assert account.codedeploy.list_applications()["applications"] == []
    assert (planned["before"], planned["diff"]["before"]) == (None, {})

    made = account.create(diff=True, **options)
    assert (made["outcome"], made["changed"]) == ("created", True)
    assert account.writes() == ["CreateApplication", "CreateDeploymentGroup"]
    found = account.info()
    assert found["autoRollbackConfiguration"] == {
        "enabled": True,
        "events": ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"],
    }
    assert found["alarmConfiguration"]["alarms"] == [{"name": "5xx"}]
    assert [trigger["triggerName"] for trigger in found["triggerConfigurations"]] == ["on-call"]
    assert found["ec2TagFilters"] == [{"Key": "app", "Value": "shop", "Type": "KEY_AND_VALUE"}]
    assert (found["outdatedInstancesStrategy"], found["terminationHookEnabled"]) == ("IGNORE", True)
    assert found["deploymentConfigName"] == "CodeDeployDefault.HalfAtATime"
    assert account.tags() == {"team": "shop"}
    assert made["deployment_group_id"] == found["deploymentGroupId"]
    after, would_be = made["after"], planned["after"]
    assert {name: after[name] for name in would_be} == would_be
    assert made["diff"]["after"] == after

    again = account.create(**options)
    assert (again["outcome"], again["changed"], account.writes()) == ("unchanged", False, [])


def test_what_is_not_named_stays(account: Account) -> None:
    account.create(auto_rollback=True, tags={"team": "shop"}, deployment_config="CodeDeployDefault.HalfAtATime")
    before = account.info()
    changed = account.run(deployment_config="CodeDeployDefault.AllAtOnce", diff=True)
    assert (changed["outcome"], account.writes()) == ("updated", ["UpdateDeploymentGroup"])
    assert account.sent("UpdateDeploymentGroup") == {
        "applicationName": "shop",
        "currentDeploymentGroupName": "prod",
        "deploymentConfigName": "CodeDeployDefault.AllAtOnce",
    }
    assert account.info() == {**before, "deploymentConfigName": "CodeDeployDefault.AllAtOnce"}
    assert changed["reason"] == "deployment_config_name changed"
    assert changed["diff"]["before"] != changed["diff"]["after"]
    assert account.tags() == {"team": "shop"}
    nothing = account.run()
    assert (nothing["outcome"], nothing["changed"]) == ("unchanged", False)


CHANGES: list[tuple[dict[str, t.Any], dict[str, t.Any]]] = [
    ({"service_role": OTHER_ROLE}, {"serviceRoleArn": OTHER_ROLE}),
    ({"ec2_tags": [{"key": "app"}]}, {"ec2TagFilters": [{"Key": "app", "Type": "KEY_ONLY"}]}),
    ({"ec2_tags": [{"value": "shop"}]}, {"ec2TagFilters": [{"Value": "shop", "Type": "VALUE_ONLY"}]}),
    (
        {"on_premises_tags": TAGS},
        {"onPremisesInstanceTagFilters": [{"Key": "app", "Value": "shop", "Type": "KEY_AND_VALUE"}]},
    ),
    ({"outdated_instances": "ignore"}, {"outdatedInstancesStrategy": "IGNORE"}),
    ({"termination_hook": True}, {"terminationHookEnabled": True}),
    (
        {"traffic_control": True, "load_balancer": {"target_groups": ["web"]}},
        {
            "deploymentStyle": {"deploymentType": "IN_PLACE", "deploymentOption": "WITH_TRAFFIC_CONTROL"},
            "loadBalancerInfo": {"targetGroupInfoList": [{"name": "web"}]},
        },
    ),
    (
        {"load_balancer": {"classic_load_balancers": ["old"]}},
        {"loadBalancerInfo": {"elbInfoList": [{"name": "old"}]}},
    ),
    ({"auto_rollback": True}, {"autoRollbackConfiguration": {"enabled": True, "events": ["DEPLOYMENT_FAILURE"]}}),
    ({"ec2_tags": [], "on_premises_tags": TAGS}, {"ec2TagFilters": []}),
]


@pytest.mark.parametrize(("options", "expected"), CHANGES)
def test_each_setting_is_changed_and_then_left_alone(
    account: Account, options: dict[str, t.Any], expected: dict[str, t.Any]
) -> None:
    account.create()
    first = account.run(**options)
    assert (first["outcome"], account.writes()) == ("updated", ["UpdateDeploymentGroup"])
    found = account.info()
    assert {name: found[name] for name in expected} == expected
    again = account.run(**options)
    assert (again["outcome"], account.writes()) == ("unchanged", [])


def test_tags_that_all_must_fit(account: Account) -> None:
    account.create()
    sets = [[{"key": "app"}], [{"key": "env", "value": "prod"}, {"key": "env", "value": "test"}]]
    account.run(ec2_tag_sets=sets)
    found = account.info()
    assert found["ec2TagFilters"] == []
    assert [len(alternatives) for alternatives in found["ec2TagSet"]["ec2TagSetList"]] == [1, 2]
    assert account.run(ec2_tag_sets=list(reversed(sets)))["outcome"] == "unchanged"
    account.run(ec2_tags=TAGS)
    found = account.info()
    assert len(found["ec2TagFilters"]) == 1
    assert not found["ec2TagSet"]["ec2TagSetList"]
    assert account.run(ec2_tags=TAGS)["outcome"] == "unchanged"


def test_auto_scaling_groups(account: Account) -> None:
    account.scaling_group("web")
    account.scaling_group("api")
    account.create(ec2_tags=None, auto_scaling_groups=["web", "api"])
    assert account.run(auto_scaling_groups=["api", "web"])["outcome"] == "unchanged"
    changed = account.run(auto_scaling_groups=["web"])
    assert (changed["outcome"], changed["after"]["auto_scaling_groups"]) == ("updated", ["web"])
    refused = account.fails(auto_scaling_groups=["web", "nosuch"])
    assert (refused["outcome"], account.writes()) == ("refused", [])
    assert "there is no Auto Scaling group nosuch" in refused["msg"]
    account.sim.fail("DescribeAutoScalingGroups", code="AccessDenied", times=None)
    unknown = account.run(auto_scaling_groups=["web", "api"])
    assert unknown["outcome"] == "updated"
    assert any("autoscaling:DescribeAutoScalingGroups" in warning for warning in unknown["warnings"])


ECS: dict[str, t.Any] = {
    "compute_platform": "ECS",
    "service_role": ROLE,
    "ecs_service": {"cluster": "shop", "service": "web"},
    "load_balancer": {"target_groups": ["blue", "green"], "listeners": [LISTENER]},
    "blue_green": {"original": "terminate", "termination_wait": 60, "when_ready": "continue"},
}


def test_an_ecs_service(account: Account) -> None:
    account.shop.versions(1, "web", portMappings=[{"containerPort": 80}])
    balancer = {"targetGroupArn": BLUE, "containerName": "app", "containerPort": 80}
    refused = account.fails(**ECS)
    assert (refused["outcome"], account.writes()) == ("refused", [])
    assert "there is no active ECS service web" in refused["msg"]
    account.shop.create("web:1", 1, deploymentController={"type": "CODE_DEPLOY"}, loadBalancers=[balancer])
    made = account.run(**ECS, auto_rollback=True)
    assert made["outcome"] == "created"
    found = account.info()
    assert found["deploymentStyle"] == {"deploymentType": "BLUE_GREEN", "deploymentOption": "WITH_TRAFFIC_CONTROL"}
    assert found["ecsServices"] == [{"clusterName": "shop", "serviceName": "web"}]
    assert account.run(**ECS)["outcome"] == "unchanged"
    kept = account.run(blue_green={"original": "keep"})
    assert kept["outcome"] == "updated"
    assert account.info()["blueGreenDeploymentConfiguration"] == {
        "terminateBlueInstancesOnDeploymentSuccess": {"action": "KEEP_ALIVE"},
        "deploymentReadyOption": {"actionOnTimeout": "CONTINUE_DEPLOYMENT"},
    }
    assert account.run(blue_green={"original": "keep"})["outcome"] == "unchanged"


def test_lambda(account: Account) -> None:
    made = account.run(compute_platform="Lambda", service_role=ROLE)
    assert (made["outcome"], account.info()["computePlatform"]) == ("created", "Lambda")
    assert account.run(compute_platform="Lambda", service_role=ROLE)["outcome"] == "unchanged"


REFUSED: list[tuple[dict[str, t.Any], str]] = [
    ({"ec2_tags": TAGS}, "service_role is needed to create a deployment group"),
    ({"service_role": ROLE, "deployment_config": "Nope"}, "there is no deployment configuration Nope"),
    ({"service_role": ROLE, "deployment_config": "CodeDeployDefault.ECSAllAtOnce"}, "is for the compute platform ECS"),
    ({"service_role": ROLE, "ecs_service": {"service": "web"}}, "ecs_service: only for the compute platform ECS"),
    ({"compute_platform": "ECS", "service_role": ROLE}, "ecs_service, load_balancer, blue_green: needed"),
    ({**ECS, "load_balancer": {"target_groups": ["blue"]}}, "needs two target_groups, and listeners"),
    ({**ECS, "blue_green": {"original": "terminate"}}, "needs original and when_ready"),
    ({**ECS, "ec2_tags": TAGS}, "ec2_tags: only for the compute platform Server"),
    ({**ECS, "deployment_type": "IN_PLACE"}, "deploys only blue/green with traffic control"),
    ({"service_role": ROLE, "blue_green": {"termination_wait": 2881}}, "between 0 and 2880"),
    ({"service_role": ROLE, "auto_rollback": True, "auto_rollback_events": []}, "without any event"),
    ({"service_role": ROLE, "alarms_enabled": True}, "no alarms are named"),
    (
        {
            "service_role": ROLE,
            "notifications": [{"name": "a", "topic_arn": f"arn:aws:sns:{REGION}:123456789012:nosuch"}],
        },
        "there is no topic",
    ),
]


@pytest.mark.parametrize("check_mode", [True, False])
@pytest.mark.parametrize(("options", "words"), REFUSED)
def test_what_cannot_be_is_refused_before_the_first_write(
    account: Account, options: dict[str, t.Any], words: str, check_mode: bool
) -> None:
    refused = account.fails(check_mode=check_mode, **options)
    assert words in refused["msg"]
    assert (refused["outcome"], refused["changed"], account.writes()) == ("refused", False, [])
    assert account.codedeploy.list_applications()["applications"] == []


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"service_role": "codedeploy"}, "is not the ARN of an IAM role"),
        ({"ec2_tags": [{}]}, "neither key nor value"),
        ({"ec2_tag_sets": [["app"]]}, "each tag is a dictionary"),
        ({"ec2_tags": TAGS, "ec2_tag_sets": [TAGS]}, "mutually exclusive"),
        ({"application": " "}, "missing required arguments: application"),
    ],
)
def test_bad_options(account: Account, options: dict[str, t.Any], words: str) -> None:
    assert words in account.fails(**options)["msg"]
    assert account.sim.log() == []


def test_the_platform_of_an_application_cannot_be_changed(account: Account) -> None:
    account.create()
    refused = account.fails(compute_platform="Lambda")
    assert (refused["outcome"], account.writes()) == ("refused", [])
    assert "application shop is on Server, which cannot be changed" in refused["msg"]


def test_tags_are_added_and_purged(account: Account) -> None:
    account.create(tags={"team": "shop", "env": "prod"})
    changed = account.run(tags={"team": "web"}, check_mode=True)
    assert (changed["outcome"], account.writes()) == ("planned", [])
    account.run(tags={"team": "web"})
    assert (account.tags(), account.writes()) == ({"team": "web"}, ["UntagResource", "TagResource"])
    assert account.run(tags={"env": "prod"}, purge_tags=False)["outcome"] == "updated"
    assert account.tags() == {"team": "web", "env": "prod"}
    assert account.run(tags={"team": "web", "env": "prod"})["outcome"] == "unchanged"


def test_a_group_is_deleted(account: Account) -> None:
    account.create()
    account.create(deployment_group="test")
    planned = account.run(state="absent", check_mode=True)
    assert (planned["outcome"], planned["after"], account.writes()) == ("planned", None, [])
    assert "what its deployments installed stays on the instances" in planned["warnings"][0]
    deleted = account.run(state="absent")
    assert (deleted["outcome"], deleted["after"], account.writes()) == ("deleted", None, ["DeleteDeploymentGroup"])
    assert account.run(state="absent")["outcome"] == "unchanged"
    refused = account.fails(state="absent", delete_application=True)
    assert (refused["outcome"], account.writes()) == ("refused", [])
    assert "has other deployment groups: test" in refused["msg"]
    account.run(deployment_group="test", state="absent", delete_application=True)
    assert account.writes() == ["DeleteDeploymentGroup", "DeleteApplication"]
    assert account.codedeploy.list_applications()["applications"] == []
    gone = account.run(state="absent", delete_application=True)
    assert (gone["outcome"], gone["changed"]) == ("unchanged", False)


def test_a_group_with_a_running_deployment_is_not_deleted(account: Account) -> None:
    account.create()
    commit = {"repository": "acme/shop", "commitId": "1" * 40}
    revision = {"revisionType": "GitHub", "gitHubLocation": commit}
    client("ec2").run_instances(
        ImageId="ami-12c6146b",
        MinCount=1,
        MaxCount=1,
        TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "app", "Value": "shop"}]}],
    )
    named = {"applicationName": "shop", "deploymentGroupName": "prod"}
    id_ = account.codedeploy.create_deployment(**named, revision=revision)["deploymentId"]
    account.sim.advance(2)
    refused = account.fails(state="absent")
    assert (refused["outcome"], account.writes()) == ("refused", [])
    assert f"deployment {id_} of deployment group prod has not ended" in refused["msg"]


# AWS does not do as asked.


def test_what_was_done_before_a_refusal_is_said(account: Account) -> None:
    account.sim.fail("CreateDeploymentGroup", code="InvalidRoleException", times=1)
    failed = account.fails(service_role=ROLE, ec2_tags=TAGS)
    assert (failed["outcome"], failed["changed"]) == ("failed", True)
    assert "Before that, application shop is created on Server" in failed["msg"]
    again = account.create()
    assert (again["outcome"], account.writes()) == ("created", ["CreateDeploymentGroup"])


def test_nothing_was_changed_if_the_first_write_is_refused(account: Account) -> None:
    account.create()
    account.sim.fail("UpdateDeploymentGroup", code="AccessDeniedException", times=None)
    failed = account.fails(deployment_config="CodeDeployDefault.AllAtOnce")
    assert (failed["outcome"], failed["changed"]) == ("failed", False)
    assert "codedeploy:UpdateDeploymentGroup" in failed["msg"]
    assert "Nothing was changed" in failed["msg"]
    assert failed["after"] == failed["before"]


def test_an_answer_that_is_lost(account: Account) -> None:
    account.create()
    account.sim.fail("UpdateDeploymentGroup", kind="drop", after=True, times=None)
    failed = account.fails(deployment_config="CodeDeployDefault.AllAtOnce")
    assert (failed["outcome"], failed["changed"], failed["after"]) == ("failed", True, None)
    assert "is not known" in failed["msg"]
    account.sim.clear_failures()
    assert account.run(deployment_config="CodeDeployDefault.AllAtOnce")["outcome"] == "unchanged"


def test_what_cannot_be_read_changes_nothing(account: Account) -> None:
    account.sim.fail("GetApplication", code="AccessDeniedException", times=None)
    failed = account.fails(service_role=ROLE)
    assert "codedeploy:GetApplication" in failed["msg"]
    assert "Nothing was changed" in failed["msg"]
    assert account.writes() == []


def test_everything_that_is_returned_is_documented(account: Account) -> None:
    result = account.create(alarms=["nosuch"])
    returned.check(codedeploy_deployment_group, result, "never")
    assert result["findings"]
