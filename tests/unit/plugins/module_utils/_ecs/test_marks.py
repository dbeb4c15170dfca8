# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t
from datetime import UTC, datetime, timedelta, timezone

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._ecs import marks
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Verdict
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import arn

NOW = datetime(2026, 11, 20, 14, 3, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("500s since 13:52", "500s since 13:52"),
        ("a+b-c=d.e_f:g/h@i", "a+b-c=d.e_f:g/h@i"),
        ('"no" & <b>; $(x) `x` \\ | #1, [y] {z} 100% !?*', "_no_ _ _b__ __x_ _x_ _ _ _1_ _y_ _z_ 100_ ___"),
        ("two\nlines\tand  a   tab\r\n", "two lines and a tab"),
        ("  around  ", "around"),
        ("größer 日本語", "größer 日本語"),
        ("bang 💥", "bang _"),
        ("x" * 300, "x" * 256),
        ("", ""),
    ],
)
def test_tag_values_hold_only_what_aws_allows(text: str, expected: str) -> None:
    assert marks.tag_value(text) == expected


@pytest.mark.parametrize("history", ["good", "bad", "unknown"])
@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({}, None),
        ({"team": "shop", "lastgood:pinned": "yes"}, None),
        ({marks.BAD: "2026 500s"}, ("bad", "marked bad: 2026 500s")),
        ({marks.BAD: ""}, ("bad", "marked bad: no reason given")),
        ({marks.GOOD: "soaked"}, ("good", "marked good: soaked")),
        ({marks.GOOD: ""}, ("good", "marked good: no reason given")),
        ({marks.GOOD: "soaked", marks.BAD: "500s"}, ("bad", "marked bad: 500s")),
    ],
)
def test_marks_outweigh_the_history_and_bad_outweighs_good(
    history: Verdict, tags: dict[str, str], expected: tuple[str, str] | None
) -> None:
    assert marks.weigh(tags, history, "what happened") == (expected or (history, "what happened"))


def test_the_bad_mark_says_when_and_why() -> None:
    assert marks.bad_mark(NOW, "500s, since 13:52") == {"lastgood:bad": "2026-11-20T14:03:05Z 500s_ since 13:52"}
    assert marks.bad_mark(NOW, None) == {"lastgood:bad": "2026-11-20T14:03:05Z rolled back from"}


def test_times_are_written_in_utc() -> None:
    berlin = NOW.astimezone(timezone(timedelta(hours=1)))
    assert marks.bad_mark(berlin, "x") == marks.bad_mark(NOW, "x")


@pytest.mark.parametrize("left", [arn(43), "web:43"])
def test_a_finished_rollback_is_read_as_it_was_written(left: str) -> None:
    tags = marks.done_tags(left, arn(41), "ecs-svc/4711", NOW, "back")
    assert set(tags) == {"lastgood:rolled-back-from", "lastgood:rolled-back-to", "lastgood:rolled-back-at"}
    assert marks.rolled_back(tags) == marks.RolledBack(
        "web:43", "web:41", "2026-11-20T14:03:05Z", "ecs-svc/4711", "back"
    )


def test_a_started_rollback_is_read_as_it_was_written() -> None:
    tags = marks.started_tag(arn(43), arn(41), "ecs-svc/4711", "back")
    assert set(tags) == {"lastgood:rollback-started"}
    assert marks.started(tags) == marks.RolledBack("web:43", "web:41", "", "ecs-svc/4711", "back")


@pytest.mark.parametrize("length", [1, 96, 97, 110, 200, 255])
def test_the_record_of_a_long_family_is_read_as_it_was_written(length: int) -> None:
    left, target = arn(1234567, "f" * length), arn(1234561, "f" * length)
    begun = marks.started(marks.started_tag(left, target, "ecs-svc/1234567890123456789", "back"))
    done = marks.rolled_back(marks.done_tags(left, target, "ecs-svc/1234567890123456789", NOW, "back"))
    for record in (begun, done):
        assert record is not None
        assert (record.left, record.target) == (marks.tag_name(left), marks.tag_name(target))
        assert record.deployment == "ecs-svc/1234567890123456789"


def test_long_families_that_begin_alike_have_names_of_their_own() -> None:
    one, other = ("f" * 200 + end for end in "ab")
    names = {marks.tag_name(arn(number, family)) for number in (4, 41) for family in (one, other)}
    assert len(names) == 4
    assert all(marks.tag_value(name) == name for name in names)


def test_a_rollback_that_left_nothing_known() -> None:
    done = marks.rolled_back(marks.done_tags(None, arn(41), "ecs-svc/4711", NOW, "back"))
    assert done is not None
    assert done.left == "-"
    begun = marks.started(marks.started_tag(None, arn(41), "ecs-svc/4711", "back"))
    assert begun is not None
    assert begun.left == "-"


@pytest.mark.parametrize(
    "tags",
    [
        {},
        {marks.ROLLED_BACK_FROM: "web:43"},
        {marks.ROLLED_BACK_TO: "web:41"},
        {marks.ROLLED_BACK_AT: "2026-11-20T14:03:05Z ecs-svc/4711"},
    ],
)
def test_half_a_record_is_none(tags: dict[str, str]) -> None:
    assert marks.rolled_back(tags) is None


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({}, None),
        ({marks.BAD: ""}, None),
        ({marks.BAD: "by hand"}, None),
        ({marks.GOOD: "2026-11-20T14:03:05Z"}, None),
        ({marks.BAD: "2026-11-20T14:03:05Z"}, NOW),
        (marks.bad_mark(NOW, "500s"), NOW),
    ],
)
def test_when_it_was_marked_bad(tags: dict[str, str], expected: datetime | None) -> None:
    assert marks.marked_bad_at(tags) == expected


@pytest.mark.parametrize("direction", t.get_args(marks.Direction))
def test_both_records_say_the_direction(direction: marks.Direction) -> None:
    done = marks.rolled_back(marks.done_tags(arn(43), arn(41), "ecs-svc/4711", NOW, direction))
    begun = marks.started(marks.started_tag(arn(43), arn(41), "ecs-svc/4711", direction))
    assert [record and record.direction for record in (done, begun)] == [direction, direction]


@pytest.mark.parametrize("at", ["", "2026-11-20T14:03:05Z", "2026-11-20T14:03:05Z ecs-svc/4711", "x y sideways"])
def test_a_record_without_a_word_for_the_direction_says_nothing_of_it(at: str) -> None:
    done = marks.done_tags(arn(43), arn(41), "ecs-svc/4711", NOW, "back")
    record = marks.rolled_back({**done, marks.ROLLED_BACK_AT: at})
    assert record is not None
    assert record.direction == "unknown"


LATER = NOW + timedelta(seconds=1)


@pytest.mark.parametrize(
    ("record", "tags", "expected"),
    [
        (marks.done_tags(arn(43), arn(41), "d", NOW, "back"), marks.bad_mark(NOW, "500s"), True),
        (marks.done_tags(arn(43), arn(41), "d", NOW, "back"), marks.bad_mark(NOW, None), True),
        # by somebody else, before or after
        (marks.done_tags(arn(43), arn(41), "d", NOW, "back"), marks.bad_mark(LATER, "500s"), False),
        (marks.done_tags(arn(43), arn(41), "d", LATER, "back"), marks.bad_mark(NOW, "500s"), False),
        (marks.done_tags(arn(43), arn(41), "d", NOW, "back"), {marks.BAD: "loses orders"}, False),
        (marks.done_tags(arn(43), arn(41), "d", NOW, "back"), {marks.BAD: ""}, False),
        (marks.done_tags(arn(43), arn(41), "d", NOW, "back"), {}, False),
        # a rollback from another version, or no rollback
        (marks.done_tags(arn(44), arn(41), "d", NOW, "back"), marks.bad_mark(NOW, "500s"), False),
        (marks.done_tags(None, arn(41), "d", NOW, "back"), marks.bad_mark(NOW, "500s"), False),
        (marks.done_tags(arn(43), arn(44), "d", NOW, "forward"), marks.bad_mark(NOW, "500s"), False),
        (marks.done_tags(arn(43), arn(44), "d", NOW, "unknown"), marks.bad_mark(NOW, "500s"), False),
        ({}, marks.bad_mark(NOW, "500s"), False),
        ({marks.ROLLED_BACK_FROM: "web:43", marks.ROLLED_BACK_TO: "web:41"}, {marks.BAD: "x"}, False),
    ],
)
def test_whose_mark_it_is(record: dict[str, str], tags: dict[str, str], expected: bool) -> None:
    assert marks.given_by(record, arn(43), tags) is expected


@pytest.mark.parametrize("value", ["", "ecs-svc/4711", "ecs-svc/4711 web:43", "a b c d", "a b c back d"])
def test_a_record_that_cannot_be_read_is_none(value: str) -> None:
    assert marks.started({marks.STARTED: value}) is None
    assert marks.started({}) is None


@pytest.mark.parametrize(
    "tags",
    [
        marks.bad_mark(NOW, "x" * 400),
        marks.started_tag(arn(43, "f" * 255), arn(41, "f" * 255), "ecs-svc/4711", "back"),
        marks.done_tags(arn(43, "f" * 255), arn(41, "f" * 255), "ecs-svc/4711", NOW, "back"),
    ],
)
def test_no_tag_is_longer_than_aws_allows(tags: dict[str, str]) -> None:
    assert all(key.startswith(marks.PREFIX) and len(key) <= 128 and len(value) <= 256 for key, value in tags.items())
