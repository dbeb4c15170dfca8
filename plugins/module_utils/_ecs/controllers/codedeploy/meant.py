# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Which deployment of CodeDeploy a wait is about. Pure."""

from __future__ import annotations

from ansible_collections.lastgood.aws.plugins.module_utils._core.as_of import stamp
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import deployments
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import task_sets as any_task_sets
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.deployments import Going, Known, Meant
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Service, ServiceDeployment
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.history import History


def meant(service: Service, history: History | None, problem: str, wanted: str) -> Meant | Known:
    """A deployment of CodeDeploy, by its id or by that of the task set that it made; else the newest of the group."""
    listed = service.deployment(wanted) if wanted else None
    if listed is not None and not listed.external_id:
        # The service was created with it.
        return any_task_sets.meant(service, wanted)
    id_ = listed.external_id if listed is not None else wanted
    record = _record(history, id_)
    if record is not None and not record.id.startswith("d-"):
        return any_task_sets.meant(service, "")
    if record is not None:
        return _codedeploy_ended(record, service, history)
    made = service.made_by(id_)
    if made is not None:
        # A rollback by CodeDeploy is not a deployment on record, but it can be followed all the same.
        return Meant(_watched(service, id_, made.task_definition))
    why = f". {problem}" if problem else ""
    what = f"deployment {id_} of {service.name}, now or in its history" if id_ else f"deployment of {service.name}"
    return Known("refused", f"there is no {what} that can be read{why}")


def _record(history: History | None, id_: str) -> ServiceDeployment | None:
    """The record with this id; without one, the newest of the group."""
    if history is None:
        return None
    if not id_:
        return history.newest
    return next((d for d in history.deployments if d.id == id_), None)


def _codedeploy_ended(record: ServiceDeployment, service: Service, history: History | None) -> Meant | Known:
    what, primary = names.short(record.target.task_definition), service.primary
    if deployments.ended_back(record):
        return Known("failed", deployments.back(record), record)
    if record.in_flight:
        return Meant(_watched(service, record.id, record.target.task_definition), record)
    if record.status == "SUCCESSFUL":
        if primary is not None and primary.external_id == record.id:
            return Meant(_watched(service, record.id, record.target.task_definition), record)
        at = f" at {stamp(record.finished_at)}" if record.finished_at else ""
        since = deployments.over(record.target.task_definition, primary)
        return Known("superseded", f"the deployment of {what} was complete{at}, but since then {since}", record)
    why = f" ({record.reason.rstrip('.')})" if record.reason else ""
    newest = history.newest if history is not None else None
    if record.status == "STOPPED" and newest is not None and newest.id != record.id:
        return Known("superseded", f"{deployments.over(record.target.task_definition, primary)}{why}", record)
    how = "was stopped before it was complete" if record.status == "STOPPED" else "has failed"
    return Known("failed", f"deployment {record.id} of {what} {how}{why}", record)


def _watched(service: Service, deployment_id: str, task_definition: str) -> Going:
    known = frozenset(d.id for d in service.deployments if d.external_id != deployment_id)
    return Going(task_definition, deployment_id, "", known, service.strategy, record=deployment_id, read_only=True)
