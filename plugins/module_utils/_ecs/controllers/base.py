# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""What a deployment controller is asked, and the data that it answers in."""

from __future__ import annotations

import abc
import typing as t
from dataclasses import dataclass, replace
from datetime import datetime

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError, IncompleteAnswerError
from ansible_collections.lastgood.aws.plugins.module_utils._aws.writes import PlanIsStale
from ansible_collections.lastgood.aws.plugins.module_utils._core.clock import Clock
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import deploys
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import (
    Between,
    Facts,
    Past,
    Plan,
    Way,
    Wish,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import (
    Deployment,
    Finding,
    Method,
    Pause,
    Service,
    ServiceDeployment,
    TaskDefinition,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past import target
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.history import Candidate
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.target import Choice, Selection


class AlreadyThere(Exception):
    """The service runs a copy of the target already, and nothing is left to deploy. ``copy`` is its ARN."""

    def __init__(self, copy: str) -> None:
        super().__init__(copy)
        self.copy = copy


class NotDeployed(Exception):
    """A copy of the target was registered, but then the service could not be updated. ``note`` describes the copy."""

    def __init__(self, note: Finding, error: AwsCallError) -> None:
        super().__init__(error.explain())
        self.note = note


@dataclass(frozen=True)
class Accepted:
    """AWS took the write, or nothing had to be written because a rollback runs already.

    ``deployment_id`` is the PRIMARY deployment that is ours (``ecs-svc/…``); ``service_deployment`` is set instead if
    ECS itself rolls back; it is followed by its ARN.
    """

    service: Service
    wrote: bool
    deployment_id: str = ""
    service_deployment: str = ""
    findings: tuple[Finding, ...] = ()
    # The pinned copy that was deployed in place of the target.
    copy: str = ""
    # A CodeDeploy deployment that was only in the way ends: stopped where it is, or rolled back. Then comes ours.
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
    """How a deployment ended, if there is no need to watch it."""

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


def goes_back_to(record: ServiceDeployment | None) -> str:
    """Where a deployment goes back to, according to its record; else empty."""
    if record is None:
        return ""
    if record.rolled_back_to is not None:
        return record.rolled_back_to.task_definition
    sources = {s.task_definition for s in record.sources}
    return sources.pop() if len(sources) == 1 else ""


def over(task_definition: str, primary: Deployment | None) -> str:
    if primary is None:
        return f"{names.short(task_definition)} is not deployed any more"
    return f"{names.short(primary.task_definition)} ({primary.id}) was deployed over {names.short(task_definition)}"


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
    # A task set that no deployment of AWS's stands behind, and whether this run has created it.
    is_bare: bool = False
    created: bool = False

    @property
    def id(self) -> str:
        """What people know it by."""
        return self.deployment_id or self.back_of.rpartition("/")[2]


@dataclass(frozen=True)
class Record:
    """A service deployment as DescribeServiceDeployments shows it.

    ``weight`` is the share of the production traffic, in percent, that the version that we go to is to take: the target
    of the deployment, or its source if ECS rolls it back. None if no load balancer shifts it. ``pause`` is the hook
    that waits for somebody.
    """

    status: str
    reason: str
    stage: str = ""
    weight: float | None = None
    pause: Pause | None = None
    # Of CodeDeploy's deployments: seconds since the end, whether it says what happens to a rollback, and whether it
    # keeps the original task set.
    ended_ago: float = 0.0
    rollback_told: bool = False
    keeps_original: bool = False


@dataclass(frozen=True)
class Look:
    """What one look found. ``reason`` is set unless the deployment is simply going on.

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
    """What to say if somebody else's deployment is PRIMARY."""
    return f"somebody else deployed {names.short(primary.task_definition)} ({primary.id}) over it"


# The rollback events, by CodeDeploy's names (AutoRollbackEvent in its API).
Event = t.Literal["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"]
# What comes after a deployment that did not end well: AWS goes back and is followed, we go back, what we created goes,
# or it stays as it is.
Then = t.Literal["follow", "go_back", "take_away", "leave"]


@dataclass(frozen=True)
class End:
    """What ended a deployment, and what comes then. ``event`` is None if that is not known."""

    event: Event | None
    then: Then
    # What is to be followed.
    going: Going | None = None
    # Its service deployment, empty if it has none.
    record: str = ""
    # What to say of it, if there is no event to blame.
    note: str = ""
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class Ending:
    """What is known of a deployment that did not come up, besides the service. ``asked`` are the events to go
    back on.
    """

    asked: tuple[str, ...]
    # The service before it.
    before: Service
    # One of the alarms that this run watches went off.
    alarmed: bool = False


@dataclass(frozen=True)
class TakenAway:
    """What happened to the things a run had created. ``how`` is a sentence."""

    how: str = ""
    deleted: bool = False
    findings: tuple[Finding, ...] = ()


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
    # What to say if AWS was to go back from a deployment, and did not, so that this run has to. Empty: if AWS does not
    # go back, the deployment has come up after all.
    no_way_back: t.ClassVar[str] = ""

    # Rollback events are settings of its deployments.
    takes_events: t.ClassVar[bool] = False
    # What a deployment is called, the method that makes one, and the operation.
    thing: t.ClassVar[str] = "deployment"
    method: t.ClassVar[Method] = "update_service"
    operation: t.ClassVar[str] = "update_service"
    # See Plan.primary_tells.
    primary_tells: t.ClassVar[bool] = True
    # See Plan.held_tasks.
    held_tasks: t.ClassVar[str] = "They go on running next to the target's until it ends"

    def __init__(self, aws: Aws, clock: Clock) -> None:
        self._aws = aws
        self._clock = clock

    # -- read

    def read_past(
        self, services: t.Sequence[Service], everything: bool = False, now: datetime | None = None
    ) -> dict[str, Past]:
        """What is on record of these services, by their names: the newest, or all that AWS keeps.

        With ``now`` a rollback counts that AWS can still be about to make. Nothing is raised.
        """
        return {service.name: Past() for service in services}

    def describe(self, pasts: t.Mapping[str, Past], wanted: t.Mapping[str, t.Iterable[str]]) -> dict[str, Past]:
        """Read how many tasks deployments had, by the services' names. Those about which more is known now."""
        return {}

    def alarms(self, planned: Plan) -> object:
        """What the alarms say that can stop what is planned; it comes back in Facts.alarms. None if it needs none."""
        return None

    # -- decide

    def candidates(self, service: Service, past: Past, known: t.Mapping[str, TaskDefinition]) -> tuple[Candidate, ...]:
        """The versions on record, with verdicts. Pure."""
        return past.history.candidates(known) if past.history is not None else ()

    def choose(
        self,
        selection: Selection,
        service: Service,
        past: Past,
        known: t.Mapping[str, TaskDefinition],
        registered: t.Sequence[str] | None,
    ) -> Choice:
        """The target, as in :func:`.past.target.choose`. Pure."""
        return target.choose(selection, service, past.history, known, registered, past.problem)

    def unfit(self, service: Service) -> list[Finding]:
        """What makes it impossible to take this service back, whatever its history is. Pure."""
        return []

    @abc.abstractmethod
    def way_back(self, wish: Wish, facts: Facts, choice: Choice, between: Between) -> Way:
        """How to get to the target. Pure."""

    @abc.abstractmethod
    def way_to(self, wish: deploys.Wish, facts: deploys.Facts) -> deploys.Plan:
        """What to do so that a revision is deployed. Pure."""

    def deciding_alarms(self, wish: deploys.Wish, facts: deploys.Facts) -> tuple[str, ...]:
        """The alarms whose states :meth:`way_to` decides on. Pure."""
        return ()

    def watched_alarms(self, planned: deploys.Plan) -> tuple[str, ...]:
        """Alarms that AWS will watch and that only warn; they are read for all services together. Pure."""
        return ()

    def told_of_alarms(self, planned: deploys.Plan, states: t.Mapping[str, str] | str) -> list[Finding]:
        """What those alarms say. Pure."""
        return []

    def lingers(self, planned: Plan) -> int:
        """Minutes for which the old tasks stay after the traffic has left them. Pure."""
        return 0

    def advice(self, planned: Plan, error: AwsCallError | IncompleteAnswerError) -> str:
        """What to add to a write that AWS refused: what else it needs, or another way. Pure."""
        return ""

    @abc.abstractmethod
    def meant(self, service: Service, past: Past, wanted: str) -> Meant | Known:
        """Which deployment is meant by an id or ARN, or without one the newest. Pure."""

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

    def take_away(self, going: Going, service: Service) -> TakenAway:
        """Delete what this run created, after it has failed."""
        return TakenAway()

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

    @abc.abstractmethod
    def end_of(self, going: Going, service: Service, past: Past, ending: Ending) -> End:
        """What ended a deployment that did not come up, and what comes then. Reads, and raises nothing."""

    def went_back(self, going: Going) -> tuple[str | None, str]:
        """Who went back to where the service is now (None if nobody had to), and how, in words."""
        return self.deployer, ""
