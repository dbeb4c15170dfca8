# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page about files on instances: its limits are those of the code, its tests and its variables exist."""

from __future__ import annotations

import re
import typing as t
from pathlib import Path

import pytest
import yaml

from ansible_collections.lastgood.aws.plugins.module_utils._content.bundle import contents, documents, packed
from ansible_collections.lastgood.aws.plugins.module_utils._content.bundle import yaml_subset as subset
from ansible_collections.lastgood.aws.plugins.module_utils._content.install import instructions

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "content.md").read_text(encoding="utf-8")
KIB, MIB = 1 << 10, 1 << 20


def row(name: str) -> str:
    """What the table of limits says of one thing."""
    [found] = re.findall(rf"^\| {re.escape(name)} \| (.*) \|$", PAGE.partition("## Bundles that cost")[2], re.M)
    return str(found)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        (
            "AppSpec file",
            f"{documents.MOST_BYTES // KIB} KiB, {subset.DEEPEST} levels, {documents.MOST_VALUES:,} values with "
            f"aliases, {documents.MOST_OF_A_LINE:,} characters a line, {documents.MOST_OF_A_VALUE:,} a value",
        ),
        (
            "archive",
            f"`max_files` and `max_bundle_size`, {contents.DEEPEST} directories deep, "
            f"{contents._MOST_OF_PATHS // MIB} MiB of names, {contents._MOST_OF_A_PATH:,} bytes a name",
        ),
        (
            "tar",
            f"{packed._MOST_OF_A_HEADER // KIB} KiB and {packed._MOST_RECORDS} lines a header; no sparse files",
        ),
        (
            "links in the bundle",
            f"{instructions._DEEPEST} directories deep, {instructions._MOST:,} instructions and "
            f"{instructions._MOST_OF_EACH} for each file",
        ),
    ],
)
def test_its_limits_are_those_of_the_code(name: str, says: str) -> None:
    assert row(name) == says


def test_how_often_permissions_are_compared() -> None:
    assert instructions._MOST_COMPARISONS == 2_000_000
    assert row("`permissions`") == "two million comparisons with files"


def of_the_guard() -> list[tuple[str, str]]:
    """The tests in the table of the guard, each with the file that the page says it is in."""
    table = PAGE.partition("| | test in `tests/e2e/test_content_guard.py` |")[2].partition("\n\n")[0]
    found: list[tuple[str, str]] = []
    for name, where in re.findall(r"`(test_\w+)`(?: in `(\w+\.py)`|(?:, same file)?) \|", table):
        same = f"`{name}`, same file |" in table
        found.append((name, where or (found[-1][1] if same else "test_content_guard.py")))
    return found


@pytest.mark.parametrize(("name", "file"), of_the_guard())
def test_the_tests_of_the_guard_are_where_it_says(name: str, file: str) -> None:
    assert f"def {name}(" in (ROOT / "tests" / "e2e" / file).read_text(encoding="utf-8")


def specs(role: str) -> dict[str, t.Any]:
    found = yaml.safe_load((ROOT / "roles" / role / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))
    return {name: of for entry in found["argument_specs"].values() for name, of in entry["options"].items()}


def test_its_variables_exist_with_these_defaults() -> None:
    known = {**specs("content_guard"), **specs("rollback")}
    assert sorted(set(re.findall(r"`((?:rollback|content_guard)_[a-z_]+)[=`]", PAGE)) - known.keys()) == []
    said = re.findall(r"^\| `(rollback_\w+)` \|[^|]*?`(\d+)` by default", PAGE, re.M)
    assert len(said) == 2
    assert [(name, str(known[name]["default"])) for name, _default in said] == said
