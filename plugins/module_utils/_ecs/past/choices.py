# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""What the user asked for, and what was chosen. Pure data."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from datetime import datetime

from ansible_collections.lastgood.aws.plugins.module_utils._core.force import NOTHING, Force
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Direction

Source = t.Literal[
    "revision",
    "as_of",
    "undo",
    "steps_back",
    "last_good",
    "source_revision",
    "previous_registered",
    "running_rollback",
    "standing_task_set",
    "none",
]


# Why a service is unchanged.
Because = t.Literal[
    "already_rolled_back",
    "returned_by_aws",
    "returned_by_somebody",
    "stayed_by_itself",
    "not_on_from_revision",
    "already_undone",
    "already_there",
]


@dataclass(frozen=True)
class Selection:
    """What the user asked for."""

    revision: str | None = None
    as_of: datetime | None = None
    steps_back: int = 1
    # To what the last rollback of this tool left.
    undo: bool = False
    from_revision: str | None = None
    # One of the services of the call ran it, so that it is no mistake.
    from_revision_ran: bool = False
    fallback: t.Literal["fail", "previous_registered"] = "fail"
    force: Force = NOTHING
    # It was chosen already, and nobody named it: the revision is that of an earlier plan.
    chosen: bool = False
    # The choice was made already, and nobody is asked.
    given: Choice | None = None
    # The time of the choice, by AWS's clock; None if that is not known.
    now: datetime | None = None
    # A running deployment is stopped natively, if that leads to the target.
    natively: bool = True
    # A copy will be registered, so the task definition need not be ACTIVE.
    copies: bool = False
    # What this run finishes of an earlier one that could not do it: "mark", "deregister".
    finishes: frozenset[str] = frozenset()
    # A pinned copy does not stand for the version that was named.
    to_the_letter: bool = False

    @property
    def names_one(self) -> bool:
        """A version or a time is named, and it may lie ahead. Without one, a move is always a rollback. Undoing a
        rollback always goes ahead.
        """
        return self.revision is not None or self.as_of is not None or self.undo


@dataclass(frozen=True)
class Choice:
    """The target, or why there is none.

    Exactly one of these holds: ``target`` is set; ``settled`` says why there is nothing to do; ``problem`` says why
    no target could be chosen. ``left`` is the version that is left behind. ``weighed`` are the versions whose marks
    the choice depends on. ``settled_at`` is since when it is settled, ``because`` is why in one word.
    ``unfinished`` marks work of an earlier run of ours that was cut off after the deployment had ended,
    ``still_open`` is what alone is left of it. ``doubt`` is what is not known about something settled.
    ``direction`` is None if there is no target; it is the direction from ``seen_from``, whose tags say whether it
    is a pinned copy, and whether somebody has marked it. ``not_told`` are deployments to describe, since it matters
    whether they ran a task; ``unproven`` says that the target ran none, or that this is not known.
    """

    source: Source = "none"
    target: str | None = None
    why: str = ""
    left: str | None = None
    left_out: tuple[str, ...] = ()
    weighed: tuple[str, ...] = ()
    settled: str | None = None
    settled_at: datetime | None = None
    because: Because = "already_there"
    problem: str | None = None
    needs_more_history: bool = False
    needs_registered: bool = False
    unfinished: bool = False
    still_open: tuple[str, ...] = ()
    doubt: str = ""
    direction: Direction | None = None
    seen_from: str | None = None
    not_told: tuple[str, ...] = ()
    unproven: t.Literal["", "never_ran", "not_told"] = ""
