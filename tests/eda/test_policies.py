# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The policies for Terraform say what those in JSON say, as python-hcl2 reads them. It is in .venv-eda only."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

from tests.eda.rulebook import PYTHON, run

POLICIES = Path(__file__).resolve().parents[2] / "docs" / "policies"
READ = "import hcl2, json, sys; print(json.dumps({name: hcl2.load(open(name)) for name in sys.argv[1:]}))"


def plain(value: t.Any) -> t.Any:
    """Without the quotes and the notes of the parser; a list of one is a text, as in JSON."""
    if isinstance(value, str):
        return value.strip('"')
    if isinstance(value, list):
        return [plain(one) for one in value]
    return {plain(key): plain(one) for key, one in value.items() if not key.startswith("__")}


def statement(block: dict[str, t.Any]) -> dict[str, t.Any]:
    """As IAM writes it."""
    resource = block["resources"][0] if len(block["resources"]) == 1 else block["resources"]
    found = {"Sid": block["sid"], "Effect": "Allow", "Action": block["actions"], "Resource": resource}
    for one in block.get("condition", []):
        values = one["values"][0] if len(one["values"]) == 1 else one["values"]
        found.setdefault("Condition", {}).setdefault(one["test"], {})[one["variable"]] = values
    return found


def test_terraform_says_what_json_says() -> None:
    files = sorted(POLICIES.glob("*.tf"))
    read = json.loads(run(PYTHON, "-c", READ, *files))
    assert len(read) > 20
    for file in files:
        [data] = plain(read[str(file)])["data"]
        document = data["aws_iam_policy_document"][f"lastgood_{file.stem}"]
        wanted = json.loads(file.with_suffix(".json").read_text(encoding="utf-8"))["Statement"]
        for one in wanted:
            for keys in one.get("Condition", {}).values():
                keys.update(
                    {key: value[0] for key, value in keys.items() if isinstance(value, list) and len(value) == 1}
                )
        assert [statement(block) for block in document["statement"]] == wanted, file.name
