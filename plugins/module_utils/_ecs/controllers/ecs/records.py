# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Reading: services and their histories, in as few calls as the API's batches allow."""

from __future__ import annotations

import typing as t
from dataclasses import replace

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Answer, Aws
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError, IncompleteAnswerError
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import api
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Revision, Service, ServiceDeployment
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past import evidence, history, reads, span

# Only for these does the full form add something to the brief one of ListServiceDeployments: where ECS went back to.
_BRIEF_IS_ENOUGH: t.Final = frozenset({"SUCCESSFUL", "STOPPED"})


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
            self.found[name] = history.read(history.with_events(seen, service.events), unlisted=unlisted.get(name, ""))
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
