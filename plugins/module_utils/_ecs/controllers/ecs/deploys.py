# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""What is decided when a revision is deployed to services that ECS deploys. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import replace

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Answer
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.checks import settings
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import deploys
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.deployments import Event, Then
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.ecs import protection
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.ecs.protection import (
    AlarmsWish,
    BreakerWish,
    Protection,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.ecs.write import Update
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import Facts, GoTo, Way, refused
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import (
    ROLLING_BACK,
    Finding,
    Service,
    ServiceDeployment,
    TaskDefinition,
)


def way(goal: GoTo, facts: Facts, target: TaskDefinition) -> Way:
    """How to deploy a revision to a service that ECS deploys."""
    service, running = facts.service, facts.history.running if facts.history else None
    before = Protection.read(service.configuration)
    after = protection.desired(before, protection_of(goal))
    if protection_of(goal).alarms is not None and not after.alarms.names:
        what = (
            "DEPLOYMENT_STOP_ON_ALARM is asked for, but no alarms are named: neither here nor in the service's own "
            "deployment configuration. Give alarms"
        )
        return refused([deploys.block("alarms", what)])
    step, again = _step(service, running, target)
    if step.method != "update_service":
        found = []
        if step.verb == "act" and protection.request(before, after):
            # AWS does not document whether a deployment is held to settings that change while it runs.
            what = "it is being deployed already, so ECS was not told to roll back by itself: only this run watches it"
            found.append(Finding("protection", "warn", what))
        return replace(step, findings=tuple(found), change=Update(before=before, after=before))
    findings = [
        *settings.room_to_move(service),
        *deploys.before_a_write(goal, facts, target, running),
        *protection.findings(_subject(service, before), after, protection_of(goal)),
    ]
    change = Update(force_new_deployment=again, before=before, after=after)
    return replace(step, findings=tuple(findings), change=change, deploys=True)


def _step(service: Service, running: ServiceDeployment | None, target: TaskDefinition) -> tuple[Way, bool]:
    """What to do, and whether only a new deployment of the same version can help."""
    primary, deploy = service.primary, Way("act", "update_service")
    if primary is None or not names.same(primary.task_definition, target.arn):
        return deploy, False
    what = names.short(target.arn)
    if running is not None and running.status in ROLLING_BACK:
        # ECS is leaving that version or coming back to it. Either way, this deployment did not put it there.
        return deploy, False
    if primary.rollout_state == "FAILED":
        return replace(deploy, reason=f"the last deployment of {what} has failed"), True
    alone = all(d.id == primary.id or d.status == "INACTIVE" for d in service.deployments)
    there = f"it is on {what} already, with {service.running} of {service.desired} tasks"
    if alone and primary.rollout_state in ("COMPLETED", "") and service.running == service.desired:
        return Way("nothing", "none", there), False
    return Way("act", "adopt", there), False


def _subject(service: Service, present: Protection) -> protection.Subject:
    return protection.Subject(
        name=service.name,
        arn=service.arn,
        status=service.status,
        controller=service.controller,
        strategy=service.strategy,
        classic_load_balancer=any(item.get("loadBalancerName") for item in service.load_balancers),
        # The settings go with a new deployment, which is held to them.
        in_flight=False,
        protection=present,
    )


def event_of(record: Answer | None) -> Event:
    """Which event ended a deployment, by its service deployment. Without a record it is a failure.

    If neither the circuit breaker nor an alarm nor a lifecycle hook reports a failure, only StopServiceDeployment can
    have rolled the deployment back.
    """
    if record is None:
        return "DEPLOYMENT_FAILURE"
    if (record.get("deploymentCircuitBreaker") or {}).get("status") == "TRIGGERED":
        return "DEPLOYMENT_FAILURE"
    alarms = record.get("alarms") or {}
    if alarms.get("status") == "TRIGGERED" or alarms.get("triggeredAlarmNames"):
        return "DEPLOYMENT_STOP_ON_ALARM"
    if any(_failed(hook) for hook in record.get("lifecycleHookDetails") or []):
        return "DEPLOYMENT_FAILURE"
    stopped = str(record.get("status", "")).startswith("ROLLBACK") or record.get("status") == "STOPPED"
    return "DEPLOYMENT_STOP_ON_REQUEST" if stopped else "DEPLOYMENT_FAILURE"


def _failed(hook: t.Mapping[str, t.Any]) -> bool:
    """A hook failed or timed out. A person's "no" at a PAUSE hook is a stop request, not a failure."""
    return hook.get("status") == "TIMED_OUT" or (hook.get("status") == "FAILED" and hook.get("targetType") != "PAUSE")


def then(status: str, went_back: bool, event: str, events: t.Collection[str]) -> Then:
    """What follows a deployment that failed.

    ``status`` is that of its service deployment; empty if not known. ``went_back``: what was there before is PRIMARY
    again. What ECS has rolled back is not rolled back once more.
    """
    if status in (*ROLLING_BACK, "ROLLBACK_SUCCESSFUL") or (went_back and status != "ROLLBACK_FAILED"):
        return "follow"
    return "go_back" if event in events else "leave"


def protection_of(goal: GoTo) -> protection.Wish:
    """What ECS itself is to roll back by."""
    breaker = BreakerWish(enable=True, rollback=True) if "DEPLOYMENT_FAILURE" in goal.asked else None
    alarms = None
    if "DEPLOYMENT_STOP_ON_ALARM" in goal.asked:
        alarms = AlarmsWish(enable=True, rollback=True, names=goal.alarms or None)
    return protection.Wish(breaker, alarms)
