# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""setup.yml of extensions/patterns/rollback, with modules in place of awx.awx's that note what they are asked for.

``awx_arguments.json`` has the arguments of the modules of awx.awx 24.6.1, which PyPI has for older versions of
ansible-core only.
"""

from __future__ import annotations

import json
import os
import re
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from jinja2 import StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from dev import pattern
from tests.awx_survey_check import problems
from tests.e2e import play
from tests.simulator_process import SimulatorProcess
from tests.world import ACCESS_KEY, SECRET_KEY

ARGUMENTS = json.loads(Path(__file__).with_name("awx_arguments.json").read_text(encoding="utf-8"))
SETUP = pattern.PATTERN / "setup.yml"
NOTES = """\
import json
import os

from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    def run(self, tmp=None, task_vars=None):
        with open(os.environ["LASTGOOD_TEST_NOTES"], "a") as file:
            file.write(json.dumps([self._task.action.rpartition(".")[2], self._task.args], default=str) + "\\n")
        return {**super().run(tmp, task_vars), "changed": True}
"""
Calls = list[tuple[str, dict[str, t.Any]]]
# What the page says to write; more than it says is given with -e.
PAGE = re.search(r"```yaml\n# settings\.yml.*?\n(.*?)```", pattern.PAGE.read_text(encoding="utf-8"), re.DOTALL)
SLICES = {"pattern_slices": "3"}


def set_up(simulator: SimulatorProcess, folder: Path, settings: str, **more: object) -> Calls:
    """What setup.yml asks for, with these settings and more."""
    plugins = folder / "ansible_collections" / "awx" / "awx" / "plugins"
    for name in ARGUMENTS:
        for kind, text in (("modules", ""), ("action", NOTES)):
            (plugins / kind).mkdir(parents=True, exist_ok=True)
            (plugins / kind / f"{name}.py").write_text(text)
    notes = folder / "notes"
    env = {
        "ANSIBLE_COLLECTIONS_PATH": f"{folder}{os.pathsep}{play.TEST_COLLECTIONS}{os.pathsep}{play.COLLECTIONS}",
        "LASTGOOD_TEST_NOTES": str(notes),
        "SLACK_TOKEN": "xoxb-1",
    }
    file = folder / "settings.yml"
    file.write_text(settings)
    done = play.run(simulator.url, SETUP, "-e", f"@{file}", "-e", json.dumps(more), env=env)
    assert done.rc == 0, done.stdout + done.stderr
    for secret in (SECRET_KEY, "xoxb-1"):
        assert secret not in done.stdout + done.stderr
    return [tuple(json.loads(line)) for line in notes.read_text().splitlines()]


@pytest.fixture(scope="module")
def calls(simulator: SimulatorProcess, tmp_path_factory: pytest.TempPathFactory) -> Calls:
    assert PAGE
    return set_up(simulator, tmp_path_factory.mktemp("awx"), PAGE[1], **SLICES)


def all_of(calls: Calls, module: str) -> dict[str, dict[str, t.Any]]:
    """The arguments of one module's calls, by name."""
    return {arguments["name"]: arguments for name, arguments in calls if name == module}


def test_the_modules_take_their_arguments(calls: Calls) -> None:
    for module, arguments in calls:
        validated = ArgumentSpecValidator(ARGUMENTS[module]).validate(arguments)
        assert validated.error_messages == [], (module, arguments["name"])
    counted = {module: len(all_of(calls, module)) for module in ARGUMENTS}
    once = dict.fromkeys(ARGUMENTS, 1)
    assert counted == {**once, "label": 2, "job_template": len(pattern.templates()), "workflow_job_template": 2}


def test_everything_that_is_named_was_created_before(calls: Calls) -> None:
    named = {
        "project": "project",
        "source_project": "project",
        "inventory": "inventory",
        "credential": "credential",
        "credentials": "credential",
        "credential_type": "credential_type",
        "labels": "label",
        "execution_environment": "execution_environment",
        "notification_templates_success": "notification_template",
        "notification_templates_error": "notification_template",
        "notification_templates_approvals": "notification_template",
    }
    created: set[tuple[str, str]] = set()
    for module, arguments in calls:
        for argument, kind in named.items():
            value = arguments.get(argument) or []
            for name in [value] if isinstance(value, str) else value:
                assert (kind, name) in created, (module, argument)
        for node in arguments.get("workflow_nodes", ()):
            unified = node["unified_job_template"]
            if unified["type"] == "job_template":
                assert ("job_template", unified["name"]) in created
        created.add((module, arguments["name"]))


def test_the_page_sets_what_there_is(calls: Calls) -> None:
    assert PAGE
    known = pattern.load(pattern.PATTERN / "vars" / "settings.yml")
    assert {*yaml.safe_load(PAGE[1]), *SLICES} <= set(known)
    [credential] = all_of(calls, "credential").values()
    assert credential["inputs"] == {
        "access_key": ACCESS_KEY,
        "secret_key": SECRET_KEY,
        "session_token": "",
        "region": "eu-central-1",
        "role_arn": "arn:aws:iam::123456789012:role/rollback",
        "external_id": "",
    }
    [kind] = all_of(calls, "credential_type").values()
    assert kind == pattern.load(pattern.PATTERN / "vars" / "controller.yml")["controller_credential_types"][0] | {
        "name": "Rollback: AWS with Region and role"
    }
    [notification] = all_of(calls, "notification_template").values()
    assert notification["notification_configuration"] == {"token": "xoxb-1", "channels": ["#releases"]}
    # For AWX to fill in, so Ansible must not.
    assert "job.artifacts.workflow_summary" in notification["messages"]["error"]["message"].replace("\n", " ")
    [project] = all_of(calls, "project").values()
    assert project["scm_url"] == "https://git.shop.example/rollbacks.git"


def test_surveys_arrive_as_they_are_in_their_files(calls: Calls) -> None:
    templates = all_of(calls, "job_template")
    for template in pattern.templates():
        given = templates[template["name"]]
        assert given["playbook"].rpartition("/")[2] == template["playbook"]
        if template["survey"]:
            assert given["survey_spec"] == pattern.surveys()[template["survey"]]
            assert problems(given["survey_spec"]) == []
        assert given["survey_enabled"] == bool(template["survey"])
    workflows = all_of(calls, "workflow_job_template").values()
    assert [one["survey_spec"] for one in workflows] == [pattern.surveys()[name] for name in ("rollback", "redeploy")]


def test_slices_are_counted_once(calls: Calls) -> None:
    """AWX is asked for as many as the playbook is."""
    sliced = [one for one in all_of(calls, "job_template").values() if "job_slice_count" in one]
    # Before ansible-core 2.19 a template gives text, which the modules of awx.awx and the role take as a number.
    assert [(int(one["job_slice_count"]), list(one["extra_vars"])) for one in sliced] == [(3, ["rollback_slices"])]
    assert int(sliced[0]["extra_vars"]["rollback_slices"]) == 3


def test_without_settings_nothing_is_created_that_needs_them(simulator: SimulatorProcess, tmp_path: Path) -> None:
    calls = set_up(simulator, tmp_path, "pattern_credential: ''")
    for module in ("credential", "execution_environment", "notification_template"):
        assert all_of(calls, module) == {}
    for template in all_of(calls, "job_template").values():
        assert "execution_environment" not in template
        assert template["credentials"] == []
        assert template.get("notification_templates_error", []) == []


@pytest.mark.parametrize(
    ("artifacts", "line"),
    [
        ({"rollback_summary": '[web] "rolled_back": web:3 → web:1'}, '[web] "rolled_back": web:3 → web:1'),
        ({"rollback_summary": "planned", "workflow_summary": "not approved"}, "not approved"),
        ({"deploy_summary": "[web] deployed"}, "[web] deployed"),
        # What AWX tries a template with before it accepts it.
        ({}, ""),
    ],
)
def test_messages_have_the_line_of_the_job(artifacts: dict[str, str], line: str) -> None:
    texts = pattern.load(pattern.PATTERN / "vars" / "notifications.yml")
    # As AWX renders them (awx/main/models/notifications.py).
    sandbox = ImmutableSandboxedEnvironment(undefined=StrictUndefined)
    job = {"id": 4711, "name": "Rollback: tell how it ended", "status": "failed", "artifacts": artifacts}
    context = {"job": job, "job_friendly_name": "Job", "url": "https://awx.example/#/jobs/4711"}
    text = sandbox.from_string(texts["pattern_job_text"]).render(context)
    assert text == (
        f"Job #4711 Rollback: tell how it ended failed: {line or 'no summary, see the output'} "
        "https://awx.example/#/jobs/4711"
    )
    sent = json.loads(sandbox.from_string(texts["pattern_job_json"]).render(context))
    assert (sent["summary"], sent["status"], sent["job"]) == (line, "failed", 4711)


def test_approvals_have_the_link() -> None:
    texts = pattern.load(pattern.PATTERN / "vars" / "notifications.yml")
    sandbox = ImmutableSandboxedEnvironment(undefined=StrictUndefined)
    link = "https://awx.example/#/jobs/workflow/4700"
    context = {"approval_node_name": "Approve the rollback", "approval_status": "pending", "workflow_url": link}
    assert set(texts["pattern_approval_texts"]) == {"running", "approved", "denied", "timed_out"}
    for text in texts["pattern_approval_texts"].values():
        assert sandbox.from_string(text).render(context).endswith(link)
    sent = json.loads(sandbox.from_string(texts["pattern_approval_json"]).render(context))
    assert sent == {"approval": "Approve the rollback", "status": "pending", "url": link}
