# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Deployments of the simulator's CodeDeploy, done on disk."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest

from tests.agent.agent import Agent
from tests.agent.group import Group
from tests.agent.serving import Serving
from tests.simulator_process import SimulatorProcess


@pytest.fixture(scope="module")
def simulator() -> t.Iterator[SimulatorProcess]:
    with SimulatorProcess(speed=60) as process:
        yield process


def test_deployments_are_done_on_disk(simulator: SimulatorProcess, tmp_path: Path) -> None:
    simulator.control.reset()
    site = tmp_path / "site"
    group = Group(simulator.url, site)
    agent = Agent(tmp_path / "deployment-root", tmp_path)
    serving = Serving(simulator.url, agent, group)
    assert group.deploy("one")["status"] == "Succeeded"
    assert (site / "index.html").read_text() == "one"

    bad = group.deploy("two", "ValidateService")
    event = group.failed_event(bad)
    assert (bad["status"], event["lifecycleEventName"]) == ("Failed", "ValidateService")
    assert event["diagnostics"]["errorCode"] == "ScriptFailed"
    assert "it is broken" in event["diagnostics"]["logTail"]
    assert (site / "index.html").read_text() == "two"

    # What somebody has put there is in the way, on disk as well as for CodeDeploy.
    cleanup = agent.layout.cleanup(serving.group_id)
    cleanup.write_text("")
    conflict = group.deploy("three")
    assert conflict["status"] == "Failed"
    assert "already exists at this location" in group.failed_event(conflict)["diagnostics"]["message"]
    assert group.deploy("three", fileExistsBehavior="OVERWRITE")["status"] == "Succeeded"
    assert (site / "index.html").read_text() == "three"
    assert [outcome.event for outcome in serving.outcomes] == ["", "ValidateService", "Install", ""]
    assert {outcome.deployment for outcome in serving.outcomes} >= {bad["deploymentId"], conflict["deploymentId"]}


def test_a_broken_application_stop_is_that_of_the_bundle_before(simulator: SimulatorProcess, tmp_path: Path) -> None:
    simulator.control.reset()
    group = Group(simulator.url, tmp_path / "site")
    agent = Agent(tmp_path / "deployment-root", tmp_path)
    Serving(simulator.url, agent, group)
    assert group.deploy("one", "ApplicationStop")["status"] == "Succeeded"
    stuck = group.deploy("two")
    assert (stuck["status"], group.failed_event(stuck)["lifecycleEventName"]) == ("Failed", "ApplicationStop")
    assert group.deploy("two", ignoreApplicationStopFailures=True)["status"] == "Succeeded"
    assert (tmp_path / "site" / "index.html").read_text() == "two"
