# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""One service that goes back, as a result of the module."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.deployments import Reached
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import Plan
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Finding, Revision
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move.run import Run, state_of, target_of


@dataclass
class RollbackRun(Run):
    """Grows while the call runs, and becomes one item of the result."""

    revision_after: Revision | None = None
    deregistered: str | None = None
    # An earlier step has shown it, and may have written something else since.
    is_a_later_step: bool = False

    def reached(self, state: Reached) -> None:
        super().reached(state)
        if state == "running":
            self.findings.append(Finding("target_health", "unknown", self.reason))

    @property
    def _planned(self) -> dict[str, t.Any]:
        planned = self.plan
        if planned is None:
            return dict(_NOT_PLANNED)
        is_a_copy = self.accepted is not None and bool(self.accepted.copy)
        return {
            "method": planned.method,
            "target": target_of(planned, self.target),
            "copy_of": planned.target.arn if is_a_copy and planned.target else None,
            "target_source": planned.choice.source,
            "target_why": planned.choice.why,
            "direction": planned.direction,
            "before": state_of(planned.service, planned.now),
            "left": planned.left,
        }

    def as_dict(self) -> dict[str, t.Any]:
        """One item of the module's result."""
        return {
            **self.common(),
            **self._planned,
            "after": state_of(self.service, self.revision_after or _unmoved(self.plan)) if self.service else None,
            "deregistered": self.deregistered,
            "unchanged_because": self.plan.choice.because if self.plan and self.outcome == "unchanged" else None,
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
