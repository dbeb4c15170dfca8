# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What README.md and docs/choosing.md say of the ways in which a rollback ends."""

from __future__ import annotations

import re
import typing as t
from pathlib import Path

from ansible_collections.lastgood.aws.plugins.module_utils._core.findings import GOOD_ENDS, Outcome

ROOT = Path(__file__).resolve().parents[2]


def test_the_table_says_which_outcome_fails() -> None:
    page = (ROOT / "docs" / "choosing.md").read_text(encoding="utf-8")
    table = re.search(r"^\| outcome \|.*\n\|[-|]+\n((?:\|.*\n)+)", page, re.M)
    assert table
    rows = [[cell.strip() for cell in row.strip("|").split(" | ")] for row in table[1].splitlines()]
    told = {name.strip("`"): end.strip(" |") for name, _meaning, end in rows}
    assert set(told) == set(t.get_args(Outcome))
    assert {name for name, end in told.items() if end != "failed"} == GOOD_ENDS


def test_the_promise_names_each_outcome_that_does_not_fail_the_play() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    promise = re.search(r"\*\*It tells the truth\.\*\*(.*?)fails the play\.", readme, re.S)
    assert promise
    assert set(re.findall(r"`(\w+)`", promise[1])) == GOOD_ENDS
