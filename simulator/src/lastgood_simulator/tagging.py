# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Resource Groups Tagging API for Amazon ECS; moto answers for all other services.

https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html. Its index is behind what it
indexes: ask ECS for what was just written.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lastgood_simulator.ecs.model import Tags
from lastgood_simulator.ecs.state import EcsState
from lastgood_simulator.ecs.tags import checked, find, merged
from lastgood_simulator.errors import AwsError
from lastgood_simulator.operations import Context, operation, page

SERVICE = "resourcegroupstaggingapi"
_KINDS = ("ecs:service", "ecs:task-definition")
# "The minimum is 1 and the maximum is 20": ResourceARNList of TagResources and UntagResources.
_MOST = 20
# The same of GetResources.
_MOST_READ = 100


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidParameterException", message)


@operation(SERVICE, "GetResources")
def get_resources(context: Context, params: dict[str, Any]) -> dict[str, Any] | None:
    """Those "that are currently tagged or were previously tagged"; here: that have tags."""
    arns = params.get("ResourceARNList") or []
    if arns:
        return _by_arn(context, params, arns)
    kinds = params.get("ResourceTypeFilters") or []
    if not kinds or not set(kinds) <= set(_KINDS):
        return None
    filters = [(item["Key"], item.get("Values") or []) for item in params.get("TagFilters") or []]
    found = [
        {"ResourceARN": arn, "Tags": [{"Key": tag["key"], "Value": tag["value"]} for tag in tags]}
        for arn, tags in _resources(context.world.ecs(context), kinds)
        if tags and _fits({tag["key"]: tag["value"] for tag in tags}, filters)
    ]
    size = {"maxResults": params.get("ResourcesPerPage"), "nextToken": params.get("PaginationToken")}
    shown, token = page(found, size, default=50, most=100, bad="InvalidParameterException")
    return {"ResourceTagMappingList": list(shown), "PaginationToken": token or ""}


def _by_arn(context: Context, params: dict[str, Any], arns: list[str]) -> dict[str, Any] | None:
    """ "If a resource specified by this parameter doesn't exist, it doesn't generate an error"."""
    if any(params.get(name) for name in ("ResourceTypeFilters", "TagFilters", "ResourcesPerPage", "PaginationToken")):
        raise _invalid("ResourceARNList can't be specified with filters or pagination.")
    if len(arns) > _MOST_READ:
        raise _invalid(f"ResourceARNList must have between 1 and {_MOST_READ} elements.")
    if not all(arn.split(":")[2:3] == ["ecs"] for arn in arns):
        return None
    found = [
        {"ResourceARN": arn, "Tags": [{"Key": tag["key"], "Value": tag["value"]} for tag in tags]}
        for arn, tags in _resources(context.world.ecs(context), list(_KINDS))
        if tags and arn in arns
    ]
    return {"ResourceTagMappingList": found, "PaginationToken": ""}


def _resources(state: EcsState, kinds: list[str]) -> Iterator[tuple[str, Tags]]:
    for service in state.all_services() if "ecs:service" in kinds else ():
        yield service.arn, service.tags
    for family in sorted(state.definitions) if "ecs:task-definition" in kinds else ():
        for definition in state.revisions_of(family):
            yield definition.arn, definition.tags or []


def _fits(tags: dict[str, str], filters: list[tuple[str, list[str]]]) -> bool:
    return all(key in tags and (not values or tags[key] in values) for key, values in filters)


@operation(SERVICE, "TagResources")
def tag_resources(context: Context, params: dict[str, Any]) -> dict[str, Any] | None:
    """The same tags for up to 20 resources. What fails is in FailedResourcesMap, and the request succeeds."""
    tags = [{"key": key, "value": value} for key, value in (params.get("Tags") or {}).items()]
    if not 1 <= len(tags) <= 50:
        raise _invalid("Tags must have between 1 and 50 elements.")

    def tag(resource: Any) -> None:
        resource.tags = merged(resource.tags or [], checked(tags))

    return _of_each(context, params, tag)


@operation(SERVICE, "UntagResources")
def untag_resources(context: Context, params: dict[str, Any]) -> dict[str, Any] | None:
    """https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_UntagResources.html"""
    keys = params.get("TagKeys") or []

    def untag(resource: Any) -> None:
        resource.tags = [tag for tag in resource.tags or [] if tag["key"] not in keys]

    return _of_each(context, params, untag)


def _of_each(context: Context, params: dict[str, Any], change: Any) -> dict[str, Any] | None:
    arns = params.get("ResourceARNList") or []
    if not 1 <= len(arns) <= _MOST:
        raise _invalid(f"ResourceARNList must have between 1 and {_MOST} elements.")
    if not all(arn.split(":")[2:3] == ["ecs"] for arn in arns):
        return None
    failed = {}
    for arn in arns:
        try:
            change(find(context.world.ecs(context), arn))
        except AwsError as error:
            failed[arn] = {"ErrorCode": error.code, "ErrorMessage": error.message, "StatusCode": error.status}
    return {"FailedResourcesMap": failed}
