# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a move goes back or forward, and what that allows."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._core.findings import beside_a_route
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import marks
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Direction, TaskDefinition
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past import direction, history
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import (
    START,
    arn,
    done_tags,
    flown,
    known,
    service,
    steps,
    task_definition,
    told,
)

API = arn(7, "api")


@pytest.mark.parametrize(
    ("target", "base", "expected"),
    [
        (41, 42, "back"),
        (42, 41, "forward"),
        (42, 42, "same"),
        # never deployed here: of one family the number tells
        (40, 42, "back"),
        (50, 42, "forward"),
    ],
)
@pytest.mark.parametrize("past", [told(41, 42), told(42, 41), told(), None])
def test_versions_of_one_family(past: history.History | None, target: int, base: int, expected: Direction) -> None:
    assert direction.between(arn(target), arn(base), past, {}) == expected


def test_versions_of_different_families_go_by_when_they_were_first_used() -> None:
    past = history.read([flown(41), flown(API, minute=60), flown(41, minute=120)])
    assert direction.between(arn(41), API, past, {}) == "back"
    assert direction.between(API, arn(41), past, {}) == "forward"
    assert direction.between(arn(7, "worker"), arn(41), past, {}) == "unknown"
    assert direction.between(arn(41), arn(7, "worker"), past, {}) == "unknown"
    assert direction.between(API, arn(41), None, {}) == "unknown"


# web:50 is a pinned copy of web:41.
COPY = task_definition(50, **{"copy-of": "web:41"})


@pytest.mark.parametrize(
    ("target", "base", "expected"),
    [
        (50, 42, "back"),
        (42, 50, "forward"),
        (40, 50, "back"),
        (41, 50, "same"),
        (50, 41, "same"),
        (50, 50, "same"),
        # registered after the copy, and newer than it in any case
        (51, 50, "forward"),
    ],
)
@pytest.mark.parametrize(
    ("past", "read"),
    [
        # The history knows it for a copy, or else its tag says so.
        (history.read(steps(41, 42, 50), {arn(50): arn(41)}), {}),
        (told(41, 42), known(COPY)),
        (None, known(COPY)),
    ],
)
def test_a_pinned_copy_counts_as_what_it_was_made_of(
    past: history.History | None, read: t.Any, target: int, base: int, expected: Direction
) -> None:
    assert direction.between(arn(target), arn(base), past, read) == expected


@pytest.mark.parametrize("tag", ["", "by hand", "api:41", "web:x", "x" * 64 + "..0123456789abcdef:41"])
def test_a_tag_that_names_no_original_makes_no_copy(tag: str) -> None:
    assert direction.root(arn(50), None, known(task_definition(50, **{"copy-of": tag}))) == arn(50)


def test_the_original_of_a_copy_of_a_long_family() -> None:
    copy, original = arn(50, "f" * 250), arn(41, "f" * 250)
    read = known(task_definition(copy, **{"copy-of": marks.tag_name(original)}))
    assert direction.root(copy, None, read) == original


def record(left: str, to: str = arn(41), went: Direction = "back") -> dict[str, str]:
    return done_tags(left, to, "ecs-svc/1", START, went)


@pytest.mark.parametrize(
    ("tags", "target", "expected"),
    [
        (record(arn(43)), arn(43), arn(43)),
        (record(arn(43)), arn(42), None),
        (record(arn(43), went="forward"), arn(43), None),
        (record(arn(43), went="unknown"), arn(43), None),
        (record(arn(43, "api")), arn(43), None),
        ({}, arn(43), None),
        # left as a pinned copy, and its original comes back; or the other way round
        (record(arn(50), arn(40)), arn(41), arn(50)),
        (record(arn(41), arn(40)), arn(50), arn(41)),
    ],
)
def test_whose_mark_is_taken_back(tags: dict[str, str], target: str, expected: str | None) -> None:
    past = history.read(steps(40, 41, 43, 50), {arn(50): arn(41)})
    assert direction.taken_back(service(42, tags=tags), target, past, known(COPY)) == expected


@pytest.mark.parametrize(("of", "expected"), [("prod/web", arn(43)), ("prod/api", None)])
def test_the_mark_itself_says_which_service_gave_it(of: str, expected: str | None) -> None:
    """Whatever was done with the service since."""
    marked = TaskDefinition(arn(43), "ACTIVE", marks.bad_mark(START, "500s", of, {}), {})
    assert direction.taken_back(service(42), arn(43), told(40, 41, 43), known(marked)) == expected


def test_whose_mark_is_taken_back_without_a_history() -> None:
    assert direction.taken_back(service(42, tags=record(arn(43))), arn(43), None, {}) == arn(43)
    assert direction.taken_back(service(42, tags=record(arn(41), arn(40))), arn(50), None, known(COPY)) == arn(41)


@pytest.mark.parametrize(
    ("went", "said"),
    [
        ("back", None),
        ("forward", "web:42 → web:43 is a move forward"),
        ("same", "the service stays on web:43"),
        ("unknown", "whether web:43 is older than web:42 is not known"),
        (None, "whether web:43 is older than web:42 is not known"),
    ],
)
def test_what_stands_against_deregistering(went: Direction | None, said: str | None) -> None:
    found = direction.no_deregistration(went, arn(42), arn(43))
    if said is None:
        assert found == []
    else:
        (finding,) = found
        assert (finding.check, finding.severity) == ("deregister", "block")
        assert finding.message == f"{said}, and only a rollback deregisters what it leaves. Leave out deregister"


@pytest.mark.parametrize(
    ("went", "words"),
    [("back", ""), ("same", ""), (None, ""), ("forward", " (forward)"), ("unknown", " (direction unknown)")],
)
def test_what_is_said_behind_a_route(went: Direction | None, words: str) -> None:
    assert beside_a_route(went) == words


def test_every_direction_has_been_thought_of() -> None:
    assert set(t.get_args(Direction)) == {"back", "forward", "same", "unknown"}


def test_a_mark_is_taken_back_from_a_version_that_was_named() -> None:
    marked = dataclasses.replace(task_definition(43), tags=marks.bad_mark(START, "500s", "prod/web", {}))
    assert direction.taken_back(service(42), arn(43), None, {"web:43": marked}) == arn(43)
