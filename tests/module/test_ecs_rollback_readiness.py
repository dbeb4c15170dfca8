# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is looked at around a service before the first write: one test for each check, against the simulator."""

from __future__ import annotations

import threading
import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._aws import together
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.checks import surroundings
from tests.module.code_deploy import BlueGreen
from tests.module.services import ACCOUNT, BREAKER, CLUSTER, Run, Shop
from tests.module.strategies import BLUE_GREEN
from tests.module.surroundings import (
    ROLE,
    SSM,
    Balancer,
    Wire,
    awslogs,
    belongs_to_a_stack,
    environment_file,
    secrets,
    volume,
)
from tests.world import NETWORK, REGION


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Wire:
    """What happens to the modules' requests on their way."""
    return Wire(monkeypatch)


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


def test_a_plain_service_costs_two_requests_more(shop: Shop) -> None:
    shop.releases(2)
    run = shop.rollback()
    before = run.operations[: run.operations.index("UpdateService")]
    assert (before.count("ListTasks"), before.count("GetTaskProtection")) == (1, 1)
    assert {name for name in before if not name.startswith("Describe")} == {
        "ListTasks",
        "GetTaskProtection",
        "ListServiceDeployments",
        "TagResource",
    }
    assert run.only["findings"] == [run.finding("marked")]


# -- marks


@pytest.mark.parametrize("barrier", ["web:3", "web:2"])
def test_a_barrier_is_not_crossed(shop: Shop, barrier: str) -> None:
    shop.releases(3)
    shop.mark(barrier, "lastgood:barrier", "2026-11-20T14:03:05Z orders were moved")
    message = refused(shop.rollback(revision="1"), "barrier")
    assert message == (
        f"{barrier} is marked lastgood:barrier (2026-11-20T14:03:05Z orders were moved): nothing older can run any "
        "more, and web:1 is older. Go back to it at most, or force: [barrier]"
    )
    assert shop.info(revision="1").finding("barrier")["severity"] == "block"


def test_only_its_own_word_crosses_a_barrier(shop: Shop) -> None:
    shop.releases(2)
    shop.mark("web:2", "lastgood:barrier")
    assert refused(shop.rollback(force=["again"]), "barrier")
    assert "It is crossed, because force says so" in warned(shop.rollback(force=["barrier"]), "barrier")
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
    for name in ("errors", "latency"):
        shop.world.alarm(name)
    shop.versions(2)
    watched = {"alarmNames": ["errors", "latency", "gone"], "enable": True, "rollback": True}
    shop.create("web:1", deploymentConfiguration={"alarms": watched})
    shop.deploy("web:2")
    shop.world.alarm("errors", "ALARM")
    run = shop.info()
    messages = [finding["message"] for finding in run.findings("alarms")]
    assert messages == [
        "errors is in ALARM now. With an alarm that fires before it begins, ECS watches none of the service's alarms "
        "during this deployment",
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


def test_a_service_of_a_stack_at_rest(shop: Shop, wire: Wire) -> None:
    shop.releases(2)
    belongs_to_a_stack()
    wire.stack_is("UPDATE_COMPLETE")
    message = warned(shop.rollback(), "stack", "info")
    assert "the CloudFormation stack shop, which does not learn of this rollback" in message


def test_a_service_of_a_stack_that_is_at_work(shop: Shop, wire: Wire) -> None:
    shop.releases(2)
    belongs_to_a_stack()
    wire.stack_is("UPDATE_IN_PROGRESS")
    assert "which is UPDATE_IN_PROGRESS" in refused(shop.rollback(), "stack")
    assert "goes back all the same" in warned(shop.rollback(force=["stack"]), "stack")


def test_tasks_that_are_protected(shop: Shop) -> None:
    shop.releases(2)
    task = protect(shop)
    message = warned(shop.rollback(), "protected_tasks")
    assert message.startswith("1 tasks of web are protected from scale-in until ")
    assert task.rpartition("/")[2] in message


def test_more_tasks_than_the_scalable_target_allows(shop: Shop) -> None:
    shop.releases(2)
    shop.world.make_scalable(CLUSTER, "web", 1, 3)
    assert "outside the bounds 1..3" in warned(shop.rollback(tasks=5), "bounds", "info")


def test_without_tasks_auto_scaling_is_not_looked_at(shop: Shop) -> None:
    shop.releases(2)
    shop.world.make_scalable(CLUSTER, "web", 3, 5)
    assert "DescribeScalableTargets" not in shop.rollback().operations


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


def balanced(shop: Shop) -> Balancer:
    """A blue/green service behind a listener rule."""
    balancer = Balancer(shop)
    shop.versions(2, portMappings=[{"containerPort": 80}])
    shop.create("web:1", deploymentConfiguration=BLUE_GREEN, loadBalancers=[balancer.of_service()])
    shop.deploy("web:2", settle=3600)
    return balancer


def test_listener_weights_that_make_sense(shop: Shop) -> None:
    balancer = balanced(shop)
    run = shop.info()
    assert (run.only["method"], run.findings("listener_weights")) == ("update_service", [])
    assert run.sent("DescribeRules") == [{"RuleArns": [balancer.rule]}]


def test_listener_weights_that_are_split_though_nothing_is_deployed(shop: Shop) -> None:
    balanced(shop).set_weights(50, 50)
    assert "splits the traffic (blue 50, green 50)" in refused(shop.rollback(), "listener_weights")


def test_a_production_rule_that_is_gone(shop: Shop) -> None:
    balancer = balanced(shop)
    balancer.elb.delete_rule(RuleArn=balancer.rule)
    assert f"listener rule {balancer.rule} of web does not exist" in refused(shop.rollback(), "listener_weights")


# -- ports

NAMED = {"portMappings": [{"containerPort": 80, "name": "http"}]}
UNNAMED = {"portMappings": [{"containerPort": 80}]}
LATTICE = f"arn:aws:vpc-lattice:{REGION}:{ACCOUNT}:targetgroup/tg-0123456789abcdef0"
REGISTRY = f"arn:aws:servicediscovery:{REGION}:{ACCOUNT}:service/srv-0123456789abcdef"


@pytest.mark.parametrize(
    ("check", "settings", "words"),
    [
        (
            "service_connect",
            {"serviceConnectConfiguration": {"enabled": True, "namespace": "shop", "services": [{"portName": "http"}]}},
            "Service Connect publishes the port http",
        ),
        (
            "vpc_lattice",
            {
                "vpcLatticeConfigurations": [
                    {"roleArn": f"{ROLE}/lattice", "targetGroupArn": LATTICE, "portName": "http"}
                ]
            },
            "VPC Lattice sends traffic to the port http",
        ),
        (
            "service_registry",
            {"serviceRegistries": [{"registryArn": REGISTRY, "containerName": "app", "containerPort": 80}]},
            "names port 80 of container app",
        ),
    ],
)
def test_a_port_that_the_target_lacks(shop: Shop, check: str, settings: dict[str, t.Any], words: str) -> None:
    shop.versions(1, **({} if check == "service_registry" else UNNAMED))
    shop.versions(2, **NAMED)
    shop.create("web:2", **settings)
    shop.deploy("web:3")
    assert words in refused(shop.rollback(revision="1"), check)
    run = shop.rollback()
    assert (run.outcome, run.target, run.findings(check)) == ("rolled_back", "web:2", [])


# -- other controllers


@pytest.mark.parametrize("protected", [True, False])
def test_protected_tasks_of_a_service_that_codedeploy_deploys(shop: Shop, protected: bool) -> None:
    BlueGreen(shop).bad_release()
    protect(shop, protected)
    found = shop.info().findings("protected_tasks")
    assert [finding["severity"] for finding in found] == ["warn"] * protected
    assert all("the original task set stays until it ends" in finding["message"] for finding in found)


def test_all_of_it_where_a_task_set_is_created(shop: Shop) -> None:
    shop.versions(1, **secrets(f"{SSM}/shop/gone"))
    shop.versions(1)
    task_set = standing(shop, "web:2")
    protect(shop)
    run = shop.rollback(revision="1")
    assert "SSM parameter" in refused(run, "target_parameter")
    assert "Their task set stays as it is" in run.finding("protected_tasks")["message"]
    assert run.only["method"] == "none"
    assert task_set in {task["id"] for task in shop.service()["taskSets"]}


def test_a_task_set_that_stands_needs_no_checks(shop: Shop) -> None:
    shop.versions(1, **secrets(f"{SSM}/shop/gone"))
    shop.versions(1)
    for version in ("web:1", "web:2"):
        standing(shop, version)
    run = shop.rollback()
    assert (run.outcome, run.sent("GetParameters")) == ("rolled_back", [])


def protect(shop: Shop, enabled: bool = True) -> str:
    """Protect a task of ``web``, or end it; returns the ARN of the task."""
    first = shop.world.ecs.list_tasks(cluster=CLUSTER, serviceName="web")["taskArns"][0]
    shop.world.ecs.update_task_protection(cluster=CLUSTER, tasks=[first], protectionEnabled=enabled)
    return str(first)


def standing(shop: Shop, version: str) -> str:
    """A service with the controller EXTERNAL, and a PRIMARY task set of this version; returns its id."""
    ecs = shop.world.ecs
    if not ecs.list_services(cluster=CLUSTER)["serviceArns"]:
        ecs.create_service(
            cluster=CLUSTER, serviceName="web", desiredCount=2, deploymentController={"type": "EXTERNAL"}
        )
    made = ecs.create_task_set(
        cluster=CLUSTER,
        service="web",
        taskDefinition=version,
        launchType="FARGATE",
        networkConfiguration=NETWORK,
        scale={"value": 100, "unit": "PERCENT"},
    )["taskSet"]["id"]
    shop.sim.advance(120)
    ecs.update_service_primary_task_set(cluster=CLUSTER, service="web", primaryTaskSet=made)
    return str(made)


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


# -- overridden


def test_checks_warn_goes_ahead_and_says_what_it_overrode(shop: Shop) -> None:
    releases(shop, **secrets(f"{SSM}/shop/gone"))
    assert refused(shop.rollback(), "target_parameter")
    message = warned(shop.rollback(checks="warn"), "target_parameter")
    assert message.startswith("overridden with checks: warn: web:1 needs SSM parameter")


def test_the_refusal_names_the_option_if_it_would_help(shop: Shop) -> None:
    releases(shop, **secrets(f"{SSM}/shop/gone"))
    assert "name another revision. If this is wrong, give checks: warn" in shop.rollback().message
    shop.mark("web:2", "lastgood:barrier")
    assert "checks: warn" not in shop.rollback().message


def test_weights_shifted_by_hand_are_overridden_and_a_barrier_is_not(shop: Shop) -> None:
    balanced(shop).set_weights(50, 50)
    shop.mark("web:2", "lastgood:barrier")
    run = shop.rollback(checks="warn")
    assert refused(run, "barrier")
    assert run.finding("listener_weights")["severity"] == "warn"
    run = shop.rollback(checks="warn", force=["barrier"])
    # ECS judges them itself, and says the same.
    assert ("UpdateService" in run.writes, "should have exactly one target group" in run.message) == (True, True)


@pytest.mark.parametrize(("checks", "outcome"), [("enforce", "refused"), ("warn", "rolled_back")])
def test_checks_that_are_made_again_for_an_old_plan_are_overridden_too(shop: Shop, checks: str, outcome: str) -> None:
    shop.world.client("ssm").put_parameter(Name="/shop/here", Value="x", Type="String")
    releases(shop, **secrets(f"{SSM}/shop/here"))
    plan = shop.rollback(check_mode=True).only["plan"]
    shop.world.client("ssm").delete_parameter(Name="/shop/here")
    shop.sim.advance(120)
    assert shop.rollback(plan=[plan], checks=checks).outcome == outcome


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
    register(shop, taskRoleArn=f"{ROLE}/shop/web", executionRoleArn=f"{ROLE}/pull")
    assert "IAM role pull (the task execution role)" in refused(shop.rollback(), "target_role")


def test_an_environment_file_that_is_gone(shop: Shop) -> None:
    s3 = shop.world.client("s3")
    s3.create_bucket(Bucket="shop", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket="shop", Key="prod.env", Body=b"PASSWORD=hunter2")
    releases(shop, **environment_file("prod.env"))
    run = shop.info()
    assert (run.findings("target_file"), "hunter2" in run.everything) == ([], False)
    s3.delete_object(Bucket="shop", Key="prod.env")
    words = "S3 object arn:aws:s3:::shop/prod.env (container app, environmentFiles), which does not exist any more"
    assert words in refused(shop.rollback(), "target_file")
    s3.delete_bucket(Bucket="shop")
    assert words in refused(shop.rollback(), "target_file")


def test_an_access_point_that_is_gone(shop: Shop) -> None:
    data = volume(shop)
    access = data["efsVolumeConfiguration"]["authorizationConfig"]["accessPointId"]
    register(shop, volumes=[data])
    assert [f for f in shop.info().only["findings"] if f["check"].startswith("target_")] == []
    shop.world.client("efs").delete_access_point(AccessPointId=access)
    assert f"EFS access point {access} (volume data)" in refused(shop.rollback(), "target_access_point")


def test_a_file_system_that_is_gone(shop: Shop) -> None:
    efs = {"name": "data", "efsVolumeConfiguration": {"fileSystemId": "fs-0123456789abcdef0"}}
    register(shop, volumes=[efs])
    assert "EFS file system fs-0123456789abcdef0 (volume data)" in refused(shop.rollback(), "target_file_system")


# -- what is not waited for, and what is left out


def test_an_api_that_does_not_answer_in_time_holds_nothing_up(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.releases(2)
    monkeypatch.setattr(together, "PATIENCE_SECONDS", 0.05)
    monkeypatch.setattr(surroundings, "read_protected", _hang)
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
