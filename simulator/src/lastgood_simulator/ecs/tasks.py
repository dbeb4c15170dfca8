# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The life of a task: a pure state machine over its agenda.

States: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-lifecycle-explanation.html
Stop codes and reasons: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html
"""

from __future__ import annotations

from collections import deque

from lastgood_simulator.ecs.model import STARTING, Task
from lastgood_simulator.timings import Timings


def plan(task: Task, timings: Timings, now: float, delay: float) -> None:
    """Write the agenda of a task that is created at ``now`` and starts after ``delay``."""
    behaviours = {image.behaviour for image in task.images.values()}
    begin = now + delay
    start = timings.slow_start if "slow" in behaviours else timings.task_start
    running = begin + start
    steps: list[tuple[float, str]] = []
    if "cannot_pull" in behaviours:
        failed = begin + timings.pull_failure
        steps = [(begin + 0.2 * timings.pull_failure, "pending"), (failed, "pull_failed")]
    else:
        steps = [(begin + 0.2 * start, "pending"), (begin + 0.8 * start, "activating")]
        crash_after = min(
            (
                timings.crash if image.after is None else timings.scaled(image.after)
                for image in task.images.values()
                if image.behaviour == "crash"
            ),
            default=None,
        )
        if crash_after == 0:
            steps.append((running, "exited"))
        else:
            steps.append((running, "running"))
            if "unhealthy" in behaviours and task.checked:
                steps.append((running + timings.unhealthy, "unhealthy"))
            elif task.checked:
                steps.append((running + timings.healthy, "healthy"))
            if crash_after is not None:
                steps.append((running + crash_after, "exited"))
    task.agenda = deque(sorted(steps, key=lambda step: step[0]))


def stop(task: Task, now: float, draining: float, code: str, reason: str) -> None:
    """Begin to stop a task gracefully; one that is not RUNNING yet goes faster."""
    span = draining if task.last_status == "RUNNING" else draining / 4
    task.desired_status = "STOPPED"
    task.stop_code, task.stopped_reason = code, reason
    task.stopping_at = now
    task.last_status = "DEACTIVATING"
    task.agenda = deque([(now + 0.5 * span, "stopping"), (now + 0.8 * span, "deprovisioning"), (now + span, "stopped")])


def step(task: Task, timings: Timings) -> str:
    """Take the next step of the agenda and return it. Raises IndexError when there is none.

    After the step ``forgotten`` the task is no longer listed or described.
    """
    at, name = task.agenda.popleft()
    if name in _STATUS:
        task.last_status = _STATUS[name]
    if name == "pending":
        task.pull_started_at = at
    elif name == "activating":
        task.pull_stopped_at = at
    elif name == "running":
        task.started_at = at
    elif name == "healthy":
        _pass(task)
    elif name == "unhealthy":
        _fail_check(task, at, timings.draining)
    elif name == "pull_failed":
        _fail_to_pull(task, at)
        _stopped(task, at, timings)
    elif name == "exited":
        _exit(task, at)
        _stopped(task, at, timings)
    elif name == "stopped":
        _stopped(task, at, timings)
    return name


# The steps that are a change of lastStatus.
_STATUS = {
    "pending": "PENDING",
    "activating": "ACTIVATING",
    "running": "RUNNING",
    "stopping": "STOPPING",
    "deprovisioning": "DEPROVISIONING",
}


def _pass(task: Task) -> None:
    task.passed = True
    if task.task_definition.has_health_check:
        task.health = "HEALTHY"


def _fail_check(task: Task, at: float, draining: float) -> None:
    if task.task_definition.has_health_check:
        task.health = "UNHEALTHY"
        reason = "Task failed container health checks"
    else:
        reason = f"Task failed ELB health checks in (target-group {task.target_groups[0]})"
    stop(task, at, draining, "ServiceSchedulerInitiated", reason)


def _fail_to_pull(task: Task, at: float) -> None:
    definition, image = next(
        (container, task.images[container["name"]])
        for container in task.task_definition.containers
        if task.images[container["name"]].behaviour == "cannot_pull"
    )
    task.desired_status, task.stopping_at = "STOPPED", at
    task.stop_code = "TaskFailedToStart"
    task.stopped_reason = image.reason or pull_error(definition["image"])
    task.container_reasons[definition["name"]] = task.stopped_reason


def pull_error(image: str) -> str:
    """What Fargate says of an image that does not exist.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_cannot_pull_image.html
    """
    first = image.split("/", 1)[0]
    host = "" if "/" in image and ("." in first or ":" in first) else "docker.io/"
    ref = f"{host}{'' if host == '' or '/' in image else 'library/'}{image}"
    return (
        "CannotPullContainerError: pull image manifest has been retried 1 time(s): "
        f"failed to resolve ref {ref}: {ref}: not found"
    )


def _exit(task: Task, at: float) -> None:
    for container in task.task_definition.containers:
        image = task.images[container["name"]]
        if image.behaviour == "crash":
            task.exit_codes[container["name"]] = image.exit_code
            if image.reason:
                task.container_reasons[container["name"]] = image.reason
    task.desired_status, task.stopping_at = "STOPPED", at
    task.stop_code, task.stopped_reason = "EssentialContainerExited", "Essential container in task exited"


def _stopped(task: Task, at: float, timings: Timings) -> None:
    if task.started_at is not None or task.exit_codes:
        # 143: ended by SIGTERM.
        for container in task.task_definition.containers:
            task.exit_codes.setdefault(container["name"], 143)
    task.last_status, task.stopped_at = "STOPPED", at
    task.agenda = deque([(at + timings.stopped_tasks_kept, "forgotten")])


def starting(task: Task) -> bool:
    """On its way to RUNNING."""
    return task.live and task.last_status in STARTING
