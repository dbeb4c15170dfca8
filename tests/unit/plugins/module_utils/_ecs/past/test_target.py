# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which version a service goes back to. A number in a story is a revision whose deployment became SUCCESSFUL."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._core.as_of import stamp
from ansible_collections.lastgood.aws.plugins.module_utils._core.force import AGAIN
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import marks, names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Service, TaskDefinition
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past import history, target
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.target import Choice, Selection
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import (
    START,
    arn,
    at,
    deployment,
    done_tags,
    flown,
    known,
    planned,
    service,
    started_tag,
    steps,
    task_definition,
    told,
)
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.past.stories import (
    Story,
    choose,
    done,
    on,
    short,
)

# -- direction


@pytest.mark.parametrize(
    ("story", "selection", "expected"),
    [
        ([41, 42], {}, "back"),
        ([40, 41, 42], {"steps_back": 2}, "back"),
        ([41, 42], {"revision": "41"}, "back"),
        ([41, 42], {"revision": "43"}, "forward"),
        ([41, 42], {"revision": "42"}, "same"),
        ([41, 42], {"revision": "api:7", "force": {"family"}}, "unknown"),
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


# -- as of


@pytest.mark.parametrize(
    ("minute", "expected"),
    [(10, "web:41"), (69, "web:41"), (70, "web:42"), (130, "web:43"), (99999, "web:43")],
)
def test_as_of(minute: int, expected: str) -> None:
    choice = choose([41, 42, 43], as_of=at(minute))
    assert (short(choice), choice.source) == (expected, "as_of")
    assert choice.why.startswith(f"in service at {stamp(at(minute))}, since 2026-11-20T1")
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


BILLING = arn(1, "billing")


@pytest.mark.parametrize(
    ("on", "past", "wanted", "strange"),
    [
        (service(3), told(2, 3), "2", False),
        (service(3), told(2, 3), "web:9", False),
        (service(3), told(2, 3), "billing:1", True),
        (service(3), told(2, 3), BILLING, True),
        (service(3), None, "billing:1", True),
        # It ran it: on record, in a deployment that DescribeServices still lists, or by the tags of our last rollback.
        (service(3), history.read([flown(BILLING), flown(3, minute=60)]), "billing:7", False),
        (service(3), history.read([flown(3, minute=60, sources=[BILLING])]), "billing:7", False),
        (service(3, deployment(BILLING, status="ACTIVE")), None, "billing:7", False),
        (service(3, tags=done_tags(BILLING, arn(3), "d", START, "back")), None, "billing:1", False),
        (service(3, tags=started_tag(arn(3), BILLING, "d", "back")), None, "billing:1", False),
        (
            service(3, tags=done_tags(arn(1, "b" * 255), arn(3), "d", START, "back")),
            None,
            "b" * 255 + ":1",
            False,
        ),
    ],
)
def test_a_family_that_the_service_never_ran_is_refused_unless_forced(
    on: Service, past: history.History | None, wanted: str, strange: bool
) -> None:
    choice = target.choose(Selection(revision=wanted), on, past, {})
    assert (choice.target is None, choice.problem is not None) == (strange, strange)
    if strange:
        assert "web never ran a version of the family billing, as far as is on record (it ran: web)" in choice.problem
        assert choice.problem.endswith("If you mean it, give force: [family]")
        assert choice.needs_more_history
    forced = target.choose(Selection(revision=wanted, force=frozenset({"family"})), on, past, {})
    assert forced.problem is None
    # The target of an earlier plan was decided on already.
    assert target.choose(Selection(revision=wanted, chosen=True), on, past, {}).problem is None


def said(past: history.History | None, wanted: TaskDefinition, **selection: t.Any) -> list[tuple[str, str]]:
    made = planned(service(42), past, Selection(**{"revision": wanted.arn, **selection}), having=known(wanted))
    assert made.verb == "act"
    return [(f.severity, f.message) for f in made.findings if f.check == target.NAMED]


HERE = marks.bad_mark(START, "500s", "prod/web", {})
ELSEWHERE = marks.bad_mark(START, "500s", "staging/web", {})


@pytest.mark.parametrize(
    ("story", "number", "tags", "severity", "message"),
    [
        ([41, 42], 41, {}, None, ""),
        ([(41, "ROLLBACK_FAILED"), 42], 41, {}, "warn", "it is known to be bad: it failed"),
        (
            [(41, "STOPPED"), 42],
            41,
            {},
            "warn",
            "nothing shows that it was ever healthy here: its deployment ended STOPPED",
        ),
        ([42], 41, {}, "warn", "was ever healthy here: no deployment of it to web is on record"),
        ([42], 43, {}, "warn", "was ever healthy here: no deployment of it to web is on record"),
        ([41, 42], 41, HERE, "warn", "it is known to be bad: marked bad: 2026-11-20T12:00:00Z 500s"),
        ([42], 41, HERE, "warn", "it is known to be bad: marked bad: 2026-11-20T12:00:00Z 500s"),
        ([41, 42], 41, ELSEWHERE, "warn", "healthy here: a rollback of staging/web marked it bad"),
        ([42], 41, {marks.GOOD: "soaked"}, None, ""),
        ([(41, "ROLLBACK_FAILED"), 42], 41, {marks.GOOD: "soaked"}, None, ""),
        (None, 41, {}, "unknown", "whether web:41, which you named, was ever healthy here is not known"),
        (None, 41, {marks.BAD: "500s"}, "warn", "it is known to be bad: marked bad: 500s"),
        (None, 41, {marks.GOOD: "soaked"}, None, ""),
    ],
)
def test_what_is_known_against_a_named_version_is_said(
    story: Story | None, number: int, tags: dict[str, str], severity: str | None, message: str
) -> None:
    past = told(*story) if story is not None else None
    found = said(past, TaskDefinition(arn(number), "ACTIVE", tags, task_definition(number).content))
    assert [s for s, _message in found] == ([severity] if severity else [])
    assert all(message in text for _severity, text in found)


def test_the_version_of_a_named_time_is_named() -> None:
    assert choose([(40, "ROLLBACK_FAILED"), 41, 42], as_of=at(75)).source == "as_of"
    bad = TaskDefinition(arn(41), "ACTIVE", HERE, task_definition(41).content)
    assert said(told(41, 42), bad, revision=None, as_of=at(30))[0][0] == "warn"


def test_nothing_is_said_of_what_nobody_named() -> None:
    """What was chosen for him was weighed already."""
    made = planned(service(42), told(41, 42))
    assert not [f for f in made.findings if f.check == target.NAMED]
    assert said(told((41, "STOPPED"), 42), task_definition(41), chosen=True) == []


def test_a_pinned_copy_is_as_good_as_what_it_was_made_of() -> None:
    past = history.read([flown(41), flown(50, minute=60, status="STOPPED"), flown(42, minute=120)], {arn(50): arn(41)})
    assert said(past, task_definition(50)) == []
    assert short(target.choose(Selection(revision="50"), service(42), past, {})) == "web:50"
