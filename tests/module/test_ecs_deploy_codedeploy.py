# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Deploying a revision to services that CodeDeploy deploys, and waiting for their deployments."""

from __future__ import annotations

import json
import typing as t

import pytest

from tests.module.code_deploy import ALARMS, EVENTS, NAMED, BlueGreen, appspec, content
from tests.module.services import NEVER_STARTS, Run, Shop, short

FAILURE, ON_ALARM, ON_REQUEST = ([event] for event in EVENTS)


@pytest.fixture
def blue_green(shop: Shop) -> BlueGreen:
    made = BlueGreen(shop)
    made.create()
    return made


def asked(run: Run) -> dict[str, t.Any]:
    """The one CreateDeployment."""
    (sent,) = run.sent("CreateDeployment")
    return dict(sent)


def stop_when(shop: Shop, blue_green: BlueGreen, text: str, **options: t.Any) -> None:
    """Somebody stops our deployment when this is said."""

    def stop(line: str) -> None:
        if text in line:
            newest = blue_green.listed()[0]
            if blue_green.status(newest) not in ("Succeeded", "Failed", "Stopped"):
                blue_green.codedeploy.stop_deployment(deploymentId=newest, **options)

    shop.on_line(stop)


# -- it comes up


def test_a_good_revision_is_deployed_with_the_appspec_of_the_one_in_service(shop: Shop, blue_green: BlueGreen) -> None:
    hooks = json.loads(appspec("web:2", PlatformVersion="1.4.0"))
    hooks["Hooks"] = [{"AfterInstall": "check"}]
    blue_green.deploy("web:2", revision=content(json.dumps(hooks)))
    run = shop.release(3, rollback_events=FAILURE, reason="release 7")
    assert (run.failed, run.outcome) == (False, "deployed"), run.message
    assert blue_green.sets() == {"PRIMARY": "web:3"}
    hooks["Resources"][0]["TargetService"]["Properties"]["TaskDefinition"] = run.only["task_definition"]
    sent = asked(run)
    assert json.loads(sent["revision"]["appSpecContent"]["content"]) == hooks
    assert sent["autoRollbackConfiguration"] == {"enabled": True, "events": FAILURE}
    assert sent["description"].startswith("release 7 (lastgood.aws deploy web:2 to web:3, run ")
    assert "overrideAlarmConfiguration" not in sent
    assert (run.only["deployment_id"], run.writes) == (blue_green.listed()[0], ["CreateDeployment"])
    assert (run.only["protection"], run.only["event"]) == (None, None)


@pytest.mark.parametrize(
    ("events", "sent"),
    [
        (None, None),
        ([], {"enabled": False, "events": []}),
        (["none"], {"enabled": False, "events": []}),
        (EVENTS[:2:2], {"enabled": True, "events": EVENTS[:2:2]}),
    ],
)
def test_events_that_are_not_given_are_those_of_the_group(
    shop: Shop, blue_green: BlueGreen, events: list[str] | None, sent: dict[str, t.Any] | None
) -> None:
    run = shop.release(2, rollback_events=events)
    assert run.outcome == "deployed"
    assert asked(run).get("autoRollbackConfiguration") == sent
    # Nothing was deployed before, so the AppSpec file is made from the load balancer.
    assert "made from the service's load balancer" in run.finding("appspec")["message"]
    assert blue_green.sets() == {"PRIMARY": "web:2"}


def test_the_second_run_changes_nothing(shop: Shop, blue_green: BlueGreen) -> None:
    shop.release(2)
    again = shop.release(2)
    assert (again.failed, again.outcome, again.writes) == (False, "unchanged", [])
    assert blue_green.sets() == {"PRIMARY": "web:2"}


def test_what_is_being_deployed_already_is_followed(shop: Shop, blue_green: BlueGreen) -> None:
    running = blue_green.deploy("web:2", settle=10)
    run = shop.release(2)
    assert (run.outcome, run.only["changed"], run.only["deployment_id"]) == ("deployed", False, running)
    assert run.writes == []


def test_check_mode_writes_nothing(shop: Shop, blue_green: BlueGreen) -> None:
    run = shop.release(2, rollback_events=FAILURE, check_mode=True, diff=True)
    assert (run.outcome, run.result["changed"], run.writes) == ("planned", True, [])
    [diff] = run.result["diff"]
    assert "deploymentConfiguration" not in diff["after"]
    assert blue_green.listed() == []


def test_without_waiting_it_is_only_started(shop: Shop, blue_green: BlueGreen) -> None:
    shop.at_once = True
    run = shop.release(2, wait=False)
    assert (run.failed, run.outcome) == (False, "started")
    assert blue_green.status(blue_green.listed()[0]) == "Created"


# -- it fails


def test_a_hook_that_fails_is_rolled_back_by_codedeploy(shop: Shop, blue_green: BlueGreen) -> None:
    hooks = json.loads(appspec("web:2"))
    hooks["Hooks"] = [{"AfterAllowTraffic": "check"}]
    blue_green.deploy("web:2", revision=content(json.dumps(hooks)))
    shop.sim.hook("check", "fail")
    run = shop.release(3, rollback_events=FAILURE)
    assert (run.failed, run.outcome, run.only["event"]) == (True, "rolled_back", "DEPLOYMENT_FAILURE"), run.message
    assert (short(run.only["rolled_back_to"]), run.only["rolled_back_by"]) == ("web:2", "CodeDeploy")
    assert "CodeDeploy itself rolled it back to web:2 (DEPLOYMENT_FAILURE), which is verified" in run.message
    assert blue_green.sets() == {"PRIMARY": "web:2"}
    assert run.writes == ["CreateDeployment"]
    again = shop.release(3, rollback_events=FAILURE)
    assert (again.outcome, again.writes) == ("refused", [])
    assert "web:3 is known to be bad" in again.message


def test_a_crash_is_rolled_back_long_before_codedeploy_gives_up(shop: Shop, blue_green: BlueGreen) -> None:
    blue_green.deploy("web:2")
    shop.broken("web:3", "crash")
    run = shop.release(3, rollback_events=FAILURE, reason="release 7")
    assert (run.failed, run.outcome, run.only["event"]) == (True, "rolled_back", "DEPLOYMENT_FAILURE"), run.message
    assert (short(run.only["rolled_back_to"]), run.only["rolled_back_by"]) == ("web:2", "lastgood")
    assert "Essential container in task exited" in run.message
    assert "nothing was undone" not in run.message
    assert blue_green.sets() == {"PRIMARY": "web:2"}
    assert run.only["timings"]["ended"] < 600
    assert "release 7" in shop.tags("web:3")["lastgood:bad"]
    assert run.moves[:2] == ["CreateDeployment", "StopDeployment"]


def test_the_first_deployment_of_a_group_has_nothing_to_go_back_to(shop: Shop, blue_green: BlueGreen) -> None:
    """CodeDeploy makes no rollback then, and that is said."""
    shop.broken("web:2", **NEVER_STARTS)
    stop_when(shop, blue_green, "0/2 on web:2")
    run = shop.release(2, rollback_events=[*FAILURE, *ON_REQUEST])
    assert (run.failed, run.outcome, run.only["event"]) == (True, "rolled_back", "DEPLOYMENT_STOP_ON_REQUEST")
    assert (short(run.only["rolled_back_to"]), run.only["rolled_back_by"]) == ("web:1", None)
    assert "CodeDeploy made no deployment to roll it back (" in run.message
    assert blue_green.sets()["PRIMARY"] == "web:1"


@pytest.mark.parametrize("by_name", [False, True])
def test_an_alarm_stops_it_and_codedeploy_rolls_it_back(shop: Shop, blue_green: BlueGreen, by_name: bool) -> None:
    if not by_name:
        blue_green.regroup(alarmConfiguration=ALARMS)
    blue_green.alarm("OK")
    blue_green.deploy("web:2")
    shop.on_line(lambda line: blue_green.alarm("ALARM") if "on web:3" in line and "2/2" in line else None)
    run = shop.release(3, rollback_events=ON_ALARM, alarms=["errors"] if by_name else [])
    assert (run.failed, run.outcome, run.only["event"]) == (True, "rolled_back", "DEPLOYMENT_STOP_ON_ALARM"), (
        run.message
    )
    assert (short(run.only["rolled_back_to"]), run.only["rolled_back_by"]) == ("web:2", "CodeDeploy")
    override = {"enabled": True, "alarms": [{"name": "errors"}]}
    assert asked(run).get("overrideAlarmConfiguration") == (override if by_name else None)
    assert blue_green.sets() == {"PRIMARY": "web:2"}


@pytest.mark.parametrize(
    ("events", "outcome", "told"),
    [(ON_REQUEST, "rolled_back", "CodeDeploy itself rolled it back"), (FAILURE, "failed", "It is not rolled back")],
)
def test_somebody_stops_it(shop: Shop, blue_green: BlueGreen, events: list[str], outcome: str, told: str) -> None:
    blue_green.deploy("web:2")
    stop_when(shop, blue_green, "0/2 on web:3")
    run = shop.release(3, rollback_events=events)
    assert (run.failed, run.outcome, run.only["event"]) == (True, outcome, "DEPLOYMENT_STOP_ON_REQUEST"), run.message
    assert told in run.message
    assert blue_green.sets()["PRIMARY"] == "web:2"


def test_a_stop_with_a_rollback_is_followed_although_nobody_asked_for_it(shop: Shop, blue_green: BlueGreen) -> None:
    blue_green.deploy("web:2")
    stop_when(shop, blue_green, "0/2 on web:3", autoRollbackEnabled=True)
    run = shop.release(3)
    assert (run.outcome, run.only["rolled_back_by"]) == ("rolled_back", "CodeDeploy"), run.message


def test_a_stop_that_the_adopted_deployment_does_not_roll_back_is_undone_by_the_run(
    shop: Shop, blue_green: BlueGreen
) -> None:
    """It stops after the traffic has shifted, and has no rollback events of its own."""
    blue_green.deploy("web:2")
    blue_green.deploy("web:3", settle=10)
    stop_when(shop, blue_green, "2/2 on web:3")
    shop.sim.advance(60)
    assert blue_green.sets()["PRIMARY"] == "web:3"
    run = shop.release(3, rollback_events=ON_REQUEST)
    assert (run.failed, run.outcome, run.only["rolled_back_by"]) == (True, "rolled_back", "lastgood"), run.message
    assert blue_green.sets()["PRIMARY"] == "web:2"


def test_the_end_of_the_original_task_set_is_not_a_reason_to_go_back(shop: Shop, blue_green: BlueGreen) -> None:
    blue_green.regroup(wait=60)
    run = shop.release(2, rollback_events=FAILURE, wait_timeout=600)
    assert (run.failed, run.outcome) == (True, "timeout")
    assert "It takes all the traffic, and CodeDeploy has yet to end the original task set" in run.message
    assert blue_green.sets() == {"PRIMARY": "web:2", "ACTIVE": "web:1"}
    assert run.writes == ["CreateDeployment"]


# -- what is in the way


def test_another_deployment_is_stopped_first(shop: Shop, blue_green: BlueGreen) -> None:
    other = blue_green.deploy("web:2", settle=10)
    run = shop.release(3)
    assert (run.outcome, blue_green.status(other)) == ("deployed", "Stopped"), run.message
    assert run.writes == ["StopDeployment", "CreateDeployment"]
    assert run.finding("in_flight")["severity"] == "warn"
    assert blue_green.sets() == {"PRIMARY": "web:3"}


def test_another_deployment_that_has_the_traffic_is_stopped_first(shop: Shop, blue_green: BlueGreen) -> None:
    other = blue_green.deploy("web:2", settle=90)
    assert blue_green.sets()["PRIMARY"] == "web:2"
    run = shop.release(3)
    assert (run.outcome, blue_green.status(other)) == ("deployed", "Stopped"), run.message
    assert blue_green.sets() == {"PRIMARY": "web:3"}


def test_a_rollback_that_runs_is_waited_for_and_not_stopped(shop: Shop, blue_green: BlueGreen) -> None:
    blue_green.deploy("web:2")
    going = blue_green.deploy("web:3", settle=20)
    blue_green.codedeploy.stop_deployment(deploymentId=going, autoRollbackEnabled=True)
    shop.sim.advance(9)
    shop.versions(1, portMappings=[{"containerPort": 80}])
    run = shop.release(4)
    assert run.outcome == "deployed", run.message
    assert run.writes == ["CreateDeployment"]
    assert blue_green.sets() == {"PRIMARY": "web:4"}


def test_another_deployment_is_refused_where_that_is_asked_for(shop: Shop, blue_green: BlueGreen) -> None:
    blue_green.deploy("web:2", settle=10)
    run = shop.release(3, in_flight="refuse")
    assert (run.outcome, run.writes) == ("refused", [])
    assert "a deployment of web:2 is running (IN_PROGRESS), and in_flight is refuse" in run.message


def test_what_was_stopped_to_make_way_is_told_where_ours_is_refused_then(shop: Shop, blue_green: BlueGreen) -> None:
    other = blue_green.deploy("web:2", settle=10)
    shop.deny("CreateDeployment")
    run = shop.release(3)
    assert (run.failed, run.outcome, run.only["changed"]) == (True, "failed", True)
    assert f"deployment {other} was stopped to make way, and then: " in run.message


# -- what is refused


def test_no_alarms(shop: Shop, blue_green: BlueGreen) -> None:
    run = shop.release(2, rollback_events=ON_ALARM)
    assert (run.outcome, run.writes, blue_green.listed()) == ("refused", [], [])
    assert "the deployment group web has none enabled. Give alarms" in run.message


def test_an_alarm_that_rings_already(shop: Shop, blue_green: BlueGreen) -> None:
    blue_green.regroup(alarmConfiguration=ALARMS)
    blue_green.alarm("ALARM")
    run = shop.release(2)
    assert (run.outcome, run.writes) == ("refused", [])
    assert "errors is in ALARM now, so that CodeDeploy would stop the deployment at once" in run.message


def test_no_group(shop: Shop, blue_green: BlueGreen) -> None:
    blue_green.codedeploy.delete_deployment_group(**NAMED)
    run = shop.release(2)
    assert (run.outcome, run.writes) == ("refused", [])
    assert "no deployment group of CodeDeploy in this Region names service web" in run.message


def test_a_container_that_the_revision_does_not_have(shop: Shop, blue_green: BlueGreen) -> None:
    blue_green.deploy("web:2")
    shop.versions(1, portMappings=[{"containerPort": 8080}])
    run = shop.release(4)
    assert (run.outcome, run.writes) == ("refused", [])
    assert "port 80 of container app, which web:4 does not open" in run.message


def test_a_lost_answer_is_cleared_up(shop: Shop, blue_green: BlueGreen) -> None:
    shop.sim.fail("CreateDeployment", kind="drop", after=True)
    run = shop.release(2)
    assert (run.outcome, len(blue_green.listed())) == ("deployed", 1)


# -- waiting


def test_what_runs_is_followed_to_its_end(shop: Shop, blue_green: BlueGreen) -> None:
    going = blue_green.deploy("web:2", settle=10)
    run = shop.wait()
    assert (run.failed, run.outcome, run.only["deployment_id"]) == (False, "stable", going), run.message
    assert blue_green.sets() == {"PRIMARY": "web:2"}


def test_serving_is_there_while_the_original_task_set_stands(shop: Shop, blue_green: BlueGreen) -> None:
    going = blue_green.deploy("web:2", settle=10)
    run = shop.wait(deployment=going, wait_until="serving")
    assert (run.outcome, blue_green.sets()) == ("serving", {"PRIMARY": "web:2", "ACTIVE": "web:1"})


def test_what_is_complete_needs_no_waiting(shop: Shop, blue_green: BlueGreen) -> None:
    first, second = blue_green.deploy("web:2"), blue_green.deploy("web:3")
    task_set = shop.service()["taskSets"][0]["id"]
    for wanted in (None, second, task_set):
        run = shop.wait(deployment=wanted)
        assert (run.outcome, run.only["deployment_id"]) == ("stable", second), run.message
    assert shop.wait(deployment=first).outcome == "superseded"


def test_what_the_service_was_created_with_is_judged_by_its_task_set(shop: Shop, blue_green: BlueGreen) -> None:
    run = shop.wait()
    assert (run.outcome, run.writes) == ("stable", []), run.message
    assert blue_green.sets() == {"PRIMARY": "web:1"}


def test_what_codedeploy_rolls_back_has_failed(shop: Shop, blue_green: BlueGreen) -> None:
    blue_green.deploy("web:2")
    going = blue_green.deploy("web:3", settle=20)
    blue_green.codedeploy.stop_deployment(deploymentId=going, autoRollbackEnabled=True)
    for advance in (12, 600):
        shop.sim.advance(advance)
        run = shop.wait(deployment=going)
        assert (run.failed, run.outcome) == (True, "failed")
        assert "web:3 back" in run.message
    assert "CodeDeploy rolled web:3 back to web:2" in run.message
    assert shop.wait().outcome == "failed"
    task_set = next(s["id"] for s in shop.service()["taskSets"] if s["status"] == "PRIMARY")
    assert shop.wait(deployment=task_set).outcome == "stable"


def test_what_was_stopped_has_failed(shop: Shop, blue_green: BlueGreen) -> None:
    going = blue_green.deploy("web:2", settle=10)
    blue_green.codedeploy.stop_deployment(deploymentId=going)
    shop.sim.advance(60)
    run = shop.wait(deployment=going)
    assert (run.failed, run.outcome) == (True, "failed")
    assert f"deployment {going} of web:2 was stopped before it was complete" in run.message


def test_check_mode_looks_once(shop: Shop, blue_green: BlueGreen) -> None:
    blue_green.deploy("web:2", settle=10)
    run = shop.wait(check_mode=True)
    assert (run.failed, run.outcome) == (False, "in_progress")


def test_an_id_that_there_is_not(shop: Shop, blue_green: BlueGreen) -> None:
    blue_green.deploy("web:2")
    run = shop.wait(deployment="d-ABCDEFGHI")
    assert (run.failed, run.outcome) == (True, "refused")
    assert "there is no deployment d-ABCDEFGHI of web, now or in its history" in run.message


def test_what_nobody_may_see_is_not_rolled_back_on_a_guess(shop: Shop, blue_green: BlueGreen) -> None:
    blue_green.deploy("web:2")
    shop.on_line(lambda line: shop.deny("BatchGetDeployments") if "create_deployment accepted" in line else None)
    run = shop.release(3, rollback_events=FAILURE, wait_timeout=60)
    assert (run.failed, run.outcome, run.only["event"]) == (True, "lost_contact", None), run.message
    assert "needs the permission codedeploy:BatchGetDeployments" in run.message
    assert run.writes == ["CreateDeployment"]


def test_a_stop_without_a_rollback_wins_over_the_events_and_is_reported(shop: Shop, blue_green: BlueGreen) -> None:
    """The traffic had not shifted, so that there is nothing to go back from."""
    blue_green.deploy("web:2")
    stop_when(shop, blue_green, "0/2 on web:3", autoRollbackEnabled=False)
    run = shop.release(3, rollback_events=ON_REQUEST)
    assert (run.failed, run.outcome, run.only["rolled_back_by"]) == (True, "rolled_back", None), run.message
    assert "CodeDeploy made no deployment to roll it back, and the service is on web:2" in run.message
    assert blue_green.sets()["PRIMARY"] == "web:2"


def test_a_stop_without_a_rollback_after_the_traffic_has_shifted_is_undone_by_the_run(
    shop: Shop, blue_green: BlueGreen
) -> None:
    blue_green.deploy("web:2")

    def stop(line: str) -> None:
        if "2/2 on web:3" in line and blue_green.sets()["PRIMARY"] == "web:3":
            newest = blue_green.listed()[0]
            if blue_green.status(newest) == "InProgress":
                blue_green.codedeploy.stop_deployment(deploymentId=newest, autoRollbackEnabled=False)

    shop.on_line(stop)
    run = shop.release(3, rollback_events=ON_REQUEST)
    assert (run.failed, run.outcome, run.only["event"]) == (True, "rolled_back", "DEPLOYMENT_STOP_ON_REQUEST"), (
        run.message
    )
    assert (short(run.only["rolled_back_to"]), run.only["rolled_back_by"]) == ("web:2", "lastgood")
    assert blue_green.sets()["PRIMARY"] == "web:2"
