# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t
from datetime import UTC, datetime, timedelta, timezone

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._ecs import marks
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Verdict
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import (
    arn,
    done_tags,
    started_tag,
)

NOW = datetime(2026, 11, 20, 14, 3, 5, tzinfo=UTC)
WEB = "prod/web"


def bad_mark(
    now: datetime, reason: str | None, service: str = WEB, before: dict[str, str] | None = None
) -> dict[str, str]:
    return marks.bad_mark(now, reason, service, before or {})


def everywhere(now: datetime, reason: str | None) -> dict[str, str]:
    """A mark that does not say for whom it speaks."""
    return {marks.BAD: bad_mark(now, reason)[marks.BAD]}


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
    assert marks.weigh(tags, history, "what happened", WEB) == (expected or (history, "what happened"))


def test_the_bad_mark_says_when_and_why_and_for_which_service() -> None:
    of = {"lastgood:bad-of": "2026-11-20T14:03:05Z prod/web"}
    assert bad_mark(NOW, "500s, since 13:52") == {"lastgood:bad": "2026-11-20T14:03:05Z 500s_ since 13:52", **of}
    assert bad_mark(NOW, None) == {"lastgood:bad": "2026-11-20T14:03:05Z rolled back from", **of}


def test_times_are_written_in_utc() -> None:
    berlin = NOW.astimezone(timezone(timedelta(hours=1)))
    assert bad_mark(berlin, "x") == bad_mark(NOW, "x")


@pytest.mark.parametrize("left", [arn(43), "web:43"])
def test_a_finished_rollback_is_read_as_it_was_written(left: str) -> None:
    tags = done_tags(left, arn(41), "ecs-svc/4711", NOW, "back")
    assert set(tags) == {"lastgood:rolled-back-from", "lastgood:rolled-back-to", "lastgood:rolled-back-at"}
    assert marks.rolled_back(tags) == marks.RolledBack(
        "web:43", "web:41", "2026-11-20T14:03:05Z", "ecs-svc/4711", "back"
    )


def test_a_started_rollback_is_read_as_it_was_written() -> None:
    tags = started_tag(arn(43), arn(41), "ecs-svc/4711", "back")
    assert set(tags) == {"lastgood:rollback-started"}
    assert marks.started(tags) == marks.RolledBack("web:43", "web:41", "", "ecs-svc/4711", "back")


@pytest.mark.parametrize("length", [1, 96, 97, 110, 200, 255])
def test_the_record_of_a_long_family_is_read_as_it_was_written(length: int) -> None:
    left, target = arn(1234567, "f" * length), arn(1234561, "f" * length)
    begun = marks.started(started_tag(left, target, "ecs-svc/1234567890123456789", "back"))
    done = marks.rolled_back(done_tags(left, target, "ecs-svc/1234567890123456789", NOW, "back"))
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
    done = marks.rolled_back(done_tags(None, arn(41), "ecs-svc/4711", NOW, "back"))
    assert done is not None
    assert done.left == "-"
    begun = marks.started(started_tag(None, arn(41), "ecs-svc/4711", "back"))
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
        (bad_mark(NOW, "500s"), NOW),
    ],
)
def test_when_it_was_marked_bad(tags: dict[str, str], expected: datetime | None) -> None:
    assert marks.marked_bad_at(tags) == expected


@pytest.mark.parametrize("direction", t.get_args(marks.Direction))
def test_both_records_say_the_direction(direction: marks.Direction) -> None:
    done = marks.rolled_back(done_tags(arn(43), arn(41), "ecs-svc/4711", NOW, direction))
    begun = marks.started(started_tag(arn(43), arn(41), "ecs-svc/4711", direction))
    assert [record and record.direction for record in (done, begun)] == [direction, direction]


@pytest.mark.parametrize("at", ["", "2026-11-20T14:03:05Z", "2026-11-20T14:03:05Z ecs-svc/4711", "x y sideways"])
def test_a_record_without_a_word_for_the_direction_says_nothing_of_it(at: str) -> None:
    done = done_tags(arn(43), arn(41), "ecs-svc/4711", NOW, "back")
    record = marks.rolled_back({**done, marks.ROLLED_BACK_AT: at})
    assert record is not None
    assert record.direction == "unknown"


LATER = NOW + timedelta(seconds=1)


@pytest.mark.parametrize(
    ("record", "tags", "expected"),
    [
        (done_tags(arn(43), arn(41), "d", NOW, "back"), everywhere(NOW, "500s"), True),
        (done_tags(arn(43), arn(41), "d", NOW, "back"), everywhere(NOW, None), True),
        # by somebody else, before or after
        (done_tags(arn(43), arn(41), "d", NOW, "back"), everywhere(LATER, "500s"), False),
        (done_tags(arn(43), arn(41), "d", LATER, "back"), everywhere(NOW, "500s"), False),
        (done_tags(arn(43), arn(41), "d", NOW, "back"), {marks.BAD: "loses orders"}, False),
        (done_tags(arn(43), arn(41), "d", NOW, "back"), {marks.BAD: ""}, False),
        (done_tags(arn(43), arn(41), "d", NOW, "back"), {}, False),
        # a rollback from another version, or no rollback
        (done_tags(arn(44), arn(41), "d", NOW, "back"), everywhere(NOW, "500s"), False),
        (done_tags(None, arn(41), "d", NOW, "back"), everywhere(NOW, "500s"), False),
        (done_tags(arn(43), arn(44), "d", NOW, "forward"), everywhere(NOW, "500s"), False),
        (done_tags(arn(43), arn(44), "d", NOW, "unknown"), everywhere(NOW, "500s"), False),
        ({}, everywhere(NOW, "500s"), False),
        # The mark itself says it, whatever was done with the service since.
        ({}, bad_mark(NOW, "500s"), True),
        ({}, bad_mark(NOW, "500s", "staging/web"), False),
        (done_tags(arn(43), arn(41), "d", NOW, "back"), bad_mark(NOW, "500s", "staging/web"), False),
        ({marks.ROLLED_BACK_FROM: "web:43", marks.ROLLED_BACK_TO: "web:41"}, {marks.BAD: "x"}, False),
    ],
)
def test_whose_mark_it_is(record: dict[str, str], tags: dict[str, str], expected: bool) -> None:
    assert marks.given_by(record, arn(43), tags, WEB) is expected


@pytest.mark.parametrize("value", ["", "ecs-svc/4711", "ecs-svc/4711 web:43", "a b c d", "a b c back d"])
def test_a_record_that_cannot_be_read_is_none(value: str) -> None:
    assert marks.started({marks.STARTED: value}) is None
    assert marks.started({}) is None


@pytest.mark.parametrize(
    "tags",
    [
        bad_mark(NOW, "x" * 400),
        bad_mark(NOW, "x" * 400, "c" * 255 + "/" + "s" * 255),
        started_tag(arn(43, "f" * 255), arn(41, "f" * 255), "ecs-svc/4711", "back"),
        done_tags(arn(43, "f" * 255), arn(41, "f" * 255), "ecs-svc/4711", NOW, "back"),
    ],
)
def test_no_tag_is_longer_than_aws_allows(tags: dict[str, str]) -> None:
    assert all(key.startswith(marks.PREFIX) and len(key) <= 128 and len(value) <= 256 for key, value in tags.items())


STAMP = "2026-11-20T14:03:05Z"


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({}, None),
        (bad_mark(NOW, "500s"), ("prod/web",)),
        (bad_mark(NOW, "500s", "staging/web", bad_mark(LATER, "x")), ("prod/web", "staging/web")),
        # twice by the same service
        (bad_mark(LATER, "500s", WEB, bad_mark(NOW, "x")), ("prod/web",)),
        # They do not fit.
        (bad_mark(NOW, "500s", "c" * 200 + "/web", bad_mark(NOW, "x", "d" * 40 + "/web")), None),
        # by hand, and by hand over a rollback's
        (everywhere(NOW, "500s"), None),
        ({**bad_mark(NOW, "500s"), marks.BAD: "loses orders"}, None),
        ({**bad_mark(NOW, "500s"), marks.BAD: f"{STAMP} other words"}, ("prod/web",)),
        ({marks.BAD: "", marks.BAD_OF: ""}, None),
        # What counts everywhere goes on to do so.
        (bad_mark(LATER, "500s", "staging/web", everywhere(NOW, "x")), None),
        ({**bad_mark(NOW, "500s"), marks.BAD_OF: f"{STAMP} *"}, None),
    ],
)
def test_for_whom_a_bad_mark_speaks(tags: dict[str, str], expected: tuple[str, ...] | None) -> None:
    assert marks.speaks_for(tags) == expected


def test_services_that_do_not_fit_are_all() -> None:
    (long,) = {bad_mark(NOW, "x", "c" * 255 + "/web")[marks.BAD_OF]}
    assert long == f"{STAMP} *"


@pytest.mark.parametrize(
    ("history", "tags", "verdict"),
    [
        ("good", {}, "unknown"),
        ("unknown", {}, "unknown"),
        ("bad", {}, "bad"),
        # Somebody says that it is good, and that counts everywhere.
        ("unknown", {marks.GOOD: "soaked"}, "good"),
    ],
)
def test_what_only_another_service_had_to_leave_is_not_bad(
    history: Verdict, tags: dict[str, str], verdict: Verdict
) -> None:
    tags = {**bad_mark(NOW, "500s", "staging/web"), **tags}
    assert marks.weigh(tags, history, "what happened", "staging/web")[0] == "bad"
    found, why = marks.weigh(tags, history, "what happened", WEB)
    assert found == verdict
    if verdict == "unknown":
        assert why == f"a rollback of staging/web marked it bad ({STAMP} 500s); here: what happened"


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        (bad_mark(NOW, "500s"), marks.Change({}, (marks.BAD, marks.BAD_OF))),
        (everywhere(NOW, "500s"), marks.Change({}, (marks.BAD,))),
        (
            bad_mark(NOW, "500s", "staging/web", bad_mark(NOW, "x")),
            marks.Change({marks.BAD_OF: f"{STAMP} staging/web"}, ()),
        ),
    ],
)
def test_a_mark_is_taken_back_for_one_service_only(tags: dict[str, str], expected: marks.Change) -> None:
    assert marks.without_bad_of(tags, WEB) == expected


# -- the record before the write

WORST = ("deregister", "tasks=2147483647", "fast", "undo")


@pytest.mark.parametrize("family", ["web", "f" * 60, "f" * 77, "f" * 101, "f" * 255])
@pytest.mark.parametrize("other", ["web", "g" * 255])
@pytest.mark.parametrize("todo", [(), ("deregister",), WORST[:3]])
def test_a_record_fits_into_a_tag_and_is_read_as_it_was_written(family: str, other: str, todo: tuple[str, ...]) -> None:
    left, target = arn(4100000000, family), arn(4099999999, other)
    tags = marks.record_tag("1a2b3c4d", NOW, "ecs-svc/12345678901234567890", left, target, "unknown", todo)
    assert list(tags) == ["lastgood:rollback"]
    # AWS counts UTF-16 units, and a family has only ASCII characters.
    assert len(tags["lastgood:rollback"].encode("utf-16-le")) // 2 <= 256
    record = marks.recorded(tags)
    assert record is not None
    assert (record.run, record.primary, record.began, record.todo, record.direction, record.at) == (
        "1a2b3c4d",
        "ecs-svc/12345678901234567890",
        NOW,
        todo,
        "unknown",
        "",
    )
    assert marks.is_name_of(record.left, left)
    assert marks.is_name_of(record.target, target)
    assert not marks.is_name_of(record.left, arn(4100000000, f"{family}x"))
    assert (marks.started(tags), marks.rolled_back(tags)) == (record, None)


@pytest.mark.parametrize("still_open", [(), ("mark",), ("mark", "deregister")])
def test_the_end_of_a_record(still_open: tuple[str, ...]) -> None:
    begun = marks.record_tag("1a2b3c4d", NOW, "ecs-svc/1", None, arn(41), "back")
    tags = {**begun, **marks.done_tag("1a2b3c4d", LATER, still_open)}
    done = marks.rolled_back(tags)
    assert done is not None
    assert (done.left, done.target, marks.time_of(done.at), done.still_open) == ("-", "web:41", LATER, still_open)
    assert marks.started(tags) is None


def test_the_end_is_the_same_for_all_services_of_a_run() -> None:
    assert marks.done_tag("1a2b3c4d", NOW) == {"lastgood:rollback-done": f"1a2b3c4d {NOW:%Y-%m-%dT%H:%M:%SZ}"}


@pytest.mark.parametrize(
    "text",
    ["", "x", "1a2b3c4d then ecs-svc/1 web:3 web:1 back -", "1a2b3c4d 2026-11-20T16:00:00Z ecs-svc/1 web:3 web:1 up -"],
)
def test_a_record_before_the_write_that_cannot_be_read_is_none(text: str) -> None:
    assert marks.recorded({"lastgood:rollback": text}) is None


@pytest.mark.parametrize("text", ["", "99999999 2026-11-20T16:00:00Z", "1a2b3c4d", "1a2b3c4d soon"])
def test_what_does_not_end_a_record(text: str) -> None:
    begun = marks.record_tag("1a2b3c4d", NOW, "ecs-svc/1", arn(43), arn(41), "back")
    assert marks.rolled_back({**begun, "lastgood:rollback-done": text}) is None
    assert marks.started({**begun, "lastgood:rollback-done": text}) is not None


@pytest.mark.parametrize(
    ("record", "left"),
    [("ours", {"team": "shop"}), ("again", {"team": "shop", marks.RECORD: "theirs"}), ("theirs", None)],
)
def test_a_record_that_was_taken_back_leaves_what_stands_in_its_place(record: str, left: dict[str, str] | None) -> None:
    tags = {"team": "shop", marks.RECORD: record}
    assert marks.without(tags, {"ours": "", "again": "theirs"}) == (tags if left is None else left)
    assert marks.without({"team": "shop"}, {"ours": ""}) == {"team": "shop"}
