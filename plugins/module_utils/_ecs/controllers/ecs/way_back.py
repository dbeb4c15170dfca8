# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""The way back for services that ECS deploys: adopt what runs already, let ECS itself go back, or deploy. Pure."""

from __future__ import annotations

from ansible_collections.lastgood.aws.plugins.module_utils._ecs import names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.ecs.write import Update
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.goals import InFlight
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import Way, refused
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import (
    ROLLING_BACK,
    STOPPABLE,
    Service,
    ServiceDeployment,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.choices import Choice
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.history import History


def of(
    in_flight: InFlight, service: Service, history: History | None, choice: Choice, target: str, current: str
) -> Way:
    """How to get there, in this order: adopt, roll back natively, update the service."""
    if choice.unfinished:
        return Way("act", "adopt")
    if history is None or history.running is None:
        return _without_a_record(in_flight, service, target, current)
    return _from_what_runs(in_flight, history, history.running, target)


def _without_a_record(in_flight: InFlight, service: Service, target: str, current: str) -> Way:
    """No deployment is running, by its records."""
    primary = service.primary
    if primary is not None and primary.rollout_state == "IN_PROGRESS":
        # There is no history, or it lags behind: the PRIMARY deployment says as much.
        return _in_flight_unrecorded(in_flight, target, primary.task_definition)
    if not names.same(target, current):
        return _deploy()
    if primary is not None and primary.rollout_state == "FAILED":
        # Its last deployment failed and is over: only a new one can bring it up.
        return _deploy(force_new_deployment=True)
    return Way("nothing", "none", f"it is on {names.short(target)} already")


def _from_what_runs(in_flight: InFlight, history: History, running: ServiceDeployment, target: str) -> Way:
    if history.lands_on is not None and names.same(history.lands_on, target):
        return Way("act", "adopt")
    if in_flight == "refuse":
        what = f"a deployment to {names.short(running.target.task_definition)} is running ({running.status})"
        return refused((), f"{what}, and in_flight is refuse")
    native = history.native_stop_lands_on
    if (
        in_flight == "stop"
        and running.status in STOPPABLE
        and running.status not in ROLLING_BACK
        and native is not None
        and names.same(native, target)
    ):
        # Parked at a PAUSE hook a deployment takes no stop, only an answer to the hook.
        return Way("act", "continue_rollback" if running.paused_at else "stop_deployment")
    return _deploy()


def _in_flight_unrecorded(in_flight: InFlight, target: str, deploying: str) -> Way:
    if names.same(target, deploying):
        return Way("act", "adopt")
    if in_flight == "refuse":
        return refused((), f"a deployment to {names.short(deploying)} is running, and in_flight is refuse")
    return _deploy()


def _deploy(force_new_deployment: bool = False) -> Way:
    return Way("act", "update_service", change=Update(force_new_deployment=force_new_deployment), deploys=True)
