# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is known to be wrong. A case that is named here and is right fails the run, so this can only shrink. Pure."""

from __future__ import annotations

import fnmatch
import typing as t
from dataclasses import dataclass


@dataclass(frozen=True)
class Known:
    """A defect: ``what`` it is, which cases show it, and how the sentences about them begin."""

    what: str
    cases: tuple[str, ...]
    wrong: tuple[str, ...]

    def concerns(self, case: str) -> bool:
        """Whether a case of this name is to show it."""
        return any(fnmatch.fnmatchcase(case, pattern) for pattern in self.cases)

    def explains(self, wrong: str) -> bool:
        """Whether it is what this sentence is about."""
        return any(begin in wrong for begin in self.wrong)


@dataclass(frozen=True)
class SortedOut:
    """What remains wrong with a case, and the known defects that it has shown."""

    wrong: tuple[str, ...]
    known: tuple[str, ...]


# None at the moment.
KNOWN: t.Final[tuple[Known, ...]] = ()


def sorted_out(case: str, wrongs: t.Sequence[str], table: t.Sequence[Known] = KNOWN) -> SortedOut:
    """Tell what is known from what is not. A defect that the case should show and does not is wrong too."""
    rules = [rule for rule in table if rule.concerns(case)]
    left = [wrong for wrong in wrongs if not any(rule.explains(wrong) for rule in rules)]
    shown = [rule for rule in rules if any(rule.explains(wrong) for wrong in wrongs)]
    gone = [rule for rule in rules if rule not in shown]
    left += [f"this is right, but known.py says: {rule.what}" for rule in gone]
    return SortedOut(tuple(left), tuple(rule.what for rule in shown))
