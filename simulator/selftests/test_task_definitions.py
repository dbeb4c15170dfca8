# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Task definitions."""

from __future__ import annotations

from typing import Any

import pytest

from lastgood_simulator import Simulator
from selftests.cluster import START, Cluster, refused


def _numbers(cluster: Cluster, **params: Any) -> list[int]:
    arns = cluster.ecs.list_task_definitions(**params)["taskDefinitionArns"]
    return [int(arn.rsplit(":", 1)[1]) for arn in arns]


def test_everything_that_is_registered_is_kept(cluster: Cluster) -> None:
    given = {
        "family": "web",
        "taskRoleArn": "arn:aws:iam::123456789012:role/task",
        "executionRoleArn": "arn:aws:iam::123456789012:role/execution",
        "networkMode": "awsvpc",
        "containerDefinitions": [
            {
                "name": "app",
                "image": "web:1",
                "portMappings": [{"containerPort": 80}],
                "dockerLabels": {"a": "b"},
                "restartPolicy": {"enabled": True, "ignoredExitCodes": [0]},
            }
        ],
        "volumes": [{"name": "data"}],
        "requiresCompatibilities": ["FARGATE"],
        "cpu": "256",
        "memory": "512",
        "ephemeralStorage": {"sizeInGiB": 30},
        "runtimePlatform": {"cpuArchitecture": "ARM64"},
        "enableFaultInjection": True,
        "pidMode": "task",
    }
    tags = [{"key": "team", "value": "a"}]
    answer = cluster.ecs.register_task_definition(**given, tags=tags)
    assert answer["tags"] == tags
    shown = answer["taskDefinition"]
    for name in set(given) - {"containerDefinitions"}:
        assert shown[name] == given[name]
    (container,) = shown["containerDefinitions"]
    assert container["restartPolicy"] == {"enabled": True, "ignoredExitCodes": [0]}
    assert container["portMappings"] == [{"containerPort": 80, "hostPort": 80, "protocol": "tcp"}]
    assert (container["essential"], container["cpu"], container["environment"]) == (True, 0, [])
    assert shown["registeredAt"].timestamp() == START
    assert shown["registeredBy"].startswith("arn:aws:sts::123456789012:")
    assert (shown["status"], shown["revision"]) == ("ACTIVE", 1)
    plain = cluster.ecs.describe_task_definition(taskDefinition="web:1")
    assert plain["taskDefinition"] == shown
    assert "tags" not in plain
    assert cluster.ecs.describe_task_definition(taskDefinition="web", include=["TAGS"])["tags"] == tags


def test_lists_are_in_order_of_numbers_and_of_one_family(cluster: Cluster) -> None:
    for number in range(1, 13):
        cluster.register(f"web:{number}")
    cluster.register("x:1", family="webextra")
    assert _numbers(cluster, familyPrefix="web") == list(range(1, 13))
    assert _numbers(cluster, familyPrefix="web", sort="DESC") == list(range(12, 0, -1))
    answer = cluster.ecs.list_task_definitions(familyPrefix="web", sort="DESC", maxResults=5)
    assert len(answer["taskDefinitionArns"]) == 5
    assert _numbers(cluster, familyPrefix="web", sort="DESC", maxResults=5, nextToken=answer["nextToken"])[0] == 7
    assert cluster.ecs.list_task_definition_families(familyPrefix="web")["families"] == ["web", "webextra"]
    assert cluster.ecs.list_task_definition_families(status="INACTIVE")["families"] == []


def test_from_active_to_gone(sim: Simulator, cluster: Cluster) -> None:
    cluster.running("web:1", count=1)
    cluster.register("web:2")
    sim.advance(10)
    gone = cluster.ecs.deregister_task_definition(taskDefinition="web:2")["taskDefinition"]
    assert gone["status"] == "INACTIVE"
    assert gone["deregisteredAt"].timestamp() == START + 310
    assert cluster.ecs.describe_task_definition(taskDefinition="web")["taskDefinition"]["revision"] == 1
    assert _numbers(cluster, familyPrefix="web") == [1]
    assert _numbers(cluster, familyPrefix="web", status="INACTIVE") == [2]

    answer = cluster.ecs.delete_task_definitions(taskDefinitions=["web:2", "web:1", "web:9", "web"])
    assert [item["status"] for item in answer["taskDefinitions"]] == ["DELETE_IN_PROGRESS"]
    assert "ACTIVE" in answer["failures"][0]["reason"]
    assert len(answer["failures"]) == 3
    shown = cluster.ecs.describe_task_definition(taskDefinition="web:2")["taskDefinition"]
    assert shown["deleteRequestedAt"].timestamp() == START + 310
    sim.advance(86400)
    assert refused(cluster.ecs.describe_task_definition, taskDefinition="web:2") == (
        "ClientException",
        "Unable to describe task definition.",
    )


def test_a_service_keeps_running_on_a_deregistered_one(sim: Simulator, cluster: Cluster) -> None:
    cluster.running(count=2)
    cluster.ecs.deregister_task_definition(taskDefinition="web:1")
    cluster.ecs.delete_task_definitions(taskDefinitions=["web:1"])
    sim.advance(10 * 86400)
    cluster.update(desiredCount=3)
    sim.advance(100)
    assert cluster.service()["runningCount"] == 3
    assert cluster.ecs.describe_task_definition(taskDefinition="web:1")["taskDefinition"]["revision"] == 1


@pytest.mark.parametrize(
    "change",
    [
        {"family": "not valid"},
        {"containerDefinitions": []},
        {"containerDefinitions": [{"name": "app"}]},
        {"cpu": ""},
        {"networkMode": "bridge"},
        {"requiresCompatibilities": ["EC2"], "memory": ""},
    ],
)
def test_what_is_refused(cluster: Cluster, change: dict[str, Any]) -> None:
    good = {
        "family": "web",
        "containerDefinitions": [{"name": "app", "image": "web:1"}],
        "requiresCompatibilities": ["FARGATE"],
        "networkMode": "awsvpc",
        "cpu": "256",
        "memory": "512",
    }
    assert refused(cluster.ecs.register_task_definition, **good | change)[0] == "ClientException"
    cluster.ecs.register_task_definition(**good)


def test_references_that_lead_nowhere(cluster: Cluster) -> None:
    cluster.register("web:1")
    for reference in ("web:9", "other"):
        assert refused(cluster.ecs.describe_task_definition, taskDefinition=reference)[0] == "ClientException"
    for reference in ("web", "web:9"):
        assert refused(cluster.ecs.deregister_task_definition, taskDefinition=reference)[0] == "ClientException"
    for references in ([], ["web:1"] * 11):
        code = refused(cluster.ecs.delete_task_definitions, taskDefinitions=references)[0]
        assert code == "InvalidParameterException"
