# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether the record of a move counts: a table of what was deployed before and after it was written.

The record was written at minute 100 to go from web:42 to web:41, when the PRIMARY deployment was ecs-svc/named.
"""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._core.findings import beside_a_route
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import marks
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import (
    Direction,
    ServiceDeployment,
    TaskDefinition,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past import history, moves
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import (
    START,
    arn,
    at,
    deployment,
    done_tags,
    flown,
    known,
    service,
    started_tag,
    steps,
    task_definition,
    told,
)

RUN = "1a2b3c4d"
RECORD = marks.record_tag(RUN, at(100), "ecs-svc/named", arn(42), arn(41), "back")
NAMED, OTHER = "ecs-svc/named", "ecs-svc/other"


def went(number: int, minutes: float, status: str = "SUCCESSFUL", back: int | None = None) -> ServiceDeployment:
    return flown(number, status, minutes, back=back)


BEFORE = [went(41, 1), went(42, 50)]


@pytest.mark.parametrize(
    ("since", "current", "primary", "counts", "void"),
    [
        # The write was not sent, or does not show yet: another run may be about to send it.
        ([], 42, NAMED, False, False),
        # It was.
        ([went(41, 100.05)], 41, OTHER, True, False),
        ([went(41, 100.05, "IN_PROGRESS")], 41, OTHER, True, False),
        # Hours later, by whoever it was: nothing else came in between.
        ([went(41, 200)], 41, OTHER, True, False),
        # It was a deployment that ran already, or AWS itself went back without another one.
        ([], 41, NAMED, True, False),
        ([], 41, OTHER, True, False),
        # What is left was deployed in the very second of the record.
        ([went(42, 100.01), went(41, 100.02)], 41, OTHER, True, False),
        ([went(42, 100.5), went(41, 101)], 41, OTHER, False, True),
        # Somebody deployed in between, or since.
        ([went(43, 110)], 43, OTHER, False, True),
        ([went(43, 110), went(41, 120)], 41, OTHER, False, True),
        ([went(41, 110), went(43, 120)], 43, OTHER, False, True),
        ([went(41, 110), went(41, 120)], 41, OTHER, False, True),
        ([went(41, 110), went(42, 120)], 42, OTHER, False, True),
        # Our deployment failed, and ECS went back.
        ([went(41, 110, "ROLLBACK_SUCCESSFUL", 42)], 42, OTHER, False, True),
        # Somebody's deployment began, and the service does not show it yet.
        ([went(43, 110, "PENDING")], 43, NAMED, False, True),
    ],
)
def test_it_counts_if_what_came_first_goes_to_its_target_and_nothing_came_since(
    since: list[ServiceDeployment], current: int, primary: str, counts: bool, void: bool
) -> None:
    past = history.read([*BEFORE, *since])
    on = service(deployment(current, primary), tags=RECORD)
    record = moves.recorded(on, past)
    assert record is not None
    assert (moves.last_move(record, on, arn(current), past) == record) is counts
    assert moves.is_void(record, on, arn(current), past) is void


@pytest.mark.parametrize(
    ("deployments", "counts", "void"),
    [
        ([deployment(42, NAMED)], False, False),
        ([deployment(41, OTHER)], True, False),
        ([deployment(41, OTHER), deployment(42, NAMED, status="ACTIVE")], True, False),
        ([deployment(43, OTHER)], False, True),
        ([deployment(41, OTHER), deployment(43, "ecs-svc/theirs", created_at=at(120), status="ACTIVE")], False, True),
    ],
)
def test_without_a_history_the_deployments_that_stand_decide(deployments: t.Any, counts: bool, void: bool) -> None:
    on = service(*deployments, tags=RECORD)
    record = moves.recorded(on, None)
    current = deployments[0].task_definition
    assert (moves.last_move(record, on, current, None) is not None, moves.is_void(record, on, current, None)) == (
        counts,
        void,
    )


def test_a_pinned_copy_counts_as_what_it_was_made_from() -> None:
    since = [*BEFORE, went(44, 101)]
    on = service(deployment(44, OTHER), tags=RECORD)
    record = moves.recorded(on, None)
    assert moves.last_move(record, on, arn(44), history.read(since, {arn(44): arn(41)})) is not None
    assert moves.last_move(record, on, arn(44), history.read(since)) is None


def announced(number: int, minutes: float, to: int, direction: Direction = "back", **more: t.Any) -> ServiceDeployment:
    move = marks.RolledBack("web:42", f"web:{to}", "", "", direction, RUN, began=at(minutes), **more)
    return flown(number, "SUCCESSFUL", minutes, announced=move)


@pytest.mark.parametrize(
    ("tags", "run", "ended"),
    [
        ({}, RUN, False),
        (marks.done_tag(RUN, at(103)), RUN, True),
        (marks.done_tag("99999999", at(103)), RUN, False),
        # A tag that is older than the deployment, and one that is younger.
        (marks.record_tag("99999999", at(90), NAMED, arn(43), arn(42), "back"), RUN, False),
        (marks.record_tag("99999999", at(110), NAMED, arn(43), arn(42), "back"), "99999999", False),
    ],
)
def test_a_deployment_of_codedeploy_is_its_own_record(tags: dict[str, str], run: str, ended: bool) -> None:
    past = history.read([*BEFORE, announced(41, 101, 41)])
    on = service(deployment(41, OTHER), tags=tags)
    record = moves.recorded(on, past)
    assert record is not None
    assert (record.run, bool(record.at)) == (run, ended)
    assert (moves.ended(on, past) is not None, moves.begun(on, past) is not None) == (ended, not ended)


@pytest.mark.parametrize(("to", "direction"), [(41, "back"), (43, "forward")])
def test_where_a_redeploy_goes_the_history_knows(to: int, direction: Direction) -> None:
    past = history.read([went(41, 1), went(43, 20), went(42, 50), announced(to, 101, to, "unknown")])
    record = moves.recorded(service(deployment(to, OTHER)), past)
    assert record is not None
    assert record.direction == direction


def test_what_older_versions_wrote_is_still_read() -> None:
    past = history.read([*BEFORE, went(41, 101)])
    begun = service(deployment(41, OTHER), tags=started_tag(arn(42), arn(41), OTHER, "back"))
    done = service(deployment(41, OTHER), tags=done_tags(arn(42), arn(41), OTHER, at(103), "back"))
    assert moves.last_move(moves.begun(begun, past), begun, arn(41), past) is not None
    assert moves.last_move(moves.ended(done, past), done, arn(41), past) is not None
    # A record of this version takes their place.
    both = service(deployment(41, OTHER), tags={**done.tags, **RECORD})
    record = moves.begun(both, past)
    assert record is not None
    assert record.run == RUN


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
    assert moves.direction_of(arn(target), arn(base), past, {}) == expected


def test_versions_of_different_families_go_by_when_they_were_first_used() -> None:
    past = history.read([flown(41), flown(API, minute=60), flown(41, minute=120)])
    assert moves.direction_of(arn(41), API, past, {}) == "back"
    assert moves.direction_of(API, arn(41), past, {}) == "forward"
    assert moves.direction_of(arn(7, "worker"), arn(41), past, {}) == "unknown"
    assert moves.direction_of(arn(41), arn(7, "worker"), past, {}) == "unknown"
    assert moves.direction_of(API, arn(41), None, {}) == "unknown"


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
    assert moves.direction_of(arn(target), arn(base), past, read) == expected


@pytest.mark.parametrize("tag", ["", "by hand", "api:41", "web:x", "x" * 64 + "..0123456789abcdef:41"])
def test_a_tag_that_names_no_original_makes_no_copy(tag: str) -> None:
    assert moves.root(arn(50), None, known(task_definition(50, **{"copy-of": tag}))) == arn(50)


def test_the_original_of_a_copy_of_a_long_family() -> None:
    copy, original = arn(50, "f" * 250), arn(41, "f" * 250)
    read = known(task_definition(copy, **{"copy-of": marks.tag_name(original)}))
    assert moves.root(copy, None, read) == original


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
    assert moves.taken_back(service(42, tags=tags), target, past, known(COPY)) == expected


@pytest.mark.parametrize(("of", "expected"), [("prod/web", arn(43)), ("prod/api", None)])
def test_the_mark_itself_says_which_service_gave_it(of: str, expected: str | None) -> None:
    """Whatever was done with the service since."""
    marked = TaskDefinition(arn(43), "ACTIVE", marks.bad_mark(START, "500s", of, {}), {})
    assert moves.taken_back(service(42), arn(43), told(40, 41, 43), known(marked)) == expected


def test_whose_mark_is_taken_back_without_a_history() -> None:
    assert moves.taken_back(service(42, tags=record(arn(43))), arn(43), None, {}) == arn(43)
    assert moves.taken_back(service(42, tags=record(arn(41), arn(40))), arn(50), None, known(COPY)) == arn(41)


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
    found = moves.no_deregistration(went, arn(42), arn(43))
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
    assert moves.taken_back(service(42), arn(43), None, {"web:43": marked}) == arn(43)
