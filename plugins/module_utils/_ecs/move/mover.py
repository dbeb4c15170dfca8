# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""From plans to writes: the last look, the write, and what comes of it. The same for rollbacks and deployments.

A plan that has gone stale is made again, and carried out if nobody has to decide about the new one. If a deployment is
in the way of ours, it ends first. What else a step does around the move is its own: see :class:`Step`.
"""

from __future__ import annotations

import abc
import typing as t
from dataclasses import dataclass

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws, batches
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError, IncompleteAnswerError
from ansible_collections.lastgood.aws.plugins.module_utils._aws.writes import AnswerLost, PlanIsStale
from ansible_collections.lastgood.aws.plugins.module_utils._core import keys, progress
from ansible_collections.lastgood.aws.plugins.module_utils._core.clock import Clock
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import api, names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import deployments
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.base import Controller
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.deployments import (
    AlreadyThere,
    NotDeployed,
    Overtaken,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.of import Controllers
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import AnyGoal_co, Goal, Plan, Refusal
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Service
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move import plan
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move.bound_plans import Planning
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move.run import AnyRun, More, no_more
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move.watch import Sweeper, WaitUntil

# A plan goes stale when the service changes under it. If that happens more often than this, somebody deploys in a loop.
PLANS_PER_SERVICE: t.Final = 3
# Seconds.
_FLIPS: t.Final = 1.0


# As ``map``: calls a function for each of some things, and gives what it returns in their order.
Abreast = t.Callable[..., t.Iterable[t.Any]]


@dataclass(frozen=True)
class Order(t.Generic[AnyGoal_co]):
    """What a call asks for. Times are seconds."""

    cluster: str
    services: t.Sequence[str]
    goal: AnyGoal_co
    reason: str | None = None
    wait: bool = True
    wait_until: WaitUntil = "stable"
    wait_timeout: float = 1800.0
    contact_timeout: float = 300.0
    check_mode: bool = False
    full_names: bool = False
    # Say only what is wrong with a service: somebody else says the rest.
    terse: bool = False


class Step(abc.ABC, t.Generic[AnyRun]):
    """What a rollback and a deployment do differently around the move."""

    @abc.abstractmethod
    def new_run(self, name: str, place: keys.Place) -> AnyRun:
        """A run that has no plan yet."""

    @abc.abstractmethod
    def why_held_back(self) -> str:
        """Why no other service may be begun; empty if it may."""

    @abc.abstractmethod
    def asking(self, run: AnyRun) -> str:
        """What is about to be asked of AWS, in words."""

    @abc.abstractmethod
    def accepted_line(self, run: AnyRun) -> str:
        """What AWS has accepted, in words."""

    @abc.abstractmethod
    def overtaken(self, before: Plan, now: Plan) -> str:
        """Why the plan that was made again is not carried out: somebody has deployed something else."""

    def before_the_write(self, run: AnyRun, planned: Plan) -> None:
        """The last look and the write come next, in this order: this may take its time. If nothing is written, what
        runs is followed.
        """

    def is_left_to_another(self, run: AnyRun, now: Service) -> bool:
        """Whether the last look shows that another run is about to do the same. Then another plan is made."""
        return False

    def came_to_nothing(self, run: AnyRun, now: Service | str = "") -> None:
        """The plan has gone stale before its write, and another one is made. ``now`` is what the last look showed."""

    def accepted(self, run: AnyRun) -> None:
        """AWS has accepted it."""


class Mover(t.Generic[AnyRun]):
    """Moves the services of one call. Errors of AWS end up in the runs' outcomes."""

    def __init__(
        self,
        aws: Aws,
        clock: Clock,
        order: Order[Goal],
        planner: Planning,
        step: Step[AnyRun],
        controllers: Controllers | None = None,
    ) -> None:
        self._aws = aws
        self._clock = clock
        self._order = order
        self._planner = planner
        self._step = step
        self._began = clock.monotonic()
        self.controllers = controllers or Controllers(aws, clock)
        self.runs: list[AnyRun] = []
        # How the writes of some services are made: one after the other, unless somebody has threads for them.
        self.abreast: Abreast = map

    def elapsed(self) -> float:
        """Seconds since the call began."""
        return self._clock.monotonic() - self._began

    @property
    def open(self) -> list[AnyRun]:
        """The runs that have not ended."""
        return [run for run in self.runs if run.outcome is None]

    def sweeper(self, stops: t.Callable[[AnyRun], str] | None = None, last_word: bool = True) -> Sweeper[AnyRun]:
        """What watches deployments of this call."""
        order = self._order
        return Sweeper(
            self._aws,
            self._clock,
            order.wait_until,
            order.wait_timeout,
            order.contact_timeout,
            self._began,
            stops,
            last_word,
            self.controllers,
            order.terse,
        )

    # -- plan and begin

    def plan(self) -> None:
        """Make the plans: a run for each service, which may have ended by that."""
        self.runs += [self.run_of(name, planned) for name, planned in self.make_plans(self._order.services).items()]

    def make_plans(self, service_names: t.Sequence[str]) -> dict[str, Plan | Refusal]:
        """A plan or a refusal for each name."""
        return self._planner.make_plans(service_names)

    def run_of(self, name: str, planned: Plan | Refusal | None = None) -> AnyRun:
        """A run of this plan; without one, a run that was not attempted if others hold it back."""
        run = self._step.new_run(name, keys.Place(self._aws.region("ecs"), self._order.full_names))
        if planned is not None:
            run.take_plan(planned)
            run.timings["planned"] = self.elapsed()
        return run

    def begin(self) -> None:
        """Carry the plans out as far as AWS has accepted them; in check mode say what would be done."""
        if not self._order.check_mode:
            self.act_on(self.open)
        elif not self.holds_back(self.open):
            for run in self.open:
                if run.plan is not None:
                    run.changed = run.plan.method != "adopt"
                    run.end("planned", run.plan.reason)

    def holds_back(self, runs: t.Iterable[AnyRun]) -> bool:
        """Whether nothing more may be begun; then these runs end without an attempt."""
        why = self._step.why_held_back()
        for run in runs if why else ():
            if run.outcome is None and run.accepted is None:
                run.end("not_attempted", why)
        return bool(why)

    def act_on(self, runs: t.Sequence[AnyRun], attempt: int = 1, first_alone: bool = True) -> None:
        """Carry out their plans, some at a time: announce them, look, and write.

        The first one goes alone: what AWS refuses of it, it mostly refuses of all, and nothing is announced in vain.
        """
        waiting, size = list(runs), 1 if first_alone else api.SERVICES_PER_CALL
        while waiting and not self.holds_back(waiting):
            batch = self._announced(waiting[:size])
            waiting, size = waiting[len(batch) :], api.SERVICES_PER_CALL
            for run, now in self._written(batch):
                self._plan_again(run, attempt, now)

    def _announced(self, runs: t.Sequence[AnyRun]) -> t.Sequence[AnyRun]:
        """The first of them, as many as were announced within a moment: the writes need not wait for the others."""
        began = self._clock.monotonic()
        for count, run in enumerate(runs):
            if count and self._clock.monotonic() - began > plan.LOOK_HOLDS:
                return runs[:count]
            if run.plan is not None:
                self._step.before_the_write(run, run.plan)
        return runs

    def _written(self, runs: t.Sequence[AnyRun]) -> list[tuple[AnyRun, Service | str]]:
        """Act on them. Returns those whose plans have gone stale, with what was seen of them."""
        looks = plan.LastLooks(self._aws, self._clock, self._order.cluster, [run.name for run in runs])

        def write(number: int, run: AnyRun) -> tuple[AnyRun, Service | str] | None:
            if self.holds_back([run]):
                return None
            try:
                now = looks.at(number)
            except (AwsCallError, IncompleteAnswerError) as exc:
                run.refuse(f"the last look before the write failed. {exc.explain()}")
                return None
            acted = self._act_on_one(run, now)
            forget_what_ended(run)
            return None if acted else (run, now)

        return [stale for stale in self.abreast(write, range(len(runs)), runs) if stale is not None]

    def _act_on_one(self, run: AnyRun, now: Service | str) -> bool:
        """Whether it was acted on; False if the plan has gone stale."""
        planned = run.plan
        if planned is None or not isinstance(now, Service) or not plan.still_as_planned(planned, now):
            return False
        if self._step.is_left_to_another(run, now):
            return False
        controller = self.controllers.of(planned.service)
        if planned.method != "adopt":
            progress.asking(run.label, self._step.asking(run))
        try:
            run.accepted = controller.begin(planned, self._order.goal.tasks, self._order.reason)
        except AlreadyThere as exc:
            return self._already_there(run, planned, now, exc.copy, controller)
        except (AwsCallError, IncompleteAnswerError) as exc:
            return self._ended(run, exc, controller.advice(planned, exc))
        except (PlanIsStale, NotDeployed, AnswerLost) as exc:
            return self._ended(run, exc)
        self._took(run, planned)
        return True

    def _already_there(self, run: AnyRun, planned: Plan, now: Service, copy: str, controller: Controller) -> bool:
        """The copy that would have been deployed is PRIMARY already."""
        primary = now.primary
        if primary is None or primary.rollout_state != "IN_PROGRESS":
            run.end("unchanged", f"it is on {names.short(copy)} already, a copy of {names.short(run.target)}")
            return True
        run.accepted = controller.adopt(planned, copy)
        self._took(run, planned)
        return True

    def _ended(self, run: AnyRun, error: Exception, advice: str = "") -> bool:
        end = plan.end_of(error, advice)
        if end is None:
            run.stale = str(error)
            if isinstance(error, Overtaken):
                run.kept.append(error.note)
                run.changed = True
            return False
        run.changed = run.changed or end.changed
        run.findings += [end.finding] if end.finding is not None else []
        if end.outcome == "refused":
            run.refuse(end.reason)
        else:
            run.end(end.outcome, end.reason)
        return True

    def _took(self, run: AnyRun, planned: Plan) -> None:
        """AWS has accepted it."""
        accepted = run.accepted
        if accepted is None:
            return
        run.service = accepted.service
        run.changed = run.changed or accepted.wrote
        if accepted.going.makes_room:
            run.first_plan = run.first_plan or planned
            run.made_way = accepted.going.back_of if accepted.wrote else run.made_way
        run.findings += accepted.findings
        run.timings["accepted"] = self.elapsed()
        progress.accepted(run.label, self._step.accepted_line(run), self._order.terse)
        self._step.accepted(run)

    # -- plan again

    def _plan_again(self, run: AnyRun, attempt: int, now: Service | str = "") -> None:
        """The service changed under the plan: go on only if nobody has to decide about the new plan."""
        if attempt > 1:
            # AWS's answers flip between new and old for a moment after a change.
            self._clock.sleep(_FLIPS)
        if run.first_plan is not None:
            self._go_on(run, run.first_plan, attempt)
            return
        before = run.plan
        self._step.came_to_nothing(run, now)
        run.take_plan(next(iter(self._planner.make_plans([run.name]).values())))
        if run.outcome is not None or run.plan is None or before is None:
            return
        decided = self._planner.binds or run.plan.method == "adopt" or plan.is_as_before(before, run.plan)
        if not decided:
            run.refuse(self._step.overtaken(before, run.plan))
        elif attempt < PLANS_PER_SERVICE:
            self.act_on([run], attempt + 1)
        else:
            run.refuse(f"the service changed under the plan {attempt} times{_because(run.stale)}")

    def _go_on(self, run: AnyRun, first: Plan, attempt: int = 1) -> None:
        """What was in the way has ended: to the target that was chosen, unless somebody came in between."""
        said = run.findings
        run.take_plan(self._planner.go_on(first))
        run.findings = [*said, *(f for f in run.findings if f not in said)]
        run.accepted = None
        if run.outcome is not None or run.plan is None:
            return
        problem = plan.in_between(first, run.plan)
        if problem:
            run.refuse(problem)
        elif attempt < PLANS_PER_SERVICE:
            self.act_on([run], attempt + 1)
        else:
            run.refuse(f"the deployment group was busy {attempt} times{_because(run.stale)}")

    # -- watch

    def last_look(self, verified: t.Mapping[str, Service], runs: t.Sequence[AnyRun]) -> dict[str, Service]:
        """Look once more when everything else is done: somebody may have deployed since these runs were ``verified``.

        If AWS does not answer, what was verified stands. Returns, by name, the services that were seen.
        """
        seen: dict[str, Service] = {}
        for batch in batches(runs, api.SERVICES_PER_CALL):
            try:
                found = api.describe_services(self._aws.brisk, self._order.cluster, [run.name for run in batch])
            except (AwsCallError, IncompleteAnswerError):
                continue
            seen.update({name: now for name, now in found.items() if isinstance(now, Service)})
            for run in batch:
                now = found[run.name]
                over = plan.deployed_since(verified[run.name], now, run.going) if isinstance(now, Service) else None
                if over is not None and isinstance(now, Service):
                    run.service = now
                    what = f"our deployment of {names.short(run.target)} was complete, and then"
                    run.end("superseded", f"{what} {deployments.replaced_by(over)}")
        return seen

    def make_room(self) -> None:
        """Wait for deployments in the way of ours to go, even if we do not wait for the end of ours."""
        for _attempt in range(PLANS_PER_SERVICE):
            waiting = [run for run in self.runs if run.makes_room]
            for run in self.sweeper().watch(waiting) if waiting else []:
                if run.first_plan is not None:
                    self._go_on(run, run.first_plan)
        for run in self.runs:
            if run.makes_room:
                run.end("failed", "the deployment that is in the way kept coming back")

    def leave(self) -> None:
        """Nobody waits for the end of what goes on."""
        for run in self.open:
            run.end("started", "AWS accepted it; we did not wait for its end")

    def watch(
        self,
        runs: t.Sequence[AnyRun],
        sweeper: Sweeper[AnyRun],
        more: More[AnyRun] = no_more,
        ended: t.Callable[[t.Sequence[AnyRun]], None] = lambda runs: None,
    ) -> None:
        """See each of them to its end. What ended before it could be stopped is planned again.

        ``more`` gives those that come meanwhile, and None when no more will come. ``ended`` gets those that have ended.
        """
        going = list(runs)
        for attempt in range(PLANS_PER_SERVICE):
            late = sweeper.watch(going, no_more if attempt else more, ended)
            for run in late:
                run.accepted = None
                self._plan_again(run, attempt=1)
            going = [run for run in late if run.outcome is None]
        for run in going:
            run.end("failed", "deployments of this service kept ending before they could be stopped")


def _because(stale: str) -> str:
    return f" ({stale})" if stale else ""


def forget_what_ended(run: AnyRun) -> None:
    """There is no more to say of it if the play is interrupted: its plan came to nothing, or it has ended."""
    if not run.goes_on:
        progress.note(run.label)
