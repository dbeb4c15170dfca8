# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The strategy BLUE_GREEN: stages, traffic, bake time, going back."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator import Simulator
from tests.simulator.selftests.cluster import Cluster

BLUE_GREEN: dict[str, Any] = {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 5}
STAGES = [
    "PRE_SCALE_UP",
    "SCALE_UP",
    "POST_SCALE_UP",
    "TEST_TRAFFIC_SHIFT",
    "POST_TEST_TRAFFIC_SHIFT",
    "PRE_PRODUCTION_TRAFFIC_SHIFT",
    "PRODUCTION_TRAFFIC_SHIFT",
    "POST_PRODUCTION_TRAFFIC_SHIFT",
    "BAKE_TIME",
    "CLEAN_UP",
]


def stages_seen(sim: Simulator, cluster: Cluster, seconds: int) -> list[str]:
    """The stages that a deployment shows, looked at each second."""
    seen: list[str] = []
    for _second in range(seconds):
        sim.advance(1)
        stage = cluster.history()[0].get("lifecycleStage")
        if stage is not None and seen[-1:] != [stage]:
            seen.append(stage)
    return seen


def until(sim: Simulator, cluster: Cluster, stage: str) -> dict[str, Any]:
    """Go on until a stage is reached."""
    for _second in range(2000):
        record = cluster.history()[0]
        if record.get("lifecycleStage") == stage:
            return record
        sim.advance(1)
    raise AssertionError(f"{stage} was never reached")


def weights(record: dict[str, Any]) -> dict[str, list[float]]:
    """Production and test traffic of the target, then of the sources."""
    revisions = [record["targetServiceRevision"], *record["sourceServiceRevisions"]]
    return {
        "production": [item["requestedProductionTrafficWeight"] for item in revisions],
        "test": [item["requestedTestTrafficWeight"] for item in revisions],
    }


def test_a_deployment_goes_through_all_stages(sim: Simulator, cluster: Cluster) -> None:
    cluster.running(deploymentConfiguration=BLUE_GREEN)
    cluster.deploy()
    assert "lifecycleStage" not in cluster.history()[0]
    assert stages_seen(sim, cluster, 400) == STAGES
    record = cluster.history()[0]
    assert record["status"] == "SUCCESSFUL"
    assert weights(record)["production"] == [100.0, 0.0]
    (only,) = cluster.service()["deployments"]
    assert (only["taskDefinition"].split(":")[-1], only["rolloutState"]) == ("2", "COMPLETED")


def test_the_first_deployment_has_nothing_to_bake_beside(sim: Simulator, cluster: Cluster) -> None:
    cluster.create(revision=cluster.register("web:1"), deploymentConfiguration=BLUE_GREEN)
    assert stages_seen(sim, cluster, 100) == [stage for stage in STAGES if stage != "BAKE_TIME"]
    assert cluster.history()[0]["status"] == "SUCCESSFUL"
    assert weights(cluster.history()[0])["production"] == [100.0]


def test_both_revisions_run_until_the_bake_time_is_over(sim: Simulator, cluster: Cluster) -> None:
    cluster.running(deploymentConfiguration=BLUE_GREEN)
    cluster.deploy()
    record = until(sim, cluster, "POST_SCALE_UP")
    assert weights(record) == {"production": [0.0, 100.0], "test": [0.0, 0.0]}
    record = until(sim, cluster, "TEST_TRAFFIC_SHIFT")
    assert weights(record) == {"production": [0.0, 100.0], "test": [100.0, 0.0]}
    record = until(sim, cluster, "BAKE_TIME")
    assert weights(record) == {"production": [100.0, 0.0], "test": [100.0, 0.0]}
    started = sim.now()
    green, blue = cluster.service()["deployments"]
    assert (green["status"], green["rolloutState"], green["runningCount"]) == ("PRIMARY", "IN_PROGRESS", 4)
    assert (blue["status"], blue["rolloutState"], blue["runningCount"]) == ("ACTIVE", "COMPLETED", 4)
    assert [item["runningTaskCount"] for item in cluster.service()["currentServiceRevisions"]] == [4, 4]
    until(sim, cluster, "CLEAN_UP")
    assert 299 <= sim.now() - started <= 301


def test_stopping_during_the_bake_time_flips_the_traffic_back(sim: Simulator, cluster: Cluster) -> None:
    cluster.running(deploymentConfiguration=BLUE_GREEN)
    good = cluster.primary()["id"]
    good_tasks = {task["taskArn"] for task in cluster.tasks()}
    good_revision = cluster.history()[0]["targetServiceRevision"]["arn"]
    bad = cluster.deploy()["deployments"][0]["id"]
    record = until(sim, cluster, "BAKE_TIME")
    cluster.ecs.stop_service_deployment(serviceDeploymentArn=record["serviceDeploymentArn"], stopType="ROLLBACK")
    assert cluster.history()[0]["status"] == "ROLLBACK_REQUESTED"
    sim.advance(3)
    record = cluster.history()[0]
    assert (record["status"], record["lifecycleStage"]) == ("ROLLBACK_IN_PROGRESS", "PRODUCTION_TRAFFIC_SHIFT")
    assert weights(record)["production"] == [0.0, 100.0]
    failed, primary = cluster.service()["deployments"]
    assert (failed["id"], failed["status"], failed["rolloutState"]) == (bad, "ACTIVE", "FAILED")
    assert (primary["id"], primary["status"]) == (good, "PRIMARY")
    assert cluster.service()["taskDefinition"].endswith(":1")
    assert stages_seen(sim, cluster, 60) == ["PRODUCTION_TRAFFIC_SHIFT", "TEST_TRAFFIC_SHIFT", "CLEAN_UP"]
    record = cluster.history()[0]
    assert record["status"] == "ROLLBACK_SUCCESSFUL"
    assert record["rollback"]["serviceRevisionArn"] == good_revision
    assert {task["taskArn"] for task in cluster.tasks()} == good_tasks
    assert len(cluster.history()) == 2
    (only,) = cluster.service()["deployments"]
    assert (only["id"], only["rolloutState"]) == (good, "COMPLETED")


@pytest.mark.parametrize("stage", [stage for stage in STAGES if stage != "CLEAN_UP"])
def test_it_can_be_stopped_at_any_stage(sim: Simulator, cluster: Cluster, stage: str) -> None:
    cluster.running(count=2, deploymentConfiguration=BLUE_GREEN)
    good = {task["taskArn"] for task in cluster.tasks()}
    cluster.deploy()
    record = until(sim, cluster, stage)
    cluster.ecs.stop_service_deployment(serviceDeploymentArn=record["serviceDeploymentArn"])
    sim.advance(100)
    record = cluster.history()[0]
    assert record["status"] == "ROLLBACK_SUCCESSFUL"
    assert weights(record)["production"] == [0.0, 100.0]
    assert {task["taskArn"] for task in cluster.tasks()} == good
