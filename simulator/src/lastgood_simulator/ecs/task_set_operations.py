# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Operations on task sets."""

from __future__ import annotations

from typing import Any

from lastgood_simulator.ecs import services, tags, task_sets, views
from lastgood_simulator.ecs.model import Service, TaskSet
from lastgood_simulator.ecs.state import EcsState, invalid
from lastgood_simulator.errors import AwsError
from lastgood_simulator.operations import Context, operation


def _service(state: EcsState, params: dict[str, Any]) -> Service:
    service = state.service(params, active=True)
    if service.controller != "EXTERNAL":
        raise invalid("Task sets can only be used with services that have an EXTERNAL deployment controller.")
    return service


def _find(service: Service, reference: str) -> TaskSet:
    for task_set in service.task_sets:
        if reference in (task_set.id, task_set.arn):
            return task_set
    raise AwsError("TaskSetNotFoundException", "The specified task set could not be found.")


@operation("ecs", "CreateTaskSet")
def create_task_set(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateTaskSet.html"""
    state = context.world.ecs(context)
    service = _service(state, params)
    definition = state.deployable(params["taskDefinition"])
    revision = services.new_revision(service, definition, context.now)
    revision.settings |= {name: params[name] for name in services.TEMPLATE if params.get(name) is not None}
    scale = (params.get("scale") or {}).get("value", 100.0)
    task_set = task_sets.create(service, revision, scale, context.now)
    task_set.external_id = params.get("externalId")
    task_set.tags = tags.checked(params.get("tags"))
    state.touch(service)
    return {"taskSet": views.task_set(service, task_set, with_tags=True)}


@operation("ecs", "DescribeTaskSets")
def describe_task_sets(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeTaskSets.html"""
    service = context.world.ecs(context).service(params)
    wanted = params.get("taskSets") or []
    with_tags = "TAGS" in (params.get("include") or [])
    present = {reference: entry for entry in service.task_sets for reference in (entry.id, entry.arn)}
    chosen = [present[reference] for reference in wanted if reference in present] if wanted else service.task_sets
    return {
        "taskSets": [views.task_set(service, entry, with_tags) for entry in chosen],
        "failures": [{"arn": reference, "reason": "MISSING"} for reference in wanted if reference not in present],
    }


@operation("ecs", "UpdateTaskSet")
def update_task_set(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateTaskSet.html"""
    state = context.world.ecs(context)
    service = _service(state, params)
    task_set = _find(service, params["taskSet"])
    task_set.scale = {"unit": "PERCENT"} | params["scale"]
    task_set.updated_at = context.now
    state.touch(service)
    return {"taskSet": views.task_set(service, task_set, with_tags=False)}


@operation("ecs", "DeleteTaskSet")
def delete_task_set(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeleteTaskSet.html"""
    state = context.world.ecs(context)
    service = _service(state, params)
    task_set = _find(service, params["taskSet"])
    if task_set.scale["value"] > 0 and not params.get("force"):
        raise invalid("The task set cannot be deleted while it is scaled above 0.")
    task_set.status, task_set.updated_at = "DRAINING", context.now
    shown = views.task_set(service, task_set, with_tags=False)
    state.touch(service)
    return {"taskSet": shown}


@operation("ecs", "UpdateServicePrimaryTaskSet")
def update_service_primary_task_set(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateServicePrimaryTaskSet.html"""
    state = context.world.ecs(context)
    service = _service(state, params)
    chosen = _find(service, params["primaryTaskSet"])
    for task_set in service.task_sets:
        if task_set.status != "DRAINING":
            task_set.status = "PRIMARY" if task_set is chosen else "ACTIVE"
            task_set.updated_at = context.now
    service.task_definition = chosen.revision.task_definition
    service.template = dict(chosen.revision.settings)
    state.touch(service)
    return {"taskSet": views.task_set(service, chosen, with_tags=False)}
