# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plans that are handed on: their ids, their sizes and their ages."""

from __future__ import annotations

import json
import typing as t
from datetime import UTC, datetime, timedelta

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._core import bound

CONTENT = {"service": "web", "tasks": None, "force": ["again"], "made": "2026-11-29T18:34:46Z"}
MADE = datetime(2026, 11, 29, 18, 34, 46, tzinfo=UTC)


def test_the_id_stands_first_and_fits_the_content() -> None:
    plan = bound.sealed(CONTENT)
    assert next(iter(plan)) == "plan_id"
    assert bound.is_intact(plan)
    assert bound.is_intact(bound.sealed({**plan, "tasks": 4}))
    assert plan["plan_id"] == "6d772afb8da6"


def test_the_order_of_keys_is_no_content() -> None:
    turned = dict(reversed(list(bound.sealed(CONTENT).items())))
    assert bound.is_intact(json.loads(json.dumps(turned)))


@pytest.mark.parametrize(
    "edit",
    [{"service": "api"}, {"tasks": 0}, {"force": []}, {"made": "2026-11-29T18:34:47Z"}, {"more": 1}, {"plan_id": ""}],
)
def test_an_edit_shows(edit: dict[str, t.Any]) -> None:
    assert not bound.is_intact({**bound.sealed(CONTENT), **edit})


@pytest.mark.parametrize("letter", ["w", "é", '"'])
def test_words_are_cut_until_it_fits(letter: str) -> None:
    content = {"why": letter * 3000, "left": "web:3"}
    found = bound.fitting(content, "why", ["left"])
    assert -36 < bound.excess(found) <= 0
    assert found["why"].endswith("...")
    assert found["left"] == "web:3"


def test_names_are_cut_in_order_if_that_is_not_enough() -> None:
    long = {"why": "x" * 50, "left": "l" * 300, "target": "t" * 300, "service": "s" * 400}
    found = bound.fitting(long, "why", ["left", "target"])
    assert (found["why"], found["target"], found["service"]) == ("", "t" * 300, "s" * 400)
    assert bound.is_cut(found["left"])
    assert len(found["left"]) < 50
    assert bound.fitting({"why": "x", "left": ""}, "why", ["left"]) == {"why": "x", "left": ""}


def test_a_cut_name_is_found_again() -> None:
    one, other = "a" * 250 + ":1", "a" * 250 + ":2"
    assert bound.whole(bound.cut(other), [one, other]) == other
    assert bound.whole(bound.cut(other), [one]) == bound.cut(other)
    assert bound.whole("web:1", [one]) == "web:1"


@pytest.mark.parametrize(("seconds", "fresh"), [(0, True), (60, True), (61, False), (-5, True)])
def test_what_is_older_than_a_minute_is_read_again(seconds: int, fresh: bool) -> None:
    assert bound.is_fresh(MADE, MADE + timedelta(seconds=seconds)) is fresh
    assert not bound.is_fresh(None, MADE)


@pytest.mark.parametrize(("seconds", "old"), [(0, False), (86400, False), (86401, True)])
def test_a_plan_can_be_too_old(seconds: int, old: bool) -> None:
    why = bound.too_old(MADE, MADE + timedelta(seconds=seconds), bound.MAX_AGE)
    expected = "the plan was made at 2026-11-29T18:34:46Z, 86401 s ago, and plan_max_age is 86400 s. Make a new one"
    assert why == (expected if old else "")


@pytest.mark.parametrize(("made", "when"), [("2026-11-29T18:34:46Z", MADE), ("soon", None), ("", None), ("-2h", None)])
def test_when_it_was_made(made: str, when: datetime | None) -> None:
    assert bound.when({"made": made}) == when
    assert bound.when({}) is None
