# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What counts as suspended while AWS may still answer as if it were not."""

from __future__ import annotations

import typing as t
from datetime import UTC, datetime, timedelta

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._scaling.decide import Wish
from ansible_collections.lastgood.aws.plugins.module_utils._scaling.earlier import (
    NOTHING,
    Earlier,
    Settling,
    believed,
    decide_after,
    earlier,
    is_young,
    stamped,
)
from ansible_collections.lastgood.aws.plugins.module_utils._scaling.journal import (
    Garbled,
    Journal,
    Record,
    Unread,
    origin,
)
from ansible_collections.lastgood.aws.plugins.module_utils._scaling.model import FLAGS, NONE, Flags, ScalableTarget
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils.clocks import Ticking

NOW = datetime(2026, 11, 22, 14, 2, 11, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)
WHO = origin(NOW, "11111111", "ops@host", "500s")
IN, OUT, SCHEDULED = (frozenset({name}) for name in FLAGS)
RECORD = Record(IN | OUT, NONE, IN | OUT, WHO)
RESTORED = Wish("restored", frozenset(FLAGS), WHO)
WEB = "service/prod/web"


def picture(suspended: Flags) -> dict[str, t.Any]:
    return {**{f"{name}_suspended": name in suspended for name in FLAGS}, "min_capacity": 2, "max_capacity": 10}


def item(outcome: str, before: Flags, after: Flags | None, record: Journal) -> dict[str, t.Any]:
    return {
        "resource_id": WEB,
        "outcome": outcome,
        "before": picture(before),
        "after": {} if after is None else picture(after),
        "record": record.as_dict() if isinstance(record, Record) else {},
    }


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (item("suspended", SCHEDULED, IN | OUT | SCHEDULED, RECORD), Earlier(IN | OUT, True)),
        (item("suspended", NONE, IN, None), Earlier(IN, False)),
        # AWS did not answer the write.
        (item("failed", NONE, None, RECORD), Earlier(IN | OUT, True)),
        # AWS refused it. The record of the attempt stays.
        (item("failed", NONE, NONE, RECORD), Earlier(NONE, True)),
        (item("failed", NONE, NONE, None), NOTHING),
        # An earlier run's, which may be old.
        (item("unchanged", IN | OUT, IN | OUT, RECORD), NOTHING),
        (item("refused", NONE, NONE, None), NOTHING),
        (item("planned", NONE, IN, None), NOTHING),
    ],
)
def test_what_a_step_has_suspended(given: dict[str, t.Any], expected: Earlier) -> None:
    assert earlier([given]).get(WEB, NOTHING) == expected


def test_processes_of_a_group() -> None:
    given = {
        "resource_id": "web",
        "outcome": "suspended",
        "before": {"suspended_processes": ["Launch"]},
        "after": {"suspended_processes": ["Launch", "AZRebalance"]},
        "record": {"processes": ["AZRebalance"]},
    }
    assert earlier([given]) == {"web": Earlier(frozenset({"AZRebalance"}), True)}


@pytest.mark.parametrize("given", [None, []])
def test_nothing_is_nothing(given: t.Any) -> None:
    assert earlier(given) == {}


@pytest.mark.parametrize("given", [["web"], [{"resource_id": WEB}], [{}]])
def test_something_else_is_said(given: t.Any) -> None:
    with pytest.raises(ValueError, match="suspended_targets: this is not the list"):
        earlier(given)


@pytest.mark.parametrize(("seconds", "young"), [(0, True), (10, True), (11, False), (-2, True), (-60, False)])
def test_the_age_of_a_record(seconds: int, young: bool) -> None:
    assert is_young(RECORD, NOW + timedelta(seconds=seconds)) is young


@pytest.mark.parametrize(
    ("read", "journal", "ours", "now", "expected"),
    [
        # Read late: the record is there, the flags are not.
        (NONE, RECORD, NOTHING, NOW, IN | OUT),
        (SCHEDULED, RECORD, NOTHING, NOW, IN | OUT | SCHEDULED),
        (NONE, RECORD, Earlier(IN | OUT, True), LATER, IN | OUT),
        # Recorded, and then refused by AWS.
        (NONE, RECORD, Earlier(NONE, True), NOW, NONE),
        # Old: what is read counts.
        (NONE, RECORD, NOTHING, LATER, NONE),
        (IN | OUT, RECORD, NOTHING, LATER, IN | OUT),
        # In a state that none of our writes leaves: somebody else has changed it.
        (IN, RECORD, NOTHING, NOW, IN),
        (IN, RECORD, Earlier(IN | OUT, True), NOW, IN),
        # Suspended without a record.
        (NONE, None, Earlier(IN, False), LATER, IN),
        (SCHEDULED, None, NOTHING, NOW, SCHEDULED),
    ],
)
def test_what_counts_as_suspended(read: Flags, journal: Journal, ours: Earlier, now: datetime, expected: Flags) -> None:
    assert believed(read, journal, ours, now) == expected


@pytest.mark.parametrize(
    ("journal", "lacks"),
    [
        (None, True),
        (Record(IN, NONE, IN, WHO), True),
        (RECORD, False),
        (Garbled("2 something"), False),
        (Unread("AWS said no."), False),
    ],
)
def test_whether_the_record_is_there_yet(journal: Journal, lacks: bool) -> None:
    assert Earlier(IN | OUT, True).lacks(journal) is lacks
    assert not Earlier(IN | OUT, False).lacks(journal)


@pytest.mark.parametrize(("read", "outcome"), [(IN | OUT, "refused"), (OUT, "refused"), (NONE, "unchanged")])
def test_a_record_that_is_gone_is_not_called_nothing(read: Flags, outcome: str) -> None:
    made = decide_after(Earlier(IN | OUT, True), RESTORED, read, None)
    assert (made.outcome, made.steps) == (outcome, ())
    assert "nothing is recorded" not in made.reason
    assert "the record" in made.reason


def test_the_time_in_a_record_is_that_of_aws() -> None:
    assert stamped(RESTORED, LATER).origin.at == "2026-11-22T14:07:11Z"


class Late:
    """A target whose record and flags show up after some seconds, if ever."""

    def __init__(self, clock: Ticking, after: float) -> None:
        self._clock = clock
        self._after = after

    def _settled(self) -> bool:
        return self._clock.seconds >= self._after

    def find(self, resource_ids: t.Sequence[str]) -> dict[str, ScalableTarget]:
        return {WEB: target(IN | OUT if self._settled() else NONE)}

    def read_journal(self, target: ScalableTarget) -> Journal:
        return RECORD if self._settled() else None


def target(suspended: Flags) -> ScalableTarget:
    return ScalableTarget(WEB, "arn", 2, 10, suspended)


@pytest.mark.parametrize(("after", "waited"), [(0, 1), (2, 2), (14.5, 15), (99, 15)])
def test_a_record_is_waited_for(after: float, waited: float) -> None:
    clock, said = Ticking(NOW), list[str]()
    settling = Settling(Late(clock, after), clock, {WEB: Earlier(IN | OUT, True)}, said.append)
    _target, journal, suspended = settling.settle(RESTORED, target(NONE), None)
    assert (clock.seconds, len(said)) == (waited, 1)
    assert (journal, suspended) == ((RECORD, IN | OUT) if after < 99 else (None, NONE))


@pytest.mark.parametrize("known", [{}, {"service/prod/api": Earlier(IN, True)}, {WEB: Earlier(IN, False)}])
def test_otherwise_nothing_is_waited_for(known: dict[str, Earlier]) -> None:
    clock = Ticking(NOW)
    Settling(Late(clock, 99), clock, known).settle(RESTORED, target(NONE), None)
    assert clock.seconds == 0
