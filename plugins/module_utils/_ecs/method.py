# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""The way back: adopt what runs already, let ECS or CodeDeploy itself go back, or deploy. Pure.

The order is that of certainty. A rollback by ECS itself reuses the source service revision with its image digests
(https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stop-service-deployment.html).
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.lastgood.aws.plugins.module_utils._ecs import names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import ROLLING_BACK, STOPPABLE, Method, Service
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.history import History
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.target import Choice

InFlight = t.Literal["stop", "supersede", "refuse"]
Verb = t.Literal["act", "nothing", "refuse"]
# Methods by which ECS itself goes back, and those that write at all.
NATIVE: t.Final = frozenset({"continue_rollback", "stop_deployment"})
# Methods that deploy the target's task definition, so that it must be fit for that.
DEPLOYS: t.Final = frozenset({"update_service", "codedeploy_deployment"})
WRITES: t.Final = NATIVE | DEPLOYS


@dataclass(frozen=True)
class Step:
    verb: Verb
    method: Method
    reason: str = ""
    force_new_deployment: bool = False


_PRIMARY_TASK_SET: t.Final = Step("act", "primary_task_set")


def of(
    in_flight: InFlight, service: Service, history: History | None, choice: Choice, target: str, current: str
) -> Step:
    """How to get there, in this order: adopt, roll back natively, update the service."""
    if choice.unfinished:
        return Step("act", "adopt")
    if service.controller == "CODE_DEPLOY":
        return _by_codedeploy(in_flight, history, target, current)
    if service.controller == "EXTERNAL":
        same = names.same(target, current)
        return Step("nothing", "none", f"it is on {names.short(target)} already") if same else _PRIMARY_TASK_SET
    primary = service.primary
    running = history.running if history else None
    if running is None and primary is not None and primary.rollout_state == "IN_PROGRESS":
        # The history is not told, or lags behind: the PRIMARY deployment says as much.
        return _in_flight_unrecorded(in_flight, target, primary.task_definition)
    if running is None:
        if not names.same(target, current):
            return Step("act", "update_service")
        if primary is not None and primary.rollout_state == "FAILED":
            # Its last deployment failed and is over: only a new one can bring it up.
            return Step("act", "update_service", force_new_deployment=True)
        return Step("nothing", "none", f"it is on {names.short(target)} already")
    if history is not None and history.lands_on is not None and names.same(history.lands_on, target):
        return Step("act", "adopt")
    if in_flight == "refuse":
        return Step(
            "refuse",
            "none",
            f"a deployment to {names.short(running.target.task_definition)} is running ({running.status}), and "
            "in_flight is refuse",
        )
    native = history.native_stop_lands_on if history else None
    if (
        in_flight == "stop"
        and running.status in STOPPABLE
        and running.status not in ROLLING_BACK
        and native is not None
        and names.same(native, target)
    ):
        # Parked at a PAUSE hook a deployment takes no stop, only an answer to the hook.
        return Step("act", "continue_rollback" if running.paused_at else "stop_deployment")
    return Step("act", "update_service")


def _in_flight_unrecorded(in_flight: InFlight, target: str, deploying: str) -> Step:
    if names.same(target, deploying):
        return Step("act", "adopt")
    if in_flight == "refuse":
        return Step("refuse", "none", f"a deployment to {names.short(deploying)} is running, and in_flight is refuse")
    return Step("act", "update_service")


def _by_codedeploy(in_flight: InFlight, history: History | None, target: str, current: str) -> Step:
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
