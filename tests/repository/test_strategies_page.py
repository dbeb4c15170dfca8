# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""docs/strategies.md names a test from end to end for each kind of service in each situation: it has to exist."""

from __future__ import annotations

import functools
import re
import subprocess
import sys
from pathlib import Path

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._ecs.checks import settings
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import of

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "strategies.md").read_text(encoding="utf-8")
E2E = "test_strategies.py"
# What the test of a situation is called.
COLUMNS = {
    "in flight": ("test_in_flight_",),
    "paused": ("test_paused_",),
    "finished": ("test_finished_",),
    "already rolled back": ("test_rolled_back_", "test_the_same_command_again_"),
}
_TEST = re.compile(r"`(?:(test_\w+\.py)::)?(test_\w+)(\[[\w-]+\])?`")


@functools.cache
def collected() -> frozenset[str]:
    """The tests of tests/e2e/test_strategies.py as pytest names them."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "--quiet", f"tests/e2e/{E2E}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    found = re.findall(rf"^tests/e2e/{re.escape(E2E)}::(.+)$", done.stdout, re.M)
    assert found, done.stdout + done.stderr
    return frozenset(found)


@functools.cache
def functions(file: str) -> frozenset[str]:
    """The tests in a file of tests/module or tests/e2e."""
    [path] = [folder / file for folder in (ROOT / "tests/module", ROOT / "tests/e2e") if (folder / file).exists()]
    return frozenset(re.findall(r"^def (test_\w+)\(", path.read_text(encoding="utf-8"), re.M))


def named() -> set[tuple[str, str, str]]:
    """File, name and parameters of every test on the page.

    The file is that which the test itself names, E2E for one of its tests, or the nearest one named before.
    """
    found = set()
    file = ""
    for line in PAGE.splitlines():
        if re.search(r"^(Tests of variants without a file|\| .* test in )", line):
            [file] = re.findall(r"`(test_\w+\.py)`", line)
        for own, test, parameters in _TEST.findall(line):
            found.add((own or (E2E if test in functions(E2E) else file), test, parameters))
    return found


def kinds() -> dict[str, list[str]]:
    """The cells of the table of each section, by strategy."""
    found = {}
    for section in re.split(r"^## ", PAGE, flags=re.M)[1:]:
        title = section.splitlines()[0]
        header = re.search(r"^\| strategy \| (.*) \|$", section, re.M)
        assert header is not None, title
        assert header[1].split(" | ") == list(COLUMNS)
        for row in re.findall(r"^\| ([A-Z_]+ \| .*) \|$", section, re.M):
            strategy, *cells = row.split(" | ")
            found[f"{title}: {strategy}"] = cells
    return found


@pytest.mark.parametrize(("file", "test", "parameters"), sorted(named()))
def test_each_test_that_is_named_exists(file: str, test: str, parameters: str) -> None:
    assert test + parameters in (collected() if parameters else functions(file))


def test_each_test_from_end_to_end_is_named() -> None:
    names = {test + parameters for file, test, parameters in named() if file == E2E}
    assert [test for test in collected() if test not in names and test.partition("[")[0] not in names] == []


def test_each_strategy_of_ecs_has_a_row() -> None:
    assert {f"Controller ECS: {strategy}" for strategy in settings.STRATEGIES} <= set(kinds())


def test_each_controller_has_a_section() -> None:
    assert {f"Controller {controller}" for controller in of._KINDS} <= {kind.partition(": ")[0] for kind in kinds()}


@pytest.mark.parametrize("kind", sorted(kinds()))
def test_each_situation_names_its_test_or_cannot_be(kind: str) -> None:
    for names, cell in zip(COLUMNS.values(), kinds()[kind], strict=True):
        tests = [(test, parameters) for _file, test, parameters in _TEST.findall(cell)]
        if cell.startswith("it has no "):
            assert tests == []
        else:
            [(test, parameters)] = tests
            assert test.startswith(names)
            assert test + parameters in collected()
