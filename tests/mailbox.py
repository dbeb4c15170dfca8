# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An SNS topic, and an SQS queue that receives every message sent to it."""

from __future__ import annotations

import json
import typing as t

from tests.world import REGION, World


class Mailbox:
    """``topic`` is the ARN to write to. What arrived is read once."""

    def __init__(self, world: World, region: str = REGION, fifo: bool = False) -> None:
        name = "on-call.fifo" if fifo else "on-call"
        self._sqs = world.client("sqs", region)
        self._queue = self._sqs.create_queue(QueueName=name, Attributes={"FifoQueue": "true"} if fifo else {})[
            "QueueUrl"
        ]
        attributes = self._sqs.get_queue_attributes(QueueUrl=self._queue, AttributeNames=["QueueArn"])["Attributes"]
        sns = world.client("sns", region)
        self.topic = str(sns.create_topic(Name=name, Attributes={"FifoTopic": "true"} if fifo else {})["TopicArn"])
        sns.subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint=attributes["QueueArn"])

    def read(self) -> list[dict[str, t.Any]]:
        """The notifications as SNS puts them into a queue, the first one first."""
        found = []
        while answer := self._sqs.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10).get("Messages"):
            for item in answer:
                found.append(json.loads(item["Body"]))
                self._sqs.delete_message(QueueUrl=self._queue, ReceiptHandle=item["ReceiptHandle"])
        return found
