# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A clock for tests of what waits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ansible_collections.lastgood.aws.plugins.module_utils._core.clock import Clock


class Ticking(Clock):
    """Time passes only while somebody sleeps. ``machine`` is the machine's time of day at the beginning."""

    def __init__(self, machine: datetime = datetime(2026, 11, 22, tzinfo=UTC), seconds: float = 0.0) -> None:
        self.seconds = seconds
        self._at_zero = machine - timedelta(seconds=seconds)

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds

    def machine(self) -> datetime:
        return self._at_zero + timedelta(seconds=self.seconds)
