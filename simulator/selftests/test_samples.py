# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simulator's answers against the sample outputs in the documentation of the AWS CLI.

The samples are many years old in part, so the answers may have more; test_shapes.py sees to it that nothing is in them
that AWS does not have.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import botocore.session
import pytest

from lastgood_simulator import Simulator
from selftests.cluster import BREAKER, HEALTH_CHECK, Cluster
from selftests.samples import data, merge, outputs, shape

SAMPLES: dict[str, Any] = json.loads(data("ecs").read_text(encoding="utf-8"))
# What the samples show and the simulator does not have, with all that is below it.
EXCEPTIONS = {
    "a slip of the pen": ["UpdateService.service.deployments[].taskkDefinition"],
    "container instances, which run nothing here": [
        "DescribeTasks.tasks[].containerInstanceArn",
        "DescribeTasks.tasks[].containers[].networkBindings[]",
        "RunTask.tasks[].containerInstanceArn",
        "StopTask.task.containerInstanceArn",
    ],
    "network interfaces and attributes of tasks": [
        "DescribeTasks.tasks[].attachments[]",
        "DescribeTasks.tasks[].attributes[]",
        "DescribeTasks.tasks[].containers[].networkInterfaces[]",
        "RunTask.tasks[].attachments[]",
        "RunTask.tasks[].attributes[]",
    ],
}
ENI = {"subnets": ["subnet-1"], "securityGroups": ["sg-1"], "assignPublicIp": "ENABLED"}
NETWORK = {"awsvpcConfiguration": ENI}
FARGATE = [{"capacityProvider": "FARGATE", "weight": 1, "base": 0}]
VOLUME = {
    "name": "data",
    "managedEBSVolume": {
        "encrypted": True,
        "volumeType": "gp3",
        "sizeInGiB": 10,
        "iops": 3000,
        "throughput": 125,
        "roleArn": "arn:aws:iam::123456789012:role/ebs",
        "filesystemType": "ext4",
        "tagSpecifications": [{"resourceType": "volume", "propagateTags": "SERVICE"}],
    },
}
CONTAINER = {
    "cpu": 10,
    "memory": 256,
    "essential": True,
    "command": ["sleep", "1"],
    "entryPoint": ["sh"],
    "environment": [{"name": "A", "value": "b"}],
    "links": ["other"],
    "portMappings": [{"containerPort": 80, "hostPort": 80, "protocol": "tcp"}],
    "mountPoints": [{"sourceVolume": "data", "containerPath": "/data"}],
    "logConfiguration": {
        "logDriver": "awslogs",
        "options": {f"awslogs-{name}": "x" for name in ("create-group", "group", "region", "stream-prefix")},
    },
    "healthCheck": HEALTH_CHECK,
}


def paths(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Each member of a shape and its type."""
    if isinstance(value, dict):
        yield path, "structure"
        for name, item in value.items():
            yield from paths(item, f"{path}.{name}")
    elif isinstance(value, list):
        yield path, "list"
        for item in value:
            yield from paths(item, f"{path}[]")
    else:
        yield path, value


def _use(sim: Simulator, cluster: Cluster) -> None:
    """Call what there are samples of, with the members that they show."""
    ecs = cluster.ecs
    tags = [{"key": "k", "value": "v"}]
    ecs.register_task_definition(
        family="web",
        containerDefinitions=[{"name": "app", "image": "web:1", **CONTAINER}],
        requiresCompatibilities=["FARGATE"],
        networkMode="awsvpc",
        cpu="256",
        memory="512",
        taskRoleArn="arn:aws:iam::123456789012:role/task",
        executionRoleArn="arn:aws:iam::123456789012:role/execution",
        volumes=[{"name": "data", "configuredAtLaunch": True}],
        placementConstraints=[{"type": "memberOf", "expression": "attribute:x == y"}],
        tags=tags,
    )
    common: dict[str, Any] = {"networkConfiguration": NETWORK, "volumeConfigurations": [VOLUME], "tags": tags}
    cluster.create(
        "web",
        launchType=None,
        capacityProviderStrategy=FARGATE,
        loadBalancers=[{"targetGroupArn": "group", "containerName": "app", "containerPort": 80}],
        healthCheckGracePeriodSeconds=30,
        deploymentConfiguration=BREAKER | {"alarms": {"alarmNames": [], "enable": False, "rollback": False}},
        placementStrategy=[{"type": "spread", "field": "instanceId"}],
        placementConstraints=[{"type": "distinctInstance"}],
        **common,
    )
    cluster.create("old", loadBalancers=[{"loadBalancerName": "lb", "containerName": "app", "containerPort": 80}])
    cluster.create("other", launchType="EC2", count=0, platformVersion=None)
    sim.advance(300)
    cluster.update("web", forceNewDeployment=True, desiredCount=2)
    cluster.update("old", forceNewDeployment=True)
    sim.advance(300)
    cluster.service("web", include=["TAGS"])
    record = cluster.history("web")[0]
    cluster.revision(record["targetServiceRevision"]["arn"])
    overrides = {"containerOverrides": [{"name": "app", "command": ["x"]}]}
    for options in ({"launchType": "FARGATE"}, {"capacityProviderStrategy": FARGATE}):
        (task,) = ecs.run_task(
            cluster="prod",
            taskDefinition="web",
            networkConfiguration=NETWORK,
            overrides=overrides,
            startedBy="me",
            **options,
        )["tasks"]
        sim.advance(60)
        ecs.describe_tasks(cluster="prod", tasks=[task["taskArn"]], include=["TAGS"])
        ecs.stop_task(cluster="prod", task=task["taskArn"], reason="enough")
        sim.advance(10)
        ecs.stop_task(cluster="prod", task=task["taskArn"], reason="enough")
    ecs.list_services(cluster="prod")
    ecs.list_tasks(cluster="prod")
    ecs.list_tags_for_resource(resourceArn=cluster.service()["serviceArn"])
    ecs.list_task_definitions()
    ecs.list_task_definition_families()
    ecs.describe_clusters(clusters=["prod"])
    ecs.describe_task_definition(taskDefinition="web", include=["TAGS"])

    ecs.create_service(cluster="prod", serviceName="ext", desiredCount=2, deploymentController={"type": "EXTERNAL"})
    named = {"cluster": "prod", "service": "ext"}
    task_set = ecs.create_task_set(
        **named, taskDefinition="web:1", launchType="FARGATE", networkConfiguration=NETWORK, externalId="e", tags=tags
    )["taskSet"]
    ecs.update_service_primary_task_set(**named, primaryTaskSet=task_set["id"])
    ecs.update_task_set(**named, taskSet=task_set["id"], scale={"value": 50, "unit": "PERCENT"})
    ecs.describe_task_sets(**named, include=["TAGS"])
    ecs.delete_task_set(**named, taskSet=task_set["id"], force=True)
    ecs.deregister_task_definition(taskDefinition="web:1")
    ecs.delete_task_definitions(taskDefinitions=["web:1", "web:9"])


@pytest.fixture(scope="module")
def seen() -> Iterator[dict[str, Any]]:
    """Operation to the shape of all its answers together."""
    found: dict[str, Any] = {}
    with Simulator(start=1_790_000_000.0) as sim:
        original = sim.answer

        def answer(request: Any, forward: Any) -> Any:
            reply = original(request, forward)
            if reply.status == 200 and request.service == "ecs":
                found[request.operation] = merge(found.get(request.operation), shape(json.loads(reply.body or b"{}")))
            return reply

        sim.answer = answer  # type: ignore[method-assign]
        _use(sim, Cluster(sim))
        yield found


def _timestamps() -> set[str]:
    """Names of members that are times: seconds on the wire, and in the samples what the CLI makes of them."""
    model = botocore.session.get_session().get_service_model("ecs")
    shapes = [model.shape_for(name) for name in model.shape_names]
    return {
        name
        for item in shapes
        if item.type_name == "structure"
        for name, member in item.members.items()  # type: ignore[attr-defined]
        if member.type_name == "timestamp"
    }


@pytest.mark.parametrize("operation", sorted(SAMPLES))
def test_an_answer_has_what_the_sample_has(seen: dict[str, Any], operation: str) -> None:
    times = _timestamps()
    excepted = tuple(path for some in EXCEPTIONS.values() for path in some)
    shown = dict(paths(seen[operation], operation))
    wrong = [
        f"{path} is {shown.get(path, 'missing')}, {kind} in the sample"
        for path, kind in paths(SAMPLES[operation], operation)
        if shown.get(path) != kind and path.rsplit(".", 1)[-1] not in times and not path.startswith(excepted)
    ]
    assert wrong == []


def test_no_exception_is_left_over(seen: dict[str, Any]) -> None:
    for some in EXCEPTIONS.values():
        for path in some:
            operation = path.split(".", 1)[0]
            assert path in dict(paths(SAMPLES[operation], operation))
            assert path not in dict(paths(seen[operation], operation))


def test_reading_a_sample() -> None:
    text = """**To describe**

The following example. ::

    aws ecs describe-services --services web

Output::

    {
        "services": [
            {"name": "a", "count": 1, "on": true, "list": []},
            {"name": "b", "list": [{"x": 1.5}],}
        ]
    }

More::

    { cut short
"""
    (document,) = outputs(text)
    item = {"count": "number", "list": [{"x": "number"}], "name": "string", "on": "boolean"}
    assert shape(document) == {"services": [item]}
