# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Deployments that Auto Scaling, outdated instances and CloudFormation cause, and the order of the list."""

from __future__ import annotations

from typing import Any

import botocore.session
import pytest

from lastgood_simulator import Simulator
from selftests.cluster import client
from selftests.code_deploy import NAMED, ROLLS_BACK, commit
from selftests.fleet import AT_ONCE, Fleet


class Scaled(Fleet):
    """A deployment group of the instances of an Auto Scaling group."""

    def __init__(self, sim: Simulator, count: int = 2, **settings: Any) -> None:
        self.groups = client("autoscaling")
        image = client("ec2").describe_images()["Images"][0]["ImageId"]
        self.groups.create_launch_configuration(LaunchConfigurationName="c", ImageId=image, InstanceType="t3.micro")
        self.groups.create_auto_scaling_group(
            AutoScalingGroupName="asg",
            LaunchConfigurationName="c",
            MinSize=0,
            MaxSize=9,
            DesiredCapacity=count,
            AvailabilityZones=["us-east-1a"],
        )
        super().__init__(sim, 0, autoScalingGroups=["asg"], ec2TagFilters=[], **settings)
        self.ids = self.members()

    def members(self) -> list[str]:
        """The instances of the Auto Scaling group."""
        (found,) = self.groups.describe_auto_scaling_groups()["AutoScalingGroups"]
        return [instance["InstanceId"] for instance in found["Instances"]]

    def scale(self, count: int) -> None:
        """Change the desired capacity."""
        self.groups.set_desired_capacity(AutoScalingGroupName="asg", DesiredCapacity=count)

    def by(self, creator: str) -> list[str]:
        """Deployments of a creator, newest first."""
        return [item for item in self.listed() if self.info(item)["creator"] == creator]


def test_a_new_instance_gets_the_last_successful_revision(sim: Simulator) -> None:
    fleet = Scaled(sim)
    fleet.scale(3)
    assert fleet.listed() == []
    good = fleet.done("a", fileExistsBehavior="OVERWRITE")
    fleet.scale(5)
    started = fleet.by("autoscaling")
    assert len(started) == 2
    sim.advance(20)
    for deployment in started:
        info = fleet.info(deployment)
        assert (info["status"], info["revision"], info["fileExistsBehavior"]) == ("Succeeded", commit("a"), "DISALLOW")
    targets = {fleet.targets(deployment)[0]["targetId"] for deployment in started}
    assert targets == set(fleet.members()[3:])
    assert fleet.group()["lastSuccessfulDeployment"]["deploymentId"] in started
    # Going back is to the last deployment of a revision, with its content option.
    sim.bundle("b" * 40)
    bad = fleet.start("b", autoRollbackConfiguration=ROLLS_BACK, deploymentConfigName=AT_ONCE)
    sim.advance(60)
    assert fleet.info(fleet.rollback_of(bad))["fileExistsBehavior"] == "OVERWRITE"
    assert fleet.info(fleet.rollback_of(bad))["revision"] == fleet.info(good)["revision"]


def test_an_instance_that_fails_is_replaced_for_ever(sim: Simulator) -> None:
    fleet = Scaled(sim, 1)
    fleet.done("a")
    sim.bundle("a" * 40, event="Install")
    fleet.scale(2)
    first = fleet.by("autoscaling")
    sim.advance(40)
    assert len(fleet.by("autoscaling")) >= 3
    assert fleet.outcome(first[0]) == ("Failed", "HEALTH_CONSTRAINTS")
    assert "rollbackInfo" not in fleet.info(first[0])
    assert fleet.targets(first[0])[0]["targetId"] not in fleet.members()
    sim.bundle("a" * 40, "ok")
    sim.advance(40)
    assert fleet.outcome(fleet.listed()[0]) == ("Succeeded", None)
    assert len(fleet.members()) == 2


@pytest.mark.parametrize("strategy", ["UPDATE", "IGNORE"])
def test_an_instance_launched_meanwhile_is_outdated(sim: Simulator, strategy: str) -> None:
    fleet = Scaled(sim, 2, outdatedInstancesStrategy=strategy)
    fleet.done("a")
    root = fleet.start("b")
    sim.advance(6)
    fleet.scale(3)
    (scaled,) = fleet.by("autoscaling")
    assert fleet.info(scaled)["revision"] == commit("a")
    sim.advance(60)
    assert fleet.outcome(root) == ("Succeeded", None)
    updates = fleet.by("CodeDeployAutoUpdate")
    assert len(updates) == (1 if strategy == "UPDATE" else 0)
    for update in updates:
        info = fleet.info(update)
        assert (info["status"], info["revision"], info["updateOutdatedInstancesOnly"]) == (
            "Succeeded",
            commit("b"),
            True,
        )
        assert info["relatedDeployments"] == {"autoUpdateOutdatedInstancesRootDeploymentId": root}
        assert fleet.info(root)["relatedDeployments"] == {"autoUpdateOutdatedInstancesDeploymentIds": [update]}
        assert [target["targetId"] for target in fleet.targets(update)] == fleet.members()[2:]


def test_a_termination_runs_the_stop_script_where_it_is_enabled(sim: Simulator) -> None:
    fleet = Scaled(sim, 2, terminationHookEnabled=True)
    fleet.done("a")
    (gone,) = set(fleet.ids) - set(_after(fleet, 1))
    (stopping,) = fleet.by("autoscalingTermination")
    sim.advance(20)
    assert fleet.outcome(stopping) == ("Succeeded", None)
    (target,) = fleet.targets(stopping)
    names = [event["lifecycleEventName"] for event in target["lifecycleEvents"]]
    assert (target["targetId"], names) == (gone, ["ApplicationStop"])
    fleet.update(terminationHookEnabled=False)
    fleet.scale(0)
    assert len(fleet.by("autoscalingTermination")) == 1


def _after(fleet: Scaled, count: int) -> list[str]:
    fleet.scale(count)
    return fleet.members()


def test_every_creator_can_be_had(sim: Simulator) -> None:
    fleet = Fleet(sim, 1)
    shape = botocore.session.get_session().get_service_model("codedeploy").shape_for("DeploymentCreator")
    params = {**NAMED, "revision": commit("a")}
    for creator in shape.enum:  # type: ignore[attr-defined]
        started = sim.deployment_by(creator, params, external_id=f"stack/{creator}", instances=fleet.ids)
        info = fleet.info(started)
        assert (info["creator"], info["externalId"]) == (creator, f"stack/{creator}")
        sim.advance(20)
        assert fleet.listed(externalId=f"stack/{creator}") == [started]
    fleet.start("a")
    with pytest.raises(ValueError, match="already has an active Deployment"):
        sim.deployment_by("CloudFormation", params)


def test_the_order_of_the_list(sim: Simulator) -> None:
    fleet = Fleet(sim, 1)
    made = [fleet.done("a", 20) for _time in range(6)]
    assert fleet.listed() == made[::-1]
    sim.listing_order("oldest_first")
    assert fleet.listed() == made
    sim.listing_order("shuffled")
    assert sorted(fleet.listed()) == sorted(made)
    assert fleet.listed() == fleet.listed()
    with pytest.raises(ValueError, match="unknown order"):
        sim.listing_order("by_taste")
