# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tables of what suits how a service runs."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._ecs.checks import compatibility
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Finding, Service, TaskDefinition
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import (
    arn,
    deployment,
    revision,
    service,
    task_definition,
)


def definition(number: int = 41, **content: t.Any) -> TaskDefinition:
    made = task_definition(number)
    return dataclasses.replace(made, content={**made.content, **content})


def running(**settings: t.Any) -> Service:
    return service(deployment(42, settings=settings))


def told(found: t.Sequence[Finding]) -> list[tuple[str, str]]:
    return [(finding.check, finding.severity) for finding in found]


def look(made: Service, target: TaskDefinition, runs: TaskDefinition | None = None) -> list[Finding]:
    return compatibility.findings(made, compatibility.settings_of(made, None), target, runs)


NETWORK: dict[str, t.Any] = {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}
FARGATE: dict[str, t.Any] = {"launchType": "FARGATE", "networkConfiguration": NETWORK}
FITS: dict[str, t.Any] = {"compatibilities": ["EC2", "FARGATE"], "networkMode": "awsvpc"}
ARM: dict[str, t.Any] = {"runtimePlatform": {"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"}}


def strategy(*providers: str) -> dict[str, t.Any]:
    return {"capacityProviderStrategy": [{"capacityProvider": p} for p in providers], "networkConfiguration": NETWORK}


@pytest.mark.parametrize(
    ("settings", "content", "severity"),
    [
        (FARGATE, FITS, []),
        (FARGATE, {**FITS, "compatibilities": ["EC2"]}, ["block"]),
        (FARGATE, {**FITS, "compatibilities": []}, []),
        (strategy("FARGATE_SPOT"), {**FITS, "compatibilities": ["EC2"]}, ["block"]),
        (strategy("mine"), {**FITS, "compatibilities": ["EC2"]}, []),
        ({"launchType": "EC2"}, {"compatibilities": ["EC2"], "networkMode": "bridge"}, []),
        ({"launchType": "EC2"}, {"compatibilities": ["EC2"]}, []),
        ({"launchType": "EC2"}, {"compatibilities": ["EC2"], "networkMode": "awsvpc"}, ["block"]),
        (FARGATE, {**FITS, "networkMode": "bridge"}, ["block"]),
        (FARGATE, {**FITS, **ARM}, []),
        (strategy("mine"), {**FITS, **ARM}, ["warn"]),
        ({"launchType": "EC2"}, {"networkMode": "host", **ARM}, ["warn"]),
    ],
)
def test_compatibility(settings: dict[str, t.Any], content: dict[str, t.Any], severity: list[str]) -> None:
    found = look(running(**settings), definition(**content), definition(42))
    assert told(found) == [("compatibility", s) for s in severity]


def test_how_it_runs_is_what_the_primary_deployment_says_or_else_the_revision() -> None:
    now = revision(42, launchType="FARGATE")
    assert compatibility.settings_of(running(launchType="EC2"), now) == {"launchType": "EC2"}
    assert compatibility.settings_of(running(), now) == {"launchType": "FARGATE"}
    assert compatibility.settings_of(running(), None) == {}


def test_what_cannot_be_known_is_not_taken_for_fine() -> None:
    (finding,) = look(running(), definition(), definition(42))
    assert (finding.check, finding.severity) == ("compatibility", "unknown")
    assert "web has no PRIMARY deployment that says how it runs" in finding.message
    (finding,) = look(running(launchType="EC2"), definition(**ARM))
    assert (finding.check, finding.severity) == ("compatibility", "unknown")
    assert "the task definition in service cannot be read" in finding.message
    assert look(running(**FARGATE), definition(**FITS)) == []


def test_a_target_that_does_not_exist_is_not_weighed() -> None:
    assert look(running(**FARGATE), TaskDefinition(arn(41), "MISSING", {}, {})) == []


# -- ports


def opens(*mappings: dict[str, t.Any]) -> TaskDefinition:
    return task_definition(41, containers=[{"name": "sidecar"}, {"name": "app", "portMappings": list(mappings)}])


HTTP: dict[str, t.Any] = {"containerPort": 80, "name": "http"}
EC2: dict[str, t.Any] = {"launchType": "EC2"}


def connect(*ports: str, enabled: bool = True) -> dict[str, t.Any]:
    return {"serviceConnectConfiguration": {"enabled": enabled, "services": [{"portName": p} for p in ports]}}


def lattice(*ports: str) -> dict[str, t.Any]:
    return {"vpcLatticeConfigurations": [{"portName": p} for p in ports]}


@pytest.mark.parametrize(
    ("settings", "mapping", "found"),
    [
        (connect("http"), HTTP, []),
        (connect(), HTTP, []),
        (connect("grpc", enabled=False), HTTP, []),
        ({"serviceConnectConfiguration": {"enabled": True}}, HTTP, []),
        (connect("http", "grpc"), HTTP, [("service_connect", "block")]),
        (connect("http"), {"containerPort": 80}, [("service_connect", "block")]),
        (lattice("http"), HTTP, []),
        (lattice("grpc", "admin"), HTTP, [("vpc_lattice", "block")]),
        ({**connect("grpc"), **lattice("grpc")}, HTTP, [("service_connect", "block"), ("vpc_lattice", "block")]),
    ],
)
def test_ports_that_go_by_a_name(settings: dict[str, t.Any], mapping: dict[str, t.Any], found: t.Any) -> None:
    made = look(running(**EC2, **settings), opens(mapping), definition(42))
    assert told(made) == found
    assert all("grpc" in f.message or "the port http" in f.message for f in made)
    assert all("web:41" in f.message for f in made)


@pytest.mark.parametrize(
    ("registry", "words"),
    [
        ({}, ""),
        ({"port": 80}, ""),
        ({"containerName": "app"}, ""),
        ({"containerName": "app", "containerPort": 80}, ""),
        ({"containerName": "app", "containerPort": 81}, "names port 81 of container app, which web:41 does not have"),
        ({"containerName": "front", "containerPort": 80}, "names container front, which web:41 does not have"),
    ],
)
def test_service_registries(registry: dict[str, t.Any], words: str) -> None:
    made = dataclasses.replace(running(**EC2), registries=({"registryArn": "arn:sd", **registry},))
    found = look(made, opens(HTTP), definition(42))
    assert told(found) == ([("service_registry", "block")] if words else [])
    assert all(words in f.message for f in found)
