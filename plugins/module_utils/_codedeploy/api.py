# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""CodeDeploy's API as typed functions: no decisions. All raise AwsCallError or IncompleteAnswerError."""

from __future__ import annotations

import itertools
import typing as t
from datetime import datetime

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Answer, Aws, batches, require
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError, error_handler
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.model import Deployment, Group, Location

_CodeDeployErrorHandler: t.Final = error_handler("codedeploy")
_AutoScalingErrorHandler: t.Final = error_handler("autoscaling")

# Limits per call (https://docs.aws.amazon.com/codedeploy/latest/APIReference/, the operations' own pages).
DEPLOYMENTS_PER_CALL: t.Final = 25
REVISIONS_PER_CALL: t.Final = 25
GROUPS_PER_CALL: t.Final = 100
TARGETS_PER_CALL: t.Final = 25
ON_PREMISES_PER_CALL: t.Final = 100
# https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DescribeAutoScalingGroups.html
SCALING_GROUPS_PER_CALL: t.Final = 50

_MISSING: t.Final = frozenset({"ApplicationDoesNotExistException", "DeploymentGroupDoesNotExistException"})


@_CodeDeployErrorHandler.common_error_handler("list the applications of CodeDeploy")
def list_applications(aws: Aws) -> list[str]:
    """Names of all applications, on any platform."""
    return list(aws.pages("codedeploy", "list_applications", "applications"))


@_CodeDeployErrorHandler.common_error_handler("list the deployment groups of application {application}")
def list_deployment_groups(aws: Aws, application: str) -> list[str]:
    """Names of the deployment groups of an application."""
    return list(aws.pages("codedeploy", "list_deployment_groups", "deploymentGroups", applicationName=application))


@_CodeDeployErrorHandler.common_error_handler("describe deployment groups of application {application}")
def batch_get_deployment_groups(aws: Aws, application: str, names: t.Sequence[str]) -> list[Group]:
    """Deployment groups by name, without those that do not exist; none if the application does not exist."""
    found: list[Group] = []
    for batch in batches(names, GROUPS_PER_CALL):
        try:
            answer = aws.call(
                "codedeploy", "batch_get_deployment_groups", applicationName=application, deploymentGroupNames=batch
            )
        except Exception as exc:
            if code_of(exc) in _MISSING:
                return found
            raise
        found += [group_of(item) for item in require(answer, "deploymentGroupsInfo", "batch_get_deployment_groups")]
    return found


@_CodeDeployErrorHandler.common_error_handler("read the deployment configuration {name}")
def platform_of_config(aws: Aws, name: str) -> str:
    """The compute platform that a deployment configuration is for; empty if CodeDeploy does not say."""
    answer = aws.call("codedeploy", "get_deployment_config", deploymentConfigName=name)
    return _text(require(answer, "deploymentConfigInfo", "get_deployment_config"), "computePlatform")


@_CodeDeployErrorHandler.common_error_handler("list the deployments of deployment group {group}")
def list_deployments(aws: Aws, application: str, group: str, most: int | None = None, **filters: t.Any) -> list[str]:
    """Ids of a group's deployments, at most ``most``, in the API's order, which promises nothing."""
    found = aws.pages(
        "codedeploy",
        "list_deployments",
        "deployments",
        applicationName=application,
        deploymentGroupName=group,
        **filters,
    )
    return list(itertools.islice(found, most))


@_CodeDeployErrorHandler.common_error_handler("describe deployments of CodeDeploy")
def batch_get_deployments(aws: Aws, ids: t.Sequence[str]) -> dict[str, Deployment]:
    """Deployments by id, without those CodeDeploy does not know."""
    found: dict[str, Deployment] = {}
    for batch in batches(ids, DEPLOYMENTS_PER_CALL):
        answer = aws.call("codedeploy", "batch_get_deployments", deploymentIds=batch)
        for item in require(answer, "deploymentsInfo", "batch_get_deployments"):
            found[item["deploymentId"]] = _deployment(item)
    return found


@_CodeDeployErrorHandler.common_error_handler("read revisions of application {application}")
def batch_get_application_revisions(
    aws: Aws, application: str, locations: t.Sequence[Location]
) -> list[dict[str, t.Any]]:
    """Locations as registered, without those that are not registered."""
    return [item.get("revisionLocation") or {} for item in _registered(aws, application, locations)]


@_CodeDeployErrorHandler.common_error_handler("read revisions of application {application}")
def first_uses(aws: Aws, application: str, locations: t.Sequence[Location]) -> list[tuple[Location, datetime]]:
    """When revisions were first used, without those that are not registered or were never used."""
    found = [
        (i.get("revisionLocation") or {}, i.get("genericRevisionInfo") or {})
        for i in _registered(aws, application, locations)
    ]
    return [(location, info["firstUsedTime"]) for location, info in found if info.get("firstUsedTime")]


def _registered(aws: Aws, application: str, locations: t.Sequence[Location]) -> t.Iterator[Answer]:
    for start in range(0, len(locations), REVISIONS_PER_CALL):
        answer = aws.call(
            "codedeploy",
            "batch_get_application_revisions",
            applicationName=application,
            revisions=[dict(location) for location in locations[start : start + REVISIONS_PER_CALL]],
        )
        yield from require(answer, "revisions", "batch_get_application_revisions")


@_CodeDeployErrorHandler.common_error_handler("read a revision of application {application}")
def get_application_revision(aws: Aws, application: str, location: Location) -> dict[str, t.Any]:
    """A location as registered, including the content of its AppSpec file if CodeDeploy stores it."""
    answer = aws.call("codedeploy", "get_application_revision", applicationName=application, revision=dict(location))
    return dict(require(answer, "revision", "get_application_revision"))


@_CodeDeployErrorHandler.common_error_handler("create a deployment of deployment group {group}")
def create_deployment(aws: Aws, application: str, group: str, **request: t.Any) -> str:
    """Start a deployment. Returns its id."""
    answer = aws.call(
        "codedeploy", "create_deployment", applicationName=application, deploymentGroupName=group, **request
    )
    return str(require(answer, "deploymentId", "create_deployment"))


@_CodeDeployErrorHandler.common_error_handler("stop deployment {deployment}")
def stop_deployment(aws: Aws, deployment: str, roll_back: bool) -> None:
    """Ask CodeDeploy to stop a deployment, with or without a rollback."""
    aws.call("codedeploy", "stop_deployment", deploymentId=deployment, autoRollbackEnabled=roll_back)


@_CodeDeployErrorHandler.common_error_handler("list the targets of deployment {deployment}")
def list_deployment_targets(
    aws: Aws, deployment: str, statuses: t.Sequence[str] = (), most: int | None = None
) -> list[str]:
    """Ids of a deployment's targets with any or these statuses, at most ``most`` of them."""
    chosen = {"targetFilters": {"TargetStatus": list(statuses)}} if statuses else {}
    found = aws.pages("codedeploy", "list_deployment_targets", "targetIds", deploymentId=deployment, **chosen)
    return [str(id_) for id_ in itertools.islice(found, most)]


@_CodeDeployErrorHandler.common_error_handler("describe the targets of deployment {deployment}")
def batch_get_deployment_targets(aws: Aws, deployment: str, targets: t.Sequence[str]) -> list[Answer]:
    """Targets, at most 25, as the API describes them (``ecsTarget``, ``instanceTarget`` …)."""
    answer = aws.call("codedeploy", "batch_get_deployment_targets", deploymentId=deployment, targetIds=list(targets))
    return list(require(answer, "deploymentTargets", "batch_get_deployment_targets"))


@_CodeDeployErrorHandler.common_error_handler("describe the on-premises instances {names}")
def tags_of_on_premises_instances(aws: Aws, names: t.Sequence[str]) -> dict[str, dict[str, str]]:
    """The tags of the instances that are registered, at most 100, by name."""
    answer = aws.call("codedeploy", "batch_get_on_premises_instances", instanceNames=list(names))
    return {
        str(item["instanceName"]): {_text(tag, "Key"): _text(tag, "Value") for tag in item.get("tags") or []}
        for item in require(answer, "instanceInfos", "batch_get_on_premises_instances")
        if not item.get("deregisterTime")
    }


@_AutoScalingErrorHandler.common_error_handler("describe the Auto Scaling groups {names}")
def suspended_processes(aws: Aws, names: t.Sequence[str]) -> dict[str, list[str]]:
    """The processes suspended now, by Auto Scaling group."""
    return {
        str(group["AutoScalingGroupName"]): [str(p["ProcessName"]) for p in group.get("SuspendedProcesses") or []]
        for batch in batches(names, SCALING_GROUPS_PER_CALL)
        for group in aws.pages(
            "autoscaling", "describe_auto_scaling_groups", "AutoScalingGroups", AutoScalingGroupNames=batch
        )
    }


def suspends_processes(aws: Aws) -> bool:
    """Whether the installed botocore (1.44.0 or newer) knows that CodeDeploy can suspend processes of Auto Scaling
    groups.
    """
    request = aws.client("codedeploy").meta.service_model.operation_model("CreateDeployment").input_shape
    return "ec2DeploymentOptions" in request.members


def has_ended_meanwhile(error: AwsCallError) -> bool:
    """Whether a stop was refused because the deployment had ended: read again and decide again."""
    return error.code in ("DeploymentAlreadyCompletedException", "DeploymentDoesNotExistException")


def another_is_running(error: AwsCallError) -> bool:
    """Whether another deployment is running. A group runs one at a time
    (https://docs.aws.amazon.com/codedeploy/latest/userguide/limits.html).
    """
    return error.code == "DeploymentLimitExceededException"


def code_of(error: BaseException) -> str:
    response = getattr(error, "response", None)
    return str(response.get("Error", {}).get("Code", "")) if isinstance(response, dict) else ""


def _deployment(item: Answer) -> Deployment:
    error = _part(item, "errorInformation")
    rollback = _part(item, "rollbackInfo")
    original = _original(item)
    return Deployment(
        id=item["deploymentId"],
        application=_text(item, "applicationName"),
        group=_text(item, "deploymentGroupName"),
        status=_text(item, "status"),
        created_at=item["createTime"],
        completed_at=item.get("completeTime"),
        creator=_text(item, "creator"),
        description=_text(item, "description"),
        revision=item.get("revision") or {},
        error_code=_text(error, "code"),
        error=_text(error, "message"),
        rollback_deployment=_text(rollback, "rollbackDeploymentId"),
        triggered_by=_text(rollback, "rollbackTriggeringDeploymentId"),
        rollback_message=_text(rollback, "rollbackMessage"),
        keeps_original=original.get("action") == "KEEP_ALIVE",
        waits_for_termination=bool(item.get("instanceTerminationWaitTimeStarted")),
        rollback_events=_rollback_events(item),
        platform=_text(item, "computePlatform"),
        config=_text(item, "deploymentConfigName"),
        style=_style(item),
        file_exists_behavior=_text(item, "fileExistsBehavior"),
        mode=_text(item, "deploymentMode"),
        ignores_stop_failures=bool(item.get("ignoreApplicationStopFailures")),
        counts={str(status): int(count) for status, count in _part(item, "deploymentOverview").items() if count},
        messages=tuple(str(text) for text in item.get("deploymentStatusMessages") or ()),
    )


def group_of(item: Answer) -> Group:
    alarms = _part(item, "alarmConfiguration")
    original = _original(item)
    return Group(
        application=_text(item, "applicationName"),
        name=_text(item, "deploymentGroupName"),
        ecs_services=tuple((_text(s, "clusterName"), _text(s, "serviceName")) for s in item.get("ecsServices") or []),
        config=_text(item, "deploymentConfigName"),
        alarms=_names(alarms, "alarms") if alarms.get("enabled") else (),
        ignores_unreadable_alarms=bool(alarms.get("ignorePollAlarmFailure")),
        termination_wait=int(original.get("terminationWaitTimeInMinutes") or 0),
        last_attempted=_text(_part(item, "lastAttemptedDeployment"), "deploymentId"),
        id=_text(item, "deploymentGroupId"),
        platform=_text(item, "computePlatform"),
        style=_style(item),
        service_role=_text(item, "serviceRoleArn"),
        auto_scaling_groups=_names(item, "autoScalingGroups"),
        has_instance_tags=_has_instance_tags(item),
        ec2_tags=_tag_sets(item.get("ec2TagFilters"), _part(item, "ec2TagSet").get("ec2TagSetList")),
        on_premises_tags=_tag_sets(
            item.get("onPremisesInstanceTagFilters"), _part(item, "onPremisesTagSet").get("onPremisesTagSetList")
        ),
        last_successful=_text(_part(item, "lastSuccessfulDeployment"), "deploymentId"),
        rollback_events=_rollback_events(item),
        suspends=tuple(_part(item, "ec2DeploymentOptions").get("autoScalingGroupProcessesToSuspend") or ()),
    )


def _text(item: Answer, name: str) -> str:
    return str(item.get(name) or "")


def _part(item: Answer, name: str) -> Answer:
    return item.get(name) or {}


def _names(item: Answer, member: str) -> tuple[str, ...]:
    """The names of the things in a list; those without a name are left out."""
    return tuple(str(thing["name"]) for thing in item.get(member) or [] if thing.get("name"))


def _original(item: Answer) -> Answer:
    """What a blue/green deployment does with the original instances when it succeeds."""
    return _part(_part(item, "blueGreenDeploymentConfiguration"), "terminateBlueInstancesOnDeploymentSuccess")


def _rollback_events(item: Answer) -> tuple[str, ...]:
    """The events that CodeDeploy rolls back on by itself; none if that is off."""
    automatic = _part(item, "autoRollbackConfiguration")
    return tuple(automatic.get("events") or ()) if automatic.get("enabled") else ()


def _style(item: Answer) -> str:
    return _text(_part(item, "deploymentStyle"), "deploymentType")


def _tag_sets(filters: t.Any, sets: t.Any) -> tuple[tuple[tuple[str, str, str], ...], ...]:
    """The tags by which instances are chosen: of a simple list any one, of a list of lists one from each."""
    return tuple(
        tuple((_text(tag, "Key"), _text(tag, "Value"), _text(tag, "Type")) for tag in alternatives)
        for alternatives in ([filters] if filters else sets or [])
    )


def _has_instance_tags(item: Answer) -> bool:
    sets = [
        _part(item, "ec2TagSet").get("ec2TagSetList"),
        _part(item, "onPremisesTagSet").get("onPremisesTagSetList"),
    ]
    return any([item.get("ec2TagFilters"), item.get("onPremisesInstanceTagFilters"), *sets])
