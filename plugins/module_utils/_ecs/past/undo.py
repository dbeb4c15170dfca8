# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Back to what the last rollback of this tool left. Pure.

The tags of the service say which version that was. They count only while nothing else was deployed.
"""

from __future__ import annotations

from ansible_collections.lastgood.aws.plugins.module_utils._ecs import marks, names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Service
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.choices import Choice
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.history import History
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.moves import begun as begun_by
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.moves import (
    by_tag_name,
    ended,
    is_void,
    last_move,
    recorded,
)

_NAME_ONE = "Name the version to go to with revision"
_LEFT = "the last rollback of this tool left"
# Stands in the record of a move that undoes a rollback.
UNDO = "undo"


def choose(service: Service, current: str, history: History | None) -> Choice:
    """The target of ``undo``; ``current`` is the ARN of what runs now."""
    again = _once_more(recorded(service, history), service, current, history)
    if again is not None:
        return again
    done = ended(service, history)
    begun = last_move(begun_by(service, history), service, current, history)
    if begun is not None and begun.direction == "back" and (done is None or done.deployment != begun.deployment):
        # It is still on its way, or it was cut off.
        return _to(begun, service, current, history)
    if done is None:
        return Choice(
            problem=f"no rollback of {service.name} by this tool is on record, so none is undone. {_NAME_ONE}"
        )
    move = f"from {done.left} to {done.target}"
    if last_move(done, service, current, history) is not None:
        if done.direction == "back":
            return _to(done, service, current, history)
        return Choice(
            settled=f"the last move of this tool, {move}, was no rollback, so there is none to undo",
            because="already_undone",
        )
    if done.direction == "back" and marks.is_name_of(done.left, current):
        # Another run undoes it at the moment, or somebody has done so.
        return _there(done, service, current, history)
    return Choice(
        problem=f"{names.short(current)} was deployed since the last rollback of {service.name} by this tool, {move}, "
        f"so that is not undone. {_NAME_ONE}"
    )


def _once_more(
    undoing: marks.RolledBack | None, service: Service, current: str, history: History | None
) -> Choice | None:
    """What another run is undoing, or has undone; None if none has."""
    if undoing is None or UNDO not in undoing.todo:
        return None
    if last_move(undoing, service, current, history) is None:
        if undoing.at or is_void(undoing, service, current, history):
            return None
        target, why = by_tag_name(undoing.target, history) or undoing.target, "and another run undoes that"
        return Choice("undo", target, f"{_LEFT} it for {undoing.left}, {why}", current, direction="forward")
    if undoing.at:
        return _already(current)
    left, why = by_tag_name(undoing.left, history), "and a deployment goes there already"
    return Choice("undo", current, f"{_LEFT} it for {undoing.left}, {why}", left, direction="forward")


def _already(current: str) -> Choice:
    what = f"it is on {names.short(current)} already, which {_LEFT}"
    return Choice(settled=what, because="already_undone")


def _to(move: marks.RolledBack, service: Service, current: str, history: History | None) -> Choice:
    """To what that rollback left."""
    target = by_tag_name(move.left, history) or next(
        (d.task_definition for d in service.deployments if marks.is_name_of(move.left, d.task_definition)), move.left
    )
    if names.parse(target) is None:
        return Choice(problem=f"the tags of {service.name} do not say what its last rollback left. {_NAME_ONE}")
    return Choice("undo", target, _why(move), current, direction="forward")


def _there(move: marks.RolledBack, service: Service, current: str, history: History | None) -> Choice:
    """It is on the way to what that rollback left, or there."""
    primary = service.primary
    # Or one of ours was killed before it could say that it is done.
    cut_off = last_move(begun_by(service, history), service, current, history) is not None
    going = history.running is not None if history is not None else False
    if cut_off or going or (history is None and primary is not None and primary.rollout_state == "IN_PROGRESS"):
        left = by_tag_name(move.target, history)
        return Choice("undo", current, f"{_why(move)}, and a deployment goes there already", left, direction="forward")
    return _already(current)


def _why(move: marks.RolledBack) -> str:
    at = f" at {move.at}" if move.at else ""
    return f"{_LEFT} it for {move.target}{at}"
