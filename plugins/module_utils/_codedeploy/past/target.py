# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Which revision to go back to, and why. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, replace
from datetime import datetime

from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy import revisions, writes
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.model import Deployment, Group, Location
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.past.history import Arrival, Candidate, History
from ansible_collections.lastgood.aws.plugins.module_utils._core.as_of import stamp
from ansible_collections.lastgood.aws.plugins.module_utils._core.findings import Direction
from ansible_collections.lastgood.aws.plugins.module_utils._core.force import NOTHING, Force

Source = t.Literal["deployment_id", "revision", "as_of", "steps_back", "last_good", "running_rollback", "none"]
# How many candidates a message names; the rest are in the result.
_NAMED: t.Final = 6
_FURTHER: t.Final = "To go further back, give steps_back, revision, deployment_id or force: [again]"


@dataclass(frozen=True)
class Selection:
    """What the user asked for. ``revision`` is a location in the API's form."""

    deployment_id: str | None = None
    revision: Location | None = None
    as_of: datetime | None = None
    steps_back: int = 1
    force: Force = NOTHING
    # What was chosen already.
    given: Choice | None = None


@dataclass(frozen=True)
class Choice:
    """The target, or why there is none.

    Exactly one of these is set: ``target``; ``settled``, why there is nothing to do; ``problem``, why no target could
    be chosen. ``good`` is the deployment that proved the target good, or that was named; None if none is on record.
    ``left`` is the revision left behind. ``settled_by`` is the deployment that brought the group to where it is:
    CodeDeploy's own rollback, or an earlier redeploy. ``direction`` is None if there is no target.
    """

    source: Source = "none"
    target: Location | None = None
    good: Deployment | None = None
    why: str = ""
    left: Location | None = None
    left_out: tuple[str, ...] = ()
    settled: str | None = None
    settled_by: str = ""
    problem: str | None = None
    needs_more_history: bool = False
    direction: Direction | None = None

    @property
    def key(self) -> str:
        """The target's key; empty if there is none."""
        return revisions.key(self.target) if self.target is not None else ""


def choose(selection: Selection, group: Group, history: History, named: Deployment | None = None) -> Choice:
    """Choose the target for one deployment group. ``named`` is the deployment of ``deployment_id``, if it exists."""
    choice = selection.given or _choose(selection, group, history, named)
    return replace(choice, direction=_direction(choice, history))


def _direction(choice: Choice, history: History) -> Direction | None:
    """The direction from what is left to the target. A revision the group never deployed is neither older nor newer."""
    if choice.settled is not None:
        return "same"
    if choice.target is None:
        return None
    left = revisions.key(choice.left) if choice.left is not None else ""
    base = left if left and left != choice.key else history.now
    if choice.key == base:
        return "same"
    if history.is_older(choice.key, base):
        return "back"
    return "forward" if history.is_older(base, choice.key) else "unknown"


def _choose(selection: Selection, group: Group, history: History, named: Deployment | None) -> Choice:
    if selection.deployment_id is not None:
        return _unless_there(selection, history, _by_deployment(selection.deployment_id, group, history, named))
    if selection.revision is not None:
        return _unless_there(selection, history, _by_revision(selection.revision, history))
    if selection.as_of is not None:
        return _unless_there(selection, history, _as_of(selection.as_of, history))
    if selection.steps_back == 1 and history.returning_from is not None:
        return _running_rollback(history)
    if selection.steps_back == 1 and "again" not in selection.force:
        settled = _already_returned(history)
        if settled is not None:
            return settled
    return _last_good(selection, history)


def _by_deployment(id_: str, group: Group, history: History, named: Deployment | None) -> Choice:
    # The history's copy of it knows what a RESTART ran, and which version of an object it was.
    deployment = next((d for d in history.deployments if d.id == id_), named)
    if deployment is None:
        return Choice(problem=f"there is no deployment {id_}. Check the id, the Region and the account")
    if (deployment.application, deployment.group) != (group.application, group.name):
        return Choice(
            problem=f"{id_} is a deployment of deployment group {deployment.group} of application "
            f"{deployment.application}, not of {group.name} of {group.application}. To deploy its revision here all "
            "the same, name that with revision"
        )
    if not revisions.key(deployment.revision):
        return Choice(problem=f"CodeDeploy does not say which revision {id_} deployed")
    why = f"you named {id_}, which is {deployment.status}"
    # A revision that is not on record may be older than what was read.
    more = history.location(revisions.key(deployment.revision)) is None
    return Choice("deployment_id", deployment.revision, deployment, why, _left(history), needs_more_history=more)


def _by_revision(wanted: Location, history: History) -> Choice:
    candidates = history.candidates()
    exact = [c for c in candidates if revisions.same(wanted, c.location)]
    found = exact or [c for c in candidates if revisions.matches(wanted, c.location)]
    if len(found) > 1:
        which = ", ".join(revisions.text(c.location) for c in found[:_NAMED])
        how = "all 40 digits of the commit" if wanted.get("revisionType") == "GitHub" else "its versionId or its etag"
        return Choice(problem=f"{revisions.text(wanted)} could be any of {which}. Give {how}")
    if found:
        return Choice("revision", found[0].location, found[0].deployment, "you named it", _left(history))
    if not revisions.is_whole(wanted):
        return Choice(
            problem=f"no deployment of {revisions.text(wanted)} is on record, so the rest of its commit is not known. "
            "Give all 40 digits",
            needs_more_history=True,
        )
    return Choice("revision", wanted, None, "you named it", _left(history), needs_more_history=True)


def _as_of(when: datetime, history: History) -> Choice:
    arrival = history.in_service_at(when)
    if arrival is None:
        oldest = stamp(history.arrivals[0].at) if history.arrivals else "nothing at all"
        return Choice(
            problem=f"CodeDeploy's deployments do not reach back to {stamp(when)}: the oldest success on record "
            f"is of {oldest}",
            needs_more_history=True,
        )
    why = f"on the group at {stamp(when)}, since {stamp(arrival.at)}"
    return Choice("as_of", arrival.deployment.revision, arrival.deployment, why, _left(history))


def _unless_there(selection: Selection, history: History, choice: Choice) -> Choice:
    """What was named is there already: nothing to do, unless ``force`` says again."""
    if choice.target is None or not choice.key:
        return choice
    if history.running is not None and history.lands_on == choice.key:
        return replace(choice, why=f"{choice.why}, and a deployment to it is running")
    there = history.running is None and not history.mixed and history.now == choice.key
    if not there or "again" in selection.force:
        return replace(choice, left=None) if choice.left and revisions.same(choice.left, choice.target) else choice
    return _there_already(history, choice)


def _there_already(history: History, choice: Choice, note: str = "") -> Choice:
    """The choice if the group is on the target already. If some targets failed, it is deployed once more."""
    if not history.arrivals:
        return Choice(settled=f"the group is on {revisions.text(choice.target or {})} already{note}")
    arrival = history.arrivals[-1]
    failed = _half_done(arrival)
    if failed:
        left = history.location(arrival.left)
        return replace(choice, good=choice.good or arrival.deployment, why=failed, left=left)
    by = arrival.deployment.id
    what = f"the group is on {revisions.text(choice.target or {})} already{note} ({by})"
    return Choice(settled=what, settled_by=by)


def _half_done(arrival: Arrival) -> str:
    """Why the last arrival must be deployed once more; empty if it need not be. A deployment may succeed with failed
    targets.
    """
    counts = arrival.deployment.counts
    failed = counts.get("Failed", 0)
    name = revisions.text(arrival.deployment.revision)
    what = f"{arrival.deployment.id} brought {name}, but {failed} of {sum(counts.values())} targets failed"
    return f"{what}: it is deployed once more" if failed else ""


def _running_rollback(history: History) -> Choice:
    running = history.running
    if running is None:
        return Choice(problem="the deployment that went back has ended")
    left = history.location(history.returning_from)
    how = "CodeDeploy's own rollback" if running.is_rollback else "a deployment that goes back"
    why = f"{how} from {revisions.text(left or {})} is running already ({running.id})"
    return Choice("running_rollback", running.revision, running, why, left)


def _already_returned(history: History) -> Choice | None:
    arrival, newest = history.arrivals[-1] if history.arrivals else None, history.newest
    if arrival is None or newest is None or history.running is not None or history.mixed:
        return None
    if newest.id not in (arrival.deployment.id, arrival.wanted) or arrival.left is None:
        return None
    failed = _half_done(arrival)
    if failed:
        left = history.location(arrival.left)
        return Choice("last_good", arrival.deployment.revision, arrival.deployment, failed, left)
    return Choice(settled=_how_it_returned(arrival, history), settled_by=arrival.deployment.id)


def _how_it_returned(arrival: Arrival, history: History) -> str:
    to, left = revisions.text(arrival.deployment.revision), revisions.text(history.location(arrival.left) or {})
    at, id_ = stamp(arrival.at), arrival.deployment.id
    if arrival.how == "rolled_back" and arrival.left == arrival.revision:
        return (
            f"CodeDeploy itself rolled a new deployment of {to} back at {at} ({id_}), and nothing was deployed since. "
            f"{_FURTHER}"
        )
    if arrival.how == "rolled_back":
        return (
            f"CodeDeploy itself rolled it back from {left} to {to} at {at} ({id_}), and nothing was deployed since. "
            f"{_FURTHER}"
        )
    if writes.is_ours(arrival.deployment.description):
        return (
            f"already taken back from {left} to {to} at {at} by this tool ({id_}); nothing was deployed since. "
            f"{_FURTHER}"
        )
    return f"somebody returned it from {left} to {to} at {at} ({id_}), and nothing was deployed since. {_FURTHER}"


@dataclass(frozen=True)
class _Ranked:
    """What a rollback from ``base`` can go to, the most recently used first, and why it skips some, by their keys."""

    base: str
    candidates: tuple[Candidate, ...]
    why_not: t.Mapping[str, str]

    @property
    def good(self) -> list[Candidate]:
        """Those that it does not skip."""
        return [c for c in self.candidates if not self.why_not[c.key]]

    def left_out(self, pick: Candidate, history: History) -> tuple[str, ...]:
        """Those that it skips before it comes to ``pick``, with the reasons."""
        position = self.candidates.index(pick)
        return tuple(
            f"{revisions.text(c.location)}: {self.why_not[c.key]}"
            for n, c in enumerate(self.candidates)
            # A revision that was rolled back was in use before the one that CodeDeploy went back to.
            if self.why_not[c.key] and (n < position or history.is_older(pick.key, c.key))
        )


def _ranked(selection: Selection, history: History) -> _Ranked:
    base, basis = history.now, history
    if selection.steps_back > 1 and (history.running is not None or "again" not in selection.force):
        # Count from the revision that was left first, so that asking twice for two steps does not go back four.
        base, basis = history.retreat() or (base, basis)
    # If the last deployment ended without success, what it deployed may itself be the last good revision.
    half_done = basis.mixed and basis is history
    candidates = tuple(c for c in basis.candidates() if c.key != base or half_done)
    return _Ranked(base, candidates, {c.key: _why_not(c, base, basis) for c in candidates})


def _last_good(selection: Selection, history: History) -> Choice:
    steps, ranked = selection.steps_back, _ranked(selection, history)
    good = ranked.good
    if len(good) < steps:
        return _no_good_one(selection, ranked, history)
    pick = good[steps - 1]
    if pick.key == history.now and not history.mixed and history.running is None:
        there = Choice("steps_back", pick.location, pick.deployment)
        return _there_already(history, there, f", {steps} good revisions back, and nothing was deployed since")
    if history.returning_from is not None and history.lands_on == pick.key:
        return _running_rollback(history)
    left = _left(history)
    return Choice(
        "last_good" if steps == 1 else "steps_back",
        pick.location,
        pick.deployment,
        pick.why if steps == 1 else f"{steps} good revisions back: {pick.why}",
        None if left is not None and revisions.same(left, pick.location) else left,
        ranked.left_out(pick, history),
    )


def _no_good_one(selection: Selection, ranked: _Ranked, history: History) -> Choice:
    now = revisions.text(history.location(ranked.base) or {})
    texts = {c.key: revisions.text(c.location) for c in ranked.candidates}
    if selection.steps_back > 1:
        have = ", ".join(texts[c.key] for c in ranked.good) or "none"
        what = f"steps_back: {selection.steps_back} reaches beyond the record: good revisions besides {now}: {have}"
        return Choice(problem=what, needs_more_history=True)
    if not history.records:
        what = "there is no earlier successful deployment: nothing was ever deployed to the group as a whole"
    elif not ranked.candidates:
        what = f"there is no earlier successful deployment: every one on record was of {now}"
    else:
        seen = "; ".join(f"{texts[key]}: {why}" for key, why in list(ranked.why_not.items())[:_NAMED])
        what = f"there is no earlier successful deployment to go back to, besides {now}: {seen}"
    return Choice(problem=f"{what}. Name what to deploy with revision or deployment_id", needs_more_history=True)


def _why_not(candidate: Candidate, base: str, history: History) -> str:
    """Why a rollback from ``base`` skips a candidate; empty if it is fit."""
    if candidate.verdict != "good":
        return candidate.why
    if history.is_older(base, candidate.key):
        now = revisions.text(history.location(base) or {})
        return f"it is newer than {now}, and a rollback does not go forward unless revision or deployment_id says so"
    return ""


def _left(history: History) -> Location | None:
    """The revision left behind. If the group is already going back, the one it is going back from."""
    return history.location(history.returning_from or history.now)
