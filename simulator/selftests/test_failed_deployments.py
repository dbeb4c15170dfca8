# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Deployments that fail: the circuit breaker, alarms, rollbacks that fail themselves."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from lastgood_simulator import Simulator
from lastgood_simulator.ecs import failures
from selftests.cluster import BREAKER, HEALTH_CHECK, Cluster, put_alarm, set_alarm


@pytest.mark.parametrize(
    ("desired", "config", "expected"),
    [
        # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html
        (1, {}, 3),
        (25, {}, 13),
        (400, {}, 200),
        (800, {}, 200),
        (1, {"type": "COUNT", "value": 1}, 1),
        (10, {"type": "BOUNDED_PERCENT", "value": 100}, 10),
        (2, {"type": "BOUNDED_PERCENT", "value": 50}, 3),
        (1000, {"type": "UNBOUNDED_PERCENT", "value": 50}, 500),
        (2, {"type": "UNBOUNDED_PERCENT", "value": 50}, 1),
    ],
)
def test_threshold(desired: int, config: dict[str, Any], expected: int) -> None:
    breaker: dict[str, Any] = {"enable": True, "rollback": True}
    if config:
        breaker["thresholdConfiguration"] = config
    assert failures.threshold({"deploymentCircuitBreaker": breaker}, desired) == expected


def test_the_circuit_breaker_rolls_back_to_the_completed_deployment(sim: Simulator, cluster: Cluster) -> None:
    cluster.running(deploymentConfiguration=BREAKER)
    good = cluster.primary()["id"]
    good_revision = cluster.history()[0]["targetServiceRevision"]["arn"]
    sim.image("web:2", "cannot_pull")
    bad = cluster.deploy()["deployments"][0]["id"]
    sim.advance(9)

    failed, primary = cluster.service()["deployments"]
    assert (failed["id"], failed["status"], failed["rolloutState"]) == (bad, "ACTIVE", "FAILED")
    assert failed["rolloutStateReason"] == "ECS deployment circuit breaker: tasks failed to start."
    assert failed["failedTasks"] == 3
    assert (primary["id"], primary["status"], primary["rolloutState"]) == (good, "PRIMARY", "IN_PROGRESS")
    assert primary["rolloutStateReason"] == f"ECS deployment circuit breaker: rolling back to deploymentId {good}."
    assert cluster.service()["taskDefinition"].endswith(":1")
    record = cluster.history()[0]
    assert record["status"] == "ROLLBACK_IN_PROGRESS"
    assert record["deploymentCircuitBreaker"] == {"status": "TRIGGERED", "failureCount": 3, "threshold": 3}

    sim.advance(60)
    (only,) = cluster.service()["deployments"]
    assert (only["id"], only["rolloutState"]) == (good, "COMPLETED")
    record = cluster.history()[0]
    assert record["status"] == "ROLLBACK_SUCCESSFUL"
    assert record["rollback"]["serviceRevisionArn"] == good_revision
    assert (
        record["rollback"]["reason"]
        == "Service deployment rolled back because the circuit breaker threshold was exceeded."
    )
    assert len(cluster.history()) == 2
    messages = cluster.messages()
    assert f"(deployment {bad}) deployment failed: tasks failed to start." in messages
    assert f"rolling back to deployment {good}." in messages


def test_without_rollback_the_deployment_stops_where_it_is(sim: Simulator, cluster: Cluster) -> None:
    cluster.running(deploymentConfiguration={"deploymentCircuitBreaker": {"enable": True, "rollback": False}})
    sim.image("web:2", "cannot_pull")
    cluster.deploy()
    sim.advance(600)
    primary, old = cluster.service()["deployments"]
    assert (primary["rolloutState"], primary["runningCount"], primary["pendingCount"]) == ("FAILED", 0, 0)
    assert (old["status"], old["runningCount"]) == ("ACTIVE", 4)
    record = cluster.history()[0]
    assert record["status"] == "STOPPED"
    assert "stoppedAt" in record
    assert "rollback" not in record
    # And it can be deployed over.
    cluster.deploy("web:3")
    sim.advance(300)
    assert cluster.primary()["rolloutState"] == "COMPLETED"


def test_without_a_breaker_it_goes_on_trying(sim: Simulator, cluster: Cluster) -> None:
    cluster.running()
    sim.image("web:2", "cannot_pull")
    cluster.deploy()
    sim.advance(120)
    assert cluster.primary()["rolloutState"] == "IN_PROGRESS"
    assert cluster.primary()["failedTasks"] > 10
    assert cluster.service()["runningCount"] == 4
    sim.image("web:2", "ok")
    sim.advance(120)
    assert cluster.primary()["rolloutState"] == "COMPLETED"
    assert cluster.primary()["failedTasks"] == 0


def test_a_rollback_that_fails_has_nothing_left_to_go_back_to(sim: Simulator, cluster: Cluster) -> None:
    cluster.running(deploymentConfiguration=BREAKER | {"minimumHealthyPercent": 0, "maximumPercent": 100})
    sim.image("web:2", "cannot_pull")
    sim.image("web:1", "cannot_pull", reason="CannotPullContainerError: gone")
    cluster.deploy()
    sim.advance(600)
    assert cluster.primary()["rolloutState"] == "FAILED"
    assert cluster.service()["taskDefinition"].endswith(":1")
    assert cluster.history()[0]["status"] == "ROLLBACK_FAILED"
    assert cluster.service()["runningCount"] == 0
    assert cluster.tasks("STOPPED")[-1]["stoppedReason"] == "CannotPullContainerError: gone"


def test_the_first_deployment_has_nothing_to_go_back_to(sim: Simulator, cluster: Cluster) -> None:
    sim.image("web:1", "cannot_pull")
    cluster.create(revision=cluster.register("web:1"), deploymentConfiguration=BREAKER)
    sim.advance(600)
    assert cluster.primary()["rolloutState"] == "FAILED"
    assert cluster.history()[0]["status"] == "STOPPED"


def test_a_crash_after_running_counts_no_failure(sim: Simulator, cluster: Cluster) -> None:
    # https://github.com/aws/containers-roadmap/issues/1206
    cluster.running(deploymentConfiguration=BREAKER)
    sim.image("web:2", "crash", exit_code=3, reason="OutOfMemoryError: Container killed due to memory usage")
    cluster.deploy()
    sim.advance(600)
    assert cluster.primary()["rolloutState"] == "IN_PROGRESS"
    assert cluster.primary()["failedTasks"] == 0
    crashed = [task for task in cluster.tasks("STOPPED") if task["stopCode"] == "EssentialContainerExited"]
    assert crashed[0]["stoppedReason"] == "Essential container in task exited"
    assert crashed[0]["containers"][0]["exitCode"] == 3
    assert crashed[0]["containers"][0]["reason"].startswith("OutOfMemoryError")


@pytest.mark.parametrize(
    ("after", "container"), [(0, {}), (None, {"healthCheck": HEALTH_CHECK})], ids=["at once", "before it is healthy"]
)
def test_a_crash_before_the_task_is_ready_counts(
    sim: Simulator, cluster: Cluster, after: float | None, container: dict[str, Any]
) -> None:
    cluster.running(deploymentConfiguration=BREAKER)
    sim.image("web:2", "crash", after=after)
    cluster.deploy(**container)
    sim.advance(600)
    assert cluster.history()[0]["status"] == "ROLLBACK_SUCCESSFUL"


def test_a_container_that_fails_its_health_checks(sim: Simulator, cluster: Cluster) -> None:
    cluster.running(deploymentConfiguration=BREAKER)
    sim.image("web:2", "unhealthy")
    cluster.deploy(healthCheck=HEALTH_CHECK)
    sim.advance(40)
    assert {task["healthStatus"] for task in cluster.tasks()} == {"UNKNOWN"}
    sim.advance(20.5)
    (stopped,) = cluster.tasks("STOPPED")
    assert (stopped["healthStatus"], stopped["stopCode"]) == ("UNHEALTHY", "ServiceSchedulerInitiated")
    assert stopped["stoppedReason"] == "Task failed container health checks"
    assert any(message.endswith("failed container health checks.") for message in cluster.messages())
    sim.advance(600)
    assert cluster.history()[0]["status"] == "ROLLBACK_SUCCESSFUL"


def test_the_failure_count_is_kept_when_asked(sim: Simulator, cluster: Cluster) -> None:
    config = {"enable": True, "rollback": True, "resetOnHealthyTask": False}
    for reset, expected in ((True, 0), (False, 2)):
        config["resetOnHealthyTask"] = reset
        name = f"reset-{reset}".lower()
        options = {"deploymentConfiguration": {"deploymentCircuitBreaker": config}}
        cluster.create(name, cluster.register(f"{name}:1", name), 2, **options)
        sim.image(f"{name}:2", "cannot_pull")
        sim.advance(300)
        cluster.update(name, taskDefinition=cluster.register(f"{name}:2", name))
        sim.advance(6.5)
        assert cluster.primary(name)["failedTasks"] == 2
        sim.image(f"{name}:2", "ok")
        sim.advance(300)
        assert cluster.primary(name)["rolloutState"] == "COMPLETED"
        assert cluster.primary(name)["failedTasks"] == expected


ALARMS = {"alarms": {"alarmNames": ["errors"], "enable": True, "rollback": True}}


class TestAlarms:
    @pytest.fixture
    def alarm(self, cluster: Cluster) -> None:
        put_alarm()

    def test_an_alarm_during_the_bake_time_rolls_back(self, sim: Simulator, cluster: Cluster, alarm: None) -> None:
        cluster.create(revision=cluster.register("web:1"), deploymentConfiguration=ALARMS)
        sim.advance(600)
        good = cluster.primary()["id"]
        bad = cluster.deploy()["deployments"][0]["id"]
        sim.advance(90)
        # All tasks are replaced, yet ECS goes on watching.
        assert [entry["id"] for entry in cluster.service()["deployments"]] == [bad]
        assert cluster.primary()["rolloutState"] == "IN_PROGRESS"
        set_alarm("ALARM")
        sim.advance(11)
        record = cluster.history()[0]
        assert record["status"] == "ROLLBACK_IN_PROGRESS"
        assert record["alarms"] == {"status": "TRIGGERED", "alarmNames": ["errors"], "triggeredAlarmNames": ["errors"]}
        assert cluster.primary()["id"] == good
        assert f"(deployment {bad}) deployment failed: alarm detected." in cluster.messages()
        sim.advance(300)
        assert cluster.history()[0]["status"] == "ROLLBACK_SUCCESSFUL"
        assert {task["taskDefinitionArn"].split(":")[-1] for task in cluster.tasks()} == {"1"}

    def test_bake_time_is_as_long_as_asked(self, sim: Simulator, cluster: Cluster, alarm: None) -> None:
        config = ALARMS | {"bakeTimeInMinutes": 20}
        cluster.create(revision=cluster.register("web:1"), count=1, deploymentConfiguration=config)
        sim.advance(30 + 15 + 20 * 60 - 1)
        assert cluster.primary()["rolloutState"] == "IN_PROGRESS"
        sim.advance(1)
        assert cluster.primary()["rolloutState"] == "COMPLETED"
        assert cluster.history()[0]["alarms"] == {"status": "MONITORING_COMPLETE", "alarmNames": ["errors"]}

    def test_alarms_that_fire_already_are_ignored(self, sim: Simulator, cluster: Cluster, alarm: None) -> None:
        # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-alarm-failure.html
        cluster.create(revision=cluster.register("web:1"), deploymentConfiguration=ALARMS)
        sim.advance(600)
        set_alarm("ALARM")
        cluster.deploy()
        sim.advance(100)
        assert cluster.primary()["rolloutState"] == "COMPLETED"
        assert cluster.history()[0]["alarms"]["status"] == "DISABLED"


def test_attempts_become_rarer(sim: Simulator, cluster: Cluster) -> None:
    # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-throttle-logic.html
    sim.image("web:1", "cannot_pull")
    cluster.create(revision=cluster.register("web:1"), count=1)
    sim.advance(6 * 3600)
    created = sorted(task["createdAt"].timestamp() for task in cluster.tasks("STOPPED"))
    assert created[-1] - created[-2] == 27 * 60 + 5
    starts = [event["createdAt"].timestamp() for event in cluster.service()["events"] if "started" in event["message"]]
    pauses = [round(later - earlier - 5) for later, earlier in itertools.pairwise(starts)]
    assert pauses[::-1][:8] == [10, 10, 10, 20, 40, 80, 160, 320]
    assert any("unable to consistently start tasks successfully" in message for message in cluster.messages())
    # A new deployment starts at once, "the scheduler … resumes".
    sim.image("web:2", "ok")
    cluster.deploy()
    sim.advance(100)
    assert cluster.primary()["rolloutState"] == "COMPLETED"
