# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""The plain data that everything here is decided on."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field
from datetime import datetime

# ECS's service deployment statuses (ServiceDeploymentStatus in botocore's model). An unknown one counts as running.
TERMINAL: t.Final = frozenset({"SUCCESSFUL", "STOPPED", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED"})
ROLLING_BACK: t.Final = frozenset({"ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS"})
# "You can stop a service deployment in these states": StopServiceDeployment in the ECS developer guide
# (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stop-service-deployment.html).
STOPPABLE: t.Final = frozenset({"PENDING", "IN_PROGRESS"})

Verdict = t.Literal["good", "bad", "unknown"]
Severity = t.Literal["block", "warn", "unknown", "info"]
Method = t.Literal["none", "adopt", "continue_rollback", "stop_deployment", "update_service"]
Outcome = t.Literal[
    "unchanged",
    "rolled_back",
    "started",
    "planned",
    "superseded",
    "failed",
    "rollback_failed",
    "timeout",
    "refused",
]
GOOD_ENDS: t.Final[frozenset[str]] = frozenset({"unchanged", "rolled_back", "started", "planned"})


@dataclass(frozen=True)
class Deployment:
    """One entry of a service's ``deployments``. Counts are tasks."""

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


@dataclass(frozen=True)
class Event:
    """A service event: what ECS says about a service."""

    id: str
    created_at: datetime | None
    message: str


@dataclass(frozen=True)
class Service:
    """What DescribeServices tells about one service. Counts are tasks, percentages those of the deployment."""

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
    minimum_healthy_percent: int = 100
    maximum_percent: int = 200
    # The deploymentConfiguration as the API gives it, for putting it back.
    configuration: t.Mapping[str, t.Any] = field(default_factory=dict, compare=False)

    @property
    def primary(self) -> Deployment | None:
        """The PRIMARY deployment. After a rollback by ECS it need not be the first in the list."""
        return next((d for d in self.deployments if d.status == "PRIMARY"), None)

    def deployment(self, deployment_id: str) -> Deployment | None:
        """The deployment with this id, if ECS still lists it."""
        return next((d for d in self.deployments if d.id == deployment_id), None)

    @property
    def cluster(self) -> str:
        """The cluster's name."""
        return self.cluster_arn.rpartition("/")[2]


@dataclass(frozen=True)
class Revision:
    """A service revision: what ECS recorded for a deployment. ``digests`` maps container names to image digests."""

    arn: str
    task_definition: str
    digests: t.Mapping[str, str] = field(default_factory=dict)
    settings: t.Mapping[str, t.Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Pause:
    """A PAUSE hook that waits for somebody. ``timeout_action`` is what ECS does by itself when nobody comes."""

    hook: str
    expires_at: datetime | None
    timeout_action: str


@dataclass(frozen=True)
class ServiceDeployment:
    """ECS's record of moving a service to a service revision."""

    arn: str
    status: str
    created_at: datetime
    finished_at: datetime | None
    target: Revision
    reason: str = ""
    sources: tuple[Revision, ...] = ()
    rolled_back_to: Revision | None = None
    rollback_reason: str = ""
    requested_tasks: int | None = None
    stage: str = ""
    paused_at: Pause | None = None

    @property
    def in_flight(self) -> bool:
        """It has not reached a terminal status."""
        return self.status not in TERMINAL


@dataclass(frozen=True)
class TaskDefinition:
    """A task definition with its tags. ``content`` is the API's own description, for diffs and checks."""

    arn: str
    status: str
    tags: t.Mapping[str, str]
    content: t.Mapping[str, t.Any]


@dataclass(frozen=True)
class Finding:
    """What a pre-flight check, or the run itself, found."""

    check: str
    severity: Severity
    message: str

    def as_dict(self) -> dict[str, str]:
        """For results."""
        return {"check": self.check, "severity": self.severity, "message": self.message}
