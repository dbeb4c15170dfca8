# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table of versions, line by line."""

from __future__ import annotations

import typing as t

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.lastgood.aws.plugins.filter.ecs_history import FilterModule, ecs_history

ARN = "arn:aws:ecs:eu-central-1:123456789012:task-definition/"
CI = "arn:aws:sts::123456789012:assumed-role/ci/build-7"


def version(number: int, verdict: str, *past: str, **more: t.Any) -> dict[str, t.Any]:
    return {
        "task_definition": f"{ARN}web:{number}",
        "verdict": verdict,
        "why": past[-1] if past else "nothing is known",
        "last_used": f"2026-11-{number:02}T09:02:30Z",
        "past": [{"what": what} for what in past],
        "registered_by": CI,
        "current": False,
        **more,
    }


def service(*candidates: dict[str, t.Any], **more: t.Any) -> dict[str, t.Any]:
    return {
        "service": "web",
        "cluster": "prod",
        "outcome": "planned",
        "reason": "because",
        "current": {"task_definition": f"{ARN}web:12"},
        "target": {"task_definition": f"{ARN}web:9"},
        "target_why": "SUCCESSFUL at nine",
        "candidates": list(candidates),
        "in_flight": None,
        **more,
    }


def test_the_table() -> None:
    rows = [
        version(12, "good", "SUCCESSFUL at ten", current=True),
        version(11, "bad", "SUCCESSFUL at eight", "left for the older web:9 at nine", why="marked bad: 500s"),
        version(9, "good", "SUCCESSFUL at nine", registered_by=None),
    ]
    assert ecs_history([service(*rows)]) == [
        "web (cluster prod) is on web:12. A rollback would go to web:9 (SUCCESSFUL at nine)",
        "   VERSION  VERDICT  LAST USED             REGISTERED BY            WHAT HAPPENED",
        "*  web:12   good     2026-11-12T09:02:30Z  assumed-role/ci/build-7  SUCCESSFUL at ten",
        "   web:11   bad      2026-11-11T09:02:30Z  assumed-role/ci/build-7  SUCCESSFUL at eight",
        "                                                                    left for the older web:9 at nine",
        "                                                                    marked bad: 500s",
        ">  web:9    good     2026-11-09T09:02:30Z  -                        SUCCESSFUL at nine",
        "*  on it now   >  a rollback goes there",
    ]


@pytest.mark.parametrize(
    ("more", "heading"),
    [
        ({"outcome": "unchanged"}, "web (cluster prod) is on web:12. A rollback would change nothing: because"),
        (
            {"outcome": "refused", "target": None},
            "web (cluster prod) is on web:12. A rollback is not possible: because",
        ),
        ({"outcome": "refused", "target": None, "current": None}, "web (cluster prod): because"),
    ],
)
def test_the_heading_says_what_a_rollback_would_do(more: dict[str, t.Any], heading: str) -> None:
    assert ecs_history([service(**more)]) == [heading, "   no version is on record"]


def test_a_deployment_that_is_running_is_shown() -> None:
    flight = {"task_definition": f"{ARN}web:12", "status": "IN_PROGRESS"}
    assert ecs_history([service(in_flight=flight)])[1] == "   a deployment of web:12 is running (IN_PROGRESS)"


def test_what_nothing_is_known_of() -> None:
    lines = ecs_history([service(version(3, "unknown"))])
    assert lines[2].endswith("  nothing is known")


def test_several_services_follow_each_other() -> None:
    assert len(ecs_history([service(), service()])) == 4
    assert ecs_history([]) == []


@pytest.mark.parametrize("wrong", [None, 7, ["web"], [{"service": "web"}], {"services": []}])
def test_something_else_is_refused(wrong: t.Any) -> None:
    with pytest.raises(AnsibleFilterError, match="takes the services that ecs_rollback_info returns"):
        ecs_history(wrong)


def test_its_name() -> None:
    assert FilterModule().filters() == {"ecs_history": ecs_history}
