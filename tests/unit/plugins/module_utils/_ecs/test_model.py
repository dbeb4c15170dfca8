# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tables of statuses, held against botocore's model: a value that AWS adds must be given its place here."""

from __future__ import annotations

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import (
    GOOD_ENDS,
    ROLLING_BACK,
    STOPPABLE,
    TERMINAL,
    Finding,
)
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import (
    deployment,
    enum,
    flown,
    service,
)

# status: terminal, rolling back, can be stopped
# https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceDeployment.html
STATUSES = {
    "PENDING": (False, False, True),
    "IN_PROGRESS": (False, False, True),
    "STOP_REQUESTED": (False, False, False),
    "STOPPED": (True, False, False),
    "SUCCESSFUL": (True, False, False),
    "ROLLBACK_REQUESTED": (False, True, False),
    "ROLLBACK_IN_PROGRESS": (False, True, False),
    "ROLLBACK_SUCCESSFUL": (True, False, False),
    "ROLLBACK_FAILED": (True, False, False),
    "SOMETHING_NEW": (False, False, False),
}


@pytest.mark.parametrize("status", [*enum("ServiceDeploymentStatus"), "SOMETHING_NEW"])
def test_every_service_deployment_status_has_its_place(status: str) -> None:
    assert (status in TERMINAL, status in ROLLING_BACK, status in STOPPABLE) == STATUSES[status]
    assert flown(41, status).in_flight is not STATUSES[status][0]


@pytest.mark.parametrize(
    ("shape", "judged"),
    [
        ("DeploymentRolloutState", {"COMPLETED", "FAILED", "IN_PROGRESS"}),
        (
            "TaskStopCode",
            {
                "TaskFailedToStart",
                "EssentialContainerExited",
                "UserInitiated",
                "ServiceSchedulerInitiated",
                "SpotInterruption",
                "TerminationNotice",
                "InfrastructureHealth",
            },
        ),
        ("DeploymentControllerType", {"ECS", "CODE_DEPLOY", "EXTERNAL"}),
        ("DeploymentStrategy", {"ROLLING", "BLUE_GREEN", "LINEAR", "CANARY"}),
        ("TaskDefinitionStatus", {"ACTIVE", "INACTIVE", "DELETE_IN_PROGRESS"}),
        ("SchedulingStrategy", {"REPLICA", "DAEMON"}),
        ("StopServiceDeploymentStopType", {"ABORT", "ROLLBACK"}),
    ],
)
def test_botocore_knows_nothing_that_we_do_not(shape: str, judged: set[str]) -> None:
    # Each value is judged in the tests of watch, diagnosis, preflight and target.
    assert set(enum(shape)) <= judged


def test_primary_is_found_by_status_and_not_by_position() -> None:
    ours, old = deployment(41), deployment(43, status="ACTIVE")
    assert service(old, ours).primary is ours
    assert service(old).primary is None
    assert service().primary is None


def test_a_deployment_is_found_by_its_id() -> None:
    on = service(deployment(41, "ecs-svc/1"), deployment(43, "ecs-svc/2", status="ACTIVE"))
    assert on.deployment("ecs-svc/2") is on.deployments[1]
    assert on.deployment("ecs-svc/3") is None


def test_the_cluster_s_name() -> None:
    assert service(41).cluster == "prod"


def test_outcomes_that_do_not_fail_the_module() -> None:
    assert {"unchanged", "rolled_back", "started", "planned"} == GOOD_ENDS


def test_a_finding_for_results() -> None:
    assert Finding("room_to_move", "block", "no").as_dict() == {
        "check": "room_to_move",
        "severity": "block",
        "message": "no",
    }


def test_tasks_are_counted_by_version_whatever_they_belong_to() -> None:
    found = service(
        deployment(41, "ecs-svc/ours", running=1),
        deployment(43, "ecs-svc/old", status="ACTIVE", running=4),
        deployment(41, "ecs-svc/before", status="ACTIVE", running=2),
    )
    assert found.running_by_version == {"web:41": 3, "web:43": 4}
