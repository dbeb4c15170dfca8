# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""What is left to do after a rollback that was not waited for. Pure."""

from __future__ import annotations

from ansible_collections.lastgood.aws.plugins.module_utils._core import advice
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Finding
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps.rollback_run import RollbackRun


def findings(run: RollbackRun, tasks: int | None) -> list[Finding]:
    """What to say of the task count that was asked for, and of a task set that is not PRIMARY yet."""
    return _unset_tasks(run, tasks) + _unfinished_task_set(run)


def _unset_tasks(run: RollbackRun, tasks: int | None) -> list[Finding]:
    planned, service = run.plan, run.service
    if tasks is None or planned is None or planned.method == "update_service":
        return []
    if service is None or service.desired == tasks:
        return []
    what = f"the task count is still {service.desired}, not {tasks}: this rollback takes no task count, and it is set "
    return [Finding("tasks", "warn", f"{what}only after a rollback that was waited for")]


def _unfinished_task_set(run: RollbackRun) -> list[Finding]:
    primary = run.service.primary if run.service else None
    if run.plan is None or run.plan.method != "primary_task_set" or run.accepted is None or primary is None:
        return []
    if primary.id == run.going.deployment_id:
        return []
    what = f"task set {run.going.deployment_id} is not steady yet, and so not PRIMARY either. "
    return [Finding("task_set", "warn", f"{what}{advice.AGAIN} with wait: true to make it so")]
