# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._ecs.checks import references, settings
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Finding, Service, TaskDefinition
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import (
    arn,
    deployment,
    enum,
    revision,
    service,
    task_definition,
)


def told(findings: list[Finding]) -> list[tuple[str, str]]:
    return [(f.check, f.severity) for f in findings]


# What stands against a target by forecast, and what does for another reason.
FORESEEN = [*sorted(references._CHECKS.values()), "image_gone", "listener_weights", "compatibility", "room_to_move"]
STANDS = ["barrier", "stack", "service_status", "target_status", "copy_members", "known_bad", "tasks", "deregister"]


@pytest.mark.parametrize("check", FORESEEN)
def test_a_forecast_can_be_overridden(check: str) -> None:
    found = [Finding(check, "block", "no task would start"), Finding(check, "unknown", "it was not read")]
    assert settings.judged("enforce", found) == tuple(found)
    assert settings.judged("warn", found) == (
        Finding(check, "warn", "overridden with checks: warn: no task would start"),
        found[1],
    )
    assert settings.advice(found) == ". If this is wrong, give checks: warn"


@pytest.mark.parametrize("check", STANDS)
def test_what_is_no_forecast_stands(check: str) -> None:
    found = [Finding(check, "block", "it must not"), Finding("image_gone", "block", "gone")]
    assert [f.severity for f in settings.judged("warn", found)] == ["block", "warn"]
    assert settings.advice(found) == settings.advice([]) == ""


@pytest.mark.parametrize("status", ["DRAINING", "INACTIVE", "SOMETHING_NEW"])
def test_a_service_that_is_not_active_is_refused(status: str) -> None:
    (finding,) = settings.service_state(service(42, status=status))
    assert (finding.check, finding.severity) == ("service_status", "block")
    assert f"service web is {status}" in finding.message
    assert "Create it again, or name another service" in finding.message


def test_every_strategy_of_the_model_is_known() -> None:
    assert set(enum("DeploymentStrategy")) <= settings.STRATEGIES


@pytest.mark.parametrize("strategy", [*sorted(settings.STRATEGIES), "SOMETHING_NEW"])
def test_known_strategies_are_rolled_back(strategy: str) -> None:
    found = settings.strategy(service(42, strategy=strategy))
    assert told(found) == ([] if strategy in settings.STRATEGIES else [("deployment_strategy", "block")])
    assert all(strategy in f.message and "web" in f.message for f in found)


@pytest.mark.parametrize("status", [*enum("TaskDefinitionStatus"), "MISSING", "SOMETHING_NEW"])
def test_only_active_task_definitions_can_be_deployed(status: str) -> None:
    made = task_definition(41, status=status)
    found = settings.target_state(dataclasses.replace(made, content={}) if status == "MISSING" else made)
    assert told(found) == ([] if status == "ACTIVE" else [("target_status", "block")])
    if status == "MISSING":
        assert found[0].message.startswith("there is no task definition web:41")
        assert "copy" not in found[0].message
    elif found:
        assert f"web:41 is {status}" in found[0].message
        assert "pin_images: always registers a copy of it; or name another revision" in found[0].message


BALANCER = {"containerName": "app", "containerPort": 80, "targetGroupArn": "arn:aws:elasticloadbalancing:tg"}


@pytest.mark.parametrize(
    ("balancers", "containers", "words"),
    [
        ([], [{"name": "app"}], None),
        ([BALANCER], [{"name": "app", "portMappings": [{"containerPort": 80}]}], None),
        ([BALANCER], [{"name": "app", "portMappings": [{"containerPort": 1}, {"containerPort": 80}]}], None),
        ([BALANCER], [{"name": "app", "portMappings": [{"containerPort": 8080}]}], ["port 80", "container app"]),
        ([BALANCER], [{"name": "app", "portMappings": []}], ["port 80", "does not open"]),
        ([BALANCER], [{"name": "app"}], ["port 80"]),
        ([BALANCER], [{"name": "nginx", "portMappings": [{"containerPort": 80}]}], ["container app", "does not have"]),
        ([BALANCER], [], ["container app"]),
    ],
)
def test_what_a_load_balancer_points_at_must_be_there(balancers: t.Any, containers: t.Any, words: t.Any) -> None:
    found = settings.load_balancer_ports(
        service(42, load_balancers=tuple(balancers)), task_definition(41, containers=containers)
    )
    if words is None:
        assert found == []
    else:
        assert told(found) == [("load_balancer", "block")]
        assert all(word in found[0].message for word in [*words, "web:41", "Name another revision"])


def test_every_load_balancer_is_looked_at() -> None:
    other = {**BALANCER, "containerPort": 81}
    found = settings.load_balancer_ports(service(42, load_balancers=(other, BALANCER, other)), task_definition(41))
    assert told(found) == [("load_balancer", "block")] * 2


@pytest.mark.parametrize(
    ("desired", "minimum", "maximum", "moves"),
    [
        (4, 100, 200, True),
        (4, 50, 100, True),
        (4, 100, 125, True),
        # the upper limit is rounded down, the lower one up
        (4, 100, 124, False),
        (4, 76, 100, False),
        (4, 75, 100, True),
        (4, 100, 100, False),
        (1, 100, 199, False),
        (1, 100, 200, True),
        (1, 50, 100, False),
        (1, 0, 100, True),
        (0, 100, 100, True),
        (3, 67, 100, False),
        (3, 66, 100, True),
    ],
)
def test_ecs_must_be_allowed_to_start_or_to_stop_a_task(desired: int, minimum: int, maximum: int, moves: bool) -> None:
    found = settings.room_to_move(
        service(42, desired=desired, minimum_healthy_percent=minimum, maximum_percent=maximum)
    )
    assert told(found) == ([] if moves else [("room_to_move", "block")])
    assert all(f"minimumHealthyPercent {minimum}" in f.message and "first" in f.message for f in found)


@pytest.mark.parametrize("scheduling", [s for s in enum("SchedulingStrategy") if s != "REPLICA"])
def test_other_schedulings_have_other_rules(scheduling: str) -> None:
    daemon = service(42, scheduling=scheduling, minimum_healthy_percent=100, maximum_percent=100)
    assert settings.room_to_move(daemon) == []
    assert settings.tasks_option(daemon, None) == []
    (finding,) = settings.tasks_option(daemon, 4)
    assert (finding.severity, scheduling in finding.message) == ("block", True)


def test_the_task_count_of_a_replica_service_can_be_set() -> None:
    assert settings.tasks_option(service(42), 0) == []


NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}


@pytest.mark.parametrize(
    ("now", "good", "changed"),
    [
        ({}, {}, []),
        ({"networkConfiguration": NETWORK}, {"networkConfiguration": NETWORK}, []),
        ({"networkConfiguration": NETWORK}, {}, ["networkConfiguration"]),
        ({}, {"platformVersion": "1.4.0"}, ["platformVersion"]),
        ({}, {"platformFamily": "Linux"}, ["platformFamily"]),
        ({"monitoring": {"level": "ENHANCED"}}, {"guardDutyEnabled": True}, ["monitoring", "guardDutyEnabled"]),
        (
            {"gatewayConnectors": [{"name": "a"}]},
            {"overrides": {"runtimePlatform": {}}, "ecsManagedResources": {"metricAlarms": []}},
            ["gatewayConnectors", "overrides", "ecsManagedResources"],
        ),
        (
            {"launchType": "FARGATE", "platformVersion": "1.4.0"},
            {"launchType": "EC2"},
            ["launchType", "platformVersion"],
        ),
        # Empty and absent are the same.
        ({"loadBalancers": [], "serviceRegistries": None}, {"volumeConfigurations": []}, []),
        # What differs between any two revisions, or is the task definition's own.
        ({"createdAt": 1, "serviceRevisionArn": "a", "containerImages": [1]}, {"createdAt": 2}, []),
    ],
)
def test_settings_that_are_not_reverted(now: t.Any, good: t.Any, changed: list[str]) -> None:
    ours, theirs = revision(42, **now), revision(41, **good)
    assert settings.changed_settings(ours, theirs) == changed
    found = settings.not_reverted(ours, theirs)
    assert told(found) == ([("not_reverted", "warn")] if changed else [])
    assert all(", ".join(changed) in f.message for f in found)


def test_settings_of_unknown_revisions_are_not_compared() -> None:
    assert settings.not_reverted(None, revision(41, launchType="EC2")) == []
    assert settings.not_reverted(revision(42, launchType="EC2"), None) == []


TAG, DIGEST = {"name": "app", "image": "registry/web:1.8"}, {"name": "log", "image": f"log@sha256:{'a' * 64}"}


def definition(number: int = 41, **content: t.Any) -> TaskDefinition:
    made = task_definition(number)
    return dataclasses.replace(made, content={**made.content, **content})


def running(**settings: t.Any) -> Service:
    return service(deployment(42, settings=settings))


def messages(found: t.Sequence[Finding]) -> list[tuple[str, str]]:
    return [(finding.check, finding.severity) for finding in found]


def look(made: Service, target: TaskDefinition, runs: TaskDefinition | None = None) -> list[Finding]:
    return settings.compatibility(made, None, target, lambda: runs)


AWSVPC: dict[str, t.Any] = {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}
FARGATE: dict[str, t.Any] = {"launchType": "FARGATE", "networkConfiguration": AWSVPC}
FITS: dict[str, t.Any] = {"compatibilities": ["EC2", "FARGATE"], "networkMode": "awsvpc"}
ARM: dict[str, t.Any] = {"runtimePlatform": {"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"}}


def strategy(*providers: str) -> dict[str, t.Any]:
    return {"capacityProviderStrategy": [{"capacityProvider": p} for p in providers], "networkConfiguration": AWSVPC}


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
    assert messages(found) == [("compatibility", s) for s in severity]


def test_how_it_runs_is_what_the_primary_deployment_says_or_else_the_revision() -> None:
    now = revision(42, launchType="FARGATE")
    assert settings.settings_of(running(launchType="EC2"), now) == {"launchType": "EC2"}
    assert settings.settings_of(running(), now) == {"launchType": "FARGATE"}
    assert settings.settings_of(running(), None) == {}


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
    assert messages(made) == found
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
    assert messages(found) == ([("service_registry", "block")] if words else [])
    assert all(words in f.message for f in found)


BEHIND = ({"targetGroupArn": "tg", "containerName": "app", "containerPort": 80},)


@pytest.mark.parametrize(
    ("grace", "starts", "balancers", "warns"),
    [
        (0, [None], BEHIND, False),
        (0, [30], BEHIND, True),
        (30, [30], BEHIND, False),
        (30, [10, 60], BEHIND, True),
        # Without a load balancer only the container's own check counts, and that waits.
        (0, [30], (), False),
    ],
)
def test_the_grace_period_lasts_as_long_as_a_start(
    grace: int, starts: list[int | None], balancers: tuple[t.Mapping[str, t.Any], ...], warns: bool
) -> None:
    checks = [{"healthCheck": {"command": ["x"], "startPeriod": start}} if start else {} for start in starts]
    target = task_definition(41, containers=[{"name": f"c{n}", **check} for n, check in enumerate(checks)])
    found = settings.grace_period(service(42, grace_period=grace, load_balancers=balancers), target)
    assert told(found) == ([("grace_period", "warn")] if warns else [])
    assert all(f"web is {grace} s" in finding.message for finding in found)
