# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""The automatic choice: the newest good version on record, or else the newest older revision or why not. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import replace

from ansible_collections.lastgood.aws.plugins.module_utils._ecs import marks, names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import STOPPABLE, Service, TaskDefinition
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past import span
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.choices import Choice, Selection
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.history import Candidate, History
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.returns import left_behind, running_rollback

# Deployments that DescribeServiceDeployments takes in a call.
_DESCRIBED: t.Final = 20
# The candidates that a message names; the rest is in the result.
_NAMED: t.Final = 6


def last_good(
    selection: Selection,
    service: Service,
    current: str,
    history: History | None,
    known: t.Mapping[str, TaskDefinition],
    registered: t.Sequence[str] | None,
) -> Choice:
    """The newest good version besides what runs, or the one that is ``steps_back`` good versions back.

    The arguments are those of :func:`.target.choose`; ``current`` is the ARN of what runs now.
    """
    steps = selection.steps_back
    base, candidates = _to_weigh(selection, service, current, history, known)
    running = frozenset(d.task_definition for d in service.deployments if d.running)
    why_not = _reasons(candidates, base, history, known, selection.copies, running)
    good = _fit(candidates, why_not)
    if len(good) < steps and history is not None and _never_ran(service, history):
        # Then there is nothing better than what was deployed successfully.
        every = frozenset(c.task_definition for c in candidates)
        why_not = _reasons(candidates, base, history, known, selection.copies, every)
        good = _fit(candidates, why_not)
    if not good and steps == 1:
        natively = _natively(selection, current, history, candidates)
        if natively is not None:
            return natively
    if len(good) < steps:
        as_copies = _fit(candidates, _reasons(candidates, base, history, known, True, running))
        copied = as_copies[0] if as_copies and not good else None
        choice = no_good_one(selection, service, base, candidates, why_not, history, known, registered, copied)
        return _asking_what_ran(choice, service, candidates, history)
    choice = _chosen(good[steps - 1], candidates, why_not, current, history, steps)
    return _as_far_as_told(choice, good, steps, running, history) if history is not None else choice


def _to_weigh(
    selection: Selection,
    service: Service,
    current: str,
    history: History | None,
    known: t.Mapping[str, TaskDefinition],
) -> tuple[str, list[Candidate]]:
    """The version that steps are counted from, and the other versions on record, the most recently used first."""
    if history is None:
        return current, []
    base, basis = current, history
    if selection.steps_back > 1 and (history.running is not None or "again" not in selection.force):
        # Counted from the version that was left first, so that asking twice for two steps does not go back four.
        base, basis = history.retreat() or (base, basis)
    root = basis.root(base)
    return base, [c for c in basis.candidates(known, service.in_cluster) if basis.root(c.task_definition) != root]


def _reasons(
    candidates: t.Sequence[Candidate],
    base: str,
    history: History | None,
    known: t.Mapping[str, TaskDefinition],
    copies: bool,
    running: t.Container[str],
) -> dict[str, str]:
    """For each candidate's ARN why it is skipped, as :func:`_why_not` says it."""
    return {c.task_definition: _why_not(c, base, history, known, copies, running) for c in candidates}


def _fit(candidates: t.Sequence[Candidate], why_not: t.Mapping[str, str]) -> list[Candidate]:
    return [c for c in candidates if not why_not[c.task_definition]]


def _asking_what_ran(
    choice: Choice, service: Service, candidates: t.Sequence[Candidate], history: History | None
) -> Choice:
    """No version is fit: if the service is at 0 tasks, deployments that did run tasks may change that."""
    if history is None or service.desired != 0 or not any(c.ran_none for c in candidates):
        return choice
    return replace(choice, not_told=tuple(history.not_told()[:_DESCRIBED]))


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
    if task_definition is not None and not usable(task_definition, copies):
        return f"it was good, but is {task_definition.status}, and ECS deploys only ACTIVE task definitions"
    if history is not None and history.is_older(base, candidate.task_definition):
        return (
            f"it is newer than {names.short(base)}, and a rollback does not go forward unless revision or as_of says so"
        )
    return ""


def _natively(
    selection: Selection, current: str, history: History | None, candidates: t.Sequence[Candidate]
) -> Choice | None:
    """What ECS itself goes back to if the running deployment is stopped; None if it is not known, or bad.

    It needs no other proof: ECS goes back to what it replaced, with the same images.
    """
    running = history.running if history is not None else None
    if history is None or running is None or running.by != "ECS" or running.status not in STOPPABLE:
        return None
    source = history.native_stop_lands_on
    known = next((c for c in candidates if c.task_definition == source and c.verdict == "unknown"), None)
    if not selection.natively or source is None or known is None or history.is_older(current, source):
        return None
    why = f"ECS itself goes back to it if the running deployment is stopped; otherwise: {known.why}"
    return Choice("source_revision", source, why, left_behind(current, history), weighed=(source,))


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
        return replace(running_rollback(history), weighed=weighed)
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
        left_behind(current, history),
        tuple(left_out),
        weighed,
    )


def _is_newer(one: str, other: str) -> bool:
    a, b = names.parse(one), names.parse(other)
    return a is not None and b is not None and a.family == b.family and a.revision > b.revision


def usable(task_definition: TaskDefinition | None, copies: bool = False) -> bool:
    """Whether ECS deploys it: it is ACTIVE (or was not read), or ``copies`` of it are registered and it can be read."""
    if task_definition is None or task_definition.status == "ACTIVE":
        return True
    return copies and bool(task_definition.content)


def no_good_one(
    selection: Selection,
    service: Service,
    current: str,
    candidates: t.Sequence[Candidate],
    why_not: t.Mapping[str, str],
    history: History | None,
    known: t.Mapping[str, TaskDefinition],
    registered: t.Sequence[str] | None,
    copied: Candidate | None = None,
) -> Choice:
    """What to do without a good version. ``why_not`` says of each candidate's ARN why it is not fit.

    ``copied`` is the version that would be chosen if a copy of it could be registered. The other arguments are those of
    :func:`.target.choose`; ``current`` is the version that steps are counted from.
    """
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
        return _previous_registered(selection, service, current, candidates, history, known, registered)
    problem = _inactive(copied, known) or _nothing_fits(selection, service, current, why_not, history)
    return Choice(problem=problem, needs_more_history=True, weighed=weighed)


def _inactive(copied: Candidate | None, known: t.Mapping[str, TaskDefinition]) -> str:
    """What helps if the last good version was deregistered; empty if that is not what is wrong.

    Some tools deregister each version that they replace, as ecs-deploy does by default.
    """
    if copied is None or copied.task_definition not in known:
        return ""
    name, status = names.short(copied.task_definition), known[copied.task_definition].status
    return (
        f"the last good version, {name}, is {status}: it was deregistered, and ECS deploys only ACTIVE task "
        f"definitions. Give pin_images: always, which registers a copy of {name} and goes there"
    )


def _nothing_fits(
    selection: Selection, service: Service, current: str, why_not: t.Mapping[str, str], history: History | None
) -> str:
    return (
        f"{_why_none(selection, service, current, why_not, history)}. Name one with revision, or give fallback: "
        "previous_registered to take the newest older ACTIVE revision of the family, whether or not it ever ran"
    )


def _why_none(
    selection: Selection, service: Service, current: str, why_not: t.Mapping[str, str], history: History | None
) -> str:
    if history is None:
        return "AWS does not tell the service deployment history"
    if not history.deployments:
        before = ""
        if span.is_older_than_the_record(service, selection.now):
            before = f": {names.short(current)} came into service before that"
        return f"{span.why_nothing(service, selection.now)}{before}, and nothing shows which version ran before it"
    seen = "; ".join(f"{names.short(name)}: {why}" for name, why in list(why_not.items())[:_NAMED])
    return f"the recorded history holds no good version besides {names.short(current)} ({seen or 'it holds no other'})"


def _previous_registered(
    selection: Selection,
    service: Service,
    base: str,
    candidates: t.Sequence[Candidate],
    history: History | None,
    known: t.Mapping[str, TaskDefinition],
    registered: t.Sequence[str],
) -> Choice:
    current = history.root(base) if history else base
    older, newer = names.older_and_newer(registered, current)
    recorded = history is not None and bool(history.deployments)
    if newer and not recorded and "again" not in selection.force:
        return Choice(problem=_may_have_come_back(service, current, newer[0]))
    bad = {c.task_definition for c in candidates if c.verdict == "bad"}
    bad |= {arn for arn in older if arn in known and marks.is_bad_for(known[arn].tags, service.in_cluster)}
    fit = next((arn for arn in older if arn not in bad and usable(known.get(arn))), None)
    if fit is not None:
        why = "the newest older ACTIVE revision of the family; nothing proves that it ever ran"
        return Choice("previous_registered", fit, why, left_behind(base, history))
    return Choice(
        problem=f"the family of {names.short(current)} has no older ACTIVE revision that is not known to be bad"
    )


def _may_have_come_back(service: Service, current: str, newer: str) -> str:
    """Without a record, a newer revision may be the bad one, and the version that runs the good one."""
    runs, other = names.short(current), names.short(newer)
    return (
        f"{service.name} runs {runs}, and {other} of the same family is newer and ACTIVE: it may have been rolled back "
        f"from that already, and then {runs} is the good one. Nothing on record shows whether it was. To go "
        "further back all the same, give force: [again], or name a version with revision"
    )
