# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""It is a project of its own: what it imports, what it says that it needs, and what its pages name."""

from __future__ import annotations

import ast
import importlib.metadata
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import lastgood_simulator
from lastgood_simulator.__main__ import main

PROJECT = Path(__file__).resolve().parents[1]
SOURCE = PROJECT / "src" / "lastgood_simulator"
TOLD = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PAGES = sorted([*PROJECT.glob("*.md"), *(PROJECT / "docs").glob("*.md")])
# Packages whose modules are called otherwise.
MODULES = {"pyyaml": "yaml"}
# By moto, for its server: it is the one that imports them.
OF_MOTO = {"flask", "flask-cors"}


def packages(requirements: list[str]) -> set[str]:
    """The names in a list of requirements."""
    return {re.split(r"[^A-Za-z0-9_-]", requirement)[0].lower() for requirement in requirements}


def imported(text: str) -> Iterator[str]:
    """The packages that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (name.name.split(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").split(".")[0] if node.level == 0 else "lastgood_simulator"
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            (name, *_rest) = node.args
            yield str(name.value).partition(".")[0] if isinstance(name, ast.Constant) else ast.unparse(name)


def foreign(folder: Path, allowed: set[str]) -> dict[str, set[str]]:
    """File to what it imports and may not."""
    found = {}
    for path in sorted(folder.rglob("*.py")):
        names = set(imported(path.read_text(encoding="utf-8"))) - set(sys.stdlib_module_names) - allowed
        if names:
            found[str(path.relative_to(PROJECT))] = names
    return found


def test_it_imports_what_it_says_that_it_needs_and_nothing_of_the_collection() -> None:
    needed = {MODULES.get(name, name) for name in packages(TOLD["dependencies"]) - OF_MOTO}
    assert foreign(SOURCE, {*needed, "lastgood_simulator"}) == {}
    used = {name for path in SOURCE.rglob("*.py") for name in imported(path.read_text(encoding="utf-8"))}
    assert needed - used == set()
    for_tests = {MODULES.get(name, name) for name in packages(TOLD["optional-dependencies"]["test"])}
    assert foreign(PROJECT / "selftests", {*needed, *for_tests, "lastgood_simulator", "selftests"}) == {}


@pytest.mark.parametrize(
    ("text", "packages"),
    [
        ("from tests.world import World", {"tests"}),
        ("import ansible_collections.lastgood.aws", {"ansible_collections"}),
        ("def f():\n    import tests.world as world", {"tests"}),
        ("importlib.import_module('tests.world')", {"tests"}),
        ("from .errors import AwsError", {"lastgood_simulator"}),
    ],
)
def test_an_import_is_found_wherever_it_is(text: str, packages: set[str]) -> None:
    assert set(imported(text)) == packages


def test_its_version_begins_with_that_of_the_moto_it_stands_on() -> None:
    major, minor = lastgood_simulator.__version__.split(".")[:2]
    assert f"moto>={major}.{minor},<{major}.{int(minor) + 1}" in TOLD["dependencies"]
    assert importlib.metadata.version("moto").split(".")[:2] == [major, minor]
    assert f"\n## {lastgood_simulator.__version__} " in (PROJECT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_its_command_says_its_version(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert TOLD["scripts"] == {"lastgood-simulator": f"{main.__module__}:{main.__name__}"}
    monkeypatch.setattr(sys, "argv", ["lastgood-simulator", "--version"])
    with pytest.raises(SystemExit):
        main()
    assert capsys.readouterr().out == f"lastgood-simulator {lastgood_simulator.__version__}\n"


def test_who_only_steers_one_does_not_wait_for_moto() -> None:
    code = "import sys, lastgood_simulator.control, lastgood_simulator.process; print('moto' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": str(SOURCE.parent)}, capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.name))
def test_what_its_pages_link_to_and_name_is_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    headings = {target: anchors(target.read_text(encoding="utf-8")) for target in PAGES}
    for link in re.findall(r"\]\((?!https?:)([^)\s]+)\)", text):
        name, _sign, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.exists(), link
        assert not anchor or anchor in headings[target], link
    for name in re.findall(r"`(?:selftests/)?(test_\w+\.py)`", text):
        assert (PROJECT / "selftests" / name).exists(), name
    for name in re.findall(r"`((?:ecs|codedeploy)/\w+\.py)`", text):
        assert (SOURCE / name).exists(), name


def anchors(text: str) -> set[str]:
    """The anchors that GitHub makes of headings."""
    found = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in found}
