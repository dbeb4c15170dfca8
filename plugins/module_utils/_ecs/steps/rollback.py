# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Rolling services back: plan → act → watch → finish, for all services of a call together."""

from __future__ import annotations

import math
import typing as t
from dataclasses import dataclass, field

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError, IncompleteAnswerError
from ansible_collections.lastgood.aws.plugins.module_utils._aws.writes import AnswerLost, PlanIsStale
from ansible_collections.lastgood.aws.plugins.module_utils._core import keys as core_keys
from ansible_collections.lastgood.aws.plugins.module_utils._core import progress
from ansible_collections.lastgood.aws.plugins.module_utils._core.as_of import shown
from ansible_collections.lastgood.aws.plugins.module_utils._core.clock import Clock
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import api, names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import deployments
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import plans as controllers_plans
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.of import Controllers
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Finding, Service
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move import act
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move import again as move_again
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move.bound_plans import BoundPlanner
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move.expected import Expected
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move.planner import Planner
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move.run import ServiceRun
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move.watch import Sweeper, WaitUntil
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps import image_identity, unfinished, wording
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps.deregister import Deregistrar
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps.recorder import Recorder

# A plan goes stale when the service changes under it; more than this many times is somebody's deploy loop.
_PLANS_PER_SERVICE: t.Final = 3

# Outcomes after which a deployment of ours goes on, and those where one that runs is not ours.
_STILL_RUNNING: t.Final = frozenset({"started", "timeout", "lost_contact"})
_NOT_OURS: t.Final = frozenset({"unchanged", "refused", "not_attempted"})


@dataclass(frozen=True)
class Order:
    """What a call asks for. Times are seconds, ``max_fail_percentage`` a share of the services in percent."""

    cluster: str
    services: t.Sequence[str]
    wish: controllers_plans.Wish
    mark: bool = True
    reason: str | None = None
    wait: bool = True
    wait_until: WaitUntil = "stable"
    wait_timeout: float = 1800.0
    contact_timeout: float = 300.0
    max_fail_percentage: float = 0.0
    check_mode: bool = False
    full_names: bool = False
    # What an earlier look showed, by service name; empty if this call is not bound to one.
    expect: t.Mapping[str, Expected] = field(default_factory=dict)


class Rollback:
    """One call of the module."""

    def __init__(self, aws: Aws, order: Order, clock: Clock) -> None:
        self._aws = aws
        self._order = order
        self._clock = clock
        self._began = clock.monotonic()
        self._controllers = Controllers(aws, clock)
        self._planner = BoundPlanner(
            aws, order.wish, order.expect, lambda wish: Planner(aws, order.cluster, wish, clock=clock)
        )
        self._recorder = Recorder(aws, clock, order.mark, order.reason)
        self.runs: list[ServiceRun] = []

    def run(self) -> list[ServiceRun]:
        """Do all of it. Errors of AWS end up in the services' outcomes; nothing is raised for them."""
        with progress.idle():
            self._run()
        return self.runs

    def _run(self) -> None:
        plans = self._planner.make_plans(self._order.services)
        place = core_keys.Place(self._aws.region("ecs"), self._order.full_names)
        self.runs = [ServiceRun.of(name, self._order.cluster, planned, place) for name, planned in plans.items()]
        for run in self.runs:
            run.is_a_later_step = self._planner.binds
            run.timings["planned"] = self._elapsed()
        self._act([run for run in self.runs if run.outcome is None])
        self._watch()
        self._finish()
        for run in self.runs:
            line = self._last_line(run)
            if line:
                progress.say(f"[{run.label}] {line}")
            _forget_what_ended(run)

    def _last_line(self, run: ServiceRun) -> str:
        """What is said about a service at the end; empty if it, or its look, has said it already."""
        fine = run.outcome in ("planned", "unchanged")
        if fine and run.plan is not None and self._order.check_mode and not self._planner.binds:
            return wording.plan_line(run.plan)
        if run.outcome == "planned" or (fine and len(self.runs) > 1):
            return ""
        return wording.final_line(run)

    @property
    def as_of(self) -> str | None:
        """The time that ``as_of`` stands for, None if none was given."""
        return shown(self._planner.wish.selection.as_of)

    @property
    def too_many_failed(self) -> bool:
        """More services went wrong than the caller allows."""
        failed = sum(1 for run in self.runs if not run.ok)
        return failed > math.floor(len(self.runs) * self._order.max_fail_percentage / 100)

    def _elapsed(self) -> float:
        return self._clock.monotonic() - self._began

    # -- act

    def _act(self, runs: t.Sequence[ServiceRun]) -> None:
        if self._order.check_mode:
            if self.too_many_failed:
                self._hold_back(runs)
            for run in runs:
                if run.outcome is None and run.plan is not None:
                    run.changed = run.plan.method != "adopt"
                    run.end("planned", run.plan.reason)
            return
        for batch in batches_of(runs, api.SERVICES_PER_CALL):
            if self.too_many_failed:
                self._hold_back(batch)
            else:
                self._act_on(batch)

    def _hold_back(self, runs: t.Iterable[ServiceRun]) -> None:
        bad = next(run for run in self.runs if not run.ok)
        for run in runs:
            run.end(
                "not_attempted",
                f"it was not started, because {bad.name} ended as {bad.outcome} and max_fail_percentage is "
                f"{self._order.max_fail_percentage:g}",
            )

    def _act_on(self, runs: t.Sequence[ServiceRun], attempt: int = 1) -> None:
        try:
            now = api.describe_services(self._aws, self._order.cluster, [run.name for run in runs])
        except (AwsCallError, IncompleteAnswerError) as exc:
            for run in runs:
                run.end("refused", f"the last look before the write failed. {exc.explain()}")
            return
        stale = []
        for run in runs:
            if self.too_many_failed:
                self._hold_back([run])
            elif not self._act_on_one(run, now[run.name]):
                stale.append(run)
            _forget_what_ended(run)
        for run in stale:
            self._plan_again(run, attempt)

    def _act_on_one(self, run: ServiceRun, now: Service | str) -> bool:
        """Whether it was acted on; False if the plan has gone stale."""
        planned = run.plan
        if planned is None or not isinstance(now, Service) or not act.still_as_planned(planned, now):
            return False
        if planned.method != "adopt":
            progress.asking(run.label, f"{run.route} by {planned.method}")
        controller = self._controllers.of(planned.service)
        try:
            self._tell_of_termination_wait(run, planned)
            run.accepted = controller.begin(planned, self._order.wish.tasks, self._order.reason)
        except PlanIsStale as exc:
            run.stale = f" ({exc})"
            return False
        except deployments.AlreadyThere as exc:
            primary = now.primary
            if primary is None or primary.rollout_state != "IN_PROGRESS":
                run.end("unchanged", f"it is on {names.short(exc.copy)} already, a copy of {names.short(run.target)}")
                return True
            run.accepted = controller.adopt(planned, exc.copy)
        except deployments.NotDeployed as exc:
            run.changed = True
            run.findings.append(exc.note)
            run.end("refused", f"{exc} {exc.note.message}; the next run uses it")
            return True
        except AnswerLost as exc:
            run.changed = True
            run.end("lost_contact", str(exc))
            return True
        except (AwsCallError, IncompleteAnswerError) as exc:
            run.end("refused", exc.explain() + controller.advice(planned, exc))
            return True
        self._note(run, planned, run.accepted)
        return True

    def _note(self, run: ServiceRun, planned: controllers_plans.Plan, accepted: deployments.Accepted) -> None:
        """AWS has accepted it."""
        run.service = accepted.service
        run.changed = run.changed or accepted.wrote
        if accepted.makes_room:
            run.first_plan = run.first_plan or planned
        run.findings += accepted.findings
        run.timings["accepted"] = self._elapsed()
        progress.accepted(run.label, wording.accepted_line(run, accepted.record_id))
        self._recorder.accepted(run)

    def _tell_of_termination_wait(self, run: ServiceRun, planned: controllers_plans.Plan) -> None:
        minutes = self._controllers.of(planned.service).lingers(planned)
        order = self._order
        if minutes and order.wait and order.wait_until == "stable" and minutes * 60 >= order.wait_timeout:
            what = f"CodeDeploy keeps the original task set for {minutes} minutes after the traffic has shifted, and "
            what += f"wait_timeout is {order.wait_timeout:g} s. wait_until: serving does not wait for that"
            run.findings.append(Finding("termination_wait", "warn", what))

    def _plan_again(self, run: ServiceRun, attempt: int) -> None:
        """The service changed under the plan: go on only if nobody has to decide about the new plan."""
        if run.first_plan is not None:
            self._go_on(run, run.first_plan, attempt)
            return
        before = run.plan
        planned = next(iter(self._planner.make_plans([run.name]).values()))
        run.take_plan(planned)
        if run.outcome is not None or run.plan is None or before is None:
            return
        bound = self._planner.binds
        if bound or run.plan.method == "adopt" or move_again.is_as_before(before, run.plan):
            if attempt < _PLANS_PER_SERVICE:
                self._act_on([run], attempt + 1)
                return
            run.end("refused", f"the service changed under the plan {attempt} times{run.stale}")
            return
        run.end(
            "refused",
            f"somebody deployed {names.short(run.plan.current)}{_under_way(run.plan)} while this rollback from "
            f"{names.short(before.current)} was being prepared. Look at it, then run the same command again to roll "
            "that back",
        )

    def _go_on(self, run: ServiceRun, first: controllers_plans.Plan, attempt: int = 1) -> None:
        """What was in the way has ended: to the target that was chosen, unless somebody came in between."""
        said = run.findings
        wish = self._order.wish.going_to(first.target.arn) if first.target else self._order.wish
        # By now it is known whether a rollback was asked for, so that none has to be waited for.
        planner = Planner(self._aws, self._order.cluster, wish)
        run.take_plan(move_again.as_chosen(next(iter(planner.make_plans([run.name]).values())), first))
        run.findings = [*said, *(f for f in run.findings if f not in said)]
        run.accepted = None
        if run.outcome is not None or run.plan is None:
            return
        problem = move_again.in_between(first, run.plan)
        if problem:
            run.end("refused", problem)
        elif attempt < _PLANS_PER_SERVICE:
            self._act_on([run], attempt + 1)
        else:
            run.end("refused", f"the deployment group was busy {attempt} times{run.stale}")

    # -- watch

    def _make_room(self, sweeper: Sweeper[ServiceRun]) -> None:
        """Wait for deployments in the way of ours to go, even if we do not wait for the end of ours."""
        for _attempt in range(_PLANS_PER_SERVICE):
            waiting = [run for run in self.runs if run.makes_room]
            for run in sweeper.watch(waiting) if waiting else []:
                if run.first_plan is not None:
                    self._go_on(run, run.first_plan)
        for run in self.runs:
            if run.makes_room:
                run.end("failed", "the deployment that is in the way kept coming back")

    def _watch(self) -> None:
        order = self._order
        sweeper: Sweeper[ServiceRun] = Sweeper(
            self._aws, self._clock, order.wait_until, order.wait_timeout, order.contact_timeout, self._began
        )
        self._make_room(sweeper)
        going = [run for run in self.runs if run.outcome is None]
        if not order.wait:
            for run in going:
                run.end("started", "AWS accepted it; we did not wait for its end")
                run.findings += unfinished.findings(run, self._order.wish.tasks)
            return
        for _attempt in range(_PLANS_PER_SERVICE):
            again = sweeper.watch(going) if going else []
            for run in again:
                run.accepted = None
                self._plan_again(run, attempt=1)
            going = [run for run in again if run.outcome is None]
        for run in going:
            run.end("failed", "deployments of this service kept ending before they could be stopped")

    # -- finish

    def _finish(self) -> None:
        done = [run for run in self.runs if run.outcome == "rolled_back"]
        for run in self.runs:
            self._restore(run)
        self._read_what_runs(done)
        for run in self.runs:
            run.timings["ended"] = self._elapsed()
        deregistrar = Deregistrar(self._aws)
        for run in done:
            self._apply_tasks(run)
            self._recorder.verified(run)
            if self._order.wish.deregister:
                self._deregister(run, deregistrar)
            self._recorder.done(run)

    def _restore(self, run: ServiceRun) -> None:
        """Put back what was changed for one deployment only, also if an earlier run was killed before it could."""
        if run.service is None or self._order.check_mode:
            return
        state: deployments.Standing = "ended"
        if run.outcome == "lost_contact":
            state = "lost"
        elif run.outcome in _STILL_RUNNING:
            state = "going"
        elif run.outcome in _NOT_OURS:
            state = "not_ours"
        planned = run.plan if run.outcome != "not_attempted" else None
        restored = self._controllers.of(run.service).restore(run.service, planned, state)
        run.findings += restored.findings
        run.changed = run.changed or restored.changed

    def _read_what_runs(self, runs: t.Sequence[ServiceRun]) -> None:
        """The revisions in service now, for the result, and to compare the images with those that were good."""
        arns = [arn for run in runs if run.service for arn in run.service.revision_arns]
        if not arns:
            return
        try:
            revisions = api.describe_service_revisions(self._aws, list(dict.fromkeys(arns)))
        except (AwsCallError, IncompleteAnswerError) as exc:
            for run in runs:
                run.findings.append(
                    Finding("image_identity", "unknown", f"the images cannot be compared. {exc.explain()}")
                )
            return
        for run in runs:
            run.revision_after = image_identity.revision_on_target(run, revisions)
            if image_identity.are_known(run):
                # What could not be known before is known now, one way or the other.
                run.findings = [f for f in run.findings if (f.check, f.severity) != ("image_identity", "unknown")]
            run.findings += image_identity.compare(run)

    def _apply_tasks(self, run: ServiceRun) -> None:
        """ECS's own rollback takes no task count, so it is set after it."""
        tasks = self._order.wish.tasks
        if tasks is None or run.service is None or run.service.desired == tasks:
            return
        try:
            run.service = api.update_service(self._aws, run.service.cluster_arn, run.name, desiredCount=tasks)
            run.changed = True
        except (AwsCallError, IncompleteAnswerError) as exc:
            run.findings.append(
                Finding("tasks", "warn", f"the task count is still {run.service.desired}, not {tasks}. {exc.explain()}")
            )

    def _deregister(self, run: ServiceRun, deregistrar: Deregistrar) -> None:
        left = run.plan.left if run.plan and run.plan.direction == "back" else None
        if left is None or names.same(left, run.target):
            return
        gone, finding = deregistrar.deregister(left)
        run.findings.append(finding)
        if gone:
            run.deregistered, run.changed = left, True


def _forget_what_ended(run: ServiceRun) -> None:
    """There is no more to say of it if the play is interrupted: its plan came to nothing, or it has ended."""
    goes_on = run.outcome in _STILL_RUNNING or (run.outcome is None and run.accepted is not None)
    if not goes_on:
        progress.note(run.label)


def _under_way(planned: controllers_plans.Plan) -> str:
    """The deployment that got in between, if it is CodeDeploy's: people look for its id there."""
    running = planned.running
    return f" (deployment {running.arn})" if running is not None and running.by != "ECS" else ""


def batches_of(runs: t.Sequence[ServiceRun], size: int) -> t.Iterator[t.Sequence[ServiceRun]]:
    """Slices of at most ``size`` runs, in order."""
    for start in range(0, len(runs), size):
        yield runs[start : start + size]
