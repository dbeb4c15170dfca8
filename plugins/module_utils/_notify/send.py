# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Send a notification. If that fails, say so; it never undoes the rollback it reports."""

from __future__ import annotations

import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError, error_handler
from ansible_collections.lastgood.aws.plugins.module_utils._notify.message import Document

_StsErrors: t.Final = error_handler("sts")
_SnsErrors: t.Final = error_handler("sns")


def account(aws: Aws) -> str | None:
    """The account of the identity in use, or None if that cannot be found out. Needs no permission."""
    try:
        return _get_caller_identity(aws)
    except AwsCallError:
        return None


@_StsErrors.common_error_handler("look up the account")
def _get_caller_identity(aws: Aws) -> str | None:
    answer = aws.beside.call("sts", "get_caller_identity")
    return str(answer["Account"]) if answer.get("Account") else None


@_SnsErrors.common_error_handler("publish the notification")
def publish(aws: Aws, request: Document) -> str:
    """Publish the message. Returns its id. Raises :class:`AwsCallError`."""
    return str(aws.call("sns", "publish", **request).get("MessageId") or "")
