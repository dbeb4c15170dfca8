# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Waiting between two looks: never silent for too long, and never for a play that is gone."""

from __future__ import annotations

import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils import _progress
from ansible_collections.lastgood.aws.plugins.module_utils._clock import Clock

# AWX and ansible-runner kill a job that is silent for too long.
_HEARTBEAT: t.Final = 25.0
_NAP: t.Final = 5.0


class Orphaned(Exception):
    """Nobody is left to read our result: the play was killed. What was written goes on in AWS."""


class Patience:
    """Pauses of one call. ``remind`` says that we are still there, when nothing was said for a while."""

    def __init__(self, clock: Clock, remind: t.Callable[[], None]) -> None:
        self._clock = clock
        self._remind = remind
        self._said_at = clock.monotonic()

    def told(self) -> None:
        """Something was said just now."""
        self._said_at = self._clock.monotonic()

    def pause(self, seconds: float) -> None:
        """Let so much time pass. Raises :class:`Orphaned` when the play that we work for is gone."""
        until = self._clock.monotonic() + seconds
        while True:
            if _progress.orphaned():
                raise Orphaned
            left = until - self._clock.monotonic()
            if left <= 0:
                return
            self._clock.sleep(min(left, _NAP))
            if self._clock.monotonic() - self._said_at >= _HEARTBEAT:
                self.told()
                self._remind()
