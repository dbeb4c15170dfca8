# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Two people run the same command during the same deployment: one run takes it back, the other follows."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest

from tests.e2e import play
from tests.e2e.code_deploy import CodeDeploy
from tests.e2e.stage import CLUSTER, Stage

# Minutes that a deployment lasts when nobody stops it.
BAKES = 120
# Seconds that a step of going back takes: until both runs watch it.
LONG = 6000.0


class Run:
    """A rollback of ``web`` in a process of its own."""

    def __init__(self, stage: Stage, folder: Path, name: str) -> None:
        self._log, self._report = folder / f"{name}.log", folder / f"{name}.json"
        variables = {"cluster": CLUSTER, "services": "web", "report": str(self._report)}
        named = {f"rollback_{variable}": value for variable, value in variables.items()}
        self._process = play.Started(stage.url, self._log, named)

    @property
    def said(self) -> str:
        """What it has printed."""
        return self._log.read_text()

    def result(self) -> dict[str, t.Any]:
        """What has become of the service, when it has ended well."""
        assert self._process.wait() == 0, self.said
        return dict(play.named(json.loads(self._report.read_text())["services"], "web"))


def blue_green(stage: Stage) -> None:
    """web:2 is good, and web:3 bakes."""
    stage.world.register("web", "registry/web:1")
    stage.good_service(version=2, deploymentConfiguration={"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 0})
    stage.world.register("web", "registry/web:3")
    stage.world.deploy(CLUSTER, "web", "web:3", deploymentConfiguration={"bakeTimeInMinutes": BAKES})
    stage.pass_time(300)


def code_deploy(stage: Stage) -> None:
    """web:2 is good, and web:3 has the traffic, while web:2 still stands."""
    deploys = CodeDeploy(stage, wait=BAKES)
    deploys.deploy(2, settle=60 * BAKES + 600)
    deploys.deploy(3, settle=120)


@pytest.mark.parametrize(
    ("begin", "operation", "method", "slow"),
    [
        (blue_green, "StopServiceDeployment", "stop_deployment", "traffic_shift"),
        (code_deploy, "StopDeployment", "codedeploy_stop", "lifecycle_event"),
    ],
)
def test_in_flight_one_goes_back_and_the_other_follows(
    stage: Stage, tmp_path: Path, begin: t.Callable[[Stage], None], operation: str, method: str, slow: str
) -> None:
    begin(stage)
    stage.control.timings(**{slow: LONG})
    stage.control.reset_calls()
    first = Run(stage, tmp_path, "first")
    assert play.within(30, lambda: stage.count(operation)), first.said
    second = Run(stage, tmp_path, "second")
    assert play.within(30, lambda: "following" in second.said), second.said
    stage.pass_time(10 * LONG)
    taken, followed = first.result(), second.result()
    assert (taken["outcome"], taken["method"]) == ("rolled_back", method)
    assert (followed["outcome"], followed["method"]) == ("rolled_back", "adopt")
    assert stage.count(operation) == 1
    assert not {"UpdateService", "CreateDeployment"} & set(stage.writes())
    assert stage.runs() == {"web:2": 2}
