# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a call asks for."""

from __future__ import annotations

import typing as t
from datetime import timedelta

from ansible_collections.lastgood.aws.plugins.module_utils._core.as_of import AsOf
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.deployments import Event
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.goals import EVENTS, GoBack, GoTo
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.choices import Selection
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import arn, at


def test_the_events_are_those_that_an_end_can_have() -> None:
    assert set(EVENTS) == set(t.get_args(Event))


def test_a_time_is_known_once_there_is_a_clock_and_stays() -> None:
    goal = GoBack(Selection(), as_of=AsOf("5 minutes ago", ago=timedelta(minutes=5))).dated(at(60))
    assert goal.selection.as_of == at(55)
    assert goal.dated(at(90)) == goal
    assert GoBack(Selection()).dated(at(0)).selection.as_of is None


def test_for_a_target_that_was_chosen_nothing_else_is_selected() -> None:
    again = GoBack(Selection(steps_back=3, from_revision="43"), in_flight="refuse", tasks=4, deregister=True).going_to(
        arn(41)
    )
    assert (again.selection.revision, again.selection.steps_back, again.selection.from_revision) == (arn(41), 1, None)
    assert (again.in_flight, again.tasks, again.deregister) == ("refuse", 4, False)
    given = GoTo("41")
    assert given.going_to(arn(41)) is given


def test_events_that_were_not_asked_for() -> None:
    assert (GoTo("2").asked, GoTo("2", events=()).asked, GoTo("2", events=EVENTS).asked) == ((), (), EVENTS)
    # A deployment leaves the task count alone.
    assert GoTo("2").tasks is None
