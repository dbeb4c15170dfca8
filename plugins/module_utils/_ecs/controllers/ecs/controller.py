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

from ansible_collections.lastgood.aws.plugins.module_utils._ecs import names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import base
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.base import InFlight, Known, Meant, Step
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.codedeploy import controller
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import (
    ROLLING_BACK,
    STOPPABLE,
    Deployment,
    Service,
    ServiceDeployment,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.history import History
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.target import Choice

_PRIMARY_TASK_SET: t.Final = Step("act", "primary_task_set")


def of(
    in_flight: InFlight, service: Service, history: History | None, choice: Choice, target: str, current: str
) -> Step:
    """How to get there, in this order: adopt, roll back natively, update the service."""
    if choice.unfinished:
        return Step("act", "adopt")
    if service.controller == "CODE_DEPLOY":
        return controller.by_codedeploy(in_flight, history, target, current)
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


def meant_primary(deployment: Deployment, record: ServiceDeployment | None) -> Meant:
    return Meant(deployment.id, deployment.task_definition, record)


def meant_named(service: Service, history: History | None, problem: str, wanted: str) -> Meant | Known:
    listed = service.deployment(wanted)
    if listed is not None and listed.status == "PRIMARY":
        return meant_primary(listed, record_of(wanted, history))
    if wanted.startswith("arn:"):
        record = next((d for d in history.deployments if d.arn == wanted), None) if history else None
    else:
        record = record_of(wanted, history)
    if record is not None:
        return meant_ended(record, service, history)
    if listed is not None and listed.rollout_state == "FAILED":
        return Known("failed", listed.rollout_reason or "ECS reports the rollout as FAILED")
    if listed is not None:
        return Known("superseded", base.over(listed.task_definition, service.primary))
    why = f" {problem}" if problem else " ECS keeps deployments for 90 days"
    return Known("refused", f"there is no deployment {wanted} of {service.name}, now or in its history.{why}")


def meant_ended(record: ServiceDeployment, service: Service, history: History | None) -> Meant | Known:
    """What the record of a deployment says of its end, or that it has to be watched."""
    what, primary = names.short(record.target.task_definition), service.primary
    if base.ended_back(record):
        return Known("failed", base.back(record), record)
    superseded = history is not None and history.newest is not None and history.newest.arn != record.arn
    if record.status in ("STOPPED", "STOP_REQUESTED"):
        why = f" ({record.reason.rstrip('.')})" if record.reason else ""
        if superseded:
            return Known("superseded", f"{base.over(record.target.task_definition, primary)}{why}", record)
        return Known("failed", f"the deployment of {what} was stopped before it was complete{why}", record)
    if primary is not None and _is_of(record, primary):
        return meant_primary(primary, record)
    if record.status == "SUCCESSFUL":
        at = f" at {record.finished_at.isoformat()}" if record.finished_at else ""
        since = base.over(record.target.task_definition, primary)
        return Known("superseded", f"the deployment of {what} was complete{at}, but since then {since}", record)
    return Known("superseded", base.over(record.target.task_definition, primary), record)


def _number(deployment_id: str) -> str:
    return deployment_id.rpartition("/")[2]


def record_of(deployment_id: str, history: History | None) -> ServiceDeployment | None:
    """The newest record of a deployment.

    Its id ends in the number that the ARN of its service revision ends in, as can be seen in what AWS answers.
    """
    deployments = history.deployments if history else ()
    return next((d for d in reversed(deployments) if _number(d.target.arn) == _number(deployment_id)), None)


def _is_of(record: ServiceDeployment, deployment: Deployment) -> bool:
    return _number(record.target.arn) == _number(deployment.id)
