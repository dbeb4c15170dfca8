# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The forwarding of listeners and their rules in moto's Elastic Load Balancing."""

from __future__ import annotations

from typing import Any

from moto.elbv2.models import FakeAction

# What TargetGroups.Weight may be at most.
# https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetGroupTuple.html
HEAVIEST = 999


class Listeners:
    """``backend`` is moto's ELBv2 of an account and Region."""

    def __init__(self, backend: Any) -> None:
        self._backend = backend

    def weights(self, arn: str) -> dict[str, int] | None:
        """Target group to weight, of a rule or of a listener's default; None for one that does not exist here."""
        actions = self._actions(arn)
        if actions is None:
            return None
        weights: dict[str, int] = {}
        for action in actions:
            for group in (action.data.get("ForwardConfig") or {}).get("TargetGroups") or []:
                weights[group["TargetGroupArn"]] = int(group.get("Weight", 1))
            if "TargetGroupArn" in action.data:
                weights.setdefault(action.data["TargetGroupArn"], 1)
        return weights

    def forward(self, arn: str, percents: dict[str, float]) -> None:
        """Share traffic between target groups; nothing for a rule or a listener that does not exist here."""
        actions = self._actions(arn)
        forwards = [index for index, action in enumerate(actions or []) if action.type == "forward"]
        if actions is None or not forwards:
            return
        # Weights are whole numbers, and percentages have a tenth.
        scale = 1 if all(percent == round(percent) for percent in percents.values()) else 10
        groups = [
            {"TargetGroupArn": group, "Weight": min(round(percent * scale), HEAVIEST)}
            for group, percent in percents.items()
        ]
        old = actions[forwards[0]].data
        config = {"TargetGroups": groups} | {
            name: value for name, value in (old.get("ForwardConfig") or {}).items() if name != "TargetGroups"
        }
        kept = {name: value for name, value in old.items() if name not in ("TargetGroupArn", "ForwardConfig")}
        actions[forwards[0]] = FakeAction(kept | {"ForwardConfig": config})

    def _actions(self, arn: str) -> list[Any] | None:
        for balancer in self._backend.load_balancers.values():
            for listener in balancer.listeners.values():
                if listener.arn == arn:
                    actions: list[Any] = listener.default_actions
                    return actions
                for rule in listener.rules.values():
                    if rule.arn == arn:
                        found: list[Any] = rule.actions
                        return found
        return None
