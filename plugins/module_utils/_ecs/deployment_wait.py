# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Waiting for a deployment, and for no other: which one is meant, what is known of it already, how it ends. Read-only.

A deployment is followed by its id. ``services_stable`` and its like look at counts, so they are content with whatever
stands there: what ECS has rolled back to, what somebody else deployed, a service of no tasks.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.lastgood.aws.plugins.module_utils import _progress
from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError, IncompleteAnswerError
from ansible_collections.lastgood.aws.plugins.module_utils._clock import Clock
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import names, read, watch, wording
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.diagnosis import Diagnosis
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.history import History
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import (
    Deployment,
    Finding,
    Service,
    ServiceDeployment,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Outcome as WatchedOutcome
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.run import state_of
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.sweep import Sweeper, WaitUntil

Outcome = t.Literal["stable", "serving", "in_progress", "failed", "superseded", "timeout", "refused"]
_GOOD_ENDS: t.Final[frozenset[str]] = frozenset({"stable", "serving", "in_progress"})


@dataclass(frozen=True)
class Known:
    """How a deployment ended, where that needs no watching."""

    outcome: Outcome
    reason: str
    record: ServiceDeployment | None = None


@dataclass(frozen=True)
class Meant:
    """The deployment that is meant, to be watched. ``record`` is None where the history does not tell."""

    deployment: Deployment
    record: ServiceDeployment | None


def decide(service: Service, history: History | None, problem: str, wanted: str) -> Meant | Known:
    """Which deployment is meant: an id (``ecs-svc/…``), the ARN of a service deployment, or the PRIMARY one.

    ``problem`` says why there is no history. Pure.
    """
    if service.status != "ACTIVE":
        return Known("refused", f"the service is {service.status}: nothing is deployed there any more")
    if service.controller != "ECS":
        return Known("refused", _other_controller(service.controller))
    if wanted:
        return _named(service, history, problem, wanted)
    primary = service.primary
    if primary is None:
        return Known("refused", "the service has no PRIMARY deployment: nothing was ever deployed there")
    newest = history.newest if history else None
    if newest is not None and _ended_back(newest):
        known = _ended(newest, service, history)
        advice = (
            f"Give deployment={primary.id} to wait for {names.short(primary.task_definition)}, which is PRIMARY now"
        )
        return known if isinstance(known, Meant) else Known(known.outcome, f"{known.reason}. {advice}", newest)
    return Meant(primary, record_of(primary.id, history))


def _named(service: Service, history: History | None, problem: str, wanted: str) -> Meant | Known:
    listed = service.deployment(wanted)
    if listed is not None and listed.status == "PRIMARY":
        return Meant(listed, record_of(wanted, history))
    if wanted.startswith("arn:"):
        record = next((d for d in history.deployments if d.arn == wanted), None) if history else None
    else:
        record = record_of(wanted, history)
    if record is not None:
        return _ended(record, service, history)
    if listed is not None and listed.rollout_state == "FAILED":
        return Known("failed", listed.rollout_reason or "ECS reports the rollout as FAILED")
    if listed is not None:
        return Known("superseded", _over(listed.task_definition, service.primary))
    why = f" {problem}" if problem else " ECS keeps deployments for 90 days"
    return Known("refused", f"there is no deployment {wanted} of {service.name}, now or in its history.{why}")


def _ended(record: ServiceDeployment, service: Service, history: History | None) -> Meant | Known:
    """What the record of a deployment says of its end, or that it has to be watched."""
    what, primary = names.short(record.target.task_definition), service.primary
    if _ended_back(record):
        return Known("failed", _back(record), record)
    superseded = history is not None and history.newest is not None and history.newest.arn != record.arn
    if record.status in ("STOPPED", "STOP_REQUESTED"):
        why = f" ({record.reason.rstrip('.')})" if record.reason else ""
        if superseded:
            return Known("superseded", f"{_over(record.target.task_definition, primary)}{why}", record)
        return Known("failed", f"the deployment of {what} was stopped before it was complete{why}", record)
    if primary is not None and _is_of(record, primary):
        return Meant(primary, record)
    if record.status == "SUCCESSFUL":
        at = f" at {record.finished_at.isoformat()}" if record.finished_at else ""
        since = _over(record.target.task_definition, primary)
        return Known("superseded", f"the deployment of {what} was complete{at}, but since then {since}", record)
    return Known("superseded", _over(record.target.task_definition, primary), record)


def _ended_back(record: ServiceDeployment) -> bool:
    """ECS goes back, or has tried to. A rollback that is only requested can still come too late.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stop-service-deployment.html
    """
    return record.status.startswith("ROLLBACK") and record.status != "ROLLBACK_REQUESTED"


def _back(record: ServiceDeployment) -> str:
    what = names.short(record.target.task_definition)
    back = f" to {names.short(record.rolled_back_to.task_definition)}" if record.rolled_back_to else ""
    said = (record.rollback_reason or record.reason).rstrip(".")
    why = f" ({said})" if said else ""
    if record.status == "ROLLBACK_FAILED":
        return f"{what} failed, and ECS could not roll it back{back}{why}"
    if record.status == "ROLLBACK_SUCCESSFUL":
        at = f" at {record.finished_at.isoformat()}" if record.finished_at else ""
        return f"ECS rolled {what} back{back}{at}{why}"
    return f"ECS is rolling {what} back{back}{why}"


def _over(task_definition: str, primary: Deployment | None) -> str:
    if primary is None:
        return f"{names.short(task_definition)} is not deployed any more"
    return f"{names.short(primary.task_definition)} ({primary.id}) was deployed over {names.short(task_definition)}"


def _number(deployment_id: str) -> str:
    return deployment_id.rpartition("/")[2]


def record_of(deployment_id: str, history: History | None) -> ServiceDeployment | None:
    """The newest record of a deployment.

    Its id ends in the number that the ARN of its service revision ends in, as can be seen in what AWS answers.
    """
    deployments = history.deployments if history else ()
    return next((d for d in reversed(deployments) if _number(d.target.arn) == _number(deployment_id)), None)


def _is_of(record: ServiceDeployment, deployment: Deployment) -> bool:
    return _number(record.target.arn) == _number(deployment.id)


def _other_controller(controller: str) -> str:
    other = {
        "CODE_DEPLOY": "CodeDeploy deploys this service: wait for its deployment there",
        "EXTERNAL": "something outside of ECS deploys this service, by task sets: wait where it deploys",
    }
    return other.get(controller, f"the deployment controller is {controller}, which is not known here")


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

    def take(self, service: Service, decided: Meant | Known) -> None:
        """Begin with what was decided."""
        self.name, self.service = service.name, service
        self.record = decided.record
        if isinstance(decided, Known):
            self.outcome, self.reason = decided.outcome, decided.reason
        else:
            self.meant = decided

    @property
    def begun(self) -> watch.Begun:
        """What is to be watched. Raises ValueError where no deployment is."""
        if self.meant is None or self.service is None:
            raise ValueError(f"no deployment of {self.name} is to be watched")
        deployment = self.meant.deployment
        others = (d.id for d in self.service.deployments if d.id != deployment.id)
        watched = watch.Watched(deployment.task_definition, deployment.id, "", frozenset(others), self.service.strategy)
        flying = self.record is not None and self.record.in_flight
        return watch.Begun(watched, record=self.record.arn if self.record is not None and flying else "")

    @property
    def target(self) -> str:
        """The task definition of the deployment, empty where none is meant."""
        if self.meant is not None:
            return self.meant.deployment.task_definition
        return self.record.target.task_definition if self.record is not None else ""

    def end(self, outcome: WatchedOutcome, reason: str) -> None:
        """The deployment did not get where it should."""
        if outcome == "timeout" and self.look_once:
            self.outcome, self.reason = "in_progress", f"the deployment of {names.short(self.target)} is still going"
        elif outcome in ("timeout", "superseded"):
            self.outcome, self.reason = outcome, reason
        else:
            self.outcome, self.reason = "failed", reason

    def reached(self, state: watch.Reached) -> None:
        """The deployment is where it should be."""
        what = names.short(self.target)
        if self.service is not None and self.service.desired == 0:
            self.outcome = "failed"
            self.reason = f"the service wants 0 tasks, so that {what} is deployed proves nothing: none of it runs"
            return
        self.outcome = state
        if state == "stable":
            self.reason = f"the deployment of {what} is complete, and nothing of the other versions is left"
        else:
            self.reason = f"{what} takes all the traffic; old tasks may still drain"

    @property
    def ok(self) -> bool:
        """It does not fail the module."""
        return self.outcome in _GOOD_ENDS

    @property
    def line(self) -> str:
        """How it ended, and where the service is then."""
        where = "" if self.outcome in ("stable", "serving", "refused") else f". {wording.where_it_is(self)}"
        return f"{self.outcome}: {self.reason.rstrip('.')}{where}"

    def as_dict(self) -> dict[str, t.Any]:
        """One item of the module's result."""
        record = self.record.arn if self.record is not None else None
        return {
            "service": self.name,
            "cluster": self.cluster,
            "outcome": self.outcome,
            "deployment_id": self.meant.deployment.id if self.meant else None,
            "service_deployment": record,
            "task_definition": self.target or None,
            "now": state_of(self.service, None) if self.service else None,
            "reason": self.reason,
            "findings": [f.as_dict() for f in self.findings],
            "diagnosis": self.diagnosis.as_dict() if self.diagnosis else None,
            "timings": {key: round(value, 3) for key, value in self.timings.items()},
        }


@dataclass(frozen=True)
class Order:
    """What a call asks for. ``deployment`` is empty for the PRIMARY one, ``wait_timeout`` is in seconds."""

    cluster: str
    services: t.Sequence[str]
    deployment: str = ""
    wait_until: WaitUntil = "stable"
    wait_timeout: float = 1800.0
    look_once: bool = False


def wait(aws: Aws, order: Order, clock: Clock) -> list[Waiter]:
    """Wait for all of them together. Raises :class:`.sweep.Orphaned`; errors of AWS end up in the outcomes."""
    began = clock.monotonic()
    waiters = _begin(aws, order)
    sweeper: Sweeper[Waiter] = Sweeper(
        aws, clock, order.wait_until, 0 if order.look_once else order.wait_timeout, began
    )
    sweeper.watch([waiter for waiter in waiters if waiter.outcome is None])
    for waiter in waiters:
        waiter.timings["ended"] = clock.monotonic() - began
        _progress.say(f"[{waiter.name}] {waiter.line}")
    return waiters


def _begin(aws: Aws, order: Order) -> list[Waiter]:
    named = [Waiter(name, order.cluster, order.look_once) for name in order.services]
    try:
        found = read.services(aws, order.cluster, order.services)
    except (AwsCallError, IncompleteAnswerError) as exc:
        for waiter in named:
            waiter.outcome, waiter.reason = "refused", exc.explain()
        return named
    waiters: list[Waiter] = []
    histories = read.Histories(aws, order.cluster)
    histories.read(s for s in found.values() if isinstance(s, Service) and s.controller == "ECS")
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
            waiter.take(service, _decide(order, service, histories))
            problem = histories.problems.get(service.name, "")
            if problem and waiter.meant is not None:
                what = f"whether ECS has rolled a newer deployment back is not known: {problem}"
                waiter.findings.append(Finding("history", "unknown", what))
        waiters.append(waiter)
    return waiters


def _decide(order: Order, service: Service, histories: read.Histories) -> Meant | Known:
    decided = decide(service, histories.found.get(service.name), "", order.deployment)
    if order.deployment and isinstance(decided, Known) and decided.outcome == "refused":
        # It may be older than the newest few.
        histories.read([service], everything=True)
        problem = histories.problems.get(service.name, "")
        decided = decide(service, histories.found.get(service.name), problem, order.deployment)
    return decided
