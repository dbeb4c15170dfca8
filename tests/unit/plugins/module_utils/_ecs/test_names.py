# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._ecs import names
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import arn

CHINA = "arn:aws-cn:ecs:cn-north-1:123456789012:task-definition/web:41"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("web:41", ("web", 41)),
        ("my_app-2:1", ("my_app-2", 1)),
        (arn(41), ("web", 41)),
        (CHINA, ("web", 41)),
        ("web", None),
        ("web:0", None),
        ("web:041", None),
        ("web:-1", None),
        ("web:latest", None),
        ("web:41 ", None),
        ("we b:41", None),
        ("a:b:41", None),
        ("41", None),
        ("", None),
        ("arn:aws:ecs:eu-central-1:123456789012:task-definition/web", None),
        ("arn:aws:ecs:eu-central-1:123456789012:service/prod/web", None),
        ("arn:aws:s3:::task-definition/web:41", None),
        ("arn:nonsense", None),
        (f"{'f' * 255}:1", ("f" * 255, 1)),
        (f"{'f' * 256}:1", None),
    ],
)
def test_parse(text: str, expected: tuple[str, int] | None) -> None:
    found = names.parse(text)
    assert (None if found is None else (found.family, found.revision)) == expected


@pytest.mark.parametrize(
    ("text", "expected"), [(arn(41), "web:41"), ("web:41", "web:41"), ("web", "web"), ("arn:nonsense", "arn:nonsense")]
)
def test_short(text: str, expected: str) -> None:
    assert names.short(text) == expected


@pytest.mark.parametrize(
    ("value", "current", "expected"),
    [
        ("41", arn(43), "web:41"),
        (" 41 ", arn(43), "web:41"),
        ("41", "api:7", "api:41"),
        ("web:41", arn(43), "web:41"),
        (arn(41), "api:7", arn(41)),
        ("41", "not a task definition", None),
        ("0", arn(43), None),
        ("-1", arn(43), None),
        ("web", arn(43), None),
        ("", arn(43), None),
    ],
)
def test_from_option(value: str, current: str, expected: str | None) -> None:
    assert names.from_option(value, current) == expected


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (arn(41), arn(41), True),
        (arn(41), "web:41", True),
        ("web:41", arn(41), True),
        ("web:41", "web:41", True),
        (arn(41), arn(42), False),
        ("web:4", "web:41", False),
        # Two accounts may have a web:41 each.
        (arn(41), arn(41).replace("123456789012", "210987654321"), False),
        (arn(41), CHINA, False),
    ],
)
def test_same(one: str, other: str, expected: bool) -> None:
    assert names.same(one, other) is expected


@pytest.mark.parametrize(
    ("than", "older", "newer"),
    [
        (arn(42), [arn(41), arn(40)], [arn(44), arn(43)]),
        ("web:40", [], [arn(44), arn(43), arn(42), arn(41)]),
        (arn(7, "api"), [arn(6, "api")], []),
        ("garbled", [], []),
    ],
)
def test_what_is_older_and_newer_in_a_family(than: str, older: list[str], newer: list[str]) -> None:
    given = [arn(44), arn(43), arn(42), "garbled", arn(6, "api"), arn(41), arn(40)]
    assert names.older_and_newer(given, than) == (older, newer)
