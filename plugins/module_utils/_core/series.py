# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""How many tasks ran on each version, from look to look, for whoever wants to see it afterwards. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

# A result is kept by AWX, for each service of a fleet.
MOST: t.Final = 40


@dataclass
class TaskSeries:
    """The looks at which a count was another one than before. ``points`` are seconds and running tasks by version."""

    points: list[tuple[float, dict[str, int]]] = field(default_factory=list)

    def seen(self, seconds: float, counts: t.Mapping[str, int]) -> None:
        """One more look. There are never more than MOST points: the one closest to its neighbours makes room."""
        if self.points and self.points[-1][1] == counts:
            return
        self.points.append((seconds, dict(counts)))
        if len(self.points) > MOST:
            del self.points[min(range(1, MOST), key=lambda at: self.points[at + 1][0] - self.points[at - 1][0])]

    def as_list(self) -> list[dict[str, t.Any]]:
        """As results have it: ``{"seconds": 4.2, "running": {"web:41": 1, "web:43": 4}}``, in order."""
        return [{"seconds": round(seconds, 3), "running": dict(counts)} for seconds, counts in self.points]
