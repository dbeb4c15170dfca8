# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""The plan for one service: what is there, the target, the method, the findings. And whether it still holds.

All but :class:`LastLooks` is pure.
"""

from __future__ import annotations

import threading
import typing as t
from dataclasses import replace

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError, IncompleteAnswerError
from ansible_collections.lastgood.aws.plugins.module_utils._aws.writes import AnswerLost, PlanIsStale
from ansible_collections.lastgood.aws.plugins.module_utils._core import advice
from ansible_collections.lastgood.aws.plugins.module_utils._core import as_of as core_as_of
from ansible_collections.lastgood.aws.plugins.module_utils._core.clock import Clock
from ansible_collections.lastgood.aws.plugins.module_utils._core.findings import blocked
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import api, marks, names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.checks import settings
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import deploys
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.base import Controller
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.deployments import Going, NotDeployed
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import (
    Between,
    Facts,
    GoBack,
    GoTo,
    Plan,
    Refusal,
    Verb,
    Way,
    refused,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import (
    Deployment,
    Finding,
    Revision,
    Service,
    TaskDefinition,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move.run import Outcome
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past import moves
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.history import Candidate, doubts
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.target import (
    Choice,
    against_a_named_one,
    what_runs_now,
)

# Seconds. UpdateService has no compare-and-set: what somebody deploys between the last look and the write is overtaken.
# So a look that is older than this is made again. It shows all services that are still to come, so that this costs a
# call of many services one request for every few writes (UpdateService is paced at 5 a second), and one service none.
LOOK_HOLDS: t.Final = 1.0


def to_go_back(controller: Controller, goal: GoBack, facts: Facts, choice: Choice) -> Plan:
    """Decide how one service is taken back, from what was read and the target that was chosen."""
    service, history = facts.service, facts.history
    current = what_runs_now(service, history)
    target = facts.known.get(choice.target) if choice.target else None
    candidates = controller.candidates(service, facts.past, facts.known)
    now = history.latest_revision(current) if history else None
    good = _revision_of(target.arn, candidates) if target else None
    between = Between(current, target, now, good) if target is not None else None
    way, findings = _decide(controller, goal, facts, choice, between, candidates)
    return Plan(
        service=service,
        past=facts.past,
        choice=choice,
        target=target,
        way=way,
        findings=(*findings, *_not_well(way.verb, service, facts.known.get(current))),
        known=_that_matter(facts.known, choice.target, choice.left, current),
        candidates=candidates,
    )


def to_deploy(controller: Controller, goal: GoTo, facts: Facts, choice: Choice) -> Plan:
    """Decide how the revision that was named gets deployed to one service."""
    service = facts.service
    target = facts.known.get(choice.target) if choice.target else None
    found: tuple[Finding, ...] = deploys.impossible(goal, service, target, controller.undeployable(service))
    way = refused(found)
    if not found and target is not None:
        way = controller.way_to(goal, facts, target)
        unknown = deploys.unknown_past(facts, target) if way.verb != "refuse" else []
        found = settings.judged(goal.checks, (*unknown, *way.findings))
        way = _unless_blocked(way, found)
    known = _that_matter(facts.known, choice.target, choice.left)
    return Plan(service, facts.past, choice, target, way, found, known)


def _that_matter(known: t.Mapping[str, TaskDefinition], *versions: str | None) -> dict[str, TaskDefinition]:
    return {name: known[name] for name in versions if name is not None and name in known}


def _unless_blocked(way: Way, findings: t.Sequence[Finding]) -> Way:
    if way.verb != "act" or not any(f.severity == "block" for f in findings):
        return way
    reason = blocked(findings).rstrip(".") + settings.advice(findings)
    return replace(refused(findings, reason), change=way.change)


def _decide(
    controller: Controller,
    goal: GoBack,
    facts: Facts,
    choice: Choice,
    between: Between | None,
    candidates: tuple[Candidate, ...],
) -> tuple[Way, tuple[Finding, ...]]:
    """What is done, and what there is to say about it."""
    given = _given(controller, goal, facts, choice)
    if between is None or choice.settled or choice.problem or any(f.severity == "block" for f in given):
        return _without_a_target(goal, facts, choice, given)
    return _to_the_target(controller, goal, facts, choice, between, given, candidates)


def _given(controller: Controller, goal: GoBack, facts: Facts, choice: Choice) -> tuple[Finding, ...]:
    """The findings that do not depend on the way."""
    service = facts.service
    findings = [*settings.service_state(service), *controller.unfit(service), *core_as_of.findings(goal.as_of)]
    findings += [Finding("from_revision", "unknown", choice.doubt)] if choice.doubt else []
    findings += [Finding("history", "unknown", facts.past.problem)] if facts.past.problem else []
    if goal.rollback_events is not None and not controller.takes_events:
        findings.append(_rollback_events_not_used(service))
    return tuple(findings)


def _without_a_target(
    goal: GoBack, facts: Facts, choice: Choice, given: tuple[Finding, ...]
) -> tuple[Way, tuple[Finding, ...]]:
    """It is refused, or there is nothing to do."""
    service = facts.service
    if any(f.severity == "block" for f in given):
        return refused(given), given
    if choice.settled:
        unset = goal.tasks is not None and goal.tasks != service.desired
        found = (_tasks_not_applied(service, goal.tasks),) if unset and goal.tasks is not None else ()
        return Way("nothing", "none", choice.settled), (*given, *found)
    reason = (choice.problem or "no target was found") + _why_no_history(facts)
    return refused((), reason), given


def _to_the_target(
    controller: Controller,
    goal: GoBack,
    facts: Facts,
    choice: Choice,
    between: Between,
    given: tuple[Finding, ...],
    candidates: tuple[Candidate, ...],
) -> tuple[Way, tuple[Finding, ...]]:
    """It is done the controller's way, unless something stands against that."""
    target = between.target.arn
    way = controller.way_back(goal, facts, choice, between)
    findings = [*given, *settings.tasks_option(facts.service, goal.tasks), *way.findings, *facts.readiness]
    if choice.source == "previous_registered":
        what = f"{names.short(target)} was taken by its number: {choice.why}"
        findings.append(Finding("fallback", "warn", what))
    findings += [_left_out(text, candidates) for text in choice.left_out]
    findings += [*doubts(candidates, target), *_unproven(facts.service, choice, target)]
    if way.method != "adopt" and not goal.selection.chosen:
        findings += against_a_named_one(choice, between.target, facts.service, facts.history, candidates)
    way = replace(way, reason=way.reason or choice.why)
    if way.verb == "nothing" and goal.tasks is not None and goal.tasks != facts.service.desired:
        findings.append(_tasks_not_applied(facts.service, goal.tasks))
    if way.verb == "refuse":
        return replace(way, reason=way.reason + _why_no_history(facts)), tuple(findings)
    if way.verb == "act" and goal.deregister:
        findings += moves.no_deregistration(choice.direction, choice.left or between.current, target)
    findings = [*settings.judged(goal.checks, findings)]
    return _unless_blocked(way, findings), tuple(findings)


def _left_out(text: str, candidates: t.Iterable[Candidate]) -> Finding:
    """A version that was passed by: a warning if only other services had to leave it."""
    elsewhere = {names.short(c.task_definition) for c in candidates if c.elsewhere and c.verdict == "unknown"}
    return Finding("left_out", "warn" if text.partition(": ")[0] in elsewhere else "info", text)


def _why_no_history(facts: Facts) -> str:
    unknown = facts.history is None and facts.past.problem
    return f" ({facts.past.problem.rstrip('.')})" if unknown else ""


def _unproven(service: Service, choice: Choice, target: str) -> list[Finding]:
    """A finding if the target was never seen running, or if this could not be read."""
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


# -- Does a plan still hold, and how does it go on once it has gone stale?


def as_chosen(planned: Plan | Refusal, first: Plan) -> Plan | Refusal:
    """A plan for that wish, with the target's original source and what was left for it."""
    if isinstance(planned, Refusal) or planned.verb != "act":
        return planned
    return replace(planned, choice=first.choice, known={**first.known, **planned.known})


def is_as_before(before: Plan, now: Plan) -> bool:
    """Whether the service is on what the plan saw, or where the running deployment was to take it."""
    expected = {before.current}
    running = before.running
    if running is not None and running.by != "ECS" and now.running is None:
        expected.add(running.target.task_definition)
        expected.update(source.task_definition for source in running.sources)
    return any(names.same(now.current, name) for name in expected)


def in_between(first: Plan, now: Plan) -> str:
    """Why the plan may not be carried out: somebody deployed while we made room. Empty if nobody did."""
    running = now.running
    if now.method == "adopt" or (running is not None and first.running is not None and running.id == first.running.id):
        return ""
    if running is None and is_as_before(first, now):
        return ""
    which = f" (deployment {running.id})" if running is not None else ""
    return (
        f"somebody deployed {names.short(now.current)}{which} after the deployment that was in the way of "
        f"{names.short(first.target.arn if first.target else '')} had been stopped. "
        f"{advice.LOOK}"
    )


def still_as_planned(planned: Plan, now: Service) -> bool:
    """Nobody has deployed since the plan was made. Pure."""
    before, after = planned.service.primary, now.primary
    if now.status != planned.service.status or (before is None) != (after is None):
        return False
    return before is None or after is None or (before.id, before.task_definition) == (after.id, after.task_definition)


def deployed_since(verified: Service, now: Service, going: Going) -> Deployment | None:
    """The PRIMARY deployment, if it came after what was verified. An old answer shows none that was not known. Pure."""
    before, primary = verified.primary, now.primary
    if before is None or primary is None or primary.id in {before.id, going.deployment_id, *going.known_deployments}:
        return None
    return primary


class End(t.NamedTuple):
    """How a write ended that AWS did not accept. ``changed``: it has changed something, or can have."""

    outcome: Outcome
    reason: str
    changed: bool = False
    finding: Finding | None = None


def end_of(error: Exception, advice: str = "") -> End | None:
    """How a write ends that raises this; None if another plan has to be made. Pure. Raises any other error again.

    ``advice`` is what its controller adds to a refusal by AWS.
    """
    if isinstance(error, PlanIsStale):
        return None
    if isinstance(error, NotDeployed):
        return End("refused", f"{error} {error.note.message}; the next run uses it", True, error.note)
    if isinstance(error, AnswerLost):
        return End("lost_contact", str(error), True)
    if isinstance(error, (AwsCallError, IncompleteAnswerError)):
        # Writes whose answers are lost say so themselves, so that this was a read before the write, or a refusal.
        return End("refused", error.explain() + advice)
    raise error


class LastLooks:
    """These services as they are right before the writes, in this order."""

    def __init__(self, aws: Aws, clock: Clock, cluster: str, names: t.Sequence[str]) -> None:
        self._aws = aws
        self._clock = clock
        self._cluster = cluster
        self._names = names
        self._found: t.Mapping[str, Service | str] = {}
        self._at = 0.0
        self._failed: AwsCallError | IncompleteAnswerError | None = None
        # The services of a large call are written side by side.
        self._looking = threading.Lock()

    def at(self, number: int) -> Service | str:
        """That of this number, or why there is none. Raises AwsCallError or IncompleteAnswerError.

        After a look that failed there is no other.
        """
        with self._looking:
            if self._failed is not None:
                raise self._failed
            now = self._clock.monotonic()
            if self._names[number] not in self._found or now - self._at > LOOK_HOLDS:
                self._at = now
                try:
                    self._found = api.describe_readable_services(self._aws, self._cluster, self._names[number:])
                except (AwsCallError, IncompleteAnswerError) as exc:
                    self._failed = exc
                    raise
            return self._found[self._names[number]]
