# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""The vocabulary of all results: verdicts, outcomes and findings."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from datetime import datetime

Verdict = t.Literal["good", "bad", "unknown"]
Severity = t.Literal["block", "warn", "unknown", "info"]
Outcome = t.Literal[
    "unchanged",
    "rolled_back",
    "started",
    "planned",
    "superseded",
    "failed",
    "rollback_failed",
    "timeout",
    "lost_contact",
    "refused",
    "not_attempted",
]
# The target compared with what runs now. Only a move back is a rollback.
Direction = t.Literal["back", "forward", "same", "unknown"]
GOOD_ENDS: t.Final[frozenset[str]] = frozenset({"unchanged", "rolled_back", "started", "planned"})


@dataclass(frozen=True)
class Evidence:
    """What one deployment (id or ARN) proved about the version it deployed."""

    at: datetime
    verdict: Verdict
    why: str
    deployment: str


@dataclass(frozen=True)
class Finding:
    """What a pre-flight check, or the run itself, found."""

    check: str
    severity: Severity
    message: str

    def as_dict(self) -> dict[str, str]:
        """For results."""
        return {"check": self.check, "severity": self.severity, "message": self.message}


def beside_a_route(direction: Direction | None) -> str:
    """What follows the route of a move in a line of progress. A rollback needs no word."""
    return {"forward": " (forward)", "unknown": " (direction unknown)"}.get(str(direction), "")


def blocked(findings: t.Iterable[Finding]) -> str:
    """Why nothing may be written; empty if no finding blocks it."""
    return "; ".join(finding.message for finding in findings if finding.severity == "block")
