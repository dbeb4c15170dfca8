# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Services that shift traffic: their configurations, and how far one has come."""

from __future__ import annotations

import typing as t

from tests.module.services import CLUSTER, Shop
from tests.world import World

BLUE_GREEN: dict[str, t.Any] = {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 10}
LINEAR: dict[str, t.Any] = {
    "strategy": "LINEAR",
    "bakeTimeInMinutes": 5,
    "linearConfiguration": {"stepPercent": 25.0, "stepBakeTimeInMinutes": 6},
}
CANARY: dict[str, t.Any] = {
    "strategy": "CANARY",
    "bakeTimeInMinutes": 5,
    "canaryConfiguration": {"canaryPercent": 5.0, "canaryBakeTimeInMinutes": 10},
}
STRATEGIES = {configuration["strategy"]: configuration for configuration in (BLUE_GREEN, LINEAR, CANARY)}
FUNCTION = "arn:aws:lambda:eu-central-1:123456789012:function:check"


def pause(stage: str = "POST_TEST_TRAFFIC_SHIFT", minutes: int = 600, action: str = "ROLLBACK") -> dict[str, t.Any]:
    """A hook that waits for a person."""
    return {
        "targetType": "PAUSE",
        "lifecycleStages": [stage],
        "timeoutConfiguration": {"timeoutInMinutes": minutes, "action": action},
    }


def function(stage: str = "POST_TEST_TRAFFIC_SHIFT") -> dict[str, t.Any]:
    """A hook that asks a Lambda function."""
    return {
        "targetType": "AWS_LAMBDA",
        "hookTargetArn": FUNCTION,
        "roleArn": "arn:aws:iam::123456789012:role/hooks",
        "lifecycleStages": [stage],
    }


class Place(t.Protocol):
    """The simulator with the cluster ``shop``, in process or over HTTP."""

    world: World


def record(place: Place, position: int = 0, service: str = "web") -> dict[str, t.Any]:
    """A service deployment in full, the newest first."""
    ecs = place.world.ecs
    listed = ecs.list_service_deployments(cluster=CLUSTER, service=service)["serviceDeployments"]
    arn = listed[position]["serviceDeploymentArn"]
    return dict(ecs.describe_service_deployments(serviceDeploymentArns=[arn])["serviceDeployments"][0])


def stage(shop: Shop) -> str:
    """The lifecycle stage of the newest service deployment."""
    return str(record(shop).get("lifecycleStage", ""))


def until(shop: Shop, wanted: str) -> None:
    """Let time pass until the newest service deployment is in this stage."""
    for _event in range(3000):
        if stage(shop) == wanted:
            return
        shop.sim.advance_to_next()
    raise AssertionError(f"{wanted} was never reached, but {stage(shop)}")


def parked(shop: Shop) -> dict[str, t.Any] | None:
    """The hook that the newest service deployment waits at."""
    hooks = record(shop).get("lifecycleHookDetails") or []
    return next((dict(hook) for hook in hooks if hook["status"] == "AWAITING_ACTION"), None)


def until_parked(shop: Shop) -> dict[str, t.Any]:
    """Let time pass until the newest service deployment waits at a hook."""
    for _event in range(3000):
        hook = parked(shop)
        if hook is not None:
            return hook
        shop.sim.advance_to_next()
    raise AssertionError("no hook was ever reached")


def answer(shop: Shop, action: str) -> dict[str, t.Any]:
    """The answer that a person would send to the hook at which the newest service deployment waits."""
    hook = until_parked(shop)
    return {
        "operation": "ContinueServiceDeployment",
        "params": {
            "serviceDeploymentArn": record(shop)["serviceDeploymentArn"],
            "hookId": hook["hookId"],
            "action": action,
        },
    }


def configuration(shop: Shop) -> dict[str, t.Any]:
    """The service's deployment configuration."""
    return dict(shop.service()["deploymentConfiguration"])


def releases(shop: Shop, count: int = 2, **configured: t.Any) -> None:
    """web:1 to web:COUNT with this configuration, each deployed in turn, healthy, and answered for by somebody."""
    shop.versions(count)
    shop.create("web:1", deploymentConfiguration={**BLUE_GREEN, **configured}, settle=0)
    settle(shop)
    for revision in range(2, count + 1):
        shop.deploy(f"web:{revision}", settle=0)
        settle(shop)


def settle(shop: Shop) -> None:
    """Let the newest deployment come to its end, with each hook that waits for somebody answered."""
    for _event in range(400):
        shop.sim.advance_to_next()
        if parked(shop):
            wanted = answer(shop, "CONTINUE")["params"]
            shop.world.ecs.continue_service_deployment(**wanted)
        if record(shop)["status"] not in ("PENDING", "IN_PROGRESS"):
            # The tasks that it replaced are gone too.
            shop.sim.advance(60)
            return
    raise AssertionError(f"it never ended, but is in {stage(shop)}")


def begin(shop: Shop, **configured: t.Any) -> None:
    """web:2 is good, and web:3 begins to be deployed."""
    releases(shop, **configured)
    shop.versions(1)
    shop.deploy("web:3", settle=0)
