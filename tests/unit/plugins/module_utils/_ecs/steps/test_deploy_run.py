# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a deployment ends, in words, and where the service is then."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.deployments import Begun
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import GoTo, Past
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move.run import Outcome
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps.deploy_run import DeployRun
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import (
    accepted_of,
    arn,
    planned_to,
    service,
    task_definition,
    told,
)

ON = service(1)
MADE = planned_to(GoTo("2"), ON, Past(told(1)), task_definition(2))


def going(begun: Begun | None = None, **changes: t.Any) -> DeployRun:
    run = DeployRun("web", "prod", **changes)
    run.take_plan(MADE)
    run.accepted = accepted_of(MADE, begun or Begun(ON, True, "ecs-svc/ours"))
    return run


WAY_MADE = Begun(ON, True, back_of="d-9", makes_room="stopped")


@pytest.mark.parametrize(
    ("outcome", "expected", "ok"),
    [
        ("failed", "failed", False),
        # Going back is another thing, which comes after it.
        ("rollback_failed", "failed", False),
        ("rolled_back", "rolled_back", False),
        ("timeout", "timeout", False),
        ("started", "started", True),
        ("unchanged", "unchanged", True),
    ],
)
def test_how_it_ends(outcome: Outcome, expected: str, ok: bool) -> None:
    run = going()
    run.end(outcome, "so it is")
    assert (run.outcome, run.reason, run.ok) == (expected, "so it is", ok)


def test_what_was_stopped_for_it_stays_stopped_and_is_told() -> None:
    run = going(WAY_MADE, made_way="d-9")
    run.refuse("no permission")
    assert (run.outcome, run.reason) == ("failed", "deployment d-9 was stopped to make way, and then: no permission")
    waits = going(WAY_MADE, made_way="d-9")
    waits.end("timeout", "still going")
    assert waits.reason == "deployment d-9 is in the way, and had not ended although it was stopped: still going"
    without = going()
    without.refuse("no permission")
    assert (without.outcome, without.reason) == ("refused", "no permission")


def test_it_is_there() -> None:
    run = going(event="DEPLOYMENT_FAILURE")
    run.service = service(2)
    run.reached("stable")
    assert (run.outcome, run.event, run.findings) == ("deployed", None, [])
    assert run.line.startswith("deployed: web:2 in 0 s")


def test_a_service_without_tasks_proves_little() -> None:
    run = going()
    run.service = service(2, desired=0, running=0)
    run.reached("stable")
    assert [(f.check, f.severity) for f in run.findings] == [("no_tasks", "warn")]


def test_a_task_set_is_told_as_one() -> None:
    run = going()
    assert run.accepted is not None
    bare = dataclasses.replace(run.accepted.going, is_bare=True)
    run.accepted = dataclasses.replace(run.accepted, going=bare)
    run.reached("stable")
    assert run.reason == "the task set of web:2 is PRIMARY, and in a steady state"


@pytest.mark.parametrize(
    ("outcome", "line"),
    [
        ("planned", "planned: web:2; nothing was written"),
        ("started", "started: web:2. AWS accepted it; we did not wait for its end"),
        ("refused", "refused: why. Nothing was written"),
        ("not_attempted", "not_attempted: why. Nothing was written"),
        ("unchanged", "unchanged: why"),
        # Nobody knows where the service is.
        ("lost_contact", "lost_contact: why"),
        ("failed", "failed: why. web is serving on web:1 with 4 of 4 tasks"),
    ],
)
def test_the_one_line_that_must_be_enough(outcome: Outcome, line: str) -> None:
    run = going()
    run.outcome, run.reason = outcome, "why."
    assert run.line == line


@pytest.mark.parametrize(
    ("by", "how", "says"),
    [
        ("ECS", "", "ECS itself rolled it back to web:1"),
        ("lastgood", "", "It was rolled back to web:1"),
        (None, "", "The service is still on web:1"),
        (None, "Its task set was deleted, and the service is still on", "deleted, and the service is still on web:1"),
    ],
)
def test_who_went_back(by: str | None, how: str, says: str) -> None:
    run = going(event="DEPLOYMENT_FAILURE", reason="")
    run.end("failed", "it crashed.")
    run.went_back(arn(1), by, how)
    assert (run.outcome, run.rolled_back_to, run.rolled_back_by) == ("rolled_back", arn(1), by)
    assert says in run.reason
    assert run.reason.startswith("it crashed. ")
    assert run.reason.endswith("(DEPLOYMENT_FAILURE), which is verified")


def test_for_results() -> None:
    run = going()
    run.protection = ({"a": 1}, {"a": 2})
    shown = run.as_dict()
    assert (shown["task_definition"], shown["deployment_id"]) == (arn(2), "ecs-svc/ours")
    assert shown["protection"] == {"before": {"a": 1}, "after": {"a": 2}}
    assert shown["before"]["task_definition"] == shown["after"]["task_definition"] == arn(1)
    nothing = DeployRun("web", "prod").as_dict()
    assert [key for key in ("task_definition", "deployment_id", "protection", "before", "after") if nothing[key]] == []
