# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Task files before and after a rollback: what they see, what the ready ones send, and that nothing depends on them."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest

from tests.e2e.conftest import Rollback
from tests.e2e.fleet import Fleet
from tests.e2e.stage import Stage
from tests.receiver import Receiver
from tests.world import REGION


@pytest.fixture
def receiver() -> t.Iterator[Receiver]:
    with Receiver() as one:
        yield one


@pytest.fixture
def broken(tmp_path: Path) -> str:
    """A task file of a user that fails."""
    path = tmp_path / "ours.yml"
    path.write_text("- name: Break\n  ansible.builtin.fail:\n    msg: the wiki is down\n")
    return str(path)


def test_everybody_is_told_before_and_after(stage: Stage, rollback: Rollback, receiver: Receiver, broken: str) -> None:
    """One that fails on the way changes nothing."""
    stage.story()
    done = rollback(
        before_tasks=[broken, "webhook"],
        after_tasks=f"slack, teams, pagerduty, {broken}, webhook",
        slack_url=receiver.url("slack"),
        teams_url=receiver.url("teams", 202),
        pagerduty_url=receiver.url("pagerduty", 202),
        pagerduty_routing_key="key",
        webhook_url=receiver.url("webhook", 204),
        reason="500s <since> & before",
    )
    assert (done.rc, done.outcomes, stage.on()) == (0, {"web": "rolled_back"}, "web:1"), done.stdout
    before, after = receiver.of("webhook")
    assert (before["stage"], before["outcome"], before["reason"]) == ("before", "planned", "500s <since> & before")
    [planned] = before["results"]
    assert (planned["service"], planned["outcome"], planned["plan"]["target"]) == ("web", "planned", "web:1")
    assert planned["before"]["task_definition"].endswith("web:3")
    assert before["summary"] == planned["summary"]
    assert (after["source"], after["stage"], after["outcome"]) == ("lastgood.aws", "after", "rolled_back")
    assert (after["summary"], after["run_id"]) == (done.summary, done.published["rollback_run_id"])
    assert after["results"] == [done.of()]
    [slack] = receiver.of("slack")
    assert "500s &lt;since&gt; &amp; before" in slack["text"]
    assert slack["blocks"][0]["text"]["text"] == done.summary
    [teams] = receiver.of("teams")
    texts = [block["inlines"][0]["text"] for block in teams["attachments"][0]["content"]["body"]]
    assert texts == ["rolled_back", done.summary, "500s <since> & before"]
    # There is nothing to wake somebody for.
    assert receiver.of("pagerduty") == []
    assert done.tasks["Say that it failed"][1]["warnings"] == [
        f"The task file {broken} failed. The rollback goes on, and its outcome is what it would be without."
    ]
    assert done.stdout.count(f"The task file {broken} failed.") == 2
    # Neither on a terminal nor in AWX.
    assert receiver.url("slack") not in done.stdout + done.stderr


def test_a_rollback_that_failed_stays_one(stage: Stage, rollback: Rollback, receiver: Receiver, broken: str) -> None:
    stage.story()
    stage.control.image("registry/web:1", behaviour="cannot_pull")
    done = rollback(
        after_tasks=[broken, "slack", "pagerduty"],
        pagerduty_url=receiver.url("pagerduty", 202),
        pagerduty_routing_key="key",
        slack_url=receiver.url("slack", 403),
    )
    assert (done.rc, done.outcomes) == (2, {"web": "failed"})
    [event] = receiver.of("pagerduty")
    assert (event["routing_key"], event["event_action"], event["client"]) == ("key", "trigger", "lastgood.aws")
    assert event["dedup_key"] == f"lastgood.aws {done.published['rollback_run_id']}"
    payload = event["payload"]
    assert (payload["severity"], payload["class"], payload["source"]) == ("critical", "failed", REGION)
    assert payload["summary"] == done.summary
    # What Slack refused, too.
    assert done.stdout.count("The rollback goes on, and its outcome is what it would be without.") == 2


def test_what_cannot_be_run_is_refused_before_anything_is_read(
    stage: Stage, rollback: Rollback, receiver: Receiver, tmp_path: Path
) -> None:
    """ansible-core would end the whole run at it, wherever that is by then. The others hear of it."""
    stage.story()
    file = tmp_path / "tell.yml"
    file.write_text("- name: Tell\n  no.such.module:\n")
    done = rollback(before_tasks=str(file), after_tasks="webhook", webhook_url=receiver.url("webhook"))
    assert (done.rc, stage.control.log()) == (2, [])
    [message] = done.messages
    assert message.startswith(f"rollback_before_tasks names {file}, which cannot be loaded: couldn't resolve module")
    assert message.endswith("Nothing was changed.")
    [told] = receiver.of("webhook")
    assert (told["outcome"], told["summary"]) == ("refused", message)


@pytest.mark.long
def test_a_deployment_group_is_told_of_alike(stage: Stage, redeploy: Rollback, receiver: Receiver, broken: str) -> None:
    fleet = Fleet(stage)
    fleet.story()
    done = redeploy(
        before_tasks=["webhook", broken], after_tasks=["webhook", broken], webhook_url=receiver.url("webhook")
    )
    assert (done.rc, done.outcomes) == (0, {"prod": "rolled_back"}), done.stdout
    before, after = receiver.of("webhook")
    assert [(one["stage"], one["outcome"]) for one in (before, after)] == [
        ("before", "planned"),
        ("after", "rolled_back"),
    ]
    assert [item["deployment_group"] for item in (*before["results"], *after["results"])] == ["prod", "prod"]
    assert (before["summary"], after["summary"]) == (before["results"][0]["summary"], done.summary)
