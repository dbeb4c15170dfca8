# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is decided about a deployment by task sets: the step, the alarms, what ended it, what follows."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.external import deploys
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.external.task_sets import TaskSet
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import EVENTS, GoTo, Past, Plan
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Deployment, Service, TaskDefinition
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import (
    deployment,
    enum,
    planned_to,
    service,
    task_definition,
)

FAILURE, ON_ALARM, ON_REQUEST = EVENTS


def on(*task_sets: Deployment | int) -> Service:
    return service(*task_sets, controller="EXTERNAL")


def planned(where: Service, target: TaskDefinition | None = None, **wish: t.Any) -> Plan:
    return planned_to(GoTo("2", **wish), where, Past(), target or task_definition(2))


def standing_of(made: Plan) -> str | None:
    found = made.way.change.standing if isinstance(made.way.change, TaskSet) else None
    return found.id if found is not None else None


def checks(made: Plan) -> dict[str, str]:
    return {f.check: f.severity for f in made.findings}


def standing(number: int, rollout: str = "COMPLETED", **more: t.Any) -> Deployment:
    return deployment(number, f"ecs-svc/{number}", "ACTIVE", rollout, **more)


@pytest.mark.parametrize(
    ("where", "verb", "adopt", "task_set"),
    [
        (on(1), "act", False, None),
        (on(2), "nothing", False, None),
        (on(deployment(2, running=3)), "act", True, None),
        (on(deployment(2, rollout="IN_PROGRESS")), "act", True, None),
        (on(1, standing(2)), "act", False, "ecs-svc/2"),
        (on(1, standing(2, "IN_PROGRESS")), "act", False, "ecs-svc/2"),
        (on(1, deployment(2, "ecs-svc/2", "DRAINING")), "act", False, None),
        (on(standing(2)), "refuse", False, None),
        (on(), "refuse", False, None),
    ],
)
def test_the_step(where: Service, verb: str, adopt: bool, task_set: str | None) -> None:
    made = planned(where)
    assert (made.verb, made.method == "adopt", standing_of(made)) == (verb, adopt, task_set)


@pytest.mark.parametrize(
    ("where", "target", "wish", "check"),
    [
        (dataclasses.replace(on(1), status="DRAINING"), task_definition(2), {}, "service_status"),
        (on(1), task_definition(2, status="INACTIVE"), {}, "revision"),
        (on(1), task_definition(2, bad="leaks"), {}, "known_bad"),
        (on(1, standing(3, "IN_PROGRESS")), task_definition(2), {"in_flight": "refuse"}, "in_flight"),
        (
            on(deployment(1, settings={"loadBalancers": [{"containerName": "x"}]})),
            task_definition(2),
            {},
            "load_balancer",
        ),
    ],
)
def test_what_is_refused(where: Service, target: TaskDefinition, wish: dict[str, t.Any], check: str) -> None:
    made = planned(where, target, **wish)
    assert (made.verb, checks(made)[check]) == ("refuse", "block")


def test_another_one_that_is_brought_up_is_told_of() -> None:
    assert checks(planned(on(1, standing(3, "IN_PROGRESS"))))["in_flight"] == "warn"
    assert "in_flight" not in checks(planned(on(1, standing(3))))
    assert "in_flight" not in checks(planned(on(1, standing(2, "IN_PROGRESS"))))


@pytest.mark.parametrize(
    ("states", "alarms", "says"),
    [
        ({}, (), "Give alarms"),
        ({"a": "OK"}, ("a", "b"), "there is no alarm b"),
        ({"a": "ALARM", "b": "OK"}, ("a", "b"), "a is in ALARM now"),
        ("denied", ("a",), "cannot: denied"),
        ({"a": "OK", "b": "INSUFFICIENT_DATA"}, ("a", "b"), ""),
    ],
)
def test_alarms_must_be_there_to_be_watched(states: t.Any, alarms: tuple[str, ...], says: str) -> None:
    goal = GoTo("2", events=(ON_ALARM,), alarms=alarms)
    decided = planned_to(goal, on(1), Past(), task_definition(2), states)
    assert decided.verb == ("refuse" if says else "act")
    assert says in decided.reason
    # Who did not ask for them is not held up by them.
    goal = GoTo("2", events=(FAILURE,), alarms=alarms)
    assert planned_to(goal, on(1), Past(), task_definition(2), states).verb == "act"


@pytest.mark.parametrize(
    ("where", "alarmed", "event", "then"),
    [
        (on(1, standing(2, "IN_PROGRESS")), False, FAILURE, "take_away"),
        (on(1, standing(2, "IN_PROGRESS")), True, ON_ALARM, "take_away"),
        (on(1, deployment(2, "ecs-svc/2", "DRAINING")), False, ON_REQUEST, "take_away"),
        (on(1), False, ON_REQUEST, "take_away"),
        (on(2, standing(1)), False, FAILURE, "go_back"),
        (on(2, standing(1)), True, ON_ALARM, "go_back"),
    ],
)
def test_what_ended_it_and_what_follows(where: Service, alarmed: bool, event: str, then: str) -> None:
    found = deploys.event_of(where, "ecs-svc/2", alarmed)
    assert found == event
    assert deploys.then(where, "ecs-svc/2", found, EVENTS) == then
    assert deploys.then(where, "ecs-svc/2", found, set(EVENTS) - {event}) == "leave"


def test_a_task_set_has_no_other_stability() -> None:
    """The step takes whatever is not STEADY_STATE for being under way."""
    assert set(enum("StabilityStatus")) == {"STEADY_STATE", "STABILIZING"}
