# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What CodeDeploy refuses in the settings of a group or of a deployment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lastgood_simulator.codedeploy import errors
from lastgood_simulator.codedeploy.model import Shape
from lastgood_simulator.ecs.model import Service
from lastgood_simulator.errors import AwsError

if TYPE_CHECKING:
    from lastgood_simulator.codedeploy.state import CodeDeployState

ROLLBACK_EVENTS = ("DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST")
_TRIGGER_EVENTS = {
    *(f"Deployment{what}" for what in ("Start", "Success", "Failure", "Stop", "Rollback", "Ready")),
    *(f"Instance{what}" for what in ("Start", "Success", "Failure", "Ready")),
}
# https://docs.aws.amazon.com/codedeploy/latest/userguide/limits.html
_MOST_ALARMS = 50
_MOST_TRIGGERS = 10
_LONGEST_TERMINATION_WAIT = 2880


def auto_rollback(given: Shape | None) -> None:
    """Raises InvalidAutoRollbackConfigException."""
    if not given:
        return
    chosen = given.get("events") or []
    for event in chosen:
        errors.one_of(event, ROLLBACK_EVENTS, "AutoRollbackConfig", "event of an automatic rollback")
    if given.get("enabled") and not chosen:
        text = "The auto rollback configuration is enabled, but no events are specified"
        raise errors.error("InvalidAutoRollbackConfig", text)


def alarms(given: Shape | None) -> None:
    """Raises InvalidAlarmConfigException and AlarmsLimitExceededException."""
    if not given:
        return
    names = [alarm.get("name") for alarm in given.get("alarms") or []]
    if len(names) > _MOST_ALARMS:
        raise errors.error("AlarmsLimitExceeded", f"The maximum number of alarms is {_MOST_ALARMS}")
    if any(not name or len(name) > 255 for name in names) or len(set(names)) < len(names):
        raise errors.error("InvalidAlarmConfig", "The alarm names must be unique and have 1 to 255 characters")
    if given.get("enabled") and not names:
        raise errors.error("InvalidAlarmConfig", "The alarm configuration is enabled, but the alarm list is empty")


def triggers(given: list[Shape] | None) -> None:
    """Raises InvalidTriggerConfigException and TriggerTargetsLimitExceededException."""
    if len(given or []) > _MOST_TRIGGERS:
        raise errors.error("TriggerTargetsLimitExceeded", f"The maximum number of triggers is {_MOST_TRIGGERS}")
    for trigger in given or []:
        if not all(trigger.get(name) for name in ("triggerName", "triggerTargetArn", "triggerEvents")):
            raise errors.error("InvalidTriggerConfig", "A trigger must have a name, a target ARN and events")
        for event in trigger["triggerEvents"]:
            errors.one_of(event, _TRIGGER_EVENTS, "TriggerConfig", "trigger event")


def group(state: CodeDeployState, settings: Shape, platform: str) -> None:
    """Everything about a group's settings that does not depend on other groups."""
    role = settings.get("serviceRoleArn")
    if not role:
        raise errors.error("RoleRequired", "The role ID was not specified")
    if not str(role).startswith("arn:aws") or ":role/" not in role:
        raise errors.error("InvalidRole", f"{role} is not the ARN of a role")
    auto_rollback(settings.get("autoRollbackConfiguration"))
    alarms(settings.get("alarmConfiguration"))
    triggers(settings.get("triggerConfigurations"))
    style = settings["deploymentStyle"]
    errors.one_of(style.get("deploymentType"), ("IN_PLACE", "BLUE_GREEN"), "DeploymentStyle", "deployment type")
    options = ("WITH_TRAFFIC_CONTROL", "WITHOUT_TRAFFIC_CONTROL")
    errors.one_of(style.get("deploymentOption"), options, "DeploymentStyle", "deployment option")
    if platform != "Server" and tuple(style.values()) != ("BLUE_GREEN", "WITH_TRAFFIC_CONTROL"):
        text = f"Deployment groups of the {platform} platform must be BLUE_GREEN and WITH_TRAFFIC_CONTROL"
        raise errors.error("InvalidDeploymentStyle", text)
    # An empty set of sets takes them away, as Terraform does to change from one to the other
    # (buildEC2TagSet in internal/service/deploy/deployment_group.go of hashicorp/terraform-provider-aws).
    if settings.get("ec2TagFilters") and (settings.get("ec2TagSet") or {}).get("ec2TagSetList"):
        raise errors.error("InvalidEC2TagCombination", "Only one of ec2TagFilters and ec2TagSet can be used")
    if settings.get("onPremisesInstanceTagFilters") and (settings.get("onPremisesTagSet") or {}).get(
        "onPremisesTagSetList"
    ):
        text = "Only one of onPremisesInstanceTagFilters and onPremisesTagSet can be used"
        raise errors.error("InvalidOnPremisesTagCombination", text)
    if platform == "ECS":
        _ecs_group(state, settings)
    elif settings.get("ecsServices"):
        raise errors.error("InvalidECSService", "ecsServices can be specified only for the ECS platform")


def _ecs_group(state: CodeDeployState, settings: Shape) -> None:
    blue_green = settings.get("blueGreenDeploymentConfiguration") or {}
    if not {"terminateBlueInstancesOnDeploymentSuccess", "deploymentReadyOption"} <= set(blue_green):
        raise errors.error(
            "InvalidBlueGreenDeploymentConfiguration",
            "The ECS platform needs terminateBlueInstancesOnDeploymentSuccess and deploymentReadyOption",
        )
    wait = blue_green["terminateBlueInstancesOnDeploymentSuccess"].get("terminationWaitTimeInMinutes") or 0
    if not 0 <= wait <= _LONGEST_TERMINATION_WAIT:
        text = f"terminationWaitTimeInMinutes must be between 0 and {_LONGEST_TERMINATION_WAIT}"
        raise errors.error("InvalidBlueGreenDeploymentConfiguration", text)
    pairs = (settings.get("loadBalancerInfo") or {}).get("targetGroupPairInfoList") or []
    if len(pairs) != 1:
        text = "Exactly one target group pair must be specified for the ECS platform"
        raise errors.error("InvalidLoadBalancerInfo", text)
    names = {item.get("name") for item in pairs[0].get("targetGroups") or []}
    if len(names) != 2 or not (pairs[0].get("prodTrafficRoute") or {}).get("listenerArns"):
        # As people report it.
        text = (
            "A deployment group associated with an application that uses the ECS compute platform must contain a valid "
            "pair of target groups that identify a load balancer."
        )
        raise errors.error("InvalidTargetGroupPair", text)
    ecs_service(state, settings)


def ecs_service(state: CodeDeployState, settings: Shape) -> Service:
    """The ECS service of a group. Raises InvalidECSServiceException unless CodeDeploy can deploy to it."""
    named: list[Any] = settings.get("ecsServices") or []
    if len(named) != 1:
        raise errors.error("InvalidECSService", "Exactly one Amazon ECS service must be specified")
    cluster, name = named[0].get("clusterName"), named[0].get("serviceName")
    try:
        service = state.ecs.service({"cluster": cluster, "service": name}, active=True)
    except AwsError as problem:
        text = f"The Amazon ECS service {name} in the cluster {cluster} cannot be deployed to: {problem.message}"
        raise errors.error("InvalidECSService", text) from None
    if service.controller != "CODE_DEPLOY":
        # The text as people report it.
        text = "Deployment group's ECS service must be configured for a CODE_DEPLOY deployment controller."
        raise errors.error("InvalidECSService", text)
    return service
