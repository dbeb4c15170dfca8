# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What moves deployments: their scripts, stops, alarms and automatic rollbacks.

A deployment of the compute platform ECS is driven by the engine of the ECS service, event by event, see
:mod:`.ecs_platform`; those of the other platforms by :func:`catch_up`. Either way nothing happens but at the moments
that :func:`timers` names, so that it does not matter how often somebody looks.

https://docs.aws.amazon.com/codedeploy/latest/userguide/deployments-rollback-and-redeploy.html
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from lastgood_simulator.codedeploy import (
    auto_scaling,
    ecs_platform,
    lambda_platform,
    notifications,
    revisions,
    server_platform,
)
from lastgood_simulator.codedeploy.auto_scaling import Wanted
from lastgood_simulator.codedeploy.model import (
    ROLLBACK_CREATOR,
    Deployment,
    DeploymentFailed,
    Group,
    Shape,
    deployment_id,
)
from lastgood_simulator.ecs.model import Service

if TYPE_CHECKING:
    from lastgood_simulator.codedeploy.state import CodeDeployState

_SCRIPTS = {"ECS": ecs_platform.script, "Lambda": lambda_platform.script, "Server": server_platform.script}


class Driver:
    """What the engine of an ECS service calls for a deployment."""

    def __init__(self, state: CodeDeployState, deployment: Deployment) -> None:
        self._state = state
        self._deployment = deployment

    def tick(self, at: float) -> bool:
        """Do what is due; says whether anything was."""
        return tick(self._state, self._deployment, at)

    def timers(self) -> Iterator[float]:
        """When something is due."""
        return timers(self._deployment)

    @property
    def over(self) -> bool:
        """Whether nothing will ever be due again."""
        left = self._deployment.rollback_due is not None or self._deployment.unnamed is not None
        return self._deployment.finished and not left


def start(
    state: CodeDeployState,
    group: Group,
    revision: Shape,
    settings: Shape,
    at: float,
    creator: str = "user",
    triggered_by: Deployment | None = None,
    service: Service | None = None,
    only: list[str] | None = None,
    root: Deployment | None = None,
) -> Deployment:
    """Create a deployment."""
    last = group.last_successful
    deployment = Deployment(
        id=deployment_id(),
        group=group,
        revision=revision,
        settings=settings,
        creator=creator,
        created_at=at,
        previous_revision=last.revision if last is not None else None,
        triggered_by=triggered_by,
        service=service,
        only=only,
        root=root,
    )
    if root is not None:
        root.updates.append(deployment)
    description = f"Application revision registered by Deployment ID: {deployment.id}"
    used = revisions.register(group.application, revision, description, at)
    used.first_used_at = at if used.first_used_at is None else used.first_used_at
    used.last_used_at = at
    group.deployments.append(deployment)
    state.deployments[deployment.id] = deployment
    deployment.script = _SCRIPTS[deployment.platform](state, deployment, at)
    deployment.wait = next(deployment.script)
    if service is not None:
        service.drivers.append(Driver(state, deployment))
    notifications.announce(state, deployment)
    return deployment


def look(state: CodeDeployState, group: Group, at: float) -> None:
    """Start what Amazon EC2 Auto Scaling has given cause for."""
    for wanted in auto_scaling.came_and_went(state, group):
        _start(state, group, wanted, at)


def _start(state: CodeDeployState, group: Group, wanted: Wanted, at: float) -> None:
    start(state, group, wanted.revision, wanted.settings, at, wanted.creator, only=wanted.only, root=wanted.root)


def catch_up(state: CodeDeployState, group: Group, now: float) -> None:
    """Handle everything that is due in a group that no ECS service drives."""
    while True:
        at = min((time for item in group.deployments for time in timers(item)), default=math.inf)
        moved = [tick(state, deployment, min(at, now)) for deployment in list(group.deployments)]
        # Something may also be waiting for what somebody has just done.
        if at > now and not any(moved):
            return


def timers(deployment: Deployment) -> Iterator[float]:
    """When something of this deployment is due."""
    candidates = [deployment.rollback_due, deployment.unnamed[0] if deployment.unnamed is not None else None]
    if not deployment.finished:
        candidates += [deployment.wait.due, deployment.stop_due, deployment.next_alarm_check]
    yield from (time for time in candidates if time is not None)


def tick(state: CodeDeployState, deployment: Deployment, at: float) -> bool:
    """Do what is due at this moment; says whether anything was."""
    moved, ended = False, deployment.finished
    if not deployment.finished:
        service = deployment.service
        if service is not None and service.status != "ACTIVE":
            gone = DeploymentFailed("INVALID_ECS_SERVICE", f"The ECS service {service.name} is not ACTIVE.")
            _fail(state, deployment, gone, at)
            moved = True
        elif deployment.stop_due is not None and deployment.stop_due <= at:
            stop(state, deployment, at)
            moved = True
        else:
            moved = _check_alarms(state, deployment, at) or _go_on(state, deployment, at)
    if deployment.rollback_due is not None and deployment.rollback_due <= at:
        deployment.rollback_due = None
        _roll_back(state, deployment, at)
        moved = True
    if deployment.unnamed is not None and deployment.unnamed[0] <= at:
        _name(deployment, deployment.unnamed[1])
        moved = True
    if deployment.finished and not ended and deployment.platform == "Server":
        _follow_up(state, deployment, at)
    notifications.announce(state, deployment)
    return moved


def _follow_up(state: CodeDeployState, deployment: Deployment, at: float) -> None:
    auto_scaling.abandon(state, deployment)
    look(state, deployment.group, at)
    for wanted in auto_scaling.outdated(state, deployment.group):
        _start(state, deployment.group, wanted, at)


def _name(deployment: Deployment, rollback: Deployment) -> None:
    """The deployment that is rolled back says by which one."""
    deployment.unnamed = None
    deployment.rolled_back_by = rollback
    deployment.rollback_message = f"Deployment {deployment.id} is rolled back by deployment {rollback.id}."


def _go_on(state: CodeDeployState, deployment: Deployment, at: float) -> bool:
    moved = False
    while not deployment.finished and deployment.script is not None and deployment.wait.over(at):
        moved = True
        try:
            deployment.wait = deployment.script.send(at)
        except StopIteration:
            _finish(deployment, "Succeeded", at)
        except DeploymentFailed as failure:
            _fail(state, deployment, failure, at)
    if moved and deployment.next_alarm_check is None and deployment.status == "InProgress" and _alarms(deployment):
        deployment.next_alarm_check = at
    return moved


def stop(state: CodeDeployState, deployment: Deployment, at: float) -> None:
    """StopDeployment takes effect."""
    begun = deployment.started_at is not None
    deployment.error = {"code": "MANUAL_STOP", "message": "The deployment was stopped by a user."}
    _finish(deployment, "Stopped", at)
    wanted = deployment.stop_rolls_back
    if wanted is None:
        wanted = _configured(deployment, "DEPLOYMENT_STOP_ON_REQUEST")
    _consider_rollback(state, deployment, wanted, at, now=not begun)


def _fail(state: CodeDeployState, deployment: Deployment, failure: DeploymentFailed, at: float) -> None:
    deployment.error = {"code": failure.code, "message": failure.message}
    for target in deployment.targets:
        for event in target.events:
            if event.status == "InProgress":
                event.status, event.ended_at = "Failed", at
                event.diagnostics = {
                    "errorCode": "UnknownError",
                    "scriptName": "",
                    "message": failure.message,
                    "logTail": "",
                }
    _finish(deployment, failure.status, at)
    wanted = failure.status == "Failed" and _configured(deployment, "DEPLOYMENT_FAILURE")
    _consider_rollback(state, deployment, wanted, at)


def _check_alarms(state: CodeDeployState, deployment: Deployment, at: float) -> bool:
    """Stop the deployment if one of its alarms is in ALARM.

    https://docs.aws.amazon.com/codedeploy/latest/userguide/monitoring-create-alarms.html and error-codes.html
    """
    if deployment.next_alarm_check is None or deployment.next_alarm_check > at:
        return False
    deployment.next_alarm_check = at + state.ecs.env.timings.alarm_check
    chosen = _alarm_configuration(deployment)
    names = _alarms(deployment)
    # Whoever lets DescribeAlarms fail lets it fail for CodeDeploy, too.
    unknown = state.faults.take("cloudwatch", "DescribeAlarms", {"AlarmNames": names}, state.now) is not None
    if unknown and not chosen.get("ignorePollAlarmFailure"):
        text = "The state of the alarms could not be retrieved from Amazon CloudWatch."
    elif not unknown and state.ecs.env.alarms_in_alarm(names):
        text = (
            "One or more alarms have been activated according to the Amazon CloudWatch metrics you selected, and the "
            "affected deployments have been stopped."
        )
    else:
        return False
    deployment.error = {"code": "ALARM_ACTIVE", "message": text}
    _finish(deployment, "Stopped", at)
    _consider_rollback(state, deployment, _configured(deployment, "DEPLOYMENT_STOP_ON_ALARM"), at)
    return True


def _alarm_configuration(deployment: Deployment) -> Shape:
    """The deployment's override replaces the group's configuration."""
    override = deployment.settings.get("overrideAlarmConfiguration")
    return (override if override is not None else deployment.group.settings.get("alarmConfiguration")) or {}


def _alarms(deployment: Deployment) -> list[str]:
    """The alarms that stop a deployment.

    A rollback does not look at them: the one that caused it is still in ALARM, and AWS rolls back all the same.
    """
    chosen = _alarm_configuration(deployment)
    if deployment.creator == ROLLBACK_CREATOR or not chosen.get("enabled"):
        return []
    return [alarm["name"] for alarm in chosen.get("alarms") or []]


def _finish(deployment: Deployment, status: str, at: float) -> None:
    deployment.status, deployment.completed_at = status, at
    deployment.stop_due = deployment.next_alarm_check = deployment.waits_for = None
    if deployment.script is not None:
        deployment.script.close()
        deployment.script = None
    for target in deployment.targets:
        for event in target.events:
            if event.status in ("Pending", "InProgress"):
                event.status = "Skipped"
        if target.status in ("Pending", "InProgress", "Ready"):
            target.status = {"Succeeded": "Succeeded", "Failed": "Failed"}.get(status, "Skipped")
            target.updated_at = at


def _configured(deployment: Deployment, event: str) -> bool:
    chosen = deployment.settings.get("autoRollbackConfiguration") or {}
    return bool(chosen.get("enabled")) and event in (chosen.get("events") or [])


def _consider_rollback(
    state: CodeDeployState, deployment: Deployment, wanted: bool, at: float, now: bool = False
) -> None:
    """The rollback deployment is created a little later than the status changes, so that its id appears late.

    Tools wait for both (kayac/ecspresso, rollback.go). Where nothing had been started it is created at once.
    """
    if not wanted:
        return
    if deployment.creator == ROLLBACK_CREATOR:
        deployment.rollback_message = "A rollback deployment is not rolled back."
        return
    if now:
        _roll_back(state, deployment, at)
    else:
        deployment.rollback_due = at + state.ecs.env.timings.rollback_started


def _roll_back(state: CodeDeployState, deployment: Deployment, at: float) -> None:
    """Deploy the group's last good revision again, as a new deployment with the content option it had then."""
    group = deployment.group
    good = group.last_good
    if group.active is not None:
        deployment.rollback_message = f"Deployment {deployment.id} was not rolled back: {group.active.id} is active."
        return
    if good is None:
        deployment.rollback_message = (
            f"Deployment {deployment.id} cannot be rolled back: the deployment group has no successful deployment."
        )
        if deployment.service is not None:
            ecs_platform.return_traffic(state, deployment, at)
        return
    settings = {
        **deployment.settings,
        "description": f"Automatic rollback of deployment {deployment.id}",
        "fileExistsBehavior": good.settings["fileExistsBehavior"],
        "updateOutdatedInstancesOnly": False,
    }
    # A restart that failed is followed by a deployment.
    settings.pop("deploymentMode", None)
    service = deployment.service
    rollback = start(state, group, good.revision, settings, at, ROLLBACK_CREATOR, deployment, service)
    late = state.ecs.env.timings.rollback_named
    if late:
        deployment.unnamed = (at + late, rollback)
    else:
        _name(deployment, rollback)
