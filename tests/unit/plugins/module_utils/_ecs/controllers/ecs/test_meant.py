# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which deployment of a service that ECS deploys is meant, and how one ended that need not be watched."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.deployments import Known, Meant
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.ecs import meant
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Service
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past import history
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import (
    arn,
    deployment,
    flown,
    service,
)
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.controllers.found import known, watched

# The ids of deployments end in the number that the ARN of their service revision ends in.
OLD, NEW = deployment(41, "ecs-svc/41", "ACTIVE"), deployment(42, "ecs-svc/42")
ON_42 = service(NEW, OLD)
RECORD_41, RECORD_42 = flown(41, minute=0), flown(42, minute=60, sources=(41,))


def of(on: Service, *records: t.Any, wanted: str = "", problem: str = "") -> Meant | Known:
    return meant.of(on, history.read(records) if records else None, problem, wanted)


def test_without_a_name_it_is_the_primary_one() -> None:
    found = watched(of(ON_42, RECORD_41, RECORD_42))
    assert (found.going.deployment_id, found.going.target, found.record) == ("ecs-svc/42", arn(42), RECORD_42)
    assert (found.going.known_deployments, found.going.read_only) == ({"ecs-svc/41"}, True)
    assert found.going.record == ""


def test_the_record_of_one_that_is_running_is_watched_too() -> None:
    running = flown(42, "IN_PROGRESS", 60, sources=(41,))
    assert watched(of(ON_42, RECORD_41, running)).going.record == running.id


def test_a_service_that_was_never_deployed_is_refused() -> None:
    outcome, reason = known(of(service()))
    assert (outcome, "no PRIMARY deployment" in reason) == ("refused", True)


def test_the_newest_one_that_ecs_rolled_back_is_meant_though_another_is_primary() -> None:
    back = flown(42, "ROLLBACK_SUCCESSFUL", 60, sources=(41,), back=41)
    outcome, reason = known(of(service(deployment(41, "ecs-svc/41")), RECORD_41, back))
    assert outcome == "failed"
    assert reason.startswith("ECS rolled web:42 back to web:41")
    assert reason.endswith("Give deployment=ecs-svc/41 to wait for web:41, which is PRIMARY now")


def test_a_newer_one_that_was_stopped_does_not_hide_the_primary_one() -> None:
    stopped = flown(42, "STOPPED", 60, sources=(41,))
    found = watched(of(service(deployment(41, "ecs-svc/41")), RECORD_41, stopped))
    assert (found.going.deployment_id, found.record) == ("ecs-svc/41", RECORD_41)


def test_one_that_is_on_record_but_of_which_nothing_stands_is_superseded() -> None:
    running = flown(42, "IN_PROGRESS", 60)
    outcome, reason = known(of(service(), running, wanted=running.id))
    assert (outcome, reason) == ("superseded", "web:42 is not deployed any more")


@pytest.mark.parametrize("wanted", ["ecs-svc/42", RECORD_42.id])
def test_an_id_and_an_arn_mean_the_same(wanted: str) -> None:
    assert watched(of(ON_42, RECORD_41, RECORD_42, wanted=wanted)).going.deployment_id == "ecs-svc/42"


@pytest.mark.parametrize("wanted", ["ecs-svc/41", RECORD_41.id])
def test_one_that_was_complete_and_is_replaced(wanted: str) -> None:
    outcome, reason = known(of(ON_42, RECORD_41, RECORD_42, wanted=wanted))
    assert outcome == "superseded"
    assert reason == (
        "the deployment of web:41 was complete at 2026-11-20T12:10:00Z, but since then web:42 (ecs-svc/42) was "
        "deployed over web:41"
    )


@pytest.mark.parametrize("status", ["STOPPED", "STOP_REQUESTED"])
def test_one_that_was_stopped_failed_unless_another_came_after_it(status: str) -> None:
    stopped = flown(42, status, 60, reason="by hand.")
    outcome, reason = known(of(service(OLD), RECORD_41, stopped, wanted=stopped.id))
    assert (outcome, reason) == ("failed", "the deployment of web:42 was stopped before it was complete (by hand)")
    later = flown(43, minute=120)
    after = service(deployment(43, "ecs-svc/43"))
    outcome, reason = known(of(after, RECORD_41, stopped, later, wanted=stopped.id))
    assert (outcome, reason) == ("superseded", "web:43 (ecs-svc/43) was deployed over web:42 (by hand)")


def test_one_that_is_running_and_has_lost_its_place_is_superseded() -> None:
    running = flown(41, "IN_PROGRESS")
    outcome, reason = known(of(service(NEW), running, wanted=running.id))
    assert (outcome, reason) == ("superseded", "web:42 (ecs-svc/42) was deployed over web:41")


def test_one_without_a_record_is_judged_by_what_the_service_lists() -> None:
    failed = dataclasses.replace(OLD, rollout_state="FAILED", rollout_reason="tasks stopped")
    assert known(of(service(NEW, failed), wanted=OLD.id)) == ("failed", "tasks stopped")
    silent = dataclasses.replace(failed, rollout_reason="")
    assert known(of(service(NEW, silent), wanted=OLD.id)) == ("failed", "ECS reports the rollout as FAILED")
    outcome, reason = known(of(service(NEW, OLD), wanted=OLD.id))
    assert (outcome, reason) == ("superseded", "web:42 (ecs-svc/42) was deployed over web:41")


@pytest.mark.parametrize("wanted", ["ecs-svc/9", "arn:aws:ecs:eu-central-1:1:service-deployment/prod/web/D9"])
@pytest.mark.parametrize(("problem", "says"), [("", "ECS keeps deployments for 90 days"), ("No right.", "No right.")])
def test_one_that_nobody_knows_is_refused_with_the_reason(wanted: str, problem: str, says: str) -> None:
    outcome, reason = known(of(ON_42, RECORD_42, wanted=wanted, problem=problem))
    assert outcome == "refused"
    assert reason == f"there is no deployment {wanted} of web, now or in its history. {says}"


def test_the_record_of_a_deployment_is_the_newest_of_its_number() -> None:
    again = flown(42, "IN_PROGRESS", 120)
    past = history.read([RECORD_41, RECORD_42, again])
    assert meant.record_of("ecs-svc/42", past) == again
    assert meant.record_of("ecs-svc/4", past) is None
    assert meant.record_of("ecs-svc/42", None) is None
