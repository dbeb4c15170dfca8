# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads from the code which findings it can make, and how severe each of them can be. Nothing is imported or run.

A finding is made by ``Finding(check, severity, message)``. If the check or the severity is not a literal, it is
followed to where it comes from: constants, both sides of a condition, mappings, the callers of a function that hands it
on. What cannot be followed raises :class:`Untraceable`, so no finding is overlooked.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PLUGINS = ROOT / "plugins"
PACKAGE = "ansible_collections.lastgood.aws."
SEVERITIES = ("block", "warn", "unknown", "info")
Function = ast.FunctionDef | ast.AsyncFunctionDef


class Untraceable(Exception):
    """Where a name comes from cannot be followed."""


@dataclass
class Found:
    """One check: how severe its findings can be, and the files that make them, relative to ``plugins/``."""

    severities: set[str] = field(default_factory=set)
    files: set[str] = field(default_factory=set)


class Module:
    """One file."""

    def __init__(self, path: Path, text: str) -> None:
        self.path = path
        self.tree = ast.parse(text)
        self.outer: dict[ast.AST, ast.AST] = {
            child: node for node in ast.walk(self.tree) for child in ast.iter_child_nodes(node)
        }
        self.constants = {name: value for node in self.tree.body for name, value in _assigned(node)}
        self.imports: dict[str, tuple[str, str]] = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(PACKAGE):
                for alias in node.names:
                    self.imports[alias.asname or alias.name] = (str(node.module), alias.name)

    def function_around(self, node: ast.AST) -> Function | None:
        """The innermost function with a name that has this in it."""
        while node in self.outer:
            node = self.outer[node]
            if isinstance(node, Function):
                return node
        return None

    def class_with(self, member: str) -> ast.ClassDef | None:
        """The class that has a field or a property of this name, unless it is the class of findings itself."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.ClassDef) and node.name != "Finding":
                names = {name for part in node.body for name, _value in _declared(part)}
                if member in names:
                    return node
        return None


def _assigned(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(node, ast.Assign):
        for target in node.targets:
            if isinstance(target, ast.Name):
                yield target.id, node.value
            elif isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                pairs = zip(target.elts, node.value.elts, strict=False)
                yield from ((name.id, value) for name, value in pairs if isinstance(name, ast.Name))
    elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
        yield node.target.id, node.value


def _declared(node: ast.AST) -> Iterator[tuple[str, ast.expr | None]]:
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        yield node.target.id, node.value
    elif isinstance(node, ast.FunctionDef):
        yield node.name, None


def _called(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")


class Code:
    """All files below ``plugins/``, or those of a test by their path."""

    def __init__(self, files: dict[Path, str] | None = None) -> None:
        self._found: dict[str, Found] = {}
        files = files or {path: path.read_text(encoding="utf-8") for path in sorted(PLUGINS.rglob("*.py"))}
        self.modules = {path: Module(path, text) for path, text in files.items()}
        self._busy: set[ast.AST] = set()

    def findings(self) -> dict[str, Found]:
        """Every check that the code can find something with, by its name."""
        if self._found:
            return self._found
        found: dict[str, Found] = {}
        for module in self.modules.values():
            for check, severity in _made(module):
                severities = self.values(module, severity)
                for name in self.values(module, check):
                    entry = found.setdefault(name, Found())
                    entry.severities |= severities
                    entry.files.add(str(module.path.relative_to(PLUGINS)))
        self._found = dict(sorted(found.items()))
        return self._found

    def values(self, module: Module, node: ast.expr) -> set[str]:
        """All texts that an expression can be; none for a member that is handed on from another finding."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return {node.value}
        if isinstance(node, ast.IfExp):
            return self.values(module, node.body) | self.values(module, node.orelse)
        if isinstance(node, ast.Subscript):
            return self._of_mapping(module, node.value)
        if isinstance(node, ast.Name):
            return self._of_name(module, node)
        if isinstance(node, ast.Attribute):
            return self._of_attribute(module, node)
        raise Untraceable(f"{module.path}:{node.lineno}: {ast.unparse(node)}")

    def _of_mapping(self, module: Module, node: ast.expr) -> set[str]:
        home, value = self.constant(module, node)
        if not isinstance(value, ast.Dict):
            raise Untraceable(f"{module.path}:{node.lineno}: {ast.unparse(node)} is not a mapping")
        return {text for item in value.values for text in self.values(home, item)}

    def constant(self, module: Module, node: ast.expr) -> tuple[Module, ast.expr]:
        """The value of a constant of this or another module, and the module that has it."""
        if isinstance(node, ast.Name):
            if node.id in module.constants:
                return module, module.constants[node.id]
            if node.id in module.imports:
                home = self._module(module.imports[node.id][0])
                if home is not None and module.imports[node.id][1] in home.constants:
                    return home, home.constants[module.imports[node.id][1]]
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in module.imports:
            home = self._module(".".join(module.imports[node.value.id]))
            if home is not None and node.attr in home.constants:
                return home, home.constants[node.attr]
        raise Untraceable(f"{module.path}:{node.lineno}: {ast.unparse(node)}")

    def _module(self, name: str) -> Module | None:
        path = ROOT.joinpath(*name.removeprefix(PACKAGE).split("."))
        return self.modules.get(path.with_suffix(".py"))

    def _of_name(self, module: Module, node: ast.Name) -> set[str]:
        function = module.function_around(node)
        if function is not None:
            local = [value for part in ast.walk(function) for name, value in _assigned(part) if name == node.id]
            if local:
                return {text for value in local for text in self.values(module, value)}
            if node.id in _parameters(function):
                return self._of_callers(module, function, node.id)
        home, value = self.constant(module, node)
        return self.values(home, value)

    def _of_attribute(self, module: Module, node: ast.Attribute) -> set[str]:
        try:
            home, value = self.constant(module, node)
        except Untraceable:
            owner = module.class_with(node.attr)
            return self._of_member(module, owner, node.attr) if owner is not None else self._handed_on(module, node)
        return self.values(home, value)

    @staticmethod
    def _handed_on(module: Module, node: ast.Attribute) -> set[str]:
        if node.attr in ("check", "severity"):
            return set()
        raise Untraceable(f"{module.path}:{node.lineno}: {ast.unparse(node)}")

    def _of_member(self, module: Module, owner: ast.ClassDef, member: str) -> set[str]:
        """What a property returns, or a field is given by default and by those that make such an object."""
        found: set[str] = set()
        fields = [name for part in owner.body for name, _value in _declared(part) if isinstance(part, ast.AnnAssign)]
        for part in owner.body:
            if isinstance(part, ast.FunctionDef) and part.name == member:
                returned = [node.value for node in ast.walk(part) if isinstance(node, ast.Return) and node.value]
                found |= {text for value in returned for text in self.values(module, value)}
            for name, value in _declared(part):
                if name == member and value is not None:
                    found |= self.values(module, value)
        for call in (node for node in ast.walk(module.tree) if isinstance(node, ast.Call)):
            if _called(call) == owner.name and member in fields:
                given = _argument(call, fields, member)
                found |= self.values(module, given) if given is not None else set()
        return found

    def _of_callers(self, module: Module, function: Function, parameter: str) -> set[str]:
        if function in self._busy:
            return set()
        names = _parameters(function)
        default = _default(function, parameter)
        found = self.values(module, default) if default is not None else set()
        # A private function is called in its own file; others of the same name elsewhere are other functions.
        where = [module] if function.name.startswith("_") else list(self.modules.values())
        self._busy.add(function)
        for other in where:
            for call in (node for node in ast.walk(other.tree) if isinstance(node, ast.Call)):
                if _called(call) == function.name:
                    given = _argument(call, [name for name in names if name != "self"], parameter)
                    found |= self.values(other, given) if given is not None else set()
        self._busy.discard(function)
        return found


@functools.cache
def of_the_collection() -> Code:
    """All of it, read once."""
    return Code()


def _made(module: Module) -> Iterator[tuple[ast.expr, ast.expr]]:
    """The check and the severity of each finding that a file makes."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and _called(node) == "Finding":
            check, severity = (_argument(node, ["check", "severity", "message"], n) for n in ("check", "severity"))
            if check is None or severity is None:
                raise Untraceable(f"{module.path}:{node.lineno}: {ast.unparse(node)}")
            yield check, severity
        elif isinstance(node, ast.Dict):
            members = {
                key.value: value
                for key, value in zip(node.keys, node.values, strict=True)
                if isinstance(key, ast.Constant)
            }
            if {"check", "severity", "message"} <= set(members) and not isinstance(members["check"], ast.Attribute):
                yield members["check"], members["severity"]


def _parameters(function: Function) -> list[str]:
    return [part.arg for part in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)]


def _default(function: Function, parameter: str) -> ast.expr | None:
    positional = [*function.args.posonlyargs, *function.args.args]
    pairs = list(zip(reversed(positional), reversed(function.args.defaults), strict=False))
    pairs += [
        (arg, value) for arg, value in zip(function.args.kwonlyargs, function.args.kw_defaults, strict=True) if value
    ]
    return next((value for arg, value in pairs if arg.arg == parameter), None)


def _argument(call: ast.Call, names: list[str], wanted: str) -> ast.expr | None:
    for keyword in call.keywords:
        if keyword.arg == wanted:
            return keyword.value
    index = names.index(wanted)
    return call.args[index] if index < len(call.args) else None
