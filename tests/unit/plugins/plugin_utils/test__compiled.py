# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What comes from Python's cache, and what is left to ansible-core. Real plays: tests/e2e/test_compiled.py."""

from __future__ import annotations

import importlib.util
import os
import sys
from importlib.machinery import SourceFileLoader
from pathlib import Path

import pytest
from ansible.utils.collection_loader._collection_finder import _AnsibleCollectionFinder

from ansible_collections.lastgood.aws.plugins.plugin_utils import _compiled

PLUGINS = Path(_compiled.__file__).parents[1]
HOUSE = "ansible_collections.lastgood.aws.plugins"
FILES = sorted(
    path.relative_to(PLUGINS) for room in ("module_utils", "plugin_utils") for path in (PLUGINS / room).rglob("*.py")
)


@pytest.fixture(autouse=True)
def keeps(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A Python that keeps what it compiles, beside the tests and not in the collection."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(sys, "pycache_prefix", str(tmp_path / "cache"))
    monkeypatch.setattr(sys, "meta_path", [f for f in sys.meta_path if not isinstance(f, _compiled.Finder)])
    monkeypatch.delenv(_compiled.VARIABLE, raising=False)
    _compiled.can_be_kept.cache_clear()


def found(fullname: str, *folders: Path) -> str | None:
    spec = _compiled.Finder().find_spec(fullname, [str(folder) for folder in folders])
    return spec.origin if spec is not None else None


def test_a_file_of_ours_is_loaded_by_python_itself() -> None:
    spec = _compiled.Finder().find_spec(f"{HOUSE}.module_utils._core.text", [str(PLUGINS / "module_utils" / "_core")])
    assert spec is not None
    assert (type(spec.loader), spec.origin) == (SourceFileLoader, str(PLUGINS / "module_utils" / "_core" / "text.py"))
    assert spec.parent == f"{HOUSE}.module_utils._core"


@pytest.mark.parametrize(
    ("fullname", "folders"),
    [
        pytest.param("ansible_collections.amazon.aws.plugins.module_utils.text", ["_core"], id="another collection"),
        pytest.param(f"{HOUSE}.modules.text", ["_core"], id="a module, which a loop loads afresh"),
        pytest.param(f"{HOUSE}.action.text", ["_core"], id="a plugin"),
        pytest.param("json", [], id="another library"),
        pytest.param(f"{HOUSE}.module_utils._core", ["."], id="a package"),
        pytest.param(f"{HOUSE}.module_utils._core.nothing", ["_core"], id="no file"),
        pytest.param(f"{HOUSE}.module_utils._core.text", ["_core", "_aws"], id="several folders"),
        pytest.param(f"{HOUSE}.module_utils._core.text", [], id="no folder"),
    ],
)
def test_all_else_is_left_to_ansible_core(fullname: str, folders: list[str]) -> None:
    assert found(fullname, *(PLUGINS / "module_utils" / folder for folder in folders)) is None


def test_without_a_folder_nothing_is_found() -> None:
    assert _compiled.Finder().find_spec(f"{HOUSE}.module_utils._core.text") is None


@pytest.mark.parametrize("inside", [True, False], ids=["the cache itself", "where it would be made"])
def test_what_cannot_be_kept_is_left_to_ansible_core(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, inside: bool
) -> None:
    monkeypatch.setattr(sys, "pycache_prefix", None)
    folder = tmp_path / "house"
    folder.mkdir()
    (folder / "text.py").write_text("")
    name = f"{HOUSE}.module_utils.text"
    assert found(name, folder) == str(folder / "text.py")
    _compiled.can_be_kept.cache_clear()
    if inside:
        # Also for the superuser, who may write everywhere.
        (folder / "__pycache__").write_text("")
    else:
        denied = str(folder)
        access = os.access
        monkeypatch.setattr(os, "access", lambda path, mode: path != denied and access(path, mode))
    assert found(name, folder) is None


def test_a_python_that_keeps_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.implementation, "cache_tag", None)
    assert not _compiled.can_be_kept(str(PLUGINS / "module_utils"))


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (None, True),
        ("", True),
        ("true", True),
        ("1", True),
        ("false", False),
        (" No ", False),
        ("0", False),
        ("OFF", False),
    ],
)
def test_it_can_be_turned_off(given: str | None, wanted: bool) -> None:
    assert _compiled.is_wanted({} if given is None else {_compiled.VARIABLE: given}) is wanted


def finder_of_core() -> object:
    """One of the class that ansible-core has for it. It is private: if it is gone, say so here."""
    made: object = _AnsibleCollectionFinder.__new__(_AnsibleCollectionFinder)
    return made


def test_it_is_asked_right_before_ansible_core_and_only_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """ansible-test's own finder, which checks what is imported, stays the first."""
    first, core, last = object(), finder_of_core(), object()
    monkeypatch.setattr(sys, "meta_path", [first, core, last])
    _compiled.install()
    _compiled.install()
    found = list(sys.meta_path)
    assert isinstance(found.pop(1), _compiled.Finder)
    assert found == [first, core, last]


def test_without_ansible_core_it_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    finders = [object()]
    monkeypatch.setattr(sys, "meta_path", list(finders))
    _compiled.install()
    assert sys.meta_path == finders


@pytest.mark.parametrize("by", ["the variable", "Python's own"])
def test_turned_off_it_is_not_asked(monkeypatch: pytest.MonkeyPatch, by: str) -> None:
    if by == "the variable":
        monkeypatch.setenv(_compiled.VARIABLE, "false")
    else:
        monkeypatch.setattr(sys, "dont_write_bytecode", True)
    finders = [finder_of_core()]
    monkeypatch.setattr(sys, "meta_path", list(finders))
    _compiled.install()
    assert sys.meta_path == finders


def test_what_is_kept_of_each_file_is_what_ansible_core_compiles() -> None:
    assert len(FILES) > 100
    for file in FILES:
        path = PLUGINS / file
        name = f"{HOUSE}.{'.'.join(file.with_suffix('').parts)}"
        # As _AnsibleCollectionPkgLoaderBase.get_code does it.
        theirs = compile(path.read_bytes(), str(path), mode="exec", flags=0, dont_inherit=True)
        loader = SourceFileLoader(name, str(path))
        assert loader.get_code(name) == theirs, file
        assert Path(importlib.util.cache_from_source(str(path))).is_file(), file
        # The second time it is read.
        assert loader.get_code(name) == theirs, file
