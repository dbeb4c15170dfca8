# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Taking a deployment group back: plan → act → follow → verify."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from datetime import datetime

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError, IncompleteAnswerError
from ansible_collections.lastgood.aws.plugins.module_utils._aws.writes import AnswerLost, PlanIsStale
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy import api, revisions, targets
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.model import Deployment, Location
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.move import (
    act,
    asg_processes,
    diagnosis,
    later,
    shown,
    still_shown,
    watch,
)
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.move import planner as move_planner
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.move.plan import Plan, Refusal, Wish
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.move.planner import Planner
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.move.run import GroupRun
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.move.shown import Shown
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.move.watch import End, Follower, Look
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.steps import info, wording
from ansible_collections.lastgood.aws.plugins.module_utils._core import advice, bound, keys, progress
from ansible_collections.lastgood.aws.plugins.module_utils._core.clock import Clock
from ansible_collections.lastgood.aws.plugins.module_utils._core.findings import Finding
from ansible_collections.lastgood.aws.plugins.module_utils._core.force import AGAIN

# A plan goes stale if somebody deploys in between. More often than this is somebody's deploy loop.
_PLANS: t.Final = 4
# Seconds before the look that should show what made a plan stale.
_BEFORE_LOOKING: t.Final = 2.0
# Outcomes after which our deployment continues.
_STILL_RUNNING: t.Final = frozenset({"started", "timeout", "lost_contact"})
# In a larger fleet we do not count what each instance is on after a failure.
_MOST_INSTANCES: t.Final = 500


@dataclass(frozen=True)
class Order:
    """What a call asks for. Times are in seconds; ``log_tail`` allows showing the output of failing scripts."""

    application: str
    group: str
    wish: Wish
    reason: str | None = None
    wait: bool = True
    wait_timeout: float = 3600.0
    contact_timeout: float = 300.0
    log_tail: bool = True
    check_mode: bool = False
    full_names: bool = False
    # The plan to carry out; None if this call makes its own. It may be so many seconds old.
    shown: Shown | None = None
    plan_max_age: float = bound.MAX_AGE
    # Files on the instances are kept through the redeploy, by others.
    guard_content: bool = False


class Redeploy:
    """One call of the module."""

    def __init__(self, aws: Aws, order: Order, clock: Clock) -> None:
        self._aws = aws
        self._order = order
        self._clock = clock
        self._began = clock.monotonic()
        place = keys.Place(aws.region("codedeploy"), order.full_names)
        self._run = GroupRun(order.application, order.group, is_a_later_step=order.shown is not None, place=place)
        # The plan that is carried out, or that this look shows; None if a run of its own has none.
        self.shown = order.shown
        # When the plan to carry out was looked at: it does not become too old while we wait.
        self._looked: datetime | None = None
        self._deadline = self._began + order.wait_timeout
        self._follower = Follower(
            aws, clock, self._run.label, self._began, self._deadline, contact_timeout=order.contact_timeout
        )
        # The time that an age such as -2h stands for stays fixed while we wait.
        self._wish = order.wish

    def run(self) -> GroupRun:
        """Do everything. AWS's errors become outcomes. Raises :class:`.Orphaned` if our play is gone."""
        with progress.idle():
            return self._run_to_the_end()

    def _run_to_the_end(self) -> GroupRun:
        run = self._run
        self._wish = self._plan(self._wish)
        run.timings["planned"] = self._elapsed()
        if run.outcome is None:
            if self._order.check_mode:
                self._show()
            else:
                self._carry_out()
                self._tell_of_the_stop()
        self._look_after_auto_scaling()
        run.timings["ended"] = self._elapsed()
        if run.outcome != "planned":
            progress.say(f"[{run.label}] {wording.final_line(run)}")
        if run.outcome not in _STILL_RUNNING:
            progress.note(run.label)
        return run

    def _show(self) -> None:
        """Show the plan, and why the newest deployment ended without success, if it did."""
        run, planned = self._run, self._run.plan
        if planned is None:
            return
        run.changed = planned.method != "adopt" and planned.verb != "wait"
        run.end("planned", planned.reason)
        if planned.newest is not None and info.to_diagnose(planned, ""):
            run.diagnosis = diagnosis.collect(self._aws, planned.newest, self._order.log_tail)
        if not run.is_a_later_step:
            progress.say(f"[{run.label}] {info.line(planned)}")

    def _elapsed(self) -> float:
        return self._clock.monotonic() - self._began

    def _plan(self, wish: Wish) -> Wish:
        """The wish, with its time fixed."""
        planner = self._planner_for(wish)
        planned = planner.make_plan()
        if self._order.shown is not None and isinstance(planned, Plan):
            planned = self._bound(self._order.shown, planned, planner.wish)
        self._run.take_plan(planned)
        self._run.as_of = self._run.as_of or planner.wish.selection.as_of
        if self._order.check_mode and self.shown is None:
            self.shown = shown.of(planned, planner.wish, self._place)
        return planner.wish

    def _bound(self, was: Shown, planned: Plan, wish: Wish) -> Plan | Refusal:
        """The plan that leads where it was shown to lead, or refuses."""
        made: Plan | Refusal = planned
        if AGAIN & wish.selection.force and still_shown.was_done(was, planned):
            made = self._planner_for(wish.unless_there()).make_plan()
        self._looked = self._looked or self._clock.now()
        max_age = self._order.plan_max_age
        return still_shown.judge(was, made, self._looked, max_age) if isinstance(made, Plan) else made

    @property
    def _place(self) -> shown.Place:
        order = self._order
        region = self._run.place.region
        return shown.Place(region, order.application, order.group, self._clock.now(), order.guard_content)

    def _planner_for(self, wish: Wish) -> Planner:
        run = self._run
        gone = run.stopped.id if run.stopped is not None and not run.stopped_with_rollback else ""
        return Planner(self._aws, self._order.application, self._order.group, wish, clock=self._clock, stopped=gone)

    # -- act

    def _carry_out(self) -> None:
        """Work until our deployment has ended, with as many plans as it takes."""
        run = self._run
        stale = ""
        for attempt in range(_PLANS):
            planned = run.plan
            if run.outcome is not None or planned is None:
                return
            stale = self._begin(planned)
            if stale:
                # The first time, the next look probably shows what came in between.
                self._clock.sleep(_BEFORE_LOOKING if attempt else 0.0)
                self._plan_again(planned)
                continue
            if run.outcome is not None or run.accepted is None:
                return
            if not self._order.wait and not run.accepted.watched.makes_room:
                run.end("started", "AWS accepted it; we did not wait for its end")
                return
            end = self._follower.follow(run.accepted.watched)
            if not self._judge(planned, end):
                self._plan_again(planned)
        if run.outcome is None:
            what = f": {stale}" if stale else ""
            run.end("refused", f"deployments of this group kept coming and ending while this was being prepared{what}")

    def _begin(self, planned: Plan) -> str:
        """Carry out the plan. Returns why it has gone stale; empty if it was carried out."""
        run = self._run
        if planned.method != "adopt" and planned.verb != "wait":
            progress.asking(run.label, f"{wording.route(planned)} by {planned.method}")
        try:
            run.accepted = act.begin(self._aws, planned, self._order.reason)
        except PlanIsStale as exc:
            progress.note(run.label)
            progress.say(f"[{run.label}] planning again: {exc}")
            return str(exc)
        except AnswerLost as exc:
            run.changed = True
            run.end("lost_contact", str(exc))
            return ""
        except (AwsCallError, IncompleteAnswerError) as exc:
            run.end("refused", exc.explain() + act.denied_override(planned, exc))
            return ""
        run.changed = run.changed or run.accepted.wrote
        if run.accepted.wrote and (planned.in_the_way is not None or planned.method == "codedeploy_stop"):
            run.stopped = planned.running
            run.stopped_with_rollback = planned.stop_rolls_back or planned.method == "codedeploy_stop"
            run.served = planned.served
        run.findings += run.accepted.findings
        if run.accepted.watched.makes_room:
            # A deployment we only wait for may change what has to be done; one that we stop may not.
            run.first_plan = run.first_plan or (planned if planned.verb == "act" else None)
        else:
            run.timings["accepted"] = self._elapsed()
            self._tell_of_termination_wait(planned)
        progress.accepted(run.label, wording.accepted_line(run))
        return ""

    def _tell_of_termination_wait(self, planned: Plan) -> None:
        minutes = planned.group.termination_wait
        if self._order.wait and minutes * 60 >= self._order.wait_timeout:
            what = f"CodeDeploy keeps the originals for {minutes} minutes after the traffic has shifted, and "
            what += f"wait_timeout is {self._order.wait_timeout:g} s: its end will not be seen"
            self._run.findings.append(Finding("termination_wait", "warn", what))

    def _tell_of_the_stop(self) -> None:
        """A refusal after we have stopped something is a failure: the group is not as it was."""
        run = self._run
        if run.stopped is None or run.outcome != "refused":
            return
        if run.seen is not None:
            self._take_stock(run.seen.deployment)
        text = wording.after_the_stop(run, run.stopped)
        run.stopped_then_refused = True
        run.findings.append(Finding("stopped_then_refused", "block", text))
        run.end("failed", text)

    def _plan_again(self, before: Plan) -> None:
        """Plan again after something has ended or come in between. Go on only if nobody has to decide."""
        run, first = self._run, self._run.first_plan
        if run.outcome is not None:
            return
        # Whoever waits for deployments to end has also decided about the next one.
        waited = before.verb == "wait" and self._order.wish.in_flight == "wait"
        self._plan(move_planner.wish_again(self._wish, first) if first is not None else self._wish)
        if run.outcome is not None or run.plan is None:
            return
        if first is not None:
            run.plan = move_planner.as_chosen(run.plan, first)
        between = move_planner.came_between(first or before, run.plan)
        if between is not None and not waited:
            run.end("refused", move_planner.told_of(between, first or before))

    # -- follow

    def _judge(self, planned: Plan, end: End) -> bool:
        """Judge the end. Returns False if everything has to be planned again."""
        run = self._run
        run.seen = end.seen or run.seen
        if end.look is None:
            self._not_ended(end)
            return True
        if end.look.state == "ended_before":
            return False
        ours = run.ours
        if end.look.state == "succeeded" and ours is not None and planned.target is not None:
            self._verify(ours, planned.target)
        else:
            self._failed(end.look)
        return True

    def _not_ended(self, end: End) -> None:
        run, followed = self._run, self._run.accepted.watched.deployment if self._run.accepted else ""
        if end.contact.since is not None:
            what = f"AWS has accepted deployment {followed}"
            if run.accepted is not None and run.accepted.watched.makes_room:
                what = f"deployment {followed} has to end before ours can be created"
            run.end("lost_contact", end.contact.lost(self._clock.monotonic(), what, end.line))
            return
        if run.seen is not None:
            followed = run.seen.moving.id
            run.diagnosis = diagnosis.collect(self._aws, run.seen.moving, self._order.log_tail)
        headline = run.diagnosis.headline() if run.diagnosis else ""
        line = f" ({end.line})" if end.line else ""
        text = f"deployment {followed} is still going after {self._order.wait_timeout:.0f} s{line}"
        hint = watch.stuck(run.seen) if run.seen is not None else ""
        parts = [f"{text}: {headline}" if headline else text, hint, advice.WATCH_ON]
        run.end("timeout", ". ".join(part for part in parts if part))

    def _verify(self, ours: Deployment, target: Location) -> None:
        """It succeeded. That is a rollback only if it deployed the target and nothing came after it."""
        run = self._run
        if not later.is_of(ours, target):
            what = f"deployment {ours.id} succeeded with {revisions.text(ours.revision)}, not with the target"
            run.end("failed", f"{what} {revisions.text(target)}")
            return
        try:
            after = self._later(ours, target)
        except (AwsCallError, IncompleteAnswerError) as exc:
            what = f"deployment {ours.id} succeeded, but we could not read whether anything was deployed after it"
            again = "" if isinstance(exc, IncompleteAnswerError) else f" {advice.AGAIN}"
            run.end("lost_contact", f"{what}: {exc.explain()}{again}")
            return
        if after is not None:
            which = f"deployment {after.id} of {revisions.text(after.revision)}"
            run.end("superseded", f"{which} came after ours ({ours.id}, which succeeded)")
            return
        if ours.counts.get("Failed"):
            self._half_done(ours)
            return
        run.end("rolled_back", f"deployment {ours.id} of {revisions.text(target)} succeeded, and none came after it")

    def _later(self, ours: Deployment, target: Location) -> Deployment | None:
        """The deployment after ours, to the group, of something else; None if there is none."""
        return self._aws.steadily("BatchGetDeploymentGroups", lambda aws: later.read(aws, ours, target), self._deadline)

    def _half_done(self, ours: Deployment) -> None:
        """Whether targets failed in a deployment that CodeDeploy counts as a success, as its configuration may."""
        run, counts = self._run, ours.counts
        run.diagnosis = diagnosis.collect(self._aws, ours, self._order.log_tail)
        self._take_stock(ours)
        what = (
            f"deployment {ours.id} counts as Succeeded, but {counts['Failed']} of {sum(counts.values())} targets failed"
        )
        run.end("failed", f"{what}: {run.diagnosis.headline()}" if run.diagnosis.failed else what)

    def _look_after_auto_scaling(self) -> None:
        """Check CodeDeploy's promise to resume what it suspended once the deployment has ended."""
        run = self._run
        given = run.plan.suspension if run.plan is not None else None
        if run.plan is None or given is None or run.ours is None or run.ours.running:
            return
        try:
            now = api.suspended_processes(self._aws.beside, run.plan.group.auto_scaling_groups)
        except (AwsCallError, IncompleteAnswerError) as exc:
            what = f"it is not known whether CodeDeploy has resumed {', '.join(given.by_codedeploy)}. {exc.explain()}"
            run.findings.append(Finding("suspend_processes", "unknown", what))
            return
        run.left_suspended = asg_processes.left_suspended(given, run.plan.group, now)
        for name, processes in run.left_suspended.items():
            what = (
                f"{', '.join(processes)} of the Auto Scaling group {name} is still suspended, though deployment "
                f"{run.ours.id} has ended: aws autoscaling resume-processes --auto-scaling-group-name {name} "
                f"--scaling-processes {' '.join(processes)}"
            )
            run.findings.append(Finding("suspend_processes", "warn", what))

    # -- when it failed

    def _failed(self, look: Look) -> None:
        run, seen = self._run, self._run.seen
        if seen is None:
            run.end("failed", look.reason)
            return
        run.diagnosis = diagnosis.collect(self._aws, run.ours or seen.deployment, self._order.log_tail)
        if seen.deployment.status == "Stopped" and self._is_superseded(seen.deployment):
            return
        self._take_stock(seen.moving)
        headline = run.diagnosis.headline() if run.diagnosis.failed else ""
        text = f"{look.reason}: {headline}" if headline else look.reason
        back_failed = seen.rollback is not None and seen.rollback.status != "Succeeded"
        nowhere = run.standing is not None and run.standing.nowhere
        run.end(
            "rollback_failed" if back_failed or nowhere else "failed", f"{text}. {look.then}" if look.then else text
        )

    def _is_superseded(self, ours: Deployment) -> bool:
        target = self._run.target
        try:
            after = self._later(ours, target) if target is not None else None
        except (AwsCallError, IncompleteAnswerError):
            return False
        if after is None or after.is_rollback:
            return False
        what = f"deployment {ours.id} was stopped, and {after.id} of {revisions.text(after.revision)} came after it"
        self._run.end("superseded", what)
        return True

    def _take_stock(self, deployment: Deployment) -> None:
        """Find out what the instances are on."""
        if sum(deployment.counts.values()) > _MOST_INSTANCES:
            return
        try:
            found = targets.read(self._aws, deployment.id)
        except (AwsCallError, IncompleteAnswerError):
            return
        if deployment.blue_green:
            self._run.originals_serve = diagnosis.originals_serve(found)
        else:
            self._run.standing = diagnosis.standing_of(found)
