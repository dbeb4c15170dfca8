# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""What one deployment proves about the version that it brought, and about the one that it replaced. Pure.

It proves nothing if it ran no task, and less than usual if it ended with ``earlySuccessCriteria`` (below). For the one
that it replaced it is the only evidence once that one's own deployment is no longer on record: ECS keeps 90 days. Such
a version shows in two places: in the source service revision of the next deployment, and in the COMPLETED deployment
that DescribeServices lists beside the new one.
"""

from __future__ import annotations

import typing as t
from dataclasses import replace

from ansible_collections.lastgood.aws.plugins.module_utils._ecs import marks, names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import (
    Revision,
    Service,
    ServiceDeployment,
    TaskDefinition,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.choices import Choice

# -- Did it run a task? A deployment of a service that is scaled to zero ends SUCCESSFUL at once. Two things tell:
#
# * An image digest on record: ECS finds it out with the first task that it starts, even if the service is scaled up
#   after the deployment has ended (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-ecs.html,
#   container image resolution).
# * The number of tasks that were wanted, requestedTaskCount. ListServiceDeployments does not return it, only
#   DescribeServiceDeployments does (ServiceDeploymentBrief and ServiceRevisionSummary in botocore's model).


def ran_none(deployment: ServiceDeployment) -> bool:
    """It ended SUCCESSFUL without a task."""
    return _told_by_its_end(deployment) and deployment.requested_tasks == 0


def is_not_told(deployment: ServiceDeployment) -> bool:
    """It ended SUCCESSFUL, and only describing it can show whether it ran a task."""
    return _told_by_its_end(deployment) and deployment.requested_tasks is None


def ran_some(deployment: ServiceDeployment) -> bool:
    """Whether it, or what it replaced, ran a task; also true if that is not known."""
    revisions = [deployment.target, *deployment.sources]
    return any(_resolved(r) for r in revisions) or bool(deployment.requested_tasks) or is_not_told(deployment)


def went_back_without(deployment: ServiceDeployment) -> bool:
    """ECS rolled it back while the service was scaled to zero, so that what it went back to is not proved by that."""
    back = deployment.rolled_back_to
    return back is not None and not _resolved(back) and deployment.tasks_back == 0


def _told_by_its_end(deployment: ServiceDeployment) -> bool:
    # CodeDeploy has no such record: there the task sets have to do.
    ecs = deployment.by == "ECS" and not deployment.proof
    return ecs and deployment.status == "SUCCESSFUL" and not _resolved(deployment.target)


def _resolved(revision: Revision) -> bool:
    return bool(revision.digests)


# -- Was a share of the tasks enough? A rolling deployment with earlySuccessCriteria ends SUCCESSFUL as soon as a share
# of its tasks is healthy. The circuit breaker and alarms look no further, and with the clean-up DEFERRED tasks of the
# version before live on (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/early-success-criteria.html). A
# botocore that does not know the member drops it from answers: then nothing is known, and SUCCESSFUL counts as always.


def may_end_early(configuration: t.Mapping[str, t.Any]) -> bool:
    """Whether a ``deploymentConfiguration`` has the criteria."""
    return bool((configuration.get("earlySuccessCriteria") or {}).get("enable"))


def cleans_up_later(configuration: t.Mapping[str, t.Any]) -> bool:
    """Whether tasks of the version before may outlive a deployment that is complete."""
    criteria = configuration.get("earlySuccessCriteria") or {}
    return bool(criteria.get("enable")) and criteria.get("sourceServiceRevisionCleanup") == "DEFERRED"


def weakness(detail: t.Mapping[str, t.Any]) -> str:
    """Why a service deployment, as DescribeServiceDeployments shows it, proves less than usual; empty if it does not.

    Its counts are final: if all tasks were running by then, nothing is weak.
    """
    configuration = detail.get("deploymentConfiguration") or {}
    if detail.get("status") != "SUCCESSFUL" or not may_end_early(configuration):
        return ""
    target = detail.get("targetServiceRevision") or {}
    running, requested = target.get("runningTaskCount"), target.get("requestedTaskCount")
    if running is None or requested is None:
        share = configuration["earlySuccessCriteria"].get("healthyPercent")
        return f"with earlySuccessCriteria, {share} % of its tasks were enough"
    if running >= requested:
        return ""
    return f"with earlySuccessCriteria, when {running} of {requested} tasks were running"


def with_live_counts(deployment: ServiceDeployment, service: Service) -> ServiceDeployment:
    """The same; if it brought what runs now, the tasks of the service decide what it proves."""
    primary = service.primary
    weak = deployment.weak and deployment.status == "SUCCESSFUL"
    if not weak or primary is None or primary.task_definition != deployment.target.task_definition:
        return deployment
    others = sum(d.running for d in service.deployments if d is not primary)
    wanted = service.wanted(primary)
    if primary.running >= wanted and not others:
        return replace(deployment, weak="")
    beside = f", and {others} of other versions" if others else ""
    return replace(deployment, weak=f"{deployment.weak}; now {primary.running} of {wanted} are{beside}", short=True)


# -- Did the version that it replaced serve?


def served_on_record(detail: t.Mapping[str, t.Any]) -> str:
    """How a service deployment, as DescribeServiceDeployments shows it, proves that what it replaced served.

    Counts are live while it runs, and final afterwards. Empty if they prove nothing.
    """
    sources = detail.get("sourceServiceRevisions") or []
    counts = [(source.get("runningTaskCount"), source.get("requestedTaskCount")) for source in sources]
    whole = [(running, requested) for running, requested in counts if requested]
    if not whole or any(running != requested for running, requested in whole):
        return ""
    return f"{sum(running for running, _requested in whole)} of its tasks were wanted, and all of them were running"


def with_what_still_serves(deployments: t.Sequence[ServiceDeployment], service: Service) -> list[ServiceDeployment]:
    """The same deployments; the newest with what DescribeServices shows of the version that it replaces."""
    found = list(deployments)
    if not found:
        return found
    position = max(range(len(found)), key=lambda i: found[i].created_at)
    newest = found[position]
    replaced = {source.task_definition for source in newest.sources}
    listed = [d for d in service.deployments if d.task_definition in replaced and d.rollout_state == "COMPLETED"]
    if not newest.served and newest.in_flight and any(d.running > 0 for d in listed):
        found[position] = replace(newest, served="ECS lists its deployment as COMPLETED, with running tasks")
    return found


def standing(service: Service, known: t.Mapping[str, TaskDefinition]) -> Choice | None:
    """Without a record: the version that the running deployment replaces, if it is older and its deployment COMPLETED.

    None if DescribeServices does not show exactly one, or if it is marked bad. Task sets prove nothing here: how their
    deployments ended is in CodeDeploy's record.
    """
    primary = service.primary
    if primary is None or primary.rollout_state != "IN_PROGRESS":
        return None
    whole = {
        d.task_definition: d
        for d in service.deployments
        if d.rollout_state == "COMPLETED" and d.running > 0 and not d.arn
    }
    older, _newer = names.older_and_newer(whole, primary.task_definition)
    if len(older) != 1 or len(whole) != 1:
        return None
    (version,) = older
    if version in known and marks.is_bad_for(known[version].tags, service.in_cluster):
        return None
    new, tasks = names.short(primary.task_definition), whole[version].running
    why = f"it served when {new} was deployed: ECS lists its deployment as COMPLETED, with {tasks} running tasks"
    return Choice("last_good", version, why, primary.task_definition, weighed=(version,))
