# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Phrases that made the prose read as translated do not come back. Each has a hint what to write instead."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = (
    "AGENTS.md",
    "CODE_OF_CONDUCT.md",
    "CONTRIBUTING.md",
    "MAINTAINERS.md",
    "README.md",
    "SECURITY.md",
    "changelogs/fragments",
    "docs",
    "extensions/patterns",
    "playbooks",
    "roles",
    "tests/bench",
    "tests/demo.py",
    "tests/ecr.py",
    "tests/mailbox.py",
    "tests/reading.py",
    "simulator",
    "tests/world.py",
    "plugins/action",
    "plugins/doc_fragments",
    "plugins/filter",
    "plugins/lookup",
    "plugins/module_utils/_aws",
    "plugins/module_utils/_codedeploy",
    "plugins/module_utils/_content",
    "plugins/module_utils/_core",
    "plugins/module_utils/_ecs",
    "plugins/module_utils/_notify",
    "plugins/module_utils/_scaling",
    "plugins/modules",
    "plugins/plugin_utils",
)
SUFFIXES = {".py", ".yml", ".md"}
PHRASES = {
    r"\btold (?:of|by (?:its|their))\b": "'reported', or 'given its id'",
    r"\b(?:nobody|anybody|somebody|it|which|that|as) (?:is|are|was) (?:not )?told\b(?! to\b)": (
        "'is notified', 'is known', 'AWS says'"
    ),
    r"\b(?:[Nn]one|[Ee]mpty|null|nothing|[Ff]alse|0|unchanged) where\b(?! =)": "'if'",
    r"\b[Ww]here (?:there (?:is|are|was|were)|none|nobody|neither|several)\b": "'if'",
    r"\b[Ww]here (?:it|they|that|AWS|ECS|CodeDeploy|somebody|one) "
    r"(?:does|do|did|has|have|had|cannot|could)\b": "'if'",
    r"\btak(?:e|es|en|ing) (?:[\w'`.]+ ){0,4}for (?:good|certain|granted|absent|somebody|a|an|the)\b": "'treat as'",
    r", whoever\b": "', no matter who'",
    r"\bfor want of\b": "'without'",
    r"\b[Ww]hat (?:has )?(?:becomes?|became) of\b": "'what happens to'",
    r"\bcan be about to\b": "'may be about to'",
    r"\bin the midst\b": "'during', 'while'",
    r"\b(?:is|are) no (?:list|mapping|commit|name|text|module|duration|JSON|YAML|ARN)\b": "'is not a'",
    r"\bcomes? to (?:its|an|their) ends?\b": "'ends'",
    r"\bnot there any more\b": "'gone', 'no longer exists'",
    r"\b(?:that|which) there (?:is|are|was) not\b": "'that does not exist'",
    r"\bfrom where (?:to where|it is|the same)\b": "'the place from which'",
    r"\bas far as it is (?:decided|planned)\b": "'what is decided when'",
    r"\b(?:is|are|was) said by\b": "'the message says', 'its name says'",
    r"\btells? (?:the same|nothing|so|of)\b": "'shows', 'says', 'reports'",
    r"\bof then\b": "'the earlier', 'from that time'",
    r"\bwith success\b": "'successfully'",
    r"\bat the most\b": "'at most'",
    r"\btaken for\b": "'treated as', 'mistaken for'",
    r"\b(?:of whom|which see|in spite of that|by all that)\b": "a sentence that is understood at first reading",
    r"\bnobody (?:came|comes)\b": "'it timed out', 'nobody answers'",
    r"(?<![Tt]here )\b(?:is|are|was) no (?:change|copy|deployment|error|file|part|such)\b": ("'is not a'"),
}


def running_text(source: str) -> str:
    """The text as people read it: comments and strings that go over several lines are on one."""
    return re.sub(r" +", " ", re.sub(r'"?\s*\n\s*(?:#:? |f?")?', " ", source))


def found(source: str) -> Iterator[str]:
    """What should be written otherwise, and how."""
    text = running_text(source)
    for phrase, hint in PHRASES.items():
        for match in re.finditer(phrase, text):
            around = text[max(0, match.start() - 40) : match.end() + 40]
            yield f"'{match[0]}' in '{around}': write {hint}"


def files() -> list[Path]:
    """The files of the rooms that are clean."""
    paths = (path for room in ROOMS for path in [ROOT / room, *sorted((ROOT / room).rglob("*"))])
    return [path for path in paths if path.is_file() and path.suffix in SUFFIXES]


@pytest.mark.parametrize(
    "source",
    [
        '"""One thing that a deployment, told by its id, proved."""',
        "# Empty where nothing was\n# deployed.\n",
        'raise Refused(\n    "there is a mark, and nobody "\n    "is told"\n)',
        "      - Nothing is written where\n        there is no such service.\n",
        '"""Its absence is taken for a success."""',
        "# It is undone, whoever did it.",
        "# What became of it.",
        '"""The version that was deployed last with success."""',
        "# Its path is no part of the name.",
        "# The record tells nothing of it.",
    ],
)
def test_the_check_finds(source: str) -> None:
    assert list(found(source))


@pytest.mark.parametrize(
    "source",
    [
        '"""What one deployment (id or ARN) proved about the version it deployed."""',
        "# Empty if nothing was deployed.",
        '"""The directory where the agent keeps its files."""',
        "# Take it for five seconds.",
        "# Whether there is no change, the record tells.",
    ],
)
def test_the_check_lets_pass(source: str) -> None:
    assert not list(found(source))


@pytest.mark.parametrize("path", files(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_such_phrase(path: Path) -> None:
    assert list(found(path.read_text(encoding="utf-8"))) == []
