# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""What a deployment group deployed before, and what each revision proved. Pure.

Deployments become the episodes of :mod:`_core.timeline`, which has the rules. These things are special to CodeDeploy:

* A rollback by CodeDeploy is a separate deployment of the last successfully deployed revision
  (https://docs.aws.amazon.com/codedeploy/latest/userguide/deployments-rollback-and-redeploy.html). It and the
  deployment that it undoes are one episode.
* Deployments to single instances (by Auto Scaling, or to bring outdated instances up to date) say nothing about a
  revision: they deploy the group's last successful revision
  (https://docs.aws.amazon.com/codedeploy/latest/userguide/integrations-aws-auto-scaling.html).
* RESTART runs "the revision of the last successful deployment" again.
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
from ansible_collections.lastgood.aws.plugins.module_utils._core import causes, timeline
from ansible_collections.lastgood.aws.plugins.module_utils._core.as_of import stamp
from ansible_collections.lastgood.aws.plugins.module_utils._core.causes import Cause
from ansible_collections.lastgood.aws.plugins.module_utils._core.findings import Evidence, Finding, Verdict
from ansible_collections.lastgood.aws.plugins.module_utils._core.timeline import clock

# DeploymentCreator in botocore's model: those that deploy to the whole group because somebody wanted it, and those that
# deploy to some of its instances. A deployment by any other creator does not count as good.
WANTED: t.Final = frozenset({"", "user", "CodeDeploy", "CloudFormation", "CloudFormationRollback"})
PARTIAL: t.Final = frozenset({"autoscaling", "autoscalingTermination", "CodeDeployAutoUpdate"})

_Record = timeline.Record[Deployment]


class Arrival(timeline.Arrival[Deployment]):
    """See :class:`_core.timeline.Arrival`; the versions are keys (:func:`.revisions.key`)."""

    @property
    def revision(self) -> str:
        """The key of the revision."""
        return self.version

    @property
    def deployment(self) -> Deployment:
        """What brought it: CodeDeploy's own rollback, or the deployment that somebody made."""
        return self.brought.content


@dataclass(frozen=True)
class Candidate:
    """A revision that was deployed before, or whose deployment was tried, with a verdict and the reason for it.

    ``last_used``: when it last came to the group, or, if it never did, when it was first tried.

    ``deployment``: the last one that proved it good, or else the last one that tried it. A redeploy uses its content
    option and its location. ``past``: what happened to it, oldest first.
    """

    key: str
    location: Location
    verdict: Verdict
    why: str
    last_used: datetime
    deployment: Deployment
    past: tuple[Evidence, ...] = field(default_factory=tuple)
    # How it failed after it was good, for a cause outside of it.
    doubt: str = ""

    def as_dict(self) -> dict[str, t.Any]:
        """For results."""
        return {
            "revision": dict(self.location),
            "revision_name": revisions.text(self.location),
            "verdict": self.verdict,
            "why": self.why,
            "last_used": stamp(self.last_used),
            "deployment_id": self.deployment.id,
            "file_exists_behavior": self.deployment.file_exists_behavior or None,
            "past": [
                {"at": stamp(e.at), "what": e.why, "verdict": e.verdict, "deployment_id": e.deployment}
                for e in self.past
            ],
        }


@dataclass(frozen=True)
class History:
    """A group's deployments, from the oldest to the newest."""

    records: t.Mapping[str, _Record]
    arrivals: tuple[Arrival, ...]
    deployments: tuple[Deployment, ...]
    # The key of what the group is on, or was being moved to; empty if nothing was deployed yet.
    now: str
    # The last deployment to the whole group ended without success, so its instances are on different revisions.
    mixed: bool
    # The deployment to the whole group that has not ended; it may be a rollback.
    running: Deployment | None
    # One that has ended, and that CodeDeploy may still be about to roll back.
    due: Deployment | None
    # The step back that the running deployment makes; None if it goes forward.
    returning: timeline.Return | None
    # The key of the last successfully deployed revision, before the running deployment began.
    last_success: str
    # Deployments that failed with a revision that was good, and do not say why. Their targets may say it.
    unexplained: tuple[str, ...] = ()
    # The causes that targets name, by deployment.
    causes: t.Mapping[str, Cause] = field(default_factory=dict)

    @property
    def returning_from(self) -> str | None:
        """The key of the revision that the running deployment goes back from; None if it goes forward."""
        return self.returning.left if self.returning is not None else None

    @property
    def newest(self) -> Deployment | None:
        """The deployment to the whole group that was created last, no matter how it ended."""
        return _newest(self.deployments)

    @property
    def alongside(self) -> tuple[Deployment, ...]:
        """Other deployments that have not ended: to single instances, or by a creator that is not known here."""
        return tuple(d for d in self.deployments if d.running and (d.creator in PARTIAL or _is_unknown(d)))

    @property
    def unknown_creators(self) -> tuple[Deployment, ...]:
        """Deployments by creators that are not known here."""
        return tuple(d for d in self.deployments if _is_unknown(d))

    @property
    def lands_on(self) -> str:
        """The key of what the group will be on if the running deployment succeeds; empty if none is running."""
        return revisions.key(self.running.revision) if self.running is not None else ""

    def location(self, key: str | None) -> Location | None:
        """The location of a revision, by its key."""
        record = self.records.get(key or "")
        return record.last.content.revision if record is not None else None

    def before(self, deployment: str) -> History:
        """The history as it was before a deployment was created."""
        position = next((i for i, d in enumerate(self.deployments) if d.id == deployment), len(self.deployments))
        return read(self.deployments[:position], causes_=self.causes)

    def is_older(self, one: str, other: str) -> bool:
        """Whether ``one`` came before ``other``."""
        return _is_older(one, other, self.records)

    def in_service_at(self, when: datetime) -> Arrival | None:
        """What the group was on at this time; None if the history does not reach that far back."""
        return timeline.in_service_at(self.arrivals, when)

    def retreat(self) -> tuple[str, History] | None:
        """Where the current series of returns began: the revision that was left first, and the history until then.

        None if the group last went forward. A return that is running now counts.
        """
        newest = self.newest.id if self.newest is not None else ""
        step = timeline.retreat(self.arrivals, newest, self.running is not None, self.returning)
        return (step.left, self.before(step.began)) if step is not None else None

    def candidates(self) -> tuple[Candidate, ...]:
        """All revisions, most recently used first."""
        return timeline.latest_first(_candidate(key, record) for key, record in self.records.items())


def read(
    deployments: t.Iterable[Deployment],
    now: datetime | None = None,
    causes_: t.Mapping[str, Cause] | None = None,
) -> History:
    """The history that a list of deployments shows, in any order.

    Without ``now``, a deployment that has ended without a rollback counts as one that gets none. ``causes_``: what
    targets said about why deployments failed, by deployment id; what a deployment itself says comes first.
    """
    told_by_targets = causes_ or {}
    reader = _told_in_order(_in_order(deployments), told_by_targets)
    fold = reader.fold
    # A group runs one deployment at a time, so all but the newest have ended.
    newest = _newest(reader.seen)
    running = newest if newest is not None and newest.running else None
    return History(
        records=fold.records,
        arrivals=tuple(Arrival(**vars(arrival)) for arrival in fold.arrivals),
        deployments=tuple(reader.seen),
        now=(revisions.key(running.revision) if running is not None else "") or fold.now or "",
        mixed=fold.mixed,
        running=running,
        due=newest if newest is not None and is_due(newest, now) else None,
        returning=fold.returns.get(running.id) if running is not None else None,
        last_success=fold.last_success or "",
        unexplained=tuple(fold.unexplained),
        causes=told_by_targets,
    )


def _in_order(deployments: t.Iterable[Deployment]) -> list[Deployment]:
    """Oldest first, each with the version of its revision if any of them gives it."""
    ordered = sorted(deployments, key=_when)
    known = revisions.with_versions([d.revision for d in ordered])
    return [replace(d, revision=location) for d, location in zip(ordered, known)]


def _told_in_order(ordered: t.Sequence[Deployment], told_by_targets: t.Mapping[str, Cause]) -> _Reader:
    reader = _Reader(undone_by([d for d in ordered if d.creator not in PARTIAL]), told_by_targets)
    for deployment in ordered:
        reader.take(deployment)
    return reader


def _when(deployment: Deployment) -> tuple[datetime, bool, str]:
    # If both were created at the same moment, the deployment that is rolled back comes before its rollback.
    return deployment.created_at, deployment.is_rollback, deployment.id


def _newest(ordered: t.Sequence[Deployment]) -> Deployment | None:
    return next((d for d in reversed(ordered) if d.creator not in PARTIAL and not _is_unknown(d)), None)


def _is_unknown(deployment: Deployment) -> bool:
    return deployment.creator not in WANTED | PARTIAL | {ROLLBACK_CREATOR}


class _Reader:
    """Turns deployments into episodes, in the order in which they were created."""

    def __init__(self, rollbacks: t.Mapping[str, Deployment], told_by_targets: t.Mapping[str, Cause]) -> None:
        self._rollbacks = rollbacks
        self._told_by_targets = told_by_targets
        self._undoing = {rollback.id for rollback in rollbacks.values()}
        self._taken: set[str] = set()
        self.seen: list[Deployment] = []
        self.fold = timeline.Fold[Deployment](_is_older)

    def take(self, deployment: Deployment) -> None:
        deployment = self._resolved(deployment)
        self.seen.append(deployment)
        if deployment.creator in PARTIAL or deployment.id in self._undoing & self._taken:
            # A rollback is part of the episode of the deployment that it undoes.
            return
        if not revisions.key(deployment.revision):
            return
        rollback = self._rollbacks.get(deployment.id)
        if rollback is None or deployment.status not in ("Failed", "Stopped") or _is_unknown(deployment):
            self._tell(deployment, None)
            return
        self._taken.add(rollback.id)
        rollback = self._resolved(rollback)
        self._tell(deployment, rollback if revisions.key(rollback.revision) else None)

    def _tell(self, deployment: Deployment, rollback: Deployment | None) -> None:
        episode = _episode(deployment, rollback)
        self.fold.take(replace(episode, cause=episode.cause or self._told_by_targets.get(deployment.id, "")))

    def _resolved(self, deployment: Deployment) -> Deployment:
        """RESTART and CodeDeploy's rollbacks may name no revision: it is then the last successfully deployed one."""
        last = self.fold.last_success
        without = (deployment.mode == "RESTART" or deployment.is_rollback) and not revisions.key(deployment.revision)
        if not without or last is None:
            return deployment
        return replace(deployment, revision=self.fold.records[last].last.content.revision)


def _episode(deployment: Deployment, rollback: Deployment | None) -> timeline.Episode[Deployment]:
    end = _end(deployment, rollback)
    back = None
    if rollback is not None and end in ("rolled_back", "rolling_back"):
        back = timeline.Back(_tried(rollback), _ended(rollback))
    return timeline.Episode(
        tried=_tried(deployment),
        created_at=deployment.created_at,
        at=_ended(deployment),
        end=end,
        name=revisions.text(deployment.revision),
        told=_told(end, deployment, rollback),
        by="CodeDeploy",
        back=back,
        cause=causes.outside(deployment.why),
        goes_back=writes.goes_back(deployment.description),
    )


def _tried(deployment: Deployment) -> timeline.Tried[Deployment]:
    return timeline.Tried(revisions.key(deployment.revision), deployment.id, deployment)


def _end(deployment: Deployment, rollback: Deployment | None) -> timeline.End:
    if _is_unknown(deployment):
        return "untrusted" if deployment.status == "Succeeded" else "noted"
    if deployment.running:
        return "going"
    if rollback is None:
        ends: t.Mapping[str, timeline.End] = {"Succeeded": "succeeded", "Failed": "failed"}
        return ends.get(deployment.status, "stopped")
    if rollback.running:
        return "rolling_back"
    return "rolled_back" if rollback.status == "Succeeded" else "failed"


def _told(end: timeline.End, deployment: Deployment, rollback: Deployment | None) -> str:
    """How it ended, in words."""
    why = deployment.why or "no reason given"
    if end in ("untrusted", "noted"):
        what = f"deployed by {deployment.creator}, which is not known here, so it does not count as good"
        return f"{what} ({deployment.status})"
    if end == "going":
        return f"its deployment has not ended ({deployment.status})"
    if end == "succeeded":
        return _success(deployment)
    if end == "stopped":
        return f"its deployment was stopped, so nothing shows that it ever became healthy ({why})"
    if rollback is None:
        return f"its deployment failed at {clock(_ended(deployment))} ({why})"
    if end == "rolling_back":
        return f"CodeDeploy is rolling it back with {rollback.id} ({why})"
    if end == "rolled_back":
        return f"CodeDeploy rolled it back at {clock(_ended(rollback))} ({why})"
    return f"it failed, and CodeDeploy could not roll it back with {rollback.id} ({why})"


def _success(deployment: Deployment) -> str:
    text = f"Succeeded at {clock(_ended(deployment))}"
    failed = deployment.counts.get("Failed", 0)
    return f"{text}, though {failed} of {sum(deployment.counts.values())} targets failed" if failed else text


def _ended(deployment: Deployment) -> datetime:
    return deployment.completed_at or deployment.created_at


def _is_older(one: str, other: str, records: t.Mapping[str, _Record]) -> bool:
    return one in records and other in records and records[one].first_seen < records[other].first_seen


def _candidate(key: str, record: _Record) -> Candidate:
    decisive = record.decisive
    return Candidate(
        key=key,
        location=record.last.content.revision,
        verdict=decisive.verdict if decisive is not None else "unknown",
        why=record.why or "nothing is known of how its deployment ended",
        last_used=record.last_used,
        deployment=(record.proven or record.last).content,
        past=tuple(record.evidence),
        doubt=record.doubt,
    )


def doubts(candidates: t.Iterable[Candidate], key: str) -> list[Finding]:
    """Findings that a revision, named by its key, counts as good although it failed since."""
    of = next((c for c in candidates if c.key == key), None)
    return timeline.doubts(of, revisions.text(of.location)) if of is not None else []
