# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Deploying a revision to services that CodeDeploy deploys, as far as it is decided. Pure.

CodeDeploy knows the rollback events as AutoRollbackEvent, by deployment group or by deployment
(autoRollbackConfiguration in https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_CreateDeployment.html).
"""

from __future__ import annotations

import typing as t
from dataclasses import replace

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.model import Deployment
from ansible_collections.lastgood.aws.plugins.module_utils._core.clock import Clock
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import base
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import task_sets as any_task_sets
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.base import (
    Accepted,
    Going,
    InFlight,
    Known,
    Look,
    Meant,
    More,
    Record,
    Refusal,
    Step,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.base import Plan as BasePlan
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.codedeploy import (
    request as codedeploy_request,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.codedeploy import watch, write
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import (
    ROLLING_BACK,
    STOPPABLE,
    TERMINAL,
    Finding,
    Revision,
    Service,
    ServiceDeployment,
    TaskDefinition,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move import deploy_plan
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move.deploy_plan import (
    Event,
    Facts,
    Plan,
    Then,
    Verb,
    Wish,
    block,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.history import History


def make(wish: Wish, facts: Facts) -> Plan:
    """Decide what to do with one service."""
    service, history, target, group = facts.service, facts.history, facts.target, facts.group
    found = deploy_plan.impossible(wish, service, target)
    if not found and group is None:
        found = (block("deployment_group", facts.history_problem or f"no deployment group deploys {service.name}"),)
    if found or target is None or group is None:
        return deploy_plan.refused(service, target, found)
    running = history.running if history else None
    verb, reason, followed = step(service, running, target)
    findings = deploy_plan.unknown_past(facts, target)
    request: codedeploy_request.Request | None = None
    if verb == "act" and not followed:
        request, told = codedeploy_request.request(
            service, group, history, target.arn, in_service(service, history), None, False, wish.events
        )
        balanced = replace(facts, service=codedeploy_request.balanced(service, request))
        findings += told
        findings += deploy_plan.before_a_write(wish, balanced, target, running, _fate(running))
        findings += alarms(wish, facts)
        if any(f.severity == "block" for f in findings):
            verb, reason = "refuse", deploy_plan.blocked(findings)
        if request is not None and "DEPLOYMENT_STOP_ON_ALARM" in wish.asked:
            request = replace(request, alarms=wish.alarms)
    elif verb == "act" and wish.events is not None:
        what = "it is being deployed already, with the rollback events that its deployment was created with"
        findings.append(Finding("protection", "warn", f"{what}: on others only this run goes back"))
    return Plan(
        service=service,
        verb=verb,
        reason=reason,
        target=target,
        adopt=bool(followed),
        findings=tuple(findings),
        running=running,
        known_records=frozenset(d.arn for d in history.deployments) if history else frozenset(),
        request=request,
        followed=followed,
    )


def step(service: Service, running: ServiceDeployment | None, target: TaskDefinition) -> tuple[Verb, str, str]:
    """Verb, reason, and the deployment that is followed, empty where one is created."""
    primary, what = service.primary, names.short(target.arn)
    if running is not None:
        same = names.same(running.target.task_definition, target.arn) and running.status not in ROLLING_BACK
        return "act", f"{running.arn} deploys {what} already" if same else "", running.arn if same else ""
    if primary is None or not names.same(primary.task_definition, target.arn):
        return "act", "", ""
    there = f"it is on {what} already, with {primary.running} of {service.desired} tasks"
    if primary.rollout_state == "COMPLETED" and primary.running >= service.desired:
        return "nothing", there, ""
    return "act", there, primary.external_id if primary.external_id.startswith("d-") else ""


def in_service(service: Service, history: History | None) -> Revision | None:
    """What the deployment deployed whose task set is PRIMARY, or else the last one of the same version."""
    primary = service.primary
    if primary is None or history is None:
        return None
    made = next((d.target for d in history.deployments if d.arn == primary.external_id), None)
    return made or history.latest_revision(primary.task_definition)


def alarms(wish: Wish, facts: Facts) -> list[Finding]:
    """What the alarms mean that can stop the deployment: those named, or those of the deployment group.

    https://docs.aws.amazon.com/codedeploy/latest/userguide/monitoring-create-alarms.html
    """
    group, asked = facts.group, "DEPLOYMENT_STOP_ON_ALARM" in wish.asked
    watched = watched_alarms(wish, facts)
    if asked and not watched:
        what = (
            "DEPLOYMENT_STOP_ON_ALARM is asked for, but no alarms are named, and the deployment group "
            f"{group.name if group else ''} has none enabled. Give alarms"
        )
        return [block("alarms", what)]
    if isinstance(facts.alarms, str):
        what = f"whether the alarms {', '.join(watched)} are in ALARM already is not known: {facts.alarms}"
        return [Finding("alarms", "unknown", what)] if watched else []
    ringing = [name for name in watched if facts.alarms.get(name) == "ALARM"]
    missing = [name for name in watched if name not in facts.alarms]
    found = []
    if ringing:
        what = f"{', '.join(ringing)} is in ALARM now, so that CodeDeploy would stop the deployment at once"
        found.append(block("alarms", what))
    if missing:
        what = f"there is no alarm {' and no alarm '.join(missing)} in this account and Region, so it cannot go off"
        found.append(Finding("alarms", "warn", what))
    return found


def watched_alarms(wish: Wish, facts: Facts) -> tuple[str, ...]:
    """The alarms by which CodeDeploy will stop the deployment."""
    if wish.alarms and "DEPLOYMENT_STOP_ON_ALARM" in wish.asked:
        return wish.alarms
    return facts.group.alarms if facts.group is not None else ()


def _fate(running: ServiceDeployment | None) -> str:
    if running is not None and running.status in ROLLING_BACK:
        return "is waited for first: a group runs one deployment at a time"
    return "is stopped first: a group runs one deployment at a time"


def event_of(deployment: Deployment) -> Event:
    """Which event ended a deployment. One that is still running has failed, or it would not be asked about.

    https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_ErrorInformation.html
    """
    if deployment.error_code == "ALARM_ACTIVE":
        return "DEPLOYMENT_STOP_ON_ALARM"
    return "DEPLOYMENT_STOP_ON_REQUEST" if deployment.status == "Stopped" else "DEPLOYMENT_FAILURE"


def then(deployment: Deployment, event: Event, asked: t.Collection[str]) -> Then:
    """What follows a deployment that did not end well. What CodeDeploy rolls back is not rolled back once more."""
    if deployment.rollback_deployment:
        return "follow"
    if deployment.running and deployment.waits_for_termination:
        # All of the traffic is on it, and only the end of the original task set is still to come.
        return "leave"
    if deployment.status in ("Failed", "Stopped") and event in deployment.rollback_events:
        # The id of the rollback appears a little later than the end.
        return "follow"
    return "roll_back" if event in asked else "leave"


def meant(service: Service, history: History | None, problem: str, wanted: str) -> Meant | Known:
    """A deployment of CodeDeploy, by its id or by that of the task set that it made; else the newest of the group."""
    listed = service.deployment(wanted) if wanted else None
    if listed is not None and not listed.external_id:
        # The service was created with it.
        return any_task_sets.meant(service, wanted)
    id_ = listed.external_id if listed is not None else wanted
    if history is not None and not id_:
        record = history.running or history.newest
    else:
        record = next((d for d in history.deployments if d.arn == id_), None) if history else None
    if record is not None and not record.arn.startswith("d-"):
        return any_task_sets.meant(service, "")
    if record is not None:
        return _codedeploy_ended(record, service, history)
    made = service.made_by(id_)
    if made is not None:
        # A rollback of CodeDeploy is no deployment on record, but one that can be followed all the same.
        return Meant(_watched(service, id_, made.task_definition))
    why = f". {problem}" if problem else ""
    what = f"deployment {id_} of {service.name}, now or in its history" if id_ else f"deployment of {service.name}"
    return Known("refused", f"there is no {what} that can be read{why}")


def _codedeploy_ended(record: ServiceDeployment, service: Service, history: History | None) -> Meant | Known:
    what, primary = names.short(record.target.task_definition), service.primary
    if base.ended_back(record):
        return Known("failed", base.back(record), record)
    if record.in_flight:
        return Meant(_watched(service, record.arn, record.target.task_definition), record)
    if record.status == "SUCCESSFUL":
        if primary is not None and primary.external_id == record.arn:
            return Meant(_watched(service, record.arn, record.target.task_definition), record)
        at = f" at {record.finished_at.isoformat()}" if record.finished_at else ""
        since = base.over(record.target.task_definition, primary)
        return Known("superseded", f"the deployment of {what} was complete{at}, but since then {since}", record)
    why = f" ({record.reason.rstrip('.')})" if record.reason else ""
    newest = history.newest if history is not None else None
    if record.status == "STOPPED" and newest is not None and newest.arn != record.arn:
        return Known("superseded", f"{base.over(record.target.task_definition, primary)}{why}", record)
    how = "was stopped before it was complete" if record.status == "STOPPED" else "has failed"
    return Known("failed", f"deployment {record.arn} of {what} {how}{why}", record)


def _watched(service: Service, deployment_id: str, task_definition: str) -> Going:
    known = frozenset(d.id for d in service.deployments if d.external_id != deployment_id)
    return Going(task_definition, deployment_id, "", known, service.strategy, record=deployment_id, read_only=True)


def by_codedeploy(in_flight: InFlight, history: History | None, target: str, current: str) -> Step:
    """CodeDeploy runs one deployment of a group at a time, so one that runs cannot be superseded, only stopped.

    https://docs.aws.amazon.com/codedeploy/latest/userguide/limits.html
    """
    if history is None:
        return Step("refuse", "none", "without the deployments of CodeDeploy nothing can be decided")
    running = history.running
    if running is None:
        if names.same(target, current):
            return Step("nothing", "none", f"it is on {names.short(target)} already")
        return Step("act", "codedeploy_deployment")
    if history.lands_on is not None and names.same(history.lands_on, target):
        return Step("act", "adopt")
    what = f"deployment {running.arn} to {names.short(running.target.task_definition)} is running ({running.status})"
    if in_flight == "refuse":
        return Step("refuse", "none", f"{what}, and in_flight is refuse")
    native = history.native_stop_lands_on
    if running.status in STOPPABLE and native is not None and names.same(native, target):
        return Step("act", "codedeploy_stop")
    # It has to end first.
    return Step("act", "codedeploy_deployment")


def as_chosen(planned: BasePlan | Refusal, first: BasePlan) -> BasePlan | Refusal:
    """A plan for that wish, told as what it is: where its target came from, and what is left for it."""
    if isinstance(planned, Refusal) or planned.verb != "act":
        return planned
    return replace(planned, choice=first.choice, left_tags=first.left_tags, taken_back=first.taken_back)


def is_as_before(before: BasePlan, now: BasePlan) -> bool:
    """The service is on what the plan took for present, or where what was running had to lead it."""
    expected = {before.current}
    running = before.running
    if running is not None and running.by != "ECS" and now.running is None:
        expected.add(running.target.task_definition)
        expected.update(source.task_definition for source in running.sources)
    return any(names.same(now.current, name) for name in expected)


def in_between(first: BasePlan, now: BasePlan) -> str:
    """Why the plan may not be carried out: somebody deployed while we made room. Empty where nobody did."""
    running = now.running
    if now.method == "adopt" or (
        running is not None and first.running is not None and running.arn == first.running.arn
    ):
        return ""
    if running is None and is_as_before(first, now):
        return ""
    which = f" (deployment {running.arn})" if running is not None else ""
    return (
        f"somebody deployed {names.short(now.current)}{which} after the deployment that was in the way of "
        f"{names.short(first.target.arn if first.target else '')} had been stopped. Look at it, then run the same "
        "command again to roll that back"
    )


class CodeDeploy(base.Controller):
    """CodeDeploy deploys, by deployments of its own that make task sets."""

    deployer = "CodeDeploy"

    def __init__(self, aws: Aws, clock: Clock) -> None:
        super().__init__(aws, clock)
        self._looker = watch.Looker(aws)

    def _begin(self, planned: base.Plan, tasks: int | None, reason: str | None) -> Accepted:
        if planned.method == "codedeploy_stop":
            return write.stop(self._aws, planned)
        if planned.in_the_way is not None:
            return write.make_room(self._aws, planned)
        return write.deploy(self._aws, planned, reason, tasks)

    def _adopt(self, planned: base.Plan) -> Accepted:
        return write.adopt(planned)

    def _known(self, planned: base.Plan, accepted: Accepted) -> frozenset[str]:
        # The task set of a deployment that is followed has an id of its own.
        deployments = planned.service.deployments
        return frozenset(d.id for d in deployments if d.external_id != (accepted.deployment_id or None))

    def _own_record(self, planned: base.Plan, accepted: Accepted) -> str:
        return accepted.deployment_id

    def records(self, watched: t.Sequence[tuple[Going, Service]]) -> list[Record | None]:
        """The service alone does not tell how such a deployment ends."""
        places = {going.record: (service, going.target) for going, service in watched if not going.is_bare}
        found = self._looker.records(places, self._clock.now()) if places else {}
        return [found.get(going.record) for going, _service in watched]

    def assess(self, going: Going, service: Service, record: Record | None) -> Look:
        if going.is_bare:
            # The task set that the service was created with.
            return replace(any_task_sets.assess(going, service), ours=service.deployment(going.deployment_id))
        return replace(watch.assess(going, service, record), ours=service.made_by(going.deployment_id))

    def more(self, going: Going, service: Service, record: Record | None) -> More | None:
        if going.is_bare:
            return None
        reason = record.reason if record is not None else ""
        return More(reason, self._looker.failed_events(going.record, service))

    def goes_on(self, going: Going, record: Record | None) -> str:
        if record is None or record.status in TERMINAL:
            return ""
        return f"Deployment {going.record} is still running in CodeDeploy"
