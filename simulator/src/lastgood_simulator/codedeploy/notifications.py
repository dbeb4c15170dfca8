# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Triggers of deployment groups: what is published to topics of moto's Amazon SNS, and so to their subscribers.

Events: https://docs.aws.amazon.com/codedeploy/latest/userguide/monitoring-sns-event-notifications-create-trigger.html
Messages: https://docs.aws.amazon.com/codedeploy/latest/userguide/monitoring-sns-event-notifications-json-format.html
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from moto.sns.models import sns_backends

from lastgood_simulator.codedeploy import views
from lastgood_simulator.codedeploy.model import ROLLBACK_CREATOR, Deployment, Target

if TYPE_CHECKING:
    from lastgood_simulator.codedeploy.state import CodeDeployState

_DEPLOYMENT_EVENTS = {
    "Created": "DeploymentStart",
    "Succeeded": "DeploymentSuccess",
    "Failed": "DeploymentFailure",
    "Stopped": "DeploymentStop",
    "Ready": "DeploymentReady",
}
_INSTANCE_EVENTS = {
    "InProgress": "InstanceStart",
    "Succeeded": "InstanceSuccess",
    "Failed": "InstanceFailure",
    "Ready": "InstanceReady",
}


def announce(state: CodeDeployState, deployment: Deployment) -> None:
    """Publish what has changed since the last time."""
    if deployment.announced != deployment.status:
        deployment.announced = deployment.status
        if deployment.status == "Created" and deployment.creator == ROLLBACK_CREATOR:
            _publish(state, deployment, "DeploymentRollback", _of_deployment(deployment))
        _publish(state, deployment, _DEPLOYMENT_EVENTS.get(deployment.status), _of_deployment(deployment))
    for target in deployment.targets:
        if target.kind == "InstanceTarget" and target.announced != target.status:
            target.announced = target.status
            _publish(state, deployment, _INSTANCE_EVENTS.get(target.status), _of_instance(deployment, target))


def _publish(state: CodeDeployState, deployment: Deployment, event: str | None, message: dict[str, Any]) -> None:
    for trigger in deployment.group.settings.get("triggerConfigurations") or []:
        topic = _topic(state, trigger["triggerTargetArn"])
        if event not in trigger["triggerEvents"] or topic is None:
            continue
        where = {"region": state.region, "accountId": state.account, "eventTriggerName": trigger["triggerName"]}
        application = deployment.group.application.name
        subject = f"{deployment.status.upper()}: AWS CodeDeploy {deployment.id} in {state.region} to {application}"
        # SNS takes subjects of less than 100 characters.
        topic.publish(json.dumps(where | message), subject=subject[:99])


def _topic(state: CodeDeployState, arn: str) -> Any:
    """moto's topic; None if it does not exist, about which CodeDeploy says nothing."""
    region = arn.split(":")[3] if arn.count(":") >= 5 else state.region
    return sns_backends[state.account][region].topics.get(arn)


def _of_deployment(deployment: Deployment) -> dict[str, Any]:
    shown = views.deployment(deployment)
    message: dict[str, Any] = {
        "applicationName": deployment.group.application.name,
        "deploymentId": deployment.id,
        "deploymentGroupName": deployment.group.name,
        "createTime": _time(deployment.created_at),
        "completeTime": _time(deployment.completed_at),
        "deploymentOverview": {name: str(count) for name, count in shown["deploymentOverview"].items()},
        "status": deployment.status,
    }
    if deployment.error is not None:
        error = {"ErrorCode": deployment.error["code"], "ErrorMessage": deployment.error["message"]}
        message["errorInformation"] = error
    if deployment.triggered_by is not None:
        message["rollbackInformation"] = {"RollbackTriggeringDeploymentId": deployment.triggered_by.id}
    return {name: value for name, value in message.items() if value is not None}


def _of_instance(deployment: Deployment, target: Target) -> dict[str, Any]:
    events = [
        {
            "LifecycleEvent": event.name,
            "LifecycleEventStatus": event.status,
            "StartTime": _time(event.started_at),
            "EndTime": _time(event.ended_at),
        }
        for event in target.events
    ]
    return {
        "deploymentId": deployment.id,
        "instanceId": target.arn,
        "lastUpdatedAt": _time(target.updated_at),
        "instanceStatus": target.status,
        "lifecycleEvents": [{name: text for name, text in event.items() if text is not None} for event in events],
    }


def _time(moment: float | None) -> str | None:
    return None if moment is None else f"{moment:.3f}"
