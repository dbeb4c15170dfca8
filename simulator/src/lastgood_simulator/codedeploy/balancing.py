# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Instances behind the load balancer of a deployment group: the target groups of moto's Elastic Load Balancing.

Classic Load Balancers are not touched. What does not exist in moto is left alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from moto.elbv2.models import elbv2_backends

from lastgood_simulator.codedeploy.model import Deployment

if TYPE_CHECKING:
    from lastgood_simulator.codedeploy.state import CodeDeployState


def controlled(deployment: Deployment) -> bool:
    """Whether a deployment leads traffic.

    "The six hooks related to blocking and allowing traffic apply only if you specify a … Load Balancer":
    https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-hooks.html
    """
    style = deployment.settings["deploymentStyle"]["deploymentOption"]
    balancers = deployment.settings.get("loadBalancerInfo") or {}
    named = balancers.get("elbInfoList") or balancers.get("targetGroupInfoList")
    return style == "WITH_TRAFFIC_CONTROL" and bool(named)


def register(state: CodeDeployState, deployment: Deployment, instance: str) -> None:
    """Lead traffic to an instance."""
    for group in _target_groups(state, deployment):
        group.register([{"Id": instance}])


def deregister(state: CodeDeployState, deployment: Deployment, instance: str) -> None:
    """Lead no more traffic to an instance."""
    for group in _target_groups(state, deployment):
        if instance in group.targets:
            group.deregister([{"Id": instance}])


def _target_groups(state: CodeDeployState, deployment: Deployment) -> Iterator[Any]:
    named = (deployment.settings.get("loadBalancerInfo") or {}).get("targetGroupInfoList") or []
    names = {group["name"] for group in named}
    for group in elbv2_backends[state.account][state.region].target_groups.values():
        if group.name in names:
            yield group
