# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""The targets of a deployment: where it deploys, and how far it got there. Pure except :func:`read`."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Answer, Aws, batches
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy import api

# The member of a DeploymentTarget, by deploymentTargetType; the others are null.
_MEMBERS: t.Final = {
    "InstanceTarget": "instanceTarget",
    "LambdaTarget": "lambdaTarget",
    "ECSTarget": "ecsTarget",
    "CloudFormationTarget": "cloudFormationTarget",
}
# Any other TargetStatus in botocore's model means it is still in progress.
_ENDED: t.Final = frozenset({"Succeeded", "Failed", "Skipped"})
# A sentence names so many of them.
MOST_NAMED: t.Final = 5


@dataclass(frozen=True)
class LifecycleEvent:
    """One target's lifecycle event. ``log_tail`` is the end of its script's output and may hold secrets."""

    name: str
    status: str
    error_code: str = ""
    message: str = ""
    script: str = ""
    log_tail: str = field(default="", repr=False)

    @property
    def failed(self) -> bool:
        """Whether the deployment failed at this event."""
        return self.status == "Failed"

    def as_dict(self) -> dict[str, str]:
        """For results, without the script's output."""
        return {"event": self.name, "status": self.status, "error_code": self.error_code, "message": self.message}


@dataclass(frozen=True)
class EcsTarget:
    """An ECS service as a target. ``weights``: percentages of production traffic by task set id."""

    status: str
    events: tuple[LifecycleEvent, ...] = ()
    weights: t.Mapping[str, float] = field(default_factory=dict)

    def going(self) -> str:
        """The lifecycle event in progress; empty between two."""
        return _going(self.events)


@dataclass(frozen=True)
class Target:
    """A target of any kind: an instance, an ECS service, a Lambda function. ``label`` is Blue, Green or empty."""

    id: str
    kind: str
    status: str
    label: str = ""
    events: tuple[LifecycleEvent, ...] = ()

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen on it."""
        return self.status in _ENDED

    @property
    def failed_event(self) -> LifecycleEvent | None:
        """The event it failed at, or None."""
        return next((event for event in self.events if event.failed), None)

    def going(self) -> str:
        """The lifecycle event in progress; empty between two."""
        return _going(self.events)

    def event(self, name: str) -> LifecycleEvent | None:
        """The event of this name, or None."""
        return next((event for event in self.events if event.name == name), None)


def ecs(answer: Answer) -> EcsTarget:
    """Parse a DeploymentTarget of type ECSTarget."""
    target = answer["ecsTarget"]
    return EcsTarget(
        status=str(target.get("status") or ""),
        events=_events(target),
        weights={
            # The API spells it so: https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_ECSTaskSet.html
            str(item["identifer"]): float(item["trafficWeight"])
            for item in target.get("taskSetsInfo") or []
            if item.get("identifer") and item.get("trafficWeight") is not None
        },
    )


def of(answer: Answer) -> Target:
    """Parse a DeploymentTarget as BatchGetDeploymentTargets returns it."""
    kind = str(answer.get("deploymentTargetType") or "")
    shown = answer.get(_MEMBERS.get(kind, "")) or {}
    return Target(
        id=str(shown.get("targetId") or ""),
        kind=kind,
        status=str(shown.get("status") or ""),
        label=str(shown.get("instanceLabel") or ""),
        events=_events(shown),
    )


def read(aws: Aws, deployment: str, statuses: t.Sequence[str] = (), most: int | None = None) -> list[Target]:
    """The targets of a deployment, at most ``most``, with any or these statuses; none before it has begun.

    Raises :class:`AwsCallError` or :class:`IncompleteAnswerError`.
    """
    try:
        ids = api.list_deployment_targets(aws, deployment, statuses, most)
    except AwsCallError as exc:
        if exc.code == "DeploymentNotStartedException":
            return []
        raise
    found: list[Target] = []
    for batch in batches(ids, api.TARGETS_PER_CALL):
        found += [of(answer) for answer in api.batch_get_deployment_targets(aws, deployment, batch)]
    return found


def named(ids: t.Sequence[str]) -> str:
    """Ids of targets for a sentence: ``i-1, i-2, i-3, i-4, i-5 and 7 more``."""
    more = f" and {len(ids) - MOST_NAMED} more" if len(ids) > MOST_NAMED else ""
    return f"{', '.join(ids[:MOST_NAMED])}{more}"


def _going(events: t.Iterable[LifecycleEvent]) -> str:
    return next((event.name for event in events if event.status == "InProgress"), "")


def _events(target: Answer) -> tuple[LifecycleEvent, ...]:
    return tuple(_event(item) for item in target.get("lifecycleEvents") or [])


def _event(item: Answer) -> LifecycleEvent:
    diagnostics = item.get("diagnostics") or {}
    return LifecycleEvent(
        name=str(item.get("lifecycleEventName") or ""),
        status=str(item.get("status") or ""),
        error_code=str(diagnostics.get("errorCode") or ""),
        message=str(diagnostics.get("message") or ""),
        script=str(diagnostics.get("scriptName") or ""),
        log_tail=str(diagnostics.get("logTail") or ""),
    )
