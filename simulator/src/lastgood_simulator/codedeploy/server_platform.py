# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Deployments of the compute platform Server; those with a replacement environment go on in :mod:`.blue_green`.

The targets are instances of moto's EC2. Which of them may be worked on at the same time, and when a deployment has
failed: https://docs.aws.amazon.com/codedeploy/latest/userguide/instances-health.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lastgood_simulator.codedeploy import agent, balancing, blue_green, configs, fleet, rolling
from lastgood_simulator.codedeploy.model import SCALING_CREATORS, Deployment, DeploymentFailed, Script, Wait

if TYPE_CHECKING:
    from lastgood_simulator.codedeploy.state import CodeDeployState

# A termination deployment deploys nothing; its lifecycle events are there for scripts that stop the application:
# https://docs.aws.amazon.com/codedeploy/latest/userguide/integrations-aws-auto-scaling.html
TERMINATION_EVENTS = ("ApplicationStop",)


def script(state: CodeDeployState, deployment: Deployment, at: float) -> Script:
    """From Created to Succeeded, so many instances at a time as the deployment configuration allows."""
    timings = state.ecs.env.timings
    at = yield Wait(at + timings.deployment_created)
    deployment.status = "Queued"
    at = yield Wait(at + timings.deployment_queued)
    deployment.status, deployment.started_at = "InProgress", at
    style = deployment.settings["deploymentStyle"]["deploymentType"]
    if style == "BLUE_GREEN" and deployment.creator not in SCALING_CREATORS:
        yield from blue_green.script(state, deployment, at)
        return
    members = fleet.instances(state, deployment.group.settings)
    chosen = members if deployment.only is None else deployment.only
    if deployment.settings["updateOutdatedInstancesOnly"]:
        chosen = [instance for instance in chosen if fleet.outdated(deployment, instance)]
    if not chosen:
        raise DeploymentFailed("NO_INSTANCES", fleet.NO_INSTANCES)
    ordered = fleet.in_order(deployment.group, chosen)
    names = agent.BLOCKING + agent.INSTALLING + agent.ALLOWING if balancing.controlled(deployment) else agent.INSTALLING
    if deployment.creator == "autoscalingTermination":
        names = TERMINATION_EVENTS
    deployment.targets = [fleet.target(state, instance, names) for instance in ordered]
    count = len(members) if deployment.only is None else len(chosen)
    config = configs.find(state.configs, deployment.settings["deploymentConfigName"])
    # The minimum is that of a whole group.
    least = fleet.minimum(config, count) if deployment.only is None else 0
    yield from rolling.roll_out(
        deployment,
        deployment.targets,
        count,
        least,
        lambda target, begin: agent.deploy(state, deployment, target, begin),
        at,
    )
