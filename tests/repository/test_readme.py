# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""README.md works where Galaxy shows it, names everything that is in the collection, and shows a terminal."""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "README.md").read_text(encoding="utf-8")
OURS = re.compile(
    r"https://(?:github\.com/lastgood/aws/(?:blob|tree)|raw\.githubusercontent\.com/lastgood/aws)/main/([^)\s]+)"
)
TERMINAL = runpy.run_path(str(ROOT / "dev" / "terminal.py"))


def parts() -> list[str]:
    """What the collection has, by the names that people write."""
    folders = ("plugins/modules", "plugins/filter", "plugins/inventory", "plugins/lookup", "playbooks")
    folders += ("extensions/eda/plugins/event_filter",)
    files = [path.stem for folder in folders for path in (ROOT / folder).iterdir() if path.suffix in {".py", ".yml"}]
    return sorted({*files, *(path.name for path in (ROOT / "roles").iterdir())} - {"__init__"})


def anchors(path: Path) -> set[str]:
    """The headings of a page as links name them."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.M)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_all_links_are_absolute() -> None:
    assert re.findall(r"\]\((?!https://|#)[^)]*", PAGE) == []


@pytest.mark.parametrize("target", sorted(set(OURS.findall(PAGE))))
def test_links_to_the_repository_lead_to_what_exists(target: str) -> None:
    name, _hash, anchor = target.partition("#")
    assert (ROOT / name).exists()
    assert not anchor or anchor in anchors(ROOT / name)


@pytest.mark.parametrize("name", parts())
def test_it_names_everything_that_is_in_it(name: str) -> None:
    listed = PAGE.partition("## What is in it")[2].partition("\n## ")[0]
    assert f"`{name}`" in listed


def test_it_has_the_sections_that_certified_collections_have() -> None:
    wanted = ["Description", "Requirements", "Installation", "Use cases", "Testing", "Support"]
    wanted += ["Release notes and roadmap", "Related information", "License information"]
    assert [title for title in re.findall(r"^## (.+)$", PAGE, re.M) if title in wanted] == wanted


def test_it_promises_the_versions_that_are_promised_elsewhere() -> None:
    oldest = yaml.safe_load((ROOT / "meta/runtime.yml").read_text(encoding="utf-8"))["requires_ansible"]
    versions = (ROOT / "docs/versions.md").read_text(encoding="utf-8")
    core = f"| ansible-core | {oldest.removeprefix('>=').rpartition('.')[0]} |"
    assert core in PAGE
    assert re.findall(r"^\| ansible-core .*$", PAGE, re.M) == re.findall(r"^\| ansible-core .*$", versions, re.M)
    galaxy = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))
    assert f"| amazon.aws | {galaxy['dependencies']['amazon.aws'].removeprefix('>=').rpartition('.')[0]} |" in PAGE
    assert f"lastgood-aws-{galaxy['version']}.tar.gz" in PAGE


@pytest.mark.parametrize("name", sorted(TERMINAL["RUNS"]))
def test_the_pictures_of_the_terminal_show_a_run_to_its_end(name: str) -> None:
    picture = ElementTree.parse(ROOT / "docs" / "pictures" / f"{name}.svg").getroot()
    lines = ["".join(text.itertext()) for text in picture.iter("{http://www.w3.org/2000/svg}text")]
    assert lines[0].startswith("$ ansible-playbook lastgood.aws.rollback ")
    assert any("failed=0" in line for line in lines)
    wanted = "[web] rolled_back: web:3 → web:1" if name == "terminal" else "[web] planned: web:3 → web:1"
    assert any(wanted in line for line in lines)
    assert name in PAGE


def test_what_is_drawn_is_what_was_printed() -> None:
    text = "$ run <it>\n\x1b[0;33mchanged: [localhost]\x1b[0m\n\nTASK [a] " + "*" * 200 + "\n" + "word " * 40
    drawn = TERMINAL["drawn"](text)
    assert drawn == TERMINAL["drawn"](text)
    texts = list(ElementTree.fromstring(drawn).iter("{http://www.w3.org/2000/svg}text"))
    assert [element.text for element in texts[:2]] == ["$ run <it>", "changed: [localhost]"]
    assert texts[1].get("fill") == TERMINAL["COLOURS"]["33"]
    assert texts[0].get("fill") == TERMINAL["TEXT"]
    assert max(len(element.text or "") for element in texts) <= TERMINAL["COLUMNS"]
    assert sum((element.text or "").count("word") for element in texts) == 40
