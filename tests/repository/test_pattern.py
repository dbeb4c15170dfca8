# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The surveys, job templates and workflow for AWX: AWX accepts them, and our playbooks read what they send."""

from __future__ import annotations

import re
import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.plugin_utils._inputs import specs
from dev import pattern
from tests.awx_survey_check import problems

SURVEYS = pattern.surveys()
TEMPLATES = pattern.templates()
CONTROLLER = pattern.load(pattern.PATTERN / "vars" / "controller.yml")
# By the name of a survey: the role and entry point that read its variables. Nobody else asks "tell".
READ_BY = {
    "deploy": ("deploy", "main"),
    "history": ("history", "main"),
    "on_event": ("on_event", "main"),
    "redeploy": ("rollback", "redeploy"),
    "restore_scaling": ("rollback", "restore_scaling"),
    "rollback": ("rollback", "main"),
    "rollback_hosts": ("rollback", "main"),
    "status": ("status", "main"),
    "undo": ("rollback", "main"),
}
# A playbook is what has such a line (valid_playbook_re in awx/main/utils/ansible.py).
PLAYBOOK = re.compile(r"^\s*-?\s*(?:hosts|(?:ansible\.builtin\.)?import_playbook):", re.MULTILINE)
NAME = re.compile(r"[a-z][a-z0-9_]*")


def extra_problems(question: dict[str, t.Any]) -> list[str]:
    """What AWX accepts, and is of no use or breaks its pages."""
    default, found = question.get("default"), []
    if not NAME.fullmatch(question["variable"]):
        found.append("the name of the variable has to be lower-case letters, digits and underscores")
    if not question.get("question_description"):
        found.append("no description")
    if not isinstance(default, str):
        found.append("no default, or one that is not a text")
    elif len(default) > question.get("max", len(default)):
        found.append("the default is longer than allowed")
    if question["type"] == "multiplechoice":
        # https://github.com/ansible/awx/issues/13640: without a default AWX cannot edit it.
        if not default:
            found.append("no choice is the default")
        if not all(isinstance(choice, str) for choice in question["choices"]):
            found.append("a choice that is not a text")
    elif question["type"] not in ("text", "textarea"):
        # A number that is left blank does not arrive; the default of a multiselect is dropped.
        found.append("neither text nor multiplechoice")
    elif question["required"] and question.get("min") != 1:
        # Otherwise AWX accepts an empty answer.
        found.append("required, but may be empty")
    return found


@pytest.mark.parametrize("name", SURVEYS)
def test_awx_accepts_the_survey(name: str) -> None:
    assert problems(SURVEYS[name]) == []
    found = {question["variable"]: extra_problems(question) for question in SURVEYS[name]["spec"]}
    assert {variable: wrong for variable, wrong in found.items() if wrong} == {}


GOOD = {"question_name": "a", "question_description": "a", "variable": "a", "required": False}
TEXT: dict[str, t.Any] = {**GOOD, "type": "text", "default": ""}
CHOICE: dict[str, t.Any] = {**GOOD, "type": "multiplechoice", "choices": ["b"], "default": "b"}


@pytest.mark.parametrize(
    ("question", "refused", "useless"),
    [
        (TEXT, False, False),
        ({**TEXT, "default": None}, True, True),
        ({**TEXT, "default": 5}, True, True),
        ({**TEXT, "required": "yes"}, True, True),
        ({**TEXT, "min": "1"}, True, False),
        ({**TEXT, "type": "boolean"}, True, True),
        ({**TEXT, "type": "integer", "default": 5}, False, True),
        ({**TEXT, "variable": "my-var"}, False, True),
        ({**TEXT, "default": "long", "max": 3}, False, True),
        ({**TEXT, "required": True}, False, True),
        ({**TEXT, "required": True, "min": 1}, False, False),
        (CHOICE, False, False),
        ({**CHOICE, "default": "c"}, True, False),
        ({**CHOICE, "default": ""}, False, True),
        ({**CHOICE, "choices": [True], "default": True}, True, True),
        ({**CHOICE, "type": "multiselect"}, False, True),
    ],
)
def test_a_bad_question_is_found(question: dict[str, t.Any], refused: bool, useless: bool) -> None:
    assert bool(problems({"name": "n", "description": "d", "spec": [question]})) == refused
    assert bool(extra_problems(question)) == useless


@pytest.mark.parametrize("name", READ_BY)
def test_our_roles_read_what_the_survey_sends(name: str) -> None:
    role, entry_point = READ_BY[name]
    known = specs.entry_points()[role][entry_point]
    for question in SURVEYS[name]["spec"]:
        variable, default = question["variable"], question["default"]
        assert variable in known, variable
        if question["type"] == "multiplechoice":
            # Whoever leaves the survey as it is gets what the command line does without options.
            assert default == str(known[variable]["default"]).lower(), variable
            documented = " ".join(known[variable]["description"])
            assert all(f"V({one})" in documented for one in question["choices"] if one not in ("true", "false"))


def test_every_survey_is_asked_by_a_template_and_read_by_something() -> None:
    asked = {template["survey"] for template in TEMPLATES if template["survey"]}
    assert asked == set(SURVEYS) == {*READ_BY, "tell"}


def test_a_workflow_takes_the_plan_from_its_first_job_only() -> None:
    """AWX prefers an answer to an artifact of the same name."""
    surveys = [pattern.LOOKUP.search(workflow["survey_spec"]) for workflow in CONTROLLER["controller_workflows"]]
    assert surveys
    for found in surveys:
        assert found
        sent = {question["variable"] for question in SURVEYS[found[1]]["spec"]}
        assert "rollback_approved_plan" not in sent
        assert not sent & {*specs.published(), "workflow_step"}
        assert sent & {"rollback_services", "rollback_deployment_group"}


@pytest.mark.parametrize("workflow", CONTROLLER["controller_workflows"], ids=lambda workflow: workflow["name"])
def test_every_way_through_the_workflow_ends_with_telling(workflow: dict[str, t.Any]) -> None:
    nodes = {node["identifier"]: node for node in workflow["workflow_nodes"]}
    templates = {template["name"]: template for template in CONTROLLER["controller_templates"]}
    assert len(nodes) == len(workflow["workflow_nodes"])
    for name, node in nodes.items():
        unified = node["unified_job_template"]
        ways = node.get("related", {})
        after = {one["identifier"] for way in ways.values() for one in way}
        assert after <= set(nodes), name
        if unified["type"] == "workflow_approval":
            assert set(ways) == {"success_nodes", "failure_nodes"}
            continue
        template = templates[unified["name"]]
        if "tell.yml" in template["playbook"]:
            assert not after
            assert node["extra_data"]["workflow_step"] in SURVEYS["tell"]["spec"][0]["choices"]
        else:
            # Without a way for it, a failure would end the workflow in silence.
            assert "always_nodes" in ways or {"success_nodes", "failure_nodes"} <= set(ways), name
    assert {node["extra_data"]["workflow_step"] for node in nodes.values() if "extra_data" in node} == set(
        SURVEYS["tell"]["spec"][0]["choices"]
    )


def test_the_page_names_what_there_is() -> None:
    page, _begin, _tables = pattern.PAGE.read_text(encoding="utf-8").partition(pattern.BEGIN)
    prefix = pattern.load(pattern.PATTERN / "vars" / "settings.yml")["pattern_prefix"]
    workflows = {one["name"].replace("{{ pattern_prefix }}", prefix) for one in CONTROLLER["controller_workflows"]}
    named = set(re.findall(f'"({prefix}[^"]+)"', page.replace("\n", " ")))
    assert named <= {*(template["name"] for template in TEMPLATES), *workflows}
    assert workflows <= named
    for path in set(re.findall(r"`((?:playbooks|inventories|surveys|vars|meta)/[\w./-]*)`", page)):
        assert (pattern.PATTERN / path).exists() or (pattern.ROOT / path).exists(), path


def test_awx_finds_every_playbook() -> None:
    folder = pattern.PATTERN / "playbooks"
    named = {template["playbook"] for template in TEMPLATES}
    found = {path.name for path in folder.glob("*.yml") if PLAYBOOK.search(path.read_text(encoding="utf-8"))}
    assert found == named
    assert {path.name for path in folder.iterdir()} - found == {path.name for path in pattern.argument_specs()}


def test_jobs_do_not_wait_for_each_other() -> None:
    """AWX would queue them by template, and a rollback of one service must not wait for that of another."""
    every = [*TEMPLATES, *CONTROLLER["controller_workflows"]]
    assert [one["name"] for one in every if one["allow_simultaneous"] is not True] == []


def test_what_changes_something_can_be_a_check() -> None:
    changing = {"deploy.yml", "on_event.yml", "redeploy.yml", "rollback.yml", "rollback_hosts.yml", "undo.yml"}
    assert {one["playbook"] for one in TEMPLATES if one.get("ask_job_type_on_launch")} == changing
    # The specification of patterns has no types of jobs, so the playbook has to see to it.
    plans = [one for one in TEMPLATES if one["playbook"] in ("plan.yml", "plan_redeploy.yml")]
    assert [one["job_type"] for one in plans] == ["check", "check"]
    for one in plans:
        [play] = pattern.load(pattern.PATTERN / "playbooks" / one["playbook"])
        assert play["check_mode"] is True


def test_the_rulebook_sends_what_the_survey_takes() -> None:
    """AWX drops everything else."""
    rulebook = pattern.load(pattern.ROOT / "extensions" / "eda" / "rulebooks" / "deployments_awx.yml")
    rules = [rule for ruleset in rulebook for rule in ruleset["rules"]]
    launched = [
        action["run_job_template"] for rule in rules for action in actions(rule) if "run_job_template" in action
    ]
    assert launched
    taken = {question["variable"] for question in SURVEYS["on_event"]["spec"]}
    needed = {question["variable"] for question in SURVEYS["on_event"]["spec"] if question["required"]}
    for one in launched:
        assert needed <= set(one["job_args"]["extra_vars"]) <= taken
        assert set(one["job_args"]) == {"extra_vars"}


def actions(rule: dict[str, t.Any]) -> list[dict[str, t.Any]]:
    """What a rule does, one thing or several."""
    return rule.get("actions") or [rule["action"]]


@pytest.mark.parametrize("path", pattern.written(), ids=lambda path: path.name)
def test_what_is_written_is_current(path: t.Any) -> None:
    """If not, run `.venv/bin/python dev/pattern.py`."""
    assert path.read_text(encoding="utf-8") == pattern.written()[path]
