# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether notifications can reach anybody."""

from __future__ import annotations

import json
import typing as t

import botocore.exceptions
import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy import topics
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.topics import Topic
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import FakeAws

OURS, THEIRS = "123456789012", "210987654321"
ROLE = f"arn:aws:iam::{OURS}:role/codedeploy"
HERE = f"arn:aws:sns:eu-central-1:{OURS}:on-call"
THERE = f"arn:aws:sns:eu-central-1:{THEIRS}:on-call"


def statement(effect: str = "Allow", principal: t.Any = "*", action: t.Any = "sns:Publish", **more: t.Any) -> t.Any:
    return {"Effect": effect, "Principal": principal, "Action": action, "Resource": "*", **more}


def default_of(account: str) -> t.Any:
    """The policy that SNS gives to a new topic of this account."""
    actions = ["SNS:GetTopicAttributes", "SNS:Publish"]
    return statement(principal={"AWS": "*"}, action=actions, Condition={"StringEquals": {"AWS:SourceOwner": account}})


DENIED = "denies sns:Publish to the group's role"
NOT_ALLOWED = "which is in another account, does not allow sns:Publish"


@pytest.mark.parametrize(
    ("arn", "statements", "expected"),
    [
        (HERE, default_of(OURS), ""),
        (HERE, [], ""),
        (HERE, [statement("Deny")], DENIED),
        (HERE, [default_of(OURS), statement("Deny", {"AWS": [ROLE]}, ["sns:*"])], DENIED),
        (HERE, [statement("Deny", {"AWS": f"arn:aws:iam::{OURS}:root"})], DENIED),
        (HERE, [statement("Deny", {"AWS": OURS}, "*")], DENIED),
        # Not about us, not about publishing, or not certain.
        (HERE, [statement("Deny", {"AWS": f"arn:aws:iam::{OURS}:role/other"})], ""),
        (HERE, [statement("Deny", {"Service": "events.amazonaws.com"})], ""),
        (HERE, [statement("Deny", action="sns:Subscribe")], ""),
        (HERE, [statement("Deny", Condition={"Bool": {"aws:SecureTransport": "false"}})], ""),
        (HERE, [{"Effect": "Deny", "NotPrincipal": {"AWS": ROLE}, "NotAction": "sns:Publish"}], ""),
        # In another account the topic's policy has to allow it.
        (THERE, default_of(THEIRS), NOT_ALLOWED),
        (THERE, [default_of(THEIRS), statement(principal={"AWS": ROLE})], ""),
        (THERE, [statement(principal={"AWS": f"arn:aws:iam::{THEIRS}:root"})], NOT_ALLOWED),
        (THERE, [statement(Condition={"StringEquals": {"aws:PrincipalAccount": [OURS, THEIRS]}})], ""),
        (THERE, [statement(Condition={"StringEquals": {"aws:PrincipalOrgID": "o-1"}})], ""),
        (THERE, [statement(Condition={"ArnLike": {"aws:SourceArn": "arn:aws:codedeploy:*"}})], ""),
        (THERE, [], ""),
    ],
)
def test_the_policy_of_a_topic(arn: str, statements: t.Any, expected: str) -> None:
    found = topics.findings(Topic(arn, policy={"Statement": statements}, subscribed=1), ROLE)
    assert [finding.severity for finding in found] == (["warn"] if expected else [])
    assert all(expected in finding.message for finding in found)


@pytest.mark.parametrize(
    ("topic", "expected"),
    [
        (Topic(HERE, subscribed=2), []),
        (Topic(HERE), []),
        (
            Topic(HERE, missing=True),
            [("block", f"there is no topic {HERE}, so nobody would be notified: create it first")],
        ),
        (
            Topic(HERE, unknown="Denied."),
            [("unknown", f"it is not known whether topic {HERE} notifies anybody: Denied.")],
        ),
        (Topic(HERE, subscribed=0), [("warn", f"topic {HERE} has no confirmed subscription, so nobody is notified")]),
        (
            Topic(HERE, subscribed=0, pending=2),
            [("warn", f"topic {HERE} has no confirmed subscription (2 not confirmed yet), so nobody is notified")],
        ),
        (
            Topic(HERE, subscribed=1, key="alias/ours"),
            [
                (
                    "info",
                    f"topic {HERE} is encrypted with the key alias/ours: {ROLE} needs kms:GenerateDataKey and "
                    "kms:Decrypt for it too",
                )
            ],
        ),
    ],
)
def test_what_is_to_be_known_of_a_topic(topic: Topic, expected: list[tuple[str, str]]) -> None:
    assert [(finding.severity, finding.message) for finding in topics.findings(topic, ROLE)] == expected


def test_a_group_without_a_role() -> None:
    assert topics.findings(Topic(THERE, policy={"Statement": default_of(THEIRS)}), "") == ()


def refused(code: str) -> botocore.exceptions.ClientError:
    answer: t.Any = {"Error": {"Code": code, "Message": "No."}}
    return botocore.exceptions.ClientError(answer, "GetTopicAttributes")


def test_reading_topics() -> None:
    policy = {"Statement": [default_of(OURS)]}
    attributes = {"SubscriptionsConfirmed": "2", "SubscriptionsPending": "1", "Policy": json.dumps(policy)}
    answers = [
        {"Attributes": {**attributes, "KmsMasterKeyId": "alias/ours"}},
        {"Attributes": {"Policy": "{"}},
        refused("NotFound"),
        refused("AuthorizationError"),
        {},
    ]
    aws = FakeAws(get_topic_attributes=answers)
    full, bare, missing, denied, cut = topics.read(aws, ["a", "b", "a", "c", "d", "e"]).values()
    assert full == Topic("a", policy=policy, subscribed=2, pending=1, key="alias/ours")
    assert bare == Topic("b")
    assert missing == Topic("c", missing=True)
    assert "needs the permission sns:GetTopicAttributes" in denied.unknown
    assert "cut off on the way" in cut.unknown
