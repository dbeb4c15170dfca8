# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What Amazon ECS knows: task definitions, services, deployments, revisions, tasks.

Plain data. What moves it is in :mod:`.tasks` and :mod:`.rollout`; how it is shown is in :mod:`.views`.
Times are seconds since the epoch.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from lastgood_simulator.ecs import ids
from lastgood_simulator.images import Image

Tags = list[dict[str, str]]

# A task between its creation and RUNNING.
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-lifecycle-explanation.html
STARTING = frozenset({"PROVISIONING", "PENDING", "ACTIVATING"})
FINISHED = frozenset({"SUCCESSFUL", "STOPPED", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED"})


@dataclass
class TaskDefinition:
    """``data`` is the taskDefinition of the API without its tags. moto's tagging API reads ``arn`` and ``tags``."""

    data: dict[str, Any]
    tags: Tags

    @property
    def arn(self) -> str:
        return str(self.data["taskDefinitionArn"])

    @property
    def family(self) -> str:
        return str(self.data["family"])

    @property
    def revision(self) -> int:
        return int(self.data["revision"])

    @property
    def status(self) -> str:
        return str(self.data["status"])

    @property
    def containers(self) -> list[dict[str, Any]]:
        containers: list[dict[str, Any]] = self.data["containerDefinitions"]
        return containers

    @property
    def has_health_check(self) -> bool:
        return any("healthCheck" in container for container in self.containers)


@dataclass
class ServiceRevision:
    """What one deployment deploys. ``settings`` are the members of the API's ServiceRevision that it fixes."""

    arn: str
    task_definition: TaskDefinition
    settings: dict[str, Any]
    created_at: float
    # container name: digest, filled when ECS resolves the tags (at the first start of a task).
    digests: dict[str, str] = field(default_factory=dict)
    # Of each load balancer that can shift traffic, the target group that this revision uses.
    resolved: list[str] = field(default_factory=list)

    @property
    def target_groups(self) -> list[str]:
        """Where the tasks are registered."""
        given = [lb["targetGroupArn"] for lb in self.settings.get("loadBalancers") or [] if "targetGroupArn" in lb]
        return self.resolved or given


@dataclass(frozen=True)
class Step:
    """One step of a deployment that shifts traffic, as data. Weights are per cent on the target revision.

    ``stage`` is what lifecycleStage shows and where hooks hang, ``seconds`` the least time that it lasts,
    ``production`` and ``test`` the weights from its beginning (None: as they are). ``blue`` and ``green`` tell whether
    the tasks of the revision that is replaced and of the target are kept. ``ready`` waits for all tasks of the one or
    the other to be ready, ``empty`` for those that are not kept to be gone. ``limit`` is the most that it may last.
    """

    stage: str
    seconds: float = 0.0
    production: float | None = None
    test: float | None = None
    blue: bool = True
    green: bool = True
    ready: Literal["", "blue", "green"] = ""
    empty: bool = False
    limit: float = math.inf


@dataclass
class Hook:
    """One run of a lifecycle hook. ``asks_at`` is when its Lambda function is invoked the next time."""

    id: str
    stage: str
    target_type: str
    target_arn: str | None
    status: str
    expires_at: float
    timeout_action: str
    asks_at: float = math.inf
    reason: str = ""


@dataclass
class Shift:
    """Where a deployment that shifts traffic is. ``steps`` are those that follow the present one."""

    blue: Deployment | None
    green: Deployment
    step: Step
    steps: deque[Step]
    until: float
    expires_at: float
    hooks: list[Hook] = field(default_factory=list)
    failed: list[Hook] = field(default_factory=list)
    backward: bool = False


@dataclass
class ServiceDeployment:
    """The record of moving a service to a service revision."""

    arn: str
    target: ServiceRevision
    sources: list[ServiceRevision]
    created_at: float
    configuration: dict[str, Any]
    status: str = "PENDING"
    status_reason: str | None = None
    started_at: float | None = None
    finished_at: float | None = None
    stopped_at: float | None = None
    updated_at: float | None = None
    rollback: dict[str, Any] | None = None
    breaker_status: str = "DISABLED"
    failure_count: int = 0
    alarm_status: str = "DISABLED"
    triggered_alarms: list[str] = field(default_factory=list)
    # Alarms that were in ALARM when it started: ECS ignores alarms for that whole deployment then.
    # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-alarm-failure.html
    alarms_ignored: bool = False
    # Counts as they were when it finished (a snapshot from then on).
    snapshot: dict[str, dict[str, float]] | None = None
    # None with the strategy ROLLING, and until the first stage begins.
    shift: Shift | None = None
    # With the strategy ROLLING: the hooks of the stage that it waits at, and the stages that are behind it.
    pauses: list[Hook] = field(default_factory=list)
    passed_stages: set[str] = field(default_factory=set)
    # When the next step of the record itself is due (started, stopped, rolling back).
    due: float | None = None

    @property
    def finished(self) -> bool:
        return self.status in FINISHED

    @property
    def hooks(self) -> list[Hook]:
        """Those of the present stage."""
        return self.shift.hooks if self.shift is not None else self.pauses


@dataclass
class Deployment:
    """An entry of a service's ``deployments``."""

    id: str
    revision: ServiceRevision
    created_at: float
    updated_at: float
    status: str = "PRIMARY"
    rollout_state: str = "IN_PROGRESS"
    rollout_reason: str = ""
    # Consecutive failures, as `failedTasks` shows them.
    failed_tasks: int = 0
    # How often tasks were started since one became ready.
    retries: int = 0
    # No new task is started before this.
    start_after: float = 0.0
    # When it counts as a steady state that everything is in place, if nothing comes in between.
    settles_at: float | None = None
    bake_until: float | None = None
    next_alarm_check: float | None = None
    # How many tasks ECS keeps of a deployment that is being replaced, and until when it tries to remove them after the
    # deployment that replaced it was successful early.
    kept: int = 0
    cleaned_until: float | None = None


@dataclass
class Task:
    """A task and what lies before it: ``agenda`` holds (time, step) in order of time."""

    id: str
    arn: str
    cluster_arn: str
    task_definition: TaskDefinition
    group: str
    started_by: str | None
    created_at: float
    settings: dict[str, Any]
    tags: Tags
    # What each container runs, as it was when the task was created.
    images: dict[str, Image]
    container_ids: list[str]
    target_groups: list[str] = field(default_factory=list)
    agenda: deque[tuple[float, str]] = field(default_factory=deque)
    last_status: str = "PROVISIONING"
    desired_status: str = "RUNNING"
    health: str = "UNKNOWN"
    # Whether it counts as healthy only after a check (of its container or of a load balancer).
    checked: bool = False
    passed: bool = False
    started_at: float | None = None
    pull_started_at: float | None = None
    pull_stopped_at: float | None = None
    stopping_at: float | None = None
    stopped_at: float | None = None
    stop_code: str | None = None
    stopped_reason: str | None = None
    exit_codes: dict[str, int] = field(default_factory=dict)
    container_reasons: dict[str, str] = field(default_factory=dict)
    # Until when it has scale-in protection.
    protected_until: float | None = None

    @property
    def live(self) -> bool:
        """Meant to run: neither stopped nor being stopped."""
        return self.desired_status == "RUNNING"

    def protected(self, at: float) -> bool:
        """Whether the service scheduler may not stop it now."""
        return self.protected_until is not None and at < self.protected_until

    @property
    def ready(self) -> bool:
        """RUNNING, and healthy if something checks that."""
        return self.live and self.last_status == "RUNNING" and (self.passed or not self.checked)


@dataclass
class TaskSet:
    """A task set of a service with the deployment controller CODE_DEPLOY or EXTERNAL."""

    id: str
    arn: str
    revision: ServiceRevision
    created_at: float
    updated_at: float
    scale: dict[str, Any]
    settings: dict[str, Any]
    tags: Tags
    status: str = "ACTIVE"
    external_id: str | None = None
    started_by: str | None = None
    stability: str = "STABILIZING"
    stability_at: float = 0.0
    start_after: float = 0.0


class Driver(Protocol):
    """A deployment of another AWS service that moves the task sets of an ECS service."""

    def tick(self, at: float) -> bool:
        """Do what is due; says whether anything was."""

    def timers(self) -> Iterator[float]:
        """When something is due."""

    @property
    def over(self) -> bool:
        """Whether nothing will ever be due again."""


@dataclass
class Service:
    """A service. moto's tagging API reads ``physical_resource_id`` and ``tags``, its Auto Scaling the key in a dict."""

    arn: str
    name: str
    cluster_arn: str
    cluster_name: str
    # Members of the API's Service that are kept as they were given.
    settings: dict[str, Any]
    created_at: float
    tags: Tags
    desired_count: int = 0
    controller: str = "ECS"
    status: str = "ACTIVE"
    task_definition: TaskDefinition | None = None
    configuration: dict[str, Any] = field(default_factory=dict)
    # What the next service revision would fix: networkConfiguration, loadBalancers and the like.
    template: dict[str, Any] = field(default_factory=dict)
    deployments: list[Deployment] = field(default_factory=list)
    task_sets: list[TaskSet] = field(default_factory=list)
    drivers: list[Driver] = field(default_factory=list)
    tasks: dict[str, Task] = field(default_factory=dict)
    revisions: list[ServiceRevision] = field(default_factory=list)
    # Oldest first.
    records: list[ServiceDeployment] = field(default_factory=list)
    # Newest first; the API shows the newest 100.
    events: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=100))
    last_completed: Deployment | None = None
    # ARN of a service revision to per cent of the traffic, with the strategies that shift it.
    production_traffic: dict[str, float] = field(default_factory=dict)
    test_traffic: dict[str, float] = field(default_factory=dict)
    steady: bool = False
    inactive_at: float | None = None
    # Nothing happens before this; 0 makes the next look bring the service up to date.
    next_due: float = 0.0

    @property
    def physical_resource_id(self) -> str:
        return self.arn

    @property
    def primary(self) -> Deployment | None:
        return next((deployment for deployment in self.deployments if deployment.status == "PRIMARY"), None)

    def tasks_of(self, owner_id: str) -> Iterable[Task]:
        """Tasks that the deployment or task set with this id started, stopped ones included."""
        return (task for task in self.tasks.values() if task.started_by == owner_id)

    def say(self, time: float, message: str) -> None:
        """Add an event ``(service NAME) message``. ECS does not repeat an event that is the newest already."""
        text = f"(service {self.name}) {message}"
        if not self.events or self.events[0]["message"] != text or "steady state" in text:
            self.events.appendleft({"id": ids.event_id(), "createdAt": time, "message": text})
