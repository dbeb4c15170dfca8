# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook for deployment groups as a user runs it: what CodeDeploy is asked for, what is said, how it ends."""

from __future__ import annotations

import json
import shlex
import typing as t
from pathlib import Path

import pytest

from tests.e2e import play
from tests.e2e.code_deploy import CodeDeploy
from tests.e2e.conftest import Rollback
from tests.e2e.fleet import EVENTS, NAMED, SCALING_GROUP, TAG, Fleet
from tests.e2e.function import Function
from tests.e2e.permissions import allowed, documented
from tests.e2e.stage import Stage
from tests.mailbox import Mailbox
from tests.world import REGION

ROLLS_BACK = {"enabled": True, "events": EVENTS}
ALARMS = {"enabled": True, "alarms": [{"name": "errors"}]}
_DENIED = {"operation": "DescribeAutoScalingGroups", "code": "AccessDenied", "times": 1}


@pytest.fixture
def fleet(stage: Stage) -> Fleet:
    """Three instances, whose deployment group rolls nothing back by itself."""
    return Fleet(stage)


# What succeeded and is bad.


def test_what_succeeded_and_is_bad_is_left_by_a_new_deployment(stage: Stage, fleet: Fleet, redeploy: Rollback) -> None:
    good, bad = fleet.story()
    first = redeploy(reason="500s since 13:52")
    assert first.rc == 0, first.stdout + first.stderr
    assert first.outcomes == {"prod": "rolled_back"}
    ours = first.of("prod")["deployment_id"]
    assert ours not in (good, bad)
    made = fleet.deployment(ours)
    assert (made["status"], made["creator"]) == ("Succeeded", "user")
    assert made["revision"] == fleet.deployment(good)["revision"]
    assert "500s since 13:52" in made["description"]
    assert fleet.on() == "web-1.zip"
    assert stage.writes() == ["CreateDeployment"]
    for part in ("web-2.zip", "web-1.zip", "last good", ours, "rolled_back"):
        assert part in first.stderr, first.stderr

    stage.control.reset_calls()
    again = redeploy()
    assert (again.rc, again.outcomes) == (0, {"prod": "unchanged"}), again.stdout
    assert (stage.writes(), again.of("prod")["deployment_id"]) == ([], ours)
    assert "already" in again.summary
    assert not [name for name, (_status, result) in again.tasks.items() if result.get("changed")]


def test_a_plan_is_made_in_check_mode(stage: Stage, fleet: Fleet, redeploy: Rollback) -> None:
    fleet.story()
    planned = redeploy("--check", "--diff")
    assert planned.rc == 0, planned.stdout
    assert stage.writes() == []
    plan = play.named(planned.published["rollback_plan"], "prod")
    assert plan["target"]["s3Location"]["key"] == "web-1.zip"
    assert "rollback_result" not in planned.published
    assert "nothing was written" in planned.summary


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ({"steps_back": "2"}, "web-1.zip"),
        ({"deployment_id": 0}, "web-1.zip"),
        ({"revision": "s3://bundles/web-1.zip"}, "web-1.zip"),
        ({}, "web-2.zip"),
    ],
)
def test_it_goes_where_it_is_sent(fleet: Fleet, redeploy: Rollback, chosen: dict[str, t.Any], expected: str) -> None:
    deployed = [fleet.deploy(version) for version in (1, 2, 3)]
    if "deployment_id" in chosen:
        chosen = {"deployment_id": deployed[chosen["deployment_id"]]}
    done = redeploy(**chosen)
    assert (done.rc, fleet.on()) == (0, expected), done.stdout


def test_as_of_so_long_ago_is_counted_once_and_must_have_passed(stage: Stage, fleet: Fleet, redeploy: Rollback) -> None:
    fleet.deploy(1)
    stage.control.advance(86400)
    fleet.deploy(2)
    stage.control.reset_calls()
    refused = redeploy(as_of="2099-01-01", suspend_auto_scaling="true")
    assert (refused.rc, refused.outcomes, stage.writes()) == (2, {"prod": "refused"}, []), refused.stdout
    assert "as_of 2099-01-01 names no zone and was taken as UTC, which is in the future" in refused.summary
    done = redeploy(as_of="-12h")
    assert (done.rc, done.outcomes, fleet.on()) == (0, {"prod": "rolled_back"}, "web-1.zip"), done.stdout
    look, acted = done.tasks["Look up what to go back to"][1], done.of("prod")
    assert (acted["target_source"], acted["as_of"]) == ("as_of", look["as_of"])


def test_every_variable_takes_text(stage: Stage, fleet: Fleet, redeploy: Rollback, tmp_path: Path) -> None:
    """As a job template sends them; an empty one means that it was not given."""
    fleet.story()
    report = tmp_path / "report.json"
    done = redeploy(
        region="",
        deployment_id="",
        revision="",
        as_of="",
        steps_back="1",
        in_flight="",
        force="false",
        file_exists_behavior="",
        events="",
        deployment_config="CodeDeployDefault.AllAtOnce",
        ignore_application_stop_failures="true",
        update_outdated_instances_only="false",
        override_alarms="",
        require_pinned="true",
        log_tail="false",
        reason="",
        wait="true",
        wait_timeout="600",
        suspend_auto_scaling="false",
        resume_auto_scaling="",
        report=str(report),
        notify_topic_arn="",
    )
    assert (done.rc, done.outcomes) == (0, {"prod": "rolled_back"}), done.stdout
    made = fleet.newest()
    assert (made["deploymentConfigName"], made["ignoreApplicationStopFailures"]) == (
        "CodeDeployDefault.AllAtOnce",
        True,
    )
    written = json.loads(report.read_text())
    assert play.named(written["deployment_groups"], "prod")["deployment_id"] == made["deploymentId"]
    assert (written["summary"], written["run_id"]) == (done.summary, done.published["rollback_run_id"])


# What CodeDeploy rolls back by itself.


def test_a_failed_deployment_that_codedeploy_rolled_back_is_left_alone(stage: Stage, redeploy: Rollback) -> None:
    """As the deployment group says, and with the revision of the last deployment that succeeded."""
    fleet = Fleet(stage, autoRollbackConfiguration=ROLLS_BACK)
    good = fleet.deploy(1)
    stage.control.bundle("web-2.zip", "fail", "AfterInstall")
    bad = fleet.deploy(2)
    rollback = fleet.deployment(bad)["rollbackInfo"]["rollbackDeploymentId"]
    made = fleet.deployment(rollback)
    assert (made["creator"], made["status"]) == ("codeDeployRollback", "Succeeded")
    assert made["revision"] == fleet.deployment(good)["revision"]
    stage.control.reset_calls()
    done = redeploy()
    assert (done.rc, done.outcomes, stage.writes()) == (0, {"prod": "unchanged"}, []), done.stdout
    assert done.of("prod")["deployment_id"] == rollback
    assert "CodeDeploy itself rolled it back" in done.summary


def test_an_alarm_beyond_its_threshold_rolls_back_and_that_is_left_alone(stage: Stage, redeploy: Rollback) -> None:
    fleet = Fleet(stage, autoRollbackConfiguration=ROLLS_BACK, alarmConfiguration=ALARMS)
    fleet.alarm(firing=False)
    fleet.deploy(1)
    bad = fleet.deploy(2, settle=12)
    fleet.alarm(firing=True)
    stage.pass_time(60)
    stopped = fleet.deployment(bad)
    assert (stopped["status"], stopped["errorInformation"]["code"]) == ("Stopped", "ALARM_ACTIVE")
    fleet.alarm(firing=False)
    stage.pass_time(600)
    done = redeploy()
    assert (done.rc, done.outcomes) == (0, {"prod": "unchanged"}), done.stdout
    assert done.of("prod")["deployment_id"] == stopped["rollbackInfo"]["rollbackDeploymentId"]
    assert fleet.on() == "web-1.zip"


def test_automatic_rollback_is_set_on_the_group(stage: Stage, fleet: Fleet, tmp_path: Path, redeploy: Rollback) -> None:
    """By a play, with alarms and a topic; the next bad deployment is then rolled back, and the topic is told."""
    mailbox = Mailbox(stage.world)
    playbook = tmp_path / "protect.yml"
    settings = {
        "application": "web",
        "deployment_group": "prod",
        "enabled": True,
        "notifications": [{"name": "on-call", "topic_arn": mailbox.topic, "events": ["DeploymentRollback"]}],
    }
    tasks = [{"name": "Protect", "lastgood.aws.codedeploy_auto_rollback": settings}]
    playbook.write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": tasks}]))
    first = play.run(stage.url, playbook)
    assert (first.rc, first.tasks["Protect"][1]["changed"]) == (0, True), first.stdout
    assert not play.run(stage.url, playbook).tasks["Protect"][1]["changed"]
    fleet.deploy(1)
    stage.control.bundle("web-2.zip", "fail", "ValidateService")
    bad = fleet.deploy(2)
    rollback = fleet.deployment(bad)["rollbackInfo"]["rollbackDeploymentId"]
    assert redeploy().outcomes == {"prod": "unchanged"}
    [mail] = mailbox.read()
    assert rollback in mail["Message"]


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ("", ROLLS_BACK),
        ("none", {"enabled": False, "events": []}),
        pytest.param([], {"enabled": False, "events": []}, marks=pytest.mark.long),
        ("DEPLOYMENT_FAILURE", {"enabled": True, "events": ["DEPLOYMENT_FAILURE"]}),
        pytest.param(EVENTS[:2], {"enabled": True, "events": EVENTS[:2]}, marks=pytest.mark.long),
    ],
)
def test_automatic_rollback_is_overridden_for_one_deployment(
    stage: Stage, redeploy: Rollback, events: object, expected: dict[str, t.Any]
) -> None:
    fleet = Fleet(stage, autoRollbackConfiguration=ROLLS_BACK)
    fleet.story()
    assert redeploy(events=events).rc == 0
    made = fleet.newest().get("autoRollbackConfiguration", {})
    assert {"enabled": made.get("enabled", False), "events": made.get("events", [])} == expected
    group = fleet.client.get_deployment_group(**NAMED)["deploymentGroupInfo"]
    assert group["autoRollbackConfiguration"] == ROLLS_BACK


def test_an_alarm_that_the_bad_revision_set_off_does_not_keep_the_good_one_out(
    stage: Stage, redeploy: Rollback
) -> None:
    fleet = Fleet(stage, alarmConfiguration=ALARMS)
    fleet.alarm(firing=False)
    fleet.story()
    fleet.alarm(firing=True)
    stage.control.reset_calls()
    refused = redeploy(override_alarms="false")
    assert refused.rc == 2
    done = redeploy()
    assert (done.rc, done.outcomes) == (0, {"prod": "rolled_back"}), done.stdout
    assert fleet.on() == "web-1.zip"
    assert fleet.newest()["overrideAlarmConfiguration"]


# What somebody does between the step that looks and the step that acts.


def test_what_somebody_deploys_in_between_is_left_alone(stage: Stage, redeploy: Rollback) -> None:
    fleet = Fleet(stage, scales=True)
    fleet.story()
    params = {**NAMED, "revision": fleet.bundle(3), "description": "release 3"}
    stage.control.on(
        "SuspendProcesses", {"service": "codedeploy", "operation": "CreateDeployment", "params": params}, "after"
    )
    stage.control.reset_calls()
    done = redeploy(suspend_auto_scaling="true", reason="500s since 13:52")
    assert (done.rc, done.outcomes) == (2, {"prod": "refused"}), done.stdout
    # That one is the pipeline's.
    assert (stage.writes().count("CreateDeployment"), stage.count("StopDeployment")) == (0, 0)
    assert fleet.newest()["description"] == "release 3"
    [why] = done.findings("plan_changed", "prod")
    for part in (fleet.newest()["deploymentId"], "web-3.zip", "release 3", "web-1.zip"):
        assert part in why
    assert why in done.summary
    assert "Nothing was" not in done.summary
    assert fleet.suspended() == set()


def test_what_was_asked_for_happens_or_the_run_stops_before_the_write(stage: Stage, redeploy: Rollback) -> None:
    """One read that is denied in the look-up must not end in a redeploy with auto scaling at work."""
    fleet = Fleet(stage, scales=True)
    fleet.story()
    for operation in ("BatchGetDeploymentGroups", "ListDeployments"):
        stage.control.fail(operation, "AccessDeniedException")
        stage.control.reset_calls()
        done = redeploy(suspend_auto_scaling="true")
        assert (done.rc, done.outcomes, stage.writes()) == (2, {"prod": "refused"}, []), done.stdout
        assert operation in done.summary


@pytest.mark.newest
def test_what_codedeploy_was_to_suspend_and_cannot_be_read_any_more_stops_the_run(
    stage: Stage, redeploy: Rollback
) -> None:
    """CodeDeploy was to suspend some of the processes: so says the look-up."""
    fleet = Fleet(stage, scales=True)
    fleet.story()
    stage.control.on("SuspendProcesses", {"control": "fail", "params": {**_DENIED}}, "after")
    stage.control.reset_calls()
    done = redeploy(suspend_auto_scaling="true")
    assert (done.rc, done.outcomes, stage.count("CreateDeployment")) == (2, {"prod": "refused"}, 0), done.stdout
    assert "CodeDeploy was to suspend AZRebalance, ScheduledActions, and would not now" in done.summary


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"wait_timeout": "0"}, "wait_timeout: 0 is not a number of seconds to wait"),
        ({"wait_timeout": "soon"}, "wait_timeout"),
        ({"events": "NEVER"}, "rollback_events: 'NEVER' is not one of CodeDeploy's events"),
    ],
)
def test_what_only_the_acting_step_takes_is_checked_before_anything_is_suspended(
    stage: Stage, redeploy: Rollback, options: dict[str, str], words: str
) -> None:
    Fleet(stage, scales=True).story()
    done = redeploy(suspend_auto_scaling="true", **options)
    assert (done.rc, stage.writes()) == (2, []), done.stdout
    assert words in done.summary


@pytest.mark.long
def test_the_oldest_core_hands_on_what_was_shown_too(stage: Stage) -> None:
    fleet = Fleet(stage, scales=True)
    fleet.story()
    play.set_up_oldest()
    env = play.environment(stage.url, play.OLDEST, ANSIBLE_STDOUT_CALLBACK="lastgood_test.probe.json_lines")
    given = {"application": "web", "deployment_group": "prod", "suspend_auto_scaling": "true"}
    named = play.arguments({f"rollback_{name}": value for name, value in given.items()})
    done = play.run_as_users_do(stage.url, [str(play.OLDEST / "ansible-playbook"), play.REDEPLOY, *named], env=env)
    assert (done.rc, done.outcomes, fleet.on()) == (0, {"prod": "rolled_back"}, "web-1.zip"), done.stdout + done.stderr
    assert fleet.suspended() == set()
    assert "WARNING" not in done.stderr


# What failed, and nobody rolled it back.


def test_a_failed_deployment_that_nobody_rolled_back(stage: Stage, fleet: Fleet, redeploy: Rollback) -> None:
    fleet.deploy(1)
    stage.control.bundle("web-2.zip", "fail", "ValidateService")
    bad = fleet.deploy(2)
    assert fleet.deployment(bad)["status"] == "Failed"
    done = redeploy()
    assert (done.rc, done.outcomes, fleet.on()) == (0, {"prod": "rolled_back"}, "web-1.zip"), done.stdout
    assert redeploy().outcomes == {"prod": "unchanged"}


def test_a_deployment_that_is_still_running_is_stopped(stage: Stage, fleet: Fleet, redeploy: Rollback) -> None:
    fleet.deploy(1)
    stage.control.bundle("web-2.zip", "hang", "ValidateService")
    bad = fleet.deploy(2, settle=30)
    assert fleet.deployment(bad)["status"] == "InProgress"
    stage.control.reset_calls()
    planned = redeploy("--check")
    assert (planned.rc, stage.writes()) == (0, []), planned.stdout
    refused = redeploy(in_flight="refuse")
    assert (refused.rc, refused.outcomes, stage.writes()) == (2, {"prod": "refused"}, [])
    assert bad in refused.messages[0]
    done = redeploy()
    assert (done.rc, done.outcomes) == (0, {"prod": "rolled_back"}), done.stdout
    assert (fleet.deployment(bad)["status"], fleet.on()) == ("Stopped", "web-1.zip")


def test_the_failed_revisions_own_script_need_not_end_well(stage: Stage, fleet: Fleet, redeploy: Rollback) -> None:
    """ApplicationStop is that of what was installed last, also where it was installed by a deployment that failed."""
    fleet.deploy(1)
    stage.control.bundle("web-2.zip", "fail", "ApplicationStop", script="scripts/stop.sh")
    fleet.deploy(2)
    failed = redeploy()
    assert (failed.rc, failed.outcomes) == (2, {"prod": "failed"}), failed.stdout
    assert "ignore_application_stop_failures" in failed.summary
    done = redeploy(ignore_application_stop_failures="true")
    assert (done.rc, fleet.on()) == (0, "web-1.zip"), done.stdout


def test_a_redeploy_that_fails_says_where_and_why(stage: Stage, fleet: Fleet, redeploy: Rollback) -> None:
    fleet.story()
    stage.control.bundle(
        "web-1.zip", "fail", "AfterInstall", script="scripts/install.sh", log="[stderr]no space left on device\n"
    )
    done = redeploy()
    assert (done.rc, done.outcomes) == (2, {"prod": "failed"}), done.stdout
    assert done.messages == [done.summary]
    told = json.dumps(done.of("prod")["diagnosis"])
    for part in ("AfterInstall", "scripts/install.sh", "ScriptFailed", "no space left on device"):
        assert part in told
    assert "AfterInstall" in done.summary


# The content option.


def test_the_content_option_of_the_good_deployment_is_used(fleet: Fleet, redeploy: Rollback) -> None:
    """As CodeDeploy's own rollbacks have that of the last deployment that succeeded."""
    fleet.story(fileExistsBehavior="RETAIN")
    assert redeploy().rc == 0
    assert fleet.newest()["fileExistsBehavior"] == "RETAIN"


@pytest.mark.parametrize(
    "option", ["disallow", "retain", *(pytest.param(word, marks=pytest.mark.long) for word in ("fail", "overwrite"))]
)
def test_the_content_option_can_be_given(fleet: Fleet, redeploy: Rollback, option: str) -> None:
    """disallow is what consoles and the guide call fail."""
    fleet.story(fileExistsBehavior="OVERWRITE")
    assert redeploy(file_exists_behavior=option).rc == 0
    assert fleet.newest()["fileExistsBehavior"] == {"fail": "DISALLOW"}.get(option, option.upper())


def test_what_a_redeploy_removes_is_told_before_it_begins(fleet: Fleet, redeploy: Rollback) -> None:
    """The cleanup file of the agent has what the last deployment installed."""
    fleet.story()
    planned = redeploy("--check")
    warnings = play.named(planned.published["rollback_plan"], "prod")["content_warnings"]
    assert "web-2.zip" in warnings[0]
    assert "removed first" in warnings[0]
    assert "Files that scripts made" in warnings[0]
    assert planned.tasks["Warn of what it does to files"][1]["msg"] == warnings


def test_the_trap_of_three_deployments_is_told_before_it_begins(stage: Stage, fleet: Fleet, redeploy: Rollback) -> None:
    """1 kept files (RETAIN), 2 overwrote them and failed, and going back to 1 with RETAIN does not keep them."""
    kept = fleet.deploy(1, fileExistsBehavior="RETAIN")
    stage.control.bundle("web-2.zip", "fail", "ValidateService")
    overwrote = fleet.deploy(2, fileExistsBehavior="OVERWRITE")
    done = redeploy()
    assert (done.rc, fleet.newest()["fileExistsBehavior"]) == (0, "RETAIN"), done.stdout
    [trap] = [text for text in done.of("prod")["content_warnings"] if overwrote in text and kept in text]
    assert "cannot bring back" in trap
    status, shown = done.tasks["Warn of what it does to files"]
    assert (status, trap in shown["msg"]) == ("ok", True)


# Auto scaling of the group's instances.


@pytest.mark.newest
@pytest.mark.parametrize("fails", [False, True])
def test_auto_scaling_is_suspended_meanwhile_and_put_back(stage: Stage, redeploy: Rollback, fails: bool) -> None:
    fleet = Fleet(stage, scales=True)
    fleet.story()
    fleet.scaling.suspend_processes(AutoScalingGroupName=SCALING_GROUP, ScalingProcesses=["AZRebalance"])
    if fails:
        stage.control.bundle("web-1.zip", "fail", "AfterInstall")
    stage.control.reset_calls()
    done = redeploy(suspend_auto_scaling="true")
    assert done.rc == (2 if fails else 0), done.stdout
    assert fleet.suspended() == {"AZRebalance"}
    writes = [name for name in stage.writes() if name in ("SuspendProcesses", "CreateDeployment", "ResumeProcesses")]
    assert writes == ["SuspendProcesses", "CreateDeployment", "ResumeProcesses"]
    # CodeDeploy takes what it can, and is not given what was suspended before.
    asked = {"autoScalingGroupProcessesToSuspend": ["ScheduledActions"]}
    assert done.of("prod")["suspended_by_codedeploy"] == ["ScheduledActions"]
    assert fleet.newest()["ec2DeploymentOptions"] == asked


def test_auto_scaling_is_put_back_although_it_could_not_be_recorded(stage: Stage, redeploy: Rollback) -> None:
    fleet = Fleet(stage, scales=True)
    fleet.story()
    fleet.scaling.suspend_processes(AutoScalingGroupName=SCALING_GROUP, ScalingProcesses=["AZRebalance"])
    stage.control.fail("CreateOrUpdateTags", "AccessDenied", times=None)
    stage.control.reset_calls()
    done = redeploy(suspend_auto_scaling="true")
    assert (done.rc, fleet.suspended()) == (0, {"AZRebalance"}), done.stdout
    assert "SuspendProcesses" in stage.writes()


def test_auto_scaling_is_left_suspended_where_that_was_asked_for(stage: Stage, redeploy: Rollback) -> None:
    fleet = Fleet(stage, scales=True)
    fleet.story()
    done = redeploy(suspend_auto_scaling="true", resume_auto_scaling="false")
    assert done.rc == 0, done.stdout
    assert fleet.suspended() == {"AZRebalance", "AlarmNotification", "ScheduledActions", "ReplaceUnhealthy"}
    assert "ec2DeploymentOptions" not in fleet.newest()
    [left] = done.published["rollback_still_suspended"]
    assert (left["resource_id"], left["recorded"], set(left["suspended"])) == (SCALING_GROUP, True, fleet.suspended())
    where = f"-e rollback_auto_scaling_groups={SCALING_GROUP} -e rollback_region={REGION}"
    restore = f"ansible-playbook lastgood.aws.restore_scaling {where}"
    assert done.summary.endswith(f" of {SCALING_GROUP}. Put it back with: {restore}")


@pytest.mark.newest
def test_what_cannot_be_put_back_is_said_with_what_puts_it_back(stage: Stage, tmp_path: Path) -> None:
    """What is recorded, and what CodeDeploy was to resume: each has a command that really puts it back."""
    fleet, mailbox, report = Fleet(stage, scales=True), Mailbox(stage.world), tmp_path / "report.json"
    fleet.story()
    fail = {"operation": "ResumeProcesses", "code": "AccessDenied", "times": None}
    stage.control.on("CreateDeployment", {"control": "fail", "params": fail}, "after")
    given = {"application": "web", "deployment_group": "prod", "suspend_auto_scaling": "true"}
    given |= {"report": str(report), "notify_topic_arn": mailbox.topic}

    def suspend() -> None:
        """CodeDeploy does not resume what it finds suspended when the deployment begins."""
        fleet.scaling.suspend_processes(AutoScalingGroupName=SCALING_GROUP, ScalingProcesses=["AZRebalance"])

    named = play.arguments({f"rollback_{name}": value for name, value in given.items()})
    done = play.run(stage.url, play.REDEPLOY, *named, between=suspend)
    assert (done.rc, done.outcomes) == (2, {"prod": "rolled_back"}), done.stdout
    left = done.published["rollback_still_suspended"]
    assert [(item["resource_id"], item["suspended"], item["recorded"]) for item in left] == [
        (SCALING_GROUP, ["AlarmNotification", "ReplaceUnhealthy"], True),
        (SCALING_GROUP, ["AZRebalance"], False),
    ]
    assert json.loads(report.read_text())["still_suspended"] == left
    assert done.summary.startswith("[prod] rolled_back: ")
    [mail] = mailbox.read()
    text = json.loads(mail["Message"])["still_suspended"]
    assert done.summary.endswith(text)
    assert "othing was changed" not in done.stdout + done.stderr

    stage.control.clear_failures()
    for command in text.partition("Put it back with: ")[2].split("; "):
        program, *options = shlex.split(command)
        put_back = play.run_as_users_do(stage.url, [str(play.BIN / program), *options])
        assert put_back.rc == 0, put_back.stdout + put_back.stderr
    assert fleet.suspended() == set()


# Telling somebody.


@pytest.mark.parametrize("fails", [False, True])
def test_somebody_is_told(stage: Stage, fleet: Fleet, redeploy: Rollback, fails: bool) -> None:
    mailbox = Mailbox(stage.world)
    fleet.story()
    if fails:
        stage.control.bundle("web-1.zip", "fail", "AfterInstall")
    done = redeploy(notify_topic_arn=mailbox.topic, reason="500s since 13:52")
    [mail] = mailbox.read()
    document = json.loads(mail["Message"])
    [item] = document["results"]
    outcome = "failed" if fails else "rolled_back"
    assert mail["Subject"] == f"{outcome}: web/prod web-2.zip -> web-1.zip"
    assert (document["outcome"], document["reason"], document["region"]) == (outcome, "500s since 13:52", REGION)
    assert document["run_id"] == done.published["rollback_run_id"]
    assert (item["application"], item["deployment_group"]) == ("web", "prod")
    assert item["deployment_id"] == done.of("prod")["deployment_id"]
    assert ("web-2.zip" in item["from"], "web-1.zip" in item["to"]) == (True, True)


# Blue/green, and instances that are not AWS's.


def test_blue_green_goes_back_to_new_instances(stage: Stage, redeploy: Rollback) -> None:
    """The original ones are gone by then, and auto scaling is none of its business."""
    fleet = blue_green(stage)
    good, _bad = fleet.deploy(1, settle=1800), fleet.deploy(2, settle=1800)
    done = redeploy(suspend_auto_scaling="true")
    assert (done.rc, done.outcomes, fleet.on()) == (0, {"prod": "rolled_back"}, "web-1.zip"), done.stdout
    made = fleet.newest()
    assert (made["deploymentStyle"]["deploymentType"], made["deploymentId"] != good) == ("BLUE_GREEN", True)
    assert done.of("prod")["content_warnings"] == []
    assert stage.count("SuspendProcesses") == 0
    assert redeploy().outcomes == {"prod": "unchanged"}


def test_blue_green_gives_the_traffic_back_while_the_original_instances_stand(stage: Stage, redeploy: Rollback) -> None:
    fleet = blue_green(stage)
    fleet.deploy(1, settle=1800)
    bad = fleet.deploy(2, settle=120)
    assert fleet.deployment(bad)["instanceTerminationWaitTimeStarted"]
    done = redeploy()
    assert (done.rc, done.outcomes) == (0, {"prod": "rolled_back"}), done.stdout
    assert fleet.deployment(bad)["status"] == "Stopped"
    assert (done.of("prod")["method"], stage.count("CreateDeployment")) == ("codedeploy_stop", 2)
    made = fleet.deployment(done.of("prod")["deployment_id"])
    assert (made["creator"], made["revision"]["s3Location"]["key"]) == ("codeDeployRollback", "web-1.zip")
    assert redeploy().outcomes == {"prod": "unchanged"}


def blue_green(stage: Stage) -> Fleet:
    """A deployment group that copies its Auto Scaling group, and ends the original one after ten minutes."""
    vpc = stage.world.client("ec2").describe_vpcs()["Vpcs"][0]["VpcId"]
    stage.world.client("elbv2").create_target_group(Name="web", Protocol="HTTP", Port=80, VpcId=vpc)
    return Fleet(
        stage,
        scales=True,
        deploymentConfigName="CodeDeployDefault.AllAtOnce",
        deploymentStyle={"deploymentType": "BLUE_GREEN", "deploymentOption": "WITH_TRAFFIC_CONTROL"},
        loadBalancerInfo={"targetGroupInfoList": [{"name": "web"}]},
        blueGreenDeploymentConfiguration={
            "terminateBlueInstancesOnDeploymentSuccess": {"action": "TERMINATE", "terminationWaitTimeInMinutes": 10},
            "greenFleetProvisioningOption": {"action": "COPY_AUTO_SCALING_GROUP"},
        },
    )


def test_instances_on_premises_go_back(stage: Stage, redeploy: Rollback) -> None:
    fleet = Fleet(stage, onPremisesInstanceTagFilters=[{**TAG, "Type": "KEY_AND_VALUE"}])
    user = "arn:aws:iam::123456789012:user/machine"
    fleet.client.register_on_premises_instance(instanceName="basement", iamUserArn=user)
    fleet.client.add_tags_to_on_premises_instances(instanceNames=["basement"], tags=[TAG])
    fleet.story()
    done = redeploy()
    assert (done.rc, done.outcomes, fleet.on()) == (0, {"prod": "rolled_back"}, "web-1.zip"), done.stdout
    targets = fleet.client.list_deployment_targets(deploymentId=done.of("prod")["deployment_id"])["targetIds"]
    assert ("basement" in targets, len(targets)) == (True, 4)


# The compute platforms ECS and Lambda.


def test_a_deployment_group_of_ecs_goes_back(stage: Stage, redeploy: Rollback) -> None:
    code_deploy = CodeDeploy(stage)
    good = code_deploy.deploy(2)
    code_deploy.deploy(3)
    assert code_deploy.primary() == "web:3"
    done = redeploy(application="shop", deployment_group="web")
    assert (done.rc, done.outcomes, code_deploy.primary()) == (0, {"web": "rolled_back"}, "web:2"), done.stdout
    assert done.of()["deployment_id"] != good
    assert redeploy(application="shop", deployment_group="web").outcomes == {"web": "unchanged"}


def test_a_deployment_group_of_lambda_goes_back(stage: Stage, redeploy: Rollback) -> None:
    """The AppSpec file of then moves the alias from where it was then, which is not where it is now."""
    function = Function(stage)
    function.deploy(1, 2)
    function.deploy(2, 3)
    assert function.alias() == ("3", {})
    done = redeploy(application="check")
    assert (done.rc, done.outcomes, function.alias()) == (0, {"prod": "rolled_back"}, ("2", {})), done.stdout
    assert redeploy(application="check").outcomes == {"prod": "unchanged"}


def test_a_function_that_is_on_two_versions_is_refused(stage: Stage, redeploy: Rollback) -> None:
    """As a deployment leaves it that somebody has stopped; CodeDeploy fails all further ones."""
    function = Function(stage)
    function.deploy(1, 2)
    function.deploy(2, 3)
    function.split("3", "2")
    stage.control.reset_calls()
    done = redeploy(application="check")
    assert (done.rc, done.outcomes, stage.writes()) == (2, {"prod": "refused"}, []), done.stdout
    assert "point the alias to one of them first" in done.summary


# What keeps it from beginning.


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"application": ""}, "No deployment group is named: give rollback_application and rollback_deployment_group"),
        ({"deployment_group": ""}, "No deployment group is named"),
        ({"deployment_group": "nosuch"}, "nosuch"),
        ({"application": "nosuch"}, "nosuch"),
        ({"deployment_id": "d-NOSUCH000"}, "d-NOSUCH000"),
        ({"steps_back": "9"}, "steps_back"),
        ({"in_flight": "supersede"}, "in_flight"),
        ({"wait": "false", "suspend_auto_scaling": "true"}, "auto scaling would come back while"),
        ({"notify_topic_arn": "on-call"}, "is not the ARN of an SNS topic"),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_is_written(
    stage: Stage, fleet: Fleet, redeploy: Rollback, variables: dict[str, object], expected: str
) -> None:
    fleet.story()
    done = redeploy(**variables)
    assert done.rc == 2
    assert expected in done.messages[0]
    assert stage.writes() == []


def test_the_first_statement_of_the_policy_is_enough(stage: Stage, fleet: Fleet) -> None:
    """Of the policy on the page. What could not be read for want of the second one is told."""
    fleet.deploy(1)
    stage.control.bundle("web-2.zip", "fail", "ValidateService")
    fleet.deploy(2)
    variables = {"rollback_application": "web", "rollback_deployment_group": "prod"}
    with allowed(stage, documented("codedeploy.md")) as credentials:
        done = play.run(stage.url, play.REDEPLOY, *play.arguments(variables), env=credentials)
    assert (done.rc, done.outcomes, fleet.on()) == (0, {"prod": "rolled_back"}, "web-1.zip"), done.stdout
    unknown = " ".join(found["message"] for found in done.of("prod")["findings"] if found["severity"] == "unknown")
    assert "s3:GetObject" in unknown


def test_the_names_of_an_ecspresso_file_are_used(
    stage: Stage, fleet: Fleet, redeploy: Rollback, tmp_path: Path
) -> None:
    fleet.story()
    config = tmp_path / "ecspresso.yml"
    names = "{application_name: web, deployment_group_name: prod, deployment_config_name: CodeDeployDefault.AllAtOnce}"
    config.write_text(f'region: {REGION}\ncluster: "{{{{ tfstate `c` }}}}"\ncodedeploy: {names}\n')
    done = redeploy(application="", deployment_group="", config=str(config))
    assert (done.rc, done.outcomes) == (0, {"prod": "rolled_back"}), done.stdout
    assert fleet.newest()["deploymentConfigName"] == "CodeDeployDefault.AllAtOnce"
