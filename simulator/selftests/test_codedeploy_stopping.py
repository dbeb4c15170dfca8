# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What stops a deployment to instances, by hand or by an alarm, and the rollback that follows."""

from __future__ import annotations

from typing import Any

import pytest

from lastgood_simulator import Simulator
from selftests.cluster import put_alarm, refused, set_alarm
from selftests.code_deploy import EVENTS, ROLLS_BACK, commit
from selftests.fleet import Fleet

ALARMS: dict[str, Any] = {"enabled": True, "alarms": [{"name": "errors"}]}


@pytest.fixture
def fleet(sim: Simulator) -> Fleet:
    fleet = Fleet(sim, 2, alarmConfiguration=ALARMS)
    fleet.done("a", fileExistsBehavior="RETAIN")
    return fleet


def test_an_alarm_stops_and_rolls_back(sim: Simulator, fleet: Fleet) -> None:
    sim.timings(rollback_named=20)
    bad = fleet.start("b", autoRollbackConfiguration=ROLLS_BACK, fileExistsBehavior="OVERWRITE")
    sim.advance(8)
    put_alarm()
    set_alarm("ALARM")
    sim.advance(10)
    assert fleet.outcome(bad) == ("Stopped", "ALARM_ACTIVE")
    assert set(fleet.counts(bad)) <= {"Succeeded", "Skipped"}
    sim.advance(5)
    rollback = fleet.listed()[0]
    info = fleet.info(rollback)
    assert (info["creator"], info["rollbackInfo"]) == (
        "codeDeployRollback",
        {"rollbackTriggeringDeploymentId": bad},
    )
    # The id is named late.
    assert "rollbackInfo" not in fleet.info(bad)
    sim.advance(60)
    assert fleet.rollback_of(bad) == rollback
    # The alarm goes on, and the rollback does not look at it.
    info = fleet.info(rollback)
    assert (info["status"], info["revision"], info["fileExistsBehavior"]) == ("Succeeded", commit("a"), "RETAIN")
    group = fleet.group()
    assert group["lastSuccessfulDeployment"]["deploymentId"] == rollback
    assert group["targetRevision"] == commit("a")


@pytest.mark.parametrize("event", EVENTS)
def test_only_what_is_configured_is_rolled_back(sim: Simulator, fleet: Fleet, event: str) -> None:
    others = [name for name in EVENTS if name != event]
    fleet.update(autoRollbackConfiguration={"enabled": True, "events": others})
    if event == "DEPLOYMENT_FAILURE":
        sim.bundle("b" * 40)
    bad = fleet.start("b")
    sim.advance(6)
    if event == "DEPLOYMENT_STOP_ON_ALARM":
        put_alarm()
        set_alarm("ALARM")
    if event == "DEPLOYMENT_STOP_ON_REQUEST":
        fleet.codedeploy.stop_deployment(deploymentId=bad)
    sim.advance(60)
    assert fleet.info(bad)["status"] in ("Failed", "Stopped")
    assert fleet.listed()[0] == bad


def test_an_override_keeps_the_alarm_away(sim: Simulator, fleet: Fleet) -> None:
    put_alarm()
    set_alarm("ALARM")
    blocked = fleet.start("b")
    sim.advance(10)
    assert fleet.outcome(blocked) == ("Stopped", "ALARM_ACTIVE")
    override = {"enabled": False}
    done = fleet.done("b", overrideAlarmConfiguration=override)
    assert fleet.info(done)["overrideAlarmConfiguration"] == override


@pytest.mark.parametrize(("ignored", "status"), [(True, "Succeeded"), (False, "Stopped")])
def test_alarms_that_cannot_be_read(sim: Simulator, fleet: Fleet, ignored: bool, status: str) -> None:
    fleet.update(alarmConfiguration=ALARMS | {"ignorePollAlarmFailure": ignored})
    sim.fail("DescribeAlarms", "InternalServiceFault", times=None)
    deployment = fleet.start("b")
    sim.advance(60)
    assert fleet.info(deployment)["status"] == status


def test_a_stop_is_pending_until_what_runs_has_ended(sim: Simulator, fleet: Fleet) -> None:
    stop = fleet.codedeploy.stop_deployment
    bad = fleet.start("b")
    sim.advance(6)
    assert stop(deploymentId=bad, autoRollbackEnabled=True)["status"] == "Pending"
    assert stop(deploymentId=bad)["status"] == "Pending"
    assert fleet.info(bad)["status"] == "InProgress"
    sim.advance(3)
    assert fleet.outcome(bad) == ("Stopped", "MANUAL_STOP")
    assert stop(deploymentId=bad)["status"] == "Succeeded"
    sim.advance(60)
    assert fleet.info(fleet.rollback_of(bad))["status"] == "Succeeded"
    assert refused(stop, deploymentId=fleet.rollback_of(bad))[0] == "DeploymentAlreadyCompletedException"


def test_the_first_deployment_has_nothing_to_go_back_to(sim: Simulator) -> None:
    fleet = Fleet(sim, 1, autoRollbackConfiguration=ROLLS_BACK)
    sim.bundle("a" * 40)
    bad = fleet.start("a")
    sim.advance(60)
    assert "no successful deployment" in fleet.info(bad)["rollbackInfo"]["rollbackMessage"]
    group = fleet.group()
    assert "lastSuccessfulDeployment" not in group
    assert (group["lastAttemptedDeployment"]["status"], group["targetRevision"]) == ("Failed", commit("a"))


def test_what_is_read_too_early_has_not_started(sim: Simulator, fleet: Fleet) -> None:
    created = fleet.start("b")
    listing = fleet.codedeploy.list_deployment_targets
    assert refused(listing, deploymentId=created)[0] == "DeploymentNotStartedException"
    code, text = refused(fleet.start, character="c")
    assert (code, created in text) == ("DeploymentLimitExceededException", True)
    sim.advance(2)
    assert fleet.info(created)["status"] == "Queued"
    assert refused(listing, deploymentId=created)[0] == "DeploymentNotStartedException"
    fleet.codedeploy.stop_deployment(deploymentId=created)
    assert listing(deploymentId=created)["targetIds"] == []
