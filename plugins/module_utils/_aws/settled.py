# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Reading settings that may just have been changed.

For a moment after a change, answers of AWS's replicas show the new and the old settings in turn
(https://github.com/aws/amazon-ecs-cli/pull/990). Whoever completes an old answer and writes it loses what is new.
"""

from __future__ import annotations

import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._core.clock import Clock

# Seconds.
_WAIT: t.Final = 10.0
_BETWEEN: t.Final = 0.5

_Seen = t.TypeVar("_Seen")


def agreed(look: t.Callable[[], _Seen], clock: Clock) -> _Seen:
    """What two looks in a row show; what the last one shows if none agree for 10 seconds."""
    until = clock.monotonic() + _WAIT
    before, seen = look(), look()
    while before != seen and clock.monotonic() < until:
        clock.sleep(_BETWEEN)
        before, seen = seen, look()
    return seen


def once_right(look: t.Callable[[], _Seen], right: t.Callable[[_Seen], bool], clock: Clock, in_a_row: int = 1) -> _Seen:
    """What is seen once it is ``right`` so many times in a row; the last that was not if that takes over 10 seconds."""
    until = clock.monotonic() + _WAIT
    seen = wrong = look()
    times = int(right(seen))
    while times < in_a_row and clock.monotonic() < until:
        clock.sleep(_BETWEEN)
        seen = look()
        times = times + 1 if right(seen) else 0
        wrong = wrong if times else seen
    return seen if times >= in_a_row else wrong
