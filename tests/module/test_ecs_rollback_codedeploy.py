# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module ecs_rollback, in process, against the simulator: services that CodeDeploy deploys."""

from __future__ import annotations

import json
import typing as t

import pytest

from tests.module.code_deploy import ALARMS, EVENTS, FINISHED, SHIFTED, BlueGreen, appspec, content
from tests.module.services import NEVER_STARTS, Shop


@pytest.fixture
def blue_green(shop: Shop) -> BlueGreen:
    return BlueGreen(shop)


# -- finished


def test_a_finished_deployment_goes_back_by_a_deployment_of_the_last_good_appspec(
    shop: Shop, blue_green: BlueGreen
) -> None:
    blue_green.create()
    hooks = json.loads(appspec("web:2"))
    hooks["Hooks"] = [{"AfterInstall": "check"}]
    blue_green.deploy("web:2", revision=content(json.dumps(hooks)))
    blue_green.deploy("web:3")
    run = shop.rollback(reason="500s since 13:52")
    assert (run.outcome, run.only["method"], run.target) == ("rolled_back", "codedeploy_deployment", "web:2")
    assert blue_green.sets() == {"PRIMARY": "web:2"}
    (sent,) = run.sent("CreateDeployment")
    assert sent["revision"]["appSpecContent"]["content"] == json.dumps(hooks)
    assert sent["description"].startswith("500s since 13:52 (lastgood.aws rollback web:3 to web:2, run ")
    assert not {"deploymentConfigName", "overrideAlarmConfiguration", "autoRollbackConfiguration"} & set(sent)
    assert run.writes == ["CreateDeployment", "TagResource", "TagResource"]


def test_the_second_run_finds_the_work_done(shop: Shop, blue_green: BlueGreen) -> None:
    blue_green.bad_release()
    shop.rollback()
    shop.later()
    run = shop.rollback()
    assert (run.outcome, run.writes) == ("unchanged", [])
    assert "already rolled back from web:3 to web:2" in run.message


def test_a_run_right_after_another_one_only_tags_again(shop: Shop, blue_green: BlueGreen) -> None:
    """It neither sees the end of the other one's record, nor finds its deployment in the list."""
    blue_green.bad_release()
    shop.sim.late("ecs:Tags", seconds=600)
    shop.sim.late("codedeploy:ListDeployments", seconds=600)
    shop.rollback()
    run = shop.rollback()
    assert (run.failed, blue_green.sets()) == (False, {"PRIMARY": "web:2"})
    assert set(run.writes) <= {"TagResource"}


def test_without_marks_the_second_run_finds_the_work_done_by_the_history(shop: Shop, blue_green: BlueGreen) -> None:
    blue_green.bad_release()
    shop.rollback(mark=False)
    run = shop.rollback(mark=False)
    assert (run.outcome, run.writes) == ("unchanged", [])
    assert "already rolled back from web:3 to web:2 by a deployment of this tool" in run.message


def test_serving_returns_while_the_original_task_set_still_stands(shop: Shop, blue_green: BlueGreen) -> None:
    blue_green.bad_release()
    run = shop.rollback(wait_until="serving")
    assert (run.outcome, blue_green.sets()) == ("rolled_back", {"PRIMARY": "web:2", "ACTIVE": "web:3"})
    assert run.only["timings"]["ended"] < 60


def test_stable_is_reached_although_the_group_lets_the_original_task_set_stand(
    shop: Shop, blue_green: BlueGreen
) -> None:
    blue_green.create(desired=2)
    blue_green.regroup(keep=True)
    blue_green.deploy("web:2")
    blue_green.deploy("web:3")
    run = shop.rollback()
    assert run.outcome == "rolled_back"
    assert blue_green.sets()["PRIMARY"] == "web:2"


def test_a_version_that_codedeploy_never_deployed_gets_the_appspec_of_another(
    shop: Shop, blue_green: BlueGreen
) -> None:
    blue_green.bad_release()
    run = shop.rollback(revision="1")
    assert (run.outcome, blue_green.sets()) == ("rolled_back", {"PRIMARY": "web:1"})
    assert "no deployment of web:1 is on record: the AppSpec file of web:3 is used" in run.finding("appspec")["message"]


def test_a_service_that_codedeploy_never_deployed_to_gets_an_appspec_of_its_own(
    shop: Shop, blue_green: BlueGreen
) -> None:
    blue_green.create()
    run = shop.rollback(revision="web:2")
    assert (run.outcome, blue_green.sets()) == ("rolled_back", {"PRIMARY": "web:2"})
    assert "made from the service's load balancer" in run.finding("appspec")["message"]


def test_an_appspec_in_yaml_is_read_and_sent_word_for_word(shop: Shop, blue_green: BlueGreen) -> None:
    blue_green.create()
    task_definition = json.loads(appspec("web:2"))["Resources"][0]["TargetService"]["Properties"]["TaskDefinition"]
    text = f"""version: 0.0
Resources:
  - TargetService:
      Type: AWS::ECS::Service
      Properties:
        TaskDefinition: "{task_definition}"
        LoadBalancerInfo:
          ContainerName: app
          ContainerPort: 80
"""
    blue_green.deploy("web:2", revision=content(text))
    blue_green.deploy("web:3")
    run = shop.rollback()
    assert (run.outcome, run.target) == ("rolled_back", "web:2")
    assert run.sent("CreateDeployment")[0]["revision"]["appSpecContent"]["content"] == text


def test_steps_back_and_as_of(shop: Shop, blue_green: BlueGreen) -> None:
    blue_green.create(versions=4)
    for number in (2, 3, 4):
        blue_green.deploy(f"web:{number}")
    assert shop.info(steps_back=2).only["target"]["task_definition"].endswith("web:2")
    run = shop.rollback(steps_back=2)
    assert (run.outcome, blue_green.sets()) == ("rolled_back", {"PRIMARY": "web:2"})


def test_the_only_version_on_record_is_refused_with_what_can_be_done(shop: Shop, blue_green: BlueGreen) -> None:
    blue_green.create()
    blue_green.deploy("web:2")
    run = shop.rollback()
    assert (run.outcome, run.writes) == ("refused", [])
    assert "holds no good version besides web:2" in run.message
    assert "Name one with revision" in run.message


def test_check_mode_reads_and_writes_nothing(shop: Shop, blue_green: BlueGreen) -> None:
    blue_green.bad_release()
    run = shop.rollback(check_mode=True)
    assert (run.outcome, run.writes) == ("planned", [])
    assert run.message == "[web] planned: web:3 → web:2 by codedeploy_deployment; nothing was written"


def test_a_container_that_the_target_does_not_have_is_refused(shop: Shop, blue_green: BlueGreen) -> None:
    blue_green.bad_release()
    shop.world.register("web", "registry/web:4", name="other")
    run = shop.rollback(revision="4")
    assert (run.outcome, run.writes) == ("refused", [])
    assert "sends traffic to container app, which web:4 does not have" in run.message


# -- options


def test_fast_takes_the_configuration_without_steps(shop: Shop, blue_green: BlueGreen) -> None:
    blue_green.create(deploymentConfigName="CodeDeployDefault.ECSLinear10PercentEvery1Minutes")
    blue_green.deploy("web:2", settle=900)
    blue_green.deploy("web:3", settle=900)
    run = shop.rollback(fast=True, wait_until="serving")
    assert run.sent("CreateDeployment")[0]["deploymentConfigName"] == "CodeDeployDefault.ECSAllAtOnce"
    assert run.only["timings"]["ended"] < 60


def test_a_linear_shift_is_shown_and_not_called_serving_before_it_is_over(shop: Shop, blue_green: BlueGreen) -> None:
    blue_green.create(deploymentConfigName="CodeDeployDefault.ECSLinear10PercentEvery1Minutes")
    blue_green.deploy("web:2", settle=900)
    blue_green.deploy("web:3", settle=900)
    run = shop.rollback(wait_until="serving")
    assert run.outcome == "rolled_back"
    assert run.only["timings"]["ended"] > 250
    assert any("AllowTraffic, 50 % of the traffic on web:2" in line for line in run.lines)


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        (None, None),
        ([], {"enabled": False, "events": []}),
        (EVENTS[:1], {"enabled": True, "events": EVENTS[:1]}),
        (["deployment_stop_on_alarm"], {"enabled": True, "events": ["DEPLOYMENT_STOP_ON_ALARM"]}),
    ],
)
def test_rollback_events_are_those_of_the_new_deployment(
    shop: Shop, blue_green: BlueGreen, given: list[str] | None, sent: dict[str, object] | None
) -> None:
    blue_green.bad_release()
    run = shop.rollback(rollback_events=given, wait=False)
    assert run.outcome == "started"
    assert run.sent("CreateDeployment")[0].get("autoRollbackConfiguration") == sent


def test_a_rollback_event_that_there_is_not_is_refused_before_anything_is_read(shop: Shop) -> None:
    run = shop.rollback(rollback_events=["DEPLOYMENT_LATE"])
    assert (run.failed, run.operations) == (True, [])
    assert "'DEPLOYMENT_LATE' is not one of CodeDeploy's events" in run.message


def test_rollback_events_of_a_service_that_ecs_deploys_are_not_used(shop: Shop) -> None:
    shop.bad_release()
    run = shop.rollback(rollback_events=EVENTS[:1])
    assert run.outcome == "rolled_back"
    assert "the deployment controller ECS" in run.finding("rollback_events")["message"]


@pytest.mark.parametrize(("tasks", "at_once"), [(4, True), (1, False)])
def test_more_tasks_are_set_with_the_deployment_and_fewer_after_it(
    shop: Shop, blue_green: BlueGreen, tasks: int, at_once: bool
) -> None:
    blue_green.bad_release()
    run = shop.rollback(tasks=tasks)
    assert (run.outcome, run.moves) == ("rolled_back", ["CreateDeployment", "UpdateService"])
    sent = run.operations
    assert ("BatchGetDeployments" not in sent[sent.index("CreateDeployment") : sent.index("UpdateService")]) is at_once
    assert (shop.service()["desiredCount"], shop.service()["runningCount"]) == (tasks, tasks)


def test_tasks_that_may_not_be_set_do_not_hold_the_rollback_up(shop: Shop, blue_green: BlueGreen) -> None:
    blue_green.bad_release()
    shop.deny("UpdateService")
    run = shop.rollback(tasks=4)
    assert (run.outcome, shop.service()["desiredCount"]) == ("rolled_back", 2)
    assert all("ecs:UpdateService" in finding["message"] for finding in run.findings("tasks"))
    assert run.findings("tasks")


def test_a_wait_that_is_too_short_for_the_group_is_told_beforehand(shop: Shop, blue_green: BlueGreen) -> None:
    blue_green.create()
    blue_green.regroup(wait=60)
    blue_green.deploy("web:2", settle=2400)
    blue_green.deploy("web:3", settle=2400)
    run = shop.rollback()
    assert (run.outcome, blue_green.sets()["PRIMARY"]) == ("timeout", "web:2")
    assert "keeps the original task set for 60 minutes" in run.finding("termination_wait")["message"]
    assert shop.rollback(wait_until="serving").outcome == "rolled_back"


def test_a_copy_of_a_deregistered_target_takes_its_place_in_the_appspec(shop: Shop, blue_green: BlueGreen) -> None:
    blue_green.bad_release()
    shop.deregister("web:2")
    assert shop.rollback(revision="2").outcome == "refused"
    run = shop.rollback(revision="2", pin_images="always")
    assert (run.outcome, run.target, blue_green.sets()) == ("rolled_back", "web:4", {"PRIMARY": "web:4"})
    assert run.only["copy_of"].endswith("web:2")


# -- alarms


def test_alarms_that_are_firing_are_ignored_for_this_one_deployment(shop: Shop, blue_green: BlueGreen) -> None:
    blue_green.create(alarmConfiguration=ALARMS)
    blue_green.deploy("web:2")
    blue_green.deploy("web:3")
    blue_green.alarm("ALARM")
    run = shop.rollback()
    assert (run.outcome, blue_green.sets()) == ("rolled_back", {"PRIMARY": "web:2"})
    assert run.sent("CreateDeployment")[0]["overrideAlarmConfiguration"] == {"enabled": False}
    assert run.finding("alarms")["severity"] == "warn"
    assert "errors of deployment group web is in ALARM now" in run.finding("alarms")["message"]


def test_only_the_alarm_that_is_firing_is_ignored(shop: Shop, blue_green: BlueGreen) -> None:
    both = {"enabled": True, "alarms": [{"name": "errors"}, {"name": "latency"}]}
    blue_green.create(alarmConfiguration=both)
    blue_green.deploy("web:2")
    blue_green.deploy("web:3")
    blue_green.alarm("ALARM")
    run = shop.rollback()
    assert (run.outcome, blue_green.sets()) == ("rolled_back", {"PRIMARY": "web:2"})
    sent = run.sent("CreateDeployment")[0]["overrideAlarmConfiguration"]
    assert sent == {"enabled": True, "alarms": [{"name": "latency"}]}


def test_alarms_that_are_quiet_stay_in_force(shop: Shop, blue_green: BlueGreen) -> None:
    blue_green.create(alarmConfiguration=ALARMS)
    blue_green.alarm("OK")
    blue_green.deploy("web:2")
    blue_green.deploy("web:3")
    run = shop.rollback(wait_until="serving")
    assert "overrideAlarmConfiguration" not in run.sent("CreateDeployment")[0]
    assert run.findings("alarms") == []


def test_alarms_that_may_not_be_read_are_told_as_unknown(shop: Shop, blue_green: BlueGreen) -> None:
    # In the simulator CodeDeploy cannot read them either, and would stop the deployment.
    blue_green.create(alarmConfiguration={**ALARMS, "ignorePollAlarmFailure": True})
    blue_green.deploy("web:2")
    blue_green.deploy("web:3")
    shop.deny("DescribeAlarms")
    run = shop.rollback(wait_until="serving")
    assert (run.outcome, run.finding("alarms")["severity"]) == ("rolled_back", "unknown")
    assert "cloudwatch:DescribeAlarms" in run.finding("alarms")["message"]


def test_where_the_override_is_denied_the_other_permission_is_named(shop: Shop, blue_green: BlueGreen) -> None:
    blue_green.create(alarmConfiguration=ALARMS)
    blue_green.deploy("web:2")
    blue_green.deploy("web:3")
    blue_green.alarm("ALARM")
    shop.deny("CreateDeployment")
    run = shop.rollback()
    assert (run.outcome, blue_green.sets()) == ("refused", {"PRIMARY": "web:3"})
    assert "codedeploy:CreateDeployment" in run.message
    assert "also needs codedeploy:UpdateDeploymentGroup" in run.message


# -- running


@pytest.mark.parametrize("settle", [1, 20, SHIFTED])
def test_a_running_deployment_is_stopped_and_its_rollback_followed(
    shop: Shop, blue_green: BlueGreen, settle: float
) -> None:
    bad = blue_green.bad_release(settle=settle)
    run = shop.rollback(reason="500s")
    assert (run.outcome, run.only["method"], run.target) == ("rolled_back", "codedeploy_stop", "web:2")
    assert blue_green.sets() == {"PRIMARY": "web:2"}
    assert run.writes == ["TagResource", "StopDeployment", "TagResource", "TagResource"]
    assert run.sent("StopDeployment") == [{"deploymentId": bad, "autoRollbackEnabled": True}]
    assert run.only["timings"]["ended"] < 60
    shop.later()
    assert (shop.rollback().outcome, shop.rollback(mark=False).outcome) == ("unchanged", "unchanged")


def test_the_first_deployment_of_all_goes_back_to_the_task_set_that_was_there(
    shop: Shop, blue_green: BlueGreen
) -> None:
    """CodeDeploy has nothing to deploy again then, and only returns the traffic."""
    blue_green.create()
    blue_green.deploy("web:2", settle=SHIFTED)
    run = shop.rollback()
    assert (run.outcome, run.only["method"], blue_green.sets()) == (
        "rolled_back",
        "codedeploy_stop",
        {"PRIMARY": "web:1"},
    )
    assert "the service was created with it" in run.only["target_why"]
    assert shop.rollback(mark=False).outcome == "unchanged"


def test_a_rollback_that_codedeploy_runs_already_is_followed(shop: Shop, blue_green: BlueGreen) -> None:
    bad = blue_green.bad_release(settle=SHIFTED)
    blue_green.codedeploy.stop_deployment(deploymentId=bad, autoRollbackEnabled=True)
    shop.sim.advance(5)
    run = shop.rollback()
    assert (run.outcome, run.only["method"], run.target) == ("rolled_back", "adopt", "web:2")
    assert "StopDeployment" not in run.writes
    assert shop.tags("web:3")["lastgood:bad"]


def test_somebody_s_deployment_of_the_target_is_followed(shop: Shop, blue_green: BlueGreen) -> None:
    blue_green.bad_release()
    blue_green.deploy("web:2", settle=10)
    run = shop.rollback()
    assert (run.outcome, run.only["method"], blue_green.sets()) == ("rolled_back", "adopt", {"PRIMARY": "web:2"})
    assert "CreateDeployment" not in run.writes


def test_a_deployment_that_waits_for_somebody_is_stopped(shop: Shop, blue_green: BlueGreen) -> None:
    blue_green.create()
    blue_green.deploy("web:2")
    blue_green.regroup(ready="STOP_DEPLOYMENT")
    bad = blue_green.deploy("web:3", settle=SHIFTED)
    assert blue_green.status(bad) == "Ready"
    assert shop.info().only["in_flight"]["status_reason"] == "it waits for ContinueDeployment"
    run = shop.rollback(revision="2")
    assert (run.outcome, run.only["method"], blue_green.sets()) == (
        "rolled_back",
        "codedeploy_stop",
        {"PRIMARY": "web:2"},
    )


def test_our_own_deployment_waits_for_somebody_too_and_says_so(shop: Shop, blue_green: BlueGreen) -> None:
    blue_green.create()
    blue_green.deploy("web:2")
    blue_green.deploy("web:3")
    blue_green.codedeploy.update_deployment_group(
        applicationName="shop",
        currentDeploymentGroupName="web",
        blueGreenDeploymentConfiguration={
            "terminateBlueInstancesOnDeploymentSuccess": {"action": "TERMINATE", "terminationWaitTimeInMinutes": 5},
            "deploymentReadyOption": {"actionOnTimeout": "STOP_DEPLOYMENT", "waitTimeInMinutes": 60},
        },
    )
    run = shop.rollback(wait_timeout=120)
    assert (run.outcome, blue_green.sets()["PRIMARY"]) == ("timeout", "web:3")
    assert "Ready, waiting for somebody's ContinueDeployment" in run.message
    assert "ContinueDeployment" not in run.operations


def test_a_running_deployment_is_left_alone_when_that_is_asked_for(shop: Shop, blue_green: BlueGreen) -> None:
    bad = blue_green.bad_release(settle=SHIFTED)
    run = shop.rollback(in_flight="refuse")
    assert (run.outcome, run.writes) == ("refused", [])
    assert f"deployment {bad} to web:3 is running" in run.message


# -- what codedeploy did by itself


def test_a_service_that_codedeploy_rolled_back_is_unchanged(shop: Shop, blue_green: BlueGreen) -> None:
    blue_green.create(autoRollbackConfiguration={"enabled": True, "events": EVENTS})
    blue_green.deploy("web:2")
    shop.broken("web:3")
    shop.sim.timings(replacement_timeout=120)
    blue_green.deploy("web:3")
    assert blue_green.sets() == {"PRIMARY": "web:2"}
    run = shop.rollback()
    assert (run.outcome, run.writes) == ("unchanged", [])
    assert "CodeDeploy itself rolled it back from web:3 to web:2" in run.message


def test_a_failed_deployment_that_was_not_rolled_back_left_the_service_where_it_was(
    shop: Shop, blue_green: BlueGreen
) -> None:
    blue_green.create()
    blue_green.deploy("web:2")
    shop.broken("web:3")
    shop.sim.timings(replacement_timeout=120)
    blue_green.deploy("web:3")
    run = shop.rollback()
    assert (run.outcome, run.writes) == ("unchanged", [])
    assert "the last deployment, of web:3, ended at" in run.message
    assert "it stayed on web:2" in run.message
    (bad,) = [c for c in shop.info(force=["again"]).only["candidates"] if c["task_definition"].endswith("web:3")]
    assert (bad["verdict"], "its deployment failed at" in bad["why"]) == ("bad", True)


def test_a_deployment_that_failed_with_its_traffic_shifted_is_left(shop: Shop, blue_green: BlueGreen) -> None:
    blue_green.create()
    blue_green.deploy("web:2")
    bad = blue_green.deploy("web:3", settle=SHIFTED)
    blue_green.codedeploy.stop_deployment(deploymentId=bad, autoRollbackEnabled=False)
    shop.sim.advance(60)
    assert blue_green.sets()["PRIMARY"] == "web:3"
    run = shop.rollback()
    assert (run.outcome, run.only["method"]) == ("rolled_back", "codedeploy_deployment")
    assert blue_green.sets() == {"PRIMARY": "web:2"}


def test_a_version_that_codedeploy_rolled_back_is_never_the_target(shop: Shop, blue_green: BlueGreen) -> None:
    blue_green.create(versions=4, autoRollbackConfiguration={"enabled": True, "events": EVENTS})
    blue_green.deploy("web:2")
    shop.broken("web:3")
    shop.sim.timings(replacement_timeout=120)
    blue_green.deploy("web:3")
    blue_green.deploy("web:4")
    run = shop.rollback()
    assert (run.outcome, run.target) == ("rolled_back", "web:2")
    assert any("web:3: CodeDeploy rolled it back" in f["message"] for f in run.findings("left_out"))


# -- it goes wrong


def test_a_target_that_does_not_come_up_is_diagnosed_long_before_codedeploy_gives_up(
    shop: Shop, blue_green: BlueGreen
) -> None:
    blue_green.bad_release()
    shop.broken("web:2")
    run = shop.rollback()
    assert (run.outcome, blue_green.sets()["PRIMARY"]) == ("failed", "web:3")
    assert "CannotPullContainerError" in run.message
    assert "is still running in CodeDeploy; nothing was undone" in run.message
    assert "web is serving on web:3 with 2 of 2 tasks" in run.message
    assert run.only["timings"]["ended"] < 300
    assert "lastgood:bad" not in shop.tags("web:3")


def test_a_target_that_codedeploy_gives_up_is_told_with_the_lifecycle_event(shop: Shop, blue_green: BlueGreen) -> None:
    blue_green.create()
    text = json.loads(appspec("web:2"))
    text["Hooks"] = [{"BeforeAllowTraffic": "check"}]
    blue_green.deploy("web:2", revision=content(json.dumps(text)))
    blue_green.deploy("web:3")
    shop.sim.hook("check", "fail")
    run = shop.rollback()
    assert (run.outcome, blue_green.sets()["PRIMARY"]) == ("failed", "web:3")
    (event,) = run.only["diagnosis"]["lifecycle_events"]
    assert (event["event"], event["status"]) == ("BeforeAllowTraffic", "Failed")
    assert "HOOK_EXECUTION_FAILURE" in run.message


def test_a_rollback_that_somebody_stops_has_failed(shop: Shop, blue_green: BlueGreen) -> None:
    blue_green.bad_release()
    assert shop.rollback(wait=False).outcome == "started"
    shop.sim.advance(10)
    blue_green.codedeploy.stop_deployment(deploymentId=blue_green.listed()[0], autoRollbackEnabled=False)
    run = shop.rollback()
    assert (run.outcome, run.only["method"], blue_green.sets()["PRIMARY"]) == ("failed", "adopt", "web:3")
    assert "MANUAL_STOP" in run.message


def test_a_rollback_that_somebody_stopped_is_begun_anew(shop: Shop, blue_green: BlueGreen) -> None:
    blue_green.bad_release()
    shop.rollback(wait=False)
    blue_green.codedeploy.stop_deployment(deploymentId=blue_green.listed()[0], autoRollbackEnabled=False)
    shop.sim.advance(60)
    assert blue_green.sets() == {"PRIMARY": "web:3"}
    run = shop.rollback()
    assert (run.outcome, run.only["method"], run.target) == ("rolled_back", "codedeploy_deployment", "web:2")


def test_it_takes_longer_than_the_time_that_there_is(shop: Shop, blue_green: BlueGreen) -> None:
    blue_green.bad_release()
    run = shop.rollback(wait_timeout=60)
    assert run.outcome == "timeout"
    assert "waiting for the end of the original task set" in run.message
    assert shop.rollback().outcome == "rolled_back"


# -- races


def test_a_deployment_that_began_at_the_last_moment_refuses_with_its_id(shop: Shop, blue_green: BlueGreen) -> None:
    blue_green.create(versions=4)
    blue_green.deploy("web:2")
    blue_green.deploy("web:3")
    params = {"applicationName": "shop", "deploymentGroupName": "web", "revision": content(appspec("web:4"))}
    shop.sim.on("CreateDeployment", {"service": "codedeploy", "operation": "CreateDeployment", "params": params})
    run = shop.rollback()
    theirs = blue_green.listed()[0]
    assert (run.outcome, run.only["changed"]) == ("refused", False)
    assert f"somebody deployed web:4 (deployment {theirs})" in run.message


def test_two_runs_at_once_make_one_rollback(shop: Shop, blue_green: BlueGreen) -> None:
    """The other one's deployment, of the same target, is accepted just before ours: ours is to follow it."""
    blue_green.bad_release()
    params = {"applicationName": "shop", "deploymentGroupName": "web", "revision": content(appspec("web:2"))}
    shop.sim.on("CreateDeployment", {"service": "codedeploy", "operation": "CreateDeployment", "params": params})
    run = shop.rollback()
    assert (run.outcome, run.only["method"], blue_green.sets()) == ("rolled_back", "adopt", {"PRIMARY": "web:2"})
    assert len(blue_green.listed()) == 3


def test_a_deployment_that_finished_before_the_stop_is_planned_anew(shop: Shop, blue_green: BlueGreen) -> None:
    blue_green.bad_release(settle=SHIFTED)
    shop.meanwhile("StopDeployment", advance=FINISHED)
    run = shop.rollback()
    assert (run.outcome, run.only["method"]) == ("rolled_back", "codedeploy_deployment")
    assert blue_green.sets() == {"PRIMARY": "web:2"}


@pytest.mark.parametrize("kind", ["truncate", "empty", "drop"])
def test_a_lost_answer_to_create_deployment_is_found_again(shop: Shop, blue_green: BlueGreen, kind: str) -> None:
    """Where the client sends the request once more, the second one is refused because the first one was taken."""
    blue_green.bad_release()
    shop.sim.fail("CreateDeployment", kind=kind, after=True)
    run = shop.rollback()
    assert (run.outcome, run.only["changed"], len(blue_green.listed())) == ("rolled_back", True, 3)
    assert run.finding("answer_lost")["severity"] == "warn"


@pytest.mark.parametrize(
    ("options", "then"),
    [
        # Contact is lost while the deployment is still moving traffic, so the next run follows it to its end.
        ({"contact_timeout": 30}, ("rolled_back", "adopt")),
        # The deployment succeeds during the default of 300 seconds, and its description says whose it is.
        ({}, ("rolled_back", "adopt")),
    ],
)
def test_a_lost_answer_if_nobody_can_tell_whether_it_was_taken(
    shop: Shop, blue_green: BlueGreen, options: dict[str, t.Any], then: tuple[str, str]
) -> None:
    blue_green.bad_release()
    shop.sim.fail("CreateDeployment", kind="truncate", after=True)
    shop.sim.on("CreateDeployment", {"control": "fail", "params": {"operation": "ListDeployments", "times": None}})
    run = shop.rollback(**options)
    assert (run.outcome, run.only["changed"]) == ("lost_contact", True)
    assert "whether AWS applied it is not known" in run.message
    shop.sim.clear_failures()
    again = shop.rollback()
    assert (again.outcome, again.only["method"]) == then
    assert (blue_green.sets(), len(blue_green.listed())) == ({"PRIMARY": "web:2"}, 3)
    assert "CreateDeployment" not in again.writes


@pytest.mark.parametrize("kind", ["truncate", "drop"])
def test_a_lost_answer_to_stop_deployment(shop: Shop, blue_green: BlueGreen, kind: str) -> None:
    blue_green.bad_release(settle=SHIFTED)
    shop.sim.fail("StopDeployment", kind=kind, after=True)
    run = shop.rollback()
    assert (run.outcome, run.only["method"], blue_green.sets()) == (
        "rolled_back",
        "codedeploy_stop",
        {"PRIMARY": "web:2"},
    )


@pytest.mark.parametrize("settle", [SHIFTED, FINISHED])
def test_a_run_that_was_killed_is_finished_by_the_next_one(shop: Shop, blue_green: BlueGreen, settle: float) -> None:
    blue_green.bad_release(settle=settle)
    shop.killed(at_sleep=4)
    run = shop.rollback()
    assert (run.outcome, run.only["method"], blue_green.sets()) == ("rolled_back", "adopt", {"PRIMARY": "web:2"})
    assert not {"CreateDeployment", "StopDeployment"} & set(run.writes)
    assert shop.tags("web:3")["lastgood:bad"]


@pytest.mark.parametrize("mark", [True, False])
@pytest.mark.parametrize("named", [0, 20, 200])
def test_a_run_that_was_killed_before_the_rollback_had_an_id(
    shop: Shop, blue_green: BlueGreen, named: float, mark: bool
) -> None:
    """Stopped, and nothing says yet that it is rolled back: the rollback is waited for, and no second one is made."""
    blue_green.bad_release(settle=SHIFTED)
    shop.sim.timings(rollback_named=named)
    shop.killed(at_sleep=2, mark=mark)
    assert "rollbackInfo" not in blue_green.info(blue_green.listed()[0])
    run = shop.rollback(mark=mark)
    assert (run.outcome, run.only["method"], run.target) == ("rolled_back", "adopt", "web:2")
    assert blue_green.sets() == {"PRIMARY": "web:2"}
    assert [blue_green.info(d)["creator"] for d in blue_green.listed()] == ["codeDeployRollback", "user", "user"]


def test_somebody_s_stop_of_a_moment_ago_is_waited_for_too(shop: Shop, blue_green: BlueGreen) -> None:
    """The console's "Stop and roll back deployment" leaves no other trace."""
    bad = blue_green.bad_release(settle=SHIFTED)
    shop.sim.timings(rollback_started=40)
    blue_green.codedeploy.stop_deployment(deploymentId=bad, autoRollbackEnabled=True)
    shop.sim.advance(5)
    assert blue_green.status(bad) == "Stopped"
    run = shop.rollback()
    assert (run.outcome, run.only["method"], blue_green.sets()) == ("rolled_back", "adopt", {"PRIMARY": "web:2"})
    assert "CreateDeployment" not in run.writes


def test_where_no_rollback_comes_of_a_stop_one_is_made(shop: Shop, blue_green: BlueGreen) -> None:
    bad = blue_green.bad_release(settle=SHIFTED)
    blue_green.codedeploy.stop_deployment(deploymentId=bad, autoRollbackEnabled=False)
    shop.sim.advance(5)
    run = shop.rollback()
    assert (run.outcome, run.only["method"], run.target) == ("rolled_back", "codedeploy_deployment", "web:2")
    assert blue_green.sets() == {"PRIMARY": "web:2"}
    assert 55 < run.only["timings"]["accepted"] < 90


def test_a_run_that_was_killed_is_finished_although_its_deployment_has_ended_since(
    shop: Shop, blue_green: BlueGreen
) -> None:
    blue_green.bad_release()
    shop.killed(at_sleep=2)
    shop.sim.advance(FINISHED)
    run = shop.rollback()
    assert (run.outcome, run.only["method"], run.only["changed"]) == ("rolled_back", "adopt", True)
    shop.later()
    assert shop.rollback().outcome == "unchanged"


# -- finding the group


def test_a_group_is_found_although_the_deployment_of_the_task_set_tells_nothing(
    shop: Shop, blue_green: BlueGreen
) -> None:
    blue_green.create()
    run = shop.rollback(revision="2", wait=False)
    assert run.outcome == "started"
    assert {"ListApplications", "ListDeploymentGroups"} <= set(run.operations)


def test_with_the_deployment_of_the_task_set_no_other_group_is_looked_at(shop: Shop, blue_green: BlueGreen) -> None:
    blue_green.bad_release()
    run = shop.info()
    assert "ListApplications" not in run.operations
    assert {
        name: count for name, count in run.result["api_calls"].items() if "Deployment" in name or "Rev" in name
    } == {
        "BatchGetApplicationRevisions": 1,
        "BatchGetDeploymentGroups": 1,
        "BatchGetDeployments": 2,
        "ListDeployments": 1,
    }


def test_deployments_that_may_not_be_read(shop: Shop, blue_green: BlueGreen) -> None:
    blue_green.bad_release()
    shop.deny("BatchGetDeployments")
    run = shop.rollback()
    assert (run.outcome, run.writes) == ("refused", [])
    assert "codedeploy:BatchGetDeployments" in run.message


def test_many_services_are_read_together(shop: Shop, blue_green: BlueGreen) -> None:
    for name in ("web", "api"):
        blue_green.create(name=name)
        blue_green.deploy(f"{name}:2", settle=1)
    shop.sim.advance(FINISHED)
    for name in ("web", "api"):
        blue_green.deploy(f"{name}:3", settle=1)
    shop.sim.advance(FINISHED)
    run = shop.rollback("web", "api")
    assert run.outcomes == {"web": "rolled_back", "api": "rolled_back"}
    assert (blue_green.sets("web"), blue_green.sets("api")) == ({"PRIMARY": "web:2"}, {"PRIMARY": "api:2"})


def test_containers_that_never_start(shop: Shop, blue_green: BlueGreen) -> None:
    blue_green.bad_release()
    shop.broken("web:2", **NEVER_STARTS)
    run = shop.rollback()
    assert (run.outcome, blue_green.sets()["PRIMARY"]) == ("failed", "web:3")
    assert run.only["diagnosis"]["stopped_tasks"]


# -- what a version that was good proves when it fails


def test_a_version_that_failed_when_it_was_deployed_again_is_passed_by(shop: Shop, blue_green: BlueGreen) -> None:
    """web:2 succeeds, is deployed again, fails, and is not rolled back: the latest evidence counts."""
    blue_green.create()
    for version in ("web:1", "web:2"):
        blue_green.deploy(version)
    shop.broken("web:2", **NEVER_STARTS)
    assert blue_green.status(blue_green.deploy("web:2", settle=3900)) == "Failed"
    blue_green.deploy("web:3")
    run = shop.rollback()
    assert (run.outcome, run.target, blue_green.sets()) == ("rolled_back", "web:1", {"PRIMARY": "web:1"})
    assert run.finding("left_out")["message"].startswith("web:2: its deployment failed at ")
    assert run.findings("failed_since") == []


@pytest.mark.parametrize("after", [0.0, 3600.0], ids=["at once", "after its end"])
def test_killed_as_soon_as_the_deployment_was_created(shop: Shop, blue_green: BlueGreen, after: float) -> None:
    """Its description is the record: no tag was written before it."""
    blue_green.bad_release()
    shop.killed(at_sleep=1, reason="500s", deregister=True)
    assert shop.service_tags() == {}
    shop.sim.advance(after)
    run = shop.rollback(reason="500s", deregister=True)
    assert (run.outcome, run.only["method"], run.target) == ("rolled_back", "adopt", "web:2")
    assert "CreateDeployment" not in run.writes
    assert shop.tags("web:3")["lastgood:bad"].endswith("Z 500s")
    assert shop.status("web:3") == "INACTIVE"
    again = shop.rollback(reason="500s", deregister=True)
    assert (again.outcome, again.writes, again.only["unchanged_because"]) == ("unchanged", [], "already_rolled_back")
