# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""The plan for one service: what is there, the target, the method, the findings. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field, replace
from datetime import datetime

from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.model import Group
from ansible_collections.lastgood.aws.plugins.module_utils._core import as_of as core_as_of
from ansible_collections.lastgood.aws.plugins.module_utils._core.as_of import AsOf
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import (
    codedeploy_history,
    codedeploy_plan,
    external,
    fast,
    images,
    marks,
    method,
    names,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.checks import settings
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.method import InFlight, Verb
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import (
    Deployment,
    Direction,
    Finding,
    Method,
    Revision,
    Service,
    ServiceDeployment,
    TaskDefinition,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past import direction
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.history import Candidate, History
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.target import Choice, Selection, what_runs_now

# Where a target comes from that was found in the history.
_FOUND: t.Final = frozenset({"last_good", "steps_back", "as_of"})


@dataclass(frozen=True)
class Wish:
    """What the user asked for, of one service."""

    selection: Selection
    in_flight: InFlight = "stop"
    tasks: int | None = None
    pin_images: images.PinImages = "auto"
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
            revision=target, force=True, copies=self.selection.copies, to_the_letter=self.selection.to_the_letter
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
    images: tuple[images.Check, ...] | None = None
    # Of services that CodeDeploy deploys: its deployment group, and what its alarms say, None where not asked yet.
    group: Group | None = None
    alarms: codedeploy_plan.Alarms | None = None
    # Deployments of CodeDeploy that do not say what they deployed.
    unread: tuple[codedeploy_history.Unread, ...] = ()
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
    request: codedeploy_plan.Request | None = None
    # The tags of the version that is left, as far as they were read.
    left_tags: t.Mapping[str, str] = field(default_factory=dict)
    # The version whose mark a move forward takes back.
    taken_back: str | None = None
    # The task set that becomes PRIMARY, with the method primary_task_set; None where one has to be created.
    task_set: Deployment | None = None

    @property
    def in_the_way(self) -> ServiceDeployment | None:
        """The deployment that has to end before ours can begin: CodeDeploy runs one of a group at a time."""
        return self.running if self.method == "codedeploy_deployment" else None

    @property
    def deploys(self) -> bool:
        """The target's task definition is deployed anew, so that it must be fit for that."""
        return self.method in method.DEPLOYS or (self.method == "primary_task_set" and self.task_set is None)

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
    if facts.history_problem:
        findings.append(Finding("history", "unknown", facts.history_problem))
    if wish.rollback_events is not None and service.controller != "CODE_DEPLOY":
        findings.append(_rollback_events_not_used(service))
    verb: Verb = "act"
    way: Method = "none"
    request: codedeploy_plan.Request | None = None
    task_set: Deployment | None = None
    copy: t.Mapping[str, str] | None = None
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
        findings += settings.tasks_option(service, wish.tasks)
        step = method.of(wish.in_flight, service, history, choice, target.arn, current)
        findings += _of_codedeploy(wish, facts, choice, target.arn, step.method)
        fitness = _fitness(wish, facts, target, now, good, step.method)
        findings += fitness.findings
        findings += facts.readiness
        copy, request, task_set = fitness.copy, fitness.request, fitness.task_set
        verb, way, force = step.verb, step.method, step.force_new_deployment
        reason = step.reason or reason
        if verb == "refuse" and history is None and facts.history_problem:
            reason += f" ({facts.history_problem.rstrip('.')})"
        if choice.source == "previous_registered":
            findings.append(
                Finding("fallback", "warn", f"{names.short(target.arn)} was taken by its number: {choice.why}")
            )
        findings += [Finding("left_out", "info", text) for text in choice.left_out]
        findings += _unproven(service, choice, target.arn)
        if verb == "act" and wish.deregister:
            findings += direction.no_deregistration(choice.direction, choice.left or current, target.arn)
        if verb == "act" and any(f.severity == "block" for f in findings):
            verb, way, reason = "refuse", "none", _blocked(findings)
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
        newest_id=_newest_id(facts),
        copies=history.copies if history else {},
        history=history,
        request=request,
        left_tags=facts.known[choice.left].tags if choice.left and choice.left in facts.known else {},
        taken_back=_taken_back(facts, choice, target),
        task_set=task_set,
    )


def _newest_id(facts: Facts) -> str:
    newest = facts.history.newest if facts.history else None
    told = [(newest.created_at, newest.arn)] if newest else []
    return max([*told, *((unread.created_at, unread.id) for unread in facts.unread)], default=(None, ""))[1]


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
        return external.candidates(facts.service, facts.known)
    return facts.history.candidates(facts.known) if facts.history else ()


def _of_codedeploy(wish: Wish, facts: Facts, choice: Choice, target: str, way: Method) -> list[Finding]:
    """What CodeDeploy's deployments have to do with one more of them."""
    history, found = facts.history, []
    if way != "codedeploy_deployment" or history is None:
        return []
    if history.running is not None:
        found.append(codedeploy_plan.told_of_blocking(history.running, history.native_stop_lands_on, target))
    if choice.source in _FOUND:
        found += codedeploy_plan.passed_by(history, facts.unread, target, wish.selection.as_of)
    return found


@dataclass(frozen=True)
class _Fitness:
    """What stands against a method, or has to be said about it, and what it needs. ``copy`` as in :class:`Plan`."""

    findings: tuple[Finding, ...] = ()
    copy: t.Mapping[str, str] | None = None
    request: codedeploy_plan.Request | None = None
    task_set: Deployment | None = None


def _fitness(
    wish: Wish, facts: Facts, target: TaskDefinition, now: Revision | None, good: Revision | None, way: Method
) -> _Fitness:
    service = facts.service
    findings: list[Finding] = []
    copy: t.Mapping[str, str] | None = None
    request: codedeploy_plan.Request | None = None
    task_set: Deployment | None = None
    deploys = way in method.DEPLOYS
    if way == "primary_task_set":
        task_set = external.standing(service, target.arn)
        deploys = task_set is None
        findings += external.not_ours(service, task_set)
    if way == "codedeploy_deployment":
        request, told = codedeploy_plan.request(
            service, facts.group, facts.history, target.arn, good, facts.alarms, wish.fast, wish.rollback_events
        )
        findings += told
        service = codedeploy_plan.balanced(service, request)
    if way in method.WRITES or deploys:
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


def _blocked(findings: t.Iterable[Finding]) -> str:
    return "; ".join(f.message for f in findings if f.severity == "block")


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
        found.append(Finding("marked_bad", "warn", f"{what}. To leave it, give force, steps_back or revision"))
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
