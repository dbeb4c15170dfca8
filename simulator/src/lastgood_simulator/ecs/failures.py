# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When a deployment has failed: the circuit breaker and the alarms.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-alarm-failure.html
"""

from __future__ import annotations

import math
from typing import Any

from lastgood_simulator.ecs.model import Task


def breaker(configuration: dict[str, Any]) -> dict[str, Any] | None:
    """The circuit breaker's configuration, or None when it is off."""
    config: dict[str, Any] = configuration.get("deploymentCircuitBreaker") or {}
    return config if config.get("enable") else None


def threshold(configuration: dict[str, Any], desired: int) -> int:
    """How many consecutive failures trip the breaker: half the desired count, at least 3, at most 200, by default."""
    config = (configuration.get("deploymentCircuitBreaker") or {}).get("thresholdConfiguration") or {}
    kind, value = config.get("type", "BOUNDED_PERCENT"), config.get("value", 50)
    if kind == "COUNT":
        return int(value)
    failures: int = math.ceil(desired * value / 100)
    return failures if kind == "UNBOUNDED_PERCENT" else min(max(failures, 3), 200)


def resets_on_healthy_task(configuration: dict[str, Any]) -> bool:
    """Whether a task that becomes healthy sets the count back to 0."""
    return bool((configuration.get("deploymentCircuitBreaker") or {}).get("resetOnHealthyTask", True))


def alarm_names(configuration: dict[str, Any]) -> list[str]:
    """The alarms that can fail a deployment, none when the option is off."""
    config = configuration.get("alarms") or {}
    return list(config.get("alarmNames") or []) if config.get("enable") else []


def is_failure(task: Task, step: str) -> bool:
    """Whether this step of a task counts as a failed start.

    "A task is considered a failure if the service scheduler can't launch the task, the task doesn't transition to a
    RUNNING state, or if it fails any of its defined health checks and is stopped"
    (https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Deployment.html). So a task that exits after it was
    RUNNING, and healthy if that is checked, does not count: a crash loop can go on forever.
    """
    if step in ("pull_failed", "unhealthy"):
        return True
    was_ready = task.started_at is not None and (task.passed or not task.checked)
    return step == "exited" and not was_ready
