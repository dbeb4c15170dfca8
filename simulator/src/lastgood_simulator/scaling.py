# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Application Auto Scaling where moto differs from AWS.

https://docs.aws.amazon.com/autoscaling/application/APIReference/API_RegisterScalableTarget.html
"""

from __future__ import annotations

import copy
from typing import Any

from moto.applicationautoscaling.models import applicationautoscaling_backends

from lastgood_simulator.ecs import ids
from lastgood_simulator.ecs.services import set_desired_count
from lastgood_simulator.errors import AwsError
from lastgood_simulator.operations import Context, operation, page
from lastgood_simulator.past import History

SERVICE = "application-autoscaling"
FLAGS = ("DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended")
IDENTITY = ("ServiceNamespace", "ResourceId", "ScalableDimension")
_ATTRIBUTE = "lastgood_simulator"


def invalid(message: str) -> AwsError:
    """ValidationException."""
    return AwsError("ValidationException", message)


class _Extra:
    """What moto does not keep: tags by ARN, activities newest first."""

    def __init__(self) -> None:
        self.tags: dict[str, dict[str, str]] = {}
        self.activities: list[dict[str, Any]] = []


def _backend(context: Context) -> Any:
    return applicationautoscaling_backends[context.account][context.region]


def _extra(context: Context) -> _Extra:
    extra: _Extra = _backend(context).__dict__.setdefault(_ATTRIBUTE, _Extra())
    return extra


def note(history: History, at: float) -> None:
    """Scalable targets may have changed."""
    for account, regions in list(applicationautoscaling_backends.items()):
        for region, backend in list(regions.items()):
            extra: _Extra = backend.__dict__.get(_ATTRIBUTE) or _Extra()
            state = (_described(backend), extra.tags)
            history.note(("scalable targets", account, region), at, copy.deepcopy(state))


def _seen(context: Context) -> tuple[list[dict[str, Any]], dict[str, dict[str, str]]]:
    """All targets and their tags, as the current answer shows them."""
    history = context.world.history
    if history.view.moment is None:
        return _described(_backend(context)), _extra(context).tags
    seen = history.seen(("scalable targets", context.account, context.region), history.view.moment)
    return seen or ([], {})


def _described(backend: Any) -> list[dict[str, Any]]:
    return [
        {
            "ServiceNamespace": target.service_namespace,
            "ResourceId": target.resource_id,
            "ScalableDimension": target.scalable_dimension,
            "MinCapacity": target.min_capacity,
            "MaxCapacity": target.max_capacity,
            "RoleARN": target.role_arn,
            "CreationTime": target.creation_time,
            "SuspendedState": target.suspended_state,
            "ScalableTargetARN": target.arn,
        }
        for group in backend.targets.values()
        for target in group.values()
    ]


@operation(SERVICE, "RegisterScalableTarget")
def register_scalable_target(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """Register or update. "Parameters that you don't specify are not changed by this update request."

    "If you call the RegisterScalableTarget API operation to update an existing configuration, … If the current
    capacity is outside of the specified range, Application Auto Scaling adjusts the capacity to place it within this
    range, even if you don't include the MinCapacity or MaxCapacity request parameters."
    """
    backend = _backend(context)
    namespace, resource, dimension = (params.get(key) for key in IDENTITY)
    present = backend.targets.get(dimension, {}).get(resource)
    minimum, maximum = params.get("MinCapacity"), params.get("MaxCapacity")
    if present is None and (minimum is None or maximum is None):
        raise invalid("MinCapacity and MaxCapacity are required when registering a new scalable target.")
    low = present.min_capacity if minimum is None else minimum
    high = present.max_capacity if maximum is None else maximum
    if low < 0 or high < low:
        raise invalid("Maximum capacity cannot be less than minimum capacity")
    service = None
    if namespace == "ecs":
        state = context.world.ecs(context)
        parts = str(resource).split("/")
        known = len(parts) == 3 and parts[0] == "service" and parts[1] in state.backend.clusters
        service = state.lookup(parts[1], parts[2]) if known else None
        if service is None or service.status == "INACTIVE":
            raise invalid(f"ECS service doesn't exist: {resource}")
    suspended = dict.fromkeys(FLAGS, False)
    suspended |= (present.suspended_state if present is not None else None) or {}
    suspended |= params.get("SuspendedState") or {}
    target = backend.register_scalable_target(
        namespace,
        resource,
        dimension,
        min_capacity=low,
        max_capacity=high,
        role_arn=params.get("RoleARN") or (present.role_arn if present is not None else _role(context, str(namespace))),
        suspended_state=suspended,
    )
    if present is None:
        target.creation_time = context.now
        _extra(context).tags[target.arn] = dict(params.get("Tags") or {})
    if service is not None and not low <= service.desired_count <= high:
        count = min(max(service.desired_count, low), high)
        bound = "minimum" if count == low else "maximum"
        _note_activity(context, target, count, f"{bound} capacity was set to {count}")
        set_desired_count(state, service, count)
    return {"ScalableTargetARN": target.arn}


def _role(context: Context, namespace: str) -> str:
    service = {"ecs": "ECSService"}.get(namespace, namespace)
    return (
        f"arn:aws:iam::{context.account}:role/aws-service-role/{namespace}.application-autoscaling.amazonaws.com/"
        f"AWSServiceRoleForApplicationAutoScaling_{service}"
    )


def _note_activity(context: Context, target: Any, count: int, cause: str) -> None:
    _extra(context).activities.insert(
        0,
        {
            "ActivityId": ids.event_id(),
            "ServiceNamespace": target.service_namespace,
            "ResourceId": target.resource_id,
            "ScalableDimension": target.scalable_dimension,
            "Description": f"Setting desired count to {count}.",
            "Cause": cause,
            "StartTime": context.now,
            "EndTime": context.now,
            "StatusCode": "Successful",
            "StatusMessage": f"Successfully set desired count to {count}. Change successfully fulfilled by ecs.",
        },
    )


@operation(SERVICE, "DescribeScalableTargets")
def describe_scalable_targets(context: Context, params: dict[str, Any]) -> dict[str, Any] | None:
    """At most 50 ids. Namespaces and dimensions are checked by moto."""
    references = params.get("ResourceIds") or []
    if len(references) > 50:
        raise invalid("Member must have length less than or equal to 50: resourceIds")
    if params.get("ServiceNamespace") != "ecs":
        return None
    dimension = params.get("ScalableDimension")
    if dimension:
        # For its checks.
        _backend(context).describe_scalable_targets("ecs", references, dimension)
    targets = [
        target
        for target in _seen(context)[0]
        if target["ServiceNamespace"] == "ecs"
        and (not references or target["ResourceId"] in references)
        and dimension in (None, target["ScalableDimension"])
    ]
    shown, token = page(targets, params, default=50, most=50, bad="InvalidNextTokenException")
    return {"ScalableTargets": list(shown), "NextToken": token}


@operation(SERVICE, "DescribeScalingActivities")
def describe_scaling_activities(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/autoscaling/application/APIReference/API_DescribeScalingActivities.html"""
    filters = {key: params[key] for key in IDENTITY if params.get(key)}
    found = [
        activity
        for activity in _extra(context).activities
        if all(activity[key] == value for key, value in filters.items())
    ]
    shown, token = page(found, params, default=50, most=50, bad="InvalidNextTokenException")
    return {"ScalingActivities": list(shown), "NextToken": token}


def _tags_of(context: Context, params: dict[str, Any]) -> dict[str, str]:
    arn = params["ResourceARN"]
    targets, tags = _seen(context)
    if not any(target["ScalableTargetARN"] == arn for target in targets):
        raise AwsError("ResourceNotFoundException", f"The specified resource doesn't exist: {arn}")
    return tags.setdefault(arn, {})


@operation(SERVICE, "TagResource")
def tag_resource(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/autoscaling/application/APIReference/API_TagResource.html"""
    tags = _tags_of(context, params)
    new = params.get("Tags") or {}
    for key, value in new.items():
        if not 1 <= len(key) <= 128 or len(value) > 256 or key.lower().startswith("aws:"):
            raise invalid(f"Invalid tag: {key}")
    if len(tags | new) > 50:
        raise AwsError("TooManyTagsException", "A resource can have at most 50 tags.")
    tags.update(new)
    return {}


@operation(SERVICE, "UntagResource")
def untag_resource(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/autoscaling/application/APIReference/API_UntagResource.html"""
    tags = _tags_of(context, params)
    for key in params.get("TagKeys") or []:
        tags.pop(key, None)
    return {}


@operation(SERVICE, "ListTagsForResource")
def list_tags_for_resource(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/autoscaling/application/APIReference/API_ListTagsForResource.html"""
    return {"Tags": _tags_of(context, params)}
