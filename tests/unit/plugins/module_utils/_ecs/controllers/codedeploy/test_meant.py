# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which deployment of CodeDeploy is meant, and how one ended that need not be watched."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.codedeploy import meant
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.deployments import Known, Meant
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Service
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past import history
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import (
    arn,
    deployment,
    flown,
    service,
)
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.controllers.found import known, watched


def made(number: int, status: str = "PRIMARY", **changes: t.Any) -> t.Any:
    """The task set that deployment d-NUMBER made."""
    return deployment(number, f"ecs-svc/{number}", status, external_id=f"d-{number}", **changes)


def on(*task_sets: t.Any) -> Service:
    return service(*task_sets, controller="CODE_DEPLOY")


def record(number: int, status: str = "SUCCESSFUL", minute: float = 0, **changes: t.Any) -> t.Any:
    return flown(number, status, minute, **{"id": f"d-{number}", "by": "CodeDeploy", **changes})


def of(where: Service, *records: t.Any, wanted: str = "", problem: str = "") -> Meant | Known:
    return meant.meant(where, history.read(records) if records else None, problem, wanted)


def test_one_that_is_running_is_watched_by_its_id() -> None:
    running = record(42, "IN_PROGRESS", 60)
    found = watched(of(on(made(41), made(42, "ACTIVE")), record(41), running))
    assert (found.going.deployment_id, found.going.record, found.going.target) == ("d-42", "d-42", arn(42))
    # What it has made itself is nobody else's, and what stood before is.
    assert (found.going.known_deployments, found.going.read_only) == ({"ecs-svc/41"}, True)
    assert found.record == running


@pytest.mark.parametrize("wanted", ["", "d-42", "ecs-svc/42"])
def test_one_that_succeeded_is_watched_while_its_task_set_is_primary(wanted: str) -> None:
    found = watched(of(on(made(42)), record(41), record(42, minute=60), wanted=wanted))
    assert found.going.deployment_id == "d-42"


def test_one_that_succeeded_and_was_replaced_is_superseded() -> None:
    outcome, reason = known(of(on(made(42)), record(41), record(42, minute=60), wanted="d-41"))
    assert outcome == "superseded"
    assert reason.startswith("the deployment of web:41 was complete at 2026-11-20T12:10:00Z, but since then web:42")
    outcome, reason = known(of(on(), record(41), wanted="d-41"))
    assert (outcome, reason.endswith("web:41 is not deployed any more")) == ("superseded", True)


def test_one_that_codedeploy_rolled_back_failed() -> None:
    back = record(42, "ROLLBACK_SUCCESSFUL", 60, back=41)
    outcome, reason = known(of(on(made(41)), record(41), back))
    assert (outcome, reason.startswith("CodeDeploy rolled web:42 back to web:41")) == ("failed", True)


@pytest.mark.parametrize(
    ("status", "later", "outcome", "says"),
    [
        ("FAILED", False, "failed", "deployment d-42 of web:42 has failed (no tasks)"),
        ("STOPPED", False, "failed", "deployment d-42 of web:42 was stopped before it was complete (no tasks)"),
        ("STOPPED", True, "superseded", "web:43 (ecs-svc/43) was deployed over web:42 (no tasks)"),
        # It failed by itself, whatever came after it.
        ("FAILED", True, "failed", "deployment d-42 of web:42 has failed (no tasks)"),
    ],
)
def test_one_that_was_stopped_or_failed(status: str, later: bool, outcome: str, says: str) -> None:
    past = [record(41), record(42, status, 60, reason="no tasks."), *([record(43, minute=120)] if later else [])]
    assert known(of(on(made(43 if later else 41)), *past, wanted="d-42")) == (outcome, says)


def test_the_task_set_that_the_service_was_created_with_is_watched_as_it_is() -> None:
    first = deployment(41, "ecs-svc/first")
    for wanted in ("ecs-svc/first", ""):
        found = watched(of(on(first), record(41, id="ecs-svc/first"), wanted=wanted))
        assert (found.going.deployment_id, found.going.is_bare) == ("ecs-svc/first", True)


def test_a_rollback_of_codedeploy_s_is_followed_by_the_task_set_that_it_made() -> None:
    found = watched(of(on(made(41), made(42, "ACTIVE")), wanted="d-42"))
    assert (found.going.deployment_id, found.going.target, found.record) == ("d-42", arn(42), None)


def test_one_that_nobody_knows_is_refused_with_the_reason() -> None:
    outcome, reason = known(of(on(made(41)), record(41), wanted="d-9"))
    assert outcome == "refused"
    assert reason == "there is no deployment d-9 of web, now or in its history that can be read"
    assert known(of(on(), problem="No right."))[1] == "there is no deployment of web that can be read. No right."
