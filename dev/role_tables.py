# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes the table of variables at the end of each role's README.md, from its meta/argument_specs.yml.

``.venv/bin/python dev/role_tables.py`` brings them up to date.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
HEADING = "## Variables\n"
# What matters in an emergency comes first, in this order. Without a list here, the order of the specification holds.
FIRST = {
    "rollback": (
        *("rollback_cluster", "rollback_services", "rollback_reason", "rollback_revision", "rollback_as_of"),
        *("rollback_in_flight", "rollback_suspend_auto_scaling", "rollback_checks", "rollback_wait_timeout"),
        "rollback_undo",
    ),
}


def plain(text: str) -> str:
    """Ansible's markup as Markdown, for a cell of a table."""
    text = re.sub(r"\b[CVOE]\(((?:[^()\\]|\\.)*)\)", r"`\1`", text)
    text = re.sub(r"`[\w.]+#\w+:(\w+)`", r"`\1`", text)
    text = re.sub(r"\bM\(([^)]*)\)", r"`\1`", text)
    return text.replace("|", "\\|").replace("\n", " ")


def row(name: str, option: dict[str, Any]) -> str:
    """One variable: its name, its default and the first paragraph of its description."""
    default = option.get("default")
    shown = "required" if option.get("required") else "" if default in (None, "") else f"`{yaml_of(default)}`"
    said = option["description"]
    return f"| `{name}` | {shown} | {plain(said if isinstance(said, str) else said[0])} |"


def yaml_of(value: Any) -> str:
    """A default as it is written in YAML, on one line."""
    return yaml.safe_dump(value, default_flow_style=True, width=1000).partition("\n")[0]


def table(role: str) -> str:
    """The section of a role's README.md with all its variables."""
    spec = yaml.safe_load((ROOT / "roles" / role / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))
    options: dict[str, Any] = {}
    for entry in spec["argument_specs"].values():
        # A variable of several entry points is described as for the first of them, `main`.
        options = {**entry.get("options", {}), **options}
    options = {name: options[name] for entry in spec["argument_specs"].values() for name in entry.get("options", {})}
    first = FIRST.get(role, ())
    names = [*first, *(name for name in options if name not in first)]
    head = "| variable | default | what it does |\n|---|---|---|\n"
    more = f"`ansible-doc -t role lastgood.aws.{role}` has all of it.\n\n"
    return f"{HEADING}\n{more}{head}" + "".join(row(name, options[name]) + "\n" for name in names)


def readme(role: str) -> str:
    """What the role's README.md should be."""
    text = (ROOT / "roles" / role / "README.md").read_text(encoding="utf-8")
    return text.partition(HEADING)[0].rstrip("\n") + "\n\n" + table(role)


def roles() -> list[str]:
    """All roles of the collection."""
    return sorted(path.parents[1].name for path in ROOT.glob("roles/*/meta/argument_specs.yml"))


if __name__ == "__main__":
    for name in roles():
        (ROOT / "roles" / name / "README.md").write_text(readme(name), encoding="utf-8")
