# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""SIGKILL at any point, and the same command again: neither two versions back, nor auto scaling left suspended.

Signals that leave time for a last line get one.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from pathlib import Path

import pytest

from tests.e2e import play
from tests.e2e.conftest import Rollback
from tests.e2e.fleet import APPLICATION, GROUP, Fleet
from tests.e2e.stage import CLUSTER, Stage
from tests.e2e.warm import modules

WITH_SCALING = {"rollback_cluster": CLUSTER, "rollback_services": "web", "rollback_suspend_auto_scaling": True}
# What a rollback with suspended auto scaling writes, in this order.
WRITES = (
    "TagResource",  # the record of what is about to be suspended
    "RegisterScalableTarget",  # suspended
    "TagResource",  # the service: a rollback is about to begin
    "UpdateService",
    "TagResource",  # the version that was left: bad
    "TagResource",  # the service: it is rolled back
    "RegisterScalableTarget",  # as it was
    "UntagResource",  # nothing left to put back
)


def test_the_writes_of_a_rollback_come_in_this_order(stage: Stage, rollback: Rollback) -> None:
    """What the kills below count on."""
    stage.story()
    stage.world.make_scalable(CLUSTER, "web", scheduled=True)
    stage.control.reset_calls()
    assert rollback(suspend_auto_scaling=True).rc == 0
    assert tuple(stage.writes()) == WRITES


@pytest.mark.parametrize(
    ("after", "worker_dies"),
    [
        # The record of what is to be done and the write itself; the others are killed in process, too.
        (3, False),
        (4, True),
        *(pytest.param(write, True, marks=pytest.mark.long) for write in range(1, len(WRITES)) if write != 4),
        pytest.param(4, False, marks=pytest.mark.long),
    ],
)
def test_killed_after_a_write_and_run_again(
    stage: Stage, rollback: Rollback, tmp_path: Path, after: int, worker_dies: bool
) -> None:
    """The kill comes within milliseconds after the write; an operator had suspended a part of auto scaling before.

    A worker that does not die with ansible-playbook is still there when the second run begins.
    """
    stage.story()
    stage.world.make_scalable(CLUSTER, "web", scheduled=True)
    before = stage.auto_scaling()
    stage.control.reset_calls()
    first = play.Started(stage.url, tmp_path / "log", WITH_SCALING)
    reached = play.within(30, lambda: len(stage.writes()) >= after or not first.is_running)
    if worker_dies:
        first.kill_all()
    else:
        first.kill_group()
    assert reached, (tmp_path / "log").read_text()
    done = rollback(suspend_auto_scaling=True)
    assert done.rc == 0, done.stdout
    assert done.outcomes["web"] in ("rolled_back", "unchanged")
    assert stage.runs() == {"web:1": 2}
    assert stage.count("UpdateService") == 1
    assert stage.auto_scaling() == before
    stage.control.reset_calls()
    again = rollback(suspend_auto_scaling=True)
    assert again.outcomes == {"web": "unchanged"}
    assert stage.writes() == []


def test_what_is_running_is_adopted(stage: Stage, rollback: Rollback, tmp_path: Path) -> None:
    stage.story()
    stage.control.timings(task_start=150)
    first = play.Started(stage.url, tmp_path / "log", {"rollback_cluster": CLUSTER, "rollback_services": "web"})
    assert play.within(30, lambda: len(stage.writes()) >= 2), (tmp_path / "log").read_text()
    first.kill_group()
    done = rollback()
    result = play.named(done.published["rollback_result"], "web")
    assert (result["outcome"], result["method"]) == ("rolled_back", "adopt")
    assert "following the rollback that is already running" in done.stderr
    assert stage.count("UpdateService") == 1
    assert stage.runs() == {"web:1": 2}
    # What the first run did not come to.
    tags = stage.world.tags("arn:aws:ecs:eu-central-1:123456789012:task-definition/web:3")
    assert "lastgood:bad" in tags


def test_an_orphaned_worker_stops_asking(stage: Stage, tmp_path: Path) -> None:
    """A runner's timeout kills the process group; the worker has a session of its own and lives on."""
    stage.story()
    stage.control.timings(task_start=6000)
    first = play.Started(stage.url, tmp_path / "log", {"rollback_cluster": CLUSTER, "rollback_services": "web"})
    assert play.within(30, lambda: stage.count("UpdateService") and len(stage.writes()) >= 2)
    workers = first.workers()
    assert workers
    first.kill_group()
    assert play.within(10, lambda: not any(play.is_running(pid) for pid in workers))
    stage.control.reset_calls()
    time.sleep(2.5)
    assert stage.control.calls() == {}
    assert len(stage.runs()) == 1, "the rollback is no longer running, so there was nothing to wait for"


@pytest.mark.parametrize(
    ("number", "rc"),
    [
        (signal.SIGINT, 99),
        (signal.SIGTERM, -signal.SIGTERM),
        pytest.param(signal.SIGHUP, -signal.SIGHUP, marks=pytest.mark.long),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_the_last_line_says_what_goes_on_and_what_finishes_it(
    stage: Stage, rollback: Rollback, tmp_path: Path, number: signal.Signals, rc: int
) -> None:
    stage.story()
    stage.world.make_scalable(CLUSTER, "web", scheduled=True)
    before = stage.auto_scaling()
    stage.control.timings(task_start=6000)
    stage.control.reset_calls()
    log = tmp_path / "log"
    first = play.Started(stage.url, log, WITH_SCALING, cold=True)
    # Its word, not the request: between the two the last line cannot know more than that it was sent.
    accepted = "update_service accepted, deployment"
    assert play.within(60, lambda: accepted in log.read_text() or not first.is_running), log.read_text()
    assert first.interrupt(number) == rc, log.read_text()
    assert not first.workers()
    last = log.read_text().splitlines()[-1]
    assert last.startswith(
        "Interrupted, and nothing was undone. At AWS this goes on: [web] web:3 → web:1 (last good): "
    )
    assert f"update_service accepted, deployment {stage.primary_id()}. Run the same command again" in last
    assert "Auto scaling is still suspended: scale-in, scale-out of service/shop/web" in last
    assert "ansible-playbook lastgood.aws.restore_scaling -e rollback_cluster=shop -e rollback_services=web" in last
    # It is true, and the same command finishes it.
    assert stage.auto_scaling() != before
    stage.control.advance(400)
    done = rollback(suspend_auto_scaling=True)
    assert (done.rc, done.of()["method"], stage.auto_scaling()) == (0, "adopt", before)


# A step that takes its time for a line of progress, with the lock of Ansible's queue in its hands.
SLOW_LINE = """
import os, time
from multiprocessing.reduction import ForkingPickler
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible_collections.lastgood.aws.plugins.module_utils._core import progress
from ansible_collections.lastgood.aws.plugins.plugin_utils import _in_process, _whole_lines

class ActionModule(ActionBase):
    def run(self, tmp=None, task_vars=None):
        queue = Display()._final_q

        def put(item):
            with queue._wlock:
                open(self._task.args["mark"], "w").close()
                time.sleep(1)
                queue._writer.send_bytes(ForkingPickler.dumps(item))

        queue.put = put
        progress.install(_in_process.Lines().show, os.getppid())
        with _whole_lines.kept():
            progress.say("[web] the whole line")
            time.sleep(60)
        return {}
"""


def test_interrupted_within_a_line_of_progress(stage: Stage, tmp_path: Path) -> None:
    """A worker that ended with the lock in its hands would leave ansible-playbook waiting for it without an end."""
    mark, log = tmp_path / "mark", tmp_path / "log"
    (tmp_path / "action_plugins").mkdir()
    (tmp_path / "action_plugins" / "slow_line.py").write_text(SLOW_LINE)
    tasks = [{"name": "Say it", "slow_line": {"mark": str(mark)}}]
    (tmp_path / "play.yml").write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": tasks}]))
    first = play.Started(stage.url, log, {}, tmp_path / "play.yml")
    assert play.within(60, lambda: mark.exists() or not first.is_running), log.read_text()
    assert first.interrupt(signal.SIGINT) == 99, log.read_text()
    assert "[web] the whole line" in log.read_text()


def test_the_last_line_of_a_redeploy(stage: Stage, tmp_path: Path) -> None:
    fleet = Fleet(stage)
    fleet.story()
    stage.control.timings(lifecycle_event=6000)
    stage.control.reset_calls()
    log = tmp_path / "log"
    variables = {"rollback_application": APPLICATION, "rollback_deployment_group": GROUP}
    first = play.Started(stage.url, log, variables, play.REDEPLOY, cold=True)
    asked = "CodeDeploy has created deployment"
    assert play.within(60, lambda: asked in log.read_text() or not first.is_running)
    first.interrupt(signal.SIGTERM)
    last = log.read_text().splitlines()[-1]
    assert f"{asked} {fleet.newest()['deploymentId']}. Run the same command again" in last


def test_the_last_line_before_anything_was_written(stage: Stage, tmp_path: Path) -> None:
    stage.story()
    stage.control.fail("DescribeServices", code="ThrottlingException", times=None)
    stage.control.reset_calls()
    log = tmp_path / "log"
    first = play.Started(stage.url, log, WITH_SCALING, cold=True)
    assert play.within(60, lambda: stage.count("DescribeServices") or not first.is_running)
    assert first.interrupt(signal.SIGINT) == 99
    assert log.read_text().splitlines()[-1] == "Interrupted. Nothing was written."
    assert stage.writes() == []


def test_the_last_line_where_modules_run_in_processes_of_their_own(stage: Stage, tmp_path: Path) -> None:
    """What they did is known when they have ended, and not before."""
    stage.story()
    stage.world.make_scalable(CLUSTER, "web", scheduled=True)
    stage.control.timings(task_start=6000)
    stage.control.reset_calls()
    log = tmp_path / "log"
    apart = {"lastgood_aws_in_process": False, "ansible_python_interpreter": modules.python()}
    first = play.Started(stage.url, log, {**WITH_SCALING, **apart}, cold=True)
    assert play.within(60, lambda: len(stage.writes()) >= 4 or not first.is_running), log.read_text()
    left = first.workers()
    assert first.interrupt(signal.SIGTERM) == -signal.SIGTERM
    for module in left:
        with contextlib.suppress(ProcessLookupError):
            os.kill(module, signal.SIGKILL)
    last = log.read_text().splitlines()[-1]
    assert "What the step 'lastgood.aws.rollback : Roll back and watch' has written so far is not known here" in last
    assert "Auto scaling is still suspended: scale-in, scale-out of service/shop/web" in last
