# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lifecycle hooks: pauses, Lambda functions, ContinueServiceDeployment.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/pause-lifecycle-hooks.html
"""

from __future__ import annotations

import re
from typing import Any

import pytest

from lastgood_simulator import Simulator
from selftests.cluster import Cluster, refused
from selftests.strategies import (
    BLUE_GREEN,
    FUNCTION,
    function,
    pause,
    proceed,
    production,
    stages_seen,
    until,
)

PAUSED = BLUE_GREEN | {"lifecycleHooks": [pause("POST_TEST_TRAFFIC_SHIFT", timeoutInMinutes=10)]}


def without_hooks(cluster: Cluster, configuration: dict[str, Any]) -> None:
    """A service in a steady state that gets its hooks only now."""
    cluster.running(deploymentConfiguration=configuration | {"lifecycleHooks": []})
    cluster.update(deploymentConfiguration=configuration)


@pytest.fixture
def paused(sim: Simulator, cluster: Cluster) -> dict[str, Any]:
    """A deployment that waits at its pause hook."""
    without_hooks(cluster, PAUSED)
    cluster.deploy()
    return until(sim, cluster, "POST_TEST_TRAFFIC_SHIFT")


class TestPause:
    def test_it_waits(self, sim: Simulator, cluster: Cluster, paused: dict[str, Any]) -> None:
        (hook,) = paused["lifecycleHookDetails"]
        assert re.fullmatch("ecs-pause-[A-Za-z0-9_-]{43}", hook["hookId"])
        assert (hook["targetType"], hook["status"], hook["timeoutAction"]) == ("PAUSE", "AWAITING_ACTION", "ROLLBACK")
        assert "targetArn" not in hook
        assert 599 <= hook["expiresAt"].timestamp() - sim.now() <= 600
        sim.advance(500)
        assert cluster.history()[0]["lifecycleStage"] == "POST_TEST_TRAFFIC_SHIFT"
        assert cluster.history()[0]["status"] == "IN_PROGRESS"

    def test_continue_is_the_default(self, sim: Simulator, cluster: Cluster, paused: dict[str, Any]) -> None:
        arn = paused["serviceDeploymentArn"]
        assert proceed(cluster, paused, paused["lifecycleHookDetails"][0]["hookId"])["serviceDeploymentArn"] == arn
        assert production(until(sim, cluster, "BAKE_TIME")) == [100.0, 0.0]

    def test_rollback(self, sim: Simulator, cluster: Cluster, paused: dict[str, Any]) -> None:
        proceed(cluster, paused, paused["lifecycleHookDetails"][0]["hookId"], action="ROLLBACK")
        record = cluster.history()[0]
        assert record["status"] == "ROLLBACK_IN_PROGRESS"
        assert [hook["status"] for hook in record["lifecycleHookDetails"]] == ["FAILED"]
        assert cluster.service()["taskDefinition"].endswith(":1")
        sim.advance(60)
        record = cluster.history()[0]
        assert record["status"] == "ROLLBACK_SUCCESSFUL"
        assert "POST_TEST_TRAFFIC_SHIFT" in record["rollback"]["reason"]
        assert len(cluster.history()) == 2

    def test_stopping_works_too(self, sim: Simulator, cluster: Cluster, paused: dict[str, Any]) -> None:
        cluster.ecs.stop_service_deployment(serviceDeploymentArn=paused["serviceDeploymentArn"])
        sim.advance(60)
        assert cluster.history()[0]["status"] == "ROLLBACK_SUCCESSFUL"

    def test_nobody_acts(self, sim: Simulator, cluster: Cluster, paused: dict[str, Any]) -> None:
        sim.advance(600)
        record = cluster.history()[0]
        assert record["status"] == "ROLLBACK_IN_PROGRESS"
        expected = "Service deployment rolled back because POST_TEST_TRAFFIC_SHIFT pause hook timed out."
        assert record["statusReason"] == expected
        assert [hook["status"] for hook in record["lifecycleHookDetails"]] == ["TIMED_OUT"]
        bad = cluster.service()["deployments"][0]["id"]
        assert f"(deployment {bad}) deployment failed: {expected}" in cluster.messages()

    def test_the_timeout_may_continue(self, sim: Simulator, cluster: Cluster) -> None:
        hooks = [pause("PRE_SCALE_UP", timeoutInMinutes=1, action="CONTINUE")]
        without_hooks(cluster, BLUE_GREEN | {"lifecycleHooks": hooks})
        cluster.deploy()
        sim.advance(50)
        assert cluster.history()[0]["lifecycleStage"] == "PRE_SCALE_UP"
        sim.advance(20)
        assert cluster.history()[0]["lifecycleStage"] == "SCALE_UP"

    def test_a_day_is_the_default(self, sim: Simulator, cluster: Cluster) -> None:
        without_hooks(cluster, BLUE_GREEN | {"lifecycleHooks": [pause("PRE_SCALE_UP")]})
        cluster.deploy()
        (hook,) = until(sim, cluster, "PRE_SCALE_UP")["lifecycleHookDetails"]
        assert 86390 <= hook["expiresAt"].timestamp() - sim.now() <= 86400

    def test_a_newer_deployment_supersedes_it(self, sim: Simulator, cluster: Cluster, paused: dict[str, Any]) -> None:
        hook = paused["lifecycleHookDetails"][0]["hookId"]
        cluster.update(deploymentConfiguration={"lifecycleHooks": []})
        cluster.deploy("web:3")
        sim.advance(600)
        assert [record["status"] for record in cluster.history()][:2] == ["SUCCESSFUL", "STOPPED"]
        code, message = refused(
            cluster.ecs.continue_service_deployment,
            serviceDeploymentArn=paused["serviceDeploymentArn"],
            hookId=hook,
        )
        assert code == "InvalidParameterException"
        assert "terminal states" in message

    def test_all_hooks_of_a_stage_are_waited_for(self, sim: Simulator, cluster: Cluster) -> None:
        hooks = [pause("PRE_SCALE_UP"), pause("PRE_SCALE_UP"), function("PRE_SCALE_UP")]
        without_hooks(cluster, BLUE_GREEN | {"lifecycleHooks": hooks})
        cluster.deploy()
        sim.advance(20)
        record = cluster.history()[0]
        assert [hook["status"] for hook in record["lifecycleHookDetails"]] == [
            "AWAITING_ACTION",
            "AWAITING_ACTION",
            "SUCCEEDED",
        ]
        first, second, _function = (hook["hookId"] for hook in record["lifecycleHookDetails"])
        proceed(cluster, record, first, action="CONTINUE")
        assert cluster.history()[0]["lifecycleStage"] == "PRE_SCALE_UP"
        proceed(cluster, record, second, action="CONTINUE")
        assert cluster.history()[0]["lifecycleStage"] == "SCALE_UP"

    def test_each_step_pauses_anew(self, sim: Simulator, cluster: Cluster) -> None:
        linear = {
            "strategy": "LINEAR",
            "linearConfiguration": {"stepPercent": 50.0, "stepBakeTimeInMinutes": 0},
            "lifecycleHooks": [pause("PRE_PRODUCTION_TRAFFIC_SHIFT")],
        }
        without_hooks(cluster, linear)
        cluster.deploy()
        ids = []
        for expected in ([0.0, 100.0], [50.0, 50.0]):
            record = until(sim, cluster, "PRE_PRODUCTION_TRAFFIC_SHIFT")
            assert production(record) == expected
            ids.append(record["lifecycleHookDetails"][0]["hookId"])
            proceed(cluster, record, ids[-1])
            sim.advance(3)
        assert ids[0] != ids[1]
        assert production(until(sim, cluster, "POST_PRODUCTION_TRAFFIC_SHIFT")) == [100.0, 0.0]


class TestWhatContinueRefuses:
    def test_what_is_not_there(self, cluster: Cluster, paused: dict[str, Any]) -> None:
        arn, hook = paused["serviceDeploymentArn"], paused["lifecycleHookDetails"][0]["hookId"]
        call = cluster.ecs.continue_service_deployment
        assert refused(call, serviceDeploymentArn=arn[:-1], hookId=hook) == (
            "ServiceDeploymentNotFoundException",
            "The service deployment does not exist.",
        )
        code, message = refused(call, serviceDeploymentArn=arn, hookId="mine")
        assert code == "InvalidParameterException"
        assert message == "Invalid hookId: hookId must follow the format: ecs-{hookType}-{id}"
        code, message = refused(call, serviceDeploymentArn=arn, hookId="ecs-pause-other")
        gone = "Provided hookId is either completed, unavailable, or not associated with the given Resource ARN"
        assert (code, message) == ("InvalidParameterException", gone)
        assert refused(call, serviceDeploymentArn=arn, hookId=hook, action="NO")[0] == "InvalidParameterException"

    def test_what_awaits_nothing(self, sim: Simulator, cluster: Cluster, paused: dict[str, Any]) -> None:
        arn, hook = paused["serviceDeploymentArn"], paused["lifecycleHookDetails"][0]["hookId"]
        cluster.ecs.stop_service_deployment(serviceDeploymentArn=arn)
        call = cluster.ecs.continue_service_deployment
        # ROLLBACK_REQUESTED is not IN_PROGRESS.
        assert refused(call, serviceDeploymentArn=arn, hookId=hook)[0] == "InvalidParameterException"
        sim.advance(60)
        code, message = refused(call, serviceDeploymentArn=arn, hookId=hook)
        assert code == "InvalidParameterException"
        expected = "Continuing a service deployment is not allowed for service deployment in terminal states."
        assert message == expected

    def test_a_lambda_hook(self, sim: Simulator, cluster: Cluster) -> None:
        sim.hook("check", "hang")
        without_hooks(cluster, BLUE_GREEN | {"lifecycleHooks": [function("PRE_SCALE_UP")]})
        cluster.deploy()
        sim.advance(10)
        record = cluster.history()[0]
        (hook,) = record["lifecycleHookDetails"]
        code = refused(
            cluster.ecs.continue_service_deployment,
            serviceDeploymentArn=record["serviceDeploymentArn"],
            hookId=hook["hookId"],
        )[0]
        assert code == "InvalidParameterException"

    def test_a_rolling_deployment(self, cluster: Cluster) -> None:
        cluster.running()
        cluster.deploy()
        arn = cluster.history()[0]["serviceDeploymentArn"]
        call = cluster.ecs.continue_service_deployment
        assert refused(call, serviceDeploymentArn=arn, hookId="ecs-pause-x")[0] == "InvalidParameterException"


class TestFunction:
    @pytest.fixture
    def hooked(self, cluster: Cluster) -> None:
        without_hooks(cluster, BLUE_GREEN | {"lifecycleHooks": [function("POST_SCALE_UP", timeoutInMinutes=5)]})

    def test_it_succeeds_after_a_while(self, sim: Simulator, cluster: Cluster, hooked: None) -> None:
        cluster.deploy()
        (hook,) = until(sim, cluster, "POST_SCALE_UP")["lifecycleHookDetails"]
        assert (hook["targetType"], hook["targetArn"], hook["status"]) == ("AWS_LAMBDA", FUNCTION, "IN_PROGRESS")
        sim.advance(6)
        assert cluster.history()[0]["lifecycleStage"] == "TEST_TRAFFIC_SHIFT"

    @pytest.mark.parametrize(
        ("behaviour", "why"),
        [
            ("fail", f"Lifecycle hook target {FUNCTION} returned FAILED status."),
            ("invalid", f"ECS was unable to parse the response from {FUNCTION} due to HookStatus must not be null"),
        ],
    )
    def test_it_fails(self, sim: Simulator, cluster: Cluster, hooked: None, behaviour: str, why: str) -> None:
        sim.hook(FUNCTION, behaviour)
        cluster.deploy()
        until(sim, cluster, "POST_SCALE_UP")
        sim.advance(60)
        record = cluster.history()[0]
        assert record["status"] == "ROLLBACK_SUCCESSFUL"
        expected = f"Service deployment rolled back because POST_SCALE_UP lifecycle hook(s) failed. {why}"
        assert (record["statusReason"], record["rollback"]["reason"]) == (expected, expected)

    def test_it_hangs_until_told_otherwise(self, sim: Simulator, cluster: Cluster, hooked: None) -> None:
        sim.hook("check", "hang")
        cluster.deploy()
        until(sim, cluster, "POST_SCALE_UP")
        sim.advance(200)
        assert cluster.history()[0]["lifecycleStage"] == "POST_SCALE_UP"
        sim.hook("check", "succeed")
        sim.advance(31)
        assert production(cluster.history()[0]) == [100.0, 0.0]

    def test_it_hangs_until_it_times_out(self, sim: Simulator, cluster: Cluster, hooked: None) -> None:
        sim.hook("check", "hang")
        cluster.deploy()
        until(sim, cluster, "POST_SCALE_UP")
        sim.advance(300)
        record = cluster.history()[0]
        assert record["status"] == "ROLLBACK_IN_PROGRESS"
        assert [hook["status"] for hook in record["lifecycleHookDetails"]] == ["TIMED_OUT"]

    def test_it_is_asked_again_in_a_rollback(self, sim: Simulator, cluster: Cluster) -> None:
        # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/lambda-lifecycle-hooks.html
        without_hooks(cluster, BLUE_GREEN | {"lifecycleHooks": [function("PRODUCTION_TRAFFIC_SHIFT")]})
        cluster.deploy()
        record = until(sim, cluster, "BAKE_TIME")
        sim.hook("check", after=20)
        cluster.ecs.stop_service_deployment(serviceDeploymentArn=record["serviceDeploymentArn"])
        sim.advance(10)
        record = cluster.history()[0]
        assert (record["status"], record["lifecycleStage"]) == ("ROLLBACK_IN_PROGRESS", "PRODUCTION_TRAFFIC_SHIFT")
        assert [hook["status"] for hook in record["lifecycleHookDetails"]] == ["IN_PROGRESS"]
        sim.advance(60)
        assert cluster.history()[0]["status"] == "ROLLBACK_SUCCESSFUL"

    def test_one_that_fails_in_a_rollback_leaves_it_there(self, sim: Simulator, cluster: Cluster) -> None:
        without_hooks(cluster, BLUE_GREEN | {"lifecycleHooks": [function("PRODUCTION_TRAFFIC_SHIFT")]})
        cluster.deploy()
        record = until(sim, cluster, "BAKE_TIME")
        sim.hook("check", "fail")
        cluster.ecs.stop_service_deployment(serviceDeploymentArn=record["serviceDeploymentArn"])
        sim.advance(100)
        assert cluster.history()[0]["status"] == "ROLLBACK_FAILED"

    def test_a_failed_hook_in_the_first_deployment(self, sim: Simulator, cluster: Cluster) -> None:
        sim.hook("check", "fail")
        hooks = {"lifecycleHooks": [function("PRE_SCALE_UP")]}
        cluster.create(revision=cluster.register("web:1"), deploymentConfiguration=BLUE_GREEN | hooks)
        sim.advance(20)
        record = cluster.history()[0]
        assert record["status"] == "ROLLBACK_FAILED"
        assert any("PRE_SCALE_UP lifecycle hook(s) failed" in message for message in cluster.messages())
        assert cluster.service()["runningCount"] == 0

    def test_unknown_behaviours_are_refused(self, sim: Simulator) -> None:
        with pytest.raises(ValueError, match="succeed, fail, hang, invalid"):
            sim.hook("check", "explode")


def test_a_rolling_deployment_has_no_stages(sim: Simulator, cluster: Cluster) -> None:
    cluster.running(deploymentConfiguration={"lifecycleHooks": [pause("POST_PRODUCTION_TRAFFIC_SHIFT")]})
    cluster.deploy()
    assert stages_seen(sim, cluster, 200) == []
    assert cluster.history()[0]["status"] == "SUCCESSFUL"
    assert "requestedProductionTrafficWeight" not in cluster.history()[0]["targetServiceRevision"]
