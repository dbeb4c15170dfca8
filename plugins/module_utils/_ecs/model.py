# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""The plain data that everything here is decided on."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field
from datetime import datetime

from ansible_collections.lastgood.aws.plugins.module_utils._core import findings
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import marks, names

# What all of this collection reports in.
Verdict = findings.Verdict
Severity = findings.Severity
Outcome = findings.Outcome
Direction = findings.Direction
GOOD_ENDS: t.Final = findings.GOOD_ENDS
Finding = findings.Finding

# ECS's service deployment statuses (ServiceDeploymentStatus in botocore's model). An unknown one counts as running.
# A deployment of CodeDeploy that is not rolled back ends as FAILED; ECS's own have no such status.
TERMINAL: t.Final = frozenset({"SUCCESSFUL", "STOPPED", "FAILED", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED"})
ROLLING_BACK: t.Final = frozenset({"ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS"})
# "You can stop a service deployment in these states": StopServiceDeployment in the ECS developer guide
# (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stop-service-deployment.html).
STOPPABLE: t.Final = frozenset({"PENDING", "IN_PROGRESS"})

Method = t.Literal[
    "none",
    "adopt",
    "continue_rollback",
    "stop_deployment",
    "update_service",
    "codedeploy_stop",
    "codedeploy_deployment",
    "primary_task_set",
]


@dataclass(frozen=True)
class Deployment:
    """One entry of a service's ``deployments``, or of its ``taskSets``. Counts are tasks.

    Task sets have an ``arn``, and an ``external_id`` that is the CodeDeploy deployment's id if CodeDeploy made them;
    ``scale`` is their share of the service's tasks in percent.
    """

    id: str
    status: str
    task_definition: str
    rollout_state: str
    rollout_reason: str
    desired: int
    running: int
    pending: int
    failed: int
    created_at: datetime | None
    arn: str = ""
    external_id: str = ""
    scale: float | None = None
    # The deployment or the task set as the API gives it: for making another one like it, and for checks.
    settings: t.Mapping[str, t.Any] = field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class Event:
    """A service event: what ECS says about a service."""

    id: str
    created_at: datetime | None
    message: str


@dataclass(frozen=True)
class Service:
    """What DescribeServices returns about one service. Counts are tasks, percentages those of the deployment."""

    name: str
    arn: str
    cluster_arn: str
    status: str
    controller: str
    strategy: str
    scheduling: str
    task_definition: str
    desired: int
    running: int
    pending: int
    circuit_breaker: bool
    circuit_breaker_rolls_back: bool
    deployments: tuple[Deployment, ...]
    events: tuple[Event, ...]
    tags: t.Mapping[str, str]
    revision_arns: tuple[str, ...]
    load_balancers: tuple[t.Mapping[str, t.Any], ...] = ()
    registries: tuple[t.Mapping[str, t.Any], ...] = ()
    minimum_healthy_percent: int = 100
    maximum_percent: int = 200
    # The deploymentConfiguration as the API gives it, for putting it back.
    configuration: t.Mapping[str, t.Any] = field(default_factory=dict, compare=False)
    created_at: datetime | None = None
    # The ARN of the service deployment that DescribeServices names as the current one; empty if it names none.
    current_deployment: str = ""
    # Tasks that start carry the tags of the service (propagateTags).
    tags_its_tasks: bool = False
    # Seconds after its start in which a task may fail its health checks.
    grace_period: int = 0

    @property
    def primary(self) -> Deployment | None:
        """The PRIMARY deployment. After a rollback by ECS it need not be the first in the list."""
        return next((d for d in self.deployments if d.status == "PRIMARY"), None)

    @property
    def running_by_version(self) -> dict[str, int]:
        """Running tasks by ``family:revision``, whichever deployments or task sets they belong to."""
        found: dict[str, int] = {}
        for one in self.deployments:
            version = names.short(one.task_definition)
            found[version] = found.get(version, 0) + one.running
        return found

    def deployment(self, deployment_id: str) -> Deployment | None:
        """The deployment with this id, if ECS still lists it."""
        return next((d for d in self.deployments if d.id == deployment_id), None)

    def made_by(self, codedeploy_id: str) -> Deployment | None:
        """The task set that a deployment of CodeDeploy made, if it still exists."""
        return next((d for d in self.deployments if codedeploy_id and d.external_id == codedeploy_id), None)

    def wanted(self, deployment: Deployment) -> int:
        """Tasks that the service needs to be whole on one of its deployments.

        A DAEMON service has no count of its own: it runs a task on each instance
        (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_services.html).
        """
        return deployment.desired if self.scheduling == "DAEMON" else self.desired

    @property
    def cluster(self) -> str:
        """The cluster's name."""
        return self.cluster_arn.rpartition("/")[2]

    @property
    def in_cluster(self) -> str:
        """``cluster/service``, as it stands in marks."""
        return f"{self.cluster}/{self.name}"


@dataclass(frozen=True)
class Revision:
    """A service revision: what ECS recorded for a deployment. ``digests`` maps container names to image digests."""

    arn: str
    task_definition: str
    digests: t.Mapping[str, str] = field(default_factory=dict)
    settings: t.Mapping[str, t.Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Pause:
    """A PAUSE hook that waits for somebody. ``timeout_action`` is what ECS does by itself when nobody answers."""

    hook: str
    expires_at: datetime | None
    timeout_action: str


@dataclass(frozen=True)
class ServiceDeployment:
    """A record of moving a service to a service revision: ECS's own, or one made from a deployment of CodeDeploy.

    ``id`` is the ARN of ECS's own, and the deployment id of CodeDeploy's; ``by`` says who keeps the record. With the
    status FAILED or STOPPED ``rolled_back_to`` is what the service stayed on.
    """

    id: str
    status: str
    created_at: datetime
    finished_at: datetime | None
    target: Revision
    reason: str = ""
    sources: tuple[Revision, ...] = ()
    rolled_back_to: Revision | None = None
    rollback_reason: str = ""
    # Tasks requested of the target, and of what was rolled back to; None if that was not read.
    requested_tasks: int | None = None
    tasks_back: int | None = None
    stage: str = ""
    paused_at: Pause | None = None
    by: str = "ECS"
    # What proves a SUCCESSFUL one good, if not its own end.
    proof: str = ""
    # What ECS said about the service until it failed.
    events: tuple[str, ...] = ()
    # How it shows that what it replaced was in service with all its tasks; empty if it does not.
    served: str = ""
    # ``weak`` says why SUCCESSFUL proves less than usual; ``short`` that it proves nothing. See
    # :mod:`.past.evidence`.
    weak: str = ""
    short: bool = False
    # What its description says of the move, if we created it in CodeDeploy.
    announced: marks.RolledBack | None = None

    @property
    def in_flight(self) -> bool:
        """It has not reached a terminal status."""
        return self.status not in TERMINAL


@dataclass(frozen=True)
class TaskDefinition:
    """A task definition with its tags. ``content`` is the API's own description, for diffs and checks.

    ``unknown`` are members that the installed botocore does not know, so that ``content`` lacks them.
    """

    arn: str
    status: str
    tags: t.Mapping[str, str]
    content: t.Mapping[str, t.Any]
    unknown: tuple[str, ...] = ()
