# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""What the settings of the service and of the target say against deploying it. Pure: findings on what was read.

``block`` refuses the service, ``warn`` and ``info`` are reported, ``unknown`` could not be read and must not count as
fine.
"""

from __future__ import annotations

import math
import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._ecs import names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Finding, Revision, Service, TaskDefinition

Settings = t.Mapping[str, t.Any]

# What a check that blocks comes to: it refuses the service, or only warns.
Mode = t.Literal["enforce", "warn"]
# Checks that foresee how tasks and traffic will fare, from what was read beside the service. They can be wrong: an
# image that a pull through cache dropped is fetched again, and a secret can be one that we may not see. Nothing here
# says which version it is, whose service, or what would become of data.
_FORESEEN: t.Final = frozenset(
    {
        "compatibility",
        "image_archived",
        "image_gone",
        "listener_weights",
        "load_balancer",
        "room_to_move",
        "service_connect",
        "service_registry",
        "target_access_point",
        "target_file",
        "target_file_system",
        "target_log_group",
        "target_parameter",
        "target_role",
        "target_secret",
        "vpc_lattice",
    }
)

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
_FARGATE: t.Final = frozenset({"FARGATE", "FARGATE_SPOT"})
_ANOTHER: t.Final = "Name another revision"


def judged(mode: Mode, findings: t.Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings as the option ``checks`` has them: with ``warn``, what is only foreseen does not block."""
    return tuple(
        _overridden(finding) if mode == "warn" and _may_be_overridden(finding) else finding for finding in findings
    )


def _may_be_overridden(finding: Finding) -> bool:
    return finding.severity == "block" and finding.check in _FORESEEN


def _overridden(finding: Finding) -> Finding:
    return Finding(finding.check, "warn", f"overridden with checks: warn: {finding.message}")


def advice(findings: t.Iterable[Finding]) -> str:
    """What to add to the reason for a refusal, to follow its last sentence; empty if nothing can be overridden."""
    blocks = [finding for finding in findings if finding.severity == "block"]
    if not blocks or not all(map(_may_be_overridden, blocks)):
        return ""
    return ". If this is wrong, give checks: warn"


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


def grace_period(service: Service, target: TaskDefinition) -> list[Finding]:
    """Behind a load balancer a task is stopped if it fails its health checks after the service's grace period.

    "The period of time, in seconds, that the Amazon ECS service scheduler ignores unhealthy Elastic Load Balancing …
    health checks after a task has first started"
    (https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html). How long a container takes to
    start is what its own health check allows it (startPeriod of
    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_HealthCheck.html).
    """
    containers = target.content.get("containerDefinitions", []) if service.load_balancers else []
    start = max((int((c.get("healthCheck") or {}).get("startPeriod") or 0) for c in containers), default=0)
    if start <= service.grace_period:
        return []
    what = f"the containers of {names.short(target.arn)} are allowed {start} s to start (startPeriod), and the health "
    what += f"check grace period of {service.name} is {service.grace_period} s: ECS may stop its tasks before they are "
    return [Finding("grace_period", "warn", f"{what}up, and the rollback may fail. Raise the grace period")]


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


# -- Does the target suit how the service runs?


def settings_of(service: Service, now: Revision | None) -> Settings:
    """How the service runs: the settings of its PRIMARY deployment, or else of the service revision in service."""
    primary = service.primary
    return (primary.settings if primary is not None else {}) or (now.settings if now is not None else {})


def compatibility(
    service: Service, now: Revision | None, target: TaskDefinition, runs: t.Callable[[], TaskDefinition | None]
) -> list[Finding]:
    """Whether the target suits how the service runs: launch type, network, processors, and the ports that it names.

    How it runs is what the API says of its PRIMARY deployment or task set: ECS keeps those settings when the task
    definition changes, and refuses a task definition that does not match them
    (https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html). ``now`` is the service revision
    in service, ``runs`` gives its task definition; None if it could not be read.
    """
    settings = settings_of(service, now)
    if not target.content:
        # Another check reports that the task definition does not exist.
        return []
    ports = [*_service_connect(settings, target), *_vpc_lattice(settings, target), *_registries(service, target)]
    if not settings:
        return [_unknown(f"{service.name} has no PRIMARY deployment that says how it runs"), *ports]
    found = [*_launch_type(service, settings, target), *_network(service, settings, target)]
    return [*found, *_platform(settings, target, runs), *ports]


def _block(message: str) -> Finding:
    return Finding("compatibility", "block", f"{message}. {_ANOTHER}")


def _unknown(why: str) -> Finding:
    return Finding("compatibility", "unknown", f"whether the target suits how the service runs is not known: {why}")


# -- where it runs


def _launch_types(settings: Settings) -> set[str]:
    providers = {str(p.get("capacityProvider")) for p in settings.get("capacityProviderStrategy") or []}
    if providers:
        # Others are Auto Scaling groups of the user's own, or managed instances.
        return {"FARGATE"} if providers <= _FARGATE else set()
    return {str(settings["launchType"])} if settings.get("launchType") else set()


def _launch_type(service: Service, settings: Settings, target: TaskDefinition) -> list[Finding]:
    fit = set(target.content.get("compatibilities") or [])
    lacking = _launch_types(settings) - fit
    if not fit or not lacking:
        return []
    text = f"service {service.name} runs on {', '.join(sorted(lacking))}, and {names.short(target.arn)} only on"
    return [_block(f"{text} {', '.join(sorted(fit))}")]


def _network(service: Service, settings: Settings, target: TaskDefinition) -> list[Finding]:
    own_interface = target.content.get("networkMode") == "awsvpc"
    configured = bool((settings.get("networkConfiguration") or {}).get("awsvpcConfiguration"))
    if own_interface == configured:
        return []
    short, mode = names.short(target.arn), target.content.get("networkMode") or "bridge"
    if own_interface:
        return [_block(f"{short} has the network mode awsvpc, and service {service.name} has no network configuration")]
    return [_block(f"{short} has the network mode {mode}, and service {service.name} has a configuration of awsvpc")]


def _platform(
    settings: Settings, target: TaskDefinition, in_service: t.Callable[[], TaskDefinition | None]
) -> list[Finding]:
    """Fargate offers every processor architecture; instances offer only their own."""
    if _launch_types(settings) == {"FARGATE"}:
        return []
    runs = in_service()
    if runs is None or not runs.content:
        return [
            _unknown("the task definition in service cannot be read, nor so the processors that its instances have")
        ]
    wants, has = _runtime(target), _runtime(runs)
    if wants == has:
        return []
    text = f"{names.short(target.arn)} needs instances with {' '.join(wants)}, and what runs now has {' '.join(has)}"
    return [Finding("compatibility", "warn", f"{text}. Without such instances no task of it is placed")]


def _runtime(task_definition: TaskDefinition) -> tuple[str, str]:
    """The defaults: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RuntimePlatform.html"""
    platform = task_definition.content.get("runtimePlatform") or {}
    return str(platform.get("operatingSystemFamily") or "LINUX"), str(platform.get("cpuArchitecture") or "X86_64")


# -- the ports that it names


def _containers(target: TaskDefinition) -> list[t.Mapping[str, t.Any]]:
    return list(target.content.get("containerDefinitions") or [])


def _lacking(wanted: t.Iterable[str], target: TaskDefinition) -> str:
    """Names that none of the target's port mappings has, for a message."""
    have = {str(m.get("name")) for c in _containers(target) for m in c.get("portMappings") or [] if m.get("name")}
    return ", ".join(dict.fromkeys(name for name in wanted if name and name not in have))


def _service_connect(settings: Settings, target: TaskDefinition) -> list[Finding]:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceConnectService.html (portName)"""
    configuration = settings.get("serviceConnectConfiguration") or {}
    if not configuration.get("enabled"):
        return []
    lacking = _lacking((str(s.get("portName") or "") for s in configuration.get("services") or []), target)
    if not lacking:
        return []
    text = f"Service Connect publishes the port {lacking}, which no port mapping of {names.short(target.arn)} is called"
    return [Finding("service_connect", "block", f"{text}. {_ANOTHER}")]


def _vpc_lattice(settings: Settings, target: TaskDefinition) -> list[Finding]:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_VpcLatticeConfiguration.html (portName)"""
    configurations = settings.get("vpcLatticeConfigurations") or []
    lacking = _lacking((str(c.get("portName") or "") for c in configurations), target)
    if not lacking:
        return []
    text = f"VPC Lattice sends traffic to the port {lacking}, which no port mapping of {names.short(target.arn)} is"
    return [Finding("vpc_lattice", "block", f"{text} called. {_ANOTHER}")]


def _registries(service: Service, target: TaskDefinition) -> list[Finding]:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceRegistry.html (containerName)"""
    ports = {
        str(c.get("name")): {m.get("containerPort") for m in c.get("portMappings") or []} for c in _containers(target)
    }
    found = []
    for registry in service.registries:
        name, port = registry.get("containerName"), registry.get("containerPort")
        if not name:
            # Only the address of the task is registered, or a port that no container is asked for.
            continue
        lacks = f"container {name}" if name not in ports else f"port {port} of container {name}"
        if name not in ports or (port and port not in ports[name]):
            text = (
                f"the service registry of {service.name} names {lacks}, which {names.short(target.arn)} does not have"
            )
            found.append(Finding("service_registry", "block", f"{text}. {_ANOTHER}"))
    return found
