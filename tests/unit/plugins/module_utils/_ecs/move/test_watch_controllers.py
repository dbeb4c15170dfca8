# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The loop that looks, with a controller that is made up: nothing that AWS answers of a deployment is needed."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError
from ansible_collections.lastgood.aws.plugins.module_utils._core import progress
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.deployments import (
    Look,
    More,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move import watch
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps.rollback_run import RollbackRun
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import (
    FakeAws,
    FakeClock,
    accepted_run,
    connection_lost,
    deployment,
    planned,
    raw_service,
    service,
    told,
)
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.fakes import FakeController, FakeControllers

OLD = service(deployment(42, "ecs-svc/old"))
NOW = service(deployment(41, "ecs-svc/ours", rollout="IN_PROGRESS"), deployment(42, "ecs-svc/old", "ACTIVE"))


@pytest.fixture(autouse=True)
def lines(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    said: list[str] = []
    monkeypatch.setattr(progress, "say", said.append)
    monkeypatch.setattr(progress, "orphaned", lambda: False)
    monkeypatch.setattr("random.uniform", lambda low, high: 1.0)
    return said


def watching(made: FakeController, read_only: bool = False, **options: t.Any) -> tuple[RollbackRun, list[RollbackRun]]:
    run = accepted_run(planned(OLD, told(41, 42)))
    assert run.accepted is not None
    if read_only:
        going = run.going.__class__(**{**vars(run.going), "read_only": True})
        run.accepted = run.accepted.__class__(**{**vars(run.accepted), "going": going})
    aws = FakeAws(describe_services={"services": [raw_service(NOW)]}, list_tasks={"taskArns": []})
    clock = FakeClock()
    sweeper: watch.Sweeper[RollbackRun] = watch.Sweeper(
        aws, clock, "stable", 60, 30, clock.monotonic(), controllers=FakeControllers(made), **options
    )
    return run, sweeper.watch([run])


def test_what_is_ready_is_taken_further_and_watched_to_its_end() -> None:
    made = FakeController(Look("going"), Look("ready"), Look("stable"))
    run, again = watching(made)
    assert (run.outcome, again, made.done) == ("rolled_back", [], ["ecs-svc/ours"])


def test_who_only_waits_takes_nothing_further() -> None:
    made = FakeController(Look("ready"))
    run, _again = watching(made, read_only=True)
    assert (run.outcome, made.done) == ("timeout", [])


def test_looks_without_the_records_that_a_controller_needs_are_none() -> None:
    lost = AwsCallError("it cannot be read", connection_lost())
    run, _again = watching(FakeController(lost, lost, Look("stable")))
    assert run.outcome == "rolled_back"
    run, _again = watching(FakeController(lost))
    assert run.outcome == "lost_contact"


@pytest.mark.parametrize(("undone", "outcome"), [("ROLLBACK_SUCCESSFUL", "failed"), ("", "superseded")])
def test_who_replaced_it_is_asked_of_the_controller(undone: str, outcome: str) -> None:
    run, _again = watching(FakeController(Look("replaced", "somebody else deployed web:43"), undone=undone))
    assert run.outcome == outcome
    assert ("Somebody rolled it back (ROLLBACK_SUCCESSFUL)" in run.reason) is bool(undone)


def test_what_ended_before_it_could_be_stopped_needs_another_plan() -> None:
    run, again = watching(FakeController(Look("ended_before", "it finished before")))
    assert (run.outcome, again) == (None, [run])


def test_what_a_controller_knows_besides_is_told() -> None:
    more = More("its hook failed", ({"event": "AfterInstall"},))
    run, _again = watching(FakeController(Look("failed", "it ended"), more=more, goes_on="It still runs there"))
    assert run.diagnosis is not None
    assert run.diagnosis.lifecycle == ({"event": "AfterInstall"},)
    assert (
        run.reason
        == "web:41 does not come up: its hook failed. Somebody: it ended. It still runs there; nothing was undone"
    )
