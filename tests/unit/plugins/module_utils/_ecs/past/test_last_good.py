# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The newest good version on record. A number in a story is a revision whose deployment became SUCCESSFUL."""

from __future__ import annotations

import dataclasses
import typing as t
from datetime import timedelta

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._core.force import AGAIN, Force
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import ServiceDeployment
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past import history, target
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.target import Choice, Selection
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import (
    START,
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
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.past.stories import (
    Story,
    begun,
    choose,
    done,
    on,
    short,
)

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


# -- force


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


@pytest.mark.parametrize(
    ("created", "said"),
    [
        (
            -100,
            "is on record, since AWS keeps them for 90 days: web:42 came into service before that, and nothing shows",
        ),
        (-1 / 1440, "is on record, although it was created at 2026-11-20T11:59:00Z, and AWS keeps them for 90 days"),
        (None, "is on record. AWS keeps them for 90 days, and nothing shows which version ran before it"),
    ],
)
def test_why_nothing_is_on_record_is_not_guessed(created: float | None, said: str) -> None:
    """A service can be a minute old."""
    on = service(42, created_at=None if created is None else START + timedelta(days=created))
    problem = target.choose(Selection(now=START), on, history.read([]), {}).problem or ""
    assert f"no deployment of the service {said}" in problem
    assert ("came into service before that" in problem) is (created == -100)
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
    assert target.choose(selection, service(42), None, {}, REGISTERED[2:]).target == arn(41)
    other = [arn(7, "api"), "garbled"]
    assert "no older ACTIVE revision" in (target.choose(selection, service(42), None, {}, other).problem or "")


def test_fallback_is_not_asked_where_the_history_knows_a_good_one() -> None:
    choice = choose([41, 42], fallback="previous_registered")
    assert (choice.source, choice.needs_registered) == ("last_good", False)


def test_fallback_asked_twice_stays() -> None:
    # The first run went from web:42 to web:41, of which the record knew nothing.
    assert choose([42, 41], fallback="previous_registered").settled


@pytest.mark.parametrize("past", [None, history.read([])])
def test_a_newer_revision_without_a_record_may_be_the_bad_one(past: history.History | None) -> None:
    """Then the version that runs is the one that it was rolled back to, and must not be left."""
    selection = Selection(fallback="previous_registered")
    refused = target.choose(selection, service(42), past, {}, REGISTERED)
    assert refused.target is None
    assert "web runs web:42, and web:44 of the same family is newer and ACTIVE" in (refused.problem or "")
    assert "force: [again]" in (refused.problem or "")
    forced = target.choose(dataclasses.replace(selection, force=AGAIN), service(42), past, {}, REGISTERED)
    assert (forced.source, forced.target, forced.left) == ("previous_registered", arn(41), arn(42))


FAILED = deployment(43, "ecs-svc/43", "ACTIVE", "FAILED", running=1, created_at=at(60))


@pytest.mark.parametrize("past", [None, history.read([])])
@pytest.mark.parametrize("force", [AGAIN, frozenset()])
def test_without_a_record_a_rollback_by_ecs_is_followed(past: history.History | None, force: Force) -> None:
    on = service(deployment(42, rollout="IN_PROGRESS"), FAILED)
    choice = target.choose(Selection(fallback="previous_registered", force=force), on, past, {}, REGISTERED)
    assert (choice.source, choice.target, choice.left) == ("running_rollback", arn(42), arn(43))
    assert choice.direction == "back"


def test_without_a_record_a_rollback_by_ecs_that_has_ended_counts() -> None:
    on, selection = service(42, FAILED), Selection(fallback="previous_registered")
    choice = target.choose(selection, on, None, {}, REGISTERED)
    assert (choice.settled or "").startswith("ECS itself rolled it back from web:43 to web:42, by what its deployments")
    forced = target.choose(dataclasses.replace(selection, force=AGAIN), on, None, {}, REGISTERED)
    assert forced.target == arn(41)


def test_a_fix_over_a_failed_deployment_is_no_rollback() -> None:
    fix = deployment(44, rollout="IN_PROGRESS", created_at=at(120))
    choice = target.choose(Selection(fallback="previous_registered"), service(fix, FAILED), None, {}, REGISTERED)
    assert (choice.source, choice.target) == ("previous_registered", arn(43))


@pytest.mark.parametrize(
    ("story", "status", "copies", "helps"),
    [
        ([41, 42], "INACTIVE", False, True),
        ([40, 41, 42], "INACTIVE", False, True),
        # A copy is what is taken, or there is nothing to copy.
        ([41, 42], "INACTIVE", True, False),
        ([41, 42], "MISSING", False, False),
        # What is newer, or bad, is not deployed in any case.
        ([43, (42, "STOPPED"), 42], "INACTIVE", False, False),
        ([(41, "ROLLBACK_FAILED"), 42], "INACTIVE", False, False),
    ],
)
def test_a_last_good_version_that_was_deregistered(story: Story, status: str, copies: bool, helps: bool) -> None:
    """The one thing that helps is named, and nothing else."""
    gone = [task_definition(n, status) for n in (40, 41, 43)]
    if status == "MISSING":
        gone = [dataclasses.replace(one, content={}) for one in gone]
    problem = choose(story, gone, copies=copies).problem or ""
    assert ("the last good version, web:41, is INACTIVE" in problem) is helps
    assert ("Give pin_images: always" in problem) is helps
    assert ("fallback" in problem) is (bool(problem) and not helps)
