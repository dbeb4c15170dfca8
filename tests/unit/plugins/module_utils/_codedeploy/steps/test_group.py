# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What of a deployment group differs from what is asked for, and what is sent then."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.steps import auto_rollback, group
from ansible_collections.lastgood.aws.plugins.module_utils._core.options import BadOption
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._codedeploy.test_api import enum

ROLE = "arn:aws:iam::123456789012:role/codedeploy"
ONE, TWO = {"Key": "a", "Type": "KEY_ONLY"}, {"Key": "b", "Value": "1", "Type": "KEY_AND_VALUE"}
PRESENT: dict[str, t.Any] = {
    "serviceRoleArn": ROLE,
    "deploymentConfigName": "CodeDeployDefault.OneAtATime",
    "ec2TagFilters": [ONE, TWO],
    "ec2TagSet": {"ec2TagSetList": []},
    "autoScalingGroups": [{"name": "x", "hook": "h"}, {"name": "y", "hook": "i"}],
    "deploymentStyle": {"deploymentType": "IN_PLACE", "deploymentOption": "WITHOUT_TRAFFIC_CONTROL"},
    "loadBalancerInfo": {"targetGroupInfoList": [{"name": "t"}], "elbInfoList": []},
    "blueGreenDeploymentConfiguration": {
        "terminateBlueInstancesOnDeploymentSuccess": {"action": "TERMINATE", "terminationWaitTimeInMinutes": 5},
        "deploymentReadyOption": {"actionOnTimeout": "CONTINUE_DEPLOYMENT"},
    },
    "outdatedInstancesStrategy": "UPDATE",
    "terminationHookEnabled": False,
    "autoRollbackConfiguration": {"enabled": True, "events": ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_REQUEST"]},
    "lastSuccessfulDeployment": {"deploymentId": "d-1"},
}
BALANCER = {"target_groups": None, "classic_load_balancers": None, "listeners": None, "test_listeners": None}
COLOURS = {"original": None, "termination_wait": None, "when_ready": None, "ready_wait": None, "new_instances": None}


def wish(**given: t.Any) -> group.Wish:
    defaults = {name: spec.get("default") for name, spec in group.SPEC.items()}
    return group.wish({**defaults, "application": "app", "deployment_group": "prod", **given})


def test_our_words_cover_botocores() -> None:
    assert set(group.PLATFORMS) == set(enum("ComputePlatform"))
    assert set(group._OUTDATED_WORDS.values()) == set(enum("OutdatedInstancesStrategy"))
    assert set(group._ORIGINAL.values()) == set(enum("InstanceAction"))
    assert set(group._READY.values()) == set(enum("DeploymentReadyAction"))
    assert set(group._FLEET.values()) == set(enum("GreenFleetProvisioningAction"))
    assert set(group.SPEC["deployment_type"]["choices"]) == set(enum("DeploymentType"))


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"service_role": ROLE, "deployment_config": "CodeDeployDefault.OneAtATime"},
        {"ec2_tags": [{"key": "b", "value": "1"}, {"key": "a"}]},
        {"ec2_tag_sets": [[{"key": "b", "value": "1"}, {"key": "a"}]]},
        {"auto_scaling_groups": ["y", " x ", "x"]},
        {"deployment_type": "IN_PLACE"},
        {"traffic_control": False},
        {"load_balancer": {**BALANCER, "target_groups": ["t"]}},
        {"blue_green": {**COLOURS, "original": "terminate"}},
        {"blue_green": {**COLOURS, "termination_wait": 5, "when_ready": "continue"}},
        {"outdated_instances": "update"},
        {"termination_hook": False},
        {"auto_rollback": True},
        {"auto_rollback_events": ["DEPLOYMENT_STOP_ON_REQUEST", "DEPLOYMENT_FAILURE"]},
    ],
)
def test_what_is_there_already(given: dict[str, t.Any]) -> None:
    assert group.request(wish(**given), "Server", PRESENT) == {}


CHANGES: list[tuple[dict[str, t.Any], dict[str, t.Any]]] = [
    ({"deployment_config": "mine"}, {"deploymentConfigName": "mine"}),
    ({"ec2_tags": [{"key": "a"}]}, {"ec2TagFilters": [ONE]}),
    ({"ec2_tags": []}, {"ec2TagFilters": []}),
    (
        {"ec2_tag_sets": [[{"key": "a"}], [{"key": "b", "value": "1"}]]},
        {"ec2TagSet": {"ec2TagSetList": [[ONE], [TWO]]}, "ec2TagFilters": []},
    ),
    ({"auto_scaling_groups": []}, {"autoScalingGroups": []}),
    ({"auto_scaling_groups": ["x"]}, {"autoScalingGroups": ["x"]}),
    (
        {"traffic_control": True},
        {"deploymentStyle": {"deploymentType": "IN_PLACE", "deploymentOption": "WITH_TRAFFIC_CONTROL"}},
    ),
    (
        {"load_balancer": {**BALANCER, "classic_load_balancers": ["c"]}},
        {"loadBalancerInfo": {"elbInfoList": [{"name": "c"}]}},
    ),
    (
        {"blue_green": {**COLOURS, "original": "keep", "new_instances": "copy"}},
        {
            "blueGreenDeploymentConfiguration": {
                "terminateBlueInstancesOnDeploymentSuccess": {"action": "KEEP_ALIVE"},
                "deploymentReadyOption": {"actionOnTimeout": "CONTINUE_DEPLOYMENT"},
                "greenFleetProvisioningOption": {"action": "COPY_AUTO_SCALING_GROUP"},
            }
        },
    ),
    (
        {"outdated_instances": "ignore", "termination_hook": True},
        {"outdatedInstancesStrategy": "IGNORE", "terminationHookEnabled": True},
    ),
    (
        {"auto_rollback": False},
        {
            "autoRollbackConfiguration": {
                "enabled": False,
                "events": ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_REQUEST"],
            }
        },
    ),
]


@pytest.mark.parametrize(("given", "sent"), CHANGES)
def test_only_what_changes_is_sent_and_each_member_complete(given: dict[str, t.Any], sent: dict[str, t.Any]) -> None:
    asked = wish(**given)
    assert group.request(asked, "Server", PRESENT) == sent
    assert group.request(asked, "Server", {**PRESENT, **sent}) == {}, "and then it is there"


@pytest.mark.parametrize("platform", ["ECS", "Lambda"])
def test_a_new_group_that_can_only_be_blue_green_is_that(platform: str) -> None:
    sent = group.request(wish(service_role=ROLE), platform, {})
    assert sent["deploymentStyle"] == {"deploymentType": "BLUE_GREEN", "deploymentOption": "WITH_TRAFFIC_CONTROL"}
    assert "deploymentStyle" not in group.request(wish(service_role=ROLE), "Server", {})


def test_the_pair_of_an_ecs_service() -> None:
    balancer = {**BALANCER, "target_groups": ["a", "b"], "listeners": ["l"], "test_listeners": ["m"]}
    assert group.request(wish(load_balancer=balancer), "ECS", PRESENT)["loadBalancerInfo"] == {
        "targetGroupPairInfoList": [
            {
                "targetGroups": [{"name": "a"}, {"name": "b"}],
                "prodTrafficRoute": {"listenerArns": ["l"]},
                "testTrafficRoute": {"listenerArns": ["m"]},
            }
        ]
    }


def test_protection_is_read_by_the_same_code_as_in_the_module_for_that() -> None:
    given = {"alarms": ["a"], "alarms_enabled": True, "ignore_poll_alarm_failure": True}
    alone = {"enabled": True, "events": None, "notifications": None, "purge_notifications": False, **given}
    assert wish(auto_rollback=True, **given).protection == auto_rollback.wish(alone)
    assert wish().protection == auto_rollback.Wish()


def test_what_is_shown() -> None:
    shown = group.shown(PRESENT) or {}
    assert (shown["auto_scaling_groups"], shown["termination_hook_enabled"]) == (["x", "y"], False)
    assert "last_successful_deployment" not in shown
    assert group.shown({}) is None
    assert group.told({"deploymentConfigName": "x", "ec2TagFilters": []}) == "deployment_config_name, ec2_tag_filters"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"application": " "}, "must not be empty"),
        ({"service_role": "arn:aws:iam::123456789012:user/me"}, "is not the ARN of an IAM role"),
        ({"ec2_tags": [{"key": None, "value": ""}]}, "would select every instance"),
        ({"ec2_tag_sets": [[{"name": "a"}]]}, "key, value or both"),
    ],
)
def test_bad_options(given: dict[str, t.Any], words: str) -> None:
    with pytest.raises(BadOption, match=words):
        wish(**given)
