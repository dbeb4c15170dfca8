# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""After a deployment that did not end well: follow AWS where it goes back, go back where it does not."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Answer, Aws
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError, IncompleteAnswerError
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.model import Deployment as CodeDeployment
from ansible_collections.lastgood.aws.plugins.module_utils._core.clock import Clock
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import api, marks, names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import base, deploys, plans
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.codedeploy import (
    deploys as codedeploy_deploys,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.codedeploy import write
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.ecs import deploys as ecs_deploys
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.ecs import meant, records
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.external import deploys as external_deploys
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.of import Controllers
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import (
    Deployment,
    Finding,
    Service,
    ServiceDeployment,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Outcome as WatchedOutcome
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move.diagnosis import Diagnosis
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move.run import ServiceRun
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move.watch import Sweeper
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past import direction
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.target import Selection
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps import wait
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps.deploy_run import DeployRun, Order, Outcome
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps.rollback import Order as RollbackOrder
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps.rollback import Rollback

Then = t.Literal["follow", "roll_back", "delete", "leave", "watch"]


@dataclass
class _Return:
    """AWS's own way back from a deployment of ours, to be watched to its end like any other."""

    run: DeployRun
    going: base.Going
    by: str
    service: Service | None = None
    diagnosis: Diagnosis | None = None
    outcome: str | None = None
    timings: dict[str, float] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.run.name

    @property
    def label(self) -> str:
        return self.run.label

    @property
    def cluster(self) -> str:
        return self.run.cluster

    def end(self, outcome: WatchedOutcome, reason: str) -> None:
        self.outcome = outcome
        self.run.service = self.service or self.run.service
        self.run.outcome = outcome if outcome in ("superseded", "lost_contact") else "rollback_failed"
        self.run.reason = f"{self.run.reason.rstrip('.')}. {self.by} began to go back by itself, but then: {reason}"

    def reached(self, state: base.Reached) -> None:
        self.outcome = state
        self.run.service = self.service or self.run.service


class Aftermath:
    """What follows in one call. ``sweeper`` makes what watches ways back."""

    def __init__(self, aws: Aws, order: Order, clock: Clock, sweeper: t.Callable[[], Sweeper[t.Any]]) -> None:
        self._aws = aws
        self._order = order
        self._clock = clock
        self._sweeper = sweeper
        self._controllers = Controllers(aws, clock)

    def follow(self, runs: t.Sequence[DeployRun]) -> list[DeployRun]:
        """See each of them to its end. Returns those whose end came before a stop: they are to be watched again."""
        returns: list[_Return] = []
        ours: list[DeployRun] = []
        for run in runs:
            service = self._now(run)
            if service is None:
                # What cannot be seen is not rolled back on a guess.
                continue
            run.service = service
            if self._has_come_up(run, service):
                # At the very end of the time.
                run.reached("stable")
                continue
            then, going = self._then(run, service)
            if then == "follow" and going is not None:
                returns.append(_Return(run, going, self._controllers.of(service).deployer, service))
            elif then == "roll_back":
                ours.append(run)
            elif then == "delete":
                self._delete(run, service)
            elif then == "watch":
                run.reason = f"{run.reason.rstrip('.')}. It takes all the traffic, and CodeDeploy has yet to end the "
                run.reason += "original task set. Nothing was undone. Run the same command again to go on watching it"
            elif run.event is not None:
                run.reason = f"{run.reason.rstrip('.')}. It is not rolled back: rollback_events lacks {run.event}"
        if returns:
            late = self._sweeper().watch(returns)
            ours += [back.run for back in returns if self._settle(back, back in late)]
        self._roll_back(ours)
        return [run for run in runs if run.outcome is None]

    def _now(self, run: DeployRun) -> Service | None:
        """The service, None where AWS does not answer, or nothing of ours was begun."""
        if run.accepted is None or not run.accepted.deployment_id:
            return None
        try:
            service = api.describe_services(self._aws, run.cluster, [run.name])[run.name]
        except (AwsCallError, IncompleteAnswerError):
            return None
        return service if isinstance(service, Service) else None

    def _has_come_up(self, run: DeployRun, service: Service) -> bool:
        if run.going.is_bare and run.event is not None:
            # An alarm stops it even if it has come up.
            return False
        controller = self._controllers.of(service)
        try:
            [record] = controller.records([(run.going, service)])
        except (AwsCallError, IncompleteAnswerError):
            return False
        return controller.assess(run.going, service, record).state == "stable"

    def _then(self, run: DeployRun, service: Service) -> tuple[Then, base.Going | None]:
        """What follows, and what is to be watched where AWS goes back."""
        controller = service.controller
        if controller == "EXTERNAL":
            run.ahead = deploys.ahead(run.plan, None) if run.plan is not None else None
            ours = run.going.deployment_id
            run.event = external_deploys.event_of(service, ours, run.event is not None)
            return external_deploys.then(service, ours, run.event, self._order.wish.asked), None
        histories = records.Histories(self._aws, run.cluster)
        histories.read([service])
        history = histories.found.get(service.name)
        run.ahead = deploys.ahead(run.plan, history) if run.plan is not None else None
        id_ = run.going.deployment_id
        if controller == "CODE_DEPLOY":
            record = next((d for d in history.deployments if d.arn == id_), None) if history else None
            return self._then_by_codedeploy(run, service, record)
        record = meant.record_of(id_, history)
        run.record = record.arn if record else None
        run.event = ecs_deploys.event_of(self._raw(run, record))
        primary = service.primary
        away = primary is not None and primary.id in run.going.known_deployments
        then = ecs_deploys.then(record.status if record else "", away, run.event, self._order.wish.asked)
        return then, _the_way_back(service, record) if then == "follow" else None

    def _raw(self, run: DeployRun, record: ServiceDeployment | None) -> Answer | None:
        try:
            return api.describe_service_deployments(self._aws, [record.arn]).get(record.arn) if record else None
        except (AwsCallError, IncompleteAnswerError) as exc:
            what = f"what ended the deployment is not known for certain. {exc.explain()}"
            run.findings.append(Finding("event", "unknown", what))
            return None

    def _then_by_codedeploy(
        self, run: DeployRun, service: Service, record: ServiceDeployment | None
    ) -> tuple[Then, base.Going | None]:
        id_ = run.going.deployment_id
        deployment: CodeDeployment | None = None
        try:
            deployment, _rollback = write.look(self._aws, id_)
        except (AwsCallError, IncompleteAnswerError) as exc:
            what = f"what became of deployment {id_} is not known. {exc.explain()}"
            run.findings.append(Finding("event", "unknown", what))
        if deployment is None:
            run.event = None
            return "leave", None
        run.event = codedeploy_deploys.event_of(deployment)
        then: Then = codedeploy_deploys.then(deployment, run.event, self._order.wish.asked)
        if then == "leave" and deployment.running and deployment.waits_for_termination:
            return "watch", None
        if then != "follow":
            return then, None
        others = frozenset(d.id for d in service.deployments)
        events = frozenset(event.id for event in service.events)
        to = _codedeploy_goes_back_to(run, service, record)
        return then, base.Going(to, "", id_, others, service.strategy, record=id_, events_before=events)

    def _settle(self, back: _Return, too_late: bool) -> bool:
        """AWS's own way back has ended, or there was none. Whether this run has to go back in its place."""
        run = back.run
        if back.outcome in ("running", "serving", "stable"):
            by, how = self._who(back)
            run.went_back(back.going.target, by, how)
            return False
        if back.by == "ECS":
            if too_late:
                run.outcome = None
            return False
        if too_late:
            run.reason = f"{run.reason.rstrip('.')}. CodeDeploy has not rolled it back"
        return run.event in self._order.wish.asked and run.outcome not in ("superseded", "timeout", "lost_contact")

    def _who(self, back: _Return) -> tuple[str | None, str]:
        if back.by == "ECS":
            return "ECS", ""
        try:
            deployment, rollback = write.look(self._aws, back.going.record)
        except (AwsCallError, IncompleteAnswerError):
            return "CodeDeploy", ""
        if rollback is not None or deployment is None:
            return "CodeDeploy", ""
        said = f" ({deployment.rollback_message.rstrip('.')})" if deployment.rollback_message else ""
        return None, f"CodeDeploy made no deployment to roll it back{said}, and the service is on"

    # -- roll back

    def _delete(self, run: DeployRun, service: Service) -> None:
        """Our task set has not taken over: it goes, and what is PRIMARY stays."""
        primary = service.primary
        how = delete_task_set(self._aws, run)
        run.changed = run.changed or how.endswith("was deleted")
        waiter = self._verify(run, primary.id) if primary is not None else None
        if primary is not None and waiter is not None and waiter.ok:
            self._mark_bad(run, primary)
            run.went_back(primary.task_definition, "lastgood", f"{how}, and the service is still on")
            return
        run.outcome = _unless_lost(waiter)
        why = waiter.reason if waiter is not None else "no task set is PRIMARY"
        run.reason = f"{run.reason.rstrip('.')}. {how}, but: {why}"

    def _mark_bad(self, run: DeployRun, primary: Deployment) -> None:
        """There is no history of such services: marks and record are all that keep the next run from the same."""
        told, now = f" ({self._order.reason})" if self._order.reason else "", self._clock.now()
        try:
            api.tag_resource(self._aws, run.target, marks.bad_mark(now, f"{run.event}{told}: {run.reason}"))
        except (AwsCallError, IncompleteAnswerError) as exc:
            what = f"{names.short(run.target)} was not marked bad. {exc.explain()}"
            run.findings.append(Finding("mark", "warn", what))
        if run.service is None or direction.between(primary.task_definition, run.target, None, {}) != "back":
            return
        try:
            done = marks.done_tags(run.target, primary.task_definition, primary.id, now, "back")
            api.tag_resource(self._aws, run.service.arn, done)
        except (AwsCallError, IncompleteAnswerError) as exc:
            what = f"the rollback is not recorded on the service. {exc.explain()}"
            run.findings.append(Finding("service_tags", "warn", what))

    def _verify(self, run: DeployRun, deployment_id: str) -> wait.Waiter:
        order = wait.Order(
            run.cluster,
            [run.name],
            deployment_id,
            self._order.wait_until,
            self._order.wait_timeout,
            self._order.contact_timeout,
            full_names=self._order.full_names,
        )
        [waiter] = wait.wait(self._aws, order, self._clock)
        run.service = waiter.service or run.service
        return waiter

    def _roll_back(self, runs: t.Sequence[DeployRun]) -> None:
        for event, ahead in dict.fromkeys((run.event, run.ahead) for run in runs):
            group = {run.name: run for run in runs if (run.event, run.ahead) == (event, ahead)}
            why = next(iter(group.values())).reason if len(group) == 1 else "the deployment failed"
            told = f" ({self._order.reason})" if self._order.reason else ""
            order = RollbackOrder(
                cluster=self._order.cluster,
                services=list(group),
                wish=plans.Wish(selection=Selection(revision=ahead, from_revision=self._order.wish.revision)),
                reason=f"{event}{told}: {why}",
                wait_until=self._order.wait_until,
                wait_timeout=self._order.wait_timeout,
                contact_timeout=self._order.contact_timeout,
                max_fail_percentage=100.0,
                full_names=self._order.full_names,
            )
            for back in Rollback(self._aws, order, self._clock).run():
                self._take(group[back.name], back)

    def _take(self, run: DeployRun, back: ServiceRun) -> None:
        run.service = back.service or run.service
        run.findings += back.findings
        run.changed = run.changed or back.changed
        if back.outcome == "rolled_back":
            run.went_back(back.target, "lastgood")
            return
        primary = back.service.primary if back.service else None
        if back.outcome == "unchanged" and primary is not None and not names.same(primary.task_definition, run.target):
            # Somebody, or ECS, was faster. That is only good if it holds.
            waiter = self._verify(run, primary.id)
            if waiter.ok:
                run.went_back(primary.task_definition, "ECS or somebody else")
                return
            run.outcome = _unless_lost(waiter)
        else:
            run.outcome = _unless_lost(back)
        run.reason = f"{run.reason.rstrip('.')}. Rolling it back ended as {back.outcome}: {back.reason}"


def _unless_lost(ended: wait.Waiter | ServiceRun | None) -> Outcome:
    """What a way back that did not end well makes of the deployment. Of one that was lost sight of nobody knows."""
    return "lost_contact" if ended is not None and ended.outcome == "lost_contact" else "rollback_failed"


def _the_way_back(service: Service, record: ServiceDeployment | None) -> base.Going:
    """Where ECS goes back to. By its record where there is one, else by what is PRIMARY again."""
    primary = service.primary
    others = frozenset(d.id for d in service.deployments)
    events = frozenset(event.id for event in service.events)
    to = primary.task_definition if primary else service.task_definition
    if record is None:
        ours = primary.id if primary else ""
        return base.Going(to, ours, "", others - {ours}, service.strategy, events_before=events)
    to = _on_record(record) or to
    return base.Going(to, "", record.arn, others, service.strategy, record=record.arn, events_before=events)


def _codedeploy_goes_back_to(run: DeployRun, service: Service, record: ServiceDeployment | None) -> str:
    """By its record; else it is what ran before ours, since the record of the rollback comes a little later."""
    ours = run.going.deployment_id
    planned = run.plan.service.deployments if run.plan is not None else ()
    others = [d for d in (*planned, *service.deployments) if d.external_id != ours]
    before = sorted(others, key=lambda d: d.status != "PRIMARY")
    return _on_record(record) or (before[0].task_definition if before else service.task_definition)


def _on_record(record: ServiceDeployment | None) -> str:
    """Where a deployment goes back to, as far as its record says."""
    if record is None:
        return ""
    if record.rolled_back_to is not None:
        return record.rolled_back_to.task_definition
    sources = {s.task_definition for s in record.sources}
    return sources.pop() if len(sources) == 1 else ""


def delete_task_set(aws: Aws, run: DeployRun) -> str:
    """Delete the task set that this run created; returns what was done with it, in words."""
    planned, accepted = run.plan, run.accepted
    if planned is None or accepted is None:
        return ""
    id_ = accepted.deployment_id
    ours = run.service.deployment(id_) if run.service is not None else None
    if ours is None or ours.status == "DRAINING":
        return f"Its task set {id_} was deleted by somebody"
    if not accepted.wrote or planned.task_set is not None:
        return f"Its task set {id_} stood before this run, and is left"
    try:
        api.delete_task_set(aws, planned.service.cluster_arn, run.name, id_)
    except (AwsCallError, IncompleteAnswerError) as exc:
        run.findings.append(Finding("task_set", "warn", f"task set {id_} is still there. {exc.explain()}"))
        return f"Its task set {id_} could not be deleted"
    return f"Its task set {id_} was deleted"
