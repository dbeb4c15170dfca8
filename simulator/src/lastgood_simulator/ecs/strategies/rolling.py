# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The strategy ROLLING, which is also how any service keeps its tasks while nothing is deployed.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-ecs.html
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from lastgood_simulator.ecs import launch, records
from lastgood_simulator.ecs.environment import Environment
from lastgood_simulator.ecs.model import Deployment, Service, Task
from lastgood_simulator.ecs.strategies import early_success, pauses


def reconcile(service: Service, primary: Deployment, at: float, env: Environment) -> None:
    """Do what is to be done at this instant."""
    waits = pauses.waits(service, pauses.BEFORE, at, env)
    # A pause that ends badly makes another one PRIMARY.
    primary = service.primary or primary
    # "A deployment in FAILED state doesn't launch any new tasks", and the old tasks stay.
    if primary.rollout_state != "FAILED":
        _replace(service, primary, at, env, waits)
    for deployment in list(service.deployments):
        gone = deployment.status == "ACTIVE" and deployment.rollout_state != "FAILED"
        if gone and not records.unstopped(service, deployment):
            service.deployments.remove(deployment)
    if not waits:
        _settle(service, primary, at, env)
    if service.primary is not primary and service.primary is not None:
        reconcile(service, service.primary, at, env)


def timers(service: Service, at: float) -> Iterator[float]:
    """When the protection of tasks ends that an early success has left behind."""
    left = {entry.id for entry in service.deployments if entry.cleaned_until is not None}
    for task in service.tasks.values() if left else ():
        if task.started_by in left and task.live and task.protected_until is not None and task.protected_until > at:
            yield task.protected_until


def _replace(service: Service, primary: Deployment, at: float, env: Environment, waits: bool) -> None:
    """Start and stop tasks within minimumHealthyPercent and maximumPercent; no new ones while the deployment waits."""
    desired = service.desired_count
    live = [task for task in service.tasks.values() if task.live]
    mine = [task for task in live if task.started_by == primary.id]
    old = early_success.removable(service, [task for task in live if task.started_by != primary.id], at)
    surplus = len(mine) - desired
    if surplus > 0:
        # Those that are not RUNNING yet go first, then the newest.
        chosen = sorted(mine, key=lambda task: (task.last_status == "RUNNING", -task.created_at))[:surplus]
        launch.stop_tasks(service, chosen, primary.id, at, env)
        mine = [task for task in mine if task not in chosen]
    upper = math.floor(desired * service.configuration.get("maximumPercent", 200) / 100)
    lower = math.ceil(desired * service.configuration.get("minimumHealthyPercent", 100) / 100)

    missing = 0 if waits else desired - len(mine)
    ready = sum(task.ready for task in mine)
    lost = _lost(service, primary, desired - ready)
    room = max(0, upper - len(mine) - len(old) - sum(count for _entry, count in lost))
    old_ready = [task for task in old if task.ready]
    old_unready = [task for task in old if not task.ready]
    # An old task goes when a new one that is ready replaces it, or when new ones have no room to start.
    replaced = ready + len(old) - desired
    wanted = min(len(old), max(replaced, missing - room))
    spare = max(0, ready + len(old_ready) - lower)
    chosen = (old_unready + old_ready[: min(spare, len(old_ready))])[: max(0, wanted)]
    _stop_old(service, chosen, primary, at, env)

    room = max(0, upper - len(mine) - len(old) + len(chosen))
    for entry, count in lost:
        _start(service, entry, min(count, room), at, env)
        room -= min(count, room)
    _start(service, primary, min(missing, room), at, env)


def _lost(service: Service, primary: Deployment, needed: int) -> list[tuple[Deployment, int]]:
    """Of each deployment that is being replaced: how many of its tasks stopped by themselves and are still needed.

    ECS replaces them by tasks of their own service revision, so that a bad new one does not cost capacity (announced by
    AWS in November 2025). ``needed`` is how many old tasks the service needs beside the new ones that are ready.
    """
    if primary.rollout_state != "IN_PROGRESS":
        return []
    replaced = [entry for entry in service.deployments if entry.status == "ACTIVE" and entry.rollout_state != "FAILED"]
    live = {entry.id: sum(task.live for task in service.tasks_of(entry.id)) for entry in replaced}
    needed -= sum(live.values())
    lost = []
    for entry in replaced:
        count = min(entry.kept - live[entry.id], needed)
        if count > 0:
            lost.append((entry, count))
            needed -= count
    return lost


def _stop_old(service: Service, chosen: list[Task], primary: Deployment, at: float, env: Environment) -> None:
    for entry in service.deployments:
        entry.kept -= sum(task.started_by == entry.id for task in chosen)
    launch.stop_tasks(service, chosen, primary.id, at, env)


def _start(service: Service, deployment: Deployment, count: int, at: float, env: Environment) -> None:
    if count <= 0 or deployment.start_after > at:
        return
    deployment.retries += 1
    if launch.placeable(deployment.revision.settings, service.cluster_name, env):
        launch.start_tasks(service, deployment.id, deployment.revision, count, at, env)
    else:
        service.say(at, launch.NO_INSTANCES)
        records.count_failure(service, deployment, at, env)


def _settle(service: Service, primary: Deployment, at: float, env: Environment) -> None:
    """Complete the deployment once everything has been in place for a while, after the bake time if there is one."""
    early = early_success.criteria(service, primary)
    if early is not None and not _settle_early(service, primary, early, at, env):
        service.steady = False
        return
    mine = [task for task in service.tasks_of(primary.id) if task.live]
    placed = len(mine) == service.desired_count and all(task.ready for task in mine)
    others = any(task.started_by != primary.id and task.last_status != "STOPPED" for task in service.tasks.values())
    waits = placed and pauses.waits(service, pauses.AFTER, at, env)
    if not placed or others or waits or primary.rollout_state == "FAILED":
        primary.settles_at = primary.bake_until = None
        service.steady = False
        return
    if service.steady:
        return
    if primary.settles_at is None:
        primary.settles_at = at + env.timings.steady_state
    if primary.settles_at > at or not _baked(service, primary, at, env):
        return
    if primary.rollout_state == "IN_PROGRESS":
        records.complete(service, primary, service.records[-1], at)
    primary.settles_at = primary.bake_until = primary.next_alarm_check = None
    service.steady = True
    service.say(at, "has reached a steady state.")


def _settle_early(service: Service, primary: Deployment, early: dict[str, Any], at: float, env: Environment) -> bool:
    """Complete the deployment when enough of it is healthy, in the order that AWS documents; whether it is complete."""
    if not early_success.reached(service, primary, early):
        primary.bake_until = None
        return False
    if pauses.waits(service, pauses.AFTER, at, env) or service.primary is not primary:
        return False
    if not _baked(service, primary, at, env):
        return False
    old = [entry for entry in service.deployments if entry is not primary]
    if early["sourceServiceRevisionCleanup"] == "BLOCKING":
        _stop_old(
            service, [task for entry in old for task in service.tasks_of(entry.id) if task.live], primary, at, env
        )
        if any(records.unstopped(service, entry) for entry in old):
            return False
    early_success.defer(service, primary, at, env)
    records.complete(service, primary, service.records[-1], at)
    primary.settles_at = primary.bake_until = primary.next_alarm_check = None
    return True


def _baked(service: Service, primary: Deployment, at: float, env: Environment) -> bool:
    """Whether alarms have been watched for long enough."""
    record = service.records[-1]
    if primary.rollout_state != "IN_PROGRESS" or record.alarm_status != "MONITORING" or record.rollback:
        return True
    if primary.bake_until is None:
        minutes = service.configuration.get("bakeTimeInMinutes")
        bake = env.timings.alarm_bake if minutes is None else env.timings.scaled(minutes * 60)
        primary.bake_until = at + bake
    return primary.bake_until <= at
