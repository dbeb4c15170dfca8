# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A cluster in the simulator, and the modules ecs_rollback and ecs_rollback_info run on it in process.

Nothing sleeps: to wait, move the simulator's clock instead.
"""

from __future__ import annotations

import functools
import itertools
import json
import os
import typing as t
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._aws import api
from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws
from ansible_collections.lastgood.aws.plugins.module_utils._aws.limiter import RateLimiter
from ansible_collections.lastgood.aws.plugins.module_utils._core import progress
from ansible_collections.lastgood.aws.plugins.module_utils._core.clock import Clock
from ansible_collections.lastgood.aws.plugins.modules import (
    ecs_deploy,
    ecs_deployment_wait,
    ecs_rollback,
    ecs_rollback_info,
    ecs_status_info,
)
from tests.module.run import ModuleFailed, Result, run_module
from tests.simulator import Simulator
from tests.world import PROFILE, REGION, World

CLUSTER = "shop"
ACCOUNT = "123456789012"
BREAKER = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}
# An image whose containers exit before their task is RUNNING.
NEVER_STARTS: dict[str, t.Any] = {"behaviour": "crash", "after": 0}


class Killed(BaseException):
    """SIGKILL, as closely as an in-process test can imitate it: none of our handlers runs after it."""


class SimulatedClock(Clock):
    """The simulator's clock.

    The process dies in its ``kill_at``-th sleep of two seconds. Shorter ones count as they are: how often it looks
    decides nothing.
    """

    def __init__(self, sim: Simulator) -> None:
        self._sim = sim
        self.sleeps = 0
        self.slept = 0.0
        self.kill_at: int | None = None

    def monotonic(self) -> float:
        return self._sim.now()

    def sleep(self, seconds: float) -> None:
        self.sleeps += 1
        if self.kill_at is not None and self.slept >= 2.0 * (self.kill_at - 1):
            self.kill_at = None
            raise Killed
        self.slept += seconds
        self._sim.advance(seconds)

    def machine(self) -> datetime:
        return datetime.fromtimestamp(self._sim.machine_time(), UTC)


@dataclass(frozen=True)
class Run:
    """One run of a module: its result, the requests it sent and the lines it printed."""

    result: Result
    failed: bool
    log: list[dict[str, t.Any]]
    lines: list[str]

    @property
    def only(self) -> dict[str, t.Any]:
        """The one service of the result."""
        [service] = self.result["services"]
        return dict(service)

    @property
    def outcome(self) -> str:
        """That of the one service."""
        return str(self.only["outcome"])

    @property
    def outcomes(self) -> dict[str, str]:
        """By service."""
        return {service["service"]: service["outcome"] for service in self.result["services"]}

    @property
    def target(self) -> str:
        """``family:revision`` of the one service's target."""
        return short(self.only["target"]["task_definition"])

    @property
    def message(self) -> str:
        """The one line that the user sees: msg on failure, summary on success."""
        return str(self.result["msg"] if self.failed else self.result["summary"])

    @property
    def operations(self) -> list[str]:
        """The operations sent to AWS, in order."""
        return [entry["operation"] for entry in self.log]

    @property
    def writes(self) -> list[str]:
        """The operations that write, in order."""
        return [
            name for name in self.operations if not name.startswith(("Describe", "List", "Get", "BatchGet", "Head"))
        ]

    @property
    def moves(self) -> list[str]:
        """The operations that write, in order, without those that write tags."""
        return [name for name in self.writes if name not in ("TagResource", "UntagResource")]

    def sent(self, operation: str) -> list[dict[str, t.Any]]:
        """The parameters of each request of this operation."""
        return [entry["params"] for entry in self.log if entry["operation"] == operation]

    def finding(self, check: str) -> dict[str, str]:
        """The one finding of this check."""
        [finding] = self.findings(check)
        return finding

    def findings(self, check: str) -> list[dict[str, str]]:
        """All findings of this check."""
        return [finding for finding in self.only["findings"] if finding["check"] == check]

    @property
    def everything(self) -> str:
        """Everything that leaves the module, as one string."""
        shown = {name: value for name, value in self.result.items() if name != "invocation"}
        return "\n".join([json.dumps(shown, ensure_ascii=False), *self.lines])


# Seconds of the simulator at its double speed: a little more than the longest that an answer is late by its profile.
SHOWN: t.Final = 1.2


class Shop:
    """The cluster ``shop``. Task definitions go by ``family:revision``; a service has the name of its family."""

    def __init__(self, sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sim = sim
        # The next run begins the moment that one has ended.
        self.at_once = False
        self.clock = SimulatedClock(sim)
        self.world = World()
        self.world.create_cluster(CLUSTER)
        self._lines: list[str] = []
        self._monkeypatch = monkeypatch
        for module in (api, ecs_rollback, ecs_deployment_wait, ecs_deploy, ecs_status_info):
            monkeypatch.setattr(module, "Clock", lambda: self.clock)
        monkeypatch.setattr("time.sleep", sim.advance)
        # The jitter of pauses, so that each run sends the same requests.
        monkeypatch.setattr("random.uniform", lambda low, high: (low + high) / 2)
        paced = functools.partialmethod(RateLimiter.__init__, clock=sim.now, sleep=sim.advance)
        monkeypatch.setattr(RateLimiter, "__init__", paced)
        monkeypatch.setattr(progress, "_sink", self._lines.append)
        monkeypatch.setattr(progress, "_parent", os.getppid())

    # -- the world

    def versions(self, count: int, family: str = "web", **container: t.Any) -> None:
        """So many more revisions of a family; revision N has the image ``registry/FAMILY:N``."""
        present = len(self.world.ecs.list_task_definitions(familyPrefix=family)["taskDefinitionArns"])
        for revision in range(present + 1, present + count + 1):
            self.world.register(family, image(f"{family}:{revision}"), **container)

    def create(self, version: str, desired: int = 2, name: str = "", settle: float = 600, **more: t.Any) -> None:
        """A service on this version, up and running after ``settle`` seconds."""
        self.world.create_service(CLUSTER, name or family_of(version), version, desired, **more)
        self.sim.advance(settle)

    def deploy(self, version: str, settle: float = 600, name: str = "", **more: t.Any) -> None:
        """A deployment, and so many seconds of time."""
        self.world.deploy(CLUSTER, name or family_of(version), version, **more)
        self.sim.advance(settle)

    def bad_release(self, desired: int = 2, **more: t.Any) -> None:
        """The usual story: web:1 is good, web:2 never came up, web:3 came up and is bad."""
        self.versions(3)
        self.sim.image(image("web:2"), "cannot_pull")
        self.create("web:1", desired, **more)
        self.deploy("web:2", settle=300)
        self.deploy("web:3")

    def releases(self, count: int, desired: int = 2, **more: t.Any) -> None:
        """web:1 to web:COUNT, each deployed in turn and healthy."""
        self.versions(count)
        self.create("web:1", desired, **more)
        for revision in range(2, count + 1):
            self.deploy(f"web:{revision}")

    def broken(self, version: str, behaviour: str = "cannot_pull", **more: t.Any) -> None:
        """From now on containers of this version do not come up."""
        self.sim.image(image(version), behaviour, **more)

    def mark(self, version: str, key: str, value: str = "by hand") -> None:
        """A tag on a task definition."""
        self.world.ecs.tag_resource(resourceArn=arn(version), tags=[{"key": key, "value": value}])

    def deregister(self, version: str) -> None:
        """Make a revision INACTIVE."""
        self.world.ecs.deregister_task_definition(taskDefinition=version)

    # -- what is there

    def service(self, name: str = "web") -> dict[str, t.Any]:
        """The service with its tags."""
        return self.world.service(CLUSTER, name)

    def primary(self, name: str = "web") -> dict[str, t.Any]:
        """Its PRIMARY deployment."""
        return next(dict(d) for d in self.service(name)["deployments"] if d["status"] == "PRIMARY")

    def on(self, name: str = "web") -> str:
        """The version of the PRIMARY deployment."""
        return short(self.primary(name)["taskDefinition"])

    def running(self, name: str = "web") -> dict[str, int]:
        """Running tasks by version."""
        return self.world.running(CLUSTER, name)

    def history(self, name: str = "web") -> list[tuple[str, str]]:
        """Version and status of the service deployments, newest first."""
        return [(short(item["task_definition"]), item["status"]) for item in self.world.history(CLUSTER, name)]

    def tags(self, version: str) -> dict[str, str]:
        """The tags of a task definition."""
        return self.world.tags(arn(version))

    def service_tags(self, name: str = "web") -> dict[str, str]:
        """The tags of a service."""
        return {tag["key"]: tag["value"] for tag in self.service(name).get("tags", [])}

    def status(self, version: str) -> str:
        """ACTIVE or INACTIVE."""
        return str(self.world.ecs.describe_task_definition(taskDefinition=version)["taskDefinition"]["status"])

    def on_line(self, tell: t.Callable[[str], None]) -> None:
        """Get each line of progress as it is printed."""
        self._monkeypatch.setattr(progress, "_sink", tell)

    # -- the modules

    def rollback(self, *services: str, **options: t.Any) -> Run:
        """Run ecs_rollback on these services (default: web)."""
        return self._run(ecs_rollback, services, options)

    def info(self, *services: str, **options: t.Any) -> Run:
        """Run ecs_rollback_info on these services (default: web)."""
        return self._run(ecs_rollback_info, services, options)

    def look(self, *services: str, **options: t.Any) -> Run:
        """Run ecs_status_info on these services (default: all of the cluster)."""
        return self._run(ecs_status_info, services or ("",), {"service": list(services), **options})

    def release(self, revision: str | int, *services: str, **options: t.Any) -> Run:
        """Run ecs_deploy on these services (default: web)."""
        return self._run(ecs_deploy, services, {"revision": revision, **options})

    def wait(self, *services: str, **options: t.Any) -> Run:
        """Run ecs_deployment_wait on these services (default: web)."""
        return self._run(ecs_deployment_wait, services, options)

    def _run(self, module: t.Any, services: t.Sequence[str], options: dict[str, t.Any]) -> Run:
        self._lines.clear()
        self.sim.reset_calls()
        named = {} if "plan" in options else {"service": list(services) or ["web"]}
        given = {"region": REGION, "cluster": CLUSTER, **named, **options}
        try:
            result, failed = run_module(module, **given), False
        except ModuleFailed as failure:
            result, failed = failure.result, True
        run = Run(result, failed, self.sim.log(), list(self._lines))
        self._until_the_next_command()
        return run

    def _until_the_next_command(self) -> None:
        """Whoever types it sees what the one before it wrote. What comes sooner: test_at_once.py."""
        if PROFILE and not self.at_once:
            self.sim.advance(SHOWN)

    def killed(
        self, *services: str, at_sleep: int = 0, before: tuple[str, int] | None = None, **options: t.Any
    ) -> list[str]:
        """Run ecs_rollback and kill it in its n-th sleep of 2 s, or before the n-th request after the write.

        Returns the operations that it got done. Fails the test if the run ended before that.
        """
        self.clock.slept, self.clock.kill_at = 0.0, at_sleep or None
        with self._monkeypatch.context() as patches:
            if before:
                patches.setattr(Aws, "call", _deadly(Aws.call, *before))
            with pytest.raises(Killed):
                self.rollback(*services, **options)
        self._until_the_next_command()
        return [entry["operation"] for entry in self.sim.log()]

    def killed_at(self, operation: str, **options: t.Any) -> None:
        """Run ecs_rollback and kill it before its first request of an operation."""
        with self._monkeypatch.context() as patches:
            call = Aws.call

            def deadly(aws: Aws, service: str, method: str, /, **params: t.Any) -> t.Any:
                if method == operation:
                    raise Killed
                return call(aws, service, method, **params)

            patches.setattr(Aws, "call", deadly)
            with pytest.raises(Killed):
                self.rollback(**options)
        self._until_the_next_command()

    def orphan_after(self, looks: int) -> None:
        """The play is killed; the module notices on its n-th check."""
        seen = itertools.count(1)
        self._monkeypatch.setattr(progress, "orphaned", lambda: next(seen) == looks)

    def meanwhile(self, operation: str, nth: int = 1, when: str = "before", **deed: t.Any) -> None:
        """At the n-th request somebody deploys (``deploy="web:4"``), or time passes (``advance=600``)."""
        if "deploy" in deed:
            params = {"cluster": CLUSTER, "service": deed.get("service", "web"), "taskDefinition": deed["deploy"]}
            self.sim.on(operation, {"operation": "UpdateService", "params": params}, when, nth)
        else:
            self.sim.on(operation, {"control": "advance", "params": {"seconds": deed["advance"]}}, when, nth)

    def later(self) -> None:
        """AWS shows by now what was written, and nobody gives the next command faster."""
        self.sim.advance(3)

    def deny(self, *operations: str) -> None:
        """The identity lacks these permissions."""
        for operation in operations:
            self.sim.fail(operation, code="AccessDeniedException", times=None)


def _deadly(call: t.Any, operation: str, nth: int) -> t.Any:
    """``Aws.call`` that dies before the n-th request of an operation, counted from the answer to UpdateService."""
    written, seen = False, 0

    @functools.wraps(call)
    def deadly(self: Aws, service: str, method: str, /, **params: t.Any) -> t.Any:
        nonlocal written, seen
        seen += written and method == operation
        if seen == nth:
            raise Killed
        answer = call(self, service, method, **params)
        written = written or method == "update_service"
        return answer

    return deadly


def arn(version: str) -> str:
    """The ARN of ``family:revision``."""
    return f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/{version}"


def short(name: str) -> str:
    """``family:revision`` of an ARN."""
    return str(name).rpartition("/")[2]


def image(version: str) -> str:
    """The image of a version."""
    return f"registry/{version}"


def family_of(version: str) -> str:
    """``web`` of ``web:3``."""
    return version.partition(":")[0]
