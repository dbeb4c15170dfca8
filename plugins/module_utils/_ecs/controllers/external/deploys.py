# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""What is decided when a revision is deployed to services with the controller EXTERNAL. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import replace

from ansible_collections.lastgood.aws.plugins.module_utils._aws import cloudwatch
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import deploys
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.deployments import Event, Then
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.deploys import block
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.external import task_sets
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.external.task_sets import TaskSet
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import Facts, GoTo, Verb, Way
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import (
    Deployment,
    Finding,
    Service,
    TaskDefinition,
)


def way(goal: GoTo, facts: Facts, target: TaskDefinition) -> Way:
    """How to deploy a revision to a service that something outside of AWS deploys.

    Raises ValueError if no task set is PRIMARY, which makes it undeployable.
    """
    service, primary = facts.service, facts.service.primary
    if primary is None:
        raise ValueError(f"{service.name} has no PRIMARY task set that a new one could be made like")
    verb, reason, adopt = step(service, primary, target)
    if verb != "act" or adopt:
        return Way(verb, "adopt" if adopt else "none", reason)
    standing = task_sets.standing(service, target.arn)
    balancers = tuple(primary.settings.get("loadBalancers") or service.load_balancers)
    balanced = replace(facts, service=replace(service, load_balancers=balancers))
    findings = [
        *deploys.before_a_write(goal, balanced, target, None),
        *_under_way(goal, service, standing),
        *task_sets.not_ours(service, standing),
        *alarms(goal, facts),
    ]
    change = TaskSet(standing, is_anew=True)
    return Way("act", "primary_task_set", reason, tuple(findings), change, deploys=standing is None)


def step(service: Service, primary: Deployment, target: TaskDefinition) -> tuple[Verb, str, bool]:
    """Verb, reason, and whether the PRIMARY task set is what is followed."""
    if not names.same(primary.task_definition, target.arn):
        return "act", "", False
    there = f"it is on {names.short(target.arn)} already, with {primary.running} of {primary.desired} tasks"
    whole = primary.rollout_state == "COMPLETED" and primary.running >= primary.desired
    return ("nothing", there, False) if whole else ("act", there, True)


def _under_way(goal: GoTo, service: Service, task_set: Deployment | None) -> list[Finding]:
    going = [
        d for d in service.deployments if d.status == "ACTIVE" and d is not task_set and d.rollout_state != "COMPLETED"
    ]
    if not going:
        return []
    text = f"task set {going[0].id} of {names.short(going[0].task_definition)} is being brought up"
    if goal.in_flight == "refuse":
        return [block("in_flight", f"{text}, and in_flight is refuse")]
    return [Finding("in_flight", "warn", f"{text}, and is left to whoever does so")]


def alarms(goal: GoTo, facts: Facts) -> list[Finding]:
    """The alarms are watched by the run, so they must be there and readable, and not ring already."""
    if "DEPLOYMENT_STOP_ON_ALARM" not in goal.asked:
        return []
    if not goal.alarms:
        what = (
            "DEPLOYMENT_STOP_ON_ALARM is asked for, but no alarms are named, and a service with the controller "
            "EXTERNAL has none of its own. Give alarms"
        )
        return [block("alarms", what)]
    if isinstance(facts.alarms, str):
        what = f"this run would have to watch the alarms {', '.join(goal.alarms)}, and cannot: {facts.alarms}"
        return [block("alarms", what)]
    ringing, missing = cloudwatch.judge(goal.alarms, facts.alarms or {})
    if missing:
        return [block("alarms", cloudwatch.say_missing(missing))]
    if ringing:
        what = f"{cloudwatch.say_ringing(ringing)}, so that the deployment would be stopped at once"
        return [block("alarms", what)]
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
