# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""CodeDeploy's deployments and deployment groups as plain data."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field, replace
from datetime import datetime

# DeploymentStatus in botocore's model has eight values; any other than these is still running.
TERMINAL: t.Final = frozenset({"Succeeded", "Failed", "Stopped"})
# The creator of CodeDeploy's own rollbacks. Every other creator deploys something somebody wanted.
ROLLBACK_CREATOR: t.Final = "codeDeployRollback"
# AutoRollbackEvent in botocore's model.
ROLLBACK_EVENTS: t.Final = ("DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST")

# RevisionLocation, as the API has it.
Location = t.Mapping[str, t.Any]


@dataclass(frozen=True)
class Deployment:
    """A deployment as GetDeployment returns it.

    ``revision`` is its location; an AppSpec file inside it appears only as a hash. ``rollback_deployment`` rolls this
    one back; ``triggered_by`` is the one that this one rolls back.
    """

    id: str
    application: str
    group: str
    status: str
    created_at: datetime
    completed_at: datetime | None = None
    creator: str = "user"
    description: str = ""
    revision: Location = field(default_factory=dict)
    error_code: str = ""
    error: str = ""
    rollback_deployment: str = ""
    triggered_by: str = ""
    rollback_message: str = ""
    # The group keeps the original instances or tasks after a successful blue/green deployment.
    keeps_original: bool = False
    # All traffic is on the replacement; the wait before the originals are terminated is running.
    waits_for_termination: bool = False
    # The events on which CodeDeploy rolls it back by itself; empty if that is off.
    rollback_events: tuple[str, ...] = ()
    # Number of targets by status; statuses that no target has are missing.
    counts: t.Mapping[str, int] = field(default_factory=dict)
    # What CodeDeploy says about the status, besides the error.
    messages: tuple[str, ...] = ()

    # Server, ECS or Lambda; empty if CodeDeploy does not say.
    platform: str = ""
    config: str = ""
    # IN_PLACE or BLUE_GREEN.
    style: str = ""
    # DISALLOW, OVERWRITE or RETAIN; empty if CodeDeploy does not say, which means DISALLOW.
    file_exists_behavior: str = ""
    # RESTART, or empty: for STANDARD, and for deployments from before there were modes.
    mode: str = ""
    ignores_stop_failures: bool = False

    @property
    def blue_green(self) -> bool:
        """Whether it deploys to new instances or tasks and moves the traffic there."""
        return self.style == "BLUE_GREEN"

    @property
    def running(self) -> bool:
        """Whether it has not reached a terminal status."""
        return self.status not in TERMINAL

    @property
    def is_rollback(self) -> bool:
        """Whether CodeDeploy made it to undo another deployment."""
        return self.creator == ROLLBACK_CREATOR

    @property
    def why(self) -> str:
        """Why it ended as it did, in CodeDeploy's words; empty if it says nothing."""
        text = f"{self.error_code}: {self.error}" if self.error_code and self.error else self.error_code or self.error
        return text.rstrip(".")


@dataclass(frozen=True)
class Group:
    """A deployment group. ``ecs_services`` are pairs of cluster and service, by name or ARN, as the user gave them."""

    application: str
    name: str
    ecs_services: tuple[tuple[str, str], ...] = ()
    config: str = ""
    # Names of the alarms that stop a deployment; empty if they are off.
    alarms: tuple[str, ...] = ()
    last_attempted: str = ""
    # Minutes for which the original instances or tasks are kept.
    termination_wait: int = 0
    # A deployment continues while CodeDeploy cannot read the alarms.
    ignores_unreadable_alarms: bool = False

    id: str = ""
    # Server, ECS or Lambda.
    platform: str = ""
    # IN_PLACE or BLUE_GREEN.
    style: str = ""
    service_role: str = ""
    auto_scaling_groups: tuple[str, ...] = ()
    # It selects instances by tags, in EC2 or on premises.
    has_instance_tags: bool = False
    # By which tags (key, value, EC2TagFilterType): an instance needs one of each set.
    ec2_tags: tuple[tuple[tuple[str, str, str], ...], ...] = ()
    on_premises_tags: tuple[tuple[tuple[str, str, str], ...], ...] = ()
    last_successful: str = ""
    # The events on which CodeDeploy rolls its deployments back by itself; empty if that is off.
    rollback_events: tuple[str, ...] = ()
    # The processes of its Auto Scaling groups that CodeDeploy suspends during deployments.
    suspends: tuple[str, ...] = ()

    @property
    def blue_green(self) -> bool:
        """Whether a deployment goes to new instances or tasks and moves the traffic there."""
        return self.style == "BLUE_GREEN"

    def deploys(self, cluster: str, service: str) -> bool:
        """Whether it is the group of this ECS service. Takes names, not ARNs."""
        return any((_last(c) or "default", _last(s)) == (cluster, service) for c, s in self.ecs_services)


def _last(name: str) -> str:
    return name.rpartition("/")[2]


# Seconds. The id of a rollback deployment appears after the status of the deployment it rolls back (kayac/ecspresso
# #663 and #673). After this long, none will come.
AFTERMATH: t.Final = 60.0


# How a deployment ended (errorInformation in GetDeployment), and the event on which CodeDeploy rolls it back.
_EVENTS: t.Final = {"Failed": "DEPLOYMENT_FAILURE", "ALARM_ACTIVE": "DEPLOYMENT_STOP_ON_ALARM"}


def is_due(deployment: Deployment, now: datetime | None) -> bool:
    """Whether CodeDeploy may still be about to roll back a deployment that has ended.

    Nothing shows whether somebody's StopDeployment asked for a rollback, so wait and see after every stop.
    """
    told = deployment.rollback_deployment or deployment.rollback_message or deployment.is_rollback
    if now is None or told or deployment.completed_at is None or deployment.status not in ("Stopped", "Failed"):
        return False
    if abs((now - deployment.completed_at).total_seconds()) >= AFTERMATH:
        return False
    event = _EVENTS.get(deployment.error_code if deployment.status == "Stopped" else "Failed")
    return event is None or event in deployment.rollback_events


def not_rolled_back(deployment: Deployment, stopped: str) -> Deployment:
    """The deployment; if it is the one that we have ``stopped`` without a rollback, it is certain that none comes.

    Unless the group rolls back what is stopped: AWS does not say which of the two counts then.
    """
    if deployment.id != stopped or "DEPLOYMENT_STOP_ON_REQUEST" in deployment.rollback_events:
        return deployment
    return replace(deployment, rollback_message=deployment.rollback_message or "it was stopped without a rollback")


def undone_by(ordered: t.Sequence[Deployment]) -> dict[str, Deployment]:
    """The rollback of each deployment, by the deployment's id. Either of the two may be the first to name the other."""
    by_id = {d.id: d for d in ordered}
    found = {d.triggered_by: d for d in ordered if d.triggered_by}
    found.update({d.id: by_id[d.rollback_deployment] for d in ordered if d.rollback_deployment in by_id})
    known = {rollback.id for rollback in found.values()}
    for before, rollback in zip(ordered, ordered[1:]):
        # A rollback that names no deployment undoes the failed or stopped one just before it.
        undoes = before.status in ("Stopped", "Failed") and not before.is_rollback and before.id not in found
        if rollback.is_rollback and rollback.id not in known and not rollback.triggered_by and undoes:
            found[before.id] = rollback
    return found
