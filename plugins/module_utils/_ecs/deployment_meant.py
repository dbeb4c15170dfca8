# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Which deployment is meant where one is waited for, and what is known of it already. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.lastgood.aws.plugins.module_utils._ecs import names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Deployment, Service, ServiceDeployment
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.history import History

Outcome = t.Literal["stable", "serving", "in_progress", "failed", "superseded", "timeout", "lost_contact", "refused"]


@dataclass(frozen=True)
class Known:
    """How a deployment ended, where that needs no watching."""

    outcome: Outcome
    reason: str
    record: ServiceDeployment | None = None


@dataclass(frozen=True)
class Meant:
    """The deployment that is meant, to be watched. ``record`` is None where the history does not tell.

    ``controller`` is by whose rules it is watched: a task set that no deployment made goes by those of EXTERNAL.
    """

    deployment_id: str
    task_definition: str
    record: ServiceDeployment | None
    controller: str = "ECS"


def decide(service: Service, history: History | None, problem: str, wanted: str) -> Meant | Known:
    """Which deployment is meant: an id (``ecs-svc/…``, or ``d-…`` of CodeDeploy), the ARN of a service deployment, or
    without any of these the PRIMARY one. ``problem`` says why there is no history.
    """
    if service.status != "ACTIVE":
        return Known("refused", f"the service is {service.status}: nothing is deployed there any more")
    if service.controller == "CODE_DEPLOY":
        return _of_codedeploy(service, history, problem, wanted)
    if service.controller == "EXTERNAL":
        return _of_task_sets(service, wanted)
    if service.controller != "ECS":
        return Known("refused", f"the deployment controller is {service.controller}, which is not known here")
    if wanted:
        return _named(service, history, problem, wanted)
    primary = service.primary
    if primary is None:
        return Known("refused", "the service has no PRIMARY deployment: nothing was ever deployed there")
    newest = history.newest if history else None
    if newest is not None and _ended_back(newest):
        known = _ended(newest, service, history)
        advice = (
            f"Give deployment={primary.id} to wait for {names.short(primary.task_definition)}, which is PRIMARY now"
        )
        return known if isinstance(known, Meant) else Known(known.outcome, f"{known.reason}. {advice}", newest)
    return _ecs(primary, record_of(primary.id, history))


def _ecs(deployment: Deployment, record: ServiceDeployment | None) -> Meant:
    return Meant(deployment.id, deployment.task_definition, record)


def _named(service: Service, history: History | None, problem: str, wanted: str) -> Meant | Known:
    listed = service.deployment(wanted)
    if listed is not None and listed.status == "PRIMARY":
        return _ecs(listed, record_of(wanted, history))
    if wanted.startswith("arn:"):
        record = next((d for d in history.deployments if d.arn == wanted), None) if history else None
    else:
        record = record_of(wanted, history)
    if record is not None:
        return _ended(record, service, history)
    if listed is not None and listed.rollout_state == "FAILED":
        return Known("failed", listed.rollout_reason or "ECS reports the rollout as FAILED")
    if listed is not None:
        return Known("superseded", _over(listed.task_definition, service.primary))
    why = f" {problem}" if problem else " ECS keeps deployments for 90 days"
    return Known("refused", f"there is no deployment {wanted} of {service.name}, now or in its history.{why}")


def _ended(record: ServiceDeployment, service: Service, history: History | None) -> Meant | Known:
    """What the record of a deployment says of its end, or that it has to be watched."""
    what, primary = names.short(record.target.task_definition), service.primary
    if _ended_back(record):
        return Known("failed", _back(record), record)
    superseded = history is not None and history.newest is not None and history.newest.arn != record.arn
    if record.status in ("STOPPED", "STOP_REQUESTED"):
        why = f" ({record.reason.rstrip('.')})" if record.reason else ""
        if superseded:
            return Known("superseded", f"{_over(record.target.task_definition, primary)}{why}", record)
        return Known("failed", f"the deployment of {what} was stopped before it was complete{why}", record)
    if primary is not None and _is_of(record, primary):
        return _ecs(primary, record)
    if record.status == "SUCCESSFUL":
        at = f" at {record.finished_at.isoformat()}" if record.finished_at else ""
        since = _over(record.target.task_definition, primary)
        return Known("superseded", f"the deployment of {what} was complete{at}, but since then {since}", record)
    return Known("superseded", _over(record.target.task_definition, primary), record)


def _ended_back(record: ServiceDeployment) -> bool:
    """ECS goes back, or has tried to. A rollback that is only requested can still come too late.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stop-service-deployment.html
    """
    return record.status.startswith("ROLLBACK") and record.status != "ROLLBACK_REQUESTED"


def _back(record: ServiceDeployment) -> str:
    what = names.short(record.target.task_definition)
    back = f" to {names.short(record.rolled_back_to.task_definition)}" if record.rolled_back_to else ""
    said = (record.rollback_reason or record.reason).rstrip(".")
    why = f" ({said})" if said else ""
    if record.status == "ROLLBACK_FAILED":
        return f"{what} failed, and {record.by} could not roll it back{back}{why}"
    if record.status == "ROLLBACK_SUCCESSFUL":
        at = f" at {record.finished_at.isoformat()}" if record.finished_at else ""
        return f"{record.by} rolled {what} back{back}{at}{why}"
    return f"{record.by} is rolling {what} back{back}{why}"


def _over(task_definition: str, primary: Deployment | None) -> str:
    if primary is None:
        return f"{names.short(task_definition)} is not deployed any more"
    return f"{names.short(primary.task_definition)} ({primary.id}) was deployed over {names.short(task_definition)}"


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


def _of_task_sets(service: Service, wanted: str) -> Meant | Known:
    """A task set that somebody else deploys is there when it is PRIMARY and steady."""
    chosen = service.deployment(wanted) if wanted else service.primary
    if chosen is None and wanted:
        return Known("refused", f"there is no task set {wanted} of {service.name}")
    if chosen is None:
        return Known("refused", "no task set is PRIMARY: nothing is deployed there")
    if chosen.status == "DRAINING":
        return Known("failed", f"task set {chosen.id} of {names.short(chosen.task_definition)} is being deleted")
    return Meant(chosen.id, chosen.task_definition, None, "EXTERNAL")


def _of_codedeploy(service: Service, history: History | None, problem: str, wanted: str) -> Meant | Known:
    """A deployment of CodeDeploy, by its id or by that of the task set that it made; else the newest of the group."""
    listed = service.deployment(wanted) if wanted else None
    if listed is not None and not listed.external_id:
        # The service was created with it.
        return _of_task_sets(service, wanted)
    id_ = listed.external_id if listed is not None else wanted
    if history is not None and not id_:
        record = history.running or history.newest
    else:
        record = next((d for d in history.deployments if d.arn == id_), None) if history else None
    if record is not None and not record.arn.startswith("d-"):
        return _of_task_sets(service, "")
    if record is not None:
        return _codedeploy_ended(record, service, history)
    made = service.made_by(id_)
    if made is not None:
        # A rollback of CodeDeploy is no deployment on record, but one that can be followed all the same.
        return Meant(id_, made.task_definition, None, "CODE_DEPLOY")
    why = f". {problem}" if problem else ""
    what = f"deployment {id_} of {service.name}, now or in its history" if id_ else f"deployment of {service.name}"
    return Known("refused", f"there is no {what} that can be read{why}")


def _codedeploy_ended(record: ServiceDeployment, service: Service, history: History | None) -> Meant | Known:
    what, primary = names.short(record.target.task_definition), service.primary
    if _ended_back(record):
        return Known("failed", _back(record), record)
    if record.in_flight:
        return Meant(record.arn, record.target.task_definition, record, "CODE_DEPLOY")
    if record.status == "SUCCESSFUL":
        if primary is not None and primary.external_id == record.arn:
            return Meant(record.arn, record.target.task_definition, record, "CODE_DEPLOY")
        at = f" at {record.finished_at.isoformat()}" if record.finished_at else ""
        since = _over(record.target.task_definition, primary)
        return Known("superseded", f"the deployment of {what} was complete{at}, but since then {since}", record)
    why = f" ({record.reason.rstrip('.')})" if record.reason else ""
    newest = history.newest if history is not None else None
    if record.status == "STOPPED" and newest is not None and newest.arn != record.arn:
        return Known("superseded", f"{_over(record.target.task_definition, primary)}{why}", record)
    how = "was stopped before it was complete" if record.status == "STOPPED" else "has failed"
    return Known("failed", f"deployment {record.arn} of {what} {how}{why}", record)
