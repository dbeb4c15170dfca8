# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table of what is ready, line by line."""

from __future__ import annotations

import typing as t

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.lastgood.aws.plugins.filter.ecs_status import FilterModule, ecs_status

ARN = "arn:aws:ecs:eu-central-1:123456789012:task-definition/"
TAG = {"permission": "ecs:TagResource", "state": "missing", "cost": "nothing is marked", "weight": "lesser"}
UPDATE = {"permission": "ecs:UpdateService", "state": "missing", "cost": "AWS refuses it", "weight": "required"}
CONTEXT = {**UPDATE, "state": "unknown"}
IMAGE = {"check": "image", "severity": "unknown", "message": "the image is not known."}
ALARM = {"check": "alarms", "severity": "warn", "message": "web-5xx fires already"}
LEFT_OUT = {"check": "left_out", "severity": "info", "message": "web:2: it failed"}
GONE = {"check": "secret", "severity": "block", "message": "the secret db is gone"}


def service(name: str = "web", **more: t.Any) -> dict[str, t.Any]:
    return {
        "service": name,
        "cluster": "prod",
        "region": "eu-central-1",
        "readiness": "ready",
        "reason": "web:3 → web:1",
        "running": {
            "task_definition": f"{ARN}{name}:3",
            "since": "2026-11-20T13:52:00Z",
            "running_count": 3,
            "desired_count": 4,
        },
        "outcome": "planned",
        "method": "update_service",
        "target": {"task_definition": f"{ARN}{name}:1"},
        "target_why": "SUCCESSFUL at nine",
        "in_flight": None,
        "findings": [],
        "permissions": [],
        "unfinished": [],
        **more,
    }


RUNS = "  runs        web:3 since 2026-11-20T13:52:00Z, 3 of 4 tasks"
GOOD = ["  last good   web:1: SUCCESSFUL at nine", "  rollback    update_service to web:1"]


@pytest.mark.parametrize(
    ("one", "lines"),
    [
        (service(), ["web (cluster prod, eu-central-1): READY", RUNS, *GOOD]),
        (
            service(readiness="ready_with_warnings", findings=[LEFT_OUT, IMAGE, ALARM], permissions=[TAG, CONTEXT]),
            [
                "web (cluster prod, eu-central-1): READY, WITH WARNINGS",
                RUNS,
                *GOOD,
                "  warning     web-5xx fires already",
                "  not known   the image is not known.",
                "  note        web:2: it failed",
                "  permission  ecs:TagResource is missing: nothing is marked",
                "  permission  ecs:UpdateService may be missing: AWS refuses it",
            ],
        ),
        (
            service(readiness="not_ready", reason="the permission ecs:UpdateService is missing", permissions=[UPDATE]),
            [
                "web (cluster prod, eu-central-1): NOT READY",
                RUNS,
                GOOD[0],
                "  rollback    update_service to web:1, but the permission ecs:UpdateService is missing",
                "  permission  ecs:UpdateService is missing: AWS refuses it",
            ],
        ),
        # What is said as the reason is not said again.
        (
            service(readiness="not_ready", outcome="refused", reason="web:3: the secret db is gone", findings=[GONE]),
            [
                "web (cluster prod, eu-central-1): NOT READY",
                RUNS,
                "  rollback    would be refused: web:3: the secret db is gone",
            ],
        ),
        (
            service(
                outcome="unchanged",
                reason="web:3: a rollback would change nothing: it was rolled back",
                unfinished=[{"what": "mark", "message": "web:4 is not marked bad yet"}],
            ),
            [
                "web (cluster prod, eu-central-1): READY",
                RUNS,
                "  rollback    web:3: a rollback would change nothing: it was rolled back",
                "  half done   web:4 is not marked bad yet",
            ],
        ),
        (
            service(in_flight={"task_definition": f"{ARN}web:4", "status": "IN_PROGRESS"}),
            [
                "web (cluster prod, eu-central-1): READY",
                RUNS,
                "  in flight   a deployment of web:4 is running (IN_PROGRESS)",
                *GOOD,
            ],
        ),
        (
            service(readiness="not_ready", running=None, outcome="refused", reason="there is no service", region=None),
            ["web (cluster prod): NOT READY", "  rollback    would be refused: there is no service"],
        ),
    ],
)
def test_a_service(one: dict[str, t.Any], lines: list[str]) -> None:
    assert ecs_status([one]) == lines


def test_what_all_of_them_lack_comes_once() -> None:
    web = service(permissions=[UPDATE, TAG], findings=[ALARM, IMAGE])
    api = service("api", permissions=[TAG], findings=[ALARM, IMAGE])
    lines = ecs_status([web, api])
    assert lines[-3:] == [
        "all of these services",
        "  not known   the image is not known.",
        "  permission  ecs:TagResource is missing: nothing is marked",
    ]
    assert lines.count("  warning     web-5xx fires already") == 2
    assert lines.count("  permission  ecs:UpdateService is missing: AWS refuses it") == 1
    assert lines.count("  permission  ecs:TagResource is missing: nothing is marked") == 1


def test_no_services() -> None:
    assert ecs_status([]) == []


@pytest.mark.parametrize("wrong", [None, "text", [{}], [{"service": "web"}]])
def test_something_else_is_refused(wrong: object) -> None:
    with pytest.raises(AnsibleFilterError, match="takes the services that ecs_status_info returns"):
        ecs_status(wrong)


def test_the_filter_has_its_name() -> None:
    assert FilterModule().filters() == {"ecs_status": ecs_status}
