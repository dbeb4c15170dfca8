# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""docs/coming-from.md names variables and playbooks: they exist."""

from __future__ import annotations

import re
from pathlib import Path

from ansible_collections.lastgood.aws.plugins.plugin_utils._inputs import specs

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "coming-from.md").read_text(encoding="utf-8")


def test_each_variable_on_the_page_exists() -> None:
    known = {name for role in specs.entry_points().values() for entry in role.values() for name in entry}
    named = set(re.findall(r"\b(?:rollback|deploy)_[a-z_]+", PAGE))
    assert len(named) > 8
    assert named <= known


def test_each_playbook_on_the_page_exists() -> None:
    named = re.findall(r"\bplaybook `(\w+)`", PAGE)
    assert {"deploy", "rollback", "redeploy", "history"} == set(named)
    assert all((ROOT / "playbooks" / f"{name}.yml").exists() for name in named)
