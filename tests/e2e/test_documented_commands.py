# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The commands that README.md, docs/ and the roles' READMEs show, word by word, as a shell hands them over.

Those in the tables of docs/ecspresso.md have a test beside what they stand for, in test_ecspresso.py, and those of
docs/first-rollback.md in test_playground.py.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e import play
from tests.e2e.instance import Instance
from tests.e2e.stage import Stage
from tests.e2e.test_several import other_place
from tests.simulator_process import SimulatorProcess

PAGES = ["README.md", *sorted(str(path.relative_to(play.ROOT)) for path in play.ROOT.glob("docs/*.md"))]
# Its commands are about the playground, which has services of its own: test_playground.py.
PAGES.remove("docs/first-rollback.md")
PAGES += sorted(str(path.relative_to(play.ROOT)) for path in play.ROOT.glob("roles/*/README.md"))
# In a console block, or indented by four; with the lines that a backslash adds.
COMMAND = re.compile(r"^(?: {4}|\$ )(ansible-playbook lastgood\.aws\.(?:.*\\\n)*.*)$", re.MULTILINE)
ECSPRESSO = "region: eu-central-1\ncluster: prod\nservice: web\n"
# What the event filter makes of a deployment that failed.
EVENT = {
    "kind": "deployment",
    "state": "failed",
    "platform": "ecs",
    "name": "web.prod.eu-central-1",
    "account": "123456789012",
    "time": "2026-11-20T14:03:05Z",
}
SHELLS = ("sh", "bash")


@dataclass(frozen=True)
class Documented:
    """A command, and the page that it is on."""

    page: str
    text: str

    @property
    def playbook(self) -> str:
        return self.text.split()[1].rpartition(".")[2]

    @property
    def id(self) -> str:
        return f"{self.page}-{self.playbook}"


COMMANDS = [
    Documented(page, text) for page in PAGES for text in COMMAND.findall((play.ROOT / page).read_text(encoding="utf-8"))
]
# The first one that says why: the first of all only looks.
FIRST = next(command for command in COMMANDS if "rollback_reason" in command.text)


@pytest.fixture
def stage(simulator: SimulatorProcess) -> Stage:
    """The cluster of the pages."""
    return Stage(simulator, cluster="prod")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the user is: with a program ansible-playbook that shows its arguments, and a configuration."""
    program = tmp_path / "bin" / "ansible-playbook"
    program.parent.mkdir()
    program.write_text(f"#!{sys.executable}\nimport json, sys\nprint(json.dumps(sys.argv[1:]))\n")
    program.chmod(0o755)
    (tmp_path / "ecspresso.yml").write_text(ECSPRESSO)
    (tmp_path / "event.yml").write_text(json.dumps({"on_event_deployment": EVENT}))
    return tmp_path


def handed_over(shell: str, command: Documented, folder: Path) -> list[str]:
    """The arguments that ansible-playbook gets from a shell."""
    env = {"PATH": f"{folder / 'bin'}:{os.environ['PATH']}"}
    done = subprocess.run([shell, "-c", command.text], env=env, cwd=folder, capture_output=True, text=True, check=True)
    arguments: list[str] = json.loads(done.stdout)
    return arguments


def services(stage: Stage, *, deployed: bool = True) -> None:
    """web:43 is bad and web:41 was good; or web:43 is not ``deployed`` yet. worker comes along."""
    stage.story("worker")
    if deployed:
        stage.story(good=41)
        return
    for version in range(1, 42):
        stage.world.register("web", f"registry/web:{version}")
    stage.good_service(version=42)
    stage.world.register("web", "registry/web:43")


def regions(arguments: list[str]) -> list[str]:
    """Those that are hosts besides the one of all tests."""
    hosts = arguments[arguments.index("-i") + 1] if "-i" in arguments else ""
    return hosts.split(",")[1:]


def run(command: Documented, stage: Stage, folder: Path) -> play.Play:
    """Run it on what its page tells about."""
    arguments = handed_over("sh", command, folder)
    if command.playbook != "redeploy":
        services(stage, deployed=command.playbook != "deploy")
        for region in regions(arguments):
            other_place(stage, region, stage.cluster)
        return play.run(stage.url, *arguments, cwd=folder)
    # As in real life, everybody may see that the agent is there.
    with tempfile.TemporaryDirectory() as scratch:
        os.chmod(scratch, 0o755)
        instance = Instance(stage, Path(scratch))
        instance.trap()
        inventory = {"all": {"children": {"tag_app_web": {"hosts": instance.hosts}}}}
        (folder / "aws_ec2.yml").write_text(json.dumps(inventory))
        return play.run(stage.url, *arguments, cwd=folder, between=instance.serving.work)


def test_there_are_commands() -> None:
    playbooks = {"rollback", "redeploy", "deploy", "history", "restore_scaling", "status", "on_event"}
    assert playbooks == {c.playbook for c in COMMANDS}
    assert FIRST.page == COMMANDS[0].page == "README.md"
    assert COMMANDS[0].text.endswith(" --check --diff")


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.id)
def test_a_command_of_the_pages(command: Documented, stage: Stage, folder: Path) -> None:
    arguments = [handed_over(shell, command, folder) for shell in SHELLS]
    assert arguments == [arguments[0]] * len(SHELLS)
    done = run(command, stage, folder)
    assert done.rc == 0, done.stdout + done.stderr
    assert "warnings" not in done.variables
    if "rollback_reason" in command.text:
        # Each of them has spaces.
        assert re.fullmatch(r'500s since 13:52|it says "500"', done.variables["reason"])
    if "'*'" in command.text:
        assert sorted((done.variables["services"], done.variables["auto_scaling_groups"]), reverse=True) == [["*"], []]


def test_the_first_command_does_what_the_page_shows(stage: Stage, folder: Path) -> None:
    services(stage)
    env = play.environment(stage.url)
    done = play.run_as_users_do(stage.url, ["sh", "-c", FIRST.text], cwd=folder, env=env)
    assert done.rc == 0, done.stdout + done.stderr
    assert 'web:43 is marked bad: "500s since 13:52"' in done.stderr


@pytest.mark.parametrize("shell", SHELLS)
def test_a_reason_that_lost_its_quotes_is_warned_of(shell: str, stage: Stage, folder: Path) -> None:
    services(stage)
    lost = FIRST.text.replace("\"rollback_reason='500s since 13:52'\"", 'rollback_reason="500s since 13:52"')
    assert lost != FIRST.text
    done = play.run(stage.url, *handed_over(shell, Documented("README.md", lost), folder), "--check", cwd=folder)
    assert done.rc == 0, done.stdout + done.stderr
    assert done.warns(
        "rollback_reason is only '500s': 'since 13:52' was lost, because the shell takes away quotes. "
        """Write -e '{"rollback_reason": "500s since 13:52"}'."""
    ), done.stderr
