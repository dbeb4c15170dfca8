# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Answers that are late: what things were like a moment ago, and which operations show that.

AWS's APIs are eventually consistent. What was observed or documented about it is in docs/beliefs.md.
"""

from __future__ import annotations

import bisect
import math
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from lastgood_simulator.faults import concerns, matches

# How many states of one thing are kept.
_KEPT = 512


@dataclass(frozen=True)
class Moment:
    """What happened until ``at`` (seconds since the epoch), and before the change with the number ``before``."""

    at: float = math.inf
    before: float = math.inf


@dataclass(frozen=True)
class View:
    """What one answer shows: things as they were at ``moment``, their tags at ``tags``. None: as they are."""

    moment: Moment | None = None
    tags: Moment | None = None


PRESENT = View()


class History:
    """The states that things had. It keeps nothing until it is switched on."""

    def __init__(self) -> None:
        self.enabled = False
        # How many changes requests have made, and when the last one was.
        self.number = 0
        self.changed_at = -math.inf
        # What the answer shows that is being made.
        self.view = PRESENT
        # When a change was last made that counts as old, see :meth:`begin`.
        self.settled_at = -math.inf
        self._changing = self._settled = False
        # Of each thing: (when, number of the change, state), oldest first.
        self._states: dict[Any, list[tuple[float, int, Any]]] = defaultdict(list)

    def begin(self, settled: bool) -> None:
        """A request that may change things is about to be carried out. ``settled``: its changes count as old."""
        self._changing, self._settled = not settled, settled

    def end(self, at: float) -> None:
        """It was carried out, and all of its consequences are noted."""
        if self._settled:
            self.settled_at = at
        self._changing = self._settled = False

    def note(self, key: Any, at: float, state: Any) -> None:
        """A thing is like this since ``at``."""
        states = self._states[key]
        if states and states[-1][2] == state:
            return
        if self._settled:
            states[:] = [(-math.inf, -1, state)]
            return
        if self._changing:
            # Everything that one request changes belongs to one change.
            self._changing = False
            self.number += 1
            self.changed_at = at
        states.append((at, self.number, state))
        del states[:-_KEPT]

    def settle(self, key: Any, state: Any) -> None:
        """A thing is like this. If nobody noted that, a test has changed it past all requests, and it counts as old."""
        states = self._states[key]
        if states and states[-1][2] != state:
            states[:] = [(-math.inf, -1, state)]

    def seen(self, key: Any, moment: Moment) -> Any:
        """The state that a thing had, None if it did not exist."""
        states = self._states.get(key, [])
        last = bisect.bisect_right(states, moment.at, key=lambda entry: entry[0])
        return next((state for _at, number, state in reversed(states[:last]) if number < moment.before), None)


@dataclass
class Late:
    """Which answers of an operation are late. See :meth:`lastgood_simulator.world.World.late`."""

    operation: str
    seconds: float
    times: int | None
    flips: bool
    when: dict[str, Any]
    # The change that the answers so far were counted from, and how many they were.
    counted: tuple[int, int] = field(default=(-1, 0))

    def moment(self, history: History, now: float) -> Moment | None:
        """What the next answer shows, None for the present."""
        number, count = self.counted
        count = count + 1 if number == history.number else 1
        self.counted = (history.number, count)
        if self.flips and count % 2:
            # New, old, new.
            return None
        if self.times is None:
            return Moment(at=now - self.seconds)
        late = count // 2 if self.flips else count
        if late > self.times or (self.seconds and now - history.changed_at >= self.seconds):
            return None
        return Moment(before=history.number)


# Lists are 2 s behind, descriptions flip between now and 1 s ago, tags and what Auto Scaling knows are 2 s behind. The
# sources are in docs/beliefs.md.
PROFILES: dict[str, dict[str, dict[str, Any]]] = {
    "": {},
    "aws": {
        "ecs:ListServices": {"seconds": 2.0},
        "ecs:ListServiceDeployments": {"seconds": 2.0},
        "ecs:ListTaskDefinitions": {"seconds": 2.0},
        "ecs:ListTasks": {"seconds": 2.0},
        "codedeploy:ListDeployments": {"seconds": 2.0},
        "ecs:DescribeServices": {"seconds": 1.0, "flips": True},
        "ecs:DescribeServiceDeployments": {"seconds": 1.0, "flips": True},
        "ecs:DescribeTaskSets": {"seconds": 1.0, "flips": True},
        "ecs:ListTagsForResource": {"seconds": 2.0},
        "ecs:Tags": {"seconds": 2.0},
        "application-autoscaling:ListTagsForResource": {"seconds": 2.0},
        "resourcegroupstaggingapi:GetResources": {"seconds": 2.0},
        "application-autoscaling:DescribeScalableTargets": {"seconds": 2.0},
        "autoscaling:DescribeAutoScalingGroups": {"seconds": 2.0},
        "autoscaling:DescribeTags": {"seconds": 2.0},
    },
}
# The operations whose answers can be late. `Tags` is not one: it stands for the tags that descriptions include.
CAN_BE_LATE = frozenset(
    {
        *PROFILES["aws"],
        "ecs:DescribeServiceRevisions",
        "ecs:DescribeTaskDefinition",
        "ecs:DescribeTasks",
    }
)


class Lateness:
    """What was said to be late, the newest first."""

    def __init__(self) -> None:
        self._rules: list[Late] = []

    def add(self, late: Late) -> None:
        """Raises ValueError for an operation whose past nobody keeps."""
        if not any(concerns(late.operation, *name.split(":")) for name in CAN_BE_LATE):
            raise ValueError(f"{late.operation} cannot be late; there are {', '.join(sorted(CAN_BE_LATE))}")
        self._rules.insert(0, late)

    def view(self, service: str, operation: str, params: dict[str, Any], history: History, now: float) -> View:
        """What the next answer of an operation shows. ``now`` is the simulator's time."""
        if not self._rules or f"{service}:{operation}" not in CAN_BE_LATE:
            return PRESENT
        moment = self._moment(service, operation, params, history, now)
        tags = self._moment(service, "Tags", params, history, now) if "TAGS" in (params.get("include") or []) else None
        # Tags are not newer than what they belong to.
        return View(moment, tags or moment)

    def _moment(
        self, service: str, operation: str, params: dict[str, Any], history: History, now: float
    ) -> Moment | None:
        for rule in self._rules:
            if concerns(rule.operation, service, operation) and matches(rule.when, params):
                return rule.moment(history, now)
        return None
