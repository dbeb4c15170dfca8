# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From an event to a service that is back, with a real ansible-rulebook, and from a stack that CloudFormation has made.

Starting ansible-rulebook takes seconds, so one of them sees a whole night, and the tests ask what happened.
"""

from __future__ import annotations

import json
import typing as t
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e import play
from tests.e2e.stage import CLUSTER, Stage
from tests.eda import rulebook
from tests.eda.rulebook import Rulebook, entry, failed, name_of

# The circuit breaker fails a deployment, and ECS does not take it back by itself.
BREAKER = {"deploymentCircuitBreaker": {"enable": True, "rollback": False}}
LISTED = ("web", "api", "cart")
QUEUE = "lastgood-deployments"


def good(stage: Stage, name: str) -> None:
    stage.good_service(name, deploymentConfiguration=BREAKER)


def fail(stage: Stage, name: str) -> str:
    """Deploy a version that never comes up; returns the id of its deployment, which has failed."""
    stage.deploy(name, 2, "cannot_pull")
    stage.pass_time(600)
    primary = stage.world.service(CLUSTER, name)["deployments"][0]
    assert (primary["status"], primary["rolloutState"]) == ("PRIMARY", "FAILED")
    return str(primary["id"])


def updates(stage: Stage, name: str) -> int:
    """How often UpdateService was called for a service since the calls were reset."""
    calls = [call["params"] for call in stage.control.log() if call["operation"] == "UpdateService"]
    return sum(str(params["service"]).rpartition("/")[2] == name for params in calls)


@dataclass(frozen=True)
class Night:
    """What one night came to."""

    stage: Stage
    book: Rulebook
    updates: dict[str, int]
    runs: dict[str, dict[str, int]]


@pytest.fixture(scope="module")
def night(stage: Stage, queue: str, tmp_path_factory: pytest.TempPathFactory) -> Night:
    """Four services fail, one of them is repaired by hand, one is not listed; the bus and the queue say so."""
    names = (*LISTED, "mail")
    for name in names:
        good(stage, name)
    book = Rulebook(
        stage.url,
        tmp_path_factory.mktemp("night"),
        "night",
        lastgood_queue=QUEUE,
        on_event_services=[name_of(name, CLUSTER) for name in LISTED],
    )
    # It looks at everything when it begins, and everything is well.
    book.within(lambda: book.ended_plays() == 1, "the first look")
    deployments = {name: fail(stage, name) for name in names}
    stage.deploy("cart", 3)
    now = stage.world.service(CLUSTER, "web")["deployments"][0]["updatedAt"].strftime("%Y-%m-%dT%H:%M:%SZ")
    events = {name: failed(name, CLUSTER, deployments[name], now) for name in names}
    stage.control.reset_calls()
    stage.control.start_clock()

    sqs = stage.world.client("sqs")
    for body in ("not JSON", '{"detail-type": "ECS Deployment State Change", "source": "aws.ecs"}', "[]"):
        sqs.send_message(QueueUrl=queue, MessageBody=body)
    # By the bus, as ECS does it: two at once, one that was repaired, and one that is not listed.
    stage.world.client("events").put_events(Entries=[entry(events[name]) for name in ("mail", "cart", "web", "api")])
    # "at least once"
    for _again in range(4):
        sqs.send_message(QueueUrl=queue, MessageBody=json.dumps(events["web"]))

    book.within(lambda: book.ended_plays() >= 4, "three answers")
    book.within(lambda: not waiting(stage, queue), "the end of the queue")
    runs = {name: stage.runs(name) for name in names}
    counts = {name: updates(stage, name) for name in names}
    stage.control.stop_clock()
    book.stop()
    return Night(stage, book, counts, runs)


def waiting(stage: Stage, queue: str) -> int:
    """Messages that nobody has taken yet."""
    asked = stage.world.client("sqs").get_queue_attributes(
        QueueUrl=queue, AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    )
    return sum(int(number) for number in asked["Attributes"].values())


def test_the_service_of_the_event_is_back(night: Night) -> None:
    assert night.runs["web"] == {"web:1": 2}
    assert night.stage.on("web") == "web:1"
    assert night.book.answered("web", "rollback") == 1
    tags = night.stage.world.tags(night.stage.world.service(CLUSTER, "web")["serviceArn"])
    assert "lastgood:rollback-done" in tags


def test_two_services_at_once_are_both_back(night: Night) -> None:
    assert night.runs["api"] == {"api:1": 2}
    assert night.book.answered("api", "rollback") == 1


def test_the_same_event_five_times_is_one_update(night: Night) -> None:
    assert (night.updates["web"], night.updates["api"]) == (1, 1)


def test_an_event_about_a_service_that_was_repaired_changes_nothing(night: Night) -> None:
    assert night.updates["cart"] == 0
    assert night.stage.on("cart") == "cart:3"
    assert night.book.answered("cart", "nothing") == 2, night.book.answers
    assert any("and the newest deployment is ecs-svc/" in line for line in night.book.answers)


def test_a_service_that_is_not_listed_is_not_even_looked_at(night: Night) -> None:
    assert night.updates["mail"] == 0
    assert night.stage.on("mail") == "mail:2"
    assert not any(line.startswith("[mail.") for line in night.book.answers)


def test_what_cannot_be_read_is_said_and_what_comes_after_it_is_answered(night: Night) -> None:
    assert night.book.log.count("malformed: it is not JSON: not JSON") == 1
    assert night.book.log.count("malformed: ECS Deployment State Change without a detail") == 1
    assert night.book.log.count("malformed: it is list, not a JSON object") == 1


def test_the_first_look_finds_everything_well(night: Night) -> None:
    first = night.book.log.partition("PLAY RECAP")[0]
    assert all(f"[{name_of(name, CLUSTER)}] nothing: " in first for name in LISTED)


def test_what_was_killed_is_finished_when_it_starts_again(stage: Stage, queue: str, tmp_path: Path) -> None:
    good(stage, "late")
    named: dict[str, t.Any] = {"lastgood_queue": QUEUE, "on_event_services": [name_of("late", CLUSTER)]}
    deployment = fail(stage, "late")
    now = stage.world.service(CLUSTER, "late")["deployments"][0]["updatedAt"].strftime("%Y-%m-%dT%H:%M:%SZ")
    stage.control.reset_calls()
    body = json.dumps(failed("late", CLUSTER, deployment, now))
    stage.world.client("sqs").send_message(QueueUrl=queue, MessageBody=body)
    killed = Rulebook(stage.url, tmp_path, "killed", **named)
    # The clock stands still, so that it is in the middle for as long as this takes.
    killed.within(lambda: updates(stage, "late"), "the update")
    killed.kill()
    assert waiting(stage, queue) == 0, "the queue has nothing any more that would remind anybody"
    tags = stage.world.tags(stage.world.service(CLUSTER, "late")["serviceArn"])
    assert "lastgood:rollback" in tags
    assert "lastgood:rollback-done" not in tags

    stage.control.start_clock()
    again = Rulebook(stage.url, tmp_path, "again", **named, on_event_look_again=1)
    again.within(lambda: again.ended_plays() == 1, "the first look")
    stage.control.stop_clock()
    again.stop()
    assert again.answered("late", "rollback") == 1, again.log
    assert stage.runs("late") == {"late:1": 2}
    assert updates(stage, "late") == 1
    assert "lastgood:rollback-done" in stage.world.tags(stage.world.service(CLUSTER, "late")["serviceArn"])


def test_all_of_them_can_be_read() -> None:
    """By ansible-rulebook's own parser, conditions included; and they send only what the playbook takes."""
    found = json.loads(
        rulebook.run(rulebook.PYTHON, Path(__file__).parent / "parsed.py", *sorted(rulebook.RULEBOOKS.glob("*.yml")))
    )
    assert set(found) == {"deployments", "deployments_awx", "deployments_webhook"}
    rules = {name: [rule["name"] for rule in book["rules"]] for name, book in found.items()}
    assert rules["deployments"] == rules["deployments_awx"] == rules["deployments_webhook"]
    conditions = {name: [rule["condition"] for rule in book["rules"]] for name, book in found.items()}
    assert conditions["deployments"] == conditions["deployments_awx"] == conditions["deployments_webhook"]
    assert play.ROOT.joinpath("playbooks", "on_event.yml").exists()
