# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each test asserts something, itself or by a function of the tests that it calls."""

from __future__ import annotations

import ast
import functools
from collections.abc import Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Where modules are found, as pytest.ini says.
TREES = {ROOT / "tests": ROOT, ROOT / "simulator" / "selftests": ROOT / "simulator"}
FILES = {path: root for tree, root in TREES.items() for path in sorted(tree.rglob("*.py"))}
# Of pytest: they raise where something is not as expected. So do the methods of mock and botocore called assert_...
RAISING = {"raises", "warns", "fail"}
Module = dict[str, ast.FunctionDef]


# Each of these looks at all of a tree, and is asked again and again for the same ones.
@functools.cache
def calls(node: ast.AST) -> frozenset[str]:
    """What is called: ``name``, or ``something.name``."""
    found = set()
    for inner in ast.walk(node):
        if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Name):
            found.add(inner.func.id)
        elif isinstance(inner, ast.Call) and isinstance(inner.func, ast.Attribute):
            found.add(f"{ast.unparse(inner.func.value)}.{inner.func.attr}")
    return frozenset(found)


@functools.cache
def asserts(node: ast.AST) -> bool:
    """Whether it fails by itself where something is not as expected. Helpers that wait raise an AssertionError."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Assert) or (isinstance(inner, ast.Raise) and "AssertionError" in ast.unparse(inner)):
            return True
    names = [name.rpartition(".")[2] for name in calls(node)]
    return any(name in RAISING or name.startswith("assert_") for name in names)


@functools.cache
def functions(tree: ast.AST) -> Module:
    """All functions and methods of a file by name."""
    return {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


@functools.cache
def imports(tree: ast.AST) -> list[ast.ImportFrom]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]


def asserting(tree: ast.Module, others: Mapping[str, set[str]]) -> set[str]:
    """The functions of a file that assert, by what they call as well. ``others``: those of other modules by name."""
    known: set[str] = set()
    for node in imports(tree):
        for name in node.names:
            here = name.asname or name.name
            if name.name in others.get(node.module or "", ()):
                known.add(here)
            known |= {f"{here}.{found}" for found in others.get(f"{node.module}.{name.name}", ())}
    own = functions(tree)
    known |= {name for name, function in own.items() if asserts(function)}
    while more := {name for name, function in own.items() if known & calls(function)} - known:
        known |= more
    return known


def without(tree: ast.Module, others: Mapping[str, set[str]]) -> list[str]:
    """The tests of a file that assert nothing."""
    return sorted({name for name in functions(tree) if name.startswith("test_")} - asserting(tree, others))


def test_each_test_asserts_something() -> None:
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in FILES}
    names = {path: ".".join(path.relative_to(root).with_suffix("").parts) for path, root in FILES.items()}
    others: dict[str, set[str]] = {}
    # Twice, for helpers that call those of another file.
    for _round in range(2):
        others |= {names[path]: asserting(tree, others) for path, tree in trees.items()}
    assert {names[path]: found for path, tree in trees.items() if (found := without(tree, others))} == {}
    assert sum(len(functions(tree)) for tree in trees.values()) > 1000


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("def test_a(): 1 + 1", ["test_a"]),
        ("def test_a(): assert 1", []),
        ("def test_a():\n    with pytest.raises(ValueError): f()", []),
        ("def test_a(): raise ValueError", ["test_a"]),
        ("def test_a(): mock.assert_called_once()", []),
        ("def helper(): assert 1\ndef test_a(): helper()", []),
        ("def helper(): assert 1\ndef other(): helper()\ndef test_a(): other()", []),
        ("def helper(): return 1\ndef test_a(): helper()", ["test_a"]),
        ("def until(): raise AssertionError('never')\ndef test_a(): until()", []),
        ("from tests.some import check\ndef test_a(): check()", []),
        ("from tests.some import check as is_right\ndef test_a(): is_right()", []),
        ("from tests import some\ndef test_a(): some.check()", []),
        ("from tests.some import other\ndef test_a(): other()", ["test_a"]),
        ("def test_a(): product.check()", ["test_a"]),
    ],
)
def test_what_counts_as_asserting(text: str, expected: list[str]) -> None:
    assert without(ast.parse(text), {"tests.some": {"check"}}) == expected
