# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What AWS CodeDeploy knows: applications, groups, revisions, deployments and their targets.

Plain data; what moves a deployment is in :mod:`.engine` and in the module of its compute platform, how things are shown
is in :mod:`.views`. Times are seconds since the epoch.
"""

from __future__ import annotations

import secrets
import string
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any

from lastgood_simulator.codedeploy.bundles import Bundle
from lastgood_simulator.ecs.model import Service, TaskSet

Shape = dict[str, Any]

FINISHED = frozenset({"Succeeded", "Failed", "Stopped"})
ROLLBACK_CREATOR = "codeDeployRollback"
# Deployments to single instances that Amazon EC2 Auto Scaling launches and terminates.
SCALING_CREATORS = ("autoscaling", "autoscalingTermination")


class DeploymentFailed(Exception):
    """A deployment's script found that it cannot succeed. ``code`` is one of errorInformation's."""

    def __init__(self, code: str, message: str, status: str = "Failed") -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


@dataclass
class Wait:
    """A script goes on at ``due``, or as soon as ``ready`` is true."""

    due: float | None = None
    ready: Callable[[], bool] | None = None

    def over(self, at: float) -> bool:
        """Whether the script may go on at this moment."""
        return (self.due is not None and self.due <= at) or (self.ready is not None and self.ready())


# Yields what it waits for and is sent the time at which that was over; raises DeploymentFailed.
Script = Generator[Wait, float, None]


@dataclass
class LifecycleEvent:
    """A lifecycle event of one target."""

    name: str
    status: str = "Pending"
    started_at: float | None = None
    ended_at: float | None = None
    diagnostics: dict[str, str] | None = None


@dataclass
class Target:
    """Where a deployment deploys to: an instance, a Lambda function or an ECS service. ``kind`` as in the API."""

    kind: str
    id: str
    arn: str
    events: list[LifecycleEvent]
    status: str = "Pending"
    updated_at: float | None = None
    # Other members of the API's InstanceTarget or LambdaTarget.
    details: Shape = field(default_factory=dict)
    # The status that the group's triggers have published.
    announced: str = "Pending"


@dataclass
class Revision:
    """A revision that is registered with an application. ``location`` holds the content and its hash."""

    location: Shape
    description: str
    registered_at: float
    first_used_at: float | None = None
    last_used_at: float | None = None


@dataclass
class Application:
    """An application and its deployment groups."""

    id: str
    name: str
    platform: str
    created_at: float
    groups: dict[str, Group] = field(default_factory=dict)
    revisions: list[Revision] = field(default_factory=list)


@dataclass
class OnPremises:
    """A machine outside AWS. ``identity`` is its iamSessionArn or its iamUserArn."""

    name: str
    suffix: str
    identity: dict[str, str]
    registered_at: float
    deregistered_at: float | None = None
    tags: dict[str, str] = field(default_factory=dict)


@dataclass
class Host:
    """What a deployment group knows of an instance, and what is installed there.

    ``healthy``: "the last deployment to the instance was successful" (instances-health.html), of the revision
    ``deployed``. ``installed`` is what the agent's file …_last_successful_install names: the last revision whose
    Install was successful.
    """

    healthy: bool = False
    deployed: Shape | None = None
    installed: Bundle | None = None


@dataclass
class Group:
    """A deployment group. ``settings`` are the members of the API's DeploymentGroupInfo that a user sets."""

    id: str
    name: str
    application: Application
    settings: Shape
    # Oldest first.
    deployments: list[Deployment] = field(default_factory=list)
    # By the id of the instance.
    hosts: dict[str, Host] = field(default_factory=dict)
    # The instances of its Auto Scaling groups that it has seen.
    seen: set[str] = field(default_factory=set)

    @property
    def active(self) -> Deployment | None:
        """The deployment that is not over; there can be only one, beside those to instances that come and go."""
        running = (item for item in reversed(self.deployments) if not item.finished)
        return next((item for item in running if item.creator not in SCALING_CREATORS), None)

    @property
    def last_successful(self) -> Deployment | None:
        """The deployment that succeeded last."""
        return _last([item for item in self.deployments if item.status == "Succeeded"])

    @property
    def last_good(self) -> Deployment | None:
        """The same without deployments to instances that come and go: they deploy what this one has."""
        succeeded = [item for item in self.deployments if item.status == "Succeeded"]
        return _last([item for item in succeeded if item.creator not in SCALING_CREATORS])


def _last(succeeded: list[Deployment]) -> Deployment | None:
    return max(succeeded, key=lambda item: item.completed_at or 0.0, default=None)


@dataclass
class Deployment:
    """A deployment and where its script stands.

    ``settings`` are the members of the API's DeploymentInfo that were given or taken over from the group when it was
    created.
    """

    id: str
    group: Group
    revision: Shape
    settings: Shape
    creator: str
    created_at: float
    previous_revision: Shape | None
    status: str = "Created"
    started_at: float | None = None
    completed_at: float | None = None
    error: dict[str, str] | None = None
    targets: list[Target] = field(default_factory=list)
    # The instances that it is for, None: all of the group.
    only: list[str] | None = None
    # The deployment after which this one updates outdated instances, and those that do so after this one.
    root: Deployment | None = None
    updates: list[Deployment] = field(default_factory=list)
    # The deployment that this one rolls back, and the one that rolls this one back.
    triggered_by: Deployment | None = None
    rolled_back_by: Deployment | None = None
    rollback_message: str | None = None
    rollback_due: float | None = None
    # What rolled_back_by is going to be, and when.
    unnamed: tuple[float, Deployment] | None = None
    stop_due: float | None = None
    # autoRollbackEnabled of StopDeployment.
    stop_rolls_back: bool | None = None
    next_alarm_check: float | None = None
    # The status that the group's triggers have published.
    announced: str | None = None
    # What ContinueDeployment was called for.
    continued: set[str] = field(default_factory=set)
    waits_for: str | None = None
    termination_wait_started: bool = False
    wait: Wait = field(default_factory=Wait)
    script: Script | None = None
    # On the platform ECS: the service, the original and the replacement task set, the percentage of production traffic
    # of each task set by its id.
    service: Service | None = None
    blue: TaskSet | None = None
    green: TaskSet | None = None
    target_groups: dict[str, str] = field(default_factory=dict)
    traffic: dict[str, float] = field(default_factory=dict)

    @property
    def platform(self) -> str:
        return self.group.application.platform

    @property
    def finished(self) -> bool:
        return self.status in FINISHED


def deployment_id() -> str:
    """``d-`` and nine capital letters or digits, as in AWS's samples."""
    return "d-" + "".join(secrets.choice(string.ascii_uppercase + string.digits) for _turn in range(9))
