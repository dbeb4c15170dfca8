# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which services become hosts."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.plugin_utils._inventory import selection
from ansible_collections.lastgood.aws.plugins.plugin_utils._inventory.selection import Selection


@pytest.mark.parametrize(
    ("include", "exclude", "expected"),
    [
        ((), (), True),
        (("web",), (), True),
        (("w*",), (), True),
        (("W*",), (), False),
        (("web.shop",), (), True),
        (("web.*.eu-*",), (), True),
        (("api", "web"), (), True),
        (("api",), (), False),
        ((), ("web",), False),
        ((), ("*.shop",), False),
        (("web",), ("web.shop.eu-central-1",), False),
        # A pattern is for a whole name.
        (("we",), (), False),
    ],
)
def test_by_name(include: tuple[str, ...], exclude: tuple[str, ...], expected: bool) -> None:
    assert Selection(include=include, exclude=exclude).may_be("web", "shop", "eu-central-1") is expected


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({}, True),
        ({"team": ("payments",)}, True),
        ({"team": ("data", "pay*")}, True),
        ({"team": ("data",)}, False),
        ({"team": ()}, True),
        ({"tier": ()}, False),
        ({"team": ("payments",), "tier": ()}, False),
    ],
)
def test_by_tags(wanted: dict[str, tuple[str, ...]], expected: bool) -> None:
    assert Selection(tags=wanted).has_tags({"team": "payments"}) is expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, {}),
        ({}, {}),
        ({"team": "payments"}, {"team": ("payments",)}),
        ({"team": ["a", "b"]}, {"team": ("a", "b")}),
        ({"team": None}, {"team": ()}),
        ({"team": ""}, {"team": ()}),
        ({"critical": True, "level": 3}, {"critical": ("true",), "level": ("3",)}),
    ],
)
def test_tags_as_written(value: t.Any, expected: dict[str, tuple[str, ...]]) -> None:
    assert selection.tags(value) == expected


@pytest.mark.parametrize("value", ["team", ["team"], {"team": {"is": "payments"}}, {"team": [None]}])
def test_tags_that_are_none(value: t.Any) -> None:
    with pytest.raises(ValueError, match="tags"):
        selection.tags(value)


def test_texts() -> None:
    assert selection.texts("include", None) == ()
    assert selection.texts("include", "web") == ("web",)
    assert selection.texts("include", ["web", 1]) == ("web", "1")
    with pytest.raises(ValueError, match="include must be a list of texts, and has ''"):
        selection.texts("include", ["web", ""])
