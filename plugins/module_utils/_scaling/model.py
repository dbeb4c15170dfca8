# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""The plain data that suspending, resuming and restoring are decided on."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

# What can be suspended, by the names of the module's options, in the order of AWS's SuspendedState.
FLAGS: t.Final = ("dynamic_scaling_in", "dynamic_scaling_out", "scheduled_scaling")

# Names out of FLAGS. As the state of a scalable target: those that are suspended.
Flags = t.FrozenSet[str]
NONE: t.Final[Flags] = frozenset()

State = t.Literal["suspended", "resumed", "restored"]
Missing = t.Literal["warn", "ignore", "fail"]
Severity = t.Literal["block", "warn", "unknown", "info"]
Outcome = t.Literal[
    "unchanged",
    "suspended",
    "resumed",
    "restored",
    "planned",
    "left_alone",
    "missing",
    "refused",
    "failed",
    "not_attempted",
]


@dataclass(frozen=True)
class Finding:
    """What was noticed before or while acting.

    ``block`` fails the target, ``warn`` and ``info`` are told, ``unknown`` is what could not be read and is not fine.
    """

    check: str
    severity: Severity
    message: str

    def as_dict(self) -> dict[str, str]:
        """For results."""
        return {"check": self.check, "severity": self.severity, "message": self.message}


@dataclass(frozen=True)
class ScalableTarget:
    """What DescribeScalableTargets tells of one target. Capacities are in the unit of its dimension (tasks for ECS)."""

    resource_id: str
    arn: str
    min_capacity: int
    max_capacity: int
    suspended: Flags

    @property
    def short_name(self) -> str:
        """``web`` of ``service/prod/web``, for lines of progress."""
        return self.resource_id.rpartition("/")[2]

    def picture(self, suspended: Flags) -> dict[str, bool | int]:
        """The ``before`` or ``after`` of a result, with these flags suspended."""
        flags = {f"{name}_suspended": name in suspended for name in FLAGS}
        return {**flags, "min_capacity": self.min_capacity, "max_capacity": self.max_capacity}


def words(flags: Flags) -> str:
    """Flags as people say them: ``scale-in, scheduled scaling``."""
    spoken = dict(zip(FLAGS, ("scale-in", "scale-out", "scheduled scaling")))
    return ", ".join(spoken[name] for name in FLAGS if name in flags) or "nothing"


def sentence(text: str) -> str:
    """Text that another sentence can follow."""
    return f"{text.rstrip('.')}."
