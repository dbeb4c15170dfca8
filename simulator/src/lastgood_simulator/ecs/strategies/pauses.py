# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""PAUSE hooks of the strategy ROLLING.

AWS announced them on 2026-05-19 for "rolling, blue/green, linear, and canary" deployments. No page says at which stages
a rolling deployment pauses. It shifts no traffic, so only those before and after the start of its tasks are left.
"A ROLLING deployment reports no lifecycle stage" (https://github.com/kayac/ecspresso/pull/1064), so only
lifecycleHookDetails shows a pause. Whether Lambda hooks run in a rolling deployment is not documented; here they do
not.
"""

from __future__ import annotations

from typing import Any

from lastgood_simulator.ecs import records
from lastgood_simulator.ecs.environment import Environment
from lastgood_simulator.ecs.model import Service, ServiceDeployment
from lastgood_simulator.ecs.strategies import hooks

BEFORE, AFTER = "PRE_SCALE_UP", "POST_SCALE_UP"


def waits(service: Service, stage: str, at: float, env: Environment) -> bool:
    """Whether the deployment under way waits at ``stage``, which it has reached. A pause may also make it go back."""
    record = service.records[-1]
    if record.finished or record.rollback is not None or stage in record.passed_stages or not _pauses(record, stage):
        return False
    if record.status != "IN_PROGRESS":
        # It has not begun, or it is being stopped.
        return record.status == "PENDING" or bool(record.pauses)
    if not any(hook.stage == stage for hook in record.pauses):
        record.pauses = hooks.begin(record.configuration, stage, at, env, kinds=("PAUSE",))
        record.updated_at = at
    reason = hooks.settle(record.pauses, at, env)
    if reason is not None:
        records.give_up(service, record, reason, at)
        return False
    if any(hook.status in hooks.ACTIVE for hook in record.pauses):
        return True
    record.pauses = []
    record.passed_stages.add(stage)
    return False


def _pauses(record: ServiceDeployment, stage: str) -> bool:
    configured: list[dict[str, Any]] = record.configuration.get("lifecycleHooks") or []
    return any(hook.get("targetType") == "PAUSE" and stage in hook["lifecycleStages"] for hook in configured)
