# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""One service on its way through a deployment: what was planned, what was done, how it ended."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.lastgood.aws.plugins.module_utils._core import keys
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import deployments, deploys
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.deploys import Plan
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Finding, Service
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Outcome as WatchedOutcome
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move import progress
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move.diagnosis import Diagnosis
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move.run import identity, state_of
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move.watch import WaitUntil
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps import wording

Outcome = t.Literal[
    "unchanged",
    "deployed",
    "started",
    "planned",
    "rolled_back",
    "rollback_failed",
    "failed",
    "superseded",
    "timeout",
    "lost_contact",
    "refused",
    "not_attempted",
]
_GOOD_ENDS: t.Final[frozenset[str]] = frozenset({"unchanged", "deployed", "started", "planned"})

_TOLD: t.Final = {
    "ECS": "ECS itself rolled it back to",
    "CodeDeploy": "CodeDeploy itself rolled it back to",
    "lastgood": "It was rolled back to",
    "ECS or somebody else": "ECS or somebody else rolled it back to",
}


@dataclass(frozen=True)
class Order:
    """What a call asks for. Times are seconds; ``wait_timeout`` holds for the deployment and for going back each."""

    cluster: str
    services: t.Sequence[str]
    wish: deploys.Wish
    reason: str | None = None
    wait: bool = True
    wait_until: WaitUntil = "stable"
    wait_timeout: float = 1800.0
    contact_timeout: float = 300.0
    check_mode: bool = False
    full_names: bool = False


@dataclass
class DeployRun:
    """One service on its way through the call; becomes one item of the result."""

    name: str
    cluster: str
    plan: Plan | None = None
    outcome: Outcome | None = None
    reason: str = ""
    changed: bool = False
    accepted: deployments.Accepted | None = None
    # The plan for which another deployment had to end first, and the id of that one if it was stopped for it.
    first_plan: Plan | None = None
    made_way: str = ""
    service: Service | None = None
    event: deployments.Event | None = None
    # What ran before, if that is newer than what was deployed: going back from it means going forward.
    ahead: str | None = None
    rolled_back_to: str | None = None
    rolled_back_by: str | None = None
    record: str | None = None
    diagnosis: Diagnosis | None = None
    findings: list[Finding] = field(default_factory=list)
    timings: dict[str, float] = field(default_factory=dict)
    place: keys.Place = keys.PLAIN

    @property
    def label(self) -> str:
        """What lines about it begin with."""
        return self.place.label(self.name, self.cluster)

    @property
    def going(self) -> deployments.Going:
        """What is to be watched. Raises ValueError if nothing was begun."""
        if self.accepted is None or self.accepted.going is None:
            raise ValueError(f"{self.name} was not acted on, so there is nothing to watch")
        return self.accepted.going

    @property
    def makes_room(self) -> bool:
        """Another deployment is ending, so that ours can begin."""
        return self.outcome is None and self.accepted is not None and bool(self.accepted.makes_room)

    @property
    def target(self) -> str:
        """The ARN of the deployed task definition; empty if there is none."""
        return self.plan.target.arn if self.plan and self.plan.target else ""

    def end(self, outcome: WatchedOutcome, reason: str) -> None:
        """The deployment did not get where it should."""
        if self.made_way and outcome == "timeout" and self.makes_room:
            reason = f"deployment {self.made_way} is in the way, and had not ended although it was stopped: {reason}"
        self.outcome = "failed" if outcome == "rollback_failed" else t.cast(Outcome, outcome)
        self.reason = reason

    def reached(self, state: deployments.Reached) -> None:
        """The deployment is where it should be."""
        self.outcome, self.reason, self.event = "deployed", progress.verified(state, self.target), None
        if self.accepted is not None and self.going.is_bare:
            self.reason = f"the task set of {names.short(self.target)} is PRIMARY, and in a steady state"
        if self.service is not None and self.service.desired == 0:
            text = "the service wants 0 tasks, so that it is deployed proves little: none of it runs"
            self.findings.append(Finding("no_tasks", "warn", text))

    @property
    def ok(self) -> bool:
        """It does not fail the module."""
        return self.outcome in _GOOD_ENDS

    @property
    def line(self) -> str:
        """How it ended, and where the service is then. The one line that must be enough."""
        text, what = self.reason.rstrip("."), names.short(self.target)
        if self.outcome == "deployed":
            unmarked = next((f". {f.message}" for f in self.findings if f.check == "unmarked"), "")
            return f"deployed: {what} in {self.timings.get('ended', 0.0):.0f} s{unmarked}"
        if self.outcome == "planned":
            return f"planned: {what}; nothing was written"
        if self.outcome == "started":
            return f"started: {what}. AWS accepted it; we did not wait for its end"
        if self.outcome in ("refused", "not_attempted"):
            return f"{self.outcome}: {text}. Nothing was written"
        if self.outcome in ("unchanged", "lost_contact"):
            # If contact is lost, nobody knows where the service is.
            return f"{self.outcome}: {text}"
        return f"{self.outcome}: {text}. {wording.where_it_is(self)}"

    @property
    def _protection(self) -> dict[str, t.Any] | None:
        """ECS's own, which only deployments of ECS have."""
        if self.plan is None or self.plan.before is None:
            return None
        return {"before": self.plan.before.as_dict(), "after": self.plan.after.as_dict()}

    def as_dict(self) -> dict[str, t.Any]:
        """One item of the module's result."""
        planned = self.plan
        return {
            **identity(self.name, self.cluster, self.place, self.service),
            "outcome": self.outcome,
            "changed": self.changed,
            "task_definition": self.target or None,
            "deployment_id": self.accepted.deployment_id if self.accepted else None,
            "service_deployment": self.record,
            "event": self.event,
            "rolled_back_to": self.rolled_back_to,
            "rolled_back_by": self.rolled_back_by,
            "before": state_of(planned.service, None) if planned else None,
            "after": state_of(self.service, None) if self.service else None,
            "protection": self._protection,
            "reason": self.reason,
            "findings": [f.as_dict() for f in self.findings],
            "diagnosis": self.diagnosis.as_dict() if self.diagnosis else None,
            "timings": {key: round(value, 3) for key, value in self.timings.items()},
        }

    def went_back(self, to: str, by: str | None, how: str = "") -> None:
        """It failed, and the service is on what was there before, which is verified. ``how`` tells it in words."""
        self.outcome, self.rolled_back_to, self.rolled_back_by = "rolled_back", to, by
        told = how or _TOLD.get(by or "", "The service is still on")
        self.reason = f"{self.reason.rstrip('.')}. {told} {names.short(to)} ({self.event}), which is verified"
