# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import itertools
import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import IncompleteAnswerError
from ansible_collections.lastgood.aws.plugins.module_utils._aws.patience import Orphaned, Outlast, Patience
from ansible_collections.lastgood.aws.plugins.module_utils._core import progress
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import (
    FakeClock,
    connection_lost,
    refused_by_aws,
)


def test_a_pause_is_as_long_as_it_should_be_and_reminds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "orphaned", lambda: False)
    clock, reminded = FakeClock(), []
    began = clock.monotonic()
    patience = Patience(clock, lambda: reminded.append(clock.monotonic() - began))
    patience.pause(12)
    assert clock.monotonic() - began == pytest.approx(12)
    assert reminded == []
    patience.told()
    patience.pause(60)
    assert len(reminded) == 2
    assert reminded[0] <= 12 + 30
    assert reminded[1] - reminded[0] <= 30


def test_nobody_waits_for_a_play_that_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = iter([False, True])
    monkeypatch.setattr(progress, "orphaned", lambda: next(gone))
    clock = FakeClock()
    began = clock.monotonic()
    with pytest.raises(Orphaned):
        Patience(clock, lambda: None).pause(100)
    assert clock.monotonic() - began == pytest.approx(5)


# -- asking until AWS answers


class Line:
    """A telephone line that is dead until the clock says so."""

    def __init__(self, clock: FakeClock, dead_for: float, error: Exception | None = None) -> None:
        self._clock = clock
        self._until = clock.monotonic() + dead_for
        self._error = error or connection_lost()
        self.asked = 0

    def ask(self) -> str:
        self.asked += 1
        if self._clock.monotonic() < self._until:
            raise self._error
        return "hello"


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    said: list[str] = []
    monkeypatch.setattr(progress, "say", said.append)
    monkeypatch.setattr(progress, "orphaned", lambda: False)
    return said


@pytest.mark.parametrize("error", [connection_lost(), IncompleteAnswerError("cut")])
def test_no_answer_is_outlasted(lines: list[str], error: Exception) -> None:
    clock = FakeClock()
    line = Line(clock, 60, error)
    assert Outlast(clock, 300)(line.ask, "DescribeServices") == "hello"
    assert clock.seconds == 1060
    assert [said.partition(" s (")[0] for said in lines] == ["no contact with AWS for 26", "no contact with AWS for 52"]


def test_it_is_never_silent_for_long(lines: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    clock, said_at = FakeClock(), [1000.0]
    monkeypatch.setattr(progress, "say", lambda line: said_at.append(clock.monotonic()))
    Outlast(clock, 300)(Line(clock, 200).ask, "DescribeServices")
    assert max(b - a for a, b in itertools.pairwise([*said_at, clock.monotonic()])) <= 30


def test_it_gives_up_in_time(lines: list[str]) -> None:
    clock = FakeClock()
    with pytest.raises(type(connection_lost())):
        Outlast(clock, 300)(Line(clock, 1000).ask, "DescribeServices")
    assert clock.seconds == 1300


@pytest.mark.parametrize("error", [refused_by_aws("DescribeServices", "ExpiredTokenException"), ValueError("a defect")])
def test_an_answer_is_raised_at_once(lines: list[str], error: Exception) -> None:
    clock = FakeClock()
    with pytest.raises(type(error)):
        Outlast(clock, 300)(Line(clock, 1000, error).ask, "DescribeServices")
    assert clock.seconds == 1000


def test_it_does_not_go_past_another_limit(lines: list[str]) -> None:
    clock = FakeClock()
    with pytest.raises(type(connection_lost())):
        Outlast(clock, 300)(Line(clock, 1000).ask, "DescribeServices", until=1010)
    assert clock.seconds == 1010


def test_all_that_fails_together_has_its_time_once(lines: list[str]) -> None:
    clock = FakeClock()
    outlast = Outlast(clock, 300)
    for operation in ("TagResource", "RegisterScalableTarget", "TagResource"):
        with pytest.raises(type(connection_lost())):
            outlast(Line(clock, 9999).ask, operation)
    assert clock.seconds == 1300


def test_what_fails_while_others_work_has_its_time_once(lines: list[str]) -> None:
    clock = FakeClock()
    outlast = Outlast(clock, 300)
    for _target in range(5):
        assert outlast(Line(clock, 0).ask, "ListTagsForResource") == "hello"
        with pytest.raises(type(connection_lost())):
            outlast(Line(clock, 9999).ask, "RegisterScalableTarget")
    assert clock.seconds == 1300
    # And when it works again, it has its time again.
    assert outlast(Line(clock, 0).ask, "RegisterScalableTarget") == "hello"
    assert outlast(Line(clock, 250).ask, "RegisterScalableTarget") == "hello"


def test_nobody_asks_for_a_play_that_is_gone(lines: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    gone: t.Iterator[bool] = itertools.chain([False] * 8, itertools.repeat(True))
    monkeypatch.setattr(progress, "orphaned", lambda: next(gone))
    clock = FakeClock()
    with pytest.raises(Orphaned):
        Outlast(clock, 300)(Line(clock, 1000).ask, "DescribeServices")
    assert clock.seconds < 1020
