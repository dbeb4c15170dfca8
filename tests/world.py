# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What tests and the demo put into the simulator: clusters, task definitions, services and their deployments."""

from __future__ import annotations

import functools
import json
import os
import typing as t

import boto3
from botocore.config import Config

REGION = "eu-central-1"
# Long enough that Ansible, which masks secrets in its output, masks nothing else with it.
ACCESS_KEY = "AKIAEXAMPLEEXAMPLE00"
SECRET_KEY = "an-example-that-opens-nothing-0123456789"

# Tests want to see what is, even if the simulator answers late.
OBSERVER = Config(user_agent_extra="lastgood-observer")
# How late the simulator of the module and e2e tests answers, see docs/simulator.md.
PROFILE = os.environ.get("LASTGOOD_SIMULATOR_PROFILE", "")

NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-0a1b2c3d"], "securityGroups": ["sg-0a1b2c3d"]}}


class Clock(t.Protocol):
    """Anything that can move the simulator's clock."""

    def advance(self, seconds: float) -> t.Any:
        """Let this many seconds pass."""


def aws_environment(url: str) -> dict[str, str]:
    """Environment variables that send botocore to the simulator."""
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def deployments(service: dict[str, t.Any]) -> list[dict[str, t.Any]]:
    """The deployments of ECS, or the task sets if something else deploys the service."""
    return [*service["deployments"], *service.get("taskSets", [])]


class World:
    """AWS's resources by short names. ``url`` is the simulator's, None inside its in-process mode."""

    def __init__(self, url: str | None = None, region: str = REGION) -> None:
        self._url = url
        self._region = region
        self.ecs = self.client("ecs")

    @functools.cached_property
    def scaling(self) -> t.Any:
        """A client of Application Auto Scaling."""
        return self.client("application-autoscaling")

    def client(self, service: str, region: str = "") -> t.Any:
        """A boto3 client of any service."""
        return boto3.client(
            service,
            region_name=region or self._region,
            endpoint_url=self._url,
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY,
            config=OBSERVER,
        )

    def alarm(self, name: str = "errors", state: str = "OK") -> None:
        """A CloudWatch alarm, which is in this state now."""
        cloudwatch = self.client("cloudwatch")
        cloudwatch.put_metric_alarm(
            AlarmName=name,
            Namespace="web",
            MetricName="errors",
            Statistic="Sum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanThreshold",
        )
        cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="a test says so")

    def create_cluster(self, name: str) -> None:
        """An ACTIVE cluster."""
        self.ecs.create_cluster(clusterName=name)

    def register(self, family: str, image: str, **container: t.Any) -> str:
        """The next revision of a family, with one essential container ``app``; returns its ARN."""
        definition = {"name": "app", "image": image, "essential": True, "memory": 128, **container}
        answer = self.ecs.register_task_definition(
            family=family,
            containerDefinitions=[definition],
            requiresCompatibilities=["FARGATE"],
            networkMode="awsvpc",
            cpu="256",
            memory="512",
        )
        return str(answer["taskDefinition"]["taskDefinitionArn"])

    def create_service(self, cluster: str, name: str, task_definition: str, desired: int = 2, **more: t.Any) -> None:
        """A REPLICA service on Fargate; ``more`` goes to CreateService as it is."""
        placed = {"launchType": "FARGATE", "networkConfiguration": NETWORK, **more}
        self.ecs.create_service(
            cluster=cluster, serviceName=name, taskDefinition=task_definition, desiredCount=desired, **placed
        )

    def add_instances(self, cluster: str, count: int) -> None:
        """Container instances, for services with the launch type EC2."""
        ec2 = self.client("ec2")
        image = ec2.describe_images()["Images"][0]["ImageId"]
        for instance in ec2.run_instances(ImageId=image, MinCount=count, MaxCount=count)["Instances"]:
            document = json.dumps({"instanceId": instance["InstanceId"]})
            self.ecs.register_container_instance(cluster=cluster, instanceIdentityDocument=document)

    def deploy(self, cluster: str, name: str, task_definition: str, **more: t.Any) -> str:
        """Start a deployment; returns its id."""
        service = self.ecs.update_service(cluster=cluster, service=name, taskDefinition=task_definition, **more)[
            "service"
        ]
        return str(next(d["id"] for d in service["deployments"] if d["status"] == "PRIMARY"))

    def settle(self, clock: Clock, seconds: float = 600) -> None:
        """Let enough time pass for everything that can come up to come up."""
        clock.advance(seconds)

    def service(self, cluster: str, name: str) -> dict[str, t.Any]:
        """The service with its tags."""
        answer = self.ecs.describe_services(cluster=cluster, services=[name], include=["TAGS"])
        return dict(answer["services"][0])

    def tags(self, arn: str) -> dict[str, str]:
        """The tags of a service or task definition."""
        return {tag["key"]: tag["value"] for tag in self.ecs.list_tags_for_resource(resourceArn=arn)["tags"]}

    def running(self, cluster: str, name: str) -> dict[str, int]:
        """Running tasks by ``family:revision``."""
        counts: dict[str, int] = {}
        for deployment in deployments(self.service(cluster, name)):
            short = deployment["taskDefinition"].rpartition("/")[2]
            counts[short] = counts.get(short, 0) + deployment["runningCount"]
        return {name: count for name, count in counts.items() if count}

    def history(self, cluster: str, name: str) -> list[dict[str, t.Any]]:
        """The service deployments, newest first: task definition, status, created_at."""
        records = self.ecs.list_service_deployments(cluster=cluster, service=name)["serviceDeployments"]
        arns = list({record["targetServiceRevisionArn"] for record in records})
        revisions = self.ecs.describe_service_revisions(serviceRevisionArns=arns)["serviceRevisions"]
        by_arn = {revision["serviceRevisionArn"]: revision["taskDefinition"] for revision in revisions}
        return [
            {
                "task_definition": by_arn[record["targetServiceRevisionArn"]],
                "status": record["status"],
                "created_at": record["createdAt"],
            }
            for record in records
        ]

    def scalable_target(self, cluster: str, name: str) -> dict[str, t.Any]:
        """The scalable target of a service."""
        answer = self.scaling.describe_scalable_targets(
            ServiceNamespace="ecs", ResourceIds=[f"service/{cluster}/{name}"]
        )
        return dict(answer["ScalableTargets"][0])

    def make_scalable(self, cluster: str, name: str, low: int = 1, high: int = 10, **suspended: bool) -> None:
        """Register a service for auto scaling. An operator may have suspended some of it."""
        self.scaling.register_scalable_target(
            ServiceNamespace="ecs",
            ResourceId=f"service/{cluster}/{name}",
            ScalableDimension="ecs:service:DesiredCount",
            MinCapacity=low,
            MaxCapacity=high,
            SuspendedState={
                "DynamicScalingInSuspended": suspended.get("scale_in", False),
                "DynamicScalingOutSuspended": suspended.get("scale_out", False),
                "ScheduledScalingSuspended": suspended.get("scheduled", False),
            },
        )
