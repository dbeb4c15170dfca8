# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tags of services, task definitions, tasks, task sets and clusters.

Rules: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Tag.html and API_TagResource.html
"""

from __future__ import annotations

import unicodedata
from typing import Any

from lastgood_simulator.ecs.model import Tags
from lastgood_simulator.ecs.state import EcsState, invalid
from lastgood_simulator.errors import AwsError
from lastgood_simulator.operations import Context, operation

MOST = 50


def checked(tags: list[dict[str, str]] | None) -> Tags:
    """A copy of valid tags. Raises InvalidParameterException for others."""
    result = []
    for tag in tags or []:
        key, value = tag.get("key", ""), tag.get("value", "")
        if not 1 <= len(key) <= 128:
            raise invalid("Tag key must be between 1 and 128 characters long.")
        if len(value) > 256:
            raise invalid("Tag value must be at most 256 characters long.")
        if not (_allowed(key) and _allowed(value)):
            raise invalid(
                "Some tags contain invalid characters. "
                "Valid characters: UTF-8 letters, spaces, numbers and _ . / = + - : @."
            )
        if key.lower().startswith("aws:"):
            raise invalid("Tag keys starting with 'aws:' are reserved for system use")
        result.append({"key": key, "value": value})
    if len({tag["key"] for tag in result}) < len(result):
        raise invalid("Duplicate tag keys found.")
    if len(result) > MOST:
        raise invalid(f"The maximum number of tags per resource is {MOST}.")
    return result


def _allowed(text: str) -> bool:
    return all(char in "_.:/=+-@" or unicodedata.category(char)[0] in "LNZ" for char in text)


def merged(present: Tags, new: Tags) -> Tags:
    """``present`` with ``new`` laid over it. Raises InvalidParameterException beyond 50."""
    by_key = {tag["key"]: tag for tag in (*present, *new)}
    if len(by_key) > MOST:
        raise invalid(f"The maximum number of tags per resource is {MOST}.")
    return list(by_key.values())


@operation("ecs", "TagResource")
def tagfind(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TagResource.html"""
    resource = find(context.world.ecs(context), params["resourceArn"])
    resource.tags = merged(resource.tags or [], checked(params.get("tags")))
    return {}


@operation("ecs", "UntagResource")
def untagfind(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UntagResource.html"""
    resource = find(context.world.ecs(context), params["resourceArn"])
    resource.tags = [tag for tag in resource.tags or [] if tag["key"] not in params.get("tagKeys", [])]
    return {}


@operation("ecs", "ListTagsForResource")
def list_tags_forfind(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListTagsForResource.html"""
    return {"tags": find(context.world.ecs(context), params["resourceArn"]).tags or []}


def find(state: EcsState, arn: str) -> Any:
    """The object with ``tags`` that this ARN names. Raises what AWS raises for one that does not exist."""
    fields = arn.split(":", 5)
    if len(fields) < 6 or fields[2] != "ecs":
        raise invalid("The ARN provided is invalid.")
    kind, _slash, path = fields[5].partition("/")
    parts = path.split("/")
    found: Any = None
    if kind == "service":
        found = state.lookup(*parts) if len(parts) == 2 else None
        if found is None:
            raise AwsError("ServiceNotFoundException", "Service not found.")
    elif kind == "task-definition":
        found = state.definition(path) if ":" in path else None
    elif kind == "cluster":
        if path not in state.backend.clusters:
            raise AwsError("ClusterNotFoundException", "Cluster not found.")
        found = state.backend.clusters[path]
    elif kind == "task":
        found = state.task(parts[0], parts[-1])
    elif kind == "task-set":
        service = state.services.get(f"{parts[0]}:{parts[1]}") if len(parts) > 2 else None
        found = next((entry for entry in service.task_sets if entry.arn == arn), None) if service else None
    elif kind == "capacity-provider":
        found = state.backend.capacity_providers.get(path)
    if found is None:
        raise invalid("The specified resource is not found.")
    return found
