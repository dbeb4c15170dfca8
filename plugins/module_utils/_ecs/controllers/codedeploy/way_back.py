# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""The way back where CodeDeploy deploys, and what may come in between. Pure."""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.lastgood.aws.plugins.module_utils._ecs import names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import InFlight, Refusal, Step
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import Plan as BasePlan
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import STOPPABLE
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.history import History


def by_codedeploy(in_flight: InFlight, history: History | None, target: str, current: str) -> Step:
    """CodeDeploy runs one deployment of a group at a time, so one that runs cannot be superseded, only stopped.

    https://docs.aws.amazon.com/codedeploy/latest/userguide/limits.html
    """
    if history is None:
        return Step("refuse", "none", "without the deployments of CodeDeploy nothing can be decided")
    running = history.running
    if running is None:
        if names.same(target, current):
            return Step("nothing", "none", f"it is on {names.short(target)} already")
        return Step("act", "codedeploy_deployment")
    if history.lands_on is not None and names.same(history.lands_on, target):
        return Step("act", "adopt")
    what = f"deployment {running.arn} to {names.short(running.target.task_definition)} is running ({running.status})"
    if in_flight == "refuse":
        return Step("refuse", "none", f"{what}, and in_flight is refuse")
    native = history.native_stop_lands_on
    if running.status in STOPPABLE and native is not None and names.same(native, target):
        return Step("act", "codedeploy_stop")
    # It has to end first.
    return Step("act", "codedeploy_deployment")


def as_chosen(planned: BasePlan | Refusal, first: BasePlan) -> BasePlan | Refusal:
    """A plan for that wish, told as what it is: where its target came from, and what is left for it."""
    if isinstance(planned, Refusal) or planned.verb != "act":
        return planned
    return replace(planned, choice=first.choice, left_tags=first.left_tags, taken_back=first.taken_back)


def is_as_before(before: BasePlan, now: BasePlan) -> bool:
    """The service is on what the plan took for present, or where what was running had to lead it."""
    expected = {before.current}
    running = before.running
    if running is not None and running.by != "ECS" and now.running is None:
        expected.add(running.target.task_definition)
        expected.update(source.task_definition for source in running.sources)
    return any(names.same(now.current, name) for name in expected)


def in_between(first: BasePlan, now: BasePlan) -> str:
    """Why the plan may not be carried out: somebody deployed while we made room. Empty where nobody did."""
    running = now.running
    if now.method == "adopt" or (
        running is not None and first.running is not None and running.arn == first.running.arn
    ):
        return ""
    if running is None and is_as_before(first, now):
        return ""
    which = f" (deployment {running.arn})" if running is not None else ""
    return (
        f"somebody deployed {names.short(now.current)}{which} after the deployment that was in the way of "
        f"{names.short(first.target.arn if first.target else '')} had been stopped. Look at it, then run the same "
        "command again to roll that back"
    )
