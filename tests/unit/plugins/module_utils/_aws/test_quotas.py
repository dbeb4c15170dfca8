# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re

import botocore
import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._aws import quotas
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import api

# Burst and rate, as published: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html
PUBLISHED = {
    "UpdateService": (50, 5),
    "StopServiceDeployment": (50, 5),
    "ContinueServiceDeployment": (50, 5),
    "DescribeServices": (100, 20),
    "ListServices": (100, 20),
    "ListServiceDeployments": (50, 20),
    "DescribeServiceDeployments": (50, 20),
    "DescribeServiceRevisions": (50, 20),
    "RegisterTaskDefinition": (20, 1),
    "DeregisterTaskDefinition": (20, 1),
    "DescribeTaskDefinition": (50, 20),
    "ListTaskDefinitions": (50, 20),
    "ListTasks": (100, 20),
    "DescribeTasks": (100, 20),
    "ListClusters": (100, 20),
    "DescribeClusters": (100, 20),
    "CreateTaskSet": (100, 20),
    "DeleteTaskSet": (100, 20),
    "UpdateTaskSet": (100, 20),
    "UpdateServicePrimaryTaskSet": (100, 20),
    "TagResource": (20, 10),
    "UntagResource": (20, 10),
    "ListTagsForResource": (50, 20),
}


@pytest.mark.parametrize("operation", PUBLISHED)
def test_published_buckets(operation: str) -> None:
    quota = quotas.quota_of("ecs", operation)
    assert (quota.burst, quota.rate) == PUBLISHED[operation]


def test_operations_share_their_buckets() -> None:
    def together(*operations: str) -> bool:
        return len({quotas.quota_of("ecs", operation).name for operation in operations}) == 1

    assert together("UpdateService", "StopServiceDeployment", "ContinueServiceDeployment")
    assert together("ListServiceDeployments", "DescribeServiceDeployments", "DescribeServiceRevisions")
    assert not together("DescribeServices", "ListServiceDeployments")
    assert not together("RegisterTaskDefinition", "DescribeTaskDefinition")
    assert not together("TagResource", "ListTagsForResource")


@pytest.mark.parametrize(
    ("service", "operation"), [("codedeploy", "GetDeployment"), ("ecs", "SomethingNew"), ("ecr", "DescribeServices")]
)
def test_what_is_not_published_gets_a_modest_bucket_of_its_service(service: str, operation: str) -> None:
    quota = quotas.quota_of(service, operation)
    assert quota.name == f"{service} (unpublished)"
    assert (quota.burst, quota.rate) == (20, 10)


def test_every_operation_that_is_called_has_a_published_bucket() -> None:
    with open(api.__file__, encoding="utf-8") as source:
        called = set(re.findall(r'"ecs",\s+"(\w+)"', source.read()))
    assert "describe_services" in called
    assert called <= {botocore.xform_name(operation) for operation in PUBLISHED}


@pytest.mark.parametrize(
    ("service", "operation", "share"),
    [
        ("ecs", "UpdateService", 0.9),
        ("ecs", "StopServiceDeployment", 0.9),
        ("ecs", "ContinueServiceDeployment", 0.9),
        ("ecs", "UpdateServicePrimaryTaskSet", 0.9),
        ("ecs", "TagResource", 0.9),
        ("ecs", "DescribeServices", 0.6),
        ("ecs", "ListServiceDeployments", 0.6),
        ("ecs", "DescribeTaskDefinition", 0.6),
        ("ecs", "RegisterTaskDefinition", 0.5),
        ("cloudwatch", "DescribeAlarms", 1 / 3),
        ("codedeploy", "GetDeployment", 0.6),
    ],
)
def test_how_much_of_a_quota_is_ours(service: str, operation: str, share: float) -> None:
    assert quotas.quota_of(service, operation).share == share


def test_what_is_asked_of_service_quotas_has_two_codes() -> None:
    assert {len(quota.codes) for quota in quotas.TOLD} == {2}
    assert len({code for quota in quotas.TOLD for code in quota.codes}) == 2 * len(quotas.TOLD)
