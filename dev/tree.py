# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Copies the collection to where ansible's tools want it: ``.../collections/ansible_collections/lastgood/aws``.

ansible-test resolves links and then looks for a parent called ansible_collections, so a link to the repository will not
do; and it finds amazon.aws (documentation fragments, imports) only beside the collection, in the same tree.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

from setup import BUILD, COLLECTIONS, ROOT, STAMP, Environment, site_packages

# ansible-test sets up virtual environments with a script that it downloads from a host of its own. Python ships pip, so
# this script in its place needs the package index only.
GET_PIP = """\
import subprocess
import sys

OPTIONS_OF_GET_PIP = {"--no-setuptools", "--no-wheel"}
subprocess.run([sys.executable, "-m", "ensurepip", "--default-pip"], check=True, stdout=subprocess.DEVNULL)
arguments = [argument for argument in sys.argv[1:] if argument not in OPTIONS_OF_GET_PIP]
subprocess.run([sys.executable, "-m", "pip", "install", *arguments], check=True)
"""


def collection_files() -> list[Path]:
    """What would be committed: tracked files and new ones that are not ignored, relative to the repository."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    files = {Path(name) for name in listed.split("\0") if name}
    # A file that was deleted and not yet committed is still listed.
    return sorted(file for file in files if (ROOT / file).is_file())


def make_tree(name: str, environment: Environment) -> Path:
    """Brings ``.build/NAME`` up to date and returns the collection's directory in it.

    Unchanged files keep their times, so that mypy's and Python's caches hold. The copy is a git repository of its own:
    ansible-test and ansible-lint ask git for the files, and ``.build`` is ignored in the outer one.
    """
    collections = BUILD / name / "collections" / "ansible_collections"
    collection = collections / "lastgood" / "aws"
    copied = BUILD / name / "copied"
    before = {Path(line) for line in copied.read_text().splitlines()} if copied.exists() else set()
    wanted = collection_files()
    # Only what was copied is removed again: the tools keep caches and results there, maybe right now in another run.
    for file in before - set(wanted):
        (collection / file).unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            os.removedirs((collection / file).parent)
    for file in wanted:
        copy_if_changed(ROOT / file, collection / file)
    copied.write_text("".join(f"{file}\n" for file in wanted))
    if not (collection / ".git").is_dir():
        subprocess.run(["git", "init", "--quiet", str(collection)], check=True)
    copy_collections(environment, collections)
    return collection


def copy_if_changed(source: Path, target: Path) -> None:
    before, now = (path.stat() if path.exists() else None for path in (target, source))
    if before and now and (before.st_size, before.st_mtime_ns) == (now.st_size, now.st_mtime_ns):
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, target)


def copy_collections(environment: Environment, collections: Path) -> None:
    version = json.loads((environment.path / STAMP).read_text())["collections"]
    marker = collections.parent / "collections-version"
    if marker.exists() and marker.read_text() == version:
        return
    for collection in COLLECTIONS:
        shutil.rmtree(collections / collection, ignore_errors=True)
        shutil.copytree(
            site_packages(environment) / "ansible_collections" / collection,
            collections / collection,
            ignore=shutil.ignore_patterns("__pycache__"),
        )
    marker.write_text(version)


def make_home(*environments: Environment) -> Path:
    """A home directory for the tools, so that they neither see nor change what is in the developer's own.

    It has the configuration and the cache of pip, and the bootstrap script for each pip that the ansible-test of one of
    these environments asks for, if it is set up.
    """
    home = BUILD / "home"
    for name in (".config/pip", ".pip", ".cache/pip"):
        source, target = Path.home() / name, home / name
        if source.is_dir() and not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.symlink_to(source)
    cache = home / ".ansible" / "test" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    for environment in environments:
        if not environment.python.exists():
            continue
        requirements = site_packages(environment) / "ansible_test" / "_internal" / "python_requirements.py"
        for version in re.findall(r"\bpip='([0-9.]+)'", requirements.read_text()):
            (cache / f"get_pip_{version.replace('.', '_')}.py").write_text(GET_PIP)
    return home


def search_path(*environments: Environment) -> str:
    """PATH for the tools: the environments' programs, then the real interpreters, then what there was before.

    Without pyenv's shims: those of versions that are not "global" exist, fail, and end ansible-test.
    """
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    versions = sorted((root / "versions").glob("3.*/bin"), key=lambda path: pyenv_version(path.parent.name))
    before = [part for part in os.environ.get("PATH", os.defpath).split(os.pathsep) if not part.endswith("/shims")]
    parts = [environment.path / "bin" for environment in environments]
    parts += [path for path in reversed(versions) if pyenv_version(path.parent.name) >= (3, 9)]
    return os.pathsep.join([*map(str, parts), *before])


def pyenv_version(name: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", name)[:3])
