# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bring a service up to the present, event by event in order of time.

One big step gives the same end and the same times as many small ones, because nothing happens but at the moments that
agendas and timers name, and each is handled at its own time.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Protocol

from lastgood_simulator.ecs import rollout, task_sets, tasks
from lastgood_simulator.ecs.environment import Environment
from lastgood_simulator.ecs.model import Service, Task


class Controller(Protocol):
    """A state machine for the services of one deployment controller."""

    def note_step(self, service: Service, task: Task, step: str, at: float, env: Environment) -> None:
        """A task has taken a step of its agenda."""

    def reconcile(self, service: Service, at: float, env: Environment) -> None:
        """Do what is to be done at this instant."""

    def timers(self, service: Service, at: float) -> Iterator[float]:
        """When something else than a task's step is due after ``at``."""


CONTROLLERS: dict[str, Controller] = {"ECS": rollout, "EXTERNAL": task_sets, "CODE_DEPLOY": task_sets}


def touch(service: Service, at: float, env: Environment) -> None:
    """Something about the service was changed at ``at``: let the scheduler look at it right away."""
    service.next_due = min(service.next_due, at)
    catch_up(service, at, env)


def catch_up(service: Service, now: float, env: Environment) -> None:
    """Handle everything that is due until ``now``."""
    if service.next_due > now:
        return
    while service.next_due <= now:
        at = service.next_due
        _take_steps(service, at, env)
        CONTROLLERS[service.controller].reconcile(service, at, env)
        _close(service, at, env)
        service.next_due = _next_due(service, at)
        env.past.note(service, at)


def _take_steps(service: Service, at: float, env: Environment) -> None:
    for task in list(service.tasks.values()):
        while task.agenda and task.agenda[0][0] <= at:
            step = tasks.step(task, env.timings)
            if step == "forgotten":
                del service.tasks[task.id]
                break
            CONTROLLERS[service.controller].note_step(service, task, step, at, env)


def _close(service: Service, at: float, env: Environment) -> None:
    """DRAINING until the last task has stopped, then INACTIVE."""
    if service.status != "DRAINING":
        return
    if service.inactive_at is None and all(task.last_status == "STOPPED" for task in service.tasks.values()):
        service.inactive_at = at + env.timings.service_inactive
    if service.inactive_at is not None and service.inactive_at <= at:
        service.status = "INACTIVE"
        service.deployments.clear()


def _next_due(service: Service, at: float) -> float:
    due = min((task.agenda[0][0] for task in service.tasks.values() if task.agenda), default=math.inf)
    due = min([due, *CONTROLLERS[service.controller].timers(service, at)])
    if service.status == "DRAINING" and service.inactive_at is not None:
        due = min(due, service.inactive_at)
    return due
