# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Deploying a revision and going back on the events asked for: plan → act → watch → follow or roll back.

What ECS or CodeDeploy can do by itself, we ask it to do along with the deployment. This run does the rest.
"""

from __future__ import annotations

import json
import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._aws import cloudwatch
from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError, IncompleteAnswerError
from ansible_collections.lastgood.aws.plugins.module_utils._core import advice, keys, progress
from ansible_collections.lastgood.aws.plugins.module_utils._core.clock import Clock
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import api, marks, names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import deploys
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.base import Controller
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.deployments import Accepted
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import GoTo, Plan
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Finding
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move import mover
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move.planner import Planner
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move.run import STILL_RUNNING
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move.watch import Sweeper
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps import changes, recorder
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps.aftermath import Aftermath
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps.deploy_run import DeployRun

# A stop can come too late; then the deployment has to be watched again. More often than this would be a loop.
_WATCHES: t.Final = 3


# What a call asks for. ``wait_timeout`` holds for the deployment and for going back each.
Order = mover.Order[GoTo]


class Deploy(mover.Step[DeployRun]):
    """One call of the module."""

    def __init__(self, aws: Aws, order: Order, clock: Clock) -> None:
        self._aws = aws
        self._order = order
        self._clock = clock
        self._mover = mover.Mover(aws, clock, order, Planner(aws, order.cluster, order.goal), self)

    @property
    def runs(self) -> list[DeployRun]:
        """The services of the call."""
        return self._mover.runs

    def run(self) -> list[DeployRun]:
        """Do all of it. Errors of AWS end up in the services' outcomes; raises :class:`.patience.Orphaned`."""
        with progress.idle():
            self._mover.plan()
            self._mover.begin()
            self._mover.make_room()
            self._watch()
            self._take_marks_back()
            for run in self.runs:
                self._note_protection(run)
                run.timings["ended"] = self._mover.elapsed()
                progress.say(f"[{run.label}] {run.line}")
                if run.outcome not in STILL_RUNNING:
                    progress.note(run.label)
        return self.runs

    def _note_protection(self, run: DeployRun) -> None:
        """For the result."""
        if run.plan is not None:
            run.protection = self._mover.controllers.of(run.plan.service).protection(run.plan)

    # -- what a deployment does around the move

    def new_run(self, name: str, place: keys.Place) -> DeployRun:
        return DeployRun(name, self._order.cluster, place=place)

    def why_held_back(self) -> str:
        bad = next((run for run in self.runs if run.outcome == "refused"), None)
        return f"{bad.name} was refused" if bad is not None else ""

    def asking(self, run: DeployRun) -> str:
        return _route(run)

    def accepted_line(self, run: DeployRun) -> str:
        if run.plan is None or run.accepted is None:
            return _route(run)
        told_ = told(self._mover.controllers.of(run.plan.service), run.accepted)
        return f"{_route(run)}: {told_}"

    def overtaken(self, before: Plan, now: Plan) -> str:
        what = f"It is on {names.short(now.current)} now, not on {names.short(before.current)}"
        return f"somebody deployed while this deployment was being prepared. {what}. {advice.LOOK_FIRST}"

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
            "before": (changes.readable(old, old) if found else "(it cannot be read)\n") + _shown(run.protection, 0),
            "after": changes.readable(planned.target.content, old) + _shown(run.protection, 1),
        }

    # -- watch

    def _watch(self) -> None:
        going = self._mover.open
        if not self._order.wait:
            self._mover.leave()
            return
        aftermath = Aftermath(self._aws, self._order, self._clock, self._sweeper)
        for _watch in range(_WATCHES):
            if going:
                self._mover.watch(going, self._sweeper(self._stops()))
            going = aftermath.follow([run for run in going if run.outcome in ("failed", "timeout")])
        for run in going:
            run.end("failed", "its end was one that could not be stopped, again and again")

    def _take_marks_back(self) -> None:
        """A version that a rollback marked bad, and that has now been deployed successfully, is not bad after all."""
        for run in self.runs:
            planned = run.plan
            if run.outcome != "deployed" or planned is None or planned.target is None:
                continue
            if marks.BAD in planned.target.tags:
                found = recorder.take_back(self._aws, planned.service, run.target)
                run.findings += found
                run.changed = run.changed or any(f.check == recorder.UNMARKED for f in found)

    def _stops(self) -> AlarmWatch | None:
        asked = "DEPLOYMENT_STOP_ON_ALARM" in self._order.goal.asked
        return AlarmWatch(self._aws, self._clock, self._order.goal.alarms) if asked else None

    def _sweeper(self, stops: t.Callable[[DeployRun], str] | None = None) -> Sweeper[t.Any]:
        return self._mover.sweeper(stops, last_word="DEPLOYMENT_FAILURE" not in self._order.goal.asked)


def _route(run: DeployRun) -> str:
    on = deploys.current(run.plan.service) if run.plan is not None else ""
    return f"{names.short(on)} → {names.short(run.target)}"


def _shown(protection: tuple[t.Mapping[str, t.Any], t.Mapping[str, t.Any]] | None, which: int) -> str:
    if protection is None:
        return ""
    return json.dumps({"deploymentConfiguration": protection[which]}, indent=2, sort_keys=True) + "\n"


def told(controller: Controller, accepted: Accepted) -> str:
    """How it began, for people."""
    what, going = controller.thing, accepted.going
    if going.makes_room:
        how = "was stopped" if accepted.wrote else "rolls back"
        return f"deployment {going.back_of} is in the way and {how}; waiting for its end"
    if not accepted.wrote:
        return f"following what is being deployed already, {what} {going.deployment_id}"
    if going.is_bare and not going.created:
        return f"taking {what} {going.deployment_id}, which stands already"
    return f"{controller.operation} accepted, {what} {going.deployment_id}"


# Less than the time between two looks at the services, so that each of these has a reading of its own.
_LOOK_EVERY: t.Final = 0.4
# And if they could not be read: each look may take seconds, in which nobody watches the deployment.
_AFTER_A_FAILURE: t.Final = 30.0


class AlarmWatch:
    """Says why a deployment is to be stopped: one of the alarms rings. One reading serves all services of the call."""

    def __init__(self, aws: Aws, clock: Clock, alarms: t.Sequence[str]) -> None:
        self._aws = aws
        self._clock = clock
        self._alarms = alarms
        self._look_at = float("-inf")
        self._ringing: tuple[str, ...] = ()
        self._problem = ""

    def __call__(self, run: DeployRun) -> str:
        """A :class:`.watch.Sweeper` asks this at each look."""
        if not run.going.is_bare:
            return ""
        if self._clock.monotonic() >= self._look_at:
            self._read()
        if self._problem and not any(f.check == "alarms" for f in run.findings):
            run.findings.append(Finding("alarms", "unknown", f"the alarms could not be watched. {self._problem}"))
        if not self._ringing:
            return ""
        run.event = "DEPLOYMENT_STOP_ON_ALARM"
        return f"{', '.join(self._ringing)} went into ALARM"

    def _read(self) -> None:
        try:
            states = cloudwatch.alarm_states(self._aws.watching, self._alarms)
        except (AwsCallError, IncompleteAnswerError) as exc:
            self._problem = exc.explain()
            self._look_at = self._clock.monotonic() + _AFTER_A_FAILURE
            return
        self._look_at = self._clock.monotonic() + _LOOK_EVERY
        self._ringing = cloudwatch.judge(self._alarms, states).ringing
