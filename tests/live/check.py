# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a check is made of: a question, what the simulator believes, steps, and an answer."""

from __future__ import annotations

import typing as t
from collections.abc import Callable
from dataclasses import dataclass

if t.TYPE_CHECKING:
    from tests.live.lab import Lab

Fact = str | int | float | bool
# A fact whose name ends so is a time that was measured; no two runs agree about it.
MEASURED = "_seconds"


class NotRun(Exception):
    """The check cannot be made here; the text says what is missing."""


class Never(Exception):
    """Something did not happen in time."""


@dataclass(frozen=True)
class Answer:
    """What was found: one sentence, and the facts behind it by name."""

    text: str
    facts: t.Mapping[str, Fact]


Steps = Callable[["Lab"], Answer]


@dataclass(frozen=True)
class Check:
    """One of the twenty. ``belief``: see simulator/docs/beliefs.md. ``needs``: names of what a lab may lack."""

    number: int
    name: str
    question: str
    belief: str
    steps: Steps
    needs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Finding:
    """How a check ended: ``answered``, ``not run`` or ``failed``."""

    check: Check
    state: str
    text: str
    facts: t.Mapping[str, Fact]


CHECKS: list[Check] = []


def check(number: int, name: str, question: str, belief: str, needs: tuple[str, ...] = ()) -> Callable[[Steps], Steps]:
    """Register the steps of a check."""

    def register(steps: Steps) -> Steps:
        CHECKS.append(Check(number, name, question, belief, steps, needs))
        CHECKS.sort(key=lambda known: known.number)
        return steps

    return register


def disagreements(one: t.Mapping[str, Fact], other: t.Mapping[str, Fact]) -> list[str]:
    """The names of facts that two answers do not agree about. Measured times are not compared."""
    return sorted(name for name in {*one, *other} if not name.endswith(MEASURED) and one.get(name) != other.get(name))
