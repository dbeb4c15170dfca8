# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes docs/troubleshooting.md: each outcome and each finding, what it means, what was changed, what to do.

Which of them exist, and how severe a finding can be, is read from the code (``dev/findings.py``). What is said about
them is in ``dev/troubleshooting.yml``. Run ``.venv/bin/python -m dev.troubleshooting`` after a change;
``tests/repository/test_troubleshooting.py`` fails until then.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import yaml

from dev.findings import PLUGINS, ROOT, SEVERITIES, Code, Found, Module, of_the_collection

PAGE = ROOT / "docs" / "troubleshooting.md"
TEXTS = ROOT / "dev" / "troubleshooting.yml"
# By the folders of ``plugins/`` that make a finding.
SEVERAL = "More than one of the following"
SECTIONS = {
    SEVERAL: (),
    "ECS services": ("_ecs", "_status"),
    "Deployment groups of CodeDeploy": ("_codedeploy",),
    "Auto scaling": ("_scaling",),
    "Files on instances": ("_content", "_results"),
}
HEAD = """\
<!--
Copyright (c) 2026, The lastgood.aws authors
GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
SPDX-License-Identifier: GPL-3.0-or-later
-->
<!-- Written by dev/troubleshooting.py. Change dev/troubleshooting.yml. -->

# Troubleshooting by outcome

The last line of a run says its outcome, as in `[web] refused: …`. The word is also in `rollback_outcome` and in the
result of each service. Look it up here. Then look up the `findings` of the service in [the tables below](#findings).
Each has a name in `check`, a severity, and a message with the details.

Running the same command again is always safe. It finds the work done, follows what is under way, or finishes what was
left half done.

Variables are named as for the playbooks. In a task of your own, the module's option is the same word without
`rollback_` or `deploy_`: `rollback_force=again` is `force: [again]`.

"""
FINDINGS = """\
## Findings

| severity | what it means for the run |
|---|---|
| `block` | Refused: nothing was written for this service or group. `stopped_then_refused` is the one exception |
| `block*` | The same, but it is a forecast: with `rollback_checks=warn` it is a warning, and the run goes ahead |
| `warn` | The run went on. Something is wrong, doubtful, or could not be done |
| `unknown` | The run went on. Something could not be read, and does not count as fine. A missing permission is named |
| `info` | The run went on. Good to know |

[What is checked before the first write](pre-flight.md) has the sources of the checks, and
[what each permission buys](permissions.md) what it costs to lack one.

"""


def texts() -> dict[str, Any]:
    """What is said about outcomes and findings."""
    loaded: dict[str, Any] = yaml.safe_load(TEXTS.read_text(encoding="utf-8"))
    return loaded


def outcomes_of(group: dict[str, Any]) -> list[str]:
    """The outcomes that the code can return, for a group of ``texts()``."""
    if "documented" in group:
        path = PLUGINS / "modules" / f"{group['documented']}.py"
        module = Module(path, path.read_text(encoding="utf-8"))
        returned = yaml.safe_load(ast.literal_eval(module.constants["RETURN"]))
        return list(dict.fromkeys(re.findall(r"\bV\((\w+)\)", " ".join(returned["outcome"]["description"]))))
    path = PLUGINS / group["code"]
    return _literals(of_the_collection(), Module(path, path.read_text(encoding="utf-8")), "Outcome")


def _literals(code: Code, module: Module, name: str) -> list[str]:
    """The members of a Literal, or of a Union of Literals and other such types."""
    if name not in module.constants:
        home, original = module.imports[name]
        path = ROOT.joinpath(*home.split(".")[3:]).with_suffix(".py")
        return _literals(code, code.modules[path], original)
    return _members(code, module, module.constants[name])


def _members(code: Code, module: Module, node: ast.expr) -> list[str]:
    if isinstance(node, ast.Constant):
        return [str(node.value)]
    if isinstance(node, ast.Name):
        return _literals(code, module, node.id)
    if isinstance(node, ast.Attribute):
        home, value = code.constant(module, node)
        return _members(code, home, value)
    if not isinstance(node, ast.Subscript):
        raise TypeError(f"{module.path}: {ast.unparse(node)} is not a type of literals")
    inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    return [name for part in inner for name in _members(code, module, part)]


def foreseen() -> set[str]:
    """The checks of which ``checks: warn`` makes warnings."""
    path = PLUGINS / "module_utils" / "_ecs" / "checks" / "settings.py"
    value = Module(path, path.read_text(encoding="utf-8")).constants["_FORESEEN"]
    return {node.value for node in ast.walk(value) if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def section_of(found: Found) -> str:
    """The heading that a finding comes under. What only shared folders make, any part of the collection can find."""
    folders = {part for file in found.files for part in Path(file).parts}
    titles = [title for title, names in SECTIONS.items() if folders & set(names)]
    return titles[0] if len(titles) == 1 else SEVERAL


def _severity(name: str, found: Found, forecasts: set[str]) -> str:
    shown = [
        f"{one}*" if one == "block" and name in forecasts else one for one in SEVERITIES if one in found.severities
    ]
    return ", ".join(shown)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _outcomes(group: dict[str, Any]) -> str:
    text = f"## {group['title']}\n\n{_cell(group['of'])}\n\n"
    if group.get("sections"):
        for name, entry in group["outcomes"].items():
            text += f"### `{name}`\n\n{_cell(entry['means'])}\n\n"
            text += f"* **Changed:** {_cell(entry['changed'])}\n* **What to do:** {_cell(entry['do'])}\n\n"
        return text
    text += "| outcome | what it means | what was changed | what to do |\n|---|---|---|---|\n"
    for name, entry in group["outcomes"].items():
        text += f"| `{name}` | {_cell(entry['means'])} | {_cell(entry['changed'])} | {_cell(entry['do'])} |\n"
    return f"{text}\n"


def _findings(said: dict[str, Any]) -> str:
    found, forecasts, text = of_the_collection().findings(), foreseen(), FINDINGS
    for title in SECTIONS:
        text += f"### {title}\n\n| finding | severity | what it means | what to do |\n|---|---|---|---|\n"
        for name in sorted(name for name in found if section_of(found[name]) == title):
            entry = said[name]
            severity = _severity(name, found[name], forecasts)
            text += f"| `{name}` | {severity} | {_cell(entry['means'])} | {_cell(entry['do'])} |\n"
        text += "\n"
    return text


def page() -> str:
    """The page as it should be. Raises KeyError for a finding of the code that nothing is said about."""
    said = texts()
    return (
        HEAD + "".join(_outcomes(group) for group in said["outcomes"]) + _findings(said["findings"])
    ).rstrip() + "\n"


def main() -> None:
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
