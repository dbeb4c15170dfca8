# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""The clock used for all waiting, in one place, so that tests can move it instead of sleeping."""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone


class Clock:
    """Real time. For the time of day, AWS's clock counts, once it is known: AWS dates everything that we compare with.

    The machine's clock may be minutes off, and nothing here depends on it. AWS's time goes on by the monotonic clock.
    """

    # AWS's time when the monotonic clock was at zero. A Date has whole seconds and arrives late: the latest is right.
    _aws_at_zero: datetime | None = None

    def monotonic(self) -> float:
        """Seconds on a clock that never goes back."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)

    def learn(self, aws: datetime) -> None:
        """An answer of AWS has just arrived with this Date."""
        at_zero = aws - timedelta(seconds=self.monotonic())
        if self._aws_at_zero is None or at_zero > self._aws_at_zero:
            self._aws_at_zero = at_zero

    def now(self) -> datetime:
        """The time of day at AWS, or the machine's if AWS has not answered yet."""
        if self._aws_at_zero is None:
            return self.machine()
        return self._aws_at_zero + timedelta(seconds=self.monotonic())

    def machine(self) -> datetime:
        """The time of day on this machine."""
        return datetime.now(timezone.utc)
