# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Acting on services with the controller EXTERNAL: bring a task set up, and make it the PRIMARY one.

These are two writes with a wait between them. A run that is killed in between is finished by the next one: it finds
the task set standing.
"""

from __future__ import annotations

import hashlib
import typing as t
import uuid
from dataclasses import replace

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError, IncompleteAnswerError
from ansible_collections.lastgood.aws.plugins.module_utils._aws.writes import PlanIsStale
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import api, names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import plans, writes
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.deployments import Advanced, Begun
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.external import task_sets
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.external.task_sets import TaskSet
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Deployment, Finding, Service


def task_set_of(planned: plans.Plan) -> TaskSet:
    """The task set that a plan asks for; an empty one if it asks for none."""
    change = planned.way.change
    return change if isinstance(change, TaskSet) else TaskSet()


def begin(aws: Aws, planned: plans.Plan, tasks: int | None) -> Begun:
    """Use the existing task set, or create one. If it is steady already, it becomes PRIMARY at once.

    If more ``tasks`` are wanted, the task set gets them before it takes over. Raises :class:`PlanIsStale`.
    """
    primary = planned.service.primary
    if planned.target is None or primary is None:
        raise PlanIsStale("no task set is PRIMARY")
    preparing = task_set_of(planned).in_preparation
    if preparing is not None:
        return _take_away(aws, planned.service, primary, preparing)
    service, copy = planned.service, ""
    notes: tuple[Finding, ...] = ()
    share = task_sets.scale(planned.service)
    change = task_set_of(planned)
    task_set = change.standing
    if task_set is None:
        task_definition = planned.target.arn
        if change.copy is not None:
            task_definition, notes = writes.register_copy(aws, planned.target, change.copy)
            copy = task_definition
        with writes.writing("CreateTaskSet", notes):
            task_set = api.create_task_set(
                aws,
                service.cluster_arn,
                service.name,
                taskDefinition=task_definition,
                scale={"value": share, "unit": "PERCENT"},
                clientToken=_token(service, primary, task_definition + (uuid.uuid4().hex if change.is_anew else "")),
                **task_sets.settings_like(primary),
            )
    elif task_set.scale is not None and task_set.scale < share:
        with writes.writing("UpdateTaskSet"):
            task_set = api.update_task_set(aws, service.cluster_arn, service.name, task_set.id, share)
    elif task_set.rollout_state == "COMPLETED" and (tasks is None or tasks <= service.desired):
        return _take_over(aws, service, primary, task_set)
    service, late = writes.more_tasks(aws, service, tasks)
    return Begun(service, wrote=True, deployment_id=task_set.id, findings=(*notes, *late), copy=copy)


def _take_away(aws: Aws, service: Service, primary: Deployment, preparing: Deployment) -> Begun:
    """Delete a task set that somebody is bringing up, and stay on the PRIMARY one."""
    with writes.writing("DeleteTaskSet"):
        api.delete_task_set(aws, service.cluster_arn, service.name, preparing.id)
    what = f"task set {preparing.id} of {names.short(preparing.task_definition)} was deleted: it was still being "
    note = Finding("task_set_deleted", "info", f"{what}brought up, and the PRIMARY one stays")
    return Begun(_try_to_look(aws, service) or service, wrote=True, deployment_id=primary.id, findings=(note,))


def _take_over(aws: Aws, service: Service, primary: Deployment, task_set: Deployment) -> Begun:
    """Make a steady task set PRIMARY at once. Raises PlanIsStale if another one has become so."""
    now = look(aws, service)
    if not is_replaceable(now, {primary.id}):
        raise PlanIsStale("another task set is PRIMARY now")
    with writes.writing("UpdateServicePrimaryTaskSet"):
        done = promote(aws, now, task_set.id)
    return Begun(done.service, wrote=True, deployment_id=task_set.id, findings=done.findings)


def look(aws: Aws, service: Service) -> Service:
    """The service as it is now; as it was, but INACTIVE, if it is gone. Raises what the look raises."""
    found = api.describe_services(aws, service.cluster_arn, [service.name])[service.name]
    return found if isinstance(found, Service) else replace(service, status="INACTIVE", deployments=())


def is_replaceable(service: Service, known: t.Container[str]) -> bool:
    """Whether the PRIMARY task set is one that was to be replaced, and nobody has made another one PRIMARY. Pure."""
    return service.primary is not None and service.primary.id in known


def promote(aws: Aws, service: Service, task_set_id: str) -> Advanced:
    """Make a task set PRIMARY. ``service`` is what a look has shown right before.

    UpdateServicePrimaryTaskSet takes no condition, and its answer has no other task set than ours. What somebody has
    created at the same moment is only seen by another look
    (https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateServicePrimaryTaskSet.html).
    """
    try:
        api.update_service_primary_task_set(aws, service.cluster_arn, service.name, task_set_id)
    except (AwsCallError, IncompleteAnswerError) as exc:
        now = _try_to_look(aws, service) if exc.no_answer else None
        if now is None or now.primary is None or now.primary.id != task_set_id:
            raise
    else:
        now = _try_to_look(aws, service)
    if now is None:
        return Advanced(_with_primary(service, task_set_id))
    return Advanced(now, superseded(service, now, task_set_id))


def superseded(before: Service, after: Service, ours: str) -> tuple[Finding, ...]:
    """What to say of task sets that were created between the look before the write and the one after it. Pure."""
    known = {ours, *(d.id for d in before.deployments)}
    return tuple(
        Finding(
            "superseded_another",
            "warn",
            f"task set {d.id} of {names.short(d.task_definition)} was created between the last look and the write. If "
            f"somebody made it PRIMARY, task set {ours} has taken its place",
        )
        for d in after.deployments
        if d.id not in known and (after.primary is None or after.primary.id == ours)
    )


def _try_to_look(aws: Aws, service: Service) -> Service | None:
    try:
        found = look(aws, service)
    except (AwsCallError, IncompleteAnswerError):
        return None
    return found if found.deployments else None


def _with_primary(service: Service, task_set_id: str) -> Service:
    """The service as it is after a write that AWS has accepted, if it cannot be read again."""
    others = {"PRIMARY": "ACTIVE"}
    return replace(
        service,
        deployments=tuple(
            replace(d, status="PRIMARY" if d.id == task_set_id else others.get(d.status, d.status))
            for d in service.deployments
        ),
    )


def _token(service: Service, primary: Deployment, task_definition: str) -> str:
    """The same for the same step of the same rollback, so that a request that is sent twice creates one task set."""
    return hashlib.sha256(f"{service.arn} {primary.id} {task_definition}".encode()).hexdigest()[:32]
