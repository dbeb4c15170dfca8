# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""The lines about a deployment group that the person on call reads. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy import revisions
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.model import Deployment, Location
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.move.plan import Plan
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.move.run import GroupRun
from ansible_collections.lastgood.aws.plugins.module_utils._core import advice
from ansible_collections.lastgood.aws.plugins.module_utils._core.findings import beside_a_route

_SOURCES: t.Final = {
    "deployment_id": "named by its deployment",
    "revision": "named",
    "as_of": "as of",
    "steps_back": "last good",
    "last_good": "last good",
    "running_rollback": "running rollback",
}
_HOW: t.Final = {
    "adopt": "following deployment {}, which is already running",
    "codedeploy_stop": "CodeDeploy stops deployment {} and rolls it back",
    "codedeploy_deployment": "CodeDeploy has created deployment {}",
    "none": "nothing to do about deployment {}",
}
_ONCE_MORE: t.Final = f"{advice.AGAIN} to deploy it once more"
_FOLLOW: t.Final = f"{advice.AGAIN} to follow it to its end"


def route(planned: Plan | None) -> str:
    """``s3://bucket/app-3.zip → s3://bucket/app-2.zip``."""
    if planned is None or planned.target is None:
        return ""
    target = revisions.text(planned.target)
    if planned.left is None:
        return target
    return f"{revisions.text(planned.left)} → {target}{beside_a_route(planned.choice.direction)}"


def accepted_line(run: GroupRun) -> str:
    """What AWS accepted, in words."""
    planned, accepted = run.plan, run.accepted
    if planned is None or accepted is None:
        return ""
    followed = accepted.watched.deployment
    if accepted.watched.makes_room:
        done = "stopped" if accepted.wrote else "waited for"
        return f"deployment {followed} is in the way and is {done}: a group runs one deployment at a time"
    label = _SOURCES.get(planned.choice.source, "")
    return f"{route(planned)}{f' ({label})' if label else ''}: {_HOW[planned.method].format(followed)}"


def final_line(run: GroupRun) -> str:
    """How it ended, what was left, and what to do next. This one line must be enough."""
    reason = run.reason.rstrip(".")
    if run.outcome == "rolled_back":
        seconds = run.timings.get("ended", 0.0)
        return f"rolled_back: {route(run.plan)} in {seconds:.0f} s, deployment {run.deployment_id}"
    if run.outcome == "started":
        return f"started: {route(run.plan)}. AWS accepted it; we did not wait for its end. {_FOLLOW}, with wait: true"
    if run.outcome == "planned":
        return f"planned: {_planned(run.plan, reason)}; nothing was written"
    if run.stopped_then_refused:
        return f"failed: {reason}"
    if run.outcome in ("failed", "rollback_failed"):
        return ". ".join(part for part in (f"{run.outcome}: {reason}", *_after_failure(run)) if part)
    if run.outcome == "superseded":
        return f"superseded: {reason}. Nothing else of {run.name} was changed. {advice.ROLL_THAT_BACK}"
    if run.outcome == "refused":
        untouched = f"{run.name} was not changed" if run.is_a_later_step else "Nothing was written"
        wrote = "What had already begun is not undone" if run.changed else untouched
        return f"refused: {reason}. {wrote}"
    return f"{run.outcome}: {reason}"


def _planned(planned: Plan | None, reason: str) -> str:
    if planned is not None and planned.verb == "wait":
        return f"{reason}: a real run would wait for it and then decide again"
    return f"{route(planned)} by {planned.method if planned else 'none'}"


def summary(run: GroupRun) -> str:
    """The whole call in one line."""
    return f"[{run.label}] {final_line(run)}"


def _after_failure(run: GroupRun) -> t.Iterator[str]:
    """What runs now, what may help, and what else there is to go back to."""
    yield where_it_is(run)
    if run.diagnosis is not None:
        yield from (f"Advice: {text}" for text in run.diagnosis.advice[:1])
    half_done = run.ours is not None and run.ours.status == "Succeeded"
    yield _ONCE_MORE if half_done else _next_good(run)


def after_the_stop(run: GroupRun, stopped: Deployment) -> str:
    """What a run left behind that stopped a deployment and was then refused the one that was to follow."""
    name = revisions.text(stopped.revision)
    return (
        f"{run.reason.rstrip('.')}. Before that, deployment {stopped.id} of {name} was stopped to make room, and it "
        f"stays stopped. {_after_stopping(run, stopped)}. {advice.CORRECT}. "
        f"To go on with what was stopped, give deployment_id: {stopped.id}"
    )


def _after_stopping(run: GroupRun, stopped: Deployment) -> str:
    """What the targets of a deployment that we stopped run now, as far as known."""
    new, old = revisions.text(stopped.revision), revisions.text(run.served) if run.served else "what was there before"
    back = run.seen.rollback if run.seen is not None else None
    if back is not None and back.status == "Succeeded" and not back.counts.get("Failed"):
        return f"{run.name} is on {revisions.text(back.revision)}, where CodeDeploy's rollback {back.id} took it"
    if stopped.waits_for_termination:
        return f"{run.name} is on {new}, which has all the traffic"
    if run.originals_serve:
        return f"The traffic has not left the original instances, which are on {old}"
    if run.standing is not None:
        words = run.standing.words(new, old, named=True)
        return f"Installed when it ended: {words}" if words else f"No instance was touched: {run.name} is on {old}"
    return f"It is not certain what runs in {run.name} now: it was on {old} before"


def where_it_is(run: GroupRun) -> str:
    """What the instances are on now, as far as known."""
    planned, seen = run.plan, run.seen
    if planned is None or seen is None:
        return ""
    back = seen.rollback
    if back is not None and back.status == "Succeeded" and not back.counts.get("Failed"):
        return f"{run.name} is on {revisions.text(back.revision)}, where CodeDeploy's rollback {back.id} took it"
    deployed = revisions.text(seen.moving.revision)
    old = _before(planned)
    if run.originals_serve:
        return f"The traffic has not left the original instances, which are on {old}"
    if run.standing is not None:
        words = run.standing.words(deployed, old if back is None else "what was there before it")
        return f"Installed now: {words}" if words else f"No instance was touched: {run.name} is on {old}"
    return f"It is not certain what runs in {run.name} now: it was on {old} before" if old else ""


def _before(planned: Plan) -> str:
    """What the group was on before."""
    came_from: Location | None = planned.left or planned.now
    return revisions.text(came_from) if came_from else "what was there before"


def _next_good(run: GroupRun) -> str:
    planned = run.plan
    if planned is None or planned.target is None:
        return ""
    keys = [candidate.key for candidate in planned.candidates]
    tried = revisions.key(planned.target)
    # Revisions used more recently than the target were skipped: by the user, or because they cannot be deployed.
    passed_by = keys[: keys.index(tried)] if tried in keys else []
    other = next(
        (
            candidate
            for candidate in planned.candidates
            if candidate.verdict == "good"
            and candidate.key not in (tried, *passed_by)
            and not (planned.left and revisions.same(candidate.location, planned.left))
        ),
        None,
    )
    if other is None:
        return "No other good revision is on record: name one with revision"
    return f"Next good: {revisions.text(other.location)}. Try: deployment_id: {other.deployment.id}"
