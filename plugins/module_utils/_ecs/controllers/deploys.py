# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Deploying a revision, as far as it is decided: what to do, what protects it, and what follows when it fails. Pure.

What is here holds for services that ECS deploys; what others do otherwise is in :mod:`.codedeploy_deploy_plan` and
:mod:`.external_deploy_plan`. The rollback events have CodeDeploy's names (AutoRollbackEvent in its API). For ECS they
mean:

* ``DEPLOYMENT_FAILURE``: the deployment does not come up. ECS's circuit breaker sees part of that, and rolls back;
  crash loops of tasks that were RUNNING, and deployments that get nowhere, it does not see.
* ``DEPLOYMENT_STOP_ON_ALARM``: one of the deployment's alarms goes into ALARM. ECS sees that, and rolls back.
* ``DEPLOYMENT_STOP_ON_REQUEST``: somebody stops the deployment. StopServiceDeployment rolls back by itself: ROLLBACK is
  the only documented stopType
  (https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_StopServiceDeployment.html).
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.lastgood.aws.plugins.module_utils._core.findings import blocked
from ansible_collections.lastgood.aws.plugins.module_utils._core.force import NOTHING, Force
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import marks, names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.checks import settings
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import Past
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import (
    Deployment,
    Finding,
    Service,
    ServiceDeployment,
    TaskDefinition,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past import direction
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.history import History

EVENTS: t.Final = ("DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST")
InFlight = t.Literal["supersede", "refuse"]
Verb = t.Literal["act", "nothing", "refuse"]


@dataclass(frozen=True)
class Wish:
    """What the user asked for, of one service."""

    revision: str
    # None: the deployment group's setting if CodeDeploy deploys, else none.
    events: tuple[str, ...] | None = None
    alarms: tuple[str, ...] = ()
    in_flight: InFlight = "supersede"
    force: Force = NOTHING

    @property
    def asked(self) -> tuple[str, ...]:
        """The events asked for here."""
        return self.events or ()


@dataclass(frozen=True)
class Facts:
    """What was read about one service. ``target`` is None if that task definition does not exist."""

    service: Service
    past: Past
    target: TaskDefinition | None
    # The states of the alarms to watch, by name, without those that do not exist; text says why they are unknown.
    alarms: t.Mapping[str, str] | str = field(default_factory=dict)

    @property
    def history(self) -> History | None:
        """What the service ran, None if that cannot be read."""
        return self.past.history


@dataclass(frozen=True)
class Plan:
    """What will be done. ``verb`` as in :class:`.plan.Plan`; ``adopt`` means that it runs already, and is followed.

    ``configuration`` is the deploymentConfiguration to send with the deployment; empty if it is right already.
    """

    service: Service
    verb: Verb
    reason: str
    target: TaskDefinition | None
    adopt: bool = False
    force_new_deployment: bool = False
    # What ECS itself rolls back by, before and with this deployment; None if it is not ECS that deploys. Its controller
    # knows more of it than as_dict().
    before: t.Any = None
    after: t.Any = None
    configuration: t.Mapping[str, t.Any] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    running: ServiceDeployment | None = None
    known_records: frozenset[str] = frozenset()
    # If CodeDeploy deploys: the deployment to create or follow.
    request: t.Any = None
    followed: str = ""
    # If something outside of AWS deploys: the existing task set.
    task_set: Deployment | None = None


def refused(service: Service, target: TaskDefinition | None, found: t.Sequence[Finding]) -> Plan:
    """The plan if nothing can be done."""
    return Plan(service, "refuse", blocked(found), target, findings=tuple(found))


def unknown_past(facts: Facts, target: TaskDefinition) -> list[Finding]:
    """What is not known about a version because its history cannot be read completely."""
    if not facts.past.problem:
        return []
    what = f"whether {names.short(target.arn)} is known to be bad is not known: {facts.past.problem}"
    return [Finding("history", "unknown", what)]


def impossible(wish: Wish, service: Service, target: TaskDefinition | None) -> tuple[Finding, ...]:
    """What makes it impossible, no matter what runs there now and who deploys the service."""
    if service.status != "ACTIVE":
        return (block("service_status", f"the service is {service.status}: nothing can be deployed there"),)
    if target is None:
        asked = names.from_option(wish.revision, current(service)) or wish.revision
        return (block("revision", f"there is no task definition {asked}. Check the number and the Region"),)
    return ()


def current(service: Service) -> str:
    """The task definition that the service is on, and whose family a number is meant in."""
    return service.primary.task_definition if service.primary is not None else service.task_definition


def before_a_write(
    wish: Wish,
    facts: Facts,
    target: TaskDefinition,
    running: ServiceDeployment | None,
    fate: str = "is superseded by this one",
) -> list[Finding]:
    """What speaks against deploying the target. ``fate`` is what happens to the running deployment."""
    service, what = facts.service, names.short(target.arn)
    found = settings.load_balancer_ports(service, target)
    if target.status != "ACTIVE":
        found.append(block("revision", f"{what} is {target.status}, and ECS deploys only what is ACTIVE"))
    why = _known_bad(target, facts.history, service.in_cluster)
    if why and "marked" in wish.force:
        found.append(Finding("known_bad", "warn", f"{what} is deployed although it is known to be bad: {why}"))
    elif why:
        advice = "To deploy it all the same, give force: [marked]"
        found.append(block("known_bad", f"{what} is known to be bad: {why}. {advice}"))
    elsewhere = marks.bad_elsewhere(target.tags, service.in_cluster)
    if elsewhere:
        found.append(Finding("marked_elsewhere", "warn", f"{what} is deployed although {elsewhere}"))
    if running is not None:
        other = names.short(running.target.task_definition)
        text = f"a deployment of {other} is running ({running.status})"
        if wish.in_flight == "refuse":
            found.append(block("in_flight", f"{text}, and in_flight is refuse"))
        else:
            found.append(Finding("in_flight", "warn", f"{text}, and {fate}"))
    return found


def _known_bad(target: TaskDefinition, history: History | None, service: str) -> str:
    """Why a version is known to be bad, by what happened to it in this service, or by a mark; else empty."""
    candidates = history.candidates({target.arn: target}, service) if history else ()
    known = next((c for c in candidates if c.task_definition == target.arn), None)
    if known is not None:
        return known.why if known.verdict == "bad" else ""
    return marks.weigh(target.tags, "unknown", "", service)[1] if marks.is_bad_for(target.tags, service) else ""


def block(check: str, message: str) -> Finding:
    """A finding that refuses the service."""
    return Finding(check, "block", message)


def ahead(planned: Plan, history: History | None) -> str | None:
    """What ran before an older revision was deployed; None if the deployed one is not older.

    In the history a deployment of an older revision is a rollback, so the way back from it is never found there.
    """
    target = planned.target.arn if planned.target is not None else ""
    before: str | None = current(planned.service)
    if before is not None and names.same(before, target):
        # What was being deployed already was followed.
        before = history.returning_from if history is not None else None
    if before is None or direction.between(target, before, history, {}) != "back":
        return None
    return before
