# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""One service that goes back: its part of the result, what there is to say about it, and its lines. Pure."""

from __future__ import annotations

import math
import typing as t
from dataclasses import dataclass

from ansible_collections.lastgood.aws.plugins.module_utils._core import advice, outcomes
from ansible_collections.lastgood.aws.plugins.module_utils._core.findings import beside_a_route
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import plans
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.deployments import Reached
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import Plan, Refusal
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.images import Resolution
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Finding, Revision
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move.run import Run, state_of, target_of, where_it_is

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


@dataclass
class RollbackRun(Run):
    """Grows while the call runs, and becomes one item of the result."""

    revision_after: Revision | None = None
    deregistered: str | None = None
    # An earlier step has shown it, and may have written something else since.
    is_a_later_step: bool = False

    def reached(self, state: Reached, left: str = "") -> None:
        super().reached(state, left)
        if state == "running":
            self.findings.append(Finding("target_health", "unknown", self.reason))

    @property
    def _planned(self) -> dict[str, t.Any]:
        planned = self.plan
        if planned is None:
            return dict(_NOT_PLANNED)
        is_a_copy = self.accepted is not None and bool(self.accepted.copy)
        return {
            "method": planned.method,
            "target": target_of(planned, self.target),
            "copy_of": planned.target.arn if is_a_copy and planned.target else None,
            "target_source": planned.choice.source,
            "target_why": planned.choice.why,
            "direction": planned.direction,
            "before": state_of(planned.service, planned.now),
            "left": planned.left,
        }

    def as_dict(self) -> dict[str, t.Any]:
        """One item of the module's result."""
        return {
            **self.common(),
            **self._planned,
            "after": state_of(self.service, self.revision_after or _unmoved(self.plan)) if self.service else None,
            "deregistered": self.deregistered,
            "unchanged_because": self.plan.choice.because if self.plan and self.outcome == "unchanged" else None,
        }


def too_many_failed(runs: t.Sequence[RollbackRun], services: int, percentage: float) -> bool:
    """Whether more of so many services went wrong than this percentage. Pure."""
    return sum(1 for run in runs if not run.ok) > math.floor(services * percentage / 100)


def held_back(what: str, runs: t.Iterable[RollbackRun], percentage: float) -> str:
    """Why ``what`` is not started: the first of these that went wrong. One of them has to have. Pure."""
    bad = next(run for run in runs if not run.ok and run.outcome != "not_attempted")
    why = f"{what} was not started, because {bad.name} ended as {bad.outcome} and max_fail_percentage is"
    return f"{why} {percentage:g}"


_NOT_PLANNED: t.Final = {
    "method": "none",
    "target": None,
    "copy_of": None,
    "target_source": "none",
    "target_why": "",
    "direction": None,
    "before": None,
    "left": None,
}


def _unmoved(planned: Plan | None) -> Revision | None:
    return planned.now if planned and planned.verb != "act" else None


# -- Is what runs afterwards what was good?


def revision_on_target(run: RollbackRun, revisions: t.Mapping[str, Revision]) -> Revision | None:
    """Of the revisions that a service has now, the one of the target. AWS does not say in which order they come."""
    arns = run.service.revision_arns if run.service else ()
    found = [revisions[arn] for arn in arns if arn in revisions]
    ours = [revision for revision in found if names.same(revision.task_definition, run.target)]
    # If there are two, the older one is what a deployment of the same version replaces.
    return max(ours, key=lambda revision: str(revision.settings.get("createdAt", "")), default=None)


def images_are_known(run: RollbackRun) -> bool:
    """Whether the digests of all images are on record, of the time when it was good and of now."""
    good = run.plan.good if run.plan else None
    after = run.revision_after
    return good is not None and after is not None and bool(good.digests) and set(good.digests) <= set(after.digests)


class Apart(t.NamedTuple):
    """A container whose image has another digest than when it was good."""

    container: str
    image: str
    then: str
    now: str


def images_apart(run: RollbackRun) -> list[Apart]:
    """The containers of the target whose digests differ, as far as these are on record."""
    good = run.plan.good if run.plan else None
    after = run.revision_after
    if good is None or after is None:
        return []
    named = {str(c.get("containerName")): str(c.get("image")) for c in after.settings.get("containerImages") or []}
    return [
        Apart(name, named.get(name, ""), digest, after.digests[name])
        for name, digest in good.digests.items()
        if after.digests.get(name, digest) != digest
    ]


def compare_images(run: RollbackRun, compared: t.Sequence[tuple[Apart, Resolution]]) -> list[Finding]:
    """A warning if an image has moved since the version was good, or may have. ``compared``: what the registry says."""
    moved = [apart for apart, found in compared if found.state == "moved"]
    told = [_moved(run, moved)] if moved else []
    told += [_not_compared(run, apart, found.why) for apart, found in compared if found.state == "unknown"]
    return [Finding("image_identity", "warn", what) for what in told]


def _moved(run: RollbackRun, moved: t.Sequence[Apart]) -> str:
    return (
        f"container {', '.join(one.container for one in moved)} of {names.short(run.target)} runs another image than "
        "when it was good: its tag has moved since. Recorded then: "
        + ", ".join(f"{one.container}@{one.then}" for one in moved)
    )


def _not_compared(run: RollbackRun, apart: Apart, why: str) -> str:
    return (
        f"container {apart.container} of {names.short(run.target)} runs an image with another digest than when it was "
        f"good, and the two cannot be compared: {why}. Either its tag has moved since, or one of them is an image for "
        f"several platforms. Recorded then: {apart.container}@{apart.then}, now: {apart.now}"
    )


# -- What is left to do if nobody waited for it?


def unfinished(run: RollbackRun, tasks: int | None) -> list[Finding]:
    """What to say of the task count that was asked for, and of a task set that is not PRIMARY yet."""
    return _unset_tasks(run, tasks) + _unfinished_task_set(run)


def _unset_tasks(run: RollbackRun, tasks: int | None) -> list[Finding]:
    planned, service = run.plan, run.service
    if tasks is None or planned is None or planned.method == "update_service":
        return []
    if service is None or service.desired == tasks:
        return []
    what = f"the task count is still {service.desired}, not {tasks}: this rollback takes no task count, and it is set "
    return [Finding("tasks", "warn", f"{what}only after a rollback that was waited for")]


def _unfinished_task_set(run: RollbackRun) -> list[Finding]:
    primary = run.service.primary if run.service else None
    if run.plan is None or run.plan.method != "primary_task_set" or run.accepted is None or primary is None:
        return []
    if primary.id == run.going.deployment_id:
        return []
    what = f"task set {run.going.deployment_id} is not steady yet, and so not PRIMARY either. "
    return [Finding("task_set", "warn", f"{what}{advice.AGAIN} with wait: true to make it so")]


# -- What the person on call reads


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
    then = f"{advice.AGAIN} to see it through" if same else advice.ROLL_THAT_BACK
    rest = _marks(run) or f". Nothing else of {run.name} was changed"
    return f"superseded: {run.reason.rstrip('.')}. {where_it_is(run)}{rest}. {then}"


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
