# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Whether the target suits how the service runs: launch type, network, processors, and the ports that it names. Pure.

How it runs is what the API says of its PRIMARY deployment or task set: ECS keeps those settings when the task
definition changes, and refuses a task definition that does not match them
(https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html).
"""

from __future__ import annotations

import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._ecs import names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Finding, Revision, Service, TaskDefinition

_FARGATE: t.Final = frozenset({"FARGATE", "FARGATE_SPOT"})
_ANOTHER: t.Final = "Name another revision"

Settings = t.Mapping[str, t.Any]


def settings_of(service: Service, now: Revision | None) -> Settings:
    """How the service runs: the settings of its PRIMARY deployment, or else of the service revision in service."""
    primary = service.primary
    return (primary.settings if primary is not None else {}) or (now.settings if now is not None else {})


def findings(
    service: Service, settings: Settings, target: TaskDefinition, runs: TaskDefinition | None
) -> list[Finding]:
    """Findings. ``runs`` is the task definition in service; None if it could not be read."""
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


def _platform(settings: Settings, target: TaskDefinition, runs: TaskDefinition | None) -> list[Finding]:
    """Fargate offers every processor architecture; instances offer only their own."""
    if _launch_types(settings) == {"FARGATE"}:
        return []
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
