# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""What a deployment controller is asked, and the data that it answers in."""

from __future__ import annotations

import abc
import typing as t
from dataclasses import dataclass, field, replace
from datetime import datetime

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError
from ansible_collections.lastgood.aws.plugins.module_utils._aws.writes import PlanIsStale
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.model import Group
from ansible_collections.lastgood.aws.plugins.module_utils._core.as_of import AsOf
from ansible_collections.lastgood.aws.plugins.module_utils._core.clock import Clock
from ansible_collections.lastgood.aws.plugins.module_utils._core.force import AGAIN
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import images as ecs_images
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.codedeploy import records
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.codedeploy import (
    request as codedeploy_request,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import (
    Deployment,
    Direction,
    Finding,
    Method,
    Pause,
    Revision,
    Service,
    ServiceDeployment,
    TaskDefinition,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past import direction
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.history import Candidate, History
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.target import Choice, Selection


class AlreadyThere(Exception):
    """The service runs a copy of the target already, and nothing is left to deploy. ``copy`` is its ARN."""

    def __init__(self, copy: str) -> None:
        super().__init__(copy)
        self.copy = copy


class NotDeployed(Exception):
    """A copy of the target was registered, and then the service could not be updated. ``note`` tells of the copy."""

    def __init__(self, note: Finding, error: AwsCallError) -> None:
        super().__init__(error.explain())
        self.note = note


@dataclass(frozen=True)
class Accepted:
    """AWS took the write, or nothing had to be written because a rollback runs already.

    ``deployment_id`` is the PRIMARY deployment that is ours (``ecs-svc/…``); ``service_deployment`` is set instead
    where ECS itself rolls back, and is followed by its ARN.
    """

    service: Service
    wrote: bool
    deployment_id: str = ""
    service_deployment: str = ""
    findings: tuple[Finding, ...] = ()
    # The pinned copy that was deployed in place of the target.
    copy: str = ""
    # A deployment of CodeDeploy was only in the way and ends: stopped where it is, or rolled back. Then comes ours.
    makes_room: t.Literal["", "stopped", "rolled_back"] = ""
    # What is to be watched now.
    going: Going | None = None

    @property
    def record_id(self) -> str:
        """What the tags call this rollback."""
        return self.deployment_id or self.service_deployment.rpartition("/")[2]


Outcome = t.Literal["stable", "serving", "in_progress", "failed", "superseded", "timeout", "lost_contact", "refused"]


@dataclass(frozen=True)
class Known:
    """How a deployment ended, where that needs no watching."""

    outcome: Outcome
    reason: str
    record: ServiceDeployment | None = None


@dataclass(frozen=True)
class Meant:
    """The deployment that is meant, to be watched. ``record`` is None if the history does not have it."""

    going: Going
    record: ServiceDeployment | None = None


def ended_back(record: ServiceDeployment) -> bool:
    """ECS goes back, or has tried to. A rollback that is only requested can still come too late.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stop-service-deployment.html
    """
    return record.status.startswith("ROLLBACK") and record.status != "ROLLBACK_REQUESTED"


def back(record: ServiceDeployment) -> str:
    what = names.short(record.target.task_definition)
    back = f" to {names.short(record.rolled_back_to.task_definition)}" if record.rolled_back_to else ""
    said = (record.rollback_reason or record.reason).rstrip(".")
    why = f" ({said})" if said else ""
    if record.status == "ROLLBACK_FAILED":
        return f"{what} failed, and {record.by} could not roll it back{back}{why}"
    if record.status == "ROLLBACK_SUCCESSFUL":
        at = f" at {record.finished_at.isoformat()}" if record.finished_at else ""
        return f"{record.by} rolled {what} back{back}{at}{why}"
    return f"{record.by} is rolling {what} back{back}{why}"


def over(task_definition: str, primary: Deployment | None) -> str:
    if primary is None:
        return f"{names.short(task_definition)} is not deployed any more"
    return f"{names.short(primary.task_definition)} ({primary.id}) was deployed over {names.short(task_definition)}"


InFlight = t.Literal["stop", "supersede", "refuse"]


Verb = t.Literal["act", "nothing", "refuse"]


# Methods by which ECS itself goes back, and those that write at all.
NATIVE: t.Final = frozenset({"continue_rollback", "stop_deployment"})


# Methods that deploy the target's task definition, so that it must be fit for that.
DEPLOYS: t.Final = frozenset({"update_service", "codedeploy_deployment"})


WRITES: t.Final = NATIVE | DEPLOYS


@dataclass(frozen=True)
class Step:
    verb: Verb
    method: Method
    reason: str = ""
    force_new_deployment: bool = False


@dataclass(frozen=True)
class Wish:
    """What the user asked for, of one service."""

    selection: Selection
    in_flight: InFlight = "stop"
    tasks: int | None = None
    pin_images: ecs_images.PinImages = "auto"
    fast: bool = False
    # Take what is left out of use afterwards.
    deregister: bool = False
    # None: as the deployment group says. Empty: none.
    rollback_events: tuple[str, ...] | None = None
    # As it was written; the selection has the time that it stands for, once that is known.
    as_of: AsOf | None = None

    def dated(self, now: datetime) -> Wish:
        """The same wish with the time that ``as_of`` stands for; that stays once it is known."""
        if self.as_of is None or self.selection.as_of is not None:
            return self
        return replace(self, selection=replace(self.selection, as_of=self.as_of.seen_from(now)))

    def going_to(self, target: str) -> Wish:
        """The same wish, for a target that was chosen already."""
        chosen = Selection(
            revision=target,
            # It was chosen already, and all other guards stand.
            force=self.selection.force | AGAIN,
            copies=self.selection.copies,
            to_the_letter=self.selection.to_the_letter,
        )
        # Whether what is left may be deregistered was decided with the plan that chose the target.
        return replace(self, selection=chosen, as_of=None, deregister=False)


@dataclass(frozen=True)
class Facts:
    """What was read of one service. ``history`` is None where AWS does not tell it, ``history_problem`` says why."""

    service: Service
    history: History | None
    history_problem: str
    known: t.Mapping[str, TaskDefinition]
    # What the registries say of the target's images, None where they were not asked yet.
    images: tuple[ecs_images.Check, ...] | None = None
    # Of services that CodeDeploy deploys: its deployment group, and what its alarms say, None where not asked yet.
    group: Group | None = None
    alarms: codedeploy_request.Alarms | None = None
    # Deployments of CodeDeploy that do not say what they deployed.
    unread: tuple[records.Unread, ...] = ()
    # What the checks found that look beyond the service and its task definitions.
    readiness: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class Plan:
    """What will be done with one service.

    ``verb`` says whether there is anything to do: ``nothing`` ends as unchanged, ``refuse`` as refused, with
    ``reason``. ``known_deployments`` are the ids of the deployments that were there when the plan was made: a
    PRIMARY that is not among them is somebody else's, or ours.
    """

    service: Service
    verb: Verb
    method: Method
    current: str
    reason: str
    choice: Choice
    target: TaskDefinition | None
    findings: tuple[Finding, ...]
    candidates: tuple[Candidate, ...]
    running: ServiceDeployment | None
    now: Revision | None
    good: Revision | None
    force_new_deployment: bool = False
    # Digests by container name, of the copy of the target that has to be registered; None where the target itself will
    # do. Empty is a copy that pins nothing: of a task definition that is not ACTIVE any more.
    copy: t.Mapping[str, str] | None = None
    # Changes of the deployment configuration for this one deployment.
    override: t.Mapping[str, t.Any] = field(default_factory=dict)
    # ARNs of the service deployments that were on record when the plan was made.
    known_records: frozenset[str] = frozenset()
    # The newest deployment on record, whatever became of it.
    newest: ServiceDeployment | None = None
    # Its id, or that of a newer one that does not say what it deployed; empty where no record is told.
    newest_id: str = ""
    # Pinned copies among the versions on record, and what they were made of.
    copies: t.Mapping[str, str] = field(default_factory=dict)
    # What the service ran before, None where that is not known.
    history: History | None = None
    # What CodeDeploy is asked for, with the method codedeploy_deployment.
    request: codedeploy_request.Request | None = None
    # The tags of the version that is left, as far as they were read.
    left_tags: t.Mapping[str, str] = field(default_factory=dict)
    # The version whose mark a move forward takes back.
    taken_back: str | None = None
    # The task set that becomes PRIMARY, with the method primary_task_set; None where one has to be created.
    task_set: Deployment | None = None
    # What the deployment is called in CodeDeploy; empty: by its direction.
    what: t.Literal["", "deploy"] = ""
    # A deploymentConfiguration that stays, sent with the deployment.
    configuration: t.Mapping[str, t.Any] = field(default_factory=dict)
    # The deployment of CodeDeploy to follow, with the method adopt, if the history does not say which.
    follows: str = ""
    # Tells this step from the same one of another run, if it must not find what that one created and deleted again.
    attempt: str = ""

    @property
    def in_the_way(self) -> ServiceDeployment | None:
        """The deployment that has to end before ours can begin: CodeDeploy runs one of a group at a time."""
        return self.running if self.method == "codedeploy_deployment" else None

    @property
    def deploys(self) -> bool:
        """The target's task definition is deployed anew, so that it must be fit for that."""
        return self.method in DEPLOYS or (self.method == "primary_task_set" and self.task_set is None)

    def is_version(self, one: str, other: str) -> bool:
        """Two names of the same version; a pinned copy counts as what it was made of."""
        return names.same(one, other) or names.same(self.copies.get(one, one), self.copies.get(other, other))

    @property
    def known_deployments(self) -> frozenset[str]:
        """Ids of all deployments that were there when the plan was made."""
        return frozenset(d.id for d in self.service.deployments)

    @property
    def left(self) -> str | None:
        """The version that is left behind, None where nothing moves."""
        return self.choice.left

    @property
    def direction(self) -> Direction | None:
        """Where the target lies, seen from what is left; None where there is no target."""
        return self.choice.direction

    def leaving(self, left: str) -> Plan:
        """The same plan as a move from another version: from the one that ran when the target was chosen."""
        seen = next((c for c in self.candidates if names.same(c.task_definition, left)), None)
        target = self.target.arn if self.target is not None else self.current
        went = direction.between(target, left, self.history, {})
        back = direction.taken_back(self.service.tags, target, self.history, {}) if went == "forward" else None
        choice = replace(self.choice, left=left, direction=went)
        return replace(self, choice=choice, left_tags=seen.marks if seen else {}, taken_back=back)


@dataclass(frozen=True)
class Refusal:
    """A service for which no plan could be made. ``reason`` names the resource and the next step."""

    name: str
    reason: str
    findings: tuple[Finding, ...]


# running: serving by the counts of tasks, and whether load balancers find them healthy is not known.
Reached = t.Literal["running", "serving", "stable"]


State = t.Literal["going", "running", "serving", "stable", "failed", "replaced", "ended_before", "unlisted", "ready"]


@dataclass(frozen=True)
class Going:
    """A deployment on its way, and all that is needed to watch it to its end. Its controller makes it.

    ``deployment_id`` is ours; empty if AWS itself goes back, and then ``back_of`` is the deployment that it undoes: the
    ARN of a service deployment, or the id of a deployment of CodeDeploy. ``known_deployments`` were there before; a
    PRIMARY that is neither ours nor one of these is somebody else's.
    """

    target: str
    deployment_id: str
    back_of: str
    known_deployments: frozenset[str]
    strategy: str = "ROLLING"
    # A deployment of CodeDeploy that is only in the way: stopped where it is, or rolled back.
    makes_room: t.Literal["", "stopped", "rolled_back"] = ""
    # Its service deployment, or deployment of CodeDeploy, if that is known already. Else it is the first that is not
    # among the known ones.
    record: str = ""
    known_records: frozenset[str] = frozenset()
    # The deployment that was running before it, empty if none was.
    predecessor: str = ""
    events_before: frozenset[str] = frozenset()
    # Nothing is written, even if a task set could be made PRIMARY.
    read_only: bool = False
    # A task set that no deployment of AWS's stands behind.
    is_bare: bool = False

    @property
    def id(self) -> str:
        """What people know it by."""
        return self.deployment_id or self.back_of.rpartition("/")[2]


@dataclass(frozen=True)
class Record:
    """A service deployment as DescribeServiceDeployments shows it.

    ``weight`` is the share of the production traffic, in percent, that the version that we go to is to take: the
    target of the deployment, or its source where ECS rolls it back. None where no load balancer shifts it.
    ``pause`` is the hook that waits for somebody.
    """

    status: str
    reason: str
    stage: str = ""
    weight: float | None = None
    pause: Pause | None = None
    # Of CodeDeploy's deployments: seconds since the end, whether it says what becomes of a rollback, and whether it
    # lets the original task set stand.
    ended_ago: float = 0.0
    rollback_told: bool = False
    keeps_original: bool = False


@dataclass(frozen=True)
class Look:
    """What one look says. ``reason`` is filled where it is not simply going on.

    ``unlisted``: ours is not in the list, and what was there before is PRIMARY. Either ECS went back and has forgotten
    ours, or the answer is older than our write, since ECS is only eventually consistent
    (https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html). More than one look tells which.
    """

    state: State
    reason: str = ""
    # Our deployment or task set, None if the service does not list it.
    ours: Deployment | None = None


@dataclass(frozen=True)
class More:
    """What a controller knows of a deployment that does not come up, besides its tasks and the service's events."""

    reason: str = ""
    # Lifecycle events that failed.
    lifecycle: tuple[t.Mapping[str, str], ...] = ()


def replaced_by(primary: Deployment) -> str:
    """What to say where somebody else's deployment is PRIMARY."""
    return f"somebody else deployed {names.short(primary.task_definition)} ({primary.id}) over it"


# What is known of our deployment when a call ends: AWS could not be asked any more, it goes on, there is none that is
# ours, or it has ended.
Standing = t.Literal["lost", "going", "not_ours", "ended"]


@dataclass(frozen=True)
class Restored:
    """What was put back that was changed for one deployment only."""

    findings: tuple[Finding, ...] = ()
    changed: bool = False


class Controller(abc.ABC):
    """What deploys a service. There is one for each kind and call, chosen in :mod:`.of`; no method sleeps."""

    # Who deploys, in sentences.
    deployer: t.ClassVar[str] = "ECS"

    def __init__(self, aws: Aws, clock: Clock) -> None:
        self._aws = aws
        self._clock = clock

    # -- write

    def begin(self, planned: Plan, tasks: int | None, reason: str | None) -> Accepted:
        """The write that the plan asks for, or none if what runs already is followed.

        ``tasks`` is the task count that was asked for. Raises PlanIsStale, AnswerLost, :class:`AlreadyThere`,
        :class:`NotDeployed`, AwsCallError or IncompleteAnswerError.
        """
        if planned.verb != "act":
            raise PlanIsStale("the plan asks for nothing")
        if planned.method == "adopt":
            return self.adopt(planned)
        return self._followed(planned, self._begin(planned, tasks, reason))

    def adopt(self, planned: Plan, copy: str = "") -> Accepted:
        """Follow what is already running: a deployment of ``copy``, if that is given. Raises PlanIsStale."""
        return self._followed(planned, replace(self._adopt(planned), copy=copy))

    @abc.abstractmethod
    def _begin(self, planned: Plan, tasks: int | None, reason: str | None) -> Accepted: ...

    @abc.abstractmethod
    def _adopt(self, planned: Plan) -> Accepted: ...

    def _followed(self, planned: Plan, accepted: Accepted) -> Accepted:
        return replace(accepted, going=self.going(planned, accepted))

    def going(self, planned: Plan, accepted: Accepted) -> Going:
        """What is to be watched of a deployment that AWS has accepted. Pure."""
        target = planned.target.arn if planned.target else planned.current
        running = planned.running.arn if planned.running is not None and accepted.wrote else ""
        return Going(
            target=accepted.copy or target,
            deployment_id=accepted.deployment_id,
            back_of=accepted.service_deployment,
            known_deployments=self._known(planned, accepted) - {accepted.deployment_id},
            strategy=accepted.service.strategy,
            makes_room=accepted.makes_room,
            record=accepted.service_deployment or self._own_record(planned, accepted),
            known_records=planned.known_records,
            predecessor=running,
            events_before=frozenset(event.id for event in planned.service.events),
        )

    def _known(self, planned: Plan, accepted: Accepted) -> frozenset[str]:
        """What may be PRIMARY without anybody having deployed over us."""
        return planned.known_deployments

    def _own_record(self, planned: Plan, accepted: Accepted) -> str:
        """The record of our own deployment, empty if it is not known or is not needed."""
        return ""

    def advance(self, going: Going, service: Service) -> Service:
        """The next write of a deployment that a look found ``ready`` for it. Raises what the write raises."""
        return service

    def restore(self, service: Service, planned: Plan | None, state: Standing) -> Restored:
        """Put back what was changed for one deployment only, by this run or by one that was killed before it could.

        Not while the deployment may still run: it might take over what is changed under it. ``planned`` is None if
        nothing was attempted.
        """
        return Restored()

    # -- watch

    def records(self, watched: t.Sequence[tuple[Going, Service]]) -> list[Record | None]:
        """The records of these deployments, None if there is none. Raises AwsCallError or IncompleteAnswerError if
        without them a look says nothing.
        """
        return [None for _one in watched]

    @abc.abstractmethod
    def assess(self, going: Going, service: Service, record: Record | None) -> Look:
        """What one look says. Pure. An unknown status counts as going on."""

    def undone(self, going: Going, service: Service) -> str:
        """How AWS itself undid a deployment that another one stands in place of; empty if it did not."""
        return ""

    def more(self, going: Going, service: Service, record: Record | None) -> More | None:
        """What to add to a diagnosis, None if nothing else is known."""
        return None

    def goes_on(self, going: Going, record: Record | None) -> str:
        """What to say of a deployment that failed by all that can be seen, and that AWS has not ended. Pure."""
        return ""
