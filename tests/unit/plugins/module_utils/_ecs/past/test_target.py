# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which version a service goes back to. A number in a story is a revision whose deployment became SUCCESSFUL."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._core.force import AGAIN, NOTHING, Force
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import marks, names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Direction, Service, ServiceDeployment
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past import history, target
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.target import Choice, Selection
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import (
    Step,
    arn,
    at,
    deployment,
    enum,
    flown,
    known,
    service,
    steps,
    task_definition,
    told,
)

Story = t.List[Step]


def on(past: history.History, id: str = "", **changes: t.Any) -> Service:
    """The service as it is after these deployments."""
    if past.running is not None:
        return service(deployment(past.lands_on or "web:0", id, rollout="IN_PROGRESS", running=1), **changes)
    return service(deployment(past.arrivals[-1].task_definition, id), **changes)


def choose(
    story: Story, marked: t.Any = (), registered: t.Any = None, tags: t.Any = None, **selection: t.Any
) -> Choice:
    past = told(*story)
    return target.choose(Selection(**selection), on(past, tags=tags or {}), past, known(*marked), registered)


def short(choice: Choice) -> str | None:
    return choice.target and choice.target.rpartition("/")[2]


# -- the newest good one


@pytest.mark.parametrize(
    ("story", "expected"),
    [
        ([41, 42], "web:41"),
        ([40, 41, 42], "web:41"),
        # web:2 never became healthy
        ([1, (2, "STOPPED"), 3], "web:1"),
        ([1, (2, "ROLLBACK_FAILED"), 3], "web:1"),
        # ECS rolled web:42 back, and the fix is bad, too
        ([40, 41, (42, "ROLLBACK_SUCCESSFUL", 41), 43], "web:41"),
        # web:42 was left by hand
        ([40, 41, 42, 41, 43], "web:41"),
        # web:42 was left once, then deployed again, and was good
        ([41, 42, 41, 42, 43], "web:42"),
        # a rollback that ECS undid: what it failed to start is no candidate, and the service is still to be rolled back
        ([40, 41, 42, (41, "ROLLBACK_SUCCESSFUL", 42)], "web:40"),
        ([40, 41, 42, (41, "ROLLBACK_IN_PROGRESS", 42)], "web:40"),
        # the same task definition deployed once more is no version to go back to
        ([41, 42, 42], "web:41"),
        # a deployment that nobody waited for
        ([41, (42, "ROLLBACK_FAILED")], "web:41"),
        # numbers that are no neighbours, and gaps
        ([12, 38, 107], "web:38"),
    ],
)
def test_the_newest_good_version_that_does_not_run_now(story: Story, expected: str) -> None:
    past = told(*story)
    # After ROLLBACK_FAILED the service stays on what failed.
    now = on(past) if story[-1] != (42, "ROLLBACK_FAILED") else service(42)
    choice = target.choose(Selection(), now, past, {})
    assert (choice.source, short(choice), choice.settled, choice.problem) == ("last_good", expected, None, None)
    assert choice.left == target.what_runs_now(now, past)
    assert choice.why


@pytest.mark.parametrize("status", ["PENDING", "IN_PROGRESS", "SOMETHING_NEW"])
def test_while_a_deployment_is_in_flight_what_it_deploys_counts_as_current(status: str) -> None:
    choice = choose([41, 42, (43, status)])
    assert (short(choice), choice.left) == ("web:42", arn(43))


def test_a_half_done_fix_of_a_bad_version_goes_back_past_it() -> None:
    choice = choose([41, 42, (43, "IN_PROGRESS")], marked=[task_definition(42, bad="500s")])
    assert (short(choice), choice.left) == ("web:41", arn(43))
    assert choice.left_out == ("web:42: marked bad: 500s",)


def test_other_families_are_candidates_like_any_other() -> None:
    api = "arn:aws:ecs:eu-central-1:123456789012:task-definition/api:7"
    past = history.read([flown(41), flown(api, minute=60)])
    choice = target.choose(Selection(), on(past), past, {})
    assert (choice.target, choice.left) == (arn(41), api)


def test_what_was_passed_by_is_named_with_the_reason() -> None:
    story: Story = [39, 40, (41, "ROLLBACK_SUCCESSFUL", 40), (42, "STOPPED"), 43]
    marked = [task_definition(40, bad="slow")]
    choice = choose(story, marked)
    assert short(choice) == "web:39"
    assert [note.split(": ")[0] for note in choice.left_out] == ["web:42", "web:40", "web:41"]
    assert any("ECS rolled it back" in note for note in choice.left_out)
    assert any("marked bad: slow" in note for note in choice.left_out)


# -- marks and statuses of task definitions


@pytest.mark.parametrize(
    ("marked", "expected"),
    [
        ([task_definition(41, bad="500s")], "web:40"),
        ([task_definition(41, bad="500s"), task_definition(40, bad="500s")], None),
        ([task_definition(41, good="soaked")], "web:41"),
        ([task_definition(41, good="soaked", bad="500s")], "web:40"),
        # A mark on what runs now changes nothing: it is left anyway.
        ([task_definition(42, good="soaked")], "web:41"),
    ],
)
def test_marks(marked: t.Any, expected: str | None) -> None:
    assert short(choose([40, 41, 42], marked)) == expected


def test_a_good_mark_makes_a_candidate_of_what_the_history_does_not_prove() -> None:
    assert short(choose([40, (41, "STOPPED"), 42], [task_definition(41, good="by hand")])) == "web:41"


@pytest.mark.parametrize("status", [*enum("TaskDefinitionStatus"), "MISSING", "SOMETHING_NEW"])
def test_only_active_task_definitions_are_candidates(status: str) -> None:
    choice = choose([40, 41, 42], [task_definition(41, status=status)])
    if status == "ACTIVE":
        assert (short(choice), choice.left_out) == ("web:41", ())
    else:
        assert short(choice) == "web:40"
        assert choice.left_out == (
            f"web:41: it was good, but is {status}, and ECS deploys only ACTIVE task definitions",
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


@pytest.mark.parametrize("story", [[40, 41, 42, 41], [40, 41, (42, "ROLLBACK_SUCCESSFUL", 41)]])
def test_force_goes_further_back(story: Story) -> None:
    choice = choose(story, force=AGAIN)
    assert (short(choice), choice.source, choice.left) == ("web:40", "last_good", arn(41))


@pytest.mark.parametrize(
    ("story", "expected"),
    [
        # web:43 was left by hand for web:40, and with it what lies between: that is not the way back
        ([39, 40, 41, 42, 43, 40], "web:39"),
        ([40, 41, 42, 43, 40], None),
        # ECS went back past a version that had been good
        ([39, 41, 42, 40, (43, "ROLLBACK_SUCCESSFUL", 40)], "web:39"),
        # deployed again after the return: web:43 is what to go back from, and all is older
        ([40, 41, 42, 40, 43], "web:40"),
    ],
)
def test_force_never_goes_forward(story: Story, expected: str | None) -> None:
    choice = choose(story, force=AGAIN)
    assert short(choice) == expected
    if expected is None:
        assert "web:42: it is newer than web:40, and a rollback does not go forward" in (choice.problem or "")


def test_what_is_newer_is_told_as_left_out() -> None:
    choice = choose([39, 40, 41, 42, 43, 40], force=AGAIN)
    assert any(note.startswith("web:42: it is newer than web:40") for note in choice.left_out)


def test_force_with_steps_never_goes_forward() -> None:
    choice = choose([38, 39, 40, 41, 42, 43, 40], force=AGAIN, steps_back=2)
    assert short(choice) == "web:38"


def test_another_family_that_came_later_is_newer() -> None:
    api = "arn:aws:ecs:eu-central-1:123456789012:task-definition/api:7"
    past = history.read([flown(40), flown(41, minute=60), flown(api, minute=120), flown(41, minute=180)])
    choice = target.choose(Selection(force=AGAIN), on(past), past, known(task_definition(api, good="by hand")))
    assert short(choice) == "web:40"


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


def done(left: int, to: int, id: str, direction: Direction = "back") -> dict[str, str]:
    return marks.done_tags(arn(left), arn(to), id, at(200), direction)


def begun(left: int, to: int, id: str, direction: Direction = "back") -> dict[str, str]:
    return marks.started_tag(arn(left), arn(to), id, direction)


# -- versions that never ran a task


def ran(number: int, minute: float, tasks: int | None = 4) -> ServiceDeployment:
    return flown(number, minute=minute, requested_tasks=tasks)


def choose_of(*story: ServiceDeployment, desired: int = 4, running: int = 4, **selection: t.Any) -> Choice:
    past = history.read(story)
    now = on(past)
    here = dataclasses.replace(now.deployments[0], running=running)
    return target.choose(
        Selection(**selection),
        dataclasses.replace(now, desired=desired, running=running, deployments=(here,)),
        past,
        {},
    )


def told_of(choice: Choice) -> list[str]:
    return [deployment.rpartition("/")[2] for deployment in choice.not_told]


@pytest.mark.parametrize(
    ("tasks", "selection", "expected", "ask"),
    [
        # of web:40, web:41, web:42 (which runs now): tasks that were wanted, None where that is not told
        ([4, 4, 4], {}, "web:41", []),
        ([4, 0, 4], {}, "web:40", []),
        ([4, 4, None], {}, "web:41", []),
        # taken for good, but asked about first, and with the same call about those that come next
        ([4, None, 4], {}, "web:41", ["D60"]),
        ([None, None, None], {}, "web:41", ["D60", "D0"]),
        # the next one is not asked about for itself
        ([None, 4, 4], {}, "web:41", []),
        ([None, 4, 4], {"steps_back": 2}, "web:40", ["D0"]),
        ([None, 0, 4], {}, "web:40", ["D0"]),
        ([0, 4, 4], {"steps_back": 2}, None, []),
        ([0, 0, 4], {}, None, []),
        # named: whatever it proves
        ([4, None, 4], {"revision": "41"}, "web:41", []),
        ([4, 0, 4], {"as_of": at(100)}, "web:41", []),
    ],
)
def test_a_version_that_ran_no_task_is_passed_by(
    tasks: list[int | None], selection: dict[str, t.Any], expected: str | None, ask: list[str]
) -> None:
    choice = choose_of(*(ran(40 + n, n * 60, count) for n, count in enumerate(tasks)), **selection)
    assert (short(choice), told_of(choice)) == (expected, ask)
    if expected is None:
        assert "it ran no task, and proves nothing" in str(choice.problem) or selection


@pytest.mark.parametrize(
    ("tasks", "desired", "running", "expected", "ask"),
    [
        ([0, 0, 0], 0, 0, "web:41", []),
        # scaled up by now
        ([0, 0, 0], 4, 0, None, []),
        ([0, 0, 0], 0, 1, None, []),
        # one did run
        ([4, 0, 0], 0, 0, "web:40", []),
        ([0, 0, 4], 0, 0, None, []),
        # whether what runs now ever did is asked only then
        ([0, 0, None], 0, 0, None, ["D120"]),
        ([0, 0, None], 4, 4, None, []),
    ],
)
def test_where_no_version_ever_ran_a_task(
    tasks: list[int | None], desired: int, running: int, expected: str | None, ask: list[str]
) -> None:
    story = [ran(40 + n, n * 60, count) for n, count in enumerate(tasks)]
    choice = choose_of(*story, desired=desired, running=running)
    assert (short(choice), told_of(choice)) == (expected, ask)
    assert choice.unproven == ("never_ran" if expected == "web:41" else "")


def test_where_no_version_ever_ran_a_task_it_goes_no_more_forward_than_elsewhere() -> None:
    story = [ran(number, minute * 60, 0) for minute, number in enumerate([40, 42, 41])]
    choice = choose_of(*story, desired=0, running=0, force=AGAIN)
    assert short(choice) == "web:40"


@pytest.mark.parametrize("tasks", [0, None])
def test_a_version_that_has_tasks_right_now_did_run(tasks: int | None) -> None:
    past = history.read([ran(40, 0), ran(41, 60, tasks), flown(42, "IN_PROGRESS", 120)])
    now = service(deployment(42, rollout="IN_PROGRESS", running=0), deployment(41, status="ACTIVE", running=4))
    choice = target.choose(Selection(), now, past, {})
    assert (short(choice), choice.not_told, choice.unproven) == ("web:41", (), "")


def test_what_could_not_be_told_is_said() -> None:
    assert choose_of(ran(41, 0, None), ran(42, 60)).unproven == "not_told"
    assert choose_of(ran(41, 0), ran(42, 60)).unproven == ""


def test_no_more_is_asked_than_one_call_takes() -> None:
    choice = choose_of(*(ran(number, number * 60, None) for number in range(1, 40)))
    assert (short(choice), len(choice.not_told)) == ("web:38", 20)
    assert told_of(choice)[0] == f"D{38 * 60}"


# -- direction


@pytest.mark.parametrize(
    ("story", "selection", "expected"),
    [
        ([41, 42], {}, "back"),
        ([40, 41, 42], {"steps_back": 2}, "back"),
        ([41, 42], {"revision": "41"}, "back"),
        ([41, 42], {"revision": "43"}, "forward"),
        ([41, 42], {"revision": "42"}, "same"),
        ([41, 42], {"revision": "api:7"}, "unknown"),
        ([41, 42, 41], {"revision": "42"}, "forward"),
        ([41, 42, 41], {"as_of": at(75)}, "forward"),
        ([41, 42, 41], {"as_of": at(15)}, "same"),
        # settled, or not on from_revision
        ([41, 42, 41], {}, "same"),
        ([41, 42], {"from_revision": "41"}, "same"),
        # no target
        ([42], {}, None),
        # while a deployment is in flight what it deploys counts as what runs
        ([41, 42, (43, "IN_PROGRESS")], {}, "back"),
        ([41, 42, (43, "IN_PROGRESS")], {"revision": "43"}, "same"),
        ([41, 42, (43, "IN_PROGRESS")], {"revision": "44"}, "forward"),
        # a rollback that runs: from what it leaves, unless that is to stay
        ([41, 42, (41, "IN_PROGRESS")], {}, "back"),
        ([41, 42, (41, "IN_PROGRESS")], {"revision": "41"}, "back"),
        ([41, 42, (41, "IN_PROGRESS")], {"revision": "42"}, "forward"),
        ([41, (42, "ROLLBACK_IN_PROGRESS", 41)], {}, "back"),
        ([41, (42, "ROLLBACK_IN_PROGRESS", 41)], {"revision": "42"}, "forward"),
        ([40, 41, 42, (40, "IN_PROGRESS")], {"revision": "41"}, "back"),
    ],
)
def test_the_direction(story: Story, selection: dict[str, t.Any], expected: str | None) -> None:
    choice = choose(story, **selection)
    assert choice.direction == expected
    assert choice.left is None or not names.same(choice.left, str(choice.target))


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
    now = service(deployment(old, "ecs-svc/1"), tags=marks.started_tag(new, old, "ecs-svc/1", "back"))
    choice = target.choose(Selection(), now, past, {})
    assert (choice.unfinished, choice.target, choice.left) == (True, old, new)
    now = service(deployment(old, "ecs-svc/1"), tags=marks.done_tags(new, old, "ecs-svc/1", at(200), "back"))
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


# -- steps back


@pytest.mark.parametrize(
    ("story", "steps", "expected"),
    [
        ([39, 40, 41, 42], 1, "web:41"),
        ([39, 40, 41, 42], 2, "web:40"),
        ([39, 40, 41, 42], 3, "web:39"),
        # bad ones are not counted
        ([38, 39, (40, "STOPPED"), 41, 42], 2, "web:39"),
        ([39, 40, 41, (42, "IN_PROGRESS")], 2, "web:40"),
        # after ECS's own rollback from web:42: two back from there
        ([39, 40, 41, (42, "ROLLBACK_SUCCESSFUL", 41)], 2, "web:40"),
        # while it runs
        ([39, 40, 41, (42, "ROLLBACK_IN_PROGRESS", 41)], 2, "web:40"),
        # after one step back, by whomever: the second step
        ([39, 40, 41, 42, 41], 2, "web:40"),
        ([39, 40, 41, 42, 41], 3, "web:39"),
        # one step by ECS and one by hand are two steps
        ([39, 40, 41, (42, "ROLLBACK_SUCCESSFUL", 41), 40], 3, "web:39"),
        # a return that ECS undid is no step
        ([38, 39, 40, 41, (40, "ROLLBACK_SUCCESSFUL", 41)], 2, "web:38"),
    ],
)
def test_steps_back(story: Story, steps: int, expected: str) -> None:
    choice = choose(story, steps_back=steps)
    assert short(choice) == expected
    assert choice.source == ("last_good" if steps == 1 else "steps_back")
    assert choice.why.startswith(f"{steps} good versions back") or steps == 1


@pytest.mark.parametrize(
    "story",
    [
        # two steps from web:42, by us or by hand
        [39, 40, 41, 42, 40],
        # one by ECS, one by us
        [39, 40, 41, (42, "ROLLBACK_SUCCESSFUL", 41), 40],
        # one by one
        [39, 40, 41, 42, 41, 40],
    ],
)
@pytest.mark.parametrize("tagged", [False, True])
def test_two_steps_back_twice_are_not_four(story: Story, tagged: bool) -> None:
    tags = done(41, 40, "ecs-svc/40") if tagged else {}
    choice = choose(story, steps_back=2, tags=tags)
    assert choice.target is None
    assert choice.settled is not None
    assert "already" in choice.settled


def test_two_steps_back_after_our_own_one_step_are_two() -> None:
    # web:42 → web:41 was ours, as the tags say; two steps from web:42 are web:40.
    choice = choose([39, 40, 41, 42, 41], steps_back=2, tags=done(42, 41, "ecs-svc/41"))
    assert (short(choice), choice.source, choice.left) == ("web:40", "steps_back", arn(41))


def test_two_steps_back_cut_off_while_they_run_are_adopted() -> None:
    for story in (
        [39, 40, 41, 42, (40, "IN_PROGRESS")],
        [39, 40, 41, (42, "ROLLBACK_SUCCESSFUL", 41), (40, "PENDING")],
    ):
        choice = choose(t.cast(Story, story), steps_back=2)
        assert (choice.source, short(choice)) == ("running_rollback", "web:40")


def test_two_steps_back_cut_off_after_they_ended_are_finished() -> None:
    choice = choose([39, 40, 41, 42, 40], steps_back=2, tags=begun(42, 40, "ecs-svc/40"))
    assert (short(choice), choice.unfinished, choice.left) == ("web:40", True, arn(42))


def test_two_steps_back_with_force_count_from_what_runs_now() -> None:
    assert short(choose([38, 39, 40, 41, 42, 41], steps_back=2, force=AGAIN)) == "web:39"


def test_more_steps_than_the_record_has_is_a_problem_that_names_what_there_is() -> None:
    choice = choose([40, 41, (42, "ROLLBACK_FAILED"), 43], steps_back=3)
    assert choice.needs_more_history
    assert choice.problem is not None
    assert "steps_back: 3 reaches beyond the recorded history" in choice.problem
    assert "web:41, web:40" in choice.problem
    assert "web:42" not in choice.problem


def test_more_steps_than_there_are_before_the_version_that_was_left() -> None:
    choice = choose([40, 41, 42, 41], steps_back=3)
    assert choice.problem is not None
    assert "good versions besides web:42: web:41, web:40" in choice.problem


def test_steps_back_without_a_history_is_a_problem() -> None:
    choice = target.choose(Selection(steps_back=2), service(42), None, {})
    assert choice.problem is not None
    assert "none" in choice.problem


# -- as of


@pytest.mark.parametrize(
    ("minute", "expected"),
    [(10, "web:41"), (69, "web:41"), (70, "web:42"), (130, "web:43"), (99999, "web:43")],
)
def test_as_of(minute: int, expected: str) -> None:
    choice = choose([41, 42, 43], as_of=at(minute))
    assert (short(choice), choice.source) == (expected, "as_of")
    assert choice.why.startswith(f"in service at {at(minute).isoformat()}, since 2026-11-20T1")
    # Where it is there already nothing is left.
    assert choice.left == (None if expected == "web:43" else arn(43))


def test_as_of_takes_what_was_in_service_even_if_it_was_bad() -> None:
    assert short(choose([41, 42, 41, 43], as_of=at(80))) == "web:42"


def test_as_of_after_a_rollback_by_ecs() -> None:
    story: Story = [41, (42, "ROLLBACK_SUCCESSFUL", 41), 43]
    assert [short(choose(story, as_of=at(m))) for m in (65, 75)] == ["web:41", "web:41"]


def test_as_of_before_the_record_is_a_problem() -> None:
    choice = choose([41, 42], as_of=at(-60))
    assert choice.needs_more_history
    assert choice.problem is not None
    assert "does not reach back to 2026-11-20T11:00:00" in choice.problem
    assert "2026-11-20T12:10:00" in choice.problem


def test_as_of_with_nothing_on_record_is_a_problem() -> None:
    choice = target.choose(Selection(as_of=at(0)), service(42), history.read([]), {})
    assert choice.problem is not None
    assert "nothing at all" in choice.problem
    assert target.choose(Selection(as_of=at(0)), service(42), None, {}).problem


# -- an explicit revision


@pytest.mark.parametrize("wanted", ["40", "web:40", arn(40)])
def test_an_explicit_revision_always_wins(wanted: str) -> None:
    marked = [task_definition(40, bad="500s", status="INACTIVE")]
    stories: list[Story] = [
        [39, 40, 41, 42],
        [39, 40, 41, 42, 41],
        [40, 41, (42, "ROLLBACK_SUCCESSFUL", 41)],
        [40, 41, (42, "ROLLBACK_IN_PROGRESS", 41)],
    ]
    for story in stories:
        choice = choose(story, marked, revision=wanted, tags=done(42, 41, "ecs-svc/41"))
        assert (choice.source, choice.target) == ("revision", arn(40) if wanted == arn(40) else "web:40")
        assert choice.why == "you named it"


@pytest.mark.parametrize(
    ("story", "left"),
    [
        ([41, 42], 42),
        ([41, (42, "IN_PROGRESS")], 42),
        # while a rollback from web:42 runs it is web:42 that is left
        ([41, (42, "ROLLBACK_IN_PROGRESS", 41)], 42),
        ([41, 42, (41, "IN_PROGRESS")], 42),
    ],
)
def test_what_an_explicit_revision_leaves(story: Story, left: int) -> None:
    assert choose(story, revision="30").left == arn(left)


@pytest.mark.parametrize("wanted", ["42", "web:42", arn(42)])
def test_an_explicit_revision_that_runs_already_leaves_nothing(wanted: str) -> None:
    choice = choose([41, 42], revision=wanted)
    assert (choice.target, choice.left, choice.why) == (arn(42), None, "you named it")


def test_an_explicit_revision_that_is_being_deployed() -> None:
    choice = choose([41, 42, (41, "IN_PROGRESS")], revision="41")
    assert (choice.target, choice.left) == (arn(41), arn(42))
    assert "a deployment to it is running" in choice.why


def test_an_explicit_revision_needs_no_history() -> None:
    assert target.choose(Selection(revision="40"), service(42), None, {}).target == "web:40"


def test_an_explicit_revision_that_cannot_be_meant() -> None:
    choice = target.choose(Selection(revision="latest"), service(42), None, {})
    assert choice.problem is not None
    assert "'latest'" in choice.problem


# -- from_revision


@pytest.mark.parametrize("wanted", ["42", "web:42", arn(42)])
@pytest.mark.parametrize(
    ("story", "moves"),
    [
        ([41, 42], True),
        ([41, 42, 43], False),
        ([40, 41], False),
        ([41, 42, 41], False),
        ([41, (42, "ROLLBACK_SUCCESSFUL", 41)], False),
        ([41, (42, "IN_PROGRESS")], True),
        ([41, 42, (43, "IN_PROGRESS")], False),
        # a rollback away from it is running
        ([41, (42, "ROLLBACK_IN_PROGRESS", 41)], True),
        ([41, 42, (41, "IN_PROGRESS")], True),
    ],
)
def test_from_revision(story: Story, moves: bool, wanted: str) -> None:
    for selection in ({}, {"force": AGAIN}, {"steps_back": 1}):
        choice = choose(story, from_revision=wanted, **selection)
        assert (choice.settled is None) is moves
        if not moves:
            assert choice.settled is not None
            assert "not web:42, so it does not need to move" in choice.settled
            assert choice.target is None


def test_from_revision_counts_before_an_explicit_revision_and_as_of() -> None:
    assert choose([40, 41, 43], from_revision="42", revision="40").settled
    assert choose([40, 41, 43], from_revision="42", as_of=at(15)).settled
    assert short(choose([40, 41, 42], from_revision="42", revision="40")) == "web:40"


def test_from_revision_without_a_history() -> None:
    assert target.choose(Selection(from_revision="41"), service(42), None, {}).settled


# -- without history


def test_without_a_history_it_shows_what_to_do_and_stops() -> None:
    choice = target.choose(Selection(), service(42), None, {})
    assert choice.problem is not None
    assert "AWS does not tell the service deployment history" in choice.problem
    assert "Name one with revision" in choice.problem
    assert "fallback: previous_registered" in choice.problem


def test_without_a_good_candidate_it_shows_them_and_stops() -> None:
    choice = choose([(40, "ROLLBACK_FAILED"), (41, "STOPPED"), 42])
    assert choice.needs_more_history
    assert choice.problem is not None
    assert "no good version besides web:42" in choice.problem
    assert "web:41: its deployment ended STOPPED" in choice.problem
    assert "web:40: it failed" in choice.problem
    assert "it holds no other" in (choose([42]).problem or "")


def test_a_service_that_nobody_deployed_for_ninety_days_is_told_so() -> None:
    problem = target.choose(Selection(), service(42), history.read([]), {}).problem or ""
    assert "no deployment of the service is on record, since AWS keeps them for 90 days" in problem
    assert "web:42 came into service before that" in problem
    assert "Name one with revision, or give fallback: previous_registered" in problem


REGISTERED = [arn(44), arn(43), arn(42), arn(41), arn(40)]


@pytest.mark.parametrize(
    ("story", "marked", "expected"),
    [
        ([(41, "STOPPED"), 42], [], "web:41"),
        ([(41, "ROLLBACK_FAILED"), 42], [], "web:40"),
        ([42], [task_definition(41, bad="500s")], "web:40"),
        ([42], [task_definition(41, status="INACTIVE")], "web:40"),
        ([42], [task_definition(41, status="MISSING"), task_definition(40, bad="x")], None),
    ],
)
def test_fallback_takes_the_newest_older_active_revision(story: Story, marked: t.Any, expected: str | None) -> None:
    asked = choose(story, marked, fallback="previous_registered")
    assert (asked.needs_registered, asked.target) == (True, None)
    choice = choose(story, marked, REGISTERED, fallback="previous_registered")
    assert short(choice) == expected
    if expected:
        assert (choice.source, choice.left) == ("previous_registered", arn(42))
        assert "nothing proves that it ever ran" in choice.why
    else:
        assert choice.problem is not None
        assert "no older ACTIVE revision" in choice.problem


def test_fallback_from_a_copy_takes_what_is_older_than_its_original() -> None:
    # web:44 is a pinned copy of web:41; web:43 and web:42 came after that.
    past = history.read(steps(44), {arn(44): arn(41)})
    selection = Selection(fallback="previous_registered")
    assert short(target.choose(selection, service(44), past, {}, REGISTERED)) == "web:40"


def test_fallback_works_without_a_history_and_not_across_families() -> None:
    selection = Selection(fallback="previous_registered")
    assert target.choose(selection, service(42), None, {}, None).needs_registered
    assert target.choose(selection, service(42), None, {}, REGISTERED).target == arn(41)
    other = [arn(7, "api"), arn(99), "garbled"]
    assert target.choose(selection, service(42), None, {}, other).problem


def test_fallback_is_not_asked_where_the_history_knows_a_good_one() -> None:
    choice = choose([41, 42], fallback="previous_registered")
    assert (choice.source, choice.needs_registered) == ("last_good", False)


def test_fallback_asked_twice_stays() -> None:
    # The first run went from web:42 to web:41, of which the record knew nothing.
    assert choose([42, 41], fallback="previous_registered").settled


# -- what runs now


def test_what_runs_now() -> None:
    assert target.what_runs_now(service(42), None) == arn(42)
    assert target.what_runs_now(service(42), told(41, (43, "IN_PROGRESS"))) == arn(43)
    assert target.what_runs_now(service(42), told(41, (42, "ROLLBACK_IN_PROGRESS", 41))) == arn(41)
    assert target.what_runs_now(service(task_definition=arn(42)), None) == arn(42)


@pytest.mark.parametrize("story", [[41, 42], [41, 42, 41], [42], [41, (42, "ROLLBACK_IN_PROGRESS", 41)], []])
@pytest.mark.parametrize("selection", [{}, {"steps_back": 2}, {"revision": "40"}, {"as_of": at(-1)}, {"force": AGAIN}])
def test_a_choice_is_a_target_or_settled_or_a_problem(story: Story, selection: dict[str, t.Any]) -> None:
    past = told(*story)
    now = on(past) if story else service(42)
    choice = target.choose(Selection(**selection), now, past, {})
    assert [choice.target is not None, choice.settled is not None, choice.problem is not None].count(True) == 1


# -- pinned copies

# web:1 was good, web:3 bad, and web:4 is web:1 with its images pinned.
PINNED = history.read(steps(1, 3, 4), {arn(4): arn(1)})


def on_the_copy(past: history.History = PINNED, **wanted: t.Any) -> Choice:
    every = {name: task_definition(name) for name in past.records}
    return target.choose(Selection(**wanted), service(4), past, every)


@pytest.mark.parametrize("wanted", ["1", "web:1", arn(1), "4", arn(4)])
def test_a_version_that_runs_as_a_pinned_copy_is_there_already(wanted: str) -> None:
    choice = on_the_copy(revision=wanted)
    assert (choice.target and names.short(choice.target), choice.left) in (("web:4", None), (arn(4), None))


def test_to_the_letter_a_copy_does_not_stand_for_the_version() -> None:
    choice = on_the_copy(revision="1", to_the_letter=True)
    assert (choice.target, choice.left) == ("web:1", arn(4))


def test_as_of_a_time_when_the_original_ran_is_the_copy_that_runs() -> None:
    choice = on_the_copy(as_of=at(30))
    assert (choice.target, choice.left) == (arn(4), None)
    assert on_the_copy(as_of=at(30), to_the_letter=True).target == arn(1)


def test_a_copy_is_settled_like_any_return() -> None:
    assert "somebody returned it from web:3 to web:4" in (on_the_copy().settled or "")


def test_force_does_not_choose_the_same_version_again() -> None:
    past = history.read(steps(0, 1, 3, 4), {arn(4): arn(1)})
    assert on_the_copy(past, force=AGAIN).target == arn(0)


def test_two_steps_back_to_what_runs_as_a_copy_is_settled() -> None:
    past = history.read(steps(1, 2, 3, 4), {arn(4): arn(1)})
    choice = on_the_copy(past, steps_back=2)
    assert "it is on web:4 already, 2 good versions back" in (choice.settled or "")


def test_two_steps_back_to_what_is_being_deployed_as_a_copy_is_adopted() -> None:
    past = history.read(steps(1, 2, 3, (4, "IN_PROGRESS")), {arn(4): arn(1)})
    choice = on_the_copy(past, steps_back=2)
    assert (choice.source, choice.target, choice.left) == ("running_rollback", arn(4), arn(3))


def test_a_version_that_is_being_deployed_as_a_copy_is_told_so() -> None:
    past = history.read(steps(1, 3, (4, "IN_PROGRESS")), {arn(4): arn(1)})
    choice = on_the_copy(past, revision="1")
    assert (choice.target, choice.left) == (arn(4), arn(3))
    assert choice.why == "you named web:1, and web:4 is that with its images pinned, and a deployment to it is running"


def test_after_a_release_on_top_of_a_copy_the_copy_is_the_last_good_one() -> None:
    past = history.read(steps(1, 3, 4, 5), {arn(4): arn(1)})
    every = {name: task_definition(name) for name in past.records}
    assert target.choose(Selection(), service(5), past, every).target == arn(4)
