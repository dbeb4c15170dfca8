# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The strategy BLUE_GREEN: stages, traffic, bake time, going back."""

from __future__ import annotations

import pytest

from lastgood_simulator import Simulator
from selftests.cluster import BREAKER, Cluster, put_alarm, refused, set_alarm
from selftests.strategies import BLUE_GREEN, STAGES, production, stages_seen, under_test, until


def test_a_deployment_goes_through_all_stages(sim: Simulator, cluster: Cluster) -> None:
    cluster.running(deploymentConfiguration=BLUE_GREEN)
    cluster.deploy()
    assert "lifecycleStage" not in cluster.history()[0]
    assert stages_seen(sim, cluster, 400) == STAGES
    record = cluster.history()[0]
    assert record["status"] == "SUCCESSFUL"
    assert production(record) == [100.0, 0.0]
    (only,) = cluster.service()["deployments"]
    assert (only["taskDefinition"].split(":")[-1], only["rolloutState"]) == ("2", "COMPLETED")


def test_the_first_deployment_has_nothing_to_bake_beside(sim: Simulator, cluster: Cluster) -> None:
    cluster.create(revision=cluster.register("web:1"), deploymentConfiguration=BLUE_GREEN)
    assert stages_seen(sim, cluster, 100) == [stage for stage in STAGES if stage != "BAKE_TIME"]
    assert cluster.history()[0]["status"] == "SUCCESSFUL"
    assert production(cluster.history()[0]) == [100.0]


def test_both_revisions_run_until_the_bake_time_is_over(sim: Simulator, cluster: Cluster) -> None:
    cluster.running(deploymentConfiguration=BLUE_GREEN)
    cluster.deploy()
    record = until(sim, cluster, "POST_SCALE_UP")
    assert (production(record), under_test(record)) == ([0.0, 100.0], [0.0, 0.0])
    record = until(sim, cluster, "TEST_TRAFFIC_SHIFT")
    assert (production(record), under_test(record)) == ([0.0, 100.0], [100.0, 0.0])
    record = until(sim, cluster, "BAKE_TIME")
    assert (production(record), under_test(record)) == ([100.0, 0.0], [100.0, 0.0])
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
    assert production(record) == [0.0, 100.0]
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
    assert production(record) == [0.0, 100.0]
    assert {task["taskArn"] for task in cluster.tasks()} == good


def test_stopping_what_has_not_begun(sim: Simulator, cluster: Cluster) -> None:
    cluster.running(deploymentConfiguration=BLUE_GREEN)
    good = cluster.primary()["id"]
    cluster.deploy()
    cluster.ecs.stop_service_deployment(serviceDeploymentArn=cluster.history()[0]["serviceDeploymentArn"])
    sim.advance(60)
    record = cluster.history()[0]
    assert (record["status"], production(record)) == ("ROLLBACK_SUCCESSFUL", [0.0, 100.0])
    assert cluster.primary()["id"] == good
    assert len(cluster.tasks()) == 4


def test_a_rollback_during_scale_up(sim: Simulator, cluster: Cluster) -> None:
    cluster.running(deploymentConfiguration=BLUE_GREEN | BREAKER)
    good = cluster.primary()["id"]
    sim.image("web:2", "cannot_pull")
    bad = cluster.deploy()["deployments"][0]["id"]
    sim.advance(60)
    record = cluster.history()[0]
    assert (record["status"], record["lifecycleStage"]) == ("ROLLBACK_SUCCESSFUL", "CLEAN_UP")
    reason = "Service deployment rolled back because the circuit breaker threshold was exceeded."
    assert (record["statusReason"], record["rollback"]["reason"]) == (reason, reason)
    assert record["deploymentCircuitBreaker"] == {"status": "TRIGGERED", "failureCount": 3, "threshold": 3}
    assert production(record) == [0.0, 100.0]
    assert cluster.primary()["id"] == good
    assert f"(deployment {bad}) deployment failed: tasks failed to start." in cluster.messages()
    assert cluster.service()["runningCount"] == 4


def test_without_a_breaker_it_scales_up_for_a_day(sim: Simulator, cluster: Cluster) -> None:
    cluster.running(count=1, deploymentConfiguration=BLUE_GREEN)
    sim.image("web:2", "cannot_pull")
    cluster.deploy()
    sim.advance(86000)
    assert cluster.history()[0]["lifecycleStage"] == "SCALE_UP"
    sim.advance(1000)
    record = cluster.history()[0]
    assert record["status"] == "ROLLBACK_SUCCESSFUL"
    assert "SCALE_UP" in record["statusReason"]


@pytest.mark.parametrize("stage", ["POST_SCALE_UP", "BAKE_TIME"])
def test_an_alarm_rolls_back(sim: Simulator, cluster: Cluster, stage: str) -> None:
    put_alarm()
    alarms = {"alarms": {"alarmNames": ["errors"], "enable": True, "rollback": True}}
    cluster.running(deploymentConfiguration=BLUE_GREEN | alarms)
    cluster.deploy()
    until(sim, cluster, stage)
    set_alarm("ALARM")
    sim.advance(40)
    record = cluster.history()[0]
    assert record["status"] == "ROLLBACK_SUCCESSFUL"
    assert record["alarms"]["triggeredAlarmNames"] == ["errors"]
    assert production(record) == [0.0, 100.0]


def test_an_alarm_without_rollback_leaves_both_where_they_are(sim: Simulator, cluster: Cluster) -> None:
    put_alarm()
    alarms = {"alarms": {"alarmNames": ["errors"], "enable": True, "rollback": False}}
    cluster.running(deploymentConfiguration=BLUE_GREEN | alarms)
    cluster.deploy()
    until(sim, cluster, "BAKE_TIME")
    set_alarm("ALARM")
    sim.advance(600)
    record = cluster.history()[0]
    assert (record["status"], production(record)) == ("STOPPED", [100.0, 0.0])
    assert [entry["runningCount"] for entry in cluster.service()["deployments"]] == [4, 4]
    # The next deployment finds two revisions.
    set_alarm("OK")
    cluster.deploy("web:3")
    assert stages_seen(sim, cluster, 500) == ["RECONCILE_SERVICE", *STAGES]


class TestSuperseded:
    def test_it_begins_with_reconciling(self, sim: Simulator, cluster: Cluster) -> None:
        cluster.running(deploymentConfiguration=BLUE_GREEN)
        good = cluster.primary()["id"]
        cluster.deploy("web:2")
        until(sim, cluster, "BAKE_TIME")
        middle = cluster.primary()["id"]
        newest = cluster.deploy("web:3")["deployments"][0]["id"]
        assert cluster.history()[1]["status"] == "STOP_REQUESTED"
        sim.advance(3)
        record = cluster.history()[0]
        assert record["lifecycleStage"] == "RECONCILE_SERVICE"
        assert len(record["sourceServiceRevisions"]) == 2
        # What is in production is the last revision that was deployed to the end.
        assert production(record) == [0.0, 0.0, 100.0]
        assert cluster.history()[1]["status"] == "STOPPED"
        assert [entry["id"] for entry in cluster.service()["deployments"]] == [newest, middle, good]
        sim.advance(30)
        assert [entry["id"] for entry in cluster.service()["deployments"]] == [newest, good]
        sim.advance(500)
        assert cluster.history()[0]["status"] == "SUCCESSFUL"
        assert [entry["id"] for entry in cluster.service()["deployments"]] == [newest]

    def test_the_first_deployment_has_no_revision_to_go_back_to(self, sim: Simulator, cluster: Cluster) -> None:
        sim.image("web:1", "cannot_pull")
        cluster.create(revision=cluster.register("web:1"), deploymentConfiguration=BLUE_GREEN)
        sim.advance(20)
        cluster.deploy("web:2")
        assert "RECONCILE_SERVICE" not in stages_seen(sim, cluster, 500)
        assert cluster.history()[0]["status"] == "SUCCESSFUL"
        assert cluster.service()["runningCount"] == 4


def test_stopping_the_first_deployment_has_no_candidate(sim: Simulator, cluster: Cluster) -> None:
    cluster.create(revision=cluster.register("web:1"), deploymentConfiguration=BLUE_GREEN)
    sim.advance(10)
    cluster.ecs.stop_service_deployment(serviceDeploymentArn=cluster.history()[0]["serviceDeploymentArn"])
    sim.advance(10)
    record = cluster.history()[0]
    assert record["status"] == "ROLLBACK_FAILED"
    assert record["statusReason"] == "No rollback candidate was found to run the rollback."
    assert "rollback" not in record


def test_a_deployment_that_ends_first_is_successful(sim: Simulator, cluster: Cluster) -> None:
    cluster.running(count=1, deploymentConfiguration=BLUE_GREEN)
    cluster.deploy()
    record = until(sim, cluster, "CLEAN_UP")
    sim.timings(stop_requested=30)
    cluster.ecs.stop_service_deployment(serviceDeploymentArn=record["serviceDeploymentArn"])
    sim.advance(20)
    assert cluster.history()[0]["status"] == "SUCCESSFUL"
    code, message = refused(cluster.ecs.stop_service_deployment, serviceDeploymentArn=record["serviceDeploymentArn"])
    assert (code, "SUCCESSFUL" in message) == ("ConflictException", True)


def test_the_service_deployment_ends_before_the_last_task_has_stopped(sim: Simulator, cluster: Cluster) -> None:
    cluster.running(deploymentConfiguration=BLUE_GREEN)
    cluster.deploy()
    until(sim, cluster, "CLEAN_UP")
    sim.advance(6)
    assert cluster.history()[0]["status"] == "SUCCESSFUL"
    green, blue = cluster.service()["deployments"]
    assert (green["rolloutState"], blue["runningCount"]) == ("IN_PROGRESS", 0)
    sim.advance(40)
    (green,) = cluster.service()["deployments"]
    assert green["rolloutState"] == "COMPLETED"


def test_blue_tasks_that_stop_are_replaced(sim: Simulator, cluster: Cluster) -> None:
    cluster.running(deploymentConfiguration=BLUE_GREEN)
    cluster.deploy()
    until(sim, cluster, "BAKE_TIME")
    blue = next(task for task in cluster.tasks() if task["taskDefinitionArn"].endswith(":1"))
    cluster.ecs.stop_task(cluster="prod", task=blue["taskArn"])
    sim.advance(60)
    assert [entry["runningCount"] for entry in cluster.service()["deployments"]] == [4, 4]


def test_a_service_of_no_tasks(sim: Simulator, cluster: Cluster) -> None:
    cluster.create(revision=cluster.register("web:1"), count=0, deploymentConfiguration=BLUE_GREEN)
    sim.advance(100)
    cluster.deploy()
    record = until(sim, cluster, "BAKE_TIME")
    cluster.ecs.stop_service_deployment(serviceDeploymentArn=record["serviceDeploymentArn"])
    sim.advance(60)
    assert cluster.history()[0]["status"] == "ROLLBACK_SUCCESSFUL"
    assert cluster.service()["taskDefinition"].endswith(":1")


def test_one_big_step_ends_like_many_small_ones(sim: Simulator, cluster: Cluster) -> None:
    ends = []
    for name, steps in (("one", 1), ("many", 500)):
        revision = cluster.register("app:1", name)
        cluster.create(name, revision, 2, deploymentConfiguration=BLUE_GREEN)
        sim.advance(100)
        start = sim.now()
        cluster.update(name, taskDefinition=cluster.register("app:2", name))
        for _step in range(steps):
            sim.advance(500 / steps)
        record = cluster.history(name)[0]
        finished = record["finishedAt"].timestamp() - start
        ends.append((record["status"], round(finished, 3), [entry["status"] for entry in cluster.history(name)]))
    assert ends[0] == ends[1]


def test_the_desired_count_applies_to_both(sim: Simulator, cluster: Cluster) -> None:
    cluster.running(count=2, deploymentConfiguration=BLUE_GREEN)
    cluster.deploy()
    until(sim, cluster, "BAKE_TIME")
    cluster.update(desiredCount=3)
    sim.advance(60)
    assert [entry["runningCount"] for entry in cluster.service()["deployments"]] == [3, 3]


def test_a_service_that_is_deleted_meanwhile(sim: Simulator, cluster: Cluster) -> None:
    cluster.running(count=2, deploymentConfiguration=BLUE_GREEN)
    cluster.deploy()
    until(sim, cluster, "BAKE_TIME")
    cluster.ecs.delete_service(cluster="prod", service="web", force=True)
    sim.advance(600)
    assert cluster.service()["status"] == "INACTIVE"
