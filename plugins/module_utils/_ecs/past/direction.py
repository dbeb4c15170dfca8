# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Whether a move goes back or forward, and what that allows. Pure.

Only a move back is a rollback: only it marks what it left as bad, and only it may take that out of use. A move forward
says that the version it goes to was not bad after all.
"""

from __future__ import annotations

import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._ecs import images, marks, names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Direction, Finding, Service, TaskDefinition
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.history import History
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.history import read as history_of

Known = t.Mapping[str, TaskDefinition]


def between(target: str, base: str, history: History | None, known: Known) -> Direction:
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
