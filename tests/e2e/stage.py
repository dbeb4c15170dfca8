# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The setting for the rollbacks of these tests: one cluster with broken services."""

from __future__ import annotations

import typing as t

from tests.simulator import Control
from tests.simulator_process import SimulatorProcess
from tests.world import PROFILE, World, deployments

CLUSTER = "shop"
# A task comes up in half a second; a look at it every two seconds shows what is between.
SPEED = 60.0
# Seconds: a little more than the longest that an answer is late by its profile.
SHOWN = 2.1 / SPEED
READS = ("BatchGet", "Describe", "Get", "Head", "List")


def show(control: Control) -> None:
    """Let pass what it takes until AWS shows what was written, if its answers are late."""
    if PROFILE:
        control.advance(SHOWN)


class Stage:
    """A cluster in a simulator, as a client sees it (``world``) and as a test moves it (``control``).

    Its clock is stopped, so that what a test finds does not depend on how fast a machine is.
    """

    def __init__(self, simulator: SimulatorProcess, speed: float = SPEED, cluster: str = CLUSTER) -> None:
        self.url = simulator.url
        self.control: Control = simulator.control
        self.world = World(simulator.url)
        self.speed = speed
        self.cluster = cluster
        self.control.reset()
        self.control.stop_clock()
        self.control.set_speed(speed)
        self.world.create_cluster(self.cluster)

    def pass_time(self, seconds: float) -> None:
        """Let this many of the simulator's seconds pass."""
        self.control.advance(seconds / self.speed)

    def show(self) -> None:
        """See :func:`show`."""
        show(self.control)

    def good_service(
        self, name: str = "web", version: int = 1, container: dict[str, t.Any] | None = None, **more: t.Any
    ) -> None:
        """A new service, whose version is deployed and healthy. ``more`` goes to CreateService."""
        self.world.register(name, f"registry/{name}:{version}", **(container or {}))
        self.world.create_service(self.cluster, name, f"{name}:{version}", **more)
        self.pass_time(300)

    def deploy(self, name: str, version: int, behaviour: str = "ok", container: dict[str, t.Any] | None = None) -> None:
        """The next version is registered and deployed; time passes until it is up, or will never be."""
        self.control.image(f"registry/{name}:{version}", behaviour=behaviour)
        self.world.register(name, f"registry/{name}:{version}", **(container or {}))
        self.world.deploy(self.cluster, name, f"{name}:{version}")
        self.pass_time(300)

    def story(self, name: str = "web", good: int = 1) -> None:
        """Version 1 was good, 2 never came up, 3 runs but answers with errors, which ECS cannot see.

        With another number of the ``good`` one the family has older revisions that nobody ever deployed.
        """
        for version in range(1, good):
            self.world.register(name, f"registry/{name}:{version}")
        self.good_service(name, version=good)
        self.deploy(name, good + 1, "cannot_pull")
        self.deploy(name, good + 2)
        self.control.reset_calls()

    def runs(self, name: str = "web") -> dict[str, int]:
        """Running tasks by ``family:revision``."""
        return self.world.running(self.cluster, name)

    def on(self, name: str = "web") -> str:
        """``family:revision`` of the PRIMARY deployment or task set."""
        present = deployments(self.world.service(self.cluster, name))
        return str(next(d["taskDefinition"] for d in present if d["status"] == "PRIMARY")).rpartition("/")[2]

    def primary_id(self, name: str = "web") -> str:
        """The id of the PRIMARY deployment."""
        present = deployments(self.world.service(CLUSTER, name))
        return str(next(d["id"] for d in present if d["status"] == "PRIMARY"))

    def status(self, version: str) -> str:
        """ACTIVE or INACTIVE."""
        answer = self.world.ecs.describe_task_definition(taskDefinition=version)
        return str(answer["taskDefinition"]["status"])

    def writes(self) -> list[str]:
        """The write operations since the last reset of the calls."""
        return [call["operation"] for call in self.control.log() if not call["operation"].startswith(READS)]

    def count(self, operation: str) -> int:
        """How often that was called since the last reset of the calls."""
        return self.control.calls().get(operation, 0)

    def auto_scaling(self, name: str = "web") -> dict[str, t.Any]:
        """The scalable target of the service, with its tags."""
        target = self.world.scalable_target(self.cluster, name)
        tags = self.world.scaling.list_tags_for_resource(ResourceARN=target["ScalableTargetARN"])["Tags"]
        return {**target, "tags": tags}
