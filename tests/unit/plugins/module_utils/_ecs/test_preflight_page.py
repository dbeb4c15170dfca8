# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page on the checks names every check that there is."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._ecs import images
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.checks import references, settings, surroundings
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.codedeploy import request
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.external import task_sets
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move import plan
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move import readiness as checks_all

PAGE = Path(__file__).parents[5] / "docs" / "pre-flight.md"


def checks_of(path: str) -> set[str]:
    """The ids of the findings that a module makes."""
    calls = [node for node in ast.walk(ast.parse(Path(path).read_text("utf-8"))) if isinstance(node, ast.Call)]
    made = [call.args[0] for call in calls if isinstance(call.func, ast.Name) and call.func.id == "Finding"]
    return {node.value for node in made if isinstance(node, ast.Constant) and isinstance(node.value, str)}


@pytest.mark.parametrize(
    "module",
    [
        request,
        task_sets,
        images,
        surroundings,
        plan,
        settings,
        checks_all,
    ],
)
def test_every_check_is_on_the_page(module: object) -> None:
    checks = checks_of(str(module.__file__))  # type: ignore[attr-defined]
    assert checks
    assert {check for check in checks if f"| `{check}` |" not in PAGE.read_text("utf-8")} == set()


def test_every_check_on_the_page_is_made_somewhere() -> None:
    made = set(references._CHECKS.values())
    house = Path(str(settings.__file__)).parents[2]
    for path in [*(house / "_ecs").rglob("*.py"), house / "_core" / "timeline.py"]:
        # Some are handed on by their name.
        made |= set(re.findall(r'"([a-z_]+)"', path.read_text("utf-8")))
    assert set(re.findall(r"^\| `([a-z_]+)` \|", PAGE.read_text("utf-8"), re.MULTILINE)) - made == set()


def test_the_page_says_what_checks_warn_overrides() -> None:
    rows = re.findall(r"^\| `([a-z_]+)` \| ([^|]*block[^|]*)\|", PAGE.read_text("utf-8"), re.MULTILINE)
    assert {check for check, severity in rows if "block*" in severity} == settings._FORESEEN


def test_no_check_is_on_the_page_twice() -> None:
    rows = re.findall(r"^\| `([a-z_]+)` \|", PAGE.read_text("utf-8"), re.MULTILINE)
    assert sorted(rows) == sorted(set(rows))


def test_every_reference_is_on_the_page() -> None:
    assert {c for c in references._CHECKS.values() if f"| `{c}` |" not in PAGE.read_text("utf-8")} == set()
