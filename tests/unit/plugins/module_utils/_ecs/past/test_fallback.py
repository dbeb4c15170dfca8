# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""No version on record is fit: what is refused and why, and the newest older revision if that was asked for."""

from __future__ import annotations

import dataclasses
import typing as t
from datetime import timedelta

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._core.force import AGAIN, Force
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past import history, target
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.target import Selection
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import (
    START,
    arn,
    at,
    deployment,
    service,
    steps,
    task_definition,
)
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.past.stories import Story, choose, short


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
