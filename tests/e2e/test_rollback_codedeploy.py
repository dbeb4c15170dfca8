# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook lastgood.aws.rollback with services that CodeDeploy deploys."""

from __future__ import annotations

import typing as t

import pytest

from tests.e2e import play
from tests.e2e.code_deploy import CodeDeploy
from tests.e2e.conftest import Rollback
from tests.e2e.stage import Stage

ALARMS = {"enabled": True, "alarms": [{"name": "errors"}, {"name": "latency"}]}


def created(stage: Stage) -> dict[str, t.Any]:
    """The one request of the playbook for a deployment."""
    [asked] = [call["params"] for call in stage.control.log() if call["operation"] == "CreateDeployment"]
    return dict(asked)


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("", None),
        ("none", {"enabled": False, "events": []}),
        (
            "DEPLOYMENT_FAILURE,DEPLOYMENT_STOP_ON_ALARM",
            {"enabled": True, "events": ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"]},
        ),
    ],
)
def test_rollback_events_are_those_of_the_deployment(
    stage: Stage, rollback: Rollback, given: str, sent: dict[str, t.Any] | None
) -> None:
    """Of an empty string, as AWX sends one for a question left blank, nothing comes."""
    code_deploy = CodeDeploy(stage)
    code_deploy.deploy(2)
    code_deploy.deploy(3)
    stage.control.reset_calls()
    done = rollback(events=given, wait_until="serving")
    assert (done.rc, done.outcomes, code_deploy.primary()) == (0, {"web": "rolled_back"}, "web:2"), done.stdout
    assert created(stage).get("autoRollbackConfiguration") == sent


def test_an_event_that_does_not_exist_is_refused_with_those_that_do(stage: Stage, rollback: Rollback) -> None:
    code_deploy = CodeDeploy(stage)
    code_deploy.deploy(2)
    stage.control.reset_calls()
    done = rollback(events="DEPLOYMENT_LATE")
    assert (done.rc, stage.writes()) == (2, [])
    assert "not one of CodeDeploy's events. Give DEPLOYMENT_FAILURE" in " ".join(done.stdout.split())


def test_only_an_alarm_that_is_firing_is_ignored_and_that_is_said(stage: Stage, rollback: Rollback) -> None:
    """With the events on it could stop, and roll back, the very rollback."""
    code_deploy = CodeDeploy(stage, alarmConfiguration=ALARMS)
    stage.world.alarm("errors", "OK")
    stage.world.alarm("latency", "OK")
    code_deploy.deploy(2)
    code_deploy.deploy(3)
    stage.world.alarm("errors", "ALARM")
    stage.control.reset_calls()
    done = rollback(events="DEPLOYMENT_STOP_ON_ALARM", wait_until="serving")
    assert (done.rc, done.outcomes, code_deploy.primary()) == (0, {"web": "rolled_back"}, "web:2"), done.stdout
    asked = created(stage)
    assert asked["overrideAlarmConfiguration"] == {"enabled": True, "alarms": [{"name": "latency"}]}
    assert asked["autoRollbackConfiguration"] == {"enabled": True, "events": ["DEPLOYMENT_STOP_ON_ALARM"]}
    [said] = [finding for finding in done.of()["findings"] if finding["check"] == "alarms"]
    assert said["severity"] == "warn"
    assert "errors is ignored for this one deployment, and latency stays in force" in said["message"]


def test_a_revision_in_s3_is_deployed_again_from_there(stage: Stage, rollback: Rollback) -> None:
    code_deploy = CodeDeploy(stage)
    code_deploy.deploy(2, bucket="good")
    code_deploy.deploy(3, bucket="bad")
    stage.control.reset_calls()
    done = rollback(wait_until="serving")
    assert (done.rc, done.outcomes, code_deploy.primary()) == (0, {"web": "rolled_back"}, "web:2"), done.stdout
    assert created(stage)["revision"]["s3Location"]["bucket"] == "good"


def test_a_deployment_that_is_in_the_way_is_stopped_first(stage: Stage, rollback: Rollback) -> None:
    code_deploy = CodeDeploy(stage)
    code_deploy.deploy(2)
    stage.control.timings(slow_start=6000)
    stopped = code_deploy.deploy(3, "slow", settle=30)
    stage.control.reset_calls()
    planned = rollback("--check", revision="1")
    assert (planned.rc, stage.writes()) == (0, []), planned.stdout
    assert play.named(planned.published["rollback_plan"], "web")["outcome"] == "planned"
    done = rollback(revision="1", wait_until="serving")
    assert (done.rc, done.outcomes, code_deploy.primary()) == (0, {"web": "rolled_back"}, "web:1"), done.stdout
    assert stage.writes()[:3] == ["TagResource", "StopDeployment", "CreateDeployment"]
    assert code_deploy.status(stopped) == "Stopped"
