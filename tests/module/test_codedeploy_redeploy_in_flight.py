# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Redeploys while another deployment of the group is running, or comes in between."""

from __future__ import annotations

import typing as t

import pytest

from tests.module.fleet import AUTOMATIC, Fleet, key
from tests.module.services import Shop


@pytest.fixture
def fleet(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Fleet:
    """Nothing is there yet."""
    return Fleet(shop, monkeypatch)


def rolling_out(fleet: Fleet, **settings: t.Any) -> tuple[str, str]:
    """Version 1 is good, and 2 is being deployed to the first of three instances."""
    fleet.create(**settings)
    good = fleet.deploy(1)
    return good, fleet.deploy(2, settle=4)


def test_a_running_deployment_is_stopped_and_rolled_back_by_codedeploy(fleet: Fleet) -> None:
    _good, bad = rolling_out(fleet)
    run = fleet.redeploy()
    assert (run.outcome, run.method, run.target) == ("rolled_back", "codedeploy_stop", key(1))
    assert run.writes == ["StopDeployment"]
    assert run.params("StopDeployment") == {"deploymentId": bad, "autoRollbackEnabled": True}
    rollback = fleet.listed()[-1]
    assert run.result["deployment_id"] == rollback
    assert fleet.info(rollback)["creator"] == "codeDeployRollback"
    assert any(line.startswith(f"[prod] rollback {rollback}") for line in run.lines)
    assert fleet.redeploy().outcome == "unchanged"


def test_the_id_of_the_rollback_appears_late(fleet: Fleet) -> None:
    rolling_out(fleet)
    fleet.sim.timings(rollback_started=20, rollback_named=300)
    run = fleet.redeploy()
    assert (run.outcome, run.method) == ("rolled_back", "codedeploy_stop")
    assert run.result["deployment_id"] == fleet.listed()[-1]
    assert any("may be about to roll it back" in line for line in run.lines)


def test_where_the_stop_does_not_land_on_the_target_ours_comes_after_it(fleet: Fleet) -> None:
    """The running deployment is of the version before the bad one: undone, it would land on the bad one."""
    fleet.create()
    first = fleet.deploy(1)
    fleet.deploy(2)
    fix = fleet.deploy(3, settle=4)
    run = fleet.redeploy(deployment_id=first)
    assert (run.outcome, run.method, run.target) == ("rolled_back", "codedeploy_deployment", key(1))
    assert run.writes == ["StopDeployment", "CreateDeployment"]
    assert run.params("StopDeployment") == {"deploymentId": fix, "autoRollbackEnabled": False}
    assert any(f"deployment {fix} is in the way and is stopped" in line for line in run.lines)
    assert run.result["target_source"] == "deployment_id"


def test_a_content_option_of_ones_own_takes_a_deployment_of_ones_own(fleet: Fleet) -> None:
    rolling_out(fleet)
    run = fleet.redeploy(file_exists_behavior="overwrite", reason="bad")
    assert (run.outcome, run.method, run.target) == ("rolled_back", "codedeploy_deployment", key(1))
    assert run.params("CreateDeployment")["fileExistsBehavior"] == "OVERWRITE"
    assert run.result["target_source"] == "last_good"


@pytest.mark.parametrize(("settings", "seconds"), [({}, 10), ({"autoRollbackConfiguration": AUTOMATIC}, 120)])
def test_ours_follows_the_stop_at_once(fleet: Fleet, settings: dict[str, t.Any], seconds: float) -> None:
    """What we stopped without a rollback gets none, unless the group rolls back what is stopped."""
    rolling_out(fleet, **settings)
    run = fleet.redeploy(file_exists_behavior="overwrite")
    assert (run.outcome, run.writes) == ("rolled_back", ["StopDeployment", "CreateDeployment"])
    assert run.result["timings"]["accepted"] < seconds


def test_stopping_first_does_not_wait_for_the_end_of_ours(fleet: Fleet) -> None:
    rolling_out(fleet)
    run = fleet.redeploy(file_exists_behavior="overwrite", wait=False)
    assert (run.outcome, run.writes) == ("started", ["StopDeployment", "CreateDeployment"])


def test_a_running_deployment_can_be_waited_for(fleet: Fleet) -> None:
    _good, bad = rolling_out(fleet)
    run = fleet.redeploy(in_flight="wait")
    assert fleet.status(bad) == "Succeeded"
    assert (run.outcome, run.method, run.target) == ("rolled_back", "codedeploy_deployment", key(1))
    assert run.writes == ["CreateDeployment"]
    assert any(f"deployment {bad} is in the way and is waited for" in line for line in run.lines)


def test_waited_for_and_then_nothing_is_left_to_do(fleet: Fleet) -> None:
    """CodeDeploy itself rolls back what was waited for."""
    fleet.create(autoRollbackConfiguration=AUTOMATIC)
    fleet.deploy(1)
    fleet.sim.bundle(key(2), "fail", "ValidateService")
    fleet.deploy(2, settle=6)
    run = fleet.redeploy(in_flight="wait")
    assert (run.outcome, run.method, run.writes) == ("rolled_back", "adopt", [])
    assert run.result["deployment_id"] == fleet.listed()[-1]


def test_a_running_deployment_can_be_refused(fleet: Fleet) -> None:
    _good, bad = rolling_out(fleet)
    run = fleet.redeploy(in_flight="refuse")
    assert (run.outcome, run.writes) == ("refused", [])
    assert bad in run.message
    assert "in_flight is refuse" in run.message


def test_codedeploys_own_rollback_is_followed(fleet: Fleet) -> None:
    fleet.create(autoRollbackConfiguration=AUTOMATIC)
    fleet.deploy(1)
    fleet.sim.bundle(key(2), "fail", "ApplicationStop")
    fleet.sim.bundle(key(2), "fail", "BeforeInstall")
    fleet.sim.timings(lifecycle_event=10)
    fleet.deploy(2, settle=40)
    run = fleet.redeploy()
    assert (run.outcome, run.method, run.writes, run.target) == ("rolled_back", "adopt", [], key(1))
    assert not run.result["changed"]
    assert run.result["target_source"] == "running_rollback"


def test_a_rollback_that_is_about_to_begin_is_waited_for(fleet: Fleet) -> None:
    """Somebody has stopped it a moment ago, and whether they asked for a rollback shows nowhere."""
    _good, bad = rolling_out(fleet)
    fleet.sim.timings(rollback_started=30)
    fleet.client.stop_deployment(deploymentId=bad, autoRollbackEnabled=True)
    fleet.sim.advance(5)
    assert fleet.status(bad) == "Stopped"
    run = fleet.redeploy()
    assert (run.outcome, run.method, run.writes) == ("rolled_back", "adopt", [])
    assert fleet.listed()[-1] == run.result["deployment_id"]


def test_what_somebody_deploys_while_it_is_waited_for_is_left_alone(fleet: Fleet) -> None:
    """Nobody has asked to wait for more than to see whether CodeDeploy rolls the stopped one back."""
    _good, bad = rolling_out(fleet)
    fleet.client.stop_deployment(deploymentId=bad, autoRollbackEnabled=False)
    fleet.sim.advance(5)
    fleet.meanwhile("BatchGetDeployments", nth=4, revision=fleet.bundle(3))
    run = fleet.redeploy()
    assert (run.outcome, run.writes) == ("refused", [])
    assert fleet.listed()[-1] in run.message


def test_a_deployment_that_is_waited_for_is_planned_as_that(fleet: Fleet) -> None:
    _good, bad = rolling_out(fleet)
    run = fleet.redeploy(in_flight="wait", check_mode=True)
    assert (run.outcome, run.result["changed"], run.writes) == ("planned", False, [])
    assert bad in run.message


def test_a_stop_without_a_rollback_is_put_right(fleet: Fleet) -> None:
    _good, bad = rolling_out(fleet)
    fleet.client.stop_deployment(deploymentId=bad, autoRollbackEnabled=False)
    fleet.sim.advance(5)
    run = fleet.redeploy()
    assert (run.outcome, run.method, run.target) == ("rolled_back", "codedeploy_deployment", key(1))


def test_it_ends_before_it_can_be_stopped(fleet: Fleet) -> None:
    rolling_out(fleet)
    fleet.sim.on("StopDeployment", {"control": "advance", "params": {"seconds": 300}})
    run = fleet.redeploy()
    assert (run.outcome, run.method, run.target) == ("rolled_back", "codedeploy_deployment", key(1))
    assert run.writes == ["StopDeployment", "CreateDeployment"]


def test_somebody_deploys_while_it_is_planned(fleet: Fleet) -> None:
    """Their deployment may be the fix: it is neither stopped nor undone."""
    fleet.bad_release()
    fleet.meanwhile("HeadObject", when="after", revision=fleet.bundle(3))
    run = fleet.redeploy()
    theirs = fleet.listed()[-1]
    assert (run.outcome, run.writes) == ("refused", [])
    assert f"deployment {theirs}" in run.message
    assert key(3) in run.message


def test_somebody_deploys_at_the_very_moment(fleet: Fleet) -> None:
    fleet.bad_release()
    fleet.meanwhile("CreateDeployment", revision=fleet.bundle(3))
    run = fleet.redeploy()
    assert (run.outcome, run.writes) == ("refused", ["CreateDeployment"])
    assert f"deployment {fleet.listed()[-1]}" in run.message


def test_somebody_redeploys_the_same_at_the_very_moment(fleet: Fleet) -> None:
    """Two people roll back at once: the second follows the first."""
    good, _bad = fleet.bad_release()
    revision = fleet.info(good)["revision"]
    fleet.meanwhile("CreateDeployment", revision=revision)
    run = fleet.redeploy()
    assert (run.outcome, run.method) == ("rolled_back", "adopt")
    assert run.result["deployment_id"] == fleet.listed()[-1]
    assert len(fleet.listed()) == 3


def test_somebody_stops_ours_and_deploys_something_else(fleet: Fleet) -> None:
    fleet.bad_release()

    def act(line: str) -> None:
        if "AfterInstall" in line and len(fleet.listed()) == 3:
            fleet.client.stop_deployment(deploymentId=fleet.listed()[-1], autoRollbackEnabled=False)
            fleet.sim.advance(20)
            fleet.start(3)

    run = fleet.redeploy(on_line=act)
    assert (run.outcome, run.failed) == ("superseded", True)
    assert fleet.listed()[-1] in run.message
    assert key(3) in run.message


def test_somebody_deploys_right_after_ours_has_succeeded(fleet: Fleet) -> None:
    fleet.bad_release()
    fleet.meanwhile("BatchGetDeploymentGroups", nth=3, revision=fleet.bundle(3))
    run = fleet.redeploy()
    assert (run.outcome, run.failed) == ("superseded", True)
    assert fleet.listed()[-1] in run.message


def test_somebody_stops_ours(fleet: Fleet) -> None:
    fleet.bad_release()

    def act(line: str) -> None:
        if "AfterInstall" in line:
            fleet.client.stop_deployment(deploymentId=fleet.listed()[-1], autoRollbackEnabled=False)

    run = fleet.redeploy(on_line=act)
    assert run.outcome == "failed"
    assert "MANUAL_STOP" in run.message
    assert run.result["instances"]["new"] <= 1
