# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Deploying a revision to services with the controller EXTERNAL, as far as it is decided. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import replace

from ansible_collections.lastgood.aws.plugins.module_utils._aws import cloudwatch
from ansible_collections.lastgood.aws.plugins.module_utils._core.findings import blocked
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import deploys
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.deployments import Event, Then
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.deploys import (
    Facts,
    Plan,
    Verb,
    Wish,
    block,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.external import task_sets
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import (
    Deployment,
    Finding,
    Service,
    TaskDefinition,
)


def make(wish: Wish, facts: Facts) -> Plan:
    """Decide what to do with one service."""
    service, target, primary = facts.service, facts.target, facts.service.primary
    found = deploys.impossible(wish, service, target)
    if service.status == "ACTIVE" and primary is None:
        what = f"no task set of {service.name} is PRIMARY, so there is none that a new one could be made like"
        found = (block("task_set", what),)
    if found or target is None or primary is None:
        return deploys.refused(service, target, found)
    verb, reason, adopt = step(service, primary, target)
    findings: list[Finding] = []
    task_set: Deployment | None = None
    if verb == "act" and not adopt:
        task_set = task_sets.standing(service, target.arn)
        balancers = tuple(primary.settings.get("loadBalancers") or service.load_balancers)
        balanced = replace(facts, service=replace(service, load_balancers=balancers))
        findings += deploys.before_a_write(wish, balanced, target, None)
        findings += _under_way(wish, service, task_set)
        findings += task_sets.not_ours(service, task_set)
        findings += alarms(wish, facts)
        if any(f.severity == "block" for f in findings):
            verb, reason = "refuse", blocked(findings)
    return Plan(
        service=service,
        verb=verb,
        reason=reason,
        target=target,
        adopt=adopt,
        findings=tuple(findings),
        task_set=task_set,
    )


def step(service: Service, primary: Deployment, target: TaskDefinition) -> tuple[Verb, str, bool]:
    """Verb, reason, and whether the PRIMARY task set is what is followed."""
    if not names.same(primary.task_definition, target.arn):
        return "act", "", False
    there = f"it is on {names.short(target.arn)} already, with {primary.running} of {primary.desired} tasks"
    whole = primary.rollout_state == "COMPLETED" and primary.running >= primary.desired
    return ("nothing", there, False) if whole else ("act", there, True)


def _under_way(wish: Wish, service: Service, task_set: Deployment | None) -> list[Finding]:
    going = [
        d for d in service.deployments if d.status == "ACTIVE" and d is not task_set and d.rollout_state != "COMPLETED"
    ]
    if not going:
        return []
    text = f"task set {going[0].id} of {names.short(going[0].task_definition)} is being brought up"
    if wish.in_flight == "refuse":
        return [block("in_flight", f"{text}, and in_flight is refuse")]
    return [Finding("in_flight", "warn", f"{text}, and is left to whoever does so")]


def alarms(wish: Wish, facts: Facts) -> list[Finding]:
    """The alarms are watched by the run, so they must be there and readable, and not ring already."""
    if "DEPLOYMENT_STOP_ON_ALARM" not in wish.asked:
        return []
    if not wish.alarms:
        what = (
            "DEPLOYMENT_STOP_ON_ALARM is asked for, but no alarms are named, and a service with the controller "
            "EXTERNAL has none of its own. Give alarms"
        )
        return [block("alarms", what)]
    if isinstance(facts.alarms, str):
        what = f"this run would have to watch the alarms {', '.join(wish.alarms)}, and cannot: {facts.alarms}"
        return [block("alarms", what)]
    ringing, missing = cloudwatch.judge(wish.alarms, facts.alarms)
    if missing:
        what = f"there is no alarm {' and no alarm '.join(missing)} in this account and Region"
        return [block("alarms", what)]
    if ringing:
        return [
            block("alarms", f"{', '.join(ringing)} is in ALARM now, so that the deployment would be stopped at once")
        ]
    return []


def event_of(service: Service, task_set_id: str, alarmed: bool) -> Event:
    """Which event ended a deployment."""
    if alarmed:
        return "DEPLOYMENT_STOP_ON_ALARM"
    ours = service.deployment(task_set_id)
    return "DEPLOYMENT_STOP_ON_REQUEST" if ours is None or ours.status == "DRAINING" else "DEPLOYMENT_FAILURE"


def then(service: Service, task_set_id: str, event: Event, asked: t.Collection[str]) -> Then:
    """What follows a deployment that did not end well."""
    if event not in asked:
        return "leave"
    primary = service.primary
    return "go_back" if primary is not None and primary.id == task_set_id else "take_away"
