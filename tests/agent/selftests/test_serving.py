# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Deployments of the simulator's CodeDeploy, done on disk."""

from __future__ import annotations

import subprocess
import sys
import typing as t
from pathlib import Path

import pytest

from tests.agent.agent import Agent
from tests.agent.group import Group
from tests.agent.serving import Serving
from tests.simulator_process import ROOT, SimulatorProcess


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


def test_one_instance_fails_and_another_does_not(simulator: SimulatorProcess, tmp_path: Path) -> None:
    """One after the other, three agents on this host: what CodeDeploy says is what is on each disk."""
    simulator.control.reset()
    group = Group(simulator.url, tmp_path / "any", 3, deploymentConfigName="CodeDeployDefault.OneAtATime")
    sites = [tmp_path / name / "site" for name in ("first", "second", "third")]
    servings = []
    for instance, site in zip(group.instances, sites, strict=True):
        site.parent.mkdir()
        agent = Agent(site.parent / "deployment-root", site.parent)
        servings.append(Serving(simulator.url, agent, group, instance, site))
    breaks = f"test ! -e {group.site}/../breaks\n"
    assert group.deploy("one", "ValidateService", breaks)["status"] == "Succeeded"
    assert [(site / "index.html").read_text() for site in sites] == ["one"] * 3
    assert not group.site.exists()

    (sites[1].parent / "breaks").touch()
    bad = group.deploy("two", "ValidateService", breaks)
    assert bad["status"] == "Failed"
    assert group.statuses(bad) == dict(zip(group.instances, ("Succeeded", "Failed", "Skipped"), strict=True))
    assert [(site / "index.html").read_text() for site in sites] == ["two", "two", "one"]
    assert [[outcome.event for outcome in serving.outcomes] for serving in servings] == [
        ["", ""],
        ["", "ValidateService"],
        [""],
    ]

    # All at once: the failure of one is not that of the others, and does not make the deployment fail.
    all_at_once = "CodeDeployDefault.AllAtOnce"
    mixed = group.deploy("three", "ValidateService", breaks, deploymentConfigName=all_at_once)
    assert mixed["status"] == "Succeeded"
    assert [group.statuses(mixed)[id_] for id_ in group.instances] == ["Succeeded", "Failed", "Succeeded"]
    assert [(site / "index.html").read_text() for site in sites] == ["three"] * 3


def test_two_groups_do_not_meet(simulator: SimulatorProcess, tmp_path: Path) -> None:
    simulator.control.reset()
    groups = [Group(simulator.url, tmp_path / name / "site", name=name) for name in ("prod", "blue")]
    for group in groups:
        group.site.parent.mkdir()
        Serving(simulator.url, Agent(group.site.parent / "deployment-root", group.site.parent), group)
        assert group.deploy("one")["status"] == "Succeeded"
    assert groups[1].deploy("two")["status"] == "Succeeded"
    assert [(group.site / "index.html").read_text() for group in groups] == ["one", "two"]


def test_a_story_that_is_told_to_molecule(simulator: SimulatorProcess, tmp_path: Path) -> None:
    """The program tells it, says so, and works until it is ended."""
    simulator.control.reset()
    command = [sys.executable, "-m", "tests.agent.standing_in", simulator.url, "--scratch", str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as program:
        try:
            assert program.stdout is not None
            assert program.stdout.readline() == "ready\n"
            for name in ("web1", "web2"):
                assert (tmp_path / name / "site" / "index.html").read_text() == "two"
                assert (tmp_path / name / "site" / "settings.conf").read_text() == "by hand\n"
            assert program.poll() is None
        finally:
            program.terminate()
    assert program.returncode == 0
