# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Operations on on-premises instances."""

from __future__ import annotations

import re
import secrets
from typing import Any

from lastgood_simulator.codedeploy import errors, fleet
from lastgood_simulator.codedeploy.model import OnPremises, Shape
from lastgood_simulator.codedeploy.state import CodeDeployState, state_of
from lastgood_simulator.operations import Context, operation, page

_MOST_TAGS = 10


def _shown(state: CodeDeployState, item: OnPremises) -> Shape:
    """An InstanceInfo."""
    shape: Shape = {
        "instanceName": item.name,
        "instanceArn": fleet.on_premises_arn(state, item),
        "registerTime": item.registered_at,
        "deregisterTime": item.deregistered_at,
        "tags": [{"Key": key, "Value": value} for key, value in item.tags.items()],
        **item.identity,
    }
    return {name: value for name, value in shape.items() if value is not None}


def _found(state: CodeDeployState, name: str) -> OnPremises:
    if name not in state.on_premises:
        raise errors.error("InstanceNotRegistered", f"The on-premises instance {name} is not registered")
    return state.on_premises[name]


def _all(state: CodeDeployState, names: list[str]) -> list[OnPremises]:
    if not names:
        raise errors.error("InstanceNameRequired", "An on-premises instance name was not specified")
    return [_found(state, name) for name in names]


@operation("codedeploy", "RegisterOnPremisesInstance")
def register_on_premises_instance(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_RegisterOnPremisesInstance.html"""
    state = state_of(context)
    name = errors.required(params, "instanceName", "InstanceName")
    if not re.fullmatch(r"[\w.+=,@-]{1,100}", name) or name.startswith("i-"):
        raise errors.error("InvalidInstanceName", f"{name} is not a valid name of an on-premises instance")
    identity = {key: params[key] for key in ("iamSessionArn", "iamUserArn") if params.get(key)}
    if not identity:
        raise errors.error("IamArnRequired", "No IAM ARN was included in the request")
    if len(identity) > 1:
        raise errors.error("MultipleIamArnsProvided", "Both an IAM user ARN and an IAM session ARN were included")
    present = state.on_premises.get(name)
    if present is not None and present.deregistered_at is None:
        raise errors.error("InstanceNameAlreadyRegistered", f"The on-premises instance {name} is already registered")
    state.on_premises[name] = OnPremises(name, secrets.token_hex(5), identity, context.now)
    return {}


@operation("codedeploy", "DeregisterOnPremisesInstance")
def deregister_on_premises_instance(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """It is no target any more, and can still be read.

    https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_DeregisterOnPremisesInstance.html
    """
    found = state_of(context).on_premises.get(errors.required(params, "instanceName", "InstanceName"))
    if found is not None:
        found.deregistered_at = context.now
    return {}


@operation("codedeploy", "AddTagsToOnPremisesInstances")
def add_tags_to_on_premises_instances(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_AddTagsToOnPremisesInstances.html"""
    chosen = _all(state_of(context), params.get("instanceNames") or [])
    given = {tag["Key"]: tag.get("Value") or "" for tag in params.get("tags") or []}
    if not given:
        raise errors.error("TagRequired", "A tag was not specified")
    for item in chosen:
        if len(item.tags | given) > _MOST_TAGS:
            raise errors.error("TagLimitExceeded", f"The maximum number of tags is {_MOST_TAGS}")
    for item in chosen:
        item.tags.update(given)
    return {}


@operation("codedeploy", "RemoveTagsFromOnPremisesInstances")
def remove_tags_from_on_premises_instances(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_RemoveTagsFromOnPremisesInstances.html"""
    for item in _all(state_of(context), params.get("instanceNames") or []):
        for tag in params.get("tags") or []:
            if item.tags.get(tag["Key"]) == (tag.get("Value") or ""):
                del item.tags[tag["Key"]]
    return {}


@operation("codedeploy", "GetOnPremisesInstance")
def get_on_premises_instance(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_GetOnPremisesInstance.html"""
    state = state_of(context)
    return {"instanceInfo": _shown(state, _found(state, errors.required(params, "instanceName", "InstanceName")))}


@operation("codedeploy", "BatchGetOnPremisesInstances")
def batch_get_on_premises_instances(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """Names that do not exist are left out.

    https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_BatchGetOnPremisesInstances.html
    """
    state = state_of(context)
    names = errors.batch(params.get("instanceNames") or [], 100)
    return {"instanceInfos": [_shown(state, state.on_premises[name]) for name in names if name in state.on_premises]}


@operation("codedeploy", "ListOnPremisesInstances")
def list_on_premises_instances(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_ListOnPremisesInstances.html"""
    status = params.get("registrationStatus")
    if status is not None:
        errors.one_of(status, ("Registered", "Deregistered"), "RegistrationStatus", "registration status")
    filters = params.get("tagFilters") or []
    names = [
        item.name
        for item in state_of(context).on_premises.values()
        if status in (None, "Registered" if item.deregistered_at is None else "Deregistered")
        and (not filters or fleet.wanted(item.tags, [filters]))
    ]
    shown, token = page(names, params, default=100, most=100, bad="InvalidNextTokenException")
    return {"instanceNames": list(shown), "nextToken": token}
