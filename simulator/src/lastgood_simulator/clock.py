# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simulator's clock: the wall clock plus what tests have skipped, or a time at which it was stopped."""

from __future__ import annotations

import time


class Clock:
    """Seconds since the epoch, as every timestamp of the simulator shows them.

    A clock that is stopped stands still, and only :meth:`advance` moves it. ``stopped_at`` makes one (in process);
    without it the clock runs with the wall clock (served). It never runs backwards.
    """

    def __init__(self, stopped_at: float | None = None) -> None:
        self._stopped_at = stopped_at
        self._skipped = 0.0
        # How many seconds it is ahead of the clock of the machine that asks.
        self.skew = 0.0

    def now(self) -> float:
        """Seconds since the epoch."""
        return self.machine() + self.skew

    def machine(self) -> float:
        """What the clock of the machine that asks shows meanwhile."""
        base = time.time() if self._stopped_at is None else self._stopped_at
        return base + self._skipped

    def advance(self, seconds: float) -> float:
        """Skip ``seconds`` ahead and return the new time. Raises ValueError when they are negative."""
        if seconds < 0:
            raise ValueError(f"the clock cannot go back: advance({seconds})")
        self._skipped += seconds
        return self.now()

    def stop(self) -> None:
        """Stand still from now on."""
        if self._stopped_at is None:
            self._stopped_at = time.time()

    def start(self) -> None:
        """Run on from where the clock stands."""
        if self._stopped_at is not None:
            self._skipped += self._stopped_at - time.time()
            self._stopped_at = None
