# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Carry out plans and report how each ended.

Nothing is suspended unless all targets can be. Resuming and restoring go on if one target fails, because every target
that stays suspended is one too many.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, replace

from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError, IncompleteAnswerError
from ansible_collections.lastgood.aws.plugins.module_utils._core import advice, keys
from ansible_collections.lastgood.aws.plugins.module_utils._scaling.decide import (
    ClearRecord,
    SetFlags,
    Step,
    WriteRecord,
    unrecorded,
)
from ansible_collections.lastgood.aws.plugins.module_utils._scaling.journal import Journal, Record
from ansible_collections.lastgood.aws.plugins.module_utils._scaling.model import (
    Finding,
    Flags,
    Outcome,
    State,
    Target,
    sentence,
    words,
)
from ansible_collections.lastgood.aws.plugins.module_utils._scaling.plan import Plan

Say = t.Callable[[str], None]
Note = t.Callable[[t.Dict[str, t.Any]], None]
_Trouble = t.Union[AwsCallError, IncompleteAnswerError]
# What to do if something could not be read or written.
AGAIN: t.Final[t.Mapping[State, str]] = {
    "suspended": "Nothing was changed.",
    "resumed": "Run it again once AWS allows it: until then what is suspended stays so",
    "restored": "Run it again once AWS allows it, or run the playbook lastgood.aws.restore_scaling: until then what is "
    "suspended stays so",
}
_ENDED_BADLY: t.Final = frozenset({"refused", "failed", "not_attempted"})
_REPLACED: t.Final = Finding(
    "record",
    "warn",
    "another run has written its own record in the meantime. It was kept, so state=restored finds it",
)


def _nobody_notes(item: dict[str, t.Any]) -> None:
    """Used if nobody speaks for an interrupted run."""


class Targets(t.Protocol):
    """The calls for one kind of target. All raise :class:`AwsCallError` if AWS refuses or does not answer."""

    def write_record(self, target: t.Any, record: Record) -> None:
        """Write the record."""

    def set_flags(self, target: t.Any, suspended: Flags) -> None:
        """Suspend exactly these flags."""

    def read_journal(self, target: t.Any) -> Journal:
        """The record as it is now."""

    def delete_record(self, target: t.Any) -> None:
        """Delete the record, whatever it is."""


@dataclass(frozen=True)
class Result:
    """How it ended for one target. ``after`` is None if AWS did not answer, so nobody knows."""

    plan: Plan
    outcome: Outcome
    reason: str
    changed: bool
    after: Flags | None
    journal: Journal
    findings: tuple[Finding, ...]

    @property
    def label(self) -> str:
        """The target's resource id."""
        return self.plan.resource_id

    @property
    def failed(self) -> bool:
        """Whether it fails the module."""
        return self.outcome in _ENDED_BADLY or any(finding.severity == "block" for finding in self.findings)

    def as_dict(self) -> dict[str, t.Any]:
        """For results."""
        target = self.plan.target
        return {
            "resource_id": self.plan.resource_id,
            "outcome": self.outcome,
            "changed": self.changed,
            "reason": self.reason,
            "before": target.picture(target.suspended) if target else {},
            "after": target.picture(self.after) if target and self.after is not None else {},
            "record": self.journal.as_dict() if isinstance(self.journal, Record) else {},
            "findings": [finding.as_dict() for finding in self.findings],
        }

    def diff(self) -> dict[str, t.Any]:
        """For diff mode."""
        header, record = self.plan.resource_id, self.plan.journal
        before = {"record": record.as_dict() if isinstance(record, Record) else {}}
        after = {"record": self.as_dict()["record"]}
        return {
            "before_header": header,
            "after_header": header,
            "before": {**self.as_dict()["before"], **before},
            "after": {**self.as_dict()["after"], **after},
        }


def preview(item: Plan) -> Result:
    """How it would end, for check mode; how it ends if there is nothing to do."""
    made = item.decision
    outcome: Outcome = "planned" if made.steps else made.outcome
    return Result(item, outcome, made.reason, bool(made.steps), made.after, made.journal, made.findings)


def act(
    targets: Targets,
    state: State,
    plans: t.Sequence[Plan],
    say: Say,
    place: keys.Place = keys.PLAIN,
    note: Note = _nobody_notes,
) -> list[Result]:
    """Carry out the plans in order. ``note`` gets each result, and each attempt before it is made."""
    all_or_nothing = state == "suspended"
    stopped = all_or_nothing and any(item.blocked for item in plans)
    results = []
    for item in plans:
        if item.target is None or not item.decision.steps:
            result = preview(item)
        elif stopped:
            result = _not_attempted(item, item.target)
        else:
            note(_in_between(item, state).as_dict())
            result = _perform(targets, item, item.target, state)
            say(f"[{item.target.label(place)}] scaling: {result.reason}")
            stopped = all_or_nothing and result.failed
        note(result.as_dict())
        results.append(result)
    return results


def _in_between(item: Plan, state: State) -> Result:
    """The result while it is not known what is suspended. Records about to be written or deleted count."""
    made = item.decision
    journal = made.journal if state == "suspended" else item.journal
    return Result(item, made.outcome, made.reason, True, None, journal, made.findings)


def _not_attempted(item: Plan, target: Target) -> Result:
    reason = "nothing was changed here, because another target could not be suspended"
    return Result(item, "not_attempted", reason, False, target.suspended, item.journal, item.decision.findings)


def _perform(targets: Targets, item: Plan, target: Target, state: State) -> Result:
    made = item.decision
    result = Result(item, made.outcome, made.reason, False, target.suspended, item.journal, made.findings)
    for step in made.steps:
        try:
            result = _do(targets, target, step, result)
        except (AwsCallError, IncompleteAnswerError) as exc:
            result = _went_wrong(exc, target, state, step, result)
        if result.outcome == "failed":
            break
    return result


def _do(targets: Targets, target: Target, step: Step, result: Result) -> Result:
    if isinstance(step, WriteRecord):
        targets.write_record(target, step.record)
        return replace(result, changed=True, journal=step.record)
    if isinstance(step, SetFlags):
        targets.set_flags(target, step.suspended)
        return replace(result, changed=True, after=step.suspended)
    # Another run may have written its own record since, and must find it. AWS has no compare-and-delete, so a small gap
    # between the two calls remains.
    if _is_another(targets.read_journal(target), step.record):
        return replace(result, findings=(*result.findings, _REPLACED))
    targets.delete_record(target)
    return replace(result, changed=True, journal=None)


def _is_another(found: Journal, cleared: Record) -> bool:
    """Whether this is a record that was written after the one that is to be cleared.

    AWS may answer with an older one, or with none if this one is only seconds old.
    """
    if found is None or found == cleared:
        return False
    if not isinstance(found, Record):
        return True
    if found.origin == cleared.origin:
        return not found.ours <= cleared.ours
    return found.origin.at >= cleared.origin.at


def _went_wrong(exc: _Trouble, target: Target, state: State, step: Step, result: Result) -> Result:
    if isinstance(step, SetFlags):
        reason = _not_set(exc, target, state)
        if _no_answer(exc):
            return replace(result, outcome="failed", reason=reason, changed=True, after=None)
        return replace(result, outcome="failed", reason=reason)
    if isinstance(step, ClearRecord):
        return replace(result, findings=(*result.findings, _left_behind(exc)))
    if step.needed:
        return replace(result, outcome="failed", reason=_not_recorded(exc, target, state))
    finding = unrecorded(sentence(exc.explain())) if state == "suspended" else _outdated(exc)
    return replace(result, findings=(*result.findings, finding))


def _no_answer(exc: _Trouble) -> bool:
    # botocore's timeouts have a `response` too; it is None.
    return not isinstance(getattr(exc.exception, "response", None), dict)


def _not_recorded(exc: _Trouble, target: Target, state: State) -> str:
    text = (
        f"{sentence(exc.explain())} Without a record this could not be undone exactly, so no {target.part} was "
        f"changed: {words(target.suspended)} suspended, as before."
    )
    if state == "suspended" and not _no_answer(exc):
        text += (
            " If tagging cannot be allowed, suspend with journal=best_effort and end it with state=resumed, or leave "
            "auto scaling alone"
        )
    return text


def _not_set(exc: _Trouble, target: Target, state: State) -> str:
    if _no_answer(exc):
        return (
            f"{sentence(exc.explain())} Whether AWS has changed what is suspended is not known. "
            f"{advice.AGAIN}: it reads first, and the record keeps what was there before"
        )
    text = f"{sentence(exc.explain())} No {target.part} was changed: {words(target.suspended)} suspended, as before."
    if state == "suspended":
        return f"{text} A record of the attempt stays in a tag; state=restored clears it"
    return f"{text} {AGAIN[state]}"


def _left_behind(exc: _Trouble) -> Finding:
    return Finding(
        "record",
        "warn",
        f"{sentence(exc.explain())} What is suspended is as it should be; only the record is still there. "
        "Run state=restored again once the call is allowed, before somebody suspends the same by hand",
    )


def _outdated(exc: _Trouble) -> Finding:
    return Finding(
        "record",
        "warn",
        f"{sentence(exc.explain())} What you asked for is resumed, but the record still names it: state=restored will "
        "treat that as somebody else's change and leave the target alone. To resume the rest, use state=resumed",
    )


def summary(results: t.Sequence[Result]) -> str:
    """Why the module failed: what went wrong, and what happened to all the others."""
    troubles = [sentence(f"{result.plan.resource_id}: {result.reason}") for result in results if _is_cause(result)]
    counts: dict[str, int] = {}
    for result in results:
        counts[result.outcome] = counts.get(result.outcome, 0) + 1
    told = ", ".join(f"{count} {outcome.replace('_', ' ')}" for outcome, count in counts.items())
    text = " ".join(troubles)
    return f"{text} Of {len(results)} targets: {told}" if len(results) > 1 else text


def _is_cause(result: Result) -> bool:
    return result.failed and result.outcome != "not_attempted"
