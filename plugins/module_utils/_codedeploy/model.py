# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""CodeDeploy's deployments and deployment groups as plain data."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field
from datetime import datetime

# DeploymentStatus in botocore's model has eight values; whatever is not one of these is still running.
TERMINAL: t.Final = frozenset({"Succeeded", "Failed", "Stopped"})
# CodeDeploy's own rollbacks; all other creators deploy something that somebody wanted.
ROLLBACK_CREATOR: t.Final = "codeDeployRollback"
# AutoRollbackEvent in botocore's model.
ROLLBACK_EVENTS: t.Final = ("DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST")

# RevisionLocation, as the API has it.
Location = t.Mapping[str, t.Any]


@dataclass(frozen=True)
class Deployment:
    """A deployment as GetDeployment shows it.

    ``revision`` is its location; an AppSpec file that it holds is shown by its hash only. ``rollback_deployment`` is
    the deployment that rolls this one back, ``triggered_by`` the one that this one rolls back.
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
    # The group lets the original instances or tasks stand when a blue/green deployment has succeeded.
    keeps_original: bool = False
    # All is on the replacement, and the time until the original instances or tasks are ended is running.
    waits_for_termination: bool = False
    # The events on which CodeDeploy rolls it back by itself; empty where that is off.
    rollback_events: tuple[str, ...] = ()
    # How many targets have which status; those that none has are left out.
    counts: t.Mapping[str, int] = field(default_factory=dict)
    # What CodeDeploy has to say about the status, beside the error.
    messages: tuple[str, ...] = ()

    # Server, ECS or Lambda; empty where CodeDeploy does not say.
    platform: str = ""
    config: str = ""
    # IN_PLACE or BLUE_GREEN.
    style: str = ""
    # DISALLOW, OVERWRITE or RETAIN, and empty where it is not told, which is DISALLOW.
    file_exists_behavior: str = ""
    # RESTART; STANDARD and what was made before there were modes have none.
    mode: str = ""
    ignores_stop_failures: bool = False

    @property
    def blue_green(self) -> bool:
        """It goes to instances or tasks of its own, and takes the traffic there."""
        return self.style == "BLUE_GREEN"

    @property
    def running(self) -> bool:
        """It has not reached a terminal status."""
        return self.status not in TERMINAL

    @property
    def is_rollback(self) -> bool:
        """CodeDeploy made it to undo another one."""
        return self.creator == ROLLBACK_CREATOR

    @property
    def why(self) -> str:
        """Why it ended as it did, in CodeDeploy's words; empty where it says nothing."""
        text = f"{self.error_code}: {self.error}" if self.error_code and self.error else self.error_code or self.error
        return text.rstrip(".")


@dataclass(frozen=True)
class Group:
    """A deployment group. ``ecs_services`` are pairs of cluster and service, by name or ARN as the user gave them."""

    application: str
    name: str
    ecs_services: tuple[tuple[str, str], ...] = ()
    config: str = ""
    # Names of the alarms that stop a deployment; empty where they are off.
    alarms: tuple[str, ...] = ()
    last_attempted: str = ""
    # Minutes for which the original instances or tasks stand on.
    termination_wait: int = 0
    # A deployment goes on while CodeDeploy cannot read the alarms.
    ignores_unreadable_alarms: bool = False

    id: str = ""
    # Server, ECS or Lambda.
    platform: str = ""
    # IN_PLACE or BLUE_GREEN.
    style: str = ""
    service_role: str = ""
    auto_scaling_groups: tuple[str, ...] = ()
    # It names tags of instances, in EC2 or on premises.
    has_instance_tags: bool = False
    last_successful: str = ""
    # The events on which CodeDeploy rolls its deployments back by itself; empty where that is off.
    rollback_events: tuple[str, ...] = ()
    # The processes of its Auto Scaling groups that CodeDeploy suspends during deployments.
    suspends: tuple[str, ...] = ()

    @property
    def blue_green(self) -> bool:
        """A deployment goes to instances or tasks of its own, and takes the traffic there."""
        return self.style == "BLUE_GREEN"

    def deploys(self, cluster: str, service: str) -> bool:
        """It is the group of this ECS service; names, not ARNs."""
        return any((_last(c) or "default", _last(s)) == (cluster, service) for c, s in self.ecs_services)


def _last(name: str) -> str:
    return name.rpartition("/")[2]


# The id of a rollback deployment appears later than the status of what it rolls back (kayac/ecspresso #663 and #673).
# Beyond this many seconds none comes.
AFTERMATH: t.Final = 60.0


# By how a deployment ended (errorInformation in GetDeployment), the event that CodeDeploy rolls back at.
_EVENTS: t.Final = {"Failed": "DEPLOYMENT_FAILURE", "ALARM_ACTIVE": "DEPLOYMENT_STOP_ON_ALARM"}


def is_due(deployment: Deployment, now: datetime | None) -> bool:
    """CodeDeploy can still be about to roll back a deployment that has ended.

    Whether somebody's StopDeployment asked for it shows nowhere, so after every stop one has to wait and see.
    """
    told = deployment.rollback_deployment or deployment.rollback_message or deployment.is_rollback
    if now is None or told or deployment.completed_at is None or deployment.status not in ("Stopped", "Failed"):
        return False
    if abs((now - deployment.completed_at).total_seconds()) >= AFTERMATH:
        return False
    event = _EVENTS.get(deployment.error_code if deployment.status == "Stopped" else "Failed")
    return event is None or event in deployment.rollback_events


def undone_by(ordered: t.Sequence[Deployment]) -> dict[str, Deployment]:
    """By the id of a deployment, the one that rolls it back: either of the two can be the first to say so."""
    by_id = {d.id: d for d in ordered}
    found = {d.triggered_by: d for d in ordered if d.triggered_by}
    found.update({d.id: by_id[d.rollback_deployment] for d in ordered if d.rollback_deployment in by_id})
    known = {rollback.id for rollback in found.values()}
    for before, rollback in zip(ordered, ordered[1:]):
        # One that names nothing undoes what ended without success just before it.
        undoes = before.status in ("Stopped", "Failed") and not before.is_rollback and before.id not in found
        if rollback.is_rollback and rollback.id not in known and not rollback.triggered_by and undoes:
            found[before.id] = rollback
    return found
