# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""The request quotas that AWS publishes, as token buckets by operation.

Source: Amazon ECS API Reference, "Request throttling for the Amazon ECS API"
(https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html).
Buckets hold per account and Region and count requests, not resources.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass


@dataclass(frozen=True)
class Quota:
    """A published token bucket.

    ``burst`` is its size in requests, ``rate`` its refill in requests per second.
    """

    name: str
    burst: float
    rate: float


SERVICE_MODIFY: t.Final = Quota("ecs service modify", 50, 5)
SERVICE_READ: t.Final = Quota("ecs service read", 100, 20)
DEPLOYMENT_READ: t.Final = Quota("ecs service deployment read", 50, 20)
TASK_DEFINITION_MODIFY: t.Final = Quota("ecs task definition modify", 20, 1)
TASK_DEFINITION_READ: t.Final = Quota("ecs task definition read", 50, 20)
CLUSTER_READ: t.Final = Quota("ecs cluster resource read", 100, 20)
TASK_SET_MODIFY: t.Final = Quota("ecs task set modify", 100, 20)
TAG_MODIFY: t.Final = Quota("ecs tag modify", 20, 10)
TAG_READ: t.Final = Quota("ecs tag read", 50, 20)

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


def quota_of(service: str, operation: str) -> Quota:
    """The bucket a call draws from.

    ``service`` is botocore's service name (``ecs``), ``operation`` the API's own name (``DescribeServices``).
    Application Auto Scaling, CodeDeploy and a few others publish no request rates: each gets one modest bucket, which
    the limiter shrinks when AWS throttles.
    """
    if service == "ecs" and operation in _ECS:
        return _ECS[operation]
    return Quota(f"{service} (unpublished)", 20, 10)
