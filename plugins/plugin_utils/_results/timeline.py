# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""The stages of a run as bars, and its tasks as lines, from the times in a result. Pure."""

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


# More versions than that at the same time are no drawing any more.
MOST_LINES: t.Final = 4
_CHART: t.Final = 110


@dataclass(frozen=True)
class Line:
    """The running tasks of one version. ``points`` is that of an SVG polyline: counts stay until the next look."""

    version: str
    points: str
    y: int


@dataclass(frozen=True)
class Chart:
    """Running tasks by version over time. ``most`` is the highest count, ``seconds`` the length in words."""

    lines: tuple[Line, ...]
    most: int
    seconds: str
    bottom: int
    height: int
    width: int = WIDTH
    left: int = 28


def chart(
    tasks: t.Sequence[t.Mapping[str, t.Any]] | None, timings: t.Mapping[str, t.Any] | None = None
) -> Chart | None:
    """A result's ``tasks_over_time``, up to the last time in ``timings``. None for less than two looks."""
    looks = [(float(one.get("seconds") or 0.0), dict(one.get("running") or {})) for one in tasks or ()]
    ends = [float(value) for value in (timings or {}).values() if isinstance(value, (int, float))]
    total = max([*ends, *(seconds for seconds, _counts in looks)], default=0.0)
    # The one that is left comes first, as in each sentence about it.
    named = [name for _seconds, counts in looks for name in sorted(counts, key=lambda one: -int(counts[one]))]
    versions = list(dict.fromkeys(named))[:MOST_LINES]
    most = max((int(counts.get(name, 0)) for _seconds, counts in looks for name in versions), default=0)
    if len(looks) < 2 or total <= 0 or most <= 0:
        return None
    left, top, bottom = Chart.left, 8, _CHART - 18
    across, up = (WIDTH - left - 8) / total, (bottom - top) / most

    def line(name: str) -> str:
        points, before = [], 0
        for number, (seconds, counts) in enumerate(looks):
            count = int(counts.get(name, 0))
            corners = [count] if number == 0 else [before, count]
            points += [(seconds, one) for one in corners]
            before = count
        points.append((total, before))
        return " ".join(f"{left + at * across:.1f},{bottom - count * up:.1f}" for at, count in points)

    rows = tuple(Line(name, line(name), _CHART + number * _ROW) for number, name in enumerate(versions))
    return Chart(rows, most, f"{total:.1f} s", bottom, _CHART + len(rows) * _ROW)
