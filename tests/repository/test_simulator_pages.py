# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simulator's README.md names its control methods, options, durations and behaviours as they are."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys

import pytest

from lastgood_simulator import images, timings
from lastgood_simulator.world import CONTROL, World
from tests.repository import pages

PAGE = pages.text_of(pages.ROOT / "simulator" / "README.md")
TABLE = PAGE.partition("| method | what it does |")[2].partition("\n\n")[0]
METHODS = [text for row in re.findall(r"^\| (`.+?) \| ", TABLE, re.M) for text in re.findall(r"`([^`]+)`", row)]


def test_each_control_method_is_on_the_page() -> None:
    assert {text.partition("(")[0] for text in METHODS} == set(CONTROL)


@pytest.mark.parametrize("text", METHODS)
def test_a_control_method_has_the_parameters_that_are_shown(text: str) -> None:
    name, _paren, rest = text.partition("(")
    shown = ast.parse(f"def {name}({rest}: ...", mode="exec").body[0]
    assert isinstance(shown, ast.FunctionDef)
    named = [arg.arg for arg in shown.args.args]
    defaults = [ast.literal_eval(value) for value in shown.args.defaults]
    real = list(inspect.signature(CONTROL[name]).parameters.values())[1:]
    if shown.args.kwarg is not None:
        assert [parameter.kind for parameter in real] == [inspect.Parameter.VAR_KEYWORD]
        return
    assert len(named) == len(real)
    pairs = [(p.name, p.default) for p in real if p.default is not inspect.Parameter.empty]
    if name != "set_speed":
        assert named == [parameter.name for parameter in real]
    # The page may leave one out.
    for parameter, default in zip(named[len(named) - len(defaults) :], defaults, strict=True):
        assert dict(pairs)[parameter] == default, parameter


def test_each_duration_is_on_the_page() -> None:
    row = next(line for line in TABLE.splitlines() if "timings(**seconds)" in line)
    listed = row.partition("returns all of them:")[2].partition("(`timings.py`")[0]
    assert set(re.findall(r"`(\w+)`", listed)) <= set(timings.Timings(1.0).set())


def test_the_options_are_those_of_the_command() -> None:
    command = [sys.executable, "-m", "tests.simulator", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=pages.ROOT)
    offered = set(re.findall(r"^\s+(?:-\w, )?(--[a-z-]+)", done.stdout, re.M))
    assert set(re.findall(r"^\| `(--[a-z-]+)` \|", PAGE, re.M)) == offered - {"--help"}


def test_the_behaviours_of_images_are_those_of_the_code() -> None:
    table = PAGE.partition("### Images")[2].partition("\n### ")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.M)) == set(images.BEHAVIOURS)


def test_methods_are_those_of_the_class() -> None:
    assert all(getattr(World, name) is method for name, method in CONTROL.items())
