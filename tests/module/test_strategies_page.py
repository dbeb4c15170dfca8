# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""docs/strategies.md names a test for each kind of service in each situation: it has to exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._ecs import preflight

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "strategies.md").read_text(encoding="utf-8")
COLUMNS = ["in flight", "paused", "finished", "already rolled back"]
_TEST = re.compile(r"`(?:(test_\w+\.py)::)?(test_\w+)`")


def functions(file: str) -> set[str]:
    """The tests in a file of this folder."""
    return set(re.findall(r"^def (test_\w+)\(", (ROOT / "tests/module" / file).read_text(encoding="utf-8"), re.M))


def named() -> set[tuple[str, str]]:
    """File and name of every test on the page; the nearest file that was named before a table is that of its tests."""
    found = set()
    file = ""
    for line in PAGE.splitlines():
        for own, test in _TEST.findall(line):
            found.add((own or file, test))
        if re.search(r"^(Tests without a file|\| .* test in )", line):
            [file] = re.findall(r"`(test_\w+\.py)`", line)
    return found


def kinds() -> dict[str, list[str]]:
    """The cells of the table of each controller, by strategy."""
    found = {}
    for section in re.split(r"^## Controller ", PAGE, flags=re.M)[1:]:
        header = re.search(r"^\| strategy \| (.*) \|$", section, re.M)
        assert header is not None
        assert header[1].split(" | ") == COLUMNS
        for row in re.findall(r"^\| ([A-Z_]+ \| .*) \|$", section, re.M):
            strategy, *cells = row.split(" | ")
            found[f"{section.split()[0]} {strategy}"] = cells
    return found


@pytest.mark.parametrize(("file", "test"), sorted(named()))
def test_each_test_that_is_named_exists(file: str, test: str) -> None:
    assert test in functions(file)


def test_each_strategy_of_ecs_has_a_row() -> None:
    assert {f"ECS {strategy}" for strategy in preflight.STRATEGIES} <= set(kinds())


@pytest.mark.parametrize("kind", sorted(kinds()))
def test_each_situation_names_a_test_or_cannot_be(kind: str) -> None:
    for _column, cell in zip(COLUMNS, kinds()[kind], strict=True):
        assert bool(_TEST.search(cell)) != cell.startswith("it has no ")
