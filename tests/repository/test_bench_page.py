# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""docs/performance.md has a place for each table of `make bench`, and each has been measured."""

from __future__ import annotations

import pytest

from tests.bench import page

TEXT = (
    "before\n<!-- figures: a -->\nold\n<!-- end of figures -->\nbetween\n<!-- figures: b -->\n<!-- end of figures -->\n"
)


def test_new_figures_take_the_place_of_old_ones() -> None:
    text = page.with_figures(TEXT, {"a": ["| 1 |"]})
    assert "old" not in text
    assert page.with_figures(text, {"a": ["| 2 |"]}) == text.replace("| 1 |", "| 2 |")
    assert text.endswith("between\n<!-- figures: b -->\n<!-- end of figures -->\n")


def test_figures_without_a_place_are_refused() -> None:
    with pytest.raises(ValueError, match="no part c"):
        page.with_figures(TEXT, {"c": []})


def test_the_page_has_all_of_them() -> None:
    text = page.PAGE.read_text(encoding="utf-8")
    assert page.names(text) == ["machine", "many", "steps", "rollback"]
    assert page.with_figures(text, {name: [] for name in page.names(text)}) != text
