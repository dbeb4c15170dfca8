# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How many tasks ran on each version, from look to look."""

from __future__ import annotations

import dataclasses
import itertools

from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move.series import MOST, TaskSeries, running
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import deployment, service

BEGUN = service(deployment(41, "ecs-svc/ours", running=1), deployment(43, "ecs-svc/old", status="ACTIVE", running=4))
DONE = service(deployment(41, "ecs-svc/ours", running=4))


def test_tasks_are_counted_by_version_whatever_they_belong_to() -> None:
    third = deployment(41, "ecs-svc/before", status="ACTIVE", running=2)
    assert running(dataclasses.replace(BEGUN, deployments=(*BEGUN.deployments, third))) == {"web:41": 3, "web:43": 4}


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
        series.seen(float(number), service(deployment(41, "ecs-svc/ours", running=number)))
        assert len(series.points) <= MOST
        assert series.points[-1] == (float(number), {"web:41": number})
    assert series.points[0] == (0.0, {"web:41": 0})
    seconds = [point[0] for point in series.points]
    assert seconds == sorted(set(seconds))
    assert max(later - sooner for sooner, later in itertools.pairwise(seconds)) <= 60


def test_nothing_seen_is_an_empty_list() -> None:
    assert TaskSeries().as_list() == []
