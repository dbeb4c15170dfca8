# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The counts of one look in one line, and how often to look."""

from __future__ import annotations

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.deployments import Record
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Pause, Service
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move import progress
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import arn, at, deployment, service

HALF = service(deployment(41, running=2, pending=1), deployment(42, status="ACTIVE", running=3))
DRAINS = service(deployment(41), deployment(42, status="ACTIVE", running=0))
FAILED = service(deployment(41), deployment(42, status="ACTIVE", rollout="FAILED", running=0))
CRASHES = service(deployment(41, running=0, failed=3))


@pytest.mark.parametrize(
    ("on", "line", "standing", "healthy"),
    [
        (HALF, "2/4 on web:41, 1 pending, 3 on web:42", (2, 3), None),
        (DRAINS, "4/4 on web:41, old tasks draining", (4, 0), arn(41)),
        (FAILED, "4/4 on web:41", (4, 0), arn(41)),
        (CRASHES, "0/4 on web:41, 3 failed to start", (0, 0), None),
        (service(42), "0/4 on web:41, 4 on web:42", (0, 4), arn(42)),
    ],
)
def test_the_counts_of_one_look(on: Service, line: str, standing: tuple[int, int], healthy: str | None) -> None:
    assert progress.progress(on, arn(41)) == line
    assert progress.standing(on, arn(41)) == standing
    assert progress.healthy_on(on) == healthy


@pytest.mark.parametrize(
    ("record", "line"),
    [
        (None, ""),
        (Record("IN_PROGRESS", ""), ""),
        (Record("IN_PROGRESS", "", "BAKE_TIME", 100.0), "BAKE_TIME, 100 % of the traffic on web:41"),
        (
            Record("IN_PROGRESS", "", "POST_SCALE_UP", pause=Pause("hook-1", at(0), "ROLLBACK")),
            "POST_SCALE_UP, waits for a person at POST_SCALE_UP (hook hook-1) until 2026-11-20",
        ),
    ],
)
def test_how_far_the_traffic_has_shifted(record: Record | None, line: str) -> None:
    found = progress.shift(record, arn(41))
    assert found.startswith(line)
    assert bool(found) is bool(line)


@pytest.mark.parametrize(("services", "seconds"), [(1, 2.0), (10, 2.0), (60, 2.0), (90, 3.0), (300, 10.0)])
def test_many_services_are_looked_at_less_often(services: int, seconds: float) -> None:
    assert progress.sweep_interval(services) == pytest.approx(seconds)


def test_no_more_is_said_than_was_seen() -> None:
    assert progress.UNPROVEN in progress.verified("running", arn(41))
    assert "old tasks may still drain" in progress.verified("serving", arn(41))
    assert "nothing of the other versions is left" in progress.verified("stable", arn(41))
