# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Whether the production listener rules of a service make sense before ECS shifts traffic with them. Pure."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Finding, Service

Rules = t.Mapping[str, t.Sequence[t.Mapping[str, t.Any]]]
_TARGET_GROUP: t.Final = re.compile(r".*:targetgroup/(?P<name>[^/]+)/.*")


def production_rules(service: Service) -> list[str]:
    """ARNs of the listener rules (or, of Network Load Balancers, listeners) that carry the production traffic."""
    if service.strategy == "ROLLING":
        return []
    rules = [str((b.get("advancedConfiguration") or {}).get("productionListenerRule") or "") for b in _shifted(service)]
    return list(dict.fromkeys(rule for rule in rules if rule))


def _shifted(service: Service) -> list[t.Mapping[str, t.Any]]:
    return [b for b in service.load_balancers if b.get("advancedConfiguration")]


def listener_weights(service: Service, rules: Rules) -> list[Finding]:
    """While nothing is deployed, each production rule must send all traffic to one of the service's target groups.

    ECS does not look at the weights before it shifts traffic, and can shift it to a target group without tasks
    (https://github.com/aws/containers-roadmap/issues/2853). ``rules`` are the actions by the ARN of rule or listener;
    one that is not in it does not exist.
    """
    found = []
    for balancer in _shifted(service):
        advanced = balancer["advancedConfiguration"]
        rule = str(advanced.get("productionListenerRule") or "")
        if rule not in production_rules(service):
            continue
        own = [str(balancer.get("targetGroupArn") or ""), str(advanced.get("alternateTargetGroupArn") or "")]
        problem = _senseless(rules.get(rule), own)
        if problem:
            text = f"the production listener rule {rule} of {service.name} {problem}. ECS shifts traffic without a"
            advice = f"Let it send everything to {_group(own[0])} or {_group(own[1])}, whichever has the tasks"
            found.append(Finding("listener_weights", "block", f"{text} look at that. {advice}"))
    return found


def _senseless(actions: t.Sequence[t.Mapping[str, t.Any]] | None, own: t.Sequence[str]) -> str:
    if actions is None:
        return "does not exist"
    forward = next((a for a in actions if a.get("Type") == "forward"), None)
    if forward is None:
        return "forwards to no target group"
    weighted = {
        str(g.get("TargetGroupArn")): int(g.get("Weight", 1))
        for g in (forward.get("ForwardConfig") or {}).get("TargetGroups") or []
    } or {str(forward.get("TargetGroupArn")): 1}
    taking = [arn for arn, weight in weighted.items() if weight > 0]
    foreign = [arn for arn in taking if arn not in own]
    if foreign:
        return f"sends traffic to {', '.join(map(_group, foreign))}, which is none of the service's target groups"
    if not taking:
        return "sends traffic to no target group, since all weights are 0"
    if len(taking) > 1:
        shares = ", ".join(f"{_group(arn)} {weighted[arn]}" for arn in taking)
        return f"splits the traffic ({shares}) though nothing is being deployed"
    return ""


def _group(arn: str) -> str:
    match = _TARGET_GROUP.fullmatch(arn)
    return match["name"] if match else arn
