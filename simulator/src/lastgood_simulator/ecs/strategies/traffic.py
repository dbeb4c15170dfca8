# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How traffic is shared between service revisions, and what the listeners do for it.

A service that can shift traffic has two target groups per load balancer; each revision uses the one that its
predecessor does not use.
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/alb-resources-for-blue-green.html and
troubleshooting-blue-green.html beside it (for the wording).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lastgood_simulator.ecs.environment import Environment
from lastgood_simulator.ecs.model import Deployment, Service, ServiceRevision, Shift, Step

LoadBalancer = dict[str, Any]


def resolve(revision: ServiceRevision, predecessor: ServiceRevision | None, shifts: bool) -> None:
    """Choose the target groups of a revision. Without a shift they stay those of its predecessor."""
    used = set(predecessor.resolved) if predecessor is not None else set()
    for balancer in _advanced(revision):
        pair = _pair(balancer)
        present = next((group for group in pair if group in used), None)
        if present is None:
            revision.resolved.append(pair[0])
        else:
            revision.resolved.append(_other(pair, present) if shifts else present)


def begin(service: Service, blue: Deployment | None) -> None:
    """The weights that a deployment begins with: as its predecessor left production, or all on blue; nothing tested."""
    service.test_traffic.clear()
    if blue is not None and not service.production_traffic:
        service.production_traffic[blue.revision.arn] = 100.0


def reconcile(service: Service, blue: Deployment | None, env: Environment) -> None:
    """Back to one revision that has all traffic."""
    service.production_traffic.clear()
    service.test_traffic.clear()
    if blue is not None:
        service.production_traffic[blue.revision.arn] = 100.0
        _forward(blue.revision, 100.0, "productionListenerRule", env)
        _forward(blue.revision, 100.0, "testListenerRule", env)


def shift(service: Service, state: Shift, step: Step, env: Environment) -> None:
    """Set the weights that a step begins with."""
    green, blue = state.green.revision, state.blue.revision if state.blue is not None else None
    if step.production is not None:
        service.production_traffic = {green.arn: step.production}
        if blue is not None:
            service.production_traffic[blue.arn] = 100.0 - step.production
        _forward(green, step.production, "productionListenerRule", env)
    if step.test is not None:
        service.test_traffic = {green.arn: step.test}
        _forward(green, step.test, "testListenerRule", env)


def through_network(revision: ServiceRevision) -> bool:
    """Whether traffic comes through a Network Load Balancer."""
    return any(":listener/net/" in _rule(balancer, "productionListenerRule") for balancer in _advanced(revision))


def problem(revision: ServiceRevision, env: Environment) -> str | None:
    """Why the listener rules do not allow a deployment, None when they do."""
    failed = "Service deployment rolled back because of invalid networking configuration"
    for balancer in _advanced(revision):
        pair, rule = _pair(balancer), _rule(balancer, "productionListenerRule")
        weights = env.listeners.weights(rule)
        if weights is None:
            continue
        serving = [group for group, weight in weights.items() if weight > 0]
        if len(serving) != 1:
            return (
                f"{failed}. productionListenerRule {rule} should have exactly one target group serving traffic but "
                f"found {len(serving)} target groups which are serving traffic"
            )
        if serving[0] not in pair:
            return (
                f"{failed}. Production listener rule is forwarding traffic to unexpected target group {serving[0]}. "
                f"Expected traffic to be forwarded to either targetGroupArn: {pair[0]} or "
                f"alternateTargetGroupArn: {pair[1]}"
            )
        tested = env.listeners.weights(_rule(balancer, "testListenerRule")) or {}
        for group in pair:
            if group not in weights and group not in tested:
                return (
                    f"{failed}: Target group {group} is not associated with either productionListenerRule or "
                    "testListenerRule."
                )
    return None


def _forward(revision: ServiceRevision, percent: float, rule: str, env: Environment) -> None:
    """Lead ``percent`` of the traffic of all load balancers to a revision and the rest to the other."""
    for balancer, group in zip(_advanced(revision), revision.resolved, strict=True):
        other = _other(_pair(balancer), group)
        env.listeners.forward(_rule(balancer, rule), {group: percent, other: 100.0 - percent})


def _advanced(revision: ServiceRevision) -> Iterator[LoadBalancer]:
    balancers: list[LoadBalancer] = revision.settings.get("loadBalancers") or []
    return (balancer for balancer in balancers if balancer.get("advancedConfiguration"))


def _pair(balancer: LoadBalancer) -> tuple[str, str]:
    first: str = balancer["targetGroupArn"]
    return first, balancer["advancedConfiguration"].get("alternateTargetGroupArn", first)


def _other(pair: tuple[str, str], group: str) -> str:
    return pair[1] if group == pair[0] else pair[0]


def _rule(balancer: LoadBalancer, name: str) -> str:
    arn: str = balancer["advancedConfiguration"].get(name, "")
    return arn
