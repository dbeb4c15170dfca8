# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playground, and what docs/first-rollback.md says to type there, as a user's shell does it."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest

from tests import playground
from tests.e2e import play
from tests.e2e.stage import CLUSTER
from tests.world import World

PAGE = play.ROOT / "docs" / "first-rollback.md"
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


def test_a_service_goes_back_breaks_again_and_goes_back_again(
    shell: t.Callable[[str], subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    [all_three] = [command for command in COMMANDS if "web,api,cart" in command]
    done = shell(all_three)
    assert done.returncode == 0, done.stdout + done.stderr
    for name, route in {"web": "web:2 → web:1", "api": "api:2 → api:1", "cart": "cart:3 → cart:2"}.items():
        assert f"[{name}] rolled_back: {route}" in done.stdout + done.stderr
    url = shell("echo $AWS_ENDPOINT_URL").stdout.strip()
    again = shell(f"{sys.executable} -m tests.playground --again --port {url.rpartition(':')[2]}")
    assert (again.returncode, again.stdout.startswith("Deployed: web:3, api:3, cart:4. ")) == (0, True), again.stderr
    world = World(url)
    assert play.within(30, lambda: world.service(CLUSTER, "web")["taskDefinition"].endswith("web:3"))


def test_without_a_playground_there_is_nothing_to_break() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.playground", "--again", "--port", "1"],
        cwd=play.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr.startswith("No playground is at http://127.0.0.1:1. ")) == (1, True)
