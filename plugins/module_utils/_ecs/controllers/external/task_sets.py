# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Services that something outside of AWS deploys (controller EXTERNAL): which task set to go back to. Pure.

There is no record of what such a service ran before. What is left to go by are the task sets that still stand, and the
marks on their task definitions
(https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-external.html).
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, replace
from datetime import datetime

from ansible_collections.lastgood.aws.plugins.module_utils._core.as_of import stamp
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import marks, names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import (
    Deployment,
    Finding,
    Revision,
    Service,
    ServiceDeployment,
    TaskDefinition,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past import history, moves, returns, target, undo
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.choices import Choice, Selection
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.history import Candidate, History

_NO_RECORD: t.Final = "there is no record of what a service with the controller EXTERNAL ran"
# What a new task set takes over from the PRIMARY one (the members of CreateTaskSet).
_COPIED: t.Final = ("networkConfiguration", "loadBalancers", "serviceRegistries", "platformVersion")


@dataclass(frozen=True)
class TaskSet:
    """The task set that becomes PRIMARY: one that stands, or else one that has to be created."""

    standing: Deployment | None = None
    # Digests by container name, for the copy of the target to register; None if the target itself will do.
    copy: t.Mapping[str, str] | None = None
    # It must not find what another run of the same step created, and deleted again.
    is_anew: bool = False
    # What is deleted instead, because it was still in preparation: the PRIMARY one stays.
    in_preparation: Deployment | None = None


def candidates(service: Service, known: t.Mapping[str, TaskDefinition]) -> tuple[Candidate, ...]:
    """The versions whose task sets stand, the newest first. Without a mark, nothing is known about how they did."""
    found = []
    for task_set in _newest_first(d for d in service.deployments if d.status in ("PRIMARY", "ACTIVE")):
        version = task_set.task_definition
        since = f", since {stamp(task_set.created_at)}" if task_set.created_at else ""
        verdict, why = marks.weigh(
            known[version].tags if version in known else {},
            "unknown",
            f"its task set stands ({task_set.status}{since}); no record tells how it did",
            service.in_cluster,
        )
        used = task_set.created_at or datetime.min
        found.append(Candidate(version, verdict, why, used, task_set.id, Revision("", version)))
    return tuple(found)


def choose(selection: Selection, service: Service, known: t.Mapping[str, TaskDefinition]) -> Choice:
    """Choose the target. ``known`` holds the task definitions read so far, as in :func:`.target.choose`."""
    primary = service.primary
    if primary is None:
        return Choice(problem=f"no task set of {service.name} is PRIMARY, so there is nothing to go back from")
    current, past = primary.task_definition, standing_past(service)
    return target.directed(_choose(selection, service, primary, past, known), current, past, known)


def standing_past(service: Service) -> History:
    """The existing task sets as a history that proves nothing: it only says which version came first."""
    return history.read(
        ServiceDeployment(d.id, "STOPPED", d.created_at, d.created_at, Revision("", d.task_definition))
        for d in service.deployments
        if d.created_at is not None
    )


def _choose(
    selection: Selection, service: Service, primary: Deployment, past: History, known: t.Mapping[str, TaskDefinition]
) -> Choice:
    current = primary.task_definition
    ours = None if "again" in selection.force else target.ours_for(selection, _our_own(service, current))
    preparing = in_preparation(service)
    leaving = preparing.task_definition if preparing is not None else None
    elsewhere = target.not_on_from_revision(selection, current, leaving, service, None, known, _NO_RECORD)
    if elsewhere is not None:
        return elsewhere
    if selection.undo:
        return undo.choose(service, current, None)
    if selection.revision is not None:
        named = target.explicit(selection, service, current, None)
        if preparing is not None and names.same(named.target or "", current):
            # It serves, and something else is on its way in.
            return _stays(primary, preparing)
        return target.or_finish(ours, named, current)
    if selection.as_of is not None:
        return Choice(problem="as_of needs a history, and there is none of services with the controller EXTERNAL")
    one_back = _one_back(selection, service, primary, ours, known) if selection.steps_back == 1 else None
    return one_back or _standing_choice(selection, service, primary, past, known)


def _stays(primary: Deployment, preparing: Deployment) -> Choice:
    """The PRIMARY task set stays, and the one in preparation goes."""
    current = primary.task_definition
    why = f"its task set {primary.id} is PRIMARY, and {told_of(preparing)}"
    return Choice("standing_task_set", current, why, preparing.task_definition, weighed=(current,))


def _one_back(
    selection: Selection,
    service: Service,
    primary: Deployment,
    ours: Choice | None,
    known: t.Mapping[str, TaskDefinition],
) -> Choice | None:
    """What to know before any older task set is looked at: our last run, one in preparation, one that is unclear."""
    current = primary.task_definition
    stays = target.unless_marked_bad(ours, service, current, known) if ours is not None else None
    if stays:
        return stays
    preparing = in_preparation(service)
    if preparing is not None:
        return _stays(primary, preparing)
    steady = _younger(service, True) if "again" not in selection.force else []
    unclear = [d for d in steady if not _is_marked(d.task_definition, known, service.in_cluster)]
    return _younger_and_steady(unclear[0], primary) if unclear else None


def _is_marked(version: str, known: t.Mapping[str, TaskDefinition], of: str) -> bool:
    return version in known and marks.is_bad_for(known[version].tags, of)


def _younger_and_steady(younger: Deployment, primary: Deployment) -> Choice:
    """It may be about to take over, or be what somebody left: only people know which of the two is bad."""
    what = f"task set {younger.id} of {names.short(younger.task_definition)} is younger than the PRIMARY one, of "
    what += (
        f"{names.short(primary.task_definition)}, and steady: either it is about to take over, or somebody went back "
    )
    what += (
        "from it. Delete it, or name a version with revision, or give force: [again] to go back from the PRIMARY one"
    )
    return Choice(problem=what, weighed=(younger.task_definition,))


def _our_own(service: Service, current: str) -> Choice | None:
    ours = target.our_own_rollback(service, current, None)
    begun = marks.started(service.tags)
    if ours is None or not ours.unfinished or begun is None:
        return ours
    left = next(
        (d.task_definition for d in service.deployments if marks.is_name_of(begun.left, d.task_definition)), None
    )
    return replace(ours, left=left)


def _standing_choice(
    selection: Selection, service: Service, primary: Deployment, past: History, known: t.Mapping[str, TaskDefinition]
) -> Choice:
    current = primary.task_definition
    older = _older_than(primary, service)
    versions = [v for v in dict.fromkeys(d.task_definition for d in older) if not names.same(v, current)]
    why_not = {
        v: _was_being_left(v, service) or _why_not(v, current, past, known, service.in_cluster) for v in versions
    }
    fit = [v for v in versions if not why_not[v]]
    left_out = tuple(f"{names.short(v)}: {why}" for v, why in why_not.items() if why)
    if len(fit) < selection.steps_back:
        seen = "; ".join(left_out) or "none"
        return Choice(
            problem=f"{service.name} no longer has a task set older than the PRIMARY one, of {names.short(current)}, "
            f"and there is no record of what ran before (task sets left out: {seen}). Name one with revision: its task "
            "set is used if there is one, and created if not",
            weighed=tuple(versions),
        )
    pick = fit[selection.steps_back - 1]
    return _chosen(pick, next(d for d in older if d.task_definition == pick), current, left_out, versions)


def _chosen(
    pick: str, standing_: Deployment, current: str, left_out: tuple[str, ...], versions: t.Sequence[str]
) -> Choice:
    since = f" since {stamp(standing_.created_at)}" if standing_.created_at else ""
    return Choice(
        "standing_task_set",
        pick,
        f"its task set {standing_.id} still stands{since}; no record tells how it did",
        current,
        left_out,
        tuple(versions),
    )


def _older_than(primary: Deployment, service: Service) -> list[Deployment]:
    """The task sets that stand, the newest first."""
    return [d for d in _newest_first(service.deployments) if d.status == "ACTIVE" and _is_older(d, primary)]


def _was_being_left(version: str, service: Service) -> str:
    """Why a version is skipped that the last rollback was leaving, and that may not have been marked therefore.

    Nothing in AWS tells whether that rollback took over before somebody else deployed: task sets have no history. But
    somebody had found the version bad, and nobody has created a task set of it since. If the rollback came to its end,
    the mark decides, which people can take away, unless that is what it could not write.
    """
    record = marks.recorded(service.tags)
    if record is None or record.direction != "back" or not marks.is_name_of(record.left, version):
        return ""
    if record.at and returns.MARK not in record.still_open:
        return ""
    newest = standing(service, version)
    if newest is not None and newest.created_at and record.began and newest.created_at > record.began:
        return ""
    end = "could not mark it" if record.at else "is not known to have ended"
    return f"a rollback that was leaving it {end} ({marks.RECORD})"


def _why_not(version: str, current: str, past: History, known: t.Mapping[str, TaskDefinition], of: str) -> str:
    """Why a rollback of the service ``of`` skips a version; empty if it is fit."""
    if version in known and marks.is_bad_for(known[version].tags, of):
        return f"marked bad: {known[version].tags[marks.BAD] or 'no reason given'}"
    if moves.direction_of(version, current, past, known) == "forward":
        # The PRIMARY task set can be the younger one of an older version: a rollback made it.
        return f"it is newer than {names.short(current)}, and a rollback does not go forward unless revision says so"
    return ""


def in_preparation(service: Service) -> Deployment | None:
    """The newest task set that is younger than the PRIMARY one and not steady yet: somebody is about to deploy it.

    A steady one can be what a rollback has left, and an older revision somebody's own way back.
    """
    return next(iter(_younger(service, False)), None)


def _younger(service: Service, steady: bool) -> list[Deployment]:
    """Task sets of other versions that were made after the PRIMARY one, the newest first. Older revisions are none."""
    primary = service.primary
    if primary is None:
        return []
    found = [
        d
        for d in _newest_first(service.deployments)
        if d.status == "ACTIVE" and not _is_older(d, primary) and (d.rollout_state == "COMPLETED") is steady
    ]
    older, _newer = names.older_and_newer((d.task_definition for d in found), primary.task_definition)
    return [d for d in found if d.task_definition not in {primary.task_definition, *older} and d.scale != 0]


def told_of(preparing: Deployment) -> str:
    """``task set ecs-svc/4711 of web:3 is being brought up``."""
    return f"task set {preparing.id} of {names.short(preparing.task_definition)} is being brought up"


def left_alone(service: Service, standing_: Deployment | None) -> list[Finding]:
    """What to say of a task set in preparation that stays, since another version was named."""
    preparing = in_preparation(service)
    if preparing is None or preparing is standing_:
        return []
    what = f"{told_of(preparing)}, and is left to whoever does so: it can take over from this rollback"
    return [Finding("in_flight", "warn", what)]


def standing(service: Service, task_definition: str) -> Deployment | None:
    """The newest task set of a version that can be made PRIMARY; None if there is none."""
    found = [d for d in service.deployments if d.status == "ACTIVE" and names.same(d.task_definition, task_definition)]
    return next(iter(_newest_first(found)), None)


def scale(service: Service) -> float:
    """The share of the tasks, in percent, that a task set needs to take over from the PRIMARY one."""
    primary = service.primary
    return primary.scale if primary is not None and primary.scale else 100.0


def settings_like(task_set: Deployment) -> dict[str, t.Any]:
    """What CreateTaskSet takes to make a task set like this one, but for the task definition."""
    made = {key: task_set.settings[key] for key in _COPIED if task_set.settings.get(key)}
    # One or the other: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateTaskSet.html
    key = "capacityProviderStrategy" if task_set.settings.get("capacityProviderStrategy") else "launchType"
    if task_set.settings.get(key):
        made[key] = task_set.settings[key]
    return made


def not_ours(service: Service, task_set: Deployment | None) -> list[Finding]:
    """What is left to the tool that deploys this service."""
    primary = service.primary
    if primary is None:
        return []
    found = [
        Finding(
            "task_set_left",
            "info",
            f"task set {primary.id} of {names.short(primary.task_definition)} is left as it is, for whoever deploys "
            f"{service.name} to scale down or delete",
        )
    ]
    if service.load_balancers or primary.settings.get("loadBalancers"):
        where = (
            "a task set that is created here is registered with the target groups of the PRIMARY one"
            if task_set is None
            else f"the listener is not changed: that task set {task_set.id} gets the traffic is up to its owner"
        )
        what = "something outside of ECS shifts the traffic of this service, and this does not:"
        found.append(Finding("traffic", "warn", f"{what} {where}"))
    return found


def _newest_first(task_sets: t.Iterable[Deployment]) -> list[Deployment]:
    dated = [d for d in task_sets if d.created_at is not None]
    return sorted(dated, key=lambda d: d.created_at or datetime.min, reverse=True)


def _is_older(one: Deployment, other: Deployment) -> bool:
    return one.created_at is not None and other.created_at is not None and one.created_at < other.created_at
