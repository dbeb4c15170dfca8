# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Steering the simulator: failures, interference, quotas, the call log, permissions."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ConnectionClosedError
from moto.core.authorization import enable_iam_authentication

from lastgood_simulator import Simulator
from lastgood_simulator.clock import Clock
from lastgood_simulator.faults import matches
from lastgood_simulator.quotas import BUCKETS
from selftests.cluster import START, Cluster, client, refused


def test_time_stands_still_and_only_moves_forward(sim: Simulator) -> None:
    assert sim.now() == sim.now() == START
    assert sim.advance(60) == START + 60
    with pytest.raises(ValueError, match="cannot go back"):
        sim.advance(-1)


def test_time_can_be_skipped_to_what_happens_next(sim: Simulator, cluster: Cluster) -> None:
    cluster.create(revision=cluster.register("web:1"), count=1)
    seen = []
    for _event in range(50):
        seen.append(cluster.service()["runningCount"])
        sim.advance_to_next()
    assert sorted(set(seen)) == [0, 1]
    moment = sim.advance_to_next(at_most=1e9)
    assert cluster.service()["deployments"][0]["rolloutState"] == "COMPLETED"
    assert sim.advance_to_next(at_most=7) <= moment + 7


def test_a_clock_that_runs_can_be_stopped_and_started_again(monkeypatch: pytest.MonkeyPatch) -> None:
    wall = [START]
    monkeypatch.setattr("time.time", lambda: wall[0])
    clock = Clock()
    wall[0] += 10
    assert clock.now() == START + 10
    clock.stop()
    wall[0] += 10
    clock.stop()
    assert clock.now() == START + 10
    assert clock.advance(5) == START + 15
    clock.start()
    assert clock.now() == START + 15, "it neither jumps nor goes back"
    clock.start()
    wall[0] += 1
    assert clock.now() == START + 16


def test_speed_divides_durations(sim: Simulator, cluster: Cluster) -> None:
    sim.set_speed(10)
    cluster.create(revision=cluster.register("web:1"), count=1)
    sim.advance(2.9)
    assert cluster.service()["runningCount"] == 0
    sim.advance(0.1)
    assert cluster.service()["runningCount"] == 1
    with pytest.raises(ValueError, match="positive"):
        sim.set_speed(0)


def test_timings_can_be_set(sim: Simulator, cluster: Cluster) -> None:
    assert sim.timings(task_start=1)["task_start"] == 1
    cluster.create(revision=cluster.register("web:1"), count=1)
    sim.advance(1)
    assert cluster.service()["runningCount"] == 1
    with pytest.raises(ValueError, match="unknown timing nonsense"):
        sim.timings(nonsense=1)


def test_every_use_starts_empty() -> None:
    sim = Simulator(start=START)
    for _use in range(2):
        with sim:
            assert sim.calls() == {}
            assert client("ecs").list_clusters()["clusterArns"] == []
            Cluster(sim)
            sim.fail("DescribeServices", "X", times=None)
            sim.reset_calls()
    with sim:
        Cluster(sim)
        sim.reset()
        assert client("ecs").list_clusters()["clusterArns"] == []


def test_calls_are_counted_and_logged(sim: Simulator, cluster: Cluster) -> None:
    sim.reset_calls()
    cluster.register("web:1")
    sim.advance(5)
    for name in ("a", "b"):
        cluster.create(name)
    refused(cluster.ecs.describe_services, cluster="prod", services=[])
    client("sts").get_caller_identity()
    assert sim.calls() == {
        "RegisterTaskDefinition": 1,
        "CreateService": 2,
        "DescribeServices": 1,
        "GetCallerIdentity": 1,
    }
    assert [entry["operation"] for entry in sim.log()] == [
        "RegisterTaskDefinition",
        "CreateService",
        "CreateService",
        "DescribeServices",
        "GetCallerIdentity",
    ]
    entry = sim.log()[2]
    assert (entry["service"], entry["time"], entry["params"]["serviceName"]) == ("ecs", START + 5, "b")


class TestFailures:
    def test_an_error_for_some_calls(self, sim: Simulator, cluster: Cluster) -> None:
        cluster.running(count=1)
        sim.fail("DescribeServices", "ThrottlingException", times=2)
        for _time in range(2):
            answer = refused(cluster.ecs.describe_services, cluster="prod", services=["web"])
            assert answer == ("ThrottlingException", "Rate exceeded")
        assert cluster.service()
        sim.fail("ecs:DescribeServices", "ServerException", "Sorry", times=None)
        for _time in range(5):
            answer = refused(cluster.ecs.describe_services, cluster="prod", services=["web"])
            assert answer == ("ServerException", "Sorry")
        sim.clear_failures()
        assert cluster.service()

    def test_only_when_the_parameters_match(self, sim: Simulator, cluster: Cluster) -> None:
        cluster.register("web:1")
        cluster.create("a")
        cluster.create("b")
        sim.fail("UpdateService", "ServiceNotActiveException", when={"service": "b"})
        cluster.update("a", desiredCount=2)
        assert refused(cluster.update, name="b", desiredCount=2)[0] == "ServiceNotActiveException"

    def test_after_it_took_effect(self, sim: Simulator, cluster: Cluster) -> None:
        cluster.running(count=1)
        sim.fail("UpdateService", after=True)
        assert refused(cluster.update, desiredCount=7)[0] == "ServerException"
        assert cluster.service()["desiredCount"] == 7
        sim.fail("UpdateService")
        assert refused(cluster.update, desiredCount=8)[0] == "ServerException"
        assert cluster.service()["desiredCount"] == 7

    @pytest.mark.parametrize("kind", ["truncate", "empty"])
    def test_an_answer_that_says_nothing(self, sim: Simulator, cluster: Cluster, kind: str) -> None:
        cluster.running(count=1)
        sim.fail("DescribeServices", kind=kind, after=True)
        answer = cluster.ecs.describe_services(cluster="prod", services=["web"])
        assert "services" not in answer

    def test_a_dropped_connection(self, sim: Simulator, cluster: Cluster) -> None:
        cluster.running(count=1)
        sim.fail("UpdateService", kind="drop", after=True)
        with pytest.raises(ConnectionClosedError):
            cluster.update(desiredCount=2)
        assert cluster.service()["desiredCount"] == 2

    def test_nothing_answers_for_a_while(self, sim: Simulator, cluster: Cluster) -> None:
        cluster.running(count=1)
        sim.fail("*", kind="drop", times=None, seconds=60)
        for _time in range(2):
            with pytest.raises(ConnectionClosedError):
                cluster.service()
            with pytest.raises(ConnectionClosedError):
                client("autoscaling").describe_auto_scaling_groups()
            sim.advance(29)
        sim.advance(2)
        assert cluster.service()

    def test_in_xml_for_services_that_speak_xml(self, sim: Simulator) -> None:
        sim.fail("DescribeAutoScalingGroups", "Throttling")
        sim.fail("DescribeVpcs", "RequestLimitExceeded", "Slow <down>")
        assert refused(client("autoscaling").describe_auto_scaling_groups) == ("Throttling", "Rate exceeded")
        assert refused(client("ec2").describe_vpcs) == ("RequestLimitExceeded", "Slow <down>")

    def test_access_denied_says_who_what_and_where(self, sim: Simulator, cluster: Cluster) -> None:
        sim.fail("UpdateService", "AccessDeniedException")
        assert refused(cluster.update, desiredCount=1) == (
            "AccessDeniedException",
            "User: arn:aws:sts::123456789012:user/moto is not authorized to perform: ecs:UpdateService on resource: "
            "arn:aws:ecs:us-east-1:123456789012:service/prod/web because no identity-based policy allows the "
            "ecs:UpdateService action",
        )

    def test_mistakes_are_told(self, sim: Simulator) -> None:
        with pytest.raises(ValueError, match="unknown kind"):
            sim.fail("X", kind="explode")
        with pytest.raises(ValueError, match="unknown moment"):
            sim.on("X", {"control": "calls"}, when="during")
        for nothing in (
            {},
            {"operation": "Nope"},
            {"control": "nope"},
            {"service": "s3", "operation": "UpdateService"},
        ):
            with pytest.raises(ValueError, match="nothing here can do"):
                sim.on("X", nothing)
        with pytest.raises(ValueError, match="unknown behaviour"):
            sim.image("x", "sing")


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ({}, True),
        ({"a": 1}, True),
        ({"a": 2}, False),
        ({"missing": 1}, False),
        ({"b.c": "x"}, True),
        ({"b": {"c": "x"}}, True),
        ({"list": "two"}, True),
        ({"list": ["one", "two"]}, True),
        ({"list.0": "one"}, True),
        ({"list.1": "one"}, False),
        ({"objects.name": "n2"}, True),
        ({"objects.0.name": "n2"}, False),
    ],
)
def test_matching_of_parameters(when: dict[str, Any], expected: bool) -> None:
    params = {"a": 1, "b": {"c": "x"}, "list": ["one", "two"], "objects": [{"name": "n1"}, {"name": "n2"}]}
    assert matches(when, params) is expected


class TestInterference:
    def test_somebody_else_deploys_before_the_second_look(self, sim: Simulator, cluster: Cluster) -> None:
        cluster.running(count=1)
        cluster.register("web:2")
        params = {"cluster": "prod", "service": "web", "taskDefinition": "web:2"}
        sim.on("DescribeServices", {"operation": "UpdateService", "params": params}, nth=2)
        assert cluster.service()["taskDefinition"].endswith(":1")
        assert cluster.service()["taskDefinition"].endswith(":2")
        assert cluster.service()["taskDefinition"].endswith(":2")
        assert len(cluster.history()) == 2
        # It is nobody's request.
        assert "UpdateService" not in sim.calls()

    def test_after_an_answer_and_by_control(self, sim: Simulator, cluster: Cluster) -> None:
        cluster.running(count=1)
        sim.on("DescribeServices", {"control": "advance", "params": {"seconds": 60}}, when="after")
        cluster.service()
        assert sim.now() == START + 360
        sim.on("DescribeServices", {"control": "advance", "params": {"seconds": 60}})
        cluster.deploy()
        assert cluster.primary()["runningCount"] == 1


class TestQuotas:
    def test_a_bucket_empties_and_fills(self, sim: Simulator, cluster: Cluster) -> None:
        cluster.running(count=1)
        sim.quotas()
        burst, rate = BUCKETS["service read"]
        assert (burst, rate) == (100, 20)
        for _call in range(100):
            cluster.service()
        describe = {"cluster": "prod", "services": ["web"]}
        assert refused(cluster.ecs.describe_services, **describe) == ("ThrottlingException", "Rate exceeded")
        # Buckets are apart.
        cluster.history()
        sim.advance(1)
        for _call in range(20):
            cluster.service()
        assert refused(cluster.ecs.describe_services, **describe)[0] == "ThrottlingException"
        sim.quotas(enabled=False)
        cluster.service()

    def test_scale(self, sim: Simulator, cluster: Cluster) -> None:
        sim.quotas(scale=0.1)
        for _call in range(5):
            refused(cluster.update, desiredCount=1)
        assert refused(cluster.update, desiredCount=1)[0] == "ThrottlingException"


def test_policies_are_enforced_once_moto_does(sim: Simulator, cluster: Cluster) -> None:
    cluster.running(count=1)
    iam = client("iam")
    iam.create_user(UserName="reader")
    statements = [{"Effect": "Allow", "Action": "ecs:Describe*", "Resource": "*"}]
    iam.put_user_policy(
        UserName="reader",
        PolicyName="p",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": statements}),
    )
    key = iam.create_access_key(UserName="reader")["AccessKey"]
    keys = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
    reader = client("ecs", **keys, aws_session_token="")
    with enable_iam_authentication():
        assert reader.describe_services(cluster="prod", services=["web"])["services"]
        code, message = refused(reader.update_service, cluster="prod", service="web", desiredCount=3)
        assert code == "AccessDeniedException"
        assert message.startswith("User: arn:aws:iam::123456789012:user/reader is not authorized to perform: ecs:Up")
        assert refused(reader.list_clusters)[0] == "AccessDeniedException"
        assert refused(cluster.ecs.list_clusters)[0] == "UnrecognizedClientException"
    assert cluster.service()["desiredCount"] == 1


def test_an_operation_that_nobody_built(cluster: Cluster) -> None:
    code, message = refused(cluster.ecs.submit_task_state_change, cluster="prod")
    assert (code, "ecs:SubmitTaskStateChange" in message) == ("UnknownOperationException", True)
    assert refused(client("autoscaling").describe_account_limits)[0] == "InvalidAction"
