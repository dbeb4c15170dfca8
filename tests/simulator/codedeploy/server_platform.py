# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Deployments of the compute platform Server, in place.

The targets are instances of moto's EC2. Which of them may be worked on at the same time, and when a deployment has
failed: https://docs.aws.amazon.com/codedeploy/latest/userguide/instances-health.html
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.simulator.codedeploy import agent, configs, fleet
from tests.simulator.codedeploy.model import Deployment, DeploymentFailed, LifecycleEvent, Script, Target, Wait

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
# A termination deployment deploys nothing; its lifecycle events are there for scripts that stop the application:
# https://docs.aws.amazon.com/codedeploy/latest/userguide/integrations-aws-auto-scaling.html
TERMINATION_EVENTS = ("ApplicationStop",)
# https://docs.aws.amazon.com/codedeploy/latest/userguide/error-codes.html
_NO_INSTANCES = (
    "The deployment failed because no instances were found for your deployment group. Check your deployment group "
    "settings to make sure the tags for your EC2 instances or Auto Scaling groups correctly identify the instances you "
    "want to deploy to, and then try again."
)
_TOO_FEW = (
    "The deployment can't start because the minimum number of healthy instances, as defined by your deployment "
    "configuration, are not available. You can reduce the required number of healthy instances by updating your "
    "deployment configuration or increase the number of instances in this deployment group."
)
_TOO_MANY_FAILED = (
    "The overall deployment failed because too many individual instances failed deployment, too few healthy instances "
    "are available for deployment, or some instances in your deployment group are experiencing problems."
)


def script(state: CodeDeployState, deployment: Deployment, at: float) -> Script:
    """From Created to Succeeded, so many instances at a time as the deployment configuration allows."""
    timings = state.ecs.env.timings
    at = yield Wait(at + timings.deployment_created)
    deployment.status = "Queued"
    at = yield Wait(at + timings.deployment_queued)
    deployment.status, deployment.started_at = "InProgress", at
    members = fleet.instances(state, deployment.group.settings)
    chosen = members if deployment.only is None else deployment.only
    if deployment.settings["updateOutdatedInstancesOnly"]:
        chosen = [instance for instance in chosen if fleet.outdated(deployment, instance)]
    if not chosen:
        raise DeploymentFailed("NO_INSTANCES", _NO_INSTANCES)
    ordered = fleet.in_order(deployment.group, chosen)
    names = TERMINATION_EVENTS if deployment.creator == "autoscalingTermination" else EVENTS
    deployment.targets = [target(state, instance, names) for instance in ordered]
    count = len(members) if deployment.only is None else len(chosen)
    config = configs.find(state.configs, deployment.settings["deploymentConfigName"])
    # The minimum is that of a whole group.
    least = fleet.minimum(config, count) if deployment.only is None else 0
    yield from roll_out(state, deployment, count, least, at)


def target(state: CodeDeployState, instance: str, events: tuple[str, ...]) -> Target:
    """An instance as a target that has all before it."""
    arn = f"arn:aws:ec2:{state.region}:{state.account}:instance/{instance}"
    return Target("InstanceTarget", instance, arn, [LifecycleEvent(name) for name in events])


@dataclass
class _Work:
    target: Target
    script: Script
    wait: Wait


def roll_out(
    state: CodeDeployState, deployment: Deployment, members: int, least: int, at: float
) -> Generator[Wait, float, float]:
    """Deploy to the targets, so that of so many ``members`` at ``least`` so many stay healthy.

    Raises DeploymentFailed with HEALTH_CONSTRAINTS and HEALTH_CONSTRAINTS_INVALID.
    """
    if least >= members:
        _leave(deployment)
        raise DeploymentFailed("HEALTH_CONSTRAINTS_INVALID", _TOO_FEW)
    waiting = list(deployment.targets)
    running: list[_Work] = []
    failed = 0
    while waiting or running:
        if waiting and members - failed <= least:
            _leave(deployment)
            raise DeploymentFailed("HEALTH_CONSTRAINTS", _TOO_MANY_FAILED)
        while waiting and len(running) < members - failed - least:
            work = agent.deploy(state, deployment, waiting[0], at)
            running.append(_Work(waiting.pop(0), work, next(work)))
        at = yield _any([work.wait for work in running])
        for work in [item for item in running if item.wait.over(at)]:
            try:
                work.wait = work.script.send(at)
            except StopIteration:
                running.remove(work)
                failed += work.target.status == "Failed"
    # "Deployment to at least one instance must succeed."
    if members - failed < max(least, 1):
        raise DeploymentFailed("HEALTH_CONSTRAINTS", _TOO_MANY_FAILED)
    return at


def _any(waits: list[Wait]) -> Wait:
    dues = [wait.due for wait in waits if wait.due is not None]
    checks = [wait.ready for wait in waits if wait.ready is not None]
    return Wait(min(dues, default=None), lambda: any(check() for check in checks))


def _leave(deployment: Deployment) -> None:
    """What has not begun is not begun any more."""
    for left in deployment.targets:
        if left.status == "Pending":
            left.status = "Skipped"
            for event in left.events:
                event.status = "Skipped"
