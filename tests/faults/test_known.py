# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is known to be wrong excuses that, and nothing else, and has to be wrong."""

from __future__ import annotations

import pytest

from tests.faults.known import KNOWN, Known, SortedOut, sorted_out

RULE = Known("marks come late", ("kill/*/after-its-end",), ("marked bad after",))
CASE = "kill/rolling/ecs.UpdateService-1/after/after-its-end"


@pytest.mark.parametrize(
    ("case", "wrongs", "found"),
    [
        (CASE, ["marked bad after the next run: []"], SortedOut((), ("marks come late",))),
        (CASE, ["marked bad after", "two back"], SortedOut(("two back",), ("marks come late",))),
        (CASE, [], SortedOut(("this is right, but known.py says: marks come late",), ())),
        ("kill/rolling/x/after/at-once", ["marked bad after"], SortedOut(("marked bad after",), ())),
        ("kill/rolling/x/after/at-once", [], SortedOut((), ())),
    ],
)
def test_what_is_known(case: str, wrongs: list[str], found: SortedOut) -> None:
    assert sorted_out(case, wrongs, [RULE]) == found


def test_the_table_is_small_and_says_what_it_is_about() -> None:
    assert len(KNOWN) <= 12
    assert len({rule.what for rule in KNOWN}) == len(KNOWN)
    assert all(rule.cases and rule.wrong for rule in KNOWN)
