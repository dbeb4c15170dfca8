# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Waiting between two looks: never silent for too long, and never for a play that is gone."""

from __future__ import annotations

import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._aws import errors
from ansible_collections.lastgood.aws.plugins.module_utils._core import progress
from ansible_collections.lastgood.aws.plugins.module_utils._core.clock import Clock
from ansible_collections.lastgood.aws.plugins.module_utils._core.contact import KEPT, Contact

# AWX and ansible-runner kill a job that is silent for too long.
_HEARTBEAT: t.Final = 25.0
_NAP: t.Final = 5.0
# Between two attempts while AWS does not answer.
_BETWEEN_ATTEMPTS: t.Final = 2.0

_Answer = t.TypeVar("_Answer")


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

    def check(self) -> None:
        """Between two calls that may take long. Raises :class:`Orphaned` when the play that we work for is gone."""
        if progress.orphaned():
            raise Orphaned
        if self._clock.monotonic() - self._said_at >= _HEARTBEAT:
            self.told()
            self._remind()

    def pause(self, seconds: float) -> None:
        """Let so much time pass. Raises :class:`Orphaned` when the play that we work for is gone."""
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
    """Asks until AWS answers, or contact is lost: ``contact_timeout`` seconds after the first attempt that failed.

    What cannot be asked again without harm must not be asked here. Contact is kept by operation: one that fails while
    others work has its time once, not for each of the things that it is asked of; and where none works, all of them
    have it together.
    """

    def __init__(self, clock: Clock, contact_timeout: float) -> None:
        self._clock = clock
        self._timeout = contact_timeout
        self._contact: dict[str, Contact] = {}
        self._with_any = KEPT
        self._patience = Patience(clock, self._tell)

    def __call__(self, ask: t.Callable[[], _Answer], operation: str, until: float = float("inf")) -> _Answer:
        """The answer, or the error of the last attempt, raised; ``until`` is on the clock's monotonic time.

        Raises :class:`Orphaned` when the play that we work for is gone.
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
        """Whether to ask again, after a pause."""
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
