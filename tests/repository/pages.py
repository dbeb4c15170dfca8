# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pages of this repository, and what the code has that they can be compared with."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    path
    for pattern in (
        "*.md",
        "docs/*.md",
        "roles/*/README.md",
        "extensions/**/*.md",
        "simulator/**/*.md",
        "tests/**/README.md",
    )
    for path in ROOT.glob(pattern)
    # Changelogs speak of what was.
    if path.name != "CHANGELOG.md"
)
Option = dict[str, Any]


def name_of(path: Path) -> str:
    """For the ids of tests."""
    return path.relative_to(ROOT).as_posix()


def text_of(page: Path) -> str:
    """The page as it is written."""
    return page.read_text(encoding="utf-8")


def prose_of(page: Path) -> str:
    """The page without its blocks of code, on one line."""
    return re.sub(r"\s+", " ", re.sub(r"^```.*?^```", "", text_of(page), flags=re.DOTALL | re.MULTILINE))


def code_of(page: Path) -> list[str]:
    """What stands in backticks, in the lines of text and in blocks, and what is indented as code."""
    text = text_of(page)
    blocks = re.findall(r"^```.*?\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    rest = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    return [*blocks, *re.findall(r"`([^`\n]+)`", rest), *re.findall(r"^ {4,}(.+)$", rest, re.MULTILINE)]


def anchors(page: Path) -> set[str]:
    """Its headings as links name them."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```", "", text_of(page), flags=re.DOTALL | re.MULTILINE), re.M)
    return {re.sub(r"[^\w -]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@functools.cache
def tests() -> Mapping[str, frozenset[str]]:
    """By file, its tests."""
    files = sorted(file for folder in ("tests", "simulator") for file in (ROOT / folder).rglob("test_*.py"))
    return {name_of(file): frozenset(re.findall(r"^ *def (test_\w+)\(", text_of(file), re.M)) for file in files}


@functools.cache
def constants() -> frozenset[str]:
    """All texts that stand in the code of users."""
    found = set()
    for folder in ("plugins", "extensions"):
        for file in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(text_of(file))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    found.add(node.value)
    return frozenset(found)


@functools.cache
def words_of(*folders: str) -> frozenset[str]:
    """All names that the files in these folders mention, but for what people read."""
    files = [file for folder in folders for file in (ROOT / folder).rglob("*") if file.suffix in {".py", ".yml", ".j2"}]
    return frozenset(word for file in files for word in re.findall(r"[a-z_]+", text_of(file)))


@functools.cache
def stems() -> frozenset[str]:
    """The names of all files and folders, without their suffixes."""
    folders = ("playbooks", "roles", "plugins", "extensions", "simulator", "tests", "dev")
    return frozenset(path.stem for folder in folders for path in (ROOT / folder).rglob("*"))


@functools.cache
def settings() -> frozenset[str]:
    """Our variables of the environment that something reads."""
    files = [ROOT / "Makefile", ROOT / "dev" / "python", *(ROOT / "dev").glob("*.py")]
    files += [*(ROOT / "tests").rglob("*.py"), *(ROOT / "plugins").rglob("*.py")]
    return frozenset(name for file in files for name in re.findall(r"\bLASTGOOD_[A-Z_]+\b", text_of(file)))


@functools.cache
def versions() -> frozenset[str]:
    """All that the code, and the lists of what is installed, mention."""
    files = [*(ROOT / "plugins").rglob("*.py"), *(ROOT / "dev" / "requirements").glob("*.txt")]
    files += [*(ROOT / "tests" / "unit").rglob("*.txt")]
    return frozenset(found for file in files for found in re.findall(r"\b\d+\.\d+\.\d+\b", text_of(file)))


@functools.cache
def targets() -> frozenset[str]:
    """What make can make."""
    return frozenset(re.findall(r"^([a-z-]+):", text_of(ROOT / "Makefile"), re.M))


@functools.cache
def options() -> Mapping[str, tuple[Option, ...]]:
    """By name, the options of all modules, plugins and roles, with those inside of them."""
    found: dict[str, list[Option]] = {}
    for given in (*_of_the_plugins(), *_of_the_roles()):
        for name, option in _flat(given):
            found.setdefault(name, []).append(option)
    return {name: tuple(each) for name, each in found.items()}


def _of_the_plugins() -> Iterator[Any]:
    for folder in ("modules", "doc_fragments", "inventory", "lookup", "filter"):
        for file in sorted((ROOT / "plugins" / folder).glob("*.py")):
            for node in ast.walk(ast.parse(text_of(file))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and "options:" in node.value:
                    yield (yaml.safe_load(node.value) or {}).get("options")


def _of_the_roles() -> Iterator[Any]:
    for file in sorted((ROOT / "roles").glob("*/meta/argument_specs.yml")):
        for entry in yaml.safe_load(text_of(file))["argument_specs"].values():
            yield entry.get("options")


def _flat(given: Any) -> Iterator[tuple[str, Option]]:
    for name, option in (given or {}).items():
        yield name, option
        yield from _flat(option.get("suboptions") or option.get("options"))


def allows(option: Option, value: str) -> bool:
    """Whether a value can be given for an option that lists what can be given."""
    given = value.strip("\"'[]")
    choices = {str(choice).lower() if isinstance(choice, bool) else str(choice) for choice in option.get("choices", ())}
    # Each item of a list, and the empty one.
    return not choices or set(filter(None, given.split(","))) <= choices or option.get("type") == "bool"
