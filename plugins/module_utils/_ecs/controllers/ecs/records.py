# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""What ECS has on record of its deployments: the past of a service, and how far the one that we watch got.

:class:`Histories` reads; the rest is pure. The loop that looks is in :mod:`move.watch`.
"""

from __future__ import annotations

import typing as t
from dataclasses import replace

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Answer, Aws
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError, IncompleteAnswerError
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import api, names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import deployments
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.deployments import Going, Look, Record
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import (
    ROLLING_BACK,
    Deployment,
    Revision,
    Service,
    ServiceDeployment,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past import evidence, history, reads, span

# Only for these does the full form add something to the brief one of ListServiceDeployments: where ECS went back to.
_BRIEF_IS_ENOUGH: t.Final = frozenset({"SUCCESSFUL", "STOPPED"})
# The stages after the production traffic was shifted, in ECS's order
# (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/blue-green-deployment-how-it-works.html).
_TRAFFIC_IS_SHIFTED: t.Final = frozenset({"POST_PRODUCTION_TRAFFIC_SHIFT", "BAKE_TIME", "CLEAN_UP"})
_TRAFFIC_GOES_BACK: t.Final = frozenset({"ROLLBACK_IN_PROGRESS", "ROLLBACK_SUCCESSFUL"})


class Histories:
    """Service deployment histories, read for many services together.

    ``problems`` holds, by service name, why a history could not be read.
    """

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self.found: dict[str, history.History] = {}
        self.problems: dict[str, str] = {}
        # Of these the trouble may pass.
        self.put_off: set[str] = set()
        # Requested tasks of deployments that were described only to learn that; None if not known.
        self._tasks: dict[str, int | None] = {}

    def read(self, services_: t.Iterable[Service], everything: bool = False) -> None:
        """Read the newest deployments of these services, or all that AWS keeps."""
        chosen = list(services_)
        for service in chosen:
            self.found.pop(service.name, None)
            self.problems.pop(service.name, None)
            self.put_off.discard(service.name)
        self._read(chosen, everything)

    def _read(self, chosen: t.Sequence[Service], everything: bool) -> None:
        briefs: dict[str, list[Answer]] = {}
        for service in chosen:
            try:
                briefs[service.name] = api.list_service_deployments(
                    self._aws, service.cluster, service.name, everything, service.current_deployment
                )
            except (AwsCallError, IncompleteAnswerError) as exc:
                self._unread([service.name], exc)
        unlisted = self._add_unlisted(briefs, {service.name: service for service in chosen})
        details = self._details(
            briefs, {service.name for service in chosen if evidence.may_end_early(service.configuration)}
        )
        try:
            revisions = self._revisions(briefs, details)
        except (AwsCallError, IncompleteAnswerError) as exc:
            self._unread(briefs, exc)
            return
        for service in chosen:
            name, items = service.name, briefs.get(service.name)
            if items is None:
                continue
            read = [_service_deployment(item, details.get(item["serviceDeploymentArn"]), revisions) for item in items]
            told = [self._with_tasks(deployment) for deployment in read if deployment is not None]
            seen = [evidence.with_live_counts(one, service) for one in evidence.with_what_still_serves(told, service)]
            lacks = unlisted.get(name, "") or _unlisted_primary(service, told)
            self.found[name] = history.read(history.with_events(seen, service.events), unlisted=lacks)
            if len(told) < len(read):
                self.problems.setdefault(
                    name,
                    f"{len(read) - len(told)} of {len(read)} service deployments name a service revision that AWS does "
                    "not describe, and were left out",
                )

    def _unread(self, names: t.Iterable[str], error: AwsCallError | IncompleteAnswerError) -> None:
        for name in names:
            self.problems[name] = f"the service deployment history cannot be read. {error.explain()}"
            if error.may_pass:
                self.put_off.add(name)

    def describe(self, deployments: t.Mapping[str, t.Iterable[str]]) -> list[str]:
        """Read how many tasks deployments had, by service name. Returns the services for which this was new. What
        cannot be read stays as it is, with a problem of the service.
        """
        asked = {name: [arn for arn in arns if arn not in self._tasks] for name, arns in deployments.items()}
        wanted = [arn for arns in asked.values() for arn in arns]
        if not wanted:
            return []
        self._tasks.update(dict.fromkeys(wanted))
        services_ = [name for name, arns in asked.items() if arns]
        try:
            details = api.describe_service_deployments(self._aws, wanted)
        except (AwsCallError, IncompleteAnswerError) as exc:
            for name in services_:
                self.problems.setdefault(
                    name, f"details of the service deployments cannot be read. {reads.explain(exc)}"
                )
            return services_
        self._tasks.update({arn: _requested(detail) for arn, detail in details.items()})
        for name in services_:
            past = self.found[name]
            self.found[name] = history.read([self._with_tasks(d) for d in past.deployments], past.copies, past.unlisted)
        return services_

    def _with_tasks(self, deployment: ServiceDeployment) -> ServiceDeployment:
        tasks = self._tasks.get(deployment.id)
        return deployment if tasks is None else replace(deployment, requested_tasks=tasks)

    def _add_unlisted(self, briefs: t.Mapping[str, list[Answer]], services_: t.Mapping[str, Service]) -> dict[str, str]:
        """Read by ARN what DescribeServices names and the list lacks. Returns, by name, those that cannot be read."""
        wanted = {
            name: services_[name].current_deployment for name in briefs if _is_unlisted(services_[name], briefs[name])
        }
        if not wanted:
            return {}
        try:
            found = api.describe_service_deployments(self._aws, list(wanted.values()))
        except (AwsCallError, IncompleteAnswerError):
            found = {}
        for name, arn in wanted.items():
            if arn in found:
                revision = (found[arn].get("targetServiceRevision") or {}).get("arn")
                briefs[name].insert(0, {**found[arn], "targetServiceRevisionArn": revision})
        now = self._aws.date
        return {
            name: arn
            for name, arn in wanted.items()
            if arn not in found and not span.is_past_the_record(services_[name], now)
        }

    def _details(self, briefs: t.Mapping[str, t.Sequence[Answer]], early: t.Container[str]) -> dict[str, Answer]:
        wanted = [
            item["serviceDeploymentArn"]
            for name, items in briefs.items()
            for position, item in enumerate(items)
            # The last of the list shows what ran before the record begins. Only the full form has the criteria of an
            # early success.
            if item.get("status") not in _BRIEF_IS_ENOUGH or position == len(items) - 1 or name in early
        ]
        try:
            return api.describe_service_deployments(self._aws, wanted)
        except (AwsCallError, IncompleteAnswerError) as exc:
            for name in briefs:
                self.problems[name] = f"details of the service deployments cannot be read. {reads.explain(exc)}"
            return {}

    def _revisions(
        self, briefs: t.Mapping[str, t.Sequence[Answer]], details: t.Mapping[str, Answer]
    ) -> dict[str, Revision]:
        wanted = [i["targetServiceRevisionArn"] for items in briefs.values() for i in items if _target_arn(i)]
        for detail in details.values():
            wanted += [source["arn"] for source in detail.get("sourceServiceRevisions") or [] if source.get("arn")]
            back = (detail.get("rollback") or {}).get("serviceRevisionArn")
            wanted += [back] if back else []
        return api.describe_service_revisions(self._aws, list(dict.fromkeys(wanted)))


def _is_unlisted(service: Service, briefs: t.Iterable[Answer]) -> bool:
    return bool(service.current_deployment) and all(
        brief.get("serviceDeploymentArn") != service.current_deployment for brief in briefs
    )


def _unlisted_primary(service: Service, told: t.Sequence[ServiceDeployment]) -> str:
    """The id of the PRIMARY deployment if the newest one on record was successful with another version.

    For an older botocore, which hides ``currentServiceDeployment``.
    """
    primary = service.primary
    if service.current_deployment or primary is None or not told:
        return ""
    newest = max(told, key=lambda deployment: deployment.created_at)
    same = names.same(newest.target.task_definition, primary.task_definition)
    return "" if same or newest.status != "SUCCESSFUL" else primary.id


def _target_arn(brief: Answer) -> str:
    return str(brief.get("targetServiceRevisionArn") or "")


def _service_deployment(
    brief: Answer, detail: Answer | None, revisions: t.Mapping[str, Revision]
) -> ServiceDeployment | None:
    target = revisions.get(_target_arn(brief))
    if target is None:
        return None
    detail = detail or {}
    rollback = detail.get("rollback") or {}
    status = detail.get("status") or brief.get("status", "")
    return ServiceDeployment(
        id=brief["serviceDeploymentArn"],
        status=status,
        created_at=brief["createdAt"],
        finished_at=detail.get("finishedAt") or brief.get("finishedAt"),
        target=target,
        reason=str(detail.get("statusReason") or brief.get("statusReason") or ""),
        sources=tuple(
            revisions[source["arn"]]
            for source in detail.get("sourceServiceRevisions") or []
            if source.get("arn") in revisions
        ),
        rolled_back_to=revisions.get(str(rollback.get("serviceRevisionArn") or "")),
        rollback_reason=str(rollback.get("reason") or ""),
        requested_tasks=_requested(detail),
        tasks_back=_requested_of(detail, str(rollback.get("serviceRevisionArn") or "")),
        stage=str(detail.get("lifecycleStage") or ""),
        paused_at=reads.pause(detail),
        served=evidence.served_on_record(detail),
        weak=evidence.weakness(detail),
    )


def _requested(detail: Answer) -> int | None:
    """Tasks requested of the target of a service deployment; None if not known."""
    count = (detail.get("targetServiceRevision") or {}).get("requestedTaskCount")
    return None if count is None else int(count)


def _requested_of(detail: Answer, revision: str) -> int | None:
    """The same of one of its source revisions."""
    sources = detail.get("sourceServiceRevisions") or []
    counts = [source.get("requestedTaskCount") for source in sources if source.get("arn") == revision]
    return int(counts[0]) if counts and counts[0] is not None else None


# -- What one look says about the deployment that we watch. We watch *our own* to its end: ``services_stable`` and its
# like look only at counts, so they call a service stable that ECS has rolled back from under them (waiters-2.json in
# botocore: one deployment, running == desired).


def assess(going: Going, service: Service, record: Record | None) -> Look:
    """Judge one look at a service. Unknown statuses count as still going."""
    if service.status != "ACTIVE":
        return Look("failed", f"the service is {service.status} now: somebody deleted it meanwhile")
    if going.back_of:
        return _native(going, service, record)
    look = _own(going, service)
    if look.state in ("going", "serving") and going.strategy != "ROLLING":
        return _shifting(service, service.deployment(going.deployment_id), record)
    return look


def _shifting(service: Service, ours: Deployment | None, record: Record | None) -> Look:
    """If ECS shifts traffic between two sets of tasks, only the record shows how far it got, and only the counts show
    tasks that go down once they have all the traffic.
    """
    if record is None:
        return Look("going")
    if record.status in ROLLING_BACK:
        return Look("failed", record.reason or f"ECS is rolling it back ({record.status})")
    shifted = record.stage in _TRAFFIC_IS_SHIFTED and (record.weight is None or record.weight >= 100)
    return Look("serving") if shifted and ours is not None and ours.running >= service.desired else Look("going")


def _own(going: Going, service: Service) -> Look:
    ours, primary = service.deployment(going.deployment_id), service.primary
    if ours is not None and ours.rollout_state == "FAILED":
        return Look("failed", ours.rollout_reason or "ECS reports the rollout as FAILED")
    if primary is None:
        return Look("going")
    if ours is None or primary.id != ours.id:
        if primary.id in going.known_deployments:
            back = f"ECS went back to {names.short(primary.task_definition)} by itself"
            return Look("unlisted" if ours is None else "went_back", back)
        return Look("replaced", deployments.replaced_by(primary))
    if _settled(service, ours):
        return Look("stable", left=_left_for_later(service, ours))
    return Look("serving") if _serving(service, ours) else Look("going")


def contradicts(look: Look, status: str) -> bool:
    """Whether a service deployment with this status cannot have ended as the look shows it."""
    # One that was complete can be replaced, and ECS does not go back from it.
    return status in ("PENDING", "IN_PROGRESS") or (status == "SUCCESSFUL" and look.state != "replaced")


def _native(going: Going, service: Service, record: Record | None) -> Look:
    if record is None:
        return Look("going")
    if record.status == "SUCCESSFUL":
        return Look("ended_before", "the deployment finished before ECS could stop it")
    if record.status == "ROLLBACK_FAILED":
        return Look("failed", record.reason or "ECS could not roll back")
    primary = service.primary
    if primary is None:
        why = record.reason or "the rollback was stopped before it ended"
        return Look("failed", why) if record.status == "STOPPED" else Look("going")
    on_target = names.same(primary.task_definition, going.target)
    if record.status == "STOPPED":
        return _stopped(going, primary, record, on_target)
    if not on_target:
        by = deployments.replaced_by(primary)
        return Look("replaced", by) if record.status == "ROLLBACK_SUCCESSFUL" else Look("going")
    if record.status == "ROLLBACK_SUCCESSFUL" and _settled(service, primary):
        return Look("stable", left=_left_for_later(service, primary))
    return Look("serving") if _serving(service, primary) or _traffic_is_back(record, primary) else Look("going")


def _stopped(going: Going, primary: Deployment, record: Record, on_target: bool) -> Look:
    if not on_target:
        return Look("replaced", deployments.replaced_by(primary))
    if primary.id not in going.known_deployments:
        return Look("replaced", f"{deployments.replaced_by(primary)}, which is the same version")
    return Look("failed", record.reason or "the rollback was stopped before it ended")


def _traffic_is_back(record: Record, target: Deployment) -> bool:
    """ECS has given all the traffic back to tasks that never went away; those of the bad version may still run."""
    # The weight is what was asked for when the stage began; with the next stage it has taken effect.
    shifted = record.weight is not None and record.weight >= 100 and record.stage != "PRODUCTION_TRAFFIC_SHIFT"
    return record.status in _TRAFFIC_GOES_BACK and shifted and target.running >= target.desired > 0


def _settled(service: Service, ours: Deployment) -> bool:
    """The rollout is complete, and nothing of the old versions is left, unless ECS is to stop that later.

    With earlySuccessCriteria it is COMPLETED, and its record SUCCESSFUL, when a share of the tasks is healthy: the
    counts have the last word. Services with a Classic Load Balancer have no rollout state (API_Deployment); there the
    counts must do.
    """
    if ours.rollout_state not in ("COMPLETED", "") or ours.pending or ours.running < ours.desired:
        return False
    if any(d.id != ours.id and not _is_over(d) for d in service.deployments):
        return evidence.cleans_up_later(service.configuration) and ours.running >= service.wanted(ours)
    return _has_its_tasks(service)


def _left_for_later(service: Service, ours: Deployment) -> str:
    """What is left of the old versions; empty if nothing is."""
    left = {d.task_definition: d.running + d.pending for d in service.deployments if d.id != ours.id}
    told = [f"{count} task{'s' if count > 1 else ''} of {names.short(of)}" for of, count in left.items() if count]
    if not told:
        return ""
    verb = "still runs" if sum(left.values()) == 1 else "still run"
    return (
        f"{' and '.join(told)} {verb}, and may serve requests: sourceServiceRevisionCleanup is DEFERRED, and ECS goes "
        "on trying to stop what is left for up to two weeks"
    )


def _is_over(other: Deployment) -> bool:
    """An INACTIVE deployment has been completely replaced (API_Deployment); one that failed starts no more tasks."""
    return other.status == "INACTIVE" or (other.rollout_state == "FAILED" and other.running + other.pending == 0)


def _has_its_tasks(service: Service) -> bool:
    return service.scheduling == "DAEMON" or service.running == service.desired


def _serving(service: Service, ours: Deployment) -> bool:
    """All traffic is on ours: it has all its tasks, and no other deployment has one running.

    A task that drains is no longer RUNNING, and a load balancer sends it nothing new.
    """
    others = sum(d.running + d.pending for d in service.deployments if d.id != ours.id)
    return ours.running >= max(ours.desired, service.wanted(ours)) and ours.pending == 0 and others == 0


def record_of(raw: Answer, goes_back: bool) -> Record:
    """A service deployment as DescribeServiceDeployments returns it; if it goes back, seen from where it goes."""
    weight = (raw.get("targetServiceRevision") or {}).get("requestedProductionTrafficWeight")
    if weight is not None and goes_back:
        weight = 100 - float(weight)
    return Record(
        status=str(raw.get("status", "")),
        reason=str(raw.get("statusReason") or ""),
        stage=str(raw.get("lifecycleStage") or ""),
        weight=float(weight) if weight is not None else None,
        pause=reads.pause(raw),
    )
