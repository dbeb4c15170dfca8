# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""There is one form of times, ``2026-11-29T18:34:46Z``, and one place that writes it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# It writes the form. What runs on an instance stands by itself (_content), and is about times of files.
BUT = ("module_utils/_core/as_of.py", "module_utils/_content/", "plugin_utils/_inputs/values.py")
OTHER_FORMS = re.compile(r"\.isoformat\(|%Z|%H:%M UTC|\d\d:\d\d UTC|T\d\d:\d\d:\d\d\+00:00")


def test_nothing_else_writes_a_time() -> None:
    files = sorted((ROOT / "plugins").glob("**/*.py"))
    assert len(files) > 100
    found = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for path in files
        if not any(part in str(path) for part in BUT)
        for line in path.read_text(encoding="utf-8").splitlines()
        if OTHER_FORMS.search(line)
    ]
    assert found == []


@pytest.mark.parametrize("page", ["README.md", "docs/deploying.md", "docs/choosing.md", "docs/codedeploy.md"])
def test_pages_show_that_form(page: str) -> None:
    assert OTHER_FORMS.findall((ROOT / page).read_text(encoding="utf-8")) == []
