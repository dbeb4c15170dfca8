# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is tried: services and deployment groups on a bad version, and the command that takes each of them back."""

from __future__ import annotations

import abc
import json
import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._scaling.model import FLAGS
from ansible_collections.lastgood.aws.plugins.modules import autoscaling_suspend, codedeploy_redeploy
from tests.faults.role import Role
from tests.faults.runs import Stage
from tests.faults.truth import State
from tests.module import strategies
from tests.module.code_deploy import BlueGreen
from tests.module.code_deploy import client as client_of
from tests.module.external import External
from tests.module.fleet import APPLICATION, GROUP, NAMED, Fleet
from tests.module.services import CLUSTER, Shop, short
from tests.world import REGION

SCALING_TAG = "lastgood:scaling-suspended"
REASON = "500s since 13:52"
HOUR = 3600.0
# So fast that little of a run is waiting, and so slow that each request still comes in each of its places.
SPEED = 6.0


class Scene(abc.ABC):
    """A service that is on a bad version. ``good`` is where the command takes it, ``newer`` what a pipeline deploys."""

    name: t.ClassVar[str]
    entry_point: t.ClassVar[str] = "main"
    # Whether what is left is marked bad.
    marks: t.ClassVar[bool] = True
    # Whether versions that are left go on running.
    stands: t.ClassVar[bool] = False
    good: t.ClassVar[str] = "web:1"
    bad: t.ClassVar[str] = "web:3"
    newer: t.ClassVar[str] = "web:4"
    options: t.ClassVar[t.Mapping[str, t.Any]] = {}

    def __init__(self, stage: Stage, patches: pytest.MonkeyPatch, speed: float = SPEED) -> None:
        self.stage = stage
        self.speed = speed
        self.shop = Shop(stage, patches)
        patches.setattr(autoscaling_suspend, "Clock", lambda: self.shop.clock)
        patches.setattr(codedeploy_redeploy, "Clock", lambda: self.shop.clock)
        self.build(patches)
        stage.reset_calls()

    @abc.abstractmethod
    def build(self, patches: pytest.MonkeyPatch) -> None:
        """The story so far."""

    @property
    def reason(self) -> str:
        """What the mark of the version that is left has to say."""
        return REASON if self.marks else ""

    def command(self) -> t.Any:
        """What the person on call runs."""
        variables = {"region": REGION, "suspend_auto_scaling": True, "reason": REASON, **self.where, **self.options}
        return Role(self.entry_point, variables).run()

    where: t.ClassVar[t.Mapping[str, t.Any]] = {"cluster": CLUSTER, "services": "web", "deregister": True}

    def deploy(self) -> None:
        """Somebody begins to deploy the newer version."""
        self.shop.deploy(self.newer, settle=0)

    def settle(self) -> None:
        """Let everything come to its end."""
        self.stage.advance(HOUR)

    # -- what is there

    def state(self) -> State:
        """All that a run may change, as AWS has it."""
        service = self.shop.service()
        tags = {key: value for key, value in self.shop.service_tags().items() if key.startswith("lastgood:")}
        suspended, record = self._scaling()
        versions = [f"web:{revision}" for revision in range(1, 5)]
        marks = {version: self.shop.tags(version).get("lastgood:bad", "") for version in versions}
        return State(
            on=self._on(service),
            moves=self._moves(service),
            running=self.shop.running(),
            bad={version: mark for version, mark in marks.items() if mark},
            inactive=frozenset(version for version in versions if self.shop.status(version) != "ACTIVE"),
            configuration=json.dumps(service.get("deploymentConfiguration"), sort_keys=True),
            suspended=suspended,
            scaling_record=record,
            record=tags,
            desired=service["desiredCount"],
        )

    def _on(self, service: t.Mapping[str, t.Any]) -> str:
        present = [*service["deployments"], *service.get("taskSets", [])]
        return next((short(one["taskDefinition"]) for one in present if one["status"] == "PRIMARY"), "")

    def _moves(self, service: t.Mapping[str, t.Any]) -> tuple[str, ...]:
        return tuple(version for version, _status in reversed(self.shop.history()))

    def _scaling(self) -> tuple[frozenset[str], str]:
        target = self.shop.world.scalable_target(CLUSTER, "web")
        state = target["SuspendedState"]
        aws = dict(zip(FLAGS, ("DynamicScalingIn", "DynamicScalingOut", "ScheduledScaling"), strict=True))
        tags = self.shop.world.scaling.list_tags_for_resource(ResourceARN=target["ScalableTargetARN"])["Tags"]
        return frozenset(name for name, flag in aws.items() if state[f"{flag}Suspended"]), tags.get(SCALING_TAG, "")


class Rolling(Scene):
    """ECS replaces the tasks: web:1 was good, web:2 never came up, web:3 is bad."""

    name = "rolling"

    def build(self, patches: pytest.MonkeyPatch) -> None:
        self.shop.bad_release()
        self.shop.versions(1)
        self.shop.world.make_scalable(CLUSTER, "web", scheduled=True)


class InFlight(Scene):
    """ECS is still replacing the tasks of web:2, which was good, by those of web:3."""

    name = "in-flight"
    good = "web:2"

    def build(self, patches: pytest.MonkeyPatch) -> None:
        self.shop.releases(2)
        self.shop.versions(2)
        self.shop.world.make_scalable(CLUSTER, "web", scheduled=True)
        # One task of two is up.
        self.shop.deploy("web:3", settle=40 / self.speed)


class Fast(Scene):
    """Blue/green with a bake time and a hook that waits for a person, both skipped for this one deployment."""

    name = "fast"
    good = "web:2"
    options: t.ClassVar[t.Mapping[str, t.Any]] = {"fast": True}

    def build(self, patches: pytest.MonkeyPatch) -> None:
        strategies.releases(self.shop, 3, lifecycleHooks=[strategies.pause()])
        self.shop.versions(1)
        self.shop.world.make_scalable(CLUSTER, "web", scheduled=True)

    def settle(self) -> None:
        strategies.settle(self.shop)
        self.stage.advance(HOUR)


class CodeDeploy(Scene):
    """CodeDeploy deploys the service: web:2 was good, web:3 is bad."""

    name = "codedeploy"
    good = "web:2"

    def build(self, patches: pytest.MonkeyPatch) -> None:
        self.deploys = BlueGreen(self.shop)
        self.deploys.create(versions=4)
        self.deploys.deploy("web:2")
        self.deploys.deploy("web:3")
        self.shop.world.make_scalable(CLUSTER, "web", scheduled=True)

    def deploy(self) -> None:
        self.deploys.deploy(self.newer, settle=0)

    def _moves(self, service: t.Mapping[str, t.Any]) -> tuple[str, ...]:
        return tuple(sorted(self.deploys.listed(), key=lambda id_: self.deploys.info(id_)["createTime"]))


class Externally(Scene):
    """Something outside of AWS deploys the service: web:1 was good and stands without a task, web:2 is bad."""

    name = "external"
    stands = True
    good, bad, newer = "web:1", "web:2", "web:3"

    def build(self, patches: pytest.MonkeyPatch) -> None:
        self.external = External(self.shop)
        self.external.released(old_scale=0)
        self.shop.world.make_scalable(CLUSTER, "web", scheduled=True)

    def deploy(self) -> None:
        self.external.promote(self.external.stand(self.newer))

    def _moves(self, service: t.Mapping[str, t.Any]) -> tuple[str, ...]:
        # Which one is PRIMARY is a move too; how many there are counts.
        sets = sorted((s["createdAt"], f"{s['id']} {s['status']}") for s in service["taskSets"])
        return tuple(told for _created, told in sets)


class Server(Scene):
    """Instances of an Auto Scaling group: revision 1 was good, revision 2 is bad."""

    name = "server"
    entry_point = "redeploy"
    marks = False
    good, bad, newer = "web-1.zip", "web-2.zip", "web-3.zip"
    where: t.ClassVar[t.Mapping[str, t.Any]] = {"application": APPLICATION, "deployment_group": GROUP}

    def build(self, patches: pytest.MonkeyPatch) -> None:
        self.fleet = Fleet(self.shop, patches)
        self.fleet.scaling_group(desired=3)
        self.fleet.create(count=1, ec2TagFilters=[], autoScalingGroups=["web"])
        self.scaling = client_of("autoscaling")
        self.scaling.suspend_processes(AutoScalingGroupName="web", ScalingProcesses=["ScheduledActions"])
        self.fleet.deploy(1)
        self.fleet.deploy(2)

    def deploy(self) -> None:
        self.fleet.start(3)

    def state(self) -> State:
        infos = [self.fleet.info(id_) for id_ in self.fleet.listed()]
        last = next((info for info in reversed(infos) if info["status"] == "Succeeded"), infos[-1])
        [group] = self.scaling.describe_auto_scaling_groups(AutoScalingGroupNames=["web"])["AutoScalingGroups"]
        settings = self.fleet.client.get_deployment_group(**NAMED)["deploymentGroupInfo"]
        kept = {name: settings.get(name) for name in ("alarmConfiguration", "autoRollbackConfiguration")}
        return State(
            on=_key(last),
            moves=tuple(f"{info['deploymentId']} {_key(info)}" for info in infos),
            running={_key(infos[-1]): 1} if infos[-1]["status"] not in ("Succeeded",) else {_key(last): 1},
            bad={},
            inactive=frozenset(),
            configuration=json.dumps(kept, sort_keys=True),
            suspended=frozenset(process["ProcessName"] for process in group["SuspendedProcesses"]),
            scaling_record=next((tag["Value"] for tag in group["Tags"] if tag["Key"] == SCALING_TAG), ""),
            record={},
            desired=group["DesiredCapacity"],
        )


def _key(info: t.Mapping[str, t.Any]) -> str:
    return str(info["revision"]["s3Location"]["key"])


SCENES: t.Final[t.Mapping[str, type[Scene]]] = {
    scene.name: scene for scene in (Rolling, InFlight, Fast, CodeDeploy, Externally, Server)
}
