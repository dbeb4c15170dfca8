# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What holds for deploying a revision, no matter who deploys the service."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import deploys
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import Facts, GoTo, Past
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Finding, Service, TaskDefinition
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import (
    deployment,
    flown,
    known,
    service,
    task_definition,
    told,
)

NO: t.Final = deploys.block("no", "it cannot be")


@pytest.mark.parametrize(
    ("on", "target", "undeployable", "check"),
    [
        (service(1), task_definition(2), [], None),
        (service(1, status="DRAINING"), None, [NO], "service_status"),
        (service(1), None, [NO], "no"),
        (service(1), None, [], "revision"),
    ],
)
def test_what_makes_it_impossible_the_first_reason_counts(
    on: Service, target: TaskDefinition | None, undeployable: list[Finding], check: str | None
) -> None:
    found = deploys.impossible(GoTo("2"), on, target, undeployable)
    assert [(f.check, f.severity) for f in found] == ([(check, "block")] if check else [])


def test_what_is_not_known_is_told_as_such() -> None:
    facts = Facts(service(1), Past(problem="no permission"), {})
    [finding] = deploys.unknown_past(facts, task_definition(2))
    assert (finding.check, finding.severity) == ("history", "unknown")
    assert deploys.unknown_past(Facts(service(1), Past(told(1)), {}), task_definition(2)) == []


@pytest.mark.parametrize(
    ("in_flight", "severity"),
    [("supersede", "warn"), ("refuse", "block")],
)
def test_another_deployment_that_runs(in_flight: t.Literal["supersede", "refuse"], severity: str) -> None:
    facts = Facts(service(1), Past(told(1)), known(2))
    goal = GoTo("2", in_flight=in_flight)
    found = deploys.before_a_write(goal, facts, task_definition(2), flown(3, "IN_PROGRESS"), "waits")
    assert [(f.check, f.severity) for f in found] == [("in_flight", severity)]
    assert ("waits" in found[0].message) is (severity == "warn")


def test_what_is_on_the_service_is_what_its_primary_deployment_deploys() -> None:
    assert deploys.current(service(deployment(1), task_definition="arn:other")).endswith("web:1")
    assert deploys.current(service(task_definition="arn:other")) == "arn:other"
