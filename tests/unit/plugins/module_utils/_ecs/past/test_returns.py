# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A rollback that was made already, or that is under way. A number in a story is a deployment that was SUCCESSFUL."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._core.force import AGAIN, NOTHING, Force
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import marks
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Direction
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past import history, target
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.target import Selection
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import (
    arn,
    at,
    deployment,
    done_tags,
    flown,
    known,
    service,
    started_tag,
    task_definition,
    told,
)
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.past.stories import (
    Story,
    begun,
    choose,
    done,
    on,
    short,
)

# -- running twice


def test_what_somebody_returned_by_hand_is_settled() -> None:
    choice = choose([40, 41, 42, 41])
    assert choice.target is None
    assert choice.settled is not None
    assert "somebody returned it from web:42 to web:41" in choice.settled
    assert "steps_back, revision or force" in choice.settled


def test_what_ecs_rolled_back_is_settled() -> None:
    choice = choose([40, 41, (42, "ROLLBACK_SUCCESSFUL", 41)])
    assert choice.settled is not None
    assert "ECS itself rolled it back from web:42 to web:41" in choice.settled
    assert "steps_back, revision or force" in choice.settled


def test_a_redeployment_that_ecs_rolled_back_is_settled_and_not_told_as_a_move() -> None:
    choice = choose([41, 42, (42, "ROLLBACK_SUCCESSFUL", 42)])
    assert choice.settled is not None
    assert "ECS itself rolled a new deployment of web:42 back" in choice.settled
    assert "from web:42 to web:42" not in choice.settled


@pytest.mark.parametrize(
    "story",
    [
        [40, 41, 42, 41, 41],
        [40, 41, (42, "ROLLBACK_SUCCESSFUL", 41), 41],
        # a second attempt that ECS rolled back, too
        [40, 41, 42, 41, (43, "ROLLBACK_SUCCESSFUL", 41)],
    ],
)
def test_it_stays_settled_when_the_same_version_is_deployed_again(story: Story) -> None:
    assert choose(story).settled


@pytest.mark.parametrize(
    ("story", "expected"),
    [
        ([40, 41, 42, 41, 43], "web:41"),
        ([40, 41, (42, "ROLLBACK_SUCCESSFUL", 41), 43], "web:41"),
        ([40, 41, 42, 41, (43, "IN_PROGRESS")], "web:41"),
        # superseded before it ended, by hand
        ([40, 41, 42, 41, (43, "STOPPED"), 44], "web:41"),
    ],
)
def test_something_newer_opens_it_again(story: Story, expected: str) -> None:
    choice = choose(story)
    assert (choice.settled, short(choice)) == (None, expected)


def marked_at(minute: int) -> list[t.Any]:
    stamp = marks.mark_value(at(minute), "500s")
    return [task_definition(41, bad=stamp)]


RETURNED: list[Story] = [[40, 41, 42, 41], [40, 41, (42, "ROLLBACK_SUCCESSFUL", 41)]]


@pytest.mark.parametrize("story", RETURNED)
def test_a_version_that_was_marked_bad_after_the_return_is_left_too(story: Story) -> None:
    choice = choose(story, marked_at(250))
    assert (short(choice), choice.source, choice.left) == ("web:40", "last_good", arn(41))


@pytest.mark.parametrize("story", RETURNED)
@pytest.mark.parametrize("marked", [[], marked_at(100), [task_definition(41, bad="by hand")], [task_definition(41)]])
def test_a_mark_from_before_the_return_does_not_undo_it(story: Story, marked: t.Any) -> None:
    choice = choose(story, marked)
    assert choice.settled
    # Its marks are read before it is called settled.
    assert choice.weighed == (arn(41),)


@pytest.mark.parametrize(("minute", "moves"), [(199, False), (201, True)])
def test_our_own_rollback_to_what_was_marked_bad_since(minute: int, moves: bool) -> None:
    choice = choose([40, 41, 42, 41], marked_at(minute), tags=done(42, 41, "ecs-svc/41"))
    assert (choice.settled is None, short(choice)) == (moves, "web:40" if moves else None)


def test_without_a_history_what_was_marked_bad_since_needs_a_decision() -> None:
    now = service(deployment(41, "ecs-svc/1"), tags=done(42, 41, "ecs-svc/1"))
    choice = target.choose(Selection(), now, None, known(*marked_at(201)))
    assert (choice.settled, choice.target) == (None, None)
    assert "Name one with revision" in (choice.problem or "")
    choice = target.choose(Selection(fallback="previous_registered"), now, None, known(*marked_at(201)), [arn(40)])
    assert (short(choice), choice.left) == ("web:40", arn(41))


# -- our own earlier runs


@pytest.mark.parametrize(("left", "to"), [(41, 43), (42, 44)])
@pytest.mark.parametrize("finished", [True, False])
def test_a_plain_rollback_after_a_move_forward_begins_from_there(left: int, to: int, finished: bool) -> None:
    tags = begun(left, to, "ecs-svc/ours", "forward")
    if finished:
        tags |= done(left, to, "ecs-svc/ours", "forward")
    past = told(41, 42, left, to)
    now = on(past, "ecs-svc/ours", tags=tags)
    for selection in (Selection(), Selection(steps_back=1, force=AGAIN)):
        choice = target.choose(selection, now, past, {})
        assert (choice.settled, choice.direction, short(choice)) == (None, "back", f"web:{left}")
    # Without a history, too.
    choice = target.choose(Selection(fallback="previous_registered"), now, None, {}, [arn(40)])
    assert (choice.settled, short(choice)) == (None, "web:40")


def test_the_move_forward_itself_is_finished_by_the_same_command() -> None:
    past = told(41, 42, 41, 43)
    now = on(past, "ecs-svc/ours", tags=begun(41, 43, "ecs-svc/ours", "forward"))
    choice = target.choose(Selection(revision="43"), now, past, {})
    assert (choice.unfinished, choice.direction, choice.left, choice.source) == (True, "forward", arn(41), "revision")
    now = on(past, "ecs-svc/ours", tags={**now.tags, **done(41, 43, "ecs-svc/ours", "forward")})
    choice = target.choose(Selection(revision="43"), now, past, {})
    assert (choice.unfinished, choice.direction, short(choice)) == (False, "same", "web:43")


@pytest.mark.parametrize(
    ("went", "direction"), [("back", "same"), ("unknown", "same"), ("forward", "back"), ("same", "back")]
)
@pytest.mark.parametrize("record", [done, begun])
def test_what_was_no_rollback_settles_nothing(record: t.Any, went: Direction, direction: Direction) -> None:
    past = told(40, 41)
    now = on(past, "ecs-svc/1", tags=record(42, 41, "ecs-svc/1", went))
    choice = target.choose(Selection(), now, past, {})
    if record is begun and direction == "same":
        # It is finished.
        assert (choice.unfinished, choice.direction) == (True, went)
    else:
        assert choice.direction == direction


@pytest.mark.parametrize(
    ("tags", "selection", "left", "direction"),
    [
        (begun(42, 43, "ecs-svc/1", "forward"), {"revision": "43"}, arn(42), "forward"),
        # by the id of the service deployment, and of one that left nothing known
        (begun(42, 43, "D120", "forward"), {"revision": "43"}, arn(42), "forward"),
        (begun(7, 43, "ecs-svc/1", "forward"), {"revision": "43"}, None, "forward"),
        # of another deployment, and to another version
        (begun(42, 43, "ecs-svc/0", "forward"), {"revision": "43"}, None, "same"),
        (begun(42, 44, "ecs-svc/1", "forward"), {"revision": "43"}, None, "same"),
        ({}, {"revision": "43"}, None, "same"),
        # elsewhere, and back from there
        (begun(42, 43, "ecs-svc/1", "forward"), {"revision": "44"}, arn(43), "forward"),
        (begun(42, 43, "ecs-svc/1", "forward"), {}, arn(43), "back"),
    ],
)
def test_what_we_began_and_what_still_runs_is_the_move_that_it_was(
    tags: dict[str, str], selection: dict[str, t.Any], left: str | None, direction: Direction
) -> None:
    past = told(41, 42, (43, "IN_PROGRESS"))
    choice = target.choose(Selection(**selection), on(past, "ecs-svc/1", tags=tags), past, {})
    assert (choice.left, choice.direction) == (left, direction)


@pytest.mark.parametrize("id", ["ecs-svc/41", "D120"])
def test_our_own_rollback_is_settled_by_its_tags(id: str) -> None:
    # The deployment is known by its own id, or, where ECS rolled back natively, by that of the service deployment.
    choice = choose([40, 41, 42, 41] if id == "ecs-svc/41" else [40, 41, (42, "ROLLBACK_SUCCESSFUL", 41)])
    assert choice.settled
    choice = choose([40, 41, (42, "ROLLBACK_SUCCESSFUL", 41)], tags=done(42, 41, id))
    assert choice.settled is not None
    assert choice.settled.startswith("already rolled back from web:42 to web:41 at 2026-11-20T15:20:00Z by this tool")


@pytest.mark.parametrize(
    ("tags", "id"),
    [
        # by another deployment than the one that is there now: somebody deployed since
        (done(43, 42, "ecs-svc/old"), "ecs-svc/new"),
        # to another version than the one that runs now
        (done(43, 41, "ecs-svc/new"), "ecs-svc/new"),
        (begun(43, 42, "ecs-svc/old"), "ecs-svc/new"),
        (begun(43, 41, "ecs-svc/new"), "ecs-svc/new"),
        ({marks.STARTED: "garbled"}, "ecs-svc/new"),
    ],
)
def test_tags_of_another_rollback_do_not_count(tags: dict[str, str], id: str) -> None:
    past = told(40, 41, 42)
    assert short(target.choose(Selection(), on(past, id, tags=tags), past, {})) == "web:41"


def test_our_own_rollback_is_settled_without_a_history() -> None:
    now = service(deployment(41, "ecs-svc/1"), tags=done(42, 41, "ecs-svc/1"))
    for selection in (Selection(), Selection(steps_back=2)):
        assert target.choose(selection, now, None, {}).settled


def test_a_long_family_is_known_by_its_tags_as_well() -> None:
    old, new = arn(41, "f" * 250), arn(42, "f" * 250)
    past = history.read([flown(old), flown(new, minute=60), flown(old, minute=120)])
    now = service(deployment(old, "ecs-svc/1"), tags=started_tag(new, old, "ecs-svc/1", "back"))
    choice = target.choose(Selection(), now, past, {})
    assert (choice.unfinished, choice.target, choice.left) == (True, old, new)
    now = service(deployment(old, "ecs-svc/1"), tags=done_tags(new, old, "ecs-svc/1", at(200), "back"))
    assert target.choose(Selection(), now, past, {}).settled


def test_unfinished_work_of_a_run_that_was_killed_is_taken_up() -> None:
    choice = choose([40, 41, 42, 41], tags=begun(42, 41, "ecs-svc/41"))
    assert (choice.source, choice.target, choice.left) == ("running_rollback", arn(41), arn(42))
    assert choice.unfinished
    assert "an earlier run began to go from web:42 to web:41" in choice.why


@pytest.mark.parametrize(
    "selection",
    [{"revision": "41"}, {"as_of": at(75)}, {"from_revision": "42"}, {"steps_back": 1}],
)
def test_the_same_command_again_finishes_what_a_killed_run_left(selection: dict[str, t.Any]) -> None:
    choice = choose([40, 41, 42, 41], tags=begun(42, 41, "ecs-svc/41"), **selection)
    assert (choice.target, choice.left, choice.unfinished, choice.settled) == (arn(41), arn(42), True, None)


def test_unfinished_work_is_finished_also_where_the_history_is_not_told() -> None:
    now = service(deployment(41, "ecs-svc/1"), tags=begun(42, 41, "ecs-svc/1"))
    choice = target.choose(Selection(), now, None, {})
    assert (choice.target, choice.left, choice.unfinished) == (arn(41), None, True)


def test_finished_work_is_not_taken_for_unfinished() -> None:
    tags = {**begun(42, 41, "ecs-svc/41"), **done(42, 41, "ecs-svc/41")}
    assert choose([40, 41, 42, 41], tags=tags).settled


def test_force_does_not_ask_what_we_did_before() -> None:
    for tags in (done(42, 41, "ecs-svc/41"), begun(42, 41, "ecs-svc/41")):
        assert short(choose([40, 41, 42, 41], tags=tags, force=AGAIN)) == "web:40"


# -- what is adopted


@pytest.mark.parametrize(
    ("story", "left", "to"),
    [
        ([40, 41, 42, (41, "IN_PROGRESS")], 42, 41),
        ([40, 41, 42, (41, "PENDING")], 42, 41),
        ([40, 41, (42, "ROLLBACK_IN_PROGRESS", 41)], 42, 41),
        ([40, 41, (42, "ROLLBACK_REQUESTED")], 42, 41),
        # to a version from before the record, as fallback: previous_registered takes it
        ([42, (41, "IN_PROGRESS")], 42, 41),
    ],
)
@pytest.mark.parametrize("force", [NOTHING, AGAIN])
def test_a_running_rollback_is_adopted(story: Story, left: int, to: int, force: Force) -> None:
    choice = choose(story, force=force)
    assert (choice.source, choice.target, choice.left) == ("running_rollback", arn(to), arn(left))
    assert f"a rollback from web:{left} is already running" in choice.why


def test_a_running_rollback_to_nobody_knows_where_is_a_problem() -> None:
    past = history.read([flown(42, "ROLLBACK_IN_PROGRESS", sources=[40, 41])])
    choice = target.choose(Selection(), service(deployment(42, rollout="IN_PROGRESS")), past, {})
    assert choice.problem is not None
    assert "does not say to which revision" in choice.problem
    assert "name a revision" in choice.problem
