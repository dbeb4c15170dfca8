# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tables of variables in the roles' README.md are those that dev/role_tables.py makes of the specifications."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TABLES = runpy.run_path(str(ROOT / "dev" / "role_tables.py"))


@pytest.mark.parametrize("role", TABLES["roles"]())
def test_its_table_is_current(role: str) -> None:
    text = (ROOT / "roles" / role / "README.md").read_text(encoding="utf-8")
    assert text == TABLES["readme"](role), "run .venv/bin/python dev/role_tables.py"
    assert re.findall(r"^\| `\w+` \|", text, re.M)


def test_what_matters_in_an_emergency_comes_first() -> None:
    names = re.findall(r"^\| `(\w+)` \|", TABLES["table"]("rollback"), re.M)
    assert "| Go back to this task definition," in TABLES["table"]("rollback"), "as for the entry point main"
    assert tuple(names[:10]) == TABLES["FIRST"]["rollback"]
    assert len(names) == len(set(names)) > 40


def test_markup_becomes_markdown() -> None:
    assert TABLES["plain"]("C(a) or V(b\\)), O(c=d|e)") == "`a` or `b\\)`, `c=d\\|e`"
    assert TABLES["row"]("x", {"default": [], "description": ["One.", "Two."]}) == "| `x` | `[]` | One. |"
