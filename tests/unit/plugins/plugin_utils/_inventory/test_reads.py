# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the inventory keeps of AWS's answers. Reading them is tested with the simulator, in tests/module."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.model import Group
from ansible_collections.lastgood.aws.plugins.plugin_utils._inventory import reads

ARN = "arn:aws:ecs:eu-central-1:123456789012"
LEAST = {"serviceArn": f"{ARN}:service/shop/web", "serviceName": "web"}


def test_a_service() -> None:
    found = reads.service(
        {
            **LEAST,
            "clusterArn": f"{ARN}:cluster/shop",
            "status": "ACTIVE",
            "taskDefinition": f"{ARN}:task-definition/web:7",
            "desiredCount": 3,
            "runningCount": 2,
            "launchType": "EC2",
            "deploymentController": {"type": "CODE_DEPLOY"},
            "deploymentConfiguration": {"strategy": "CANARY"},
            "tags": [{"key": "team", "value": "payments"}],
            "createdAt": datetime(2026, 11, 14, 9, 12, 40, tzinfo=UTC),
            "createdBy": f"{ARN}:role/deployer",
        },
        "eu-central-1",
    )
    assert (found["service"], found["cluster"], found["account"]) == ("web", "shop", "123456789012")
    assert (found["task_definition"], found["desired_count"], found["running_count"]) == ("web:7", 3, 2)
    assert (found["launch_type"], found["controller"], found["strategy"]) == ("EC2", "CODE_DEPLOY", "CANARY")
    assert found["tags"] == {"team": "payments"}
    assert found["created_at"] == "2026-11-14T09:12:40Z"
    # A cache has to hold it.
    assert json.loads(json.dumps(found)) == found


def test_a_service_of_which_aws_says_little() -> None:
    found = reads.service(LEAST, "eu-central-1")
    assert (found["controller"], found["strategy"], found["launch_type"]) == ("ECS", "ROLLING", "")
    assert (found["tags"], found["capacity_providers"], found["created_at"]) == ({}, [], "")


@pytest.mark.parametrize(
    ("role", "account"), [("arn:aws:iam::123456789012:role/deployer", "123456789012"), ("", ""), ("deployer", "")]
)
def test_a_deployment_group(role: str, account: str) -> None:
    services = ((f"{ARN}:cluster/shop", f"{ARN}:service/shop/web"),)
    group = Group("store", "prod", ecs_services=services, platform="ECS", service_role=role)
    found = reads.deployment_group(group, "eu-central-1")
    assert (found["deployment_group"], found["application"], found["account"]) == ("prod", "store", account)
    assert found["services"] == ["web.shop"]
    assert json.loads(json.dumps(found)) == found
