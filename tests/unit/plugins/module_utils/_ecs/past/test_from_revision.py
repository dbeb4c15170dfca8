# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a service that does not run from_revision has ever run it, and what is said where nobody knows."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Service, TaskDefinition
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past import from_revision, target
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.target import Selection
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import (
    Step,
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

GONE = TaskDefinition(arn="web:34", status="MISSING", tags={}, content={})
# web:40 to web:43, the first of them an hour before the record's second deployment.
STORY: t.Sequence[Step] = (40, 41, (42, "STOPPED"), 43)
OLD = {"created_at": at(-100000)}


def registered(minute: float) -> TaskDefinition:
    made = task_definition(34)
    return dataclasses.replace(made, content={**made.content, "registeredAt": at(minute)})


def judge(
    wanted: str = "34",
    on: Service | None = None,
    story: t.Sequence[Step] | None = STORY,
    read: TaskDefinition | None = None,
    gaps: str = "",
) -> from_revision.Elsewhere:
    past = told(*story) if story is not None else None
    found = {"web:34": read, read.arn: read} if read is not None else {}
    elsewhere = from_revision.judge(wanted, arn(43), None, on or service(43, created_at=at(0)), past, found, gaps)
    assert elsewhere is not None
    assert elsewhere.unchanged.startswith("it runs web:43, not ")
    return elsewhere


@pytest.mark.parametrize("wanted", ["42", "web:42", arn(42), "41", "40"])
def test_what_it_ran_or_tried_leaves_it_unchanged(wanted: str) -> None:
    elsewhere = judge(wanted)
    assert (elsewhere.never, elsewhere.doubt, elsewhere.unread) == ("", "", ())


@pytest.mark.parametrize(
    "shown",
    [
        {"deployments": (deployment(43), deployment(34, "ecs-svc/old", "ACTIVE"))},
        {"tags": done_tags(arn(34), arn(43), "ecs-svc/43", at(0), "back")},
        {"tags": started_tag(arn(34), arn(43), "ecs-svc/43", "back")},
    ],
)
def test_the_service_itself_shows_what_it_ran(shown: dict[str, t.Any]) -> None:
    on = dataclasses.replace(service(43), **shown)
    assert judge(on=on, story=None) == from_revision.Elsewhere(
        "it runs web:43, not web:34, so it does not need to move"
    )


def test_what_it_went_back_to_counts_as_run() -> None:
    assert not judge("30", story=[(42, "ROLLBACK_SUCCESSFUL", 30), 43]).unread


def test_before_anything_else_the_task_definition_is_read() -> None:
    assert judge().unread == ("web:34",)
    assert judge(arn(34)).unread == (arn(34),)


@pytest.mark.parametrize(
    ("on", "story", "read", "gaps", "never", "doubt"),
    [
        # It does not exist, so whatever is not known does not matter.
        (None, STORY, GONE, "", "there is no task definition web:34, which from_revision names: web runs web:43", ""),
        (OLD, None, GONE, "denied.", "there is no task definition web:34", ""),
        # The record begins with the service.
        (None, STORY, task_definition(34), "", "web never ran web:34, which from_revision names: it runs web:43", ""),
        # The record begins later, but before the task definition was registered.
        (OLD, STORY, registered(0), "", "web never ran web:34", ""),
        (OLD, STORY, registered(-1), "", "", "the record begins at 2026-11-20T12:00:00Z"),
        (OLD, STORY, task_definition(34), "", "", "the record begins at 2026-11-20T12:00:00Z"),
        (OLD, [], task_definition(34), "", "", "no deployment of the service is on record"),
        (OLD, None, task_definition(34), "", "", "AWS does not tell the history of the service"),
        # What is missing in between can be just that.
        (None, STORY, registered(0), "2 were left out.", "", "2 were left out"),
        (None, None, task_definition(34), "it cannot be read.", "", "it cannot be read"),
    ],
)
def test_what_it_never_ran_is_a_mistake_only_where_that_is_certain(
    on: dict[str, t.Any] | None,
    story: t.List[Step] | None,
    read: TaskDefinition,
    gaps: str,
    never: str,
    doubt: str,
) -> None:
    elsewhere = judge(on=service(43, **on) if on else None, story=story, read=read, gaps=gaps)
    assert elsewhere.never.startswith(never)
    assert doubt in elsewhere.doubt
    assert (bool(elsewhere.never), bool(elsewhere.doubt)) == (bool(never), bool(doubt))
    if doubt:
        assert elsewhere.doubt.startswith("whether web ever ran web:34 is not known: ")


def test_it_says_what_the_service_ran_the_newest_first() -> None:
    assert judge(read=GONE).never.endswith("web runs web:43, and ran web:42, web:41, web:40 before")
    assert judge(story=None, read=GONE).never.endswith("web runs web:43, and no other is on record")
    many: t.List[Step] = [*range(10, 20), 43]
    assert judge(story=many, read=GONE).never.endswith(
        "web:19, web:18, web:17, web:16, web:15, web:14 and 4 more before"
    )


@pytest.mark.parametrize(
    ("read", "ran", "problem", "doubt"),
    [
        (GONE, False, "there is no task definition web:34", ""),
        (GONE, True, "", ""),
        (task_definition(34), False, "", "whether web ever ran web:34 is not known"),
        (task_definition(34), True, "", ""),
    ],
)
def test_what_another_service_of_the_call_ran_is_no_mistake(
    read: TaskDefinition, ran: bool, problem: str, doubt: str
) -> None:
    selection = Selection(from_revision="34", from_revision_ran=ran)
    found = {**known(read), "web:34": read}
    choice = target.choose(selection, service(43, **OLD), told(*STORY), found)
    assert (bool(choice.settled), bool(choice.problem)) == (not problem, bool(problem))
    assert problem in (choice.problem or "")
    assert choice.doubt.startswith(doubt)
    assert bool(choice.doubt) is bool(doubt)


def test_the_whole_history_is_read_before_it_is_called_a_mistake() -> None:
    choice = target.choose(Selection(from_revision="34"), service(43), told(*STORY), {})
    assert (choice.needs_more_history, choice.weighed) == (True, ("web:34",))


def test_a_first_deployment_that_came_long_after_the_service_hides_others() -> None:
    past = service(43, created_at=at(-6))
    assert judge(on=past, read=task_definition(34)).doubt
    assert flown(40).created_at == at(0)
