# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import dataclasses
import typing as t
from datetime import datetime

import pytest

from ansible_collections.lastgood.aws.plugins.plugin_utils._events import seen

ARN = "arn:aws:ecs:eu-central-1:123456789012:task-definition/web:43"
SERVICE: dict[str, t.Any] = {
    "account": "123456789012",
    "outcome": "planned",
    "reason": "SUCCESSFUL at 2026-11-14T09:12:40Z",
    "current": {"task_definition": ARN, "deployment_id": "ecs-svc/43", "rollout_state": "FAILED"},
    "target": {"task_definition": ARN.replace("43", "41")},
    "target_why": "SUCCESSFUL at 2026-11-14T09:12:40Z",
    "candidates": [
        {"task_definition": ARN, "current": True, "last_used": "2026-11-20T13:52:00Z", "marks": {}},
        {
            "task_definition": ARN.replace("43", "41"),
            "current": False,
            "last_used": "2026-11-14T09:12:40Z",
            "marks": {},
        },
    ],
    "in_flight": None,
    "last_rollback": None,
}
GROUP: dict[str, t.Any] = {
    "account": "123456789012",
    "outcome": "planned",
    "reason": "Succeeded at 2026-11-14T09:12:40Z",
    "current": {"revision_name": "s3://b/web-9.zip", "deployment_id": "d-9", "status": "Failed"},
    "target_name": "s3://b/web-8.zip",
    "target_why": "Succeeded at 2026-11-14T09:12:40Z",
    "candidates": [{"current": True, "last_used": "2026-11-20T13:52:00Z"}],
    "in_flight": None,
    "last_rollback": None,
}


FAILED = seen.Seen(
    account="123456789012",
    deployment="ecs-svc/43",
    runs="web:43",
    failed=True,
    going_back="",
    settled="",
    problem="",
    goes_to="web:41 (SUCCESSFUL at 2026-11-14T09:12:40Z)",
    marked_bad="",
    deployed_at=datetime(2026, 11, 20, 13, 52),
    last_rollback=None,
    unfinished=False,
)


def test_a_service() -> None:
    assert seen.of_service(SERVICE) == FAILED


def test_a_deployment_group() -> None:
    assert seen.of_group(GROUP) == dataclasses.replace(
        FAILED,
        deployment="d-9",
        runs="s3://b/web-9.zip",
        goes_to="s3://b/web-8.zip (Succeeded at 2026-11-14T09:12:40Z)",
    )


@pytest.mark.parametrize("of", [seen.of_service, seen.of_group])
def test_what_could_not_be_read(of: t.Callable[[seen.Look], seen.Seen]) -> None:
    refused = {"outcome": "refused", "reason": "there is none", "current": None, "target": None, "candidates": []}
    found = of({**refused, "account": None, "in_flight": None, "last_rollback": None, "target_name": None})
    assert (found.problem, found.deployment, found.account, found.deployed_at) == ("there is none", "", "", None)


@pytest.mark.parametrize("of", [seen.of_service, seen.of_group])
def test_unchanged_is_settled(of: t.Callable[[seen.Look], seen.Seen]) -> None:
    look = {**(SERVICE if of is seen.of_service else GROUP), "outcome": "unchanged", "reason": "already rolled back"}
    assert (of(look).settled, of(look).problem) == ("already rolled back", "")


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("IN_PROGRESS", ""),
        ("PENDING", ""),
        ("ROLLBACK_REQUESTED", "ECS takes it back by itself (ROLLBACK_REQUESTED)"),
        ("ROLLBACK_IN_PROGRESS", "ECS takes it back by itself (ROLLBACK_IN_PROGRESS)"),
    ],
)
def test_a_service_that_ecs_takes_back(status: str, expected: str) -> None:
    look = {**SERVICE, "in_flight": {"status": status, "created_at": "2026-11-20T14:00:00Z"}}
    found = seen.of_service(look)
    assert (found.going_back, found.deployed_at) == (expected, datetime(2026, 11, 20, 14))


@pytest.mark.parametrize(
    ("running", "expected"),
    [
        ({"status": "InProgress", "creator": "user", "deployment_id": "d-9"}, ""),
        (
            {"status": "InProgress", "creator": "codeDeployRollback", "deployment_id": "d-10"},
            "CodeDeploy takes it back by itself (d-10)",
        ),
        ({"status": "Failed", "creator": "user", "deployment_id": "d-9"}, "CodeDeploy takes it back by itself (d-9)"),
    ],
)
def test_a_group_that_codedeploy_takes_back(running: dict[str, str], expected: str) -> None:
    assert seen.of_group({**GROUP, "in_flight": running}).going_back == expected


@pytest.mark.parametrize(
    ("marks", "expected"),
    [
        ({}, ""),
        ({"lastgood:good": "x"}, ""),
        ({"lastgood:bad": "2026-11-20T14:03:00Z leaks"}, "2026-11-20T14:03:00Z leaks"),
        ({"lastgood:bad": ""}, "no reason given"),
    ],
)
def test_the_mark_of_what_runs(marks: dict[str, str], expected: str) -> None:
    candidates = [{**SERVICE["candidates"][0], "marks": marks}, {"current": False, "marks": {"lastgood:bad": "other"}}]
    assert seen.of_service({**SERVICE, "candidates": candidates}).marked_bad == expected


@pytest.mark.parametrize(
    ("last", "at", "unfinished"),
    [
        ({"began": "2026-11-20T14:00:00Z", "ended": "2026-11-20T14:05:00Z"}, datetime(2026, 11, 20, 14, 5), False),
        ({"began": "2026-11-20T14:00:00Z", "ended": None}, datetime(2026, 11, 20, 14), True),
        ({"began": None, "ended": None}, None, True),
    ],
)
def test_the_last_rollback(last: dict[str, t.Any], at: datetime | None, unfinished: bool) -> None:
    found = seen.of_service({**SERVICE, "last_rollback": last})
    assert (found.last_rollback, found.unfinished) == (at, unfinished)


def test_a_redeploy_is_its_own_record_and_never_half_done() -> None:
    last = {"deployment_id": "d-8", "began": "2026-11-20T14:00:00Z", "ended": None}
    found = seen.of_group({**GROUP, "last_rollback": last})
    assert (found.last_rollback, found.unfinished) == (datetime(2026, 11, 20, 14), False)
