# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The runbooks for other engines: they are current, and have the form that the engines document."""

from __future__ import annotations

import re
import typing as t
from pathlib import Path

import pytest
import yaml

from dev import runbooks


def load(name: str) -> t.Any:
    return yaml.safe_load((runbooks.FOLDER / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", runbooks.written(), ids=lambda path: path.name)
def test_what_is_written_is_current(path: Path) -> None:
    """If not, run `.venv/bin/python dev/runbooks.py`."""
    assert path.read_text(encoding="utf-8") == runbooks.written()[path]


def test_each_runbook_asks_for_the_same() -> None:
    known = set(runbooks.variables())
    assert {"rollback_services", "rollback_reason", "rollback_as_of"} <= known
    [job] = load("rundeck.yml")
    assert {option["name"] for option in job["options"]} - known == {"check"}
    inputs = load("github.yml")["on"]["workflow_call"]["inputs"]
    assert set(inputs) - known == {"environment", "role_to_assume"}
    parameters = load("automation.yml")["parameters"]
    assert known <= set(parameters)


def test_the_workflow_applies_only_after_the_approval() -> None:
    workflow = load("github.yml")
    plan, apply = workflow["jobs"]["plan"], workflow["jobs"]["apply"]
    assert (apply["needs"], apply["environment"]) == ("plan", "${{ inputs.environment }}")
    assert "environment" not in plan
    # A shell never reads what people enter.
    assert not any("${{" in step.get("run", "") for job in (plan, apply) for step in job["steps"])
    assert workflow["permissions"] == {"contents": "read", "id-token": "write"}


def test_the_document_has_the_form_of_schema_0_3() -> None:
    """https://docs.aws.amazon.com/systems-manager/latest/userguide/automation-actions.html: what each action needs."""
    document = load("automation.yml")
    assert document["schemaVersion"] == "0.3"
    assert set(document) == {"schemaVersion", "description", "assumeRole", "parameters", "mainSteps"}
    needed = {"aws:runCommand": {"DocumentName", "InstanceIds"}, "aws:approve": {"Approvers"}}
    for step in document["mainSteps"]:
        assert needed[step["action"]] <= set(step["inputs"])
    assert [step["action"] for step in document["mainSteps"]] == ["aws:runCommand", "aws:approve", "aws:runCommand"]
    used = set(re.findall(r"{{ (\w+) }}", (runbooks.FOLDER / "automation.yml").read_text(encoding="utf-8")))
    assert used == set(document["parameters"])
    for name in runbooks.variables():
        allowed = re.compile(document["parameters"][name]["allowedPattern"])
        assert allowed.fullmatch(document["parameters"][name].get("default", "web, worker"))
        assert not any(allowed.fullmatch(text) for text in ("it's", "a\nb", "{{ x }}"))
