# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""One service that a revision is deployed to, as a result of the module."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.lastgood.aws.plugins.module_utils._ecs import names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import deployments
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Finding
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move.run import (
    Outcome,
    Run,
    state_of,
    verified,
    where_it_is,
)

_TOLD: t.Final = {
    "ECS": "ECS itself rolled it back to",
    "CodeDeploy": "CodeDeploy itself rolled it back to",
    "lastgood": "It was rolled back to",
    "ECS or somebody else": "ECS or somebody else rolled it back to",
}


@dataclass
class DeployRun(Run):
    """Grows while the call runs, and becomes one item of the result."""

    event: deployments.Event | None = None
    # What ran before, if that is newer than what was deployed: going back from it means going forward.
    ahead: str | None = None
    rolled_back_to: str | None = None
    rolled_back_by: str | None = None
    record: str | None = None
    # What AWS itself rolls back by, before and with the deployment; None if that is not a setting of the service.
    protection: tuple[t.Mapping[str, t.Any], t.Mapping[str, t.Any]] | None = None

    # A deployment that had to be rolled back has failed.
    good_ends: t.ClassVar[frozenset[str]] = frozenset({"unchanged", "deployed", "started", "planned"})

    def end(self, outcome: Outcome, reason: str) -> None:
        if self.made_way and outcome == "timeout" and self.makes_room:
            reason = f"deployment {self.made_way} is in the way, and had not ended although it was stopped: {reason}"
        super().end("failed" if outcome == "rollback_failed" else outcome, reason)

    def reached(self, state: deployments.Reached, left: str = "") -> None:
        self.outcome, self.reason, self.event = "deployed", verified(state, self.target, left), None
        if self.accepted is not None and self.going.is_bare:
            self.reason = f"the task set of {names.short(self.target)} is PRIMARY, and in a steady state"
        if self.service is not None and self.service.desired == 0:
            text = "the service wants 0 tasks, so that it is deployed proves little: none of it runs"
            self.findings.append(Finding("no_tasks", "warn", text))

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
        return f"{self.outcome}: {text}. {where_it_is(self)}"

    def as_dict(self) -> dict[str, t.Any]:
        """One item of the module's result."""
        before, after = self.protection or (None, None)
        return {
            **self.common(),
            "task_definition": self.target or None,
            "deployment_id": self.going.deployment_id if self.accepted else None,
            "service_deployment": self.record,
            "event": self.event,
            "rolled_back_to": self.rolled_back_to,
            "rolled_back_by": self.rolled_back_by,
            "before": state_of(self.plan.service, None) if self.plan else None,
            "after": state_of(self.service, None) if self.service else None,
            "protection": {"before": before, "after": after} if self.protection else None,
        }

    def went_back(self, to: str, by: str | None, how: str = "") -> None:
        """It failed, and the service is on what was there before, which is verified. ``how`` tells it in words."""
        self.outcome, self.rolled_back_to, self.rolled_back_by = "rolled_back", to, by
        told = how or _TOLD.get(by or "", "The service is still on")
        self.reason = f"{self.reason.rstrip('.')}. {told} {names.short(to)} ({self.event}), which is verified"
