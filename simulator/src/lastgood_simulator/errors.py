# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""AWS errors and how each protocol writes them."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from typing import Any
from xml.sax.saxutils import escape


class AwsError(Exception):
    """An error that the caller gets as AWS would send it."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


class Dropped(Exception):
    """The connection is to be closed without an answer."""


class Hanging(Exception):
    """The connection stays open, and no answer ever comes."""


@dataclass
class Reply:
    """What goes back over the wire."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


def error_reply(error: AwsError, protocol: str) -> Reply:
    """Write ``error`` the way AWS does for this protocol: ``json``, ``query``, ``ec2`` or ``rest-xml``."""
    request_id = str(uuid.uuid4())
    headers = {"x-amzn-RequestId": request_id}
    if protocol == "json":
        headers["Content-Type"] = "application/x-amz-json-1.1"
        # Amazon ECS spells the member `message`, others `Message`; SDKs accept both.
        text = json.dumps({"__type": error.code, "message": error.message})
    else:
        headers["Content-Type"] = "text/xml"
        code, message = escape(error.code), escape(error.message)
        if protocol == "ec2":
            text = (
                f"<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors>"
                f"<RequestID>{request_id}</RequestID></Response>"
            )
        elif protocol == "rest-xml":
            text = f"<Error><Code>{code}</Code><Message>{message}</Message><RequestId>{request_id}</RequestId></Error>"
        else:
            fault = "Receiver" if error.status >= 500 else "Sender"
            text = (
                f"<ErrorResponse><Error><Type>{fault}</Type><Code>{code}</Code><Message>{message}</Message></Error>"
                f"<RequestId>{request_id}</RequestId></ErrorResponse>"
            )
    return Reply(error.status, text.encode(), headers)


def xml_reply(operation: str, result: dict[str, Any]) -> Reply:
    """Write an answer of a service that speaks the query protocol."""
    request_id = str(uuid.uuid4())
    text = f"<{operation}Result>{_xml(result)}</{operation}Result>"
    text += f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata>"
    headers = {"Content-Type": "text/xml", "x-amzn-RequestId": request_id}
    return Reply(200, f"<{operation}Response>{text}</{operation}Response>".encode(), headers)


def _xml(value: Any) -> str:
    if isinstance(value, dict):
        return "".join(f"<{name}>{_xml(item)}</{name}>" for name, item in value.items())
    if isinstance(value, list):
        return "".join(f"<member>{_xml(item)}</member>" for item in value)
    return escape(str(value).lower() if isinstance(value, bool) else str(value))
