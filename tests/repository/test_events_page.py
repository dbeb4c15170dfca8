# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""docs/events.md names variables, keys and states: they exist, and none is missing."""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from xml.etree import ElementTree

import yaml

from ansible_collections.lastgood.aws.plugins.plugin_utils._inputs import specs

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "events.md").read_text(encoding="utf-8")
FILTER = runpy.run_path(str(ROOT / "extensions" / "eda" / "plugins" / "event_filter" / "deployment.py"))


def test_each_variable_on_the_page_exists() -> None:
    named = set(re.findall(r"\bon_event_[a-z_]+", PAGE))
    assert named <= set(specs.entry_points()["on_event"]["main"])
    assert len(named) > 12


def test_each_default_on_the_page_is_that_of_the_role() -> None:
    spec = specs.entry_points()["on_event"]["main"]
    told = re.findall(r"`(on_event_\w+)` seconds \((\d+)\)", PAGE)
    assert {name for name, _value in told} == {
        "on_event_within",
        "on_event_cool_down",
        "on_event_max_age",
        "on_event_look_again",
    }
    for name, value in told:
        assert spec[name]["default"] == value, name


def test_the_keys_of_an_event_are_those_of_the_filter() -> None:
    listed = PAGE.partition("has these keys")[2].partition("\n\n")[0]
    assert tuple(re.findall(r"`(\w+)`", listed)) == FILTER["KEYS"]


def test_the_table_has_each_type_of_event() -> None:
    table = PAGE.partition("| AWS sends | by |")[2].partition("\n\n")[0]
    assert all(name in table for _source, name in FILTER["_READERS"])
    for states in ("_ECS_DEPLOYMENT", "_ECS_HOOK", "_ECS_ACTION", "_CODEDEPLOY", "_ALARM"):
        assert all(f"`{state}`" in table for state in FILTER[states].values()), states


def test_the_variables_of_the_example_are_a_document_that_the_rulebooks_need() -> None:
    [given] = [text for text in re.findall(r"```yaml\n(.*?)```", PAGE, re.S) if "lastgood_queue" in text]
    variables = yaml.safe_load(given)
    rulebook = (ROOT / "extensions" / "eda" / "rulebooks" / "deployments.yml").read_text(encoding="utf-8")
    needed = set(re.findall(r"\{\{ (\w+) \}\}", rulebook)) | set(re.findall(r"\bvars\.(\w+)", rulebook))
    assert needed <= set(variables)


def test_the_picture_can_be_drawn() -> None:
    picture = ElementTree.parse(ROOT / "docs" / "pictures" / "event.svg").getroot()
    assert picture.tag.endswith("svg")
    assert "pictures/event.svg" in PAGE
