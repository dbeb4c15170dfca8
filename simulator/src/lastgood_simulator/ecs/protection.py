# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Scale-in protection of tasks. It is kept and shown; deployments do not wait for it here."""

from __future__ import annotations

from typing import Any

from lastgood_simulator.ecs.model import Task
from lastgood_simulator.ecs.state import EcsState, invalid
from lastgood_simulator.operations import Context, operation

_DEFAULT_MINUTES = 120
_MOST_MINUTES = 2880


@operation("ecs", "UpdateTaskProtection")
def update_task_protection(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateTaskProtection.html"""
    state = context.world.ecs(context)
    references = params.get("tasks") or []
    if not 1 <= len(references) <= 10:
        raise invalid("tasks must have between 1 and 10 elements.")
    minutes = params.get("expiresInMinutes") or _DEFAULT_MINUTES
    if not 1 <= minutes <= _MOST_MINUTES:
        raise invalid(f"expiresInMinutes must be between 1 and {_MOST_MINUTES}.")
    found, failures = _find(state, params, references)
    for task in found:
        task.protected_until = context.now + minutes * 60 if params["protectionEnabled"] else None
    return {"protectedTasks": [_shown(task, context.now) for task in found], "failures": failures}


@operation("ecs", "GetTaskProtection")
def get_task_protection(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_GetTaskProtection.html"""
    references = params.get("tasks") or []
    if not 1 <= len(references) <= 100:
        raise invalid("tasks must have between 1 and 100 elements.")
    found, failures = _find(context.world.ecs(context), params, references)
    return {"protectedTasks": [_shown(task, context.now) for task in found], "failures": failures}


def _find(state: EcsState, params: dict[str, Any], references: list[str]) -> tuple[list[Task], list[dict[str, str]]]:
    cluster = state.cluster(params)
    found, failures = [], []
    for reference in references:
        task = state.task(cluster, reference.split("/")[-1])
        if task is not None and task.live:
            found.append(task)
        else:
            arn = reference if reference.startswith("arn:") else state.arn("task", f"{cluster}/{reference}")
            failures.append({"arn": arn, "reason": "TASK_NOT_VALID" if task else "MISSING"})
    return found, failures


def _shown(task: Task, now: float) -> dict[str, Any]:
    if task.protected_until is None or task.protected_until <= now:
        return {"taskArn": task.arn, "protectionEnabled": False}
    return {"taskArn": task.arn, "protectionEnabled": True, "expirationDate": task.protected_until}
