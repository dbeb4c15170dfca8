# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""One service on its way through a call: what is watched, its counts in words, and its part of the result. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.lastgood.aws.plugins.module_utils._core import advice, keys
from ansible_collections.lastgood.aws.plugins.module_utils._core.as_of import stamp
from ansible_collections.lastgood.aws.plugins.module_utils._core.contact import KEPT, Contact
from ansible_collections.lastgood.aws.plugins.module_utils._core.findings import GOOD_ENDS, beside_a_route
from ansible_collections.lastgood.aws.plugins.module_utils._core.series import TaskSeries
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.base import Controller
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.deployments import (
    Accepted,
    Going,
    Reached,
    Record,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import Plan, Refusal
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import (
    Deployment,
    Finding,
    Revision,
    Service,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Outcome as AnyOutcome
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move.diagnosis import Diagnosis, Doubt

Outcome = t.Union[AnyOutcome, t.Literal["deployed"]]
# Outcomes after which a deployment of ours goes on.
STILL_RUNNING: t.Final = frozenset({"started", "timeout", "lost_contact"})
UNPROVEN: t.Final = "whether its load balancers find them healthy is not known"
# DescribeServices calls are batched by ten; polling takes at most this many of them a second, a sixth of the
# published 20 per second, so that the console and ECS itself stay usable in an incident.
_SWEEP_CALLS_PER_SECOND: t.Final = 3.0
_SHORTEST_SWEEP: t.Final = 1.0
# While tasks come and go a deployment can be there at any moment: they have for this many seconds.
_SWEEP_WHILE_MOVING: t.Final = 0.5
_MOVES_FOR: t.Final = 20.0


class Subject(t.Protocol):
    """A service that is watched, and that remembers what was seen of it."""

    service: Service | None
    diagnosis: Diagnosis | None
    timings: dict[str, float]
    tasks: TaskSeries
    findings: list[Finding]

    @property
    def name(self) -> str:
        """The service's name."""

    @property
    def label(self) -> str:
        """What lines about it begin with."""

    @property
    def cluster(self) -> str:
        """The cluster that it runs in."""

    @property
    def going(self) -> Going:
        """The deployment to watch."""

    @property
    def outcome(self) -> str | None:
        """How it ended, None while it has not."""

    def end(self, outcome: AnyOutcome, reason: str) -> None:
        """The deployment did not get where it should."""

    def reached(self, state: Reached, left: str = "") -> None:
        """The deployment is where it should be. ``left`` says what is left of other versions all the same."""


AnySubject = t.TypeVar("AnySubject", bound=Subject)
# Gives those that are to be watched from now on; None when no more will come.
More = t.Callable[[], t.Union[t.Sequence[AnySubject], None]]


def no_more() -> None:
    """What is watched is all there is."""
    return None


@dataclass
class Track(t.Generic[AnySubject]):
    """What the sweeps remember of one service."""

    run: AnySubject
    going: Going
    controller: Controller
    line: str = ""
    health: str = ""
    most_running: int = -1
    least_others: float = float("inf")
    moved_at: float = 0.0
    diagnosed_at: float = float("-inf")
    contact: Contact = KEPT
    doubt: Doubt = field(default_factory=Doubt)
    # Our deployment or task set in the last look, and the id that it had when it was seen last: its tasks are known by
    # that when it is gone.
    ours: Deployment | None = None
    own_id: str = ""
    record: Record | None = None


def verified(state: Reached, target: str, left: str = "") -> str:
    """What is said about a deployment that has reached its end."""
    if left:
        return f"our deployment of {names.short(target)} is complete, with all its tasks; {left}"
    if state == "stable":
        return f"our deployment of {names.short(target)} is complete, and nothing of the other versions is left"
    if state == "running":
        return f"our deployment of {names.short(target)} has all its tasks, and no other version has any; {UNPROVEN}"
    return f"our deployment of {names.short(target)} takes all the traffic; old tasks may still drain"


def healthy_on(service: Service) -> str | None:
    """The task definition that serves the service with all the tasks it wants; None if there is none."""
    for deployment in service.deployments:
        if 0 < service.wanted(deployment) <= deployment.running:
            return deployment.task_definition
    return None


def shifting(record: Record | None, target: str) -> str:
    """The progress of a deployment that shifts traffic: ``BAKE_TIME, 100 % of the traffic on web:41``; else empty."""
    if record is None or not (record.stage or record.pause):
        return ""
    # A rolling deployment that waits at a hook has no stage (https://github.com/kayac/ecspresso/pull/1064).
    parts = [record.stage] if record.stage else []
    if record.weight is not None:
        parts.append(f"{record.weight:g} % of the traffic on {names.short(target)}")
    if record.pause:
        then = f", then {record.pause.timeout_action}" if record.pause.timeout_action else ""
        until = f" until {stamp(record.pause.expires_at)}" if record.pause.expires_at else ""
        at = f"{record.stage} (hook {record.pause.hook})" if record.stage else f"its hook {record.pause.hook}"
        parts.append(f"waits for a person at {at}{until}{then}")
    return ", ".join(parts)


def running_and_others(service: Service, target: str) -> tuple[int, int]:
    """Tasks that run on the target, and tasks that run or start on anything else."""
    ours = [d for d in service.deployments if names.same(d.task_definition, target)]
    others = [d for d in service.deployments if not names.same(d.task_definition, target)]
    return sum(d.running for d in ours), sum(d.running + d.pending for d in others)


def counts(service: Service, target: str, called: str = "") -> str:
    """The counts of one look: ``2/4 on web:41, 1 pending, 4 on web:43``. ``called``: the target's name."""
    ours = [d for d in service.deployments if names.same(d.task_definition, target)]
    others = [d for d in service.deployments if not names.same(d.task_definition, target)]
    running, pending = sum(d.running for d in ours), sum(d.pending for d in ours)
    wanted = sum(d.desired for d in ours) if service.scheduling == "DAEMON" else service.desired
    parts = [f"{running}/{wanted} on {called or names.short(target)}"]
    if pending:
        parts.append(f"{pending} pending")
    parts += _others(others)
    failed = sum(d.failed for d in ours)
    if failed:
        parts.append(f"{failed} failed to start")
    return ", ".join(parts)


def _others(others: t.Sequence[Deployment]) -> list[str]:
    told = [f"{d.running + d.pending} on {names.short(d.task_definition)}" for d in others if d.running + d.pending]
    # Of one that failed and has no task left nothing drains.
    draining = any(d.running + d.pending == 0 and d.rollout_state != "FAILED" for d in others)
    return [*told, "old tasks draining"] if draining else told


def sweep_interval(tracks: t.Sequence[Track[t.Any]], now: float, services_per_call: int = 10) -> float:
    """Seconds between two looks at all that is in flight: at most 1 s for a few services, longer for hundreds."""
    calls = -(-len(tracks) // services_per_call)
    is_moving = any(now - track.moved_at < _MOVES_FOR for track in tracks)
    return max(_SWEEP_WHILE_MOVING if is_moving else _SHORTEST_SWEEP, calls / _SWEEP_CALLS_PER_SECOND)


@dataclass
class Run:
    """What a rollback and a deployment have in common. Each step adds what only it has, and gives its own result."""

    name: str
    cluster: str
    plan: Plan | None = None
    outcome: Outcome | None = None
    reason: str = ""
    changed: bool = False
    accepted: Accepted | None = None
    service: Service | None = None
    diagnosis: Diagnosis | None = None
    # The plan for which another deployment had to end first, and the id of that one if it was stopped for it.
    first_plan: Plan | None = None
    made_way: str = ""
    # Why a plan could not be carried out as it was.
    stale: str = ""
    # What was written for a plan that then went stale, and stays.
    kept: list[Finding] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    timings: dict[str, float] = field(default_factory=dict)
    tasks: TaskSeries = field(default_factory=TaskSeries)
    place: keys.Place = keys.PLAIN

    good_ends: t.ClassVar[frozenset[str]] = GOOD_ENDS

    def take_plan(self, planned: Plan | Refusal) -> None:
        """Begin with this plan; a second one replaces the first, whose reading went stale."""
        self.findings = [*planned.findings, *self.kept]
        if isinstance(planned, Refusal):
            self.plan = None
            self.refuse(planned.reason)
            return
        self.plan, self.service = planned, planned.service
        self.name = planned.service.name
        if planned.verb == "nothing":
            self.end("unchanged", planned.reason)
        elif planned.verb == "refuse":
            self.refuse(planned.reason)

    def end(self, outcome: Outcome, reason: str) -> None:
        """The end of it."""
        self.outcome, self.reason = outcome, reason

    def refuse(self, reason: str) -> None:
        """It cannot be done. What was stopped for it stays stopped: then it has failed, and the result says so."""
        if not self.made_way:
            self.end("refused", reason)
            return
        self.end("failed", f"deployment {self.made_way} was stopped to make way, and then: {reason}")
        self.findings.append(
            Finding("stopped_then_refused", "block", f"{self.reason.rstrip('.')}. It stays stopped. {advice.CORRECT}")
        )

    def reached(self, state: Reached, left: str = "") -> None:
        """The watched deployment is where it should be."""
        self.end("rolled_back", verified(state, self.goes_to, left))

    @property
    def going(self) -> Going:
        """What is to be watched. Raises ValueError if nothing was begun."""
        if self.accepted is None:
            raise ValueError(f"{self.name} was not acted on, so there is nothing to watch")
        return self.accepted.going

    @property
    def makes_room(self) -> bool:
        """Another deployment is ending, so that ours can begin."""
        return self.outcome is None and self.accepted is not None and bool(self.accepted.going.makes_room)

    @property
    def goes_on(self) -> bool:
        """A deployment of ours is on its way, as far as this run knows."""
        return self.outcome in STILL_RUNNING or (self.outcome is None and self.accepted is not None)

    @property
    def label(self) -> str:
        """What lines about it begin with."""
        return self.place.label(self.name, self.cluster)

    @property
    def ok(self) -> bool:
        """True unless the outcome is a failure."""
        return self.outcome is None or self.outcome in self.good_ends

    @property
    def target(self) -> str:
        """The target's ARN, or that of its pinned copy once it is deployed; empty if there is none."""
        if self.accepted is not None and self.accepted.copy:
            return self.accepted.copy
        return self.plan.target.arn if self.plan and self.plan.target else ""

    @property
    def goes_to(self) -> str:
        """``web:1``; of a copy ``web:3 (web:1 with its image pinned)``, since its number says nothing."""
        planned, copy = self.plan, self.accepted.copy if self.accepted is not None else ""
        if planned is None or planned.target is None or not copy or names.same(copy, planned.target.arn):
            return names.short(self.target)
        original = names.short(planned.target.arn)
        # A copy of what is no longer ACTIVE need not pin anything.
        what = (
            f"{original} with its image pinned"
            if getattr(planned.way.change, "copy", None)
            else f"a copy of {original}"
        )
        return f"{names.short(copy)} ({what})"

    @property
    def route(self) -> str:
        """``web:3 → web:1``, with the direction unless it is back."""
        left = self.plan.left if self.plan else None
        to = self.goes_to
        return f"{names.short(left)} → {to}{beside_a_route(self.plan.direction if self.plan else None)}" if left else to

    def common(self) -> dict[str, t.Any]:
        """What the results of all steps have."""
        return {
            **identity(self.name, self.cluster, self.place, self.service),
            "outcome": self.outcome,
            "changed": self.changed,
            "reason": self.reason,
            "findings": [f.as_dict() for f in self.findings],
            "diagnosis": self.diagnosis.as_dict() if self.diagnosis else None,
            "timings": {key: round(value, 3) for key, value in self.timings.items()},
            "tasks_over_time": self.tasks.as_list(),
        }


class Placed(t.Protocol):
    """Whatever knows a service and what is meant to run there."""

    service: Service | None

    @property
    def name(self) -> str:
        """The service's name."""

    @property
    def target(self) -> str:
        """The task definition that it should be on."""


def where_it_is(run: Placed) -> str:
    """What serves the service now, as far as its deployments show."""
    service = run.service
    if service is None:
        return f"where {run.name} is now is not known"
    serving = [d for d in service.deployments if d.running > 0]
    if not serving:
        return f"{run.name} has no running task (desired: {service.desired})"
    tasks = " and ".join(f"{names.short(d.task_definition)} with {d.running} of {service.desired}" for d in serving)
    # If traffic is shifted, running tasks need not get any; nor do those of a task set that is not PRIMARY.
    beside = any(d.scale is not None and d.status != "PRIMARY" for d in serving)
    verb = "is serving on" if service.strategy == "ROLLING" and not beside else "runs"
    text = f"{run.name} {verb} {tasks} tasks"
    if beside and service.primary is not None:
        text += f"; {names.short(service.primary.task_definition)} is PRIMARY"
    if _ecs_goes_on(service, run.target):
        text += f". ECS goes on trying to start {names.short(run.target)}"
    return text


def _ecs_goes_on(service: Service, target: str) -> bool:
    primary = service.primary
    return (
        primary is not None and names.same(primary.task_definition, target) and primary.rollout_state == "IN_PROGRESS"
    )


AnyRun = t.TypeVar("AnyRun", bound=Run)


def identity(name: str, cluster: str, place: keys.Place, service: Service | None) -> dict[str, str | None]:
    """What tells a service from all others, for results; the account is not known of one that was not found."""
    return {
        "service": name,
        "cluster": keys.last(cluster),
        "region": place.region or None,
        "account": keys.account(service.arn) if service else None,
    }


def target_of(planned: Plan, goes_to: str = "") -> dict[str, t.Any] | None:
    """What a service goes back to, for results; None if there is nothing. ``goes_to`` is its ARN, or a copy's."""
    target = planned.target
    if target is None:
        return None
    is_a_copy = goes_to not in ("", target.arn)
    return {
        "task_definition": goes_to or target.arn,
        # A copy was registered for this rollback.
        "status": "ACTIVE" if is_a_copy else target.status,
        "service_revision": (planned.good.arn or None) if planned.good else None,
        "image_digests": dict(planned.good.digests) if planned.good else {},
    }


def state_of(service: Service, revision: Revision | None) -> dict[str, t.Any]:
    """What a service runs, for results. ``revision`` is given if it is the PRIMARY deployment's."""
    primary = service.primary
    task_definition = primary.task_definition if primary else service.task_definition
    fits = revision is not None and names.same(revision.task_definition, task_definition)
    return {
        "task_definition": task_definition or None,
        "service_revision": (revision.arn or None) if revision and fits else None,
        "deployment_id": primary.id if primary else None,
        "image_digests": dict(revision.digests) if revision and fits else {},
        "desired_count": service.desired,
        "running_count": service.running,
    }
