# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Going on after a plan has gone stale, or after what was in the way has ended. Pure."""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.lastgood.aws.plugins.module_utils._core import advice
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import Plan, Refusal


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
