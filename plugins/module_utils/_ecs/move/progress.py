# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""The counts of one look in one line, and how often to look. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._core.as_of import stamp
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.deployments import Reached, Record
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Deployment, Service

UNPROVEN: t.Final = "whether its load balancers find them healthy is not known"


# DescribeServices calls are batched by ten; polling takes at most this many of them a second, a sixth of the
# published 20 per second, so that the console and ECS itself stay usable in an incident.
_SWEEP_CALLS_PER_SECOND: t.Final = 3.0


_SHORTEST_SWEEP: t.Final = 2.0


def verified(state: Reached, target: str) -> str:
    """What is said about a deployment that has reached its end."""
    if state == "stable":
        return f"our deployment of {names.short(target)} is complete, and nothing of the other versions is left"
    if state == "running":
        return f"our deployment of {names.short(target)} has all its tasks, and no other version has any; {UNPROVEN}"
    return f"our deployment of {names.short(target)} takes all the traffic; old tasks may still drain"


def healthy_on(service: Service) -> str | None:
    """The task definition that serves the service with all the tasks it wants; None if there is none."""
    for deployment in service.deployments:
        if 0 < service.wanted(deployment) <= deployment.running:
            return deployment.task_definition
    return None


def shift(record: Record | None, target: str) -> str:
    """The progress of a deployment that shifts traffic: ``BAKE_TIME, 100 % of the traffic on web:41``; else empty."""
    if record is None or not (record.stage or record.pause):
        return ""
    # A rolling deployment that waits at a hook has no stage (https://github.com/kayac/ecspresso/pull/1064).
    parts = [record.stage] if record.stage else []
    if record.weight is not None:
        parts.append(f"{record.weight:g} % of the traffic on {names.short(target)}")
    if record.pause:
        then = f", then {record.pause.timeout_action}" if record.pause.timeout_action else ""
        until = f" until {stamp(record.pause.expires_at)}" if record.pause.expires_at else ""
        at = f"{record.stage} (hook {record.pause.hook})" if record.stage else f"its hook {record.pause.hook}"
        parts.append(f"waits for a person at {at}{until}{then}")
    return ", ".join(parts)


def standing(service: Service, target: str) -> tuple[int, int]:
    """Tasks that run on the target, and tasks that run or start on anything else."""
    ours = [d for d in service.deployments if names.same(d.task_definition, target)]
    others = [d for d in service.deployments if not names.same(d.task_definition, target)]
    return sum(d.running for d in ours), sum(d.running + d.pending for d in others)


def progress(service: Service, target: str) -> str:
    """The counts of one look: ``2/4 on web:41, 1 pending, 4 on web:43``."""
    ours = [d for d in service.deployments if names.same(d.task_definition, target)]
    others = [d for d in service.deployments if not names.same(d.task_definition, target)]
    running, pending = sum(d.running for d in ours), sum(d.pending for d in ours)
    wanted = sum(d.desired for d in ours) if service.scheduling == "DAEMON" else service.desired
    parts = [f"{running}/{wanted} on {names.short(target)}"]
    if pending:
        parts.append(f"{pending} pending")
    parts += _others(others)
    failed = sum(d.failed for d in ours)
    if failed:
        parts.append(f"{failed} failed to start")
    return ", ".join(parts)


def _others(others: t.Sequence[Deployment]) -> list[str]:
    told = [f"{d.running + d.pending} on {names.short(d.task_definition)}" for d in others if d.running + d.pending]
    # Of one that failed and has no task left nothing drains.
    draining = any(d.running + d.pending == 0 and d.rollout_state != "FAILED" for d in others)
    return [*told, "old tasks draining"] if draining else told


def sweep_interval(services: int, services_per_call: int = 10) -> float:
    """Seconds between two looks at all that is in flight: 2 s for one service, longer for hundreds."""
    calls = -(-services // services_per_call)
    return max(_SHORTEST_SWEEP, calls / _SWEEP_CALLS_PER_SECOND)
