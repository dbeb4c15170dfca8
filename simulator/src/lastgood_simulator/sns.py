# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Topics: moto's, with subscriptions that are counted."""

from __future__ import annotations

from typing import Any

from moto.sns.models import sns_backends

from lastgood_simulator.operations import Context, operation

# "If the endpoint type is HTTP/S or email, or if the endpoint and the topic are not in the same AWS account, the
# endpoint owner must run the ConfirmSubscription action"
# (https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html).
_TO_BE_CONFIRMED = frozenset({"http", "https", "email", "email-json"})


@operation("sns", "GetTopicAttributes")
def get_topic_attributes(context: Context, params: dict[str, Any]) -> None:
    """moto answers, but has never counted SubscriptionsConfirmed and SubscriptionsPending.

    https://docs.aws.amazon.com/sns/latest/api/API_GetTopicAttributes.html
    """
    backend = sns_backends[context.account][context.region]
    topic = backend.topics.get(params.get("TopicArn", ""))
    if topic is None:
        return
    own = [item for item in backend.subscriptions.values() if item.topic is topic]
    pending = sum(item.protocol in _TO_BE_CONFIRMED and not item.confirmed for item in own)
    topic.subscriptions_pending, topic.subscriptions_confimed = pending, len(own) - pending
