# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rolling deployments that are successful early.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/early-success-criteria.html
"""

from __future__ import annotations

from typing import Any

import pytest

from lastgood_simulator import Simulator
from selftests.cluster import BREAKER, Cluster, put_alarm, refused


def early(percent: int, cleanup: str = "BLOCKING", **more: Any) -> dict[str, Any]:
    """A deploymentConfiguration."""
    criteria = {"enable": True, "healthyPercent": percent, "sourceServiceRevisionCleanup": cleanup}
    return {"minimumHealthyPercent": 50, "earlySuccessCriteria": criteria, **more}


def until_over(sim: Simulator, cluster: Cluster) -> dict[str, Any]:
    """Go on until the newest service deployment has ended."""
    for _second in range(1000):
        record = cluster.history()[0]
        if "finishedAt" in record:
            return record
        sim.advance(1)
    raise AssertionError("it never ended")


def running(cluster: Cluster) -> dict[str, int]:
    """Running tasks by revision number."""
    return {
        entry["taskDefinition"].rpartition(":")[2]: entry["runningCount"] for entry in cluster.service()["deployments"]
    }


# "Example healthy task counts"
@pytest.mark.parametrize(("count", "percent", "needed"), [(2, 50, 1), (3, 50, 2), (10, 80, 8), (10, 100, 10)])
def test_success_proves_a_share_of_the_tasks(
    sim: Simulator, cluster: Cluster, count: int, percent: int, needed: int
) -> None:
    cluster.running(count=count, deploymentConfiguration=early(percent))
    sim.timings(launch_interval=60)
    cluster.deploy()
    record = until_over(sim, cluster)
    assert record["status"] == "SUCCESSFUL"
    assert record["targetServiceRevision"]["runningTaskCount"] == needed
    assert record["deploymentConfiguration"]["earlySuccessCriteria"]["healthyPercent"] == percent
    sim.advance(600)
    assert running(cluster) == {"2": count}
    # A snapshot.
    assert cluster.history()[0]["targetServiceRevision"]["runningTaskCount"] == needed
    assert cluster.messages()[-1] == "has reached a steady state."


def test_blocking_removes_the_old_tasks_first(sim: Simulator, cluster: Cluster) -> None:
    cluster.running(deploymentConfiguration=early(50))
    sim.timings(launch_interval=60)
    cluster.deploy()
    record = until_over(sim, cluster)
    assert record["sourceServiceRevisions"][0]["runningTaskCount"] == 0
    assert list(running(cluster)) == ["2"]


def test_deferred_leaves_old_tasks_running(sim: Simulator, cluster: Cluster) -> None:
    cluster.running(deploymentConfiguration=early(50, "DEFERRED"))
    sim.timings(draining=3600, launch_interval=10)
    cluster.deploy()
    record = until_over(sim, cluster)
    assert record["status"] == "SUCCESSFUL"
    assert record["sourceServiceRevisions"][0]["runningTaskCount"] > 0
    service = cluster.service()
    new, old = service["deployments"]
    assert (new["status"], new["rolloutState"]) == ("PRIMARY", "COMPLETED")
    assert (old["status"], old["rolloutState"]) == ("ACTIVE", "COMPLETED")
    assert any(task["taskDefinitionArn"].endswith(":1") for task in cluster.tasks("STOPPED"))
    sim.advance(3700)
    assert running(cluster) == {"2": 4}


def test_protected_tasks_live_on_after_a_deferred_clean_up(sim: Simulator, cluster: Cluster) -> None:
    cluster.running(deploymentConfiguration=early(50, "DEFERRED", maximumPercent=150))
    protected = cluster.tasks()[-1]["taskArn"]
    cluster.ecs.update_task_protection(cluster="prod", tasks=[protected], protectionEnabled=True, expiresInMinutes=60)
    # So that it is among those that are left.
    sim.timings(launch_interval=15)
    cluster.deploy()
    assert until_over(sim, cluster)["status"] == "SUCCESSFUL"
    sim.advance(600)
    assert running(cluster) == {"2": 4, "1": 1}
    assert [task["taskArn"] for task in cluster.tasks() if task["taskDefinitionArn"].endswith(":1")] == [protected]
    sim.advance(3600)
    assert running(cluster) == {"2": 4}


def test_the_circuit_breaker_no_longer_counts(sim: Simulator, cluster: Cluster) -> None:
    cluster.running(count=10, deploymentConfiguration=early(50) | BREAKER)
    sim.timings(launch_interval=20)
    cluster.deploy()
    until_over(sim, cluster)
    # What is still to start fails from here on.
    sim.image("web:2", "cannot_pull")
    for task in cluster.tasks()[:6]:
        cluster.ecs.stop_task(cluster="prod", task=task["taskArn"])
    sim.advance(1200)
    assert cluster.primary()["taskDefinition"].endswith(":2")
    assert cluster.primary()["rolloutState"] == "COMPLETED"
    assert cluster.primary()["failedTasks"] > 5
    assert cluster.history()[0]["status"] == "SUCCESSFUL"


def test_the_bake_time_comes_first(sim: Simulator, cluster: Cluster) -> None:
    put_alarm()
    alarms = {"alarmNames": ["errors"], "enable": True, "rollback": True}
    cluster.running(deploymentConfiguration=early(50, "DEFERRED"))
    cluster.update(deploymentConfiguration={"alarms": alarms, "bakeTimeInMinutes": 10})
    begin = sim.now()
    cluster.deploy()
    sim.advance(600)
    assert cluster.history()[0]["status"] == "IN_PROGRESS"
    assert 630 < until_over(sim, cluster)["finishedAt"].timestamp() - begin < 650


@pytest.mark.parametrize(
    ("criteria", "message"),
    [
        ({"enable": True}, "are required"),
        ({"enable": True, "healthyPercent": 100}, "are required"),
        ({"enable": True, "healthyPercent": 90, "sourceServiceRevisionCleanup": "BLOCKING"}, "minimumHealthyPercent"),
        ({"enable": False, "sourceServiceRevisionCleanup": "LATER"}, "BLOCKING, DEFERRED"),
    ],
)
def test_what_is_refused(cluster: Cluster, criteria: dict[str, Any], message: str) -> None:
    cluster.running()
    code, text = refused(cluster.update, deploymentConfiguration={"earlySuccessCriteria": criteria})
    assert code == "InvalidParameterException"
    assert message in text


def test_an_old_task_that_dies_is_replaced_by_one_of_its_own_revision(sim: Simulator, cluster: Cluster) -> None:
    """AWS, November 2025: a new revision that cannot start costs no capacity."""
    cluster.running()
    sim.image("web:2", "cannot_pull")
    cluster.deploy()
    sim.advance(60)
    cluster.ecs.stop_task(cluster="prod", task=cluster.tasks()[0]["taskArn"])
    sim.advance(300)
    assert running(cluster) == {"2": 0, "1": 4}


def test_what_a_deferred_clean_up_left_is_not_replaced(sim: Simulator, cluster: Cluster) -> None:
    cluster.running(deploymentConfiguration=early(50, "DEFERRED", maximumPercent=150))
    protected = cluster.tasks()[-1]["taskArn"]
    cluster.ecs.update_task_protection(cluster="prod", tasks=[protected], protectionEnabled=True)
    sim.timings(launch_interval=15)
    cluster.deploy()
    until_over(sim, cluster)
    cluster.ecs.stop_task(cluster="prod", task=protected)
    sim.advance(600)
    assert running(cluster) == {"2": 4}
