# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""What a look at a service says about the rollback that we watch. Pure: the loop that looks is in :mod:`.sweep`.

We watch *our own* deployment to its end. ``services_stable`` and its like look only at counts, so they call a service
stable that ECS has rolled back from under them (waiters-2.json in botocore: one deployment, running == desired).
"""

from __future__ import annotations

import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._ecs import names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import base
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.base import Look, Reached, Record, Watched
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import ROLLING_BACK, Deployment, Service

# The stages after the production traffic was shifted, in ECS's order
# (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/blue-green-deployment-how-it-works.html).
_TRAFFIC_IS_SHIFTED: t.Final = frozenset({"POST_PRODUCTION_TRAFFIC_SHIFT", "BAKE_TIME", "CLEAN_UP"})

UNPROVEN: t.Final = "whether its load balancers find them healthy is not known"
_TRAFFIC_GOES_BACK: t.Final = frozenset({"ROLLBACK_IN_PROGRESS", "ROLLBACK_SUCCESSFUL"})

# DescribeServices calls are batched by ten; polling takes at most this many of them a second, a sixth of the
# published 20 per second, so that the console and ECS itself stay usable in an incident.
_SWEEP_CALLS_PER_SECOND: t.Final = 3.0
_SHORTEST_SWEEP: t.Final = 2.0


def assess(watched: Watched, service: Service, record: Record | None) -> Look:
    """Judge one look at a service. Unknown statuses count as still going."""
    if service.status != "ACTIVE":
        return Look("failed", f"the service is {service.status} now: somebody deleted it meanwhile")
    if watched.service_deployment:
        return _native(watched, service, record)
    look = _own(watched, service)
    if look.state in ("going", "serving") and watched.strategy != "ROLLING":
        return _shifting(service, service.deployment(watched.deployment_id), record)
    return look


def _shifting(service: Service, ours: Deployment | None, record: Record | None) -> Look:
    """Where ECS shifts traffic between two sets of tasks, the counts tell nothing of it: the record does.

    Nor does the record tell of tasks that go down once they have all the traffic.
    """
    if record is None:
        return Look("going")
    if record.status in ROLLING_BACK:
        return Look("failed", record.reason or f"ECS is rolling it back ({record.status})")
    shifted = record.stage in _TRAFFIC_IS_SHIFTED and (record.weight is None or record.weight >= 100)
    return Look("serving") if shifted and ours is not None and ours.running >= service.desired else Look("going")


def _own(watched: Watched, service: Service) -> Look:
    ours, primary = service.deployment(watched.deployment_id), service.primary
    if ours is not None and ours.rollout_state == "FAILED":
        return Look("failed", ours.rollout_reason or "ECS reports the rollout as FAILED")
    if primary is None:
        return Look("going")
    if ours is None or primary.id != ours.id:
        if primary.id in watched.known_deployments:
            back = f"ECS went back to {names.short(primary.task_definition)} by itself"
            return Look("unlisted" if ours is None else "failed", back)
        return Look("replaced", base.replaced_by(primary))
    if _settled(service, ours):
        return Look("stable")
    return Look("serving") if _serving(service, ours) else Look("going")


def _native(watched: Watched, service: Service, record: Record | None) -> Look:
    if record is None:
        return Look("going")
    if record.status == "SUCCESSFUL":
        return Look("ended_before", "the deployment finished before ECS could stop it")
    if record.status == "ROLLBACK_FAILED":
        return Look("failed", record.reason or "ECS could not roll back")
    primary = service.primary
    on_target = primary is not None and names.same(primary.task_definition, watched.target)
    if record.status in ("STOPPED", "ROLLBACK_SUCCESSFUL") and primary is not None and not on_target:
        return Look("replaced", base.replaced_by(primary))
    if record.status == "STOPPED" and primary is not None and primary.id not in watched.known_deployments:
        return Look("replaced", f"{base.replaced_by(primary)}, which is the same version")
    if record.status == "STOPPED":
        return Look("failed", record.reason or "the rollback was stopped before it ended")
    if primary is None or not on_target:
        return Look("going")
    if record.status == "ROLLBACK_SUCCESSFUL" and _settled(service, primary):
        return Look("stable")
    return Look("serving") if _serving(service, primary) or _traffic_is_back(record, primary) else Look("going")


def _traffic_is_back(record: Record, target: Deployment) -> bool:
    """ECS has given all the traffic back to tasks that never went away; those of the bad version may still run."""
    # The weight is what was asked for when the stage began; with the next stage it has taken effect.
    shifted = record.weight is not None and record.weight >= 100 and record.stage != "PRODUCTION_TRAFFIC_SHIFT"
    return record.status in _TRAFFIC_GOES_BACK and shifted and target.running >= target.desired > 0


def _settled(service: Service, ours: Deployment) -> bool:
    """The rollout is complete, and nothing of the old versions is left.

    Services with a Classic Load Balancer have no rollout state (API_Deployment); there the counts must do.
    """
    # An INACTIVE deployment has been completely replaced (API_Deployment).
    alone = all(d.id == ours.id or d.status == "INACTIVE" for d in service.deployments)
    full = ours.running >= ours.desired and ours.pending == 0 and _has_its_tasks(service)
    return alone and full and ours.rollout_state in ("COMPLETED", "")


def _has_its_tasks(service: Service) -> bool:
    return service.scheduling == "DAEMON" or service.running == service.desired


def _serving(service: Service, ours: Deployment) -> bool:
    """All traffic is on ours: it has all its tasks, and no other deployment has one running.

    A task that drains is no longer RUNNING, and a load balancer sends it nothing new.
    """
    others = sum(d.running + d.pending for d in service.deployments if d.id != ours.id)
    return ours.running >= max(ours.desired, service.wanted(ours)) and ours.pending == 0 and others == 0


def verified(state: Reached, target: str) -> str:
    """What a deployment that has reached its end is told as."""
    if state == "stable":
        return f"our deployment of {names.short(target)} is complete, and nothing of the other versions is left"
    if state == "running":
        return f"our deployment of {names.short(target)} has all its tasks, and no other version has any; {UNPROVEN}"
    return f"our deployment of {names.short(target)} takes all the traffic; old tasks may still drain"


def healthy_on(service: Service) -> str | None:
    """The task definition that serves the service with all the tasks it wants, None where none does."""
    for deployment in service.deployments:
        if 0 < service.wanted(deployment) <= deployment.running:
            return deployment.task_definition
    return None


def shift(record: Record | None, target: str) -> str:
    """Where a deployment is that shifts traffic: ``BAKE_TIME, 100 % of the traffic on web:41``; else empty."""
    if record is None or not record.stage:
        return ""
    parts = [record.stage]
    if record.weight is not None:
        parts.append(f"{record.weight:g} % of the traffic on {names.short(target)}")
    if record.pause:
        then = f", then {record.pause.timeout_action}" if record.pause.timeout_action else ""
        until = f" until {record.pause.expires_at.isoformat()}" if record.pause.expires_at else ""
        parts.append(f"waiting for somebody to answer its hook {record.pause.hook}{until}{then}")
    return ", ".join(parts)


def standing(service: Service, target: str) -> tuple[int, int]:
    """Tasks that run on the target, and tasks that run or start on anything else."""
    ours = [d for d in service.deployments if names.same(d.task_definition, target)]
    others = [d for d in service.deployments if not names.same(d.task_definition, target)]
    return sum(d.running for d in ours), sum(d.running + d.pending for d in others)


def progress(service: Service, target: str) -> str:
    """The counts of one look: ``2/4 on web:41, 1 pending, 4 on web:43``."""
    ours = [d for d in service.deployments if names.same(d.task_definition, target)]
    running, pending = sum(d.running for d in ours), sum(d.pending for d in ours)
    wanted = sum(d.desired for d in ours) if service.scheduling == "DAEMON" else service.desired
    parts = [f"{running}/{wanted} on {names.short(target)}"]
    if pending:
        parts.append(f"{pending} pending")
    for deployment in service.deployments:
        if not names.same(deployment.task_definition, target) and deployment.running + deployment.pending > 0:
            parts.append(f"{deployment.running + deployment.pending} on {names.short(deployment.task_definition)}")
    if any(not names.same(d.task_definition, target) and d.running + d.pending == 0 for d in service.deployments):
        parts.append("old tasks draining")
    failed = sum(d.failed for d in ours)
    if failed:
        parts.append(f"{failed} failed to start")
    return ", ".join(parts)


def sweep_interval(services: int, services_per_call: int = 10) -> float:
    """Seconds between two looks at all that is in flight: 2 s for one service, longer for hundreds."""
    calls = -(-services // services_per_call)
    return max(_SHORTEST_SWEEP, calls / _SWEEP_CALLS_PER_SECOND)
