# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tags of applications and deployment groups."""

from __future__ import annotations

from typing import Any

from lastgood_simulator.codedeploy import errors
from lastgood_simulator.codedeploy.state import CodeDeployState, state_of
from lastgood_simulator.operations import Context, operation


def set_tags(state: CodeDeployState, arn: str, given: list[dict[str, str]] | None) -> None:
    """Add tags. Raises InvalidTagsToAddException."""
    for tag in given or []:
        if not tag.get("Key") or tag["Key"].lower().startswith("aws:"):
            raise errors.error("InvalidTagsToAdd", f"{tag.get('Key')} is not a valid tag key")
    if given:
        state.tags.setdefault(arn, {}).update({tag["Key"]: tag.get("Value") or "" for tag in given})


def move(state: CodeDeployState, old: str, new: str) -> None:
    """A resource was renamed."""
    if old in state.tags:
        state.tags[new] = state.tags.pop(old)


def forget(state: CodeDeployState, arn: str) -> None:
    """A resource was deleted."""
    state.tags.pop(arn, None)


def _arn(state: CodeDeployState, params: dict[str, Any]) -> str:
    arn = errors.required(params, "ResourceArn", "ResourceArn")
    parts = arn.split(":", 6)
    if len(parts) != 7 or parts[0] != "arn" or parts[2] != "codedeploy":
        raise errors.error("InvalidArn", f"{arn} is not a valid ARN")
    kind, name = parts[5], parts[6]
    if kind == "application":
        state.application({"applicationName": name})
    elif kind == "deploymentgroup":
        application, _slash, group = name.partition("/")
        state.group({"applicationName": application, "deploymentGroupName": group})
    else:
        raise errors.error("ArnNotSupported", f"{arn} cannot be tagged")
    return arn


@operation("codedeploy", "TagResource")
def tag_resource(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_TagResource.html"""
    state = state_of(context)
    arn = _arn(state, params)
    if not params.get("Tags"):
        raise errors.error("TagRequired", "A tag was not specified")
    set_tags(state, arn, params["Tags"])
    return {}


@operation("codedeploy", "UntagResource")
def untag_resource(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_UntagResource.html"""
    state = state_of(context)
    present = state.tags.get(_arn(state, params), {})
    for name in params.get("TagKeys") or []:
        present.pop(name, None)
    return {}


@operation("codedeploy", "ListTagsForResource")
def list_tags_for_resource(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_ListTagsForResource.html"""
    state = state_of(context)
    present = state.tags.get(_arn(state, params), {})
    return {"Tags": [{"Key": name, "Value": value} for name, value in present.items()]}
