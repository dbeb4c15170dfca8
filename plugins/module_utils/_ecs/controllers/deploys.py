# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""What holds for deploying a revision, no matter who deploys the service. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._ecs import marks, names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.checks import settings
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import Facts, GoTo, Plan
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import (
    Finding,
    Service,
    ServiceDeployment,
    TaskDefinition,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past import moves
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.history import History


def impossible(
    goal: GoTo, service: Service, target: TaskDefinition | None, undeployable: t.Sequence[Finding] = ()
) -> tuple[Finding, ...]:
    """What makes it impossible, no matter what runs there now. ``undeployable`` is what its controller says to that."""
    if service.status != "ACTIVE":
        return (block("service_status", f"the service is {service.status}: nothing can be deployed there"),)
    if undeployable:
        return tuple(undeployable)
    if target is None:
        asked = names.from_option(goal.revision, current(service)) or goal.revision
        return (block("revision", f"there is no task definition {asked}. Check the number and the Region"),)
    return ()


def unknown_past(facts: Facts, target: TaskDefinition) -> list[Finding]:
    """What is not known about a version because its history cannot be read completely."""
    if not facts.past.problem:
        return []
    what = f"whether {names.short(target.arn)} is known to be bad is not known: {facts.past.problem}"
    return [Finding("history", "unknown", what)]


def current(service: Service) -> str:
    """The task definition that the service is on, and whose family a number is meant in."""
    return service.primary.task_definition if service.primary is not None else service.task_definition


def before_a_write(
    goal: GoTo,
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
    if why and "marked" in goal.force:
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
        if goal.in_flight == "refuse":
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
    if before is None or moves.direction_of(target, before, history, {}) != "back":
        return None
    return before
