# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""What a deployment group deployed before, and what each revision proved. Pure.

The rules, and where they come from:

* A deployment that Succeeded proves its revision good. One that Failed proves it bad, unless the same revision had
  succeeded before: then it was something else that failed. Stopped proves nothing.
* A rollback of CodeDeploy is a deployment of its own, of the revision that was deployed last with success
  (https://docs.aws.amazon.com/codedeploy/latest/userguide/deployments-rollback-and-redeploy.html). It belongs to the
  one that it undoes: it proves that one's revision bad, and its own good when it Succeeded.
* A revision that was left for an *older* one is bad, whoever returned: that is what a rollback looks like from outside.
  It stays bad when the return fails, and when CodeDeploy undoes it.
* Deployments to single instances (of Auto Scaling, and those that update outdated instances) say nothing about a
  revision: they follow what the group deployed last with success
  (https://docs.aws.amazon.com/codedeploy/latest/userguide/integrations-aws-auto-scaling.html).
* RESTART runs "the revision of the last successful deployment" once more.
* The latest evidence counts.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field, replace
from datetime import datetime

from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy import revisions, writes
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.model import (
    ROLLBACK_CREATOR,
    Deployment,
    Location,
    is_due,
    undone_by,
)
from ansible_collections.lastgood.aws.plugins.module_utils._core.findings import Evidence, Verdict

# DeploymentCreator in botocore's model. Those that deploy to the whole group because somebody wanted it, and those that
# deploy to some of its instances. Any other is not taken for good.
WANTED: t.Final = frozenset({"", "user", "CodeDeploy", "CloudFormation", "CloudFormationRollback"})
PARTIAL: t.Final = frozenset({"autoscaling", "autoscalingTermination", "CodeDeployAutoUpdate"})

How = t.Literal["deployed", "returned", "rolled_back"]


@dataclass(frozen=True)
class Arrival:
    """A revision came to the group: by a deployment, by somebody's return to it, or by CodeDeploy's own rollback.

    ``revision`` and ``left`` are keys (see :func:`.revisions.key`); ``deployment`` is what brought it there, and
    ``wanted`` the one that somebody made: they differ where CodeDeploy rolled back.
    """

    revision: str
    at: datetime
    how: How
    left: str | None
    deployment: Deployment
    wanted: str


@dataclass(frozen=True)
class Candidate:
    """A revision that was deployed before (or was tried), with a verdict and why.

    ``last_used`` is when it last came to the group; of one that never did, when it was tried first.

    ``deployment`` is the last that proved it good, or else the last one that tried it; its content option and its
    location are what a redeploy takes. ``past`` is what happened to it, the oldest first.
    """

    key: str
    location: Location
    verdict: Verdict
    why: str
    last_used: datetime
    deployment: Deployment
    past: tuple[Evidence, ...] = field(default_factory=tuple)

    def as_dict(self) -> dict[str, t.Any]:
        """For results."""
        return {
            "revision": dict(self.location),
            "revision_name": revisions.text(self.location),
            "verdict": self.verdict,
            "why": self.why,
            "last_used": self.last_used.isoformat(),
            "deployment_id": self.deployment.id,
            "file_exists_behavior": self.deployment.file_exists_behavior or None,
            "past": [
                {"at": e.at.isoformat(), "what": e.why, "verdict": e.verdict, "deployment_id": e.deployment}
                for e in self.past
            ],
        }


@dataclass
class _Record:
    """Everything known of one revision while the history is read."""

    location: Location
    first_seen: datetime
    last_used: datetime
    deployment: Deployment
    proven: Deployment | None = None
    evidence: list[Evidence] = field(default_factory=list)


@dataclass(frozen=True)
class History:
    """A group's deployments, read from the oldest to the newest."""

    records: t.Mapping[str, _Record]
    arrivals: tuple[Arrival, ...]
    deployments: tuple[Deployment, ...]
    # The key of what the group is on, or was being brought to; empty where nothing was deployed yet.
    now: str
    # The last deployment to the whole group ended without success, so that its instances are on different revisions.
    mixed: bool
    # The deployment to the whole group that has not ended, or a rollback of it.
    running: Deployment | None
    # One that has ended, and that CodeDeploy can still be about to roll back.
    due: Deployment | None
    # The key of what the running deployment goes back from, None where it goes forward.
    returning_from: str | None
    # What was deployed last with success, before the running deployment began.
    last_success: str

    @property
    def newest(self) -> Deployment | None:
        """The deployment to the whole group that was created last, whatever became of it."""
        return _newest(self.deployments)

    @property
    def alongside(self) -> tuple[Deployment, ...]:
        """Deployments that have not ended, besides those to the whole group: to single instances, or not known here."""
        return tuple(d for d in self.deployments if d.running and (d.creator in PARTIAL or _is_unknown(d)))

    @property
    def unknown_creators(self) -> tuple[Deployment, ...]:
        """Deployments of creators that are not known here."""
        return tuple(d for d in self.deployments if _is_unknown(d))

    @property
    def lands_on(self) -> str:
        """The key of what the group is on when the running deployment ends well; empty where none runs."""
        return revisions.key(self.running.revision) if self.running is not None else ""

    def location(self, key: str | None) -> Location | None:
        """Where a revision is."""
        record = self.records.get(key or "")
        return record.location if record is not None else None

    def before(self, deployment: str) -> History:
        """The history as it was before a deployment was created."""
        position = next((i for i, d in enumerate(self.deployments) if d.id == deployment), len(self.deployments))
        return read(self.deployments[:position])

    def is_older(self, one: str, other: str) -> bool:
        """``one`` came before ``other``."""
        return _is_older(one, other, self.records)

    def in_service_at(self, when: datetime) -> Arrival | None:
        """What the group was on at a time, None where the history does not reach that far back."""
        return next((a for a in reversed(self.arrivals) if a.at <= when), None)

    def retreat(self) -> tuple[str, History] | None:
        """Where the present run of returns began: the revision that was left first, and the history until then.

        None where the group last went forward. Returns one after the other are one run, whoever returned, so that steps
        back can be counted from its beginning.
        """
        past = list(self.arrivals)
        newest = self.newest
        if self.returning_from is not None and self.running is not None:
            left: str | None = self.returning_from
            began = self.running.triggered_by or self.running.id
        elif past and newest is not None and newest.id in (past[-1].wanted, past[-1].deployment.id):
            last = past.pop()
            left, began = last.left, last.wanted
        else:
            return None
        if left is None:
            return None
        for arrival in reversed(past):
            if arrival.revision != left or arrival.left is None:
                break
            left, began = arrival.left, arrival.wanted
        return left, self.before(began)

    def candidates(self) -> tuple[Candidate, ...]:
        """All revisions, the most recently used first."""
        found = [_candidate(name, record) for name, record in self.records.items()]
        # Of two that were last used at the same moment the one that was seen first is the older.
        return tuple(sorted(reversed(found), key=lambda c: c.last_used, reverse=True))


def read(
    deployments: t.Iterable[Deployment],
    now: datetime | None = None,
) -> History:
    """The history that a list of deployments tells, in whatever order they come.

    Without ``now`` it is taken for certain that what has ended without a rollback gets none.
    """
    ordered = sorted(deployments, key=_when)
    told = revisions.with_versions([d.revision for d in ordered])
    ordered = [replace(d, revision=location) for d, location in zip(ordered, told)]
    reader = _Reader(undone_by([d for d in ordered if d.creator not in PARTIAL]))
    for deployment in ordered:
        reader.take(deployment)
    # A group runs one deployment at a time, so whatever precedes another one is over.
    newest = _newest(reader.seen)
    running = newest if newest is not None and newest.running else None
    return History(
        records=reader.records,
        arrivals=tuple(reader.arrivals),
        deployments=tuple(reader.seen),
        now=reader.now,
        mixed=reader.mixed,
        running=running,
        due=newest if newest is not None and is_due(newest, now) else None,
        returning_from=reader.returns.get(running.id) if running is not None else None,
        last_success=reader.last_success,
    )


def _when(deployment: Deployment) -> tuple[datetime, bool, str]:
    # Created at the same moment: what CodeDeploy rolls back comes before the rollback.
    return deployment.created_at, deployment.is_rollback, deployment.id


def _newest(ordered: t.Sequence[Deployment]) -> Deployment | None:
    return next((d for d in reversed(ordered) if d.creator not in PARTIAL and not _is_unknown(d)), None)


def _is_unknown(deployment: Deployment) -> bool:
    return deployment.creator not in WANTED | PARTIAL | {ROLLBACK_CREATOR}


class _Reader:
    """Reads deployments in the order in which they were created."""

    def __init__(self, rollbacks: t.Mapping[str, Deployment]) -> None:
        self._rollbacks = rollbacks
        self._undoing = {rollback.id for rollback in rollbacks.values()}
        self._taken: set[str] = set()
        self.seen: list[Deployment] = []
        self.records: dict[str, _Record] = {}
        self.arrivals: list[Arrival] = []
        # Running deployments that go back, and from what.
        self.returns: dict[str, str] = {}
        self.now = ""
        self.mixed = False
        self.last_success = ""

    def take(self, deployment: Deployment) -> None:
        deployment = self._resolved(deployment)
        self.seen.append(deployment)
        if deployment.creator in PARTIAL:
            return
        if deployment.id in self._undoing and deployment.id in self._taken:
            # It was read together with the one that it undoes.
            return
        key = revisions.key(deployment.revision)
        if not key:
            return
        before = self.now
        record = self._record(key, deployment)
        if _is_unknown(deployment):
            why = f"deployed by {deployment.creator}, which is not known here, so it is not taken for good"
            self._prove(key, deployment, "unknown", f"{why} ({deployment.status})")
            if deployment.status == "Succeeded" and (key != before or self.mixed):
                self._succeeded(key, deployment, before, None)
            return
        left = before if before and before != key and self._goes_back(key, before, deployment) else None
        rollback = self._rollbacks.get(deployment.id)
        if deployment.running:
            self._prove(key, deployment, "unknown", f"its deployment has not ended ({deployment.status})")
            if left is not None:
                self.returns[deployment.id] = left
            self.now = key
            return
        if left is not None:
            why = f"left for the older {revisions.text(deployment.revision)} at {_clock(deployment.created_at)}"
            self._prove(left, deployment, "bad", why, deployment.created_at)
        if deployment.status == "Succeeded":
            self._prove(key, deployment, "good", _success(deployment))
            record.proven = deployment
            self._succeeded(key, deployment, before, left)
        elif rollback is not None:
            self._taken.add(rollback.id)
            self._rolled_back(key, deployment, self._resolved(rollback), before, left)
        else:
            self._ended_without(key, deployment)
            self.now, self.mixed = left or key, True

    def _succeeded(self, key: str, deployment: Deployment, before: str, left: str | None) -> None:
        stays = self.arrivals[-1] if self.arrivals and self.arrivals[-1].revision == key == before else None
        if stays is not None and left is None and not self.mixed:
            # The same revision once more: it stays what it was, a deployment or a return, since when it was.
            self.arrivals.append(replace(stays, deployment=deployment, wanted=deployment.id))
        else:
            how: How = "returned" if left else "deployed"
            self.arrivals.append(Arrival(key, _ended(deployment), how, left, deployment, deployment.id))
        self.records[key].last_used = _ended(deployment)
        self.now, self.mixed, self.last_success = key, False, key

    def _rolled_back(
        self, key: str, deployment: Deployment, rollback: Deployment, before: str, left: str | None
    ) -> None:
        back = revisions.key(rollback.revision)
        if not back:
            self._ended_without(key, deployment)
            self.now, self.mixed = left or key, True
            return
        succeeded_before = self._has_succeeded(key)
        at = _clock(_ended(rollback))
        if rollback.running:
            why = f"CodeDeploy is rolling it back with {rollback.id} ({_why(deployment)})"
            self._prove(key, deployment, "bad", why)
            self.returns[rollback.id] = key
            self._record(back, rollback)
            self.now = back
            return
        if rollback.status != "Succeeded":
            why = f"it failed, and CodeDeploy could not roll it back with {rollback.id} ({_why(deployment)})"
            self._prove(key, deployment, "unknown" if succeeded_before else "bad", why)
            self.now, self.mixed = left or key, True
            return
        if back != key:
            # With the same revision on both sides it was something else that failed.
            why = f"CodeDeploy rolled it back at {at} ({_why(deployment)})"
            self._prove(key, deployment, "unknown" if left and succeeded_before else "bad", why)
        record = self._record(back, rollback)
        ended = _ended(rollback)
        if left is not None and back == before:
            # CodeDeploy undid somebody's return: what they wanted to leave is as bad, and came back as it had before.
            self.arrivals.append(Arrival(back, ended, "deployed", None, rollback, deployment.id))
        else:
            why = f"CodeDeploy rolled back to it from {revisions.text(deployment.revision)} at {at}"
            self._prove(back, rollback, "good", why)
            record.proven = rollback
            self.arrivals.append(Arrival(back, ended, "rolled_back", key, rollback, deployment.id))
        record.last_used = ended
        self.now, self.mixed, self.last_success = back, False, back

    def _ended_without(self, key: str, deployment: Deployment) -> None:
        """It Failed or was Stopped, and was not rolled back."""
        if deployment.status == "Failed":
            if self._has_succeeded(key):
                why = f"it had succeeded before, and deploying it again failed at {_clock(_ended(deployment))}"
                self._prove(key, deployment, "unknown", f"{why} ({_why(deployment)})")
            else:
                why = f"its deployment failed at {_clock(_ended(deployment))} ({_why(deployment)})"
                self._prove(key, deployment, "bad", why)
        else:
            why = "its deployment was stopped, so nothing shows that it ever became healthy"
            self._prove(key, deployment, "unknown", f"{why} ({_why(deployment)})")

    def _resolved(self, deployment: Deployment) -> Deployment:
        """RESTART, and a rollback of CodeDeploy, can do without a revision: it is that of the last successful one."""
        location = self.records[self.last_success].location if self.last_success else None
        if (
            (deployment.mode == "RESTART" or deployment.is_rollback)
            and not revisions.key(deployment.revision)
            and location is not None
        ):
            return replace(deployment, revision=location)
        return deployment

    def _goes_back(self, key: str, before: str, deployment: Deployment) -> bool:
        if _is_older(key, before, self.records):
            return True
        # What it goes back to can be too old to be on record under this name.
        new_here = self.records[key].first_seen == deployment.created_at
        return new_here and writes.goes_back(deployment.description)

    def _has_succeeded(self, key: str) -> bool:
        return self.records[key].proven is not None

    def _record(self, key: str, deployment: Deployment) -> _Record:
        if key not in self.records:
            created = deployment.created_at
            self.records[key] = _Record(deployment.revision, created, created, deployment)
        record = self.records[key]
        record.deployment, record.location = deployment, deployment.revision
        return record

    def _prove(self, key: str, deployment: Deployment, verdict: Verdict, why: str, at: datetime | None = None) -> None:
        if key in self.records:
            self.records[key].evidence.append(Evidence(at or _ended(deployment), verdict, why, deployment.id))


def _is_older(one: str, other: str, records: t.Mapping[str, _Record]) -> bool:
    return one in records and other in records and records[one].first_seen < records[other].first_seen


def _candidate(key: str, record: _Record) -> Candidate:
    # Where the record is silent (Stopped), what was proved before still stands.
    proofs = [e for e in record.evidence if e.verdict != "unknown"] or record.evidence
    verdict: Verdict = proofs[-1].verdict if proofs else "unknown"
    return Candidate(
        key=key,
        location=record.location,
        verdict=verdict,
        why=proofs[-1].why if proofs else "nothing is known of how its deployment ended",
        last_used=record.last_used,
        deployment=record.proven or record.deployment,
        past=tuple(record.evidence),
    )


def _success(deployment: Deployment) -> str:
    text = f"Succeeded at {_clock(_ended(deployment))}"
    failed = deployment.counts.get("Failed", 0)
    return f"{text}, though {failed} of {sum(deployment.counts.values())} targets failed" if failed else text


def _why(deployment: Deployment) -> str:
    return deployment.why or "no reason given"


def _ended(deployment: Deployment) -> datetime:
    return deployment.completed_at or deployment.created_at


def _clock(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S %Z").strip()
