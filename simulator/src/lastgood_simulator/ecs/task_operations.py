# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Operations on tasks."""

from __future__ import annotations

from collections import deque
from typing import Any

from lastgood_simulator.ecs import launch, tags, tasks, views
from lastgood_simulator.ecs.model import ServiceRevision, Task
from lastgood_simulator.ecs.state import client_error, invalid
from lastgood_simulator.errors import AwsError
from lastgood_simulator.operations import Context, operation, page


@operation("ecs", "ListTasks")
def list_tasks(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """desiredStatus is RUNNING unless asked otherwise.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListTasks.html
    """
    state = context.world.ecs(context)
    cluster = state.cluster(params)
    candidates: list[Task] = []
    if params.get("serviceName"):
        service = state.lookup(cluster, params["serviceName"])
        if service is None:
            raise AwsError("ServiceNotFoundException", "Service not found.")
        candidates = list(service.tasks.values())
    else:
        for service in state.services_in(cluster, caught_up=True):
            candidates += service.tasks.values()
        state.catch_up_loose_tasks()
        candidates += [task for task in state.loose_tasks.values() if task.cluster_arn == state.arn("cluster", cluster)]
    status = params.get("desiredStatus") or "RUNNING"
    arns = [
        task.arn
        for task in candidates
        if task.desired_status == status
        and params.get("family") in (None, task.task_definition.family)
        and params.get("startedBy") in (None, task.started_by)
        and params.get("launchType") in (None, views.launch_type(task.settings))
    ]
    shown, token = page(arns, params, default=100, most=100, bad="InvalidParameterException")
    return {"taskArns": list(shown), "nextToken": token}


@operation("ecs", "DescribeTasks")
def describe_tasks(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeTasks.html"""
    state = context.world.ecs(context)
    cluster = state.cluster(params)
    references = params.get("tasks") or []
    if not references:
        raise invalid("Tasks cannot be empty.")
    if len(references) > 100:
        raise invalid("Tasks cannot have more than 100 elements.")
    with_tags = "TAGS" in (params.get("include") or [])
    found, failures = [], []
    for reference in references:
        task = state.task(cluster, reference.split("/")[-1])
        if task is None:
            arn = reference if reference.startswith("arn:") else state.arn("task", f"{cluster}/{reference}")
            failures.append({"arn": arn, "reason": "MISSING"})
        else:
            found.append(views.task(task, with_tags))
    return {"tasks": found, "failures": failures}


@operation("ecs", "StopTask")
def stop_task(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_StopTask.html"""
    state = context.world.ecs(context)
    cluster = state.cluster(params)
    task = state.task(cluster, params["task"].split("/")[-1])
    if task is None:
        raise invalid("The referenced task was not found.")
    if task.live:
        reason = params.get("reason") or "Task stopped by user"
        tasks.stop(task, context.now, state.env.timings.draining, "UserInitiated", reason)
    service = state.services.get(f"{cluster}:{task.group.removeprefix('service:')}")
    if service is not None and task.id in service.tasks:
        service.steady = False
        state.touch(service)
    return {"task": views.task(task, with_tags=False)}


@operation("ecs", "RunTask")
def run_task(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html"""
    state = context.world.ecs(context)
    cluster = state.cluster(params)
    definition = state.deployable(params["taskDefinition"])
    count = params.get("count") or 1
    if not 1 <= count <= 10:
        raise invalid("count must be between 1 and 10")
    if definition.data.get("networkMode") == "awsvpc" and not params.get("networkConfiguration"):
        raise invalid("Network Configuration must be provided when networkMode 'awsvpc' is specified.")
    names = ("launchType", "capacityProviderStrategy", "platformVersion", "networkConfiguration", "overrides")
    settings = {name: params[name] for name in names if params.get(name)}
    if not launch.placeable(settings, cluster, state.env):
        raise client_error("No Container Instances were found in your cluster.")
    revision = ServiceRevision("", definition, settings, context.now)
    started = []
    for _index in range(count):
        task = launch.new_task(
            arn_prefix=state.arn("task", cluster),
            cluster_arn=state.arn("cluster", cluster),
            definition=definition,
            images=launch.resolve_images(revision, state.env),
            group=params.get("group") or f"family:{definition.family}",
            started_by=params.get("startedBy"),
            settings=settings,
            tags=tags.checked(params.get("tags")),
            at=context.now,
        )
        task.checked = definition.has_health_check
        task.agenda = deque()
        tasks.plan(task, state.env.timings, context.now, 0)
        state.loose_tasks[task.id] = task
        started.append(views.task(task, with_tags=True))
    return {"tasks": started, "failures": []}
