# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The operations that the simulator answers itself; everything else is moto's."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from moto.sts.models import sts_backends
from moto.utilities.utils import get_partition

from lastgood_simulator.errors import AwsError

if TYPE_CHECKING:
    from lastgood_simulator.world import World

T = TypeVar("T")


@dataclass(frozen=True)
class Context:
    """Who calls, where and when."""

    world: World
    account: str
    region: str
    access_key: str
    now: float

    @property
    def principal(self) -> str:
        """The ARN that GetCallerIdentity shows for the caller."""
        sts = sts_backends[self.account][get_partition(self.region)]
        return str(sts.get_caller_identity(self.access_key, self.region)[1])


# A handler returns the output's members, or None to let moto answer.
Handler = Callable[[Context, dict[str, Any]], "dict[str, Any] | None"]
OPERATIONS: dict[tuple[str, str], Handler] = {}


def operation(service: str, name: str) -> Callable[[Handler], Handler]:
    """Register a handler for ``name`` of ``service`` (boto3's name)."""

    def register(handler: Handler) -> Handler:
        OPERATIONS[service, name] = handler
        return handler

    return register


def page(
    items: Sequence[T], params: dict[str, Any], default: int, most: int, bad: str
) -> tuple[Sequence[T], str | None]:
    """The page of ``items`` that ``maxResults`` and ``nextToken`` ask for, and the next token.

    Raises an AWS error with the code ``bad`` for a size out of 1..``most`` or a token that is none.
    """
    size = params.get("maxResults") or params.get("MaxResults") or default
    if not 1 <= size <= most:
        raise AwsError(bad, f"maxResults must be between 1 and {most}")
    token = params.get("nextToken") or params.get("NextToken")
    try:
        start = int(base64.urlsafe_b64decode(token)) if token else 0
    except ValueError:
        raise AwsError(bad, "Invalid token") from None
    end = start + size
    following = base64.urlsafe_b64encode(str(end).encode()).decode() if end < len(items) else None
    return items[start:end], following
