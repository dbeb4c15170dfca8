# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stopped and failed deployments of CodeDeploy, and how they are rolled back."""

from __future__ import annotations

from typing import Any

import pytest

from lastgood_simulator import Simulator
from selftests.cluster import put_alarm, refused, set_alarm
from selftests.code_deploy import FINISHED, GREEN_IS_UP, NAMED, ROLLS_BACK, BlueGreen

# StopDeployment takes 3 s, and the rollback deployment is there 5 s later.
STOPPED = 3
ROLLED_BACK = 5
ALARMS = {"enabled": True, "alarms": [{"name": "errors"}]}


@pytest.fixture
def deployed(blue_green: BlueGreen) -> BlueGreen:
    """Version 1 is the service's first; version 2 was deployed by CodeDeploy and is good."""
    blue_green.group(alarmConfiguration=ALARMS)
    blue_green.done(2)
    return blue_green


@pytest.mark.parametrize("after", [20, GREEN_IS_UP, 200])
def test_stopped_with_rollback_goes_back_to_the_original_task_set(
    sim: Simulator, deployed: BlueGreen, after: int
) -> None:
    original = deployed.service()["taskSets"][0]["id"]
    bad = deployed.start(3)
    sim.advance(after)
    assert deployed.stop(bad, autoRollbackEnabled=True) == "Pending"
    assert deployed.status(bad) != "Stopped"
    sim.advance(STOPPED)
    info = deployed.info(bad)
    assert (info["status"], info["errorInformation"]["code"]) == ("Stopped", "MANUAL_STOP")
    # The id of the rollback appears late.
    assert "rollbackInfo" not in info
    sim.advance(ROLLED_BACK)
    rollback = deployed.rollback_of(bad)
    info = deployed.info(rollback)
    assert (info["creator"], info["rollbackInfo"]) == (
        "codeDeployRollback",
        {"rollbackTriggeringDeploymentId": bad},
    )
    assert info["revision"] == deployed.info(deployed.listed()[-1])["revision"]
    sim.advance(10)
    assert deployed.status(rollback) == "Succeeded"
    assert deployed.weights(rollback) == [100.0, 0.0]
    (primary,) = [entry for entry in deployed.service()["taskSets"] if entry["status"] == "PRIMARY"]
    assert primary["id"] == original
    assert deployed.service()["taskDefinition"].endswith("web:2")
    sim.advance(60)
    assert deployed.sets() == {"PRIMARY": "web:2"}
    group = deployed.codedeploy.get_deployment_group(**NAMED)["deploymentGroupInfo"]
    assert group["lastSuccessfulDeployment"]["deploymentId"] == rollback


def test_when_the_original_is_being_stopped_only_a_whole_deployment_leads_back(
    sim: Simulator, deployed: BlueGreen
) -> None:
    bad = deployed.start(3)
    sim.advance(GREEN_IS_UP)
    deployed.codedeploy.continue_deployment(deploymentId=bad, deploymentWaitType="TERMINATION_WAIT")
    sim.advance(1)
    assert deployed.sets() == {"PRIMARY": "web:3", "DRAINING": "web:2"}
    deployed.stop(bad, autoRollbackEnabled=True)
    sim.advance(STOPPED + ROLLED_BACK + 30)
    rollback = deployed.rollback_of(bad)
    assert deployed.events(rollback)["Install"] == "InProgress"
    sim.advance(FINISHED)
    assert deployed.status(rollback) == "Succeeded"
    assert deployed.sets() == {"PRIMARY": "web:2"}


def test_stopped_before_it_has_begun(deployed: BlueGreen) -> None:
    bad = deployed.start(3)
    assert deployed.stop(bad, autoRollbackEnabled=True) == "Succeeded"
    assert deployed.status(bad) == "Stopped"
    assert deployed.listed()[0] == deployed.rollback_of(bad)
    # "Subsequent calls to stop the deployment return a status of succeeded."
    assert deployed.stop(bad) == "Succeeded"
    good = deployed.listed()[-1]
    assert refused(deployed.stop, deployment=good)[0] == "DeploymentAlreadyCompletedException"


def test_stopped_without_rollback_stays_where_it_is(sim: Simulator, deployed: BlueGreen) -> None:
    bad = deployed.start(3)
    sim.advance(GREEN_IS_UP)
    deployed.stop(bad)
    sim.advance(600)
    assert deployed.status(bad) == "Stopped"
    assert deployed.sets() == {"PRIMARY": "web:3", "ACTIVE": "web:2"}
    assert "rollbackInfo" not in deployed.info(bad)


@pytest.mark.parametrize(
    ("group", "own", "asked", "rolls_back"),
    [
        (ROLLS_BACK, None, None, True),
        (ROLLS_BACK, None, False, False),
        (ROLLS_BACK, {"enabled": False}, None, False),
        ({"enabled": False}, ROLLS_BACK, None, True),
        ({"enabled": True, "events": ["DEPLOYMENT_FAILURE"]}, None, None, False),
        (None, None, True, True),
        (None, None, None, False),
    ],
)
def test_who_decides_whether_a_stop_rolls_back(
    sim: Simulator, deployed: BlueGreen, group: Any, own: Any, asked: bool | None, rolls_back: bool
) -> None:
    if group is not None:
        deployed.codedeploy.update_deployment_group(
            applicationName="app", currentDeploymentGroupName="group", autoRollbackConfiguration=group
        )
    bad = deployed.start(3, **({"autoRollbackConfiguration": own} if own else {}))
    sim.advance(20)
    deployed.stop(bad, **({} if asked is None else {"autoRollbackEnabled": asked}))
    sim.advance(STOPPED + ROLLED_BACK)
    assert ("rollbackInfo" in deployed.info(bad)) is rolls_back


@pytest.mark.parametrize("behaviour", ["cannot_pull", "crash", "unhealthy"])
def test_a_replacement_that_does_not_become_healthy(sim: Simulator, deployed: BlueGreen, behaviour: str) -> None:
    sim.image("web:3", behaviour)
    bad = deployed.start(3, autoRollbackConfiguration=ROLLS_BACK)
    sim.advance(3500)
    assert deployed.status(bad) == "InProgress"
    sim.advance(200)
    assert deployed.status(bad) == "Failed"
    assert deployed.status(deployed.rollback_of(bad)) == "Succeeded"
    assert deployed.sets()["PRIMARY"] == "web:2"


def test_an_alarm_stops_and_rolls_back_although_it_still_fires(sim: Simulator, deployed: BlueGreen) -> None:
    bad = deployed.start(3, autoRollbackConfiguration=ROLLS_BACK)
    sim.advance(GREEN_IS_UP)
    put_alarm()
    set_alarm("ALARM")
    sim.advance(10)
    info = deployed.info(bad)
    assert (info["status"], info["errorInformation"]["code"]) == ("Stopped", "ALARM_ACTIVE")
    sim.advance(20)
    assert deployed.status(deployed.rollback_of(bad)) == "Succeeded"
    assert deployed.sets()["PRIMARY"] == "web:2"
    # A deployment by a user is blocked by the same alarm, unless it overrides the configuration.
    blocked = deployed.start(1)
    sim.advance(10)
    assert deployed.info(blocked)["errorInformation"]["code"] == "ALARM_ACTIVE"
    deployed.done(1, overrideAlarmConfiguration={"enabled": False})
    assert deployed.sets() == {"PRIMARY": "web:1"}


def test_the_first_deployment_of_a_group_has_nothing_to_go_back_to(sim: Simulator, blue_green: BlueGreen) -> None:
    blue_green.group()
    first = blue_green.start(2)
    sim.advance(GREEN_IS_UP)
    assert blue_green.sets() == {"PRIMARY": "web:2", "ACTIVE": "web:1"}
    blue_green.stop(first, autoRollbackEnabled=True)
    sim.advance(STOPPED + ROLLED_BACK)
    rollback = blue_green.info(first)["rollbackInfo"]
    assert "no successful deployment" in rollback["rollbackMessage"]
    assert "rollbackDeploymentId" not in rollback
    assert blue_green.sets()["PRIMARY"] == "web:1"
    assert blue_green.listed() == [first]


def test_a_rollback_is_not_rolled_back(sim: Simulator, deployed: BlueGreen) -> None:
    bad = deployed.start(3, autoRollbackConfiguration=ROLLS_BACK)
    deployed.stop(bad)
    rollback = deployed.rollback_of(bad)
    deployed.stop(rollback, autoRollbackEnabled=True)
    sim.advance(60)
    assert deployed.status(rollback) == "Stopped"
    assert deployed.listed()[0] == rollback


def test_somebody_deploys_before_the_rollback_begins(sim: Simulator, deployed: BlueGreen) -> None:
    bad = deployed.start(3)
    sim.advance(20)
    deployed.stop(bad, autoRollbackEnabled=True)
    sim.advance(STOPPED)
    other = deployed.start(1)
    sim.advance(ROLLED_BACK)
    assert deployed.info(bad)["rollbackInfo"] == {
        "rollbackMessage": f"Deployment {bad} was not rolled back: {other} is active."
    }


def test_a_deployment_that_ends_before_the_stop_takes_effect(sim: Simulator, deployed: BlueGreen) -> None:
    good = deployed.info(deployed.listed()[0])
    took = (good["completeTime"] - good["createTime"]).total_seconds()
    bad = deployed.start(3)
    sim.advance(took - 1)
    assert deployed.stop(bad, autoRollbackEnabled=True) == "Pending"
    sim.advance(STOPPED + ROLLED_BACK)
    assert deployed.status(bad) == "Succeeded"
    assert "rollbackInfo" not in deployed.info(bad)
    assert deployed.sets() == {"PRIMARY": "web:3"}


def test_the_id_of_a_rollback_can_appear_even_later_than_the_rollback(sim: Simulator, deployed: BlueGreen) -> None:
    bad = deployed.start(3)
    sim.advance(GREEN_IS_UP)
    sim.timings(rollback_named=100)
    deployed.stop(bad, autoRollbackEnabled=True)
    sim.advance(STOPPED + ROLLED_BACK)
    rollback = deployed.listed()[0]
    assert deployed.info(rollback)["rollbackInfo"] == {"rollbackTriggeringDeploymentId": bad}
    assert "rollbackInfo" not in deployed.info(bad)
    sim.advance(100)
    assert deployed.info(bad)["rollbackInfo"]["rollbackDeploymentId"] == rollback
    assert deployed.sets() == {"PRIMARY": "web:2"}
