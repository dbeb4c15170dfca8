# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""The controller of services that ECS deploys."""

from __future__ import annotations

import typing as t
from dataclasses import replace
from datetime import datetime

from ansible_collections.lastgood.aws.plugins.module_utils._aws import settled
from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Answer, Aws
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError, IncompleteAnswerError
from ansible_collections.lastgood.aws.plugins.module_utils._core.clock import Clock
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import api, names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.checks import settings
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import base, deployments, plans, writes
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.deployments import (
    Begun,
    End,
    Going,
    Known,
    Look,
    Meant,
    Record,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.ecs import (
    deploys,
    meant,
    overriding,
    protection,
    records,
    write,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.ecs.write import Update
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import (
    Between,
    Facts,
    GoBack,
    GoTo,
    InFlight,
    Need,
    Past,
    Way,
    refused,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import (
    ROLLING_BACK,
    STOPPABLE,
    TERMINAL,
    Finding,
    Method,
    Service,
    ServiceDeployment,
    TaskDefinition,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.choices import Choice
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.history import History

# Statuses of a deployment that does not go on.
_ENDED: t.Final = frozenset({*TERMINAL, *ROLLING_BACK})
# The methods by which ECS itself goes back.
_NATIVE: t.Final = frozenset({"continue_rollback", "stop_deployment"})
# What is answered if ECS, or the installed botocore, does not have its own way back.
_NO_NATIVE_WAY: t.Final = frozenset({"UnsupportedFeatureException", "UnknownOperation"})


class Ecs(base.Controller):
    """ECS itself deploys."""

    def __init__(self, aws: Aws, clock: Clock) -> None:
        super().__init__(aws, clock)
        # Records that were found while watching, by cluster and deployment.
        self._found: dict[tuple[str, str], str] = {}
        # PAUSE hooks that AWS lets nobody of us answer.
        self._unanswered: set[str] = set()
        # What was written for one deployment only, by the service's ARN.
        self._written: dict[str, overriding.Written] = {}
        self._histories = records.Histories(aws)

    def read_past(
        self, services: t.Sequence[Service], everything: bool = False, now: datetime | None = None
    ) -> dict[str, Past]:
        self._histories.read(services, everything)
        return {service.name: self._past_of(service.name) for service in services}

    def _past_of(self, name: str) -> Past:
        read = self._histories
        return Past(read.found.get(name), read.problems.get(name, ""), may_pass=name in read.put_off)

    def describe(self, pasts: t.Mapping[str, Past], wanted: t.Mapping[str, t.Iterable[str]]) -> dict[str, Past]:
        for name in wanted:
            known = pasts[name].history
            if known is not None:
                # With what was learnt about it since it was read.
                self._histories.found[name] = known
        return {name: self._past_of(name) for name in self._histories.describe(wanted)}

    def unfit(self, service: Service) -> list[Finding]:
        return settings.strategy(service)

    def way_back(self, goal: GoBack, facts: Facts, choice: Choice, between: Between) -> Way:
        service, target = facts.service, between.target
        way = by_ecs(goal.in_flight, service, facts.history, choice, target.arn, between.current)
        fits = (*settings.room_to_move(service), *plans.missed_ports(service, target))
        if way.method in _NATIVE:
            return replace(way, findings=fits)
        if way.method != "update_service":
            return replace(way, change=write.Update(answers_pauses=goal.fast)) if way.method == "adopt" else way
        copy, found = plans.copy_of(goal, facts, target)
        findings = (*fits, *found, *settings.not_reverted(between.now, between.good))
        override = overriding.changes_for(service.configuration) if goal.fast else {}
        change = replace(way.change, copy=copy, override=override, answers_pauses=goal.fast)
        return replace(way, findings=findings, change=change)

    def way_to(self, goal: GoTo, facts: Facts, target: TaskDefinition) -> Way:
        return deploys.way(goal, facts, target)

    def protection(self, planned: plans.Plan) -> tuple[t.Mapping[str, t.Any], t.Mapping[str, t.Any]] | None:
        change = planned.way.change if isinstance(planned.way.change, write.Update) else write.Update()
        before, after = change.before or protection.Protection(), change.after or protection.Protection()
        return before.as_dict(), (after if planned.method == "update_service" else before).as_dict()

    def watched_alarms(self, planned: plans.Plan) -> tuple[str, ...]:
        after = write.update_of(planned).after
        return tuple(protection.watched([after])) if after is not None else ()

    def told_of_alarms(self, planned: plans.Plan, states: t.Mapping[str, str] | str) -> list[Finding]:
        after = write.update_of(planned).after
        return list(protection.alarm_findings(after, states)) if after is not None else []

    def advice(self, planned: plans.Plan, error: AwsCallError | IncompleteAnswerError) -> str:
        other = planned.method in _NATIVE and error.code in _NO_NATIVE_WAY
        return " Or give in_flight: supersede, which goes back by a new deployment instead." if other else ""

    def needs(self, planned: plans.Plan) -> dict[Method, tuple[Need, ...]]:
        service = planned.service
        # The deployment that will have to be stopped does not exist yet, and has an ARN like that of any other.
        running = service.current_deployment or planned.past.newest_id
        return {
            "update_service": (Need("ecs:UpdateService", service.arn), *writes.passed_roles(planned.target)),
            "stop_deployment": (Need("ecs:StopServiceDeployment", running),),
            "continue_rollback": (Need("ecs:ContinueServiceDeployment", running),),
        }

    def left_over(self, service: Service) -> str:
        return (
            "its deployment configuration, which was changed for one deployment"
            if overriding.tag_keys(service.tags)
            else ""
        )

    def meant(self, service: Service, past: Past, wanted: str) -> Meant | Known:
        return meant.of(service, past.history, past.problem, wanted)

    def _begin(self, planned: plans.Plan, tasks: int | None, reason: str | None) -> Begun:
        if planned.method in _NATIVE:
            return write.roll_back_natively(self._aws, planned)
        stays = write.update_of(planned).configuration
        if stays:
            return write.update_service(self._aws, planned, tasks, stays)
        override, written, notes = overriding.prepare(self._aws, planned)
        self._written[planned.service.arn] = written
        begun = write.update_service(self._aws, planned, tasks, override)
        self._written[planned.service.arn] = replace(written, is_changed=bool(override))
        return replace(begun, findings=(*notes, *begun.findings))

    def _adopt(self, planned: plans.Plan) -> Begun:
        return write.adopt(planned)

    def going(self, planned: plans.Plan, begun: Begun) -> Going:
        # A way back of ECS asks nobody.
        answers = write.answers_pauses(planned) and not begun.back_of
        own_record = write.own_record(planned, begun)
        return replace(super().going(planned, begun), own_record=own_record, answers_pauses=answers)

    def _own_record(self, planned: plans.Plan, begun: Begun) -> str:
        # The counts say everything about a rolling deployment, and each sweep would cost another call.
        follows = not begun.wrote and planned.running is not None and begun.service.strategy != "ROLLING"
        return planned.running.id if follows and planned.running is not None else ""

    def restore(
        self, service: Service, planned: plans.Plan | None, state: deployments.Standing
    ) -> deployments.Restored:
        written = self._written.get(service.arn, overriding.Written())
        return overriding.restore(self._aws, service, planned, state, written)

    def records(self, watched: t.Sequence[tuple[Going, Service]]) -> list[Record | None]:
        arns = [self._record_of(going, service) for going, service in watched]
        wanted = [arn for arn in arns if arn]
        try:
            answers = api.describe_service_deployments(self._aws, wanted) if wanted else {}
        except (AwsCallError, IncompleteAnswerError):
            # The look at the services shows the same a little later.
            answers = {}
        return [
            records.record_of(answers[arn], goes_back=bool(going.back_of)) if arn in answers else None
            for arn, (going, _service) in zip(arns, watched)
        ]

    def _record_of(self, going: Going, service: Service) -> str:
        """Our own service deployment, if its record says what the counts do not: how far the traffic has shifted."""
        key = (service.arn, going.id)
        # A rolling deployment has PAUSE hooks too, and only its record tells that it waits at one.
        counts_tell = going.strategy == "ROLLING" and not service.configuration.get("lifecycleHooks")
        if going.record or counts_tell:
            return going.record
        if going.own_record or key in self._found:
            return going.own_record or self._found.get(key, "")
        try:
            briefs = api.list_service_deployments(self._aws, service.cluster_arn, service.name, everything=False)
        except (AwsCallError, IncompleteAnswerError):
            return ""
        new = [brief for brief in briefs if brief["serviceDeploymentArn"] not in going.known_records]
        if new:
            # Ours is the first that came after the plan; a later one is somebody else's.
            self._found[key] = str(min(new, key=lambda brief: brief["createdAt"])["serviceDeploymentArn"])
        return self._found.get(key, "")

    def assess(self, going: Going, service: Service, record: Record | None) -> Look:
        """By the counts alone: whether the load balancers find the tasks healthy is not known."""
        look = records.assess(going, service, record)
        counted = look.state == "serving" and service.strategy == "ROLLING" and bool(service.load_balancers)
        state = "running" if counted else look.state
        if going.answers_pauses and look.state in ("going", "serving") and self._may_answer(record):
            state = "ready"
        return replace(look, state=state, ours=service.deployment(going.deployment_id))

    def _may_answer(self, record: Record | None) -> bool:
        return record is not None and record.pause is not None and record.pause.hook not in self._unanswered

    def advance(self, going: Going, service: Service) -> deployments.Advanced:
        """Answer the PAUSE hook. If that is refused, it is for a person to answer."""
        arn = self._record_of(going, service)
        hook = write.parked_at(self._aws, arn)
        if hook is None:
            return deployments.Advanced(service)
        try:
            found = write.answer_pause(self._aws, arn, hook)
        except AwsCallError as exc:
            if exc.may_pass:
                raise
            self._unanswered.add(hook.hook)
            what = f"the deployment waits at a PAUSE hook, and this run may not answer it. {exc.explain().rstrip('.')}"
            found = Finding("fast", "warn", f"{what}. A person has to (aws ecs continue-service-deployment)")
        return deployments.Advanced(service, (found,) if found is not None else ())

    def contradicts(self, going: Going, service: Service, look: Look) -> bool:
        if going.back_of:
            # It was judged by its record.
            return False
        arn = going.own_record or self._found.get((service.arn, going.id), "") or self._numbered(going, service)
        try:
            raw = api.describe_service_deployments(self._aws, [arn]).get(arn, {}) if arn else {}
        except (AwsCallError, IncompleteAnswerError):
            return False
        return records.contradicts(look, str(raw.get("status", "")))

    def _numbered(self, going: Going, service: Service) -> str:
        """Our own service deployment, by the number that its id and its service revision share."""
        record = meant.record_of(going.deployment_id, self.read_past([service])[service.name].history)
        return record.id if record is not None else ""

    def undone(self, going: Going, service: Service) -> str:
        """ECS's own rollback and somebody else's deployment can look alike in ``deployments``; the record tells."""
        if going.back_of:
            return ""
        history = self.read_past([service])[service.name].history
        for deployment in reversed(history.deployments if history else ()):
            if names.same(deployment.target.task_definition, going.target) and deployment.id != going.predecessor:
                return deployment.status if deployment.status.startswith("ROLLBACK") else ""
        return ""

    def end_of(self, going: Going, service: Service, past: Past, ending: deployments.Ending) -> End:
        record = meant.record_of(going.deployment_id, past.history)
        primary = service.primary
        away = primary is not None and primary.id in going.known_deployments
        raw, findings = self._raw(record, away)
        event = deploys.event_of(raw)
        then = deploys.then(record.status if record else "", away, event, ending.asked)
        back = _the_way_back(service, record) if then == "follow" else None
        return End(event, then, back, record.id if record else "", findings=findings)

    def _raw(self, record: ServiceDeployment | None, away: bool) -> tuple[Answer | None, tuple[Finding, ...]]:
        """Its record. ``away``: ECS has left it, so that an answer in which it still runs is an old one."""
        if record is None:
            return None, ()
        ended = away or record.status in _ENDED
        try:
            return settled.once_right(
                lambda: api.describe_service_deployments(self._aws, [record.id]).get(record.id),
                lambda seen: not ended or str((seen or {}).get("status", "")) in _ENDED,
                self._clock,
            ), ()
        except (AwsCallError, IncompleteAnswerError) as exc:
            what = f"what ended the deployment is not known for certain. {exc.explain()}"
            return None, (Finding("event", "unknown", what),)


def _the_way_back(service: Service, record: ServiceDeployment | None) -> Going:
    """Where ECS goes back to: by its record if there is one, else by what is PRIMARY again."""
    primary = service.primary
    others = frozenset(d.id for d in service.deployments)
    events = frozenset(event.id for event in service.events)
    to = primary.task_definition if primary else service.task_definition
    if record is None:
        ours = primary.id if primary else ""
        return Going(to, ours, "", others - {ours}, service.strategy, events_before=events)
    to = deployments.goes_back_to(record) or to
    return Going(to, "", record.id, others, service.strategy, record=record.id, events_before=events)


# -- How to go back: adopt what runs already, let ECS itself go back, or deploy.


def by_ecs(
    in_flight: InFlight, service: Service, history: History | None, choice: Choice, target: str, current: str
) -> Way:
    """How to get there, in this order: adopt, roll back natively, update the service."""
    if choice.unfinished:
        return Way("act", "adopt")
    if history is None or history.running is None:
        return _without_a_record(in_flight, service, target, current)
    return _from_what_runs(in_flight, history, history.running, target)


def _without_a_record(in_flight: InFlight, service: Service, target: str, current: str) -> Way:
    """No deployment is running, by its records."""
    primary = service.primary
    if primary is not None and primary.rollout_state == "IN_PROGRESS":
        # There is no history, or it lags behind: the PRIMARY deployment says as much.
        return _in_flight_unrecorded(in_flight, target, primary.task_definition)
    if not names.same(target, current):
        return _deploy()
    if primary is not None and primary.rollout_state == "FAILED":
        # Its last deployment failed and is over: only a new one can bring it up.
        return _deploy(force_new_deployment=True)
    return Way("nothing", "none", f"it is on {names.short(target)} already")


def _from_what_runs(in_flight: InFlight, history: History, running: ServiceDeployment, target: str) -> Way:
    if history.lands_on is not None and names.same(history.lands_on, target):
        return Way("act", "adopt")
    if in_flight == "refuse":
        what = f"a deployment to {names.short(running.target.task_definition)} is running ({running.status})"
        return refused((), f"{what}, and in_flight is refuse")
    native = history.native_stop_lands_on
    if (
        in_flight == "stop"
        and running.status in STOPPABLE
        and running.status not in ROLLING_BACK
        and native is not None
        and names.same(native, target)
    ):
        # Parked at a PAUSE hook a deployment takes no stop, only an answer to the hook.
        return Way("act", "continue_rollback" if running.paused_at else "stop_deployment")
    return _deploy()


def _in_flight_unrecorded(in_flight: InFlight, target: str, deploying: str) -> Way:
    if names.same(target, deploying):
        return Way("act", "adopt")
    if in_flight == "refuse":
        return refused((), f"a deployment to {names.short(deploying)} is running, and in_flight is refuse")
    return _deploy()


def _deploy(force_new_deployment: bool = False) -> Way:
    return Way("act", "update_service", change=Update(force_new_deployment=force_new_deployment), deploys=True)
