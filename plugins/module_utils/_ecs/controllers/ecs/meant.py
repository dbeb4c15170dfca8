# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Which deployment of ECS a wait is about. Pure."""

from __future__ import annotations

from ansible_collections.lastgood.aws.plugins.module_utils._core.as_of import stamp
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import (
    deployments as controllers_deployments,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.deployments import Going, Known, Meant
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Deployment, Service, ServiceDeployment
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.history import History


def meant_primary(service: Service, deployment: Deployment, record: ServiceDeployment | None) -> Meant:
    known = frozenset(d.id for d in service.deployments if d.id != deployment.id)
    flying = record.id if record is not None and record.in_flight else ""
    own = record.id if record is not None else ""
    going = Going(
        deployment.task_definition,
        deployment.id,
        "",
        known,
        service.strategy,
        record=flying,
        own_record=own,
        read_only=True,
    )
    return Meant(going, record)


def meant_named(service: Service, history: History | None, problem: str, wanted: str) -> Meant | Known:
    listed = service.deployment(wanted)
    if listed is not None and listed.status == "PRIMARY":
        return meant_primary(service, listed, record_of(wanted, history))
    if wanted.startswith("arn:"):
        record = next((d for d in history.deployments if d.id == wanted), None) if history else None
    else:
        record = record_of(wanted, history)
    if record is not None:
        return meant_ended(record, service, history)
    if listed is not None and listed.rollout_state == "FAILED":
        return Known("failed", listed.rollout_reason or "ECS reports the rollout as FAILED")
    if listed is not None:
        return Known("superseded", controllers_deployments.over(listed.task_definition, service.primary))
    why = f" {problem}" if problem else " ECS keeps deployments for 90 days"
    return Known("refused", f"there is no deployment {wanted} of {service.name}, now or in its history.{why}")


def meant_ended(record: ServiceDeployment, service: Service, history: History | None) -> Meant | Known:
    """What the record of a deployment says of its end, or that it has to be watched."""
    what, primary = names.short(record.target.task_definition), service.primary
    if controllers_deployments.ended_back(record):
        return Known("failed", controllers_deployments.back(record), record)
    superseded = history is not None and history.newest is not None and history.newest.id != record.id
    if record.status in ("STOPPED", "STOP_REQUESTED"):
        why = f" ({record.reason.rstrip('.')})" if record.reason else ""
        if superseded:
            return Known(
                "superseded", f"{controllers_deployments.over(record.target.task_definition, primary)}{why}", record
            )
        return Known("failed", f"the deployment of {what} was stopped before it was complete{why}", record)
    if primary is not None and _is_of(record, primary):
        return meant_primary(service, primary, record)
    if record.status == "SUCCESSFUL":
        at = f" at {stamp(record.finished_at)}" if record.finished_at else ""
        since = controllers_deployments.over(record.target.task_definition, primary)
        return Known("superseded", f"the deployment of {what} was complete{at}, but since then {since}", record)
    return Known("superseded", controllers_deployments.over(record.target.task_definition, primary), record)


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


def of(service: Service, history: History | None, problem: str, wanted: str) -> Meant | Known:
    """The deployment with this id (``ecs-svc/…``) or the ARN of a service deployment, without either the PRIMARY one.
    ``problem`` says why there is no history.
    """
    if wanted:
        return meant_named(service, history, problem, wanted)
    primary = service.primary
    if primary is None:
        return Known("refused", "the service has no PRIMARY deployment: nothing was ever deployed there")
    newest = history.newest if history else None
    if newest is not None and controllers_deployments.ended_back(newest):
        known = meant_ended(newest, service, history)
        advice = (
            f"Give deployment={primary.id} to wait for {names.short(primary.task_definition)}, which is PRIMARY now"
        )
        return known if isinstance(known, Meant) else Known(known.outcome, f"{known.reason}. {advice}", newest)
    return meant_primary(service, primary, record_of(primary.id, history))
