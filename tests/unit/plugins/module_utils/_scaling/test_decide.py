# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The state machine: all combinations, and a crash after every step of every history."""

from __future__ import annotations

import itertools
import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._scaling.decide import (
    ClearRecord,
    Decision,
    SetFlags,
    Step,
    Wish,
    WriteRecord,
    decide,
)
from ansible_collections.lastgood.aws.plugins.module_utils._scaling.journal import (
    KEY,
    Garbled,
    Journal,
    Origin,
    Record,
    Unread,
    encode,
    parse,
)
from ansible_collections.lastgood.aws.plugins.module_utils._scaling.model import FLAGS, NONE, Flags, State

IN, OUT, SCHEDULED = (frozenset({name}) for name in FLAGS)
ALL = frozenset(FLAGS)
STATES: tuple[State, ...] = ("suspended", "resumed", "restored")
FIRST = Origin("2026-11-22T14:00:00Z", "11111111", "ops@host", "first")
SECOND = Origin("2026-11-22T15:00:00Z", "22222222", "ops@host", "second")


def subsets(flags: t.Iterable[str]) -> list[Flags]:
    names = sorted(flags)
    return [frozenset(some) for size in range(len(names) + 1) for some in itertools.combinations(names, size)]


def records() -> list[Record]:
    return [
        Record(ours, old, new, FIRST)
        for ours in subsets(ALL)
        if ours
        for old in subsets(ours)
        for new in subsets(ours)
        if old != new
    ]


def wishes(origin: Origin = SECOND) -> list[Wish]:
    return [
        Wish(state, flags, origin, required)
        for state in STATES
        for flags in subsets(ALL)
        if flags
        for required in (True, False)
    ]


JOURNALS: list[Journal] = [*records(), None, Garbled("2 something newer"), Unread("AWS said no.")]
CASES = list(itertools.product(wishes(), subsets(ALL), JOURNALS))


class World:
    """A target in AWS: its suspended flags and its tags."""

    def __init__(self, suspended: Flags, journal: Journal) -> None:
        self.suspended = suspended
        self.unread = journal if isinstance(journal, Unread) else None
        self.tags: dict[str, str] = {}
        if isinstance(journal, Record):
            self.tags[KEY] = encode(journal)
        elif isinstance(journal, Garbled):
            self.tags[KEY] = journal.value

    def journal(self) -> Journal:
        return self.unread or parse(self.tags)

    def do(self, step: Step) -> None:
        if isinstance(step, WriteRecord):
            self.tags[KEY] = encode(step.record)
        elif isinstance(step, SetFlags):
            self.suspended = step.suspended
        else:
            assert self.tags.pop(KEY) == encode(step.record)

    def finish(self, wish: Wish) -> Decision:
        made = decide(wish, self.suspended, self.journal())
        for step in made.steps:
            self.do(step)
        return made


def test_every_decision_tells_where_its_steps_lead() -> None:
    for wish, suspended, journal in CASES:
        world = World(suspended, journal)
        made = world.finish(wish)
        assert (world.suspended, world.journal()) == (made.after, made.journal), (wish, suspended, journal)


def test_running_twice_writes_nothing_the_second_time() -> None:
    for wish, suspended, journal in CASES:
        world = World(suspended, journal)
        world.finish(wish)
        assert decide(wish, world.suspended, world.journal()).steps == (), (wish, suspended, journal)


def test_no_write_when_equal_and_never_a_step_for_nothing() -> None:
    for wish, suspended, journal in CASES:
        made = decide(wish, suspended, journal)
        assert SetFlags(suspended) not in made.steps, (wish, suspended, journal)
        assert bool(made.steps) == (made.outcome in STATES), (wish, suspended, journal)


def test_only_what_was_asked_for_changes() -> None:
    for wish, suspended, journal in CASES:
        after = decide(wish, suspended, journal).after
        case = (wish, suspended, journal)
        assert (suspended ^ after) <= wish.flags, case
        if wish.state == "suspended":
            assert suspended <= after, case
        else:
            assert after <= suspended, case
        if wish.state == "restored":
            ours = journal.ours if isinstance(journal, Record) else NONE
            assert (suspended ^ after) <= ours, case


def test_the_state_that_was_asked_for_is_reached_unless_something_was_refused() -> None:
    for wish, suspended, journal in CASES:
        made = decide(wish, suspended, journal)
        case = (wish, suspended, journal)
        if made.outcome == "refused":
            assert isinstance(journal, (Garbled, Unread)), case
            assert made.findings[0].severity == "block", case
        elif wish.state == "suspended":
            assert wish.flags <= made.after, case
        elif wish.state == "resumed":
            assert not wish.flags & made.after, case
        elif made.outcome == "restored":
            assert isinstance(journal, Record), case
            assert not wish.flags & journal.ours & made.after, case


def test_a_record_that_cannot_be_read_is_never_touched() -> None:
    for wish, suspended, journal in CASES:
        if isinstance(journal, (Garbled, Unread)):
            steps = decide(wish, suspended, journal).steps
            assert all(isinstance(step, SetFlags) for step in steps), (wish, suspended, journal)


def test_a_record_is_cleared_only_when_nothing_of_it_is_suspended_any_more() -> None:
    for wish, suspended, journal in CASES:
        made = decide(wish, suspended, journal)
        if any(isinstance(step, ClearRecord) for step in made.steps):
            assert isinstance(journal, Record)
            assert not journal.ours & made.after, (wish, suspended, journal)
            assert isinstance(made.steps[-1], ClearRecord), (wish, suspended, journal)


def test_what_a_record_still_holds_is_never_lost() -> None:
    """Its flags that are suspended before and after a decision are in the record before and after it."""
    for wish, suspended, journal in CASES:
        if isinstance(journal, Record):
            made = decide(wish, suspended, journal)
            kept = journal.ours & suspended & made.after
            if kept:
                assert isinstance(made.journal, Record), (wish, suspended, journal)
                assert kept <= made.journal.ours, (wish, suspended, journal)
                assert made.journal.origin == FIRST, (wish, suspended, journal)


def test_a_crash_after_any_step_of_any_history_loses_nothing() -> None:
    """From each original state, every history of runs, each of them cut off after any of its steps.

    Wherever that ends, one ``restored`` brings the original flags back and leaves no record. (A flag that somebody
    resumed explicitly on the way counts as active from then on.)
    """
    start = [(suspended, None, suspended) for suspended in subsets(ALL)]
    seen: set[tuple[Flags, str | None, Flags]] = set(start)
    queue = list(start)
    restore = Wish("restored", ALL, SECOND)
    while queue:
        suspended, tag, original = queue.pop()
        world = World(suspended, None)
        if tag is not None:
            world.tags[KEY] = tag
        made = world.finish(restore)
        assert made.outcome in ("restored", "unchanged"), (suspended, tag, original)
        assert (world.suspended, world.tags) == (original, {}), (suspended, tag, original)
        for wish in wishes():
            world = World(suspended, None)
            if tag is not None:
                world.tags[KEY] = tag
            then = original
            for step in decide(wish, suspended, parse(world.tags)).steps:
                world.do(step)
                if wish.state == "resumed" and isinstance(step, SetFlags):
                    then = original - wish.flags
                reached = (world.suspended, world.tags.get(KEY), then)
                if reached not in seen:
                    seen.add(reached)
                    queue.append(reached)
    assert len(seen) > 100


@pytest.mark.parametrize("original", subsets(ALL))
def test_a_suspension_set_on_purpose_survives(original: Flags) -> None:
    world = World(original, None)
    world.finish(Wish("suspended", ALL, FIRST))
    assert world.suspended == ALL
    world.finish(Wish("suspended", ALL, SECOND))
    world.finish(Wish("restored", ALL, SECOND))
    assert (world.suspended, world.tags) == (original, {})


def test_a_second_run_widens_the_record_of_a_first_one_and_keeps_its_origin() -> None:
    world = World(SCHEDULED, None)
    world.finish(Wish("suspended", IN, FIRST))
    world.finish(Wish("suspended", ALL, SECOND))
    assert world.journal() == Record(IN | OUT, IN, IN | OUT, FIRST)
    world.finish(Wish("restored", ALL, SECOND))
    assert (world.suspended, world.tags) == (SCHEDULED, {})


def test_a_run_that_was_killed_before_it_suspended_anything_leaves_no_claim() -> None:
    killed = Record(ALL, NONE, ALL, FIRST)
    made = decide(Wish("suspended", IN, SECOND), NONE, killed)
    assert made.journal == Record(IN, NONE, IN, SECOND)


@pytest.mark.parametrize(
    ("others", "outcome", "after"),
    [
        (ALL, "restored", NONE),
        (NONE, "restored", NONE),
        (IN, "left_alone", IN),
        (OUT | SCHEDULED, "left_alone", OUT | SCHEDULED),
    ],
)
def test_restoring_leaves_alone_what_somebody_else_has_changed(others: Flags, outcome: str, after: Flags) -> None:
    world = World(NONE, None)
    world.finish(Wish("suspended", ALL, FIRST))
    world.suspended = others
    made = world.finish(Wish("restored", ALL, SECOND))
    assert (made.outcome, world.suspended) == (outcome, after)
    # Whoever reads the report later still finds what was recorded.
    assert (KEY in world.tags) == (outcome == "left_alone")
    if outcome == "left_alone":
        assert [(f.check, f.severity) for f in made.findings] == [("changed_by_others", "warn")]
        assert "run 11111111 of ops@host at 2026-11-22T14:00:00Z (first)" in made.reason
        assert "state=resumed" in made.reason


def test_a_flag_that_was_not_ours_does_not_stop_the_restoring() -> None:
    world = World(SCHEDULED, None)
    world.finish(Wish("suspended", ALL, FIRST))
    world.suspended = IN | OUT
    world.finish(Wish("restored", ALL, SECOND))
    assert (world.suspended, world.tags) == (NONE, {})


def test_suspending_again_what_somebody_else_has_resumed_warns_and_keeps_what_was_there_first() -> None:
    world = World(NONE, None)
    world.finish(Wish("suspended", ALL, FIRST))
    world.suspended = IN | SCHEDULED
    made = world.finish(Wish("suspended", ALL, SECOND))
    assert [f.check for f in made.findings] == ["changed_by_others"]
    world.finish(Wish("restored", ALL, SECOND))
    assert (world.suspended, world.tags) == (NONE, {})


def test_a_part_can_be_restored_and_the_rest_later() -> None:
    world = World(NONE, None)
    world.finish(Wish("suspended", ALL, FIRST))
    world.finish(Wish("restored", OUT, SECOND))
    assert world.suspended == IN | SCHEDULED
    assert decide(Wish("restored", OUT, SECOND), world.suspended, world.journal()).outcome == "unchanged"
    world.finish(Wish("restored", ALL, SECOND))
    assert (world.suspended, world.tags) == (NONE, {})


def test_resuming_by_hand_clears_a_record_that_has_nothing_left() -> None:
    world = World(SCHEDULED, None)
    world.finish(Wish("suspended", ALL, FIRST))
    world.finish(Wish("resumed", IN | OUT, SECOND))
    assert (world.suspended, world.tags) == (SCHEDULED, {})


def test_without_a_record_restoring_says_whose_suspension_it_leaves() -> None:
    made = decide(Wish("restored", ALL, SECOND), OUT, None)
    assert made.outcome == "unchanged"
    assert made.reason == (
        "nothing is recorded as suspended by us; scale-out suspended by somebody else, left as it is"
    )


UNREAD = Unread("Failed to list the tags: AccessDeniedException.")


@pytest.mark.parametrize(
    ("state", "required", "journal", "outcome", "told"),
    [
        (
            "suspended",
            True,
            UNREAD,
            "refused",
            "nothing was changed. Allow the call, or suspend with journal=best_effort",
        ),
        ("suspended", False, UNREAD, "suspended", "state=restored will not undo it: end it with state=resumed"),
        ("resumed", True, UNREAD, "resumed", "If there is a record, it was left as it is"),
        ("restored", False, UNREAD, "refused", "nobody knows what to put back, so nothing was changed"),
        ("suspended", False, Garbled("x"), "refused", "the tag lastgood:scaling-suspended holds 'x'"),
        ("resumed", True, Garbled("x"), "resumed", "remove that tag and run the same command again"),
        ("restored", True, Garbled("x"), "refused", "so the record was left as it is"),
    ],
)
def test_a_record_that_cannot_be_read_is_told(
    state: State, required: bool, journal: Journal, outcome: str, told: str
) -> None:
    suspended = NONE if state == "suspended" else IN
    made = decide(Wish(state, ALL, SECOND, required), suspended, journal)
    assert made.outcome == outcome
    assert [finding.check for finding in made.findings] == ["record"]
    assert told in made.findings[0].message


@pytest.mark.parametrize(("state", "needed"), [("suspended", True), ("restored", True), ("resumed", False)])
def test_which_steps_need_their_record(state: State, needed: bool) -> None:
    suspended, journal = (NONE, None) if state == "suspended" else (ALL, Record(ALL, NONE, ALL, FIRST))
    step = decide(Wish(state, IN, SECOND), suspended, journal).steps[0]
    assert isinstance(step, WriteRecord)
    assert step.needed == needed
