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
# Those that always fail a module.
ENDED_BADLY: t.Final = WORST_FIRST[: WORST_FIRST.index("planned")]


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
    """One line for many: the only line, or counts followed by every line that failed by itself.

    ``of`` is the plural noun. What was not attempted is no culprit: it is only counted, unless nothing else failed.
    """
    if len(lines) == 1:
        return str(lines[0])
    by_text: dict[str, list[str]] = {}
    for line in culprits(sorted(lines, key=lambda line: (line.ok, badness(line.outcome)))):
        by_text.setdefault(line.text, []).append(f"[{line.label}]")
    *before, last = [counted(lines, of), *(f"{', '.join(labels)} {text}" for text, labels in by_text.items())]
    return "".join(f"{part.rstrip('.')}. " for part in before) + last


def counted(lines: t.Sequence[Line], of: str = "services", named: bool = False) -> str:
    """How many ended how, the worst first. ``named``: with the names of those that failed by themselves."""
    ordered = sorted(lines, key=lambda line: (line.ok, badness(line.outcome)))
    by_outcome: dict[str, list[Line]] = {}
    for line in ordered:
        by_outcome.setdefault(line.outcome, []).append(line)
    bad = culprits(ordered) if named else []
    parts = []
    for outcome, some in by_outcome.items():
        names = ", ".join(line.label for line in some if line in bad)
        parts.append(f"{len(some)} {outcome}{f' ({names})' if names else ''}")
    return f"{len(lines)} {of}: " + ", ".join(parts)


def culprits(lines: t.Sequence[Line]) -> list[Line]:
    """Those that failed by themselves; if there is none, the first that was not attempted, whose text says why."""
    bad = [line for line in lines if not line.ok]
    return [line for line in bad if line.outcome != "not_attempted"] or bad[:1]
