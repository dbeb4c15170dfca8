# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The strategies LINEAR and CANARY."""

from __future__ import annotations

from typing import Any

import pytest

from lastgood_simulator import Simulator
from lastgood_simulator.ecs.strategies import stages
from selftests.cluster import Cluster
from selftests.strategies import production, until


@pytest.mark.parametrize(
    ("configuration", "expected"),
    [
        ({"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 5}, [(100.0, 0.0)]),
        # https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_LinearConfiguration.html
        ({"strategy": "LINEAR"}, [*((float(step), 6.0) for step in range(10, 100, 10)), (100.0, 0.0)]),
        (
            {"strategy": "LINEAR", "linearConfiguration": {"stepPercent": 30.0, "stepBakeTimeInMinutes": 2}},
            [(30.0, 2.0), (60.0, 2.0), (90.0, 2.0), (100.0, 0.0)],
        ),
        ({"strategy": "LINEAR", "linearConfiguration": {"stepPercent": 100.0}}, [(100.0, 0.0)]),
        (
            {"strategy": "LINEAR", "linearConfiguration": {"stepPercent": 33.3, "stepBakeTimeInMinutes": 0}},
            [(33.3, 0.0), (66.6, 0.0), (99.9, 0.0), (100.0, 0.0)],
        ),
        # https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CanaryConfiguration.html
        ({"strategy": "CANARY"}, [(5.0, 10.0), (100.0, 0.0)]),
        (
            {"strategy": "CANARY", "canaryConfiguration": {"canaryPercent": 0.1, "canaryBakeTimeInMinutes": 1440}},
            [(0.1, 1440.0), (100.0, 0.0)],
        ),
        ({"strategy": "CANARY", "canaryConfiguration": {"canaryPercent": 100.0}}, [(100.0, 0.0)]),
    ],
)
def test_shares(configuration: dict[str, Any], expected: list[tuple[float, float]]) -> None:
    assert list(stages.shares(configuration)) == expected


def test_a_tenth_at_a_time_reaches_the_whole_once() -> None:
    for tenths in range(30, 1001):
        steps = list(stages.shares({"strategy": "LINEAR", "linearConfiguration": {"stepPercent": tenths / 10}}))
        assert [percent for percent, _bake in steps].count(100.0) == 1
        assert len(steps) == -(-1000 // tenths)


def test_linear(sim: Simulator, cluster: Cluster) -> None:
    linear = {"strategy": "LINEAR", "linearConfiguration": {"stepPercent": 25.0, "stepBakeTimeInMinutes": 2}}
    cluster.running(deploymentConfiguration=linear | {"bakeTimeInMinutes": 1})
    cluster.deploy()
    until(sim, cluster, "PRODUCTION_TRAFFIC_SHIFT")
    start = sim.now()
    seen: list[tuple[float, list[float]]] = []
    for _second in range(600):
        record = cluster.history()[0]
        if not seen or seen[-1][1] != production(record):
            seen.append((sim.now() - start, production(record)))
        if record["lifecycleStage"] == "BAKE_TIME":
            break
        sim.advance(1)
    assert [shares for _time, shares in seen] == [[25.0, 75.0], [50.0, 50.0], [75.0, 25.0], [100.0, 0.0]]
    # Each shift takes its 5 s and bakes for 2 minutes, and 2 s lie between them.
    assert [round(time) for time, _shares in seen] == [0, 127, 254, 381]
    # The last step is not baked: 5 s for the shift, 2 s until the deployment's own bake time.
    assert 387 <= sim.now() - start <= 389
    sim.advance(100)
    assert cluster.history()[0]["status"] == "SUCCESSFUL"


def test_canary_and_back(sim: Simulator, cluster: Cluster) -> None:
    canary = {"strategy": "CANARY", "canaryConfiguration": {"canaryPercent": 10.0, "canaryBakeTimeInMinutes": 5}}
    cluster.running(deploymentConfiguration=canary)
    good = {task["taskArn"] for task in cluster.tasks()}
    cluster.deploy()
    record = until(sim, cluster, "PRODUCTION_TRAFFIC_SHIFT")
    assert production(record) == [10.0, 90.0]
    assert [item["runningTaskCount"] for item in cluster.service()["currentServiceRevisions"]] == [4, 4]
    sim.advance(200)
    record = cluster.history()[0]
    assert (record["lifecycleStage"], production(record)) == ("PRODUCTION_TRAFFIC_SHIFT", [10.0, 90.0])
    cluster.ecs.stop_service_deployment(serviceDeploymentArn=record["serviceDeploymentArn"])
    sim.advance(60)
    record = cluster.history()[0]
    assert (record["status"], production(record)) == ("ROLLBACK_SUCCESSFUL", [0.0, 100.0])
    assert {task["taskArn"] for task in cluster.tasks()} == good


def test_the_first_deployment_takes_all_at_once(sim: Simulator, cluster: Cluster) -> None:
    cluster.create(revision=cluster.register("web:1"), deploymentConfiguration={"strategy": "CANARY"})
    sim.advance(100)
    record = cluster.history()[0]
    assert (record["status"], production(record)) == ("SUCCESSFUL", [100.0])


def test_a_network_load_balancer_takes_ten_minutes_more(sim: Simulator, cluster: Cluster) -> None:
    prefix = "arn:aws:elasticloadbalancing:us-east-1:123456789012"
    balancer = {
        "targetGroupArn": f"{prefix}:targetgroup/blue/1",
        "containerName": "app",
        "containerPort": 80,
        "advancedConfiguration": {
            "alternateTargetGroupArn": f"{prefix}:targetgroup/green/2",
            "productionListenerRule": f"{prefix}:listener/net/lb/3/4",
            "roleArn": "arn:aws:iam::123456789012:role/lb",
        },
    }
    cluster.create(
        revision=cluster.register("web:1"),
        deploymentConfiguration={"strategy": "BLUE_GREEN"},
        loadBalancers=[balancer],
    )
    until(sim, cluster, "PRODUCTION_TRAFFIC_SHIFT")
    sim.advance(590)
    assert cluster.history()[0]["lifecycleStage"] == "PRODUCTION_TRAFFIC_SHIFT"
    sim.advance(30)
    assert cluster.history()[0]["status"] == "SUCCESSFUL"
