# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Instances of the simulator whose agents really install what CodeDeploy deploys to them.

The simulator knows no files. So its own agent of an instance is silent until the work on disk is done; then it reports
what came of that, in the event in which it failed. Instances work one after the other, in the order of the deployment's
targets, because the simulator is told of one failure of a bundle at a time.
"""

from __future__ import annotations

import io
import typing as t
import zipfile
from pathlib import Path

from tests.agent.agent import Agent, Deployment, Outcome
from tests.agent.group import ENDED, Group
from tests.agent.hooks import OF_THE_PREVIOUS
from tests.simulator import Control
from tests.world import World


class Serving:
    """The agent of one instance of a deployment group. It works when :meth:`work` is called, and only then.

    Several instances that are all this host have a ``site`` each, in place of the one that bundles name.
    """

    def __init__(self, url: str, agent: Agent, group: Group, instance: str = "", site: Path | None = None) -> None:
        self._control = Control(url)
        world = World(url)
        self._codedeploy = world.client("codedeploy")
        self._s3 = world.client("s3")
        self._agent = agent
        self._group = group
        self._instance = instance or group.instance
        self._site = site or group.site
        self._downloads = agent.layout.root / "downloads"
        self._installed = ""
        self._done: set[str] = set()
        # The deployment that the simulator's agent reports of.
        self._reported = ""
        self.outcomes: list[Outcome] = []
        self._control.agent(self._instance, False)
        group.works_on_it(self.work)

    @property
    def group_id(self) -> str:
        """The deployment group's, by which the agent names its files."""
        info = self._codedeploy.get_deployment_group(**self._group.named)["deploymentGroupInfo"]
        return str(info["deploymentGroupId"])

    @property
    def is_idle(self) -> bool:
        """Whether everything that was done has been reported, and CodeDeploy shows it as ended."""
        return not self._reported

    def work(self) -> None:
        """Do what is to be done now."""
        if self._reported:
            if not self._has_ended(self._reported, self._instance):
                return
            self._control.agent(self._instance, False)
            self._reported = ""
        for id_ in reversed(self._codedeploy.list_deployments(**self._group.named)["deployments"]):
            if id_ not in self._done and self._is_ours(id_):
                self._done.add(id_)
                self._deploy(id_)
                return

    def _has_ended(self, id_: str, instance: str) -> bool:
        if self._info(id_)["status"] in ENDED:
            return True
        found = self._codedeploy.get_deployment_target(deploymentId=id_, targetId=instance)["deploymentTarget"]
        return found["instanceTarget"]["status"] in (*ENDED, "Skipped")

    def _info(self, id_: str) -> dict[str, t.Any]:
        info: dict[str, t.Any] = self._codedeploy.get_deployment(deploymentId=id_)["deploymentInfo"]
        return info

    def _is_ours(self, id_: str) -> bool:
        """Whether a deployment has come to this instance: it is its turn."""
        info = self._info(id_)
        if info["status"] in ENDED:
            self._done.add(id_)
            return False
        if info["status"] != "InProgress":
            return False
        targets = self._codedeploy.list_deployment_targets(deploymentId=id_)["targetIds"]
        if self._instance not in targets:
            return False
        before = targets[: targets.index(self._instance)]
        return all(self._has_ended(id_, instance) for instance in before)

    def _deploy(self, id_: str) -> None:
        info = self._info(id_)
        place = info["revision"]["s3Location"]
        name = f"{place['bucket']}/{place['key']}"
        outcome = self._agent.deploy(
            Deployment(
                self.group_id,
                self._download(id_, place),
                info.get("fileExistsBehavior") or "DISALLOW",
                id_,
                self._group.named["applicationName"],
                self._group.named["deploymentGroupName"],
                bool(info.get("ignoreApplicationStopFailures")),
            )
        )
        self.outcomes.append(outcome)
        self._report(outcome, name)
        # The script of ApplicationStop is that of what was installed last, whatever became of it.
        if self._agent.layout.last_successful_dir(self.group_id) == self._agent.layout.deployment(self.group_id, id_):
            self._installed = name
        self._control.agent(self._instance, True)
        self._reported = id_

    def _download(self, id_: str, place: dict[str, t.Any]) -> Path:
        version = {"VersionId": place["version"]} if place.get("version") else {}
        found = self._s3.get_object(Bucket=place["bucket"], Key=place["key"], **version)
        self._downloads.mkdir(exist_ok=True)
        path = self._downloads / id_
        path.write_bytes(found["Body"].read())
        if self._site != self._group.site:
            _move(path, str(self._group.site), str(self._site))
        return path

    def _report(self, outcome: Outcome, name: str) -> None:
        """Let the simulator's agent meet with what this one has met with."""
        where = [self._instance]
        for bundle in filter(None, {name, self._installed}):
            self._control.bundle(bundle, "ok")
        if not outcome.succeeded:
            bundle = self._installed if outcome.event in OF_THE_PREVIOUS else name
            self._control.bundle(
                bundle, "fail", outcome.event, outcome.code, outcome.script or None, outcome.message, outcome.log, where
            )


def _move(bundle: Path, site: str, other: str) -> None:
    """Let a bundle, and the scripts in it, name another site."""
    moved = io.BytesIO()
    with zipfile.ZipFile(bundle) as old, zipfile.ZipFile(moved, "w") as new:
        for item in old.infolist():
            content = old.read(item)
            new.writestr(item, content if "/" in item.filename else content.replace(site.encode(), other.encode()))
    bundle.write_bytes(moved.getvalue())
