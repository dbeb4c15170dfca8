# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""The targets of a deployment: where it deploys to, and how far it got there. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Answer


@dataclass(frozen=True)
class LifecycleEvent:
    """A lifecycle event of one target. What a script printed is left out: it may hold secrets."""

    name: str
    status: str
    error_code: str = ""
    message: str = ""

    @property
    def failed(self) -> bool:
        """It is what the deployment failed at."""
        return self.status == "Failed"

    def as_dict(self) -> dict[str, str]:
        """For results."""
        return {"event": self.name, "status": self.status, "error_code": self.error_code, "message": self.message}


@dataclass(frozen=True)
class EcsTarget:
    """An ECS service as a target. ``weights`` are percentages of the production traffic by task set id."""

    status: str
    events: tuple[LifecycleEvent, ...] = ()
    weights: t.Mapping[str, float] = field(default_factory=dict)

    def going(self) -> str:
        """The lifecycle event that is going on, empty between two of them."""
        return next((event.name for event in self.events if event.status == "InProgress"), "")


def ecs(answer: Answer) -> EcsTarget:
    """A DeploymentTarget of the type ECSTarget."""
    target = answer["ecsTarget"]
    return EcsTarget(
        status=str(target.get("status") or ""),
        events=tuple(_event(item) for item in target.get("lifecycleEvents") or []),
        weights={
            # The API spells it so: https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_ECSTaskSet.html
            str(item["identifer"]): float(item["trafficWeight"])
            for item in target.get("taskSetsInfo") or []
            if item.get("identifer") and item.get("trafficWeight") is not None
        },
    )


def _event(item: Answer) -> LifecycleEvent:
    diagnostics = item.get("diagnostics") or {}
    return LifecycleEvent(
        name=str(item.get("lifecycleEventName") or ""),
        status=str(item.get("status") or ""),
        error_code=str(diagnostics.get("errorCode") or ""),
        message=str(diagnostics.get("message") or ""),
    )
