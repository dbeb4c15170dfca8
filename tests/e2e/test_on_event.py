# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook that answers events, without ansible-rulebook: what it looks at, says, and leaves alone."""

from __future__ import annotations

import json
import typing as t
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.e2e import fleet, play
from tests.e2e.stage import CLUSTER, Stage
from tests.mailbox import Mailbox
from tests.world import REGION

ACCOUNT = "123456789012"
WEB = f"web.{CLUSTER}.{REGION}"
GROUP = f"{fleet.GROUP}.{fleet.APPLICATION}.{REGION}"
SAID = "Say what the event calls for"


def at(stage: Stage, ago: float = 0) -> str:
    """AWS's time, so many seconds ago."""
    now = datetime.fromtimestamp(stage.control.now(), UTC)
    return f"{now - timedelta(seconds=ago):%Y-%m-%dT%H:%M:%SZ}"


def event(aws: Stage, /, kind: str, state: str, **more: str) -> dict[str, str]:
    """What the event filter makes of one."""
    found = {"kind": kind, "state": state, "platform": "ecs", "name": WEB, "account": ACCOUNT, "time": at(aws)}
    return {**found, **more}


def alarm(stage: Stage, **more: str) -> dict[str, str]:
    return event(stage, "alarm", "alarm", platform="cloudwatch", name="web-5xx", alarm="web-5xx", **more)


def answer(stage: Stage, deployment: dict[str, str], **variables: object) -> play.Play:
    """`ansible-playbook lastgood.aws.on_event -e on_event_services=… …`; variables go without their prefix."""
    given = {"deployment": deployment, "services": WEB, "alarms": {"web-5xx": [WEB]}, **variables}
    named = {f"on_event_{name}": value for name, value in given.items()}
    return play.run(stage.url, "lastgood.aws.on_event", *play.arguments(named))


def said(done: play.Play) -> str:
    return str(done.tasks[SAID][1]["msg"])


def test_an_alarm_after_a_deployment_is_a_question(stage: Stage) -> None:
    stage.story()
    people = Mailbox(stage.world)
    done = answer(stage, alarm(stage, reason="Threshold Crossed"), notify_topic_arn=people.topic)
    assert done.rc == 0, done.stdout
    assert said(done).startswith(f"[{WEB}] ask: web-5xx is in ALARM (Threshold Crossed), ")
    command = "ansible-playbook lastgood.aws.rollback -e rollback_cluster=shop -e rollback_services=web "
    assert f"To do that: {command}-e rollback_from_revision=web:3 -e rollback_region={REGION}" in said(done)
    assert stage.count("UpdateService") == 0
    [told] = people.read()
    message = json.loads(told["Message"])
    assert message["outcome"] == "asked"
    assert message["summary"] == said(done)
    assert told["Subject"].startswith(f"asked: [{WEB}] ask: ")


def test_an_alarm_may_be_an_order_and_the_cool_down_ends_it(stage: Stage) -> None:
    stage.story()
    done = answer(stage, alarm(stage), on_alarm="rollback")
    assert done.outcomes == {"web": "rolled_back"}
    assert stage.on() == "web:1"
    # Somebody deploys again, and the alarm goes off again.
    stage.deploy("web", 4)
    stage.control.reset_calls()
    again = answer(stage, alarm(stage), on_alarm="rollback")
    assert said(again).startswith(f"[{WEB}] tell: web-5xx is in ALARM, ")
    assert "but it was rolled back " in said(again)
    assert stage.count("UpdateService") == 0


@pytest.mark.long
def test_an_alarm_of_another_service_or_of_long_ago_is_nothing(stage: Stage) -> None:
    stage.story()
    other = answer(stage, {**alarm(stage), "alarm": "disk-full", "name": "disk-full"}, on_alarm="rollback")
    assert other.tasks["Say that it is about nothing that is listed"][1]["msg"] == (
        "disk-full: nothing is done, because it is not listed"
    )
    early = answer(stage, alarm(stage, time=at(stage, ago=86400)), on_alarm="rollback")
    assert "since before web:3 was deployed" in said(early)
    assert stage.writes() == []


def test_a_bad_version_that_comes_again(stage: Stage) -> None:
    stage.story()
    answer(stage, alarm(stage), on_alarm="rollback")
    stage.world.deploy(CLUSTER, "web", "web:3")
    stage.control.advance(3)
    stage.control.reset_calls()
    begun = event(stage, "deployment", "in_progress", deployment_id=stage.primary_id())
    told = answer(stage, begun, cool_down=1)
    assert said(told).startswith(f"[{WEB}] tell: web:3 is deployed, which is marked bad (")
    assert stage.writes() == []
    stopped = answer(stage, begun, on_bad_version="rollback", cool_down=1)
    assert said(stopped).startswith(f"[{WEB}] rollback: web:3 is deployed, which is marked bad ("), said(stopped)
    assert stopped.outcomes == {"web": "rolled_back"}
    assert stage.on() == "web:1"


@pytest.mark.long
def test_a_deployment_that_waits_is_told_with_what_ends_it(stage: Stage) -> None:
    stage.story()
    people = Mailbox(stage.world)
    hook = event(stage, "hook", "waiting", stage="POST_SCALE_UP", hook_id="ecs-pause-x", service_deployment="arn:aws:x")
    stage.control.reset_calls()
    done = answer(stage, hook, notify_topic_arn=people.topic)
    assert "its deployment waits at POST_SCALE_UP: aws ecs continue-service-deployment" in said(done)
    assert stage.writes() == ["Publish"]
    assert json.loads(people.read()[0]["Message"])["outcome"] == "noticed"


def test_the_switches_are_read_each_time(stage: Stage, tmp_path: Path) -> None:
    stage.story()
    switch = tmp_path / "switch"
    given: dict[str, t.Any] = {
        "on_alarm": "rollback",
        "switch_file": str(switch),
        "switch_parameter": "/lastgood/switch",
    }
    off = f"[{WEB}] nothing: it is switched off: a switch does not say on"
    assert said(answer(stage, alarm(stage), **given)) == off
    switch.write_text("on\n")
    ssm = stage.world.client("ssm")
    ssm.put_parameter(Name="/lastgood/switch", Value="off", Type="String")
    assert said(answer(stage, alarm(stage), **given)) == off
    assert said(answer(stage, alarm(stage), on_alarm="rollback", enabled=False)).endswith("by on_event_enabled")
    assert "but this is a dry run" in said(answer(stage, alarm(stage), on_alarm="rollback", dry_run=True))
    assert stage.count("UpdateService") == 0
    ssm.put_parameter(Name="/lastgood/switch", Value="on", Type="String", Overwrite=True)
    assert answer(stage, alarm(stage), **given).outcomes == {"web": "rolled_back"}


def test_a_deployment_group_goes_back_unless_codedeploy_does_it(stage: Stage) -> None:
    group = fleet.Fleet(stage)
    group.story()
    failed = event(
        stage,
        "deployment",
        "failed",
        platform="codedeploy",
        name=GROUP,
        deployment_id=str(group.newest()["deploymentId"]),
    )
    done = answer(stage, failed, deployment_groups=[GROUP])
    assert done.rc == 0, done.stdout
    assert done.outcomes == {fleet.GROUP: "rolled_back"}
    again = answer(stage, failed, deployment_groups=[GROUP])
    assert said(again).startswith(f"[{GROUP}] nothing: ")
    # What was deployed after that is no better.
    third = {**failed, "deployment_id": group.deploy(3), "time": at(stage)}
    assert said(answer(stage, third, deployment_groups=[GROUP])).partition(" but ")[2].startswith("it was rolled back ")


def test_a_service_that_cannot_go_back_fails_the_play_and_the_others_are_answered_for(stage: Stage) -> None:
    stage.story()
    stage.good_service("api")
    stage.deploy("api", 2, "cannot_pull")
    api = f"api.{CLUSTER}.{REGION}"
    stage.control.deny("ecs:UpdateService", resource="web")
    done = answer(
        stage, alarm(stage), on_alarm="rollback", services=[WEB, api], alarms={"web-5xx": [WEB, api]}, within=86400
    )
    assert done.rc != 0
    assert stage.on("api") == "api:1"
    assert any(message.startswith(f"{WEB}: ") for message in done.messages)
