# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._core.clock import Clock


def test_real_time(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    monkeypatch.setattr(time, "monotonic", lambda: 7.0)
    clock = Clock()
    clock.sleep(3)
    assert (slept, clock.monotonic()) == ([3], 7.0)
    assert clock.now().utcoffset() == timedelta(0)
    assert abs(clock.now().timestamp() - time.time()) < 60


class Stopped(Clock):
    """A machine whose clock is two minutes fast. Its monotonic clock is moved by hand."""

    seconds = 100.0

    def monotonic(self) -> float:
        return self.seconds

    def machine(self) -> datetime:
        return AT + timedelta(minutes=2)


AT = datetime(2026, 11, 29, 18, 34, 46, tzinfo=UTC)


def test_the_time_of_day_is_that_of_aws() -> None:
    clock = Stopped()
    assert clock.now() == AT + timedelta(minutes=2)
    clock.learn(AT)
    assert clock.now() == AT
    clock.seconds += 40
    assert clock.now() == AT + timedelta(seconds=40)


def test_a_date_in_whole_seconds_that_arrives_late_does_not_put_the_clock_back() -> None:
    clock = Stopped()
    clock.learn(AT)
    clock.seconds += 10
    clock.learn(AT + timedelta(seconds=7))
    assert clock.now() == AT + timedelta(seconds=10)
    clock.learn(AT + timedelta(seconds=11))
    assert clock.now() == AT + timedelta(seconds=11)
