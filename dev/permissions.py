# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes the least policies in docs/policies/, and what docs/permissions.md says of them, from dev/permissions.yml.

``.venv/bin/python dev/permissions.py`` brings them up to date. ``.venv/bin/python dev/permissions.py --seen`` compares
dev/permissions.yml with what the last run of the module tests saw.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT / "dev" / "permissions.yml"
PAGE = ROOT / "docs" / "permissions.md"
POLICIES = ROOT / "docs" / "policies"
SEEN = ROOT / ".build" / "permissions"
# It takes tags along.
REGISTERS = "ecs:RegisterTaskDefinition"
BEGIN, END = "<!-- dev/permissions.py writes what follows -->\n", "<!-- to here -->\n"
# Ours; what a service tags its resources with otherwise is none of our business.
OUR_TAGS = "lastgood:*"
Policy = dict[str, Any]


class Group(NamedTuple):
    """Permissions that belong together: a statement of a policy, or several if their conditions differ."""

    sid: str
    buys: str
    actions: tuple[str, ...]


def read() -> dict[str, Any]:
    """The file that people write."""
    data: dict[str, Any] = yaml.safe_load(DATA.read_text(encoding="utf-8"))
    return data


def groups_of(data: Mapping[str, Any], name: str) -> list[Group]:
    """What a module or playbook may need, in the order of the statements. Each group stands by itself."""
    found = data["modules"].get(name) or _together(data, data["playbooks"][name])
    order = list(data["statements"])
    return [
        Group(sid, data["statements"][sid], tuple(sorted(set(found[sid])))) for sid in sorted(found, key=order.index)
    ]


def _together(data: Mapping[str, Any], playbook: Mapping[str, Any]) -> dict[str, list[str]]:
    """A playbook needs what its modules need. All of a module that only an option calls belongs to that option."""
    found: dict[str, list[str]] = {}
    for module in playbook["modules"]:
        for sid, actions in data["modules"][module].items():
            found.setdefault(sid, []).extend(actions)
    for sid, module in playbook.get("options", {}).items():
        found.setdefault(sid, []).extend(action for actions in data["modules"][module].values() for action in actions)
    return {**found, **playbook.get("more", {})}


def listed(data: Mapping[str, Any]) -> dict[str, set[str]]:
    """By module and playbook, everything that it may need."""
    names = [*data["modules"], *data["playbooks"]]
    return {name: {action for group in groups_of(data, name) for action in group.actions} for name in names}


def statements(data: Mapping[str, Any], name: str, groups: Iterable[Group]) -> Iterator[Policy]:
    """Those of a policy: a group has one for each condition that AWS supports."""
    passed_to = data["passed_to_others"].get(name, data["passed_to"])
    for group in groups:
        split: dict[str, list[str]] = {}
        for action in group.actions:
            split.setdefault(_condition(data, action), []).append(action)
        for condition, actions in split.items():
            yield _statement(group.sid, condition, actions, passed_to)
        if REGISTERS in group.actions:
            yield _at_creation(group.sid)


def _condition(data: Mapping[str, Any], action: str) -> str:
    if action == "iam:PassRole":
        return "PassRole"
    if action in data["our_tags"]:
        return "Tags"
    return "InCluster" if action in data["in_a_cluster"] else ""


def _at_creation(sid: str) -> Policy:
    """What a new resource is tagged with is a right of its own.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/supported-iam-actions-tagging.html
    """
    condition = {"StringEquals": {"ecs:CreateAction": REGISTERS.removeprefix("ecs:")}}
    return {
        "Sid": f"{sid}AtCreation",
        "Effect": "Allow",
        "Action": ["ecs:TagResource"],
        "Resource": "*",
        "Condition": condition,
    }


def _statement(sid: str, condition: str, actions: list[str], passed_to: list[str]) -> Policy:
    statement: Policy = {"Sid": sid + condition, "Effect": "Allow", "Action": actions, "Resource": "*"}
    if condition == "InCluster":
        statement["Condition"] = {"ArnLike": {"ecs:cluster": "arn:*:ecs:*:*:cluster/*"}}
    elif condition == "Tags":
        statement["Condition"] = {"ForAllValues:StringLike": {"aws:TagKeys": OUR_TAGS}}
    elif condition == "PassRole":
        statement["Resource"] = "arn:*:iam::*:role/*"
        statement["Condition"] = {"StringEquals": {"iam:PassedToService": passed_to}}
    return statement


def policy(data: Mapping[str, Any], name: str) -> Policy:
    """The policy of a module or playbook: the least, and a statement for each thing that more permissions buy."""
    return {"Version": "2012-10-17", "Statement": list(statements(data, name, groups_of(data, name)))}


def as_json(document: Policy) -> str:
    """As it stands in docs/policies/."""
    return json.dumps(document, indent=2) + "\n"


def as_hcl(name: str, document: Policy) -> str:
    """The same for Terraform."""
    lines = [
        # The licence of this file.
        *Path(__file__).read_text(encoding="utf-8").splitlines()[:3],
        "",
        f"# dev/permissions.py writes this: what {name} of lastgood.aws needs, see docs/permissions.md.",
        "",
        f'data "aws_iam_policy_document" "lastgood_{name}" {{',
    ]
    for number, statement in enumerate(document["Statement"]):
        lines += [""] if number else []
        lines += ["  statement {", f'    sid = "{statement["Sid"]}"', ""]
        lines += ["    actions = [", *(f'      "{action}",' for action in statement["Action"]), "    ]", ""]
        lines += [f'    resources = ["{statement["Resource"]}"]']
        for test, keys in statement.get("Condition", {}).items():
            for key, values in keys.items():
                given = ", ".join(f'"{value}"' for value in ([values] if isinstance(values, str) else values))
                lines += ["", "    condition {", f'      test     = "{test}"', f'      variable = "{key}"']
                lines += [f"      values   = [{given}]", "    }"]
        lines += ["  }"]
    return "\n".join([*lines, "}", ""])


def files(data: Mapping[str, Any]) -> dict[Path, str]:
    """What should be in docs/policies/."""
    found = {}
    for name in (*data["playbooks"], *data["modules"]):
        document = policy(data, name)
        found[POLICIES / f"{name}.json"] = as_json(document)
        found[POLICIES / f"{name}.tf"] = as_hcl(name, document)
    return found


def table(data: Mapping[str, Any], names: Iterable[str]) -> str:
    """A row for each module or playbook: its statements, and where the policies are."""
    rows = ["| policy of | statements | |", "|---|---|---|"]
    for name in names:
        shown = ", ".join(f"`{group.sid}`" for group in groups_of(data, name))
        rows.append(f"| `{name}` | {shown} | [JSON](policies/{name}.json), [Terraform](policies/{name}.tf) |")
    return "\n".join(rows) + "\n"


def bought(data: Mapping[str, Any]) -> str:
    """What each statement is for."""
    rows = ["| statement | what it is for |", "|---|---|"]
    rows += [f"| `{sid}` | {text} |" for sid, text in data["statements"].items()]
    return "\n".join(rows) + "\n"


def section(data: Mapping[str, Any]) -> str:
    """The part of the page that is written by this program."""
    parts = [
        "### Playbooks\n",
        table(data, data["playbooks"]),
        "### Modules and the inventory plugin\n",
        table(data, data["modules"]),
        "### What the statements are for\n",
        bought(data),
    ]
    return "\n".join(parts)


def page(data: Mapping[str, Any]) -> str:
    """What docs/permissions.md should be."""
    before, begin, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    if not begin or END not in rest:
        raise SystemExit(f"{PAGE} does not say where this part of it begins and ends")
    return f"{before}{BEGIN}\n{section(data)}\n{END}{rest.partition(END)[2]}"


def seen() -> dict[str, set[str]]:
    """What the last run of the module tests saw: by module, the actions."""
    found: dict[str, set[str]] = {}
    for file in sorted(SEEN.glob("module-*.json")):
        for name, actions in json.loads(file.read_text(encoding="utf-8")).items():
            found.setdefault(name, set()).update(actions)
    return found


def unlisted(data: Mapping[str, Any], needed: Mapping[str, Iterable[str]]) -> list[str]:
    """What was seen and is not in the file. Everybody may ask who they are, whatever their policies."""
    known = listed(data)
    found = ((name, action) for name, actions in sorted(needed.items()) for action in sorted(actions))
    return [
        f"{name}: {action}"
        for name, action in found
        # https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
        if action not in known.get(name, set()) and action != "sts:GetCallerIdentity"
    ]


def unseen(data: Mapping[str, Any], needed: Mapping[str, Iterable[str]]) -> list[str]:
    """What is in the file, and no module was seen to need it.

    Modules share their checks, which are not tested with each of them: it is enough that one of them was seen.
    """
    found = {action for actions in needed.values() for action in actions} | set(data["unseen"])
    known = listed(data)
    return [f"{name}: {action}" for name in sorted(data["modules"]) for action in sorted(known[name] - found)]


def main(arguments: list[str]) -> None:
    data = read()
    if arguments == ["--seen"]:
        lines = [f"not listed: {line}" for line in unlisted(data, seen())]
        lines += [f"never seen: {line}" for line in unseen(data, seen())]
        print("\n".join(lines) or "dev/permissions.yml lists what the tests saw")
        return
    POLICIES.mkdir(exist_ok=True)
    wanted = files(data)
    for old in set(POLICIES.iterdir()) - set(wanted):
        old.unlink()
    for path, text in wanted.items():
        path.write_text(text, encoding="utf-8")
    PAGE.write_text(page(data), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
