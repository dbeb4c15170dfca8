# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Planning once more after something has ended that CodeDeploy was doing."""

from __future__ import annotations

import dataclasses

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._ecs import marks
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.deployments import Going
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import Past, Plan, Refusal, Way
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Method, Service, ServiceDeployment
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move import again
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.choices import Choice, Selection
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.history import read
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.target import choose
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import (
    arn,
    deployment,
    flown,
    planned,
    service,
    task_definition,
    told,
)


def blocking(number: int = 43, id_: str = "d-3", status: str = "IN_PROGRESS") -> ServiceDeployment:
    return dataclasses.replace(flown(number, status, 180, [42]), id=id_, by="CodeDeploy")


def plan_of(current: int, running: ServiceDeployment | None = None, method: Method = "codedeploy_deployment") -> Plan:
    return Plan(
        service=service(current, controller="CODE_DEPLOY"),
        past=Past(read([running] if running is not None else [])),
        choice=Choice("last_good", arn(41), "it was good", arn(43)),
        target=task_definition(arn(41)),
        way=Way("act", method),
    )


FIRST = plan_of(43, blocking())


@pytest.mark.parametrize(
    ("now", "goes_on"),
    [
        # Its traffic was led back, or stayed.
        (plan_of(42), True),
        (plan_of(43), True),
        # Somebody's, of another version and of the target.
        (plan_of(44), False),
        (plan_of(44, blocking(44, "d-4")), False),
        (plan_of(43, blocking(43, "d-4")), False),
        (plan_of(41, blocking(41, "d-4"), "adopt"), True),
        # The same one goes on after all: it is being rolled back.
        (plan_of(42, blocking(43, "d-3", "ROLLBACK_IN_PROGRESS")), True),
    ],
)
def test_whether_somebody_came_in_between(now: Plan, goes_on: bool) -> None:
    assert (again.in_between(FIRST, now) == "") is goes_on


def test_what_is_said_of_it() -> None:
    said = again.in_between(FIRST, plan_of(44, blocking(44, "d-4")))
    assert said.startswith(
        "somebody deployed web:44 (deployment d-4) after the deployment that was in the way of web:41"
    )


def test_it_is_told_as_it_was_chosen() -> None:
    now = dataclasses.replace(plan_of(42), choice=Choice("revision", arn(41), "you named it", arn(42)))
    told = again.as_chosen(now, FIRST)
    assert isinstance(told, Plan)
    assert told.choice == FIRST.choice
    refusal = Refusal("web", "gone", ())
    assert again.as_chosen(refusal, FIRST) is refusal


@pytest.mark.parametrize(
    ("begun", "status", "back", "target"),
    [
        # It went back to 42, or stayed on 43; the earlier run wanted 41.
        ("d-3 web:43 web:41", "STOPPED", 42, 41),
        ("d-3 web:43 web:41", "ROLLBACK_SUCCESSFUL", 42, 41),
        ("d-3 web:43 web:41", "IN_PROGRESS", None, 41),
        # That was to be undone, and nothing else.
        ("d-3 web:43 web:42", "IN_PROGRESS", None, None),
        ("d-3 web:43 web:42", "ROLLBACK_SUCCESSFUL", 42, None),
        # It finished before it could be stopped.
        ("d-3 web:43 web:41", "SUCCESSFUL", None, None),
        # Of another deployment, of ours that failed, and none.
        ("d-2 web:43 web:41", "STOPPED", 42, None),
        ("d-3 web:44 web:43", "STOPPED", 42, None),
        ("", "STOPPED", 42, None),
    ],
)
def test_what_an_earlier_run_wanted_counts_until_it_is_there(
    begun: str, status: str, back: int | None, target: int | None
) -> None:
    newest = blocking(43, "d-3", status)
    if back is not None:
        newest = dataclasses.replace(newest, rolled_back_to=flown(back, "SUCCESSFUL", 0).target)
    past = read([flown(41, "SUCCESSFUL", 0), flown(42, "SUCCESSFUL", 60), newest])
    tags = {marks.STARTED: f"{begun} back"} if begun else {}
    on = service(deployment(43 if status == "SUCCESSFUL" else 42), controller="CODE_DEPLOY", tags=tags)
    known = {name: task_definition(name) for name in past.records}
    choice = choose(Selection(), on, past, known)
    ours = choice.source == "running_rollback" and "ended deployment d-3" in choice.why
    assert (choice.target if ours else None) == (arn(target) if target else None)
    if ours:
        assert choice.left == arn(43)


# -- whether the plan still holds

BEFORE = service(deployment(42, "ecs-svc/old"))
PAST = told(40, 41, 42)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (BEFORE, True),
        # counts, events and old deployments may move
        (dataclasses.replace(BEFORE, running=3, desired=9, pending=1), True),
        (service(deployment(41, "ecs-svc/x", status="ACTIVE"), deployment(42, "ecs-svc/old")), True),
        # somebody deployed: another version, or the same one once more
        (service(deployment(43, "ecs-svc/new"), deployment(42, "ecs-svc/old", status="ACTIVE")), False),
        (service(deployment(42, "ecs-svc/new")), False),
        (dataclasses.replace(BEFORE, status="DRAINING"), False),
        (service(), False),
    ],
)
def test_whether_it_is_still_as_planned(now: Service, expected: bool) -> None:
    assert again.still_as_planned(planned(BEFORE, PAST), now) is expected


VERIFIED = service(deployment(41, "ecs-svc/ours"))
OVER = service(deployment(44, "ecs-svc/theirs"), deployment(41, "ecs-svc/ours", status="ACTIVE"))


@pytest.mark.parametrize(
    ("now", "over"),
    [
        (VERIFIED, None),
        (OVER, "ecs-svc/theirs"),
        # the same version once more
        (service(deployment(41, "ecs-svc/theirs")), "ecs-svc/theirs"),
        # an answer from before the write
        (BEFORE, None),
        (service(), None),
    ],
)
def test_whether_somebody_deployed_since_it_was_verified(now: Service, over: str | None) -> None:
    going = Going(arn(41), "ecs-svc/ours", "", frozenset({"ecs-svc/old"}))
    found = again.deployed_since(VERIFIED, now, going)
    assert (found.id if found is not None else None) == over


def test_ecs_s_own_way_back_can_make_a_deployment_that_was_not_known() -> None:
    back = service(deployment(41, "ecs-svc/new"))
    assert again.deployed_since(back, back, Going(arn(41), "", "arn:ours", frozenset({"ecs-svc/old"}))) is None


def test_a_service_without_a_primary_stays_as_planned() -> None:
    none = service(task_definition=arn(42))
    assert again.still_as_planned(planned(none, told(41, 42)), none)
    assert not again.still_as_planned(planned(none, told(41, 42)), BEFORE)
