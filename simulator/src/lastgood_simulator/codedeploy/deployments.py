# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Operations on deployments."""

from __future__ import annotations

from typing import Any

from lastgood_simulator.codedeploy import deployment_settings, engine, errors, revisions, validation, views
from lastgood_simulator.codedeploy.model import SCALING_CREATORS, Deployment, Group, Shape
from lastgood_simulator.codedeploy.state import CodeDeployState, checked_id, state_of
from lastgood_simulator.operations import Context, operation, page

_STATUSES = ("Created", "Queued", "InProgress", "Baking", "Succeeded", "Failed", "Stopped", "Ready")
_STOPPED = {
    "status": "Succeeded",
    "statusMessage": "No more commands will be scheduled for execution in the deployment instances",
}


@operation("codedeploy", "CreateDeployment")
def create_deployment(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_CreateDeployment.html"""
    return {"deploymentId": create(context, params).id}


def create(
    context: Context,
    params: dict[str, Any],
    creator: str = "user",
    external_id: str | None = None,
    only: list[str] | None = None,
) -> Deployment:
    """Create a deployment in somebody's name, of some instances only. ``external_id`` is that of a stack."""
    state = state_of(context)
    group = state.group(params)
    settings = deployment_settings.of(state, group, params)
    if external_id is not None:
        settings["externalId"] = external_id
    revision = _revision(group, params)
    service = validation.ecs_service(state, group.settings) if group.application.platform == "ECS" else None
    if group.active is not None and creator not in SCALING_CREATORS:
        # The text as people report it (aws/aws-sdk-java#757).
        text = f"The Deployment Group '{group.name}' already has an active Deployment '{group.active.id}'"
        raise errors.error("DeploymentLimitExceeded", text)
    deployment = engine.start(state, group, revision, settings, context.now, creator, service=service, only=only)
    state.touch(deployment)
    return deployment


def _revision(group: Group, params: dict[str, Any]) -> Shape:
    application = group.application
    if params.get("deploymentMode") == "RESTART":
        if params.get("revision"):
            raise errors.error("InvalidInput", "revision must not be specified with the deployment mode RESTART")
        if group.last_successful is None:
            raise errors.error("RevisionDoesNotExist", f"{group.name} has no successful deployment to restart")
        return group.last_successful.revision
    location = revisions.located(params.get("revision"), application.platform)
    if application.platform != "Server" and revisions.content_of(location) is None and "s3Location" not in location:
        # Only the hash: the content is that of the registered revision.
        location = revisions.registered(application, location).location
    return location


@operation("codedeploy", "GetDeployment")
def get_deployment(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_GetDeployment.html"""
    return {"deploymentInfo": views.deployment(state_of(context).deployment(params))}


@operation("codedeploy", "BatchGetDeployments")
def batch_get_deployments(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """Ids that do not exist are left out.

    https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_BatchGetDeployments.html
    """
    state = state_of(context)
    ids = errors.batch(params.get("deploymentIds") or [], 25)
    if not ids:
        raise errors.error("DeploymentIdRequired", "At least one deployment ID must be specified")
    found = [state.deployments[item] for item in map(checked_id, ids) if item in state.deployments]
    for deployment in found:
        state.refresh(deployment.group)
    return {"deploymentsInfo": [views.deployment(deployment) for deployment in found]}


@operation("codedeploy", "ListDeployments")
def list_deployments(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """Newest first, unless the control method ``listing_order`` says otherwise: AWS promises no order.

    https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_ListDeployments.html
    """
    state = state_of(context)
    chosen = _in_group(state, params)
    statuses = params.get("includeOnlyStatuses") or []
    for status in statuses:
        errors.one_of(status, _STATUSES, "DeploymentStatus", "deployment status")
    times = params.get("createTimeRange") or {}
    earliest, latest = times.get("start", 0.0), times.get("end", float("inf"))
    if earliest > latest:
        raise errors.error("InvalidTimeRange", "The start of the time range is after its end")
    history = context.world.history
    seen = history.view.moment
    ids = [
        item.id
        for item in context.world.listing.sort("ListDeployments", chosen, lambda item: item.id)
        if (seen is None or item.created_at <= max(seen.at, history.settled_at))
        and (not statuses or item.status in statuses)
        and earliest <= item.created_at <= latest
        and params.get("externalId") in (None, item.settings.get("externalId"))
    ]
    shown, token = page(ids, params, default=100, most=100, bad="InvalidNextTokenException")
    return {"deployments": list(shown), "nextToken": token}


def _in_group(state: CodeDeployState, params: dict[str, Any]) -> list[Deployment]:
    """Those of one group, or all."""
    if params.get("deploymentGroupName"):
        if not params.get("applicationName"):
            raise errors.error("ApplicationNameRequired", "applicationName must be specified with deploymentGroupName")
        return list(state.group(params).deployments)
    if params.get("applicationName"):
        raise errors.error("DeploymentGroupNameRequired", "deploymentGroupName must be specified with applicationName")
    state.catch_up()
    return list(state.deployments.values())


@operation("codedeploy", "StopDeployment")
def stop_deployment(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """At once when nothing of it has begun; otherwise Pending until what runs has ended.

    https://docs.aws.amazon.com/codedeploy/latest/userguide/deployment-steps-ecs.html#deployment-stop-fail-ecs
    """
    state = state_of(context)
    deployment = state.deployment(params)
    if deployment.status == "Stopped" and (deployment.error or {}).get("code") == "MANUAL_STOP":
        # "After the pending operation is complete, subsequent calls to stop the deployment return a status of
        # succeeded": deployment-steps-server.html
        return _STOPPED
    _unfinished(deployment)
    if params.get("autoRollbackEnabled") is not None:
        deployment.stop_rolls_back = params["autoRollbackEnabled"]
    if deployment.started_at is None:
        engine.stop(state, deployment, context.now)
        state.touch(deployment)
        return _STOPPED
    if deployment.stop_due is None:
        deployment.stop_due = context.now + state.ecs.env.timings.stop_requested
    state.touch(deployment)
    return {"status": "Pending", "statusMessage": "Some lifecycle events might still be running"}


def _unfinished(deployment: Deployment) -> None:
    if deployment.finished:
        text = f"The deployment {deployment.id} is already complete: it is {deployment.status}"
        raise errors.error("DeploymentAlreadyCompleted", text)


@operation("codedeploy", "ContinueDeployment")
def continue_deployment(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_ContinueDeployment.html"""
    wait = params.get("deploymentWaitType") or "READY_WAIT"
    errors.one_of(wait, ("READY_WAIT", "TERMINATION_WAIT"), "DeploymentWaitType", "wait type")
    return _continue(context, params, wait)


@operation("codedeploy", "SkipWaitTimeForInstanceTermination")
def skip_wait_time_for_instance_termination(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_SkipWaitTimeForInstanceTermination.html"""
    return _continue(context, params, "TERMINATION_WAIT")


def _continue(context: Context, params: dict[str, Any], wait: str) -> dict[str, Any]:
    state = state_of(context)
    deployment = state.deployment(params)
    _unfinished(deployment)
    if deployment.settings["deploymentStyle"]["deploymentType"] != "BLUE_GREEN":
        text = "Only blue/green deployments can be continued"
        raise errors.error("UnsupportedActionForDeploymentType", text)
    if deployment.waits_for != wait:
        name = "DeploymentIsNotInReadyState" if wait == "READY_WAIT" else "InvalidDeploymentStatus"
        raise errors.error(name, f"The deployment {deployment.id} is {deployment.status} and not in the {wait}")
    deployment.continued.add(wait)
    state.touch(deployment)
    return {}
