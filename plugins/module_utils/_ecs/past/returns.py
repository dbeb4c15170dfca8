# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""A rollback that was made already, or that is under way: by this tool, by ECS or by a person. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import replace
from datetime import datetime

from ansible_collections.lastgood.aws.plugins.module_utils._core.as_of import stamp
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import marks, names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Service, ServiceDeployment, TaskDefinition
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past import moves
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.choices import Because, Choice, Selection
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.history import Arrival, History
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.moves import by_tag_name, last_move

# What can still be open at the end of a record.
MARK: t.Final = "mark"
DEREGISTER: t.Final = "deregister"
_HOW: t.Final = ". The same command with deregister: true does that"

# Moves after which a rollback begins from where the service is.
_NO_ROLLBACK: t.Final = frozenset({"forward", "same"})


def left_behind(current: str, history: History | None) -> str:
    """The version that is left: while ECS goes back by itself, the one that it goes back from."""
    if history is not None and history.returning_from is not None:
        return history.returning_from
    return current


def ours_for(selection: Selection, ours: Choice | None) -> Choice | None:
    """What our own last run left to do; None if that was not a rollback and now one is asked for.

    It starts from where the service is, not from what was left before.
    """
    if ours is not None and ours.direction in _NO_ROLLBACK and not selection.names_one:
        return None
    return ours


def unless_marked_bad(
    choice: Choice, service: Service, current: str, known: t.Mapping[str, TaskDefinition]
) -> Choice | None:
    """A settled choice; None if somebody has since marked the running version bad: then it must be left too.

    Anybody who returned to that version knew of a mark older than the return.
    """
    if choice.settled is None:
        return choice
    tags = known[current].tags if current in known else {}
    marked = marks.marked_bad_at(tags) if marks.is_bad_for(tags, service.in_cluster) else None
    if marked is not None and choice.settled_at is not None and marked > choice.settled_at:
        return None
    return replace(choice, weighed=(current,))


def or_finish(ours: Choice | None, choice: Choice, current: str) -> Choice:
    """If the named version runs already because of a run that was cut off, finish that run."""
    if ours is None or not ours.unfinished or choice.target is None or not names.same(choice.target, current):
        return choice
    return replace(ours, source=choice.source)


def our_own_rollback(
    service: Service, current: str, history: History | None, finishes: t.Container[str] = ()
) -> Choice | None:
    """What is on record of a rollback by this collection, if nothing was deployed since.

    ``finishes`` is what this run does if the earlier one could not do it.
    """
    cut_off = _cut_off_on_the_way(service, current, history)
    if cut_off is not None:
        return cut_off
    primary = service.primary
    if primary is None or (history is not None and history.running is not None):
        return None
    done = last_move(moves.ended(service, history), service, current, history)
    if done is not None:
        return _after_its_end(done, current, history, finishes)
    begun = last_move(moves.begun(service, history), service, current, history)
    return _unless_the_deployment_tells(begun, current, history, finishes) if begun is not None else None


def _after_its_end(
    done: marks.RolledBack, current: str, history: History | None, finishes: t.Container[str]
) -> Choice | None:
    """What an earlier run has brought to its end, or has left open."""
    if done.direction in _NO_ROLLBACK:
        # It is done, and the next rollback begins from there.
        return None
    if any(what in finishes for what in done.still_open):
        why = f"an earlier run went from {done.left} to {done.target}, and {still_open(done)}"
        return _finish(done, current, history, why)
    how = "rolled back" if done.direction == "back" else "taken"
    but = f", but {still_open(done)}{_HOW if DEREGISTER in done.still_open else ''}"
    return Choice(
        settled=f"already {how} from {done.left} to {names.short(current)} at {done.at} by this tool; "
        f"nothing was deployed since{but if done.still_open else ''}",
        settled_at=marks.time_of(done.at),
        because="already_rolled_back",
    )


def _unless_the_deployment_tells(
    begun: marks.RolledBack, current: str, history: History | None, finishes: t.Container[str]
) -> Choice | None:
    """What an earlier run has begun, and nobody has written the end of."""
    if begun.began is not None and not begun.primary and MARK not in finishes:
        # The deployment is the record, and without marks nobody writes down its end.
        return None if begun.direction in _NO_ROLLBACK else _settled_by_the_deployment(begun, begun.began)
    why = f"an earlier run began to go from {begun.left} to {begun.target} and did not wait or was cut off"
    return _finish(begun, current, history, why)


def _settled_by_the_deployment(begun: marks.RolledBack, began: datetime) -> Choice:
    what = f"already rolled back from {begun.left} to {begun.target} by a deployment of this tool at {stamp(began)}"
    return Choice(settled=f"{what}; nothing was deployed since", settled_at=began, because="already_rolled_back")


def _finish(move: marks.RolledBack, current: str, history: History | None, why: str) -> Choice:
    left = by_tag_name(move.left, history)
    return Choice(
        "running_rollback",
        current,
        why,
        left,
        unfinished=True,
        direction=move.direction,
        still_open=move.still_open,
        because="already_rolled_back",
    )


def still_open(done: marks.RolledBack) -> str:
    """What could not be done in the end, in words."""
    words = {MARK: f"{done.left} is not marked bad yet", DEREGISTER: f"{done.left} is not deregistered yet"}
    return " and ".join(words[what] for what in done.still_open if what in words)


def as_begun(choice: Choice, service: Service, current: str, history: History | None) -> Choice:
    """If we follow a deployment that an earlier run of ours began, it stays the move that it was."""
    if choice.target is None or choice.left is not None or history is None or history.running is None:
        return choice
    begun = last_move(moves.begun(service, history), service, current, history)
    if begun is None or not names.same(choice.target, current):
        return choice
    return replace(choice, left=by_tag_name(begun.left, history), direction=begun.direction)


def _cut_off_on_the_way(service: Service, current: str, history: History | None) -> Choice | None:
    """The target of an earlier run that first ended a CodeDeploy deployment and was killed before it deployed."""
    begun, newest = moves.begun(service, history), history.newest if history else None
    if begun is None or history is None or newest is None or newest.by == "ECS" or newest.status == "SUCCESSFUL":
        return None
    left = newest.target.task_definition
    if not _stopped(begun, newest) or not marks.is_name_of(begun.left, left) or marks.is_name_of(begun.target, left):
        return None
    lands_on = history.native_stop_lands_on if history.running is not None else current
    if lands_on is None or marks.is_name_of(begun.target, lands_on):
        return None
    target = by_tag_name(begun.target, history) or begun.target
    why = f"an earlier run ended deployment {newest.id} to go from {begun.left} to {begun.target}, and got no further"
    return Choice("running_rollback", target, why, left, direction=begun.direction)


def _stopped(begun: marks.RolledBack, newest: ServiceDeployment) -> bool:
    """Whether it is the deployment that this move had to end first."""
    if begun.began is None:
        return begun.deployment == newest.id
    ended = newest.finished_at or newest.created_at
    return newest.created_at < begun.began and (newest.in_flight or ended >= begun.began)


def running_rollback(history: History) -> Choice:
    """The target of the rollback that ECS itself is making: it is adopted, not made once more."""
    left = history.returning_from or ""
    if history.lands_on is None:
        return Choice(
            problem=f"ECS is rolling back from {names.short(left)}, and does not say to which revision. "
            "Wait for it to end, or name a revision"
        )
    return Choice(
        "running_rollback",
        history.lands_on,
        f"a rollback from {names.short(left)} is already running",
        left,
    )


def failed_beside_an_older_one(service: Service) -> Choice | None:
    """A rollback that ECS makes or has made, as the deployments of the service show it; None if they show none.

    ECS makes an earlier deployment PRIMARY again, and the rolloutState of the one that it goes back from is FAILED
    (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html). If the PRIMARY one is
    newer, somebody has deployed since.
    """
    primary = service.primary
    if primary is None or primary.created_at is None:
        return None
    failed = [
        d
        for d in service.deployments
        if d.rollout_state == "FAILED" and d.created_at is not None and d.created_at > primary.created_at
    ]
    if not failed:
        return None
    left = max(failed, key=lambda d: d.created_at or datetime.min).task_definition
    route = f"from {names.short(left)} to {names.short(primary.task_definition)}"
    if primary.rollout_state == "IN_PROGRESS":
        why = f"ECS is going back {route} already, by what its deployments show"
        return Choice("running_rollback", primary.task_definition, why, left)
    return Choice(
        settled=f"ECS itself rolled it back {route}, by what its deployments show. To go further back, give "
        "steps_back, revision or force: [again]",
        because="returned_by_aws",
    )


def already_returned(current: str, history: History) -> Choice | None:
    """Settled, if what was deployed last ended with the service back on an earlier version."""
    arrival = history.arrivals[-1] if history.arrivals else None
    newest = history.newest
    if arrival is None or newest is None or arrival.deployment != newest.id or arrival.task_definition != current:
        return None
    how = _how_it_returned(arrival)
    return Choice(settled=how, settled_at=arrival.at, because=_BECAUSE[arrival.how]) if how else None


_BECAUSE: t.Final[t.Mapping[str, Because]] = {
    "rolled_back": "returned_by_aws",
    "stayed": "stayed_by_itself",
    "returned": "returned_by_somebody",
}


def _how_it_returned(arrival: Arrival) -> str | None:
    version, left = names.short(arrival.task_definition), names.short(arrival.left or "")
    if arrival.how == "rolled_back" and arrival.left == arrival.task_definition:
        return (
            f"{arrival.by} itself rolled a new deployment of {version} back at {stamp(arrival.at)}, and nothing "
            "was deployed since. To go further back, give steps_back, revision or force: [again]"
        )
    if arrival.how == "rolled_back":
        return (
            f"{arrival.by} itself rolled it back from {left} to {version} at {stamp(arrival.at)}, and nothing was "
            "deployed since. To go further back, give steps_back, revision or force: [again]"
        )
    if arrival.how == "stayed":
        return (
            f"the last deployment, of {left}, ended at {stamp(arrival.at)} without getting there, and it stayed "
            f"on {version}. To go further back, give steps_back, revision or force: [again]"
        )
    if arrival.how == "returned":
        return (
            f"somebody returned it from {left} to {version} at {stamp(arrival.at)}, and nothing was deployed "
            "since. To go further back, give steps_back, revision or force: [again]"
        )
    return None
