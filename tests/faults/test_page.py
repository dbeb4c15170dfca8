# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The figures of docs/faults.md, and that the page tells of everything that is tried."""

from __future__ import annotations

import re

import pytest

from tests.faults import page
from tests.faults.__main__ import PAGE
from tests.faults.cases import AGAIN, RACES
from tests.faults.scenes import SCENES
from tests.faults.trouble import KINDS

CELLS = {("fault", "rolling"): 3, ("kill", "rolling"): 2, ("fault", "fast"): 4}


def test_the_figures_add_up() -> None:
    table = page.table("Measured today.", CELLS, 1, {"marks come late": 2})
    assert "| a fault, and the next run | 3 | 4 | 7 |" in table
    assert "| killed, and run again | 2 | – | 2 |" in table
    assert "| in all | 5 | 4 | **9** |" in table
    assert "9 runs, 1 wrong." in table
    assert "* marks come late: 2 runs." in table


def test_only_the_figures_are_rewritten() -> None:
    text = f"before\n{page.BEGIN}\nold\n{page.END}\nafter\n"
    assert page.rewritten(text, "new") == f"before\n{page.BEGIN}\n\nnew\n\n{page.END}\nafter\n"
    with pytest.raises(ValueError, match="no place"):
        page.rewritten("a page", "new")


def test_the_page_tells_of_everything() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for name in (*SCENES, *KINDS, *AGAIN):
        assert f"`{name}`" in text
    assert all(f"{many} times {count} at once" in text for count, many in RACES.items())


def test_the_figures_are_there() -> None:
    figures = PAGE.read_text(encoding="utf-8").partition(page.BEGIN)[2].partition(page.END)[0]
    found = re.search(r"(\d+) runs, (\d+) wrong\.", figures)
    assert found is not None
    assert int(found[1]) > 100
    assert int(found[2]) == 0
