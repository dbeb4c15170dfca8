# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Operations on the targets of deployments."""

from __future__ import annotations

from typing import Any

from lastgood_simulator.codedeploy import errors, views
from lastgood_simulator.codedeploy.model import Deployment, Target
from lastgood_simulator.codedeploy.state import state_of
from lastgood_simulator.operations import Context, operation, page

_FILTERS = ("TargetStatus", "ServerInstanceLabel")


def _started(context: Context, params: dict[str, Any]) -> Deployment:
    deployment = state_of(context).deployment(params)
    if deployment.started_at is None and not deployment.finished:
        raise errors.error("DeploymentNotStarted", f"The deployment {deployment.id} has not started")
    return deployment


def _target(deployment: Deployment, target_id: str) -> Target:
    for target in deployment.targets:
        if target.id == target_id:
            return target
    text = f"The target {target_id} does not belong to the deployment {deployment.id}"
    raise errors.error("DeploymentTargetDoesNotExist", text)


@operation("codedeploy", "ListDeploymentTargets")
def list_deployment_targets(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_ListDeploymentTargets.html"""
    deployment = _started(context, params)
    filters = params.get("targetFilters") or {}
    for name in filters:
        errors.one_of(name, _FILTERS, "TargetFilterName", "target filter")
    wanted = filters.get("TargetStatus") or []
    labels = filters.get("ServerInstanceLabel") or []
    ids = [
        target.id
        for target in deployment.targets
        if (not wanted or target.status in wanted) and (not labels or target.details.get("instanceLabel") in labels)
    ]
    shown, token = page(ids, params, default=100, most=100, bad="InvalidNextTokenException")
    return {"targetIds": list(shown), "nextToken": token}


@operation("codedeploy", "GetDeploymentTarget")
def get_deployment_target(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_GetDeploymentTarget.html"""
    deployment = _started(context, params)
    target_id = errors.required(params, "targetId", "DeploymentTargetId")
    return {"deploymentTarget": views.target(deployment, _target(deployment, target_id))}


@operation("codedeploy", "BatchGetDeploymentTargets")
def batch_get_deployment_targets(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_BatchGetDeploymentTargets.html"""
    deployment = _started(context, params)
    ids = params.get("targetIds") or []
    if not ids:
        raise errors.error("DeploymentTargetIdRequired", "A deployment target ID was not provided")
    if len(ids) > 25:
        raise errors.error("DeploymentTargetListSizeExceeded", "The maximum number of deployment target IDs is 25")
    return {"deploymentTargets": [views.target(deployment, _target(deployment, item)) for item in ids]}
