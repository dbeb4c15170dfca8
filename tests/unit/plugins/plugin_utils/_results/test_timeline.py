# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The stages of a run as bars."""

from __future__ import annotations

import itertools
import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.plugin_utils._results.timeline import WIDTH, drawing

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
