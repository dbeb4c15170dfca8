# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What `make docs` makes of the guides before Sphinx reads them. The gate `docs-site` builds the site itself."""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
CONF = runpy.run_path(str(ROOT / "dev" / "docsite" / "conf.py"))
INDEX = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")


@pytest.fixture
def docs(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """dev/docs.py. It imports its neighbours, as all scripts in dev/ do."""
    monkeypatch.syspath_prepend(str(ROOT / "dev"))
    return runpy.run_path(str(ROOT / "dev" / "docs.py"))


def test_each_page_is_in_the_navigation_once(docs: dict[str, Any]) -> None:
    shown = [page for pages in docs["groups"](INDEX).values() for _title, page in pages]
    wanted = [path.stem for path in (ROOT / "docs").glob("*.md") if path.stem != "index"]
    assert sorted(shown) == sorted([*wanted, "collection/index"])
    assert list(docs["groups"](INDEX)) == ["Start", "How to", "Reference", "Why"]


def test_the_navigation_is_made_of_the_index(docs: dict[str, Any]) -> None:
    index = (
        "# X\n\n## Start\n\n* [First](first.md): it\n\n## Reference\n\n* [Words](words.md)\n* Others: [x](../x.md)\n"
    )
    assert docs["navigation"](index) == (
        "\n```{toctree}\n:hidden:\n:caption: Start\n\nFirst <first>\n```\n"
        "\n```{toctree}\n:hidden:\n:caption: Reference\n\nWords <words>\n"
        "Modules, roles and plugins <collection/index>\n```\n"
    )


def test_the_list_of_guides_is_current(docs: dict[str, Any]) -> None:
    """If not, run `.venv/bin/python dev/docs.py --guides`."""
    text = docs["GUIDES"].read_text(encoding="utf-8")
    assert text == docs["guides"](INDEX, docs["in_the_repository"])
    named = re.findall(r"`__$", text, re.MULTILINE)
    assert len(named) == len(list((ROOT / "docs").glob("*.md"))) - 1
    extra = yaml.safe_load((ROOT / "docs" / "docsite" / "extra-docs.yml").read_text(encoding="utf-8"))
    assert [name for section in extra["sections"] for name in section["toctree"]] == [docs["GUIDES"].stem]


def test_a_link_of_the_site_that_leads_nowhere_is_found(docs: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "one.html").write_text('<h1 id="here">1</h1><a href="#here"><a href="below/two.html#a%20b?">')
    (tmp_path / "below" / "two.html").write_text(
        '<p id="a b?"><a href="../one.html#here"><a href="../one.html#gone"><a href="three.html"><a href="https://x.y/z">'
    )
    assert docs["dead_links"](tmp_path) == ["below/two.html: ../one.html#gone", "below/two.html: three.html"]


def test_links_out_of_the_folder_are_made_absolute(docs: dict[str, Any]) -> None:
    text = "[a](../roles/rollback/README.md#variables) [b](images.md) [c](https://example.com/../d)"
    assert docs["as_page_of_the_site"](text) == (
        "[a](https://github.com/lastgood/aws/blob/main/roles/rollback/README.md#variables) [b](images.md) "
        "[c](https://example.com/../d)"
    )


@pytest.mark.parametrize(
    ("label", "url"),
    [
        ("ansible_collections.community.aws.ecs_service_module", "collections/community/aws/ecs_service_module.html"),
        ("ansible_collections.ansible.builtin.set_stats_module", "collections/ansible/builtin/set_stats_module.html"),
        ("common_return_values", "reference_appendices/common_return_values.html"),
        # One of ours has a page here, so a label that is not found is a mistake.
        ("ansible_collections.lastgood.aws.ecs_rolback_module", None),
        ("no_such_label", None),
    ],
)
def test_a_reference_into_ansibles_documentation(label: str, url: str | None) -> None:
    assert CONF["elsewhere"](label) == (f"https://docs.ansible.com/ansible/latest/{url}" if url else "")


def test_links_of_the_collection_lead_to_its_pages() -> None:
    links = yaml.safe_load((ROOT / "docs" / "docsite" / "links.yml").read_text(encoding="utf-8"))
    urls = [link["url"] for link in links["extra_links"]]
    ours = [url.rpartition("/blob/main/")[2] for url in urls if "/blob/main/" in url]
    assert len(ours) > 1
    assert all((ROOT / path).exists() for path in ours)
    galaxy = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))
    assert re.sub(r"^https://github\.com/", "", galaxy["repository"]) == links["edit_on_github"]["repository"]
