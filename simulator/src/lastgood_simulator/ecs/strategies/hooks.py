# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lifecycle hooks: Lambda functions that are asked, and pauses that wait for ContinueServiceDeployment.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/lambda-lifecycle-hooks.html, pause-lifecycle-hooks.html and
troubleshooting-blue-green.html beside it (for the wording).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any

from lastgood_simulator.ecs import ids
from lastgood_simulator.ecs.environment import Environment
from lastgood_simulator.ecs.model import Hook

ACTIVE = frozenset({"AWAITING_ACTION", "IN_PROGRESS"})
# "Default: 1440 (24 hours)"
TIMEOUT = 1440


def begin(
    configuration: dict[str, Any],
    stage: str,
    at: float,
    env: Environment,
    kinds: Collection[str] = ("AWS_LAMBDA", "PAUSE"),
) -> list[Hook]:
    """Run the hooks of a stage: "All hooks configured at the same lifecycle stage run in parallel"."""
    runs = []
    for hook in configuration.get("lifecycleHooks") or []:
        if stage not in (hook.get("lifecycleStages") or []) or hook.get("targetType", "AWS_LAMBDA") not in kinds:
            continue
        timeout = hook.get("timeoutConfiguration") or {}
        pauses = hook.get("targetType") == "PAUSE"
        runs.append(
            Hook(
                id=ids.hook_id("pause" if pauses else "lambda"),
                stage=stage,
                target_type="PAUSE" if pauses else "AWS_LAMBDA",
                target_arn=hook.get("hookTargetArn"),
                status="AWAITING_ACTION" if pauses else "IN_PROGRESS",
                expires_at=at + env.timings.scaled(timeout.get("timeoutInMinutes", TIMEOUT) * 60),
                timeout_action=timeout.get("action", "ROLLBACK"),
            )
        )
        if not pauses:
            runs[-1].asks_at = at + env.functions.duration(runs[-1].target_arn or "", env.timings)
    return runs


def settle(hooks: Iterable[Hook], at: float, env: Environment) -> str | None:
    """Take the answers that are there. Returns why the deployment is rolled back, or None.

    "If any hook triggers a rollback, the entire deployment rolls back regardless of the status of other hooks".
    """
    for hook in hooks:
        while hook.status == "IN_PROGRESS" and hook.asks_at <= min(at, hook.expires_at):
            _ask(hook, env)
        if hook.status in ACTIVE and hook.expires_at <= at:
            hook.status = "TIMED_OUT"
    for hook in hooks:
        because = f"Service deployment rolled back because {hook.stage}"
        if hook.status == "TIMED_OUT" and hook.timeout_action == "ROLLBACK":
            kind = "pause hook" if hook.target_type == "PAUSE" else f"lifecycle hook {hook.target_arn}"
            return f"{because} {kind} timed out."
        if hook.status == "FAILED":
            return f"{because} lifecycle hook(s) failed. {hook.reason}"
    return None


def timers(hooks: Iterable[Hook]) -> Iterator[float]:
    """When something of these hooks is due."""
    for hook in hooks:
        if hook.status in ACTIVE:
            yield min(hook.asks_at, hook.expires_at)


def _ask(hook: Hook, env: Environment) -> None:
    """Invoke the Lambda function: "IN_PROGRESS – Amazon ECS invokes the function again after a delay"."""
    behaviour = env.functions.behaviour(hook.target_arn or "")
    if behaviour == "succeed":
        hook.status = "SUCCEEDED"
    elif behaviour == "fail":
        hook.status = "FAILED"
        hook.reason = f"Lifecycle hook target {hook.target_arn} returned FAILED status."
    elif behaviour == "invalid":
        hook.status = "FAILED"
        hook.reason = f"ECS was unable to parse the response from {hook.target_arn} due to HookStatus must not be null"
    else:
        hook.asks_at += max(env.timings.hook_callback, 0.001)


def resolve(hook: Hook, action: str) -> None:
    """ContinueServiceDeployment."""
    if action == "ROLLBACK":
        hook.status, hook.reason = "FAILED", f"Rollback of the pause hook {hook.id} was requested by a user."
    else:
        hook.status = "SUCCEEDED"
