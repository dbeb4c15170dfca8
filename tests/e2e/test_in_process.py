# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A module gives the same result inside the worker process and in a process of its own, and inside it can be heard.

The module is a test module on AnsibleAWSModule (collection ``lastgood_test.probe``), the ansible-playbook is real.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
import typing as t
from pathlib import Path

import ansible_runner
import pytest

from tests.e2e.warm import modules
from tests.e2e.warm.programs import ANSIBLE_PLAYBOOK, PYTHON

HERE = Path(__file__).parent / "in_process"
ROOT = Path(__file__).parents[2]
SECRETS = re.compile("nobody-may-see")
FIRST_LINE = "[web] a first line"
SECOND_LINE = "[web] two lines, red, a secret: ********, an umlaut: ü, →"

Results = dict[tuple[str, str], tuple[str, dict[str, t.Any]]]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """An environment with nothing of the developer's Ansible and AWS in it, and nothing that starts slowly."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "AWS_"))}
    return inherited | {
        "ANSIBLE_COLLECTIONS_PATH": f"{HERE / 'collections'}:{ROOT / '.venv' / 'collections'}",
        "ANSIBLE_STDOUT_CALLBACK": "lastgood_test.probe.json_lines",
        # Not the default everywhere: as much of the result as can be had is compared.
        "ANSIBLE_INJECT_INVOCATION": "true",
        "ANSIBLE_PIPELINING": "true",
        "ANSIBLE_INVENTORY": str(HERE / "inventory.yml"),
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "ANSIBLE_HOME": str(tmp_path),
        "ANSIBLE_REMOTE_TMP": str(tmp_path / "tmp"),
        "ANSIBLE_ASYNC_DIR": str(tmp_path / "async"),
        "NO_COLOR": "1",
        # ansible-core lists the valid booleans in the order of a set.
        "PYTHONHASHSEED": "0",
    }


def play(environment: dict[str, str], playbook: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [ANSIBLE_PLAYBOOK, HERE / playbook, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def results(stdout: str) -> Results:
    """By task and host: status and result. Fails where stdout has a line that is no JSON document."""
    documents = [json.loads(line) for line in stdout.splitlines()]
    return {(doc["task"], doc["host"]): (doc["status"], doc["result"]) for doc in documents}


def comparable(value: t.Any) -> t.Any:
    """The result without the stack that led to an exception: files and lines differ, of course."""
    if isinstance(value, dict):
        return {key: comparable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [comparable(item) for item in value]
    if isinstance(value, str) and value.startswith("Traceback "):
        return value.strip().splitlines()[-1]
    return value


def texts(value: t.Any) -> t.Iterator[str]:
    """All texts in a result."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from texts(list(value.values()))
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from texts(item)


@pytest.mark.parametrize(("tag", "tasks"), [("options", 9), ("endings", 12)])
def test_both_ways_give_the_same_result(environment: dict[str, str], tag: str, tasks: int) -> None:
    run = play(environment, "parity.yml", "--tags", tag, "-e", f"python_of_modules={modules.python()}")
    found = results(run.stdout)
    names = [name for name, host in found if host == "in_process"]
    assert len(names) == tasks, run.stderr
    for name in names:
        assert comparable(found[name, "in_process"]) == comparable(found[name, "apart"]), name
    assert not SECRETS.search(run.stdout + run.stderr)
    # Not even a crash prints what others wrote as they wrote it.
    for name, result in found.items():
        assert all(text.replace("\n", "").isprintable() for text in texts(result)), name


def test_what_the_module_sees(environment: dict[str, str]) -> None:
    """That both ways are equal does not say that both are right."""
    run = play(environment, "parity.yml", "--tags", "options", "--limit", "in_process")
    found = {name: result for (name, _host), (_status, result) in results(run.stdout).items()}
    seen = found["all kinds of options"]
    assert seen["params"]["text"] == "41"
    assert seen["params"]["number"] == 12
    assert seen["params"]["flag"] is True
    assert seen["params"]["things"] == ["a", "b"]
    assert seen["params"]["mapping"]["date"] == "2026-03-01"
    assert seen["params"]["access_key"] == "AKIAEXAMPLEEXAMPLE"
    assert seen["params"]["secret_key"] == "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"
    assert seen["name"] == "lastgood_test.probe.probe"
    assert seen["directory"] == str(HERE)
    assert found["the region from the environment"]["region"] == "sa-east-1"
    items = found["nothing leaks from item to item"]["results"]
    assert [item["environment"]["PROBE_ITEM"] for item in items] == ["first", None, "last"]
    assert [item["runs_of_this_copy"] for item in items] == [1, 1, 1]
    assert "txet" in found["an unknown option"]["msg"]


IN_PROCESS = {
    "local connection": True,
    "former name": True,
    "whatever Python there is": True,
    "another name of the same Python": True,
    "another Python": False,
    "become": False,
    "async": False,
    "an environment for a new process": False,
    "the variable": False,
    "the variable is empty": True,
    "delegated to the implicit localhost": True,
    "delegated to a host with another Python": False,
    "short name": True,
}


def test_which_way_is_taken(environment: dict[str, str], tmp_path: Path) -> None:
    other_python = tmp_path / "python"
    other_python.write_text(f'#!/bin/sh\nexec {PYTHON} "$@"\n')
    sudo = tmp_path / "sudo"
    sudo.write_text('#!/bin/sh\nwhile [ "$1" != /bin/sh ]; do shift; done\nexec "$@"\n')
    for script in (other_python, sudo):
        script.chmod(0o755)
    run = play(environment, "places.yml", "-e", f"other_python={other_python}", "-e", f"sudo={sudo}")
    found = {name: result for (name, _host), (_status, result) in results(run.stdout).items()}
    wrong = found.pop("the variable is wrong", {"msg": run.stdout + run.stderr})
    assert "lastgood_aws_in_process must be true or false, not 'perhaps'" in wrong["msg"]
    assert {name: result.get("in_process") for name, result in found.items()} == IN_PROCESS, run.stdout + run.stderr


def test_progress_is_live_and_leaves_stdout_alone(environment: dict[str, str]) -> None:
    lines: dict[str, float] = {}
    with subprocess.Popen(
        [ANSIBLE_PLAYBOOK, HERE / "progress.yml"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    ) as process:
        assert process.stdout
        assert process.stderr
        for line in process.stderr:
            lines[line.rstrip("\n")] = time.monotonic()
        stdout = process.stdout.read()
    ended = time.monotonic()
    assert list(lines) == [FIRST_LINE, SECOND_LINE]
    # The module sleeps 0.7 s after each of them.
    assert lines[SECOND_LINE] - lines[FIRST_LINE] > 0.5
    assert ended - lines[SECOND_LINE] > 0.5
    assert {task for task, _host in results(stdout)} == {"hidden", "shown"}
    assert process.returncode == 0


def test_progress_arrives_at_ansible_runner_while_the_module_runs(environment: dict[str, str], tmp_path: Path) -> None:
    events: list[tuple[float, str, str]] = []

    def keep(event: dict[str, t.Any]) -> None:
        events.append((time.monotonic(), event["event"], event.get("stdout", "")))

    del environment["ANSIBLE_STDOUT_CALLBACK"]
    run = ansible_runner.run(
        private_data_dir=str(tmp_path),
        playbook=str(HERE / "progress.yml"),
        envvars=environment | {"PATH": f"{ANSIBLE_PLAYBOOK.parent}:{environment['PATH']}"},
        event_handler=keep,
        quiet=True,
    )
    assert run.status == "successful"
    said = [(when, text) for when, name, text in events if name == "verbose"]
    assert [text for _when, text in said] == [FIRST_LINE, SECOND_LINE]
    done = [when for when, name, _text in events if name == "runner_on_ok"]
    assert len(done) == 2
    assert done[1] - said[0][0] > 1.2


def test_a_worker_stops_when_its_parent_was_killed(environment: dict[str, str], tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    with subprocess.Popen(
        [ANSIBLE_PLAYBOOK, HERE / "orphan.yml", "-e", f"pid_file={pid_file}"],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert within(30, lambda: pid_file.exists() and pid_file.read_text() != "")
        worker = int(pid_file.read_text())
        assert is_running(worker)
        process.send_signal(signal.SIGKILL)
    assert within(10, lambda: not is_running(worker))
    assert not pid_file.exists()


def within(seconds: float, condition: t.Callable[[], bool]) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def is_running(pid: int) -> bool:
    """An orphan that ended may stay as a zombie where nobody reaps it, as in a container without an init."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
