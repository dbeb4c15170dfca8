# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""What a series of deployments proves about the versions they deployed, by ECS or by CodeDeploy. Pure.

The latest evidence counts:

* A deployment that succeeded proves that its version is good, if it ran at least one task.
* A deployment that failed proves that its version is bad, rolled back or not, until that version succeeds again. But a
  version that was good before stays good, with a warning, if AWS names a cause outside of it (:mod:`.causes`).
* The version that a failed deployment was rolled back to is good.
* A version that was left for an *older* one is bad, no matter who went back: from outside, a rollback looks like this.
  It stays bad if that return fails or is undone.
* A version that was replaced while all its tasks were running is good, if nothing else is known about it.
* A deployment that was stopped proves nothing.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field, replace
from datetime import datetime

from ansible_collections.lastgood.aws.plugins.module_utils._core.as_of import stamp
from ansible_collections.lastgood.aws.plugins.module_utils._core.causes import Cause
from ansible_collections.lastgood.aws.plugins.module_utils._core.findings import Evidence, Finding, Verdict

X = t.TypeVar("X")
How = t.Literal["deployed", "returned", "rolled_back", "stayed"]
# How a deployment ended. ``ran_none`` succeeded without a task, and ``short`` with too few: neither proves anything.
# ``untrusted`` succeeded and ``noted`` did not, but both only add evidence. ``failed`` and ``stopped`` were not rolled
# back. ``going`` and ``rolling_back`` have not ended.
End = t.Literal[
    "succeeded",
    "ran_none",
    "short",
    "untrusted",
    "noted",
    "failed",
    "stopped",
    "rolled_back",
    "going",
    "rolling_back",
]


@dataclass(frozen=True)
class Tried(t.Generic[X]):
    """A version, the id of the deployment that tried it, and what that deployed (a service revision, for ECS)."""

    version: str
    deployment: str
    content: X


@dataclass(frozen=True)
class Back(t.Generic[X]):
    """What a failed deployment went back to, or what the service stayed on. ``ran`` is False if that ran no task."""

    to: Tried[X]
    at: datetime
    ran: bool = True


@dataclass(frozen=True)
class Episode(t.Generic[X]):
    """One deployment: what it tried and how that ended.

    ``name`` is the version and ``told`` how it ended, both in words. ``at`` is when it ended, or when it began if it is
    still going. ``by`` is who rolls back. ``source`` is what it replaced, if that is certain. ``cause`` is a cause
    outside of the version that AWS names. ``goes_back`` means that whoever deployed it called it a rollback.
    """

    tried: Tried[X]
    created_at: datetime
    at: datetime
    end: End
    name: str
    told: str
    by: str = ""
    back: Back[X] | None = None
    source: Tried[X] | None = None
    cause: Cause = ""
    goes_back: bool = False
    # What shows that ``source`` was in service with all its tasks; empty if nothing does.
    served: str = ""
    # Why its success proves less than usual; empty if it does not.
    weak: str = ""


@dataclass(frozen=True)
class Arrival(t.Generic[X]):
    """A version came into service: it was deployed, somebody returned to it, or AWS rolled back to it.

    With ``stayed`` it was in service all along, while a deployment failed. ``left`` is the version that the service
    left for it, if any. ``wanted`` is the id of the deployment that somebody started; ``by`` is who rolled that back.
    """

    version: str
    at: datetime
    how: How
    left: str | None
    brought: Tried[X]
    wanted: str
    by: str


A = t.TypeVar("A", bound="Arrival[t.Any]")


@dataclass
class Record(t.Generic[X]):
    """Everything that is known about one version.

    ``last`` is the last deployment that tried it, ``proven`` the last one that proved it good. ``last_used`` is when it
    last came into service, or when it was first seen if it never did.
    """

    last: Tried[X]
    first_seen: datetime
    last_used: datetime
    proven: Tried[X] | None = None
    evidence: list[Evidence] = field(default_factory=list)
    # A deployment of it succeeded without a task.
    ran_none: bool = False
    # How it has failed since it was good, for a cause outside of it.
    doubt: str = ""
    # Why the proof that it is good is weaker than usual.
    weak: str = ""

    @property
    def proof(self) -> Evidence | None:
        """The latest evidence that proves anything. Evidence that proves nothing does not override it."""
        return next((e for e in reversed(self.evidence) if e.verdict != "unknown"), None)

    @property
    def decisive(self) -> Evidence | None:
        """The evidence that the verdict comes from; None if there is no evidence at all."""
        return self.proof or (self.evidence[-1] if self.evidence else None)

    @property
    def why(self) -> str:
        """The verdict in words."""
        what = self.decisive.why if self.decisive else ""
        return f"{what}; it stays good although {self.doubt}" if self.doubt else what


@dataclass(frozen=True)
class Return:
    """A step back: the version that is left, and the id of the deployment that began it."""

    left: str
    began: str


class _Weighed(t.Protocol):
    @property
    def last_used(self) -> datetime:
        """When it was deployed last."""


class _Doubted(t.Protocol):
    @property
    def doubt(self) -> str:
        """What is not known about it; empty if nothing."""


C = t.TypeVar("C", bound=_Weighed)


class Fold(t.Generic[X]):
    """Takes episodes in the order in which they were created. ``older`` says if one version came before another."""

    def __init__(self, older: t.Callable[[str, str, t.Mapping[str, Record[X]]], bool]) -> None:
        self._older = older
        self.records: dict[str, Record[X]] = {}
        self.arrivals: list[Arrival[X]] = []
        # What deployments that have not ended go back from, by their ids.
        self.returns: dict[str, Return] = {}
        # The version that is in service, or that was being deployed last.
        self.now: str | None = None
        # The last deployment ended without success, so tasks of more than one version may be there.
        self.mixed = False
        # The version that succeeded last, or that AWS rolled back to last.
        self.last_success: str | None = None
        # Ids of deployments that failed with a version that was good before, without a known cause.
        self.unexplained: list[str] = []

    def take(self, episode: Episode[X]) -> None:
        """Add the next episode."""
        if self.now is None and episode.source is not None:
            # The first deployment that is still on record shows what ran before the record begins.
            self.now = episode.source.version
            self._record(episode.source, episode.created_at)
        self._serve(episode)
        before, version = self.now, episode.tried.version
        record = self._record(episode.tried, episode.created_at)
        left = before if before is not None and before != version and self._goes_back(episode, before) else None
        if episode.end in ("untrusted", "noted"):
            self._prove(episode, "unknown")
            if episode.end == "untrusted" and (version != before or self.mixed):
                self._arrive(episode, Back(episode.tried, episode.at), "deployed", None)
        elif episode.end in ("going", "rolling_back"):
            self._going(episode, left)
        else:
            if left is not None:
                why = f"left for the older {episode.name} at {clock(episode.created_at)}"
                self._evidence(left, Evidence(episode.created_at, "bad", why, episode.tried.deployment))
            if episode.end in ("succeeded", "ran_none", "short"):
                self._succeeded(episode, record, left)
            elif episode.end == "rolled_back":
                self._rolled_back(episode, before, left)
            else:
                self._ended_without(episode, left)

    def _serve(self, episode: Episode[X]) -> None:
        """Count it for the version that was replaced if all its tasks were running and nothing else proves anything."""
        source = episode.source
        if source is None or not episode.served or source.version == episode.tried.version:
            return
        if source.version not in self.records:
            self._record(source, episode.created_at)
        record = self.records[source.version]
        if record.proof is None:
            what = f"it served when {episode.name} was deployed: {episode.served}"
            self._evidence(source.version, Evidence(episode.created_at, "good", what, source.deployment))
            record.proven = source

    def _going(self, episode: Episode[X], left: str | None) -> None:
        version, id_ = episode.tried.version, episode.tried.deployment
        self.now = version
        if episode.end == "going":
            self._prove(episode, "unknown")
            if left is not None:
                self.returns[id_] = Return(left, id_)
            return
        self._fail(episode)
        if episode.back is not None:
            self._record(episode.back.to, episode.created_at)
        if left is None:
            # While somebody's return is being undone, the service goes forward again.
            self.returns[episode.back.to.deployment if episode.back is not None else id_] = Return(version, id_)

    def _succeeded(self, episode: Episode[X], record: Record[X], left: str | None) -> None:
        if episode.end == "succeeded":
            self._prove(episode, "good")
            record.proven, record.weak = episode.tried, episode.weak
        else:
            record.ran_none = record.ran_none or episode.end == "ran_none"
            self._prove(episode, "unknown")
        self._arrive(episode, Back(episode.tried, episode.at), "returned" if left else "deployed", left)

    def _ended_without(self, episode: Episode[X], left: str | None) -> None:
        """It failed or was stopped, and was not rolled back."""
        if episode.end == "failed":
            self._fail(episode)
        else:
            self._prove(episode, "unknown")
        version, stayed = episode.tried.version, episode.back
        if stayed is None or stayed.to.version == version:
            # If a return did not get there, the service is still on what it was to leave.
            self.now, self.mixed = left or version, True
            return
        if stayed.to.version not in self.records:
            self._record(stayed.to, episode.created_at)
        if left is not None:
            # Somebody's return failed: what they wanted to leave is in service again.
            self._arrive(episode, stayed, "deployed", None)
        else:
            self._arrive(episode, stayed, "stayed", version)

    def _rolled_back(self, episode: Episode[X], before: str | None, left: str | None) -> None:
        back, version = episode.back, episode.tried.version
        if back is None and before is not None:
            known = self.records[before]
            seen = replace(known.proven or known.last, deployment=episode.tried.deployment)
            back = Back(seen, episode.at)
        if back is None or back.to.version != version:
            # If both sides have the same version, something else failed (a setting, or the image behind a tag). Then
            # nothing is proved about the version.
            self._fail(episode)
        if back is None:
            self.now = None
            return
        record = self._record(back.to, episode.created_at)
        if left is not None and back.to.version == before:
            # Somebody's return was undone: what they wanted to leave is in service again, and as bad as before.
            self._arrive(episode, back, "deployed", None)
            return
        why = f"{episode.by} rolled back to it from {episode.name} at {clock(back.at)}"
        why += "" if back.ran else ", without a task"
        verdict: Verdict = "good" if back.ran else "unknown"
        self._evidence(back.to.version, Evidence(back.at, verdict, why, back.to.deployment))
        if back.ran:
            record.proven = back.to
        self._arrive(episode, back, "rolled_back", version)

    def _fail(self, episode: Episode[X]) -> None:
        record = self.records[episode.tried.version]
        was_good = record.proof is not None and record.proof.verdict == "good"
        if was_good and not episode.cause:
            self.unexplained.append(episode.tried.deployment)
        if was_good and episode.cause:
            doubt = f"{episode.told}: AWS names a cause outside of it ({episode.cause})"
            self._prove(replace(episode, told=doubt), "unknown")
            record.doubt = doubt
        else:
            self._prove(episode, "bad")

    def _prove(self, episode: Episode[X], verdict: Verdict) -> None:
        evidence = Evidence(episode.at, verdict, episode.told, episode.tried.deployment)
        self._evidence(episode.tried.version, evidence)

    def _evidence(self, version: str, evidence: Evidence) -> None:
        record = self.records[version]
        record.evidence.append(evidence)
        if evidence.verdict != "unknown":
            record.doubt = ""

    def _record(self, tried: Tried[X], at: datetime) -> Record[X]:
        if tried.version not in self.records:
            self.records[tried.version] = Record(tried, at, at)
        record = self.records[tried.version]
        record.last = tried
        return record

    def _arrive(self, episode: Episode[X], there: Back[X], how: How, left: str | None) -> None:
        version, id_ = there.to.version, episode.tried.deployment
        arrival = Arrival(version, there.at, how, left, there.to, id_, episode.by)
        last = self.arrivals[-1] if self.arrivals else None
        if last is not None and last.version == version and how == "deployed" and episode.end != "untrusted":
            # The same version was deployed once more: how and when it came into service stays as it was.
            arrival = replace(last, brought=there.to, wanted=id_)
        self.arrivals.append(arrival)
        self.records[version].last_used = there.at
        self.now, self.mixed = version, False
        if how != "stayed":
            self.last_success = version

    def _goes_back(self, episode: Episode[X], before: str) -> bool:
        version = episode.tried.version
        if self._older(version, before, self.records):
            return True
        # The version it goes back to may be too old to be on record under this name.
        return episode.goes_back and self.records[version].first_seen == episode.created_at


def retreat(arrivals: t.Sequence[Arrival[X]], newest: str, running: bool, returning: Return | None) -> Return | None:
    """Where the latest series of returns began; None if the last move was forward.

    ``newest`` is the id of the newest deployment. ``returning`` is what the deployment that is ``running`` goes back
    from. Returns in a row are one series, no matter who made them, so that steps back are counted from its beginning.
    """
    past, step = list(arrivals), returning
    if not running:
        if not past or newest not in (past[-1].wanted, past[-1].brought.deployment):
            return None
        step = _step(past.pop())
    for arrival in reversed(past):
        if step is None or arrival.version != step.left or arrival.left is None:
            break
        step = _step(arrival)
    return step


def _step(arrival: Arrival[X]) -> Return | None:
    return Return(arrival.left, arrival.wanted) if arrival.left is not None else None


def in_service_at(arrivals: t.Sequence[A], when: datetime) -> A | None:
    """What was in service at a time; None if the arrivals do not reach that far back."""
    return next((a for a in reversed(arrivals) if a.at <= when), None)


def latest_first(candidates: t.Iterable[C]) -> tuple[C, ...]:
    """Candidates in the order of the records, the most recently used first."""
    # If two were last used at the same moment, the one that was seen first is the older one.
    return tuple(sorted(reversed(list(candidates)), key=lambda c: c.last_used, reverse=True))


def doubts(candidate: _Doubted | None, name: str) -> list[Finding]:
    """The warning that a version counts as good although it has failed since; none if ``candidate`` is None."""
    if candidate is None or not candidate.doubt:
        return []
    what = f"{name} counts as good although {candidate.doubt}. Unless that was put right, it fails again"
    return [Finding("failed_since", "warn", what)]


def clock(at: datetime) -> str:
    """A time, as it is written in reasons."""
    return stamp(at)
