# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""What a call asks for, what was read of a service, and the plan that comes of both: the data of planning. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field, replace
from datetime import datetime

from ansible_collections.lastgood.aws.plugins.module_utils._core.as_of import AsOf
from ansible_collections.lastgood.aws.plugins.module_utils._core.findings import blocked
from ansible_collections.lastgood.aws.plugins.module_utils._core.force import AGAIN, NOTHING, Force
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import images as ecs_images
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.checks import settings
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.checks.settings import Mode
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import (
    Direction,
    Finding,
    Method,
    Revision,
    Service,
    ServiceDeployment,
    TaskDefinition,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past import history, moves
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.choices import Choice, Selection
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.history import Candidate, History
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.target import what_runs_now

# Rollback events have CodeDeploy's names (AutoRollbackEvent in its API). For services that ECS deploys they mean:
#
# * DEPLOYMENT_FAILURE: the deployment does not come up. ECS's circuit breaker sees part of that, and rolls back; it
#   does not see crash loops of tasks that were RUNNING, or deployments that get nowhere.
# * DEPLOYMENT_STOP_ON_ALARM: one of the deployment's alarms goes into ALARM. ECS sees that, and rolls back.
# * DEPLOYMENT_STOP_ON_REQUEST: somebody stops the deployment. StopServiceDeployment rolls back by itself: ROLLBACK is
#   the only documented stopType
#   (https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_StopServiceDeployment.html).
EVENTS: t.Final = ("DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST")
# What to do with a deployment that is running, before a rollback and before a deployment.
InFlight = t.Literal["stop", "supersede", "refuse"]
Verb = t.Literal["act", "nothing", "refuse"]


class Need(t.NamedTuple):
    """A permission that a write needs, and the ARN that it is needed on; empty if that is not known beforehand."""

    action: str
    resource: str = ""


@dataclass(frozen=True)
class GoBack:
    """Take a service back."""

    selection: Selection
    in_flight: InFlight = "stop"
    tasks: int | None = None
    pin_images: ecs_images.PinImages = "auto"
    # Skip bake time, steps and PAUSE hooks.
    fast: bool = False
    # Deregister the version that was left, afterwards.
    deregister: bool = False
    # What a check that blocks comes to.
    checks: Mode = "enforce"
    # None: as the deployment group says. Empty: none.
    rollback_events: tuple[str, ...] | None = None
    # As it was written; the selection has the time that it stands for, once that is known.
    as_of: AsOf | None = None
    # When the plan was made that is carried out, by AWS's clock; None if there is none.
    shown_at: datetime | None = None
    # That plan has the digests of the target's images.
    pinned: bool = False
    # What is asked for each service, by name, if that differs.
    each: t.Mapping[str, GoBack] = field(default_factory=dict)

    def of(self, service: str) -> GoBack:
        """What is asked for this service."""
        return self.each.get(service, self)

    def dated(self, now: datetime) -> GoBack:
        """The same at this time, with the time that ``as_of`` stands for; both stay once they are known."""
        selection = replace(self.selection, now=self.selection.now or now)
        if self.as_of is not None and selection.as_of is None:
            selection = replace(selection, as_of=self.as_of.seen_from(now))
        return replace(self, selection=selection)

    def going_to(self, target: str) -> GoBack:
        """The same, for a target that was chosen already."""
        chosen = Selection(
            revision=target,
            chosen=True,
            # It was chosen already, and all other guards stand.
            force=self.selection.force | AGAIN,
            copies=self.selection.copies,
            to_the_letter=self.selection.to_the_letter,
            finishes=self.selection.finishes,
        )
        # Whether what is left may be deregistered was decided with the plan that chose the target.
        return replace(self, selection=chosen, as_of=None, deregister=False, each={})


@dataclass(frozen=True)
class GoTo:
    """Deploy a revision to a service."""

    revision: str
    # None: the deployment group's setting if CodeDeploy deploys, else none.
    events: tuple[str, ...] | None = None
    alarms: tuple[str, ...] = ()
    in_flight: t.Literal["supersede", "refuse"] = "supersede"
    force: Force = NOTHING
    # What a check that blocks comes to.
    checks: Mode = "enforce"

    # The task count stays.
    tasks: t.ClassVar[None] = None

    @property
    def asked(self) -> tuple[str, ...]:
        """The events asked for here."""
        return self.events or ()

    def of(self, service: str) -> GoTo:
        """What is asked for this service."""
        return self

    def going_to(self, target: str) -> GoTo:
        """The same: the revision is the target."""
        return self


Goal = t.Union[GoBack, GoTo]
AnyGoal_co = t.TypeVar("AnyGoal_co", bound=Goal, covariant=True)


@dataclass(frozen=True)
class Past:
    """What is on record of a service. ``history`` is None if nothing can be read; ``problem`` says why, or what of it
    was left out.
    """

    history: History | None = None
    problem: str = ""
    # The newest deployment, if that one does not say what it deployed.
    newest_unread: str = ""
    # What else its controller has read. Nobody else looks into it.
    more: t.Any = None
    # Asking again later may help.
    may_pass: bool = False

    @property
    def newest_id(self) -> str:
        """The newest deployment on record, empty if none is."""
        newest = self.history.newest if self.history is not None else None
        return self.newest_unread or (newest.id if newest is not None else "")

    def with_copies(self, copies: t.Mapping[str, str]) -> Past:
        """The same, with the versions that are pinned copies of others."""
        past = self.history
        return replace(self, history=history.read(past.deployments, copies, past.unlisted)) if past else self


@dataclass(frozen=True)
class Facts:
    """What was read of one service."""

    service: Service
    past: Past
    known: t.Mapping[str, TaskDefinition]
    # What the registries say about the target's images; None if not asked yet.
    images: tuple[ecs_images.Check, ...] | None = None
    # The states of the alarms that its controller decides on, by name, without those that do not exist; text says why
    # they are unknown. None if they were not asked yet.
    alarms: t.Mapping[str, str] | str | None = None
    # The findings of the checks that look beyond the service and its task definitions.
    readiness: tuple[Finding, ...] = ()

    @property
    def history(self) -> History | None:
        """What the service ran, None if that cannot be read."""
        return self.past.history


@dataclass(frozen=True)
class Between:
    """Where a service comes from and goes to. ``now`` and ``good`` are their service revisions, if known."""

    current: str
    target: TaskDefinition
    now: Revision | None
    good: Revision | None


@dataclass(frozen=True)
class Way:
    """How a service gets to its target, and what stands against that.

    ``verb`` says whether there is anything to do: ``nothing`` ends as unchanged, ``refuse`` as refused, with
    ``reason``.
    """

    verb: Verb
    method: Method
    reason: str = ""
    findings: tuple[Finding, ...] = ()
    # What is to be written. Only the controller that made the way looks into it.
    change: t.Any = None
    # The target's task definition is deployed again, and so must be fit for that.
    deploys: bool = False


def refused(findings: t.Sequence[Finding], reason: str = "") -> Way:
    """The way if nothing may be written: by default because of the findings that block it."""
    return Way("refuse", "none", reason or blocked(findings), tuple(findings))


@dataclass(frozen=True)
class Plan:
    """What will be done with one service, and what that was decided on.

    ``known`` are the task definitions of the target, of what is left and of what runs, as far as they were read.
    """

    service: Service
    past: Past
    choice: Choice
    target: TaskDefinition | None
    way: Way
    findings: tuple[Finding, ...] = ()
    known: t.Mapping[str, TaskDefinition] = field(default_factory=dict)
    candidates: tuple[Candidate, ...] = ()

    @property
    def verb(self) -> Verb:
        """Whether anything is to be done."""
        return self.way.verb

    @property
    def method(self) -> Method:
        """By which method; ``none`` if nothing is to be done."""
        return self.way.method

    @property
    def reason(self) -> str:
        """Why."""
        return self.way.reason

    @property
    def history(self) -> History | None:
        """What the service ran before; None if not known."""
        return self.past.history

    @property
    def running(self) -> ServiceDeployment | None:
        """The deployment that is running."""
        return self.history.running if self.history is not None else None

    @property
    def newest(self) -> ServiceDeployment | None:
        """The newest deployment on record, however it ended."""
        return self.history.newest if self.history is not None else None

    @property
    def known_records(self) -> frozenset[str]:
        """The service deployments that were on record when the plan was made."""
        return frozenset(d.id for d in self.history.deployments) if self.history is not None else frozenset()

    @property
    def known_deployments(self) -> frozenset[str]:
        """The deployments that were there when the plan was made: any other that is PRIMARY is ours, or somebody's."""
        return frozenset(d.id for d in self.service.deployments)

    @property
    def current(self) -> str:
        """What counts as running now."""
        return what_runs_now(self.service, self.history)

    @property
    def now(self) -> Revision | None:
        """The service revision of what runs now, if it is on record."""
        return self.history.latest_revision(self.current) if self.history is not None else None

    @property
    def good(self) -> Revision | None:
        """The service revision that proved the target good, or else the last one that tried it."""
        name = self.target.arn if self.target is not None else ""
        return next((c.revision for c in self.candidates if c.task_definition == name), None)

    def is_version(self, one: str, other: str) -> bool:
        """Two names of the same version; a pinned copy counts as what it was made of."""
        copies = self.history.copies if self.history is not None else {}
        return names.same(one, other) or names.same(copies.get(one, one), copies.get(other, other))

    @property
    def left(self) -> str | None:
        """The version left behind; None if nothing moves."""
        return self.choice.left

    @property
    def direction(self) -> Direction | None:
        """The direction from what is left to the target; None if there is no target."""
        return self.choice.direction

    @property
    def left_tags(self) -> t.Mapping[str, str]:
        """The marks of the version that is left, as far as they were read."""
        if self.left is not None and self.left in self.known:
            return self.known[self.left].tags
        return next((c.marks for c in self.candidates if names.same(c.task_definition, self.left or "")), {})

    @property
    def taken_back(self) -> str | None:
        """The version whose mark a move forward takes back."""
        if self.direction != "forward":
            return None
        target = self.target.arn if self.target is not None else self.current
        return moves.taken_back(self.service, target, self.history, self.known)

    def leaving(self, left: str) -> Plan:
        """The same plan as a move from another version: from the one that ran when the target was chosen."""
        target = self.target.arn if self.target is not None else self.current
        went = moves.direction_of(target, left, self.history, {})
        return replace(self, choice=replace(self.choice, left=left, direction=went))

    def refused(self, reason: str, finding: Finding) -> Plan:
        """The plan if nothing may be written after all."""
        way = replace(refused((), reason), findings=self.way.findings)
        return replace(self, way=way, choice=Choice(problem=reason), target=None, findings=(*self.findings, finding))


@dataclass(frozen=True)
class Refusal:
    """A service for which no plan could be made. ``reason`` names the resource and the next step.

    ``may_pass``: asking again later may help.
    """

    name: str
    reason: str
    findings: tuple[Finding, ...]
    may_pass: bool = False


# -- Is the target fit to be deployed, no matter who deploys the service?


def missed_ports(service: Service, target: TaskDefinition) -> list[Finding]:
    """What its load balancers would miss."""
    return settings.load_balancer_ports(service, target) if target.content else []


def copy_of(goal: GoBack, facts: Facts, target: TaskDefinition) -> tuple[t.Mapping[str, str] | None, list[Finding]]:
    """The copy that is deployed in place of the target, and what there is to say.

    Digests by container name; None if the target itself will do. Empty is a copy that pins nothing.
    """
    decision = ecs_images.decide(goal.pin_images, target, facts.images or (), trusts_record=goal.checks == "warn")
    copy = decision.pin or ({} if _copy_anyway(goal, target) else None)
    return copy, [*decision.findings, *(settings.target_state(target) if copy is None else _whole(target))]


def _whole(target: TaskDefinition) -> list[Finding]:
    """That a copy would lack something. botocore drops what it does not know, and RegisterTaskDefinition could not
    send it either.
    """
    if not target.unknown:
        return []
    name = names.short(target.arn)
    what = (
        f"a copy of {name} with its images pinned would lack {', '.join(target.unknown)}, which the installed botocore "
        f"does not know. Install a newer boto3, name another revision, or deploy {name} itself: pin_images=never"
    )
    return [Finding("copy_members", "block", what)]


def _copy_anyway(goal: GoBack, target: TaskDefinition) -> bool:
    """A task definition that is not ACTIVE but can still be read is deployed as a copy, if copies were asked for."""
    return goal.pin_images == "always" and target.status != "ACTIVE" and bool(target.content)
