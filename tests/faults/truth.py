# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether what a run says is true, and whether the next one puts things right. Pure: plain data in, sentences out."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class State:
    """What AWS has. Versions are short names; ``moves`` are all deployments that ever began, the oldest first.

    ``bad`` has the mark of each version that is marked bad, ``suspended`` the parts of auto scaling, ``record`` the
    tags of the service that are ours.
    """

    on: str
    moves: tuple[str, ...]
    running: t.Mapping[str, int]
    bad: t.Mapping[str, str]
    inactive: frozenset[str]
    configuration: str
    suspended: frozenset[str]
    scaling_record: str
    record: t.Mapping[str, str]
    desired: int


@dataclass(frozen=True)
class Claim:
    """What a run says. ``still_suspended`` are the parts of auto scaling that it says it has left suspended.

    ``warned`` are the checks with a finding of the severity warn or unknown, ``steps_failed`` the steps that failed,
    and ``text`` is all that people are shown.
    """

    outcome: str
    changed: bool
    target: str
    marked: bool
    deregistered: str
    still_suspended: frozenset[str]
    warned: frozenset[str]
    failed: bool
    steps_failed: frozenset[str]
    text: str


@dataclass(frozen=True)
class Story:
    """What a case is about: a version that was good, the bad one that is left for it, and what runs at the end.

    Where ``runs`` is empty, old versions may stay beside it. ``marks``: what was left is marked, as of services, not of
    deployment groups. ``passes``: a run has to get over what it meets. ``bad_before`` may be marked too, since an
    earlier run has left it.
    """

    good: str
    bad: str
    runs: frozenset[str]
    marks: bool = True
    passes: bool = False
    bad_before: str = ""
    # The parts of auto scaling that somebody else has suspended.
    theirs: frozenset[str] = frozenset()
    # The deployment configuration that the service is to have.
    configuration: str = ""


# Ends after which the service is where the run says, or where it was.
GOOD_ENDS: t.Final = frozenset({"rolled_back", "unchanged"})
NOTHING_DONE: t.Final = frozenset({"refused", "not_attempted"})
# Ends that do not say how things stand: what was begun goes on.
OPEN: t.Final = frozenset({"lost_contact", "timeout", "started"})
_NOT_PUT_BACK: t.Final = ("configuration", "fast", "restore")

Rule = t.Callable[[State, State, Claim, Story], t.Iterator[str]]


def wrongs(before: State, after: State, claim: Claim, story: Story) -> list[str]:
    """What is not true of what a run says. ``before`` and ``after`` are what AWS had when it began and ended."""
    return [wrong for rule in RULES for wrong in rule(before, after, claim, story)]


def _where_it_is(before: State, after: State, claim: Claim, story: Story) -> t.Iterator[str]:
    if after.on not in (before.on, story.good):
        yield f"it went to {after.on}, which is neither {before.on} nor {story.good}"
    others = set(after.running) - story.runs if story.runs else set()
    if claim.outcome == "rolled_back" and (after.on != story.good or others or not after.running.get(story.good)):
        yield f"it says rolled_back, but {after.on} is PRIMARY and {dict(after.running)} run"
    if claim.outcome == "unchanged" and before.on != story.good:
        yield f"it says unchanged of a service on {before.on}"
    if claim.outcome in NOTHING_DONE and (after.on, after.moves) != (before.on, before.moves):
        yield f"it says {claim.outcome}, but what is deployed has changed: {_news(before, after)}"


def _changed(before: State, after: State, claim: Claim, story: Story) -> t.Iterator[str]:
    # What is PRIMARY may change without us.
    same = (before.moves, before.bad, before.inactive, before.configuration) == (
        *(after.moves, after.bad, after.inactive, after.configuration),
    )
    if not claim.changed and not same:
        yield f"it says that nothing was changed, but: {_news(before, after)}"
    if claim.changed and same and claim.outcome not in OPEN and before.record == after.record:
        yield "it says that something was changed, but nothing was"


def _nothing_was_written(before: State, after: State, claim: Claim, story: Story) -> t.Iterator[str]:
    written = (before.moves, before.bad, before.inactive) != (after.moves, after.bad, after.inactive)
    if written and "Nothing was written" in claim.text:
        yield f"it says 'Nothing was written', but: {_news(before, after)}"
    if "AWS has accepted" in claim.text and before.moves == after.moves:
        yield "it says that AWS has accepted a deployment, but there is none"


def _marks(before: State, after: State, claim: Claim, story: Story) -> t.Iterator[str]:
    if claim.marked and story.bad not in after.bad:
        yield f"it says that {story.bad} is marked bad, but it is not"
    if story.marks and claim.outcome == "rolled_back" and story.bad not in after.bad and "mark" not in claim.warned:
        yield f"{story.bad} is not marked bad, and nothing says so"
    others = set(after.bad) - {story.bad, story.bad_before}
    if others:
        yield f"{', '.join(sorted(others))} is marked bad"


def _deregistered(before: State, after: State, claim: Claim, story: Story) -> t.Iterator[str]:
    gone = after.inactive - before.inactive
    said = frozenset({claim.deregistered} - {""})
    if said - after.inactive:
        yield f"it says that {claim.deregistered} is deregistered, but it is not"
    if gone - said and claim.outcome in GOOD_ENDS and "deregister" not in claim.warned:
        yield f"{', '.join(sorted(gone))} is deregistered, and it does not say so"
    if gone - {story.bad, story.bad_before}:
        yield f"{', '.join(sorted(gone))} is deregistered"


def _configuration(before: State, after: State, claim: Claim, story: Story) -> t.Iterator[str]:
    if after.configuration == story.configuration or claim.outcome in OPEN:
        return
    if not any(word in check for check in claim.warned for word in _NOT_PUT_BACK):
        yield f"the deployment configuration is left as {after.configuration}, and nothing says so"


def _scaling(before: State, after: State, claim: Claim, story: Story) -> t.Iterator[str]:
    left = after.suspended - story.theirs
    if story.theirs - after.suspended:
        yield f"auto scaling that somebody had suspended was resumed: {sorted(story.theirs - after.suspended)}"
    unsaid = left - claim.still_suspended
    if unsaid and not _says_not_known(claim):
        yield f"auto scaling is still suspended, and it does not say so: {sorted(unsaid)}"
    if left and not claim.failed:
        yield "auto scaling is still suspended, and the run ended well"
    if claim.still_suspended and not left and not _says_not_known(claim):
        yield f"it says that auto scaling is still suspended, but it is not: {sorted(claim.still_suspended)}"


def _says_not_known(claim: Claim) -> bool:
    return "Whether AWS has changed what is suspended is not known" in claim.text


def _end(before: State, after: State, claim: Claim, story: Story) -> t.Iterator[str]:
    good = claim.outcome in GOOD_ENDS and not claim.steps_failed
    if claim.failed == good:
        yield f"the play {'fails' if claim.failed else 'succeeds'} with {claim.outcome} ({claim.steps_failed or 'ok'})"
    if "Traceback" in claim.text or "MODULE FAILURE" in claim.text:
        yield "a stack trace is shown"
    if story.passes and claim.outcome != "rolled_back":
        yield f"something that passes was not outlasted: {claim.outcome}"


RULES: t.Final[tuple[Rule, ...]] = (
    _where_it_is,
    _changed,
    _nothing_was_written,
    _marks,
    _deregistered,
    _configuration,
    _scaling,
    _end,
)


@dataclass(frozen=True)
class Wanted:
    """What the next run has to make of it: the state after a run that nothing disturbed.

    Without ``all_of_it`` only where the service is, auto scaling and the configuration are compared. ``moves`` is how
    many deployments there may be in all; ``stands``: old versions may go on running. ``unknown``: nobody can tell
    what the run before has left. ``may_ask``: nor whether there was one, so that a person has to decide.
    """

    state: State
    all_of_it: bool = True
    reason: str = ""
    moves: int = 0
    stands: bool = False
    unknown: bool = False
    may_ask: bool = False


def as_far_as_known(wanted: Wanted, claim: Claim | None, stands: bool) -> Wanted:
    """What the next run can make of it after a run that says that it could write down neither a mark nor a record.

    ``stands``: what it left goes on running beside the good version. Then it may just as well be about to take over.
    """
    if claim is None or not {"mark", "service_tags"} <= claim.warned:
        return wanted
    unknown = "Mark it with ecs_revision_mark" in claim.text
    return replace(wanted, unknown=unknown, may_ask=unknown and stands)


def not_put_right(wanted: Wanted, after: State, claim: Claim) -> list[str]:
    """What the next run has not put right."""
    return list(_not_put_right(wanted, after, claim))


def _not_put_right(wanted: Wanted, after: State, claim: Claim) -> t.Iterator[str]:
    asks = wanted.may_ask and claim.outcome == "refused"
    if (claim.outcome not in GOOD_ENDS or claim.failed) and not asks:
        yield f"the next run ended as {claim.outcome}{' and failed' if claim.failed else ''}"
    goal = wanted.state
    runs = {version: after.running.get(version) for version in goal.running} if wanted.stands else dict(after.running)
    if (after.on, runs) != (goal.on, dict(goal.running)):
        yield f"{after.on} is PRIMARY after the next run, and {dict(after.running)} run, not {goal.on}"
    if (after.suspended, bool(after.scaling_record)) != (goal.suspended, bool(goal.scaling_record)):
        yield f"auto scaling after the next run: {sorted(after.suspended)}, record {after.scaling_record!r}"
    if after.configuration != goal.configuration:
        yield f"the configuration after the next run is {after.configuration}"
    if any(key.startswith("lastgood:configuration") for key in after.record):
        yield "the record of the configuration is still there after the next run"
    if after.desired != goal.desired:
        yield f"{after.desired} tasks are wanted after the next run, not {goal.desired}"
    if not wanted.all_of_it:
        return
    if set(after.bad) != set(goal.bad) and not (wanted.unknown and not after.bad):
        yield f"marked bad after the next run: {sorted(after.bad)}, not {sorted(goal.bad)}"
    elif any(wanted.reason not in mark for mark in after.bad.values()):
        yield f"the reason is lost: {dict(after.bad)}"
    if after.inactive != goal.inactive:
        yield f"deregistered after the next run: {sorted(after.inactive)}, not {sorted(goal.inactive)}"
    if len(after.moves) > wanted.moves:
        yield f"it was deployed more than once: {after.moves}"


def _news(before: State, after: State) -> str:
    told = [
        f"{name} {getattr(before, name)} became {getattr(after, name)}"
        for name in ("on", "moves", "bad", "inactive", "configuration")
        if getattr(before, name) != getattr(after, name)
    ]
    return "; ".join(told)
