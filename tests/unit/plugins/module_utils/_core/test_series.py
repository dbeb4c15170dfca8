# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How many tasks ran on each version, from look to look."""

from __future__ import annotations

import itertools

from ansible_collections.lastgood.aws.plugins.module_utils._core.series import MOST, TaskSeries

BEGUN, DONE = {"web:41": 1, "web:43": 4}, {"web:41": 4}


def test_a_look_that_shows_the_same_is_no_point() -> None:
    series = TaskSeries()
    for seconds, seen in ((0.41234, BEGUN), (2.0, BEGUN), (4.0, DONE), (6.0, DONE)):
        series.seen(seconds, seen)
    assert series.as_list() == [
        {"seconds": 0.412, "running": {"web:41": 1, "web:43": 4}},
        {"seconds": 4.0, "running": {"web:41": 4}},
    ]


def test_of_a_long_deployment_some_looks_are_left_out_but_never_the_first_or_the_last() -> None:
    series = TaskSeries()
    for number in range(1000):
        series.seen(float(number), {"web:41": number})
        assert len(series.points) <= MOST
        assert series.points[-1] == (float(number), {"web:41": number})
    assert series.points[0] == (0.0, {"web:41": 0})
    seconds = [point[0] for point in series.points]
    assert seconds == sorted(set(seconds))
    assert max(later - sooner for sooner, later in itertools.pairwise(seconds)) <= 60


def test_nothing_seen_is_an_empty_list() -> None:
    assert TaskSeries().as_list() == []
