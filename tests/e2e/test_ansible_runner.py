# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Through ansible-runner, which is the engine of AWX: events, artifacts, status, idle timeout."""

from __future__ import annotations

import time
import typing as t
from pathlib import Path

import ansible_runner
import pytest

from tests.e2e import play
from tests.e2e.stage import CLUSTER, Stage

# ansible-runner starts the command on a terminal of its own, as AWX does; a worker of pytest-xdist has a second thread.
pytestmark = pytest.mark.filterwarnings("ignore:This process.*use of forkpty:DeprecationWarning")


class Job:
    """A run, its events with the time when each arrived, and what AWX would keep as artifacts."""

    def __init__(self, stage: Stage, folder: Path, settings: dict[str, t.Any] | None = None, **more: object) -> None:
        self.events: list[tuple[float, dict[str, t.Any]]] = []
        self.run = ansible_runner.run(
            private_data_dir=str(folder),
            playbook=play.ROLLBACK,
            envvars=play.environment(stage.url),
            extravars={"rollback_cluster": CLUSTER, "rollback_services": "web", **more},
            settings=settings or {},
            event_handler=lambda event: self.events.append((time.monotonic(), event)),
            quiet=True,
        )

    def named(self, event: str) -> list[tuple[float, dict[str, t.Any]]]:
        return [(when, found) for when, found in self.events if found["event"] == event]

    @property
    def artifacts(self) -> dict[str, t.Any]:
        """ansible-runner and AWX take them from the last event of a play, whether it went well or not."""
        (_when, stats), *more = self.named("playbook_on_stats")
        assert not more
        return dict(stats["event_data"]["artifact_data"])


def test_progress_arrives_while_it_runs_and_the_result_is_an_artifact(stage: Stage, tmp_path: Path) -> None:
    stage.story()
    job = Job(stage, tmp_path)
    assert (job.run.status, job.run.rc) == ("successful", 0)
    said = [(when, event["stdout"]) for when, event in job.named("verbose")]
    texts = [text for _when, text in said]
    for part in ("web:3 → web:1  last good", "update_service accepted", "0/2 on web:1", "2/2 on web:1", "rolled_back"):
        assert any(part in text for text in texts), texts
    ended = next(
        when for when, event in job.named("runner_on_ok") if event["event_data"]["task"] == "Roll back and watch"
    )
    began = next(when for when, text in said if "0/2 on web:1" in text)
    # The next look at the service comes two seconds later.
    assert ended - began > 1.5
    assert job.artifacts["rollback_result"]["web"]["outcome"] == "rolled_back"
    assert job.artifacts["rollback_summary"].startswith("[web] rolled_back: web:3 → web:1")
    assert set(job.artifacts) == {"rollback_result", "rollback_summary", "rollback_run_id"}


def test_a_failed_rollback_fails_the_job_and_publishes_all_the_same(stage: Stage, tmp_path: Path) -> None:
    stage.story()
    stage.control.image("registry/web:1", behaviour="cannot_pull")
    job = Job(stage, tmp_path)
    assert (job.run.status, job.run.rc) == ("failed", 2)
    (_when, failed), *more = job.named("runner_on_failed")
    assert not more
    assert failed["event_data"]["res"]["msg"] == job.artifacts["rollback_summary"]
    assert job.artifacts["rollback_result"]["web"]["outcome"] == "failed"


def test_a_dry_run_publishes_the_plan(stage: Stage, tmp_path: Path) -> None:
    """What AWX calls the job type `check`."""
    stage.story()
    (tmp_path / "env").mkdir()
    (tmp_path / "env" / "cmdline").write_text("--check --diff")
    job = Job(stage, tmp_path)
    assert (job.run.status, job.run.rc) == ("successful", 0)
    assert job.artifacts["rollback_plan"]["web"]["target"]["task_definition"].endswith("/web:1")
    assert set(job.artifacts) == {"rollback_plan", "rollback_summary", "rollback_run_id"}
    assert stage.writes() == []


def test_a_long_wait_survives_the_idle_timeout(stage: Stage, tmp_path: Path) -> None:
    """Nothing moves for longer than the job may be silent; the heartbeat, every 25 to 30 s, keeps it alive."""
    stage.story()
    stage.control.timings(task_start=36 * stage.speed)
    job = Job(stage, tmp_path, {"idle_timeout": 31})
    assert (job.run.status, job.run.rc) == ("successful", 0)
    texts = [event["stdout"] for _when, event in job.named("verbose")]
    waiting = [text for text in texts if "0/2 on web:1, 2 pending" in text]
    assert len(waiting) == 2, texts
