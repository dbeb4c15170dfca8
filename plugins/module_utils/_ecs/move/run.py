# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""One service on its way through a call: what was planned, what was done, how it ended."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.lastgood.aws.plugins.module_utils._core import keys
from ansible_collections.lastgood.aws.plugins.module_utils._core.findings import beside_a_route
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import deployments
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.deployments import Accepted
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import Plan, Refusal
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import (
    GOOD_ENDS,
    Finding,
    Outcome,
    Revision,
    Service,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move import progress
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move.diagnosis import Diagnosis


@dataclass
class ServiceRun:
    """Grows while the call runs, and becomes one item of the result."""

    name: str
    cluster: str
    plan: Plan | None = None
    outcome: Outcome | None = None
    reason: str = ""
    changed: bool = False
    accepted: Accepted | None = None
    service: Service | None = None
    revision_after: Revision | None = None
    diagnosis: Diagnosis | None = None
    deregistered: str | None = None
    # The plan for which another deployment had to end first.
    first_plan: Plan | None = None
    # Why a plan could not be carried out as it was.
    stale: str = ""
    # An earlier step has shown it, and may have written something else since.
    is_a_later_step: bool = False
    findings: list[Finding] = field(default_factory=list)
    timings: dict[str, float] = field(default_factory=dict)
    place: keys.Place = keys.PLAIN

    @classmethod
    def of(cls, name: str, cluster: str, planned: Plan | Refusal, place: keys.Place = keys.PLAIN) -> ServiceRun:
        """A run at its beginning: settled already, refused, or to be acted on (``outcome`` None)."""
        run = cls(name=name, cluster=cluster, place=place)
        run.take_plan(planned)
        return run

    def take_plan(self, planned: Plan | Refusal) -> None:
        """Begin with this plan; a second one replaces the first, whose reading went stale."""
        self.findings = list(planned.findings)
        if isinstance(planned, Refusal):
            self.plan = None
            self.end("refused", planned.reason)
            return
        self.plan, self.service = planned, planned.service
        self.name = planned.service.name
        if planned.verb == "nothing":
            self.end("unchanged", planned.reason)
        elif planned.verb == "refuse":
            self.end("refused", planned.reason)

    def end(self, outcome: Outcome, reason: str) -> None:
        """The end of it."""
        self.outcome, self.reason = outcome, reason

    def reached(self, state: deployments.Reached) -> None:
        """The watched deployment is where it should be."""
        self.end("rolled_back", progress.verified(state, self.target))
        if state == "running":
            self.findings.append(Finding("target_health", "unknown", self.reason))

    @property
    def makes_room(self) -> bool:
        """Another deployment is ending, so that ours can begin."""
        return self.outcome is None and self.accepted is not None and bool(self.accepted.makes_room)

    @property
    def going(self) -> deployments.Going:
        """What is to be watched. Raises ValueError if nothing was begun."""
        if self.accepted is None or self.accepted.going is None:
            raise ValueError(f"{self.name} was not acted on, so there is nothing to watch")
        return self.accepted.going

    @property
    def label(self) -> str:
        """What lines about it begin with."""
        return self.place.label(self.name, self.cluster)

    @property
    def ok(self) -> bool:
        """It ended in a way that does not fail the module, or has not ended."""
        return self.outcome is None or self.outcome in GOOD_ENDS

    @property
    def target(self) -> str:
        """The target's ARN, or that of its pinned copy once it is deployed; empty if there is none."""
        if self.accepted is not None and self.accepted.copy:
            return self.accepted.copy
        return self.plan.target.arn if self.plan and self.plan.target else ""

    @property
    def _is_a_copy(self) -> bool:
        return bool(self.accepted and self.accepted.copy)

    @property
    def route(self) -> str:
        """``web:3 → web:1``, with the direction unless it is back."""
        left = self.plan.left if self.plan else None
        to = names.short(self.target)
        return f"{names.short(left)} → {to}{beside_a_route(self.plan.direction if self.plan else None)}" if left else to

    @property
    def _planned(self) -> dict[str, t.Any]:
        planned = self.plan
        if planned is None:
            return dict(_NOT_PLANNED)
        return {
            "method": planned.method,
            "target": target_of(planned, self.target),
            "copy_of": planned.target.arn if self._is_a_copy and planned.target else None,
            "target_source": planned.choice.source,
            "target_why": planned.choice.why,
            "direction": planned.direction,
            "before": state_of(planned.service, planned.now),
            "left": planned.left,
        }

    def as_dict(self) -> dict[str, t.Any]:
        """One item of the module's result."""
        return {
            **identity(self.name, self.cluster, self.place, self.service),
            "outcome": self.outcome,
            "changed": self.changed,
            **self._planned,
            "after": state_of(self.service, self.revision_after or _unmoved(self.plan)) if self.service else None,
            "reason": self.reason,
            "findings": [f.as_dict() for f in self.findings],
            "diagnosis": self.diagnosis.as_dict() if self.diagnosis else None,
            "deregistered": self.deregistered,
            "timings": {key: round(value, 3) for key, value in self.timings.items()},
        }


_NOT_PLANNED: t.Final = {
    "method": "none",
    "target": None,
    "copy_of": None,
    "target_source": "none",
    "target_why": "",
    "direction": None,
    "before": None,
    "left": None,
}


def _unmoved(planned: Plan | None) -> Revision | None:
    return planned.now if planned and planned.verb != "act" else None


def identity(name: str, cluster: str, place: keys.Place, service: Service | None) -> dict[str, str | None]:
    """What tells a service from all others, for results; the account is not known of one that was not found."""
    return {
        "service": name,
        "cluster": keys.last(cluster),
        "region": place.region or None,
        "account": keys.account(service.arn) if service else None,
    }


def target_of(planned: Plan, goes_to: str = "") -> dict[str, t.Any] | None:
    """What a service goes back to, for results; None if there is nothing. ``goes_to`` is its ARN, or a copy's."""
    target = planned.target
    if target is None:
        return None
    is_a_copy = goes_to not in ("", target.arn)
    return {
        "task_definition": goes_to or target.arn,
        # A copy was registered for this rollback.
        "status": "ACTIVE" if is_a_copy else target.status,
        "service_revision": (planned.good.arn or None) if planned.good else None,
        "image_digests": dict(planned.good.digests) if planned.good else {},
    }


def state_of(service: Service, revision: Revision | None) -> dict[str, t.Any]:
    """What a service runs, for results. ``revision`` is given if it is the PRIMARY deployment's."""
    primary = service.primary
    task_definition = primary.task_definition if primary else service.task_definition
    fits = revision is not None and names.same(revision.task_definition, task_definition)
    return {
        "task_definition": task_definition or None,
        "service_revision": (revision.arn or None) if revision and fits else None,
        "deployment_id": primary.id if primary else None,
        "image_digests": dict(revision.digests) if revision and fits else {},
        "desired_count": service.desired,
        "running_count": service.running,
    }
