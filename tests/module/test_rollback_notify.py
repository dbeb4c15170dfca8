# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module rollback_notify, in process, against the simulator: an SQS queue receives what the topic was told."""

from __future__ import annotations

import json
import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.modules import rollback_notify
from tests.mailbox import Mailbox
from tests.module.run import ModuleFailed, Result, run_module
from tests.module.services import ACCOUNT, Shop
from tests.world import REGION

DONE = {
    "cluster": "prod",
    "service": "web",
    "outcome": "rolled_back",
    "left": f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/web:43",
    "target": {"task_definition": f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/web:41"},
    "reason": "in service",
}


@pytest.fixture
def mailbox(shop: Shop) -> Mailbox:
    return Mailbox(shop.world)


def notify(topic_arn: str, **more: t.Any) -> Result:
    """Tell the topic about a rollback that ended well."""
    params = {"region": REGION, "results": [DONE], "summary": "[web] rolled_back", "run_id": "run-1", **more}
    return run_module(rollback_notify, topic_arn=topic_arn, **params)


def test_the_topic_is_told(mailbox: Mailbox) -> None:
    result = notify(mailbox.topic, reason="500s")
    assert (result["changed"], result["sent"], result["warnings"]) == (True, True, [])
    assert result["api_calls"] == {"GetCallerIdentity": 1, "Publish": 1}
    [mail] = mailbox.read()
    assert mail["MessageId"] == result["message_id"]
    assert mail["Subject"] == result["subject"] == "rolled_back: prod/web web:43 -> web:41"
    assert mail["MessageAttributes"]["outcome"]["Value"] == "rolled_back"
    document = json.loads(mail["Message"])
    assert document == result["notification"]
    assert {name: document[name] for name in ("run_id", "outcome", "reason", "account", "region", "summary")} == {
        "run_id": "run-1",
        "outcome": "rolled_back",
        "reason": "500s",
        "account": ACCOUNT,
        "region": REGION,
        "summary": "[web] rolled_back",
    }


def test_nothing_is_sent_in_check_mode(mailbox: Mailbox) -> None:
    result = notify(mailbox.topic, check_mode=True)
    assert (result["changed"], result["sent"], result["message_id"]) == (False, False, None)
    assert result["subject"].startswith("rolled_back: ")
    assert mailbox.read() == []


def test_a_topic_of_another_region(shop: Shop) -> None:
    """The rollback was in REGION, the topic is elsewhere."""
    elsewhere = Mailbox(shop.world, region="us-west-2")
    result = notify(elsewhere.topic)
    assert result["sent"]
    [mail] = elsewhere.read()
    assert json.loads(mail["Message"])["region"] == REGION


def test_a_fifo_topic_gets_one_message_of_a_run(shop: Shop) -> None:
    mailbox = Mailbox(shop.world, fifo=True)
    for run_id in ("run-1", "run-1", "run-2"):
        assert notify(mailbox.topic, run_id=run_id)["sent"]
    assert [json.loads(mail["Message"])["run_id"] for mail in mailbox.read()] == ["run-1", "run-2"]


def test_without_a_run_id_one_is_made_up(mailbox: Mailbox) -> None:
    first, second = (notify(mailbox.topic, run_id=None) for _time in range(2))
    assert first["run_id"] != second["run_id"]
    assert first["notification"]["run_id"] == first["run_id"]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("AuthorizationError", "The identity in use needs the permission sns:Publish."),
        ("KMSAccessDenied", "KMSAccessDenied"),
        ("NotFound", "NotFound"),
    ],
)
def test_what_cannot_be_sent_is_a_warning(shop: Shop, mailbox: Mailbox, code: str, expected: str) -> None:
    shop.sim.fail("sns:Publish", code)
    result = notify(mailbox.topic)
    assert (result["changed"], result["sent"], result["message_id"]) == (False, False, None)
    [warning] = result["warnings"]
    assert warning.startswith(f"Nobody was notified through {mailbox.topic}. Failed to publish the notification: ")
    assert expected in warning


def test_a_topic_that_is_not_there_is_a_warning(shop: Shop) -> None:
    result = notify(f"arn:aws:sns:{REGION}:{ACCOUNT}:nosuch")
    assert not result["sent"]
    assert "NotFound" in result["warnings"][0]


def test_no_answer_is_a_warning(shop: Shop, mailbox: Mailbox, sleeps: list[float]) -> None:
    shop.sim.fail("sns:Publish", kind="drop", times=None)
    [warning] = notify(mailbox.topic)["warnings"]
    assert "No answer came from AWS" in warning


def test_a_topic_that_takes_the_message_and_says_nothing_costs_seconds(shop: Shop, mailbox: Mailbox) -> None:
    """The simulator's clock moves on by what a client waits."""
    for operation in ("sns:Publish", "GetCallerIdentity"):
        shop.sim.fail(operation, kind="hang", times=None)
    began = shop.sim.now()
    result = notify(mailbox.topic)
    assert (result["sent"], "No answer came from AWS" in result["warnings"][0]) == (False, True)
    # It is tried again: told twice is better than not at all.
    calls = shop.sim.calls()
    assert (calls["GetCallerIdentity"], calls["Publish"]) == (1, 2)
    assert shop.sim.now() - began <= 20


def test_it_is_sent_although_the_account_is_not_known(shop: Shop, mailbox: Mailbox) -> None:
    shop.sim.fail("GetCallerIdentity", "AccessDenied", times=None)
    assert notify(mailbox.topic)["notification"]["account"] is None
    assert len(mailbox.read()) == 1


def test_what_is_not_a_topic_is_refused(shop: Shop) -> None:
    with pytest.raises(ModuleFailed, match=r"topic_arn must be the ARN of an SNS topic .* Nothing was sent\."):
        notify("on-call")
    assert "Publish" not in shop.sim.calls()
