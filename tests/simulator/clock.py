# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simulator's clock: wall clock (or a frozen start) plus what tests have skipped."""

from __future__ import annotations

import time


class Clock:
    """Seconds since the epoch, as every timestamp of the simulator shows them.

    ``frozen_at`` stops the clock there, so that only :meth:`advance` moves it (in process); without it the clock runs
    with the wall clock (served). It never runs backwards.
    """

    def __init__(self, frozen_at: float | None = None) -> None:
        self._frozen_at = frozen_at
        self._skipped = 0.0

    def now(self) -> float:
        """Seconds since the epoch."""
        base = time.time() if self._frozen_at is None else self._frozen_at
        return base + self._skipped

    def advance(self, seconds: float) -> float:
        """Skip ``seconds`` ahead and return the new time. Raises ValueError when they are negative."""
        if seconds < 0:
            raise ValueError(f"the clock cannot go back: advance({seconds})")
        self._skipped += seconds
        return self.now()
