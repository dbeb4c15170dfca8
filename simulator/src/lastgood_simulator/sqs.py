# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Queues: moto's, with long polling that does not keep everybody else waiting."""

from __future__ import annotations

import json
import threading
import time

from lastgood_simulator.requests import Request

# How often a request that waits looks again, in seconds.
_INTERVAL = 0.05


def waits(request: Request) -> bool:
    """Whether a request may wait for a message: "WaitTimeSeconds", up to 20.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html
    """
    is_one = (request.service, request.operation) == ("sqs", "ReceiveMessage")
    wait = request.params.get("WaitTimeSeconds")
    # What is out of range moto refuses.
    return is_one and isinstance(wait, int) and 0 < wait <= 20


def wait_for_messages(request: Request, account: str, lock: threading.RLock) -> None:
    """Until there is a message, or the time is over. moto would wait with the whole of AWS locked."""
    # Most simulators never see a queue.
    from moto.sqs.models import sqs_backends

    until = time.monotonic() + request.params["WaitTimeSeconds"]
    name = str(request.params.get("QueueUrl", "")).rpartition("/")[2]
    while time.monotonic() < until:
        with lock:
            queue = sqs_backends[account][request.region].queues.get(name)
            if queue is None or queue.messages:
                return
        time.sleep(_INTERVAL)


def without_waiting(body: bytes) -> bytes:
    """The same request, to be answered at once."""
    return json.dumps({**json.loads(body), "WaitTimeSeconds": 0}).encode()
