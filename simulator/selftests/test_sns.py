# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Topics count their subscriptions."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from lastgood_simulator import Simulator
from selftests.cluster import client


def test_subscriptions_are_counted(sim: Simulator) -> None:
    sns = client("sns")
    topic = sns.create_topic(Name="on-call")["TopicArn"]

    def counts() -> tuple[str, str]:
        found = sns.get_topic_attributes(TopicArn=topic)["Attributes"]
        return found["SubscriptionsConfirmed"], found["SubscriptionsPending"]

    assert counts() == ("0", "0")
    queue = "arn:aws:sqs:us-east-1:123456789012:on-call"
    subscription = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)["SubscriptionArn"]
    # Whoever reads the mail has to confirm it first.
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="on-call@example.com")
    assert counts() == ("1", "1")
    sns.unsubscribe(SubscriptionArn=subscription)
    assert counts() == ("0", "1")


def test_a_topic_that_is_not_there(sim: Simulator) -> None:
    with pytest.raises(ClientError, match="NotFound"):
        client("sns").get_topic_attributes(TopicArn="arn:aws:sns:us-east-1:123456789012:nowhere")
