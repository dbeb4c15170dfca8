# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Scripted failures and interference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

KINDS = ("error", "truncate", "empty", "drop", "hang")


@dataclass
class Fault:
    """A failure of an operation. ``times`` left is None for one that stays until it is cleared, or until ``until``."""

    operation: str
    code: str
    message: str | None
    times: int | None
    when: dict[str, Any]
    after: bool
    kind: str
    until: float = float("inf")


@dataclass
class Interference:
    """Something to do when the ``nth`` call of an operation from now on arrives (``before``) or is done (``after``)."""

    operation: str
    do: dict[str, Any]
    when: str
    countdown: int


def concerns(pattern: str, service: str, operation: str) -> bool:
    """Whether ``pattern`` (``UpdateService``, ``ecs:UpdateService`` or ``*``) names this operation."""
    return pattern in (operation, f"{service}:{operation}", "*")


def matches(when: dict[str, Any], params: dict[str, Any]) -> bool:
    """Whether every (dotted) path of ``when`` has that value in ``params``; a list matches what it contains."""
    return all(_at(params, path.split("."), wanted) for path, wanted in when.items())


def _at(node: Any, path: list[str], wanted: Any) -> bool:
    if isinstance(node, list):
        if path and path[0].isdigit():
            return int(path[0]) < len(node) and _at(node[int(path[0])], path[1:], wanted)
        return (node == wanted and not path) or any(_at(item, path, wanted) for item in node)
    if not path:
        return bool(node == wanted)
    return isinstance(node, dict) and path[0] in node and _at(node[path[0]], path[1:], wanted)


class Faults:
    """The failures and the interference that a test has scripted."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._interference: list[Interference] = []

    def add(self, fault: Fault) -> None:
        """Raises ValueError for a kind that does not exist."""
        if fault.kind not in KINDS:
            raise ValueError(f"unknown kind {fault.kind!r}; there are {', '.join(KINDS)}")
        self._faults.append(fault)

    def clear(self) -> None:
        """Forget all failures and all interference."""
        self._faults.clear()
        self._interference.clear()

    def take(self, service: str, operation: str, params: dict[str, Any], now: float) -> Fault | None:
        """The first failure that concerns this request, used up by one. ``now`` is the simulator's time."""
        self._faults = [fault for fault in self._faults if now < fault.until]
        for fault in self._faults:
            if concerns(fault.operation, service, operation) and matches(fault.when, params):
                if fault.times is not None:
                    fault.times -= 1
                    if fault.times <= 0:
                        self._faults.remove(fault)
                return fault
        return None

    def interfere(self, interference: Interference) -> None:
        """Raises ValueError for a moment that does not exist."""
        if interference.when not in ("before", "after"):
            raise ValueError(f"unknown moment {interference.when!r}; there are before, after")
        self._interference.append(interference)

    def due(self, service: str, operation: str, when: str) -> list[dict[str, Any]]:
        """What is to be done now that a call of this operation arrives or is done."""
        due = []
        for interference in list(self._interference):
            if interference.when == when and concerns(interference.operation, service, operation):
                interference.countdown -= 1
                if interference.countdown == 0:
                    self._interference.remove(interference)
                    due.append(interference.do)
        return due
