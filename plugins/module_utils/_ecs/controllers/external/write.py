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
import uuid

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError, IncompleteAnswerError
from ansible_collections.lastgood.aws.plugins.module_utils._aws.writes import PlanIsStale
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import api, names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import plans, writes
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.deployments import Begun
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
        with writes.writing("UpdateServicePrimaryTaskSet"):
            service = promote(aws, service, task_set.id)
        return Begun(service, wrote=True, deployment_id=task_set.id)
    service, late = writes.more_tasks(aws, service, tasks)
    return Begun(service, wrote=True, deployment_id=task_set.id, findings=(*notes, *late), copy=copy)


def _take_away(aws: Aws, service: Service, primary: Deployment, preparing: Deployment) -> Begun:
    """Delete a task set that somebody is bringing up, and stay on the PRIMARY one."""
    with writes.writing("DeleteTaskSet"):
        api.delete_task_set(aws, service.cluster_arn, service.name, preparing.id)
    what = f"task set {preparing.id} of {names.short(preparing.task_definition)} was deleted: it was still being "
    note = Finding("task_set_deleted", "info", f"{what}brought up, and the PRIMARY one stays")
    return Begun(_look(aws, service) or service, wrote=True, deployment_id=primary.id, findings=(note,))


def promote(aws: Aws, service: Service, task_set_id: str) -> Service:
    """Make a task set PRIMARY. Returns the service as it is then, or as it was if that cannot be read."""
    try:
        api.update_service_primary_task_set(aws, service.cluster_arn, service.name, task_set_id)
    except (AwsCallError, IncompleteAnswerError) as exc:
        now = _look(aws, service) if exc.no_answer else None
        if now is None or now.primary is None or now.primary.id != task_set_id:
            raise
        return now
    return _look(aws, service) or service


def _look(aws: Aws, service: Service) -> Service | None:
    try:
        found = api.describe_services(aws, service.cluster_arn, [service.name])[service.name]
    except (AwsCallError, IncompleteAnswerError):
        return None
    return found if isinstance(found, Service) else None


def _token(service: Service, primary: Deployment, task_definition: str) -> str:
    """The same for the same step of the same rollback, so that a request that is sent twice creates one task set."""
    return hashlib.sha256(f"{service.arn} {primary.id} {task_definition}".encode()).hexdigest()[:32]
