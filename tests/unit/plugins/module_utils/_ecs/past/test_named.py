# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is known of a version that somebody names, and what speaks against going there."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._ecs import marks
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Service, TaskDefinition
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past import history, named, target
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.target import Selection
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
    task_definition,
    told,
)
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.past.stories import Story, choose, short

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
    return [(f.severity, f.message) for f in made.findings if f.check == named.CHECK]


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
    assert not [f for f in made.findings if f.check == named.CHECK]
    assert said(told((41, "STOPPED"), 42), task_definition(41), chosen=True) == []


def test_a_pinned_copy_is_as_good_as_what_it_was_made_of() -> None:
    past = history.read([flown(41), flown(50, minute=60, status="STOPPED"), flown(42, minute=120)], {arn(50): arn(41)})
    assert said(past, task_definition(50)) == []
    assert short(target.choose(Selection(revision="50"), service(42), past, {})) == "web:50"
