# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Application Auto Scaling and ECS in memory, as far as this package calls them."""

from __future__ import annotations

import types
import typing as t
from datetime import UTC, datetime

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws
from ansible_collections.lastgood.aws.plugins.module_utils._core.clock import Clock
from ansible_collections.lastgood.aws.plugins.module_utils._scaling import act, journal, options, plan
from ansible_collections.lastgood.aws.plugins.module_utils._scaling.earlier import Settling
from ansible_collections.lastgood.aws.plugins.module_utils._scaling.model import FLAGS
from ansible_collections.lastgood.aws.plugins.module_utils._scaling.targets import ScalableTargets

AWS_FLAGS = ("DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended")
NOW = datetime(2026, 11, 22, 14, 2, 11, tzinfo=UTC)
DIMENSION = "ecs:service:DesiredCount"


class AtNow(Clock):
    """At :data:`NOW`, whatever the time is."""

    def machine(self) -> datetime:
        return NOW


class Cloud:
    """Calls are recorded as (method, resource). ``fail(method, resource)`` makes one raise."""

    def __init__(self) -> None:
        self.targets: dict[str, dict[str, t.Any]] = {}
        self.tags: dict[str, dict[str, str]] = {}
        self.services: dict[str, dict[str, t.Any]] = {}
        self.clusters = ["prod"]
        self.calls: list[tuple[str, str]] = []
        self.page_size = 50
        self.before_call: t.Callable[[str, str], None] = lambda method, resource: None
        self._failures: dict[tuple[str, str], Exception] = {}
        self.lines: list[str] = []
        self.meta = types.SimpleNamespace(events=types.SimpleNamespace(register=lambda name, hook: None))

    def add(self, name: str, *suspended: str, desired: int = 4, low: int = 2, high: int = 10) -> str:
        """A service of cluster prod with a scalable target. Returns the resource id."""
        resource = f"service/prod/{name}"
        self.services[resource] = {"serviceName": name, "status": "ACTIVE", "desiredCount": desired}
        self.targets[resource] = {
            "ResourceId": resource,
            "ScalableDimension": DIMENSION,
            "ScalableTargetARN": f"arn:{resource}",
            "MinCapacity": low,
            "MaxCapacity": high,
            "SuspendedState": {key: flag in suspended for flag, key in zip(FLAGS, AWS_FLAGS, strict=True)},
        }
        self.tags[resource] = {}
        return resource

    def suspended(self, resource: str) -> set[str]:
        """The names of the suspended flags."""
        state = self.targets[resource]["SuspendedState"]
        return {flag for flag, key in zip(FLAGS, AWS_FLAGS, strict=True) if state[key]}

    def deny(self, method: str, resource: str = "") -> None:
        """The identity may not call this (on this resource, or at all)."""
        operation = "".join(part.capitalize() for part in method.split("_"))
        error = {"Code": "AccessDeniedException", "Message": "not authorized"}
        self._failures[method, resource] = ClientError({"Error": error}, operation)

    def error(self, method: str, code: str, resource: str = "") -> None:
        """AWS answers this call with an error."""
        self._failures[method, resource] = ClientError({"Error": {"Code": code, "Message": code}}, method)

    def hang(self, method: str, resource: str = "") -> None:
        """No answer comes to this call."""
        self._failures[method, resource] = ReadTimeoutError(endpoint_url="https://user:secret@aws.example.com")

    def _called(self, method: str, resource: str) -> None:
        self.calls.append((method, resource))
        self.before_call(method, resource)
        failure = self._failures.get((method, resource)) or self._failures.get((method, ""))
        if failure:
            raise failure

    def writes(self) -> list[tuple[str, str]]:
        """The calls that change something."""
        return [call for call in self.calls if not call[0].startswith(("describe", "list"))]

    def describe_scalable_targets(
        self,
        ServiceNamespace: str,
        ResourceIds: list[str] | None = None,
        ScalableDimension: str = "",
        NextToken: str = "0",
    ) -> dict[str, t.Any]:
        self._called("describe_scalable_targets", "")
        assert ServiceNamespace == "ecs"
        assert ResourceIds is None or (len(ResourceIds) <= 50 and ScalableDimension == DIMENSION)
        found = [item for resource, item in self.targets.items() if ResourceIds is None or resource in ResourceIds]
        start = int(NextToken)
        page: dict[str, t.Any] = {"ScalableTargets": found[start : start + self.page_size]}
        if start + self.page_size < len(found):
            page["NextToken"] = str(start + self.page_size)
        return page

    def list_tags_for_resource(self, ResourceARN: str) -> dict[str, t.Any]:
        resource = ResourceARN.removeprefix("arn:")
        self._called("list_tags_for_resource", resource)
        return {"Tags": dict(self.tags[resource])}

    def tag_resource(self, ResourceARN: str, Tags: dict[str, str]) -> dict[str, t.Any]:
        resource = ResourceARN.removeprefix("arn:")
        self._called("tag_resource", resource)
        self.tags[resource].update(Tags)
        return {}

    def untag_resource(self, ResourceARN: str, TagKeys: list[str]) -> dict[str, t.Any]:
        resource = ResourceARN.removeprefix("arn:")
        self._called("untag_resource", resource)
        for key in TagKeys:
            self.tags[resource].pop(key, None)
        return {}

    def register_scalable_target(
        self, ServiceNamespace: str, ResourceId: str, ScalableDimension: str, SuspendedState: dict[str, bool]
    ) -> dict[str, t.Any]:
        self._called("register_scalable_target", ResourceId)
        assert set(SuspendedState) == set(AWS_FLAGS)
        self.targets[ResourceId]["SuspendedState"] = SuspendedState
        return {"ScalableTargetARN": f"arn:{ResourceId}"}

    def describe_services(self, cluster: str, services: list[str]) -> dict[str, t.Any]:
        self._called("describe_services", cluster)
        assert len(services) <= 10
        if cluster not in self.clusters:
            raise ClientError({"Error": {"Code": "ClusterNotFoundException", "Message": "no"}}, "DescribeServices")
        known = [self.services.get(f"service/{cluster}/{name}") for name in services]
        return {"services": [service for service in known if service], "failures": []}

    def describe_clusters(self, clusters: list[str]) -> dict[str, t.Any]:
        self._called("describe_clusters", clusters[0])
        return {"clusters": [{"clusterName": name, "status": "ACTIVE"} for name in clusters if name in self.clusters]}

    def run(self, state: str, *names: str, check_mode: bool = False, **given: t.Any) -> list[act.Result]:
        """What the module does with these options, on services of cluster prod."""
        params = {
            "state": state,
            "cluster": "prod",
            "service": list(names),
            "resource_id": None,
            "service_namespace": "ecs",
            "scalable_dimension": DIMENSION,
            **dict.fromkeys(FLAGS, True),
            "auto_scaling_group": None,
            "processes": None,
            "missing": "warn",
            "journal": "required",
            "reason": "500s",
            **given,
        }
        request = options.request(params, NOW, "4f3a9c2e", "ops@host")
        aws = Aws(lambda service: self)
        targets = ScalableTargets(aws, request.namespace, request.dimension)
        plans = plan.plan(aws, targets, request, Settling(targets, AtNow(), {}))
        self.calls.append(("planned", ""))
        if check_mode:
            return [act.preview(item) for item in plans]
        return act.act(targets, request.wish.state, plans, self.lines.append)

    def record(self, resource: str) -> journal.Journal:
        """The record on a target."""
        return journal.parse(self.tags[resource])


@pytest.fixture
def cloud() -> Cloud:
    """A cluster prod without services."""
    return Cloud()
