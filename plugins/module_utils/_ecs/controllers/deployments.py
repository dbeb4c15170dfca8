# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Deployments on their way, what a look at one says, and what comes after: the data that controllers answer in."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError, IncompleteAnswerError
from ansible_collections.lastgood.aws.plugins.module_utils._aws.writes import PlanIsStale
from ansible_collections.lastgood.aws.plugins.module_utils._core.as_of import stamp
from ansible_collections.lastgood.aws.plugins.module_utils._core.contact import NOTHING_UNDONE
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import (
    Deployment,
    Finding,
    Pause,
    Service,
    ServiceDeployment,
)

# How a deployment that was in the way ends: stopped where it is, or rolled back. Empty if it was not in the way.
MakesRoom = t.Literal["", "stopped", "rolled_back"]


class AlreadyThere(Exception):
    """The service runs a copy of the target already, and nothing is left to deploy. ``copy`` is its ARN."""

    def __init__(self, copy: str) -> None:
        super().__init__(copy)
        self.copy = copy


class NotDeployed(Exception):
    """A copy of the target was registered, but then the service could not be updated. ``note`` describes the copy."""

    def __init__(self, note: Finding, error: AwsCallError | IncompleteAnswerError) -> None:
        super().__init__(error.explain())
        self.note = note


class Overtaken(PlanIsStale):
    """Somebody deployed while a copy of the target was registered for us. ``note`` describes the copy."""

    def __init__(self, note: Finding) -> None:
        super().__init__("somebody deployed meanwhile")
        self.note = note


@dataclass(frozen=True)
class Begun:
    """What a controller's write has begun, or what it follows without one.

    ``deployment_id`` is the deployment or task set that is ours; ``back_of`` is set instead if AWS itself goes back: it
    is the deployment that is undone.
    """

    service: Service
    wrote: bool
    deployment_id: str = ""
    back_of: str = ""
    findings: tuple[Finding, ...] = ()
    # The pinned copy that was deployed in place of the target.
    copy: str = ""
    # The run that its description names, if it is a deployment of CodeDeploy that we created.
    run: str = ""
    # A deployment of CodeDeploy that was only in the way ends: stopped where it is, or rolled back. Then comes ours.
    makes_room: MakesRoom = ""


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
        at = f" at {stamp(record.finished_at)}" if record.finished_at else ""
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


# went_back, unlisted: ours is not PRIMARY any more, or not in the list; what was there before is PRIMARY.
State = t.Literal[
    "going", "running", "serving", "stable", "failed", "went_back", "replaced", "ended_before", "unlisted", "ready"
]


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
    makes_room: MakesRoom = ""
    # Its service deployment, or deployment of CodeDeploy, if that is known already. Else it is the first that is not
    # among the known ones.
    record: str = ""
    known_records: frozenset[str] = frozenset()
    # The same, if AWS named it with the write. Where the counts say enough it is read only before a bad end is told.
    own_record: str = ""
    # The deployment that was running before it, empty if none was.
    predecessor: str = ""
    events_before: frozenset[str] = frozenset()
    # The run that its description names.
    run: str = ""
    # Nothing is written, even if a task set could be made PRIMARY.
    read_only: bool = False
    # PAUSE hooks that it waits at are answered with CONTINUE: fast was asked for.
    answers_pauses: bool = False
    # A task set without a deployment of AWS's behind it, and whether this run created it.
    is_bare: bool = False
    created: bool = False

    @property
    def id(self) -> str:
        """What people know it by."""
        return self.deployment_id or self.back_of.rpartition("/")[2]


@dataclass(frozen=True)
class Accepted:
    """AWS took the write, or nothing had to be written because it is under way already. ``going`` is to be watched."""

    service: Service
    wrote: bool
    going: Going
    findings: tuple[Finding, ...] = ()
    # The pinned copy that was deployed in place of the target.
    copy: str = ""


@dataclass(frozen=True)
class Record:
    """A service deployment as DescribeServiceDeployments shows it.

    ``weight`` is the percentage of production traffic meant for the version we are going to: the target of the
    deployment, or its source if ECS rolls it back. None if no load balancer shifts it. ``pause`` is the hook that waits
    for somebody.
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
    (https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html). ``went_back`` and ``replaced`` can be
    old answers in the same way. :mod:`move.diagnosis` tells which they are.
    """

    state: State
    reason: str = ""
    # Our deployment or task set, None if the service does not list it.
    ours: Deployment | None = None
    # What is left of other versions though ours is stable, in words.
    left: str = ""


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


@dataclass(frozen=True)
class Advanced:
    """What came of the next write of a deployment: the service after it, and what there is to say."""

    service: Service
    findings: tuple[Finding, ...] = ()


class OutOfSight(t.NamedTuple):
    """What AWS has done of a deployment that contact is lost with, and what comes of it without us. Sentences without
    a full stop.
    """

    done: str
    then: str = NOTHING_UNDONE


# What is known of our deployment when a call ends: AWS could not be asked any more, it goes on, there is none that is
# ours, or it has ended.
Standing = t.Literal["lost", "going", "not_ours", "ended"]


@dataclass(frozen=True)
class Restored:
    """What was put back that was changed for one deployment only."""

    findings: tuple[Finding, ...] = ()
    changed: bool = False
