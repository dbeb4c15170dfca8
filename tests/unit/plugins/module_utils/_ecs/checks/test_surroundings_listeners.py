# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tables of what a listener rule may do while nothing is deployed."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._ecs.checks import surroundings
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import service

RULE = "arn:aws:elasticloadbalancing:eu-central-1:1:listener-rule/app/lb/1/2/3"


def group(name: str) -> str:
    return f"arn:aws:elasticloadbalancing:eu-central-1:1:targetgroup/{name}/0123"


BALANCER: dict[str, t.Any] = {
    "targetGroupArn": group("blue"),
    "advancedConfiguration": {"alternateTargetGroupArn": group("green"), "productionListenerRule": RULE},
}


def forward(**weights: int) -> list[dict[str, t.Any]]:
    groups = [{"TargetGroupArn": group(name), "Weight": weight} for name, weight in weights.items()]
    return [{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}]


@pytest.mark.parametrize(
    ("actions", "words"),
    [
        (forward(blue=100, green=0), ""),
        (forward(blue=0, green=1), ""),
        (forward(green=100), ""),
        ([{"Type": "forward", "TargetGroupArn": group("blue")}], ""),
        ([{"Type": "authenticate-oidc"}, *forward(blue=1)], ""),
        (forward(blue=0, green=0), "all weights are 0"),
        (forward(blue=50, green=50), "splits the traffic (blue 50, green 50)"),
        (forward(other=100), "sends traffic to other, which is none of"),
        (forward(blue=99, other=1), "sends traffic to other, which is none of"),
        ([{"Type": "fixed-response"}], "forwards to no target group"),
        (None, "does not exist"),
    ],
)
def test_listener_weights(actions: list[dict[str, t.Any]] | None, words: str) -> None:
    made = service(42, strategy="BLUE_GREEN", load_balancers=(BALANCER,))
    assert surroundings.production_rules(made) == [RULE]
    found = surroundings.listener_weights(made, {} if actions is None else {RULE: actions})
    assert [(f.check, f.severity) for f in found] == ([("listener_weights", "block")] if words else [])
    assert all(words in finding.message for finding in found)


@pytest.mark.parametrize(
    ("strategy_", "balancers"),
    [("ROLLING", (BALANCER,)), ("BLUE_GREEN", ()), ("CANARY", ({"targetGroupArn": group("blue")},))],
)
def test_services_without_production_rules(strategy_: str, balancers: t.Any) -> None:
    made = service(42, strategy=strategy_, load_balancers=balancers)
    assert surroundings.production_rules(made) == []
    assert surroundings.listener_weights(made, {}) == []
