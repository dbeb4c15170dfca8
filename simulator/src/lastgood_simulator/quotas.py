# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Amazon ECS's request quotas as token buckets.

Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html and
https://docs.aws.amazon.com/general/latest/gr/ecs-service.html (burst and sustained rate per account and Region).
Stop/ContinueServiceDeployment are not listed there; they share the service-modify bucket here.
"""

from __future__ import annotations

from lastgood_simulator.errors import AwsError

# name: (burst, requests a second)
BUCKETS: dict[str, tuple[float, float]] = {
    "service modify": (50, 5),
    "service read": (100, 20),
    "service deployment read": (50, 20),
    "service revision read": (50, 20),
    "task definition modify": (20, 1),
    "task definition read": (50, 20),
    "task definition delete": (5, 1),
    "cluster resource read": (100, 20),
    "cluster resource modify": (100, 40),
    "task set modify": (100, 20),
    "tag modify": (20, 10),
    "tag read": (50, 20),
    # Shared by everybody who reads alarms in the account, ECS itself included.
    "alarm read": (9, 9),
}

_OPERATIONS: dict[str, dict[str, str]] = {
    "ecs": {
        "CreateService": "service modify",
        "UpdateService": "service modify",
        "DeleteService": "service modify",
        "StopServiceDeployment": "service modify",
        "ContinueServiceDeployment": "service modify",
        "DescribeServices": "service read",
        "ListServices": "service read",
        "ListServicesByNamespace": "service read",
        "DescribeServiceDeployments": "service deployment read",
        "ListServiceDeployments": "service deployment read",
        "DescribeServiceRevisions": "service revision read",
        "RegisterTaskDefinition": "task definition modify",
        "DeregisterTaskDefinition": "task definition modify",
        "DescribeTaskDefinition": "task definition read",
        "ListTaskDefinitions": "task definition read",
        "ListTaskDefinitionFamilies": "task definition read",
        "DeleteTaskDefinitions": "task definition delete",
        "ListTasks": "cluster resource read",
        "DescribeTasks": "cluster resource read",
        "ListContainerInstances": "cluster resource read",
        "DescribeContainerInstances": "cluster resource read",
        "RunTask": "cluster resource modify",
        "StartTask": "cluster resource modify",
        "StopTask": "cluster resource modify",
        "CreateTaskSet": "task set modify",
        "UpdateTaskSet": "task set modify",
        "DeleteTaskSet": "task set modify",
        "UpdateServicePrimaryTaskSet": "task set modify",
        "TagResource": "tag modify",
        "UntagResource": "tag modify",
        "ListTagsForResource": "tag read",
    },
    "cloudwatch": {"DescribeAlarms": "alarm read"},
}


class Quotas:
    """Off until :meth:`set` switches it on. One set of buckets for each account and Region."""

    def __init__(self) -> None:
        self.enabled = False
        self.scale = 1.0
        # (account, region, bucket): (tokens, when they were counted)
        self._tokens: dict[tuple[str, str, str], tuple[float, float]] = {}

    def set(self, enabled: bool, scale: float) -> None:
        """Switch on or off; ``scale`` multiplies bursts and rates. The buckets start full."""
        self.enabled = enabled
        self.scale = scale
        self._tokens.clear()

    def take(self, account: str, region: str, service: str, operation: str, now: float) -> None:
        """Take a token for this request. Raises ThrottlingException when the bucket is empty."""
        name = _OPERATIONS.get(service, {}).get(operation)
        if not self.enabled or name is None:
            return
        burst, rate = (value * self.scale for value in BUCKETS[name])
        key = (account, region, name)
        tokens, since = self._tokens.get(key, (burst, now))
        tokens = min(burst, tokens + (now - since) * rate)
        if tokens < 1:
            self._tokens[key] = (tokens, now)
            raise AwsError("ThrottlingException", "Rate exceeded")
        self._tokens[key] = (tokens - 1, now)
