# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Which version to go back to, and how that was found. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, replace
from datetime import datetime

from ansible_collections.lastgood.aws.plugins.module_utils._core.force import NOTHING, Force
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import marks, names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Direction, Service, TaskDefinition
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past import direction, from_revision
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.history import Arrival, Candidate, History

Source = t.Literal[
    "revision",
    "as_of",
    "steps_back",
    "last_good",
    "previous_registered",
    "running_rollback",
    "standing_task_set",
    "none",
]
# The candidates that a message names; the rest is in the result.
_NAMED: t.Final = 6
# Moves after which a rollback begins from where the service is.
_NO_ROLLBACK: t.Final = frozenset({"forward", "same"})
# Deployments that DescribeServiceDeployments takes in a call.
_DESCRIBED: t.Final = 20


@dataclass(frozen=True)
class Selection:
    """What the user asked for."""

    revision: str | None = None
    as_of: datetime | None = None
    steps_back: int = 1
    from_revision: str | None = None
    # One of the services of the call ran it, so that it is no mistake.
    from_revision_ran: bool = False
    fallback: t.Literal["fail", "previous_registered"] = "fail"
    force: Force = NOTHING
    # A copy will be registered, so the task definition need not be ACTIVE.
    copies: bool = False
    # A pinned copy does not stand for the version that was named.
    to_the_letter: bool = False

    @property
    def names_one(self) -> bool:
        """A version or a time is named, which may lie ahead: what is not named is always a rollback."""
        return self.revision is not None or self.as_of is not None


@dataclass(frozen=True)
class Choice:
    """The target, or why there is none.

    Exactly one of these holds: ``target`` is set; ``settled`` says why there is nothing to do; ``problem`` says why no
    target could be chosen. ``left`` is the version that is left behind. ``weighed`` are the versions whose marks the
    choice depends on. ``settled_at`` is since when it is settled. ``unfinished`` marks work of an earlier run of ours
    that was cut off after the deployment had ended. ``doubt`` is what is not known about something settled.
    ``direction`` is None if there is no target; it is the direction from ``seen_from``, whose tags say whether it is a
    pinned copy, and whether somebody has marked it. ``not_told`` are deployments to describe, since it matters whether
    they ran a task; ``unproven`` says that the target ran none, or that this is not known.
    """

    source: Source = "none"
    target: str | None = None
    why: str = ""
    left: str | None = None
    left_out: tuple[str, ...] = ()
    weighed: tuple[str, ...] = ()
    settled: str | None = None
    settled_at: datetime | None = None
    problem: str | None = None
    needs_more_history: bool = False
    needs_registered: bool = False
    unfinished: bool = False
    doubt: str = ""
    direction: Direction | None = None
    seen_from: str | None = None
    not_told: tuple[str, ...] = ()
    unproven: t.Literal["", "never_ran", "not_told"] = ""


def choose(
    selection: Selection,
    service: Service,
    history: History | None,
    known: t.Mapping[str, TaskDefinition],
    registered: t.Sequence[str] | None = None,
    gaps: str = "",
) -> Choice:
    """Choose the target of one service.

    ``history`` is None if AWS does not return it (denied, unsupported); ``gaps`` says why it is incomplete. ``known``
    holds the task definitions read so far, by ARN: their marks and statuses count, so a caller reads the chosen
    target's and chooses again until nothing changes. ``registered`` are the family's ACTIVE revisions, newest first,
    read only if ``needs_registered`` asked.
    """
    choice = _choose(selection, service, history, known, registered, gaps)
    return directed(choice, what_runs_now(service, history), history, known)


def directed(choice: Choice, current: str, history: History | None, known: t.Mapping[str, TaskDefinition]) -> Choice:
    """A choice with its direction: that of the target against what is left, or else against what runs now."""
    if choice.settled:
        return replace(choice, direction="same")
    if choice.target is None:
        return choice
    target = known[choice.target].arn if choice.target in known else choice.target
    base = choice.left if choice.left and not names.same(choice.left, target) else current
    went = choice.direction or direction.between(target, base, history, known)
    return replace(choice, seen_from=base, direction=went)


def _choose(
    selection: Selection,
    service: Service,
    history: History | None,
    known: t.Mapping[str, TaskDefinition],
    registered: t.Sequence[str] | None,
    gaps: str,
) -> Choice:
    current = what_runs_now(service, history)
    ours = our_own_rollback(service, current, history)
    ours = None if "again" in selection.force else ours_for(selection, ours)
    elsewhere = not_on_from_revision(
        selection, current, _leaving(service, history, ours), service, history, known, gaps
    )
    if elsewhere is not None:
        return elsewhere
    if selection.revision is not None:
        return or_finish(ours, _as_begun(explicit(selection, current, history), service, current, history), current)
    if selection.as_of is not None:
        chosen = _as_of(selection, selection.as_of, current, history)
        return or_finish(ours, _as_begun(chosen, service, current, history), current)
    if ours is not None and (selection.steps_back == 1 or history is None):
        stays = unless_marked_bad(ours, current, known)
        return stays or _last_good(selection, service, current, history, known, registered)
    if history is not None and history.returning_from is not None and selection.steps_back == 1:
        return _running_rollback(history)
    if history is not None and selection.steps_back == 1 and "again" not in selection.force:
        returned = _already_returned(current, history)
        stays = unless_marked_bad(returned, current, known) if returned else None
        if stays:
            return stays
    choice = _last_good(selection, service, current, history, known, registered)
    return ours if ours is not None and choice.settled else choice


def ours_for(selection: Selection, ours: Choice | None) -> Choice | None:
    """What our own last run left to do; None if that was not a rollback and now one is asked for.

    It starts from where the service is, not from what was left before.
    """
    if ours is not None and ours.direction in _NO_ROLLBACK and not selection.names_one:
        return None
    return ours


def what_runs_now(service: Service, history: History | None) -> str:
    """The task definition that counts as current: while a deployment is in flight, the one that it deploys."""
    if history is not None and history.running is not None and history.lands_on is not None:
        return history.lands_on
    return service.primary.task_definition if service.primary else service.task_definition


def unless_marked_bad(choice: Choice, current: str, known: t.Mapping[str, TaskDefinition]) -> Choice | None:
    """A settled choice; None if somebody has marked the running version as bad since: then it must be left too.

    Anybody who returned to that version knew of a mark older than the return.
    """
    if choice.settled is None:
        return choice
    marked = marks.marked_bad_at(_tags(known.get(current)))
    if marked is not None and choice.settled_at is not None and marked > choice.settled_at:
        return None
    return replace(choice, weighed=(current,))


def _leaving(service: Service, history: History | None, ours: Choice | None) -> str | None:
    """The version that a rollback is leaving: one that runs, or one that an earlier run of ours did not finish."""
    if ours is not None and ours.unfinished:
        begun = marks.started(service.tags)
        return begun.left if begun else None
    return history.returning_from if history else None


def not_on_from_revision(
    selection: Selection,
    current: str,
    leaving: str | None,
    service: Service,
    history: History | None,
    known: t.Mapping[str, TaskDefinition],
    gaps: str = "",
) -> Choice | None:
    """Why a service need not move, or why ``from_revision`` is a mistake; None if it runs what that names."""
    if selection.from_revision is None:
        return None
    found = from_revision.judge(selection.from_revision, current, leaving, service, history, known, gaps)
    if found is None:
        return None
    if selection.from_revision_ran:
        return Choice(settled=found.unchanged)
    if found.never:
        return Choice(problem=f"{found.never}. Correct from_revision")
    unsure = bool(found.unread or found.doubt)
    return Choice(settled=found.unchanged, weighed=found.unread, needs_more_history=unsure, doubt=found.doubt)


def or_finish(ours: Choice | None, choice: Choice, current: str) -> Choice:
    """If the named version runs already because of a run that was cut off, finish that run."""
    if ours is None or not ours.unfinished or choice.target is None or not names.same(choice.target, current):
        return choice
    return replace(ours, source=choice.source)


def _runs_as_a_copy(selection: Selection, target: str, current: str, history: History | None) -> bool:
    """What runs is a pinned copy of the target, and so the same version."""
    if history is None or selection.to_the_letter:
        return False
    return not names.same(target, current) and names.same(target, history.root(current))


def explicit(selection: Selection, current: str, history: History | None) -> Choice:
    """The version that was named."""
    revision = selection.revision or ""
    target = names.from_option(revision, current)
    if target is None:
        return Choice(
            problem=f"revision '{revision}' is neither a number, nor family:number, nor the ARN of a task definition"
        )
    why = "you named it"
    if _runs_as_a_copy(selection, target, current, history):
        why = f"you named {names.short(target)}, and {names.short(current)} is that with its images pinned"
        target = current
    if names.same(target, current):
        if history is not None and history.running is not None:
            return Choice("revision", current, f"{why}, and a deployment to it is running", history.returning_from)
        return Choice("revision", current, why)
    left = _left(current, history)
    # Somebody goes back from it, and it is to stay: then what it is on its way to is left.
    return Choice("revision", target, "you named it", current if names.same(left, target) else left)


def _as_of(selection: Selection, when: datetime, current: str, history: History | None) -> Choice:
    if history is None:
        return Choice(problem="as_of needs the service deployment history, and AWS does not tell it")
    arrival = history.in_service_at(when)
    if arrival is None:
        oldest = history.arrivals[0].at.isoformat() if history.arrivals else "nothing at all"
        return Choice(
            problem=f"the service deployment history does not reach back to {when.isoformat()}: "
            f"the oldest version in service that it knows began at {oldest}. AWS keeps 90 days",
            needs_more_history=True,
        )
    why = f"in service at {when.isoformat()}, since {arrival.at.isoformat()}"
    left = _left(current, history)
    target = arrival.task_definition
    if _runs_as_a_copy(selection, target, current, history):
        target = current
    return Choice("as_of", target, why, None if names.same(target, left) else left)


def our_own_rollback(service: Service, current: str, history: History | None) -> Choice | None:
    """What the service's tags say about a rollback by this collection, if nothing was deployed since."""
    cut_off = _cut_off_on_the_way(service, current, history)
    if cut_off is not None:
        return cut_off
    primary = service.primary
    if primary is None or (history is not None and history.running is not None):
        return None
    done = _last_move(marks.rolled_back(service.tags), service, current, history)
    if done is not None:
        if done.direction in _NO_ROLLBACK:
            # It is done, and the next rollback begins from there.
            return None
        how = "rolled back" if done.direction == "back" else "taken"
        return Choice(
            settled=f"already {how} from {done.left} to {done.target} at {done.at} by this tool; "
            "nothing was deployed since",
            settled_at=marks.time_of(done.at),
        )
    begun = _last_move(marks.started(service.tags), service, current, history)
    if begun is not None:
        return Choice(
            "running_rollback",
            current,
            f"an earlier run began to go from {begun.left} to {begun.target} and did not live to see the end",
            _by_tag_name(begun.left, history),
            unfinished=True,
            direction=begun.direction,
        )
    return None


def _last_move(
    recorded: marks.RolledBack | None, service: Service, current: str, history: History | None
) -> marks.RolledBack | None:
    """What a tag recorded; None if something else was deployed since."""
    newest = history.newest.arn.rpartition("/")[2] if history and history.newest else ""
    ids = (service.primary.id if service.primary is not None else "", newest)
    if recorded is None or recorded.target != marks.tag_name(current) or recorded.deployment not in ids:
        return None
    return recorded


def _by_tag_name(name: str, history: History | None) -> str | None:
    return next((c for c in (history.records if history else ()) if marks.tag_name(c) == name), None)


def _as_begun(choice: Choice, service: Service, current: str, history: History | None) -> Choice:
    """A deployment that an earlier run of ours began, and that is followed now, is still the move that it was."""
    if choice.target is None or choice.left is not None or history is None or history.running is None:
        return choice
    begun = _last_move(marks.started(service.tags), service, current, history)
    if begun is None or not names.same(choice.target, current):
        return choice
    return replace(choice, left=_by_tag_name(begun.left, history), direction=begun.direction)


def _cut_off_on_the_way(service: Service, current: str, history: History | None) -> Choice | None:
    """The target of an earlier run that first ended a CodeDeploy deployment and was killed before it deployed."""
    begun, newest = marks.started(service.tags), history.newest if history else None
    if begun is None or history is None or newest is None or newest.by == "ECS" or newest.status == "SUCCESSFUL":
        return None
    left = newest.target.task_definition
    if begun.deployment != newest.arn or begun.left != names.short(left) or begun.target == names.short(left):
        return None
    lands_on = history.native_stop_lands_on if history.running is not None else current
    if lands_on is None or begun.target == names.short(lands_on):
        return None
    target = next((c for c in history.records if names.short(c) == begun.target), begun.target)
    why = f"an earlier run ended deployment {newest.arn} to go from {begun.left} to {begun.target}, and got no further"
    return Choice("running_rollback", target, why, left, direction=begun.direction)


def _running_rollback(history: History) -> Choice:
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


def _already_returned(current: str, history: History) -> Choice | None:
    arrival = history.arrivals[-1] if history.arrivals else None
    newest = history.newest
    if arrival is None or newest is None or arrival.deployment != newest.arn or arrival.task_definition != current:
        return None
    how = _how_it_returned(arrival)
    return Choice(settled=how, settled_at=arrival.at) if how else None


def _how_it_returned(arrival: Arrival) -> str | None:
    version, left = names.short(arrival.task_definition), names.short(arrival.left or "")
    if arrival.how == "rolled_back" and arrival.left == arrival.task_definition:
        return (
            f"{arrival.by} itself rolled a new deployment of {version} back at {arrival.at.isoformat()}, and nothing "
            "was deployed since. To go further back, give steps_back, revision or force: [again]"
        )
    if arrival.how == "rolled_back":
        return (
            f"{arrival.by} itself rolled it back from {left} to {version} at {arrival.at.isoformat()}, and nothing was "
            "deployed since. To go further back, give steps_back, revision or force: [again]"
        )
    if arrival.how == "stayed":
        return (
            f"the last deployment, of {left}, ended at {arrival.at.isoformat()} without getting there, and it stayed "
            f"on {version}. To go further back, give steps_back, revision or force: [again]"
        )
    if arrival.how == "returned":
        return (
            f"somebody returned it from {left} to {version} at {arrival.at.isoformat()}, and nothing was deployed "
            "since. To go further back, give steps_back, revision or force: [again]"
        )
    return None


def _last_good(
    selection: Selection,
    service: Service,
    current: str,
    history: History | None,
    known: t.Mapping[str, TaskDefinition],
    registered: t.Sequence[str] | None,
) -> Choice:
    steps = selection.steps_back
    base, basis = current, history
    if history is not None and steps > 1 and (history.running is not None or "again" not in selection.force):
        # Counted from the version that was left first, so that asking twice for two steps does not go back four.
        base, basis = history.retreat() or (base, basis)
    candidates = [
        c
        for c in (basis.candidates(known) if basis else ())
        if basis is not None and basis.root(c.task_definition) != basis.root(base)
    ]
    running = frozenset(d.task_definition for d in service.deployments if d.running)
    why_not = {c.task_definition: _why_not(c, base, history, known, selection.copies, running) for c in candidates}
    good = [c for c in candidates if not why_not[c.task_definition]]
    if len(good) < steps and history is not None and _never_ran(service, history):
        # Then there is nothing better than what was deployed with success.
        every = frozenset(c.task_definition for c in candidates)
        why_not = {c.task_definition: _why_not(c, base, history, known, selection.copies, every) for c in candidates}
        good = [c for c in candidates if not why_not[c.task_definition]]
    if len(good) < steps:
        choice = _no_good_one(selection, base, candidates, why_not, history, known, registered)
        empty = history is not None and service.desired == 0 and any(c.ran_none for c in candidates)
        return replace(choice, not_told=tuple(history.not_told()[:_DESCRIBED])) if history and empty else choice
    choice = _chosen(good[steps - 1], candidates, why_not, current, history, steps)
    return _as_far_as_told(choice, good, steps, running, history) if history is not None else choice


def _never_ran(service: Service, history: History) -> bool:
    return service.desired == 0 and service.running == 0 and not history.ever_ran


def _as_far_as_told(
    choice: Choice, good: t.Sequence[Candidate], steps: int, running: t.Container[str], history: History
) -> Choice:
    """What is not known about the candidates up to the chosen one: whether their deployments ran a task."""
    not_told = frozenset(history.not_told())
    pick = good[steps - 1]
    if any(c.decided_by in not_told and c.task_definition not in running for c in good[:steps]):
        # One call answers this for as many as that, so ask about the next ones too.
        of_each = [arn for c in good for arn in history.not_told((c.task_definition,))]
        choice = replace(choice, not_told=tuple(of_each[:_DESCRIBED]))
    if pick.task_definition in running:
        return choice
    if pick.ran_none:
        return replace(choice, unproven="never_ran")
    return replace(choice, unproven="not_told" if pick.decided_by in not_told else "")


def _chosen(
    pick: Candidate,
    candidates: t.Sequence[Candidate],
    why_not: t.Mapping[str, str],
    current: str,
    history: History | None,
    steps: int,
) -> Choice:
    position = candidates.index(pick)
    weighed = tuple(c.task_definition for c in candidates[: position + 1])
    there = pick.task_definition == (history.root(current) if history else current) or pick.task_definition == current
    if there and history is not None and history.returning_from is not None:
        return replace(_running_rollback(history), weighed=weighed)
    if there:
        return Choice(
            weighed=weighed,
            settled=f"it is on {names.short(current)} already, {steps} good versions back; nothing was deployed since",
        )
    left_out = [
        f"{names.short(c.task_definition)}: {why_not[c.task_definition]}"
        for i, c in enumerate(candidates)
        if why_not[c.task_definition]
        # One that ECS rolled back was used before the version that it went back to came into service again.
        and (i < position or _is_newer(c.task_definition, pick.task_definition))
    ]
    return Choice(
        "last_good" if steps == 1 else "steps_back",
        pick.task_definition,
        pick.why if steps == 1 else f"{steps} good versions back: {pick.why}",
        _left(current, history),
        tuple(left_out),
        weighed,
    )


def _is_newer(one: str, other: str) -> bool:
    a, b = names.parse(one), names.parse(other)
    return a is not None and b is not None and a.family == b.family and a.revision > b.revision


def _no_good_one(
    selection: Selection,
    current: str,
    candidates: t.Sequence[Candidate],
    why_not: t.Mapping[str, str],
    history: History | None,
    known: t.Mapping[str, TaskDefinition],
    registered: t.Sequence[str] | None,
) -> Choice:
    weighed = tuple(c.task_definition for c in candidates)
    if selection.steps_back > 1:
        have = ", ".join(names.short(name) for name, why in why_not.items() if not why) or "none"
        return Choice(
            problem=f"steps_back: {selection.steps_back} reaches beyond the recorded history: good versions besides "
            f"{names.short(current)}: {have}",
            needs_more_history=True,
            weighed=weighed,
        )
    if selection.fallback == "previous_registered":
        if registered is None:
            return Choice(needs_registered=True, needs_more_history=True, weighed=weighed, problem="not looked up yet")
        older_than = history.root(current) if history else current
        return _previous_registered(older_than, candidates, known, registered, _left(current, history))
    if history is None:
        what = "AWS does not tell the service deployment history"
    elif not history.deployments:
        what = (
            f"no deployment of the service is on record, since AWS keeps them for 90 days: {names.short(current)} came "
            "into service before that, and nothing tells which version ran before it"
        )
    else:
        seen = "; ".join(f"{names.short(name)}: {why}" for name, why in list(why_not.items())[:_NAMED])
        what = (
            f"the recorded history holds no good version besides {names.short(current)} ({seen or 'it holds no other'})"
        )
    return Choice(
        problem=f"{what}. Name one with revision, or give fallback: previous_registered to take the newest older "
        "ACTIVE revision of the family, whether or not it ever ran",
        needs_more_history=True,
        weighed=weighed,
    )


def _previous_registered(
    current: str,
    candidates: t.Sequence[Candidate],
    known: t.Mapping[str, TaskDefinition],
    registered: t.Sequence[str],
    left: str | None,
) -> Choice:
    bad = {c.task_definition for c in candidates if c.verdict == "bad"}
    now = names.parse(current)
    for arn in registered:
        name = names.parse(arn)
        if name is None or now is None or name.family != now.family or name.revision >= now.revision:
            continue
        if arn not in bad and _usable(known.get(arn)) and marks.BAD not in _tags(known.get(arn)):
            why = "the newest older ACTIVE revision of the family; nothing proves that it ever ran"
            return Choice("previous_registered", arn, why, left)
    return Choice(
        problem=f"the family of {names.short(current)} has no older ACTIVE revision that is not known to be bad"
    )


def _usable(task_definition: TaskDefinition | None, copies: bool = False) -> bool:
    if task_definition is None or task_definition.status == "ACTIVE":
        return True
    return copies and bool(task_definition.content)


def _tags(task_definition: TaskDefinition | None) -> t.Mapping[str, str]:
    return task_definition.tags if task_definition else {}


def _why_not(
    candidate: Candidate,
    base: str,
    history: History | None,
    known: t.Mapping[str, TaskDefinition],
    copies: bool,
    running: t.Container[str],
) -> str:
    """Why a rollback from ``base`` skips a candidate; empty if it is fit.

    It does not matter whether the deployment of one of those that are ``running`` ran a task.
    """
    task_definition = known.get(candidate.task_definition)
    if candidate.verdict != "good" and not (candidate.ran_none and candidate.task_definition in running):
        return candidate.why
    if task_definition is not None and not _usable(task_definition, copies):
        return f"it was good, but is {task_definition.status}, and ECS deploys only ACTIVE task definitions"
    if history is not None and history.is_older(base, candidate.task_definition):
        return (
            f"it is newer than {names.short(base)}, and a rollback does not go forward unless revision or as_of says so"
        )
    return ""


def _left(current: str, history: History | None) -> str:
    """The version that is left: while ECS goes back by itself, the one that it goes back from."""
    if history is not None and history.returning_from is not None:
        return history.returning_from
    return current
