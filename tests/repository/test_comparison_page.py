# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""docs/comparison.md names a test for each defect: it exists, and no scenario is missing from the page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "comparison.md").read_text(encoding="utf-8")
DEFECTS = [
    *(f"W{number}" for number in range(1, 16)),
    *(f"E{number}" for number in range(1, 8)),
    *("R1", "R2", "R3", "R4", "A1", "A2"),
]
_TEST = re.compile(r"`(?:(tests/[\w/]+\.py)::)?(test_\w+)`")


def functions(file: str) -> set[str]:
    """The tests in a file of the repository."""
    return set(re.findall(r"^def (test_\w+)\(", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE))


def rows() -> list[tuple[str, str, str]]:
    """Each row of a table of defects: the ids, the file of tests that are named without one, and the row."""
    found = []
    for section in re.split(r"^## ", PAGE, flags=re.MULTILINE)[1:]:
        intro = section.partition("\n|")[0]
        default = re.search(r"`(tests/[\w/]+\.py)`", intro)
        for row in re.findall(r"^\| [WERA]\d.*$", section, re.MULTILINE):
            found.append((row.split(" | ")[0].strip("| "), default[1] if default else "", row))
    return found


ROWS = rows()
NAMED = {(file or default, test) for _ids, default, row in ROWS for file, test in _TEST.findall(row)}


def test_each_defect_has_a_row() -> None:
    listed = {name for ids, _default, _row in ROWS for name in re.findall(r"\b[WERA]\d+", ids)}
    assert listed == set(DEFECTS)


@pytest.mark.parametrize(("file", "test"), sorted(NAMED))
def test_each_test_that_is_named_exists(file: str, test: str) -> None:
    assert test in functions(file)


def test_each_defect_is_played_or_told_why_not() -> None:
    played, _heading, not_played = PAGE.partition("\n## Not played\n")
    for ids, _default, row in ROWS:
        assert (row in played) == bool(_TEST.search(row)), ids
        assert (row in not_played) != (row in played), ids


@pytest.mark.parametrize("file", sorted(path.name for path in (ROOT / "tests" / "e2e").glob("test_defects_*.py")))
def test_each_scenario_is_in_the_page(file: str) -> None:
    name = f"tests/e2e/{file}"
    assert {(name, test) for test in functions(name)} <= NAMED
