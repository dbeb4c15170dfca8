# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Somebody is told how a rollback ended: what arrives in a queue behind the topic."""

from __future__ import annotations

import json
import re
import typing as t
from pathlib import Path

import pytest

from tests.e2e.conftest import Rollback
from tests.e2e.stage import CLUSTER, Stage
from tests.mailbox import Mailbox
from tests.world import REGION

TASK_DEFINITION = f"arn:aws:ecs:{REGION}:123456789012:task-definition/"


@pytest.fixture
def mailbox(stage: Stage) -> Mailbox:
    return Mailbox(stage.world)


def only(mailbox: Mailbox) -> tuple[str, dict[str, t.Any]]:
    """Subject and document of the one message."""
    [mail] = mailbox.read()
    return mail["Subject"], json.loads(mail["Message"])


def test_a_rollback_that_went_well(stage: Stage, rollback: Rollback, mailbox: Mailbox, tmp_path: Path) -> None:
    stage.story()
    report = tmp_path / "report.json"
    done = rollback(notify_topic_arn=mailbox.topic, reason="500s since 13:52", report=str(report))
    assert done.rc == 0, done.stdout
    subject, document = only(mailbox)
    assert subject == "rolled_back: shop/web web:3 -> web:1"
    [item] = document.pop("results")
    assert {name: item[name] for name in ("cluster", "service", "outcome", "from", "to")} == {
        "cluster": CLUSTER,
        "service": "web",
        "outcome": "rolled_back",
        "from": f"{TASK_DEFINITION}web:3",
        "to": f"{TASK_DEFINITION}web:1",
    }
    assert item["reason"] == done.of()["reason"]
    run_id = done.published["rollback_run_id"]
    assert re.fullmatch(r"\d{8}T\d{6}Z-[0-9a-f]{8}", run_id)
    assert json.loads(report.read_text())["run_id"] == run_id
    assert document == {
        "source": "lastgood.aws",
        "run_id": run_id,
        "outcome": "rolled_back",
        "summary": done.summary,
        "still_suspended": None,
        "reason": "500s since 13:52",
        "account": "123456789012",
        "region": REGION,
        "results_left_out": 0,
    }


def test_a_rollback_that_failed(stage: Stage, rollback: Rollback, mailbox: Mailbox) -> None:
    stage.story()
    stage.control.image("registry/web:1", behaviour="cannot_pull")
    done = rollback(notify_topic_arn=mailbox.topic)
    assert done.rc == 2
    subject, document = only(mailbox)
    assert subject == "failed: shop/web web:3 -> web:1"
    assert (document["outcome"], document["summary"]) == ("failed", done.summary)
    assert "CannotPullContainerError" in document["results"][0]["reason"]


def test_a_rollback_that_did_not_begin(stage: Stage, rollback: Rollback, mailbox: Mailbox) -> None:
    stage.story()
    stage.control.fail("DescribeServices", "AccessDeniedException", times=None)
    done = rollback(notify_topic_arn=mailbox.topic)
    assert done.rc == 2
    subject, document = only(mailbox)
    assert (subject, document["outcome"]) == ("refused: shop/web", "refused")
    assert "ecs:DescribeServices" in document["summary"]


def test_a_rollback_that_could_not_begin_after_it_was_planned(
    stage: Stage, rollback: Rollback, mailbox: Mailbox
) -> None:
    stage.story()
    stage.world.make_scalable(CLUSTER, "web")
    stage.control.fail("RegisterScalableTarget", "AccessDeniedException", times=None)
    done = rollback(notify_topic_arn=mailbox.topic, suspend_auto_scaling="true")
    assert done.rc == 2
    subject, document = only(mailbox)
    assert subject == "not_attempted: shop/web web:3 -> web:1"
    assert document["results"][0]["reason"] == "the run ended before anything was done for it"
    assert "RegisterScalableTarget" in document["summary"]
    assert stage.on() == "web:3"


def test_each_run_has_an_id_of_its_own(stage: Stage, rollback: Rollback, mailbox: Mailbox) -> None:
    """The second run has nothing to do, and says that, too."""
    stage.story()
    ids = [rollback(notify_topic_arn=mailbox.topic).published["rollback_run_id"] for _time in range(2)]
    told = [json.loads(mail["Message"]) for mail in mailbox.read()]
    assert [document["outcome"] for document in told] == ["rolled_back", "unchanged"]
    assert [document["run_id"] for document in told] == ids
    assert len(set(ids)) == 2


def test_nothing_is_sent_in_check_mode(stage: Stage, rollback: Rollback, mailbox: Mailbox) -> None:
    stage.story()
    planned = rollback("--check", notify_topic_arn=mailbox.topic)
    assert (planned.rc, mailbox.read()) == (0, [])
    assert planned.published["rollback_run_id"]


@pytest.mark.parametrize(
    ("denied", "expected"),
    [("AuthorizationError", "needs the permission sns:Publish"), (None, "NotFound")],
)
def test_that_nobody_could_be_told_does_not_fail_the_rollback(
    stage: Stage, rollback: Rollback, mailbox: Mailbox, denied: str | None, expected: str
) -> None:
    stage.story()
    topic = mailbox.topic if denied else f"{mailbox.topic}-gone"
    if denied:
        stage.control.fail("sns:Publish", denied, times=None)
    done = rollback(notify_topic_arn=topic)
    assert (done.rc, done.outcomes) == (0, {"web": "rolled_back"})
    [warning] = done.tasks["Notify"][1]["warnings"]
    assert f"Nobody was notified through {topic}." in str(warning)
    assert expected in str(warning)


def test_something_that_is_not_a_topic_is_refused_before_anything_is_done(stage: Stage, rollback: Rollback) -> None:
    stage.story()
    done = rollback(notify_topic_arn="on-call")
    assert done.rc == 2
    assert done.messages == [
        "rollback_notify_topic_arn is not the ARN of an SNS topic (arn:aws:sns:REGION:ACCOUNT:NAME). "
        "Nothing was changed."
    ]
    assert stage.writes() == []
