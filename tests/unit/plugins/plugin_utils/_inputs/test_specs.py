# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is known of the roles is what their files say."""

from __future__ import annotations

import itertools
import re
import typing as t
from pathlib import Path

import pytest
import yaml

from ansible_collections.lastgood.aws.plugins.plugin_utils._inputs import specs
from ansible_collections.lastgood.aws.plugins.plugin_utils._inputs.entries import ENTRIES

COLLECTION = Path(specs.__file__).parents[3]
ROLES = COLLECTION / "roles"
# What ansible-core gives a meaning of its own in the result of a task.
CORES_OWN = {"changed", "failed", "skipped", "msg", "rc", "warnings", "exception", "diff", "invocation", "results"}


def texts(*patterns: str) -> list[str]:
    return [path.read_text(encoding="utf-8") for pattern in patterns for path in sorted(COLLECTION.glob(pattern))]


def test_each_entry_point_is_known() -> None:
    assert set(ENTRIES) == {(role, entry) for role, entries in specs.entry_points().items() for entry in entries}


@pytest.mark.parametrize(("role", "entry"), sorted(ENTRIES))
def test_the_variables_of_an_entry_point_begin_alike(role: str, entry: str) -> None:
    prefix = ENTRIES[role, entry].prefix
    names = {name.removeprefix(prefix) for name in specs.entry_points()[role][entry] if name.startswith(prefix)}
    assert len(names) == len(specs.entry_points()[role][entry])
    assert not names & CORES_OWN


@pytest.mark.parametrize(("role", "entry"), sorted(ENTRIES))
def test_each_entry_point_reads_its_own_variables(role: str, entry: str) -> None:
    tasks: list[t.Any] = yaml.safe_load((ROLES / role / "tasks" / f"{entry}.yml").read_text(encoding="utf-8"))
    steps = itertools.chain(tasks, *(task.get("block", []) for task in tasks))
    [read] = [task["lastgood.aws.role_inputs"] for task in steps if "lastgood.aws.role_inputs" in task]
    assert (read["role"], read.get("entry_point", "main")) == (role, entry)


@pytest.mark.parametrize("role", sorted(specs.entry_points()))
def test_the_defaults_are_those_of_the_argument_specs(role: str) -> None:
    defaults = yaml.safe_load((ROLES / role / "defaults" / "main.yml").read_text(encoding="utf-8"))
    for spec in specs.entry_points()[role].values():
        for name, attributes in spec.items():
            if name in defaults:
                assert defaults[name] == attributes.get("default", ""), name


def test_no_variable_is_used_that_no_argument_spec_has() -> None:
    used = set()
    for text in texts("roles/*/tasks/*.yml", "roles/*/vars/*.yml", "playbooks/**/*.yml"):
        for template in re.findall(r"\{\{.*?\}\}", text, re.DOTALL):
            used |= set(re.findall(r"(?<![\w.'])(?:rollback|deploy|history|content_guard)_\w+", template))
    assert used <= specs.variables() | specs.published()


def test_what_the_roles_publish_is_known() -> None:
    found = set()
    for text in texts("roles/*/tasks/*.yml"):
        found |= set(re.findall(r"register: (?!__)(\w+)", text))
        for block in re.findall(r"set_stats:\n(.*?)\n(?:  \w|\n|$)", text, re.DOTALL):
            found |= set(re.findall(r"(?<![\w.])(?:rollback|deploy|history|content_guard)_\w+", block))
    assert {"rollback_result", "deploy_plan", "history_result", "content_guard_saved"} <= found
    assert found <= specs.published()
