# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Deploying a revision and going back on the events asked for: plan → act → watch → follow or roll back.

What ECS can do by itself it is told to do, with the deployment. What it does not see, this run does.
"""

from __future__ import annotations

import json
import typing as t
from dataclasses import dataclass, field

from ansible_collections.lastgood.aws.plugins.module_utils import _progress
from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Answer, Aws
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError, IncompleteAnswerError
from ansible_collections.lastgood.aws.plugins.module_utils._clock import Clock
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import (
    act,
    api,
    auto_rollback,
    auto_rollback_act,
    changes,
    deploy_plan,
    deployment_wait,
    names,
    plan,
    read,
    watch,
    wording,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.deploy_plan import Plan
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.diagnosis import Diagnosis
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Finding, Service, ServiceDeployment
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Outcome as WatchedOutcome
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.rollback import Order as RollbackOrder
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.rollback import Rollback
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.run import ServiceRun, state_of
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.sweep import Sweeper, WaitUntil
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.target import Choice, Selection

Outcome = t.Literal[
    "unchanged",
    "deployed",
    "started",
    "planned",
    "rolled_back",
    "rollback_failed",
    "failed",
    "superseded",
    "timeout",
    "refused",
    "not_attempted",
]
_GOOD_ENDS: t.Final[frozenset[str]] = frozenset({"unchanged", "deployed", "started", "planned"})
# A stop can come too late, so that what was to be rolled back has to be watched again. More often than this is a loop.
_WATCHES: t.Final = 3


@dataclass(frozen=True)
class Order:
    """What a call asks for. ``wait_timeout`` is seconds, and holds for the deployment and for going back each."""

    cluster: str
    services: t.Sequence[str]
    wish: deploy_plan.Wish
    reason: str | None = None
    wait: bool = True
    wait_until: WaitUntil = "stable"
    wait_timeout: float = 1800.0
    check_mode: bool = False


@dataclass
class DeployRun:
    """One service on its way through the call; becomes one item of the result."""

    name: str
    cluster: str
    plan: Plan | None = None
    outcome: Outcome | None = None
    reason: str = ""
    changed: bool = False
    accepted: act.Accepted | None = None
    service: Service | None = None
    event: str | None = None
    rolled_back_to: str | None = None
    rolled_back_by: str | None = None
    record: str | None = None
    diagnosis: Diagnosis | None = None
    findings: list[Finding] = field(default_factory=list)
    timings: dict[str, float] = field(default_factory=dict)

    @property
    def begun(self) -> watch.Begun:
        """What is to be watched. Raises ValueError where nothing was begun."""
        if self.accepted is None or self.plan is None:
            raise ValueError(f"{self.name} was not acted on, so there is nothing to watch")
        before, ours = self.plan.service, self.accepted.deployment_id
        others = frozenset(d.id for d in before.deployments if d.id != ours)
        running = self.plan.running.arn if self.plan.running else ""
        return watch.Begun(
            watch.Watched(self.target, ours, "", others, before.strategy),
            events_before=frozenset(event.id for event in before.events),
            record=running if self.plan.adopt and before.strategy != "ROLLING" else "",
            known_records=self.plan.known_records,
            predecessor="" if self.plan.adopt else running,
        )

    @property
    def target(self) -> str:
        """The ARN of the task definition that is deployed, empty where there is none."""
        return self.plan.target.arn if self.plan and self.plan.target else ""

    def end(self, outcome: WatchedOutcome, reason: str) -> None:
        """The deployment did not get where it should."""
        self.outcome = "failed" if outcome == "rollback_failed" else t.cast(Outcome, outcome)
        self.reason = reason

    def reached(self, state: watch.Reached) -> None:
        """The deployment is where it should be."""
        self.outcome, self.reason = "deployed", watch.verified(state, self.target)
        if self.service is not None and self.service.desired == 0:
            text = "the service wants 0 tasks, so that it is deployed proves little: none of it runs"
            self.findings.append(Finding("no_tasks", "warn", text))

    @property
    def ok(self) -> bool:
        """It does not fail the module."""
        return self.outcome in _GOOD_ENDS

    @property
    def blame(self) -> bool:
        """It is a reason for the module to fail, and not only a consequence of another's."""
        return not self.ok and self.outcome != "not_attempted"

    @property
    def line(self) -> str:
        """How it ended, and where the service is then. The one line that must be enough."""
        text, what = self.reason.rstrip("."), names.short(self.target)
        if self.outcome == "deployed":
            return f"deployed: {what} in {self.timings.get('ended', 0.0):.0f} s"
        if self.outcome == "planned":
            return f"planned: {what}; nothing was written"
        if self.outcome == "started":
            return f"started: {what}. AWS accepted it; how it ends was not watched"
        if self.outcome in ("refused", "not_attempted"):
            return f"{self.outcome}: {text}. Nothing was written"
        if self.outcome == "unchanged":
            return f"unchanged: {text}"
        return f"{self.outcome}: {text}. {wording.where_it_is(self)}"

    def as_dict(self) -> dict[str, t.Any]:
        """One item of the module's result."""
        planned = self.plan
        return {
            "service": self.name,
            "cluster": self.cluster,
            "outcome": self.outcome,
            "changed": self.changed,
            "task_definition": self.target or None,
            "deployment_id": self.accepted.deployment_id if self.accepted else None,
            "service_deployment": self.record,
            "event": self.event,
            "rolled_back_to": self.rolled_back_to,
            "rolled_back_by": self.rolled_back_by,
            "before": state_of(planned.service, None) if planned else None,
            "after": state_of(self.service, None) if self.service else None,
            "protection": {"before": planned.before.as_dict(), "after": planned.after.as_dict()} if planned else None,
            "reason": self.reason,
            "findings": [f.as_dict() for f in self.findings],
            "diagnosis": self.diagnosis.as_dict() if self.diagnosis else None,
            "timings": {key: round(value, 3) for key, value in self.timings.items()},
        }


@dataclass
class _Return:
    """ECS's own way back from a deployment of ours, to be watched to its end like any other."""

    run: DeployRun
    begun: watch.Begun
    service: Service | None = None
    diagnosis: Diagnosis | None = None
    outcome: str | None = None
    timings: dict[str, float] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.run.name

    @property
    def cluster(self) -> str:
        return self.run.cluster

    def end(self, outcome: WatchedOutcome, reason: str) -> None:
        self.outcome = outcome
        self.run.service = self.service or self.run.service
        self.run.outcome = "superseded" if outcome == "superseded" else "rollback_failed"
        self.run.reason = f"{self.run.reason.rstrip('.')}. ECS began to go back by itself, but then: {reason}"

    def reached(self, state: watch.Reached) -> None:
        self.outcome = state
        self.run.service = self.service or self.run.service
        _went_back(self.run, self.begun.watched.target, "ECS")


class Deploy:
    """One call of the module."""

    def __init__(self, aws: Aws, order: Order, clock: Clock) -> None:
        self._aws = aws
        self._order = order
        self._clock = clock
        self._began = clock.monotonic()
        self.runs: list[DeployRun] = []

    def run(self) -> list[DeployRun]:
        """Do all of it. Errors of AWS end up in the services' outcomes; raises :class:`.sweep.Orphaned`."""
        self.runs = self._plan()
        for run in self.runs:
            run.timings["planned"] = self._elapsed()
        if any(run.outcome == "refused" for run in self.runs):
            self._hold_back()
        elif self._order.check_mode:
            for run in self._open():
                run.outcome, run.changed = "planned", not (run.plan and run.plan.adopt)
        else:
            going = self._open()
            for start in range(0, len(going), api.SERVICES_PER_CALL):
                self._act_on(going[start : start + api.SERVICES_PER_CALL])
            self._watch()
        for run in self.runs:
            run.timings["ended"] = self._elapsed()
            _progress.say(f"[{run.name}] {run.line}")
        return self.runs

    def _elapsed(self) -> float:
        return self._clock.monotonic() - self._began

    def _open(self) -> list[DeployRun]:
        return [run for run in self.runs if run.outcome is None]

    # -- plan

    def _plan(self) -> list[DeployRun]:
        order = self._order
        named = [DeployRun(name, order.cluster) for name in order.services]
        try:
            found = read.services(self._aws, order.cluster, order.services)
        except (AwsCallError, IncompleteAnswerError) as exc:
            for run in named:
                run.outcome, run.reason = "refused", exc.explain()
            return named
        histories = read.Histories(self._aws, order.cluster)
        histories.read(s for s in found.values() if isinstance(s, Service) and s.controller == "ECS")
        known = read.TaskDefinitions(self._aws)
        runs: list[DeployRun] = []
        # By name and by ARN it is still one service.
        seen: set[str] = set()
        for run in named:
            service = found[run.name]
            if not isinstance(service, Service):
                run.outcome = "refused"
                run.reason = f"there is no service {run.name} in cluster {order.cluster} ({service})"
            elif service.arn in seen:
                continue
            else:
                seen.add(service.arn)
                run.name, run.service = service.name, service
                self._plan_one(run, service, histories, known)
            runs.append(run)
        self._look_at_alarms(runs)
        return runs

    def _plan_one(
        self, run: DeployRun, service: Service, histories: read.Histories, known: read.TaskDefinitions
    ) -> None:
        wanted = names.from_option(self._order.wish.revision, service.task_definition)
        try:
            target = known.read(wanted) if wanted and service.controller == "ECS" else None
        except (AwsCallError, IncompleteAnswerError) as exc:
            run.outcome, run.reason = "refused", exc.explain()
            return
        if target is not None and target.status == read.MISSING:
            target = None
        history, problem = histories.found.get(service.name), histories.problems.get(service.name, "")
        planned = deploy_plan.make(self._order.wish, deploy_plan.Facts(service, history, problem, target))
        run.plan, run.findings = planned, list(planned.findings)
        if planned.verb == "refuse":
            run.outcome, run.reason = "refused", planned.reason
        elif planned.verb == "nothing":
            run.outcome, run.reason = "unchanged", planned.reason

    def _look_at_alarms(self, runs: t.Sequence[DeployRun]) -> None:
        if "DEPLOYMENT_STOP_ON_ALARM" not in self._order.wish.events:
            return
        going = [(run, run.plan) for run in runs if run.outcome is None and run.plan and not run.plan.adopt]
        alarms = auto_rollback.watched(planned.after for _run, planned in going)
        states: dict[str, str] | str = {}
        try:
            states = auto_rollback_act.alarm_states(self._aws, alarms) if alarms else {}
        except (AwsCallError, IncompleteAnswerError) as exc:
            states = exc.explain()
        for run, planned in going:
            run.findings += auto_rollback.alarm_findings(planned.after, states)

    def _hold_back(self) -> None:
        bad = next(run for run in self.runs if run.outcome == "refused")
        for run in self._open():
            run.outcome, run.reason = "not_attempted", f"{bad.name} was refused"

    # -- act

    def _act_on(self, runs: t.Sequence[DeployRun]) -> None:
        try:
            now = api.describe_services(self._aws, self._order.cluster, [run.name for run in runs])
        except (AwsCallError, IncompleteAnswerError) as exc:
            for run in runs:
                run.outcome, run.reason = "refused", f"the last look before the write failed. {exc.explain()}"
            return
        for run in runs:
            if any(other.outcome == "refused" for other in self.runs):
                self._hold_back()
                return
            self._act_on_one(run, now[run.name])

    def diff(self, run: DeployRun) -> dict[str, str]:
        """Ansible's diff of one service: task definitions, without values that may be secrets, and the protection."""
        planned = run.plan
        if planned is None or planned.target is None:
            return {"before": "", "after": ""}
        current = planned.service.task_definition
        try:
            found = api.describe_task_definition(self._aws, current)
        except (AwsCallError, IncompleteAnswerError):
            found = None
        old = found.content if found else {}
        return {
            "before_header": f"{run.name}: {names.short(current)}",
            "after_header": f"{run.name}: {names.short(run.target)}",
            "before": (changes.readable(old, old) if found else "(it cannot be read)\n") + _shown(planned.before),
            "after": changes.readable(planned.target.content, old) + _shown(planned.after),
        }

    def _act_on_one(self, run: DeployRun, now: Service | str) -> None:
        planned = run.plan
        if planned is None or planned.target is None:
            raise ValueError(f"{run.name} has no plan to act on")
        core = _as_act_takes_it(planned)
        changed = "somebody deployed while this deployment was being prepared. Look at it, then run the command again"
        try:
            if not isinstance(now, Service) or not act.still_as_planned(core, now):
                raise act.PlanIsStale
            if planned.adopt:
                run.accepted = act.adopt(core)
            else:
                run.accepted = act.update_service(self._aws, core, None, planned.configuration)
        except act.PlanIsStale:
            run.outcome, run.reason = "refused", changed
            return
        except act.AnswerLost as exc:
            run.outcome, run.reason, run.changed = "timeout", str(exc), True
            return
        except (AwsCallError, IncompleteAnswerError) as exc:
            run.outcome, run.reason = "refused", exc.explain()
            return
        run.service, run.changed = run.accepted.service, run.accepted.wrote
        run.findings += run.accepted.findings
        run.timings["accepted"] = self._elapsed()
        how = "update_service accepted" if run.accepted.wrote else "following what is being deployed already"
        route = f"{names.short(planned.service.task_definition)} → {names.short(run.target)}"
        _progress.say(f"[{run.name}] {route}: {how}, deployment {run.accepted.deployment_id}")

    # -- watch

    def _watch(self) -> None:
        going = self._open()
        if not self._order.wait:
            for run in going:
                run.outcome, run.reason = "started", "AWS accepted it; how it ends was not watched"
            return
        for _watch in range(_WATCHES):
            if going:
                self._sweeper().watch(going)
            going = self._after_the_end([run for run in going if run.outcome in ("failed", "timeout")])
        for run in going:
            run.outcome, run.reason = "failed", "its end was one that could not be stopped, again and again"

    def _sweeper(self) -> Sweeper[t.Any]:
        return Sweeper(self._aws, self._clock, self._order.wait_until, self._order.wait_timeout, self._began)

    def _after_the_end(self, runs: t.Sequence[DeployRun]) -> list[DeployRun]:
        """Follow ECS where it goes back, go back where it does not. Returns those whose end came before a stop."""
        returns: list[_Return] = []
        ours: list[DeployRun] = []
        for run in runs:
            record, raw, service = self._look_again(run)
            if service is None:
                # What cannot be seen is not rolled back on a guess.
                continue
            run.service, run.record = service, record.arn if record else None
            if watch.assess(run.begun.watched, service, None).state == "stable":
                # At the very end of the time.
                run.reached("stable")
                continue
            run.event = deploy_plan.event_of(raw)
            primary = service.primary
            away = primary is not None and primary.id in run.begun.watched.known_deployments
            then = deploy_plan.then(record.status if record else "", away, run.event, self._order.wish.events)
            if then == "follow":
                returns.append(_Return(run, _the_way_back(service, record)))
            elif then == "roll_back":
                ours.append(run)
            else:
                run.reason = f"{run.reason.rstrip('.')}. It is not rolled back: rollback_events lacks {run.event}"
        late = self._sweeper().watch(returns) if returns else []
        for back in late:
            back.run.outcome = None
        self._roll_back(ours)
        return [run for run in runs if run.outcome is None]

    def _look_again(self, run: DeployRun) -> tuple[ServiceDeployment | None, Answer | None, Service | None]:
        """Our service deployment, as far as it can be read, and the service; no service where AWS does not answer."""
        deployment_id = run.accepted.deployment_id if run.accepted else ""
        if not deployment_id:
            return None, None, None
        try:
            service = api.describe_services(self._aws, run.cluster, [run.name])[run.name]
        except (AwsCallError, IncompleteAnswerError):
            return None, None, None
        if not isinstance(service, Service):
            return None, None, None
        histories = read.Histories(self._aws, run.cluster)
        histories.read([service])
        record = deployment_wait.record_of(deployment_id, histories.found.get(service.name))
        raw: Answer | None = None
        try:
            raw = api.describe_service_deployments(self._aws, [record.arn]).get(record.arn) if record else None
        except (AwsCallError, IncompleteAnswerError) as exc:
            what = f"what ended the deployment is not known for certain. {exc.explain()}"
            run.findings.append(Finding("event", "unknown", what))
        return record, raw, service

    # -- roll back

    def _roll_back(self, runs: t.Sequence[DeployRun]) -> None:
        for event in dict.fromkeys(run.event for run in runs):
            group = {run.name: run for run in runs if run.event == event}
            why = next(iter(group.values())).reason if len(group) == 1 else "the deployment failed"
            told = f" ({self._order.reason})" if self._order.reason else ""
            order = RollbackOrder(
                cluster=self._order.cluster,
                services=list(group),
                wish=plan.Wish(selection=Selection(from_revision=self._order.wish.revision)),
                reason=f"{event}{told}: {why}",
                wait_until=self._order.wait_until,
                wait_timeout=self._order.wait_timeout,
                max_fail_percentage=100.0,
            )
            for back in Rollback(self._aws, order, self._clock).run():
                self._take(group[back.name], back)

    def _take(self, run: DeployRun, back: ServiceRun) -> None:
        run.service = back.service or run.service
        run.findings += back.findings
        run.changed = run.changed or back.changed
        if back.outcome == "rolled_back":
            _went_back(run, back.target, "lastgood")
            return
        primary = back.service.primary if back.service else None
        if back.outcome == "unchanged" and primary is not None and not names.same(primary.task_definition, run.target):
            # Somebody, or ECS, was faster. That is only good if it holds.
            order = deployment_wait.Order(
                run.cluster, [run.name], primary.id, self._order.wait_until, self._order.wait_timeout
            )
            [waiter] = deployment_wait.wait(self._aws, order, self._clock)
            run.service = waiter.service or run.service
            if waiter.ok:
                _went_back(run, primary.task_definition, "ECS or somebody else")
                return
        run.outcome = "rollback_failed"
        run.reason = f"{run.reason.rstrip('.')}. Rolling it back ended as {back.outcome}: {back.reason}"


def _shown(protection: auto_rollback.Protection) -> str:
    return json.dumps({"deploymentConfiguration": protection.as_dict()}, indent=2, sort_keys=True) + "\n"


def _went_back(run: DeployRun, to: str, by: str) -> None:
    run.outcome, run.rolled_back_to, run.rolled_back_by = "rolled_back", to, by
    who = {"ECS": "ECS itself rolled it back", "lastgood": "It was rolled back"}.get(by, f"{by} rolled it back")
    run.reason = f"{run.reason.rstrip('.')}. {who} to {names.short(to)} ({run.event}), which is verified"


def _the_way_back(service: Service, record: ServiceDeployment | None) -> watch.Begun:
    """Where ECS goes back to. By its record where there is one, else by what is PRIMARY again."""
    primary = service.primary
    others = frozenset(d.id for d in service.deployments)
    events = frozenset(event.id for event in service.events)
    to = primary.task_definition if primary else service.task_definition
    if record is None:
        ours = primary.id if primary else ""
        return watch.Begun(watch.Watched(to, ours, "", others - {ours}, service.strategy), events)
    if record.rolled_back_to is not None:
        to = record.rolled_back_to.task_definition
    elif len({s.task_definition for s in record.sources}) == 1:
        to = record.sources[0].task_definition
    return watch.Begun(watch.Watched(to, "", record.arn, others, service.strategy), events, record=record.arn)


def _as_act_takes_it(planned: Plan) -> plan.Plan:
    """The part of a plan that the one write needs."""
    return plan.Plan(
        service=planned.service,
        verb="act",
        method="adopt" if planned.adopt else "update_service",
        current=planned.service.task_definition,
        reason=planned.reason,
        choice=Choice(source="revision", target=planned.target.arn if planned.target else None),
        target=planned.target,
        findings=(),
        candidates=(),
        running=planned.running,
        now=None,
        good=None,
        force_new_deployment=planned.force_new_deployment,
        known_records=planned.known_records,
    )
