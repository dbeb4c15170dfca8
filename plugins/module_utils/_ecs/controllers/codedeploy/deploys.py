# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""What is decided when a revision is deployed to services that CodeDeploy deploys. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import replace

from ansible_collections.lastgood.aws.plugins.module_utils._aws import cloudwatch
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.model import Deployment, Group
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import deploys
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.codedeploy import records
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.codedeploy import (
    request as codedeploy_request,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.deployments import Event, Then
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.deploys import block
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import (
    Facts,
    Goal,
    GoTo,
    Verb,
    Way,
    refused,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import (
    ROLLING_BACK,
    Finding,
    Revision,
    Service,
    ServiceDeployment,
    TaskDefinition,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.history import History


def way(goal: GoTo, facts: Facts, target: TaskDefinition) -> Way:
    """How to deploy a revision to a service that CodeDeploy deploys."""
    service, history, group = facts.service, facts.history, group_of(facts)
    if group is None:
        what = facts.past.problem or f"no deployment group deploys {service.name}"
        return refused([block("deployment_group", what)])
    running = history.running if history else None
    verb, reason, followed = step(service, running, target)
    if verb != "act":
        return Way(verb, "none", reason)
    if followed:
        return Way("act", "adopt", reason, tuple(_of_what_is_followed(goal)), codedeploy_request.Follow(followed))
    made, found = _asked_for(goal, facts, group, target, running)
    change = codedeploy_request.Create(made, running, "deploy") if made is not None else None
    return Way("act", "codedeploy_deployment", reason, tuple(found), change, deploys=True)


def _of_what_is_followed(goal: GoTo) -> list[Finding]:
    if goal.events is None:
        return []
    what = "it is being deployed already, with the rollback events that its deployment was created with"
    return [Finding("protection", "warn", f"{what}: on others only this run goes back")]


def _asked_for(
    goal: GoTo, facts: Facts, group: Group, target: TaskDefinition, running: ServiceDeployment | None
) -> tuple[codedeploy_request.Request | None, list[Finding]]:
    """The deployment to ask for, and what speaks against it."""
    service, history = facts.service, facts.history
    request, told = codedeploy_request.request(
        service, group, history, target.arn, in_service(service, history), None, False, goal.events
    )
    balanced = replace(facts, service=codedeploy_request.balanced(service, request))
    findings = [*told, *deploys.before_a_write(goal, balanced, target, running, _fate(running)), *alarms(goal, facts)]
    if request is not None and "DEPLOYMENT_STOP_ON_ALARM" in goal.asked:
        request = replace(request, alarms=goal.alarms)
    return request, findings


def step(service: Service, running: ServiceDeployment | None, target: TaskDefinition) -> tuple[Verb, str, str]:
    """Verb, reason, and the deployment to follow; that is empty if one is created."""
    primary, what = service.primary, names.short(target.arn)
    if running is not None:
        same = names.same(running.target.task_definition, target.arn) and running.status not in ROLLING_BACK
        return "act", f"{running.id} deploys {what} already" if same else "", running.id if same else ""
    if primary is None or not names.same(primary.task_definition, target.arn):
        return "act", "", ""
    there = f"it is on {what} already, with {primary.running} of {service.desired} tasks"
    if primary.rollout_state == "COMPLETED" and primary.running >= service.desired:
        return "nothing", there, ""
    return "act", there, primary.external_id if primary.external_id.startswith("d-") else ""


def in_service(service: Service, history: History | None) -> Revision | None:
    """The revision deployed by the deployment whose task set is PRIMARY, or else the last one of the same version."""
    primary = service.primary
    if primary is None or history is None:
        return None
    made = next((d.target for d in history.deployments if d.id == primary.external_id), None)
    return made or history.latest_revision(primary.task_definition)


def alarms(goal: GoTo, facts: Facts) -> list[Finding]:
    """What the alarms that can stop the deployment mean for it: those named, or those of the deployment group.

    https://docs.aws.amazon.com/codedeploy/latest/userguide/monitoring-create-alarms.html
    """
    group, asked = group_of(facts), "DEPLOYMENT_STOP_ON_ALARM" in goal.asked
    watched = watched_alarms(goal, facts)
    if asked and not watched:
        what = (
            "DEPLOYMENT_STOP_ON_ALARM is asked for, but no alarms are named, and the deployment group "
            f"{group.name if group else ''} has none enabled. Give alarms"
        )
        return [block("alarms", what)]
    if isinstance(facts.alarms, str):
        what = f"whether the alarms {', '.join(watched)} are in ALARM already is not known: {facts.alarms}"
        return [Finding("alarms", "unknown", what)] if watched else []
    ringing, missing = cloudwatch.judge(watched, facts.alarms or {})
    found = []
    if ringing:
        what = f"{cloudwatch.say_ringing(ringing)}, so that CodeDeploy would stop the deployment at once"
        found.append(block("alarms", what))
    if missing:
        found.append(Finding("alarms", "warn", f"{cloudwatch.say_missing(missing)}, so it cannot go off"))
    return found


def watched_alarms(goal: Goal, facts: Facts) -> tuple[str, ...]:
    """The alarms by which CodeDeploy will stop the deployment."""
    if isinstance(goal, GoTo) and goal.alarms and "DEPLOYMENT_STOP_ON_ALARM" in goal.asked:
        return goal.alarms
    group = group_of(facts)
    return group.alarms if group is not None else ()


def _fate(running: ServiceDeployment | None) -> str:
    if running is not None and running.status in ROLLING_BACK:
        return "is waited for first: a group runs one deployment at a time"
    return "is stopped first: a group runs one deployment at a time"


def event_of(deployment: Deployment) -> Event:
    """Which event ended a deployment. One that is still running has failed, or it would not be asked about.

    https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_ErrorInformation.html
    """
    if deployment.error_code == "ALARM_ACTIVE":
        return "DEPLOYMENT_STOP_ON_ALARM"
    return "DEPLOYMENT_STOP_ON_REQUEST" if deployment.status == "Stopped" else "DEPLOYMENT_FAILURE"


def then(deployment: Deployment, event: Event, asked: t.Collection[str]) -> Then:
    """What follows a deployment that did not end well. What CodeDeploy rolls back is not rolled back once more."""
    if deployment.rollback_deployment:
        return "follow"
    if deployment.running and deployment.waits_for_termination:
        # All of the traffic is on it, and only the end of the original task set is still to come.
        return "leave"
    if deployment.status in ("Failed", "Stopped") and event in deployment.rollback_events:
        # The id of the rollback appears a little later than the end.
        return "follow"
    return "go_back" if event in asked else "leave"


def group_of(facts: Facts) -> Group | None:
    """The deployment group, None if none was found."""
    return records.seen(facts.past.more).group
