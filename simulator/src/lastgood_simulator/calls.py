# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was asked of the simulator, in order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any


class CallLog:
    """Counts and keeps every AWS request that arrived, whether it was answered, refused or failed."""

    def __init__(self) -> None:
        self._entries: list[dict[str, Any]] = []
        self._counts: Counter[str] = Counter()

    def add(
        self, service: str, operation: str, time: float, params: dict[str, Any], agent: str, needs: Iterable[str]
    ) -> None:
        """Note a request that arrived at ``time``. ``needs`` are the actions of IAM for it, ``agent`` who asked."""
        self._counts[operation] += 1
        entry = {"operation": operation, "service": service, "time": time, "params": params}
        self._entries.append({**entry, "agent": agent, "needs": list(needs)})

    def counts(self) -> dict[str, int]:
        """Operation name to number of requests, retries of a client included."""
        return dict(self._counts)

    def entries(self) -> list[dict[str, Any]]:
        """``{operation, service, time, params, agent, needs}`` in the order of arrival."""
        return list(self._entries)

    def reset(self) -> None:
        """Forget everything."""
        self._entries.clear()
        self._counts.clear()
