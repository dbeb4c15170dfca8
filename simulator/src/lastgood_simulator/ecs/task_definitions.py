# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Operations on task definitions."""

from __future__ import annotations

import re
from typing import Any

from lastgood_simulator.ecs import tags
from lastgood_simulator.ecs.model import TaskDefinition
from lastgood_simulator.ecs.state import client_error, invalid
from lastgood_simulator.operations import Context, operation, page

_FAMILY = re.compile(r"[A-Za-z0-9_-]{1,255}")
_CONTAINER_DEFAULTS: dict[str, Any] = {
    "cpu": 0,
    "portMappings": [],
    "essential": True,
    "environment": [],
    "mountPoints": [],
    "volumesFrom": [],
    "systemControls": [],
}


@operation("ecs", "RegisterTaskDefinition")
def register_task_definition(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html"""
    state = context.world.ecs(context)
    family = params.get("family", "")
    if not _FAMILY.fullmatch(family):
        raise client_error("Family contains invalid characters.")
    containers = params.get("containerDefinitions") or []
    if not containers:
        raise client_error("Container list cannot be empty.")
    fargate = "FARGATE" in (params.get("requiresCompatibilities") or [])
    for container in containers:
        _check_container(container, params, fargate)
    if fargate:
        for name in ("cpu", "memory"):
            if not params.get(name):
                raise client_error(f"Fargate requires that '{name}' be defined at the task level.")
        if params.get("networkMode") != "awsvpc":
            raise client_error("Fargate only supports network mode 'awsvpc'.")
    revisions = state.definitions.setdefault(family, {})
    revision = max(revisions, default=0) + 1
    data = {name: value for name, value in params.items() if name != "tags"}
    data |= {
        "taskDefinitionArn": state.arn("task-definition", f"{family}:{revision}"),
        "revision": revision,
        "status": "ACTIVE",
        "containerDefinitions": [_complete(container, params.get("networkMode")) for container in containers],
        "volumes": params.get("volumes") or [],
        "placementConstraints": params.get("placementConstraints") or [],
        "requiresAttributes": [{"name": "com.amazonaws.ecs.capability.docker-remote-api.1.18"}],
        "compatibilities": ["EC2", "FARGATE"] if fargate else ["EC2"],
        "registeredAt": context.now,
        "registeredBy": context.principal,
    }
    definition = TaskDefinition(data, tags.checked(params.get("tags")))
    revisions[revision] = definition
    shown: dict[str, Any] = {"taskDefinition": data}
    return shown | ({"tags": definition.tags} if definition.tags else {})


def _check_container(container: dict[str, Any], params: dict[str, Any], fargate: bool) -> None:
    for name in ("name", "image"):
        if not container.get(name):
            raise client_error(f"Container.{name} should not be null or empty.")
    if not fargate and not (container.get("memory") or container.get("memoryReservation") or params.get("memory")):
        raise client_error(
            f"Invalid setting for container '{container['name']}'. "
            "At least one of 'memory' or 'memoryReservation' must be specified."
        )


def _complete(container: dict[str, Any], network_mode: str | None) -> dict[str, Any]:
    """With the defaults that ECS fills in."""
    ports = []
    for port in container.get("portMappings") or []:
        host = {"hostPort": port.get("containerPort")} if network_mode == "awsvpc" else {"hostPort": 0}
        ports.append({"protocol": "tcp", **host, **port})
    return {**_CONTAINER_DEFAULTS, **container, "portMappings": ports}


@operation("ecs", "DescribeTaskDefinition")
def describe_task_definition(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeTaskDefinition.html"""
    definition = context.world.ecs(context).definition(params["taskDefinition"])
    if definition is None:
        raise client_error("Unable to describe task definition.")
    shown: dict[str, Any] = {"taskDefinition": definition.data}
    return shown | ({"tags": definition.tags} if "TAGS" in (params.get("include") or []) else {})


@operation("ecs", "ListTaskDefinitions")
def list_task_definitions(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """familyPrefix is "the full family name" and the order is by family, then revision.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListTaskDefinitions.html
    """
    state = context.world.ecs(context)
    family, status = params.get("familyPrefix"), params.get("status") or "ACTIVE"
    arns = [
        definition.arn
        for name in sorted(state.definitions)
        if family in (None, name)
        for definition in state.revisions_of(name)
        if definition.status == status
    ]
    if params.get("sort") == "DESC":
        arns.reverse()
    shown, token = page(arns, params, default=100, most=100, bad="InvalidParameterException")
    return {"taskDefinitionArns": list(shown), "nextToken": token}


@operation("ecs", "ListTaskDefinitionFamilies")
def list_task_definition_families(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListTaskDefinitionFamilies.html"""
    state = context.world.ecs(context)
    wanted = params.get("status") or "ALL"

    def shown(family: str) -> bool:
        active = any(item.status == "ACTIVE" for item in state.revisions_of(family))
        return family.startswith(params.get("familyPrefix") or "") and (
            wanted == "ALL" or active == (wanted == "ACTIVE")
        )

    families, token = page(
        [family for family in sorted(state.definitions) if shown(family)],
        params,
        default=100,
        most=100,
        bad="InvalidParameterException",
    )
    return {"families": list(families), "nextToken": token}


@operation("ecs", "DeregisterTaskDefinition")
def deregister_task_definition(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeregisterTaskDefinition.html"""
    reference = params["taskDefinition"]
    if ":" not in reference.split("/")[-1]:
        raise client_error("Revision is missing.")
    definition = context.world.ecs(context).definition(reference)
    if definition is None:
        raise client_error("The specified task definition does not exist.")
    if definition.status == "ACTIVE":
        definition.data = definition.data | {"status": "INACTIVE", "deregisteredAt": context.now}
    return {"taskDefinition": definition.data}


@operation("ecs", "DeleteTaskDefinitions")
def delete_task_definitions(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeleteTaskDefinitions.html"""
    references = params.get("taskDefinitions") or []
    if not 1 <= len(references) <= 10:
        raise invalid("Size of TaskDefinition references list must be between 1 and 10")
    deleted, failures = [], []
    for reference in references:
        definition = context.world.ecs(context).definition(reference) if ":" in reference.split("/")[-1] else None
        if definition is None:
            reason = (
                "The specified task definition does not exist. Specify a valid account, family, revision and try again."
            )
            failures.append({"arn": reference, "reason": reason})
        elif definition.status == "ACTIVE":
            reason = (
                "The specified task definition is still in ACTIVE status. Please deregister the target and try again."
            )
            failures.append({"arn": definition.arn, "reason": reason})
        else:
            if definition.status == "INACTIVE":
                definition.data = definition.data | {"status": "DELETE_IN_PROGRESS", "deleteRequestedAt": context.now}
            deleted.append(definition.data)
    return {"taskDefinitions": deleted, "failures": failures}
