# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From an event to a service that is back, with a real ansible-rulebook, and from a stack that CloudFormation has made.

Starting ansible-rulebook takes seconds, so one of them sees a whole night, and the tests ask what happened.
"""

from __future__ import annotations

import json
import re
import runpy
import typing as t
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from ansible_collections.lastgood.aws.plugins.plugin_utils._inputs import specs
from tests.e2e import play
from tests.e2e.stage import CLUSTER, Stage
from tests.eda import rulebook
from tests.eda.rulebook import Rulebook, alarm, entry, failed, name_of

# The circuit breaker fails a deployment, and ECS does not take it back by itself.
BREAKER = {"deploymentCircuitBreaker": {"enable": True, "rollback": False}}
LISTED = ("web", "api", "cart", "till")
QUEUE = "lastgood-deployments"
SURVEYS = play.ROOT / "extensions" / "patterns" / "rollback" / "surveys"


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
    """Five services fail, one of them is repaired by hand, one is not listed; the bus and the queue say so. Meanwhile
    an alarm goes off for one of them.
    """
    names = (*LISTED, "mail")
    for name in names:
        good(stage, name)
    book = Rulebook(
        stage.url,
        tmp_path_factory.mktemp("night"),
        "night",
        lastgood_queue=QUEUE,
        on_event_services=[name_of(name, CLUSTER) for name in LISTED],
        # Twice, so that the rulebook takes it for one that speaks for several: it has a lock of its own.
        on_event_alarms={"cpu": [name_of("till", CLUSTER)] * 2},
        on_event_on_alarm="rollback",
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
    # By the bus, as ECS does it: some at once, one that was repaired, and one that is not listed.
    stage.world.client("events").put_events(
        Entries=[entry(events[name]) for name in ("mail", "cart", "till", "web", "api")]
    )
    sqs.send_message(QueueUrl=queue, MessageBody=json.dumps(alarm("cpu", now)))
    # "at least once"
    for _again in range(4):
        sqs.send_message(QueueUrl=queue, MessageBody=json.dumps(events["web"]))

    book.within(lambda: book.ended_plays() >= 6, "five answers")
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


def test_a_failure_and_an_alarm_at_once_are_one_deployment(night: Night) -> None:
    """Under two locks. Whichever comes second follows the other, or finds nothing to do."""
    said = [line for line in night.book.answers if line.startswith("[till.")]
    assert sum("cpu is in ALARM" in line for line in said) == 1, said
    assert sum(" failed (ECS deployment circuit breaker" in line for line in said) == 1, said
    assert night.runs["till"] == {"till:1": 2}
    listed = night.stage.world.ecs.list_service_deployments(cluster=CLUSTER, service="till")["serviceDeployments"]
    # Created, the one that failed, and one back.
    assert len(listed) == 3
    assert night.updates["till"] >= 1
    assert "FAILED!" not in night.book.log, night.book.log


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


def test_what_was_killed_is_finished_when_it_starts_again(stage: Stage, tmp_path: Path) -> None:
    # Its own: a request of a rulebook that has ended may still wait at the other one. It would get the message, and
    # hold it for the visibility timeout of half a minute.
    queue = stage.world.client("sqs").create_queue(QueueName="late")["QueueUrl"]
    good(stage, "late")
    named: dict[str, t.Any] = {"lastgood_queue": "late", "on_event_services": [name_of("late", CLUSTER)]}
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


@pytest.fixture(scope="module")
def parsed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, t.Any]:
    """The rulebooks by ansible-rulebook's own parser and schema, conditions included, and the one on the page."""
    page = (play.ROOT / "docs" / "events.md").read_text(encoding="utf-8")
    [own] = re.findall(r"```yaml\n(- name: Everything that waits.*?)```", page, re.DOTALL)
    example = tmp_path_factory.mktemp("page") / "example.yml"
    example.write_text(own)
    program = Path(__file__).parent / "parsed.py"
    books = [*sorted(rulebook.RULEBOOKS.glob("*.yml")), example]
    return dict(json.loads(rulebook.run(rulebook.PYTHON, program, *books)))


def test_the_rulebook_on_the_page_is_one(parsed: dict[str, t.Any]) -> None:
    assert [rule["name"] for rule in parsed["example"]["rules"]] == ["Say it"]


def test_the_rulebooks_have_the_same_rules(parsed: dict[str, t.Any]) -> None:
    ours = {name: book for name, book in parsed.items() if name != "example"}
    assert set(ours) == {"deployments", "deployments_awx", "deployments_webhook"}
    for part in ("name", "condition", "throttle"):
        first, *others = [[rule[part] for rule in book["rules"]] for book in ours.values()]
        assert others == [first, first], part
    assert {book["strategy"] for book in ours.values()} == {"ExecutionStrategy.PARALLEL"}
    for name, source in (("deployments_webhook", "eda.builtin.webhook"), ("deployments", "amazon.aws.aws_sqs_queue")):
        assert parsed[name]["sources"][0] == {"name": source, "filters": ["lastgood.aws.deployment"]}


@pytest.mark.parametrize("book", ["deployments", "deployments_webhook", "deployments_awx"])
def test_whatever_is_about_one_service_waits_for_each_other(parsed: dict[str, t.Any], book: str) -> None:
    """An alarm and a failed deployment, say. An alarm that speaks for several services has a lock of its own."""
    locks = {rule["name"]: rule["locks"] for rule in parsed[book]["rules"]}
    service = "web.prod.eu-central-1"
    assert locks["An alarm went off"] == {"5xx": service, "cpu": "cpu", service: service}
    others = [rule for rule in locks if rule.startswith("A deployment")]
    assert len(others) == 3
    assert {locks[rule][service] for rule in others} == {service}


@pytest.mark.parametrize("name", ["deployments", "deployments_webhook"])
def test_the_playbook_gets_all_its_variables_and_no_others(parsed: dict[str, t.Any], name: str) -> None:
    known = specs.entry_points()["on_event"]["main"].keys() - {"on_event_hosts"}
    sent = [rule["actions"]["run_playbook"] for rule in parsed[name]["rules"] if "run_playbook" in rule["actions"]]
    assert len(sent) == 5
    for action in sent:
        assert action["name"] == "lastgood.aws.on_event"
        assert set(action["extra_vars"]) == known
        # What is not in the variables of the rulebook is left to the role.
        assert (action["extra_vars"]["on_event_cool_down"], action["extra_vars"]["on_event_within"]) == (60, "")
    assert sent[0]["extra_vars"]["on_event_deployment"]["name"] == sent[0]["lock"] == "web.prod.eu-central-1"
    assert sent[-1]["extra_vars"]["on_event_deployment"] == {"kind": "catch_up"}


def test_awx_gets_exactly_what_the_survey_takes(parsed: dict[str, t.Any]) -> None:
    survey = yaml.safe_load((SURVEYS / "on_event.yml").read_text(encoding="utf-8"))
    questions = {question["variable"]: question for question in survey["spec"]}
    rules = parsed["deployments_awx"]["rules"]
    sent = [rule["actions"]["run_job_template"] for rule in rules if "run_job_template" in rule["actions"]]
    assert len(sent) == 5
    for action in sent:
        # Otherwise ansible_eda is sent as well, and AWX drops it.
        assert action["include_events"] is False
        assert set(action["job_args"]["extra_vars"]) == set(questions)
        for variable, value in action["job_args"]["extra_vars"].items():
            # AWX refuses a dictionary, and a text that is too long.
            assert isinstance(value, str)
            assert len(value) <= questions[variable]["max"]
            assert json.loads(value)["kind"] in ("deployment", "catch_up")
    event = json.loads(sent[0]["job_args"]["extra_vars"]["on_event_deployment"])
    assert event["reason"] == 'it\'s "so" <b>'


def test_the_longest_event_fits_into_the_survey() -> None:
    """As JSON, in which a character may take six."""
    source = runpy.run_path(str(play.ROOT / "extensions" / "eda" / "plugins" / "event_filter" / "deployment.py"))
    survey = yaml.safe_load((SURVEYS / "on_event.yml").read_text(encoding="utf-8"))
    others = len(source["KEYS"]) * 40 + 8 * 512
    assert source["LONGEST_REASON"] * 6 + others < survey["spec"][0]["max"]


def test_the_decision_environment_is_valid(tmp_path: Path) -> None:
    """By ansible-builder's schema, which writes the context. The image itself is not built here."""
    definition = play.ROOT / "extensions" / "eda" / "decision_environment" / "decision-environment.yml"
    rulebook.run(rulebook.BIN / "ansible-builder", "create", "--file", definition, "--context", tmp_path)
    assert "JAVA_HOME" in (tmp_path / "Dockerfile").read_text()
