# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The stages of a run as bars."""

from __future__ import annotations

import itertools
import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.plugin_utils._results.timeline import MOST_LINES, WIDTH, chart, drawing

TIMES = {"stable": 80.0, "planned": 10.0, "accepted": 20.0, "ended": 100.0, "serving": 40.0}


def test_each_stage_begins_where_the_one_before_ended() -> None:
    found = drawing(TIMES)
    assert found
    assert [(one.stage, one.began, one.ended) for one in found.bars] == [
        ("planned", 0.0, 10.0),
        ("accepted", 10.0, 20.0),
        ("serving", 20.0, 40.0),
        ("stable", 40.0, 80.0),
        ("ended", 80.0, 100.0),
    ]
    for before, one in itertools.pairwise(found.bars):
        assert one.x == pytest.approx(before.x + before.width, abs=0.2)
        assert one.y > before.y
    assert found.bars[-1].x + found.bars[-1].width < WIDTH
    assert found.bars[-1].y < found.height


def test_a_stage_that_was_not_reached_has_no_bar() -> None:
    found = drawing({"planned": 0.2, "ended": 0.3})
    assert found
    assert [one.stage for one in found.bars] == ["planned", "ended"]


@pytest.mark.parametrize("timings", [None, {}, {"planned": None}, {"ended": 0.0}])
def test_nothing_is_drawn_if_no_time_is_known(timings: dict[str, t.Any] | None) -> None:
    assert drawing(timings) is None


LOOKS = [
    {"seconds": 0.0, "running": {"web:1": 0, "web:3": 4}},
    {"seconds": 5.0, "running": {"web:3": 1, "web:1": 3}},
    {"seconds": 8.0, "running": {"web:1": 4}},
]


def corners(points: str) -> list[tuple[float, float]]:
    pairs = [point.split(",") for point in points.split()]
    return [(float(x), float(y)) for x, y in pairs]


def test_a_count_stays_until_the_look_at_which_it_is_another_one() -> None:
    found = chart(LOOKS, {"ended": 10.0})
    assert found
    assert (found.most, found.seconds, [line.version for line in found.lines]) == (4, "10.0 s", ["web:3", "web:1"])
    left, right = found.left, found.width - 8
    at = [left, left + (right - left) * 0.5, left + (right - left) * 0.8, right]
    old, new = (corners(line.points) for line in found.lines)
    for points in (old, new):
        assert [x for x, _y in points] == pytest.approx([at[0], at[1], at[1], at[2], at[2], at[3]], abs=0.1)
    four, none = old[0][1], float(found.bottom)
    quarter = (none - four) / 4
    assert [y for _x, y in old] == pytest.approx([four, four, none - quarter, none - quarter, none, none], abs=0.1)
    assert [y for _x, y in new] == pytest.approx([none, none, four + quarter, four + quarter, four, four], abs=0.1)
    assert all(line.y + 15 <= found.height for line in found.lines)


@pytest.mark.parametrize(
    ("tasks", "timings"),
    [
        (None, {"ended": 1.0}),
        ([], {"ended": 1.0}),
        (LOOKS[:1], {"ended": 1.0}),
        ([{"seconds": 0.0, "running": {}}, {"seconds": 1.0, "running": {"web:1": 0}}], {"ended": 2.0}),
    ],
)
def test_no_lines_are_drawn_if_nothing_was_seen_to_run(
    tasks: list[dict[str, t.Any]] | None, timings: dict[str, float]
) -> None:
    assert chart(tasks, timings) is None


def test_more_versions_than_can_be_told_apart_are_left_out() -> None:
    many = [{"seconds": float(at), "running": {f"web:{number}": at for number in range(9)}} for at in range(3)]
    found = chart(many)
    assert found
    assert len(found.lines) == MOST_LINES
