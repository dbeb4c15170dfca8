# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Looking again until answers agree, or show what was written."""

from __future__ import annotations

import itertools
import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._aws.settled import agreed, once_right
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils.clocks import Ticking


def answers(shown: str, then: str = "") -> t.Callable[[], str]:
    """A look that brings these letters one after the other, then ``then`` over and over."""
    left = itertools.chain(shown, itertools.cycle(then or shown[-1]))
    return lambda: next(left)


@pytest.mark.parametrize(("shown", "waited"), [("nn", 0), ("nonn", 1), ("onn", 0.5), ("oo", 0)])
def test_two_looks_in_a_row_must_agree(shown: str, waited: float) -> None:
    clock = Ticking()
    assert agreed(answers(shown), clock) == shown[-1]
    assert clock.seconds == waited


def test_looks_that_never_agree_end() -> None:
    clock = Ticking()
    agreed(answers("on", then="on"), clock)
    assert clock.seconds == 10


@pytest.mark.parametrize(("shown", "waited"), [("n", 0), ("ooon", 1.5), ("o", 10)])
def test_what_was_written_is_looked_for(shown: str, waited: float) -> None:
    clock = Ticking()
    assert once_right(answers(shown), lambda seen: seen == "n", clock) == shown[-1]
    assert clock.seconds == waited


@pytest.mark.parametrize(
    ("shown", "then", "seen", "waited"),
    [("nnn", "", "n", 1), ("onnn", "", "n", 1.5), ("nonnn", "", "n", 2), ("on", "on", "o", 10)],
)
def test_it_may_have_to_be_seen_some_times_in_a_row(shown: str, then: str, seen: str, waited: float) -> None:
    clock = Ticking()
    assert once_right(answers(shown, then), lambda seen: seen == "n", clock, in_a_row=3) == seen
    assert clock.seconds == waited
