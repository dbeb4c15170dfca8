# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Operations on service deployments and service revisions.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-deployment.html and service-revision.html
"""

from __future__ import annotations

import re
from typing import Any

from lastgood_simulator.ecs import records, views
from lastgood_simulator.ecs.model import Service, ServiceRevision
from lastgood_simulator.ecs.state import EcsState, invalid
from lastgood_simulator.ecs.strategies import hooks
from lastgood_simulator.errors import AwsError
from lastgood_simulator.operations import Context, operation, page

# "You can view the most recent 90-day history".
HISTORY = 90 * 86400.0


@operation("ecs", "ListServiceDeployments")
def list_service_deployments(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """Newest first, unless the control method ``listing_order`` says otherwise: AWS documents no order.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListServiceDeployments.html
    """
    service = context.world.ecs(context).service(params)
    wanted = params.get("status") or []
    created = params.get("createdAt") or {}
    after = max(created.get("after", 0), context.now - HISTORY)
    before = created.get("before", context.now)
    listed = [
        record
        for record in context.world.listing.sort("ListServiceDeployments", service.records, lambda item: item.arn)
        if after <= record.created_at <= before and (not wanted or record.status in wanted)
    ]
    shown, token = page(listed, params, default=20, most=100, bad="InvalidParameterException")
    return {
        "serviceDeployments": [views.service_deployment_brief(service, record) for record in shown],
        "nextToken": token,
    }


@operation("ecs", "DescribeServiceDeployments")
def describe_service_deployments(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServiceDeployments.html"""
    state = context.world.ecs(context)
    found, failures = [], []
    for arn in _references(params, "serviceDeploymentArns"):
        match = state.record(arn)
        if match is None or match[1].created_at < context.now - HISTORY:
            failures.append({"arn": arn, "reason": "MISSING"})
        else:
            found.append(views.service_deployment(*match))
    return {"serviceDeployments": found, "failures": failures}


@operation("ecs", "DescribeServiceRevisions")
def describe_service_revisions(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServiceRevisions.html"""
    state = context.world.ecs(context)
    found, failures = [], []
    for arn in _references(params, "serviceRevisionArns"):
        match = _revision(state, arn)
        if match is None:
            failures.append({"arn": arn, "reason": "MISSING"})
        else:
            found.append(views.service_revision(*match))
    return {"serviceRevisions": found, "failures": failures}


def _references(params: dict[str, Any], name: str) -> list[str]:
    arns: list[str] = params.get(name) or []
    if not 1 <= len(arns) <= 20:
        raise invalid(f"{name} must have between 1 and 20 elements.")
    return arns


def _revision(state: EcsState, arn: str) -> tuple[Service, ServiceRevision] | None:
    service = state.owner(arn)
    if service is None:
        return None
    return next(((service, revision) for revision in service.revisions if revision.arn == arn), None)


@operation("ecs", "StopServiceDeployment")
def stop_service_deployment(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stop-service-deployment.html"""
    state = context.world.ecs(context)
    arn = params["serviceDeploymentArn"]
    match = state.record(arn)
    if match is None:
        raise AwsError("ServiceDeploymentNotFoundException", "The service deployment does not exist.")
    if params.get("stopType", "ROLLBACK") != "ROLLBACK":
        raise invalid("The valid values for stopType are ROLLBACK.")
    service, record = match
    if record.finished:
        raise AwsError(
            "ConflictException", f"The service deployment {arn} is in the status {record.status} and cannot be stopped."
        )
    if record.status in ("PENDING", "IN_PROGRESS"):
        records.request_rollback(service, record, context.now, state.env)
        state.touch(service)
    return {"serviceDeploymentArn": arn}


@operation("ecs", "ContinueServiceDeployment")
def continue_service_deployment(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/continue-service-deployment.html

    The messages are those of
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/troubleshooting-blue-green.html; which of the declared
    errors they come with is not documented there. ConflictException is none of them.
    """
    state = context.world.ecs(context)
    arn, hook_id, action = params["serviceDeploymentArn"], params["hookId"], params.get("action") or "CONTINUE"
    match = state.record(arn)
    if match is None:
        raise AwsError("ServiceDeploymentNotFoundException", "The service deployment does not exist.")
    if action not in ("CONTINUE", "ROLLBACK"):
        raise invalid("The valid values for action are CONTINUE, ROLLBACK.")
    if not re.fullmatch(r"ecs-[a-z]+-.+", hook_id):
        raise invalid("Invalid hookId: hookId must follow the format: ecs-{hookType}-{id}")
    service, record = match
    if record.finished:
        raise invalid("Continuing a service deployment is not allowed for service deployment in terminal states.")
    runs = record.hooks if record.status == "IN_PROGRESS" else []
    hook = next((run for run in runs if run.id == hook_id and run.status == "AWAITING_ACTION"), None)
    if hook is None:
        raise invalid("Provided hookId is either completed, unavailable, or not associated with the given Resource ARN")
    hooks.resolve(hook, action)
    state.touch(service)
    return {"serviceDeploymentArn": arn}
