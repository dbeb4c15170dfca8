# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The figures of docs/performance.md: each table stands between two comments, and is written anew by the command."""

from __future__ import annotations

import re
import typing as t
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs" / "performance.md"
_PART = re.compile(r"(<!-- figures: (\w+) -->\n).*?(<!-- end of figures -->)", re.DOTALL)


def names(text: str) -> list[str]:
    """The parts that a page has."""
    return [match[2] for match in _PART.finditer(text)]


def with_figures(text: str, figures: t.Mapping[str, t.Sequence[str]]) -> str:
    """The page with these lines in its parts; a part without new figures stays.

    Raises ValueError if figures have no part.
    """
    missing = sorted(set(figures) - set(names(text)))
    if missing:
        raise ValueError(f"the page has no part {', '.join(missing)}")

    def filled(match: re.Match[str]) -> str:
        lines = figures.get(match[2])
        return (
            match[0] if lines is None else "".join([match[1], "\n", *(f"{line}\n" for line in lines), "\n", match[3]])
        )

    return _PART.sub(filled, text)


def write(figures: t.Mapping[str, t.Sequence[str]]) -> None:
    """Write them into the page."""
    PAGE.write_text(with_figures(PAGE.read_text(encoding="utf-8"), figures), encoding="utf-8")
