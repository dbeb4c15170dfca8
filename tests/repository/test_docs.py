# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Readers find their way: each page of docs/ is in the index, and each link leads to a page and a heading that exist.

The gate `docs-site` builds the pages; this is what can be said about them without doing so.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCS = sorted((ROOT / "docs").glob("*.md"))
INDEX = ROOT / "docs" / "index.md"
GROUPS = ["Start", "How to", "Reference", "Why"]
PAGES = [*DOCS, *sorted(ROOT.glob("*.md")), *sorted(ROOT.glob("roles/*/README.md"))]
PAGES += sorted([*ROOT.glob("extensions/**/*.md"), *ROOT.glob("simulator/**/*.md")])
# An inline link or picture. A target in angle brackets or with blanks is none of ours.
LINK = re.compile(r"\]\(([^)\s]+)\)")
FENCE = re.compile(r"^ *(`{3,}).*?^ *\1 *$", re.MULTILINE | re.DOTALL)


def prose(text: str) -> str:
    """A page without its blocks of code and its comments."""
    return re.sub(r"<!--.*?-->", "", FENCE.sub("", text), flags=re.DOTALL)


def anchors(text: str) -> set[str]:
    """The headings as GitHub, and MyST in the site, name them in links. Later ones of the same name get a number."""
    seen: Counter[str] = Counter()
    found = set()
    for heading in re.findall(r"^#+ (.+)$", prose(text), re.MULTILINE):
        shown = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        slug = re.sub(r"[^\w -]", "", shown.lower()).replace(" ", "-")
        found.add(f"{slug}-{seen[slug]}" if seen[slug] else slug)
        seen[slug] += 1
    return found


def dead(text: str, path: Path) -> list[str]:
    """The links of a page that lead nowhere; those to other places in the web are not followed."""
    found = []
    for target in LINK.findall(prose(text)):
        name, _hash, anchor = target.partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        there = (path.parent / name).resolve() if name else path
        if not there.exists():
            found.append(target)
        elif anchor and there.suffix == ".md":
            headings = text if there == path else there.read_text(encoding="utf-8")
            found += [] if anchor in anchors(headings) else [target]
    return found


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_to_what_exists(path: Path) -> None:
    assert dead(path.read_text(encoding="utf-8"), path) == []


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("[a](index.md) [b](#here) ![c](pictures/order.svg)\n\n## Here\n", []),
        ("[a](nowhere.md)", ["nowhere.md"]),
        ("[a](#gone)\n\n## Here\n", ["#gone"]),
        ("[a](variables.md#no-such-heading)", ["variables.md#no-such-heading"]),
        ("```console\n$ echo '[a](nowhere.md)'\n```\n", []),
        ("[a](https://example.com/nowhere.md#gone)", []),
        ("[a](#it-is-2-and-x)\n\n## It is: `2`, [and](index.md) x!\n", []),
        ("[a](#twice-1) [b](#twice-2)\n\n## Twice\n\n## Twice\n", ["#twice-2"]),
    ],
)
def test_a_link_that_leads_nowhere_is_found(text: str, wrong: list[str]) -> None:
    assert dead(text, INDEX) == wrong


def test_each_page_is_in_the_index_once() -> None:
    text = INDEX.read_text(encoding="utf-8")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == GROUPS
    listed = re.findall(r"^\* \[[^\]]+\]\(([\w-]+\.md)\)", text, re.MULTILINE)
    assert sorted(listed) == [path.name for path in DOCS if path != INDEX]


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.name)
def test_each_page_has_one_title(path: Path) -> None:
    """The site takes it for its navigation."""
    headings = re.findall(r"^(#+) ", prose(path.read_text(encoding="utf-8")), re.MULTILINE)
    assert headings[0] == "#"
    assert headings.count("#") == 1


def test_the_readme_leads_to_the_index() -> None:
    assert "/docs/index.md)" in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_quotes_can_be_typed(path: Path) -> None:
    """What is copied from a page into a shell or a search has the quotes of the keyboard."""
    assert re.findall("[\u2018\u2019\u201c\u201d\u201e]", path.read_text(encoding="utf-8")) == []
