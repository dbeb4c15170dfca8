# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Operations on deployment groups."""

from __future__ import annotations

import re
import uuid
from typing import Any

from lastgood_simulator.codedeploy import configs, errors, fleet, tags, validation, views
from lastgood_simulator.codedeploy.model import Application, Group, Shape
from lastgood_simulator.codedeploy.state import CodeDeployState, state_of
from lastgood_simulator.errors import AwsError
from lastgood_simulator.operations import Context, operation, page

_SETTINGS = (
    "deploymentConfigName",
    "ec2TagFilters",
    "onPremisesInstanceTagFilters",
    "autoScalingGroups",
    "serviceRoleArn",
    "triggerConfigurations",
    "alarmConfiguration",
    "autoRollbackConfiguration",
    "outdatedInstancesStrategy",
    "deploymentStyle",
    "blueGreenDeploymentConfiguration",
    "loadBalancerInfo",
    "ec2TagSet",
    "ecsServices",
    "onPremisesTagSet",
    "terminationHookEnabled",
    "ec2DeploymentOptions",
)


def _chosen(state: CodeDeployState, params: dict[str, Any], application: Application) -> Shape:
    settings = {name: params[name] for name in _SETTINGS if params.get(name) is not None}
    if "autoScalingGroups" in settings:
        settings["autoScalingGroups"] = [
            {"name": name, "hook": f"CodeDeploy-managed-automatic-launch-deployment-hook-{name}-{uuid.uuid4()}"}
            for name in settings["autoScalingGroups"]
        ]
    if "deploymentConfigName" in settings:
        configs.for_platform(state.configs, settings["deploymentConfigName"], application.platform)
    return settings


def _defaults(platform: str) -> Shape:
    style = ("IN_PLACE", "WITHOUT_TRAFFIC_CONTROL") if platform == "Server" else ("BLUE_GREEN", "WITH_TRAFFIC_CONTROL")
    defaults: Shape = {
        "deploymentConfigName": configs.DEFAULTS[platform],
        "deploymentStyle": {"deploymentType": style[0], "deploymentOption": style[1]},
        "triggerConfigurations": [],
    }
    if platform == "Server":
        defaults |= {"ec2TagFilters": [], "onPremisesInstanceTagFilters": [], "autoScalingGroups": []}
        defaults |= {"outdatedInstancesStrategy": "UPDATE", "terminationHookEnabled": False}
    return defaults


def _name(application: Application, name: str) -> str:
    if not re.fullmatch(r"[\w.+=,@ -]{1,100}", name):
        raise errors.error("InvalidDeploymentGroupName", f"{name} is not a valid name of a deployment group")
    if name in application.groups:
        raise errors.error("DeploymentGroupAlreadyExists", f"Deployment group name already exists: {name}")
    return name


def _check(state: CodeDeployState, settings: Shape, platform: str, own: Group | None) -> None:
    validation.group(state, settings, platform)
    for application in state.applications.values():
        for other in application.groups.values():
            if (
                other is not own
                and settings.get("ecsServices")
                and other.settings.get("ecsServices") == settings["ecsServices"]
            ):
                name = settings["ecsServices"][0]["serviceName"]
                text = f"The Amazon ECS service {name} is associated with the deployment group {other.name} already"
                raise errors.error("ECSServiceMappingLimitExceeded", text)


@operation("codedeploy", "CreateDeploymentGroup")
def create_deployment_group(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_CreateDeploymentGroup.html"""
    state = state_of(context)
    application = state.application(params)
    name = _name(application, errors.required(params, "deploymentGroupName", "DeploymentGroupName"))
    settings = _defaults(application.platform) | _chosen(state, params, application)
    _check(state, settings, application.platform, None)
    group = Group(str(uuid.uuid4()), name, application, settings, seen=set(fleet.scaled(state, settings)))
    tags.set_tags(state, state.arn("deploymentgroup", f"{application.name}/{name}"), params.get("tags"))
    application.groups[name] = group
    return {"deploymentGroupId": group.id}


@operation("codedeploy", "GetDeploymentGroup")
def get_deployment_group(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_GetDeploymentGroup.html"""
    return {"deploymentGroupInfo": views.group(state_of(context).group(params))}


@operation("codedeploy", "BatchGetDeploymentGroups")
def batch_get_deployment_groups(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_BatchGetDeploymentGroups.html"""
    state = state_of(context)
    application = state.application(params)
    found, problems = [], []
    for name in errors.batch(params.get("deploymentGroupNames") or [], 100):
        try:
            found.append(views.group(state.group({"applicationName": application.name, "deploymentGroupName": name})))
        except AwsError as problem:
            problems.append(problem.message)
    return {"deploymentGroupsInfo": found, "errorMessage": "; ".join(problems) or None}


@operation("codedeploy", "ListDeploymentGroups")
def list_deployment_groups(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_ListDeploymentGroups.html"""
    application = state_of(context).application(params)
    shown, token = page(list(application.groups), params, default=100, most=100, bad="InvalidNextTokenException")
    return {"applicationName": application.name, "deploymentGroups": list(shown), "nextToken": token}


@operation("codedeploy", "UpdateDeploymentGroup")
def update_deployment_group(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """What is given replaces what was there; the rest stays.

    https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_UpdateDeploymentGroup.html
    """
    state = state_of(context)
    group = state.group(params, "currentDeploymentGroupName")
    application = group.application
    settings = group.settings | _chosen(state, params, application)
    _check(state, settings, application.platform, group)
    new = params.get("newDeploymentGroupName")
    if new and new != group.name:
        _name(application, new)
        old, moved = (state.arn("deploymentgroup", f"{application.name}/{name}") for name in (group.name, new))
        tags.move(state, old, moved)
        del application.groups[group.name]
        group.name = new
        application.groups[new] = group
    group.settings = settings
    group.seen |= set(fleet.scaled(state, settings))
    return {"hooksNotCleanedUp": []}


@operation("codedeploy", "DeleteDeploymentGroup")
def delete_deployment_group(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """Deleting one that does not exist is not an error; its deployments can be read on.

    https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_DeleteDeploymentGroup.html
    """
    state = state_of(context)
    application = state.applications.get(errors.required(params, "applicationName", "ApplicationName"))
    name = errors.required(params, "deploymentGroupName", "DeploymentGroupName")
    if application is not None:
        application.groups.pop(name, None)
        tags.forget(state, state.arn("deploymentgroup", f"{application.name}/{name}"))
    return {"hooksNotCleanedUp": []}
