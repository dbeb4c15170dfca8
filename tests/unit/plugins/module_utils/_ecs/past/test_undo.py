# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Back to what the last rollback of this tool left, if nothing was deployed since."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past import target
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.target import Choice, Selection
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import (
    START,
    arn,
    deployment,
    done_tags,
    service,
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


def undone(story: Story, tags: dict[str, str]) -> Choice:
    past = told(*story)
    return target.choose(Selection(undo=True), on(past, "ecs-svc/now", tags=tags), past, {})


# By the id of the deployment that is PRIMARY.
BACK = done(43, 42, "ecs-svc/now")


def test_it_goes_to_what_the_last_rollback_left() -> None:
    choice = undone([41, 42, 43, 42], BACK)
    assert (choice.source, short(choice), choice.left, choice.direction) == ("undo", "web:43", arn(42), "forward")
    assert choice.why == "the last rollback of this tool left it for web:42 at 2026-11-20T15:20:00Z"


def test_a_rollback_that_is_still_on_its_way_is_undone() -> None:
    """Also if an older one is on record."""
    story: Story = [41, 42, 43, (42, "IN_PROGRESS")]
    for older in ({}, done(41, 40, "ecs-svc/old")):
        choice = undone(story, {**older, **begun(43, 42, "ecs-svc/now")})
        assert (choice.source, short(choice), choice.left) == ("undo", "web:43", arn(42))


@pytest.mark.parametrize(
    ("story", "tags", "said"),
    [
        ([41, 42], {}, "no rollback of web by this tool is on record"),
        (
            [41, 42, 43, 42, 44],
            done(43, 42, "ecs-svc/old"),
            "web:44 was deployed since the last rollback of web by this",
        ),
        ([41, 42, 43, 42, 44, 42], done(43, 42, "ecs-svc/old"), "web:42 was deployed since"),
        ([41, 42, 43, 42, (44, "IN_PROGRESS")], done(43, 42, "ecs-svc/old"), "web:44 was deployed since"),
        ([41, 42, 43, 42], done_tags(None, arn(42), "ecs-svc/now", START, "back"), "do not say what its last"),
    ],
)
def test_it_is_refused_if_something_was_deployed_since_or_nothing_is_known(
    story: Story, tags: dict[str, str], said: str
) -> None:
    choice = undone(story, tags)
    assert (choice.target, choice.settled) == (None, None)
    assert said in (choice.problem or "")
    assert (choice.problem or "").endswith("Name the version to go to with revision")


@pytest.mark.parametrize(
    ("story", "tags", "said"),
    [
        # It was undone, or somebody went forward by name.
        (
            [41, 42, 43, 42, 43],
            done(42, 43, "ecs-svc/now", "forward"),
            "the last move of this tool, from web:42 to web:43",
        ),
        # Somebody deployed it again.
        ([41, 42, 43, 42, 43], done(43, 42, "ecs-svc/old"), "it is on web:43 already"),
    ],
)
def test_twice_is_unchanged(story: Story, tags: dict[str, str], said: str) -> None:
    choice = undone(story, tags)
    assert (choice.target, choice.problem, choice.direction) == (None, None, "same")
    assert (choice.settled or "").startswith(said)


def test_two_at_once_end_as_one() -> None:
    """The other one's deployment is followed, and its mark taken back as well."""
    choice = undone([41, 42, 43, 42, (43, "IN_PROGRESS")], done(43, 42, "ecs-svc/old"))
    assert (choice.source, choice.target, choice.left, choice.direction) == ("undo", arn(43), arn(42), "forward")


def test_one_that_was_cut_off_is_finished() -> None:
    tags = {**done(43, 42, "ecs-svc/old"), **begun(42, 43, "ecs-svc/now", "forward")}
    choice = undone([41, 42, 43, 42, 43], tags)
    assert (choice.source, choice.target, choice.unfinished, choice.direction) == ("undo", arn(43), True, "forward")


@pytest.mark.parametrize(("rollout", "settled"), [("IN_PROGRESS", False), ("COMPLETED", True)])
def test_without_a_history(rollout: str, settled: bool) -> None:
    def chosen(now: t.Any, tags: dict[str, str]) -> Choice:
        return target.choose(Selection(undo=True), service(now, tags=tags), None, {})

    assert chosen(42, done(43, 42, "ecs-svc/42")).target == "web:43"
    assert "was deployed since" in (chosen(44, done(43, 42, "ecs-svc/42")).problem or "")
    again = chosen(deployment(43, rollout=rollout), done(43, 42, "ecs-svc/42"))
    assert (again.target is None, again.settled is not None) == (settled, settled)


def test_a_long_family_that_is_not_on_record_must_be_named() -> None:
    tags = done_tags(arn(43, "f" * 200), arn(42), "ecs-svc/now", START, "back")
    assert "do not say what its last rollback left" in (undone([41, 42], tags).problem or "")


def test_a_plain_rollback_is_not_an_undo() -> None:
    assert choose([41, 42, 43, 42], tags=BACK).source != "undo"
