# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a look at a bare task set says."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import task_sets
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.deployments import Going
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Deployment, Service
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import arn, at, deployment, service


def task_set(number: int | str, hour: float, status: str = "ACTIVE", **more: t.Any) -> Deployment:
    more = {"scale": 100.0, **more}
    return deployment(number, f"ecs-svc/{number}-{hour:g}", status, created_at=at(hour * 60), **more)


def on(*task_sets: Deployment, **changes: t.Any) -> Service:
    return service(*task_sets, **changes)


PRIMARY = task_set(42, 2, "PRIMARY")
WATCHED = Going(arn(41), "ecs-svc/41-1", "", frozenset({"ecs-svc/42-2"}))
TAKEN_OVER = (task_set(42, 2), task_set(41, 1, "PRIMARY"))


@pytest.mark.parametrize(
    ("looked_at", "state"),
    [
        (on(PRIMARY, task_set(41, 1, rollout="IN_PROGRESS")), "going"),
        (on(PRIMARY, task_set(41, 1, desired=5)), "going"),
        (on(PRIMARY, task_set(41, 1, pending=1)), "going"),
        (on(PRIMARY, task_set(41, 1)), "ready"),
        (on(*TAKEN_OVER), "stable"),
        (on(task_set(42, 2), task_set(41, 1, "PRIMARY", rollout="IN_PROGRESS")), "going"),
        (on(PRIMARY), "unlisted"),
        (on(PRIMARY, task_set(41, 1, "DRAINING")), "failed"),
        (on(task_set(43, 3, "PRIMARY"), task_set(41, 1)), "replaced"),
        (on(*TAKEN_OVER, status="DRAINING"), "failed"),
    ],
)
def test_a_look(looked_at: Service, state: str) -> None:
    assert task_sets.assess(WATCHED, looked_at).state == state
