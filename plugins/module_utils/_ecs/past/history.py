# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""What a service ran before, and what each version proved. Pure.

Service deployments become the episodes of :mod:`_core.timeline`, which has the rules. What ECS's statuses mean
(https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-deployment.html):

* SUCCESSFUL: its target is good, unless it ran no task or too few (:mod:`.evidence`).
* ROLLBACK_SUCCESSFUL: its target failed, and the service is on the revision that ECS went back to.
* ROLLBACK_FAILED: its target failed.
* STOPPED: it proves nothing.

FAILED is a deployment of CodeDeploy that was not rolled back. It proves nothing about the version the service stayed
on. A mark (a tag on the task definition) outweighs all evidence.
"""

from __future__ import annotations

import itertools
import typing as t
from dataclasses import dataclass, field, replace
from datetime import datetime

from ansible_collections.lastgood.aws.plugins.module_utils._core import causes, timeline
from ansible_collections.lastgood.aws.plugins.module_utils._core.as_of import stamp
from ansible_collections.lastgood.aws.plugins.module_utils._core.findings import Evidence, Finding
from ansible_collections.lastgood.aws.plugins.module_utils._core.timeline import clock
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import marks, names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import (
    ROLLING_BACK,
    Event,
    Revision,
    ServiceDeployment,
    TaskDefinition,
    Verdict,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past import evidence

_FAILED: t.Final = ROLLING_BACK | {"ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED"}
_BEFORE_THE_RECORD: t.Final = Evidence(
    datetime.min,
    "unknown",
    "it ran before the recorded history begins, so nothing is known of how its own deployment ended",
    "",
)
_Record = timeline.Record[Revision]


class Arrival(timeline.Arrival[Revision]):
    """See :class:`_core.timeline.Arrival`."""

    @property
    def task_definition(self) -> str:
        """The ARN of the version."""
        return self.version

    @property
    def deployment(self) -> str:
        """The ARN of the service deployment that brought it, or the id of CodeDeploy's deployment."""
        return self.brought.deployment


@dataclass(frozen=True)
class Candidate:
    """A version that the service ran or tried to run, with a verdict and the reason for it.

    ``revision`` is the service revision that proved it good, or else the last one that was tried. ``past`` is what
    happened to it, the oldest first. ``registered_by`` and ``marks`` are known if its task definition was read.
    ``decided_by`` is the deployment that the verdict comes from; it is empty if a mark decided. ``ran_none`` means that
    all its deployments ran no task. ``doubt`` is how it has failed since it was good, for a cause outside of it.
    ``elsewhere`` is the bad mark that rollbacks of other services set. ``weak`` is why what proved it good proves less
    than usual.
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
    doubt: str = ""
    elsewhere: str = ""
    weak: str = ""

    def as_dict(self) -> dict[str, t.Any]:
        """For results."""
        return {
            "task_definition": self.task_definition,
            "verdict": self.verdict,
            "why": self.why,
            "last_used": stamp(self.last_used),
            "service_deployment": self.deployment,
            "service_revision": self.revision.arn or None,
            "image_digests": dict(self.revision.digests),
            "past": [
                {"at": stamp(e.at), "what": e.why, "verdict": e.verdict, "service_deployment": e.deployment}
                for e in self.past
            ],
            "registered_by": self.registered_by or None,
            "marks": dict(self.marks),
        }


@dataclass(frozen=True)
class History:
    """A service's deployments, from the oldest to the newest, and what they prove."""

    records: t.Mapping[str, _Record]
    arrivals: tuple[Arrival, ...]
    deployments: tuple[ServiceDeployment, ...]
    running: ServiceDeployment | None
    # The running deployment as a step back; None if it goes forward.
    returning: timeline.Return | None
    # Pinned copies, and the versions they were made from: the same version under a newer number.
    copies: t.Mapping[str, str] = field(default_factory=dict)
    # A newer deployment (its ARN) that DescribeServices names, and that AWS neither lists nor describes yet.
    unlisted: str = ""

    @property
    def newest(self) -> ServiceDeployment | None:
        """The deployment that was created last, however it ended."""
        return self.deployments[-1] if self.deployments else None

    @property
    def returning_from(self) -> str | None:
        """The version that the running deployment goes back from; None if it goes forward."""
        return self.returning.left if self.returning is not None else None

    @property
    def lands_on(self) -> str | None:
        """The task definition that the service will be on if the running deployment ends well."""
        if self.running is None:
            return None
        if self.running.status in ROLLING_BACK:
            back = self.running.rolled_back_to
            return back.task_definition if back else self.native_stop_lands_on
        return self.running.target.task_definition

    @property
    def native_stop_lands_on(self) -> str | None:
        """Where ECS goes back to if the running deployment is stopped with ROLLBACK; None if that is not certain.

        ECS goes back to the source service revision, and there can be several
        (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stop-service-deployment.html).
        """
        sources = {s.task_definition for s in self.running.sources} if self.running else set()
        return sources.pop() if len(sources) == 1 else None

    def before(self, deployment: str) -> History:
        """The history before a deployment (an ARN) was created."""
        position = next((i for i, d in enumerate(self.deployments) if d.id == deployment), len(self.deployments))
        return read(self.deployments[:position], self.copies)

    def root(self, task_definition: str) -> str:
        """The version that a pinned copy was made from; any other version is its own root."""
        return self.copies.get(task_definition, task_definition)

    def is_older(self, one: str, other: str) -> bool:
        """Whether ``one`` came before ``other``; a pinned copy counts as the version it was made from."""
        return _is_older(self.root(one), self.root(other), self.records)

    def in_service_at(self, when: datetime) -> Arrival | None:
        """What was in service at a time; None if the history does not reach that far back."""
        return timeline.in_service_at(self.arrivals, when)

    def latest_revision(self, task_definition: str) -> Revision | None:
        """The last service revision with this task definition; None if there is none on record."""
        record = self.records.get(task_definition)
        return record.last.content if record else None

    def retreat(self) -> tuple[str, History] | None:
        """Where the latest series of returns began: the version that was left first, and the history until then.

        None if the last move was forward. A return that is still running counts.
        """
        newest = self.newest.id if self.newest is not None else ""
        step = timeline.retreat(self.arrivals, newest, self.running is not None, self.returning)
        return (step.left, self.before(step.began)) if step is not None else None

    @property
    def ever_ran(self) -> bool:
        """Whether any version of the service ran a task; also true if that is not known."""
        return any(evidence.ran_some(d) for d in self.deployments)

    def not_told(self, versions: t.Container[str] | None = None) -> list[str]:
        """Deployments to describe, to learn if they ran a task, the newest first; of ``versions``, or of all."""
        return [
            d.id
            for d in reversed(self.deployments)
            if evidence.is_not_told(d) and (versions is None or d.target.task_definition in versions)
        ]

    def candidates(self, known: t.Mapping[str, TaskDefinition], service: str) -> tuple[Candidate, ...]:
        """All versions, the most recently used first.

        ``known`` has the marks of those already read, and ``service`` (``cluster/service``) says which of them count.
        """
        found = [_candidate(name, record, known.get(name), service) for name, record in self.records.items()]
        return timeline.latest_first(found)


def read(
    deployments: t.Iterable[ServiceDeployment], copies: t.Mapping[str, str] | None = None, unlisted: str = ""
) -> History:
    """The history that a list of service deployments shows. The list may have any order.

    ``copies`` maps pinned copies to the versions they were made from. ``unlisted`` is one that is not among them.
    """
    ordered = sorted(deployments, key=_when)
    of = copies or {}
    fold = timeline.Fold[Revision](lambda one, other, known: _is_older(of.get(one, one), of.get(other, other), known))
    for deployment in ordered:
        fold.take(_episode(deployment))
    # A new deployment supersedes the running one. So whatever came before one that has ended is over too, even if its
    # own record does not say so yet (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-deployment.html).
    ended = max((i for i, d in enumerate(ordered) if not d.in_flight), default=-1)
    flights = ordered[ended + 1 :]
    # A superseded deployment stays STOP_REQUESTED for a while, beside the one that superseded it.
    moving = [d for d in flights if d.status != "STOP_REQUESTED"]
    current = moving or flights
    running = current[-1] if current else None
    return History(
        records=fold.records,
        arrivals=tuple(Arrival(**vars(arrival)) for arrival in fold.arrivals),
        deployments=tuple(ordered),
        running=running,
        returning=fold.returns.get(running.id) if running else None,
        copies=of,
        unlisted=unlisted,
    )


def with_events(deployments: t.Iterable[ServiceDeployment], events: t.Sequence[Event]) -> list[ServiceDeployment]:
    """The same deployments. Failed ones get the service's events up to their end: their own reason seldom has a cause.

    ``events`` are the newest hundred (https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Service.html).
    """
    return [replace(d, events=_said_during(d, events)) if d.status in _FAILED else d for d in deployments]


def _said_during(deployment: ServiceDeployment, events: t.Sequence[Event]) -> tuple[str, ...]:
    until = deployment.finished_at
    dated = sorted((e.created_at, e.message) for e in events if e.created_at is not None)
    said = [text for at, text in dated if deployment.created_at <= at and (until is None or at <= until)]
    # Events after that are about the rollback.
    return tuple(itertools.takewhile(lambda text: "deployment failed:" not in text, said))


def _when(deployment: ServiceDeployment) -> tuple[datetime, bool, datetime]:
    # If two were created at the same moment, the superseded one ends before the one that superseded it.
    return deployment.created_at, deployment.in_flight, deployment.finished_at or deployment.created_at


_ENDS: t.Final[t.Mapping[str, timeline.End]] = {
    "SUCCESSFUL": "succeeded",
    "STOPPED": "stopped",
    "FAILED": "failed",
    "ROLLBACK_FAILED": "failed",
    "ROLLBACK_SUCCESSFUL": "rolled_back",
}


def _episode(deployment: ServiceDeployment) -> timeline.Episode[Revision]:
    ended = deployment.finished_at or deployment.created_at
    one_source = len({s.task_definition for s in deployment.sources}) == 1
    back = deployment.rolled_back_to if deployment.status != "ROLLBACK_FAILED" else None
    ran = not evidence.went_back_without(deployment)
    return timeline.Episode(
        tried=_tried(deployment, deployment.target),
        created_at=deployment.created_at,
        at=deployment.created_at if deployment.in_flight else ended,
        end=_end(deployment),
        name=names.short(deployment.target.task_definition),
        told=_told(deployment, ended),
        by=deployment.by,
        back=timeline.Back(_tried(deployment, back), ended, ran) if back is not None else None,
        source=_tried(deployment, deployment.sources[0]) if one_source else None,
        cause=causes.outside(deployment.reason, deployment.rollback_reason, *deployment.events),
        served=deployment.served,
        weak=deployment.weak,
    )


def _tried(deployment: ServiceDeployment, revision: Revision) -> timeline.Tried[Revision]:
    return timeline.Tried(revision.task_definition, deployment.id, revision)


def _end(deployment: ServiceDeployment) -> timeline.End:
    if deployment.in_flight:
        return "rolling_back" if deployment.status in ROLLING_BACK else "going"
    if evidence.ran_none(deployment):
        return "ran_none"
    return "short" if deployment.short else _ENDS[deployment.status]


def _told(deployment: ServiceDeployment, ended: datetime) -> str:
    """How a deployment ended, in words."""
    end = _end(deployment)
    if end == "going":
        return f"its deployment has not ended ({deployment.status})"
    if end == "rolling_back":
        return f"{deployment.by} is rolling it back ({deployment.status})"
    if end in ("succeeded", "short"):
        return deployment.proof or f"SUCCESSFUL at {clock(ended)}{f' {deployment.weak}' if deployment.weak else ''}"
    if end == "ran_none":
        return f"SUCCESSFUL at {clock(ended)}, but the service was scaled to zero: it ran no task, and proves nothing"
    if end == "rolled_back":
        return f"{deployment.by} rolled it back at {clock(ended)} ({_reason(deployment)})"
    if end == "stopped":
        reason = f" ({deployment.reason.rstrip('.')})" if deployment.reason else ""
        return f"its deployment ended STOPPED, so nothing shows that it ever became healthy{reason}"
    if deployment.status == "ROLLBACK_FAILED":
        return f"it failed, and {deployment.by} could not roll it back ({_reason(deployment)})"
    return f"its deployment failed at {clock(ended)} ({_reason(deployment)})"


def _reason(deployment: ServiceDeployment) -> str:
    return (deployment.rollback_reason or deployment.reason or "no reason given").rstrip(".")


def _is_older(one: str, other: str, records: t.Mapping[str, _Record]) -> bool:
    """Whether ``one`` came before ``other``: by revision number, or by first use if the families differ.

    Numbers come first because the record is short. A version that somebody returns to after 90 days, or after more
    deployments than are read, looks new in it.
    """
    a, b = names.parse(one), names.parse(other)
    if a is not None and b is not None and a.family == b.family:
        return a.revision < b.revision
    first, second = records.get(one), records.get(other)
    return first is not None and second is not None and first.first_seen < second.first_seen


def _candidate(name: str, record: _Record, known: TaskDefinition | None, service: str) -> Candidate:
    decisive = record.decisive or _BEFORE_THE_RECORD
    why = record.why or decisive.why
    tags = known.tags if known else {}
    verdict, weighed = marks.weigh(tags, decisive.verdict, why, service)
    marked = weighed != why
    return Candidate(
        task_definition=name,
        verdict=verdict,
        why=weighed,
        last_used=record.last_used,
        deployment=record.last.deployment,
        revision=(record.proven or record.last).content,
        past=tuple(record.evidence),
        registered_by=str(known.content.get("registeredBy") or "") if known else "",
        marks={key: value for key, value in tags.items() if key.startswith(marks.PREFIX)},
        decided_by="" if marked else decisive.deployment,
        ran_none=record.ran_none and record.proof is None and not marked,
        doubt="" if marked else record.doubt,
        elsewhere=marks.bad_elsewhere(tags, service),
        weak="" if marked or verdict != "good" else record.weak,
    )


def doubts(candidates: t.Iterable[Candidate], task_definition: str) -> list[Finding]:
    """Warnings that a version (an ARN) counts as good although it has failed since, or although little proves it."""
    of = next((c for c in candidates if c.task_definition == task_definition), None)
    found = timeline.doubts(of, names.short(task_definition))
    if of is not None and of.weak:
        what = f"{names.short(task_definition)} counts as good on weaker evidence: its deployment ended SUCCESSFUL "
        found.append(Finding("early_success", "warn", f"{what}{of.weak}"))
    return found
