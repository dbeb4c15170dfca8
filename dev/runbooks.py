# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes the runbooks for other engines in ``extensions/runbooks`` from the argument spec of the role rollback.

Run ``.venv/bin/python dev/runbooks.py`` after a change; ``tests/repository/test_runbooks.py`` fails until then.
"""

from __future__ import annotations

import re
import typing as t
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "extensions" / "runbooks"
SPECS = ROOT / "roles" / "rollback" / "meta" / "argument_specs.yml"
# Of the playbook for hosts of an inventory, of files on the machine, or filled by the runbook itself.
LEFT_OUT = {
    *("rollback_hosts", "rollback_serial", "rollback_config", "rollback_report", "rollback_slices"),
    *("rollback_approved_plan", "rollback_before_tasks", "rollback_after_tasks"),
    *("rollback_slack_url", "rollback_teams_url", "rollback_pagerduty_routing_key", "rollback_pagerduty_url"),
    "rollback_webhook_url",
}
HEAD = """\
# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Written by dev/runbooks.py from the argument spec of the role rollback.
"""
# What a variable in an environment is called, and what it holds, so that no shell reads what people enter. A text that
# is !unsafe is no template for Ansible either.
WRITE = """\
python3 -c '
import json, os
for name, value in sorted(os.environ.items()):
    if name.startswith("PREFIX_ROLLBACK_") and value.strip():
        print(name.removeprefix("PREFIX_").lower() + ": !unsafe " + json.dumps(value, ensure_ascii=False))
'"""
# The line with what set_stats has published, as ansible-core's own callback prints it, becomes the plan, and a summary
# for whoever approves it.
TAKE_PLAN = """
import json
found = {}
for line in open("run.log"):
    if line.startswith("\\tRUN: "):
        found = json.loads(line.partition(": ")[2])
json.dump(found.get("rollback_plan", {}), open("plan.json", "w"))
print(found.get("rollback_summary", "There is no plan"))
"""
PLAN = "ANSIBLE_SHOW_CUSTOM_STATS=true ANSIBLE_NOCOLOR=true ansible-playbook lastgood.aws.rollback --check --diff"
GIVE_PLAN = ["{ printf 'rollback_approved_plan: '; cat plan.json; } > approved.json"]

Data = dict[str, t.Any]


class Text(str):
    """Written as a block."""


class Dumper(yaml.SafeDumper):
    """Indents lists, as yamllint wants it."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, indentless=False)


Dumper.add_representer(Text, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|"))


def variables() -> dict[str, Data]:
    """The variables that a runbook asks for, with their attributes."""
    spec = yaml.safe_load(SPECS.read_text(encoding="utf-8"))["argument_specs"]["main"]["options"]
    return {name: attributes for name, attributes in spec.items() if name not in LEFT_OUT}


def description(attributes: Data) -> str:
    """What a variable is for, without the markup of Ansible's documentation."""
    text = " ".join(attributes["description"])
    return re.sub(r"\b[A-Z]\(([^()]*)\)", r"\1", text)


def default(attributes: Data) -> str:
    """The default as text."""
    value = attributes.get("default")
    return "" if value in (None, []) else str(value).lower() if isinstance(value, bool) else str(value)


def script(*lines: str, prefix: str) -> str:
    """A script that writes the variables of its environment to a file and runs these commands with it."""
    write = WRITE.replace("PREFIX", prefix)
    before = ["set -eu", "umask 077", "vars=$(mktemp)", "trap 'rm -f \"$vars\"' EXIT", f'{write} > "$vars"']
    return "\n".join([*before, *lines]) + "\n"


def rundeck() -> t.Any:
    """A job. A script gets its options as RD_OPTION_NAME: https://docs.rundeck.com/docs/manual/job-options.html."""
    options: list[Data] = []
    for name, attributes in variables().items():
        option: Data = {"name": name, "description": description(attributes)}
        if default(attributes):
            option["value"] = default(attributes)
        if isinstance(attributes.get("default"), bool):
            option |= {"values": ["true", "false"], "enforced": True}
        if name == "rollback_services":
            option["required"] = True
        options.append(option)
    options.append(
        {
            "name": "check",
            "description": "Whether it is only shown what would be done.",
            "required": True,
            "value": "true",
            "values": ["true", "false"],
            "enforced": True,
        }
    )
    command = script(
        'if [ "${RD_OPTION_CHECK:-true}" = false ]; then set --; else set -- --check --diff; fi',
        'ansible-playbook lastgood.aws.rollback -e "@$vars" "$@"',
        prefix="RD_OPTION",
    )
    return [
        {
            "name": "Roll back ECS services",
            "group": "lastgood.aws",
            "description": "Takes ECS services back to their last known good version. A check changes nothing.",
            "loglevel": "INFO",
            "multipleExecutions": True,
            "options": options,
            "sequence": {
                "keepgoing": False,
                "strategy": "node-first",
                "commands": [{"description": "Roll back", "script": Text(command)}],
            },
        }
    ]


def github() -> Data:
    """A reusable workflow: https://docs.github.com/actions/sharing-automations/reusing-workflows."""
    inputs: Data = {
        "environment": {
            "description": "The environment whose reviewers approve the plan.",
            "required": True,
            "type": "string",
        },
        "role_to_assume": {"description": "The ARN of the IAM role.", "required": True, "type": "string"},
    }
    env = {}
    for name, attributes in variables().items():
        needed = name in ("rollback_services", "rollback_region")
        inputs[name] = {"description": description(attributes), "required": needed, "type": "string"}
        if not needed:
            inputs[name]["default"] = default(attributes)
        env[f"INPUT_{name.upper()}"] = f"${{{{ inputs.{name} }}}}"
    prepare: list[Data] = [
        {
            "uses": "aws-actions/configure-aws-credentials@v4",
            "with": {"role-to-assume": "${{ inputs.role_to_assume }}", "aws-region": "${{ inputs.rollback_region }}"},
        },
        {
            "name": "Install",
            "run": Text("pip install ansible boto3\nansible-galaxy collection install lastgood.aws\n"),
        },
    ]
    plan = script(
        f'{PLAN} -e "@$vars" > run.log || failed=$?',
        "cat run.log",
        f"python3 -c '{TAKE_PLAN}' >> \"$GITHUB_STEP_SUMMARY\"",
        'exit "${failed:-0}"',
        prefix="INPUT",
    )
    # Beside a plan, variables that agree with it may be given, and what a plan does not say has to be.
    apply = script(
        *GIVE_PLAN,
        'ansible-playbook lastgood.aws.rollback -e "@$vars" -e @approved.json',
        prefix="INPUT",
    )
    return {
        "name": "Roll back ECS services",
        "on": {"workflow_call": {"inputs": inputs}},
        "permissions": {"contents": "read", "id-token": "write"},
        "jobs": {
            "plan": {
                "runs-on": "ubuntu-latest",
                "steps": [
                    *prepare,
                    {"name": "Plan", "env": env, "run": Text(plan)},
                    {"uses": "actions/upload-artifact@v4", "with": {"name": "rollback-plan", "path": "plan.json"}},
                ],
            },
            "apply": {
                "needs": "plan",
                "runs-on": "ubuntu-latest",
                "environment": "${{ inputs.environment }}",
                "steps": [
                    *prepare,
                    {"uses": "actions/download-artifact@v4", "with": {"name": "rollback-plan"}},
                    {"name": "Carry out the plan that was approved", "env": env, "run": Text(apply)},
                ],
            },
        },
    }


def automation() -> Data:
    """A document of AWS Systems Manager Automation, schema 0.3.

    https://docs.aws.amazon.com/systems-manager/latest/userguide/documents-schemas-features.html. Its parameters are put
    into the script as they are, so none may have a quote, a brace or a line break in it.
    """
    allowed = "^[^'{}\\r\\n]*$"
    parameters: Data = {
        "InstanceId": {"type": "String", "description": "The instance with ansible and lastgood.aws that runs it."},
        "Approvers": {"type": "StringList", "description": "Who approves the plan: users, roles or their ARNs."},
        "TopicArn": {"type": "String", "description": "The SNS topic that approvers hear of it through."},
        "AutomationAssumeRole": {"type": "String", "description": "The role that Automation assumes.", "default": ""},
    }
    lines = []
    for name, attributes in variables().items():
        parameters[name] = {"type": "String", "description": description(attributes), "allowedPattern": allowed}
        if name not in ("rollback_services", "rollback_region"):
            parameters[name]["default"] = default(attributes)
        lines.append(f"{name}: !unsafe '{{{{ {name} }}}}'")
    folder = "/var/tmp/lastgood-{{ automation:EXECUTION_ID }}"
    plan = [
        "set -eu",
        "umask 077",
        f"mkdir {folder}",
        f"cd {folder}",
        "cat > vars.yml <<'END OF THE VARIABLES'",
        *lines,
        "END OF THE VARIABLES",
        "failed=0",
        f"{PLAN} -e @vars.yml > run.log || failed=$?",
        "cat run.log",
        f"python3 -c '{TAKE_PLAN}'",
        'exit "$failed"',
    ]
    apply = [
        "set -eu",
        f"cd {folder}",
        *GIVE_PLAN,
        "ansible-playbook lastgood.aws.rollback -e @vars.yml -e @approved.json",
    ]
    return {
        "schemaVersion": "0.3",
        "description": "Takes ECS services back to their last known good version, once somebody has approved the plan.",
        "assumeRole": "{{ AutomationAssumeRole }}",
        "parameters": parameters,
        "mainSteps": [
            _command("plan", plan),
            {
                "name": "approve",
                "action": "aws:approve",
                "onFailure": "Abort",
                "inputs": {
                    "NotificationArn": "{{ TopicArn }}",
                    "Message": "Roll back {{ rollback_services }}? The output of the step plan says how.",
                    "MinRequiredApprovals": 1,
                    "Approvers": "{{ Approvers }}",
                },
            },
            {**_command("apply", apply), "isEnd": True},
        ],
    }


def _command(name: str, lines: list[str]) -> Data:
    return {
        "name": name,
        "action": "aws:runCommand",
        "onFailure": "Abort",
        "inputs": {
            "DocumentName": "AWS-RunShellScript",
            "InstanceIds": ["{{ InstanceId }}"],
            "Parameters": {"commands": lines, "executionTimeout": "7200"},
        },
    }


def written() -> dict[Path, str]:
    """All that is written, by its path."""
    documents = {"rundeck.yml": rundeck(), "github.yml": github(), "automation.yml": automation()}
    return {FOLDER / name: _text(document) for name, document in documents.items()}


def _text(document: t.Any) -> str:
    return f"---\n{HEAD}\n" + yaml.dump(document, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=118)


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for path, text in written().items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
