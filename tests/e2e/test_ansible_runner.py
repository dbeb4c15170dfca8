# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Through ansible-runner, which is the engine of AWX: events, artifacts, status, idle timeout."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest

from tests.e2e import play
from tests.e2e.fleet import APPLICATION, GROUP, Fleet
from tests.e2e.job import Job
from tests.e2e.stage import CLUSTER, Stage

PUBLISHED = ("rollback_outcome", "rollback_summary", "rollback_run_id", "rollback_still_suspended")

# ansible-runner starts the command on a terminal of its own, as AWX does; a worker of pytest-xdist has a second thread.
pytestmark = pytest.mark.filterwarnings("ignore:This process.*use of forkpty:DeprecationWarning")


def rollback(stage: Stage, folder: Path, settings: dict[str, t.Any] | None = None) -> Job:
    """Of the service web."""
    return Job(stage, folder, play.ROLLBACK, settings, cluster=CLUSTER, services="web")


def redeploy(stage: Stage, folder: Path) -> Job:
    """Of the deployment group of the fleet."""
    return Job(stage, folder, play.REDEPLOY, application=APPLICATION, deployment_group=GROUP)


def test_progress_arrives_while_it_runs_and_the_result_is_an_artifact(stage: Stage, tmp_path: Path) -> None:
    stage.story()
    job = rollback(stage, tmp_path)
    assert (job.run.status, job.run.rc) == ("successful", 0)
    said = [(when, event["stdout"]) for when, event in job.named("verbose")]
    texts = [text for _when, text in said]
    for part in ("web:3 → web:1  last good", "update_service accepted", "0/2 on web:1", "2/2 on web:1", "rolled_back"):
        assert any(part in text for text in texts), texts
    ended = next(
        when for when, event in job.named("runner_on_ok") if event["event_data"]["task"] == "Roll back and watch"
    )
    began = next(when for when, text in said if "0/2 on web:1" in text)
    # The next look at the service comes half a second later.
    assert ended - began > 0.4
    assert play.named(job.artifacts["rollback_result"], "web")["outcome"] == "rolled_back"
    assert job.artifacts["rollback_summary"].startswith("[web] rolled_back: web:3 → web:1")
    assert set(job.artifacts) == {*PUBLISHED, "rollback_result"}


def test_a_failed_rollback_fails_the_job_and_publishes_all_the_same(stage: Stage, tmp_path: Path) -> None:
    stage.story()
    stage.control.image("registry/web:1", behaviour="cannot_pull")
    job = rollback(stage, tmp_path)
    assert (job.run.status, job.run.rc) == ("failed", 2)
    (_when, failed), *more = job.named("runner_on_failed")
    assert not more
    assert failed["event_data"]["res"]["msg"] == job.artifacts["rollback_summary"]
    assert play.named(job.artifacts["rollback_result"], "web")["outcome"] == "failed"


def test_a_dry_run_publishes_the_plan(stage: Stage, tmp_path: Path) -> None:
    """What AWX calls the job type `check`."""
    stage.story()
    (tmp_path / "env").mkdir()
    (tmp_path / "env" / "cmdline").write_text("--check --diff")
    job = rollback(stage, tmp_path)
    assert (job.run.status, job.run.rc) == ("successful", 0)
    assert play.named(job.artifacts["rollback_plan"], "web")["target"]["task_definition"].endswith("/web:1")
    assert set(job.artifacts) == {*PUBLISHED, "rollback_plan"}
    assert stage.writes() == []


@pytest.mark.long
def test_a_long_wait_survives_the_idle_timeout(stage: Stage, tmp_path: Path) -> None:
    """Nothing moves for longer than the job may be silent; the heartbeat, every 25 to 30 s, keeps it alive."""
    stage.story()
    stage.control.timings(task_start=36 * stage.speed)
    job = rollback(stage, tmp_path, {"idle_timeout": 31})
    assert (job.run.status, job.run.rc) == ("successful", 0)
    texts = [event["stdout"] for _when, event in job.named("verbose")]
    waiting = [text for text in texts if "0/2 on web:1, 2 pending" in text or "no change, " in text]
    assert len(waiting) == 2, texts


def test_the_result_is_an_artifact(stage: Stage, tmp_path: Path) -> None:
    fleet = Fleet(stage)
    fleet.story()
    job = redeploy(stage, tmp_path)
    assert (job.run.status, job.run.rc, fleet.on()) == ("successful", 0, "web-1.zip")
    texts = [event["stdout"] for _when, event in job.named("verbose")]
    made = fleet.newest()["deploymentId"]
    for part in ("web-1.zip", f"deployment {made}", "rolled_back"):
        assert any(part in text for text in texts), texts
    assert set(job.artifacts) == {*PUBLISHED, "rollback_result"}
    [result] = job.artifacts["rollback_result"].values()
    assert (result["outcome"], result["deployment_id"]) == ("rolled_back", made)


def test_a_redeploy_that_fails_leaves_its_diagnosis_in_the_artifacts(stage: Stage, tmp_path: Path) -> None:
    fleet = Fleet(stage)
    fleet.story()
    stage.control.bundle("web-1.zip", "fail", "AfterInstall", script="scripts/install.sh", log="[stderr]no table\n")
    job = redeploy(stage, tmp_path)
    assert (job.run.status, job.run.rc) == ("failed", 2)
    (_when, failed), *more = job.named("runner_on_failed")
    assert not more
    assert failed["event_data"]["res"]["msg"] == job.artifacts["rollback_summary"]
    result = play.named(job.artifacts["rollback_result"], "prod")
    assert result["outcome"] == "failed"
    found = result["diagnosis"]["failed_targets"][0]
    assert (found["event"], found["script"], found["error_code"]) == (
        "AfterInstall",
        "scripts/install.sh",
        "ScriptFailed",
    )
    assert "no table" in found["log_tail"]
