# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pictures of a report in docs/ are those that `make pictures` takes, and it says what it needs."""

from __future__ import annotations

import runpy
import struct
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
MADE = runpy.run_path(str(ROOT / "dev" / "pictures.py"))
SHOWN = [look for look in MADE["LOOKS"] if look.top]


@pytest.mark.parametrize("look", SHOWN, ids=lambda look: str(look.name))
def test_a_picture_has_the_size_that_it_is_taken_with(look: Any) -> None:
    content = (ROOT / "docs" / "pictures" / f"{look.name}.png").read_bytes()
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", content[16:24]) == (look.width, look.top)


def test_light_dark_and_phone_are_looked_at() -> None:
    looks = {(look.scheme, look.width < 400) for look in MADE["LOOKS"]}
    assert looks == {("light", False), ("dark", False), ("light", True)}
    assert "pictures/report-light.png" in (ROOT / "docs" / "results.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("look", MADE["LOOKS"], ids=lambda look: str(look.name))
def test_how_chromium_is_asked(look: Any) -> None:
    said = MADE["options"](look, 1234)
    assert f"--window-size={look.width},1234" in said
    assert f"--blink-settings=preferredColorScheme={int(look.scheme == 'light')}" in said


def test_a_page_that_has_measured_itself_has_a_size() -> None:
    assert MADE["size_of"]('<html lang="en" data-size="[390,2889]"><head>') == (390, 2889)
    with pytest.raises(ValueError, match="no size"):
        MADE["size_of"]('<html lang="en">')


def test_without_a_browser_it_says_how_to_install_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SystemExit, match="apt-get install chromium-headless-shell"):
        MADE["browser"]()
    program = tmp_path / "chromium"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    assert MADE["browser"]() == str(program)
