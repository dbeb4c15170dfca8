# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Services with the deployment controllers EXTERNAL and CODE_DEPLOY: task sets that somebody else creates and scales.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-external.html
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from lastgood_simulator.ecs import ids, launch
from lastgood_simulator.ecs.environment import Environment
from lastgood_simulator.ecs.model import Service, ServiceRevision, Task, TaskSet


def create(service: Service, revision: ServiceRevision, scale: float, at: float) -> TaskSet:
    """Add a task set with ``scale`` per cent of the service's desired count."""
    set_id = f"ecs-svc/{ids.digits()}"
    task_set = TaskSet(
        id=set_id,
        arn=f"{service.arn.replace(':service/', ':task-set/')}/{set_id}",
        revision=revision,
        created_at=at,
        updated_at=at,
        scale={"value": float(scale), "unit": "PERCENT"},
        settings={},
        tags=[],
        stability_at=at,
    )
    service.task_sets.append(task_set)
    service.revisions.append(revision)
    return task_set


def computed_desired(service: Service, task_set: TaskSet) -> int:
    """The task set's share of the service's desired count, rounded up."""
    return math.ceil(service.desired_count * float(task_set.scale["value"]) / 100)


def note_step(service: Service, task: Task, step: str, at: float, env: Environment) -> None:
    """A task that failed to start or exited is replaced a little later."""
    if step == "pull_failed":
        service.say(at, f"was unable to place a task. Reason: {task.stopped_reason}.")
    if step in ("pull_failed", "exited", "unhealthy"):
        for task_set in service.task_sets:
            if task_set.id == task.started_by:
                task_set.start_after = at + max(env.timings.restart, 0.001)


def reconcile(service: Service, at: float, env: Environment) -> None:
    """Give every task set as many tasks as its scale says; forget those that are DRAINING and empty."""
    for task_set in list(service.task_sets):
        live = [task for task in service.tasks_of(task_set.id) if task.live]
        desired = 0 if task_set.status == "DRAINING" else computed_desired(service, task_set)
        if len(live) > desired:
            chosen = sorted(live, key=lambda task: (task.last_status == "RUNNING", -task.created_at))
            launch.stop_tasks(service, chosen[: len(live) - desired], task_set.id, at, env)
        elif len(live) < desired and task_set.start_after <= at:
            _start(service, task_set, desired - len(live), at, env)
        live = [task for task in service.tasks_of(task_set.id) if task.live]
        steady = len(live) == desired and all(task.ready for task in live)
        stability = "STEADY_STATE" if steady else "STABILIZING"
        if stability != task_set.stability:
            task_set.stability, task_set.stability_at = stability, at
            if steady:
                service.say(at, f"(taskSet {task_set.id}) has reached a steady state.")
        unstopped = any(task.last_status != "STOPPED" for task in service.tasks_of(task_set.id))
        if task_set.status == "DRAINING" and not unstopped:
            service.task_sets.remove(task_set)


def _start(service: Service, task_set: TaskSet, count: int, at: float, env: Environment) -> None:
    if launch.placeable(task_set.revision.settings, service.cluster_name, env):
        launch.start_tasks(service, task_set.id, task_set.revision, count, at, env)
    else:
        service.say(at, launch.NO_INSTANCES)
        task_set.start_after = at + max(env.timings.restart, 0.001)


def timers(service: Service, at: float) -> Iterator[float]:
    """When something of the task sets themselves is due after ``at``."""
    return (task_set.start_after for task_set in service.task_sets if task_set.start_after > at)
