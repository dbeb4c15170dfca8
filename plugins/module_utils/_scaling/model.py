# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""The plain data on which suspending, resuming and restoring are decided."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.lastgood.aws.plugins.module_utils._core.keys import Place

# What can be suspended, named like the module's options, in the order of AWS's SuspendedState.
FLAGS: t.Final = ("dynamic_scaling_in", "dynamic_scaling_out", "scheduled_scaling")

# The same for an EC2 Auto Scaling group: AWS's processes in AWS's order
# (https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_SuspendProcesses.html).
PROCESSES: t.Final = (
    "Launch",
    "Terminate",
    "AddToLoadBalancer",
    "AlarmNotification",
    "AZRebalance",
    "HealthCheck",
    "InstanceRefresh",
    "ReplaceUnhealthy",
    "ScheduledActions",
)

# Names out of FLAGS or PROCESSES. A target's state is the set of those that are suspended.
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

    ``block`` fails the target, ``warn`` and ``info`` are reported, ``unknown`` could not be read and must not count as
    fine.
    """

    check: str
    severity: Severity
    message: str

    def as_dict(self) -> dict[str, str]:
        """For results."""
        return {"check": self.check, "severity": self.severity, "message": self.message}


class Target(t.Protocol):
    """Something whose scaling can be suspended in parts."""

    @property
    def resource_id(self) -> str:
        """AWS's name for it."""

    def label(self, place: Place) -> str:
        """What its lines of progress begin with."""

    @property
    def suspended(self) -> Flags:
        """The parts that are suspended."""

    @property
    def part(self) -> str:
        """What one of the parts is called: a noun."""

    def picture(self, suspended: Flags) -> dict[str, t.Any]:
        """The ``before`` or ``after`` of a result, with these parts suspended."""


@dataclass(frozen=True)
class ScalableTarget:
    """What DescribeScalableTargets returns about one target. Capacities are in the unit of its dimension (tasks for
    ECS).
    """

    resource_id: str
    arn: str
    min_capacity: int
    max_capacity: int
    suspended: Flags
    part: str = "flag"

    def label(self, place: Place) -> str:
        """``web`` for ``service/prod/web``; other ids unchanged."""
        holder, _slash, name = self.resource_id.rpartition("/")
        return place.label(name, holder.partition("/")[2])

    def picture(self, suspended: Flags) -> dict[str, bool | int]:
        """The ``before`` or ``after`` of a result, with these flags suspended."""
        flags = {f"{name}_suspended": name in suspended for name in FLAGS}
        return {**flags, "min_capacity": self.min_capacity, "max_capacity": self.max_capacity}


@dataclass(frozen=True)
class Group:
    """What DescribeAutoScalingGroups returns about one EC2 Auto Scaling group.

    ``suspended`` are the processes suspended by users. ``by_aws`` are those AWS suspended itself, with its reasons: a
    group that keeps failing to launch instances gets such an administrative suspension
    (https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-suspend-resume-processes.html).
    """

    resource_id: str
    suspended: Flags
    by_aws: t.Mapping[str, str] = field(default_factory=dict)
    tags: t.Mapping[str, str] = field(default_factory=dict)
    part: str = "process"

    def label(self, place: Place) -> str:
        """Its name."""
        return place.label(self.resource_id)

    def picture(self, suspended: Flags) -> dict[str, list[str]]:
        """The ``before`` or ``after`` of a result, with these processes suspended by users."""
        return {"suspended_processes": ordered(suspended | set(self.by_aws))}


def ordered(names: t.Iterable[str]) -> list[str]:
    """Flags or processes in AWS's order; unknown ones come last."""
    given = frozenset(names)
    known = [name for name in (*FLAGS, *PROCESSES) if name in given]
    return [*known, *sorted(given.difference(known))]


def words(flags: Flags) -> str:
    """Flags in words (``scale-in, scheduled scaling``); processes as AWS names them."""
    spoken = dict(zip(FLAGS, ("scale-in", "scale-out", "scheduled scaling")))
    return ", ".join(spoken.get(name, name) for name in ordered(flags)) or "nothing"


def sentence(text: str) -> str:
    """The text with a full stop, so that another sentence can follow."""
    return f"{text.rstrip('.')}."
