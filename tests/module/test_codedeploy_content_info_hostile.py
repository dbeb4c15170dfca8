# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Small bundles that are expensive to read are refused by name, within 300 MB and five seconds of the processor."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.agent import hostile

ROOT = Path(__file__).resolve().parents[2]
WITHOUT = [f"{name}, without PyYAML" for name in hostile.OF_APPSPEC]


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What the module says of each of them, which is looked at once."""
    directory = tmp_path_factory.mktemp("hostile")
    command = [sys.executable, "-m", "tests.agent.hostile", str(directory)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


@pytest.mark.parametrize("name", hostile.ARCHIVES)
def test_a_hostile_bundle_is_refused_by_name(said: dict[str, str], name: str) -> None:
    assert "Traceback" not in said[name]
    assert hostile.ARCHIVES[name][1] in said[name]


@pytest.mark.parametrize("name", WITHOUT)
def test_also_without_pyyaml(said: dict[str, str], name: str) -> None:
    assert "Traceback" not in said[name]
    assert "The AppSpec file of" in said[name]


def test_the_room_is_small() -> None:
    """Otherwise nothing above could fail."""
    assert "MemoryError" in hostile.in_a_small_room(lambda: str(len(bytearray(2 * hostile.MEMORY))))
    assert "ended with signal" in hostile.in_a_small_room(_without_end, seconds=1)


def _without_end() -> str:
    while True:
        pass
