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
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.returns import by_tag_name, last_move

_NAME_ONE = "Name the version to go to with revision"


def choose(service: Service, current: str, history: History | None) -> Choice:
    """The target of ``undo``; ``current`` is the ARN of what runs now."""
    done = marks.rolled_back(service.tags)
    begun = last_move(marks.started(service.tags), service, current, history)
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
        return Choice(settled=f"the last move of this tool, {move}, was no rollback, so there is none to undo")
    if done.direction == "back" and marks.tag_name(current) == done.left:
        # Another run undoes it at the moment, or somebody has done so.
        return _there(done, service, current, history)
    return Choice(
        problem=f"{names.short(current)} was deployed since the last rollback of {service.name} by this tool, {move}, "
        f"so that is not undone. {_NAME_ONE}"
    )


def _to(move: marks.RolledBack, service: Service, current: str, history: History | None) -> Choice:
    """To what that rollback left."""
    target = by_tag_name(move.left, history) or next(
        (d.task_definition for d in service.deployments if marks.tag_name(d.task_definition) == move.left), move.left
    )
    if names.parse(target) is None:
        return Choice(problem=f"the tags of {service.name} do not say what its last rollback left. {_NAME_ONE}")
    return Choice("undo", target, _why(move), current, direction="forward")


def _there(move: marks.RolledBack, service: Service, current: str, history: History | None) -> Choice:
    """It is on the way to what that rollback left, or there."""
    primary = service.primary
    # Or one of ours was killed before it could say that it is done.
    cut_off = last_move(marks.started(service.tags), service, current, history) is not None
    going = history.running is not None if history is not None else False
    if cut_off or going or (history is None and primary is not None and primary.rollout_state == "IN_PROGRESS"):
        left = by_tag_name(move.target, history)
        return Choice("undo", current, f"{_why(move)}, and a deployment goes there already", left, direction="forward")
    return Choice(settled=f"it is on {names.short(current)} already, which the last rollback of this tool left")


def _why(move: marks.RolledBack) -> str:
    at = f" at {move.at}" if move.at else ""
    return f"the last rollback of this tool left it for {move.target}{at}"
