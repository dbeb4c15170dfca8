# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Short ways to put things into a simulated cluster and to look at them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from lastgood_simulator import Simulator

# Any moment will do; a fixed one makes failures repeatable.
START = 1_790_000_000.0
BREAKER = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}
HEALTH_CHECK = {"command": ["CMD-SHELL", "true"]}


class Cluster:
    """The cluster ``prod`` and a client of Amazon ECS."""

    def __init__(self, sim: Simulator) -> None:
        self.sim = sim
        self.ecs: Any = client("ecs")
        self.ecs.create_cluster(clusterName="prod")

    def register(self, image: str, family: str = "web", **container: Any) -> str:
        """Register a revision with one container; returns ``family:revision``."""
        definition = self.ecs.register_task_definition(
            family=family,
            containerDefinitions=[{"name": "app", "image": image, **container}],
            requiresCompatibilities=["FARGATE"],
            networkMode="awsvpc",
            cpu="256",
            memory="512",
        )["taskDefinition"]
        return f"{family}:{definition['revision']}"

    def create(self, name: str = "web", revision: str = "web:1", count: int = 4, **options: Any) -> dict[str, Any]:
        """Create a service; options that are None are left out."""
        given = {"launchType": "FARGATE", "taskDefinition": revision, **options}
        service: dict[str, Any] = self.ecs.create_service(
            cluster="prod",
            serviceName=name,
            desiredCount=count,
            **{name: value for name, value in given.items() if value is not None},
        )["service"]
        return service

    def running(self, image: str = "web:1", count: int = 4, **options: Any) -> None:
        """A service ``web`` in a steady state."""
        self.create(revision=self.register(image), count=count, **options)
        self.sim.advance(300)
        assert self.service()["deployments"][0]["rolloutState"] == "COMPLETED"

    def deploy(self, image: str = "web:2", **container: Any) -> dict[str, Any]:
        """Deploy a new revision of the service ``web``."""
        return self.update(taskDefinition=self.register(image, **container))

    def update(self, name: str = "web", **options: Any) -> dict[str, Any]:
        """UpdateService."""
        service: dict[str, Any] = self.ecs.update_service(cluster="prod", service=name, **options)["service"]
        return service

    def service(self, name: str = "web", **options: Any) -> dict[str, Any]:
        """DescribeServices of one."""
        service: dict[str, Any] = self.ecs.describe_services(cluster="prod", services=[name], **options)["services"][0]
        return service

    def primary(self, name: str = "web") -> dict[str, Any]:
        """The PRIMARY deployment."""
        deployments: list[dict[str, Any]] = self.service(name)["deployments"]
        (found,) = [entry for entry in deployments if entry["status"] == "PRIMARY"]
        return found

    def messages(self, name: str = "web") -> list[str]:
        """Event messages, oldest first, without ``(service NAME)``."""
        prefix = f"(service {name}) "
        return [event["message"].removeprefix(prefix) for event in reversed(self.service(name)["events"])]

    def tasks(self, status: str = "RUNNING", name: str = "web") -> list[dict[str, Any]]:
        """DescribeTasks of all tasks of a service with this desired status."""
        arns = self.ecs.list_tasks(cluster="prod", serviceName=name, desiredStatus=status)["taskArns"]
        found: list[dict[str, Any]] = self.ecs.describe_tasks(cluster="prod", tasks=arns)["tasks"] if arns else []
        return found

    def history(self, name: str = "web") -> list[dict[str, Any]]:
        """DescribeServiceDeployments of all, newest first."""
        briefs = self.ecs.list_service_deployments(cluster="prod", service=name)["serviceDeployments"]
        arns = [brief["serviceDeploymentArn"] for brief in briefs]
        found: list[dict[str, Any]] = self.ecs.describe_service_deployments(serviceDeploymentArns=arns)[
            "serviceDeployments"
        ]
        return found

    def revision(self, arn: str) -> dict[str, Any]:
        """DescribeServiceRevisions of one."""
        found: dict[str, Any] = self.ecs.describe_service_revisions(serviceRevisionArns=[arn])["serviceRevisions"][0]
        return found

    def images(self, arn: str) -> dict[str, str | None]:
        """Container to digest of a service revision."""
        return {item["containerName"]: item.get("imageDigest") for item in self.revision(arn)["containerImages"]}


def client(service: str, **options: Any) -> Any:
    """A client that does not retry."""
    config = Config(retries={"total_max_attempts": 1, "mode": "standard"})
    make: Any = boto3.client
    return make(service, **{"region_name": "us-east-1", "config": config, **options})


def put_alarm(name: str = "errors", **more: Any) -> None:
    """A metric alarm; without ``more``, a new one is OK."""
    client("cloudwatch").put_metric_alarm(
        AlarmName=name,
        Namespace="web",
        MetricName="errors",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
        **more,
    )


def set_alarm(state: str, name: str = "errors") -> None:
    """Let an alarm go into this state."""
    client("cloudwatch").set_alarm_state(AlarmName=name, StateValue=state, StateReason="a test says so")


def refused(call: Callable[..., Any], **params: Any) -> tuple[str, str]:
    """Code and message of the error that a call ends with."""
    with pytest.raises(ClientError) as caught:
        call(**params)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]
