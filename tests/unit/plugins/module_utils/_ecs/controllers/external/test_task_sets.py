# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Services with the controller EXTERNAL: what is chosen, and what a look at them says."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._ecs import marks
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.external import (
    task_sets as external_task_sets,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Deployment, Service
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.choices import Selection
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import (
    arn,
    at,
    deployment,
    done_tags,
    known,
    service,
    started_tag,
    task_definition,
)

API = arn(7, "api")


def task_set(number: int | str, hour: float, status: str = "ACTIVE", **more: t.Any) -> Deployment:
    more = {"scale": 100.0, **more}
    return deployment(number, f"ecs-svc/{number}-{hour:g}", status, created_at=at(hour * 60), **more)


def on(*task_sets: Deployment, **changes: t.Any) -> Service:
    return service(*task_sets, **changes)


PRIMARY = task_set(42, 2, "PRIMARY")
STORIES: list[tuple[tuple[Deployment, ...], dict[str, t.Any], int | None]] = [
    ((PRIMARY, task_set(41, 1)), {}, 41),
    ((task_set(40, 0), PRIMARY, task_set(41, 1)), {}, 41),
    ((task_set(40, 0), PRIMARY, task_set(41, 1)), {"steps_back": 2}, 40),
    ((task_set(40, 0), PRIMARY, task_set(41, 1)), {"steps_back": 3}, None),
    # It is about to take over, or somebody left it.
    ((PRIMARY, task_set(43, 3), task_set(41, 1)), {}, None),
    ((PRIMARY, task_set(43, 3), task_set(41, 1)), {"force": frozenset({"again"})}, 41),
    ((PRIMARY, task_set(43, 3), task_set(41, 1)), {"steps_back": 1, "revision": "41"}, 41),
    # Somebody prepares it: the PRIMARY one stays.
    ((PRIMARY, task_set(43, 3, rollout="IN_PROGRESS"), task_set(41, 1)), {}, 42),
    ((PRIMARY, task_set(43, 3, rollout="IN_PROGRESS"), task_set(41, 1)), {"steps_back": 2}, None),
    # Scaled to zero it does nothing, and an older revision is somebody's own way back.
    ((PRIMARY, task_set(43, 3, scale=0.0), task_set(41, 1)), {}, 41),
    ((PRIMARY, task_set(40, 3, rollout="IN_PROGRESS"), task_set(41, 1)), {}, 41),
    ((PRIMARY, task_set(41, 1, "DRAINING")), {}, None),
    ((PRIMARY, task_set(42, 1)), {}, None),
    ((PRIMARY,), {}, None),
    ((task_set(41, 1),), {}, None),
    ((PRIMARY,), {"revision": "41"}, 41),
    ((PRIMARY,), {"as_of": at(0)}, None),
]


@pytest.mark.parametrize(("task_sets", "selection", "chosen"), STORIES)
def test_the_choice(task_sets: tuple[Deployment, ...], selection: dict[str, t.Any], chosen: int | None) -> None:
    choice = external_task_sets.choose(Selection(**selection), on(*task_sets), {})
    if chosen is None:
        assert (choice.target, bool(choice.problem)) == (None, True)
    else:
        assert choice.target in (arn(chosen), f"web:{chosen}")


def test_one_that_is_marked_bad_is_left_out_and_its_mark_is_asked_for_first() -> None:
    standing = on(PRIMARY, task_set(41, 1), task_set(40, 0))
    first = external_task_sets.choose(Selection(), standing, {})
    assert (first.target, set(first.weighed)) == (arn(41), {arn(41), arn(40)})
    second = external_task_sets.choose(Selection(), standing, known(task_definition(41, bad="500s"), 40))
    assert (second.target, second.left_out) == (arn(40), ("web:41: marked bad: 500s",))
    (problem,) = {
        external_task_sets.choose(Selection(), on(PRIMARY, task_set(41, 1)), known(task_definition(41, bad=""))).problem
    }
    assert "web:41: marked bad: no reason given" in str(problem)


@pytest.mark.parametrize(
    ("task_sets", "selection", "expected"),
    [
        ((PRIMARY, task_set(41, 1)), {}, "back"),
        ((PRIMARY, task_set(41, 1)), {"revision": "41"}, "back"),
        ((PRIMARY, task_set(43, 3)), {"revision": "43"}, "forward"),
        # None stands: of one family the number tells.
        ((PRIMARY,), {"revision": "41"}, "back"),
        ((PRIMARY,), {"revision": "43"}, "forward"),
        ((PRIMARY,), {"revision": "42"}, "same"),
        # Of a version that a rollback brought back the task set is the youngest.
        ((task_set(43, 1), PRIMARY), {"revision": "43"}, "forward"),
        ((task_set(43, 1), PRIMARY), {}, None),
        # Of different families the task sets' age tells.
        ((task_set(API, 1), PRIMARY), {}, "back"),
        ((task_set(API, 3), PRIMARY), {"revision": "api:7"}, "forward"),
        ((PRIMARY,), {"revision": "api:7", "force": {"family"}}, "unknown"),
        ((PRIMARY,), {"from_revision": "41"}, "same"),
        ((PRIMARY,), {}, None),
    ],
)
def test_the_direction(task_sets: tuple[Deployment, ...], selection: dict[str, t.Any], expected: str | None) -> None:
    read = known(task_definition(API), *(n for n in (41, 42, 43)))
    read["api:7"] = read[API]
    choice = external_task_sets.choose(Selection(**selection), on(*task_sets), read)
    assert choice.direction == expected
    # Whether what runs is a pinned copy, or marked already, its tags tell.
    assert choice.seen_from == (arn(42) if choice.target else None)


def test_a_copy_that_runs_counts_as_what_it_was_made_of() -> None:
    read = known(task_definition(42, **{"copy-of": "web:40"}), 40, 41)
    assert external_task_sets.choose(Selection(revision="41"), on(PRIMARY), read).direction == "forward"
    assert external_task_sets.choose(Selection(), on(PRIMARY, task_set(41, 1)), read).target is None


def last(to: int, direction: marks.Direction) -> dict[str, str]:
    left = 41 if direction == "forward" else 43
    done = done_tags(arn(left), arn(to), PRIMARY.id, at(0), direction)
    return done | started_tag(arn(left), arn(to), PRIMARY.id, direction)


def test_a_move_forward_by_this_tool_is_no_rollback() -> None:
    task_sets = (PRIMARY, task_set(41, 1))
    assert external_task_sets.choose(Selection(), on(*task_sets, tags=last(42, "back")), {}).settled
    assert external_task_sets.choose(Selection(), on(*task_sets, tags=last(42, "forward")), {}).target == arn(41)
    begun = {marks.STARTED: last(42, "forward")[marks.STARTED]}
    assert external_task_sets.choose(Selection(), on(*task_sets, tags=begun), {}).target == arn(41)
    # By the same command it is finished.
    again = external_task_sets.choose(Selection(revision="42"), on(*task_sets, tags=begun), {})
    assert (again.unfinished, again.direction, again.left) == (True, "forward", arn(41))


@pytest.mark.parametrize(("wanted", "settled"), [("42", False), ("41", True)])
def test_from_revision(wanted: str, settled: bool) -> None:
    choice = external_task_sets.choose(Selection(from_revision=wanted), on(PRIMARY, task_set(41, 1)), {})
    assert bool(choice.settled) is settled


def test_versions_without_a_record_are_unknown_unless_marked() -> None:
    found = external_task_sets.candidates(
        on(task_set(40, 0), PRIMARY, task_set(41, 1), task_set(39, 0.5, "DRAINING")),
        known(task_definition(40, good="x")),
    )
    assert [(c.task_definition, c.verdict) for c in found] == [
        (arn(42), "unknown"),
        (arn(41), "unknown"),
        (arn(40), "good"),
    ]


def test_the_newest_task_set_of_a_version_is_taken() -> None:
    standing = on(PRIMARY, task_set(41, 1), task_set(41, 1.5), task_set(41, 1.8, "DRAINING"))
    found = external_task_sets.standing(standing, arn(41))
    assert found is not None
    assert found.id == "ecs-svc/41-1.5"
    assert external_task_sets.standing(standing, arn(40)) is None


@pytest.mark.parametrize(("scale", "share"), [(100.0, 100.0), (50.0, 50.0), (0.0, 100.0), (None, 100.0)])
def test_it_gets_the_share_of_the_primary_one(scale: float | None, share: float) -> None:
    assert external_task_sets.scale(on(task_set(42, 2, "PRIMARY", scale=scale))) == share


@pytest.mark.parametrize(
    ("given", "copied"),
    [
        ({"launchType": "FARGATE", "networkConfiguration": {"n": 1}}, {"launchType", "networkConfiguration"}),
        ({"launchType": "FARGATE", "capacityProviderStrategy": [{"c": 1}]}, {"capacityProviderStrategy"}),
        ({"loadBalancers": [], "serviceRegistries": [{"r": 1}], "tags": []}, {"serviceRegistries"}),
        ({"platformVersion": "1.4.0", "status": "PRIMARY", "externalId": "x"}, {"platformVersion"}),
    ],
)
def test_what_a_new_one_takes_over(given: dict[str, t.Any], copied: set[str]) -> None:
    made = external_task_sets.settings_like(task_set(42, 2, "PRIMARY", settings=given))
    assert made == {key: given[key] for key in copied}


@pytest.mark.parametrize(
    ("direction", "end", "again", "chosen"),
    [
        ("back", None, 1, 40),
        ("forward", None, 1, 41),
        # It has a mark, or somebody has taken the mark away.
        ("back", (), 1, 41),
        ("back", ("deregister",), 1, 41),
        ("back", ("mark",), 1, 40),
        # Somebody has deployed it again.
        ("back", None, 1.75, 41),
        ("back", ("mark",), 1.75, 41),
    ],
)
def test_a_version_that_a_rollback_was_leaving_is_left_out(
    direction: marks.Direction, end: tuple[str, ...] | None, again: float, chosen: int
) -> None:
    """Somebody has deployed since, and no record tells which of the two was PRIMARY before."""
    tags = marks.record_tag("1a2b3c4d", at(90), "ecs-svc/41-1", arn(41), arn(40), direction)
    tags |= marks.done_tag("1a2b3c4d", at(95), end) if end is not None else {}
    task_sets = (PRIMARY, task_set(41, 1), task_set(41, again), task_set(40, 0))
    choice = external_task_sets.choose(Selection(), on(*task_sets, tags=tags), {})
    assert choice.target == arn(chosen)
    left_out = "a rollback that was leaving it is not known to have ended", "a rollback that was leaving it could not"
    assert any(why in one for why in left_out for one in choice.left_out) is (chosen == 40)
