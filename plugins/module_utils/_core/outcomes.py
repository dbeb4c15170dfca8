# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Which outcome is worse, and one line that sums up many. Pure."""

from __future__ import annotations

import typing as t

WORST_FIRST: t.Final = (
    "rollback_failed",
    "failed",
    "superseded",
    "lost_contact",
    "timeout",
    "refused",
    "not_attempted",
    # In check mode only a refusal is worse than this.
    "planned",
    "started",
    "rolled_back",
    "unchanged",
)


class Line(t.NamedTuple):
    """How one service or deployment group ended; ``ok`` is False if it fails the module."""

    label: str
    outcome: str
    ok: bool
    text: str

    def __str__(self) -> str:
        return f"[{self.label}] {self.text}"


def badness(outcome: str) -> int:
    """A sort key, the worst first. An unknown outcome is worse than all others."""
    return WORST_FIRST.index(outcome) if outcome in WORST_FIRST else -1


def worst(outcomes: t.Iterable[str]) -> str:
    """The worst of them; ``failed`` if there are none, since then nothing got as far as a result."""
    return min(outcomes, key=badness, default="failed")


def tally(lines: t.Sequence[Line], of: str = "services") -> str:
    """One line for many: the only line, or counts followed by the worst failure. ``of`` is the plural noun."""
    if len(lines) == 1:
        return str(lines[0])
    ordered = sorted(lines, key=lambda line: (line.ok, badness(line.outcome)))
    counts: dict[str, int] = {}
    for line in ordered:
        counts[line.outcome] = counts.get(line.outcome, 0) + 1
    text = f"{len(lines)} {of}: " + ", ".join(f"{count} {outcome}" for outcome, count in counts.items())
    bad = next((line for line in ordered if not line.ok), None)
    return f"{text}. {bad}" if bad else text
