# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Deployments to instances behind a load balancer: in place, and to a replacement environment (blue/green)."""

from __future__ import annotations

from typing import Any

import pytest

from lastgood_simulator import Simulator
from selftests.cluster import client, refused
from selftests.code_deploy import run_instances
from selftests.fleet import AT_ONCE, TAGS, Fleet
from selftests.test_codedeploy_scaling import Scaled

GREEN = {"tagFilters": [{"Key": "app", "Value": "green", "Type": "KEY_AND_VALUE"}]}
BALANCED = {"deploymentOption": "WITH_TRAFFIC_CONTROL"}
INSTALLING = [
    "ApplicationStop",
    "DownloadBundle",
    "BeforeInstall",
    "Install",
    "AfterInstall",
    "ApplicationStart",
    "ValidateService",
]
BLOCKING = ["BeforeBlockTraffic", "BlockTraffic", "AfterBlockTraffic"]
ALLOWING = ["BeforeAllowTraffic", "AllowTraffic", "AfterAllowTraffic"]


def _settings(kind: str = "BLUE_GREEN", **blue_green: Any) -> dict[str, Any]:
    wait = {"action": "TERMINATE", "terminationWaitTimeInMinutes": 10}
    return {
        "deploymentConfigName": AT_ONCE,
        "deploymentStyle": BALANCED | {"deploymentType": kind},
        "loadBalancerInfo": {"targetGroupInfoList": [{"name": "web"}]},
        "blueGreenDeploymentConfiguration": {"terminateBlueInstancesOnDeploymentSuccess": wait} | blue_green,
    }


class TargetGroup:
    """A target group and who is in it."""

    def __init__(self) -> None:
        self.elb = client("elbv2")
        vpc = client("ec2").describe_vpcs()["Vpcs"][0]["VpcId"]
        made = self.elb.create_target_group(Name="web", Protocol="HTTP", Port=80, VpcId=vpc)
        self.arn = made["TargetGroups"][0]["TargetGroupArn"]

    def register(self, ids: list[str]) -> None:
        self.elb.register_targets(TargetGroupArn=self.arn, Targets=[{"Id": item} for item in ids])

    def members(self) -> set[str]:
        shown = self.elb.describe_target_health(TargetGroupArn=self.arn)["TargetHealthDescriptions"]
        return {item["Target"]["Id"] for item in shown}


@pytest.fixture
def group(sim: Simulator) -> TargetGroup:
    return TargetGroup()


def _green(count: int) -> list[str]:
    """Instances with the tag app=green."""
    ids = run_instances(count)
    client("ec2").create_tags(Resources=ids, Tags=[{"Key": "app", "Value": "green"}])
    return ids


def _names(target: dict[str, Any]) -> list[str]:
    return [event["lifecycleEventName"] for event in target["lifecycleEvents"]]


def _states(ids: list[str]) -> set[str]:
    reservations = client("ec2").describe_instances(InstanceIds=ids)["Reservations"]
    return {instance["State"]["Name"] for item in reservations for instance in item["Instances"]}


def test_in_place_instances_leave_the_load_balancer_for_a_while(sim: Simulator, group: TargetGroup) -> None:
    fleet = Fleet(sim, 2, **(_settings("IN_PLACE") | {"deploymentConfigName": "CodeDeployDefault.OneAtATime"}))
    group.register(fleet.ids)
    deployment = fleet.start("a")
    sim.advance(4 + 5)
    assert group.members() == {fleet.ids[1]}
    sim.advance(40)
    assert (fleet.info(deployment)["status"], group.members()) == ("Succeeded", set(fleet.ids))
    assert _names(fleet.target(deployment)) == BLOCKING + INSTALLING + ALLOWING


def test_existing_instances_replace_the_original_ones(sim: Simulator, group: TargetGroup) -> None:
    fleet = Fleet(sim, 2, **_settings())
    group.register(fleet.ids)
    green = _green(2)
    deployment = fleet.start("a", targetInstances=GREEN)
    sim.advance(4 + 7.5)
    assert fleet.counts(deployment) == {"Pending": 2, "InProgress": 2}
    sim.advance(20)
    info = fleet.info(deployment)
    assert (info["status"], info["instanceTerminationWaitTimeStarted"]) == ("InProgress", True)
    assert group.members() == set(green)
    labels = {target["targetId"]: (target["instanceLabel"], _names(target)) for target in fleet.targets(deployment)}
    assert labels == dict.fromkeys(fleet.ids, ("Blue", BLOCKING)) | dict.fromkeys(
        green, ("Green", INSTALLING + ALLOWING)
    )
    blue = fleet.targets(deployment, targetFilters={"ServerInstanceLabel": ["Blue"]})
    assert {target["targetId"] for target in blue} == set(fleet.ids)
    assert _states(fleet.ids) == {"running"}
    sim.advance(600)
    assert fleet.info(deployment)["status"] == "Succeeded"
    assert _states(fleet.ids) == {"terminated"}
    # The replacement is the group's environment now.
    assert fleet.group()["ec2TagFilters"] == GREEN["tagFilters"]


def test_originals_can_be_kept(sim: Simulator, group: TargetGroup) -> None:
    keep = {"terminateBlueInstancesOnDeploymentSuccess": {"action": "KEEP_ALIVE"}}
    fleet = Fleet(sim, 1, **_settings(**keep))
    _green(1)
    deployment = fleet.done("a", targetInstances=GREEN)
    assert fleet.info(deployment)["instanceTerminationWaitTimeStarted"] is False
    assert _states(fleet.ids) == {"running"}
    assert fleet.group()["ec2TagFilters"] != TAGS


def test_an_auto_scaling_group_is_copied(sim: Simulator, group: TargetGroup) -> None:
    copy = {"greenFleetProvisioningOption": {"action": "COPY_AUTO_SCALING_GROUP"}}
    fleet = Scaled(sim, 2, **_settings(**copy))
    group.register(fleet.ids)
    deployment = fleet.start("a")
    sim.advance(30)
    codedeploy = fleet.codedeploy
    codedeploy.continue_deployment(deploymentId=deployment, deploymentWaitType="TERMINATION_WAIT")
    assert fleet.info(deployment)["status"] == "Succeeded"
    name = f"CodeDeploy_group_{deployment}"
    assert [item["name"] for item in fleet.group()["autoScalingGroups"]] == [name]
    (left,) = fleet.groups.describe_auto_scaling_groups()["AutoScalingGroups"]
    assert (left["AutoScalingGroupName"], len(left["Instances"])) == (name, 2)
    assert group.members() == set(fleet.members())
    assert _states(fleet.ids) == {"terminated"}
    # And again, from the copy.
    again = fleet.start("b")
    sim.advance(700)
    assert fleet.info(again)["status"] == "Succeeded"


@pytest.mark.parametrize("continued", [True, False])
def test_ready_waits_for_somebody(sim: Simulator, group: TargetGroup, continued: bool) -> None:
    wait = {"actionOnTimeout": "STOP_DEPLOYMENT", "waitTimeInMinutes": 5}
    fleet = Fleet(sim, 1, **_settings(deploymentReadyOption=wait))
    group.register(fleet.ids)
    green = _green(1)
    deployment = fleet.start("a", targetInstances=GREEN)
    resume = fleet.codedeploy.continue_deployment
    assert refused(resume, deploymentId=deployment)[0] == "DeploymentIsNotInReadyStateException"
    sim.advance(60)
    assert (fleet.info(deployment)["status"], fleet.counts(deployment)) == ("Ready", {"Ready": 1, "Pending": 1})
    assert group.members() == set(fleet.ids)
    if continued:
        resume(deploymentId=deployment, deploymentWaitType="READY_WAIT")
        sim.advance(20)
        assert group.members() == set(green)
    else:
        sim.advance(300)
        assert fleet.outcome(deployment) == ("Stopped", "TIMEOUT")
        assert group.members() == set(fleet.ids)


def test_a_failing_replacement_leaves_the_traffic(sim: Simulator, group: TargetGroup) -> None:
    fleet = Fleet(sim, 2, **_settings())
    group.register(fleet.ids)
    _green(2)
    sim.bundle("a" * 40)
    deployment = fleet.start("a", targetInstances=GREEN)
    sim.advance(30)
    assert fleet.outcome(deployment) == ("Failed", "HEALTH_CONSTRAINTS")
    assert fleet.counts(deployment) == {"Failed": 2, "Skipped": 2}
    assert group.members() == set(fleet.ids)


def test_a_rollback_registers_the_originals_and_installs_nothing(sim: Simulator, group: TargetGroup) -> None:
    fleet = Fleet(sim, 2, **_settings())
    group.register(fleet.ids)
    first = _green(2)
    fleet.start("a", targetInstances=GREEN)
    sim.advance(700)
    assert fleet.group()["lastSuccessfulDeployment"]["status"] == "Succeeded"
    second = run_instances(2)
    client("ec2").create_tags(Resources=second, Tags=[{"Key": "app", "Value": "next"}])
    where = {"tagFilters": [{"Key": "app", "Value": "next", "Type": "KEY_AND_VALUE"}]}
    bad = fleet.start("b", targetInstances=where)
    sim.advance(100)
    assert group.members() == set(second)
    fleet.codedeploy.stop_deployment(deploymentId=bad, autoRollbackEnabled=True)
    sim.advance(60)
    rollback = fleet.rollback_of(bad)
    assert fleet.info(rollback)["status"] == "Succeeded"
    assert group.members() == set(first)
    shown = {target["targetId"]: (target["instanceLabel"], _names(target)) for target in fleet.targets(rollback)}
    assert shown == dict.fromkeys(first, ("Blue", ALLOWING)) | dict.fromkeys(second, ("Green", BLOCKING))
    assert _states(first + second) == {"running"}


def test_no_replacement_instances(sim: Simulator, group: TargetGroup) -> None:
    fleet = Fleet(sim, 1, **_settings())
    deployment = fleet.start("a", targetInstances=GREEN)
    sim.advance(10)
    assert fleet.outcome(deployment) == ("Failed", "NO_INSTANCES")
