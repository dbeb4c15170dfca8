# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A service of the cluster ``shop`` with the controller EXTERNAL, and somebody who deploys it."""

from __future__ import annotations

import typing as t

from tests.module.services import CLUSTER, Shop
from tests.world import NETWORK

BALANCER = {
    "targetGroupArn": "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/blue/0123456789abcdef",
    "containerName": "app",
    "containerPort": 80,
}


class External:
    """The service ``web`` with the controller EXTERNAL, and somebody who deploys it."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.ecs = shop.world.ecs
        shop.versions(4, portMappings=[{"containerPort": 80}])
        self.ecs.create_service(
            cluster=CLUSTER, serviceName="web", desiredCount=2, deploymentController={"type": "EXTERNAL"}
        )

    def stand(self, version: str, scale: float = 100, settle: float = 120, **more: t.Any) -> str:
        """A task set; returns its id."""
        made = self.ecs.create_task_set(
            cluster=CLUSTER,
            service="web",
            taskDefinition=version,
            launchType="FARGATE",
            networkConfiguration=NETWORK,
            scale={"value": scale, "unit": "PERCENT"},
            **more,
        )
        self.shop.sim.advance(settle)
        return str(made["taskSet"]["id"])

    def promote(self, task_set: str) -> None:
        """Make it PRIMARY."""
        self.ecs.update_service_primary_task_set(cluster=CLUSTER, service="web", primaryTaskSet=task_set)

    def scale(self, task_set: str, percent: float) -> None:
        """Its share of the tasks."""
        scale = {"value": percent, "unit": "PERCENT"}
        self.ecs.update_task_set(cluster=CLUSTER, service="web", taskSet=task_set, scale=scale)
        self.shop.sim.advance(120)

    def delete(self, task_set: str) -> None:
        """It goes."""
        self.ecs.delete_task_set(cluster=CLUSTER, service="web", taskSet=task_set, force=True)
        self.shop.sim.advance(120)

    def released(self, old_scale: float = 100, **more: t.Any) -> tuple[str, str]:
        """web:1 was PRIMARY and still stands, web:2 is PRIMARY. Returns both task sets."""
        old = self.stand("web:1", **more)
        self.promote(old)
        new = self.stand("web:2", **more)
        self.promote(new)
        if old_scale != 100:
            self.scale(old, old_scale)
        return old, new

    def sets(self) -> dict[str, tuple[str, float]]:
        """Status and scale by version."""
        return {
            s["taskDefinition"].rpartition("/")[2]: (s["status"], s["scale"]["value"])
            for s in self.shop.service()["taskSets"]
        }
