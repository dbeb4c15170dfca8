# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Waiting between two requests: never silent for too long, and never for a play that is gone."""

from __future__ import annotations

import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._aws import errors
from ansible_collections.lastgood.aws.plugins.module_utils._core import progress
from ansible_collections.lastgood.aws.plugins.module_utils._core.clock import Clock
from ansible_collections.lastgood.aws.plugins.module_utils._core.contact import KEPT, Contact

# Seconds. AWX and ansible-runner kill a job that is silent for too long.
_HEARTBEAT: t.Final = 25.0
_NAP: t.Final = 5.0
# Seconds between two attempts while AWS does not answer.
_BETWEEN_ATTEMPTS: t.Final = 2.0

_Answer = t.TypeVar("_Answer")


class Orphaned(Exception):
    """The play was killed, so nobody reads our result. What was written goes on in AWS."""


class Patience:
    """The pauses of one call. ``remind`` prints a sign of life if nothing was printed for a while."""

    def __init__(self, clock: Clock, remind: t.Callable[[], None]) -> None:
        self._clock = clock
        self._remind = remind
        self._said_at = clock.monotonic()

    def told(self) -> None:
        """Something was just printed."""
        self._said_at = self._clock.monotonic()

    def check(self) -> None:
        """Call this between two calls that may take long. Raises :class:`Orphaned` if our play is gone."""
        if progress.orphaned():
            raise Orphaned
        if self._clock.monotonic() - self._said_at >= _HEARTBEAT:
            self.told()
            self._remind()

    def pause(self, seconds: float) -> None:
        """Wait this many seconds. Raises :class:`Orphaned` if our play is gone."""
        until = self._clock.monotonic() + seconds
        while True:
            if progress.orphaned():
                raise Orphaned
            left = until - self._clock.monotonic()
            if left <= 0:
                return
            self._clock.sleep(min(left, _NAP))
            self.check()


class Outlast:
    """Repeats a request until AWS answers, or gives up ``contact_timeout`` seconds after the first failed attempt.

    Only requests that are safe to repeat may be asked here. The time is kept for each operation: if one fails while
    others work, its time runs once and not again for each thing it is asked about; if none works, they share the time.
    """

    def __init__(self, clock: Clock, contact_timeout: float) -> None:
        self._clock = clock
        self._timeout = contact_timeout
        self._contact: dict[str, Contact] = {}
        self._with_any = KEPT
        self._patience = Patience(clock, self._tell)

    def __call__(self, ask: t.Callable[[], _Answer], operation: str, until: float = float("inf")) -> _Answer:
        """The answer. Raises the error of the last attempt. ``until`` is in monotonic seconds.

        Raises :class:`Orphaned` if our play is gone.
        """
        while True:
            try:
                answer = ask()
            except Exception as exc:
                if not self._again(exc, operation, until):
                    raise
            else:
                self._contact.pop(operation, None)
                self._with_any = KEPT
                return answer

    def _again(self, error: Exception, operation: str, until: float) -> bool:
        """Whether to ask again; pauses first."""
        trouble = errors.of_aws(error)
        if trouble is None:
            return False
        now = self._clock.monotonic()
        before = self._contact.get(operation, self._with_any)
        contact = before.missed(now, trouble.explain(), trouble.code, trouble.may_pass)
        self._contact[operation] = contact
        self._with_any = self._with_any.missed(now, contact.why, contact.cause)
        if now >= until or contact.is_lost(now, self._timeout):
            return False
        self._patience.pause(min(_BETWEEN_ATTEMPTS, max(until - now, 0.05)))
        return True

    def _tell(self) -> None:
        progress.say(self._with_any.told(self._clock.monotonic(), self._timeout))
