# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every answer of ours against the output model of botocore."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import botocore.session
import pytest
from botocore.model import Shape

from lastgood_simulator import Simulator
from lastgood_simulator.ecs.strategies import stages
from lastgood_simulator.errors import Reply
from lastgood_simulator.operations import OPERATIONS
from lastgood_simulator.requests import Request
from selftests.cluster import BREAKER, HEALTH_CHECK, Cluster, client
from selftests.samples import MOTOS
from selftests.test_scaling import TARGET

# Documented for ServiceDeployment.lifecycleStage, and missing in botocore's enumeration:
# https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceDeployment.html
UNLISTED = ("PRE_PRODUCTION_TRAFFIC_SHIFT",)
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:check"
ROLE = "arn:aws:iam::123456789012:role/hooks"
ONCE: dict[str, Any] = {"lifecycleHooks": []}


def problems(value: Any, shape: Shape | None, path: str) -> Iterator[str]:
    """Where ``value`` (as parsed from JSON) is not what ``shape`` allows."""
    assert shape is not None
    if shape.type_name == "structure":
        if not isinstance(value, dict):
            yield f"{path}: {value!r} is no structure"
            return
        members: dict[str, Shape] = shape.members  # type: ignore[attr-defined]
        for name, item in value.items():
            if name not in members:
                yield f"{path}: no member {name}"
            else:
                yield from problems(item, members[name], f"{path}.{name}")
    elif shape.type_name == "list":
        for index, item in enumerate(value):
            yield from problems(item, shape.member, f"{path}[{index}]")  # type: ignore[attr-defined]
    elif shape.type_name == "map":
        for key, item in value.items():
            yield from problems(item, shape.value, f"{path}.{key}")  # type: ignore[attr-defined]
    else:
        python: tuple[type, ...] = {
            "string": (str,),
            "boolean": (bool,),
            "integer": (int,),
            "long": (int,),
            "double": (int, float),
            "float": (int, float),
            "timestamp": (int, float),
        }[shape.type_name]
        if not isinstance(value, python) or (isinstance(value, bool) and shape.type_name != "boolean"):
            yield f"{path}: {value!r} is no {shape.type_name}"
        elif shape.type_name == "string" and shape.enum and value not in {*shape.enum, *UNLISTED}:  # type: ignore[attr-defined]
            yield f"{path}: {value!r} is none of {shape.enum}"  # type: ignore[attr-defined]


@pytest.fixture
def answers(sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> dict[tuple[str, str], list[Any]]:
    """Everything that the simulator answers from now on, by service and operation."""
    seen: dict[tuple[str, str], list[Any]] = {}
    original = sim.answer

    def answer(request: Request, forward: Any) -> Reply:
        reply = original(request, forward)
        if reply.status == 200 and request.protocol == "json":
            seen.setdefault((request.service, request.operation), []).append(json.loads(reply.body or b"{}"))
        return reply

    monkeypatch.setattr(sim, "answer", answer)
    return seen


def _use_everything(sim: Simulator, cluster: Cluster) -> None:
    """Call every operation that we answer, with as many members as there can be."""
    ecs = cluster.ecs
    network = {"awsvpcConfiguration": {"subnets": ["subnet-1"], "securityGroups": ["sg-1"]}}
    group = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/0123456789abcdef"
    alarms = {"alarmNames": ["a"], "enable": True, "rollback": True}
    cluster.running(
        networkConfiguration=network,
        loadBalancers=[{"targetGroupArn": group, "containerName": "app", "containerPort": 80}],
        deploymentConfiguration=BREAKER | {"alarms": alarms, "bakeTimeInMinutes": 0},
        serviceConnectConfiguration={"enabled": False},
        tags=[{"key": "k", "value": "v"}],
        propagateTags="SERVICE",
    )
    running = cluster.tasks()[0]
    protected = {"cluster": running["clusterArn"], "tasks": [running["taskArn"], "missing"]}
    ecs.update_task_protection(**protected, protectionEnabled=True)
    ecs.get_task_protection(**protected)
    ecs.update_task_protection(**protected, protectionEnabled=False)
    sim.image("web:2", "unhealthy")
    cluster.deploy(healthCheck=HEALTH_CHECK, memory=128, essential=True)
    for _step in range(30):
        sim.advance(5)
        cluster.service(include=["TAGS"])
        cluster.history()
        cluster.tasks()
        cluster.tasks("STOPPED")
    sim.image("web:3", "crash", reason="gone")
    cluster.deploy("web:3")
    sim.advance(50)
    cluster.tasks("STOPPED")
    record = cluster.history()[0]
    cluster.revision(record["targetServiceRevision"]["arn"])
    ecs.stop_service_deployment(serviceDeploymentArn=record["serviceDeploymentArn"])
    cluster.history()
    service = cluster.service()["serviceArn"]
    ecs.tag_resource(resourceArn=service, tags=[{"key": "x", "value": "y"}])
    ecs.list_tags_for_resource(resourceArn=service)
    ecs.untag_resource(resourceArn=service, tagKeys=["x"])
    ecs.list_services(cluster="prod")
    (task,) = ecs.run_task(cluster="prod", taskDefinition="web:1", launchType="FARGATE", networkConfiguration=network)[
        "tasks"
    ]
    ecs.stop_task(cluster="prod", task=task["taskArn"])
    ecs.describe_task_definition(taskDefinition="web", include=["TAGS"])
    ecs.list_task_definitions()
    ecs.list_task_definition_families()
    ecs.deregister_task_definition(taskDefinition="web:2")
    ecs.delete_task_definitions(taskDefinitions=["web:2", "web:1"])

    _use_strategies(sim, cluster)
    ecs.create_service(cluster="prod", serviceName="ext", desiredCount=2, deploymentController={"type": "EXTERNAL"})
    named = {"cluster": "prod", "service": "ext"}
    task_set = ecs.create_task_set(**named, taskDefinition="web:1", launchType="FARGATE", externalId="e")["taskSet"]
    ecs.update_service_primary_task_set(**named, primaryTaskSet=task_set["id"])
    ecs.update_task_set(**named, taskSet=task_set["id"], scale={"value": 50, "unit": "PERCENT"})
    sim.advance(60)
    ecs.describe_task_sets(**named, include=["TAGS"])
    ecs.describe_services(cluster="prod", services=["ext"])
    ecs.delete_task_set(**named, taskSet=task_set["id"], force=True)
    ecs.delete_service(cluster="prod", service="ext", force=True)

    scaling = client("application-autoscaling")
    arn = scaling.register_scalable_target(**TARGET, MinCapacity=1, MaxCapacity=2)["ScalableTargetARN"]
    scaling.describe_scalable_targets(ServiceNamespace="ecs")
    scaling.describe_scaling_activities(ServiceNamespace="ecs")
    scaling.tag_resource(ResourceARN=arn, Tags={"a": "b"})
    scaling.list_tags_for_resource(ResourceARN=arn)
    scaling.untag_resource(ResourceARN=arn, TagKeys=["a"])


def _use_strategies(sim: Simulator, cluster: Cluster) -> None:
    """A deployment with hooks of both kinds that goes on and then goes back, seen in all its stages."""
    hooks = [
        {"hookTargetArn": FUNCTION, "roleArn": ROLE, "lifecycleStages": list(stages.HOOK_STAGES)},
        {"targetType": "PAUSE", "lifecycleStages": ["PRE_SCALE_UP"]},
    ]
    shifted = {"strategy": "LINEAR", "linearConfiguration": {"stepPercent": 50.0}, "lifecycleHooks": hooks}
    cluster.create("shifted", cluster.register("s:1", "s"), 1, deploymentConfiguration=shifted | ONCE)
    sim.advance(300)
    cluster.update("shifted", taskDefinition=cluster.register("s:2", "s"), deploymentConfiguration=shifted)
    for _step in range(30):
        sim.advance(4)
        record = cluster.history("shifted")[0]
        for hook in record.get("lifecycleHookDetails", []):
            if hook["status"] == "AWAITING_ACTION":
                cluster.ecs.continue_service_deployment(
                    serviceDeploymentArn=record["serviceDeploymentArn"], hookId=hook["hookId"]
                )
        cluster.service("shifted")
    cluster.ecs.stop_service_deployment(serviceDeploymentArn=record["serviceDeploymentArn"])
    for _step in range(10):
        sim.advance(4)
        cluster.history("shifted")


def test_answers_are_what_botocore_expects(
    sim: Simulator, answers: dict[tuple[str, str], list[Any]], cluster: Cluster
) -> None:
    _use_everything(sim, cluster)
    ours = {key for key in OPERATIONS if key[0] in ("ecs", "application-autoscaling")}
    ours -= {("ecs", name) for name in MOTOS}
    assert ours <= set(answers)
    session = botocore.session.get_session()
    found = [
        problem
        for service, operation in ours
        for answer in answers[service, operation]
        for problem in problems(
            answer, session.get_service_model(service).operation_model(operation).output_shape, operation
        )
    ]
    assert sorted(set(found)) == []


def test_the_walk_finds_problems() -> None:
    shape = botocore.session.get_session().get_service_model("ecs").operation_model("ListServiceDeployments")
    answer = {"serviceDeployments": [{"status": "NOPE", "createdAt": "now", "other": 1}], "nextToken": True}
    assert len(list(problems(answer, shape.output_shape, ""))) == 4
