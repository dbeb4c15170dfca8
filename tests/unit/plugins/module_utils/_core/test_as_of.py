# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a time means that somebody wrote, and which times have not come yet."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._core import as_of

NOW = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected", "assumed"),
    [
        ("2026-11-20T13:50:00Z", "13:50:00", False),
        ("2026-11-20t13:50:00z", "13:50:00", False),
        ("2026-11-20T13:50:00+00:00", "13:50:00", False),
        ("2026-11-20T15:50:00+02:00", "13:50:00", False),
        ("2026-11-20T15:50:00+0200", "13:50:00", False),
        ("2026-11-20T15:50+02", "13:50:00", False),
        ("2026-11-20T08:20:00-05:30", "13:50:00", False),
        # as date, git and this collection print it
        ("2026-11-20 15:50:00 +0200", "13:50:00", False),
        ("2026-11-20 13:50:00 UTC", "13:50:00", False),
        ("2026-11-20 13:50 gmt", "13:50:00", False),
        ("2026-11-20 13:50", "13:50:00", True),
        ("2026-11-20T13:50:07", "13:50:07", True),
        ("2026-11-20T13:50:07.25Z", "13:50:07.250000", False),
        ("2026-11-20T13:50:07.123456Z", "13:50:07.123456", False),
        ("2026-11-20", "00:00:00", True),
        ("2026-11-20Z", "00:00:00", False),
        ("-2h", "12:00:00", False),
        ("-90m", "12:30:00", False),
        ("-30s", "13:59:30", False),
        ("-1h30m", "12:30:00", False),
        ("-1H 30M", "12:30:00", False),
        ("- 2h", "12:00:00", False),
        ("-0h", "14:00:00", False),
    ],
)
def test_what_a_time_means(text: str, expected: str, assumed: bool) -> None:
    found = as_of.parse(text)
    when = found.seen_from(NOW)
    assert when.astimezone(UTC) == datetime.fromisoformat(f"2026-11-20T{expected}+00:00")
    assert (found.zone_assumed, bool(found.note), found.problem(NOW)) == (assumed, assumed, "")


@pytest.mark.parametrize(
    ("text", "ago"),
    [("-1d", timedelta(1)), ("-2w", timedelta(14)), ("-1w2d3h4m5s", timedelta(9, 5, minutes=4, hours=3))],
)
def test_days_and_weeks(text: str, ago: timedelta) -> None:
    assert as_of.parse(text).seen_from(NOW) == NOW - ago


def test_the_longest_time_ago_is_still_a_time() -> None:
    longest = as_of.parse("-9999w9999d99999h999999m99999999s")
    assert longest.seen_from(NOW).year > 1


@pytest.mark.parametrize(
    "text",
    [
        *("yesterday", "14:00", "2026-13-01", "2026-02-30T12:00Z", "1763640000", "20.11.2026", "2026-11-20T25:00"),
        *("2026-11-20T13:50:00+25:00", "2026-11-20T13:50:00 CET", "2026-11-20T13:50:00ZZ", "20261120", "2026-W47"),
        *("-2", "2h", "+2h", "-2x", "-", "-h", "-2m1h", "-1.5h", "-99999w", "-\uff12h"),
    ],
)
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(as_of.NotATime):
        as_of.parse(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        # The clock of a machine may be a little fast.
        ("2026-11-20T14:01:00Z", ""),
        ("2026-11-20T15:59:00+02:00", ""),
        ("2026-11-20T14:01:01Z", "as_of 2026-11-20T14:01:01Z is in the future: it is 2026-11-20T14:00:00Z now"),
        ("2026-11-20T14:30:00+00:00", "is in the future"),
        ("2027-01-01", "as_of 2027-01-01 names no zone and was taken as UTC, which is in the future"),
        ("2026-11-20 15:50", "Give your own time with its offset, such as 2026-11-20 15:50+02:00"),
    ],
)
def test_what_has_not_come_yet(text: str, words: str) -> None:
    problem = as_of.parse(text).problem(NOW)
    assert words in problem
    assert bool(words) is bool(problem)


def test_what_is_said_of_a_time() -> None:
    local, utc = as_of.parse("2026-11-20 12:00"), as_of.parse("2026-11-20 12:00Z")
    assert as_of.notes(local) == ["as_of 2026-11-20 12:00 names no zone and was taken as UTC"]
    assert [finding.as_dict() for finding in as_of.findings(local)] == [
        {"check": "as_of", "severity": "info", "message": as_of.notes(local)[0]}
    ]
    assert (as_of.notes(utc), as_of.notes(None), as_of.findings(None)) == ([], [], [])
    assert (as_of.shown(NOW), as_of.shown(None)) == ("2026-11-20T14:00:00Z", None)
