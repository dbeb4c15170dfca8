# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""docs/troubleshooting.md is current, and explains each outcome and each finding that the code can return."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from botocore import xform_name

from ansible_collections.lastgood.aws.plugins.plugin_utils._inputs import specs
from dev import findings, troubleshooting

SAID = troubleshooting.texts()
GROUPS = SAID["outcomes"]
FOUND = findings.of_the_collection().findings()


def code(text: str, **others: str) -> findings.Code:
    """A file with this text, and others by their names without the suffix."""
    files = {"one": text, **others}
    return findings.Code({findings.PLUGINS / "module_utils" / f"{name}.py": text for name, text in files.items()})


def test_the_page_is_current() -> None:
    """If not, run `.venv/bin/python -m dev.troubleshooting`."""
    assert troubleshooting.PAGE.read_text(encoding="utf-8") == troubleshooting.page()


def test_each_finding_of_the_code_is_explained_and_no_other() -> None:
    assert len(FOUND) > 100
    assert set(SAID["findings"]) == set(FOUND)


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group["title"])
def test_each_outcome_of_the_code_is_explained_and_no_other(group: dict) -> None:
    outcomes = troubleshooting.outcomes_of(group)
    assert len(outcomes) > 3
    assert sorted(group["outcomes"]) == sorted(outcomes)


def test_each_type_of_outcomes_is_on_the_page() -> None:
    """A new type ``Outcome`` needs a group, unless it is another name of one that has one."""
    files = {path for path in findings.PLUGINS.rglob("*.py") if re.search(r"^Outcome = t\.", path.read_text(), re.M)}
    assert {findings.PLUGINS / group["code"] for group in GROUPS if "code" in group} == files


@pytest.mark.parametrize("name", sorted(SAID["findings"]))
def test_what_is_said_about_a_finding_is_whole(name: str) -> None:
    entry = SAID["findings"][name]
    assert set(entry) == {"means", "do"}
    assert all(text.rstrip().endswith(".") for text in entry.values())
    assert FOUND[name].severities <= set(findings.SEVERITIES)
    assert FOUND[name].severities


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group["title"])
def test_what_is_said_about_an_outcome_is_whole(group: dict) -> None:
    for entry in group["outcomes"].values():
        assert set(entry) == {"means", "changed", "do"}
        assert all(text.rstrip().endswith(".") for text in entry.values())


def test_variables_that_are_advised_exist() -> None:
    known = {name for role in specs.entry_points().values() for entry in role.values() for name in entry}
    published = {"rollback_outcome", "rollback_failed", "rollback_hosts", "rollback_events"}
    named = set(re.findall(r"\b(?:rollback|deploy)_[a-z_]+\b(?!:)", troubleshooting.page()))
    assert len(named) > 12
    assert named - published - set(SAID["findings"]) <= known


def test_permissions_that_are_advised_are_those_of_the_code() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in findings.PLUGINS.rglob("*.py"))
    # The name of a permission, or of the operation that it is for.
    known = {*re.findall(r"[a-z0-9-]+:[A-Z]\w+", code), *re.findall(r"\b[a-z0-9]+(?:_[a-z0-9]+)+\b", code)}
    named = set(re.findall(r"`([a-z0-9-]+:[A-Z]\w+)`", troubleshooting.page()))
    assert len(named) > 8
    assert {name for name in named if not known & {name, xform_name(name.partition(":")[2])}} == set()


def test_a_check_that_is_a_forecast_is_shown_as_one() -> None:
    page = troubleshooting.page()
    assert "| `image_gone` | block* |" in page
    assert "| `target_status` | block |" in page
    assert len(troubleshooting.foreseen()) > 10


CONSTANT = 'NAME: t.Final = "lost"\n'
IMPORT = "from ansible_collections.lastgood.aws.plugins.module_utils import two\n"
BY_NAME = "from ansible_collections.lastgood.aws.plugins.module_utils.two import NAME\n"


@pytest.mark.parametrize(
    ("text", "names", "severities"),
    [
        ('Finding("lost", "warn", "it is")', ["lost"], ["warn"]),
        ('Finding(check="lost", severity="warn", message="it is")', ["lost"], ["warn"]),
        ('Finding("lost", "warn" if far else "info", "it is")', ["lost"], ["info", "warn"]),
        (f'{CONSTANT}Finding(NAME, "warn", "it is")', ["lost"], ["warn"]),
        (f'{IMPORT}Finding(two.NAME, "warn", "it is")', ["lost"], ["warn"]),
        (f'{BY_NAME}Finding(NAME, "warn", "it is")', ["lost"], ["warn"]),
        ('BY = {1: "lost", 2: "found"}\nFinding(BY[x], "warn", "it is")', ["found", "lost"], ["warn"]),
        ('def f(s):\n    s: S = "info"\n    Finding("lost", s, "it is")', ["lost"], ["info"]),
        ('def f():\n    a, b = "lost", 1\n    Finding(a, "info", "it is")', ["lost"], ["info"]),
        ('def _f(a, b="lost"):\n    Finding(b, "info", a)\n_f(1)\n_f(1, "gone")', ["gone", "lost"], ["info"]),
        (
            'class C:\n    def _n(self, a):\n        Finding(a, "info", 1)\n    def f(self):\n        self._n("lost")',
            ["lost"],
            ["info"],
        ),
        (
            'class Ref:\n    @property\n    def check(self):\n        return "lost"\nFinding(ref.check, "warn", "x")',
            ["lost"],
            ["warn"],
        ),
        (
            'class Ref:\n    a: int\n    check: str = "lost"\nRef(1, check="gone")\nFinding(ref.check, "warn", "x")',
            ["gone", "lost"],
            ["warn"],
        ),
        ('{"check": "lost", "severity": "warn", "message": "x"}', ["lost"], ["warn"]),
        ('Finding(other.check, "warn", "handed on")', [], []),
    ],
)
def test_a_finding_is_followed_to_its_name(text: str, names: list[str], severities: list[str]) -> None:
    found = code(text, two=CONSTANT).findings()
    assert list(found) == names
    assert sorted({severity for one in found.values() for severity in one.severities}) == severities


def test_a_public_function_is_followed_into_other_files() -> None:
    found = code('block("lost", "x")', two='def block(check, message):\n    return Finding(check, "block", message)')
    assert list(found.findings()) == ["lost"]


@pytest.mark.parametrize(
    "text", ['Finding(name(), "warn", "x")', 'Finding(f"a{b}", "warn", "x")', 'Finding("a", level, "x")']
)
def test_what_cannot_be_followed_is_not_passed_over(text: str) -> None:
    with pytest.raises(findings.Untraceable):
        code(text).findings()


def test_each_finding_has_a_section() -> None:
    sections = {name: troubleshooting.section_of(found) for name, found in FOUND.items()}
    assert sections["image_gone"] == sections["stack"] == "ECS services"
    assert sections["unpinned"] == "Deployment groups of CodeDeploy"
    assert sections["alarms"] == sections["failed_since"] == troubleshooting.SEVERAL
    assert set(sections.values()) == set(troubleshooting.SECTIONS)


def test_its_lines_are_read_as_a_table() -> None:
    rows = [line for line in Path(troubleshooting.PAGE).read_text(encoding="utf-8").splitlines() if line[:1] == "|"]
    assert all(len(re.findall(r"(?<!\\)\|", row)) in (3, 4, 5) for row in rows)
