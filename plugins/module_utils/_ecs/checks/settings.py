# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Checks before the first write. Pure: each takes what was read and returns findings.

``block`` refuses the service, ``warn`` and ``info`` are reported, ``unknown`` could not be read and must not count as
fine.
"""

from __future__ import annotations

import math
import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._ecs import names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Finding, Revision, Service, TaskDefinition

STRATEGIES: t.Final = frozenset({"ROLLING", "BLUE_GREEN", "LINEAR", "CANARY"})

# What a service revision carries besides the task definition. UpdateService with a task definition alone leaves these
# as they are, so a bad release that changed one of them is not undone by it.
_REVISION_SETTINGS: t.Final = (
    "capacityProviderStrategy",
    "launchType",
    "platformVersion",
    "platformFamily",
    "loadBalancers",
    "serviceRegistries",
    "networkConfiguration",
    "serviceConnectConfiguration",
    "volumeConfigurations",
    "fargateEphemeralStorage",
    "vpcLatticeConfigurations",
    "gatewayConnectors",
    "monitoring",
    "overrides",
    "ecsManagedResources",
    "guardDutyEnabled",
)


def service_state(service: Service) -> list[Finding]:
    """The service must be ACTIVE."""
    if service.status == "ACTIVE":
        return []
    what = f"service {service.name} is {service.status}, and ECS updates only ACTIVE services. "
    return [Finding("service_status", "block", f"{what}Create it again, or name another service")]


def strategy(service: Service) -> list[Finding]:
    """The deployment strategy must be one that is known here."""
    if service.strategy in STRATEGIES:
        return []
    what = f"service {service.name} has the deployment strategy {service.strategy}, which this version does not know; "
    what += f"it rolls back services with {', '.join(sorted(STRATEGIES))}"
    return [Finding("deployment_strategy", "block", what)]


def target_state(task_definition: TaskDefinition) -> list[Finding]:
    """ECS deploys only ACTIVE task definitions."""
    if task_definition.status == "ACTIVE":
        return []
    if not task_definition.content:
        return [
            Finding(
                "target_status",
                "block",
                f"there is no task definition {names.short(task_definition.arn)}. Name another revision",
            )
        ]
    return [
        Finding(
            "target_status",
            "block",
            f"{names.short(task_definition.arn)} is {task_definition.status}, and ECS deploys only ACTIVE task "
            "definitions. pin_images: always registers a copy of it; or name another revision",
        )
    ]


def load_balancer_ports(service: Service, task_definition: TaskDefinition) -> list[Finding]:
    """Every container and port that a load balancer of the service points at must exist in the target."""
    containers = {str(c.get("name")): c for c in task_definition.content.get("containerDefinitions", [])}
    found = []
    for balancer in service.load_balancers:
        name, port = str(balancer.get("containerName", "")), balancer.get("containerPort")
        if name not in containers:
            found.append(_no_such_container(task_definition, name))
        elif port not in {m.get("containerPort") for m in containers[name].get("portMappings", [])}:
            found.append(
                Finding(
                    "load_balancer",
                    "block",
                    f"a load balancer of {service.name} sends traffic to port {port} of container {name}, which "
                    f"{names.short(task_definition.arn)} does not open. Name another revision",
                )
            )
    return found


def _no_such_container(task_definition: TaskDefinition, name: str) -> Finding:
    return Finding(
        "load_balancer",
        "block",
        f"a load balancer of the service sends traffic to container {name}, which "
        f"{names.short(task_definition.arn)} does not have. Name another revision",
    )


def room_to_move(service: Service) -> list[Finding]:
    """ECS must be allowed to start or to stop at least one task, or the deployment never moves.

    The arithmetic: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html
    (the lower limit is rounded up, the upper one down).
    """
    if service.scheduling != "REPLICA" or service.desired == 0:
        return []
    can_start = math.floor(service.desired * service.maximum_percent / 100) > service.desired
    can_stop = math.ceil(service.desired * service.minimum_healthy_percent / 100) < service.desired
    if can_start or can_stop:
        return []
    return [
        Finding(
            "room_to_move",
            "block",
            f"with {service.desired} tasks, minimumHealthyPercent {service.minimum_healthy_percent} and "
            f"maximumPercent {service.maximum_percent}, ECS may neither start nor stop a task of {service.name}, so no "
            "deployment can move. Change the deployment configuration first",
        )
    ]


def tasks_option(service: Service, tasks: int | None) -> list[Finding]:
    """DAEMON services have no task count to set."""
    if tasks is None or service.scheduling == "REPLICA":
        return []
    return [
        Finding(
            "tasks", "block", f"service {service.name} is scheduled as {service.scheduling}, so tasks cannot be set"
        )
    ]


def not_reverted(now: Revision | None, good: Revision | None) -> list[Finding]:
    """Settings that differ between what runs now and the good revision, and that this rollback leaves as they are."""
    names_of = changed_settings(now, good)
    if not names_of:
        return []
    return [
        Finding(
            "not_reverted",
            "warn",
            f"these settings changed since the target was in service, and a rollback of the task definition does not "
            f"revert them: {', '.join(names_of)}",
        )
    ]


def changed_settings(now: Revision | None, good: Revision | None) -> list[str]:
    """The names of the settings of a service revision that differ, as the API spells them."""
    if now is None or good is None or not (now.arn and good.arn):
        # What is known of a deployment of CodeDeploy is its AppSpec file, which brings its own settings.
        return []
    return [key for key in _REVISION_SETTINGS if (now.settings.get(key) or None) != (good.settings.get(key) or None)]
