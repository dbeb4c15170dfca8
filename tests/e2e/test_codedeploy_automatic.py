# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""CodeDeploy rolls back by itself, as codedeploy_auto_rollback has told it, and tells somebody."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest

from tests.e2e import play
from tests.e2e.fleet import APPLICATION, GROUP, NAMED, TAG, Fleet, key
from tests.e2e.stage import Stage
from tests.mailbox import Mailbox

FAILURE, ALARM = "DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"
# Until the first instance has the revision, and others have not.
HALFWAY = 15.0


class Protect(t.Protocol):
    """The step of the user."""

    def __call__(self, *arguments: str, **options: object) -> dict[str, t.Any]:
        """Run it in a play of its own; returns the one entry of its result. ``arguments`` are ansible-playbook's."""


@pytest.fixture
def protect(stage: Stage, tmp_path: Path) -> Protect:
    """A play with codedeploy_auto_rollback, on the fleet's deployment group."""

    def run(*arguments: str, **options: object) -> dict[str, t.Any]:
        given = {"application": APPLICATION, "deployment_group": GROUP, **options}
        done = run_tasks(stage, tmp_path, arguments, {"lastgood.aws.codedeploy_auto_rollback": given})
        assert done.rc == 0, done.stdout + done.stderr
        [(_status, result)] = done.tasks.values()
        [item] = result["deployment_groups"]
        assert result["changed"] is item["changed"]
        return dict(item)

    return run


class Redeploy(t.Protocol):
    """The step of the user."""

    def __call__(self, **options: object) -> tuple[str, dict[str, t.Any]]:
        """Run it in a play of its own; returns status and result."""


@pytest.fixture
def redeploy(stage: Stage, tmp_path: Path) -> Redeploy:
    """A play with codedeploy_redeploy, on the fleet's deployment group."""

    def run(**options: object) -> tuple[str, dict[str, t.Any]]:
        given = {"application": APPLICATION, "deployment_group": GROUP, **options}
        [done] = run_tasks(stage, tmp_path, (), {"lastgood.aws.codedeploy_redeploy": given}).tasks.values()
        return done

    return run


def run_tasks(stage: Stage, folder: Path, arguments: t.Sequence[str], *tasks: dict[str, t.Any]) -> play.Play:
    """A playbook of these tasks, to its end."""
    named = [{"name": f"Task {number}", **task} for number, task in enumerate(tasks, 1)]
    playbook = folder / "playbook.yml"
    playbook.write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": named}]))
    return play.run(stage.url, playbook, *arguments)


@pytest.fixture
def mailbox(stage: Stage) -> Mailbox:
    """Where CodeDeploy is to write to."""
    return Mailbox(stage.world)


def told(mailbox: Mailbox, name: str = "on-call", **more: object) -> list[dict[str, object]]:
    """The option notifications."""
    return [{"name": name, "topic_arn": mailbox.topic, **more}]


def received(mailbox: Mailbox) -> list[dict[str, t.Any]]:
    """What CodeDeploy has said, in the order in which it said it."""
    return [json.loads(mail["Message"]) for mail in mailbox.read()]


def ended(fleet: Fleet, deployment: str) -> tuple[str, str]:
    """How a deployment ended, and the error code."""
    info = fleet.deployment(deployment)
    return info["status"], info.get("errorInformation", {}).get("code", "")


def rollback_of(fleet: Fleet, deployment: str) -> dict[str, t.Any]:
    """The deployment by which CodeDeploy has rolled this one back, which must point back to it."""
    rollback = fleet.deployment(fleet.deployment(deployment)["rollbackInfo"]["rollbackDeploymentId"])
    assert rollback["creator"] == "codeDeployRollback"
    assert rollback["rollbackInfo"]["rollbackTriggeringDeploymentId"] == deployment
    return rollback


def test_a_deployment_that_fails_is_rolled_back_and_that_is_told(
    stage: Stage, protect: Protect, redeploy: Redeploy, mailbox: Mailbox
) -> None:
    fleet = Fleet(stage)
    good = fleet.deploy(1)
    before = fleet.client.get_deployment_group(**NAMED)["deploymentGroupInfo"]
    item = protect(enabled=True, notifications=told(mailbox))
    assert (item["outcome"], item["findings"]) == ("updated", [])
    after = fleet.client.get_deployment_group(**NAMED)["deploymentGroupInfo"]
    assert after["autoRollbackConfiguration"] == {"enabled": True, "events": [FAILURE]}
    ours = ("autoRollbackConfiguration", "triggerConfigurations")
    kept = [{name: value for name, value in info.items() if name not in ours} for info in (before, after)]
    assert kept[0] == kept[1]
    assert received(mailbox) == []

    stage.control.bundle(key(2), "fail", event="AfterInstall")
    bad = fleet.deploy(2)
    assert ended(fleet, bad) == ("Failed", "HEALTH_CONSTRAINTS")
    rollback = rollback_of(fleet, bad)
    # A new deployment, with an id of its own, of what succeeded last.
    assert rollback["deploymentId"] not in (good, bad)
    assert (rollback["status"], fleet.on()) == ("Succeeded", key(1))

    failure, rolled_back = received(mailbox)
    assert (failure["deploymentId"], failure["status"]) == (bad, "Failed")
    assert rolled_back["deploymentId"] == rollback["deploymentId"]
    assert failure["eventTriggerName"] == rolled_back["eventTriggerName"] == "on-call"
    assert rolled_back["rollbackInformation"] == {"RollbackTriggeringDeploymentId": bad}

    # Neither what protects nor who goes back has anything left to do.
    stage.control.reset_calls()
    assert protect(enabled=True, notifications=told(mailbox))["outcome"] == "unchanged"
    _status, result = redeploy()
    assert (result["outcome"], result["deployment_id"]) == ("unchanged", rollback["deploymentId"])
    assert stage.writes() == []


def test_an_alarm_stops_a_deployment_and_it_is_rolled_back(
    stage: Stage, protect: Protect, redeploy: Redeploy, mailbox: Mailbox
) -> None:
    fleet = Fleet(stage)
    fleet.deploy(1)
    fleet.alarm(firing=False)
    stopped = told(mailbox, events=["DeploymentStop", "DeploymentRollback"])
    item = protect(enabled=True, alarms=["errors"], notifications=stopped)
    assert item["after"]["events"] == [FAILURE, ALARM]
    assert item["findings"] == []
    bad = fleet.deploy(2, settle=HALFWAY)
    fleet.alarm(firing=True)
    stage.pass_time(300)
    assert ended(fleet, bad) == ("Stopped", "ALARM_ACTIVE")
    rollback = rollback_of(fleet, bad)
    assert (rollback["status"], fleet.on()) == ("Succeeded", key(1))
    assert [message["deploymentId"] for message in received(mailbox)] == [bad, rollback["deploymentId"]]
    # The alarm still rings.
    _status, result = redeploy()
    assert (result["outcome"], result["deployment_id"]) == ("unchanged", rollback["deploymentId"])


def test_an_alarm_without_its_event_only_stops(stage: Stage, protect: Protect) -> None:
    fleet = Fleet(stage)
    fleet.deploy(1)
    fleet.alarm(firing=False)
    item = protect(enabled=True, events=[FAILURE], alarms="errors")
    assert [(found["check"], found["severity"]) for found in item["findings"]] == [("events", "warn")]
    bad = fleet.deploy(2, settle=HALFWAY)
    fleet.alarm(firing=True)
    stage.pass_time(300)
    assert ended(fleet, bad) == ("Stopped", "ALARM_ACTIVE")
    assert "rollbackInfo" not in fleet.deployment(bad)


def test_off_again(stage: Stage, protect: Protect, mailbox: Mailbox) -> None:
    """Nothing is rolled back and nobody is told, once it is taken back."""
    fleet = Fleet(stage)
    fleet.deploy(1)
    protect(enabled=True, notifications=told(mailbox))
    item = protect(enabled=False, notifications=[{"name": "on-call", "state": "absent"}])
    assert item["reason"] == "automatic rollback off; notifications removed: on-call"
    stage.control.bundle(key(2), "fail")
    bad = fleet.deploy(2)
    assert ended(fleet, bad) == ("Failed", "HEALTH_CONSTRAINTS")
    assert "rollbackInfo" not in fleet.deployment(bad)
    assert received(mailbox) == []


def test_a_single_deployment_can_be_told_otherwise(stage: Stage, protect: Protect) -> None:
    fleet = Fleet(stage)
    fleet.deploy(1)
    stage.control.bundle(key(2), "fail")
    protect(enabled=True)
    off = fleet.deploy(2, autoRollbackConfiguration={"enabled": False, "events": []})
    assert ended(fleet, off) == ("Failed", "HEALTH_CONSTRAINTS")
    assert "rollbackInfo" not in fleet.deployment(off)
    protect(enabled=False)
    on = fleet.deploy(2, autoRollbackConfiguration={"enabled": True, "events": [FAILURE]})
    assert rollback_of(fleet, on)["status"] == "Succeeded"


@pytest.mark.parametrize(
    ("group", "events", "rolled_back"),
    [
        (True, None, True),
        (True, [], False),
        (False, None, False),
        (False, [FAILURE], True),
    ],
)
def test_a_redeploy_can_be_told_otherwise(
    stage: Stage, protect: Protect, redeploy: Redeploy, group: bool, events: list[str] | None, rolled_back: bool
) -> None:
    """Version 2 was deployed and is bad, and version 1 can no longer be installed: does the fleet come back to 2?"""
    fleet = Fleet(stage)
    fleet.story()
    protect(enabled=group)
    stage.control.bundle(key(1), "fail", event="AfterInstall")
    status, result = redeploy(**({} if events is None else {"rollback_events": events}))
    assert (status, result["outcome"]) == ("failed", "failed"), result["msg"]
    ours = fleet.deployment(result["deployment_id"])
    assert (ours["status"], ours["creator"]) == ("Failed", "user")
    assert ("rollbackInfo" in ours) is rolled_back
    if rolled_back:
        assert rollback_of(fleet, ours["deploymentId"])["status"] == "Succeeded"
        assert fleet.on() == key(2)
    info = fleet.client.get_deployment_group(**NAMED)["deploymentGroupInfo"]
    assert info.get("autoRollbackConfiguration", {}).get("enabled", False) is group


def test_check_mode_tells_what_would_change_and_changes_nothing(
    stage: Stage, protect: Protect, mailbox: Mailbox
) -> None:
    fleet = Fleet(stage)
    before = fleet.client.get_deployment_group(**NAMED)["deploymentGroupInfo"]
    stage.control.reset_calls()
    item = protect("--check", "--diff", enabled=True, notifications=told(mailbox))
    assert (item["outcome"], stage.writes()) == ("planned", [])
    assert item["after"]["notifications"][0]["events"] == ["DeploymentFailure", "DeploymentRollback"]
    assert fleet.client.get_deployment_group(**NAMED)["deploymentGroupInfo"] == before


CREATE = """\
import boto3, json, sys
codedeploy = boto3.client("codedeploy")
codedeploy.create_deployment_group(**json.loads(sys.argv[1]))
"""


def test_a_group_that_the_same_play_has_made(stage: Stage, mailbox: Mailbox, tmp_path: Path) -> None:
    """Whatever makes it, and while what makes it needs its time: here the topic's permission is late."""
    fleet = Fleet(stage)
    fleet.deploy(1)
    settings = {
        "applicationName": APPLICATION,
        "deploymentGroupName": "new",
        "serviceRoleArn": "arn:aws:iam::123456789012:role/codedeploy",
        "ec2TagFilters": [{**TAG, "Type": "KEY_AND_VALUE"}],
    }
    stage.control.fail("UpdateDeploymentGroup", "InvalidTriggerConfigException", "Topic ARN is not valid")
    make = {"ansible.builtin.command": {"argv": ["{{ ansible_playbook_python }}", "-c", CREATE, json.dumps(settings)]}}
    given = {"application": APPLICATION, "deployment_group": "new", "enabled": True, "notifications": told(mailbox)}
    guard = {
        "lastgood.aws.codedeploy_auto_rollback": given,
        "register": "protected",
        "until": "protected is succeeded",
        "retries": 2,
        "delay": 0,
    }
    done = run_tasks(stage, tmp_path, (), make, guard)
    assert done.rc == 0, done.stdout + done.stderr
    named = {"applicationName": APPLICATION, "deploymentGroupName": "new"}
    info = fleet.client.get_deployment_group(**named)["deploymentGroupInfo"]
    assert info["autoRollbackConfiguration"] == {"enabled": True, "events": [FAILURE]}
    assert [trigger["triggerTargetArn"] for trigger in info["triggerConfigurations"]] == [mailbox.topic]
    assert info["ec2TagFilters"] == settings["ec2TagFilters"]
