# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Whether the load balancers of a service send traffic to its tasks. Deciding is pure; :func:`read` reads.

A task is RUNNING before it has passed a health check. Where ECS has to keep old tasks until the new ones are healthy,
counts tell the same; where the old ones have crashed, or minimumHealthyPercent is low, they do not.
"""

from __future__ import annotations

import typing as t
from collections import Counter
from dataclasses import dataclass

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws, require
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import (
    AwsCallError,
    IncompleteAnswerError,
    error_handler,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Service

_ElbErrorHandler: t.Final = error_handler("elbv2")
# TargetHealthStateEnum in ELBv2's model. Those that drain are on their way out, whatever their health.
_ON_THEIR_WAY_OUT: t.Final = frozenset({"draining", "unhealthy.draining"})
# No health check is made: no listener uses the target group, or its checks are disabled
# (https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html).
_NOT_CHECKED: t.Final = frozenset({"unused", "unavailable"})


@dataclass(frozen=True)
class Health:
    """``serves`` is None where it cannot be known. ``note`` says what was seen, or why nothing was."""

    serves: bool | None
    note: str = ""


def decides(service: Service) -> bool:
    """Health tells more than counts: ECS replaces tasks behind load balancers, and shifts no traffic of its own."""
    return service.controller == "ECS" and service.strategy == "ROLLING" and bool(service.load_balancers)


def read(aws: Aws, service: Service, wanted: int) -> Health:
    """Ask for the targets of all target groups. Never raises for a permission that is missing."""
    groups: dict[str, list[str]] = {}
    for balancer in service.load_balancers:
        arn = str(balancer.get("targetGroupArn") or "")
        if not arn:
            return Health(None, "the health behind a Classic Load Balancer is not read")
        try:
            groups[arn] = _states(aws, arn)
        except (AwsCallError, IncompleteAnswerError) as exc:
            return Health(None, f"whether its targets are healthy cannot be read. {exc.explain()}")
    return judge(groups, wanted)


def judge(groups: t.Mapping[str, t.Sequence[str]], wanted: int) -> Health:
    """From the states of the targets by target group: all of them healthy, and as many as there should be tasks."""
    for arn, states in groups.items():
        seen = Counter(state for state in states if state not in _ON_THEIR_WAY_OUT)
        name = arn.rpartition("targetgroup/")[2].partition("/")[0] or arn
        if seen and set(seen) <= _NOT_CHECKED:
            return Health(None, f"target group {name} makes no health checks ({', '.join(sorted(seen))})")
        if seen["healthy"] < wanted or set(seen) - {"healthy"}:
            return Health(False, f"{seen['healthy']} of {max(wanted, sum(seen.values()))} targets healthy in {name}")
    return Health(True)


@_ElbErrorHandler.common_error_handler("describe the health of target group {arn}")
def _states(aws: Aws, arn: str) -> list[str]:
    answer = aws.call("elbv2", "describe_target_health", TargetGroupArn=arn)
    targets = require(answer, "TargetHealthDescriptions", "describe_target_health")
    return [str((target.get("TargetHealth") or {}).get("State", "")) for target in targets]
