# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""The plan for one service: what is there, the target, the method, the findings. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.lastgood.aws.plugins.module_utils._ecs import names, preflight
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.history import Candidate, History
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import (
    ROLLING_BACK,
    STOPPABLE,
    Finding,
    Method,
    Revision,
    Service,
    ServiceDeployment,
    TaskDefinition,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.target import Choice, Selection, what_runs_now

InFlight = t.Literal["stop", "supersede", "refuse"]
Verb = t.Literal["act", "nothing", "refuse"]


@dataclass(frozen=True)
class Wish:
    """What the user asked for, of one service."""

    selection: Selection
    in_flight: InFlight = "stop"
    tasks: int | None = None


@dataclass(frozen=True)
class Facts:
    """What was read of one service. ``history`` is None where AWS does not tell it, ``history_problem`` says why."""

    service: Service
    history: History | None
    history_problem: str
    known: t.Mapping[str, TaskDefinition]


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

    @property
    def known_deployments(self) -> frozenset[str]:
        """Ids of all deployments that were there when the plan was made."""
        return frozenset(d.id for d in self.service.deployments)

    @property
    def left(self) -> str | None:
        """The version that is left behind, None where nothing moves."""
        return self.choice.left


def make(wish: Wish, facts: Facts, choice: Choice) -> Plan:
    """Decide what to do with one service, from what was read and the target that was chosen."""
    service, history = facts.service, facts.history
    current = what_runs_now(service, history)
    target = facts.known.get(choice.target) if choice.target else None
    candidates = history.candidates(facts.known) if history else ()
    now = history.latest_revision(current) if history else None
    good = _revision_of(target.arn, candidates) if target else None
    findings = preflight.service_state(service)
    if facts.history_problem:
        findings.append(Finding("history", "unknown", facts.history_problem))
    verb: Verb = "act"
    method: Method = "none"
    reason = choice.why
    force = False
    if any(f.severity == "block" for f in findings):
        verb, reason = "refuse", _blocked(findings)
    elif choice.settled:
        verb, reason = "nothing", choice.settled
        if wish.tasks is not None and wish.tasks != service.desired:
            findings.append(_tasks_not_applied(service, wish.tasks))
    elif choice.problem or target is None:
        verb, reason = "refuse", choice.problem or "no target was found"
        if history is None and facts.history_problem:
            reason += f" ({facts.history_problem.rstrip('.')})"
    else:
        findings += preflight.tasks_option(service, wish.tasks)
        step = _method(wish, service, history, choice, target.arn, current)
        if step.method in ("update_service", "stop_deployment"):
            findings += preflight.room_to_move(service)
            if target.content:
                findings += preflight.load_balancer_ports(service, target)
                findings += preflight.mutable_images(target, good)
            if step.method == "update_service":
                findings += preflight.target_state(target)
                findings += preflight.not_reverted(now, good)
        verb, method, force = step.verb, step.method, step.force_new_deployment
        reason = step.reason or reason
        if choice.source == "previous_registered":
            findings.append(
                Finding("fallback", "warn", f"{names.short(target.arn)} was taken by its number: {choice.why}")
            )
        findings += [Finding("left_out", "info", text) for text in choice.left_out]
        if verb == "act" and any(f.severity == "block" for f in findings):
            verb, method, reason = "refuse", "none", _blocked(findings)
    return Plan(
        service=service,
        verb=verb,
        method=method,
        current=current,
        reason=reason,
        choice=choice,
        target=target,
        findings=tuple(findings),
        candidates=candidates,
        running=history.running if history else None,
        now=now,
        good=good,
        force_new_deployment=force,
    )


@dataclass(frozen=True)
class _Step:
    verb: Verb
    method: Method
    reason: str = ""
    force_new_deployment: bool = False


def _method(wish: Wish, service: Service, history: History | None, choice: Choice, target: str, current: str) -> _Step:
    """How to get there, in this order: adopt, stop natively, update the service."""
    if choice.unfinished:
        return _Step("act", "adopt")
    primary = service.primary
    running = history.running if history else None
    if running is None and primary is not None and primary.rollout_state == "IN_PROGRESS":
        # The history is not told, or lags behind: the PRIMARY deployment says as much.
        return _in_flight_unrecorded(wish, choice, target, primary.task_definition)
    if running is None:
        if not names.same(target, current):
            return _Step("act", "update_service")
        if primary is not None and primary.rollout_state == "FAILED":
            # Its last deployment failed and is over: only a new one can bring it up.
            return _Step("act", "update_service", force_new_deployment=True)
        return _Step("nothing", "none", f"it is on {names.short(target)} already")
    if history is not None and history.lands_on is not None and names.same(history.lands_on, target):
        return _Step("act", "adopt")
    if wish.in_flight == "refuse":
        return _Step(
            "refuse",
            "none",
            f"a deployment to {names.short(running.target.task_definition)} is running ({running.status}), and "
            "in_flight is refuse",
        )
    native = history.native_stop_lands_on if history else None
    if (
        wish.in_flight == "stop"
        and running.status in STOPPABLE
        and running.status not in ROLLING_BACK
        and native is not None
        and names.same(native, target)
    ):
        return _Step("act", "stop_deployment")
    return _Step("act", "update_service")


def _in_flight_unrecorded(wish: Wish, choice: Choice, target: str, deploying: str) -> _Step:
    if names.same(target, deploying):
        return _Step("act", "adopt")
    if wish.in_flight == "refuse":
        return _Step("refuse", "none", f"a deployment to {names.short(deploying)} is running, and in_flight is refuse")
    return _Step("act", "update_service")


def _blocked(findings: t.Iterable[Finding]) -> str:
    return "; ".join(f.message for f in findings if f.severity == "block")


def _tasks_not_applied(service: Service, tasks: int) -> Finding:
    return Finding(
        "tasks",
        "warn",
        f"there is nothing to roll back, so the task count was left at {service.desired} (tasks asked for {tasks})",
    )


def _revision_of(task_definition: str, candidates: t.Iterable[Candidate]) -> Revision | None:
    return next((c.revision for c in candidates if c.task_definition == task_definition), None)
