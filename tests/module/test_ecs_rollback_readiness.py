# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is looked at around a service before the first write: one test for each check, against the simulator."""

from __future__ import annotations

import threading
import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import checks, readiness_reads
from tests.module.services import BREAKER, CLUSTER, Run, Shop
from tests.module.strategies import BLUE_GREEN
from tests.simulator.ecs.state import all_states

ACCOUNT = "123456789012"
SSM = f"arn:aws:ssm:eu-central-1:{ACCOUNT}:parameter"
STACK = f"arn:aws:cloudformation:eu-central-1:{ACCOUNT}:stack/shop/0a1b2c3d"


def refused(run: Run, check: str) -> str:
    """The message of the one finding that blocks, of a run that wrote nothing."""
    assert (run.outcome, run.writes, run.failed) == ("refused", [], True)
    [blocking] = [f for f in run.only["findings"] if f["severity"] == "block"]
    assert blocking["check"] == check
    assert blocking["message"] in run.message
    return str(blocking["message"])


def warned(run: Run, check: str, severity: str = "warn") -> str:
    """The message of the one finding of a check, of a run that went on."""
    assert run.outcome == "rolled_back"
    finding = run.finding(check)
    assert finding["severity"] == severity
    return str(finding["message"])


def releases(shop: Shop, **container: t.Any) -> None:
    """web:1 names what ``container`` says, web:2 names nothing."""
    shop.versions(1, **container)
    shop.versions(1)
    shop.create("web:1")
    shop.deploy("web:2")


def awslogs(group: str, **options: str) -> dict[str, t.Any]:
    return {
        "logConfiguration": {
            "logDriver": "awslogs",
            "options": {"awslogs-group": group, "awslogs-region": "eu-central-1", **options},
        }
    }


def secrets(*values: str) -> dict[str, t.Any]:
    return {"secrets": [{"name": f"S{n}", "valueFrom": value} for n, value in enumerate(values)]}


def test_a_plain_service_costs_three_requests_more(shop: Shop) -> None:
    shop.releases(2)
    run = shop.rollback()
    before = run.operations[: run.operations.index("UpdateService")]
    beyond = {"ListTasks", "GetTaskProtection", "DescribeScalableTargets"}
    planning = {"ListServiceDeployments", "DescribeServiceDeployments", "DescribeServiceRevisions"}
    assert [before.count(name) for name in sorted(beyond)] == [1, 1, 1]
    assert set(before) - beyond - planning == {"DescribeServices", "DescribeTaskDefinition"}
    assert run.only["findings"] == [run.finding("marked")]


# -- marks


@pytest.mark.parametrize("barrier", ["web:3", "web:2"])
def test_a_barrier_is_not_crossed(shop: Shop, barrier: str) -> None:
    shop.releases(3)
    shop.mark(barrier, "lastgood:barrier", "2026-11-20T14:03:05Z orders were moved")
    message = refused(shop.rollback(revision="1"), "barrier")
    assert message == (
        f"{barrier} is marked lastgood:barrier (2026-11-20T14:03:05Z orders were moved): nothing older can run any "
        "more, and web:1 is older. Go back to it at most, or cross it with force"
    )
    assert shop.info(revision="1").finding("barrier")["severity"] == "block"


def test_force_crosses_a_barrier(shop: Shop) -> None:
    shop.releases(2)
    shop.mark("web:2", "lastgood:barrier")
    assert "It is crossed, because force is set" in warned(shop.rollback(force=True), "barrier")
    assert shop.on() == "web:1"


def test_a_barrier_can_be_gone_back_to(shop: Shop) -> None:
    shop.releases(2)
    shop.mark("web:1", "lastgood:barrier")
    run = shop.rollback()
    assert (run.outcome, run.findings("barrier")) == ("rolled_back", [])


def test_a_native_stop_does_not_cross_a_barrier_either(shop: Shop) -> None:
    shop.releases(2)
    shop.versions(1)
    shop.mark("web:3", "lastgood:barrier")
    shop.deploy("web:3", settle=20)
    refused(shop.rollback(), "barrier")


# -- the service


def test_alarms_that_fire_already(shop: Shop) -> None:
    cloudwatch = shop.world.client("cloudwatch")
    for name in ("errors", "latency"):
        cloudwatch.put_metric_alarm(
            AlarmName=name,
            ComparisonOperator="GreaterThanThreshold",
            EvaluationPeriods=1,
            Threshold=1,
            MetricName="m",
            Namespace="n",
            Period=60,
            Statistic="Sum",
        )
    shop.versions(2)
    watched = {"alarmNames": ["errors", "latency", "gone"], "enable": True, "rollback": True}
    shop.create("web:1", deploymentConfiguration={"alarms": watched})
    shop.deploy("web:2")
    cloudwatch.set_alarm_state(AlarmName="errors", StateValue="ALARM", StateReason="test")
    run = shop.info()
    messages = [finding["message"] for finding in run.findings("alarms")]
    assert messages == [
        "in ALARM now: errors. With an alarm that fires before it begins, ECS watches none of them during this "
        "deployment",
        "the deployment alarms of web name what does not exist: gone. They will not stop this deployment",
    ]


def test_a_circuit_breaker_that_does_not_roll_back(shop: Shop) -> None:
    shop.versions(2)
    shop.create("web:1", deploymentConfiguration={"deploymentCircuitBreaker": {"enable": True, "rollback": False}})
    shop.deploy("web:2")
    assert "does not roll it back" in warned(shop.rollback(), "circuit_breaker", "info")


def test_a_circuit_breaker_that_has_something_to_go_back_to(shop: Shop) -> None:
    shop.releases(2, deploymentConfiguration=BREAKER)
    assert shop.rollback().findings("circuit_breaker") == []


@pytest.fixture
def stack(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> t.Callable[[str], None]:
    """web belongs to the stack ``shop``, which has the given status.

    CloudFormation itself is answered for here: moto's needs packages that weigh more than all the others.
    """

    def make(status: str) -> None:
        call = Aws.call

        def answer(self: Aws, service: str, method: str, /, **params: t.Any) -> t.Any:
            if service != "cloudformation":
                return call(self, service, method, **params)
            assert (method, params) == ("describe_stacks", {"StackName": STACK})
            return {"Stacks": [{"StackName": "shop", "StackId": STACK, "StackStatus": status}]}

        monkeypatch.setattr(Aws, "call", answer)
        shop.versions(2)
        shop.create("web:1")
        shop.deploy("web:2")
        # Nobody but AWS can write tags that begin with aws:.
        [state] = all_states()
        tags = {"aws:cloudformation:stack-name": "shop", "aws:cloudformation:stack-id": STACK}
        state.services[f"{CLUSTER}:web"].tags.extend({"key": key, "value": value} for key, value in tags.items())

    return make


def test_a_service_of_a_stack_at_rest(shop: Shop, stack: t.Callable[[str], None]) -> None:
    stack("UPDATE_COMPLETE")
    message = warned(shop.rollback(), "stack", "info")
    assert "the CloudFormation stack shop, which does not learn of this rollback" in message


def test_a_service_of_a_stack_that_is_at_work(shop: Shop, stack: t.Callable[[str], None]) -> None:
    stack("UPDATE_IN_PROGRESS")
    assert "which is UPDATE_IN_PROGRESS" in refused(shop.rollback(), "stack")


def test_tasks_that_are_protected(shop: Shop) -> None:
    shop.releases(2)
    tasks = shop.world.ecs.list_tasks(cluster=CLUSTER, serviceName="web")["taskArns"]
    shop.world.ecs.update_task_protection(cluster=CLUSTER, tasks=tasks[:1], protectionEnabled=True)
    message = warned(shop.rollback(), "protected_tasks")
    assert message.startswith("1 tasks of web are protected from scale-in until ")
    assert tasks[0].rpartition("/")[2] in message


def test_more_tasks_than_the_scalable_target_allows(shop: Shop) -> None:
    shop.releases(2)
    shop.world.make_scalable(CLUSTER, "web", 1, 3)
    assert "outside the bounds 1..3" in warned(shop.rollback(tasks=5), "bounds", "info")


def test_a_task_count_that_auto_scaling_would_move(shop: Shop) -> None:
    shop.releases(2)
    shop.world.make_scalable(CLUSTER, "web", 1, 3)
    assert shop.info().findings("bounds") == []
    shop.world.ecs.update_service(cluster=CLUSTER, service="web", desiredCount=5)
    shop.sim.advance(60)
    message = shop.info().finding("bounds")["message"]
    assert message.startswith("the task count is 5, outside the bounds 1..3 of the scalable target of web: ")
    assert message.endswith("moves it to 3 in the middle of this rollback")


def test_a_target_that_does_not_fit_the_network(shop: Shop) -> None:
    shop.world.ecs.register_task_definition(
        family="web",
        networkMode="bridge",
        containerDefinitions=[{"name": "app", "image": "registry/web:1", "essential": True, "memory": 128}],
    )
    shop.versions(2)
    shop.create("web:2")
    shop.deploy("web:3")
    run = shop.rollback(revision="1")
    assert (run.outcome, run.writes) == ("refused", [])
    assert "web:1 has the network mode bridge" in run.message


# -- listeners


def forward(blue: str, green: str, *weights: int) -> list[dict[str, t.Any]]:
    """The action of a listener rule that shares out the traffic."""
    groups = [{"TargetGroupArn": arn, "Weight": weight} for arn, weight in zip((blue, green), weights, strict=True)]
    return [{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}]


def balanced(shop: Shop) -> tuple[t.Any, str, t.Callable[[int, int], t.Any]]:
    """A blue/green service behind a listener rule; returns ELB's client, the rule, and what sets its weights."""
    ec2, elb = shop.world.client("ec2"), shop.world.client("elbv2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"eu-central-1{zone}")["Subnet"]
        for n, zone in enumerate("ab")
    ]
    lb = elb.create_load_balancer(Name="lb", Subnets=[s["SubnetId"] for s in subnets])["LoadBalancers"][0]
    more = {"Protocol": "HTTP", "Port": 80, "VpcId": vpc, "TargetType": "ip"}
    blue, green = (
        elb.create_target_group(Name=name, **more)["TargetGroups"][0]["TargetGroupArn"] for name in ("blue", "green")
    )
    listener = elb.create_listener(
        LoadBalancerArn=lb["LoadBalancerArn"],
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}],
    )["Listeners"][0]["ListenerArn"]
    rule = elb.create_rule(
        ListenerArn=listener,
        Priority=1,
        Conditions=[{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/*"]}}],
        Actions=forward(blue, green, 100, 0),
    )["Rules"][0]["RuleArn"]
    advanced = {
        "alternateTargetGroupArn": green,
        "productionListenerRule": rule,
        "roleArn": f"arn:aws:iam::{ACCOUNT}:role/lb",
    }
    balancer = {
        "targetGroupArn": blue,
        "containerName": "app",
        "containerPort": 80,
        "advancedConfiguration": advanced,
    }
    shop.versions(2, portMappings=[{"containerPort": 80}])
    shop.create("web:1", deploymentConfiguration=BLUE_GREEN, loadBalancers=[balancer])
    shop.deploy("web:2", settle=3600)
    return elb, rule, lambda *weights: elb.modify_rule(RuleArn=rule, Actions=forward(blue, green, *weights))


def test_listener_weights_that_make_sense(shop: Shop) -> None:
    _elb, rule, _set_weights = balanced(shop)
    run = shop.info()
    assert (run.only["method"], run.findings("listener_weights")) == ("update_service", [])
    assert run.sent("DescribeRules") == [{"RuleArns": [rule]}]


def test_listener_weights_that_are_split_though_nothing_is_deployed(shop: Shop) -> None:
    _elb, _rule, set_weights = balanced(shop)
    set_weights(50, 50)
    assert "splits the traffic (blue 50, green 50)" in refused(shop.rollback(), "listener_weights")


def test_a_production_rule_that_is_gone(shop: Shop) -> None:
    elb, rule, _set_weights = balanced(shop)
    elb.delete_rule(RuleArn=rule)
    assert f"listener rule {rule} of web does not exist" in refused(shop.rollback(), "listener_weights")


# -- what the target names


def test_a_secret_is_scheduled_for_deletion(shop: Shop) -> None:
    manager = shop.world.client("secretsmanager")
    made = manager.create_secret(Name="db", SecretString="hunter2")["ARN"]
    releases(shop, **secrets(f"{made}:password::"))
    assert shop.info().findings("target_secret") == []
    manager.delete_secret(SecretId="db", RecoveryWindowInDays=7)
    assert "is scheduled for deletion" in refused(shop.rollback(), "target_secret")


def test_a_stage_of_a_secret_is_gone(shop: Shop) -> None:
    made = shop.world.client("secretsmanager").create_secret(Name="db", SecretString="hunter2")["ARN"]
    releases(shop, **secrets(f"{made}:password:AWSPREVIOUS:"))
    assert "has no such version any more" in refused(shop.rollback(), "target_secret")


def test_parameters_that_are_gone(shop: Shop) -> None:
    ssm = shop.world.client("ssm")
    ssm.put_parameter(Name="/shop/here", Value="hunter2", Type="String")
    releases(shop, **secrets(f"{SSM}/shop/here", "/shop/here", f"{SSM}/shop/gone"))
    run = shop.rollback()
    assert f"SSM parameter {SSM}/shop/gone (container app, S2)" in refused(run, "target_parameter")
    assert [params["WithDecryption"] for params in run.sent("GetParameters")] == [False]
    assert "hunter2" not in run.everything


def test_a_log_group_that_is_gone(shop: Shop) -> None:
    shop.world.client("logs").create_log_group(logGroupName="/shop/web-2")
    releases(shop, **awslogs("/shop/web"))
    refused(shop.rollback(), "target_log_group")
    shop.world.client("logs").create_log_group(logGroupName="/shop/web")
    assert shop.rollback().outcome == "rolled_back"


def test_a_log_group_that_is_made_when_needed(shop: Shop) -> None:
    releases(shop, **awslogs("/shop/web", **{"awslogs-create-group": "true"}))
    run = shop.rollback()
    assert (run.outcome, run.sent("DescribeLogGroups")) == ("rolled_back", [])


def register(shop: Shop, **more: t.Any) -> None:
    """web:1 with these settings, web:2 without, web:2 in service."""
    definition = {"name": "app", "image": "registry/web:1", "essential": True, "memory": 128}
    shop.world.ecs.register_task_definition(
        family="web",
        containerDefinitions=[definition],
        requiresCompatibilities=["FARGATE"],
        networkMode="awsvpc",
        cpu="256",
        memory="512",
        **more,
    )
    shop.versions(1)
    shop.create("web:1")
    shop.deploy("web:2")


def test_a_role_that_is_gone(shop: Shop) -> None:
    iam = shop.world.client("iam")
    iam.create_role(RoleName="web", Path="/shop/", AssumeRolePolicyDocument="{}")
    role = f"arn:aws:iam::{ACCOUNT}:role"
    register(shop, taskRoleArn=f"{role}/shop/web", executionRoleArn=f"{role}/pull")
    assert "IAM role pull (the task execution role)" in refused(shop.rollback(), "target_role")


def test_a_file_system_that_is_gone(shop: Shop) -> None:
    efs = {"name": "data", "efsVolumeConfiguration": {"fileSystemId": "fs-0123456789abcdef0"}}
    register(shop, volumes=[efs])
    assert "EFS file system fs-0123456789abcdef0 (volume data)" in refused(shop.rollback(), "target_file_system")


# -- what cannot be known


@pytest.mark.parametrize(
    ("operation", "permission", "check", "container"),
    [
        ("GetTaskProtection", "ecs:GetTaskProtection", "protected_tasks", {}),
        ("DescribeLogGroups", "logs:DescribeLogGroups", "target_log_group", awslogs("/shop/web")),
        ("GetParameters", "ssm:GetParameters", "target_parameter", secrets("/shop/here")),
        (
            "DescribeSecret",
            "secretsmanager:DescribeSecret",
            "target_secret",
            secrets(f"arn:aws:secretsmanager:eu-central-1:{ACCOUNT}:secret:db-AbCdEf"),
        ),
    ],
)
def test_a_missing_permission_is_named_and_holds_nothing_up(
    shop: Shop, operation: str, permission: str, check: str, container: dict[str, t.Any]
) -> None:
    releases(shop, **container)
    shop.deny(operation)
    assert f"needs the permission {permission}" in warned(shop.rollback(), check, "unknown")


def test_an_api_that_does_not_answer_in_time_holds_nothing_up(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.releases(2)
    monkeypatch.setattr(checks, "PATIENCE_SECONDS", 0.05)
    monkeypatch.setattr(readiness_reads, "_protected", _hang)
    assert "No answer came within 0.05 s" in warned(shop.rollback(), "protected_tasks", "unknown")


def _hang(*_args: t.Any) -> list[t.Any]:
    threading.Event().wait(0.5)
    return []


def test_more_than_ten_services_are_told_what_is_not_looked_at(shop: Shop) -> None:
    shop.versions(2)
    services = [f"s{n:02}" for n in range(11)]
    for name in services:
        shop.create("web:1", name=name, settle=0)
    shop.sim.advance(600)
    for name in services:
        shop.deploy("web:2", name=name, settle=0)
    shop.sim.advance(600)
    run = shop.rollback(*services)
    assert set(run.outcomes.values()) == {"rolled_back"}
    assert run.sent("GetTaskProtection") == []
    assert all("checks_skipped" in [f["check"] for f in s["findings"]] for s in run.result["services"])
