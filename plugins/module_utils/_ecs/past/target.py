# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Which version to go back to, how that was found, and what speaks against one that was named. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import replace
from datetime import datetime

from ansible_collections.lastgood.aws.plugins.module_utils._core import advice
from ansible_collections.lastgood.aws.plugins.module_utils._core.as_of import stamp
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import marks, names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Finding, Service, TaskDefinition
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past import evidence, from_revision, moves, undo
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.choices import Choice, Selection, Source
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.from_revision import on_record
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.history import Candidate, History
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.last_good import last_good
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.returns import (
    already_returned,
    as_begun,
    failed_beside_an_older_one,
    left_behind,
    or_finish,
    our_own_rollback,
    ours_for,
    running_rollback,
    unless_marked_bad,
)

# Other rooms import from here all that they need to choose a version.
__all__ = (
    "Choice",
    "Selection",
    "Source",
    "choose",
    "directed",
    "explicit",
    "needs_the_list",
    "not_on_from_revision",
    "or_finish",
    "our_own_rollback",
    "ours_for",
    "unless_marked_bad",
    "what_runs_now",
)
# The check of what is known against a version that somebody named.
NAMED: t.Final = "named"
# Families that a message names.
_NAMED: t.Final = 6


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
    went = choice.direction or moves.direction_of(target, base, history, known)
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
    if history is not None and needs_the_list(selection, service, history):
        return Choice(problem=_unlisted(service, history.unlisted), needs_more_history=True)
    ours = our_own_rollback(service, current, history, selection.finishes)
    ours = None if "again" in selection.force else ours_for(selection, ours)
    leaving = _leaving(service, history, ours)
    elsewhere = not_on_from_revision(selection, current, leaving, service, history, known, gaps)
    if elsewhere is not None:
        return elsewhere
    chosen = _named(selection, service, current, history)
    if chosen is not None:
        return or_finish(ours, as_begun(chosen, service, current, history), current)
    if ours is not None and (selection.steps_back == 1 or history is None):
        stays = unless_marked_bad(ours, service, current, known)
        return stays or last_good(selection, service, current, history, known, registered)
    stays = _returned(selection, service, current, history, known) or _unrecorded(selection, service, history, known)
    if stays is not None:
        return stays
    choice = last_good(selection, service, current, history, known, registered)
    return ours if ours is not None and choice.settled else choice


def needs_the_list(selection: Selection, service: Service, history: History) -> bool:
    """Whether nothing can be chosen before AWS lists its newest deployment of the service.

    A named version needs no list, unless the service is on it or something else is known to be under way.
    """
    if not history.unlisted or selection.revision is None or history.running is not None:
        return bool(history.unlisted)
    current = what_runs_now(service, None)
    wanted = names.from_option(selection.revision, current)
    return wanted is None or names.same(wanted, current)


def _unlisted(service: Service, deployment: str) -> str:
    return (
        f"the current deployment of {service.name} is {deployment}, a deployment that AWS does not list yet and does "
        f"not describe, so what was deployed last is not known. {advice.AGAIN}, or name the version: revision=…"
    )


def _named(selection: Selection, service: Service, current: str, history: History | None) -> Choice | None:
    """The version that was named, or that of the time that was named, or what is undone; None if none of these."""
    if selection.undo:
        return undo.choose(service, current, history)
    if selection.revision is not None:
        return explicit(selection, service, current, history)
    if selection.as_of is not None:
        return _as_of(selection, selection.as_of, current, history)
    return None


def _returned(
    selection: Selection,
    service: Service,
    current: str,
    history: History | None,
    known: t.Mapping[str, TaskDefinition],
) -> Choice | None:
    """One step back that ECS is making, or that ECS or a person has made already; None if there is none."""
    if history is None or selection.steps_back != 1:
        return None
    if history.returning_from is not None:
        return running_rollback(history)
    if "again" in selection.force:
        return None
    returned = already_returned(current, history)
    return unless_marked_bad(returned, service, current, known) if returned else None


def _unrecorded(
    selection: Selection, service: Service, history: History | None, known: t.Mapping[str, TaskDefinition]
) -> Choice | None:
    """One step back without a record, by what DescribeServices still shows; None if that shows none."""
    if (history is not None and history.deployments) or selection.steps_back != 1:
        return None
    shown = failed_beside_an_older_one(service)
    if shown is not None and shown.settled and "again" in selection.force:
        return None
    return shown or evidence.standing(service, known)


def what_runs_now(service: Service, history: History | None) -> str:
    """The task definition that counts as current: while a deployment is in flight, the one that it deploys."""
    if history is not None and history.running is not None and history.lands_on is not None:
        return history.lands_on
    return service.primary.task_definition if service.primary else service.task_definition


def _leaving(service: Service, history: History | None, ours: Choice | None) -> str | None:
    """The version that a rollback is leaving: one that runs, or one that an earlier run of ours did not finish."""
    if ours is not None and ours.unfinished:
        begun = moves.recorded(service, history) or moves.begun(service, history)
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
    found = from_revision.judge(selection.from_revision, current, leaving, service, history, known, gaps, selection.now)
    if found is None:
        return None
    if selection.from_revision_ran:
        return Choice(settled=found.unchanged, because="not_on_from_revision")
    if found.never:
        return Choice(problem=f"{found.never}. Correct from_revision")
    unsure = bool(found.unread or found.doubt)
    return Choice(
        settled=found.unchanged,
        because="not_on_from_revision",
        weighed=found.unread,
        needs_more_history=unsure,
        doubt=found.doubt,
    )


def _runs_as_a_copy(selection: Selection, target: str, current: str, history: History | None) -> bool:
    """What runs is a pinned copy of the target, and so the same version."""
    if history is None or selection.to_the_letter:
        return False
    return not names.same(target, current) and names.same(target, history.root(current))


def explicit(selection: Selection, service: Service, current: str, history: History | None) -> Choice:
    """The version that was named."""
    revision = selection.revision or ""
    target = names.from_option(revision, current)
    if target is None:
        return Choice(
            problem=f"revision '{revision}' is neither a number, nor family:number, nor the ARN of a task definition"
        )
    strange = "" if selection.chosen or "family" in selection.force else strange_family(service, history, target)
    if strange:
        return Choice(problem=strange, needs_more_history=True)
    why = "you named it"
    if _runs_as_a_copy(selection, target, current, history):
        why = f"you named {names.short(target)}, and {names.short(current)} is that with its images pinned"
        target = current
    if names.same(target, current):
        if history is not None and history.running is not None:
            return Choice("revision", current, f"{why}, and a deployment to it is running", history.returning_from)
        return Choice("revision", current, why)
    left = left_behind(current, history)
    # Somebody goes back from it, and it is to stay: then what it is on its way to is left.
    return Choice("revision", target, "you named it", current if names.same(left, target) else left)


def _as_of(selection: Selection, when: datetime, current: str, history: History | None) -> Choice:
    if history is None:
        return Choice(problem="as_of needs the service deployment history, and AWS does not tell it")
    arrival = history.in_service_at(when)
    if arrival is None:
        oldest = stamp(history.arrivals[0].at) if history.arrivals else "nothing at all"
        return Choice(
            problem=f"the service deployment history does not reach back to {stamp(when)}: "
            f"the oldest version in service that it knows began at {oldest}. AWS keeps 90 days",
            needs_more_history=True,
        )
    why = f"in service at {stamp(when)}, since {stamp(arrival.at)}"
    left = left_behind(current, history)
    target = arrival.task_definition
    if _runs_as_a_copy(selection, target, current, history):
        target = current
    return Choice("as_of", target, why, None if names.same(target, left) else left)


# -- A version that somebody names always wins over what the record shows, but it should surprise nobody.


def strange_family(service: Service, history: History | None, target: str) -> str:
    """Why a version (ARN or ``family:revision``) is more likely a mistake; empty if the service ran its family.

    A service seldom changes its family, and a wrong one deploys another program.
    """
    name = names.parse(target)
    if name is None:
        return ""
    ran = [found.family for one in on_record(service, history) for found in [names.parse(one)] if found is not None]
    last = [record for record in (marks.rolled_back(service.tags), marks.started(service.tags)) if record is not None]
    tagged = [one for record in last for one in (record.left, record.target)]
    if name.family in ran or any(marks.is_of_family(one, target) for one in tagged):
        return ""
    known = ", ".join(list(dict.fromkeys(ran))[:_NAMED]) or "none"
    return (
        f"{service.name} never ran a version of the family {name.family}, as far as is on record (it ran: {known}), so "
        f"{name} is most likely a mistake. If you mean it, give force: [family]"
    )


def _known_bad(target: TaskDefinition, service: Service, found: t.Iterable[Candidate]) -> str:
    """Why a version is known to be bad; empty if it is not."""
    bad = next((c.why for c in found if c.verdict == "bad"), "")
    if not bad and marks.is_bad_for(target.tags, service.in_cluster):
        return f"marked bad: {target.tags[marks.BAD] or 'no reason given'}"
    return bad


def against_a_named_one(
    choice: Choice,
    target: TaskDefinition,
    service: Service,
    history: History | None,
    candidates: t.Iterable[Candidate],
) -> list[Finding]:
    """What is known against a version that was named, or that ran at a time that was named."""
    if choice.source not in ("revision", "as_of"):
        return []
    versions = {target.arn} if history is None else {target.arn, history.root(target.arn)}
    found = [c for c in candidates if c.task_definition in versions]
    short = names.short(target.arn)
    if any(c.verdict == "good" for c in found):
        return []
    bad = _known_bad(target, service, found)
    if bad:
        return [Finding(NAMED, "warn", f"{short} is taken because you named it, but it is known to be bad: {bad}")]
    if marks.GOOD in target.tags:
        return []
    if history is None:
        what = f"whether {short}, which you named, was ever healthy here is not known: no history can be read"
        return [Finding(NAMED, "unknown", what)]
    why = next((c.why for c in found), f"no deployment of it to {service.name} is on record")
    what = f"{short} is taken because you named it, but nothing shows that it was ever healthy here: {why}"
    return [Finding(NAMED, "warn", what)]
