# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.ecs import protection
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.ecs.protection import (
    Alarms,
    AlarmsWish,
    BreakerWish,
    CircuitBreaker,
    Protection,
    Subject,
    Threshold,
    Wish,
)
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs import builders

HALF = {"type": "BOUNDED_PERCENT", "value": 50}
# As DescribeServices tells it of a service that nobody has protected.
BARE: dict[str, t.Any] = {
    "maximumPercent": 200,
    "minimumHealthyPercent": 100,
    "strategy": "ROLLING",
    "bakeTimeInMinutes": 0,
    "deploymentCircuitBreaker": {
        "enable": False,
        "rollback": False,
        "resetOnHealthyTask": True,
        "thresholdConfiguration": HALF,
    },
    "alarms": {"alarmNames": [], "enable": False, "rollback": False},
}
ON = {"enable": True, "rollback": True}
WATCHED = {"alarmNames": ["5xx", "latency"], "enable": True, "rollback": True}


def breaker(**given: t.Any) -> dict[str, t.Any]:
    empty = {"enable": None, "rollback": None, "reset_on_healthy_task": None, "threshold": None}
    return {"circuit_breaker": {**empty, **given}, "alarms": None}


def alarms(**given: t.Any) -> dict[str, t.Any]:
    return {"circuit_breaker": None, "alarms": {"enable": None, "rollback": None, "names": None, **given}}


def configuration(**blocks: t.Any) -> dict[str, t.Any]:
    return {**BARE, **blocks}


def sent(present: dict[str, t.Any], params: dict[str, t.Any]) -> dict[str, t.Any]:
    """What is asked of UpdateService, for what is there and what the options say."""
    read = Protection.read(present)
    return protection.request(read, protection.desired(read, protection.wish(params)))


@pytest.mark.parametrize(
    ("present", "params", "expected"),
    [
        # Enabling rolls back unless told otherwise; the rest of the block goes along, and no other block.
        (BARE, breaker(enable=True), {"deploymentCircuitBreaker": {**BARE["deploymentCircuitBreaker"], **ON}}),
        (
            BARE,
            breaker(enable=True, rollback=False),
            {"deploymentCircuitBreaker": {**BARE["deploymentCircuitBreaker"], "enable": True}},
        ),
        # Before the newer members were there, or with a botocore that does not know them.
        ({}, breaker(enable=True), {"deploymentCircuitBreaker": ON}),
        (
            configuration(deploymentCircuitBreaker=ON),
            breaker(enable=False),
            {"deploymentCircuitBreaker": {"enable": False, "rollback": True}},
        ),
        (configuration(deploymentCircuitBreaker=ON), breaker(enable=True), {}),
        (configuration(deploymentCircuitBreaker=ON), breaker(rollback=True), {}),
        (
            configuration(deploymentCircuitBreaker=ON),
            breaker(rollback=False),
            {"deploymentCircuitBreaker": {"enable": True, "rollback": False}},
        ),
        # ECS's own defaults, told or not told.
        (configuration(deploymentCircuitBreaker=ON), breaker(reset_on_healthy_task=True, threshold=HALF), {}),
        (
            configuration(deploymentCircuitBreaker=ON),
            breaker(reset_on_healthy_task=False),
            {"deploymentCircuitBreaker": {**ON, "resetOnHealthyTask": False}},
        ),
        (
            configuration(deploymentCircuitBreaker={**ON, "resetOnHealthyTask": False}),
            breaker(threshold={"type": "COUNT", "value": 2}),
            {
                "deploymentCircuitBreaker": {
                    **ON,
                    "resetOnHealthyTask": False,
                    "thresholdConfiguration": {"type": "COUNT", "value": 2},
                }
            },
        ),
        # What a later AWS may add is kept.
        (
            configuration(deploymentCircuitBreaker={"enable": False, "rollback": False, "later": 1}),
            breaker(enable=True),
            {"deploymentCircuitBreaker": {**ON, "later": 1}},
        ),
        (
            BARE,
            alarms(enable=True, names=["5xx"]),
            {"alarms": {"alarmNames": ["5xx"], "enable": True, "rollback": True}},
        ),
        (configuration(alarms=WATCHED), alarms(enable=True, names=["latency", "5xx"]), {}),
        (configuration(alarms=WATCHED), alarms(enable=True), {}),
        (configuration(alarms=WATCHED), alarms(enable=False), {"alarms": {**WATCHED, "enable": False}}),
        (configuration(alarms=WATCHED), alarms(names=["5xx"]), {"alarms": {**WATCHED, "alarmNames": ["5xx"]}}),
        (
            configuration(alarms=WATCHED),
            alarms(enable=False, names=[]),
            {"alarms": {"alarmNames": [], "enable": False, "rollback": True}},
        ),
        (
            BARE,
            {**breaker(enable=True), "alarms": alarms(enable=True, names=["5xx"])["alarms"]},
            {
                "deploymentCircuitBreaker": {**BARE["deploymentCircuitBreaker"], **ON},
                "alarms": {"alarmNames": ["5xx"], "enable": True, "rollback": True},
            },
        ),
    ],
)
def test_only_blocks_that_change_are_sent_and_each_whole(
    present: dict[str, t.Any], params: dict[str, t.Any], expected: dict[str, t.Any]
) -> None:
    assert sent(present, params) == expected
    after = {**present, **expected}
    assert sent(after, params) == {}
    read = Protection.read(after)
    assert read.same_as(protection.desired(read, protection.wish(params)))


@pytest.mark.parametrize(
    ("params", "says"),
    [
        ({"circuit_breaker": None, "alarms": None}, "nothing is asked for"),
        (breaker(), "nothing is asked for"),
        (alarms(), "nothing is asked for"),
        (alarms(names=[""]), "nothing is asked for"),
        (breaker(threshold={"type": "COUNT", "value": 0}), "0 is no threshold: give 1 or more"),
        (breaker(threshold={"type": "BOUNDED_PERCENT", "value": -1}), "-1 is no threshold"),
    ],
)
def test_senseless_options_are_refused(params: dict[str, t.Any], says: str) -> None:
    with pytest.raises(protection.BadRequest, match=says):
        protection.wish(params)


@pytest.mark.parametrize(
    ("given", "expected"),
    [(None, None), ([], ()), ([""], None), ([" a ", "b", "a", ""], ("a", "b"))],
)
def test_names_of_alarms(given: list[str] | None, expected: tuple[str, ...] | None) -> None:
    wanted = protection.wish(alarms(enable=False, names=given)).alarms
    assert wanted is not None
    assert wanted.names == expected


@pytest.mark.parametrize(
    ("wish", "known", "says"),
    [
        (Wish(BreakerWish(enable=True)), set(), ""),
        (Wish(alarms=AlarmsWish(enable=True)), set(), ""),
        (Wish(BreakerWish(threshold=Threshold("COUNT", 2))), {"thresholdConfiguration"}, ""),
        (Wish(BreakerWish(threshold=Threshold("COUNT", 2))), {"enable", "rollback"}, "circuit_breaker.threshold: "),
        (
            Wish(BreakerWish(reset_on_healthy_task=False, threshold=Threshold("COUNT", 2))),
            {"enable"},
            "circuit_breaker.reset_on_healthy_task and circuit_breaker.threshold: ",
        ),
    ],
)
def test_what_an_older_botocore_cannot_send(wish: Wish, known: set[str], says: str) -> None:
    problem = protection.too_new(wish, known, "1.38.10")
    assert problem.startswith(says)
    assert bool(problem) is bool(says)
    if says:
        assert "the installed botocore, 1.38.10, does not know this" in problem
        assert "install a newer boto3" in problem


def subject(present: Protection | None = None, **changes: t.Any) -> Subject:
    made = Subject(
        name="web",
        arn="arn:aws:ecs:eu-central-1:123456789012:service/prod/web",
        status="ACTIVE",
        controller="ECS",
        strategy="ROLLING",
        classic_load_balancer=False,
        in_flight=False,
        protection=present or Protection.read(BARE),
    )
    return dataclasses.replace(made, **changes)


BOTH = Protection(CircuitBreaker(True, True), Alarms(True, True, ("5xx",)))
BREAKER = Protection(CircuitBreaker(True, True))
ALARMS = Protection(alarms=Alarms(True, True, ("5xx",)))
EVERYTHING = Wish(BreakerWish(enable=True), AlarmsWish(enable=True))


@pytest.mark.parametrize(
    ("about", "wanted", "expected"),
    [
        ({}, BREAKER, []),
        ({}, ALARMS, []),
        ({"status": "DRAINING"}, BREAKER, [("block", "the service is DRAINING")]),
        ({"status": "INACTIVE"}, BREAKER, [("block", "the service is INACTIVE")]),
        (
            {"controller": "CODE_DEPLOY"},
            BREAKER,
            [("block", "codedeploy_auto_rollback sets when, at the deployment group")],
        ),
        ({"controller": "EXTERNAL"}, ALARMS, [("block", "ECS has no automatic rollback for it")]),
        ({"controller": "NEW"}, ALARMS, [("block", "NEW, which is not known here")]),
        ({}, Protection(alarms=Alarms(True, True)), [("block", "no alarms are named")]),
        ({}, Protection(alarms=Alarms(False, True)), []),
        ({"strategy": "BLUE_GREEN"}, BREAKER, [("warn", "AWS's pages differ")]),
        ({"strategy": "LINEAR"}, BREAKER, [("warn", "the strategy is LINEAR. Use alarms")]),
        ({"strategy": "CANARY"}, BREAKER, [("warn", "the strategy is CANARY. Use alarms")]),
        ({"strategy": "CANARY"}, ALARMS, []),
        ({"classic_load_balancer": True}, BREAKER, [("warn", "Classic Load Balancer")]),
        ({}, BOTH, [("info", "whichever is first fails a deployment")]),
        (
            {},
            dataclasses.replace(BOTH, alarms=Alarms(True, False, ("5xx",))),
            [("warn", "Only the circuit breaker would roll it back, the alarms would just stop"), ("info", "alarms")],
        ),
        (
            {},
            dataclasses.replace(BOTH, circuit_breaker=CircuitBreaker(True, False)),
            [("warn", "Only the alarms would roll it back"), ("info", "by the circuit breaker is stopped and not")],
        ),
        ({"in_flight": True}, BREAKER, [("info", "a deployment is in flight")]),
        ({"in_flight": True, "protection": BREAKER}, BREAKER, []),
    ],
)
def test_findings(about: dict[str, t.Any], wanted: Protection, expected: list[tuple[str, str]]) -> None:
    found = protection.findings(subject(**about), wanted, EVERYTHING)
    assert [finding.severity for finding in found] == [severity for severity, _says in expected]
    for finding, (_severity, says) in zip(found, expected, strict=True):
        assert says in finding.message


@pytest.mark.parametrize("strategy", [*builders.enum("DeploymentStrategy"), "ROLLING", "SOMETHING_NEW"])
def test_each_strategy_is_judged(strategy: str) -> None:
    found = protection.findings(subject(strategy=strategy), BREAKER, EVERYTHING)
    assert bool(found) is (strategy != "ROLLING")


@pytest.mark.parametrize("controller", [*builders.enum("DeploymentControllerType"), "SOMETHING_NEW"])
def test_each_controller_is_known(controller: str) -> None:
    found = protection.findings(subject(controller=controller), BREAKER, EVERYTHING)
    assert bool(found) is (controller != "ECS")
    assert any("not known" in finding.message for finding in found) is (controller == "SOMETHING_NEW")


def test_alarms_without_names_concern_only_who_asks_for_alarms() -> None:
    odd = Protection(CircuitBreaker(True, True), Alarms(True, True))
    found = protection.findings(subject(), odd, Wish(BreakerWish(enable=True)))
    assert not any(finding.severity == "block" for finding in found)


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ({"5xx": "OK", "latency": "INSUFFICIENT_DATA"}, []),
        ({"5xx": "ALARM", "latency": "OK"}, [("warn", "5xx is in ALARM now.")]),
        ({"5xx": "ALARM", "latency": "ALARM"}, [("warn", "5xx, latency are in ALARM now.")]),
        ({"5xx": "OK"}, [("warn", "there is no alarm latency in")]),
        ({}, [("warn", "there is no alarm 5xx and no alarm latency in")]),
        ({"5xx": "ALARM"}, [("warn", "there is no alarm latency"), ("warn", "5xx is in ALARM now")]),
        (
            "Denied.",
            [("unknown", "whether the alarms 5xx, latency exist and what state they are in is not known: ")],
        ),
    ],
)
def test_alarms_that_cannot_help(states: dict[str, str] | str, expected: list[tuple[str, str]]) -> None:
    wanted = Protection(alarms=Alarms(True, True, ("5xx", "latency")))
    found = protection.alarm_findings(wanted, states)
    assert [finding.severity for finding in found] == [severity for severity, _says in expected]
    for finding, (_severity, says) in zip(found, expected, strict=True):
        assert finding.message.startswith(says)
    off = Protection(alarms=Alarms(False, True, ("5xx", "latency")))
    assert protection.alarm_findings(off, states) == ()


def test_each_alarm_is_watched_once() -> None:
    some = Protection(alarms=Alarms(True, True, ("b", "a")))
    others = Protection(alarms=Alarms(True, False, ("a", "c")))
    off = Protection(alarms=Alarms(False, False, ("d",)))
    assert protection.watched([some, others, off]) == ["b", "a", "c"]


def test_what_is_shown() -> None:
    read = Protection.read(configuration(alarms=WATCHED))
    assert read.as_dict() == {
        "circuit_breaker": {"enable": False, "rollback": False, "reset_on_healthy_task": True, "threshold": HALF},
        "alarms": {"enable": True, "rollback": True, "names": ["5xx", "latency"]},
    }
    assert Protection.read({}).as_dict() == {
        "circuit_breaker": {"enable": False, "rollback": False, "reset_on_healthy_task": None, "threshold": None},
        "alarms": {"enable": False, "rollback": False, "names": []},
    }
