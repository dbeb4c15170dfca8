# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Marks that somebody sets or removes by hand: the tags of a task definition, and what a change of them takes.

What the marks mean to a rollback is decided elsewhere; here they are written so that a run that dies halfway leaves
nothing worse than what was there.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass, field, replace
from datetime import datetime

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import (
    AwsCallError,
    IncompleteAnswerError,
    error_handler,
)
from ansible_collections.lastgood.aws.plugins.module_utils._core import advice
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import api, marks, names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Finding, TaskDefinition

Outcome = t.Literal["marked", "unmarked", "unchanged", "planned", "failed"]
Say = t.Callable[[str], None]
_Trouble = t.Union[AwsCallError, IncompleteAnswerError]

KEYS: t.Final[dict[str, str]] = {
    "good": marks.GOOD,
    "bad": marks.BAD,
    "pinned": marks.PINNED,
    "barrier": marks.BARRIER,
}
# What a rollback writes beside a mark: for which services it speaks.
_BESIDE: t.Final = {"bad": marks.BAD_OF}
_OPPOSITES: t.Final = {"good": "bad", "bad": "good"}
# "Maximum number of tags per resource - 50", and those that begin with aws: "do not count against your tags per
# resource limit" (https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TagResource.html).
_MOST_TAGS: t.Final = 50
_REMOVE_ONE: t.Final = f"Remove a tag that is no longer needed, then {advice.RUN_AGAIN}"
_STAMP: t.Final = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z")
_Errors: t.Final = error_handler("ecs")


class BadRequest(ValueError):
    """The options cannot be meant. The message names the option and says what to give."""


@dataclass(frozen=True)
class Wish:
    """What is asked for. ``reason`` is empty if none was given."""

    mark: str
    present: bool
    reason: str
    now: datetime

    @property
    def key(self) -> str:
        """The tag's key."""
        return KEYS[self.mark]


@dataclass(frozen=True)
class Put:
    """Write a tag."""

    key: str
    value: str


@dataclass(frozen=True)
class Remove:
    """Delete a tag."""

    key: str


Step = t.Union[Put, Remove]


@dataclass(frozen=True)
class Decision:
    """What to do, in order, and why. ``problem`` says why it cannot be done; there are no steps then."""

    steps: tuple[Step, ...] = ()
    reason: str = ""
    problem: str = ""
    findings: tuple[Finding, ...] = ()


def task_definitions(given: t.Sequence[str]) -> list[str]:
    """The task definitions asked for, each once. Raises :class:`BadRequest`."""
    found = list(dict.fromkeys(text.strip() for text in given))
    if not found or not all(found):
        raise BadRequest("task_definition: no task definition is named. Give at least one, and no empty names")
    wrong = [name for name in found if names.parse(name) is None]
    if wrong:
        raise BadRequest(
            f"task_definition: {', '.join(repr(name) for name in wrong)} is neither family:number (web:41) nor the "
            "ARN of a task definition with its revision"
        )
    return found


def marks_in(tags: t.Mapping[str, str]) -> dict[str, str]:
    """The marks among the tags: ``{"bad": "2026-11-20T14:03:05Z 500s"}``."""
    return {mark: tags[key] for mark, key in KEYS.items() if key in tags}


def decide(definition: TaskDefinition, wish: Wish) -> Decision:
    """What it takes that the task definition has, or has not, the mark."""
    speaks = _BESIDE.get(wish.mark, "")
    beside: list[Step] = [Remove(speaks)] if speaks in definition.tags else []
    if not wish.present:
        return _without(definition, wish, beside)
    value = marks.mark_value(wish.now, wish.reason)
    present = definition.tags.get(wish.key)
    opposite = _OPPOSITES.get(wish.mark, "")
    in_the_way = KEYS[opposite] if opposite and KEYS[opposite] in definition.tags else ""
    steps: list[Step] = []
    if present is None or not _says(present, wish.reason):
        steps.append(Put(wish.key, value))
    else:
        value = present
    # From here on the mark is somebody's own, and counts for every service.
    steps += beside
    if in_the_way:
        steps += [Remove(key) for key in (in_the_way, _BESIDE.get(opposite, "")) if key in definition.tags]
    findings = _findings(definition, wish)
    if not steps:
        return Decision(reason=f"already marked {wish.mark}: {value}", findings=findings)
    if present is None and _count(definition.tags) >= _MOST_TAGS:
        if not in_the_way:
            return Decision(
                problem=f"it has {_MOST_TAGS} tags, and AWS allows no more, so {wish.key} does not fit. No mark was "
                f"changed. {_REMOVE_ONE}"
            )
        steps.reverse()
    reason = f"marked {wish.mark}: {value}" + (f", no longer {opposite}" if in_the_way else "")
    return Decision(tuple(steps), reason, findings=findings)


def _without(definition: TaskDefinition, wish: Wish, beside: t.Iterable[Step]) -> Decision:
    """Remove the mark, with what stands beside it."""
    if wish.key not in definition.tags:
        return Decision(reason=f"not marked {wish.mark}")
    return Decision((Remove(wish.key), *beside), f"no longer marked {wish.mark}")


def _says(value: str, reason: str) -> bool:
    """A mark that is there gives this reason already, or none was asked for."""
    if not reason:
        return True
    stamp, _space, rest = value.partition(" ")
    if not _STAMP.fullmatch(stamp):
        return value == marks.tag_value(reason)
    # The tag may have cut the reason off, so it is compared as it would be written.
    return marks.tag_value(f"{stamp} {reason}") == f"{stamp} {rest}"


def _count(tags: t.Mapping[str, str]) -> int:
    return sum(not key.lower().startswith("aws:") for key in tags)


def _findings(definition: TaskDefinition, wish: Wish) -> tuple[Finding, ...]:
    short = names.short(definition.arn)
    if definition.status == "DELETE_IN_PROGRESS":
        return (Finding("status", "warn", f"{short} is being deleted, and its marks with it"),)
    if definition.status == "INACTIVE" and wish.mark == "good":
        message = f"{short} is INACTIVE. ECS deploys only ACTIVE task definitions, whatever their marks say"
        return (Finding("status", "warn", message),)
    if definition.status == "INACTIVE" and wish.mark == "pinned":
        return (Finding("status", "warn", f"{short} is INACTIVE: it has been deregistered already"),)
    return ()


@dataclass(frozen=True)
class Result:
    """How it ended for one task definition. ``after`` is None if AWS did not answer, so nobody knows."""

    asked: str
    definition: TaskDefinition | None = None
    decision: Decision = field(default_factory=Decision)
    outcome: Outcome = "failed"
    changed: bool = False
    reason: str = ""
    after: t.Mapping[str, str] | None = None

    @property
    def name(self) -> str:
        """``family:revision``."""
        return names.short(self.definition.arn if self.definition else self.asked)

    @property
    def label(self) -> str:
        """The findings name the revision themselves."""
        return ""

    @property
    def failed(self) -> bool:
        """It could not be marked."""
        return self.outcome == "failed"

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What there is to say about the revision."""
        return self.decision.findings

    @property
    def before(self) -> dict[str, str]:
        """The marks that were read; empty if none could be read."""
        return marks_in(self.definition.tags) if self.definition else {}

    def as_dict(self) -> dict[str, t.Any]:
        """For results."""
        return {
            "task_definition": self.definition.arn if self.definition else self.asked,
            "status": self.definition.status if self.definition else None,
            "outcome": self.outcome,
            "changed": self.changed,
            "before": self.before,
            "after": None if self.after is None else marks_in(self.after),
            "reason": self.reason,
            "findings": [finding.as_dict() for finding in self.findings],
        }

    def diff(self) -> dict[str, t.Any]:
        """For diff mode."""
        return {
            "before_header": self.name,
            "after_header": self.name,
            "before": self.before,
            "after": {} if self.after is None else marks_in(self.after),
        }


def mark(aws: Aws, asked: t.Sequence[str], wish: Wish, check_mode: bool, say: Say) -> list[Result]:
    """Mark, or unmark, all of them. One that fails does not keep the others from being marked."""
    results: list[Result] = []
    done: set[str] = set()
    for name in asked:
        planned = _plan(aws, name, wish)
        if planned.definition is not None:
            # The same revision may be named by its ARN and by its short name.
            if planned.definition.arn in done:
                continue
            done.add(planned.definition.arn)
        results.append(planned if check_mode or planned.outcome != "planned" else _act(aws, planned, wish, say))
    return results


def _plan(aws: Aws, name: str, wish: Wish) -> Result:
    try:
        definition = api.describe_task_definition(aws, name)
    except (AwsCallError, IncompleteAnswerError) as exc:
        return Result(name, reason=f"{_sentence(exc)} No mark was changed", after={})
    if definition is None:
        return Result(
            name,
            reason=f"there is no task definition {names.short(name)} in this account and Region, or none that ECS "
            "still shows: one that is INACTIVE and no longer used need not be shown",
            after={},
        )
    # By now AWS has said what time it is.
    decision = decide(definition, replace(wish, now=aws.clock.now()))
    if decision.problem:
        return Result(name, definition, decision, reason=decision.problem, after=definition.tags)
    if not decision.steps:
        return Result(name, definition, decision, "unchanged", reason=decision.reason, after=definition.tags)
    after = dict(definition.tags)
    for step in decision.steps:
        _apply(after, step)
    return Result(name, definition, decision, "planned", True, decision.reason, after)


def _apply(tags: dict[str, str], step: Step) -> None:
    if isinstance(step, Put):
        tags[step.key] = step.value
    else:
        tags.pop(step.key, None)


def _act(aws: Aws, planned: Result, wish: Wish, say: Say) -> Result:
    definition = t.cast(TaskDefinition, planned.definition)
    tags = dict(definition.tags)
    written = False
    for step in planned.decision.steps:
        try:
            if isinstance(step, Put):
                api.tag_resource(aws, definition.arn, {step.key: step.value})
            else:
                _untag_resource(aws, definition.arn, step.key)
        except (AwsCallError, IncompleteAnswerError) as exc:
            result = _failed(exc, planned, step, written, tags)
            say(f"[{planned.name}] {result.reason}")
            return result
        written = True
        _apply(tags, step)
    say(f"[{planned.name}] {planned.reason}")
    return replace(planned, outcome="marked" if wish.present else "unmarked", after=tags)


@_Errors.common_error_handler("remove the tag {key} of {arn}")
def _untag_resource(aws: Aws, arn: str, key: str) -> None:
    aws.call("ecs", "untag_resource", resourceArn=arn, tagKeys=[key])


def _failed(exc: _Trouble, planned: Result, step: Step, written: bool, tags: t.Mapping[str, str]) -> Result:
    definition = t.cast(TaskDefinition, planned.definition)
    text = _sentence(exc)
    if exc.no_answer:
        reason = f"{text} Whether the marks of {planned.name} have changed is not known. {advice.AGAIN}"
        return replace(planned, outcome="failed", changed=True, reason=reason, after=None)
    if definition.status != "ACTIVE" and not exc.is_denied and not exc.is_throttled:
        text += (
            f" {planned.name} is {definition.status}: AWS does not document that the tags of such a revision can be "
            "changed."
        )
    if exc.code == "LimitExceededException":
        text += f" {_REMOVE_ONE}."
    what = f"{step.key} was {'not written' if isinstance(step, Put) else 'not removed'}"
    if not written:
        return replace(planned, outcome="failed", changed=False, reason=f"{text} No mark was changed", after=tags)
    if marks.BAD in tags and marks.GOOD in tags:
        what += ". It now has both marks, of which bad counts"
    return replace(planned, outcome="failed", changed=True, reason=f"{text} {what}", after=tags)


def _sentence(exc: _Trouble) -> str:
    return f"{exc.explain().rstrip('.')}."


def summary(results: t.Sequence[Result]) -> str:
    """Why the module failed: each one that could not be marked, and what happened to the others."""
    failed = [result for result in results if result.failed]
    text = " ".join(f"{result.name}: {result.reason.rstrip('.')}." for result in failed)
    others = len(results) - len(failed)
    return f"{text} {others} of {len(results)} task definitions are as they should be." if others else text
