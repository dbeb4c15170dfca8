# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What goes wrong with ecs-rollback and with the AWS CLI alone. docs/comparison.md has the source of each defect."""

from __future__ import annotations

from pathlib import Path

from tests.e2e import play
from tests.e2e.conftest import Rollback
from tests.e2e.stage import CLUSTER, Stage

WAIT = f"""
- hosts: localhost
  gather_facts: false
  tasks:
    - name: Wait
      lastgood.aws.ecs_deployment_wait:
        cluster: {CLUSTER}
        service: web
"""


def test_r1_gaps_between_revisions_are_not_an_obstacle(stage: Stage, rollback: Rollback) -> None:
    """web:2 is deleted, web:3 is INACTIVE, web:4 was never deployed, web:5 is the bad release."""
    stage.good_service()
    for version in (2, 3, 4):
        stage.world.register("web", f"registry/web:{version}")
    for version in (2, 3):
        stage.world.ecs.deregister_task_definition(taskDefinition=f"web:{version}")
    stage.world.ecs.delete_task_definitions(taskDefinitions=["web:2"])
    stage.deploy("web", 5)
    done = rollback()
    assert (done.rc, done.outcomes, stage.runs()) == (0, {"web": "rolled_back"}, {"web:1": 2})


def test_r2_a_service_that_is_missing_or_deleted_is_refused(stage: Stage, rollback: Rollback) -> None:
    stage.good_service("gone")
    stage.deploy("gone", 2)
    stage.world.ecs.delete_service(cluster=CLUSTER, service="gone", force=True)
    stage.pass_time(600)
    stage.control.reset_calls()
    done = rollback(services="gone,nosuch")
    assert (done.rc, done.outcomes) == (2, {"gone": "refused", "nosuch": "refused"})
    assert "gone is INACTIVE" in done.stderr
    assert "Nothing was written" in done.stderr
    assert "nosuch" in done.of("nosuch")["reason"]
    assert stage.writes() == []


def test_r3_what_was_not_waited_for_is_not_called_done(stage: Stage, rollback: Rollback) -> None:
    """And the same command again follows it to its end, instead of going back once more."""
    stage.good_service()
    stage.deploy("web", 2)
    stage.deploy("web", 3)
    stage.control.timings(task_start=6000)
    first = rollback(wait="false")
    assert (first.rc, first.outcomes) == (0, {"web": "started"})
    assert "we did not wait for its end" in first.summary
    assert stage.runs() == {"web:3": 2}
    # Its tasks come up while the second run looks on.
    stage.control.on("DescribeServices", {"control": "advance", "params": {"seconds": 100}}, nth=8)
    again = rollback()
    assert (again.rc, again.of()["outcome"], again.of()["method"]) == (0, "rolled_back", "adopt")
    assert stage.runs() == {"web:2": 2}
    assert stage.count("UpdateService") == 1 + 2, "the two releases and one rollback"


def test_a1_a_deployment_that_ecs_undid_is_not_one_that_succeeded(stage: Stage, tmp_path: Path) -> None:
    """The waiter of AWS's SDK and CLI sees one deployment and all its tasks running, and is content."""
    stage.good_service(deploymentConfiguration={"deploymentCircuitBreaker": {"enable": True, "rollback": True}})
    stage.deploy("web", 2, "cannot_pull")
    once = {"Delay": 1, "MaxAttempts": 1}
    stage.world.ecs.get_waiter("services_stable").wait(cluster=CLUSTER, services=["web"], WaiterConfig=once)
    playbook = tmp_path / "wait.yml"
    playbook.write_text(WAIT)
    stage.control.reset_calls()
    done = play.run(stage.url, playbook)
    assert done.rc == 2
    [message] = done.messages
    assert "web:2" in message
    assert "web is serving on web:1 with 2 of 2" in message
    assert stage.writes() == []
