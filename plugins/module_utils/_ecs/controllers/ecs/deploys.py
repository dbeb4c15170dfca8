# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Deploying a revision to services that ECS deploys, as far as it is decided. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import replace

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Answer
from ansible_collections.lastgood.aws.plugins.module_utils._core.findings import blocked
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.checks import settings
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import deploys
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.deployments import Event, Then
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.deploys import Facts, Plan, Verb, Wish
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.ecs import protection
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.ecs.protection import (
    AlarmsWish,
    BreakerWish,
    Protection,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import (
    ROLLING_BACK,
    Finding,
    Service,
    ServiceDeployment,
    TaskDefinition,
)


def make(wish: Wish, facts: Facts) -> Plan:
    """Decide what to do with one service that ECS deploys."""
    service, history, target = facts.service, facts.history, facts.target
    running = history.running if history else None
    before = Protection.read(service.configuration)
    after = protection.desired(before, protection_of(wish))
    found = _blocks(wish, service, target, after)
    if found or target is None:
        return replace(deploys.refused(service, target, found), before=Protection(), after=Protection())
    findings = deploys.unknown_past(facts, target)
    verb, reason, adopt, again = _step(service, running, target)
    if verb == "act" and not adopt:
        findings += settings.room_to_move(service)
        findings += deploys.before_a_write(wish, facts, target, running)
        findings += protection.findings(_subject(service, before), after, protection_of(wish))
        if any(f.severity == "block" for f in findings):
            verb, reason = "refuse", blocked(findings)
    if verb == "act" and adopt and protection.request(before, after):
        # AWS does not document whether a deployment is held to settings that change while it runs.
        what = "it is being deployed already, so ECS was not told to roll back by itself: only this run watches it"
        findings.append(Finding("protection", "warn", what))
    if verb != "act" or adopt:
        after = before
    return Plan(
        service=service,
        verb=verb,
        reason=reason,
        target=target,
        adopt=adopt,
        force_new_deployment=again,
        before=before,
        after=after,
        configuration=protection.request(before, after),
        findings=tuple(findings),
        running=running,
        known_records=frozenset(d.arn for d in history.deployments) if history else frozenset(),
    )


def _blocks(wish: Wish, service: Service, target: TaskDefinition | None, after: Protection) -> tuple[Finding, ...]:
    found = deploys.impossible(wish, service, target)
    if found:
        return found
    if protection_of(wish).alarms is not None and not after.alarms.names:
        what = (
            "DEPLOYMENT_STOP_ON_ALARM is asked for, but no alarms are named: neither here nor in the service's own "
            "deployment configuration. Give alarms"
        )
        return (deploys.block("alarms", what),)
    return ()


def _step(service: Service, running: ServiceDeployment | None, target: TaskDefinition) -> tuple[Verb, str, bool, bool]:
    """Verb, reason, whether what runs is followed, and whether only a new deployment of the same can help."""
    primary = service.primary
    if primary is None or not names.same(primary.task_definition, target.arn):
        return "act", "", False, False
    what = names.short(target.arn)
    if running is not None and running.status in ROLLING_BACK:
        # ECS leaves it, or comes back to it: either way it is not this deployment that has it run.
        return "act", "", False, False
    if primary.rollout_state == "FAILED":
        return "act", f"the last deployment of {what} has failed", False, True
    alone = all(d.id == primary.id or d.status == "INACTIVE" for d in service.deployments)
    there = f"it is on {what} already, with {service.running} of {service.desired} tasks"
    if alone and primary.rollout_state in ("COMPLETED", "") and service.running == service.desired:
        return "nothing", there, False, False
    return "act", there, True, False


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

    Only StopServiceDeployment rolls a deployment back of which neither the circuit breaker nor an alarm nor a lifecycle
    hook says that it failed.
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
    """A hook found the deployment wrong, or nobody came. One that a person answers with no is a request."""
    return hook.get("status") == "TIMED_OUT" or (hook.get("status") == "FAILED" and hook.get("targetType") != "PAUSE")


def then(status: str, went_back: bool, event: str, events: t.Collection[str]) -> Then:
    """What follows a deployment that failed.

    ``status`` is that of its service deployment; empty if not known. ``went_back``: what was there before is PRIMARY
    again. What ECS has rolled back is not rolled back once more.
    """
    if status in (*ROLLING_BACK, "ROLLBACK_SUCCESSFUL") or (went_back and status != "ROLLBACK_FAILED"):
        return "follow"
    return "go_back" if event in events else "leave"


def protection_of(wish: Wish) -> protection.Wish:
    """What ECS itself is to roll back by."""
    breaker = BreakerWish(enable=True, rollback=True) if "DEPLOYMENT_FAILURE" in wish.asked else None
    alarms = None
    if "DEPLOYMENT_STOP_ON_ALARM" in wish.asked:
        alarms = AlarmsWish(enable=True, rollback=True, names=wish.alarms or None)
    return protection.Wish(breaker, alarms)
