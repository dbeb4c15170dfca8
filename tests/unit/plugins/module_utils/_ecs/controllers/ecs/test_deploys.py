# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is decided about a deployment: the step, what protects it, what ended it, what follows."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import deploys as controllers_deploys
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.ecs import deploys, write
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import EVENTS, GoTo, Past, Plan
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Service, TaskDefinition
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past import history
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import (
    arn,
    deployment,
    enum,
    flown,
    planned_to,
    service,
    steps,
    task_definition,
    told,
)

API = arn(7, "api")

BREAKER = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}
FAILURE, ON_ALARM, ON_REQUEST = EVENTS


def planned(
    on: Service,
    past: history.History | None = None,
    target: TaskDefinition | None = None,
    problem: str = "",
    **wish: t.Any,
) -> Plan:
    return planned_to(GoTo("2", **wish), on, Past(past, problem), target or task_definition(2))


def checks(made: Plan) -> dict[str, str]:
    return {f.check: f.severity for f in made.findings}


GOING = deployment(2, rollout="IN_PROGRESS", running=1)
FAILED = deployment(2, rollout="FAILED", running=0)


@pytest.mark.parametrize(
    ("on", "past", "verb", "adopt", "again"),
    [
        (service(1), told(1), "act", False, False),
        (service(1), None, "act", False, False),
        (service(2), told(1, 2), "nothing", False, False),
        (service(deployment(2, rollout="")), told(1, 2), "nothing", False, False),
        # On it, but not whole.
        (service(2, running=3), told(1, 2), "act", True, False),
        (service(GOING), told(1, (2, "IN_PROGRESS")), "act", True, False),
        (service(deployment(2), deployment(1, status="ACTIVE")), told(1, (2, "IN_PROGRESS")), "act", True, False),
        (service(deployment(2), deployment(1, status="INACTIVE", running=0)), told(1, 2), "nothing", False, False),
        # Its deployment is over, and only a new one can help.
        (service(FAILED), told(1, (2, "STOPPED")), "act", False, True),
        # What is there now says so without a history, too.
        (service(GOING), None, "act", True, False),
    ],
)
def test_the_step(on: Service, past: history.History | None, verb: str, adopt: bool, again: bool) -> None:
    made = planned(on, past)
    assert (made.verb, made.method == "adopt", write.update_of(made).force_new_deployment) == (verb, adopt, again)


@pytest.mark.parametrize(
    ("events", "alarms", "own", "sent"),
    [
        ((), (), {}, {}),
        ((ON_REQUEST,), (), {}, {}),
        ((FAILURE,), (), {}, BREAKER),
        ((FAILURE,), (), BREAKER, {}),
        # One that only stops is told to roll back, and keeps its threshold.
        (
            (FAILURE,),
            (),
            {"deploymentCircuitBreaker": {"enable": True, "thresholdConfiguration": {"type": "COUNT", "value": 7}}},
            {
                "deploymentCircuitBreaker": {
                    "enable": True,
                    "rollback": True,
                    "thresholdConfiguration": {"type": "COUNT", "value": 7},
                }
            },
        ),
        ((ON_ALARM,), ("a",), {}, {"alarms": {"enable": True, "rollback": True, "alarmNames": ["a"]}}),
        (
            (ON_ALARM,),
            (),
            {"alarms": {"alarmNames": ["b"], "enable": False, "rollback": False}},
            {"alarms": {"enable": True, "rollback": True, "alarmNames": ["b"]}},
        ),
        # Alarms are for the event that is about them.
        ((FAILURE,), ("a",), BREAKER, {}),
    ],
)
def test_what_ecs_is_told(
    events: tuple[str, ...], alarms: tuple[str, ...], own: dict[str, t.Any], sent: dict[str, t.Any]
) -> None:
    made = planned(service(1, configuration=own), told(1), events=events, alarms=alarms)
    assert write.update_of(made).configuration == sent


def test_what_is_followed_or_left_gets_no_settings() -> None:
    for on in (service(GOING), service(2)):
        assert write.update_of(planned(on, told(1), events=(FAILURE,))).configuration == {}


@pytest.mark.parametrize(
    ("on", "target", "wish", "check"),
    [
        (service(1, status="DRAINING"), task_definition(2), {}, "service_status"),
        (service(1), task_definition(2), {"events": (ON_ALARM,)}, "alarms"),
        (service(1), task_definition(2, status="INACTIVE"), {}, "revision"),
        (service(1), task_definition(2, bad="leaks"), {}, "known_bad"),
        (service(1, minimum_healthy_percent=100, maximum_percent=100), task_definition(2), {}, "room_to_move"),
    ],
)
def test_what_is_refused(on: Service, target: TaskDefinition, wish: dict[str, t.Any], check: str) -> None:
    made = planned(on, None, target, **wish)
    assert made.verb == "refuse"
    assert write.update_of(made).configuration == {}
    assert "block" in {f.severity for f in made.findings}
    if check != "room_to_move":
        assert checks(made)[check] == "block"


def test_a_revision_that_there_is_not() -> None:
    made = planned_to(GoTo("2"), service(1), Past(told(1)), None)
    assert (made.verb, made.reason) == (
        "refuse",
        "there is no task definition web:2. Check the number and the Region",
    )


@pytest.mark.parametrize(
    ("past", "bad"),
    [
        (told(1), False),
        (told(1, 2, 3), False),
        (told(1, (2, "ROLLBACK_SUCCESSFUL", 1)), True),
        (told(1, (2, "ROLLBACK_FAILED")), True),
        (told(1, (2, "STOPPED"), 1), True),
        (told(1, 2, 1), True),
        (told(1, (2, "ROLLBACK_SUCCESSFUL", 1), 2, 3), False),
    ],
)
def test_what_is_known_to_be_bad(past: history.History, bad: bool) -> None:
    made = planned(service(3), past)
    assert (made.verb, checks(made).get("known_bad")) == (("refuse", "block") if bad else ("act", None))
    others = frozenset({"again", "barrier", "family", "stack"})
    assert planned(service(3), past, force=others).verb == made.verb
    forced = planned(service(3), past, force=frozenset({"marked"}))
    assert (forced.verb, checks(forced).get("known_bad")) == ("act", "warn" if bad else None)


def test_a_mark_outweighs_the_history() -> None:
    past = told(1, (2, "ROLLBACK_SUCCESSFUL", 1))
    assert planned(service(1), past, task_definition(2, good="checked")).verb == "act"
    assert planned(service(1), told(1, 2, 3), task_definition(2, bad="leaks")).verb == "refuse"


def test_a_deployment_of_something_else_that_is_running() -> None:
    on, past = service(deployment(3, rollout="IN_PROGRESS")), told(1, (3, "IN_PROGRESS"))
    assert checks(planned(on, past)) == {"in_flight": "warn"}
    refused = planned(on, past, in_flight="refuse")
    assert (refused.verb, checks(refused)) == ("refuse", {"in_flight": "block"})


def test_a_history_that_cannot_be_read_is_told_of() -> None:
    assert checks(planned(service(1), None, problem="denied")) == {"history": "unknown"}


# -- what ended it

RECORDS: list[tuple[dict[str, t.Any] | None, str]] = [
    (None, FAILURE),
    ({"status": "IN_PROGRESS"}, FAILURE),
    ({"status": "ROLLBACK_FAILED", "deploymentCircuitBreaker": {"status": "TRIGGERED"}}, FAILURE),
    ({"status": "ROLLBACK_SUCCESSFUL", "deploymentCircuitBreaker": {"status": "TRIGGERED"}}, FAILURE),
    ({"status": "ROLLBACK_SUCCESSFUL", "alarms": {"status": "TRIGGERED"}}, ON_ALARM),
    ({"status": "ROLLBACK_IN_PROGRESS", "alarms": {"triggeredAlarmNames": ["a"]}}, ON_ALARM),
    ({"status": "ROLLBACK_SUCCESSFUL", "lifecycleHookDetails": [{"status": "FAILED"}]}, FAILURE),
    ({"status": "ROLLBACK_SUCCESSFUL", "lifecycleHookDetails": [{"status": "TIMED_OUT"}]}, FAILURE),
    ({"status": "ROLLBACK_SUCCESSFUL", "lifecycleHookDetails": [{"status": "SUCCEEDED"}]}, ON_REQUEST),
    (
        {"status": "ROLLBACK_SUCCESSFUL", "lifecycleHookDetails": [{"status": "FAILED", "targetType": "PAUSE"}]},
        ON_REQUEST,
    ),
    (
        {"status": "ROLLBACK_SUCCESSFUL", "lifecycleHookDetails": [{"status": "TIMED_OUT", "targetType": "PAUSE"}]},
        FAILURE,
    ),
    ({"status": "ROLLBACK_REQUESTED"}, ON_REQUEST),
    ({"status": "STOPPED", "deploymentCircuitBreaker": {"status": "MONITORING"}}, ON_REQUEST),
]


@pytest.mark.parametrize(("record", "event"), RECORDS)
def test_what_ended_it(record: dict[str, t.Any] | None, event: str) -> None:
    assert deploys.event_of(record) == event


# Asked for, and not. PRIMARY is still ours.
FOLLOWS = {
    "": ("go_back", "leave"),
    "PENDING": ("go_back", "leave"),
    "IN_PROGRESS": ("go_back", "leave"),
    "SUCCESSFUL": ("go_back", "leave"),
    "STOP_REQUESTED": ("go_back", "leave"),
    "STOPPED": ("go_back", "leave"),
    "ROLLBACK_REQUESTED": ("follow", "follow"),
    "ROLLBACK_IN_PROGRESS": ("follow", "follow"),
    "ROLLBACK_SUCCESSFUL": ("follow", "follow"),
    "ROLLBACK_FAILED": ("go_back", "leave"),
}


def test_every_status_is_in_the_table() -> None:
    assert set(enum("ServiceDeploymentStatus")) <= set(FOLLOWS)


@pytest.mark.parametrize("status", FOLLOWS)
def test_what_follows(status: str) -> None:
    asked, not_asked = FOLLOWS[status]
    assert deploys.then(status, False, FAILURE, [FAILURE]) == asked
    assert deploys.then(status, False, FAILURE, [ON_ALARM]) == not_asked
    # What was there before is PRIMARY again: ECS went back, whatever its record says yet.
    back = "go_back" if status == "ROLLBACK_FAILED" else "follow"
    assert deploys.then(status, True, FAILURE, [FAILURE]) == back


def test_a_rollback_that_is_running_is_superseded() -> None:
    running = history.read([flown(1), flown(2, "ROLLBACK_IN_PROGRESS", 60, sources=[1])])
    made = planned(service(deployment(1, rollout="IN_PROGRESS")), running, task_definition(3))
    assert (made.verb, checks(made)) == ("act", {"in_flight": "warn"})


@pytest.mark.parametrize(
    ("on", "target", "past", "expected"),
    [
        # an older one over web:3
        (3, 2, told(2, 3, (2, "IN_PROGRESS")), 3),
        (3, 2, told(2, 3, (2, "STOPPED")), 3),
        (3, 2, None, 3),
        # a newer one, and the same once more
        (1, 2, told(1, (2, "IN_PROGRESS")), None),
        (2, 2, told(1, 2), None),
        # what was being deployed already was followed
        (2, 2, told(2, 3, (2, "IN_PROGRESS")), 3),
        (2, 2, told(1, (2, "IN_PROGRESS")), None),
        (2, 2, None, None),
        # it ended meanwhile
        (2, 2, told(2, 3, (2, "STOPPED")), None),
        # which of two families is older is not known
        (API, 2, None, None),
        # the service went from one to the other
        (API, 2, history.read([flown(2), flown(API, minute=60), flown(2, "IN_PROGRESS", 120)]), API),
        # a pinned copy of web:1 is no newer than that
        (3, 2, history.read(steps(1, 2, 3, (2, "IN_PROGRESS")), {arn(3): arn(1)}), None),
    ],
)
def test_the_way_back_from_an_older_revision_leads_forward(
    on: int | str, target: int, past: history.History | None, expected: int | str | None
) -> None:
    made = planned(service(deployment(on)), past, task_definition(target))
    assert controllers_deploys.ahead(made, past) == (arn(expected) if isinstance(expected, int) else expected)


def test_without_a_target_there_is_no_way_back() -> None:
    refused = planned_to(GoTo("9"), service(3), Past(), None)
    assert controllers_deploys.ahead(refused, None) is None
