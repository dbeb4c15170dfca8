# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""If no version on record is fit to go back to: the newest older revision, if asked for, or else why not. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._ecs import marks, names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Service, TaskDefinition
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past import span
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.choices import Choice, Selection
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.history import Candidate, History
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.returns import left_behind

# The candidates that a message names; the rest is in the result.
_NAMED: t.Final = 6


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
