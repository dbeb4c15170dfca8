# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Images and the task definitions that name them."""

from __future__ import annotations

import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._ecs.images import is_copy, pinned_copy
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import TaskDefinition
from tests.live.check import Answer, check
from tests.live.lab import IMAGE, Lab, ecs_tags

# What AWS adds by itself.
_ADDED = frozenset({"taskDefinitionArn", "revision", "status", "registeredAt", "registeredBy"})


@check(
    12,
    "digests-of-a-multi-arch-image",
    "Which digest of a multi-arch image does a service revision record: the index's, or the platform's?",
    "The digest that the tag has in the registry, which is the index's",
    ("a network for Fargate",),
)
def digests(lab: Lab) -> Answer:
    service = lab.fargate(lab.define_fargate(IMAGE))
    revision = lab.records(service)[0]["targetServiceRevisionArn"]
    [described] = lab.ecs.describe_service_revisions(serviceRevisionArns=[revision])["serviceRevisions"]
    recorded = {image.get("imageDigest", "") for image in described.get("containerImages", [])}
    tasks: list[str] = []

    def are_listed() -> bool:
        tasks[:] = lab.ecs.list_tasks(cluster=lab.run, serviceName=service)["taskArns"]
        return bool(tasks)

    lab.wait("the task in the list", are_listed, 60)
    shown = lab.ecs.describe_tasks(cluster=lab.run, tasks=tasks)["tasks"]
    ran = {container.get("imageDigest", "") for task in shown for container in task["containers"]}
    index = lab.place.index_digest(IMAGE)
    facts = {
        "revision_has": _which(recorded, index),
        "task_has": _which(ran, index),
        "revision_and_task_agree": recorded == ran,
    }
    return Answer(f"the revision has {facts['revision_has']}, the task {facts['task_has']}", facts)


def _which(digests: set[str], index: str) -> str:
    if digests == {index}:
        return "the index's"
    return "another, so a platform's" if all(digests) and digests else "none"


def _everything(lab: Lab) -> dict[str, t.Any]:
    """As many members of a task definition as an account without further resources can have."""
    container = {
        "name": "app",
        "image": IMAGE,
        "cpu": 10,
        "memory": 128,
        "memoryReservation": 64,
        "portMappings": [
            {"containerPort": 80, "hostPort": 0, "protocol": "tcp", "name": "http", "appProtocol": "http"}
        ],
        "essential": True,
        "restartPolicy": {"enabled": True, "ignoredExitCodes": [0], "restartAttemptPeriod": 180},
        "entryPoint": ["sh", "-c"],
        "command": ["sleep 3600"],
        "environment": [{"name": "A", "value": "1"}],
        "mountPoints": [{"sourceVolume": "scratch", "containerPath": "/scratch", "readOnly": False}],
        "linuxParameters": {"capabilities": {"add": ["SYS_PTRACE"], "drop": []}, "initProcessEnabled": True},
        "dependsOn": [{"containerName": "side", "condition": "START"}],
        "startTimeout": 60,
        "stopTimeout": 30,
        "hostname": "app",
        "user": "1000",
        "workingDirectory": "/",
        "disableNetworking": False,
        "privileged": False,
        "readonlyRootFilesystem": True,
        "dnsServers": ["169.254.169.253"],
        "extraHosts": [{"hostname": "other", "ipAddress": "10.0.0.1"}],
        "dockerLabels": {"a": "1"},
        "ulimits": [{"name": "nofile", "softLimit": 1024, "hardLimit": 2048}],
        "logConfiguration": {"logDriver": "json-file", "options": {"max-size": "1m"}},
        "healthCheck": {
            "command": ["CMD-SHELL", "true"],
            "interval": 30,
            "timeout": 5,
            "retries": 3,
            "startPeriod": 10,
        },
        "systemControls": [{"namespace": "net.core.somaxconn", "value": "1024"}],
        "interactive": False,
        "pseudoTerminal": False,
        "versionConsistency": "disabled",
    }
    side = {"name": "side", "image": IMAGE, "memory": 32, "essential": False, "command": ["sleep", "3600"]}
    return {
        "containerDefinitions": [container, side],
        "volumes": [{"name": "scratch", "host": {}}],
        "placementConstraints": [{"type": "memberOf", "expression": "attribute:ecs.os-type == linux"}],
        "networkMode": "bridge",
        "requiresCompatibilities": ["EC2"],
        "runtimePlatform": {"cpuArchitecture": "X86_64", "operatingSystemFamily": "LINUX"},
        "pidMode": "task",
        "ipcMode": "task",
        "cpu": "128",
        "memory": "256",
        "taskRoleArn": lab.role("task"),
        "enableFaultInjection": False,
    }


@check(
    13,
    "round-trip-of-a-pinned-copy",
    "Is a copy of a task definition with every member the same as the original, but for its images?",
    "It is, and nothing that AWS answers with is unknown to botocore",
    ("a task role",),
)
def round_trip(lab: Lab) -> Answer:
    original = _described(lab, lab.define(**_everything(lab)))
    digest = "sha256:" + "0" * 64
    request = pinned_copy(original, {"app": digest, "side": digest})
    tags = [*request.pop("tags"), *ecs_tags(lab.tags)]
    family = str(request.pop("family", lab.name("copy")))
    unique = {tag["key"]: tag for tag in tags}
    copy = _described(lab, lab.define(family=family, **request, tags=list(unique.values())))
    different = sorted(
        key
        for key in {*original.content, *copy.content} - _ADDED
        if _without_image(original.content.get(key)) != _without_image(copy.content.get(key))
    )
    unknown = _unknown(lab)
    facts = {
        "is_a_copy": is_copy(copy, original),
        "different": ", ".join(different),
        "unknown_to_botocore": ", ".join(unknown),
    }
    text = f"different: {facts['different'] or 'nothing'}; unknown: {facts['unknown_to_botocore'] or 'nothing'}"
    return Answer(text, facts)


def _without_image(value: t.Any) -> t.Any:
    if not isinstance(value, list):
        return value
    return [{k: v for k, v in inner.items() if k != "image"} if isinstance(inner, dict) else inner for inner in value]


def _described(lab: Lab, arn: str) -> TaskDefinition:
    answer = lab.ecs.describe_task_definition(taskDefinition=arn, include=["TAGS"])
    tags = {tag["key"]: tag["value"] for tag in answer.get("tags", [])}
    content = answer["taskDefinition"]
    return TaskDefinition(arn=arn, status=str(content["status"]), tags=tags, content=content)


def _unknown(lab: Lab) -> list[str]:
    """Members of the raw answers that botocore's model does not have."""
    model = lab.ecs.meta.service_model.operation_model("DescribeTaskDefinition").output_shape
    raw = [call["answer"] for call in lab.recorder.calls if call["operation"] == "DescribeTaskDefinition"]
    return sorted({path for answer in raw for path in _beyond(answer, model, "")})


def _beyond(value: t.Any, shape: t.Any, path: str) -> t.Iterator[str]:
    if isinstance(value, dict) and shape.type_name == "structure":
        for key, inner in value.items():
            if key not in shape.members:
                yield f"{path}.{key}".lstrip(".")
            else:
                yield from _beyond(inner, shape.members[key], f"{path}.{key}")
    elif isinstance(value, list) and shape.type_name == "list":
        for inner in value:
            yield from _beyond(inner, shape.member, path)
