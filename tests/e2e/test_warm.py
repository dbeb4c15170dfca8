# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An ansible-playbook that was forked from a warm parent is like one that was started: that is what tests stand on."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import typing as t
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._aws import limiter
from tests.e2e import play
from tests.e2e.stage import CLUSTER, Stage
from tests.e2e.test_both_ways import lines
from tests.e2e.warm import modules, programs, starting, time_passes

WEB = {"rollback_cluster": CLUSTER, "rollback_services": "web"}
# What an ansible-playbook sees of itself, in its own process (lookups) and in that of a module.
SEEN = """
- hosts: localhost
  gather_facts: false
  tasks:
    - name: See
      ansible.builtin.debug:
        msg:
          mine: "{{ lookup('env', 'MINE') }}"
          other: "{{ lookup('env', 'OTHER') | default('nothing', true) }}"
          directory: "{{ lookup('pipe', 'pwd') }}"
          verbosity: "{{ ansible_verbosity }}"
          python: "{{ ansible_playbook_python }}"
          forks: "{{ ansible_forks }}"
          config: "{{ ansible_config_file | default('none') }}"
          limit: "{{ ansible_limit | default('none') }}"
    - name: Leave
      ansible.builtin.command: "sh -c 'echo $MINE; exit 3'"
"""
HANG = """
- hosts: localhost
  gather_facts: false
  tasks:
    - name: Hang
      ansible.builtin.command: "sh -c 'echo $$ > {{ pid_file }}; exec sleep 60'"
"""


# What a script sees of the Python that runs it. Its module comes from a zip file, as those of Ansible do.
SCRIPT = """
import os, sys
sys.path.insert(0, os.environ["ZIPPED"])
import brought
umask = os.umask(0)
print([sys.argv[1:], __name__, os.getcwd(), umask, os.environ["MINE"], os.environ.get("OTHER"), brought.VALUE])
print("an error", file=sys.stderr)
sys.exit(3)
"""


@dataclass
class Started:
    """One way to start an ansible-playbook."""

    warm: bool

    def __call__(self, folder: Path, *arguments: str, session: bool = False, **env: str) -> tuple[t.Any, Path, Path]:
        """Start it in this folder. Returns the process, and where its output goes."""
        stdout, stderr = folder / "stdout", folder / "stderr"
        variables = play.environment("http://127.0.0.1:9", **env)
        with open(os.devnull) as nothing, stdout.open("w") as out, stderr.open("w") as err:
            process: t.Any
            if self.warm:
                files = [nothing.fileno(), out.fileno(), err.fileno()]
                process = starting.start(arguments, variables, folder, files, session=session)
            else:
                command = [str(programs.ANSIBLE_PLAYBOOK), *arguments]
                streams: dict[str, t.Any] = {"stdin": nothing, "stdout": out, "stderr": err}
                process = subprocess.Popen(command, cwd=folder, env=variables, start_new_session=session, **streams)
        return process, stdout, stderr


WAYS = pytest.mark.parametrize(
    "start", [Started(True), pytest.param(Started(False), marks=pytest.mark.long)], ids=["warm", "cold"]
)


@pytest.mark.long
def test_what_it_sees_and_says_is_the_same(tmp_path: Path) -> None:
    """Twice from the same parent, with other variables, another directory and another configuration each time."""
    for number in ("1", "2"):
        seen = []
        for start in (Started(True), Started(False)):
            folder = tmp_path / number
            folder.mkdir(exist_ok=True)
            (folder / "see.yml").write_text(SEEN)
            (folder / "ansible.cfg").write_text(f"[defaults]\nforks = 1{number}\n")
            more = {"OTHER": "there"} if number == "1" else {}
            process, stdout, stderr = start(folder, "see.yml", "-v", MINE=number, **more)
            assert process.wait(play.PATIENCE) == 2, stderr.read_text()
            said = [line for line in stdout.read_text().splitlines() if "delta" not in line]
            seen.append((said, stderr.read_text()))
        assert seen[0] == seen[1]
        text = "\n".join(seen[0][0])
        for part in (
            f'"mine": "{number}"',
            f"/{number}/ansible.cfg",
            f'"forks": 1{number}',
        ):
            assert part in text


def test_a_rollback_has_the_same_result(stage: Stage) -> None:
    """Cold: as a user starts it, in real time. Warm: forked, in a time that passes when it is told to."""
    runs = {}
    for way in ("warm", "cold"):
        stage.control.reset()
        stage.world.create_cluster(CLUSTER)
        stage.story()
        if way == "warm":
            runs[way] = play.run(stage.url, play.ROLLBACK, *play.arguments(WEB))
        else:
            command = [str(programs.ANSIBLE_PLAYBOOK), play.ROLLBACK, *play.arguments(WEB)]
            env = play.environment(stage.url, ANSIBLE_STDOUT_CALLBACK="lastgood_test.probe.json_lines")
            runs[way] = play.run_as_users_do(stage.url, command, env=env)
        assert (runs[way].rc, stage.runs()) == (0, {"web:1": 2})
    warm, cold = (runs[way].tasks for way in ("warm", "cold"))
    assert warm.keys() == cold.keys()
    for name, (status, result) in warm.items():
        assert status == cold[name][0], name
        assert lines(result) == lines(cold[name][1]), name


@WAYS
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_signals_end_it(start: Started, tmp_path: Path, number: signal.Signals) -> None:
    (tmp_path / "hang.yml").write_text(HANG)
    pid_file = tmp_path / "pid"
    process, _stdout, stderr = start(tmp_path, "hang.yml", "-e", f"pid_file={pid_file}", session=True)
    assert play.within(play.PATIENCE, lambda: pid_file.exists() and pid_file.read_text()), stderr.read_text()
    hanging = int(pid_file.read_text())
    try:
        assert process.poll() is None
        assert os.getsid(process.pid) == os.getpgid(process.pid) == process.pid
        assert hanging in play.descendants(process.pid)
        os.kill(process.pid, number)
        assert process.wait(play.PATIENCE) == ENDED[number], stderr.read_text()
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(hanging, signal.SIGKILL)


# As ansible-core does: it takes SIGINT for the user's wish and says 99, and is killed by the others.
ENDED = {signal.SIGKILL: -signal.SIGKILL, signal.SIGTERM: -signal.SIGTERM, signal.SIGINT: 99}


@WAYS
def test_its_temporary_directory_is_its_own_and_goes_with_it(start: Started, tmp_path: Path) -> None:
    """The default is a template in ansible-core's own configuration."""
    (tmp_path / "see.yml").write_text(SEEN)
    own = tmp_path / "home" / "tmp"
    for _time in range(2):
        process, _stdout, stderr = start(tmp_path, "see.yml", ANSIBLE_HOME=str(own.parent))
        mine = f"ansible-local-{process.pid}*"
        assert play.within(play.PATIENCE, lambda mine=mine: list(own.glob(mine)))
        assert process.wait(play.PATIENCE) == 2, stderr.read_text()
        assert not list(own.glob(mine))
    assert {path.name for path in tmp_path.iterdir()} == {"home", "see.yml", "stdout", "stderr"}


def test_steps_ask_for_time_and_nothing_else_does(stage: Stage) -> None:
    """A deployment that takes an hour of the simulator's, in seconds of ours."""
    stage.story()
    stage.control.timings(task_start=3600)
    asked: list[float] = []
    before, began = stage.control.now(), time.monotonic()
    variables = {**WEB, "rollback_wait_timeout": 300}
    done = play.run(
        stage.url, play.ROLLBACK, *play.arguments(variables), between=lambda: asked.append(stage.control.now())
    )
    took = time.monotonic() - began
    assert (done.rc, stage.runs()) == (0, {"web:1": 2}), done.stdout
    assert done.of()["timings"]["ended"] >= 60
    assert len(asked) > 20
    assert asked[0] == before, "no time passes but while somebody sleeps"
    assert stage.control.now() - before >= 60
    assert took < 60
    assert stage.control.now() == stage.control.now()


def test_one_that_hangs_is_given_up(stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "hang.yml").write_text(HANG)
    pid_file = tmp_path / "pid"
    monkeypatch.setattr(play, "PATIENCE", 5)
    with pytest.raises(subprocess.TimeoutExpired):
        play.run(stage.url, tmp_path / "hang.yml", "-e", json.dumps({"pid_file": str(pid_file)}))
    os.kill(int(pid_file.read_text()), signal.SIGKILL)


@pytest.mark.long
def test_without_warmth_there_is_the_same(stage: Stage) -> None:
    """E2E_COLD=1: the parent is a Python that has nothing in memory."""
    stage.story()
    code = "import sys; from tests.e2e import play; print(play.run(sys.argv[1], *sys.argv[2:]).rc)"
    command = [sys.executable, "-c", code, stage.url, play.ROLLBACK, *play.arguments(WEB)]
    done = subprocess.run(
        command, cwd=play.ROOT, env={**os.environ, "E2E_COLD": "1"}, capture_output=True, text=True, check=True
    )
    assert (done.stdout, stage.runs()) == ("0\n", {"web:1": 2})


@pytest.mark.parametrize("stdin", [False, True])
def test_the_python_of_modules_is_one(tmp_path: Path, stdin: bool) -> None:
    """A script in a file, or on stdin as Ansible's pipelining has it."""
    script, zipped = tmp_path / "script.py", tmp_path / "zipped.zip"
    script.write_text(SCRIPT)
    with zipfile.ZipFile(zipped, "w") as file:
        file.writestr("brought.py", "VALUE = 41")
    env = {**os.environ, "MINE": "one", "ZIPPED": str(zipped)}
    runs = []
    for python in (modules.python(), programs.PYTHON):
        with script.open() as source:
            runs.append(
                subprocess.run(
                    [python, *([] if stdin else [str(script), "two words"])],
                    cwd=tmp_path,
                    env=env,
                    umask=0o27,
                    stdin=source if stdin else subprocess.DEVNULL,
                    capture_output=True,
                    text=True,
                    check=False,
                )
            )
    warm, cold = runs
    assert (warm.returncode, warm.stdout, warm.stderr) == (3, cold.stdout, "an error\n")
    assert ", 41]" in cold.stdout
    assert f"{tmp_path}" in cold.stdout


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_the_python_of_modules_ends_with_the_one_who_asked(tmp_path: Path, number: signal.Signals) -> None:
    script, pid_file = tmp_path / "script.py", tmp_path / "pid"
    script.write_text(f"import os, time\nopen({str(pid_file)!r}, 'w').write(str(os.getpid()))\ntime.sleep(600)\n")
    with subprocess.Popen([modules.python(), script], stdin=subprocess.DEVNULL) as asking:
        assert play.within(play.PATIENCE, lambda: pid_file.exists() and pid_file.read_text())
        running = int(pid_file.read_text())
        assert play.is_running(running)
        asking.send_signal(number)
    assert play.within(play.PATIENCE, lambda: not play.is_running(running))


def test_the_limiter_of_requests_asks_for_time_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """It took time.sleep() as a default before that was replaced."""
    made = limiter.RateLimiter.__init__
    monkeypatch.setattr(made, "__defaults__", made.__defaults__)
    for name in ("sleep", "monotonic"):
        monkeypatch.setattr(time, name, getattr(time, name))
    real = time.sleep
    time_passes.asked_of("nowhere")
    assert time.sleep is not real
    assert {time.sleep, time.monotonic} <= set(made.__defaults__)
    assert real not in made.__defaults__
