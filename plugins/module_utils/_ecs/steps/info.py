# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""A plan as a result: what ``ecs_rollback_info`` returns for a service. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._core import keys
from ansible_collections.lastgood.aws.plugins.module_utils._core.as_of import stamp
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import Plan, Refusal
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import ServiceDeployment
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move.run import identity, target_of
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past import moves

_OUTCOMES: t.Final = {"act": "planned", "nothing": "unchanged", "refuse": "refused"}


def of(planned: Plan | Refusal, cluster: str, place: keys.Place = keys.PLAIN) -> dict[str, t.Any]:
    """One item of ``services``."""
    if isinstance(planned, Refusal):
        return {
            **identity(planned.name, cluster, place, None),
            "outcome": "refused",
            "reason": planned.reason,
            "method": "none",
            "current": None,
            "target": None,
            "target_source": "none",
            "target_why": "",
            "direction": None,
            "left": None,
            "candidates": [],
            "in_flight": None,
            "last_rollback": None,
            "findings": [f.as_dict() for f in planned.findings],
        }
    return {
        **identity(planned.service.name, cluster, place, planned.service),
        "outcome": _OUTCOMES[planned.verb],
        "reason": planned.reason,
        "method": planned.method,
        "current": _current(planned),
        "target": target_of(planned),
        "target_source": planned.choice.source,
        "target_why": planned.choice.why,
        "direction": planned.direction,
        "left": planned.left,
        "candidates": [{**c.as_dict(), "current": c.task_definition == planned.current} for c in planned.candidates],
        "in_flight": _in_flight(planned.running),
        "last_rollback": _last_rollback(planned),
        "findings": [f.as_dict() for f in planned.findings],
    }


def _current(planned: Plan) -> dict[str, t.Any]:
    primary = planned.service.primary
    return {
        "task_definition": planned.current,
        "service_revision": (planned.now.arn or None) if planned.now else None,
        "image_digests": dict(planned.now.digests) if planned.now else {},
        "deployment_id": primary.id if primary else None,
        "rollout_state": primary.rollout_state if primary else None,
        "rollout_state_reason": primary.rollout_reason if primary else None,
        "desired_count": planned.service.desired,
        "running_count": planned.service.running,
    }


def _last_rollback(planned: Plan) -> dict[str, t.Any] | None:
    """The last one that this collection made, if there is a record of it. One that was never sent is left out."""
    service, history = planned.service, planned.history
    found = moves.ended(service, history) or moves.begun(service, history)
    if found is None or found.direction in ("forward", "same"):
        return None
    if not found.at and moves.is_void(found, service, planned.current, history):
        return None
    return {
        "began": stamp(found.began) if found.began is not None else None,
        "ended": found.at or None,
        "left": found.left,
        "target": found.target,
    }


def _in_flight(running: ServiceDeployment | None) -> dict[str, t.Any] | None:
    if running is None:
        return None
    return {
        "service_deployment": running.id,
        "status": running.status,
        "status_reason": running.reason,
        "task_definition": running.target.task_definition,
        "created_at": stamp(running.created_at),
        "goes_back_to": [s.task_definition for s in running.sources],
    }
