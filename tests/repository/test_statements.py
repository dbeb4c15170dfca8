# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What pages say of the code is true, as far as a program can see: names, choices, defaults, numbers and messages."""

from __future__ import annotations

import re
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._core.findings import Outcome
from ansible_collections.lastgood.aws.plugins.module_utils._core.outcomes import WORST_FIRST
from ansible_collections.lastgood.aws.plugins.module_utils._scaling.model import PROCESSES
from ansible_collections.lastgood.aws.plugins.plugin_utils._inputs import specs
from tests.live import checks
from tests.live.check import CHECKS
from tests.repository import pages
from tests.world import REGION

# Importing them registers them.
assert checks
every_page = pytest.mark.parametrize("page", pages.PAGES, ids=pages.name_of)
PATHS = re.compile(
    r"^((?:plugins|tests|docs|dev|roles|playbooks|extensions|changelogs|\.github)/[\w./-]+|_[a-z]+/[\w./-]+)(?:::\w+)?$"
)
# Written by programs, or by those who use the collection.
NOT_HERE = {"tests/integration/cloud-config-aws.ini", ".github/workflows/"}
# An option of AppSpec files.
ELSEWHERE = {("file_exists_behavior", "RETAIN")}
# What a page shows the answer to.
MISSPELT = {"rollback_revison"}
VARIABLE = re.compile(r"\b(?:rollback|deploy|history|status|on_event|content_guard)_[a-z_]+\b(?!\.py|\()")
NUMBERS = ("eight", "nine", "ten", "eleven", "twelve", "twenty")


def number(word: str) -> int:
    """``eleven`` as 11."""
    return dict(zip(NUMBERS, (8, 9, 10, 11, 12, 20), strict=True))[word.lower()]


@every_page
def test_each_test_that_is_named_exists(page: Path) -> None:
    everywhere = {name for names in pages.tests().values() for name in names}
    files = {Path(file).stem for file in pages.tests()}
    for file, name in re.findall(r"`(?:(tests/[\w/]+\.py|test_\w+\.py)::)?(test_\w+)", pages.text_of(page)):
        known = {test for path, tests in pages.tests().items() if path.endswith(file) for test in tests}
        assert name in (known if file else everywhere | files), name


@every_page
def test_each_anchor_of_a_link_exists(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", pages.prose_of(page)):
        file, _hash, anchor = target.partition("#")
        if "://" not in target and anchor and (not file or file.endswith(".md")):
            assert anchor in pages.anchors(page.parent / file if file else page), target


@every_page
def test_each_file_that_is_named_exists(page: Path) -> None:
    for code in pages.code_of(page):
        found = PATHS.match(code.strip())
        if found and found[1] not in NOT_HERE:
            places = [pages.ROOT, pages.ROOT / "plugins" / "module_utils", pages.ROOT / "plugins" / "plugin_utils"]
            assert any((place / found[1]).exists() for place in places), code


@every_page
def test_each_target_of_make_exists(page: Path) -> None:
    for code in pages.code_of(page):
        for target in re.findall(r"(?:^|\$ |&& |; )(?:\w+=\S+ )*make ([a-z-]+)", code):
            assert target in pages.targets() or target.startswith("gate-"), target


@every_page
def test_each_name_in_the_collection_exists(page: Path) -> None:
    folders = [*(pages.ROOT / "plugins").iterdir(), pages.ROOT / "playbooks", pages.ROOT / "roles"]
    folders += [pages.ROOT / "extensions" / "eda" / "plugins" / "event_filter"]
    folders += [pages.ROOT / "extensions" / "eda" / "rulebooks"]
    known = {path.stem for folder in folders if folder.is_dir() for path in folder.iterdir()} | {"aws"}
    assert set(re.findall(r"\blastgood\.aws\.([a-z_]+)", pages.text_of(page))) <= known


@every_page
def test_each_variable_exists(page: Path) -> None:
    names = {name.rstrip("_") for code in pages.code_of(page) for name in VARIABLE.findall(code)}
    known = {*pages.options(), *specs.published(), *pages.constants(), *pages.words_of("roles", "playbooks")}
    if "simulator" in page.parts or page.name == "simulator.md":
        known |= pages.words_of("simulator/src")
    unknown = names - known - pages.stems() - MISSPELT
    # A family of names, as in `lastgood:rolled-back-…`.
    assert {name for name in unknown if not any(one.startswith(f"{name}_") for one in known)} == set()


@every_page
def test_each_value_of_an_option_can_be_given(page: Path) -> None:
    for code in pages.code_of(page):
        said = re.findall(r"(?:^|-e |\s)([a-z_]+)=([\w,\[\]]+)(?=$|\s)", code)
        for name, value in [*said, *re.findall(r"^([a-z_]+): ([\w,\[\]]+)$", code)]:
            if (name, value) in ELSEWHERE:
                continue
            each = pages.options().get(name, ())
            assert not each or any(pages.allows(option, value) for option in each), f"{name}: {value}"


@every_page
def test_each_default_in_parentheses_is_the_default(page: Path) -> None:
    said = re.findall(r"`([a-z_]+)`(?: seconds)? \((\d+)(?: s(?:econds)?)?[,)]", pages.prose_of(page))
    for name, value in said:
        defaults = {str(option.get("default")) for option in pages.options().get(name, ())}
        assert value in defaults, f"{name} ({value}): {defaults}"


@every_page
def test_each_finding_and_outcome_exists(page: Path) -> None:
    said = re.findall(r"(?:findings?|outcomes?|warnings?|method|severity) `([a-z_]+)`(?!:)", pages.prose_of(page))
    known = pages.constants() | pages.words_of("roles")
    assert {name for name in said if name not in known and name not in pages.options()} == set()


@every_page
def test_each_environment_variable_of_ours_exists(page: Path) -> None:
    wanted = {name for code in pages.code_of(page) for name in re.findall(r"\bLASTGOOD_[A-Z_]+\b", code)}
    assert wanted <= pages.settings()


@every_page
def test_the_simulator_is_where_make_starts_it(page: Path) -> None:
    [port] = re.findall(r"^simulator:.*\(PORT=(\d+)\)", pages.text_of(pages.ROOT / "Makefile"), re.M)
    assert set(re.findall(r"\b127\.0\.0\.1:(\d+)", pages.text_of(page))) <= {port}
    if "make simulator" in pages.text_of(page):
        assert set(re.findall(r"AWS_REGION=([\w-]+)", pages.text_of(page))) <= {REGION}


def test_the_table_of_gates_has_each_of_them_and_says_when_it_runs() -> None:
    """As dev/gates.py lists them."""
    command = [sys.executable, str(pages.ROOT / "dev" / "gates.py"), "--list"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    gates = dict(re.findall(r"^(\S+) +(test-all: )?", listed, re.M))
    table = pages.text_of(pages.ROOT / "CONTRIBUTING.md").partition("| gate | what it runs |")[2].partition("\n\n")[0]
    rows = [(re.findall(r"`([\w-]+)`", row.split(" | ")[0]), row) for row in table.splitlines()[2:]]
    assert {name for names, _row in rows for name in names} == set(gates)
    late = {name for names, row in rows for name in names if " | only in `make test-all`" in row}
    assert late == {name for name, when in gates.items() if when}


def test_messages_about_credentials_are_what_a_run_says() -> None:
    table = pages.text_of(pages.ROOT / "docs" / "credentials.md").partition("## What a run says")[2]
    said = [text for cell in re.findall(r"^\| (`.+?) \|", table, re.M) for text in re.findall(r"`([^`]+)`", cell)]
    assert len(said) > 7
    code = " ".join(sorted(pages.constants()))
    # A denial begins with the kind of policy, and then says this.
    parts = [
        text.rstrip(" …").removeprefix("A service control policy").removeprefix("No permissions boundary")
        for text in said
    ]
    assert [part for part in parts if part not in code] == []


def test_outcomes_are_listed_from_the_worst_on() -> None:
    page = pages.prose_of(pages.ROOT / "docs" / "results.md")
    [listed] = re.findall(r"\*\*The worst outcome\*\* is the first of these that occurred: (.*?) \(\[", page)
    assert tuple(re.findall(r"`(\w+)`", listed)) == WORST_FIRST


def test_the_webhook_of_the_rulebook_listens_where_the_page_says() -> None:
    rulebook = pages.text_of(pages.ROOT / "extensions" / "eda" / "rulebooks" / "deployments_webhook.yml")
    [port] = re.findall(r"port: (\d+)", rulebook)
    assert f"a webhook on port {port}," in pages.prose_of(pages.ROOT / "docs" / "events.md")


@pytest.mark.parametrize(
    ("page", "sentence", "count"),
    [
        ("docs/comparison.md", r"\b(\w+) outcomes;", len(t.get_args(Outcome))),
        ("docs/live.md", r"## The (\w+)", len(CHECKS)),
        ("docs/live.md", r"\b(\w+) things that the collection depends on", len(CHECKS)),
        ("docs/auto-scaling.md", r"Each has (\w+) \[processes\]", len(PROCESSES)),
    ],
)
def test_numbers_in_words_are_right(page: str, sentence: str, count: int) -> None:
    [word] = re.findall(sentence, re.sub(r"\s+", " ", pages.text_of(pages.ROOT / page)))
    assert number(word) == count


@pytest.mark.parametrize(
    "version",
    sorted(
        {
            version
            for page in pages.PAGES
            for version in re.findall(r"\bbotocore (\d+\.\d+\.\d+)\b", pages.prose_of(page))
        }
    ),
)
def test_versions_of_botocore_are_those_of_the_code(version: str) -> None:
    assert version in pages.versions()


@pytest.mark.parametrize(
    ("option", "value", "allowed"),
    [
        ({"choices": ["stop", "wait"]}, "wait", True),
        ({"choices": ["stop", "wait"]}, "halt", False),
        ({"choices": ["a", "b"], "type": "list"}, "a,b", True),
        ({"choices": ["a", "b"], "type": "list"}, "[a]", True),
        ({"choices": ["a", "b"], "type": "list"}, "[]", True),
        ({"choices": ["a", "b"], "type": "list"}, "a,c", False),
        ({"choices": [True, False]}, "true", True),
        ({"type": "str"}, "anything", True),
    ],
)
def test_what_an_option_allows(option: pages.Option, value: str, allowed: bool) -> None:
    assert pages.allows(option, value) is allowed
