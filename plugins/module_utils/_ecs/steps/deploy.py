# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Deploying a revision and going back on the events asked for: plan → act → watch → follow or roll back.

What ECS or CodeDeploy can do by itself it is told to do, with the deployment. What they do not see, this run does.
"""

from __future__ import annotations

import json
import typing as t
import uuid

from ansible_collections.lastgood.aws.plugins.module_utils._aws import cloudwatch
from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError, IncompleteAnswerError
from ansible_collections.lastgood.aws.plugins.module_utils._aws.writes import AnswerLost, PlanIsStale
from ansible_collections.lastgood.aws.plugins.module_utils._core import progress
from ansible_collections.lastgood.aws.plugins.module_utils._core.clock import Clock
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import api, marks, names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import base, deploys, plans
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.deployments import Accepted
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.deploys import Plan
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.of import Controllers
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Finding, Service
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move import act, again
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move.watch import Sweeper
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.choices import Choice
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps import changes, recorder
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps.aftermath import Aftermath
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps.deploy_planner import Planning
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps.deploy_run import DeployRun, Order

# A stop can come too late, so that what was to be rolled back has to be watched again. More often than this is a loop.
_WATCHES: t.Final = 3
# Outcomes after which a deployment of ours goes on.
_STILL_RUNNING: t.Final = frozenset({"started", "timeout", "lost_contact"})


class Deploy:
    """One call of the module."""

    def __init__(self, aws: Aws, order: Order, clock: Clock) -> None:
        self._aws = aws
        self._order = order
        self._clock = clock
        self._began = clock.monotonic()
        self._controllers = Controllers(aws, clock)
        self.runs: list[DeployRun] = []

    def run(self) -> list[DeployRun]:
        """Do all of it. Errors of AWS end up in the services' outcomes; raises :class:`._patience.Orphaned`."""
        with progress.idle():
            self._run()
        return self.runs

    def _run(self) -> None:
        self.runs = Planning(self._aws, self._order).make(self._order.services)
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
            self._make_room()
            self._watch()
            self._take_marks_back()
        for run in self.runs:
            run.timings["ended"] = self._elapsed()
            progress.say(f"[{run.label}] {run.line}")
            if run.outcome not in _STILL_RUNNING:
                progress.note(run.label)

    def _elapsed(self) -> float:
        return self._clock.monotonic() - self._began

    def _open(self) -> list[DeployRun]:
        return [run for run in self.runs if run.outcome is None]

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
        current = deploys.current(planned.service)
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
        controller = self._controllers.of(planned.service)
        core = as_act_takes_it(controller, planned)
        changed = "somebody deployed while this deployment was being prepared. Look at it, then run the command again"
        route = f"{names.short(deploys.current(planned.service))} → {names.short(run.target)}"
        if not planned.adopt:
            progress.asking(run.label, route)
        try:
            if not isinstance(now, Service) or not act.still_as_planned(core, now):
                raise PlanIsStale
            run.accepted = controller.begin(core, None, self._order.reason)
        except PlanIsStale as exc:
            self._refuse(run, str(exc) if run.made_way and str(exc) else changed)
            return
        except AnswerLost as exc:
            run.outcome, run.reason, run.changed = "lost_contact", str(exc), True
            return
        except (AwsCallError, IncompleteAnswerError) as exc:
            if exc.no_answer:
                what = "whether AWS applied it is not known. Run the same command again: it goes on from what it finds"
                run.outcome, run.reason, run.changed = "lost_contact", f"{exc.explain().rstrip('.')}: {what}", True
            else:
                self._refuse(run, exc.explain())
            return
        self._note(run, planned, run.accepted)
        progress.accepted(run.label, f"{route}: {told(controller, planned, run.accepted)}")

    def _note(self, run: DeployRun, planned: Plan, accepted: Accepted) -> None:
        """AWS has accepted it."""
        run.service, run.changed = accepted.service, run.changed or accepted.wrote
        if accepted.makes_room:
            run.first_plan = run.first_plan or planned
            run.made_way = accepted.service_deployment if accepted.wrote else run.made_way
        run.findings += accepted.findings
        run.timings["accepted"] = self._elapsed()

    def _refuse(self, run: DeployRun, why: str) -> None:
        """It cannot be done. What was stopped for it stays stopped, and the result says so."""
        if run.made_way:
            run.outcome, run.reason = "failed", f"deployment {run.made_way} was stopped to make way, and then: {why}"
        else:
            run.outcome, run.reason = "refused", why

    def _make_room(self) -> None:
        """See deployments off that are in the way of ours, even if the end of ours is not waited for."""
        for _attempt in range(_WATCHES):
            waiting = [run for run in self.runs if run.makes_room]
            for run in self._sweeper().watch(waiting) if waiting else []:
                self._go_on(run)
        for run in self.runs:
            if run.makes_room:
                self._refuse(run, "the deployment that is in the way kept coming back")

    def _go_on(self, run: DeployRun) -> None:
        """What was in the way has ended: as it was planned, unless somebody came in between."""
        first, said = run.first_plan, run.findings
        [anew] = Planning(self._aws, self._order).make([run.name])
        run.accepted, run.plan, run.service = None, anew.plan, anew.service or run.service
        run.findings = [*said, *(f for f in anew.findings if f not in said)]
        problem = ""
        if first is not None and anew.plan is not None:
            controller = self._controllers.of(first.service)
            problem = again.in_between(as_act_takes_it(controller, first), as_act_takes_it(controller, anew.plan))
        if anew.outcome == "refused":
            self._refuse(run, anew.reason)
        elif anew.outcome is not None:
            run.outcome, run.reason = anew.outcome, anew.reason
        elif problem:
            self._refuse(run, problem)
        else:
            self._act_on([run])

    # -- watch

    def _watch(self) -> None:
        going = self._open()
        if not self._order.wait:
            for run in going:
                run.outcome, run.reason = "started", "AWS accepted it; we did not wait for its end"
            return
        aftermath = Aftermath(self._aws, self._order, self._clock, self._sweeper)
        for _watch in range(_WATCHES):
            if going:
                self._sweeper(self._stops()).watch(going)
            going = aftermath.follow([run for run in going if run.outcome in ("failed", "timeout")])
        for run in going:
            run.outcome, run.reason = "failed", "its end was one that could not be stopped, again and again"

    def _take_marks_back(self) -> None:
        """What was left by a rollback as bad, and was deployed again in spite of that, is not bad after all."""
        for run in self.runs:
            planned = run.plan
            if run.outcome != "deployed" or planned is None or planned.target is None:
                continue
            if marks.BAD in planned.target.tags:
                found = recorder.take_back(self._aws, planned.service, run.target)
                run.findings += found
                run.changed = run.changed or any(f.check == recorder.UNMARKED for f in found)

    def _stops(self) -> AlarmWatch | None:
        asked = "DEPLOYMENT_STOP_ON_ALARM" in self._order.wish.asked
        return AlarmWatch(self._aws, self._clock, self._order.wish.alarms) if asked else None

    def _sweeper(self, stops: t.Callable[[DeployRun], str] | None = None) -> Sweeper[t.Any]:
        order = self._order
        last_word = "DEPLOYMENT_FAILURE" not in order.wish.asked
        return Sweeper(
            self._aws,
            self._clock,
            order.wait_until,
            order.wait_timeout,
            order.contact_timeout,
            self._began,
            stops,
            last_word=last_word,
        )


def _shown(protection: t.Any) -> str:
    if protection is None:
        return ""
    return json.dumps({"deploymentConfiguration": protection.as_dict()}, indent=2, sort_keys=True) + "\n"


def told(controller: base.Controller, planned: Plan, accepted: Accepted) -> str:
    """How it began, for people."""
    what = controller.thing
    if accepted.makes_room:
        how = "was stopped" if accepted.wrote else "rolls back"
        return f"deployment {accepted.service_deployment} is in the way and {how}; waiting for its end"
    if not accepted.wrote:
        return f"following what is being deployed already, {what} {accepted.deployment_id}"
    if planned.task_set is not None:
        return f"taking {what} {accepted.deployment_id}, which stands already"
    return f"{controller.operation} accepted, {what} {accepted.deployment_id}"


def as_act_takes_it(controller: base.Controller, planned: Plan) -> plans.Plan:
    """The part of a plan that the one write needs."""
    return plans.Plan(
        service=planned.service,
        verb="act",
        method="adopt" if planned.adopt else controller.method,
        current=deploys.current(planned.service),
        reason=planned.reason,
        choice=Choice(
            source="revision",
            target=planned.target.arn if planned.target else None,
            left=planned.service.primary.task_definition if planned.service.primary else None,
        ),
        target=planned.target,
        findings=(),
        candidates=(),
        running=planned.running,
        now=None,
        good=None,
        force_new_deployment=planned.force_new_deployment,
        known_records=planned.known_records,
        task_set=planned.task_set,
        request=planned.request,
        what="deploy",
        configuration=planned.configuration,
        follows=planned.followed,
        attempt=uuid.uuid4().hex,
    )


# Less than the time between two looks at the services, so that each of these has a reading of its own.
_LOOK_EVERY: t.Final = 1.0


class AlarmWatch:
    """Says why a deployment is to be stopped: one of the alarms rings. One reading serves all services of the call."""

    def __init__(self, aws: Aws, clock: Clock, alarms: t.Sequence[str]) -> None:
        self._aws = aws
        self._clock = clock
        self._alarms = alarms
        self._read_at = float("-inf")
        self._ringing: tuple[str, ...] = ()
        self._problem = ""

    def __call__(self, run: DeployRun) -> str:
        """What a :class:`.sweep.Sweeper` asks at each look."""
        if not run.going.is_bare:
            return ""
        if self._clock.monotonic() - self._read_at >= _LOOK_EVERY:
            self._read()
        if self._problem and not any(f.check == "alarms" for f in run.findings):
            run.findings.append(Finding("alarms", "unknown", f"the alarms could not be watched. {self._problem}"))
        if not self._ringing:
            return ""
        run.event = "DEPLOYMENT_STOP_ON_ALARM"
        return f"{', '.join(self._ringing)} went into ALARM"

    def _read(self) -> None:
        self._read_at = self._clock.monotonic()
        try:
            states = cloudwatch.alarm_states(self._aws, self._alarms)
        except (AwsCallError, IncompleteAnswerError) as exc:
            self._problem = exc.explain()
            return
        self._ringing = cloudwatch.judge(self._alarms, states).ringing
