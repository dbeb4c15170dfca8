# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Waiting for a deployment, and for no other: how it ends. Read-only.

A deployment is followed by its id. ``services_stable`` and its like look at counts, so they are content with whatever
stands there: what ECS has rolled back to, what somebody else deployed, a service of no tasks.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError, IncompleteAnswerError
from ansible_collections.lastgood.aws.plugins.module_utils._core import keys
from ansible_collections.lastgood.aws.plugins.module_utils._core import progress as core_progress
from ansible_collections.lastgood.aws.plugins.module_utils._core.clock import Clock
from ansible_collections.lastgood.aws.plugins.module_utils._core.series import TaskSeries
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import base, deployments
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.deployments import Known, Meant, Outcome
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.of import Controllers, Pasts
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import Past
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Finding, Service, ServiceDeployment
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Outcome as WatchedOutcome
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move.diagnosis import Diagnosis
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move.run import (
    UNPROVEN,
    identity,
    state_of,
    where_it_is,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move.watch import Sweeper, WaitUntil
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past import reads

_GOOD_ENDS: t.Final[frozenset[str]] = frozenset({"stable", "serving", "in_progress"})


@dataclass
class Waiter:
    """One service that is waited for; becomes one item of the result."""

    name: str
    cluster: str
    look_once: bool = False
    meant: Meant | None = None
    record: ServiceDeployment | None = None
    outcome: Outcome | None = None
    reason: str = ""
    service: Service | None = None
    diagnosis: Diagnosis | None = None
    findings: list[Finding] = field(default_factory=list)
    timings: dict[str, float] = field(default_factory=dict)
    tasks: TaskSeries = field(default_factory=TaskSeries)
    place: keys.Place = keys.PLAIN

    @property
    def label(self) -> str:
        """What lines about it begin with."""
        return self.place.label(self.name, self.cluster)

    def take(self, service: Service, decided: Meant | Known) -> None:
        """Begin with what was decided."""
        self.name, self.service = service.name, service
        self.record = decided.record
        if isinstance(decided, Known):
            self.outcome, self.reason = decided.outcome, decided.reason
        else:
            self.meant = decided

    @property
    def going(self) -> deployments.Going:
        """What is to be watched. Raises ValueError if no deployment is."""
        if self.meant is None:
            raise ValueError(f"no deployment of {self.name} is to be watched")
        return self.meant.going

    @property
    def target(self) -> str:
        """The task definition of the deployment; empty if none is meant."""
        if self.meant is not None:
            return self.meant.going.target
        return self.record.target.task_definition if self.record is not None else ""

    def end(self, outcome: WatchedOutcome, reason: str) -> None:
        """The deployment did not get where it should."""
        if outcome == "timeout" and self.look_once:
            self.outcome, self.reason = "in_progress", f"the deployment of {names.short(self.target)} is still going"
        elif outcome in ("timeout", "superseded", "lost_contact"):
            self.outcome, self.reason = outcome, reason
        else:
            self.outcome, self.reason = "failed", reason

    def reached(self, state: deployments.Reached, left: str = "") -> None:
        """The deployment is where it should be."""
        what = names.short(self.target)
        if self.service is not None and self.service.desired == 0:
            self.outcome = "failed"
            self.reason = f"the service wants 0 tasks, so that {what} is deployed proves nothing: none of it runs"
            return
        self.outcome = "stable" if state == "stable" else "serving"
        if self.meant is not None and self.meant.going.is_bare:
            self.reason = f"the task set of {what} is PRIMARY, and in a steady state"
        elif left:
            self.reason = f"the deployment of {what} is complete, with all its tasks; {left}"
        elif state == "stable":
            self.reason = f"the deployment of {what} is complete, and nothing of the other versions is left"
        elif state == "running":
            self.reason = f"{what} has all its tasks, and no other version has any; {UNPROVEN}"
        else:
            self.reason = f"{what} takes all the traffic; old tasks may still drain"

    @property
    def ok(self) -> bool:
        """It does not fail the module."""
        return self.outcome in _GOOD_ENDS

    @property
    def line(self) -> str:
        """How it ended, and where the service is then."""
        known = self.outcome not in ("stable", "serving", "refused", "lost_contact")
        where = f". {where_it_is(self)}" if known else ""
        return f"{self.outcome}: {self.reason.rstrip('.')}{where}"

    def as_dict(self) -> dict[str, t.Any]:
        """One item of the module's result."""
        record = self.record.id if self.record is not None else None
        return {
            **identity(self.name, self.cluster, self.place, self.service),
            "outcome": self.outcome,
            "deployment_id": self.meant.going.deployment_id if self.meant else None,
            "service_deployment": record,
            "task_definition": self.target or None,
            "now": state_of(self.service, None) if self.service else None,
            "reason": self.reason,
            "findings": [f.as_dict() for f in self.findings],
            "diagnosis": self.diagnosis.as_dict() if self.diagnosis else None,
            "timings": {key: round(value, 3) for key, value in self.timings.items()},
            "tasks_over_time": self.tasks.as_list(),
        }


@dataclass(frozen=True)
class Order:
    """What a call asks for. ``deployment`` is empty for the PRIMARY one; times are in seconds."""

    cluster: str
    services: t.Sequence[str]
    deployment: str = ""
    wait_until: WaitUntil = "stable"
    wait_timeout: float = 1800.0
    contact_timeout: float = 300.0
    look_once: bool = False
    full_names: bool = False


def wait(aws: Aws, order: Order, clock: Clock) -> list[Waiter]:
    """Wait for all of them together. Raises :class:`.patience.Orphaned`; errors of AWS end up in the outcomes."""
    began = clock.monotonic()
    waiters = _begin(aws, order, clock)
    sweeper: Sweeper[Waiter] = Sweeper(
        aws, clock, order.wait_until, 0 if order.look_once else order.wait_timeout, order.contact_timeout, began
    )
    sweeper.watch([waiter for waiter in waiters if waiter.outcome is None])
    for waiter in waiters:
        waiter.timings["ended"] = clock.monotonic() - began
        core_progress.say(f"[{waiter.label}] {waiter.line}")
    return waiters


def _begin(aws: Aws, order: Order, clock: Clock) -> list[Waiter]:
    place = keys.Place(aws.region("ecs"), order.full_names)
    named = [Waiter(name, order.cluster, order.look_once, place=place) for name in order.services]
    try:
        found = reads.services(aws, order.cluster, order.services)
    except (AwsCallError, IncompleteAnswerError) as exc:
        for waiter in named:
            waiter.outcome, waiter.reason = "refused", exc.explain()
        return named
    waiters: list[Waiter] = []
    controllers = Controllers(aws, clock)
    pasts = Pasts(controllers)
    pasts.read([service for service in found.values() if isinstance(service, Service)])
    # By name and by ARN it is still one service.
    seen: set[str] = set()
    for waiter in named:
        service = found[waiter.name]
        if not isinstance(service, Service):
            waiter.outcome = "refused"
            waiter.reason = f"there is no service {waiter.name} in cluster {order.cluster} ({service})"
        elif service.arn in seen:
            continue
        else:
            seen.add(service.arn)
            waiter.take(service, _decide(order, controllers.of(service), service, pasts))
            problem = pasts.of(service.name).problem
            if problem and waiter.meant is not None:
                what = f"whether a newer deployment has been rolled back is not known: {problem}"
                waiter.findings.append(Finding("history", "unknown", what))
        waiters.append(waiter)
    return waiters


def _decide(order: Order, controller: base.Controller, service: Service, pasts: Pasts) -> Meant | Known:
    decided = decide(controller, service, pasts.of(service.name), order.deployment)
    if order.deployment and isinstance(decided, Known) and decided.outcome == "refused":
        # It may be older than the newest few.
        pasts.read([service], everything=True)
        decided = decide(controller, service, pasts.of(service.name), order.deployment)
    return decided


def decide(controller: base.Controller, service: Service, past: Past, wanted: str) -> Meant | Known:
    """Which deployment is meant: an id (``ecs-svc/…``, or ``d-…`` of CodeDeploy), the ARN of a service deployment, or
    without any of these the newest one.
    """
    if service.status != "ACTIVE":
        return Known("refused", f"the service is {service.status}: nothing is deployed there any more")
    return controller.meant(service, past, wanted)
