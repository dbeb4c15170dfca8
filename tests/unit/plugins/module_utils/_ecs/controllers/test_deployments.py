# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is said of a deployment that ended or was replaced, and the names a deployment goes by."""

from __future__ import annotations

import dataclasses

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import deployments
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.deployments import Going
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Finding, ServiceDeployment
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import (
    arn,
    deployment,
    enum,
    flown,
    refused_by_aws,
)


@pytest.mark.parametrize(
    ("status", "went"),
    [
        ("PENDING", False),
        ("IN_PROGRESS", False),
        ("SUCCESSFUL", False),
        ("STOPPED", False),
        ("STOP_REQUESTED", False),
        # Only asked for: the deployment may still succeed first.
        ("ROLLBACK_REQUESTED", False),
        ("ROLLBACK_IN_PROGRESS", True),
        ("ROLLBACK_SUCCESSFUL", True),
        ("ROLLBACK_FAILED", True),
    ],
)
def test_whether_a_deployment_ended_by_going_back(status: str, went: bool) -> None:
    assert deployments.ended_back(flown(42, status)) is went


def test_every_status_of_the_model_is_judged() -> None:
    went = {status for status in enum("ServiceDeploymentStatus") if deployments.ended_back(flown(42, status))}
    assert went == {"ROLLBACK_IN_PROGRESS", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED"}


@pytest.mark.parametrize(
    ("record", "says"),
    [
        (
            flown(42, "ROLLBACK_SUCCESSFUL", back=41, rollback_reason="Circuit breaker."),
            "ECS rolled web:42 back to web:41 at 2026-11-20T12:10:00Z (Circuit breaker)",
        ),
        (flown(42, "ROLLBACK_SUCCESSFUL", finished_at=None), "ECS rolled web:42 back"),
        (flown(42, "ROLLBACK_IN_PROGRESS", back=41), "ECS is rolling web:42 back to web:41"),
        # What the rollback itself says comes first.
        (
            flown(42, "ROLLBACK_FAILED", back=41, reason="tasks failed.", rollback_reason=""),
            "web:42 failed, and ECS could not roll it back to web:41 (tasks failed)",
        ),
        (
            flown(42, "ROLLBACK_FAILED", reason="tasks failed", rollback_reason="no capacity"),
            "web:42 failed, and ECS could not roll it back (no capacity)",
        ),
    ],
)
def test_what_is_said_of_a_way_back(record: ServiceDeployment, says: str) -> None:
    assert deployments.back(record) == says


@pytest.mark.parametrize(
    ("record", "to"),
    [
        (None, ""),
        (flown(42, "ROLLBACK_SUCCESSFUL", sources=(40,), back=41), arn(41)),
        (flown(42, sources=(41,)), arn(41)),
        # Two revisions of the service with the same task definition are one version.
        (flown(42, sources=(41, 41)), arn(41)),
        (flown(42, sources=(40, 41)), ""),
        (flown(42), ""),
    ],
)
def test_where_a_deployment_goes_back_to(record: ServiceDeployment | None, to: str) -> None:
    assert deployments.goes_back_to(record) == to


def test_what_is_said_of_a_version_that_another_one_replaced() -> None:
    theirs = deployment(43, "ecs-svc/theirs")
    assert deployments.over(arn(42), theirs) == "web:43 (ecs-svc/theirs) was deployed over web:42"
    assert deployments.over(arn(42), None) == "web:42 is not deployed any more"
    assert deployments.replaced_by(theirs) == "somebody else deployed web:43 (ecs-svc/theirs) over it"


def test_what_people_know_a_deployment_by() -> None:
    ours = Going(arn(42), "ecs-svc/1", "", frozenset())
    assert ours.id == "ecs-svc/1"
    back = dataclasses.replace(ours, deployment_id="", back_of="arn:aws:ecs:x:1:service-deployment/prod/web/D1")
    assert back.id == "D1"
    assert dataclasses.replace(back, back_of="d-1").id == "d-1"


def test_what_a_write_raises_says_what_happened() -> None:
    there = deployments.AlreadyThere(arn(44))
    assert (there.copy, str(there)) == (arn(44), arn(44))
    error = AwsCallError("Failed to update service web", refused_by_aws("UpdateService"))
    left = deployments.NotDeployed(Finding("copy", "info", "web:44 was registered"), error)
    assert (left.note.message, str(left)) == ("web:44 was registered", error.explain())
