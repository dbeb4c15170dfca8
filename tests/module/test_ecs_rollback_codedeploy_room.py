# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module ecs_rollback, in process, against the simulator: a deployment of CodeDeploy runs that, undone, does not
lead to the target. It has to end before the target can be deployed.
"""

from __future__ import annotations

import pytest

from tests.module.code_deploy import FINISHED, SHIFTED, BlueGreen, appspec, content
from tests.module.services import Shop

LINEAR = "CodeDeployDefault.ECSLinear10PercentEvery1Minutes"


@pytest.fixture
def blue_green(shop: Shop) -> BlueGreen:
    return BlueGreen(shop)


def half_done_fix(shop: Shop, blue_green: BlueGreen, settle: float = 20) -> str:
    """web:2 is good, web:3 is marked bad, and its fix web:4 is being deployed. Returns the deployment of web:4."""
    blue_green.create(versions=4)
    blue_green.deploy("web:2")
    blue_green.deploy("web:3")
    shop.mark("web:3", "lastgood:bad")
    return blue_green.deploy("web:4", settle=settle)


@pytest.mark.parametrize("in_flight", ["stop", "supersede"])
@pytest.mark.parametrize(("settle", "rolls_back"), [(1, False), (20, True), (SHIFTED, False)])
def test_it_is_stopped_and_then_the_target_is_deployed(
    shop: Shop, blue_green: BlueGreen, settle: float, rolls_back: bool, in_flight: str
) -> None:
    """Undone only where something has begun and the traffic has not arrived: else it would move once more."""
    bad = blue_green.bad_release(settle=settle)
    run = shop.rollback(revision="1", in_flight=in_flight)
    assert (run.outcome, run.only["method"], run.target) == ("rolled_back", "codedeploy_deployment", "web:1")
    assert blue_green.sets() == {"PRIMARY": "web:1"}
    assert run.sent("StopDeployment") == [{"deploymentId": bad, "autoRollbackEnabled": rolls_back}]
    assert run.writes[:4] == ["TagResource", "StopDeployment", "CreateDeployment", "TagResource"]
    assert blue_green.status(bad) == "Stopped"
    assert f"deployment {bad} to web:3 is running" in run.finding("in_flight")["message"]
    assert "lands on web:2, not on web:1" in run.finding("in_flight")["message"]
    assert (run.only["left"] or "").endswith("web:3")
    assert shop.tags("web:3")["lastgood:bad"]
    assert shop.rollback().outcome == "unchanged"


def test_traffic_that_is_half_shifted_is_led_back_first(shop: Shop, blue_green: BlueGreen) -> None:
    blue_green.create(deploymentConfigName=LINEAR)
    blue_green.deploy("web:2", settle=900)
    bad = blue_green.deploy("web:3", settle=200)
    run = shop.rollback(revision="1", wait_until="serving")
    assert (run.outcome, blue_green.sets()["PRIMARY"]) == ("rolled_back", "web:1")
    assert run.sent("StopDeployment") == [{"deploymentId": bad, "autoRollbackEnabled": True}]
    assert blue_green.info(blue_green.listed()[1])["creator"] == "codeDeployRollback"


def test_stopping_a_half_done_fix_does_not_end_on_what_it_was_fixing(shop: Shop, blue_green: BlueGreen) -> None:
    half_done_fix(shop, blue_green)
    run = shop.rollback()
    assert (run.outcome, run.only["target_source"], blue_green.sets()) == (
        "rolled_back",
        "last_good",
        {"PRIMARY": "web:2"},
    )
    assert (run.only["left"] or "").endswith("web:4")


def test_it_is_only_planned_in_check_mode(shop: Shop, blue_green: BlueGreen) -> None:
    bad = blue_green.bad_release(settle=20)
    run = shop.rollback(revision="1", check_mode=True)
    assert (run.outcome, run.writes) == ("planned", [])
    assert run.only["method"] == "codedeploy_deployment"
    assert (
        f"deployment {bad} to web:3 is running (IN_PROGRESS) and is stopped first"
        in run.finding("in_flight")["message"]
    )


def test_it_is_left_alone_where_that_was_asked_for(shop: Shop, blue_green: BlueGreen) -> None:
    bad = blue_green.bad_release(settle=20)
    run = shop.rollback(revision="1", in_flight="refuse")
    assert (run.outcome, run.writes) == ("refused", [])
    assert f"deployment {bad} to web:3 is running (IN_PROGRESS), and in_flight is refuse" in run.message


def test_what_stands_against_the_target_stands_against_the_stop(shop: Shop, blue_green: BlueGreen) -> None:
    blue_green.bad_release(settle=20)
    shop.deregister("web:1")
    run = shop.rollback(revision="1")
    assert (run.outcome, run.writes) == ("refused", [])


def test_without_waiting_for_the_end_it_still_makes_room_for_ours(shop: Shop, blue_green: BlueGreen) -> None:
    blue_green.bad_release(settle=20)
    run = shop.rollback(revision="1", wait=False)
    assert (run.outcome, "CreateDeployment" in run.writes) == ("started", True)
    shop.sim.advance(FINISHED)
    assert blue_green.sets() == {"PRIMARY": "web:1"}


@pytest.mark.parametrize("later", [2, 5])
def test_a_rollback_of_codedeploy_that_leads_elsewhere_is_waited_for(
    shop: Shop, blue_green: BlueGreen, later: float
) -> None:
    """Also while its id has not appeared."""
    bad = blue_green.bad_release(settle=SHIFTED)
    blue_green.codedeploy.stop_deployment(deploymentId=bad, autoRollbackEnabled=True)
    shop.sim.advance(later)
    run = shop.rollback(revision="1")
    assert (run.outcome, blue_green.sets()) == ("rolled_back", {"PRIMARY": "web:1"})
    assert "StopDeployment" not in run.writes
    assert "is waited for" in run.finding("in_flight")["message"]


def test_a_stop_that_takes_its_time(shop: Shop, blue_green: BlueGreen) -> None:
    blue_green.bad_release(settle=20)
    shop.sim.timings(stop_requested=200)
    assert (shop.rollback(revision="1").outcome, blue_green.sets()) == ("rolled_back", {"PRIMARY": "web:1"})


def test_several_services_at_once(shop: Shop, blue_green: BlueGreen) -> None:
    for name in ("web", "api"):
        blue_green.create(name=name)
        blue_green.deploy(f"{name}:2", settle=1)
    shop.sim.advance(FINISHED)
    blue_green.deploy("web:3")
    blue_green.deploy("api:3", settle=20)
    run = shop.rollback("web", "api", revision="1")
    assert run.outcomes == {"web": "rolled_back", "api": "rolled_back"}
    assert (blue_green.sets("web"), blue_green.sets("api")) == ({"PRIMARY": "web:1"}, {"PRIMARY": "api:1"})


# -- races


def test_it_finishes_before_the_stop(shop: Shop, blue_green: BlueGreen) -> None:
    blue_green.bad_release(settle=20)
    shop.meanwhile("StopDeployment", advance=FINISHED)
    run = shop.rollback(revision="1")
    assert (run.outcome, run.only["method"], blue_green.sets()) == (
        "rolled_back",
        "codedeploy_deployment",
        {"PRIMARY": "web:1"},
    )


def test_it_fails_before_the_stop(shop: Shop, blue_green: BlueGreen) -> None:
    blue_green.bad_release(settle=1)
    shop.broken("web:3")
    shop.sim.timings(replacement_timeout=60)
    shop.meanwhile("StopDeployment", advance=FINISHED)
    run = shop.rollback(revision="1")
    assert (run.outcome, blue_green.sets()) == ("rolled_back", {"PRIMARY": "web:1"})


@pytest.mark.parametrize("kind", ["truncate", "drop"])
def test_the_answer_to_the_stop_is_lost(shop: Shop, blue_green: BlueGreen, kind: str) -> None:
    blue_green.bad_release(settle=20)
    shop.sim.fail("StopDeployment", kind=kind, after=True)
    run = shop.rollback(revision="1")
    assert (run.outcome, blue_green.sets()) == ("rolled_back", {"PRIMARY": "web:1"})


def test_somebody_deploys_between_the_stop_and_ours(shop: Shop, blue_green: BlueGreen) -> None:
    half_done_fix(shop, blue_green)
    theirs = {"applicationName": "shop", "deploymentGroupName": "web", "revision": content(appspec("web:1"))}
    shop.sim.on("CreateDeployment", {"service": "codedeploy", "operation": "CreateDeployment", "params": theirs})
    run = shop.rollback()
    assert (run.outcome, run.only["changed"]) == ("failed", True)
    assert len(run.findings("stopped_then_refused")) == 1
    assert f"somebody deployed web:1 (deployment {blue_green.listed()[0]})" in run.message
    shop.sim.advance(FINISHED)
    assert blue_green.sets() == {"PRIMARY": "web:1"}


def test_what_was_stopped_is_told_if_ours_is_refused_then(shop: Shop, blue_green: BlueGreen) -> None:
    half_done_fix(shop, blue_green)
    shop.deny("CreateDeployment")
    run = shop.rollback()
    assert (run.outcome, run.only["changed"], "StopDeployment" in run.writes) == ("failed", True, True)
    stopped = run.sent("StopDeployment")[0]["deploymentId"]
    finding = run.finding("stopped_then_refused")
    assert finding["message"].startswith(f"deployment {stopped} was stopped to make way, and then: ")
    assert "It stays stopped. Correct what was refused, then run the same command again" in finding["message"]
    assert "codedeploy:CreateDeployment" in run.message
    # What the service runs now.
    assert "web is serving on web:" in run.message
    shop.sim.clear_failures()
    assert shop.rollback().outcome == "rolled_back"


def test_somebody_deploys_the_target_between_the_stop_and_ours(shop: Shop, blue_green: BlueGreen) -> None:
    half_done_fix(shop, blue_green)
    theirs = {"applicationName": "shop", "deploymentGroupName": "web", "revision": content(appspec("web:2"))}
    shop.sim.on("CreateDeployment", {"service": "codedeploy", "operation": "CreateDeployment", "params": theirs})
    run = shop.rollback()
    assert (run.outcome, run.only["method"], run.only["changed"]) == ("rolled_back", "adopt", True)
    assert blue_green.sets() == {"PRIMARY": "web:2"}
    assert len(blue_green.listed()) == 5


# -- kill -9


@pytest.mark.parametrize("sleep", [1, 2, 3, 4, 5, 6, 7, 8])
def test_a_run_that_was_killed_on_the_way_is_finished_by_the_next_one(
    shop: Shop, blue_green: BlueGreen, sleep: int
) -> None:
    """By its target, not by what the service is on after the stop: that is the version that was being fixed."""
    half_done_fix(shop, blue_green)
    shop.killed(at_sleep=sleep)
    run = shop.rollback()
    assert (run.outcome, run.target, blue_green.sets()) == ("rolled_back", "web:2", {"PRIMARY": "web:2"})
    shop.later()
    assert shop.rollback().outcome == "unchanged"


@pytest.mark.parametrize("settle", [1, 20, SHIFTED])
def test_a_run_that_was_killed_is_finished_much_later(shop: Shop, blue_green: BlueGreen, settle: float) -> None:
    half_done_fix(shop, blue_green, settle)
    shop.killed(at_sleep=1)
    shop.sim.advance(3600)
    run = shop.rollback()
    assert (run.outcome, run.target, blue_green.sets()) == ("rolled_back", "web:2", {"PRIMARY": "web:2"})
    assert shop.tags("web:4")["lastgood:bad"]
