# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Whether AWS can be asked, and when to give up asking: one rule for all that waits. Pure.

A look that fails for want of an answer is made again for ``contact_timeout``. An answer ends it at once, and that the
credentials have expired or lack a permission is an answer.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

NOTHING_UNDONE: t.Final = "Nothing was undone. The same command goes on watching it"
# An outage is told only once it has lasted so long.
_WORTH_TELLING: t.Final = 5.0


@dataclass(frozen=True)
class Contact:
    """How the last look went. Times are seconds on a clock that never goes back.

    ``since`` is when the first of the looks failed that have failed without a success in between, None where the last
    one succeeded. ``why`` is the error in words, and ``cause`` in one. ``refused``: it was an answer, which asking
    again does not change.
    """

    since: float | None = None
    why: str = ""
    cause: str = ""
    refused: bool = False

    def missed(self, now: float, why: str, cause: str, may_pass: bool = True) -> Contact:
        """Another look has failed."""
        return Contact(now if self.since is None else self.since, why, cause, not may_pass)

    def gone_for(self, now: float) -> float:
        """For how many seconds nothing was seen."""
        return 0.0 if self.since is None else now - self.since

    def is_lost(self, now: float, contact_timeout: float) -> bool:
        """Time to give up."""
        return self.since is not None and (self.refused or self.gone_for(now) >= contact_timeout)

    def is_told(self, now: float) -> bool:
        """It has lasted long enough for people to hear of it."""
        return self.since is not None and self.gone_for(now) >= _WORTH_TELLING

    def told(self, now: float, contact_timeout: float) -> str:
        """For a line of progress, while it is not given up yet."""
        left = max(0.0, contact_timeout - self.gone_for(now))
        return f"no contact with AWS for {self.gone_for(now):.0f} s ({self.cause}), asking again for {left:.0f} s"

    def lost(self, now: float, what: str, seen: str = "") -> str:
        """The reason of the outcome ``lost_contact``: ``what`` AWS has accepted, and how it was ``seen`` last."""
        gone = "AWS refused to say more" if self.refused else f"contact was lost for {self.gone_for(now):.0f} s"
        last = f"It was last seen at {seen}. " if seen else ""
        return f"{what}, and then {gone}: {self.why.rstrip('.')}. {last}{NOTHING_UNDONE}"


KEPT: t.Final = Contact()
