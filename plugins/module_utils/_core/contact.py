# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""What to do while AWS does not answer: one rule for everything that waits. Pure.

A request that gets no answer is repeated for ``contact_timeout`` seconds. Any answer ends that at once, including "your
credentials have expired" or "you lack a permission".
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

NOTHING_UNDONE: t.Final = "Nothing was undone. The same command goes on watching it"
# Seconds. A shorter outage is not worth a line.
_WORTH_TELLING: t.Final = 5.0


@dataclass(frozen=True)
class Contact:
    """How the last request went. Times are seconds on a monotonic clock.

    ``since``: when the first of the requests failed that have failed in a row, None if the last one succeeded. ``why``
    is the error in a sentence, ``cause`` in a word. ``refused``: AWS did answer, and asking again will not change the
    answer.
    """

    since: float | None = None
    why: str = ""
    cause: str = ""
    refused: bool = False

    def missed(self, now: float, why: str, cause: str, may_pass: bool = True) -> Contact:
        """The contact after another failed request."""
        return Contact(now if self.since is None else self.since, why, cause, not may_pass)

    def gone_for(self, now: float) -> float:
        """How many seconds AWS has been out of contact."""
        return 0.0 if self.since is None else now - self.since

    def is_lost(self, now: float, contact_timeout: float) -> bool:
        """Whether it is time to give up."""
        return self.since is not None and (self.refused or self.gone_for(now) >= contact_timeout)

    def is_told(self, now: float) -> bool:
        """Whether it has lasted long enough to mention."""
        return self.since is not None and self.gone_for(now) >= _WORTH_TELLING

    def told(self, now: float, contact_timeout: float) -> str:
        """A line of progress for an outage that may still end."""
        left = max(0.0, contact_timeout - self.gone_for(now))
        return f"no contact with AWS for {self.gone_for(now):.0f} s ({self.cause}), asking again for {left:.0f} s"

    def lost(self, now: float, what: str, seen: str = "", then: str = NOTHING_UNDONE) -> str:
        """The reason given with the outcome ``lost_contact``.

        ``what`` is what AWS had accepted, ``seen`` its last known state, ``then`` what comes of it without us.
        """
        gone = "AWS refused to say more" if self.refused else f"contact was lost for {self.gone_for(now):.0f} s"
        last = f"It was last seen at {seen}. " if seen else ""
        return f"{what}, and then {gone}: {self.why.rstrip('.')}. {last}{then}"


KEPT: t.Final = Contact()
