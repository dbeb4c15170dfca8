# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook for deployment groups, killed, or run by two people at once: there is one redeploy and one end."""

from __future__ import annotations

import time
import typing as t
from pathlib import Path

import pytest

from tests.e2e import play
from tests.e2e.conftest import Rollback
from tests.e2e.fleet import APPLICATION, GROUP, Fleet
from tests.e2e.stage import Stage

NAMED = {"rollback_application": APPLICATION, "rollback_deployment_group": GROUP}
# Seconds of a lifecycle event: a redeploy of three instances then takes more than an hour of AWS's.
LONG = 300.0


@pytest.fixture
def fleet(stage: Stage) -> Fleet:
    """Version 1 was good, and 2 is bad. What is deployed from now on takes its time."""
    made = Fleet(stage)
    made.story()
    stage.control.timings(lifecycle_event=LONG)
    return made


def begun(stage: Stage, folder: Path, name: str, condition: t.Callable[[str], object]) -> play.Started:
    """A redeploy in a process of its own, when ``condition`` is true of what it has printed."""
    log = folder / name
    started = play.Started(stage.url, log, NAMED, play.REDEPLOY)
    assert play.within(30, lambda: condition(log.read_text())), log.read_text()
    return started


def created(stage: Stage) -> t.Callable[[str], object]:
    """CodeDeploy has created a deployment, and the step has said so."""
    return lambda said: stage.count("CreateDeployment") and "has created deployment" in said


def test_two_people_at_once_make_one_redeploy(stage: Stage, fleet: Fleet, tmp_path: Path) -> None:
    first = begun(stage, tmp_path, "first", created(stage))
    second = begun(stage, tmp_path, "second", lambda said: "which is already running" in said)
    stage.pass_time(40 * LONG)
    assert (first.wait(), second.wait()) == (0, 0)
    for name in ("first", "second"):
        assert "rolled_back: " in (tmp_path / name).read_text()
    assert stage.count("CreateDeployment") == 1
    assert stage.count("StopDeployment") == 0
    assert fleet.on() == "web-1.zip"


@pytest.mark.parametrize("worker_dies", [True, pytest.param(False, marks=pytest.mark.long)])
def test_killed_and_run_again(
    stage: Stage, fleet: Fleet, redeploy: Rollback, tmp_path: Path, worker_dies: bool
) -> None:
    first = begun(stage, tmp_path, "log", created(stage))
    if worker_dies:
        first.kill_all()
    else:
        first.kill_group()
    stage.control.timings(lifecycle_event=1)
    stage.pass_time(LONG)
    stage.control.reset_calls()
    done = redeploy()
    assert done.rc == 0, done.stdout + done.stderr
    assert done.outcomes[GROUP] in ("rolled_back", "unchanged")
    assert "CreateDeployment" not in stage.writes()
    assert fleet.on() == "web-1.zip"
    assert redeploy().outcomes == {GROUP: "unchanged"}


def test_what_is_running_is_adopted(stage: Stage, fleet: Fleet, redeploy: Rollback, tmp_path: Path) -> None:
    first = begun(stage, tmp_path, "log", created(stage))
    first.kill_all()
    stage.control.timings(lifecycle_event=10)
    stage.control.reset_calls()
    done = redeploy()
    result = done.of(GROUP)
    assert (result["outcome"], result["method"]) == ("rolled_back", "adopt"), done.stdout + done.stderr
    assert stage.writes() == []
    assert fleet.newest()["deploymentId"] == result["deployment_id"]


@pytest.mark.long
def test_an_orphaned_worker_stops_asking(stage: Stage, fleet: Fleet, tmp_path: Path) -> None:
    """A runner's timeout kills the process group; the worker has a session of its own and lives on."""
    first = begun(stage, tmp_path, "log", created(stage))
    workers = first.workers()
    assert workers
    first.kill_group()
    assert play.within(10, lambda: not any(play.is_running(pid) for pid in workers))
    stage.control.reset_calls()
    time.sleep(2.5)
    assert stage.control.calls() == {}
    assert fleet.newest()["status"] == "InProgress", "it had ended, so there was nothing to wait for"


def test_a_script_that_fails_is_diagnosed_in_the_artifacts(stage: Stage, fleet: Fleet, redeploy: Rollback) -> None:
    stage.control.timings(lifecycle_event=1)
    stage.control.bundle("web-1.zip", "fail", "AfterInstall", script="bin/migrate", log="[stderr]no such table")
    done = redeploy()
    assert done.rc != 0
    result = done.of(GROUP)
    assert result["outcome"] == "failed"
    failed = result["diagnosis"]["failed_targets"][0]
    assert (failed["event"], failed["script"], failed["error_code"]) == ("AfterInstall", "bin/migrate", "ScriptFailed")
    assert "no such table" in failed["log_tail"]
    assert result["instances"]["unknown"] == 1
    assert "bin/migrate" in done.summary
