# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""What to do with one target: the state machine of suspending, resuming and restoring. Pure.

The order of steps makes ``kill -9`` harmless: a record is written before the change it announces, and deleted only
after the change it was needed for. So between any two steps, the target's record tells ``restored`` which flags we
suspended.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.lastgood.aws.plugins.module_utils._core.advice import RUN_AGAIN
from ansible_collections.lastgood.aws.plugins.module_utils._scaling.journal import (
    KEY,
    Garbled,
    Journal,
    Origin,
    Record,
    Unread,
)
from ansible_collections.lastgood.aws.plugins.module_utils._scaling.model import (
    NONE,
    Finding,
    Flags,
    Outcome,
    State,
    words,
)


@dataclass(frozen=True)
class WriteRecord:
    """Write this record, replacing any other. ``needed``: if this fails, the steps after it must not run."""

    record: Record
    needed: bool


@dataclass(frozen=True)
class SetFlags:
    """Suspend exactly these flags."""

    suspended: Flags


@dataclass(frozen=True)
class ClearRecord:
    """Delete the record, if it is still this one."""

    record: Record


Step = t.Union[WriteRecord, SetFlags, ClearRecord]


@dataclass(frozen=True)
class Wish:
    """What the user asked for. ``flags`` are what ``state`` applies to. ``journal_required``: never suspend without a
    record.
    """

    state: State
    flags: Flags
    origin: Origin
    journal_required: bool = True


@dataclass(frozen=True)
class Decision:
    """The steps in order, and the state once all are done."""

    outcome: Outcome
    reason: str
    after: Flags
    journal: Journal
    steps: tuple[Step, ...] = ()
    findings: tuple[Finding, ...] = ()


def decide(wish: Wish, suspended: Flags, journal: Journal) -> Decision:
    """What to do with a target, given its suspended flags and its record."""
    if wish.state == "suspended":
        return _suspend(wish, suspended, journal)
    if wish.state == "resumed":
        return _resume(wish, suspended, journal)
    return _restore(wish, suspended, journal)


def _suspend(wish: Wish, suspended: Flags, journal: Journal) -> Decision:
    more = wish.flags - suspended
    if not more:
        return Decision("unchanged", f"{words(wish.flags)} already suspended", suspended, journal)
    if isinstance(journal, Garbled):
        return _refuse(suspended, journal, garbled_message(journal))
    if isinstance(journal, Unread) and wish.journal_required:
        return _refuse(
            suspended,
            journal,
            f"{journal.why} Without its record, suspending could not be undone exactly, so nothing was changed. Allow "
            "the call, or suspend with journal=best_effort and end it with state=resumed",
        )
    after = suspended | more
    reason = f"{words(more)} suspended"
    if isinstance(journal, Unread):
        # A new record might overwrite that of a crashed run, the only memory of what it suspended.
        return Decision("suspended", reason, after, journal, (SetFlags(after),), (unrecorded(journal.why),))
    findings: tuple[Finding, ...] = ()
    kept = NONE
    if journal is not None:
        kept = journal.ours & suspended
        if journal.touched_by_others(suspended):
            findings = (_touched(journal, suspended, "state=restored still goes back to what that run found"),)
    # A record is void once nothing in it is suspended, so this run writes its own.
    record = Record(kept | more, kept, kept | more, journal.origin if journal is not None and kept else wish.origin)
    steps = (WriteRecord(record, needed=wish.journal_required), SetFlags(after))
    return Decision("suspended", reason, after, record, steps, findings)


def _resume(wish: Wish, suspended: Flags, journal: Journal) -> Decision:
    wanted = wish.flags & suspended
    after, journal_after, steps = _give_back(wanted, suspended, journal, needed=False)
    findings: tuple[Finding, ...] = ()
    if isinstance(journal, Garbled):
        findings = (Finding("record", "warn", garbled_message(journal)),)
    elif isinstance(journal, Unread):
        findings = (Finding("record", "warn", f"{journal.why} If there is a record, it was left as it is"),)
    if wanted:
        return Decision("resumed", f"{words(wanted)} resumed", after, journal_after, steps, findings)
    if steps and isinstance(journal, Record):
        reason = f"{words(wish.flags)} already active; the record of {journal.origin} is cleared"
        return Decision("resumed", reason, after, journal_after, steps, findings)
    return Decision("unchanged", f"{words(wish.flags)} already active", after, journal_after, (), findings)


def _restore(wish: Wish, suspended: Flags, journal: Journal) -> Decision:
    if journal is None:
        reason = "nothing is recorded as suspended by us"
        if suspended:
            reason += f"; {words(suspended)} suspended by somebody else, left as it is"
        return Decision("unchanged", reason, suspended, journal)
    if isinstance(journal, Garbled):
        return _refuse(suspended, journal, garbled_message(journal))
    if isinstance(journal, Unread):
        return _refuse(
            suspended,
            journal,
            f"{journal.why} Without the record nobody knows what to put back, so nothing was changed. Allow the call, "
            "or use state=resumed to resume what you name",
        )
    if journal.touched_by_others(suspended):
        finding = _touched(journal, suspended, "It was left as it is. To resume it all: state=resumed")
        return Decision("left_alone", finding.message, suspended, journal, (), (finding,))
    wanted = wish.flags & suspended & journal.ours
    after, journal_after, steps = _give_back(wanted, suspended, journal, needed=True)
    if wanted:
        return Decision(
            "restored", f"{words(wanted)} active again, as before {journal.origin}", after, journal_after, steps
        )
    if steps:
        reason = f"nothing that {journal.origin} suspended is still suspended; the record is cleared"
        return Decision("restored", reason, after, journal_after, steps)
    return Decision("unchanged", f"{words(wish.flags)} not suspended by us", after, journal_after)


def _give_back(
    wanted: Flags, suspended: Flags, journal: Journal, needed: bool
) -> tuple[Flags, Journal, tuple[Step, ...]]:
    """Resume ``wanted``: the flags afterwards, the record afterwards, and the steps."""
    after = suspended - wanted
    flags: tuple[Step, ...] = (SetFlags(after),) if wanted else ()
    if not isinstance(journal, Record):
        return after, journal, flags
    ours = journal.ours & suspended
    if not ours & after:
        return after, None, (*flags, ClearRecord(journal))
    if not ours & wanted:
        return after, journal, flags
    smaller = Record(ours, ours, ours & after, journal.origin)
    return after, smaller, (WriteRecord(smaller, needed=needed), *flags)


def _refuse(suspended: Flags, journal: Journal, why: str) -> Decision:
    return Decision("refused", why, suspended, journal, (), (Finding("record", "block", why),))


def garbled_message(journal: Garbled) -> str:
    """The message for a record that this version cannot read."""
    return (
        f"the tag {KEY} holds '{journal.value}', which this version does not understand, so the record was left as it "
        f"is. If no newer version of lastgood.aws wrote it, remove that tag and {RUN_AGAIN}"
    )


def unrecorded(why: str) -> Finding:
    """The message for a suspension that state=restored will not find."""
    return Finding(
        "record",
        "warn",
        f"{why} The suspension is not recorded (journal=best_effort), so state=restored will not undo it: end it with "
        "state=resumed",
    )


def _touched(record: Record, suspended: Flags, what_now: str) -> Finding:
    now = words(suspended & record.ours)
    return Finding(
        "changed_by_others",
        "warn",
        f"since {record.origin} suspended {words(record.ours)}, somebody else has changed that: of these, {now} "
        f"suspended now. {what_now}",
    )
