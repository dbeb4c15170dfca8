# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An instance of the simulator whose agent really installs what CodeDeploy deploys to it.

The simulator knows no files. So its own agent of the instance is silent until the work on disk is done; then it reports
what came of that, in the event in which it failed.
"""

from __future__ import annotations

import typing as t
from pathlib import Path

from tests.agent.agent import Agent, Deployment, Outcome
from tests.agent.group import ENDED, NAMED, Group
from tests.agent.hooks import OF_THE_PREVIOUS
from tests.simulator.control import Control
from tests.world import World


class Serving:
    """The agent of the one instance of a deployment group. It works when :meth:`work` is called, and only then."""

    def __init__(self, url: str, agent: Agent, group: Group) -> None:
        self._control = Control(url)
        world = World(url)
        self._codedeploy = world.client("codedeploy")
        self._s3 = world.client("s3")
        self._agent = agent
        self._instance = group.instance
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
        info = self._codedeploy.get_deployment_group(**NAMED)["deploymentGroupInfo"]
        return str(info["deploymentGroupId"])

    def work(self) -> None:
        """Do what is to be done now."""
        if self._reported:
            if self._info(self._reported)["status"] not in ENDED:
                return
            self._control.agent(self._instance, False)
            self._reported = ""
        for id_ in reversed(self._codedeploy.list_deployments(**NAMED)["deployments"]):
            if id_ not in self._done and self._is_ours(id_):
                self._done.add(id_)
                self._deploy(id_)
                return

    def _info(self, id_: str) -> dict[str, t.Any]:
        info: dict[str, t.Any] = self._codedeploy.get_deployment(deploymentId=id_)["deploymentInfo"]
        return info

    def _is_ours(self, id_: str) -> bool:
        """Whether a deployment has come to this instance."""
        info = self._info(id_)
        if info["status"] in ENDED:
            self._done.add(id_)
            return False
        if info["status"] != "InProgress":
            return False
        return self._instance in self._codedeploy.list_deployment_targets(deploymentId=id_)["targetIds"]

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
                NAMED["applicationName"],
                NAMED["deploymentGroupName"],
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
