# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""The plan for one service: what is there, the target, the method, the findings. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.lastgood.aws.plugins.module_utils._core import as_of as core_as_of
from ansible_collections.lastgood.aws.plugins.module_utils._core.findings import blocked
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import images, marks, names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.checks import settings
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import plans
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.codedeploy import (
    records as codedeploy_records,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.codedeploy import (
    request as codedeploy_request,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.ecs import fast, way_back
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.external import task_sets
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import Facts, Plan, Verb, Wish
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import (
    Deployment,
    Finding,
    Method,
    Revision,
    Service,
    TaskDefinition,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past import direction
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.history import Candidate, doubts
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.target import Choice, what_runs_now

# Where a target comes from that was found in the history.
_FOUND: t.Final = frozenset({"last_good", "steps_back", "as_of"})


def make(wish: Wish, facts: Facts, choice: Choice) -> Plan:
    """Decide what to do with one service, from what was read and the target that was chosen."""
    service, history = facts.service, facts.history
    current = what_runs_now(service, history)
    target = facts.known.get(choice.target) if choice.target else None
    candidates = _candidates(facts)
    now = history.latest_revision(current) if history else None
    good = _revision_of(target.arn, candidates) if target else None
    findings = settings.service_state(service)
    findings += core_as_of.findings(wish.as_of)
    findings += [Finding("from_revision", "unknown", choice.doubt)] if choice.doubt else []
    if facts.past.problem:
        findings.append(Finding("history", "unknown", facts.past.problem))
    if wish.rollback_events is not None and service.controller != "CODE_DEPLOY":
        findings.append(_rollback_events_not_used(service))
    verb: Verb = "act"
    way: Method = "none"
    request: codedeploy_request.Request | None = None
    task_set: Deployment | None = None
    copy: t.Mapping[str, str] | None = None
    reason = choice.why
    force = False
    if any(f.severity == "block" for f in findings):
        verb, reason = "refuse", blocked(findings)
    elif choice.settled:
        verb, reason = "nothing", choice.settled
        if wish.tasks is not None and wish.tasks != service.desired:
            findings.append(_tasks_not_applied(service, wish.tasks))
    elif choice.problem or target is None:
        verb, reason = "refuse", choice.problem or "no target was found"
        if history is None and facts.past.problem:
            reason += f" ({facts.past.problem.rstrip('.')})"
    else:
        findings += settings.tasks_option(service, wish.tasks)
        step = way_back.of(wish.in_flight, service, history, choice, target.arn, current)
        findings += _of_codedeploy(wish, facts, choice, target.arn, step.method)
        fitness = _fitness(wish, facts, target, now, good, step.method)
        findings += fitness.findings
        findings += facts.readiness
        copy, request, task_set = fitness.copy, fitness.request, fitness.task_set
        verb, way, force = step.verb, step.method, step.force_new_deployment
        reason = step.reason or reason
        if verb == "refuse" and history is None and facts.past.problem:
            reason += f" ({facts.past.problem.rstrip('.')})"
        if choice.source == "previous_registered":
            findings.append(
                Finding("fallback", "warn", f"{names.short(target.arn)} was taken by its number: {choice.why}")
            )
        findings += [Finding("left_out", "info", text) for text in choice.left_out]
        findings += doubts(candidates, target.arn)
        findings += _unproven(service, choice, target.arn)
        if verb == "act" and wish.deregister:
            findings += direction.no_deregistration(choice.direction, choice.left or current, target.arn)
        if verb == "act" and any(f.severity == "block" for f in findings):
            verb, way, reason = "refuse", "none", blocked(findings)
    findings += _not_well(verb, service, facts.known.get(current))
    return Plan(
        service=service,
        verb=verb,
        method=way,
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
        copy=copy,
        override=fast.override(service.configuration) if wish.fast and way == "update_service" else {},
        known_records=frozenset(d.arn for d in history.deployments) if history else frozenset(),
        newest=history.newest if history else None,
        newest_id=facts.past.newest_id,
        copies=history.copies if history else {},
        history=history,
        request=request,
        left_tags=facts.known[choice.left].tags if choice.left and choice.left in facts.known else {},
        taken_back=_taken_back(facts, choice, target),
        task_set=task_set,
    )


def _taken_back(facts: Facts, choice: Choice, target: TaskDefinition | None) -> str | None:
    if choice.direction != "forward" or target is None:
        return None
    return direction.taken_back(facts.service.tags, target.arn, facts.history, facts.known)


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


def _candidates(facts: Facts) -> tuple[Candidate, ...]:
    if facts.service.controller == "EXTERNAL":
        return task_sets.candidates(facts.service, facts.known)
    return facts.history.candidates(facts.known) if facts.history else ()


def _of_codedeploy(wish: Wish, facts: Facts, choice: Choice, target: str, way: Method) -> list[Finding]:
    """What CodeDeploy's deployments have to do with one more of them."""
    history, found = facts.history, []
    if way != "codedeploy_deployment" or history is None:
        return []
    if history.running is not None:
        found.append(codedeploy_request.told_of_blocking(history.running, history.native_stop_lands_on, target))
    if choice.source in _FOUND:
        found += codedeploy_request.passed_by(
            history, codedeploy_records.seen(facts.past.more).unread, target, wish.selection.as_of
        )
    return found


@dataclass(frozen=True)
class _Fitness:
    """What stands against a method, or has to be said about it, and what it needs. ``copy`` as in :class:`Plan`."""

    findings: tuple[Finding, ...] = ()
    copy: t.Mapping[str, str] | None = None
    request: codedeploy_request.Request | None = None
    task_set: Deployment | None = None


def _fitness(
    wish: Wish, facts: Facts, target: TaskDefinition, now: Revision | None, good: Revision | None, way: Method
) -> _Fitness:
    service = facts.service
    findings: list[Finding] = []
    copy: t.Mapping[str, str] | None = None
    request: codedeploy_request.Request | None = None
    task_set: Deployment | None = None
    deploys = way in plans.DEPLOYS
    if way == "primary_task_set":
        task_set = task_sets.standing(service, target.arn)
        deploys = task_set is None
        findings += task_sets.not_ours(service, task_set)
    if way == "codedeploy_deployment":
        request, told = codedeploy_request.request(
            service,
            codedeploy_records.seen(facts.past.more).group,
            facts.history,
            target.arn,
            good,
            facts.alarms,
            wish.fast,
            wish.rollback_events,
        )
        findings += told
        service = codedeploy_request.balanced(service, request)
    if way in plans.WRITES or deploys:
        findings += settings.room_to_move(service)
        if target.content:
            findings += settings.load_balancer_ports(service, target)
    if deploys:
        decision = images.decide(wish.pin_images, target, facts.images or ())
        findings += decision.findings
        copy = decision.pin or ({} if _copy_anyway(wish, target) else None)
        findings += settings.target_state(target) if copy is None else []
    if way == "update_service":
        findings += settings.not_reverted(now, good)
    return _Fitness(tuple(findings), copy, request, task_set)


def _copy_anyway(wish: Wish, target: TaskDefinition) -> bool:
    """A task definition that is not ACTIVE but can still be read is deployed as a copy, where copies were asked for."""
    return wish.pin_images == "always" and target.status != "ACTIVE" and bool(target.content)


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
    if runs is not None and marks.BAD in runs.tags:
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
