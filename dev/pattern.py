# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes what is made from the surveys and job templates of ``extensions/patterns/rollback``.

That is ``meta/pattern.json``, which has to have the surveys in it, the argument specs of the playbooks, which the
specification of patterns demands, and the tables in ``docs/awx.md``. Run ``.venv/bin/python dev/pattern.py`` after a
change; ``tests/repository/test_pattern.py`` fails until then.
"""

from __future__ import annotations

import functools
import json
import re
import typing as t
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
PATTERN = ROOT / "extensions" / "patterns" / "rollback"
JSON = PATTERN / "meta" / "pattern.json"
PAGE = ROOT / "docs" / "awx.md"
BEGIN, END = "<!-- Written by dev/pattern.py. -->\n", "<!-- As far as here. -->\n"
LOOKUP = re.compile(r"'/surveys/(\w+)\.yml'")
LICENCE = """\
# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""
IMAGE = {
    "name": "lastgood.aws",
    "description": "ansible-core, amazon.aws, boto3 and lastgood.aws",
    "image_name": "lastgood/aws-ee",
    "pull": "missing",
}
# The workflow's own steps: the specification has no workflows, and without one they are of no use.
WORKFLOW = "lastgood.aws workflow"

Data = dict[str, t.Any]


class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Reads what Ansible writes as ``!unsafe``."""


class Dumper(yaml.SafeDumper):
    """Indents lists, as ansible-lint wants it."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, indentless=False)


Loader.add_constructor("!unsafe", lambda loader, node: loader.construct_scalar(t.cast(yaml.ScalarNode, node)))


@functools.cache
def load(path: Path) -> t.Any:
    """The content of a YAML file."""
    return yaml.load(path.read_text(encoding="utf-8"), Loader)


def surveys() -> dict[str, Data]:
    """All surveys, by the name of their file."""
    return {path.stem: load(path) for path in sorted((PATTERN / "surveys").glob("*.yml"))}


def templates() -> list[Data]:
    """The job templates. Each has its name and playbook as they are by default, and the name of its survey or none."""
    found = []
    prefix = load(PATTERN / "vars" / "settings.yml")["pattern_prefix"]
    for template in load(PATTERN / "vars" / "controller.yml")["controller_templates"]:
        name = template["name"].replace("{{ pattern_prefix }}", prefix)
        survey = LOOKUP.search(template.get("survey_spec", ""))
        found.append(
            {**template, "name": name, "playbook": Path(template["playbook"]).name, "survey": survey and survey[1]}
        )
    return found


def pattern() -> Data:
    """The content of pattern.json."""
    kept = [template for template in templates() if WORKFLOW not in template["labels"]]
    known = surveys()
    return {
        "schema_version": "1.0",
        "name": PATTERN.name,
        "title": "Roll AWS deployments back to the last known good version",
        "description": (
            "Takes ECS services and CodeDeploy deployment groups back to their last known good version, and says why "
            "it is that one and how it ended. Plan a rollback first to see what it would do without changing anything."
        ),
        "short_description": "Rollbacks of ECS services and CodeDeploy deployment groups",
        "tags": ["aws", "codedeploy", "deployment", "ecs", "rollback"],
        "aap_resources": {
            "controller_project": {
                "name": "lastgood.aws",
                "description": "The playbooks of the collection lastgood.aws that AAP starts",
            },
            "controller_execution_environment": IMAGE,
            "controller_labels": sorted({label for template in kept for label in template["labels"]}),
            "controller_job_templates": [
                {
                    "name": template["name"],
                    "description": template["description"],
                    "execution_environment": IMAGE["name"],
                    "playbook": template["playbook"],
                    "primary": template["playbook"] == "rollback.yml",
                    "ask_credential_on_launch": True,
                    "ask_inventory_on_launch": True,
                    "labels": template["labels"],
                    "survey": known[template["survey"]],
                }
                for template in kept
            ],
        },
    }


def pattern_text() -> str:
    return json.dumps(pattern(), indent=2, ensure_ascii=False) + "\n"


def argument_specs() -> dict[Path, str]:
    """The argument spec of each playbook that has a survey, by its path."""
    known = surveys()
    found = {}
    for template in templates():
        if template["survey"]:
            name = Path(template["playbook"]).stem
            path = PATTERN / "playbooks" / f"{name}.meta.yml"
            found[path] = _argument_spec(name, template["description"], known[template["survey"]])
    return found


def _argument_spec(name: str, description: str, survey: Data) -> str:
    options = {}
    for question in survey["spec"]:
        option = {"description": question["question_description"], "type": "str", "required": question["required"]}
        if question["type"] == "multiplechoice":
            # A variable that is required has no default, and AWX always sends the one of the survey.
            option["choices"] = question["choices"]
        options[question["variable"]] = option
    needed = {question["variable"]: "…" for question in survey["spec"] if question["required"]}
    example = [{"ansible.builtin.import_playbook": f"{name}.yml", **({"vars": needed} if needed else {})}]
    examples = yaml.dump(example, Dumper=Dumper, sort_keys=False, allow_unicode=True)
    spec = {"short_description": description, "options": options, "examples": examples}
    document = {
        "short_description": description,
        "description": f"{survey['name']}. {survey['description']}",
        "argument_specs": {name: spec},
    }
    text = yaml.dump(document, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=120)
    return f"---\n{LICENCE}\n# Written by dev/pattern.py from the survey.\n{text}"


def answer(question: Data) -> str:
    """What a question accepts, and what it is answered with if nobody touches it."""
    default = question.get("default", "")
    if question["type"] == "multiplechoice":
        return ", ".join(f"**{one}**" if one == default else one for one in question["choices"])
    text = "text" if question["required"] else "text or blank"
    return f"{text}, **{default}**" if default else text


def tables() -> str:
    """The tables of the page: for each survey, which templates ask it, and its questions."""
    asked = templates()
    parts = []
    for name, survey in surveys().items():
        by = [f'"{template["name"]}"' for template in asked if template["survey"] == name]
        lines = [f"### {survey['name']}", "", f"`surveys/{name}.yml`, asked by {' and '.join(by)}.", ""]
        lines += ["| question | variable | answer |", "|---|---|---|"]
        for question in survey["spec"]:
            what = f"**{question['question_name']}.** {question['question_description']}"
            lines.append(f"| {what} | `{question['variable']}` | {answer(question)} |")
        parts.append("\n".join([*lines, ""]))
    return "\n".join(parts)


def page_text() -> str:
    """The page with its tables as they have to be."""
    before, _begin, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _old, _end, after = rest.partition(END)
    return f"{before}{BEGIN}\n{tables()}\n{END}{after}"


@functools.cache
def written() -> dict[Path, str]:
    """All that is written, by its path."""
    return {JSON: pattern_text(), PAGE: page_text(), **argument_specs()}


def main() -> None:
    for path, text in written().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
