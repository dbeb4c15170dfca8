# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Operations on deployment configurations."""

from __future__ import annotations

import re
import uuid
from typing import Any

from lastgood_simulator.codedeploy import configs, errors, state
from lastgood_simulator.operations import Context, operation, page


@operation("codedeploy", "GetDeploymentConfig")
def get_deployment_config(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_GetDeploymentConfig.html"""
    name = errors.required(params, "deploymentConfigName", "DeploymentConfigName")
    return {"deploymentConfigInfo": configs.find(state.state_of(context).configs, name)}


@operation("codedeploy", "ListDeploymentConfigs")
def list_deployment_configs(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_ListDeploymentConfigs.html"""
    names = [*state.state_of(context).configs, *configs.PREDEFINED]
    shown, token = page(names, params, default=100, most=100, bad="InvalidNextTokenException")
    return {"deploymentConfigsList": list(shown), "nextToken": token}


@operation("codedeploy", "CreateDeploymentConfig")
def create_deployment_config(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_CreateDeploymentConfig.html"""
    own = state.state_of(context).configs
    name = errors.required(params, "deploymentConfigName", "DeploymentConfigName")
    if not re.fullmatch(r"[\w.+=,@-]{1,100}", name) or name.startswith(configs.PREFIX):
        raise errors.error("InvalidDeploymentConfigName", f"{name} is not a valid name of a deployment configuration")
    if name in own:
        raise errors.error("DeploymentConfigAlreadyExists", f"Deployment configuration name already exists: {name}")
    platform = params.get("computePlatform") or "Server"
    errors.one_of(platform, configs.DEFAULTS, "ComputePlatform", "compute platform")
    if platform == "Server" and not params.get("minimumHealthyHosts"):
        raise errors.error("InvalidMinimumHealthyHostValue", "minimumHealthyHosts must be specified")
    if platform != "Server" and not params.get("trafficRoutingConfig"):
        raise errors.error("InvalidTrafficRoutingConfiguration", "trafficRoutingConfig must be specified")
    members = ("minimumHealthyHosts", "trafficRoutingConfig", "zonalConfig")
    config_id = str(uuid.uuid4())
    own[name] = {
        "deploymentConfigId": config_id,
        "deploymentConfigName": name,
        "createTime": context.now,
        "computePlatform": platform,
        **{member: params[member] for member in members if params.get(member)},
    }
    return {"deploymentConfigId": config_id}


@operation("codedeploy", "DeleteDeploymentConfig")
def delete_deployment_config(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_DeleteDeploymentConfig.html"""
    mine = state.state_of(context)
    name = errors.required(params, "deploymentConfigName", "DeploymentConfigName")
    if name in configs.PREDEFINED:
        raise errors.error("InvalidOperation", "Predefined deployment configurations cannot be deleted")
    for application in mine.applications.values():
        if any(group.settings["deploymentConfigName"] == name for group in application.groups.values()):
            raise errors.error("DeploymentConfigInUse", f"The deployment configuration {name} is still in use")
    mine.configs.pop(name, None)
    return {}
