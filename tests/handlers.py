# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""botocore's handlers of events, without all of them anew for each session and each client."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

import botocore.handlers
from botocore.hooks import EventAliaser, HierarchicalEmitter, NodeList, _PrefixTrie
from botocore.session import Session

# What botocore calls the section in the middle of a node.
_MIDDLE = 1
_Node = dict[str, Any]


class SharedTrie(_PrefixTrie):  # type: ignore[misc]
    """Handlers by the names of events. It shares its nodes with its copies, and copies only those that it changes.

    botocore copies all three hundred nodes of a session for each client, which then adds a dozen handlers.
    """

    def __init__(self) -> None:
        super().__init__()
        self._belong_to_nobody_else()

    def append_item(self, key: str, value: Any, section: int = _MIDDLE) -> None:
        """Add a handler of an event."""
        node = self._way_to(key, make=True)
        if node["values"] is None:
            node["values"] = NodeList([], [], [])
        node["values"][section].append(value)

    def remove_item(self, key: str, value: Any) -> None:
        """Remove a handler of an event. Raises ValueError if there is no such event."""
        self._way_to(key)
        super().remove_item(key, value)

    def __copy__(self) -> SharedTrie:
        twin = SharedTrie()
        twin._root = self._root
        self._belong_to_nobody_else()
        return twin

    def _belong_to_nobody_else(self) -> None:
        """From now on, only nodes with this mark are its own."""
        self._mark = object()

    def _way_to(self, key: str, make: bool = False) -> _Node:
        """The last node on the way to an event. All nodes on the way are its own then."""
        self._root = node = self._own(self._root)
        for part in key.split("."):
            child = node["children"].get(part)
            if child is None and not make:
                break
            if child is None:
                child = {"chunk": part, "values": None, "children": {}}
            node["children"][part] = node = self._own(child)
        return node

    def _own(self, node: _Node) -> _Node:
        if node.get("mark") is self._mark:
            return node
        return {**node, "children": dict(node["children"]), "values": copy.copy(node["values"]), "mark": self._mark}


@contextlib.contextmanager
def once() -> Iterator[None]:
    """Sessions and clients share botocore's own handlers."""
    with (
        mock.patch("botocore.hooks._PrefixTrie", SharedTrie),
        mock.patch.object(Session, "_register_builtin_handlers", _registered(Session._register_builtin_handlers)),
        mock.patch.object(EventAliaser, "emit", _emit),
    ):
        yield


def _emit(aliaser: EventAliaser, event_name: str, **given: Any) -> list[tuple[Any, Any]]:
    """What botocore does in three functions, with a line in a log for each handler, ten times for each request."""
    emitter, name = aliaser._emitter, aliaser._alias_event_name(event_name)
    handlers = emitter._lookup_cache.get(name)
    if handlers is None:
        found: list[tuple[Any, Any]] = emitter.emit(name, **given)
        return found
    given["event_name"] = name
    return [(handler, handler(**given)) for handler in handlers]


def _registered(register: Callable[[Session, Any], None]) -> Callable[[Session, Any], None]:
    # By their number: moto adds one when it is imported.
    known: dict[int, HierarchicalEmitter] = {}

    def register_builtin_handlers(session: Session, events: Any) -> None:
        emitter, number = session._original_handler, len(botocore.handlers.BUILTIN_HANDLERS)
        if emitter._handlers._root["children"]:
            # Whoever made it has put some there.
            register(session, events)
            return
        if number not in known:
            register(session, events)
            known[number] = copy.copy(emitter)
            return
        vars(emitter).update(vars(copy.copy(known[number])))

    return register_builtin_handlers
