# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Answers that show the past, flip, or never come."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ReadTimeoutError
from moto.ecs.models import ecs_backends

from lastgood_simulator import Simulator
from lastgood_simulator.process import SimulatorProcess
from lastgood_simulator.world import OBSERVER
from selftests.cluster import Cluster, refused

TARGET = {
    "ServiceNamespace": "ecs",
    "ResourceId": "service/prod/web",
    "ScalableDimension": "ecs:service:DesiredCount",
}
GROUP = {"AutoScalingGroupName": "fleet"}


def deployed(cluster: Cluster) -> str:
    """``web:N`` that DescribeServices shows."""
    return str(cluster.service()["taskDefinition"].rpartition("/")[2])


def served(process: SimulatorProcess, **config: Any) -> Any:
    """A client of Amazon ECS for a simulator that is served."""
    return boto3.client(
        "ecs",
        endpoint_url=process.url,
        region_name="eu-central-1",
        aws_access_key_id="a",
        aws_secret_access_key="b",
        config=Config(**config),
    )


def listed(cluster: Cluster) -> int:
    """How many service deployments there seem to be."""
    return len(cluster.ecs.list_service_deployments(cluster="prod", service="web")["serviceDeployments"])


class TestAList:
    def test_it_leaves_out_what_is_young(self, sim: Simulator, cluster: Cluster) -> None:
        cluster.running()
        sim.late("ListServiceDeployments", seconds=2)
        updated = cluster.deploy()
        assert listed(cluster) == 1
        sim.advance(1.9)
        assert listed(cluster) == 1
        # What it leaves out is there.
        arn = updated["currentServiceDeployment"]
        assert len(cluster.ecs.describe_service_deployments(serviceDeploymentArns=[arn])["serviceDeployments"]) == 1
        sim.advance(0.1)
        assert listed(cluster) == 2

    def test_its_statuses_are_of_the_same_moment(self, sim: Simulator, cluster: Cluster) -> None:
        cluster.running()
        cluster.deploy()
        statuses = []
        for _second in range(4):
            answer = cluster.ecs.list_service_deployments(cluster="prod", service="web")
            statuses.append(answer["serviceDeployments"][0]["status"])
            sim.advance(1)
        assert statuses == ["PENDING", "PENDING", "IN_PROGRESS", "IN_PROGRESS"]
        sim.late("ListServiceDeployments", seconds=3)
        again = cluster.ecs.list_service_deployments(cluster="prod", service="web")
        # What was before the first rule for anything was not kept.
        assert again["serviceDeployments"][0]["status"] == "IN_PROGRESS"

    @pytest.mark.parametrize(
        ("operation", "members"),
        [("ListServices", "serviceArns"), ("ListTasks", "taskArns")],
    )
    def test_of_a_cluster(self, sim: Simulator, cluster: Cluster, operation: str, members: str) -> None:
        sim.late(operation, seconds=2)
        read: Callable[..., Any] = {
            "ListServices": cluster.ecs.list_services,
            "ListTasks": cluster.ecs.list_tasks,
        }[operation]
        cluster.create(revision=cluster.register("web:1"))
        assert read(cluster="prod")[members] == []
        sim.advance(2)
        assert read(cluster="prod")[members] != []

    def test_of_task_definitions(self, sim: Simulator, cluster: Cluster) -> None:
        sim.late("ListTaskDefinitions", seconds=2)
        cluster.register("web:1")
        assert cluster.ecs.list_task_definitions()["taskDefinitionArns"] == []
        sim.advance(2)
        (arn,) = cluster.ecs.list_task_definitions()["taskDefinitionArns"]
        cluster.ecs.deregister_task_definition(taskDefinition=arn)
        assert cluster.ecs.list_task_definitions()["taskDefinitionArns"] == [arn]

    def test_in_any_order(self, sim: Simulator, cluster: Cluster) -> None:
        cluster.running()
        cluster.deploy()
        newest = cluster.service()["currentServiceDeployment"]
        sim.listing_order("oldest_first", "ListServiceDeployments")
        answer = cluster.ecs.list_service_deployments(cluster="prod", service="web")["serviceDeployments"]
        assert answer[-1]["serviceDeploymentArn"] == newest
        with pytest.raises(ValueError, match="ListServiceDeployments"):
            sim.listing_order("oldest_first", "ListServices")


class TestADescription:
    def test_it_is_behind(self, sim: Simulator, cluster: Cluster) -> None:
        cluster.running()
        sim.late("DescribeServices", seconds=1)
        cluster.deploy()
        assert deployed(cluster) == "web:1"
        sim.advance(1)
        assert deployed(cluster) == "web:2"

    def test_it_flips(self, sim: Simulator, cluster: Cluster) -> None:
        """Seen in https://github.com/aws/amazon-ecs-cli/pull/990."""
        cluster.running()
        sim.late("DescribeServices", seconds=1, flips=True)
        cluster.deploy()
        assert [deployed(cluster) for _turn in range(4)] == ["web:2", "web:1", "web:2", "web:1"]
        sim.advance(1)
        assert [deployed(cluster) for _turn in range(4)] == ["web:2"] * 4

    def test_so_many_answers_are_from_before_the_change(self, sim: Simulator, cluster: Cluster) -> None:
        cluster.running()
        sim.late("DescribeServices", times=2)
        cluster.deploy()
        sim.advance(3)
        assert [deployed(cluster) for _turn in range(3)] == ["web:1", "web:1", "web:2"]
        cluster.update(taskDefinition="web:1")
        assert [deployed(cluster) for _turn in range(3)] == ["web:2", "web:2", "web:1"]

    def test_so_many_for_a_time(self, sim: Simulator, cluster: Cluster) -> None:
        cluster.running()
        sim.late("DescribeServices", times=5, seconds=4)
        cluster.deploy()
        assert deployed(cluster) == "web:1"
        sim.advance(4)
        assert deployed(cluster) == "web:2"

    def test_it_is_one_moment_as_a_whole(self, sim: Simulator, cluster: Cluster) -> None:
        cluster.running()
        seen = []
        sim.late("DescribeServices", seconds=7, when={"include": "TAGS"})
        cluster.deploy()
        for _second in range(90):
            true, late = cluster.service(), cluster.service(include=["TAGS"])
            late.pop("tags", None)
            seen.append(true)
            if len(seen) > 7:
                assert late == seen[-8]
            sim.advance(1)

    def test_tags_have_a_delay_of_their_own(self, sim: Simulator, cluster: Cluster) -> None:
        cluster.running()
        sim.late("ecs:Tags", seconds=2)
        arn = cluster.service()["serviceArn"]
        cluster.ecs.tag_resource(resourceArn=arn, tags=[{"key": "a", "value": "b"}])
        assert cluster.service(include=["TAGS"]).get("tags", []) == []
        assert len(cluster.ecs.list_tags_for_resource(resourceArn=arn)["tags"]) == 1
        sim.advance(2)
        assert len(cluster.service(include=["TAGS"])["tags"]) == 1

    def test_a_new_service_is_missing(self, sim: Simulator, cluster: Cluster) -> None:
        sim.late("DescribeServices", seconds=1)
        cluster.create(revision=cluster.register("web:1"))
        answer = cluster.ecs.describe_services(cluster="prod", services=["web"])
        assert [failure["reason"] for failure in answer["failures"]] == ["MISSING"]

    def test_what_is_written_meets_the_present(self, sim: Simulator, cluster: Cluster) -> None:
        cluster.running()
        sim.late("*", seconds=60)
        cluster.deploy()
        assert cluster.update(desiredCount=5)["taskDefinition"].endswith("web:2")
        sim.advance(300)
        assert deployed(cluster) == "web:2"


class TestAutoScaling:
    def test_targets_and_their_tags(self, sim: Simulator, cluster: Cluster) -> None:
        cluster.running()
        scaling = boto3.client("application-autoscaling")
        scaling.register_scalable_target(**TARGET, MinCapacity=1, MaxCapacity=9)

        def suspended() -> bool:
            answer = scaling.describe_scalable_targets(ServiceNamespace="ecs", ResourceIds=["service/prod/web"])
            flags: dict[str, bool] = answer["ScalableTargets"][0]["SuspendedState"]
            return flags["DynamicScalingInSuspended"]

        arn = scaling.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"][0]["ScalableTargetARN"]
        sim.advance(10)
        sim.late("DescribeScalableTargets", seconds=2)
        sim.late("application-autoscaling:ListTagsForResource", seconds=2)
        scaling.register_scalable_target(**TARGET, SuspendedState={"DynamicScalingInSuspended": True})
        scaling.tag_resource(ResourceARN=arn, Tags={"a": "b"})
        assert not suspended()
        assert scaling.list_tags_for_resource(ResourceARN=arn)["Tags"] == {}
        sim.advance(2)
        assert suspended()
        assert scaling.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"a": "b"}

    def test_groups(self, sim: Simulator) -> None:
        client = boto3.client("autoscaling")
        client.create_launch_configuration(
            LaunchConfigurationName="one", ImageId="ami-12c6146b", InstanceType="t3.nano"
        )
        client.create_auto_scaling_group(
            **GROUP, LaunchConfigurationName="one", MinSize=0, MaxSize=1, AvailabilityZones=["us-east-1a"]
        )
        sim.advance(10)
        sim.late("DescribeAutoScalingGroups", seconds=2)
        sim.late("autoscaling:DescribeTags", seconds=2)
        client.suspend_processes(**GROUP, ScalingProcesses=["Launch"])
        tag = {"ResourceId": "fleet", "ResourceType": "auto-scaling-group", "Key": "a", "Value": "b"}
        client.create_or_update_tags(Tags=[tag | {"PropagateAtLaunch": False}])

        def seen() -> tuple[int, int, int]:
            (group,) = client.describe_auto_scaling_groups()["AutoScalingGroups"]
            return len(group["SuspendedProcesses"]), len(group["Tags"]), len(client.describe_tags()["Tags"])

        assert seen() == (0, 0, 0)
        sim.advance(2)
        assert seen() == (1, 1, 1)


class TestTheProfile:
    def test_it_makes_answers_late(self) -> None:
        with Simulator(profile="aws") as sim:
            cluster = Cluster(sim)
            cluster.running()
            cluster.deploy()
            assert [deployed(cluster) for _turn in range(3)] == ["web:2", "web:1", "web:2"]
            assert listed(cluster) == 1
            sim.advance(2)
            assert listed(cluster) == 2

    def test_it_is_divided_by_the_speed_and_outlives_a_reset(self) -> None:
        with Simulator(profile="aws", speed=10) as sim:
            for _turn in range(2):
                cluster = Cluster(sim)
                cluster.create(revision=cluster.register("web:1"))
                assert cluster.ecs.list_services(cluster="prod")["serviceArns"] == []
                sim.advance(0.2)
                assert len(cluster.ecs.list_services(cluster="prod")["serviceArns"]) == 1
                sim.reset()

    def test_an_observer_sees_the_present(self) -> None:
        with Simulator(profile="aws") as sim:
            cluster = Cluster(sim)
            cluster.running()
            cluster.ecs = boto3.client("ecs", config=Config(user_agent_extra=OBSERVER))
            cluster.deploy()
            assert [deployed(cluster) for _turn in range(3)] == ["web:2"] * 3
            assert listed(cluster) == 2

    def test_what_an_observer_changes_has_been_so_for_long(self) -> None:
        with Simulator(profile="aws") as sim:
            cluster = Cluster(sim)
            other = Cluster.__new__(Cluster)
            other.sim, other.ecs = sim, cluster.ecs
            cluster.ecs = boto3.client("ecs", config=Config(user_agent_extra=OBSERVER))
            cluster.running()
            cluster.deploy()
            assert [deployed(other) for _turn in range(3)] == ["web:2"] * 3
            assert listed(other) == 2
            other.deploy("web:3")
            assert [deployed(other) for _turn in range(3)] == ["web:3", "web:2", "web:3"]
            assert (listed(other), listed(cluster)) == (2, 3)

    def test_what_a_test_changes_past_all_requests_counts_as_old(self) -> None:
        with Simulator(profile="aws") as sim:
            cluster = Cluster(sim)
            cluster.running()
            service = ecs_backends["123456789012"]["us-east-1"].services["prod:web"]
            service.tags = [{"key": "aws:cloudformation:stack-name", "value": "shop"}]
            assert [len(cluster.service(include=["TAGS"])["tags"]) for _turn in range(2)] == [1, 1]

    def test_it_can_be_chosen_and_left(self, sim: Simulator, cluster: Cluster) -> None:
        sim.profile("aws")
        cluster.create(revision=cluster.register("web:1"))
        assert cluster.ecs.list_services(cluster="prod")["serviceArns"] == []
        sim.profile("")
        assert len(cluster.ecs.list_services(cluster="prod")["serviceArns"]) == 1
        with pytest.raises(ValueError, match="there are aws"):
            sim.profile("azure")


def test_only_what_is_kept_can_be_late(sim: Simulator) -> None:
    with pytest.raises(ValueError, match=r"UpdateService cannot be late; there are .*ecs:DescribeServices"):
        sim.late("UpdateService", seconds=1)


def test_the_clock_moves_while_an_answer_hangs(sim: Simulator, cluster: Cluster) -> None:
    sim.fail("ListClusters", kind="hang")
    begin = sim.now()
    client = boto3.client("ecs", config=Config(read_timeout=7, retries={"total_max_attempts": 1}))
    with pytest.raises(ReadTimeoutError):
        client.list_clusters()
    assert sim.now() - begin == 7
    assert client.list_clusters()["clusterArns"]


def test_a_write_whose_answer_hangs_has_taken_effect(sim: Simulator, cluster: Cluster) -> None:
    cluster.running()
    sim.fail("UpdateService", kind="hang", after=True)
    client = boto3.client("ecs", config=Config(read_timeout=7, retries={"total_max_attempts": 1}))
    with pytest.raises(ReadTimeoutError):
        client.update_service(cluster="prod", service="web", desiredCount=5)
    assert cluster.service()["desiredCount"] == 5


def test_one_that_is_served_hangs_without_holding_up_others() -> None:
    with SimulatorProcess() as process:
        # The first request takes moto a second.
        served(process).list_clusters()
        process.control.fail("ListClusters", kind="hang")
        client = served(process, read_timeout=0.5, retries={"total_max_attempts": 1})
        begin = time.monotonic()
        with pytest.raises(ReadTimeoutError):
            client.list_clusters()
        assert time.monotonic() - begin >= 0.5
        assert client.list_clusters()["clusterArns"] == []


def test_a_profile_that_is_served() -> None:
    with SimulatorProcess(profile="aws") as process:
        process.control.stop_clock()
        observer, client = served(process, user_agent_extra=OBSERVER), served(process)
        observer.create_cluster(clusterName="prod")
        containers = [{"name": "app", "image": "web:1"}]
        for _revision in range(2):
            observer.register_task_definition(
                family="web",
                containerDefinitions=containers,
                requiresCompatibilities=["FARGATE"],
                networkMode="awsvpc",
                cpu="256",
                memory="512",
            )
        client.create_service(cluster="prod", serviceName="web", taskDefinition="web:1", launchType="FARGATE")
        assert len(observer.list_services(cluster="prod")["serviceArns"]) == 1
        assert client.list_services(cluster="prod")["serviceArns"] == []
        process.control.profile("")
        process.control.late("DescribeServices", times=1)
        client.update_service(cluster="prod", service="web", taskDefinition="web:2")
        revisions = [
            client.describe_services(cluster="prod", services=["web"])["services"][0]["taskDefinition"][-1]
            for _turn in range(2)
        ]
        assert revisions == ["1", "2"]


def test_refusals_are_of_the_same_moment(sim: Simulator, cluster: Cluster) -> None:
    sim.late("ListServiceDeployments", seconds=2)
    cluster.create(revision=cluster.register("web:1"))
    assert refused(cluster.ecs.list_service_deployments, cluster="prod", service="web")[0] == "ServiceNotFoundException"
