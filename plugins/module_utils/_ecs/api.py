# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""ECS's API as typed functions: one call each, no decisions. All raise AwsCallError or IncompleteAnswerError."""

from __future__ import annotations

import typing as t

from ansible_collections.amazon.aws.plugins.module_utils.tagging import (
    ansible_dict_to_boto3_tag_list,
    boto3_tag_list_to_ansible_dict,
)

from ansible_collections.lastgood.aws.plugins.module_utils._aws import unknown_members
from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Answer, Aws, batches, require
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError, error_handler
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import (
    Deployment,
    Event,
    Revision,
    Service,
    TaskDefinition,
)

_EcsErrorHandler: t.Final = error_handler("ecs")

# Limits per call (https://docs.aws.amazon.com/AmazonECS/latest/APIReference/, the operations' own pages).
SERVICES_PER_CALL: t.Final = 10
DEPLOYMENTS_PER_CALL: t.Final = 20
REVISIONS_PER_CALL: t.Final = 20
TASKS_PER_CALL: t.Final = 100
# Older service deployments are read only when the newest do not decide.
NEWEST_DEPLOYMENTS: t.Final = 20
MOST_PER_PAGE: t.Final = 100
# The deployment controllers under which ECS does not deploy by itself.
WITH_TASK_SETS: t.Final = frozenset({"CODE_DEPLOY", "EXTERNAL"})


@_EcsErrorHandler.common_error_handler("describe services {names} of cluster {cluster}")
def describe_services(aws: Aws, cluster: str, names: t.Sequence[str]) -> dict[str, Service | str]:
    """Services by the name asked for; for a missing one, AWS's reason (``MISSING``) instead.

    Takes at most 10 names. An answer that lacks a name altogether was cut off on the way.
    """
    answer = aws.call("ecs", "describe_services", cluster=cluster, services=list(names), include=["TAGS"])
    found = [_service(item) for item in require(answer, "services", "describe_services")]
    failures = {str(f.get("arn", "")): str(f.get("reason", "")) for f in answer.get("failures", [])}
    result: dict[str, Service | str] = {}
    for name in names:
        service = next((s for s in found if _is_called(s, name)), None)
        reason = next((r for arn, r in failures.items() if _last(arn) == _last(name)), None)
        result[name] = service or reason or require({}, f"services[{name}]", "describe_services")
    return result


def describe_readable_services(aws: Aws, cluster: str, names: t.Sequence[str]) -> dict[str, Service | str]:
    """The same, but if AWS denies the request because of some of them, each is asked by itself.

    One that may not be read gets a sentence that says so.
    """
    try:
        return describe_services(aws, cluster, names)
    except AwsCallError as exc:
        if not exc.is_denied or len(names) < 2:
            raise
    found: dict[str, Service | str] = {}
    for name in names:
        try:
            found.update(describe_services(aws, cluster, [name]))
        except AwsCallError as exc:
            if not exc.is_denied:
                raise
            found[name] = exc.explain()
    return found


def _is_called(service: Service, name: str) -> bool:
    """Whether a name or an ARN is this service's. The old form of the ARN lacks the cluster, and AWS takes both.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-account-settings.html has both forms.
    """
    if name in (service.name, service.arn):
        return True
    if name.rpartition(":")[0] != service.arn.rpartition(":")[0] or _last(name) != _last(service.arn):
        return False
    return 1 in (name.count("/"), service.arn.count("/"))


def _last(name: str) -> str:
    return name.rpartition("/")[2]


@_EcsErrorHandler.common_error_handler("list the service deployments of {service}")
def list_service_deployments(aws: Aws, cluster: str, service: str, everything: bool, current: str = "") -> list[Answer]:
    """The newest service deployments in brief, or all that AWS keeps (90 days); the newest first.

    AWS documents no order of the list
    (https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListServiceDeployments.html). If there is more than a
    page, and the first one is not sorted or lacks ``current`` (an ARN), all of it is read.
    """
    if everything:
        size = {"maxResults": MOST_PER_PAGE}
        pages = aws.pages(
            "ecs", "list_service_deployments", "serviceDeployments", cluster=cluster, service=service, **size
        )
        return _newest_first(pages)
    answer = aws.call(
        "ecs", "list_service_deployments", cluster=cluster, service=service, maxResults=NEWEST_DEPLOYMENTS
    )
    found = list(require(answer, "serviceDeployments", "list_service_deployments"))
    if answer.get("nextToken") and not _begins_with_the_newest(found, current):
        return list_service_deployments(aws, cluster, service, everything=True)
    return _newest_first(found)


def _newest_first(briefs: t.Iterable[Answer]) -> list[Answer]:
    return sorted(briefs, key=lambda brief: brief["createdAt"], reverse=True)


def _begins_with_the_newest(briefs: t.Sequence[Answer], current: str) -> bool:
    """Whether a page of a longer list has its newest deployments, as far as that shows."""
    missing = current and all(brief.get("serviceDeploymentArn") != current for brief in briefs)
    return not missing and list(briefs) == _newest_first(briefs)


@_EcsErrorHandler.common_error_handler("describe service deployments")
def describe_service_deployments(aws: Aws, arns: t.Sequence[str]) -> dict[str, Answer]:
    """Service deployments by ARN; those that AWS does not find are left out."""
    found: dict[str, Answer] = {}
    for batch in batches(arns, DEPLOYMENTS_PER_CALL):
        answer = aws.call("ecs", "describe_service_deployments", serviceDeploymentArns=batch)
        for item in require(answer, "serviceDeployments", "describe_service_deployments"):
            found[item["serviceDeploymentArn"]] = item
    return found


@_EcsErrorHandler.common_error_handler("describe service revisions")
def describe_service_revisions(aws: Aws, arns: t.Sequence[str]) -> dict[str, Revision]:
    """Service revisions by ARN; those that AWS does not find are left out."""
    found: dict[str, Revision] = {}
    for batch in batches(arns, REVISIONS_PER_CALL):
        answer = aws.call("ecs", "describe_service_revisions", serviceRevisionArns=batch)
        for item in require(answer, "serviceRevisions", "describe_service_revisions"):
            found[item["serviceRevisionArn"]] = _revision(item)
    return found


@_EcsErrorHandler.common_error_handler("describe task definition {name}")
def describe_task_definition(aws: Aws, name: str) -> TaskDefinition | None:
    """A task definition with its tags; None if it does not exist."""
    try:
        answer = aws.call("ecs", "describe_task_definition", taskDefinition=name, include=["TAGS"])
    except aws.client("ecs").exceptions.ClientException as exc:
        # ECS says "Unable to describe task definition." of one that does not exist, with the code that it has for any
        # other mistake in a request (https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeTaskDefinition.html).
        if "Unable to describe task definition" not in str(exc):
            raise
        return None
    content = require(answer, "taskDefinition", "describe_task_definition")
    return TaskDefinition(
        arn=content["taskDefinitionArn"],
        status=str(content.get("status", "")),
        tags=boto3_tag_list_to_ansible_dict(answer.get("tags") or []),
        content=content,
        unknown=tuple(answer.get(unknown_members.KEY) or ()),
    )


@_EcsErrorHandler.common_error_handler("list the task definitions of family {family}")
def list_task_definitions(aws: Aws, family: str) -> list[str]:
    """ARNs of the family's ACTIVE revisions, the highest number first."""
    return list(
        aws.pages(
            "ecs", "list_task_definitions", "taskDefinitionArns", familyPrefix=family, status="ACTIVE", sort="DESC"
        )
    )


@_EcsErrorHandler.common_error_handler("update service {service} of cluster {cluster}")
def update_service(aws: Aws, cluster: str, service: str, **changes: t.Any) -> Service:
    """Start a deployment, or change the task count. Only what ``changes`` names is sent."""
    answer = aws.call("ecs", "update_service", cluster=cluster, service=service, **changes)
    return _service(require(answer, "service", "update_service"))


@_EcsErrorHandler.common_error_handler("create a task set of service {service}")
def create_task_set(aws: Aws, cluster: str, service: str, **settings: t.Any) -> Deployment:
    """Add a task set to a service with the controller EXTERNAL."""
    answer = aws.call("ecs", "create_task_set", cluster=cluster, service=service, **settings)
    return _task_set(require(answer, "taskSet", "create_task_set"))


@_EcsErrorHandler.common_error_handler("scale task set {task_set} of service {service}")
def update_task_set(aws: Aws, cluster: str, service: str, task_set: str, percent: float) -> Deployment:
    """Give a task set another share of the service's tasks."""
    scale = {"value": percent, "unit": "PERCENT"}
    answer = aws.call("ecs", "update_task_set", cluster=cluster, service=service, taskSet=task_set, scale=scale)
    return _task_set(require(answer, "taskSet", "update_task_set"))


@_EcsErrorHandler.common_error_handler("delete task set {task_set} of service {service}")
def delete_task_set(aws: Aws, cluster: str, service: str, task_set: str) -> None:
    """Delete a task set, even if it has not been scaled down to zero."""
    aws.call("ecs", "delete_task_set", cluster=cluster, service=service, taskSet=task_set, force=True)


@_EcsErrorHandler.common_error_handler("make task set {task_set} of service {service} the PRIMARY one")
def update_service_primary_task_set(aws: Aws, cluster: str, service: str, task_set: str) -> None:
    """Make a task set PRIMARY. No traffic is shifted by it."""
    aws.call("ecs", "update_service_primary_task_set", cluster=cluster, service=service, primaryTaskSet=task_set)


@_EcsErrorHandler.common_error_handler("stop service deployment {arn} with a rollback")
def stop_service_deployment(aws: Aws, arn: str) -> None:
    """Ask ECS to roll a running service deployment back to its source revision."""
    aws.call("ecs", "stop_service_deployment", serviceDeploymentArn=arn, stopType="ROLLBACK")


@_EcsErrorHandler.common_error_handler("roll back service deployment {arn} at hook {hook}")
def continue_with_rollback(aws: Aws, arn: str, hook: str) -> None:
    """Roll back a service deployment that is parked at a PAUSE hook. The API's default action is the opposite."""
    aws.call("ecs", "continue_service_deployment", serviceDeploymentArn=arn, hookId=hook, action="ROLLBACK")


@_EcsErrorHandler.common_error_handler("continue service deployment {arn} at hook {hook}")
def continue_with_deployment(aws: Aws, arn: str, hook: str) -> None:
    """Let a service deployment that is parked at a PAUSE hook go on."""
    aws.call("ecs", "continue_service_deployment", serviceDeploymentArn=arn, hookId=hook, action="CONTINUE")


@_EcsErrorHandler.common_error_handler("register a copy of a task definition of family {family}")
def register_task_definition(aws: Aws, family: str, request: t.Mapping[str, t.Any]) -> TaskDefinition:
    """Register a revision; ``request`` is what RegisterTaskDefinition takes besides the family."""
    answer = aws.call("ecs", "register_task_definition", **{**request, "family": family})
    content = require(answer, "taskDefinition", "register_task_definition")
    return TaskDefinition(
        arn=content["taskDefinitionArn"],
        status=str(content.get("status", "")),
        tags=boto3_tag_list_to_ansible_dict(answer.get("tags") or []),
        content=content,
    )


@_EcsErrorHandler.common_error_handler("tag {arn}")
def tag_resource(aws: Aws, arn: str, tags: t.Mapping[str, str]) -> None:
    """Add or overwrite tags. ECS spells their keys in lower case."""
    aws.call("ecs", "tag_resource", resourceArn=arn, tags=ansible_dict_to_boto3_tag_list(dict(tags), "key", "value"))


@_EcsErrorHandler.common_error_handler("remove tags of {arn}")
def untag_resource(aws: Aws, arn: str, keys: t.Sequence[str]) -> None:
    """Remove tags; those that are not there are no error."""
    aws.call("ecs", "untag_resource", resourceArn=arn, tagKeys=list(keys))


@_EcsErrorHandler.common_error_handler("deregister task definition {arn}")
def deregister_task_definition(aws: Aws, arn: str) -> None:
    """Make a revision INACTIVE: it can no longer be deployed."""
    aws.call("ecs", "deregister_task_definition", taskDefinition=arn)


@_EcsErrorHandler.common_error_handler("list the tasks of cluster {cluster}")
def list_tasks(aws: Aws, cluster: str, **filters: str) -> list[str]:
    """ARNs of tasks. ``filters`` are the API's own: serviceName, family, desiredStatus."""
    return list(aws.pages("ecs", "list_tasks", "taskArns", cluster=cluster, **filters))


@_EcsErrorHandler.common_error_handler("describe tasks of cluster {cluster}")
def describe_tasks(aws: Aws, cluster: str, arns: t.Sequence[str]) -> list[Answer]:
    """Tasks as the API describes them; those that are gone are left out."""
    found: list[Answer] = []
    for batch in batches(arns, TASKS_PER_CALL):
        found += require(aws.call("ecs", "describe_tasks", cluster=cluster, tasks=batch), "tasks", "describe_tasks")
    return found


@_EcsErrorHandler.common_error_handler("list the clusters")
def list_clusters(aws: Aws) -> list[str]:
    """ARNs of all clusters of the account in this Region."""
    return list(aws.pages("ecs", "list_clusters", "clusterArns"))


@_EcsErrorHandler.common_error_handler("list the services of cluster {cluster}")
def list_services(aws: Aws, cluster: str) -> list[str]:
    """ARNs of all services of a cluster."""
    return list(aws.pages("ecs", "list_services", "serviceArns", cluster=cluster, maxResults=MOST_PER_PAGE))


def has_ended_meanwhile(error: AwsCallError) -> bool:
    """Whether a stop was refused because the deployment has ended or is gone: read again and decide again."""
    return error.code in ("ConflictException", "ServiceDeploymentNotFoundException")


def _service(item: Answer) -> Service:
    configuration = item.get("deploymentConfiguration") or {}
    breaker = configuration.get("deploymentCircuitBreaker") or {}
    return Service(
        name=item["serviceName"],
        arn=item["serviceArn"],
        cluster_arn=item.get("clusterArn", ""),
        status=item.get("status", ""),
        # A service that was created without a controller has none in the answer; ECS is what it then uses.
        controller=(item.get("deploymentController") or {}).get("type", "ECS"),
        strategy=configuration.get("strategy", "ROLLING"),
        scheduling=item.get("schedulingStrategy", "REPLICA"),
        task_definition=item.get("taskDefinition", ""),
        desired=int(item.get("desiredCount", 0)),
        running=int(item.get("runningCount", 0)),
        pending=int(item.get("pendingCount", 0)),
        circuit_breaker=bool(breaker.get("enable")),
        circuit_breaker_rolls_back=bool(breaker.get("enable") and breaker.get("rollback")),
        deployments=_deployments(item),
        events=tuple(
            Event(str(e.get("id", "")), e.get("createdAt"), str(e.get("message", ""))) for e in item.get("events") or []
        ),
        tags=boto3_tag_list_to_ansible_dict(item.get("tags") or []),
        revision_arns=tuple(r["arn"] for r in item.get("currentServiceRevisions") or [] if r.get("arn")),
        load_balancers=tuple(item.get("loadBalancers") or []),
        registries=tuple(item.get("serviceRegistries") or []),
        # The defaults of REPLICA services:
        # https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html
        minimum_healthy_percent=int(configuration.get("minimumHealthyPercent", 100)),
        maximum_percent=int(configuration.get("maximumPercent", 200)),
        configuration=configuration,
        created_at=item.get("createdAt"),
        current_deployment=str(item.get("currentServiceDeployment") or ""),
        tags_its_tasks=item.get("propagateTags") == "SERVICE",
        grace_period=int(item.get("healthCheckGracePeriodSeconds") or 0),
    )


def _deployments(item: Answer) -> tuple[Deployment, ...]:
    """A service's deployments, or its task sets if ECS does not deploy it.

    "When migrating deployment controllers", the answer may have one list or the other, so both are looked at
    (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/update-service-parameters.html).
    """
    deployments = tuple(_deployment(d) for d in item.get("deployments") or [])
    task_sets = tuple(_task_set(s) for s in item.get("taskSets") or [])
    if (item.get("deploymentController") or {}).get("type", "ECS") in WITH_TASK_SETS:
        return task_sets or deployments
    return deployments or task_sets


def _task_set(item: Answer) -> Deployment:
    # StabilityStatus in botocore's model; whatever is not STEADY_STATE is not there yet.
    steady = item.get("stabilityStatus") == "STEADY_STATE"
    scale = (item.get("scale") or {}).get("value")
    return Deployment(
        id=item["id"],
        status=item.get("status", ""),
        task_definition=item.get("taskDefinition", ""),
        rollout_state="COMPLETED" if steady else "IN_PROGRESS",
        rollout_reason="",
        desired=int(item.get("computedDesiredCount", 0)),
        running=int(item.get("runningCount", 0)),
        pending=int(item.get("pendingCount", 0)),
        failed=0,
        created_at=item.get("createdAt"),
        arn=item.get("taskSetArn", ""),
        external_id=item.get("externalId") or "",
        scale=float(scale) if scale is not None else None,
        settings=item,
    )


def _deployment(item: Answer) -> Deployment:
    return Deployment(
        id=item["id"],
        status=item.get("status", ""),
        task_definition=item.get("taskDefinition", ""),
        rollout_state=item.get("rolloutState", ""),
        rollout_reason=item.get("rolloutStateReason", ""),
        desired=int(item.get("desiredCount", 0)),
        running=int(item.get("runningCount", 0)),
        pending=int(item.get("pendingCount", 0)),
        failed=int(item.get("failedTasks", 0)),
        created_at=item.get("createdAt"),
        settings=item,
    )


def _revision(item: Answer) -> Revision:
    return Revision(
        arn=item["serviceRevisionArn"],
        task_definition=item.get("taskDefinition", ""),
        digests={
            c["containerName"]: c["imageDigest"]
            for c in item.get("containerImages") or []
            if c.get("containerName") and c.get("imageDigest")
        },
        settings=item,
    )
