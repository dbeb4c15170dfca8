# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The settings of a deployment: those that were given, over those of its group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lastgood_simulator.codedeploy import configs, errors, validation
from lastgood_simulator.codedeploy.model import Group, Shape

if TYPE_CHECKING:
    from lastgood_simulator.codedeploy.state import CodeDeployState

# https://docs.aws.amazon.com/codedeploy/latest/userguide/limits.html
_LONGEST_DESCRIPTION = 256


def of(state: CodeDeployState, group: Group, params: dict[str, Any]) -> Shape:
    """The deployment's own settings over those of the group."""
    platform = group.application.platform
    name = params.get("deploymentConfigName")
    if name:
        configs.for_platform(state.configs, name, platform)
    if len(params.get("description") or "") > _LONGEST_DESCRIPTION:
        raise errors.error("DescriptionTooLong", f"The description has more than {_LONGEST_DESCRIPTION} characters")
    validation.auto_rollback(params.get("autoRollbackConfiguration"))
    validation.alarms(params.get("overrideAlarmConfiguration"))
    behaviour = params.get("fileExistsBehavior") or "DISALLOW"
    errors.one_of(behaviour, ("DISALLOW", "OVERWRITE", "RETAIN"), "FileExistsBehavior", "option")
    _check_platform(group, params)
    taken = ("deploymentStyle", "blueGreenDeploymentConfiguration", "loadBalancerInfo")
    given = ("description", "targetInstances", "overrideAlarmConfiguration", "ec2DeploymentOptions", "deploymentMode")
    rollback = params.get("autoRollbackConfiguration") or group.settings.get("autoRollbackConfiguration")
    return {
        "deploymentConfigName": name or group.settings["deploymentConfigName"],
        "ignoreApplicationStopFailures": bool(params.get("ignoreApplicationStopFailures")),
        "updateOutdatedInstancesOnly": bool(params.get("updateOutdatedInstancesOnly")),
        "fileExistsBehavior": behaviour,
        **({"autoRollbackConfiguration": rollback} if rollback else {}),
        **{member: group.settings[member] for member in taken if group.settings.get(member)},
        **{member: params[member] for member in given if params.get(member) and params[member] != "STANDARD"},
    }


def _check_platform(group: Group, params: dict[str, Any]) -> None:
    """What only the platform Server has, and what only its blue/green deployments have."""
    platform = group.application.platform
    blue_green = group.settings["deploymentStyle"]["deploymentType"] == "BLUE_GREEN"
    if platform == "Lambda" and params.get("ignoreApplicationStopFailures"):
        raise errors.error("InvalidIgnoreApplicationStopFailuresValue", "For Lambda deployments, false is expected")
    if platform == "Lambda" and params.get("updateOutdatedInstancesOnly"):
        raise errors.error("InvalidUpdateOutdatedInstancesOnlyValue", "For Lambda deployments, false is expected")
    if params.get("targetInstances") and not (platform == "Server" and blue_green):
        text = "targetInstances can be specified only for blue/green deployments of the Server platform"
        raise errors.error("InvalidTargetInstances", text)
    mode = params.get("deploymentMode") or "STANDARD"
    errors.one_of(mode, ("STANDARD", "RESTART"), "Input", "deployment mode")
    if mode == "RESTART" and (platform != "Server" or blue_green or params.get("updateOutdatedInstancesOnly")):
        text = "The deployment mode RESTART is for all instances of in-place deployments of the Server platform"
        raise errors.error("InvalidInput", text)
