# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What makes tests quick does the same as what it stands in for."""

from __future__ import annotations

import copy
import random
import typing as t

import botocore.loaders
import botocore.session
import pytest
from botocore.hooks import _PrefixTrie
from botocore.model import ServiceModel
from botocore.parsers import create_parser

from tests import reading
from tests.handlers import SharedTrie

KEYS = ("a", "a.b", "a.*", "a.b.c", "a.*.c", "*.b", "d", "d.e.f")


def attempt(trie: t.Any, key: str, value: int) -> type[Exception] | None:
    """Remove it. Returns the error of botocore if it belongs to an event above."""
    try:
        trie.remove_item(key, value)
    except (AttributeError, ValueError) as error:
        return type(error)
    return None


@pytest.mark.parametrize("seed", range(20))
def test_a_trie_that_shares_its_nodes_is_like_one_that_copies_them_all(seed: int) -> None:
    chance = random.Random(seed)
    pairs: list[tuple[t.Any, t.Any]] = [(_PrefixTrie(), SharedTrie())]
    removed = 0
    for value in range(200):
        theirs, ours = chance.choice(pairs)
        key = chance.choice(KEYS)
        deed = chance.choice(("add", "add", "remove", "copy"))
        if deed == "add":
            section = chance.randrange(3)
            theirs.append_item(key, value, section)
            ours.append_item(key, value, section)
        elif deed == "copy":
            pairs.append((copy.copy(theirs), copy.copy(ours)))
        elif there := list(theirs.prefix_search(key)):
            how = attempt(theirs, key, there[0])
            assert attempt(ours, key, there[0]) == how
            removed += how is None
        for old, new in pairs:
            assert [list(old.prefix_search(key)) for key in KEYS] == [list(new.prefix_search(key)) for key in KEYS]
    assert removed > 10
    assert len(pairs) > 10


def test_each_reader_of_an_answer_gets_its_own() -> None:
    model = ServiceModel(botocore.loaders.Loader().load_service_model("ecs", "service-2"), "ecs")
    shape = model.operation_model("DescribeServices").output_shape
    body = b'{"services": [{"serviceName": "web", "createdAt": 1764500000.5, "events": []}]}'
    answer = {"status_code": 200, "headers": {}, "body": body, "context": {}}
    plain = create_parser("json").parse(answer, shape)
    with reading.in_process():
        first, second = (create_parser("json").parse(answer, shape) for _time in range(2))
        first["services"][0]["events"].append("only here")
    assert second == plain
    assert first["services"][0]["events"] == ["only here"]


def handler(**_event: t.Any) -> None:
    """Does nothing."""


def test_sessions_have_the_handlers_of_botocore() -> None:
    def handlers() -> list[list[t.Any]]:
        emitter = botocore.session.Session().get_component("event_emitter")._emitter
        names = ("before-parameter-build.s3.PutObject", "creating-client-class.iam", "before-send.ecs.ListServices")
        return [list(emitter._handlers.prefix_search(name)) for name in names]

    plain = handlers()
    with reading.once():
        first, second = handlers(), handlers()
        one, other = (botocore.session.Session().get_component("event_emitter") for _session in range(2))
        one.register("before-send.ecs", handler)
        assert handler in one._emitter._handlers.prefix_search("before-send.ecs")
        assert handler not in other._emitter._handlers.prefix_search("before-send.ecs")
    assert first == second == plain
    assert any(plain)
