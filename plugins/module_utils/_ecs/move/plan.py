# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""The plan for one service: what is there, the target, the method, the findings. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, replace

from ansible_collections.lastgood.aws.plugins.module_utils._core import as_of as core_as_of
from ansible_collections.lastgood.aws.plugins.module_utils._core.findings import blocked
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import marks, names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.checks import settings
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.base import Controller
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import (
    Between,
    Facts,
    Plan,
    Step,
    Verb,
    Way,
    Wish,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import (
    Finding,
    Revision,
    Service,
    TaskDefinition,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past import direction, named
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.history import Candidate, doubts
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.target import Choice, what_runs_now


@dataclass(frozen=True)
class _Decided:
    """What is done, and what there is to say about it."""

    step: Step
    findings: tuple[Finding, ...]
    way: Way | None = None


def make(controller: Controller, wish: Wish, facts: Facts, choice: Choice) -> Plan:
    """Decide what to do with one service, from what was read and the target that was chosen."""
    service, history = facts.service, facts.history
    current = what_runs_now(service, history)
    target = facts.known.get(choice.target) if choice.target else None
    candidates = controller.candidates(service, facts.past, facts.known)
    now = history.latest_revision(current) if history else None
    good = _revision_of(target.arn, candidates) if target else None
    between = Between(current, target, now, good) if target is not None else None
    decided = _decide(controller, wish, facts, choice, between, candidates)
    step, way = decided.step, decided.way or Way(decided.step)
    return Plan(
        service=service,
        verb=step.verb,
        method=step.method,
        current=current,
        reason=step.reason,
        choice=choice,
        target=target,
        findings=(*decided.findings, *_not_well(step.verb, service, facts.known.get(current))),
        candidates=candidates,
        running=history.running if history else None,
        now=now,
        good=good,
        force_new_deployment=way.step.force_new_deployment,
        copy=way.copy,
        override=way.override if step.method == way.step.method else {},
        known_records=frozenset(d.arn for d in history.deployments) if history else frozenset(),
        newest=history.newest if history else None,
        newest_id=facts.past.newest_id,
        copies=history.copies if history else {},
        history=history,
        request=way.request,
        left_tags=facts.known[choice.left].tags if choice.left and choice.left in facts.known else {},
        taken_back=_taken_back(facts, choice, target),
        task_set=way.task_set,
        primary_tells=controller.primary_tells,
        held_tasks=controller.held_tasks,
    )


def _decide(
    controller: Controller,
    wish: Wish,
    facts: Facts,
    choice: Choice,
    between: Between | None,
    candidates: tuple[Candidate, ...],
) -> _Decided:
    given = _given(controller, wish, facts, choice)
    if between is None or choice.settled or choice.problem or any(f.severity == "block" for f in given):
        return _without_a_way(wish, facts, choice, given)
    return _by_a_way(controller, wish, facts, choice, between, given, candidates)


def _given(controller: Controller, wish: Wish, facts: Facts, choice: Choice) -> tuple[Finding, ...]:
    """What there is to say whatever the way is."""
    service = facts.service
    findings = [*settings.service_state(service), *controller.unfit(service), *core_as_of.findings(wish.as_of)]
    findings += [Finding("from_revision", "unknown", choice.doubt)] if choice.doubt else []
    findings += [Finding("history", "unknown", facts.past.problem)] if facts.past.problem else []
    if wish.rollback_events is not None and not controller.takes_events:
        findings.append(_rollback_events_not_used(service))
    return tuple(findings)


def _without_a_way(wish: Wish, facts: Facts, choice: Choice, given: tuple[Finding, ...]) -> _Decided:
    """It is refused, or there is nothing to do."""
    service = facts.service
    if any(f.severity == "block" for f in given):
        return _Decided(Step("refuse", "none", blocked(given)), given)
    if choice.settled:
        unset = wish.tasks is not None and wish.tasks != service.desired
        found = (_tasks_not_applied(service, wish.tasks),) if unset and wish.tasks is not None else ()
        return _Decided(Step("nothing", "none", choice.settled), (*given, *found))
    reason = (choice.problem or "no target was found") + _why_no_history(facts)
    return _Decided(Step("refuse", "none", reason), given)


def _by_a_way(
    controller: Controller,
    wish: Wish,
    facts: Facts,
    choice: Choice,
    between: Between,
    given: tuple[Finding, ...],
    candidates: tuple[Candidate, ...],
) -> _Decided:
    """It is done the controller's way, unless something stands against that."""
    target = between.target.arn
    way = controller.way_back(wish, facts, choice, between)
    findings = [*given, *settings.tasks_option(facts.service, wish.tasks), *way.findings, *facts.readiness]
    if choice.source == "previous_registered":
        what = f"{names.short(target)} was taken by its number: {choice.why}"
        findings.append(Finding("fallback", "warn", what))
    findings += [_left_out(text, candidates) for text in choice.left_out]
    findings += [*doubts(candidates, target), *_unproven(facts.service, choice, target)]
    if way.step.method != "adopt" and not wish.selection.chosen:
        findings += named.findings(choice, between.target, facts.service, facts.history, candidates)
    step = replace(way.step, reason=way.step.reason or choice.why)
    if step.verb == "refuse":
        return _Decided(replace(step, reason=step.reason + _why_no_history(facts)), tuple(findings), way)
    if step.verb == "act" and wish.deregister:
        findings += direction.no_deregistration(choice.direction, choice.left or between.current, target)
    if step.verb == "act" and any(f.severity == "block" for f in findings):
        step = Step("refuse", "none", blocked(findings))
    return _Decided(step, tuple(findings), way)


def _left_out(text: str, candidates: t.Iterable[Candidate]) -> Finding:
    """A version that was passed by: a warning if only other services had to leave it."""
    elsewhere = {names.short(c.task_definition) for c in candidates if c.elsewhere and c.verdict == "unknown"}
    return Finding("left_out", "warn" if text.partition(": ")[0] in elsewhere else "info", text)


def _why_no_history(facts: Facts) -> str:
    unknown = facts.history is None and facts.past.problem
    return f" ({facts.past.problem.rstrip('.')})" if unknown else ""


def _taken_back(facts: Facts, choice: Choice, target: TaskDefinition | None) -> str | None:
    if choice.direction != "forward" or target is None:
        return None
    return direction.taken_back(facts.service, target.arn, facts.history, facts.known)


def _unproven(service: Service, choice: Choice, target: str) -> list[Finding]:
    """That the target was never seen running, or that this could not be read."""
    if choice.unproven == "never_ran":
        what = f"no version of {service.name} ever ran a task, so nothing proves that {names.short(target)} comes up"
        return [Finding("unproven", "warn", what)]
    if choice.unproven == "not_told":
        what = f"whether {names.short(target)} ever ran a task is not known: its deployment ended SUCCESSFUL, as one "
        what += "without tasks does, no image digest is on record, and how many tasks it had cannot be read"
        return [Finding("unproven", "unknown", what)]
    return []


def _tasks_not_applied(service: Service, tasks: int) -> Finding:
    return Finding(
        "tasks",
        "warn",
        f"there is nothing to roll back, so the task count was left at {service.desired} (tasks asked for {tasks})",
    )


def _not_well(verb: Verb, service: Service, runs: TaskDefinition | None) -> list[Finding]:
    """What to know of a service that is left as it is."""
    if verb != "nothing":
        return []
    found = []
    elsewhere = marks.bad_elsewhere(runs.tags, service.in_cluster) if runs is not None else ""
    if runs is not None and elsewhere:
        found.append(Finding("marked_elsewhere", "warn", f"{names.short(runs.arn)} runs here, and {elsewhere}"))
    elif runs is not None and marks.BAD in runs.tags:
        what = f"{names.short(runs.arn)} is marked bad ({runs.tags[marks.BAD] or 'no reason given'}), and runs"
        found.append(Finding("marked_bad", "warn", f"{what}. To leave it, give force: [again], steps_back or revision"))
    if service.running < service.desired:
        what = f"{service.running} of {service.desired} tasks of {service.name} are running"
        found.append(Finding("tasks_missing", "warn", f"{what}, and nothing was done about it"))
    return found


def _rollback_events_not_used(service: Service) -> Finding:
    return Finding(
        "rollback_events",
        "warn",
        f"rollback_events was not used: service {service.name} has the deployment controller {service.controller}, and "
        "they are settings of CodeDeploy's deployments",
    )


def _revision_of(task_definition: str, candidates: t.Iterable[Candidate]) -> Revision | None:
    return next((c.revision for c in candidates if c.task_definition == task_definition), None)
