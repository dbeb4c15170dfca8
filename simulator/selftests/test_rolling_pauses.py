# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""PAUSE hooks of rolling deployments."""

from __future__ import annotations

from typing import Any

import pytest

from lastgood_simulator import Simulator
from selftests.cluster import Cluster, refused
from selftests.strategies import function, pause, proceed


def hooked(cluster: Cluster, *hooks: dict[str, Any]) -> None:
    """A service in a steady state that gets its hooks only now."""
    cluster.running()
    cluster.update(deploymentConfiguration={"lifecycleHooks": list(hooks)})


def paused(cluster: Cluster) -> dict[str, Any]:
    """The newest service deployment, which waits."""
    record = cluster.history()[0]
    assert [hook["status"] for hook in record["lifecycleHookDetails"]] == ["AWAITING_ACTION"]
    return record


def images(cluster: Cluster) -> list[str]:
    return sorted(task["containers"][0]["image"] for task in cluster.tasks())


def test_before_any_new_task_starts(sim: Simulator, cluster: Cluster) -> None:
    hooked(cluster, pause("PRE_SCALE_UP"))
    cluster.deploy()
    sim.advance(600)
    record = paused(cluster)
    assert record["status"] == "IN_PROGRESS"
    assert "lifecycleStage" not in record
    assert images(cluster) == ["web:1"] * 4

    proceed(cluster, record, record["lifecycleHookDetails"][0]["hookId"])
    sim.advance(300)
    assert cluster.history()[0]["status"] == "SUCCESSFUL"
    assert images(cluster) == ["web:2"] * 4


def test_after_the_new_tasks_have_started(sim: Simulator, cluster: Cluster) -> None:
    hooked(cluster, pause("POST_SCALE_UP"))
    cluster.deploy()
    sim.advance(20)
    assert "lifecycleHookDetails" not in cluster.history()[0]
    sim.advance(600)
    record = paused(cluster)
    assert images(cluster) == ["web:2"] * 4
    assert cluster.primary()["rolloutState"] == "IN_PROGRESS"

    proceed(cluster, record, record["lifecycleHookDetails"][0]["hookId"])
    sim.advance(60)
    assert cluster.history()[0]["status"] == "SUCCESSFUL"


@pytest.mark.parametrize("stage", ["PRE_SCALE_UP", "POST_SCALE_UP"])
def test_rollback_goes_back(sim: Simulator, cluster: Cluster, stage: str) -> None:
    hooked(cluster, pause(stage))
    before = cluster.primary()["id"]
    cluster.deploy()
    sim.advance(600)
    record = paused(cluster)
    proceed(cluster, record, record["lifecycleHookDetails"][0]["hookId"], action="ROLLBACK")
    sim.advance(600)
    assert cluster.history()[0]["status"] == "ROLLBACK_SUCCESSFUL"
    assert cluster.primary()["id"] == before
    assert images(cluster) == ["web:1"] * 4


@pytest.mark.parametrize(("action", "status"), [("ROLLBACK", "ROLLBACK_SUCCESSFUL"), ("CONTINUE", "SUCCESSFUL")])
def test_it_times_out(sim: Simulator, cluster: Cluster, action: str, status: str) -> None:
    hooked(cluster, pause("PRE_SCALE_UP", timeoutInMinutes=10, action=action))
    cluster.deploy()
    sim.advance(590)
    paused(cluster)
    sim.advance(600)
    assert cluster.history()[0]["status"] == status


def test_it_can_be_stopped_while_it_waits(sim: Simulator, cluster: Cluster) -> None:
    hooked(cluster, pause("PRE_SCALE_UP"))
    cluster.deploy()
    sim.advance(60)
    record = paused(cluster)
    cluster.ecs.stop_service_deployment(serviceDeploymentArn=record["serviceDeploymentArn"], stopType="ROLLBACK")
    sim.advance(300)
    assert cluster.history()[0]["status"] == "ROLLBACK_SUCCESSFUL"
    assert images(cluster) == ["web:1"] * 4


def test_old_tasks_that_stop_during_a_pause_come_back(sim: Simulator, cluster: Cluster) -> None:
    hooked(cluster, pause("PRE_SCALE_UP"))
    cluster.deploy()
    sim.advance(60)
    cluster.ecs.stop_task(cluster="prod", task=cluster.tasks()[0]["taskArn"])
    sim.advance(120)
    paused(cluster)
    assert images(cluster) == ["web:1"] * 4


def test_a_lambda_hook_means_nothing_to_it(sim: Simulator, cluster: Cluster) -> None:
    hooked(cluster, function("PRE_SCALE_UP"))
    cluster.deploy()
    sim.advance(300)
    record = cluster.history()[0]
    assert record["status"] == "SUCCESSFUL"
    assert "lifecycleHookDetails" not in record


def test_a_hook_without_a_target_and_without_a_type_is_refused(cluster: Cluster) -> None:
    """ "If not specified, the default value is AWS_LAMBDA", which must have one (API_DeploymentLifecycleHook.html)."""
    cluster.running()
    hooks = [{"lifecycleStages": ["PRE_SCALE_UP"]}]
    code, message = refused(cluster.update, deploymentConfiguration={"lifecycleHooks": hooks})
    assert code == "InvalidParameterException"
    assert "hookTargetArn is required" in message
