# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Rolling services back: plan → act → watch → finish, for all services of a call together."""

from __future__ import annotations

import functools
import typing as t
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from ansible_collections.lastgood.aws.plugins.module_utils._aws import account_quotas
from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError, IncompleteAnswerError
from ansible_collections.lastgood.aws.plugins.module_utils._core import advice, as_of, bound, keys, progress
from ansible_collections.lastgood.aws.plugins.module_utils._core.clock import Clock
from ansible_collections.lastgood.aws.plugins.module_utils._core.options import FEW_SERVICES
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import api, images, names, registry
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import deployments
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import GoBack, Plan
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Finding, Service
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move import fleet, mover, shown
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move.bound_plans import BoundPlanner, Planning
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move.planner import Planner
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move.run import STILL_RUNNING
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move.shown import Place, Shown
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.returns import DEREGISTER, MARK
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps import rollback_run
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps.deregister import Deregistrar
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps.recorder import Recorder
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps.rollback_run import RollbackRun

# Outcomes where a deployment that runs is not ours.
_NOT_OURS: t.Final = frozenset({"unchanged", "refused", "not_attempted"})


@dataclass(frozen=True)
class Order(mover.Order[GoBack]):
    """What a call asks for. ``max_fail_percentage`` is a share of the services in percent."""

    mark: bool = True
    max_fail_percentage: float = 0.0
    # The plans to carry out, by service name; empty if this call makes its own. They may be so many seconds old.
    plans: t.Mapping[str, Shown] = field(default_factory=dict)
    plan_max_age: float = bound.MAX_AGE


class Rollback(mover.Step[RollbackRun]):
    """One call of the module."""

    def __init__(self, aws: Aws, order: Order, clock: Clock) -> None:
        self._aws = aws
        self._clock = clock
        self._order = order
        self._shown: dict[str, Shown] = {}
        # Of a large call: what was said of each service when it ended, and what is finished while others are watched.
        self._said: dict[str, object] = {}
        self._finishing: list[Future[None]] = []
        # The services as they were when their moves were verified.
        self._verified: dict[str, Service] = {}
        # Records that were taken back, with what stands in their place.
        self._void: dict[str, str] = {}
        self._planner = self._planner_of(aws)
        self._recorder = Recorder(aws, clock, order.mark, order.reason, order.goal, self._is_for_many, self._void)
        self._mover = mover.Mover(aws, clock, order, self._planner, self)

    @functools.cached_property
    def _deregistrar(self) -> Deregistrar:
        return Deregistrar(self._aws)

    def _planner_of(self, aws: Aws, haste: bool = False) -> Planning:
        order = self._order
        many = self._is_for_many
        planner = Planner(aws, order.cluster, order.goal, clock=self._clock, many=many, haste=haste, void=self._void)
        return BoundPlanner(aws, self._clock, planner, order.plans, order.plan_max_age) if order.plans else planner

    @property
    def _is_for_many(self) -> bool:
        """Services need not wait for each other. Those of a date, or of a version that one of them ran, do."""
        order = self._order
        selection = order.goal.selection
        together = selection.as_of is not None or selection.from_revision is not None
        return len(order.services) > FEW_SERVICES and not order.check_mode and not together

    def _move_many(self) -> None:
        services = self._order.services
        # In this thread: a client that cannot be made ends the module.
        self._aws.client("ecs")
        if len(services) > account_quotas.WORTH_IT:
            account_quotas.learn_meanwhile(self._aws)
        with fleet.Fleet(self._mover, services, self._in_haste) as all_:
            if self._order.wait:
                with ThreadPoolExecutor(1, "finish") as finisher:
                    self._mover.watch([], self._mover.sweeper(), all_.more, lambda runs: self._ended(runs, finisher))
            else:
                while all_.more() is not None:
                    pass
        place = {keys.last(name): number for number, name in reversed(list(enumerate(services)))}
        self._mover.runs.sort(key=lambda run: place[keys.last(run.name)])

    def _ended(self, runs: t.Sequence[RollbackRun], finisher: ThreadPoolExecutor) -> None:
        """Say how these ended, and finish them while others are watched: one at a time, so that records come first."""
        for run in runs:
            run.timings["ended"] = self._mover.elapsed()
            self._said[run.name] = run.outcome
            if not (self._order.terse and run.ok):
                progress.say(f"[{run.label}] {rollback_run.final_line(run)}")
        done = [run for run in runs if run.outcome == "rolled_back"]
        if done and self._order.goal.tasks is None:
            self._finishing.append(finisher.submit(self._finish_done, done))

    def _in_haste(self) -> fleet.MakePlans:
        return self._planner_of(self._aws.hurried, haste=True).make_plans

    @property
    def runs(self) -> list[RollbackRun]:
        """The services of the call."""
        return self._mover.runs

    def run(self) -> list[RollbackRun]:
        """Do all of it. Errors of AWS end up in the services' outcomes; raises :class:`.patience.Orphaned`."""
        with progress.idle():
            if self._is_for_many:
                self._move_many()
            else:
                self._mover.plan()
                self._show()
                self._mover.begin()
            self._mover.make_room()
            self._watch()
            self._finish()
            for run in self.runs:
                line = self._last_line(run)
                if line:
                    progress.say(f"[{run.label}] {line}")
                mover.forget_what_ended(run)
        return self.runs

    def _last_line(self, run: RollbackRun) -> str:
        """What is said about a service at the end; empty if it, or its look, has said it already."""
        fine = run.outcome in ("planned", "unchanged")
        if fine and run.plan is not None and self._order.check_mode and not self._planner.binds:
            return rollback_run.plan_line(run.plan)
        said = self._said.get(run.name) == run.outcome or (self._order.terse and run.ok)
        if run.outcome == "planned" or (fine and len(self.runs) > 1) or said:
            return ""
        return rollback_run.final_line(run)

    def leave(self, why: str) -> list[RollbackRun]:
        """None of the services is attempted."""
        for name in self._order.services:
            run = self._mover.run_of(name)
            run.end("not_attempted", why)
            self._mover.runs.append(run)
        return self.runs

    def look_again(self) -> None:
        """See whether those that are back have stayed there, with all their tasks."""
        there = [run for run in self.runs if run.outcome == "rolled_back" and run.name in self._verified]
        seen = self._mover.last_look(self._verified, there)
        for run in there:
            now = seen.get(run.name)
            # What auto scaling has asked for meanwhile need not be there yet.
            wanted = min(now.desired, self._verified[run.name].desired) if now is not None else 0
            if run.outcome == "rolled_back" and now is not None and now.running < wanted:
                run.service = now
                what = f"it was rolled back, and did not stay well: {now.running} of {wanted} tasks run"
                run.end("failed", what)
                progress.say(f"[{run.label}] {rollback_run.final_line(run)}")

    def plan_of(self, run: RollbackRun) -> Shown | None:
        """The plan that was carried out, or the one that this look shows; None if a run of its own has none."""
        plans = self._order.plans
        carried_out = plans.get(shown.name_of(run.name)) if plans else None
        return carried_out or self._shown.get(run.name)

    def _show(self) -> None:
        """Keep the plans before anything changes them."""
        order = self._order
        for run in self.runs if order.check_mode else ():
            place = Place(run.place.region, keys.last(order.cluster), self._clock.now(), run.reason)
            pins = self._mover.controllers.of(run.plan.service).pins(run.plan) if run.plan is not None else {}
            self._shown[run.name] = shown.of(run.name, run.plan, order.goal, pins, place)

    @property
    def as_of(self) -> str | None:
        """The time that ``as_of`` stands for, None if none was given."""
        goal = self._planner.goal
        return as_of.shown(goal.selection.as_of) if isinstance(goal, GoBack) else None

    @property
    def too_many_failed(self) -> bool:
        """More services went wrong than the caller allows."""
        # Those of a large call that are still to be planned count, too.
        services = max(len(self.runs), len(self._order.services))
        return rollback_run.too_many_failed(self.runs, services, self._order.max_fail_percentage)

    # -- what a rollback does around the move

    def new_run(self, name: str, place: keys.Place) -> RollbackRun:
        return RollbackRun(name, self._order.cluster, place=place, is_a_later_step=self._planner.binds)

    def why_held_back(self) -> str:
        if not self.too_many_failed:
            return ""
        return rollback_run.held_back("it", self.runs, self._order.max_fail_percentage)

    def asking(self, run: RollbackRun) -> str:
        return f"{run.route} by {run.plan.method if run.plan is not None else 'none'}"

    def accepted_line(self, run: RollbackRun) -> str:
        return rollback_run.accepted_line(run, run.going.id)

    def overtaken(self, before: Plan, now: Plan) -> str:
        return (
            f"somebody deployed {names.short(now.current)}{_under_way(now)} while this rollback from "
            f"{names.short(before.current)} was being prepared. {advice.LOOK}"
        )

    def before_the_write(self, run: RollbackRun, planned: Plan) -> None:
        controller = self._mover.controllers.of(planned.service)
        minutes = controller.lingers(planned)
        order = self._order
        if minutes and order.wait and order.wait_until == "stable" and minutes * 60 >= order.wait_timeout:
            what = f"CodeDeploy keeps the original task set for {minutes} minutes after the traffic has shifted, and "
            what += f"wait_timeout is {order.wait_timeout:g} s. wait_until: serving does not wait for that"
            run.findings.append(Finding("termination_wait", "warn", what))
        if self._is_for_many and not self._order.terse:
            # No step before has shown it.
            progress.say(f"[{run.label}] {rollback_run.plan_line(planned)}")
        self._recorder.before_the_write(run, planned, controller.announces(planned))

    def is_left_to_another(self, run: RollbackRun, now: Service) -> bool:
        return self._recorder.is_left_to_another(run, now)

    def came_to_nothing(self, run: RollbackRun, now: Service | str = "") -> None:
        if self._recorder.waited_for_another(run):
            return
        primary = now.primary if isinstance(now, Service) else None
        goes_there = primary is not None and names.same(primary.task_definition, run.target)
        if primary is not None and goes_there and primary.rollout_state == "IN_PROGRESS":
            # Another run was faster. Our record has taken the place of that run's, and announces the same.
            return
        # Else the plan that comes next would read it as a move of ours that has begun.
        self._recorder.not_written(run)

    def _watch(self) -> None:
        if self._order.wait:
            self._mover.watch(self._mover.open, self._mover.sweeper())
            return
        started = self._mover.open
        self._mover.leave()
        for run in started:
            run.findings += rollback_run.unfinished(run, self._order.goal.tasks)

    # -- finish

    def _finish(self) -> None:
        for finished in self._finishing:
            # Raises what the thread has raised.
            finished.result()
        done = [run for run in self.runs if run.outcome == "rolled_back" and run.name not in self._verified]
        for run in self.runs:
            if run.name not in self._verified and run not in done:
                self._restore(run)
        self._finish_done(done)
        for run in self.runs:
            run.timings.setdefault("ended", self._mover.elapsed())
        verified = [
            run for run in self.runs if run.name in self._verified and run.outcome in ("rolled_back", "unchanged")
        ]
        self._mover.last_look(self._verified, verified)
        if not self._order.check_mode:
            self._clear_records()

    def _finish_done(self, done: t.Sequence[RollbackRun]) -> None:
        """What comes after these moves."""
        self._verified.update({run.name: run.service for run in done if run.service is not None})
        for run in done:
            self._restore(run)
        done = self._scale(done)
        self._read_what_runs(done)
        self._recorder.read_marks(done)
        for run in done:
            run.timings.setdefault("ended", self._mover.elapsed())
            self._complete(run)
        self._recorder.all_done(done)
        for run in done:
            still_open = run.plan.choice.still_open if run.plan is not None else ()
            if still_open and not run.changed and run.plan is not None:
                run.end("unchanged", run.plan.choice.why)

    def _complete(self, run: RollbackRun) -> None:
        """What comes after the move, or what an earlier run could not do of it."""
        still_open = run.plan.choice.still_open if run.plan is not None else ()
        if not still_open or MARK in still_open:
            self._recorder.verified(run)
        if self._order.goal.deregister and (not still_open or DEREGISTER in still_open):
            self._deregister(run)

    def _clear_records(self) -> None:
        for run in self.runs:
            if run.outcome in ("refused", "unchanged", "not_attempted"):
                self._recorder.not_written(run)
            # Carrying out a plan reads no marks, and so cannot tell a copy of the target from another version.
            if run.outcome == "unchanged" and not self._planner.binds:
                self._recorder.clear(run)

    def _restore(self, run: RollbackRun) -> None:
        """Put back what was changed for one deployment only, also if an earlier run was killed before it could."""
        if run.service is None or self._order.check_mode:
            return
        state: deployments.Standing = "ended"
        if run.outcome == "lost_contact":
            state = "lost"
        elif run.outcome in STILL_RUNNING:
            state = "going"
        elif run.outcome in _NOT_OURS:
            state = "not_ours"
        planned = run.plan if run.outcome != "not_attempted" else None
        restored = self._mover.controllers.of(run.service).restore(run.service, planned, state)
        run.findings += restored.findings
        run.changed = run.changed or restored.changed

    def _read_what_runs(self, runs: t.Sequence[RollbackRun]) -> None:
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
            run.revision_after = rollback_run.revision_on_target(run, revisions)
            if rollback_run.images_are_known(run):
                # What could not be known before is known now, one way or the other.
                run.findings = [f for f in run.findings if (f.check, f.severity) != ("image_identity", "unknown")]
            apart = rollback_run.images_apart(run)
            run.findings += rollback_run.compare_images(run, [(one, self._compare(one)) for one in apart])

    def _compare(self, apart: rollback_run.Apart) -> images.Resolution:
        return registry.compare(self._aws.beside, images.parse(apart.image), apart.then, apart.now)

    def _scale(self, done: t.Sequence[RollbackRun]) -> list[RollbackRun]:
        """Set the task count that ECS's own rollback does not take, and wait for it. Those that are whole then."""
        scaled = [run for run in done if self._apply_tasks(run)]
        for run in scaled:
            run.outcome = None
            progress.say(f"[{run.label}] the task count is set to {self._order.goal.tasks}")
        if scaled:
            self._mover.watch(scaled, self._mover.sweeper())
        return [run for run in done if run.outcome == "rolled_back"]

    def _apply_tasks(self, run: RollbackRun) -> bool:
        tasks = self._order.goal.tasks
        if tasks is None or run.service is None or run.service.desired == tasks:
            return False
        try:
            run.service = api.update_service(self._aws, run.service.cluster_arn, run.name, desiredCount=tasks)
            run.changed = True
        except (AwsCallError, IncompleteAnswerError) as exc:
            run.findings.append(
                Finding("tasks", "warn", f"the task count is still {run.service.desired}, not {tasks}. {exc.explain()}")
            )
            return False
        return True

    def _deregister(self, run: RollbackRun) -> None:
        left = run.plan.left if run.plan and run.plan.direction == "back" else None
        if left is None or names.same(left, run.target):
            return
        gone, finding = self._deregistrar.deregister(left)
        run.findings.append(finding)
        progress.say(f"[{run.label}] {finding.message}")
        if gone:
            run.deregistered, run.changed = left, True
        else:
            self._recorder.not_deregistered(run)


def _under_way(planned: Plan) -> str:
    """The deployment that got in between, if it is CodeDeploy's: people look for its id there."""
    running = planned.running
    return f" (deployment {running.id})" if running is not None and running.by != "ECS" else ""
