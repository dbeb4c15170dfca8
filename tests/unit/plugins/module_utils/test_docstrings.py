# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A public function of module_utils says in its docstring which exceptions it raises itself."""

from __future__ import annotations

import ast
import typing as t
from pathlib import Path

import pytest

ROOT: t.Final = Path(__file__).parents[4] / "plugins" / "module_utils"
Function = t.Union[ast.FunctionDef, ast.AsyncFunctionDef]

SYNTHETIC: t.Final = '''
def silent(path):
    """The file."""
    raise Refused(path)

def says_so(path):
    """The file. Raises :class:`Refused`."""
    raise errors.Refused(path)

def passes_on():
    """Somebody else's error."""
    try:
        silent("")
    except Refused as exc:
        raise exc

def has_one_inside():
    """A function that raises."""
    def inner():
        raise Refused("")
    return inner

def _private():
    raise Refused("")

class Store:
    def method(self):
        """The method of a class."""
        raise Refused("")

class _Hidden:
    def method(self):
        raise Refused("")
'''


def own_nodes(function: Function) -> t.Iterator[ast.AST]:
    """The nodes of a function's body, without those of functions and classes inside it."""
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            continue
        yield node
        waiting.extend(ast.iter_child_nodes(node))


def raised(function: Function) -> set[str]:
    """The names of the classes that a function raises itself; variables and a bare raise pass on another's error."""
    names = set()
    for node in own_nodes(function):
        if isinstance(node, ast.Raise) and node.exc is not None:
            what = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
            name = what.attr if isinstance(what, ast.Attribute) else what.id if isinstance(what, ast.Name) else ""
            if name.lstrip("_")[:1].isupper():
                names.add(name)
    return names


def public_functions(body: t.Sequence[ast.stmt], within: str = "") -> t.Iterator[tuple[str, Function]]:
    """The public functions of a module, and the public methods of its public classes, by dotted name."""
    for node in body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from public_functions(node.body, f"{within}{node.name}.")
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and not node.name.startswith("_"):
            yield f"{within}{node.name}", node


def silent_about(source: str) -> list[str]:
    """The functions that raise something their docstring does not name: ``function: Class``."""
    return [
        f"{name}: {raises}"
        for name, function in public_functions(ast.parse(source).body)
        for raises in sorted(raised(function))
        if raises not in (ast.get_docstring(function) or "")
    ]


def test_the_check_finds_what_is_not_said() -> None:
    assert silent_about(SYNTHETIC) == ["silent: Refused", "Store.method: Refused"]


@pytest.mark.parametrize("path", sorted(ROOT.rglob("*.py")), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_docstrings_name_the_exceptions(path: Path) -> None:
    assert silent_about(path.read_text(encoding="utf-8")) == []
