# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rolling deployments that go well."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest

from lastgood_simulator import Simulator
from selftests.cluster import HEALTH_CHECK, START, Cluster


def test_a_new_service_becomes_steady(sim: Simulator, cluster: Cluster) -> None:
    created = cluster.create(revision=cluster.register("web:1"))
    (deployment,) = created["deployments"]
    assert (deployment["status"], deployment["rolloutState"]) == ("PRIMARY", "IN_PROGRESS")
    assert deployment["rolloutStateReason"] == f"ECS deployment {deployment['id']} in progress."
    assert re.fullmatch(r"ecs-svc/\d{19}", deployment["id"])
    assert (created["runningCount"], created["pendingCount"], created["desiredCount"]) == (0, 4, 4)

    sim.advance(31.5)
    assert cluster.service()["runningCount"] == 2
    sim.advance(60)
    service = cluster.service()
    assert service["runningCount"] == 4
    assert service["deployments"][0]["rolloutState"] == "COMPLETED"
    ids = " ".join(f"(task {task['taskArn'].split('/')[-1]})" for task in cluster.tasks())
    assert cluster.messages() == [
        f"has started 4 tasks: {ids}.",
        f"(deployment {deployment['id']}) deployment completed.",
        "has reached a steady state.",
    ]
    cluster.ecs.get_waiter("services_stable").wait(cluster="prod", services=["web"])


def test_a_deployment_is_gradual_and_the_old_one_stays_listed_while_it_drains(sim: Simulator, cluster: Cluster) -> None:
    cluster.running()
    old_id = cluster.primary()["id"]
    updated = cluster.deploy()
    assert updated["taskDefinition"].endswith("task-definition/web:2")
    seen: list[tuple[tuple[bool, str, str, int], ...]] = []
    for _second in range(80):
        shown = tuple(
            (entry["id"] == old_id, entry["status"], entry["rolloutState"], entry["runningCount"])
            for entry in cluster.service()["deployments"]
        )
        if not seen or seen[-1] != shown:
            seen.append(shown)
        sim.advance(1)
    new, old = (False, "PRIMARY"), (True, "ACTIVE", "COMPLETED")
    assert seen == [
        ((*new, "IN_PROGRESS", 0), (*old, 4)),
        ((*new, "IN_PROGRESS", 1), (*old, 3)),
        ((*new, "IN_PROGRESS", 2), (*old, 2)),
        ((*new, "IN_PROGRESS", 3), (*old, 1)),
        ((*new, "IN_PROGRESS", 4), (*old, 0)),
        ((*new, "IN_PROGRESS", 4),),
        ((*new, "COMPLETED", 4),),
    ]


@pytest.mark.parametrize(
    ("desired", "minimum", "maximum"),
    [(4, 100, 200), (4, 50, 100), (4, 50, 200), (1, 0, 100), (10, 90, 110), (3, 0, 200), (5, 100, 120)],
)
def test_minimum_and_maximum_hold_at_every_moment(
    sim: Simulator, cluster: Cluster, desired: int, minimum: int, maximum: int
) -> None:
    cluster.running(
        count=desired, deploymentConfiguration={"minimumHealthyPercent": minimum, "maximumPercent": maximum}
    )
    cluster.deploy()
    lower, upper = math.ceil(desired * minimum / 100), math.floor(desired * maximum / 100)
    for _moment in range(2000):
        service = cluster.service()
        assert service["runningCount"] >= lower
        assert service["runningCount"] + service["pendingCount"] <= upper
        if cluster.primary()["rolloutState"] == "COMPLETED":
            break
        sim.advance(0.5)
    assert {task["taskDefinitionArn"].split("/")[-1] for task in cluster.tasks()} == {"web:2"}
    assert len(service["deployments"]) == 1


def test_bounds_that_allow_nothing_block_the_deployment(sim: Simulator, cluster: Cluster) -> None:
    # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages-list.html (100/100)
    cluster.running(deploymentConfiguration={"minimumHealthyPercent": 100, "maximumPercent": 100})
    cluster.deploy()
    sim.advance(3600)
    assert cluster.primary()["rolloutState"] == "IN_PROGRESS"
    assert cluster.primary()["runningCount"] == 0


def _anonymous(value: Any, names: dict[str, str]) -> Any:
    """``value`` with random identifiers replaced by the order of their appearance."""
    if isinstance(value, dict):
        return {key: _anonymous(item, names) for key, item in value.items() if key != "ResponseMetadata"}
    if isinstance(value, list):
        return [_anonymous(item, names) for item in value]
    if isinstance(value, str):
        pattern = r"\d{19}|[0-9a-f]{32}|[0-9a-f-]{36}|(?<=service-deployment/prod/web/)[\w-]{21}"
        return re.sub(pattern, lambda found: names.setdefault(found.group(), f"id{len(names)}"), value)
    return value


@pytest.mark.parametrize("step", [7, 1000])
def test_one_big_step_ends_as_many_small_ones(step: float) -> None:
    worlds = []
    for size in (step, 1):
        with Simulator(start=START) as sim:
            cluster = Cluster(sim)
            cluster.running(
                deploymentConfiguration={
                    "deploymentCircuitBreaker": {"enable": True, "rollback": True},
                    "minimumHealthyPercent": 50,
                }
            )
            sim.image("web:2", "unhealthy")
            cluster.deploy("web:2", healthCheck=HEALTH_CHECK)
            for _step in range(math.ceil(700 / size)):
                sim.advance(size)
                cluster.service()
            sim.advance(1700 - sim.now() + START)
            worlds.append(_anonymous([cluster.service(), cluster.history(), cluster.tasks("STOPPED")], {}))
    assert worlds[0] == worlds[1]


def test_what_starts_a_deployment_and_what_does_not(sim: Simulator, cluster: Cluster) -> None:
    cluster.running()
    first = cluster.primary()["id"]
    unchanged: list[dict[str, Any]] = [
        {"taskDefinition": "web:1"},
        {"desiredCount": 3},
        {"deploymentConfiguration": {"maximumPercent": 150}},
        {"enableExecuteCommand": True},
        {"propagateTags": "SERVICE"},
    ]
    for options in unchanged:
        assert cluster.update(**options)["deployments"][0]["id"] == first
    assert len(cluster.history()) == 1
    network = {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}
    for options in ({"forceNewDeployment": True}, {"networkConfiguration": network}, {"platformVersion": "1.4.0"}):
        before = cluster.primary()["id"]
        assert cluster.update(**options)["deployments"][0]["id"] != before
        sim.advance(300)
    assert len(cluster.history()) == 4
    assert cluster.service()["networkConfiguration"] == network


def test_configuration_and_desired_count_are_kept_across_deployments(sim: Simulator, cluster: Cluster) -> None:
    cluster.running()
    cluster.update(deploymentConfiguration={"minimumHealthyPercent": 50})
    cluster.update(desiredCount=2)
    cluster.deploy()
    sim.advance(300)
    service = cluster.service()
    assert service["deploymentConfiguration"]["minimumHealthyPercent"] == 50
    assert service["deploymentConfiguration"]["maximumPercent"] == 200
    assert (service["desiredCount"], service["runningCount"]) == (2, 2)
    assert service["deployments"][0]["desiredCount"] == 2


def test_three_deployments_at_once_when_one_is_superseded(sim: Simulator, cluster: Cluster) -> None:
    cluster.running()
    cluster.deploy("web:2")
    sim.advance(32)
    cluster.deploy("web:3")
    shown = [(entry["taskDefinition"].split("/")[-1], entry["status"]) for entry in cluster.service()["deployments"]]
    assert shown == [("web:3", "PRIMARY"), ("web:2", "ACTIVE"), ("web:1", "ACTIVE")]
    assert [record["status"] for record in cluster.history()] == ["PENDING", "STOP_REQUESTED", "SUCCESSFUL"]
    sim.advance(5)
    assert [record["status"] for record in cluster.history()] == ["IN_PROGRESS", "STOPPED", "SUCCESSFUL"]
    sim.advance(300)
    assert [record["status"] for record in cluster.history()] == ["SUCCESSFUL", "STOPPED", "SUCCESSFUL"]
    assert len(cluster.service()["deployments"]) == 1


def test_scaling_starts_and_stops_tasks_without_a_deployment(sim: Simulator, cluster: Cluster) -> None:
    cluster.running(count=2)
    cluster.update(desiredCount=5)
    sim.advance(100)
    assert cluster.service()["runningCount"] == 5
    cluster.update(desiredCount=1)
    sim.advance(100)
    assert cluster.service()["runningCount"] == 1
    stopped = cluster.tasks("STOPPED")
    assert len(stopped) == 4
    assert {task["stopCode"] for task in stopped} == {"ServiceSchedulerInitiated"}
    assert stopped[0]["stoppedReason"] == f"Scaling activity initiated by (deployment {cluster.primary()['id']})"
    assert cluster.messages().count("has reached a steady state.") == 3


def test_a_service_without_anything_to_run_on_says_so(sim: Simulator, cluster: Cluster) -> None:
    cluster.create(revision=cluster.register("web:1"), launchType="EC2")
    sim.advance(100)
    assert cluster.messages()[0].startswith(
        "was unable to place a task because no container instance met all of its requirements. "
        "Reason: No Container Instances were found in your cluster."
    )
    assert cluster.primary()["failedTasks"] > 0


def test_target_groups_show_in_the_events(sim: Simulator, cluster: Cluster) -> None:
    group = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/0123456789abcdef"
    balancer = {"targetGroupArn": group, "containerName": "app", "containerPort": 80}
    cluster.running(count=1, loadBalancers=[balancer])
    cluster.deploy()
    sim.advance(300)
    messages = cluster.messages()
    assert f"registered 1 targets in (target-group {group})" in messages
    assert f"deregistered 1 targets in (target-group {group})" in messages
    assert "has begun draining connections on 1 tasks." in messages
