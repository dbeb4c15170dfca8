# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each command that the pages show is run by a test, or it is said here why it cannot be."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from botocore import xform_name
from botocore.session import Session

from tests.e2e import test_documented_commands as documented

ROOT = Path(__file__).resolve().parents[2]
FILES = [*sorted(ROOT.glob("docs/*.md")), *sorted(ROOT.glob("roles/*/README.md"))]
PAGES = ["README.md", "CONTRIBUTING.md", "simulator/README.md", *(str(path.relative_to(ROOT)) for path in FILES)]
# After a prompt, of a user or of root, with the lines that a backslash adds; or a playbook of ours, indented by four.
TYPED = re.compile(r"^(?:[$#] |    \$ |    (?=ansible-playbook lastgood))((?:.*\\\n)*.*)$", re.MULTILINE)
CONSOLE = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INDENTED = re.compile(r"^ {4}(?:\$ |ansible-playbook lastgood\.)(?:.*\\\n)*.*$", re.MULTILINE)

# What a command begins with, by page, and the test that runs it. test_documented_commands.py runs all others.
RUN_BY = {
    ("docs/first-rollback.md", "ansible-playbook"): "tests/e2e/test_playground.py",
    ("docs/first-rollback.md", "make playground"): "tests/e2e/test_playground.py",
    ("docs/inventory.md", "ansible-inventory"): "tests/e2e/test_inventory.py",
    ("docs/inventory.md", "ansible-playbook"): "tests/e2e/test_rollback_hosts.py",
    ("docs/awx.md", "ansible-playbook extensions/patterns/rollback/setup.yml"): "tests/e2e/test_awx_setup.py",
    ("simulator/README.md", "lastgood-simulator"): "dev/simulator_package.py",
    ("simulator/README.md", "pip install ./simulator"): "dev/simulator_package.py",
    ("simulator/README.md", "cd simulator && python -m pytest"): "dev/gates.py",
}
# Their tests do the same without reading the page.
BY_HEART = {"docs/awx.md", "simulator/README.md"}
NOT_RUN = {
    ("README.md", "ansible-galaxy collection install"): "it needs Galaxy, or a repository that is published",
    ("README.md", "pip install"): "the environments of the tests have boto3 already",
    ("CONTRIBUTING.md", "make "): "it starts the tests, or a simulator that stays; the names are looked up",
    ("docs/awx.md", "ansible-builder build"): "it needs a container engine; the gate awx does all but the last step",
    ("docs/awx.md", "podman push"): "it needs a registry",
    ("docs/awx.md", "export CONTROLLER_HOST"): "it needs an AWX",
    ("docs/awx.md", "ansible-navigator"): "ansible-navigator is not installed here; the playbook is run without it",
    ("docs/content.md", "apt-get install"): "it changes the machine",
    ("docs/content.md", "git clone"): "it needs GitHub",
    ("docs/content.md", ".venv/bin/python -m tests.agent.fuzz --agent"): "it needs CodeDeploy's agent, and root",
    ("docs/faults.md", "make faults ONLY="): "it takes long; the gate faults runs a sample",
    ("docs/live.md", "LASTGOOD_LIVE=yes-spend-cents"): "it asks an account; tests/live/ asks the simulator the same",
    ("docs/live.md", "make live"): "it asks an account; tests/live/ asks the simulator the same",
    ("docs/simulator.md", "make simulator"): "it stays until it is stopped; other tests start what it starts",
    ("simulator/README.md", 'pip install "lastgood-simulator @'): "it needs GitHub",
    ("simulator/README.md", "export AWS_"): "every test that talks to a simulator sets these in its own way",
    ("simulator/README.md", "curl"): "every end-to-end test sends this request, by Control",
    ("docs/credentials.md", "aws sts get-session-token"): "it needs an account and a token of a person",
}


def commands() -> list[tuple[str, str]]:
    """Every command, with the page that it is on."""
    found = []
    for page in PAGES:
        text = (ROOT / page).read_text(encoding="utf-8")
        blocks = CONSOLE.findall(text) + INDENTED.findall(text)
        found += [(page, command) for block in blocks for command in TYPED.findall(block)]
    return found


def covered(page: str, command: str, table: dict[tuple[str, str], str]) -> set[tuple[str, str]]:
    """The entries of a table that a command falls under."""
    return {(where, start) for where, start in table if where == page and command.startswith(start)}


DOCUMENTED = {(command.page, command.text) for command in documented.COMMANDS}
COMMANDS = commands()


def test_each_command_is_run_or_it_is_said_why_not() -> None:
    assert len(COMMANDS) > 40
    elsewhere = [one for one in COMMANDS if one not in DOCUMENTED]
    assert [one for one in elsewhere if not covered(*one, RUN_BY) and not covered(*one, NOT_RUN)] == []


def test_none_is_both_run_and_not_run() -> None:
    assert [one for one in COMMANDS if one in DOCUMENTED and (covered(*one, RUN_BY) or covered(*one, NOT_RUN))] == []
    assert [one for one in COMMANDS if covered(*one, RUN_BY) and covered(*one, NOT_RUN)] == []


def test_what_is_documented_is_found_here_too() -> None:
    """Both read the pages, each in its own way."""
    assert set(COMMANDS) >= DOCUMENTED
    assert DOCUMENTED


def test_no_entry_is_about_a_command_that_is_gone() -> None:
    used = {entry for one in COMMANDS for entry in covered(*one, RUN_BY) | covered(*one, NOT_RUN)}
    assert set(RUN_BY) | set(NOT_RUN) == used


def test_the_tests_that_run_commands_read_the_page() -> None:
    for (page, _start), test in RUN_BY.items():
        text = (ROOT / test).read_text(encoding="utf-8")
        assert Path(page).name in text or page in BY_HEART, f"{test} does not read {page}"


def test_a_console_block_has_only_what_is_typed_and_what_is_printed() -> None:
    """A command without a prompt would be overlooked."""
    for page in PAGES:
        for block in CONSOLE.findall((ROOT / page).read_text(encoding="utf-8")):
            assert re.match(r"[$#] ", block), f"{page}: {block}"


def test_what_is_made_has_a_target() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    made = {command.split()[1] for _page, command in COMMANDS if command.startswith("make ")}
    assert len(made) > 8
    assert made <= targets


# The AWS CLI calls a service as botocore does, with this exception.
SERVICES = {"deploy": "codedeploy"}
CLI = re.compile(r"\baws ([a-z0-9-]+) ([a-z]+(?:-[a-z]+)+)")


def of_the_cli() -> set[tuple[str, str]]:
    """The commands of the AWS CLI that pages name and that messages advise, as service and operation."""
    code = [*(ROOT / "plugins").rglob("*.py"), *(ROOT / "roles").rglob("*.yml"), ROOT / "dev" / "troubleshooting.yml"]
    return {one for path in (*FILES, *code) for one in CLI.findall(path.read_text(encoding="utf-8"))}


@pytest.mark.parametrize(("service", "command"), sorted(of_the_cli()))
def test_a_command_of_the_aws_cli_exists(service: str, command: str) -> None:
    """Its commands are the operations of the API, in its own spelling."""
    model = Session().get_service_model(SERVICES.get(service, service))
    assert command in {xform_name(name, "-") for name in model.operation_names}
