# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Plans that lead where an earlier look showed, or are refused. Only reads."""

from __future__ import annotations

import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._aws import settled
from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError, IncompleteAnswerError
from ansible_collections.lastgood.aws.plugins.module_utils._core import bound, progress
from ansible_collections.lastgood.aws.plugins.module_utils._core.clock import Clock
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import api
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.of import Controllers
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import Goal, Plan, Refusal
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move import shown


class Planning(t.Protocol):
    """What makes the plans of one call."""

    @property
    def goal(self) -> Goal:
        """What the plans are for, as far as that is known by now."""

    @property
    def binds(self) -> bool:
        """Whether an earlier look showed where the plans lead."""

    def make_plans(self, service_names: t.Sequence[str]) -> dict[str, Plan | Refusal]:
        """A plan or a refusal for each name, in the order of the names."""

    def go_on(self, first: Plan) -> Plan | Refusal:
        """A new plan to the target of the first one, after what was in its way has ended."""


# Answers flip between new and old ones (https://github.com/bugcrowd/ecs-deployment-monitor/pull/2 wants three, too).
_IN_A_ROW: t.Final = 3


class _Judged(t.NamedTuple):
    """A plan, and why it must not be carried out."""

    planned: Plan | Refusal
    changed: shown.Changed | None = None

    @property
    def in_doubt(self) -> bool:
        """See :class:`.shown.Changed`."""
        return self.changed is not None and self.changed.in_doubt


def _no_doubt(found: dict[str, _Judged]) -> bool:
    return not any(one.in_doubt for one in found.values())


class BoundPlanner:
    """Makes the plans of one call with ``planner``, bound to those that were shown, by service.

    ``max_age`` is how old those may be, in seconds.
    """

    binds: t.Final = True

    def __init__(
        self,
        aws: Aws,
        clock: Clock,
        planner: Planning,
        plans: t.Mapping[str, shown.Shown],
        max_age: float = bound.MAX_AGE,
    ) -> None:
        self._aws = aws
        self._clock = clock
        self._shown = plans
        self._max_age = max_age
        self._planner = planner
        self._controllers = Controllers(aws, clock)

    @property
    def goal(self) -> Goal:
        """See :class:`Planning`."""
        return self._planner.goal

    def make_plans(self, service_names: t.Sequence[str]) -> dict[str, Plan | Refusal]:
        """See :class:`Planning`. If AWS shows what is older than the look that did not show it, it is asked again."""
        found = self._judge(service_names)
        doubtful = [name for name, one in found.items() if one.in_doubt]
        if doubtful:
            progress.say(f"AWS shows older deployments of {', '.join(doubtful)} than before. Looking again")
            again = settled.once_right(lambda: self._judge(doubtful), _no_doubt, self._clock, in_a_row=_IN_A_ROW)
            found.update(again)
        return {name: self._bind(one) for name, one in found.items()}

    def go_on(self, first: Plan) -> Plan | Refusal:
        """See :class:`Planning`. The target is that of the plan that was shown, and by now something has changed."""
        return self._planner.go_on(first)

    def _judge(self, service_names: t.Sequence[str]) -> dict[str, _Judged]:
        return {name: self._judge_one(planned) for name, planned in self._planner.make_plans(service_names).items()}

    def _judge_one(self, planned: Plan | Refusal) -> _Judged:
        if isinstance(planned, Refusal):
            return _Judged(planned)
        controller = self._controllers.of(planned.service)
        now = self._clock.now()
        seen = shown.Seen(controller.primary_tells, now, controller.pins(planned), self._max_age)
        judged = shown.judge(self._shown[planned.service.name], planned, seen)
        return _Judged(judged.plan) if isinstance(judged, shown.Holds) else _Judged(planned, judged)

    def _bind(self, one: _Judged) -> Plan | Refusal:
        if isinstance(one.planned, Refusal):
            return one.planned
        if one.changed is None:
            return shown.as_shown(self._shown[one.planned.service.name], one.planned)
        return shown.refused(one.planned, one.changed, self._registered_by(one.changed.version))

    def _registered_by(self, version: str) -> str:
        """Who registered a task definition; empty if that is not known."""
        if not version:
            return ""
        try:
            found = api.describe_task_definition(self._aws, version)
        except (AwsCallError, IncompleteAnswerError):
            return ""
        return str(found.content.get("registeredBy") or "") if found else ""
