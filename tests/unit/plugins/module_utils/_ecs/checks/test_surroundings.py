# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tables of what is decided on the account around a service."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._core.force import NOTHING, Word
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.checks import surroundings
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Finding
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import (
    START,
    arn,
    deployment,
    service,
    task_definition,
    told,
)


def severities(found: t.Sequence[Finding], check: str) -> list[str]:
    assert {finding.check for finding in found} <= {check}
    return [finding.severity for finding in found]


# -- barrier


@pytest.mark.parametrize(
    ("story", "current", "target", "left"),
    [
        ((40, 41, 42), 42, 41, [42]),
        ((40, 41, 42), 42, 40, [42, 41]),
        ((40, 41, 42), 42, 42, []),
        # forward again
        ((40, 41, 42), 41, 42, []),
        # web:43 was left for web:42 before, and what it did to the database was taken care of then
        ((41, 42, 43, 42), 42, 41, [42]),
        # what never went out was never crossed
        ((40, 42), 42, 40, [42]),
        # one that failed may have migrated all the same
        ((40, (41, "ROLLBACK_SUCCESSFUL", 40), 42), 42, 40, [42, 41]),
    ],
)
def test_what_is_left_behind(story: t.Any, current: int, target: int, left: list[int]) -> None:
    crossed = surroundings.crossed(told(*story), [], arn(current), arn(target))
    assert sorted(crossed, reverse=True) == [arn(number) for number in left]


def test_what_is_left_behind_without_a_history() -> None:
    known = [arn(n) for n in (39, 40, 41, 43)] + [arn(41, "api")]
    assert surroundings.crossed(None, known, arn(42), arn(40)) == [arn(42), arn(41)]
    assert surroundings.crossed(None, known, arn(42), arn(43)) == []


@pytest.mark.parametrize("word", t.get_args(Word))
@pytest.mark.parametrize("why", ["2026-11-20T14:03:05Z orders were moved", ""])
def test_a_barrier_is_crossed_only_by_its_own_word(word: Word, why: str) -> None:
    (finding,) = surroundings.barrier(
        [task_definition(42, barrier=why), task_definition(41)], arn(40), frozenset({word})
    )
    assert (finding.check, finding.severity) == ("barrier", "warn" if word == "barrier" else "block")
    assert f"web:42 is marked lastgood:barrier ({why or 'no reason given'})" in finding.message


@pytest.mark.parametrize("mark", ["bad", "good", "pinned"])
def test_other_marks_are_no_barrier(mark: str) -> None:
    assert surroundings.barrier([task_definition(42, **{mark: "x"})], arn(40), NOTHING) == []


# -- circuit breaker, alarms, stack


@pytest.mark.parametrize(
    ("enabled", "rolls_back", "rollout", "severity"),
    [
        (False, False, "COMPLETED", []),
        (True, False, "COMPLETED", ["info"]),
        (True, True, "COMPLETED", []),
        (True, True, "FAILED", ["warn"]),
        (True, True, "IN_PROGRESS", ["warn"]),
    ],
)
def test_circuit_breaker(enabled: bool, rolls_back: bool, rollout: str, severity: list[str]) -> None:
    made = service(deployment(42, rollout=rollout), circuit_breaker=enabled, circuit_breaker_rolls_back=rolls_back)
    assert severities(surroundings.circuit_breaker(made), "circuit_breaker") == severity


@pytest.mark.parametrize(
    ("states", "words"),
    [
        ({"a": "OK", "b": "INSUFFICIENT_DATA"}, []),
        ({"a": "ALARM", "b": "OK"}, ["a is in ALARM now."]),
        ({"a": "ALARM", "b": "ALARM"}, ["a, b are in ALARM now."]),
        ({"a": "OK"}, ["does not exist: b."]),
        ({}, ["does not exist: a, b."]),
    ],
)
def test_alarms(states: dict[str, str], words: list[str]) -> None:
    made = service(42, configuration={"alarms": {"enable": True, "rollback": True, "alarmNames": ["a", "b"]}})
    found = surroundings.alarms(made, states)
    assert severities(found, "alarms") == ["warn"] * len(words)
    assert all(word in finding.message for word, finding in zip(words, found, strict=True))


@pytest.mark.parametrize("configured", [{}, {"alarms": {"enable": False, "alarmNames": ["a"]}}])
def test_alarms_that_are_off_are_not_asked_for(configured: dict[str, t.Any]) -> None:
    assert surroundings.alarm_names(service(42, configuration=configured)) == []


@pytest.mark.parametrize(
    ("status", "severity"),
    [
        ("CREATE_COMPLETE", "info"),
        ("UPDATE_COMPLETE", "info"),
        ("UPDATE_ROLLBACK_FAILED", "info"),
        ("UPDATE_IN_PROGRESS", "block"),
        ("UPDATE_ROLLBACK_IN_PROGRESS", "block"),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "block"),
        ("DELETE_IN_PROGRESS", "block"),
    ],
)
def test_stack(status: str, severity: str) -> None:
    made = service(42, tags={surroundings.STACK_NAME: "shop"})
    assert surroundings.stack_of(made) == "shop"
    (finding,) = surroundings.stack(made, status, NOTHING)
    assert (finding.check, finding.severity) == ("stack", severity)
    assert "stack shop" in finding.message


@pytest.mark.parametrize("word", t.get_args(Word))
def test_a_stack_at_work_is_passed_only_by_its_own_word(word: Word) -> None:
    made = service(42, tags={surroundings.STACK_NAME: "shop"})
    (finding,) = surroundings.stack(made, "UPDATE_IN_PROGRESS", frozenset({word}))
    assert finding.severity == ("warn" if word == "stack" else "block")
    assert ("or give force: [stack]" in finding.message) is (word != "stack")


def test_a_stack_goes_by_its_id_and_most_services_have_none() -> None:
    assert (
        surroundings.stack_of(service(42, tags={surroundings.STACK_NAME: "shop", surroundings.STACK_ID: "arn:s"}))
        == "arn:s"
    )
    assert surroundings.stack_of(service(42)) == ""


# -- tasks


@pytest.mark.parametrize(("tasks", "severity"), [(0, ["info"]), (1, []), (5, []), (6, ["info"])])
def test_bounds(tasks: int, severity: list[str]) -> None:
    assert severities(surroundings.bounds(service(42), tasks, 1, 5), "bounds") == severity


def held(number: int, **changes: t.Any) -> dict[str, t.Any]:
    return {"taskArn": f"arn:task/prod/t{number}", "protectionEnabled": True, "expirationDate": START, **changes}


def test_protected_tasks_are_named() -> None:
    assert surroundings.protected(service(42), [], "They go on.") == []
    assert surroundings.protected(service(42), [held(1, protectionEnabled=False)], "They go on.") == []
    (finding,) = surroundings.protected(service(42), [held(1), held(2, protectionEnabled=False)], "They go on.")
    assert (finding.check, finding.severity) == ("protected_tasks", "warn")
    until = "1 tasks of web are protected from scale-in until 2026-11-20T12:00:00Z: t1. They go on."
    assert finding.message.startswith(until)
    (finding,) = surroundings.protected(service(42), [held(n, expirationDate=None) for n in range(7)], "They go on.")
    assert "7 tasks of web are protected from scale-in: t0, t1, t2, t3, t4 and 2 more." in finding.message
