# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
"""A plan as codedeploy_deployment_info returns it. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy import revisions, writes
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.model import Deployment
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.move import asg_processes
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.move.plan import Plan, Refusal
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.move.run import (
    NO_TARGET,
    identity,
    shown_target,
    state_of,
)
from ansible_collections.lastgood.aws.plugins.module_utils._core import keys
from ansible_collections.lastgood.aws.plugins.module_utils._core.as_of import stamp
from ansible_collections.lastgood.aws.plugins.module_utils._core.findings import beside_a_route

# ``wait``: a real run would wait first and then decide again.
_OUTCOMES: t.Final = {"act": "planned", "wait": "planned", "nothing": "unchanged", "refuse": "refused"}


def of(planned: Plan | Refusal, application: str, place: keys.Place = keys.PLAIN) -> dict[str, t.Any]:
    """The module's result, without the diagnosis."""
    if isinstance(planned, Refusal):
        return _of_refusal(planned, application, place)
    choice = planned.choice
    now = revisions.key(planned.now) if planned.now else ""
    return {
        **identity(application, planned.group.name, place, planned.group),
        "deployment_group_id": planned.group.id,
        "outcome": _OUTCOMES[planned.verb],
        "reason": planned.reason,
        "method": planned.method,
        "deployment_id": choice.settled_by or None,
        "current": state_of(planned.newest, planned.now),
        **shown_target(planned),
        "target_deployment_id": planned.good.id if planned.target and planned.good else None,
        "file_exists_behavior": planned.request.members.get("fileExistsBehavior") if planned.request else None,
        "left": dict(choice.left) if choice.left else None,
        "candidates": [{**candidate.as_dict(), "current": candidate.key == now} for candidate in planned.candidates],
        "in_flight": _in_flight(planned.running) if planned.running is not None else None,
        "last_rollback": _last_rollback(planned),
        "findings": [finding.as_dict() for finding in planned.findings],
        "content_warnings": list(planned.content_warnings),
        **asg_processes.of(planned.group, planned.suspension),
    }


def _of_refusal(refused: Refusal, application: str, place: keys.Place) -> dict[str, t.Any]:
    """The result for a group for which no plan could be made."""
    return {
        **identity(application, refused.name, place, None),
        "deployment_group_id": None,
        "outcome": "refused",
        "reason": refused.reason,
        "method": "none",
        "deployment_id": None,
        "current": None,
        **NO_TARGET,
        "target_deployment_id": None,
        "file_exists_behavior": None,
        "left": None,
        "candidates": [],
        "in_flight": None,
        "last_rollback": None,
        "findings": [finding.as_dict() for finding in refused.findings],
        "content_warnings": [],
        **asg_processes.of(None),
    }


def line(planned: Plan | Refusal) -> str:
    """The line for the person on call: ``s3://…-3.zip → s3://…-2.zip  last_good: Succeeded at …``."""
    if isinstance(planned, Refusal):
        return f"refused: {planned.reason}"
    if planned.target is None or planned.verb not in ("act", "wait"):
        return f"{_OUTCOMES[planned.verb]}: {planned.reason}"
    left = f"{revisions.text(planned.left)} → " if planned.left else ""
    aside = beside_a_route(planned.choice.direction)
    text = f"{left}{revisions.text(planned.target)}{aside}  {planned.choice.source}: {planned.reason}"
    for note in planned.choice.left_out:
        text += f".  Left out: {note}"
    return text


def to_diagnose(planned: Plan | Refusal, asked: str) -> str:
    """The deployment to diagnose: the one asked for, else the newest if it ended without success."""
    if asked or isinstance(planned, Refusal) or planned.newest is None:
        return asked
    return planned.newest.id if planned.newest.status in ("Failed", "Stopped") else ""


def _last_rollback(planned: Plan) -> dict[str, t.Any] | None:
    """The newest deployment that this collection made to go back from something; those of CodeDeploy do not count."""
    ours = [deployment for deployment in planned.deployments if writes.goes_back(deployment.description)]
    if not ours:
        return None
    last = max(ours, key=lambda deployment: deployment.created_at)
    return {
        "deployment_id": last.id,
        "status": last.status,
        "began": stamp(last.created_at),
        "ended": stamp(last.completed_at) if last.completed_at is not None else None,
    }


def _in_flight(running: Deployment) -> dict[str, t.Any]:
    return {
        "deployment_id": running.id,
        "status": running.status,
        "creator": running.creator,
        "revision": dict(running.revision) or None,
        "revision_name": revisions.text(running.revision),
        "created_at": stamp(running.created_at),
    }
