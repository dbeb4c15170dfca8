# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Load balancers that shift traffic: target groups of revisions, and the weights of the listener rules."""

from __future__ import annotations

from typing import Any

import pytest

from lastgood_simulator import Simulator
from selftests.cluster import Cluster, client, refused
from selftests.strategies import BLUE_GREEN, until


class Balancer:
    """An Application Load Balancer in moto with two target groups, a production rule and a test rule."""

    def __init__(self) -> None:
        ec2 = client("ec2")
        self.elb: Any = client("elbv2")
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        subnets = [
            ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=f"us-east-1{zone}")
            for number, zone in enumerate("ab")
        ]
        ids = [subnet["Subnet"]["SubnetId"] for subnet in subnets]
        balancer = self.elb.create_load_balancer(Name="lb", Subnets=ids)["LoadBalancers"][0]["LoadBalancerArn"]
        self.blue, self.green = (
            self.elb.create_target_group(Name=name, Protocol="HTTP", Port=80, VpcId=vpc, TargetType="ip")[
                "TargetGroups"
            ][0]["TargetGroupArn"]
            for name in ("blue", "green")
        )
        listener = self.elb.create_listener(
            LoadBalancerArn=balancer,
            Protocol="HTTP",
            Port=80,
            DefaultActions=[{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}],
        )["Listeners"][0]["ListenerArn"]
        self.production = self._rule(listener, "/*", 100, 0)
        self.test = self._rule(listener, "/test/*", 100, 0)

    def _rule(self, listener: str, path: str, blue: int, green: int) -> str:
        rule: str = self.elb.create_rule(
            ListenerArn=listener,
            Priority=len(self.elb.describe_rules(ListenerArn=listener)["Rules"]),
            Conditions=[{"Field": "path-pattern", "PathPatternConfig": {"Values": [path]}}],
            Actions=[self._forward(blue, green)],
        )["Rules"][0]["RuleArn"]
        return rule

    def _forward(self, blue: int, green: int) -> dict[str, Any]:
        groups = [{"TargetGroupArn": self.blue, "Weight": blue}, {"TargetGroupArn": self.green, "Weight": green}]
        return {"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}

    def set(self, rule: str, blue: int, green: int) -> None:
        self.elb.modify_rule(RuleArn=rule, Actions=[self._forward(blue, green)])

    def weights(self, rule: str) -> tuple[int, int]:
        """Of the blue and of the green target group."""
        (action,) = self.elb.describe_rules(RuleArns=[rule])["Rules"][0]["Actions"]
        by_group = {group["TargetGroupArn"]: group["Weight"] for group in action["ForwardConfig"]["TargetGroups"]}
        return by_group[self.blue], by_group[self.green]

    def config(self, **changes: Any) -> dict[str, Any]:
        """An entry of loadBalancers."""
        advanced = {
            "alternateTargetGroupArn": self.green,
            "productionListenerRule": self.production,
            "testListenerRule": self.test,
            "roleArn": "arn:aws:iam::123456789012:role/lb",
        } | changes
        return {
            "targetGroupArn": self.blue,
            "containerName": "app",
            "containerPort": 80,
            "advancedConfiguration": {name: value for name, value in advanced.items() if value is not None},
        }


@pytest.fixture
def balancer(sim: Simulator) -> Balancer:
    return Balancer()


def resolved(cluster: Cluster, number: int = 0) -> list[dict[str, str]]:
    """The load balancers of the ``number``th newest revision."""
    revision = cluster.revision(cluster.history()[number]["targetServiceRevision"]["arn"])
    found: list[dict[str, str]] = revision["resolvedConfiguration"]["loadBalancers"]
    return found


def test_revisions_take_turns(sim: Simulator, cluster: Cluster, balancer: Balancer) -> None:
    cluster.running(deploymentConfiguration=BLUE_GREEN, loadBalancers=[balancer.config()])
    assert cluster.service()["loadBalancers"] == [balancer.config()]
    revision = cluster.revision(cluster.history()[0]["targetServiceRevision"]["arn"])
    assert revision["loadBalancers"] == [balancer.config()]
    assert resolved(cluster) == [
        {"targetGroupArn": balancer.blue, "productionListenerRule": balancer.production},
    ]
    for group in (balancer.green, balancer.blue):
        cluster.update(forceNewDeployment=True)
        assert [item["targetGroupArn"] for item in resolved(cluster)] == [group]
        sim.advance(600)
        assert cluster.history()[0]["status"] == "SUCCESSFUL"
    registered = [message for message in cluster.messages() if message.startswith("registered 4 targets")]
    groups = [message.split("(target-group ")[1].rstrip(")") for message in registered]
    assert groups == [balancer.blue, balancer.green, balancer.blue]


def test_the_rules_follow_the_shift(sim: Simulator, cluster: Cluster, balancer: Balancer) -> None:
    canary = {"strategy": "CANARY", "canaryConfiguration": {"canaryPercent": 2.5, "canaryBakeTimeInMinutes": 5}}
    cluster.running(deploymentConfiguration=canary | {"bakeTimeInMinutes": 5}, loadBalancers=[balancer.config()])
    assert balancer.weights(balancer.production) == (100, 0)
    cluster.deploy()
    until(sim, cluster, "POST_SCALE_UP")
    assert balancer.weights(balancer.production) == (100, 0)
    until(sim, cluster, "POST_TEST_TRAFFIC_SHIFT")
    assert (balancer.weights(balancer.production), balancer.weights(balancer.test)) == ((100, 0), (0, 100))
    until(sim, cluster, "PRODUCTION_TRAFFIC_SHIFT")
    assert balancer.weights(balancer.production) == (975, 25)
    record = until(sim, cluster, "BAKE_TIME")
    assert balancer.weights(balancer.production) == (0, 100)
    cluster.ecs.stop_service_deployment(serviceDeploymentArn=record["serviceDeploymentArn"])
    sim.advance(60)
    assert (balancer.weights(balancer.production), balancer.weights(balancer.test)) == ((100, 0), (100, 0))


def test_a_superseded_shift_is_undone_first(sim: Simulator, cluster: Cluster, balancer: Balancer) -> None:
    cluster.running(deploymentConfiguration=BLUE_GREEN | {"strategy": "LINEAR"}, loadBalancers=[balancer.config()])
    cluster.deploy("web:2")
    until(sim, cluster, "PRODUCTION_TRAFFIC_SHIFT")
    assert balancer.weights(balancer.production) == (90, 10)
    cluster.deploy("web:3")
    until(sim, cluster, "PRE_SCALE_UP")
    assert balancer.weights(balancer.production) == (100, 0)
    assert [item["targetGroupArn"] for item in resolved(cluster)] == [balancer.green]
    sim.advance(5000)
    assert cluster.history()[0]["status"] == "SUCCESSFUL"
    assert balancer.weights(balancer.production) == (0, 100)


def test_senseless_weights(sim: Simulator, cluster: Cluster, balancer: Balancer) -> None:
    cluster.running(deploymentConfiguration=BLUE_GREEN, loadBalancers=[balancer.config()])
    balancer.set(balancer.production, 50, 50)
    cluster.deploy()
    sim.advance(60)
    record = cluster.history()[0]
    assert record["status"] == "ROLLBACK_SUCCESSFUL"
    assert record["statusReason"] == (
        "Service deployment rolled back because of invalid networking configuration. productionListenerRule "
        f"{balancer.production} should have exactly one target group serving traffic but found 2 target groups which "
        "are serving traffic"
    )
    assert balancer.weights(balancer.production) == (50, 50)


def test_a_target_group_of_somebody_else(sim: Simulator, cluster: Cluster, balancer: Balancer) -> None:
    config = balancer.config(alternateTargetGroupArn=balancer.green.replace("green", "other"))
    balancer.set(balancer.production, 0, 100)
    cluster.create(revision=cluster.register("web:1"), deploymentConfiguration=BLUE_GREEN, loadBalancers=[config])
    sim.advance(60)
    assert cluster.history()[0]["status"] == "ROLLBACK_FAILED"
    events = " ".join(cluster.messages())
    assert f"is forwarding traffic to unexpected target group {balancer.green}" in events


def test_a_target_group_without_a_rule(sim: Simulator, cluster: Cluster, balancer: Balancer) -> None:
    other = balancer.green.replace("green", "other")
    config = balancer.config(alternateTargetGroupArn=other)
    cluster.create(revision=cluster.register("web:1"), deploymentConfiguration=BLUE_GREEN, loadBalancers=[config])
    sim.advance(60)
    events = " ".join(cluster.messages())
    assert f"Target group {other} is not associated with either productionListenerRule or testListenerRule." in events


def test_a_rolling_deployment_stays_in_its_target_group(sim: Simulator, cluster: Cluster, balancer: Balancer) -> None:
    cluster.running(deploymentConfiguration=BLUE_GREEN, loadBalancers=[balancer.config()])
    cluster.deploy("web:2")
    sim.advance(600)
    cluster.update(taskDefinition=cluster.register("web:3"), deploymentConfiguration={"strategy": "ROLLING"})
    sim.advance(600)
    assert cluster.history()[0]["status"] == "SUCCESSFUL"
    assert [item["targetGroupArn"] for item in resolved(cluster)] == [balancer.green]
    assert balancer.weights(balancer.production) == (0, 100)


def test_without_a_test_rule_there_is_only_production(sim: Simulator, cluster: Cluster, balancer: Balancer) -> None:
    cluster.running(deploymentConfiguration=BLUE_GREEN, loadBalancers=[balancer.config(testListenerRule=None)])
    cluster.deploy()
    sim.advance(600)
    assert balancer.weights(balancer.production) == (0, 100)
    assert balancer.weights(balancer.test) == (100, 0)


class TestWhatIsRefused:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/troubleshooting-blue-green.html"""

    @pytest.mark.parametrize(
        ("balancers", "expected"),
        [
            (
                [{"targetGroupArn": "a"}],
                "advancedConfiguration field is required for all loadBalancers when using a non-ROLLING deployment "
                "strategy",
            ),
            (
                [{"targetGroupArn": "a", "advancedConfiguration": {"roleArn": "r"}}, {"targetGroupArn": "b"}],
                "Either all or none of the provided loadBalancers must have advancedConfiguration defined",
            ),
            (
                [{"loadBalancerName": "a", "advancedConfiguration": {"roleArn": "r"}}],
                "advancedConfiguration field is not allowed with ELBv1 loadBalancers",
            ),
            (
                [{"loadBalancerName": "a"}, {"targetGroupArn": "b"}],
                "All loadBalancers must be strictly either ELBv1 (defining loadBalancerName) or ELBv2 (defining "
                "targetGroupArn)",
            ),
            (
                [{"targetGroupArn": "a", "advancedConfiguration": {"alternateTargetGroupArn": "a"}}],
                "Duplicate targetGroupArn found: a",
            ),
            (
                [{"targetGroupArn": "a", "advancedConfiguration": {"productionListenerRule": "x:listener/app/y/1/2"}}],
                "productionListenerRule has an invalid ARN format. Must be RuleArn for ALB or ListenerArn for NLB. "
                "Got: x:listener/app/y/1/2",
            ),
            (
                [
                    {
                        "targetGroupArn": "a",
                        "advancedConfiguration": {
                            "productionListenerRule": "x:listener-rule/app/y/1/2/3",
                            "testListenerRule": "x:listener-rule/app/y/1/2/3",
                        },
                    }
                ],
                "The following rules cannot be used as both production and test listener rules: "
                "x:listener-rule/app/y/1/2/3",
            ),
        ],
    )
    def test_load_balancers(self, cluster: Cluster, balancers: list[dict[str, Any]], expected: str) -> None:
        cluster.register("web:1")
        params = {"deploymentConfiguration": BLUE_GREEN, "loadBalancers": balancers}
        assert refused(cluster.create, **params) == ("InvalidParameterException", expected)

    def test_a_strategy_that_the_load_balancers_do_not_fit(self, cluster: Cluster) -> None:
        cluster.running(loadBalancers=[{"targetGroupArn": "a", "containerName": "app", "containerPort": 80}])
        before = cluster.service()["deploymentConfiguration"]
        code, message = refused(cluster.update, deploymentConfiguration=BLUE_GREEN)
        assert (code, "advancedConfiguration" in message) == ("InvalidParameterException", True)
        assert cluster.service()["deploymentConfiguration"] == before
