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
from ansible_collections.lastgood.aws.plugins.module_utils._core.options import BadOption

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
    why = bound.too_old(CONTENT, MADE + timedelta(seconds=seconds), bound.MAX_AGE)
    expected = "the plan was made at 2026-11-29T18:34:46Z, 86401 s ago, and plan_max_age is 86400 s. Make a new one"
    assert why == (expected if old else "")


def test_what_does_not_say_when_it_was_made_is_too_old() -> None:
    assert bound.too_old({}, MADE, bound.MAX_AGE) == "it does not say when it was made"


@pytest.mark.parametrize(("made", "when"), [("2026-11-29T18:34:46Z", MADE), ("soon", None), ("", None), ("-2h", None)])
def test_when_it_was_made(made: str, when: datetime | None) -> None:
    assert bound.when({"made": made}) == when
    assert bound.when({}) is None


# -- what is taken


def test_it_is_read_as_it_was_written() -> None:
    assert bound.read(bound.sealed(CONTENT), CONTENT, "service") == CONTENT


@pytest.mark.parametrize(
    "given", [{}, CONTENT, {"plan_id": "x", "service": "web"}, bound.sealed({**CONTENT, "service": ""})]
)
def test_what_is_no_plan(given: dict[str, t.Any]) -> None:
    with pytest.raises(BadOption) as caught:
        bound.read(given, CONTENT, "service", " of each service")
    assert str(caught.value) == "plan: it is no plan. Give plan of each service as a run in check mode returned it"


def test_what_was_changed_is_not_taken() -> None:
    with pytest.raises(
        BadOption, match=r"plan: that of web was changed since it was made: its plan_id is 6d772afb8da6"
    ):
        bound.read({**bound.sealed(CONTENT), "tasks": 4}, CONTENT, "service")


def test_what_a_plan_settles_is_not_given_with_it() -> None:
    bound.beside(["wait"], ["service", "tasks"])
    with pytest.raises(BadOption) as caught:
        bound.beside(["tasks", "wait", "service"], ["service", "tasks"])
    assert str(caught.value) == "plan: it says what is done, so it cannot be given with service, tasks"


def test_a_plan_for_another_place_is_not_taken() -> None:
    bound.same_place("web", "Region", "eu-central-1", "eu-central-1")
    with pytest.raises(BadOption) as caught:
        bound.same_place("web", "Region", "eu-central-1", "us-east-1")
    assert str(caught.value) == "plan: that of web is for Region eu-central-1, and this is us-east-1"


# -- what is said


def test_what_is_said_of_a_plan() -> None:
    assert bound.other_account("1", "2") == "the plan is for account 1, and this is 2"
    # Nobody knew it, or it is this one.
    assert (bound.other_account(None, "2"), bound.other_account("2", "2")) == ("", "")
    assert bound.which_had_shown("web:3", "web:1") == ", which had shown web:3 → web:1"
    assert bound.which_had_shown("", "web:1") == ", which had shown web:1"
    assert bound.which_had_shown("web:3", "") == ", which had found nothing to do"
    assert bound.no_target("version", "web", "why") == "the plan shows no version for web to go back to: why"
