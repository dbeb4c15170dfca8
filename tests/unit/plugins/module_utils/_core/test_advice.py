# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What to do next: each sentence can stand alone, and others can go on from it."""

from __future__ import annotations

import ast
import pathlib

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._core import advice

PLUGINS = pathlib.Path(__file__).resolve().parents[5] / "plugins"


def written_out(source: str) -> list[int]:
    """The lines of the strings that say "run the same command again", also if such a string goes over several."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Constant) and advice.RUN_AGAIN in str(node.value).lower()
    ]


@pytest.mark.parametrize("text", [advice.AGAIN, advice.CORRECT, advice.LOOK, advice.ROLL_THAT_BACK, advice.WATCH_ON])
def test_a_sentence_begins_large_and_leaves_its_end_open(text: str) -> None:
    assert text[0].isupper()
    assert text[-1].isalpha()
    assert "the same command again" in text


@pytest.mark.parametrize(
    "what", ['"Run the same "\n    "command again: it goes on"', 'f"{name}. Run the same command again"']
)
def test_the_look_at_the_sources_finds_it(what: str) -> None:
    assert written_out(f"wait = 1\nsay({what})\n") == [2]


def test_nobody_else_writes_it_out() -> None:
    files = [file for file in sorted(PLUGINS.rglob("*.py")) if file.name != "advice.py" or file.parent.name != "_core"]
    found = [f"{file}:{line}" for file in files for line in written_out(file.read_text(encoding="utf-8"))]
    assert len(files) > 200
    assert found == []
