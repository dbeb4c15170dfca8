# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""docs/codedeploy.md names a test from end to end for each thing that AWS's guide says of rollbacks: they exist."""

from __future__ import annotations

import functools
import json
import re
from pathlib import Path

import pytest
import yaml

from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.steps import options
from ansible_collections.lastgood.aws.plugins.modules import codedeploy_auto_rollback, codedeploy_redeploy
from ansible_collections.lastgood.aws.plugins.plugin_utils._inputs import specs

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "codedeploy.md").read_text(encoding="utf-8")
FILES = (
    *("test_redeploy.py", "test_redeploy_in_flight.py", "test_approved_plan.py"),
    *("test_ansible_runner.py", "test_notification.py"),
)
ROWS = re.findall(r"^\| (?!the guide )([^|`]+) \| [^|]+ \| (.+) \|$", PAGE.partition("## Which revision")[0], re.M)


@functools.cache
def written() -> frozenset[str]:
    """The tests from end to end that this page is about."""
    paths = [ROOT / "tests" / "e2e" / name for name in FILES]
    texts = [path.read_text(encoding="utf-8") for path in paths]
    return frozenset(name for text in texts for name in re.findall(r"^def (test_\w+)\(", text, re.M))


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`(test_\w+)`", PAGE))))
def test_each_test_that_is_named_exists(name: str) -> None:
    assert name in written()


def test_each_thing_that_the_guide_says_has_a_test() -> None:
    assert len(ROWS) > 10
    assert all(re.search(r"`test_\w+`", named) for said, named in ROWS if said != "---"), ROWS


def test_each_variable_on_the_page_exists() -> None:
    options = yaml.safe_load((ROOT / "roles/rollback/meta/argument_specs.yml").read_text(encoding="utf-8"))
    known = {name for entry in options["argument_specs"].values() for name in entry["options"]}
    # What chooses between plays is no variable of a role.
    chooses = set(re.findall(r"\brollback_[a-z_]+", (ROOT / "playbooks" / "redeploy.yml").read_text(encoding="utf-8")))
    assert set(re.findall(r"\brollback_[a-z_]+", PAGE)) <= known | specs.published() | chooses


def test_the_play_and_the_documents_are_valid() -> None:
    tasks = [task for text in re.findall(r"```yaml\n(.*?)```", PAGE, re.S) for task in yaml.safe_load(text)]
    known = {
        "lastgood.aws.codedeploy_auto_rollback": codedeploy_auto_rollback.ARGUMENT_SPEC,
        "lastgood.aws.codedeploy_redeploy": {**options.SELECTION_SPEC, **codedeploy_redeploy.MODULE_SPEC},
    }
    found = [(module, set(task[module])) for task in tasks for module in known if module in task]
    assert [module for module, given in found if not given <= set(known[module])] == []
    assert {module for module, _given in found} == set(known)
    for document in re.findall(r"```json\n(.*?)```", PAGE, re.S):
        json.loads(document)
