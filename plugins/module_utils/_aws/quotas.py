# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""The request quotas that AWS publishes, as token buckets by operation, and the share of each that we take.

Source: Amazon ECS API Reference, "Request throttling for the Amazon ECS API"
(https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html). The codes are those of Service
Quotas: https://docs.aws.amazon.com/general/latest/gr/ecs-service.html.
Buckets hold per account and Region and count requests, not resources.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass


@dataclass(frozen=True)
class Quota:
    """A published token bucket.

    ``burst`` is its size in requests, ``rate`` its refill in requests per second, ``share`` how much of both is ours,
    0 to 1. ``codes`` are the quotas behind burst and rate; empty if Service Quotas does not tell them.
    """

    name: str
    burst: float
    rate: float
    share: float = 0.6
    codes: tuple[str, ...] = ()


# Consoles, pipelines and ECS itself draw from the same buckets, and during an incident all of them are busy. What takes
# services back gets most of its bucket all the same: little else is as urgent then.
_WRITES: t.Final = 0.9
_READS: t.Final = 0.6
# Pipelines need this bucket for the version that mends it, and it holds little.
_REGISTERS: t.Final = 0.5
# ECS polls alarms out of the same bucket, and an alarm that it misses does not roll back
# (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-alarm-failure.html).
_ALARMS: t.Final = 1 / 3

SERVICE_MODIFY: t.Final = Quota("ecs service modify", 50, 5, _WRITES, ("L-AA0D4951", "L-C5297B3A"))
SERVICE_READ: t.Final = Quota("ecs service read", 100, 20, _READS, ("L-22AE4B75", "L-321A0372"))
DEPLOYMENT_READ: t.Final = Quota("ecs service deployment read", 50, 20, _READS, ("L-A2AA9478", "L-A2DBEAC1"))
TASK_DEFINITION_MODIFY: t.Final = Quota("ecs task definition modify", 20, 1, _REGISTERS, ("L-CDF9F16B", "L-1E6DEB89"))
TASK_DEFINITION_READ: t.Final = Quota("ecs task definition read", 50, 20, _READS, ("L-924E3D47", "L-538D7426"))
CLUSTER_READ: t.Final = Quota("ecs cluster resource read", 100, 20, _READS, ("L-281CBA4C", "L-80627E8A"))
TASK_SET_MODIFY: t.Final = Quota("ecs task set modify", 100, 20, _WRITES, ("L-B45594D8", "L-4C90BDD4"))
TAG_MODIFY: t.Final = Quota("ecs tag modify", 20, 10, _WRITES)
TAG_READ: t.Final = Quota("ecs tag read", 50, 20, _READS)
# Published as a rate alone: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html
ALARM_READ: t.Final = Quota("cloudwatch alarm read", 9, 9, _ALARMS)

# Service Quotas calls the deployment bucket "deployment and revision read"; we assume, to be safe, that revisions share
# it. Stop/ContinueServiceDeployment are in no published bucket; we assume they share UpdateService's.
_ECS: t.Final[dict[str, Quota]] = {
    "UpdateService": SERVICE_MODIFY,
    "StopServiceDeployment": SERVICE_MODIFY,
    "ContinueServiceDeployment": SERVICE_MODIFY,
    "DescribeServices": SERVICE_READ,
    "ListServices": SERVICE_READ,
    "ListServiceDeployments": DEPLOYMENT_READ,
    "DescribeServiceDeployments": DEPLOYMENT_READ,
    "DescribeServiceRevisions": DEPLOYMENT_READ,
    "RegisterTaskDefinition": TASK_DEFINITION_MODIFY,
    "DeregisterTaskDefinition": TASK_DEFINITION_MODIFY,
    "DescribeTaskDefinition": TASK_DEFINITION_READ,
    "ListTaskDefinitions": TASK_DEFINITION_READ,
    "ListTasks": CLUSTER_READ,
    "DescribeTasks": CLUSTER_READ,
    "ListClusters": CLUSTER_READ,
    "DescribeClusters": CLUSTER_READ,
    "CreateTaskSet": TASK_SET_MODIFY,
    "DeleteTaskSet": TASK_SET_MODIFY,
    "UpdateTaskSet": TASK_SET_MODIFY,
    "UpdateServicePrimaryTaskSet": TASK_SET_MODIFY,
    "TagResource": TAG_MODIFY,
    "UntagResource": TAG_MODIFY,
    "ListTagsForResource": TAG_READ,
}
# What decides how long many services take, the most important first.
TOLD: t.Final = (SERVICE_MODIFY, TASK_DEFINITION_READ, DEPLOYMENT_READ, SERVICE_READ)


def quota_of(service: str, operation: str) -> Quota:
    """The bucket a call draws from.

    ``service`` is botocore's service name (``ecs``), ``operation`` the API's own name (``DescribeServices``).
    Application Auto Scaling, CodeDeploy and a few others publish no request rates: each gets one modest bucket, which
    the limiter shrinks when AWS throttles.
    """
    if service == "ecs" and operation in _ECS:
        return _ECS[operation]
    if (service, operation) == ("cloudwatch", "DescribeAlarms"):
        return ALARM_READ
    return Quota(f"{service} (unpublished)", 20, 10, _READS)
