# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Application Auto Scaling and EC2 Auto Scaling."""

from __future__ import annotations

from typing import Any

import pytest

from lastgood_simulator import Simulator
from lastgood_simulator.autoscaling import PROCESSES
from selftests.cluster import Cluster, client, refused

TARGET = {
    "ServiceNamespace": "ecs",
    "ResourceId": "service/prod/web",
    "ScalableDimension": "ecs:service:DesiredCount",
}
ON = {"DynamicScalingInSuspended": True, "DynamicScalingOutSuspended": True, "ScheduledScalingSuspended": True}
OFF = dict.fromkeys(ON, False)


class TestApplicationAutoScaling:
    @pytest.fixture
    def scaling(self, cluster: Cluster) -> Any:
        cluster.running(count=3)
        return client("application-autoscaling")

    def _target(self, scaling: Any) -> dict[str, Any]:
        (target,) = scaling.describe_scalable_targets(ServiceNamespace="ecs", ResourceIds=["service/prod/web"])[
            "ScalableTargets"
        ]
        return dict(target)

    def test_all_three_flags_are_kept_and_merged(self, scaling: Any) -> None:
        scaling.register_scalable_target(**TARGET, MinCapacity=1, MaxCapacity=8)
        assert self._target(scaling)["SuspendedState"] == OFF
        scaling.register_scalable_target(**TARGET, SuspendedState=ON)
        scaling.register_scalable_target(**TARGET, SuspendedState={"DynamicScalingInSuspended": False})
        assert self._target(scaling)["SuspendedState"] == ON | {"DynamicScalingInSuspended": False}
        scaling.register_scalable_target(**TARGET, MinCapacity=2)
        target = self._target(scaling)
        assert (target["MinCapacity"], target["MaxCapacity"]) == (2, 8)
        assert target["SuspendedState"] == ON | {"DynamicScalingInSuspended": False}
        assert "ecs.application-autoscaling.amazonaws.com" in target["RoleARN"]

    @pytest.mark.parametrize(
        "params",
        [
            TARGET,
            TARGET | {"SuspendedState": ON},
            TARGET | {"MinCapacity": 1},
            TARGET | {"MinCapacity": 3, "MaxCapacity": 2},
            TARGET | {"MinCapacity": -1, "MaxCapacity": 2},
            TARGET | {"ResourceId": "service/prod/ghost", "MinCapacity": 1, "MaxCapacity": 2},
            TARGET | {"ResourceId": "service/ghost/web", "MinCapacity": 1, "MaxCapacity": 2},
            TARGET | {"ResourceId": "web", "MinCapacity": 1, "MaxCapacity": 2},
        ],
    )
    def test_what_is_refused(self, scaling: Any, params: dict[str, Any]) -> None:
        assert refused(scaling.register_scalable_target, **params)[0] == "ValidationException"
        assert scaling.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"] == []

    @pytest.mark.parametrize(("low", "high", "expected"), [(1, 2, 2), (5, 8, 5), (1, 8, 3)])
    def test_capacity_is_moved_into_the_range(
        self, sim: Simulator, cluster: Cluster, scaling: Any, low: int, high: int, expected: int
    ) -> None:
        deployment = cluster.primary()["id"]
        scaling.register_scalable_target(**TARGET, MinCapacity=low, MaxCapacity=high)
        sim.advance(100)
        assert cluster.service()["desiredCount"] == cluster.service()["runningCount"] == expected
        assert cluster.primary()["id"] == deployment
        activities = scaling.describe_scaling_activities(**TARGET)["ScalingActivities"]
        assert [item["Description"] for item in activities] == (
            [] if expected == 3 else [f"Setting desired count to {expected}."]
        )

    def test_suspending_moves_capacity_too(self, sim: Simulator, cluster: Cluster, scaling: Any) -> None:
        # "even if you don't include the MinCapacity or MaxCapacity request parameters"
        scaling.register_scalable_target(**TARGET, MinCapacity=2, MaxCapacity=4)
        cluster.update(desiredCount=9)
        scaling.register_scalable_target(**TARGET, SuspendedState=ON)
        assert cluster.service()["desiredCount"] == 4

    def test_tags(self, scaling: Any) -> None:
        arn = scaling.register_scalable_target(**TARGET, MinCapacity=1, MaxCapacity=8, Tags={"a": "1"})[
            "ScalableTargetARN"
        ]
        scaling.tag_resource(ResourceARN=arn, Tags={"b": "2"})
        scaling.untag_resource(ResourceARN=arn, TagKeys=["a"])
        assert scaling.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"b": "2"}
        many = {str(number): "" for number in range(50)}
        assert refused(scaling.tag_resource, ResourceARN=arn, Tags=many)[0] == "TooManyTagsException"
        assert refused(scaling.tag_resource, ResourceARN=arn, Tags={"aws:x": ""})[0] == "ValidationException"
        assert refused(scaling.list_tags_for_resource, ResourceARN=arn + "x")[0] == "ResourceNotFoundException"

    def test_what_moto_answers_still_works(self, scaling: Any) -> None:
        scaling.register_scalable_target(**TARGET, MinCapacity=1, MaxCapacity=8)
        action = {"MinCapacity": 1, "MaxCapacity": 2}
        scaling.put_scheduled_action(
            **TARGET, ScheduledActionName="night", Schedule="rate(1 hour)", ScalableTargetAction=action
        )
        (shown,) = scaling.describe_scheduled_actions(ServiceNamespace="ecs")["ScheduledActions"]
        assert shown["ScalableTargetAction"] == action
        scaling.deregister_scalable_target(**TARGET)
        assert scaling.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"] == []
        ids = [f"service/prod/{number}" for number in range(51)]
        code = refused(scaling.describe_scalable_targets, ServiceNamespace="ecs", ResourceIds=ids)[0]
        assert code == "ValidationException"


class TestEc2AutoScaling:
    @pytest.fixture
    def groups(self, sim: Simulator) -> Any:
        groups = client("autoscaling")
        template = client("ec2").create_launch_template(
            LaunchTemplateName="t", LaunchTemplateData={"ImageId": "ami-12c6146b", "InstanceType": "t3.micro"}
        )["LaunchTemplate"]["LaunchTemplateId"]
        groups.create_auto_scaling_group(
            AutoScalingGroupName="web",
            MinSize=0,
            MaxSize=1,
            LaunchTemplate={"LaunchTemplateId": template, "Version": "1"},
            AvailabilityZones=["us-east-1a"],
        )
        return groups

    def _suspended(self, groups: Any) -> dict[str, str]:
        (group,) = groups.describe_auto_scaling_groups(AutoScalingGroupNames=["web"])["AutoScalingGroups"]
        return {item["ProcessName"]: item["SuspensionReason"] for item in group["SuspendedProcesses"]}

    def test_reasons_tell_when_a_user_suspended(self, sim: Simulator, groups: Any) -> None:
        name = {"AutoScalingGroupName": "web"}
        groups.suspend_processes(**name, ScalingProcesses=["Launch"])
        (reason,) = self._suspended(groups).values()
        assert reason == "User suspended at 2026-09-21T14:13:20Z"
        sim.advance(60)
        groups.suspend_processes(**name, ScalingProcesses=["Launch", "Terminate"])
        assert self._suspended(groups) == {"Launch": reason, "Terminate": "User suspended at 2026-09-21T14:14:20Z"}
        groups.resume_processes(**name, ScalingProcesses=["Launch"])
        assert list(self._suspended(groups)) == ["Terminate"]
        groups.suspend_processes(**name)
        assert sorted(self._suspended(groups)) == sorted(PROCESSES)
        groups.resume_processes(**name)
        assert self._suspended(groups) == {}

    def test_what_is_refused(self, groups: Any) -> None:
        for call in (groups.suspend_processes, groups.resume_processes):
            code, message = refused(call, AutoScalingGroupName="ghost")
            assert (code, "ghost" in message) == ("ValidationError", True)
            code = refused(call, AutoScalingGroupName="web", ScalingProcesses=["Nope"])[0]
            assert code == "ValidationError"
        assert self._suspended(groups) == {}
