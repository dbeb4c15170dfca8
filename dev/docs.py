# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Builds the documentation as a site in ``.build/docs/``, and fails at any warning.

antsibull-docs writes the pages of modules, roles and plugins, from the copy of the collection in ``.build/tree/``. The
guides are docs/*.md as they are: only links that lead out of docs/ are made absolute, and the navigation is made of the
groups in docs/index.md.

``dev/docs.py --guides`` writes the list of guides that docs.ansible.com shows beside the modules, from the same groups.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import unquote

from setup import BUILD, ENVIRONMENTS, ROOT
from tree import make_tree

DOCS = ROOT / "docs"
SITE = BUILD / "docs"
SOURCE = BUILD / "docs-source"
CONFIG = ROOT / "dev" / "docsite"
REPOSITORY = "https://github.com/lastgood/aws/blob/main/"
COLLECTION = "lastgood.aws"
# What antsibull-docs writes. It is not in docs/index.md, which is read on GitHub, too.
PLUGINS = ("Modules, roles and plugins", "collection/index")
BELOW = "Reference"
# What docs.ansible.com takes is reStructuredText, and its name and label follow the rules for that.
GUIDES = DOCS / "docsite" / "rst" / "guides.rst"
GUIDES_HEAD = f"""\
..
  Copyright (c) 2026, The lastgood.aws authors
  GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
  SPDX-License-Identifier: GPL-3.0-or-later

.. Written by dev/docs.py --guides.

.. _ansible_collections.{COLLECTION}.docsite.guides:

Guides
======
"""
OUTSIDE = re.compile(r"\]\(\.\./([^)\s]+)\)")
ITEM = re.compile(r"^\* \[([^\]]+)\]\(([\w-]+)\.md\)", re.MULTILINE)


def groups(index: str) -> dict[str, list[tuple[str, str]]]:
    """The headings of docs/index.md, and for each its pages: what the link says, and the name without its suffix."""
    parts = re.split(r"^## (.+)$", index, flags=re.MULTILINE)[1:]
    found = {title: ITEM.findall(text) for title, text in zip(parts[::2], parts[1::2], strict=True)}
    found[BELOW] = [*found.get(BELOW, []), PLUGINS]
    return found


def navigation(index: str) -> str:
    """A table of contents for each group. It is not shown on the page, which has the same as lists."""
    text = ""
    for title, pages in groups(index).items():
        lines = "\n".join(f"{shown} <{page}>" for shown, page in pages)
        text += f"\n```{{toctree}}\n:hidden:\n:caption: {title}\n\n{lines}\n```\n"
    return text


def guides(index: str, url: Callable[[str], str]) -> str:
    """The list of guides as reStructuredText, with links by ``url`` from the name of a page."""
    text = GUIDES_HEAD
    for title, pages in groups(index).items():
        text += f"\n{title}\n{'-' * len(title)}\n\n"
        text += "".join(f"* `{shown} <{url(page)}>`__\n" for shown, page in pages if (shown, page) != PLUGINS)
    return text


def in_the_repository(page: str) -> str:
    """Where a guide is for those who are not on this site."""
    return f"{REPOSITORY}docs/{page}.md"


def as_page_of_the_site(text: str) -> str:
    """A guide with absolute links to what is not in docs/."""
    return OUTSIDE.sub(lambda match: f"]({REPOSITORY}{match[1]})", text)


def write_sources(source: Path) -> None:
    """The guides, what they show or link to, and the configuration."""
    shutil.rmtree(source, ignore_errors=True)
    (source / "collection").mkdir(parents=True)
    # antsibull-docs writes only where nobody else can.
    (source / "collection").chmod(0o755)
    for folder in (path for path in DOCS.iterdir() if path.is_dir() and path.name != "docsite"):
        shutil.copytree(folder, source / folder.name)
    shutil.copy(CONFIG / "conf.py", source)
    for page in sorted(DOCS.glob("*.md")):
        text = as_page_of_the_site(page.read_text(encoding="utf-8"))
        more = navigation(text) if page.stem == "index" else ""
        (source / page.name).write_text(text + more, encoding="utf-8")


def run(*command: str | Path, collections: Path) -> None:
    """Runs a program of .venv-docs; ends with a message if it fails."""
    environment = ENVIRONMENTS["docs"]
    env = dict(os.environ)
    env["PATH"] = f"{environment.path / 'bin'}{os.pathsep}{env.get('PATH', os.defpath)}"
    env["ANSIBLE_COLLECTIONS_PATH"] = str(collections)
    program, *arguments = command
    done = subprocess.run([environment.path / "bin" / program, *arguments], cwd=SOURCE, env=env, check=False)
    if done.returncode != 0:
        raise SystemExit(f"docs: {program} failed")


def dead_links(site: Path) -> list[str]:
    """The links within the site that lead to no page, or to no place on it. Sphinx does not follow all of them."""
    pages = {path.resolve(): path.read_text(encoding="utf-8") for path in site.rglob("*.html")}
    places = {path: set(re.findall(r'\bid="([^"]+)"', text)) for path, text in pages.items()}
    found = []
    for path, text in pages.items():
        for link in re.findall(r'\bhref="([^"]+)"', text):
            if re.match(r"[a-z]+:|//", link):
                continue
            name, _hash, anchor = unquote(link).partition("#")
            there = (path.parent / name.partition("?")[0]).resolve() if name else path
            if not there.exists() or (anchor and there in places and anchor not in places[there]):
                found.append(f"{path.relative_to(site.resolve())}: {link}")
    return found


def main(arguments: Sequence[str]) -> int:
    index = (DOCS / "index.md").read_text(encoding="utf-8")
    if list(arguments) == ["--guides"]:
        GUIDES.write_text(guides(index, in_the_repository), encoding="utf-8")
        return 0
    tree = make_tree("tree", ENVIRONMENTS["run"])
    write_sources(SOURCE)
    collections = tree.parents[2]
    run(
        *("antsibull-docs", "--config-file", CONFIG / "antsibull-docs.cfg", "collection", "--use-current"),
        *("--fail-on-error", "--squash-hierarchy", "--cleanup", "everything"),
        *("--dest-dir", SOURCE / "collection", COLLECTION),
        collections=collections,
    )
    # Here they are pages of the same site.
    (SOURCE / "collection" / "docsite" / GUIDES.name).write_text(guides(index, lambda page: f"../../{page}.html"))
    shutil.rmtree(SITE, ignore_errors=True)
    run(
        *("sphinx-build", "-b", "html", "-q", "-W", "--keep-going", "-d", BUILD / "docs-doctrees", SOURCE, SITE),
        collections=collections,
    )
    dead = dead_links(SITE)
    if dead:
        raise SystemExit("docs: links that lead nowhere:\n" + "\n".join(dead))
    print(f"docs: {len(list(SITE.rglob('*.html')))} pages are in {SITE.relative_to(ROOT)}, without a warning")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
