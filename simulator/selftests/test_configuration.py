# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A service's deploymentConfiguration: what is shown, kept, merged and refused."""

from __future__ import annotations

from typing import Any

import pytest

from lastgood_simulator import Simulator
from lastgood_simulator.ecs import configuration
from lastgood_simulator.errors import AwsError
from selftests.cluster import Cluster
from selftests.strategies import BLUE_GREEN, function, pause, until

BREAKER = {
    "enable": True,
    "rollback": True,
    "resetOnHealthyTask": False,
    "thresholdConfiguration": {"type": "COUNT", "value": 7},
}


def test_what_is_shown_of_a_service_that_was_given_nothing(cluster: Cluster) -> None:
    cluster.running(count=1)
    expected = {
        "deploymentCircuitBreaker": {
            "enable": False,
            "rollback": False,
            "resetOnHealthyTask": True,
            "thresholdConfiguration": {"type": "BOUNDED_PERCENT", "value": 50},
        },
        "maximumPercent": 200,
        "minimumHealthyPercent": 100,
        "strategy": "ROLLING",
        "bakeTimeInMinutes": 0,
    }
    assert cluster.service()["deploymentConfiguration"] == expected
    assert cluster.history()[0]["deploymentConfiguration"] == expected


@pytest.mark.parametrize(
    ("present", "given", "expected"),
    [
        ({"deploymentCircuitBreaker": BREAKER}, {}, {"deploymentCircuitBreaker": BREAKER}),
        (
            {"deploymentCircuitBreaker": BREAKER},
            {"maximumPercent": 150},
            {"deploymentCircuitBreaker": BREAKER, "maximumPercent": 150},
        ),
        (
            {"deploymentCircuitBreaker": BREAKER},
            {"deploymentCircuitBreaker": {"enable": True}},
            {"deploymentCircuitBreaker": BREAKER | {"rollback": False}},
        ),
        (
            {"deploymentCircuitBreaker": BREAKER},
            {"deploymentCircuitBreaker": {}},
            {"deploymentCircuitBreaker": BREAKER | {"enable": False, "rollback": False}},
        ),
        (
            {"deploymentCircuitBreaker": BREAKER},
            {"deploymentCircuitBreaker": {"enable": True, "rollback": True, "resetOnHealthyTask": True}},
            {"deploymentCircuitBreaker": BREAKER | {"resetOnHealthyTask": True}},
        ),
        (
            {"alarms": {"alarmNames": ["a"], "enable": True, "rollback": True}},
            {"alarms": {"alarmNames": ["b"], "enable": True}},
            {"alarms": {"alarmNames": ["b"], "enable": True, "rollback": False}},
        ),
        (
            {"lifecycleHooks": [pause("PRE_SCALE_UP")]},
            {"lifecycleHooks": []},
            {"lifecycleHooks": []},
        ),
        (
            {"strategy": "LINEAR", "linearConfiguration": {"stepPercent": 20.0, "stepBakeTimeInMinutes": 1}},
            {"linearConfiguration": {"stepBakeTimeInMinutes": 0}},
            {"strategy": "LINEAR", "linearConfiguration": {"stepPercent": 20.0, "stepBakeTimeInMinutes": 0}},
        ),
        (
            {},
            {"strategy": "CANARY"},
            {
                "strategy": "CANARY",
                "canaryConfiguration": {"canaryPercent": 5.0, "canaryBakeTimeInMinutes": 10},
            },
        ),
        # Going over to another strategy for one deployment, whatever the present one has.
        (
            {"strategy": "LINEAR", "linearConfiguration": {"stepPercent": 20.0, "stepBakeTimeInMinutes": 1}},
            {"strategy": "ROLLING"},
            {"strategy": "ROLLING", "linearConfiguration": {"stepPercent": 20.0, "stepBakeTimeInMinutes": 1}},
        ),
    ],
)
def test_an_update(present: dict[str, Any], given: dict[str, Any], expected: dict[str, Any]) -> None:
    assert configuration.updated(present, given) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"strategy": "LINEAR", "linearConfiguration": {"stepPercent": 2.9}}, "stepPercent must be between 3.0 and"),
        ({"strategy": "CANARY", "canaryConfiguration": {"canaryPercent": 0.0}}, "canaryPercent must be between 0.1"),
        ({"strategy": "CANARY", "linearConfiguration": {"stepPercent": 10.0}}, "only valid with .* LINEAR"),
        ({"strategy": "BLUE_GREEN", "earlySuccessCriteria": {"enable": True}}, "only valid with .* ROLLING"),
        ({"bakeTimeInMinutes": 1441}, "bakeTimeInMinutes"),
        ({"lifecycleHooks": [pause("TEST_TRAFFIC_SHIFT")]}, "Invalid lifecycle stage provided for Pause Hook"),
        ({"lifecycleHooks": [pause("PRODUCTION_TRAFFIC_SHIFT")]}, "Invalid lifecycle stage provided for Pause Hook"),
        ({"lifecycleHooks": [pause("SCALE_UP")]}, "Invalid lifecycle stage"),
        ({"lifecycleHooks": [function()]}, "Invalid lifecycle stage"),
        ({"lifecycleHooks": [{"lifecycleStages": ["PRE_SCALE_UP"]}]}, "hookTargetArn is required"),
        ({"lifecycleHooks": [{"targetType": "SQS", "lifecycleStages": ["PRE_SCALE_UP"]}]}, "AWS_LAMBDA, PAUSE"),
        ({"lifecycleHooks": [pause("PRE_SCALE_UP", timeoutInMinutes=20161)]}, "between 1 and 20160"),
        ({"lifecycleHooks": [function("PRE_SCALE_UP", timeoutInMinutes=1441)]}, "between 1 and 1440"),
        ({"lifecycleHooks": [pause("PRE_SCALE_UP")] * 11}, "at most 10"),
    ],
)
def test_what_is_refused(given: dict[str, Any], expected: str) -> None:
    with pytest.raises(AwsError, match=expected) as caught:
        configuration.created("ECS", given)
    assert caught.value.code == "InvalidParameterException"


def test_the_configuration_alone_starts_nothing(sim: Simulator, cluster: Cluster) -> None:
    cluster.running(count=1)
    before = cluster.service()["deployments"]
    cluster.update(deploymentConfiguration=BLUE_GREEN)
    sim.advance(100)
    assert cluster.service()["deploymentConfiguration"]["strategy"] == "BLUE_GREEN"
    assert cluster.service()["deployments"] == before
    assert len(cluster.history()) == 1
    assert cluster.history()[0]["deploymentConfiguration"]["strategy"] == "ROLLING"


def test_with_a_task_definition_it_applies_to_that_deployment(sim: Simulator, cluster: Cluster) -> None:
    cluster.running(count=1, deploymentConfiguration=BLUE_GREEN)
    cluster.update(taskDefinition=cluster.register("web:2"), deploymentConfiguration={"bakeTimeInMinutes": 0})
    sim.advance(90)
    assert cluster.history()[0]["status"] == "SUCCESSFUL"
    assert cluster.history()[0]["deploymentConfiguration"]["bakeTimeInMinutes"] == 0


def test_a_shift_that_is_under_way_follows_what_it_was_started_with(sim: Simulator, cluster: Cluster) -> None:
    cluster.running(count=1, deploymentConfiguration=BLUE_GREEN)
    cluster.deploy()
    until(sim, cluster, "SCALE_UP")
    cluster.update(deploymentConfiguration={"strategy": "ROLLING", "bakeTimeInMinutes": 0})
    until(sim, cluster, "BAKE_TIME")
    assert cluster.history()[0]["deploymentConfiguration"]["bakeTimeInMinutes"] == 5
    assert cluster.service()["deploymentConfiguration"]["strategy"] == "ROLLING"
    sim.advance(250)
    assert cluster.history()[0]["lifecycleStage"] == "BAKE_TIME"
    sim.advance(100)
    assert cluster.history()[0]["status"] == "SUCCESSFUL"


@pytest.mark.parametrize(("before", "after"), [("ROLLING", "BLUE_GREEN"), ("BLUE_GREEN", "ROLLING")])
def test_from_one_strategy_to_another(sim: Simulator, cluster: Cluster, before: str, after: str) -> None:
    cluster.running(count=2, deploymentConfiguration={"strategy": before})
    cluster.update(taskDefinition=cluster.register("web:2"), deploymentConfiguration={"strategy": after})
    sim.advance(200)
    record = cluster.history()[0]
    assert record["status"] == "SUCCESSFUL"
    assert ("requestedProductionTrafficWeight" in record["targetServiceRevision"]) == (after == "BLUE_GREEN")
    assert cluster.primary()["rolloutState"] == "COMPLETED"
