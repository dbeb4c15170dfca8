# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Deployments that Amazon EC2 Auto Scaling causes: to instances that it launches or terminates, and to outdated ones.

https://docs.aws.amazon.com/codedeploy/latest/userguide/integrations-aws-auto-scaling.html and
https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_DeploymentGroupInfo.html (outdatedInstancesStrategy,
terminationHookEnabled). Which instances there are is moto's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from moto.autoscaling.models import autoscaling_backends

from lastgood_simulator.codedeploy import deployment_settings, fleet
from lastgood_simulator.codedeploy.model import SCALING_CREATORS, Deployment, Group, Shape

if TYPE_CHECKING:
    from lastgood_simulator.codedeploy.state import CodeDeployState


@dataclass
class Wanted:
    """A deployment that is to be started."""

    creator: str
    revision: Shape
    settings: Shape
    only: list[str] | None = None
    root: Deployment | None = None


def came_and_went(state: CodeDeployState, group: Group) -> list[Wanted]:
    """Deployments to the instances that have come or gone since the last time.

    "CodeDeploy … starts to deploy your application to the new EC2 instance using the last successful revision", each
    instance in a deployment of its own.
    """
    present = set(fleet.scaled(state, group.settings))
    came, went = sorted(present - group.seen), sorted(group.seen - present)
    group.seen = present
    good = group.last_good
    if good is None:
        return []
    wanted = [_single(state, group, "autoscaling", good, instance) for instance in came]
    if group.settings.get("terminationHookEnabled"):
        wanted += [_single(state, group, "autoscalingTermination", good, instance) for instance in went]
    return wanted


def _single(state: CodeDeployState, group: Group, creator: str, good: Deployment, instance: str) -> Wanted:
    return Wanted(creator, good.revision, _settings(state, group, {}), only=[instance])


def _settings(state: CodeDeployState, group: Group, params: dict[str, Any]) -> Shape:
    return deployment_settings.of(state, group, params)


def outdated(state: CodeDeployState, group: Group) -> list[Wanted]:
    """A follow-on deployment to instances that were launched while a deployment ran, and have what was good before.

    Not while anything else is going on, and never again to an instance to which one has failed.
    """
    root, strategy = group.last_good, group.settings.get("outdatedInstancesStrategy") or "UPDATE"
    if (
        group.settings["deploymentStyle"]["deploymentType"] != "IN_PLACE"
        or root is None
        or strategy != "UPDATE"
        or any(not item.finished or item.rollback_due for item in group.deployments)
    ):
        return []
    tried = {target.id for item in (root, *root.updates) for target in item.targets}
    late = [item for item in fleet.scaled(state, group.settings) if item not in tried and fleet.outdated(root, item)]
    if not late:
        return []
    given = {name: root.settings[name] for name in ("deploymentConfigName", "fileExistsBehavior")}
    settings = _settings(state, group, given | {"updateOutdatedInstancesOnly": True})
    return [Wanted("CodeDeployAutoUpdate", root.revision, settings, late, root.root or root)]


def abandon(state: CodeDeployState, deployment: Deployment) -> None:
    """ "If CodeDeploy indicates ABANDON, Auto Scaling terminates the EC2 instance", and launches another one."""
    if deployment.creator != SCALING_CREATORS[0] or deployment.status != "Failed":
        return
    present = fleet.scaled(state, deployment.group.settings)
    for instance in deployment.only or []:
        if instance in present:
            autoscaling_backends[state.account][state.region].terminate_instance(instance, should_decrement=False)
