# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether the record of a move counts: a table of what was deployed before and after it was written.

The record was written at minute 100 to go from web:42 to web:41, when the PRIMARY deployment was ecs-svc/named.
"""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._ecs import marks
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Direction, ServiceDeployment
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past import history, moves
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import (
    arn,
    at,
    deployment,
    done_tags,
    flown,
    service,
    started_tag,
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
