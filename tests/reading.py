# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What botocore reads and works out for each session anew, done once for all tests of a process."""

from __future__ import annotations

import contextlib
import functools
import gc
from collections.abc import Callable, Iterator
from types import FunctionType
from unittest import mock

import botocore.hooks
import botocore.loaders
import botocore.useragent
from botocore.hooks import EventAliaser

SANITIZE = "botocore.useragent.sanitize_user_agent_string_component"


@contextlib.contextmanager
def once() -> Iterator[None]:
    """botocore parses the model of each service once; a module makes a new session for each of its clients.

    The same goes for the names of events and the signatures of their handlers, of which each session works out some
    hundreds, and for the user agent of each request.
    """
    loader = botocore.loaders.create_loader()
    aliases: dict[str, str] = {}
    work_out = EventAliaser._alias_event_name
    look_at_function = functools.cache(botocore.hooks.accepts_kwargs)

    def alias(self: EventAliaser, name: str) -> str:
        if name not in aliases:
            aliases[name] = work_out(self, name)
        return aliases[name]

    def accepts_kwargs(handler: Callable[..., object]) -> bool:
        # A method would keep its client alive in the cache.
        look = look_at_function if isinstance(handler, FunctionType) else look_at_function.__wrapped__
        return bool(look(handler))

    with (
        mock.patch("botocore.session.create_loader", return_value=loader),
        mock.patch.object(EventAliaser, "_alias_event_name", alias),
        mock.patch("botocore.hooks.accepts_kwargs", accepts_kwargs),
        mock.patch(SANITIZE, functools.cache(botocore.useragent.sanitize_user_agent_string_component)),
    ):
        yield


def imports_are_no_garbage() -> None:
    """The collector need not look at all of moto again and again."""
    gc.collect()
    gc.freeze()
