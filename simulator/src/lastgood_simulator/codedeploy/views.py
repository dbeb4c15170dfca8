# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How the API shows what :mod:`.model` holds. Members without a value are left out, as AWS does."""

from __future__ import annotations

from lastgood_simulator.codedeploy import revisions
from lastgood_simulator.codedeploy.model import Application, Deployment, Group, LifecycleEvent, Revision, Shape, Target
from lastgood_simulator.ecs import task_sets
from lastgood_simulator.ecs.model import TaskSet
from lastgood_simulator.ecs.tasks import starting


def _without_none(shape: Shape) -> Shape:
    return {name: value for name, value in shape.items() if value is not None}


def application(item: Application) -> Shape:
    """An ApplicationInfo."""
    return {
        "applicationId": item.id,
        "applicationName": item.name,
        "createTime": item.created_at,
        "linkedToGitHub": False,
        "computePlatform": item.platform,
    }


def group(item: Group) -> Shape:
    """A DeploymentGroupInfo. ``targetRevision`` is that of the last deployment that was tried."""
    attempted = item.deployments[-1] if item.deployments else None
    shape = {
        "applicationName": item.application.name,
        "deploymentGroupId": item.id,
        "deploymentGroupName": item.name,
        "computePlatform": item.application.platform,
        **item.settings,
        "lastSuccessfulDeployment": _last(item.last_successful),
        "lastAttemptedDeployment": _last(attempted),
        "targetRevision": revisions.without_content(attempted.revision) if attempted is not None else None,
    }
    return _without_none(shape)


def _last(item: Deployment | None) -> Shape | None:
    if item is None:
        return None
    return _without_none(
        {
            "deploymentId": item.id,
            "status": item.status,
            "endTime": item.completed_at,
            "createTime": item.created_at,
        }
    )


def revision(item: Revision, groups: list[str]) -> Shape:
    """A GenericRevisionInfo. ``groups`` are those "for which this is the current target revision"."""
    return _without_none(
        {
            "description": item.description,
            "deploymentGroups": groups,
            "firstUsedTime": item.first_used_at,
            "lastUsedTime": item.last_used_at,
            "registerTime": item.registered_at,
        }
    )


def deployment(item: Deployment) -> Shape:
    """A DeploymentInfo."""
    counts = dict.fromkeys(("Pending", "InProgress", "Succeeded", "Failed", "Skipped", "Ready"), 0)
    for entry in item.targets:
        counts[entry.status] += 1
    rollback = _without_none(
        {
            "rollbackDeploymentId": item.rolled_back_by.id if item.rolled_back_by is not None else None,
            "rollbackTriggeringDeploymentId": item.triggered_by.id if item.triggered_by is not None else None,
            "rollbackMessage": item.rollback_message,
        }
    )
    related = _without_none(
        {
            "autoUpdateOutdatedInstancesRootDeploymentId": item.root.id if item.root is not None else None,
            "autoUpdateOutdatedInstancesDeploymentIds": [update.id for update in item.updates] or None,
        }
    )
    previous = item.previous_revision
    shape = {
        "applicationName": item.group.application.name,
        "deploymentGroupName": item.group.name,
        "deploymentId": item.id,
        "computePlatform": item.platform,
        **item.settings,
        "revision": revisions.without_content(item.revision),
        "previousRevision": revisions.without_content(previous) if previous is not None else None,
        "status": item.status,
        "creator": item.creator,
        "createTime": item.created_at,
        "startTime": item.started_at,
        "completeTime": item.completed_at,
        "errorInformation": item.error,
        "deploymentOverview": counts,
        "rollbackInfo": rollback or None,
        "relatedDeployments": related or None,
        "instanceTerminationWaitTimeStarted": item.termination_wait_started,
    }
    return _without_none(shape)


_TARGETS = {"ECSTarget": "ecsTarget", "InstanceTarget": "instanceTarget", "LambdaTarget": "lambdaTarget"}


def target(owner: Deployment, item: Target) -> Shape:
    """A DeploymentTarget."""
    shape = _without_none(
        {
            "deploymentId": owner.id,
            "targetId": item.id,
            "targetArn": item.arn,
            "lastUpdatedAt": item.updated_at,
            "lifecycleEvents": [_event(event) for event in item.events],
            "status": item.status,
            **item.details,
        }
    )
    if item.kind == "ECSTarget":
        shape["taskSetsInfo"] = [
            _task_set(owner, entry, colour)
            for colour, entry in (("Blue", owner.blue), ("Green", owner.green))
            if entry is not None
        ]
    return {"deploymentTargetType": item.kind, _TARGETS[item.kind]: shape}


def _event(item: LifecycleEvent) -> Shape:
    return _without_none(
        {
            "lifecycleEventName": item.name,
            "status": item.status,
            "startTime": item.started_at,
            "endTime": item.ended_at,
            "diagnostics": item.diagnostics,
        }
    )


def _task_set(owner: Deployment, item: TaskSet, colour: str) -> Shape:
    """An ECSTaskSet. ``identifer`` is spelt so in the API."""
    service = owner.service
    assert service is not None
    own = [task for task in service.tasks_of(item.id) if task.live]
    return {
        "identifer": item.id,
        "desiredCount": 0 if item.status == "DRAINING" else task_sets.computed_desired(service, item),
        "pendingCount": sum(starting(task) for task in own),
        "runningCount": sum(task.last_status == "RUNNING" for task in own),
        "status": item.status,
        "trafficWeight": owner.traffic[item.id],
        "targetGroup": {"name": owner.target_groups[colour.lower()]},
        "taskSetLabel": colour,
    }
