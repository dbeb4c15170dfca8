# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""The stages of a run as bars, from the timings in a result. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

# Narrow, so that its text can be read on a phone.
WIDTH: t.Final = 360
_LEFT: t.Final = 96
_RIGHT: t.Final = 52
_ROW: t.Final = 22
# What a time is the end of. The second is AWS's answer to our write.
_STAGES: t.Final = {
    "planned": "look, plan",
    "accepted": "our write",
    "serving": "until serving",
    "stable": "until stable",
    "ended": "until the end",
}


@dataclass(frozen=True)
class Bar:
    """One stage. ``x``, ``y`` and ``width`` are in units of the drawing, ``began`` and ``ended`` in seconds."""

    stage: str
    label: str
    began: float
    ended: float
    x: float
    y: int
    width: float

    @property
    def seconds(self) -> str:
        """When it ended, in words."""
        return f"{self.ended:.1f} s"


@dataclass(frozen=True)
class Drawing:
    """A drawing of bars; ``height`` is in the same units."""

    bars: tuple[Bar, ...]
    height: int
    width: int = WIDTH
    left: int = _LEFT


def drawing(timings: t.Mapping[str, t.Any] | None) -> Drawing | None:
    """The stages that have a time, one after the other. None if no time is known.

    ``timings`` are seconds since the start of the call. A stage that was not reached has none, and no bar.
    """
    known = {name: float(value) for name, value in (timings or {}).items() if isinstance(value, (int, float))}
    ends = sorted(known.items(), key=lambda one: one[1])
    total = max(known.values(), default=0.0)
    if total <= 0:
        return None
    scale = (WIDTH - _LEFT - _RIGHT) / total
    bars, began = [], 0.0
    for number, (name, ended) in enumerate(ends):
        width = max((ended - began) * scale, 1.0)
        label = _STAGES.get(name, name)
        bars.append(Bar(name, label, began, ended, round(_LEFT + began * scale, 1), number * _ROW, round(width, 1)))
        began = ended
    return Drawing(tuple(bars), len(bars) * _ROW + 4)
