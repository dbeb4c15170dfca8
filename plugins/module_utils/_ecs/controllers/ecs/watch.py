# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""What a look at a service says about the rollback that we watch. Pure: the loop that looks is in :mod:`move.watch`.

We watch *our own* deployment to its end. ``services_stable`` and its like look only at counts, so they call a service
stable that ECS has rolled back from under them (waiters-2.json in botocore: one deployment, running == desired).
"""

from __future__ import annotations

import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Answer
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import deployments
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.deployments import Going, Look, Record
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import ROLLING_BACK, Deployment, Service
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past import evidence, reads

# The stages after the production traffic was shifted, in ECS's order
# (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/blue-green-deployment-how-it-works.html).
_TRAFFIC_IS_SHIFTED: t.Final = frozenset({"POST_PRODUCTION_TRAFFIC_SHIFT", "BAKE_TIME", "CLEAN_UP"})
_TRAFFIC_GOES_BACK: t.Final = frozenset({"ROLLBACK_IN_PROGRESS", "ROLLBACK_SUCCESSFUL"})


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
