# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Whether a deployment has failed, and why: stopped tasks, service events, and when a bad end is believed.

Deciding is pure; :func:`collect` reads. Stopped tasks are listed for at most an hour, so they are read while we wait.
"""

from __future__ import annotations

import math
import re
import typing as t
from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Answer, Aws, require
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import (
    AwsCallError,
    IncompleteAnswerError,
    error_handler,
)
from ansible_collections.lastgood.aws.plugins.module_utils._core.as_of import stamp
from ansible_collections.lastgood.aws.plugins.module_utils._core.causes import PULL_CANNOT_SUCCEED
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import api
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.deployments import Look
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Deployment, Event, Service

# The circuit breaker's own threshold: half of the desired count, at least 3 and at most 200
# (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html).
_LEAST_FAILURES: t.Final = 3
_MOST_FAILURES: t.Final = 200
_FAILURE_CODES: t.Final = frozenset({"TaskFailedToStart", "EssentialContainerExited"})
_UNHEALTHY: t.Final = re.compile(r"failed (?:ELB|container) health checks", re.IGNORECASE)
_EVENTS_SHOWN: t.Final = 10
_TEXT_LIMIT: t.Final = 500

# DescribeServices can show in turn what is and what was: Amazon's own CLI met that
# (https://github.com/aws/amazon-ecs-cli/pull/990), and others believe only three looks in a row
# (https://github.com/bugcrowd/ecs-deployment-monitor/pull/2).
# Ours is not PRIMARY, or not there: so it was before the write, too.
_CAN_BE_OLD: t.Final = frozenset({"went_back", "unlisted", "replaced"})
# Looks in a row that have to agree, and for how many seconds they have to. None of them may have listed yet what AWS
# accepted: then for longer.
_AGREE: t.Final = 3
_AGREE_FOR: t.Final = 4.0
_UNLISTED_FOR: t.Final = 8.0
# After so many they are believed even if the record of our deployment says otherwise: it is only another answer.
_IN_SPITE_OF_THE_RECORD_FOR: t.Final = 18.0


@dataclass(frozen=True)
class StoppedTask:
    """A task of our deployment that stopped."""

    arn: str
    stop_code: str
    reason: str
    exit_code: int | None
    started_at: datetime | None
    stopped_at: datetime | None

    @property
    def failed(self) -> bool:
        """It stopped because something is wrong with it, not because ECS or somebody wanted it gone."""
        return self.stop_code in _FAILURE_CODES or bool(_UNHEALTHY.search(self.reason))

    @property
    def counted(self) -> bool:
        """The circuit breaker counts it: it was never RUNNING, or did not pass its health checks.

        https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Deployment.html (failedTasks)
        """
        return self.started_at is None or self.stop_code != "EssentialContainerExited"

    @property
    def cause(self) -> str:
        """Why it stopped, with the exit code if there is one."""
        text = self.reason or self.stop_code or "no reason given"
        return f"{text} (exit code {self.exit_code})" if self.exit_code is not None else text


@dataclass(frozen=True)
class Diagnosis:
    """What could be found out. ``unknown`` lists what could not be read, and why."""

    stopped: tuple[StoppedTask, ...] = ()
    running_since: datetime | None = None
    events: tuple[Event, ...] = ()
    rollout_reason: str = ""
    unknown: tuple[str, ...] = ()
    # Lifecycle events of a CodeDeploy deployment that failed.
    lifecycle: tuple[t.Mapping[str, str], ...] = ()

    def causes(self) -> list[tuple[str, int]]:
        """Why tasks failed, the most frequent first, with how many."""
        return Counter(task.cause for task in self.stopped if task.failed).most_common()

    def as_dict(self) -> dict[str, t.Any]:
        """For results: small, and without anything a container printed."""
        return {
            "rollout_reason": self.rollout_reason,
            "stopped_tasks": [{"reason": cause, "tasks": count} for cause, count in self.causes()],
            "events": [
                {"at": stamp(e.created_at) if e.created_at else None, "message": e.message}
                for e in self.events[:_EVENTS_SHOWN]
            ],
            "lifecycle_events": [dict(event) for event in self.lifecycle],
            "unknown": list(self.unknown),
        }

    def headline(self) -> str:
        """The one cause that matters most; empty if none is known."""
        causes = self.causes()
        if causes:
            cause, count = causes[0]
            total = sum(n for _cause, n in causes)
            return f"{cause} ({count} of {total} failed tasks)"
        return self.rollout_reason


def in_trouble(deployment: Deployment | None, seconds_without_progress: float) -> bool:
    """Worth the calls that a diagnosis costs: tasks failed, or nothing has moved for a while.

    ``failedTasks`` counts consecutive failures and goes back to 0 when one task runs, so a crash loop shows 0
    (https://github.com/aws/containers-roadmap/issues/1206); hence the second condition.
    """
    return deployment is None or deployment.failed > 0 or seconds_without_progress >= 20


def certain(diagnosis: Diagnosis, desired: int, circuit_breaker: bool) -> str | None:
    """Why it is certain that the deployment will not come up; None while it still may.

    If the circuit breaker is on, ECS decides about all that it counts, and what it decides is what counts. A task
    that was RUNNING and then exits it does not count (https://github.com/aws/containers-roadmap/issues/1206).
    """
    failed = [task for task in diagnosis.stopped if task.failed and not (circuit_breaker and task.counted)]
    hopeless = [task for task in failed if "CannotPull" in task.reason and PULL_CANNOT_SUCCEED.search(task.reason)]
    if len(hopeless) >= min(_LEAST_FAILURES, max(desired, 1)) and diagnosis.running_since is None:
        return diagnosis.headline()
    threshold = min(_MOST_FAILURES, max(_LEAST_FAILURES, math.ceil(desired / 2)))
    if len(failed) >= threshold and not _one_survives(diagnosis, failed):
        return diagnosis.headline()
    return None


def _one_survives(diagnosis: Diagnosis, failed: t.Sequence[StoppedTask]) -> bool:
    """A task that runs now has outlived the last failure: not all of them go down."""
    starts = [task.started_at for task in failed if task.started_at is not None]
    if diagnosis.running_since is None:
        return False
    return not starts or diagnosis.running_since < max(starts)


def collect(aws: Aws, service: Service, deployment_id: str, since: frozenset[str]) -> Diagnosis:
    """Read what can be read about one deployment; ``since`` are the ids of the events that were there before.

    Never raises for a permission that is missing: what it hides is reported as unknown.
    """
    unknown: list[str] = []
    stopped: tuple[StoppedTask, ...] = ()
    running_since: datetime | None = None
    try:
        tasks = _tasks(aws, service, "STOPPED", deployment_id)
        stopped = tuple(stopped_task(task) for task in tasks)
        starts = [task["startedAt"] for task in _tasks(aws, service, "RUNNING", deployment_id) if task.get("startedAt")]
        running_since = min(starts, default=None)
    except (AwsCallError, IncompleteAnswerError) as exc:
        unknown.append(f"the stopped tasks cannot be read. {exc.explain()}")
    ours = service.deployment(deployment_id)
    return Diagnosis(
        stopped=stopped,
        running_since=running_since,
        events=tuple(event for event in service.events if event.id not in since),
        rollout_reason=ours.rollout_reason if ours and ours.rollout_state == "FAILED" else "",
        unknown=tuple(unknown),
    )


def _tasks(aws: Aws, service: Service, status: str, deployment_id: str) -> list[Answer]:
    # startedBy must be the only filter of ListTasks, so the deployment is filtered here
    # (https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListTasks.html).
    arns = api.list_tasks(aws, service.cluster_arn, serviceName=service.name, desiredStatus=status)
    tasks = api.describe_tasks(aws, service.cluster_arn, arns) if arns else []
    return [task for task in tasks if task.get("startedBy") == deployment_id]


def stopped_task(task: Answer) -> StoppedTask:
    """A task as DescribeTasks shows it. The container's own words are added where the task's say little."""
    containers = task.get("containers") or []
    details = [str(c["reason"]) for c in containers if c.get("reason")]
    reason = str(task.get("stoppedReason") or "")
    if details and details[0] not in reason:
        reason = f"{reason}: {details[0]}" if reason else details[0]
    return StoppedTask(
        arn=str(task.get("taskArn", "")),
        stop_code=str(task.get("stopCode") or ""),
        reason=reason[:_TEXT_LIMIT],
        exit_code=next((c["exitCode"] for c in containers if c.get("exitCode") is not None), None),
        started_at=task.get("startedAt"),
        stopped_at=task.get("stoppedAt"),
    )


_ElbErrorHandler: t.Final = error_handler("elbv2")


# TargetHealthStateEnum in ELBv2's model. Those that drain are on their way out, whatever their health.
_ON_THEIR_WAY_OUT: t.Final = frozenset({"draining", "unhealthy.draining"})


# No health check is made: no listener uses the target group, or its checks are disabled
# (https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html).
_NOT_CHECKED: t.Final = frozenset({"unused", "unavailable"})


@dataclass(frozen=True)
class Health:
    """``serves`` is None if it is not known. ``note`` says what was seen, or why nothing was."""

    serves: bool | None
    note: str = ""


def target_health(aws: Aws, service: Service, wanted: int) -> Health:
    """Ask for the targets of all target groups. Never raises for a permission that is missing."""
    groups: dict[str, list[str]] = {}
    for balancer in service.load_balancers:
        arn = str(balancer.get("targetGroupArn") or "")
        if not arn:
            return Health(None, "the health behind a Classic Load Balancer is not read")
        try:
            groups[arn] = _states(aws, arn)
        except (AwsCallError, IncompleteAnswerError) as exc:
            return Health(None, f"whether its targets are healthy cannot be read. {exc.explain()}")
    return judge(groups, wanted)


def judge(groups: t.Mapping[str, t.Sequence[str]], wanted: int) -> Health:
    """From the states of the targets by target group: all of them healthy, and as many as there should be tasks."""
    for arn, states in groups.items():
        seen = Counter(state for state in states if state not in _ON_THEIR_WAY_OUT)
        name = arn.rpartition("targetgroup/")[2].partition("/")[0] or arn
        if seen and set(seen) <= _NOT_CHECKED:
            return Health(None, f"target group {name} makes no health checks ({', '.join(sorted(seen))})")
        if seen["healthy"] < wanted or set(seen) - {"healthy"}:
            return Health(False, f"{seen['healthy']} of {max(wanted, sum(seen.values()))} targets healthy in {name}")
    return Health(True)


@_ElbErrorHandler.common_error_handler("describe the health of target group {arn}")
def _states(aws: Aws, arn: str) -> list[str]:
    answer = aws.beside.call("elbv2", "describe_target_health", TargetGroupArn=arn)
    targets = require(answer, "TargetHealthDescriptions", "describe_target_health")
    return [str((target.get("TargetHealth") or {}).get("State", "")) for target in targets]


# -- When is a bad end believed that an old answer could show, too?


@dataclass
class Doubt:
    """What the looks at one service have shown so far. ``once``: there is only one, which has to do."""

    once: bool = False
    listed: bool = False
    in_a_row: int = 0
    # When the first of those in a row was, and the last look, in monotonic seconds.
    since: float = 0.0
    now: float = 0.0

    def looked(self, look: Look, now: float) -> None:
        """One more look."""
        self.listed = self.listed or look.ours is not None
        self.in_a_row = self.in_a_row + 1 if look.state in _CAN_BE_OLD else 0
        self.since = now if self.in_a_row <= 1 else self.since
        self.now = now

    def _agree_for(self, seconds: float) -> bool:
        return self.in_a_row >= _AGREE and self.now - self.since >= seconds

    def is_over(self, look: Look, contradicts: t.Callable[[], bool]) -> bool:
        """Whether the end that this last look shows is believed. ``contradicts`` asks our deployment's record."""
        if look.state not in _CAN_BE_OLD:
            return True
        if self._agree_for(_IN_SPITE_OF_THE_RECORD_FOR):
            return True
        if look.state == "unlisted" and not self.listed:
            return self._agree_for(_UNLISTED_FOR) and not contradicts()
        return (self.once or self._agree_for(_AGREE_FOR)) and not contradicts()
