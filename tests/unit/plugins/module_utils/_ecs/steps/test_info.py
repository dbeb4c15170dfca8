# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._ecs import marks
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import Refusal
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Finding, Service
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.choices import Selection
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps import info
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import (
    Step,
    arn,
    deployment,
    planned,
    revision,
    service,
    told,
)


@pytest.mark.parametrize(
    ("on", "story", "outcome", "method"),
    [
        (service(42), [41, 42], "planned", "update_service"),
        (service(41), [41, 42, 41], "unchanged", "none"),
        (service(42), [42], "refused", "none"),
    ],
)
def test_a_plan_as_a_result(on: Service, story: list[Step], outcome: str, method: str) -> None:
    shown = info.of(planned(on, told(*story)), "prod")
    assert (shown["service"], shown["cluster"], shown["outcome"], shown["method"]) == ("web", "prod", outcome, method)
    assert shown["reason"]
    json.dumps(shown)


def test_all_of_it() -> None:
    shown = info.of(planned(service(42), told(40, 41, 42)), "prod")
    assert shown["current"] == {
        "task_definition": arn(42),
        "service_revision": revision(42).arn,
        "image_digests": {},
        "deployment_id": "ecs-svc/42",
        "rollout_state": "COMPLETED",
        "rollout_state_reason": "",
        "desired_count": 4,
        "running_count": 4,
    }
    assert shown["target"] == {
        "task_definition": arn(41),
        "status": "ACTIVE",
        "service_revision": revision(41).arn,
        "image_digests": {},
    }
    assert (shown["target_source"], shown["left"], shown["in_flight"]) == ("last_good", arn(42), None)
    assert [(c["task_definition"], c["verdict"], c["current"]) for c in shown["candidates"]] == [
        (arn(42), "good", True),
        (arn(41), "good", False),
        (arn(40), "good", False),
    ]


def test_what_is_in_flight() -> None:
    made = planned(service(deployment(42, rollout="IN_PROGRESS")), told(41, (42, "IN_PROGRESS")))
    shown = info.of(made, "prod")["in_flight"]
    assert (shown["status"], shown["task_definition"], shown["goes_back_to"]) == ("IN_PROGRESS", arn(42), [arn(41)])


def test_a_target_that_is_not_on_record_has_no_service_revision() -> None:
    shown = info.of(planned(service(42), told(41, 42), Selection(revision=arn(7))), "prod")["target"]
    assert (shown["service_revision"], shown["image_digests"]) == (None, {})


def test_without_history_and_primary() -> None:
    shown = info.of(planned(service(task_definition=arn(42)), None), "prod")
    assert (shown["current"]["task_definition"], shown["current"]["deployment_id"]) == (arn(42), None)
    assert (shown["candidates"], shown["target"], shown["outcome"]) == ([], None, "refused")


def test_a_refusal_has_the_same_keys() -> None:
    refused = info.of(Refusal("web", "no", (Finding("x", "block", "y"),)), "prod")
    assert set(refused) == set(info.of(planned(service(42), told(41, 42)), "prod"))
    assert (refused["outcome"], refused["reason"], refused["candidates"]) == ("refused", "no", [])
    assert refused["findings"] == [{"check": "x", "severity": "block", "message": "y"}]


@pytest.mark.parametrize(
    ("record", "done", "expected"),
    [
        ("", "", None),
        (
            "0a1b2c3d 2026-11-20T14:00:00Z ecs-svc/42 web:42 web:41 back mark",
            "",
            {"began": "2026-11-20T14:00:00Z", "ended": None, "left": "web:42", "target": "web:41"},
        ),
        (
            "0a1b2c3d 2026-11-20T14:00:00Z ecs-svc/42 web:42 web:41 back mark",
            "0a1b2c3d 2026-11-20T14:05:00Z",
            {"began": "2026-11-20T14:00:00Z", "ended": "2026-11-20T14:05:00Z", "left": "web:42", "target": "web:41"},
        ),
        ("0a1b2c3d 2026-11-20T14:00:00Z ecs-svc/42 web:42 web:43 forward -", "0a1b2c3d 2026-11-20T14:05:00Z", None),
        # Something else was deployed in place of what this announces.
        ("0a1b2c3d 2026-11-20T14:00:00Z ecs-svc/40 web:40 web:39 back mark", "", None),
    ],
)
def test_the_last_rollback_that_is_on_record(record: str, done: str, expected: dict[str, str] | None) -> None:
    tags = {marks.RECORD: record, marks.DONE: done}
    shown = info.of(planned(service(42, tags=tags), told(41, 42)), "prod")
    assert shown["last_rollback"] == expected
