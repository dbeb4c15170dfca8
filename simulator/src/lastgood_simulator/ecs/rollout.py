# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A service with the deployment controller ECS, from event to event.

A state machine: :func:`reconcile` looks at a service at one instant and does what the scheduler of ECS would do then.
What differs between the strategies is in :mod:`.strategies`.
"""

from __future__ import annotations

from collections.abc import Iterator

from lastgood_simulator.ecs import failures, records
from lastgood_simulator.ecs.environment import Environment
from lastgood_simulator.ecs.model import Service, Task
from lastgood_simulator.ecs.strategies import hooks, rolling, shifting


def note_step(service: Service, task: Task, step: str, at: float, env: Environment) -> None:
    """Draw the consequences of a task's step for its deployment: the failure count and the events."""
    deployment = next((entry for entry in service.deployments if entry.id == task.started_by), None)
    if step == "unhealthy":
        if task.task_definition.has_health_check:
            service.say(at, f"(task {task.id}) failed container health checks.")
        else:
            where = f"(target-group {task.target_groups[0]})"
            service.say(at, f"(task {task.id}) is unhealthy in {where} due to (reason Health checks failed)")
        service.say(at, f"has stopped 1 running tasks: (task {task.id}).")
    elif step == "pull_failed":
        service.say(at, f"was unable to place a task. Reason: {task.stopped_reason}.")
    if deployment is None:
        return
    if step in ("running", "healthy") and task.ready:
        deployment.retries = 0
        if failures.resets_on_healthy_task(service.configuration):
            records.set_failures(service, deployment, 0, at)
    elif failures.is_failure(task, step):
        records.count_failure(service, deployment, at, env)
    elif step == "exited":
        deployment.start_after = max(deployment.start_after, at + env.timings.restart)


def reconcile(service: Service, at: float, env: Environment) -> None:
    """Do what is to be done at this instant."""
    records.advance(service, at)
    primary = service.primary
    if primary is None:
        return
    records.judge(service, primary, at, env)
    record = service.records[-1]
    if shifting.concerns(record):
        shifting.reconcile(service, record, at, env)
    if not shifting.concerns(record):
        rolling.reconcile(service, service.primary or primary, at, env)


def timers(service: Service, at: float) -> Iterator[float]:
    """When something of the service itself (not of its tasks) is due after ``at``."""
    for record in service.records:
        if record.due is not None:
            yield record.due
        if record.shift is not None and not record.finished:
            yield from (time for time in shifting.timers(record.shift) if time > at)
        yield from (time for time in hooks.timers(record.pauses) if time > at and not record.finished)
    yield from rolling.timers(service, at)
    for deployment in service.deployments:
        if deployment.start_after > at and deployment.rollout_state != "FAILED":
            yield deployment.start_after
    primary = service.primary
    if primary is not None:
        candidates = (primary.settles_at, primary.bake_until, primary.next_alarm_check)
        yield from (time for time in candidates if time is not None and time > at)
