# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""The direction of a move, and the last move of a service that this collection made. Pure.

Only a move back is a rollback: only it marks what it left as bad, and only it may take that out of use. A move forward
says that the version it goes to was not bad after all.

The record of a move is written before the write that it announces, and the write may never have been sent. So it counts
only if what was deployed first after it goes to its target, and nothing was deployed since.
"""

from __future__ import annotations

import typing as t
from dataclasses import replace
from datetime import timedelta

from ansible_collections.lastgood.aws.plugins.module_utils._ecs import images, marks, names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import (
    Direction,
    Finding,
    Service,
    ServiceDeployment,
    TaskDefinition,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.history import History
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.history import read as history_of

Known = t.Mapping[str, TaskDefinition]


def direction_of(target: str, base: str, history: History | None, known: Known) -> Direction:
    """The direction of a move from ``base`` to ``target``, both ARNs; a pinned copy counts as what it was made of.

    Without a history only the numbers of one family tell which came first.
    """
    to, from_ = root(target, history, known), root(base, history, known)
    if names.same(to, from_):
        return "same"
    past = history if history is not None else history_of(())
    if past.is_older(to, from_):
        return "back"
    return "forward" if past.is_older(from_, to) else "unknown"


def root(version: str, history: History | None, known: Known) -> str:
    """What a pinned copy was made of, by the history or else by its tag; any other version is its own root."""
    if history is not None and history.root(version) != version:
        return history.root(version)
    task_definition = known.get(version)
    copied = images.copied_from(task_definition) if task_definition is not None else None
    if copied is None:
        return version
    # A copy is of the same family, and the tag may hold only the beginning of a long one.
    original = f"{version.rpartition(':')[0]}:{copied.rpartition(':')[2]}"
    return original if marks.tag_name(original) == copied else version


def may_be_a_copy(version: str, service: Service, history: History | None) -> bool:
    """Whether it may be one of our copies, as far as that shows without its tags.

    Only a rollback of ours deploys a copy. It leaves its tags on the service, unless AWS refused them; and a copy that
    pins names its images by digest.
    """
    if history is None or any(key.startswith(marks.PREFIX) for key in service.tags):
        return True
    revisions = [
        r for d in history.deployments for r in (d.target, *d.sources) if names.same(r.task_definition, version)
    ]
    return not revisions or any(images.by_digest(revision) for revision in revisions)


def taken_back(service: Service, target: str, history: History | None, known: Known) -> str | None:
    """The version whose bad mark a move forward to ``target`` removes: one that a rollback of this service marked.

    None if no rollback of this service is known to have done so, no matter who else marked the target.
    """
    last = marks.rolled_back(service.tags)
    left = last.left if last is not None and last.direction == "back" else ""
    original = root(target, history, known)
    same = [v for v in (history.records if history else ()) if root(v, history, known) == original]
    # One that was named is known by that name.
    by_arn = {**{definition.arn: definition for definition in known.values()}, **known}
    tags = {v: by_arn[v].tags if v in by_arn else {} for v in (target, original, *same)}
    ours = (v for v in tags if marks.is_name_of(left, v) or service.in_cluster in (marks.speaks_for(tags[v]) or ()))
    return next(ours, None)


def no_deregistration(direction: Direction | None, left: str, target: str) -> list[Finding]:
    """What stands against deregistering what a move leaves."""
    if direction == "back":
        return []
    route = f"{names.short(left)} → {names.short(target)}"
    why = {
        "forward": f"{route} is a move forward",
        "same": f"the service stays on {names.short(target)}",
    }.get(str(direction), f"whether {names.short(target)} is older than {names.short(left)} is not known")
    what = f"{why}, and only a rollback deregisters what it leaves. Leave out deregister"
    return [Finding("deregister", "block", what)]


# A record has whole seconds, and AWS's Date header, which they come from, arrives late.
_WITHIN: t.Final = timedelta(seconds=2)


def recorded(service: Service, history: History | None) -> marks.RolledBack | None:
    """The last move whose record was written before it, ended or not; None if there is none.

    A deployment of CodeDeploy that we created is its own record.
    """
    tagged, newest = marks.recorded(service.tags), history.newest if history is not None else None
    if newest is None or newest.announced is None:
        return tagged
    if tagged is not None and tagged.began is not None and tagged.began > newest.created_at:
        return tagged
    announced = marks.ended(newest.announced, service.tags)
    left = by_tag_name(announced.left, history)
    if announced.direction != "unknown" or left is None:
        return announced
    return replace(announced, direction=direction_of(newest.target.task_definition, left, history, {}))


def by_tag_name(name: str, history: History | None) -> str | None:
    """The ARN of a version on record, by its name in a tag; None if it is not on record."""
    return next((c for c in (history.records if history else ()) if marks.is_name_of(name, c)), None)


def ended(service: Service, history: History | None) -> marks.RolledBack | None:
    """The last move that was verified; None if there is none, or no record of it."""
    record = recorded(service, history)
    return record if record is not None and record.at else marks.rolled_back(service.tags)


def begun(service: Service, history: History | None) -> marks.RolledBack | None:
    """The move that was begun and not ended; None if there is none, or no record of it."""
    record = recorded(service, history)
    if record is not None:
        return None if record.at else record
    return marks.started(service.tags)


def last_move(
    recorded: marks.RolledBack | None, service: Service, current: str, history: History | None
) -> marks.RolledBack | None:
    """The move, if it is what brought the service to ``current``; None if it is not, or if nothing is recorded."""
    if recorded is None or not _is_target(recorded, current, history):
        return None
    if recorded.began is not None:
        return recorded if _was_the_last(recorded, service, history) else None
    newest = history.newest.id.rpartition("/")[2] if history and history.newest else ""
    ids = (service.primary.id if service.primary is not None else "", newest)
    return recorded if recorded.deployment in ids else None


def is_void(recorded: marks.RolledBack | None, service: Service, current: str, history: History | None) -> bool:
    """Whether something else was deployed in place of what a record announces, or after it.

    Not while the service is as it was when the record was written: another run may be about to send its write.
    """
    if recorded is None or recorded.began is None or service.primary is None:
        return False
    if service.primary.id == recorded.primary and not _since(recorded, history):
        return False
    return last_move(recorded, service, current, history) is None


def _is_target(recorded: marks.RolledBack, version: str, history: History | None) -> bool:
    """A pinned copy counts as the version it was made from."""
    original = history.root(version) if history is not None else version
    return marks.is_name_of(recorded.target, version) or marks.is_name_of(recorded.target, original)


def _was_the_last(recorded: marks.RolledBack, service: Service, history: History | None) -> bool:
    if history is None or not history.deployments:
        known = {recorded.primary, service.primary.id if service.primary is not None else ""}
        later = [d.created_at for d in service.deployments if d.created_at is not None and d.id not in known]
        return recorded.began is not None and not any(at >= recorded.began + _WITHIN for at in later)
    since = _since(recorded, history)
    return not since or (len(since) == 1 and _is_target(recorded, since[0].target.task_definition, history))


def _since(recorded: marks.RolledBack, history: History | None) -> list[ServiceDeployment]:
    """What was deployed after the record was written. AWS itself may have gone back without another deployment."""
    began = recorded.began
    if history is None or began is None:
        return []
    since = [d for d in history.deployments if d.created_at >= began]
    first = since[0] if since else None
    if first is not None and first.created_at < began + _WITHIN:
        # The very deployment that is left can be as young as that.
        left = first.target.task_definition
        since = since[1:] if marks.is_name_of(recorded.left, left) else since
    return since
