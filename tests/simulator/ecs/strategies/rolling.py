# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The strategy ROLLING, which is also how any service keeps its tasks while nothing is deployed.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-ecs.html
"""

from __future__ import annotations

import math

from tests.simulator.ecs import launch, records
from tests.simulator.ecs.environment import Environment
from tests.simulator.ecs.model import Deployment, Service


def reconcile(service: Service, primary: Deployment, at: float, env: Environment) -> None:
    """Do what is to be done at this instant."""
    # "A deployment in FAILED state doesn't launch any new tasks", and the old tasks stay.
    if primary.rollout_state != "FAILED":
        _replace(service, primary, at, env)
    for deployment in list(service.deployments):
        gone = deployment.status == "ACTIVE" and deployment.rollout_state != "FAILED"
        if gone and not records.unstopped(service, deployment):
            service.deployments.remove(deployment)
    _settle(service, primary, at, env)


def _replace(service: Service, primary: Deployment, at: float, env: Environment) -> None:
    """Start and stop tasks within minimumHealthyPercent and maximumPercent."""
    desired = service.desired_count
    live = [task for task in service.tasks.values() if task.live]
    mine = [task for task in live if task.started_by == primary.id]
    old = [task for task in live if task.started_by != primary.id]
    surplus = len(mine) - desired
    if surplus > 0:
        # Those that are not RUNNING yet go first, then the newest.
        chosen = sorted(mine, key=lambda task: (task.last_status == "RUNNING", -task.created_at))[:surplus]
        launch.stop_tasks(service, chosen, primary.id, at, env)
        mine = [task for task in mine if task not in chosen]
    upper = math.floor(desired * service.configuration.get("maximumPercent", 200) / 100)
    lower = math.ceil(desired * service.configuration.get("minimumHealthyPercent", 100) / 100)

    missing = desired - len(mine)
    room = max(0, upper - len(mine) - len(old))
    ready = sum(task.ready for task in mine)
    old_ready = [task for task in old if task.ready]
    old_unready = [task for task in old if not task.ready]
    # An old task goes when a new one that is ready replaces it, or when new ones have no room to start.
    replaced = ready + len(old) - desired
    wanted = min(len(old), max(replaced, missing - room))
    spare = max(0, ready + len(old_ready) - lower)
    chosen = (old_unready + old_ready[: min(spare, len(old_ready))])[: max(0, wanted)]
    launch.stop_tasks(service, chosen, primary.id, at, env)

    count = min(missing, max(0, upper - len(mine) - len(old) + len(chosen)))
    if count <= 0 or primary.start_after > at:
        return
    primary.retries += 1
    if launch.placeable(primary.revision.settings, service.cluster_name, env):
        launch.start_tasks(service, primary.id, primary.revision, count, at, env)
    else:
        service.say(at, launch.NO_INSTANCES)
        records.count_failure(service, primary, at, env)


def _settle(service: Service, primary: Deployment, at: float, env: Environment) -> None:
    """Complete the deployment once everything has been in place for a while, after the bake time if there is one."""
    mine = [task for task in service.tasks_of(primary.id) if task.live]
    placed = len(mine) == service.desired_count and all(task.ready for task in mine)
    others = any(task.started_by != primary.id and task.last_status != "STOPPED" for task in service.tasks.values())
    if not placed or others or primary.rollout_state == "FAILED":
        primary.settles_at = primary.bake_until = None
        service.steady = False
        return
    if service.steady:
        return
    if primary.settles_at is None:
        primary.settles_at = at + env.timings.steady_state
    if primary.settles_at > at:
        return
    record = service.records[-1]
    if primary.rollout_state == "IN_PROGRESS" and record.alarm_status == "MONITORING" and not record.rollback:
        if primary.bake_until is None:
            minutes = service.configuration.get("bakeTimeInMinutes")
            bake = env.timings.alarm_bake if minutes is None else env.timings.scaled(minutes * 60)
            primary.bake_until = at + bake
        if primary.bake_until > at:
            return
    if primary.rollout_state == "IN_PROGRESS":
        records.complete(service, primary, record, at)
    primary.settles_at = primary.bake_until = primary.next_alarm_check = None
    service.steady = True
    service.say(at, "has reached a steady state.")
