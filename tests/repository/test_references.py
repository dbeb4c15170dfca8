# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Docstrings that point to another module, class or function name one that exists."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / "plugins").rglob("*.py"))
REFERENCE = re.compile(r":(mod|class|func|meth|data|attr):`~?\.*(?P<name>[^`]+)`")
# Defined by Ansible and by Python.
ELSEWHERE = {"AnsibleFilterError", *dir(builtins)}


def names_of(files: Iterable[Path]) -> set[str]:
    """The modules, packages, classes, functions and constants that stand in these files."""
    found: set[str] = set(ELSEWHERE)
    for file in files:
        found |= {file.stem, file.parent.name}
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
                found.add(node.name)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                found.add(node.id)
    return found


def dangling(text: str, names: set[str]) -> list[str]:
    """The references that name something that does not exist."""
    found = [match["name"] for match in REFERENCE.finditer(text)]
    return [name for name in found if not set(name.split(".")) <= names]


def test_every_reference_names_something_that_exists() -> None:
    names = names_of(FILES)
    wrong = {file.name: found for file in FILES if (found := dangling(file.read_text(encoding="utf-8"), names))}
    assert wrong == {}


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("See :mod:`.watch` and :class:`.watch.Sweeper`.", []),
        ("See :func:`.past.target.choose`.", []),
        ("See :mod:`.sweep`.", ["sweep"]),
        ("See :class:`.sweep.Sweeper`.", ["sweep.Sweeper"]),
        ("Raises :class:`._patience.Orphaned`.", ["_patience.Orphaned"]),
    ],
)
def test_a_reference_that_leads_nowhere_is_found(text: str, wrong: list[str]) -> None:
    assert dangling(text, {"watch", "Sweeper", "past", "target", "choose", "Orphaned"}) == wrong
