# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How the API shows what :mod:`.model` holds. Members without a value are left out, as AWS does."""

from __future__ import annotations

from typing import Any

from lastgood_simulator.ecs import failures, records, task_sets
from lastgood_simulator.ecs.model import (
    Deployment,
    Service,
    ServiceDeployment,
    ServiceRevision,
    Task,
    TaskDefinition,
    TaskSet,
)
from lastgood_simulator.ecs.tasks import starting

Shape = dict[str, Any]

# What Fargate resolves the platform version LATEST to.
FARGATE_PLATFORM = "1.4.0"
# "20 GiB of ephemeral storage" by default.
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-task-storage.html
FARGATE_STORAGE = {"sizeInGiB": 20}
# The other members of a service's template are shown in its deployments only.
_TEMPLATE_SHOWN = frozenset(
    {
        "launchType",
        "capacityProviderStrategy",
        "platformVersion",
        "networkConfiguration",
        "loadBalancers",
        "serviceRegistries",
    }
)


def _without_none(shape: Shape) -> Shape:
    return {name: value for name, value in shape.items() if value is not None}


def _fargate(settings: dict[str, Any]) -> bool:
    providers = {item["capacityProvider"] for item in settings.get("capacityProviderStrategy") or []}
    return settings.get("launchType") == "FARGATE" or bool(providers & {"FARGATE", "FARGATE_SPOT"})


def launch_type(settings: dict[str, Any]) -> str:
    """FARGATE for the Fargate capacity providers too."""
    return str(settings.get("launchType") or ("FARGATE" if _fargate(settings) else "EC2"))


def _platform(settings: dict[str, Any]) -> Shape:
    if not _fargate(settings):
        return {}
    version = settings.get("platformVersion") or "LATEST"
    return {"platformVersion": FARGATE_PLATFORM if version == "LATEST" else version, "platformFamily": "Linux"}


def service(item: Service, with_tags: bool) -> Shape:
    """A Service. ``tags`` only when asked for with include=TAGS."""
    owned = [task for task in item.tasks.values() if task.live]
    by_code_deploy = item.controller != "ECS"
    shape: Shape = {
        **item.settings,
        **{name: value for name, value in item.template.items() if name in _TEMPLATE_SHOWN},
        "serviceArn": item.arn,
        "serviceName": item.name,
        "clusterArn": item.cluster_arn,
        "status": item.status,
        "desiredCount": item.desired_count,
        "runningCount": sum(task.last_status == "RUNNING" for task in owned),
        "pendingCount": sum(starting(task) for task in owned),
        "deploymentConfiguration": _configuration(item, item.configuration),
        "deployments": [deployment(item, entry) for entry in item.deployments],
        "events": list(item.events),
        "createdAt": item.created_at,
        "resourceManagementType": "CUSTOMER",
    }
    if by_code_deploy:
        shape["taskSets"] = [task_set(item, entry, False) for entry in item.task_sets]
    if item.task_definition is not None:
        shape["taskDefinition"] = item.task_definition.arn
    if _fargate(item.template):
        shape.setdefault("platformVersion", "LATEST")
        shape["platformFamily"] = "Linux"
    if item.records:
        shape["currentServiceDeployment"] = item.records[-1].arn
        shape["currentServiceRevisions"] = [
            {"arn": revision.arn, **records.counts(item, revision)}
            for revision in (*(entry.revision for entry in item.deployments), *(e.revision for e in item.task_sets))
        ]
    if with_tags:
        shape["tags"] = item.tags
    return shape


def _configuration(owner: Service, configuration: Shape) -> Shape:
    return {"bakeTimeInMinutes": 0} | configuration if owner.controller == "ECS" else configuration


def deployment(owner: Service, item: Deployment) -> Shape:
    """An entry of ``deployments``."""
    numbers = records.counts(owner, item.revision)
    settings = item.revision.settings
    shape = _without_none(
        {
            "id": item.id,
            "status": item.status,
            "taskDefinition": item.revision.task_definition.arn,
            "desiredCount": numbers["requestedTaskCount"],
            "pendingCount": numbers["pendingTaskCount"],
            "runningCount": numbers["runningTaskCount"],
            "failedTasks": item.failed_tasks,
            "createdAt": item.created_at,
            "updatedAt": item.updated_at,
            "launchType": settings.get("launchType"),
            "capacityProviderStrategy": settings.get("capacityProviderStrategy"),
            "networkConfiguration": settings.get("networkConfiguration"),
            "serviceConnectConfiguration": settings.get("serviceConnectConfiguration"),
            "volumeConfigurations": settings.get("volumeConfigurations"),
            "vpcLatticeConfigurations": settings.get("vpcLatticeConfigurations"),
            "rolloutState": item.rollout_state,
            "rolloutStateReason": item.rollout_reason,
        }
    )
    return shape | _platform(settings)


def service_deployment_brief(owner: Service, item: ServiceDeployment) -> Shape:
    """An entry of ListServiceDeployments."""
    return _without_none(
        {
            "serviceDeploymentArn": item.arn,
            "serviceArn": owner.arn,
            "clusterArn": owner.cluster_arn,
            "createdAt": item.created_at,
            "startedAt": item.started_at,
            "finishedAt": item.finished_at,
            "targetServiceRevisionArn": item.target.arn,
            "status": item.status,
            "statusReason": item.status_reason,
        }
    )


def service_deployment(owner: Service, item: ServiceDeployment) -> Shape:
    """An entry of DescribeServiceDeployments. Counts are live while it runs, a snapshot afterwards."""

    def summary(revision: ServiceRevision) -> Shape:
        numbers = (item.snapshot or {}).get(revision.arn) or records.summary(owner, item, revision)
        return {"arn": revision.arn, **numbers}

    names = failures.alarm_names(item.configuration)
    alarms: Shape = {"status": item.alarm_status}
    if names:
        alarms["alarmNames"] = names
    if item.triggered_alarms:
        alarms["triggeredAlarmNames"] = item.triggered_alarms
    shape = service_deployment_brief(owner, item)
    del shape["targetServiceRevisionArn"]
    return shape | _without_none(
        {
            "stoppedAt": item.stopped_at,
            "updatedAt": item.updated_at,
            "sourceServiceRevisions": [summary(revision) for revision in item.sources],
            "targetServiceRevision": summary(item.target),
            "lifecycleStage": item.shift.step.stage if item.shift is not None else None,
            "lifecycleHookDetails": _hooks(item),
            "deploymentConfiguration": _configuration(owner, item.configuration),
            "rollback": item.rollback,
            "deploymentCircuitBreaker": {
                "status": item.breaker_status,
                "failureCount": item.failure_count,
                "threshold": failures.threshold(item.configuration, owner.desired_count),
            },
            "alarms": alarms,
        }
    )


def _hooks(item: ServiceDeployment) -> list[Shape] | None:
    """The hooks of the present stage, and those that made it go back."""
    failed = item.shift.failed if item.shift is not None else []
    shown = [
        _without_none(
            {
                "hookId": hook.id,
                "targetType": hook.target_type,
                "targetArn": hook.target_arn,
                "status": hook.status,
                "expiresAt": hook.expires_at,
                "timeoutAction": hook.timeout_action,
            }
        )
        for hook in (*failed, *item.hooks)
    ]
    return shown or None


def service_revision(owner: Service, item: ServiceRevision) -> Shape:
    """An entry of DescribeServiceRevisions."""
    images = []
    for container in item.task_definition.containers:
        image = {"containerName": container["name"], "image": container["image"]}
        digest = item.digests.get(container["name"])
        images.append(image | ({"imageDigest": digest} if digest else {}))
    advanced = [
        lb["advancedConfiguration"]
        for lb in item.settings.get("loadBalancers") or []
        if lb.get("advancedConfiguration")
    ]
    resolved = [
        _without_none({"targetGroupArn": group, "productionListenerRule": config.get("productionListenerRule")})
        for group, config in zip(item.resolved, advanced, strict=False)
    ]
    return (
        {
            "serviceRevisionArn": item.arn,
            "serviceArn": owner.arn,
            "clusterArn": owner.cluster_arn,
            "taskDefinition": item.task_definition.arn,
            "containerImages": images,
            "guardDutyEnabled": False,
            "serviceConnectConfiguration": {"enabled": False},
            "createdAt": item.created_at,
        }
        | item.settings
        | _platform(item.settings)
        | ({"resolvedConfiguration": {"loadBalancers": resolved}} if resolved else {})
    )


def task_set(owner: Service, item: TaskSet, with_tags: bool) -> Shape:
    """A TaskSet."""
    own = [task for task in owner.tasks_of(item.id) if task.live]
    shape = {
        **item.revision.settings,
        **_platform(item.revision.settings),
        **item.settings,
        "id": item.id,
        "taskSetArn": item.arn,
        "serviceArn": owner.arn,
        "clusterArn": owner.cluster_arn,
        "status": item.status,
        "taskDefinition": item.revision.task_definition.arn,
        "computedDesiredCount": task_sets.computed_desired(owner, item),
        "pendingCount": sum(starting(task) for task in own),
        "runningCount": sum(task.last_status == "RUNNING" for task in own),
        "createdAt": item.created_at,
        "updatedAt": item.updated_at,
        "scale": item.scale,
        "stabilityStatus": item.stability,
        "stabilityStatusAt": item.stability_at,
        "externalId": item.external_id,
        "startedBy": item.started_by,
    }
    if with_tags:
        shape["tags"] = item.tags
    return _without_none(shape)


def task(item: Task, with_tags: bool) -> Shape:
    """A Task."""
    settings = item.settings
    shape = _without_none(
        {
            "taskArn": item.arn,
            "clusterArn": item.cluster_arn,
            "taskDefinitionArn": item.task_definition.arn,
            "group": item.group,
            "startedBy": item.started_by,
            "lastStatus": item.last_status,
            "desiredStatus": item.desired_status,
            "healthStatus": item.health,
            "launchType": launch_type(settings),
            "capacityProviderName": next(
                (entry["capacityProvider"] for entry in settings.get("capacityProviderStrategy") or []), None
            ),
            "cpu": item.task_definition.data.get("cpu"),
            "memory": item.task_definition.data.get("memory"),
            "createdAt": item.created_at,
            "pullStartedAt": item.pull_started_at,
            "pullStoppedAt": item.pull_stopped_at,
            "startedAt": item.started_at,
            "stoppingAt": item.stopping_at,
            "executionStoppedAt": item.stopped_at if item.started_at is not None else None,
            "stoppedAt": item.stopped_at,
            "stopCode": item.stop_code,
            "stoppedReason": item.stopped_reason,
            "connectivity": "CONNECTED" if item.started_at is not None else None,
            "connectivityAt": item.started_at,
            "availabilityZone": item.arn.split(":")[3] + "a" if _fargate(settings) else None,
            "overrides": {"containerOverrides": [], "inferenceAcceleratorOverrides": []}
            | (settings.get("overrides") or {}),
            "attachments": [],
            "attributes": [],
            "enableExecuteCommand": bool(settings.get("enableExecuteCommand")),
            "version": 1,
            "containers": [_container(item, index) for index in range(len(item.container_ids))],
            "tags": item.tags if with_tags else [],
        }
    )
    if _fargate(settings):
        storage = item.task_definition.data.get("ephemeralStorage") or FARGATE_STORAGE
        shape |= {"ephemeralStorage": storage, "fargateEphemeralStorage": storage}
    return shape | _platform(settings)


def _container(item: Task, index: int) -> Shape:
    definition = item.task_definition.containers[index]
    name = definition["name"]
    image = item.images[name]
    pulled = item.pull_stopped_at is not None
    health = item.health if "healthCheck" in definition else "UNKNOWN"
    last_status = {"PROVISIONING": "PENDING", "ACTIVATING": "PENDING", "DEACTIVATING": "RUNNING"}.get(
        item.last_status, item.last_status
    )
    if item.last_status in ("STOPPING", "DEPROVISIONING"):
        last_status = "STOPPED"
    memory = definition.get("memory")
    return _without_none(
        {
            "containerArn": f"{item.arn.replace(':task/', ':container/')}/{item.container_ids[index]}",
            "taskArn": item.arn,
            "name": name,
            "image": definition["image"],
            "imageDigest": image.digest if pulled else None,
            "runtimeId": f"{item.id}-{index}" if item.started_at is not None else None,
            "lastStatus": last_status,
            "exitCode": item.exit_codes.get(name),
            "reason": item.container_reasons.get(name),
            "healthStatus": health,
            "networkBindings": [],
            "networkInterfaces": [],
            "cpu": str(definition.get("cpu", 0)),
            "memory": None if memory is None else str(memory),
        }
    )


def task_definition(item: TaskDefinition) -> Shape:
    """A TaskDefinition (its tags are beside it, never in it)."""
    return item.data
