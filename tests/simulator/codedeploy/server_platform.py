# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Deployments of the compute platform Server, in place.

The targets are instances of moto's EC2; every lifecycle event succeeds.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from moto.autoscaling.models import autoscaling_backends
from moto.ec2.models import ec2_backends

from tests.simulator.codedeploy import configs
from tests.simulator.codedeploy.model import Deployment, DeploymentFailed, LifecycleEvent, Script, Shape, Target, Wait

if TYPE_CHECKING:
    from tests.simulator.codedeploy.state import CodeDeployState

# https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-hooks.html
EVENTS = (
    "ApplicationStop",
    "DownloadBundle",
    "BeforeInstall",
    "Install",
    "AfterInstall",
    "ApplicationStart",
    "ValidateService",
)


def script(state: CodeDeployState, deployment: Deployment, at: float) -> Script:
    """From Created to Succeeded, so many instances at a time as the deployment configuration allows."""
    timings = state.ecs.env.timings
    at = yield Wait(at + timings.deployment_created)
    deployment.status = "Queued"
    at = yield Wait(at + timings.deployment_queued)
    deployment.status, deployment.started_at = "InProgress", at
    deployment.targets = [_target(state, instance) for instance in instances(state, deployment.group.settings)]
    if not deployment.targets:
        # https://docs.aws.amazon.com/codedeploy/latest/userguide/error-codes.html
        raise DeploymentFailed(
            "NO_INSTANCES",
            "The deployment failed because no instances were found for your deployment group. Check your deployment "
            "group settings to make sure the tags for your EC2 instances or Auto Scaling groups correctly identify the "
            "instances you want to deploy to, and then try again.",
        )
    count = _at_a_time(state, deployment)
    for first in range(0, len(deployment.targets), count):
        batch = deployment.targets[first : first + count]
        for index in range(len(EVENTS)):
            for target in batch:
                target.status, target.updated_at = "InProgress", at
                target.events[index].status, target.events[index].started_at = "InProgress", at
            at = yield Wait(at + timings.lifecycle_event)
            for target in batch:
                event = target.events[index]
                event.status, event.ended_at = "Succeeded", at
                event.diagnostics = {"errorCode": "Success", "scriptName": "", "message": "Succeeded", "logTail": ""}
        for target in batch:
            target.status, target.updated_at = "Succeeded", at


def _target(state: CodeDeployState, instance: str) -> Target:
    arn = f"arn:aws:ec2:{state.region}:{state.account}:instance/{instance}"
    return Target("InstanceTarget", instance, arn, [LifecycleEvent(name) for name in EVENTS])


def _at_a_time(state: CodeDeployState, deployment: Deployment) -> int:
    """As many as may be unhealthy, at least one."""
    healthy = configs.find(state.configs, deployment.settings["deploymentConfigName"])["minimumHealthyHosts"]
    count, value = len(deployment.targets), int(healthy["value"])
    if healthy["type"] == "FLEET_PERCENT":
        return max(1, count - math.ceil(count * value / 100))
    # AWS's own OneAtATime has -1.
    return 1 if value < 0 else max(1, count - value)


def instances(state: CodeDeployState, settings: Shape) -> list[str]:
    """Ids of the running instances that the group's tags or Auto Scaling groups name."""
    chosen: list[str] = []
    groups = {group["name"] for group in settings.get("autoScalingGroups") or []}
    for name, group in autoscaling_backends[state.account][state.region].autoscaling_groups.items():
        if name in groups:
            chosen += [item.instance.id for item in group.instance_states]
    filters = settings.get("ec2TagFilters") or []
    sets = (settings.get("ec2TagSet") or {}).get("ec2TagSetList") or ([filters] if filters else [])
    if sets:
        for instance in ec2_backends[state.account][state.region].all_running_instances():
            tags = {tag["key"]: tag["value"] for tag in instance.get_tags()}
            if all(any(_matches(tags, item) for item in alternatives) for alternatives in sets):
                chosen.append(instance.id)
    return list(dict.fromkeys(chosen))


def _matches(tags: dict[str, str], wanted: dict[str, Any]) -> bool:
    kind = wanted.get("Type", "KEY_AND_VALUE")
    if kind == "KEY_ONLY":
        return wanted["Key"] in tags
    if kind == "VALUE_ONLY":
        return wanted["Value"] in tags.values()
    return tags.get(wanted.get("Key", "")) == wanted.get("Value")
