# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The instances of a deployment group: which they are, and in which order a deployment comes to them.

https://docs.aws.amazon.com/codedeploy/latest/userguide/instances-health.html
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from moto.autoscaling.models import autoscaling_backends
from moto.ec2.models import ec2_backends

from lastgood_simulator.codedeploy import revisions
from lastgood_simulator.codedeploy.model import Deployment, Group, LifecycleEvent, OnPremises, Shape, Target

if TYPE_CHECKING:
    from lastgood_simulator.codedeploy.state import CodeDeployState

# "CodeDeploy will attempt to deploy to all instances in a deployment group, even those that are currently in a Stopped
# state": instances-health.html
_GONE = ("shutting-down", "terminated")
# https://docs.aws.amazon.com/codedeploy/latest/userguide/error-codes.html
NO_INSTANCES = (
    "The deployment failed because no instances were found for your deployment group. Check your deployment group "
    "settings to make sure the tags for your EC2 instances or Auto Scaling groups correctly identify the instances you "
    "want to deploy to, and then try again."
)


def on_premises_arn(state: CodeDeployState, item: OnPremises) -> str:
    """As in the samples of the AWS CLI (get-on-premises-instance)."""
    return f"arn:aws:codedeploy:{state.region}:{state.account}:instance/{item.name}_{item.suffix}"


def target(state: CodeDeployState, instance: str, events: tuple[str, ...], label: str | None = None) -> Target:
    """An instance as a target that has all before it."""
    arn = f"arn:aws:ec2:{state.region}:{state.account}:instance/{instance}"
    if instance in state.on_premises:
        arn = on_premises_arn(state, state.on_premises[instance])
    details = {} if label is None else {"instanceLabel": label}
    return Target("InstanceTarget", instance, arn, [LifecycleEvent(name) for name in events], details=details)


def instances(state: CodeDeployState, settings: Shape) -> list[str]:
    """Ids of the instances that the tags or the Auto Scaling groups in these settings name."""
    chosen = scaled(state, settings)
    filters = settings.get("ec2TagFilters") or []
    sets = (settings.get("ec2TagSet") or {}).get("ec2TagSetList") or ([filters] if filters else [])
    if sets:
        for instance in ec2_backends[state.account][state.region].all_instances():
            tags = {tag["key"]: tag["value"] for tag in instance.get_tags()}
            if instance.state not in _GONE and wanted(tags, sets):
                chosen.append(instance.id)
    filters = settings.get("onPremisesInstanceTagFilters") or []
    sets = (settings.get("onPremisesTagSet") or {}).get("onPremisesTagSetList") or ([filters] if filters else [])
    here = [item for item in state.on_premises.values() if item.deregistered_at is None]
    chosen += [item.name for item in here if sets and wanted(item.tags, sets)]
    return list(dict.fromkeys(chosen))


def scaled(state: CodeDeployState, settings: Shape) -> list[str]:
    """Ids of the instances of the Auto Scaling groups in these settings."""
    names = [group["name"] for group in settings.get("autoScalingGroups") or []]
    groups = autoscaling_backends[state.account][state.region].autoscaling_groups
    return [item.instance.id for name in names if name in groups for item in groups[name].instance_states]


def wanted(tags: dict[str, str], sets: list[list[dict[str, Any]]]) -> bool:
    """One filter of each set must match."""
    return all(any(_matches(tags, item) for item in alternatives) for alternatives in sets)


def _matches(tags: dict[str, str], one: dict[str, Any]) -> bool:
    kind = one.get("Type", "KEY_AND_VALUE")
    if kind == "KEY_ONLY":
        return one["Key"] in tags
    if kind == "VALUE_ONLY":
        return one["Value"] in tags.values()
    return tags.get(one.get("Key", "")) == one.get("Value")


def answers(state: CodeDeployState, deployment: Deployment, instance: str) -> bool:
    """Whether the agent of an instance takes commands: it runs, and so does the instance.

    Amazon EC2 Auto Scaling keeps an instance that it terminates until the deployment there is over; moto does not.
    """
    if deployment.creator == "autoscalingTermination":
        return state.agents.running(instance)
    if instance in state.on_premises:
        return state.agents.running(instance)
    present = ec2_backends[state.account][state.region].all_instances()
    running = any(item.id == instance and item.state == "running" for item in present)
    return running and state.agents.running(instance)


def in_order(group: Group, ids: list[str]) -> list[str]:
    """Unhealthy instances first, then those with an unknown, an old, and the current revision."""
    return sorted(ids, key=lambda instance: _rank(group, instance))


def _rank(group: Group, instance: str) -> int:
    host, last = group.hosts.get(instance), group.last_successful
    if host is None or not host.healthy:
        return 0
    if host.deployed is None:
        return 1
    return 3 if last is not None and revisions.same(host.deployed, last.revision) else 2


def outdated(deployment: Deployment, instance: str) -> bool:
    """Whether an instance runs something else than what is deployed."""
    host = deployment.group.hosts.get(instance)
    return host is None or host.deployed is None or not revisions.same(host.deployed, deployment.revision)


def minimum(config: Shape, count: int) -> int:
    """How many of ``count`` instances must stay healthy.

    A percentage is rounded up. AWS's own OneAtATime takes one instance at a time, however many there are:
    https://docs.aws.amazon.com/codedeploy/latest/userguide/deployment-configurations.html
    """
    healthy = config["minimumHealthyHosts"]
    value = int(healthy["value"])
    if healthy["type"] == "FLEET_PERCENT":
        return math.ceil(count * value / 100)
    return count - 1 if value < 0 else value
