# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Why a deployment failed: which targets, at which event, and what helps. Pure except :func:`collect`."""

from __future__ import annotations

import re
import typing as t
from collections import Counter
from dataclasses import dataclass, field

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError, IncompleteAnswerError
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy import advice, targets
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.model import Deployment
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.targets import Target
from ansible_collections.lastgood.aws.plugins.module_utils._core import text
from ansible_collections.lastgood.aws.plugins.module_utils._core.causes import Cause

# Many fail for the same reason: the first ones show it, and results stay readable.
MOST_TARGETS: t.Final = 25
_TEXT_LIMIT: t.Final = 500
# How many of a script's last lines a message shows, and how much of each.
_MOST_LINES: t.Final = 3
_LINE_LIMIT: t.Final = 160
# The agent's own lines before a script's output, and what it writes before each line of that
# (lib/instance_agent/plugins/codedeploy/hook_executor.rb of aws/aws-codedeploy-agent).
_OF_THE_AGENT: t.Final = ("LifecycleEvent - ", "Script - ")
_STREAM: t.Final = re.compile(r"^\[std(?:out|err)\]")
# "Script at specified location: … failed with exit code …" (the same file).
_EXIT_CODE: t.Final = re.compile(r"exit code (\d+)")
_LOG_LIMIT: t.Final = 2000


@dataclass(frozen=True)
class FailedTarget:
    """A target that failed, and the event it failed at."""

    target: str
    event: str
    script: str = ""
    error_code: str = ""
    message: str = ""
    log_tail: str = field(default="", repr=False)

    @property
    def exit_code(self) -> int | None:
        """The exit code of the script; None if the agent names none."""
        found = _EXIT_CODE.search(self.message)
        return int(found[1]) if found else None

    @property
    def last_lines(self) -> tuple[str, ...]:
        """What the script printed last, without the agent's own lines and marks."""
        lines = [line for line in self.log_tail.splitlines() if not line.startswith(_OF_THE_AGENT)]
        printed = [text.line(_STREAM.sub("", line)).strip() for line in lines]
        shown = [line for line in printed if line][-_MOST_LINES:]
        return tuple(line if len(line) <= _LINE_LIMIT else f"{line[:_LINE_LIMIT]}…" for line in shown)

    @property
    def advice(self) -> str:
        """What to do about it; empty if we do not know."""
        return advice.on_event(self.event, self.error_code, self.message)

    @property
    def cause(self) -> str:
        """What it failed at, without the target's name, so that equal failures are equal."""
        where = f"{self.event} ({self.script})" if self.script else self.event
        code = self.error_code if self.error_code not in ("", "UnknownError") else ""
        what = ": ".join(part for part in (code, self.message.rstrip(".")) if part)
        return f"{where}: {what}" if what else where

    def as_dict(self) -> dict[str, t.Any]:
        """For results."""
        return {
            "target": self.target,
            "event": self.event,
            "script": self.script,
            "error_code": self.error_code,
            "exit_code": self.exit_code,
            "message": self.message,
            "log_tail": self.log_tail,
            "advice": self.advice,
        }


@dataclass(frozen=True)
class Diagnosis:
    """What could be found out. ``counts``: number of targets by status. ``unknown``: what could not be read."""

    deployment: str
    error_code: str = ""
    error: str = ""
    failed: tuple[FailedTarget, ...] = ()
    counts: t.Mapping[str, int] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()

    def causes(self) -> list[tuple[str, int]]:
        """What targets failed at, the most frequent first, with counts."""
        return Counter(item.cause for item in self.failed).most_common()

    @property
    def advice(self) -> tuple[str, ...]:
        """What to do, without duplicates: about the targets, or about the deployment if the targets say nothing."""
        found = dict.fromkeys(item.advice for item in self.failed if item.advice)
        general = advice.on_deployment(self.error_code)
        return tuple(found) or ((general,) if general else ())

    def headline(self) -> str:
        """The one cause that matters most, with what its script printed last; empty if none is known."""
        causes = self.causes()
        if not causes:
            return f"{self.error_code}: {self.error.rstrip('.')}" if self.error_code and self.error else self.error_code
        cause, count = causes[0]
        alike = [item for item in self.failed if item.cause == cause]
        # Only the first of many were read.
        least = "at least " if self.counts.get("Failed", 0) > len(self.failed) else ""
        first = alike[0]
        where = first.target if count == 1 else f"{least}{count} targets, {first.target} among them"
        printed = ", ".join(f'"{line}"' for line in first.last_lines)
        return f"{cause} on {where}. It printed last: {printed}" if printed else f"{cause} on {where}"

    def as_dict(self) -> dict[str, t.Any]:
        """For results."""
        return {
            "deployment_id": self.deployment,
            "error_code": self.error_code,
            "error": self.error,
            "targets": dict(self.counts),
            "failed_targets": [item.as_dict() for item in self.failed],
            "advice": list(self.advice),
            "unknown": list(self.unknown),
        }


def failed_target(target: Target, log_tail: bool) -> FailedTarget:
    """A failed target for results, with at most ``log_tail`` lines of its script's output."""
    event = target.failed_event
    if event is None:
        return FailedTarget(target.id, "")
    return FailedTarget(
        target=target.id,
        event=event.name,
        script=event.script,
        error_code=event.error_code,
        message=event.message[:_TEXT_LIMIT],
        log_tail=event.log_tail[-_LOG_LIMIT:] if log_tail else "",
    )


def of(deployment: Deployment, failed: t.Iterable[Target], log_tail: bool, unknown: tuple[str, ...] = ()) -> Diagnosis:
    """The diagnosis of a deployment, from its failed targets."""
    return Diagnosis(
        deployment=deployment.id,
        error_code=deployment.error_code,
        error=deployment.error[:_TEXT_LIMIT],
        failed=tuple(failed_target(target, log_tail) for target in failed),
        counts=dict(deployment.counts),
        unknown=unknown,
    )


def collect(aws: Aws, deployment: Deployment, log_tail: bool = True) -> Diagnosis:
    """Read what can be read about one deployment. What a missing permission hides is unknown."""
    try:
        failed = targets.read(aws, deployment.id, ["Failed"], MOST_TARGETS)
    except (AwsCallError, IncompleteAnswerError) as exc:
        return of(deployment, (), log_tail, (f"the targets cannot be read. {exc.explain()}",))
    return of(deployment, failed, log_tail)


def cause(aws: Aws, deployment: str) -> Cause:
    """The cause outside of the revision that the failed targets of a deployment name, each of them; empty if not."""
    try:
        failed = targets.read(aws, deployment, ["Failed"], MOST_TARGETS)
    except (AwsCallError, IncompleteAnswerError):
        return ""
    events = [target.failed_event for target in failed]
    found = [advice.cause(event.name, event.message) if event is not None else "" for event in events]
    return found[0] if found and all(found) else ""


# At the start of this event the agent removes the last revision's files, then it writes the new ones (installer.rb of
# aws/aws-codedeploy-agent). A failure before it has changed no file of the revision.
_INSTALL: t.Final = "Install"


# The events that shift traffic.
_TRAFFIC: t.Final = frozenset({"AllowTraffic", "BlockTraffic"})


# Statuses of an event that has not begun (LifecycleEventStatus in botocore's model).
_NOT_BEGUN: t.Final = frozenset({"Pending", "Skipped"})


@dataclass(frozen=True)
class Standing:
    """Number of instances by revision: the deployment's, the one before, and uncertain."""

    new: int = 0
    old: int = 0
    unknown: int = 0
    # Their ids: new, old, uncertain.
    names: tuple[tuple[str, ...], ...] = field(default=(), compare=False)

    @property
    def nowhere(self) -> bool:
        """Whether there are instances but all are uncertain."""
        return bool(self.unknown) and not self.new and not self.old

    def as_dict(self) -> dict[str, int]:
        """For results."""
        return {"new": self.new, "old": self.old, "unknown": self.unknown}

    def words(self, new: str, old: str, named: bool = False) -> str:
        """``of 4 instances 2 on A, 1 on B, 1 on neither for certain``; empty if there are no instances.

        With ``named``, each number is followed by the ids of the instances.
        """
        total = self.new + self.old + self.unknown
        counted = ((self.new, new), (self.old, old), (self.unknown, "neither for certain"))
        shown = [f" ({targets.named(ids)})" if named and ids else "" for ids in (self.names or ((), (), ()))]
        texts = [f"{count} on {what}{ids}" for (count, what), ids in zip(counted, shown) if count]
        return f"of {total} instance{'s' if total > 1 else ''} {', '.join(texts)}" if texts else ""


def standing_of(deployed: t.Sequence[Target]) -> Standing | None:
    """Where the instances of an in-place deployment stand; None if its targets do not tell: in blue/green the traffic
    decides, and an ECS service or a function is one target.
    """
    if any(target.kind != "InstanceTarget" or target.label for target in deployed):
        return None
    names = tuple(tuple(d.id for d in deployed if _where(d) == where) for where in ("new", "old", "unknown"))
    new, old, unknown = (len(ids) for ids in names)
    return Standing(new, old, unknown, names)


def originals_serve(deployed: t.Sequence[Target]) -> bool:
    """Whether the traffic of a blue/green deployment has certainly not left the original instances.

    Traffic is allowed to the replacement first, then blocked from the originals
    (https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-hooks.html).
    """
    originals = [target for target in deployed if target.label == "Blue"]
    begun = [event for target in deployed for event in target.events if event.status not in _NOT_BEGUN]
    return bool(originals) and not any(event.name in _TRAFFIC for event in begun)


def _where(target: Target) -> str:
    if target.status == "Succeeded":
        return "new"
    install = target.event(_INSTALL)
    if target.status in ("Failed", "Skipped", "Pending", "InProgress") and install is not None:
        return "old" if install.status in _NOT_BEGUN and not _after_install(target) else "unknown"
    return "old" if target.status in ("Skipped", "Pending") else "unknown"


def _after_install(target: Target) -> bool:
    """Whether an event after Install has begun, so Install was not skipped."""
    names = [event.name for event in target.events]
    after = target.events[names.index(_INSTALL) + 1 :]
    return any(event.status not in _NOT_BEGUN for event in after)
