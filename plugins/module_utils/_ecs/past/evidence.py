# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Proof that a version was in service with all its tasks, although its own deployment is no longer on record. Pure.

ECS keeps 90 days. A service that was not deployed for longer shows in two places what ran until then: in the source
service revision of its next deployment, and in the COMPLETED deployment that DescribeServices lists beside the new one.
"""

from __future__ import annotations

import typing as t
from dataclasses import replace

from ansible_collections.lastgood.aws.plugins.module_utils._ecs import marks, names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Service, ServiceDeployment, TaskDefinition
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.choices import Choice


def by_the_record(detail: t.Mapping[str, t.Any]) -> str:
    """How a service deployment, as DescribeServiceDeployments shows it, proves that what it replaced served.

    Counts are live while it runs, and final afterwards. Empty if they prove nothing.
    """
    sources = detail.get("sourceServiceRevisions") or []
    counts = [(source.get("runningTaskCount"), source.get("requestedTaskCount")) for source in sources]
    whole = [(running, requested) for running, requested in counts if requested]
    if not whole or any(running != requested for running, requested in whole):
        return ""
    return f"{sum(running for running, _requested in whole)} of its tasks were wanted, and all of them were running"


def by_the_service(deployments: t.Sequence[ServiceDeployment], service: Service) -> list[ServiceDeployment]:
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
