# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playground, and what docs/first-rollback.md says to type there, as a user's shell does it."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import typing as t

import pytest

from tests import playground
from tests.e2e import play
from tests.e2e.stage import CLUSTER
from tests.simulator_process import SimulatorProcess
from tests.world import World

PAGE = play.ROOT / "docs" / "first-rollback.md"
# What the page shows of the look.
OUTPUT = "[web] planned: web:2 → web:1 by update_service; nothing was written"
COMMANDS = re.findall(r"^\$ (ansible-playbook .*|make .*)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)


@pytest.fixture
def shell() -> t.Iterator[t.Callable[[str], subprocess.CompletedProcess[str]]]:
    """Types a command in another terminal, where the lines that the playground printed have been typed."""
    command = [sys.executable, "-m", "tests.playground", "--port", "0"]
    process = subprocess.Popen(command, cwd=play.ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    told = ""
    while "make playground-break" not in told:
        line = process.stdout.readline()
        assert line, told
        told += line
    exports = "\n".join(line for line in told.splitlines() if line.startswith("export AWS_"))
    url = str(re.findall("AWS_ENDPOINT_URL=(.*)", exports)[0])
    env = play.environment(url)

    def typed(text: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", "-c", f"{exports}\n{text}"], cwd=play.ROOT, env=env, capture_output=True, text=True, check=False
        )

    yield typed
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 0


def test_what_is_printed_is_what_the_page_says() -> None:
    printed = re.findall(r"^(ansible-playbook .*|make .*)$", playground.lines("http://127.0.0.1:5123"), re.MULTILINE)
    assert [command for command in COMMANDS if command != "make playground"] == printed
    assert OUTPUT in PAGE.read_text(encoding="utf-8")


@pytest.mark.long
def test_every_command_of_the_page_in_its_order_and_back_once_more(
    shell: t.Callable[[str], subprocess.CompletedProcess[str]],
) -> None:
    """Those of ansible-playbook as they stand there; make gets the port of this playground."""
    url = shell("echo $AWS_ENDPOINT_URL").stdout.strip()
    told = {}
    for command in (one for one in COMMANDS if one != "make playground"):
        done = shell(f"{command} PORT={url.rpartition(':')[2]}" if command.startswith("make ") else command)
        assert done.returncode == 0, done.stdout + done.stderr
        told[command] = done.stdout + done.stderr
    assert OUTPUT in next(told[command] for command in told if command.endswith("--check --diff"))
    [all_three] = [command for command in told if "web,api,cart" in command]
    for name, route in {"web": "web:2 → web:1", "api": "api:2 → api:1", "cart": "cart:3 → cart:2"}.items():
        assert f"[{name}] rolled_back: {route}" in told[all_three]
    assert "Deployed: web:3, api:3, cart:4. " in told["make playground-break"]
    world = World(url)
    assert play.within(30, lambda: world.service(CLUSTER, "web")["taskDefinition"].endswith("web:3"))
    again = shell(all_three)
    assert again.returncode == 0, again.stdout + again.stderr
    for name, version in {"web": "web:1", "api": "api:1"}.items():
        assert world.service(CLUSTER, name)["taskDefinition"].endswith(version)
    assert shell(all_three).stdout.count("3 unchanged") == 1


def test_without_a_playground_there_is_nothing_to_break() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.playground", "--again", "--port", "1"],
        cwd=play.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr.startswith("No playground is at http://127.0.0.1:1. ")) == (1, True)


def test_a_port_that_is_taken_is_said_in_a_sentence() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "-m", "tests.playground", "--port", str(port)],
            cwd=play.ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
    assert (done.returncode, done.stdout) == (1, "")
    assert (
        done.stderr == f"Port {port} is taken, perhaps by a playground. Give another one: make playground PORT=5124\n"
    )


def test_a_simulator_without_the_shop_is_left_alone(simulator: SimulatorProcess) -> None:
    simulator.control.reset()
    done = subprocess.run(
        [sys.executable, "-m", "tests.playground", "--again", "--port", simulator.url.rpartition(":")[2]],
        cwd=play.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"What answers at {simulator.url} is no playground: it has no service web. ")
