# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""What a service ran before, and what each version proved. Pure.

The rules, and where they come from:

* A deployment that reached SUCCESSFUL proves its version good; one that ended ROLLBACK_SUCCESSFUL proves its target
  bad and the revision that ECS went back to good; STOPPED and ROLLBACK_FAILED prove nothing good
  (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-deployment.html).
* A deployment of CodeDeploy that ended FAILED and was not rolled back proves its target bad; what the service stayed on
  is not proved by it.
* A version that was left for an *older* one is bad, whoever returned: that is what a rollback looks like from outside.
  It stays bad when ECS undoes the return: that the old tasks start again was never in question.
* A deployment that ran no task proves nothing, although it ended SUCCESSFUL (:mod:`.tasks_ran`).
* The latest evidence counts. A mark (a tag on the task definition) outweighs it.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field
from datetime import datetime

from ansible_collections.lastgood.aws.plugins.module_utils._core.findings import Evidence
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import marks, names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import (
    ROLLING_BACK,
    Revision,
    ServiceDeployment,
    TaskDefinition,
    Verdict,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past import tasks_ran

_BEFORE_THE_RECORD: t.Final = Evidence(
    datetime.min,
    "unknown",
    "it ran before the recorded history begins, so nothing is known of how its own deployment ended",
    "",
)
How = t.Literal["deployed", "returned", "rolled_back", "stayed"]


@dataclass(frozen=True)
class Arrival:
    """A version came into service: by a deployment, by somebody's return to it, or by ECS's own rollback.

    ``stayed`` is one that was in service all the time while a deployment failed. ``by`` is who rolled back.
    """

    task_definition: str
    at: datetime
    how: How
    left: str | None
    deployment: str
    by: str = "ECS"


@dataclass(frozen=True)
class Candidate:
    """A version that the service ran before (or tried to), with a verdict and why.

    ``revision`` is the one that proved it good, or else the last one that was tried. ``past`` is what happened to it,
    the oldest first; ``registered_by`` and ``marks`` are known where its task definition was read. ``decided_by`` is
    the deployment that the verdict comes from, empty where it is a mark. ``ran_none``: nothing is known of it but
    deployments that ran no task.
    """

    task_definition: str
    verdict: Verdict
    why: str
    last_used: datetime
    deployment: str
    revision: Revision
    past: tuple[Evidence, ...] = ()
    registered_by: str = ""
    marks: t.Mapping[str, str] = field(default_factory=dict)
    decided_by: str = ""
    ran_none: bool = False

    def as_dict(self) -> dict[str, t.Any]:
        """For results."""
        return {
            "task_definition": self.task_definition,
            "verdict": self.verdict,
            "why": self.why,
            "last_used": self.last_used.isoformat(),
            "service_deployment": self.deployment,
            "service_revision": self.revision.arn or None,
            "image_digests": dict(self.revision.digests),
            "past": [
                {"at": e.at.isoformat(), "what": e.why, "verdict": e.verdict, "service_deployment": e.deployment}
                for e in self.past
            ],
            "registered_by": self.registered_by or None,
            "marks": dict(self.marks),
        }


@dataclass
class _Record:
    """Everything known of one version while the history is read. ``proven`` is the revision that proved it good."""

    revision: Revision
    first_seen: datetime
    last_used: datetime
    deployment: str
    proven: Revision | None = None
    evidence: list[Evidence] = field(default_factory=list)
    # It was deployed with success, but ran no task.
    ran_none: bool = False


@dataclass(frozen=True)
class History:
    """A service's deployments, read from the oldest to the newest."""

    records: t.Mapping[str, _Record]
    arrivals: tuple[Arrival, ...]
    deployments: tuple[ServiceDeployment, ...]
    running: ServiceDeployment | None
    # What the running deployment goes back from, None where it goes forward.
    returning_from: str | None
    # Pinned copies, and what they were made of: the same version under a newer number.
    copies: t.Mapping[str, str] = field(default_factory=dict)

    @property
    def newest(self) -> ServiceDeployment | None:
        """The deployment that was created last, whatever became of it."""
        return self.deployments[-1] if self.deployments else None

    @property
    def lands_on(self) -> str | None:
        """The task definition that the service is on when the running deployment ends well."""
        if self.running is None:
            return None
        if self.running.status in ROLLING_BACK:
            back = self.running.rolled_back_to
            return back.task_definition if back else self.native_stop_lands_on
        return self.running.target.task_definition

    @property
    def native_stop_lands_on(self) -> str | None:
        """Where ECS goes when the running deployment is stopped with ROLLBACK, None where that is not certain.

        ECS goes back to the source service revision, and there can be several of them
        (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stop-service-deployment.html).
        """
        sources = {s.task_definition for s in self.running.sources} if self.running else set()
        return sources.pop() if len(sources) == 1 else None

    def before(self, deployment: str) -> History:
        """The history as it was before a deployment (an ARN) was created."""
        position = next((i for i, d in enumerate(self.deployments) if d.arn == deployment), len(self.deployments))
        return read(self.deployments[:position], self.copies)

    def root(self, task_definition: str) -> str:
        """What a pinned copy was made of; any other version is its own root."""
        return self.copies.get(task_definition, task_definition)

    def is_older(self, one: str, other: str) -> bool:
        """``one`` came before ``other``; a pinned copy counts as what it was made of."""
        return _is_older(self.root(one), self.root(other), self.records)

    def in_service_at(self, when: datetime) -> Arrival | None:
        """What was in service at a time, None where the history does not reach that far back."""
        return next((a for a in reversed(self.arrivals) if a.at <= when), None)

    def latest_revision(self, task_definition: str) -> Revision | None:
        """The service revision that last carried a task definition, None where it is not on record."""
        record = self.records.get(task_definition)
        return record.revision if record else None

    def retreat(self) -> tuple[str, History] | None:
        """Where the present run of returns began: the version that was left first, and the history until then.

        None where the service last went forward. A return that runs now counts; one after the other they are one
        run, whoever returned, so that steps back can be counted from its beginning.
        """
        past = list(self.arrivals)
        if self.running is not None:
            left, began = self.returning_from, self.running.arn
        elif past and self.newest is not None and past[-1].deployment == self.newest.arn:
            last = past.pop()
            left, began = last.left, last.deployment
        else:
            return None
        if left is None:
            return None
        for arrival in reversed(past):
            if arrival.task_definition != left or arrival.left is None:
                break
            left, began = arrival.left, arrival.deployment
        return left, self.before(began)

    @property
    def ever_ran(self) -> bool:
        """Some version of the service ran a task, or that is not told."""
        return any(tasks_ran.ran_some(d) for d in self.deployments)

    def not_told(self, versions: t.Container[str] | None = None) -> list[str]:
        """Deployments that have to be described to tell whether they ran a task, the newest first: of some, or all."""
        return [
            d.arn
            for d in reversed(self.deployments)
            if tasks_ran.is_not_told(d) and (versions is None or d.target.task_definition in versions)
        ]

    def candidates(self, known: t.Mapping[str, TaskDefinition]) -> tuple[Candidate, ...]:
        """All versions, the most recently used first. ``known`` brings the marks of those already read."""
        found = [_candidate(name, record, known.get(name)) for name, record in self.records.items()]
        # Of two that were last used at the same moment the one that was seen first is the older.
        return tuple(sorted(reversed(found), key=lambda c: c.last_used, reverse=True))


def read(deployments: t.Iterable[ServiceDeployment], copies: t.Mapping[str, str] | None = None) -> History:
    """The history that a list of service deployments tells, in whatever order they come.

    ``copies`` maps pinned copies to what they were made of.
    """
    ordered = sorted(deployments, key=_when)
    reader = _Reader(copies or {})
    for deployment in ordered:
        reader.take(deployment)
    # A new deployment supersedes the one that runs, so what precedes one that has ended is over as well, whatever its
    # own record says (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-deployment.html).
    ended = max((i for i, d in enumerate(ordered) if not d.in_flight), default=-1)
    flights = ordered[ended + 1 :]
    # A superseded deployment lingers as STOP_REQUESTED beside the one that superseded it.
    moving = [d for d in flights if d.status != "STOP_REQUESTED"]
    current = moving or flights
    running = current[-1] if current else None
    return History(
        records=reader.records,
        arrivals=tuple(reader.arrivals),
        deployments=tuple(ordered),
        running=running,
        returning_from=reader.returns.get(running.arn) if running else None,
        copies=copies or {},
    )


def _when(deployment: ServiceDeployment) -> tuple[datetime, bool, datetime]:
    # Created at the same moment: a superseded deployment ends before the one that superseded it.
    return deployment.created_at, deployment.in_flight, deployment.finished_at or deployment.created_at


class _Reader:
    """Reads deployments in the order in which they were created."""

    def __init__(self, copies: t.Mapping[str, str]) -> None:
        self._copies = copies
        self.records: dict[str, _Record] = {}
        self.arrivals: list[Arrival] = []
        # Running deployments that go back, and from what.
        self.returns: dict[str, str] = {}
        # What ran or was being deployed when the next deployment began.
        self._now: str | None = None

    def take(self, deployment: ServiceDeployment) -> None:
        target = deployment.target.task_definition
        before = self._now
        if before is None and len({s.task_definition for s in deployment.sources}) == 1:
            # The first deployment that is still on record tells what ran before the record begins.
            before = deployment.sources[0].task_definition
            self._record(deployment.sources[0], deployment.created_at, deployment.arn)
        ended = deployment.finished_at or deployment.created_at
        record = self._record(deployment.target, deployment.created_at, deployment.arn)
        left = before if before is not None and before != target and self._older(target, before) else None
        if deployment.in_flight:
            rolling_back = deployment.status in ROLLING_BACK
            why = f"{deployment.by} is rolling it back" if rolling_back else "its deployment has not ended"
            verdict: Verdict = "bad" if rolling_back else "unknown"
            why = f"{why} ({deployment.status})"
            self._prove(target, Evidence(deployment.created_at, verdict, why, deployment.arn))
            self._now = target
            # While ECS undoes somebody's return, the service goes forward again.
            going_back_from = (target if left is None else None) if rolling_back else left
            if going_back_from is not None:
                self.returns[deployment.arn] = going_back_from
            return
        if left is not None:
            why = f"left for the older {names.short(target)} at {_clock(deployment.created_at)}"
            self._prove(left, Evidence(deployment.created_at, "bad", why, deployment.arn))
        if deployment.status == "SUCCESSFUL":
            if tasks_ran.ran_none(deployment):
                record.ran_none = True
                self._prove(target, Evidence(ended, "unknown", _no_task(ended), deployment.arn))
            else:
                self._prove(target, Evidence(ended, "good", _success(deployment, ended), deployment.arn))
                record.proven = deployment.target
            self._arrive(target, ended, "returned" if left else "deployed", left, deployment.arn)
            record.last_used = ended
            self._now = target
        elif deployment.status == "ROLLBACK_SUCCESSFUL":
            self._rolled_back(deployment, before, ended, undone=left is not None)
        elif deployment.status == "ROLLBACK_FAILED":
            why = f"it failed, and {deployment.by} could not roll it back ({_reason(deployment)})"
            self._prove(target, Evidence(ended, "bad", why, deployment.arn))
            self._now = target
        else:
            self._not_rolled_back(deployment, ended, undone=left is not None)

    def _not_rolled_back(self, deployment: ServiceDeployment, ended: datetime, undone: bool) -> None:
        target, stayed = deployment.target.task_definition, deployment.rolled_back_to
        verdict: Verdict = "unknown"
        why = _stopped(deployment)
        if deployment.status == "FAILED":
            verdict, why = "bad", f"its deployment failed at {_clock(ended)} ({_reason(deployment)})"
        self._prove(target, Evidence(ended, verdict, why, deployment.arn))
        self._now = target
        if stayed is None or stayed.task_definition == target:
            return
        self._now = stayed.task_definition
        if stayed.task_definition not in self.records:
            self._record(stayed, deployment.created_at, deployment.arn)
        self.records[stayed.task_definition].last_used = ended
        if undone:
            # Somebody's return came to nothing: what they wanted to leave came into service as it had before.
            self._arrive(stayed.task_definition, ended, "deployed", None, deployment.arn)
        else:
            self._arrive(stayed.task_definition, ended, "stayed", target, deployment.arn)

    def _rolled_back(self, deployment: ServiceDeployment, before: str | None, ended: datetime, undone: bool) -> None:
        target = deployment.target.task_definition
        back = deployment.rolled_back_to
        back_to = back.task_definition if back else before
        if back_to != target:
            # With the same task definition on both sides it was something else that failed (a setting, an image
            # behind a tag), and nothing is proved about the task definition.
            why = f"{deployment.by} rolled it back at {_clock(ended)} ({_reason(deployment)})"
            self._prove(target, Evidence(ended, "bad", why, deployment.arn))
        if back_to is None:
            self._now = None
            return
        idle = tasks_ran.went_back_without(deployment)
        if back is not None:
            record = self._record(back, deployment.created_at, deployment.arn)
            record.last_used, record.proven = ended, record.proven if idle else back
        if undone and back_to == before:
            # ECS undid somebody's return: what they wanted to leave is as bad, and came into service as it had before.
            self._arrive(back_to, ended, "deployed", None, deployment.arn)
        else:
            why = f"{deployment.by} rolled back to it from {names.short(target)} at {_clock(ended)}"
            why += ", without a task" if idle else ""
            self._prove(back_to, Evidence(ended, "unknown" if idle else "good", why, deployment.arn))
            self._arrive(back_to, ended, "rolled_back", target, deployment.arn, deployment.by)
        self._now = back_to

    def _record(self, revision: Revision, at: datetime, deployment: str) -> _Record:
        name = revision.task_definition
        if name not in self.records:
            self.records[name] = _Record(revision, at, at, deployment)
        record = self.records[name]
        record.last_used, record.deployment, record.revision = at, deployment, revision
        return record

    def _prove(self, name: str, evidence: Evidence) -> None:
        if name in self.records:
            self.records[name].evidence.append(evidence)

    def _arrive(self, name: str, at: datetime, how: How, left: str | None, deployment: str, by: str = "ECS") -> None:
        last = self.arrivals[-1] if self.arrivals else None
        if last is not None and last.task_definition == name and how == "deployed":
            # The same version once more: it stays what it was, a deployment or a return, since when it was.
            at, how, left = last.at, last.how, last.left
        self.arrivals.append(Arrival(name, at, how, left, deployment, by))

    def _older(self, one: str, other: str) -> bool:
        return _is_older(self._copies.get(one, one), self._copies.get(other, other), self.records)


def _is_older(one: str, other: str, records: t.Mapping[str, _Record]) -> bool:
    """``one`` came before ``other``: by revision number, or by first use where the families differ.

    Numbers come first because the record is short: a version that is returned to after 90 days, or after the newest
    deployments that are read, looks new in it.
    """
    a, b = names.parse(one), names.parse(other)
    if a is not None and b is not None and a.family == b.family:
        return a.revision < b.revision
    first, second = records.get(one), records.get(other)
    return first is not None and second is not None and first.first_seen < second.first_seen


def _candidate(name: str, record: _Record, known: TaskDefinition | None) -> Candidate:
    # Where the record is silent (STOPPED), what was proved before still stands.
    proofs = [e for e in record.evidence if e.verdict != "unknown"]
    decisive = (proofs or record.evidence or [_BEFORE_THE_RECORD])[-1]
    tags = known.tags if known else {}
    verdict, why = marks.weigh(tags, decisive.verdict, decisive.why)
    marked = why != decisive.why
    return Candidate(
        task_definition=name,
        verdict=verdict,
        why=why,
        last_used=record.last_used,
        deployment=record.deployment,
        revision=record.proven or record.revision,
        past=tuple(record.evidence),
        registered_by=str(known.content.get("registeredBy") or "") if known else "",
        marks={key: value for key, value in tags.items() if key.startswith(marks.PREFIX)},
        decided_by="" if marked else decisive.deployment,
        ran_none=record.ran_none and not proofs and not marked,
    )


def _success(deployment: ServiceDeployment, ended: datetime) -> str:
    if deployment.proof:
        return deployment.proof
    return f"SUCCESSFUL at {_clock(ended)}"


def _no_task(ended: datetime) -> str:
    return f"SUCCESSFUL at {_clock(ended)}, but the service was scaled to zero: it ran no task, and proves nothing"


def _stopped(deployment: ServiceDeployment) -> str:
    reason = f" ({deployment.reason.rstrip('.')})" if deployment.reason else ""
    return f"its deployment ended {deployment.status}, so nothing shows that it ever became healthy{reason}"


def _reason(deployment: ServiceDeployment) -> str:
    return (deployment.rollback_reason or deployment.reason or "no reason given").rstrip(".")


def _clock(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S %Z").strip()
