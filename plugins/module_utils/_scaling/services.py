# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""The ECS services behind scalable targets: whether they exist, and their desired counts.

All of this only improves messages, so nothing here raises: what could not be read is unknown.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

from ansible_collections.amazon.aws.plugins.module_utils.arn import parse_aws_arn

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Answer, Aws, batches, require
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import (
    AwsCallError,
    IncompleteAnswerError,
    error_handler,
)
from ansible_collections.lastgood.aws.plugins.module_utils._scaling.model import Finding, ScalableTarget

_Errors: t.Final = error_handler("ecs")
# DescribeServices takes at most 10 services of one cluster
# (https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServices.html).
_BATCH: t.Final = 10
# "Up to 255 letters (uppercase and lowercase), numbers, underscores, and hyphens are allowed" (CreateService).
_ECS_NAME: t.Final = re.compile(r"[A-Za-z0-9_-]{1,255}")
_RESOURCE_ID: t.Final = re.compile(r"service/(?P<cluster>[^/]+)/(?P<service>[^/]+)")


@dataclass(frozen=True)
class ServiceFact:
    """One of ``desired`` (tasks), ``absent`` (why there is no such service), ``unknown`` (why we do not know)."""

    desired: int = 0
    absent: str = ""
    unknown: str = ""


def resource_id(cluster: str, service: str) -> str:
    """The id of a service's scalable target, given names or ARNs. A service's ARN names its cluster.

    Raises :class:`ValueError` with a message for the user.
    """
    here = cluster_name(cluster)
    in_arn, name = "", service
    if service.startswith("arn:"):
        # ARNs in the old format, service/NAME, do not name the cluster.
        in_arn, _slash, name = _name(service, "service").rpartition("/")
    if in_arn and here not in ("default", in_arn):
        raise ValueError(f"service {service} is in cluster {in_arn}, not in {here}")
    if not _ECS_NAME.fullmatch(name):
        raise ValueError(f"'{service}' is neither the name nor the ARN of an ECS service")
    return f"service/{in_arn or here}/{name}"


def cluster_name(cluster: str) -> str:
    """The name of a cluster, given its name or ARN. Raises :class:`ValueError` with a message for the user."""
    name = _name(cluster, "cluster")
    if not _ECS_NAME.fullmatch(name):
        raise ValueError(f"'{cluster}' is neither the name nor the ARN of an ECS cluster")
    return name


def _name(text: str, kind: str) -> str:
    if not text.startswith("arn:"):
        return text
    arn = parse_aws_arn(text) or {}
    if arn.get("service") != "ecs" or arn.get("resource_type") != kind:
        raise ValueError(f"{text} is not the ARN of an ECS {kind}")
    return str(arn["resource_id"])


def look_up(aws: Aws, resource_ids: t.Sequence[str]) -> dict[str, ServiceFact]:
    """What is known about the services behind these scalable targets, by resource id."""
    clusters: dict[str, list[str]] = {}
    for rid in resource_ids:
        match = _RESOURCE_ID.fullmatch(rid)
        if match:
            clusters.setdefault(match["cluster"], []).append(match["service"])
    facts: dict[str, ServiceFact] = {}
    for cluster, names in clusters.items():
        for batch in batches(names, _BATCH):
            facts.update((f"service/{cluster}/{name}", fact) for name, fact in _look_up(aws, cluster, batch).items())
    return facts


def _look_up(aws: Aws, cluster: str, names: list[str]) -> dict[str, ServiceFact]:
    try:
        services = _describe(aws, cluster, names)
    except (AwsCallError, IncompleteAnswerError) as exc:
        if exc.code == "ClusterNotFoundException":
            return dict.fromkeys(names, ServiceFact(absent=f"there is no cluster {cluster} in this account and Region"))
        return dict.fromkeys(names, ServiceFact(unknown=exc.explain()))
    absent = ServiceFact(absent=f"there is no service by that name in cluster {cluster}")
    facts = dict.fromkeys(names, absent)
    for service in services:
        gone = service.get("status") == "INACTIVE"
        facts[service["serviceName"]] = (
            ServiceFact(absent=f"the service was deleted from cluster {cluster}")
            if gone
            else ServiceFact(desired=service["desiredCount"])
        )
    return facts


def cluster_absence(aws: Aws, cluster: str) -> str:
    """Why there is no such cluster; empty if it exists, or if we could not find out."""
    try:
        active = any(item.get("status") == "ACTIVE" for item in _describe_cluster(aws, cluster))
    except (AwsCallError, IncompleteAnswerError):
        return ""
    return "" if active else f"there is no cluster {cluster} in this account and Region"


@_Errors.common_error_handler("describe cluster {cluster}")
def _describe_cluster(aws: Aws, cluster: str) -> list[Answer]:
    answer = aws.call("ecs", "describe_clusters", clusters=[cluster])
    clusters: list[Answer] = require(answer, "clusters", "DescribeClusters")
    return clusters


@_Errors.common_error_handler("describe services {names} of cluster {cluster}")
def _describe(aws: Aws, cluster: str, names: list[str]) -> list[Answer]:
    answer = aws.call("ecs", "describe_services", cluster=cluster, services=names)
    services: list[Answer] = require(answer, "services", "DescribeServices")
    return services


def capacity_findings(target: ScalableTarget, fact: ServiceFact | None) -> tuple[Finding, ...]:
    """Findings about capacity: RegisterScalableTarget moves a capacity that is out of bounds, even if it is sent no
    bounds.
    """
    if fact is None or fact.absent:
        return ()
    low, high = target.min_capacity, target.max_capacity
    if fact.unknown:
        return (
            Finding(
                "capacity",
                "unknown",
                f"we could not find out whether the desired count is within {low}..{high}; if it is, this call leaves "
                f"it alone. {fact.unknown}",
            ),
        )
    if low <= fact.desired <= high:
        return ()
    moved = min(max(fact.desired, low), high)
    return (
        Finding(
            "capacity",
            "warn",
            f"the service wants {fact.desired} tasks, outside the bounds {low}..{high} of its scalable target: with "
            f"any change of the target AWS sets the desired count to {moved}",
        ),
    )
