# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""After a deployment that failed: follow AWS if it goes back, go back if it does not."""

from __future__ import annotations

import typing as t
import uuid
from dataclasses import dataclass, field

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError, IncompleteAnswerError
from ansible_collections.lastgood.aws.plugins.module_utils._core.clock import Clock
from ansible_collections.lastgood.aws.plugins.module_utils._core.series import TaskSeries
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import api, marks, names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import base, deployments, deploys
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.of import Controllers
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import GoBack, GoTo
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Deployment, Finding, Service
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move import mover
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move.diagnosis import Diagnosis
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move.run import Outcome
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move.watch import Sweeper
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past import moves
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.choices import Selection
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps import wait
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps.deploy_run import DeployRun
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps.rollback import Order as RollbackOrder
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps.rollback import Rollback
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps.rollback_run import RollbackRun


@dataclass
class _Return:
    """AWS's own way back from a deployment of ours, to be watched to its end like any other."""

    run: DeployRun
    going: deployments.Going
    controller: base.Controller
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

    @property
    def tasks(self) -> TaskSeries:
        """What was seen of the deployment goes on."""
        return self.run.tasks

    @property
    def findings(self) -> list[Finding]:
        return self.run.findings

    @findings.setter
    def findings(self, found: list[Finding]) -> None:
        self.run.findings = found

    def end(self, outcome: Outcome, reason: str) -> None:
        self.outcome = outcome
        self.run.service = self.service or self.run.service
        # A way back that is not finished yet has not failed.
        self.run.outcome = outcome if outcome in ("superseded", "timeout", "lost_contact") else "rollback_failed"
        then = "and that is" if outcome == "timeout" else "but then:"
        self.run.reason = (
            f"{self.run.reason.rstrip('.')}. {self.controller.deployer} began to go back by itself, {then} {reason}"
        )

    def reached(self, state: deployments.Reached, left: str = "") -> None:
        self.outcome = state
        self.run.service = self.service or self.run.service


class Aftermath:
    """What follows in one call. ``sweeper`` makes what watches ways back."""

    def __init__(
        self, aws: Aws, order: mover.Order[GoTo], clock: Clock, sweeper: t.Callable[[], Sweeper[t.Any]]
    ) -> None:
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
            end = self._end_of(run, service)
            if end.then == "follow" and end.going is not None:
                returns.append(_Return(run, end.going, self._controllers.of(service), service))
            elif end.then == "go_back":
                ours.append(run)
            elif end.then == "take_away":
                self._take_away(run, service)
            elif end.note:
                run.reason = f"{run.reason.rstrip('.')}. {end.note}"
            elif run.event is not None:
                run.reason = f"{run.reason.rstrip('.')}. It is not rolled back: rollback_events lacks {run.event}"
        if returns:
            late = self._sweeper().watch(returns)
            ours += [back.run for back in returns if self._settle(back, back in late)]
        self._roll_back(ours)
        return [run for run in runs if run.outcome is None]

    def _now(self, run: DeployRun) -> Service | None:
        """The service; None if AWS does not answer, or if we had begun nothing."""
        if run.accepted is None or not run.going.deployment_id:
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

    def _end_of(self, run: DeployRun, service: Service) -> deployments.End:
        """What ended it, and what follows."""
        controller = self._controllers.of(service)
        past = controller.read_past([service])[service.name]
        run.ahead = deploys.ahead(run.plan, past.history) if run.plan is not None else None
        before = run.plan.service if run.plan is not None else service
        ending = deployments.Ending(self._order.goal.asked, before, alarmed=run.event is not None)
        end = controller.end_of(run.going, service, past, ending)
        run.event, run.record = end.event, end.record or None
        run.findings += end.findings
        return end

    def _settle(self, back: _Return, too_late: bool) -> bool:
        """AWS's own way back has ended, or there was none. Whether this run has to go back in its place."""
        run, controller = back.run, back.controller
        if back.outcome in ("running", "serving", "stable"):
            run.went_back(back.going.target, *controller.went_back(back.going))
            return False
        if not controller.no_way_back:
            if too_late:
                run.outcome = None
            return False
        if too_late:
            run.reason = f"{run.reason.rstrip('.')}. {controller.no_way_back}"
        return run.event in self._order.goal.asked and run.outcome not in ("superseded", "timeout", "lost_contact")

    # -- roll back

    def _take_away(self, run: DeployRun, service: Service) -> None:
        """What was begun goes, and what is PRIMARY stays."""
        primary = service.primary
        taken = self._controllers.of(service).take_away(run.going, service)
        run.findings += taken.findings
        run.changed = run.changed or taken.deleted
        waiter = self._verify(run, primary.id) if primary is not None else None
        if primary is not None and waiter is not None and waiter.ok:
            self._mark_bad(run, primary)
            run.went_back(primary.task_definition, "lastgood", f"{taken.how}, and the service is still on")
            return
        run.outcome = _unless_lost(waiter)
        why = waiter.reason if waiter is not None else "no task set is PRIMARY"
        run.reason = f"{run.reason.rstrip('.')}. {taken.how}, but: {why}"

    def _mark_bad(self, run: DeployRun, primary: Deployment) -> None:
        """There is no history of such services: marks and record are all that keep the next run from the same."""
        told, now = f" ({self._order.reason})" if self._order.reason else "", self._clock.now()
        try:
            marked = run.plan.target.tags if run.plan is not None and run.plan.target is not None else {}
            service = run.service.in_cluster if run.service is not None else ""
            mark = marks.bad_mark(now, f"{run.event}{told}: {run.reason}", service, marked)
            api.tag_resource(self._aws, run.target, mark)
        except (AwsCallError, IncompleteAnswerError) as exc:
            what = f"{names.short(run.target)} was not marked bad. {exc.explain()}"
            run.findings.append(Finding("mark", "warn", what))
        if run.service is None or moves.direction_of(primary.task_definition, run.target, None, {}) != "back":
            return
        try:
            id_ = uuid.uuid4().hex[:8]
            record = marks.record_tag(id_, now, primary.id, run.target, primary.task_definition, "back")
            api.tag_resource(self._aws, run.service.arn, {**record, **marks.done_tag(id_, now)})
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
                goal=GoBack(
                    Selection(revision=ahead, chosen=True, from_revision=self._order.goal.revision),
                    checks=self._order.goal.checks,
                ),
                reason=f"{event}{told}: {why}",
                wait_until=self._order.wait_until,
                wait_timeout=self._order.wait_timeout,
                contact_timeout=self._order.contact_timeout,
                max_fail_percentage=100.0,
                full_names=self._order.full_names,
            )
            for back in Rollback(self._aws, order, self._clock).run():
                self._take(group[back.name], back)

    def _take(self, run: DeployRun, back: RollbackRun) -> None:
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


def _unless_lost(ended: wait.Waiter | RollbackRun | None) -> Outcome:
    """What a way back that did not end well makes of the deployment. Of one that was lost sight of nobody knows, and
    one that is still going has not failed.
    """
    if ended is not None and ended.outcome == "lost_contact":
        return "lost_contact"
    return "timeout" if ended is not None and ended.outcome == "timeout" else "rollback_failed"
