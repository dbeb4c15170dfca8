# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each module that users call has a target of ansible-test, which calls it and asserts what came of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
TARGETS = ROOT / "tests" / "integration" / "targets"
# Steps of the roles, of which their documentation says that there is no use for them elsewhere.
STEPS = {"role_hosts", "role_inputs", "role_results"}
MODULES = sorted(path.stem for path in (ROOT / "plugins" / "modules").glob("[!_]*.py") if path.stem not in STEPS)
ASSERT = "ansible.builtin.assert"
Task = dict[str, Any]


def tasks(listed: list[Task]) -> Iterator[Task]:
    """All tasks, those in blocks as well."""
    for task in listed:
        yield task
        for part in ("block", "rescue", "always"):
            yield from tasks(task.get(part, []))


def target(name: str) -> list[Task]:
    return list(tasks(yaml.safe_load((TARGETS / name / "tasks" / "main.yml").read_text())))


@pytest.mark.parametrize("module", MODULES)
def test_it_is_called_and_what_came_of_it_is_asserted(module: str) -> None:
    called = [task for task in target(module) if f"lastgood.aws.{module}" in task]
    assert called
    asserted = str([task[ASSERT]["that"] for task in target(module) if ASSERT in task])
    unused = [task["register"] for task in called if not re.search(rf"\b{task['register']}\b", asserted)]
    assert unused == []
    assert "is not changed" in asserted


@pytest.mark.parametrize("module", MODULES)
def test_ansible_test_finds_it_and_what_it_depends_on(module: str) -> None:
    assert (TARGETS / module / "aliases").exists()
    meta = yaml.safe_load((TARGETS / module / "meta" / "main.yml").read_text())
    for role in meta["dependencies"]:
        assert (TARGETS / role / "tasks" / "main.yml").exists()


def test_there_is_no_other() -> None:
    setups = {path.name for path in TARGETS.iterdir() if path.name.startswith("setup_")}
    assert {path.name for path in TARGETS.iterdir()} - setups == set(MODULES)


@pytest.mark.parametrize("step", sorted(STEPS))
def test_what_has_none_is_a_step_of_a_role(step: str) -> None:
    assert "no use for it elsewhere" in (ROOT / "plugins" / "modules" / f"{step}.py").read_text().replace("\n    ", " ")
