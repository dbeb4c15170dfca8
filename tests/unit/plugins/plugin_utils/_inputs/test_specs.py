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
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.lastgood.aws.plugins.plugin_utils._inputs import specs
from ansible_collections.lastgood.aws.plugins.plugin_utils._inputs.entries import ENTRIES
from ansible_collections.lastgood.aws.plugins.plugin_utils._results import play

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


@pytest.mark.parametrize(("role", "entry"), sorted(ENTRIES))
def test_core_takes_null_and_an_empty_string_for_each_variable(role: str, entry: str) -> None:
    """For who uses a role in ``roles``, where core validates first: null needs a spec without default, or type raw."""
    spec = specs.entry_points()[role][entry]
    for value in (None, ""):
        problems = ArgumentSpecValidator({**spec}).validate(dict.fromkeys(spec, value)).error_messages
        assert problems == []
    for name, attributes in spec.items():
        assert attributes["type"] in ("raw", "str"), name
        assert attributes["type"] == "raw" or "default" not in attributes, name


def test_only_the_step_that_cleans_them_reads_variables() -> None:
    """The roles, that is; which hosts and plays there are is decided before any step."""
    used, by_playbooks = set(), set()
    for found, patterns in (
        (used, ("roles/*/tasks/*.yml", "roles/*/vars/*.yml")),
        (by_playbooks, ("playbooks/**/*.yml",)),
    ):
        for text in texts(*patterns):
            # Not the options of modules, nor what belongs to something else.
            names = re.findall(r"(?<![\w.'/])(?:rollback|deploy|history|status|content_guard)_\w+(?!\w*:)", text)
            found |= set(names)
    assert not used & specs.variables()
    assert by_playbooks & specs.variables() == {
        "deploy_hosts",
        "history_hosts",
        # apply_plan does not begin if it is blank.
        "rollback_approved_plan",
        "rollback_hosts",
        "rollback_instances",
        "rollback_events",
        "rollback_guard_allow_paths",
        "rollback_guard_content",
        "rollback_guard_max_fail_percentage",
        "rollback_guard_serial",
        "rollback_max_fail_percentage",
        "rollback_restore_timeout",
        "rollback_serial",
        "status_hosts",
    }


def test_what_the_roles_publish_is_known() -> None:
    found = {role.items_name(check_mode) for role in play.ROLES.values() for check_mode in (False, True)}
    found |= {f"{role.name}_{name}" for role in play.ROLES.values() for name in role.more}
    for text in texts("roles/*/tasks/*.yml"):
        found |= set(re.findall(r"register: (?!__)(\w+)", text))
        assert "set_stats" not in text
    assert {"rollback_result", "deploy_plan", "history_result", "content_guard_saved"} <= found
    assert found <= specs.published()
