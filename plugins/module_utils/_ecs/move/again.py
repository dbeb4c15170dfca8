# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Whether a plan still holds, and going on after it has gone stale, or after what was in the way has ended.

All but :class:`LastLooks` is pure.
"""

from __future__ import annotations

import typing as t
from dataclasses import replace

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws
from ansible_collections.lastgood.aws.plugins.module_utils._core import advice
from ansible_collections.lastgood.aws.plugins.module_utils._core.clock import Clock
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import api, names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.deployments import Going
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import Plan, Refusal
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Deployment, Service

# Seconds. UpdateService has no compare-and-set: what somebody deploys between the last look and the write is overtaken.
# So a look that is older than this is made again. It shows all services that are still to come, so that this costs a
# call of many services one request for every few writes (UpdateService is paced at 5 a second), and one service none.
LOOK_HOLDS: t.Final = 1.0


def as_chosen(planned: Plan | Refusal, first: Plan) -> Plan | Refusal:
    """A plan for that wish, with the target's original source and what was left for it."""
    if isinstance(planned, Refusal) or planned.verb != "act":
        return planned
    return replace(planned, choice=first.choice, known={**first.known, **planned.known})


def is_as_before(before: Plan, now: Plan) -> bool:
    """Whether the service is on what the plan saw, or where the running deployment was to take it."""
    expected = {before.current}
    running = before.running
    if running is not None and running.by != "ECS" and now.running is None:
        expected.add(running.target.task_definition)
        expected.update(source.task_definition for source in running.sources)
    return any(names.same(now.current, name) for name in expected)


def in_between(first: Plan, now: Plan) -> str:
    """Why the plan may not be carried out: somebody deployed while we made room. Empty if nobody did."""
    running = now.running
    if now.method == "adopt" or (running is not None and first.running is not None and running.id == first.running.id):
        return ""
    if running is None and is_as_before(first, now):
        return ""
    which = f" (deployment {running.id})" if running is not None else ""
    return (
        f"somebody deployed {names.short(now.current)}{which} after the deployment that was in the way of "
        f"{names.short(first.target.arn if first.target else '')} had been stopped. "
        f"{advice.LOOK}"
    )


def still_as_planned(planned: Plan, now: Service) -> bool:
    """Nobody has deployed since the plan was made. Pure."""
    before, after = planned.service.primary, now.primary
    if now.status != planned.service.status or (before is None) != (after is None):
        return False
    return before is None or after is None or (before.id, before.task_definition) == (after.id, after.task_definition)


def deployed_since(verified: Service, now: Service, going: Going) -> Deployment | None:
    """The PRIMARY deployment, if it came after what was verified. An old answer shows none that was not known. Pure."""
    before, primary = verified.primary, now.primary
    if before is None or primary is None or primary.id in {before.id, going.deployment_id, *going.known_deployments}:
        return None
    return primary


class LastLooks:
    """These services as they are right before the writes, in this order."""

    def __init__(self, aws: Aws, clock: Clock, cluster: str, names: t.Sequence[str]) -> None:
        self._aws = aws
        self._clock = clock
        self._cluster = cluster
        self._names = names
        self._found: t.Mapping[str, Service | str] = {}
        self._at = 0.0

    def at(self, number: int) -> Service | str:
        """That of this number, or why there is none. Raises AwsCallError or IncompleteAnswerError."""
        now = self._clock.monotonic()
        if not self._found or now - self._at > LOOK_HOLDS:
            self._at = now
            self._found = api.describe_services(self._aws, self._cluster, self._names[number:])
        return self._found[self._names[number]]
