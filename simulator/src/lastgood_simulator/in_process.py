# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simulator inside a test: boto3 clients of this process talk to it, and the clock stands still."""

from __future__ import annotations

import os
import time
from typing import Any, Self
from unittest import mock
from urllib.parse import urlsplit

from botocore.endpoint import Endpoint
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError
from moto import mock_aws
from moto.core.models import botocore_stubber

from lastgood_simulator.clock import Clock
from lastgood_simulator.errors import AwsError, Dropped, Hanging, Reply
from lastgood_simulator.requests import Request, read_request
from lastgood_simulator.world import World

_CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_SESSION_TOKEN": "testing",
    "AWS_DEFAULT_REGION": "us-east-1",
    # A profile or an endpoint of the user's own would lead clients elsewhere.
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}


class Simulator(World):
    """``with Simulator() as sim:`` activates it; boto3 clients made inside talk to it.

    ``start`` is the time at which the clock stands (seconds since the epoch; default: now, in whole seconds); only
    :meth:`advance` moves it. ``profile`` says how late answers are, see :meth:`World.profile`.
    """

    def __init__(self, start: float | None = None, speed: float = 1.0, profile: str = "") -> None:
        super().__init__(Clock(float(int(time.time())) if start is None else start), speed, profile)
        self._mock = mock_aws()
        self._read_timeout = 0.0
        self._patches = (
            mock.patch.object(Endpoint, "_do_get_response", self._note_timeout(Endpoint._do_get_response)),
            mock.patch.dict(os.environ, _CREDENTIALS),
            mock.patch.object(botocore_stubber, "process_request", self._process(botocore_stubber.process_request)),
        )

    def __enter__(self) -> Self:
        self._mock.start()
        self._start_over()
        for patch in self._patches:
            patch.start()
        for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL"):
            # patch.dict puts them back.
            os.environ.pop(name, None)
        return self

    def __exit__(self, *_exception: object) -> None:
        for patch in reversed(self._patches):
            patch.stop()
        self._mock.stop()

    def _note_timeout(self, original: Any) -> Any:
        def get_response(endpoint: Any, request: Any, operation_model: Any, context: Any) -> Any:
            self._read_timeout = float(context["client_config"].read_timeout)
            return original(endpoint, request, operation_model, context)

        return get_response

    def _process(self, original: Any) -> Any:
        def process(aws_request: Any) -> Any:
            request = as_request(aws_request)

            def forward() -> Reply:
                try:
                    answer = original(aws_request)
                except NotImplementedError:
                    raise unknown_operation(request) from None
                if answer is None:
                    raise unknown_operation(request)
                status, headers, body = answer
                return Reply(status, body if isinstance(body, bytes) else body.encode(), headers)

            try:
                reply = self.answer(request, forward)
            except Dropped:
                raise ConnectionClosedError(endpoint_url=aws_request.url) from None
            except Hanging:
                # The client has waited for as long as it does.
                self.advance(self._read_timeout)
                raise ReadTimeoutError(endpoint_url=aws_request.url, error="the answer hangs") from None
            return reply.status, reply.headers, reply.body

        return process


def unknown_operation(request: Request) -> AwsError:
    """What AWS answers for an operation that it does not know; here: that nobody has built yet."""
    what = f"{request.service or 'unknown service'}:{request.operation or request.path}"
    code = "UnknownOperationException" if request.protocol == "json" else "InvalidAction"
    return AwsError(code, f"The simulator does not have the operation {what}.")


def as_request(aws_request: Any) -> Request:
    url = urlsplit(aws_request.url)
    headers = {
        name.lower(): value.decode() if isinstance(value, bytes) else str(value)
        for name, value in aws_request.headers.items()
    }
    body = aws_request.body or b""
    if isinstance(body, str):
        body = body.encode()
    elif hasattr(body, "read"):
        body = b""
    return read_request(aws_request.method, url.path, headers, bytes(body), aws_request.url)
