# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""What the person on call reads. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._core import advice, outcomes
from ansible_collections.lastgood.aws.plugins.module_utils._core.findings import beside_a_route
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import plans
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import Refusal
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Service
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps.rollback_run import RollbackRun

_SOURCES: t.Final = {
    "revision": "named",
    "as_of": "as of",
    "undo": "undo",
    "steps_back": "last good",
    "last_good": "last good",
    "source_revision": "source revision",
    "previous_registered": "previous registered",
    "running_rollback": "running rollback",
    "standing_task_set": "still standing",
}


_ROLL_THAT_BACK: t.Final = "Look at what was deployed, then run the same command again to roll that back"


class Placed(t.Protocol):
    """Whatever knows a service and what is meant to run there."""

    service: Service | None

    @property
    def name(self) -> str:
        """The service's name."""

    @property
    def target(self) -> str:
        """The task definition that it should be on."""


def plan_line(planned: plans.Plan | Refusal) -> str:
    """``web:43 → web:41  last good: SUCCESSFUL at …. web:42 left out: ECS rolled it back``."""
    if isinstance(planned, Refusal):
        return f"refused: {planned.reason}"
    if planned.target is None or planned.verb != "act":
        end = "unchanged" if planned.verb == "nothing" else "refused"
        return f"{end}: {names.short(planned.current)}: {planned.reason}"
    left = names.short(planned.left) if planned.left else names.short(planned.current)
    label = _SOURCES.get(planned.choice.source, planned.choice.source)
    route = f"{left} → {names.short(planned.target.arn)}{beside_a_route(planned.direction)}"
    text = f"{route}  {label}: {planned.choice.why}"
    for note in planned.choice.left_out:
        name, _colon, why = note.partition(": ")
        text += f".  {name} left out: {why}"
    return text


def accepted_line(run: RollbackRun, deployment: str) -> str:
    """What AWS took, in words: ``web:43 → web:41 (last good): update_service accepted, deployment ecs-svc/4711``."""
    planned = run.plan
    back = planned is not None and planned.direction == "back"
    how = {
        "adopt": f"following the {'rollback' if back else 'deployment'} that is already running",
        "continue_rollback": "ECS goes back from the hook that the deployment was parked at",
        "stop_deployment": "ECS stops the running deployment and goes back to where it came from",
        "update_service": "update_service accepted",
        "codedeploy_stop": "CodeDeploy stops the running deployment and goes back to the original task set",
        "codedeploy_deployment": "CodeDeploy has created a deployment",
        "primary_task_set": "its task set takes over",
        "none": "nothing to do",
    }[planned.method if planned else "none"]
    if planned is not None and planned.method == "stop_deployment" and run.going.is_bare:
        how = "its task set is deleted, and the PRIMARY one stays"
    label = _SOURCES.get(planned.choice.source, "") if planned else ""
    return f"{run.route}{f' ({label})' if label else ''}: {how}, deployment {deployment}"


def final_line(run: RollbackRun) -> str:
    """How it ended, what was left, what to do next. The one line that must be enough."""
    if run.outcome == "rolled_back":
        seconds = run.timings.get("ended", 0.0)
        return f"rolled_back: {run.route} in {seconds:.0f} s{_marks(run)}"
    if run.outcome == "started":
        return (
            f"started: {run.route}. AWS accepted it; we did not wait for its end. {advice.AGAIN} with wait: true to "
            "follow it to its end"
        )
    if run.outcome == "planned":
        return f"planned: {run.route} by {run.plan.method if run.plan else 'none'}; nothing was written"
    if run.outcome in ("failed", "rollback_failed"):
        return f"{run.outcome}: {run.reason.rstrip('.')}. {where_it_is(run)}{_next_good(run)}"
    if run.outcome == "superseded":
        return _superseded(run)
    if run.outcome in ("refused", "not_attempted"):
        untouched = f"{run.name} was not changed" if run.is_a_later_step else "Nothing was written"
        return f"{run.outcome}: {run.reason.rstrip('.')}. {where_it_is(run) if run.changed else untouched}"
    left = [f.message for f in run.findings if f.check == "tasks" and run.outcome == "unchanged"]
    return ". ".join([f"{run.outcome}: {run.reason.rstrip('.') if left else run.reason}", *left])


def _superseded(run: RollbackRun) -> str:
    primary = run.service.primary if run.service else None
    same = primary is not None and names.same(primary.task_definition, run.target)
    then = f"{advice.AGAIN} to see it through" if same else _ROLL_THAT_BACK
    rest = _marks(run) or f". Nothing else of {run.name} was changed"
    return f"superseded: {run.reason.rstrip('.')}. {where_it_is(run)}{rest}. {then}"


def where_it_is(run: Placed) -> str:
    """What serves the service now, as far as its deployments show."""
    service = run.service
    if service is None:
        return f"where {run.name} is now is not known"
    serving = [d for d in service.deployments if d.running > 0]
    if not serving:
        return f"{run.name} has no running task (desired: {service.desired})"
    counts = " and ".join(f"{names.short(d.task_definition)} with {d.running} of {service.desired}" for d in serving)
    # If traffic is shifted, running tasks need not get any; nor do those of a task set that is not PRIMARY.
    beside = any(d.scale is not None and d.status != "PRIMARY" for d in serving)
    verb = "is serving on" if service.strategy == "ROLLING" and not beside else "runs"
    text = f"{run.name} {verb} {counts} tasks"
    if beside and service.primary is not None:
        text += f"; {names.short(service.primary.task_definition)} is PRIMARY"
    if _ecs_goes_on(service, run.target):
        text += f". ECS goes on trying to start {names.short(run.target)}"
    return text


def _ecs_goes_on(service: Service, target: str) -> bool:
    primary = service.primary
    return (
        primary is not None and names.same(primary.task_definition, target) and primary.rollout_state == "IN_PROGRESS"
    )


def _next_good(run: RollbackRun) -> str:
    planned = run.plan
    if planned is None:
        return ""
    candidates = [c.task_definition for c in planned.candidates]
    # What was used more recently than the target was passed by: by the user, or because it cannot be deployed.
    passed_by = candidates[: candidates.index(run.target)] if run.target in candidates else []
    passed_by += [run.target, planned.current, planned.left or ""]
    # Nobody asked whether these ran a task, since they were not to be chosen.
    not_told = planned.history.not_told() if planned.history is not None else []
    others = [
        c.task_definition
        for c in planned.candidates
        if c.verdict == "good" and c.task_definition not in passed_by and c.decided_by not in not_told
    ]
    if not others:
        return ". No other good version is on record: name one with revision"
    return f". Next good: {names.short(others[0])}. Try: -e rollback_revision={names.short(others[0])}"


def _marks(run: RollbackRun) -> str:
    marked = next((f.message for f in run.findings if f.check in ("marked", "unmarked")), "")
    return f". {marked}" if marked else ""


def summary(runs: t.Sequence[RollbackRun]) -> str:
    """One line for the whole call: the single service's own, or counts and the first that went wrong."""
    return outcomes.tally([line_of(run) for run in runs])


def line_of(run: RollbackRun) -> outcomes.Line:
    """How it ended, with what it is called."""
    return outcomes.Line(run.label, str(run.outcome), run.ok, final_line(run))
