# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Early success of rolling deployments.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/early-success-criteria.html. It does not say whether the
criteria hold for a rollback too; here they do not.
"""

from __future__ import annotations

import math
from typing import Any

from lastgood_simulator.ecs.environment import Environment
from lastgood_simulator.ecs.model import Deployment, Service, Task

# "With DEFERRED, Amazon ECS tries to clean up the tasks on the source service revision for up to two weeks."
CLEAN_UP = 14 * 86400.0


def criteria(service: Service, primary: Deployment) -> dict[str, Any] | None:
    """Those of the deployment under way, None if it has none."""
    record = service.records[-1]
    given: dict[str, Any] = service.configuration.get("earlySuccessCriteria") or {}
    under_way = primary.rollout_state == "IN_PROGRESS" and not record.finished and record.rollback is None
    return given if given.get("enable") and under_way else None


def reached(service: Service, primary: Deployment, given: dict[str, Any]) -> bool:
    """Whether enough tasks are RUNNING and healthy: the percentage "is rounded up", and "at least one task"."""
    healthy = sum(task.ready for task in service.tasks_of(primary.id))
    return healthy >= min(
        service.desired_count, max(1, math.ceil(service.desired_count * given["healthyPercent"] / 100))
    )


def defer(service: Service, primary: Deployment, at: float, env: Environment) -> None:
    """The tasks of the other deployments are cleaned up from now on, outside of the deployment."""
    for entry in service.deployments:
        if entry is not primary:
            entry.cleaned_until = at + env.timings.scaled(CLEAN_UP)


def removable(service: Service, old: list[Task], at: float) -> list[Task]:
    """Without what an early success has left behind and ECS may not stop: protected tasks; all after two weeks."""
    left = {entry.id: entry.cleaned_until for entry in service.deployments if entry.cleaned_until is not None}

    def may_stop(task: Task) -> bool:
        until = left.get(task.started_by or "")
        return until is None or (at < until and not task.protected(at))

    return [task for task in old if may_stop(task)]
