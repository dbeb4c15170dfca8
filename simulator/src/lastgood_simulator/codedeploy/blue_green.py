# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Deployments of the compute platform Server to a replacement environment.

What happens: https://docs.aws.amazon.com/codedeploy/latest/userguide/welcome.html#welcome-deployment-overview-blue-green
Which lifecycle events whose instances have, also in a rollback:
https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-hooks.html
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from moto.autoscaling.models import autoscaling_backends
from moto.ec2.models import ec2_backends

from lastgood_simulator.codedeploy import agent, configs, fleet, rolling
from lastgood_simulator.codedeploy.model import Deployment, DeploymentFailed, Script, Shape, Target, Wait

if TYPE_CHECKING:
    from lastgood_simulator.codedeploy.state import CodeDeployState

_ENVIRONMENT = ("ec2TagFilters", "ec2TagSet", "autoScalingGroups")


def script(state: CodeDeployState, deployment: Deployment, at: float) -> Script:
    """A replacement environment and the traffic to it, or the way back."""
    if deployment.triggered_by is not None:
        yield from _return(state, deployment, deployment.triggered_by, at)
        return
    originals = fleet.instances(state, deployment.group.settings)
    environment = _provision(state, deployment)
    replacements = [item for item in fleet.instances(state, environment) if item not in originals]
    if not replacements:
        raise DeploymentFailed("NO_INSTANCES", fleet.NO_INSTANCES)
    green = [fleet.target(state, item, agent.INSTALLING + agent.ALLOWING, "Green") for item in replacements]
    blue = [fleet.target(state, item, agent.BLOCKING, "Blue") for item in originals]
    deployment.targets = [*blue, *green]
    at = yield from _install(state, deployment, green, at)
    green = [target for target in green if target.status != "Failed"]
    at = yield from _wait_until_ready(state, deployment, green, at)
    at = yield from _lead(state, deployment, green, agent.ALLOWING, at)
    at = yield from _lead(state, deployment, blue, agent.BLOCKING, at)
    old = deployment.group.settings
    deployment.group.settings = {**{name: old[name] for name in old if name not in _ENVIRONMENT}, **environment}
    deployment.group.seen = set(fleet.scaled(state, environment))
    yield from _terminate(state, deployment, originals, old, at)


def _option(deployment: Deployment, name: str) -> Shape:
    found: Shape = (deployment.settings.get("blueGreenDeploymentConfiguration") or {}).get(name) or {}
    return found


def _provision(state: CodeDeployState, deployment: Deployment) -> Shape:
    """Where the replacement instances are, as settings of a group."""
    if _option(deployment, "greenFleetProvisioningOption").get("action") == "COPY_AUTO_SCALING_GROUP":
        return {"autoScalingGroups": [{"name": _copy(state, deployment)}]}
    given = deployment.settings.get("targetInstances") or {}
    names = [{"name": name} for name in given.get("autoScalingGroups") or []]
    return {
        "ec2TagFilters": given.get("tagFilters") or [],
        "autoScalingGroups": names,
        **({"ec2TagSet": given["ec2TagSet"]} if given.get("ec2TagSet") else {}),
    }


def _copy(state: CodeDeployState, deployment: Deployment) -> str:
    """ "CodeDeploy provisions a new Amazon EC2 Auto Scaling group for you", with a name of this form:

    https://docs.aws.amazon.com/codedeploy/latest/userguide/integrations-aws-auto-scaling.html
    """
    backend = autoscaling_backends[state.account][state.region]
    names = [group["name"] for group in deployment.group.settings.get("autoScalingGroups") or []]
    original = backend.autoscaling_groups.get(names[0]) if len(names) == 1 else None
    if original is None:
        text = "Exactly one Auto Scaling group that exists is needed to copy it."
        raise DeploymentFailed("AUTO_SCALING_CONFIGURATION", text)
    name = f"CodeDeploy_{deployment.group.name}_{deployment.id}"
    template = original.ec2_launch_template
    backend.create_auto_scaling_group(
        name=name,
        availability_zones=list(original.availability_zones),
        # "The number of currently healthy instances … is created in your replacement environment."
        desired_capacity=len(original.active_instances()),
        max_size=original.max_size,
        min_size=original.min_size,
        launch_config_name=original.launch_configuration_name if template is None else "",
        launch_template={} if template is None else {"LaunchTemplateId": template.id},
        vpc_zone_identifier=original.vpc_zone_identifier,
        default_cooldown=original.default_cooldown,
        health_check_period=original.health_check_grace_period,
        health_check_type=original.health_check_type,
        load_balancers=[],
        target_group_arns=[],
        placement_group=original.placement_group,
        termination_policies=list(original.termination_policies),
        tags=[],
    )
    return name


def _install(
    state: CodeDeployState, deployment: Deployment, green: list[Target], at: float
) -> Generator[Wait, float, float]:
    """The minimum of healthy hosts applies "to instances in the replacement environment".

    https://docs.aws.amazon.com/codedeploy/latest/userguide/instances-health.html
    """

    def work(target: Target, begin: float) -> Script:
        yield from agent.install(state, deployment, target, agent.INSTALLING, begin)

    return (yield from rolling.roll_out(deployment, green, len(green), _least(state, deployment, green), work, at))


def _least(state: CodeDeployState, deployment: Deployment, targets: list[Target]) -> int:
    config = configs.find(state.configs, deployment.settings["deploymentConfigName"])
    return fleet.minimum(config, len(targets))


def _wait_until_ready(
    state: CodeDeployState, deployment: Deployment, green: list[Target], at: float
) -> Generator[Wait, float, float]:
    """https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_DeploymentReadyOption.html"""
    option = _option(deployment, "deploymentReadyOption")
    if option.get("actionOnTimeout") != "STOP_DEPLOYMENT":
        return at
    for target in green:
        target.status, target.updated_at = "Ready", at
    deployment.status, deployment.waits_for = "Ready", "READY_WAIT"
    limit = state.ecs.env.timings.scaled(60.0 * float(option.get("waitTimeInMinutes") or 0))
    at = yield Wait(at + limit, lambda: "READY_WAIT" in deployment.continued)
    deployment.waits_for = None
    if "READY_WAIT" not in deployment.continued:
        text = "The traffic was not rerouted to the replacement environment before the end of the wait time."
        raise DeploymentFailed("TIMEOUT", text, status="Stopped")
    deployment.status = "InProgress"
    return at


def _lead(
    state: CodeDeployState, deployment: Deployment, targets: list[Target], events: tuple[str, ...], at: float
) -> Generator[Wait, float, float]:
    """Register or deregister instances, so many at a time as the deployment configuration says.

    "The overall deployment is marked as Failed if even a single original instance fails to be deregistered
    successfully": instances-health.html
    """

    def work(target: Target, begin: float) -> Script:
        end = yield from agent.run(state, deployment, target, events, begin)
        if target.status != "Failed":
            target.status, target.updated_at = "Succeeded", end

    if not targets:
        return at
    least = min(_least(state, deployment, targets), len(targets) - 1)
    at = yield from rolling.roll_out(deployment, targets, len(targets), least, work, at)
    if events == agent.BLOCKING and any(target.status == "Failed" for target in targets):
        raise DeploymentFailed("HEALTH_CONSTRAINTS", rolling.TOO_MANY_FAILED)
    return at


def _terminate(
    state: CodeDeployState, deployment: Deployment, originals: list[str], old: Shape, at: float
) -> Generator[Wait, float, None]:
    """https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_BlueInstanceTerminationOption.html"""
    option = _option(deployment, "terminateBlueInstancesOnDeploymentSuccess")
    if option.get("action", "TERMINATE") == "KEEP_ALIVE":
        return
    deployment.termination_wait_started, deployment.waits_for = True, "TERMINATION_WAIT"
    limit = state.ecs.env.timings.scaled(60.0 * float(option.get("terminationWaitTimeInMinutes") or 0))
    yield Wait(at + limit, lambda: "TERMINATION_WAIT" in deployment.continued)
    deployment.waits_for = None
    backend: Any = autoscaling_backends[state.account][state.region]
    if _option(deployment, "greenFleetProvisioningOption").get("action") == "COPY_AUTO_SCALING_GROUP":
        for group in old["autoScalingGroups"]:
            # With its instances.
            backend.delete_auto_scaling_group(group["name"])
    else:
        scaled = fleet.scaled(state, old)
        for instance in [item for item in originals if item in scaled]:
            backend.terminate_instance(instance, should_decrement=True)
        ec2_backends[state.account][state.region].terminate_instances([i for i in originals if i not in scaled])


def _return(state: CodeDeployState, deployment: Deployment, failed: Deployment, at: float) -> Script:
    """Traffic to the original instances again, without installing anything, and none to the replacement."""
    parts: dict[str, list[Target]] = {"Blue": [], "Green": []}
    for target in failed.targets:
        label = target.details["instanceLabel"]
        events = agent.ALLOWING if label == "Blue" else agent.BLOCKING
        parts[label].append(fleet.target(state, target.id, events, label))
    deployment.targets = [*parts["Blue"], *parts["Green"]]
    at = yield from _lead(state, deployment, parts["Blue"], agent.ALLOWING, at)
    yield from _lead(state, deployment, parts["Green"], agent.BLOCKING, at)
