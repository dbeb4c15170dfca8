# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Builds the collection's artefact, checks what is in it, installs it and has ansible-core read every plugin there.

Run in the copy of the collection (``.build/tree/…/lastgood/aws``) by the gate "artifact".
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from setup import BUILD, ROOT

# What a user gets. Whoever adds a top-level file decides here whether users get it too.
SHIPPED = {
    "CHANGELOG.md",
    "CHANGELOG.rst",
    "FILES.json",
    "LICENSE",
    "MANIFEST.json",
    "README.md",
    "SECURITY.md",
    "changelogs",
    "docs",
    "extensions",
    "meta",
    "playbooks",
    "plugins",
    "roles",
    "tests",
}
REQUIRED = {"LICENSE", "README.md", "meta/runtime.yml", "meta/execution-environment.yml", "meta/ee-requirements.txt"}
# Of the tests, what ansible-test and an importer look for; all others need the development environment.
SHIPPED_TESTS = {"config.yml"}


def surplus(names: Iterable[str]) -> list[str]:
    """Files that should not be in the artefact."""
    found = []
    for name in names:
        parts = PurePosixPath(name).parts
        if (
            parts[0] not in SHIPPED
            or "__pycache__" in parts
            or any(part.startswith(".") for part in parts)
            or (parts[0] == "tests" and len(parts) > 1 and parts[1] not in SHIPPED_TESTS)
        ):
            found.append(name)
    return found


def hollow(directories: Iterable[str], names: Iterable[str]) -> list[str]:
    """Directories of the artefact with no file in them."""
    full = {str(parent) for name in names for parent in PurePosixPath(name).parents}
    return sorted(set(directories) - full)


def missing(names: Iterable[str], collection: Path) -> list[str]:
    """Files that should be in the artefact: the required ones and everything that a user runs."""
    wanted = set(REQUIRED)
    for directory in ("plugins", "roles", "playbooks"):
        wanted |= {
            path.relative_to(collection).as_posix()
            for path in (collection / directory).rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        }
    return sorted(wanted - set(names))


def run(*command: str | Path, cwd: Path | None = None, **variables: str) -> str:
    """What a command prints. ``variables`` are added to its environment; SystemExit with all it said if it fails."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=os.environ | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(str(part) for part in command)}\n{done.stdout}{done.stderr}")
    return done.stdout


def check_installed(artefact: Path, tree: Path) -> list[str]:
    """Installs ``artefact`` beside amazon.aws in an empty place; returns the names that ansible-core finds there."""
    with tempfile.TemporaryDirectory() as directory:
        galaxy = ("ansible-galaxy", "collection", "install", "--offline", "--collections-path", directory)
        run(*galaxy, artefact, tree / "amazon" / "aws")
        place = {"ANSIBLE_COLLECTIONS_PATH": directory}
        found = []
        for kind in ("module", "inventory", "lookup", "filter", "role"):
            listed = run("ansible-doc", "--json", "--list", "--type", kind, "lastgood.aws", **place)
            names = sorted(json.loads(listed))
            if names and kind != "role":
                # Fails where a documentation fragment or an import is missing.
                run("ansible-doc", "--json", "--type", kind, *names, **place)
            found += names
        playbooks = sorted((Path(directory) / "ansible_collections/lastgood/aws/playbooks").glob("*.yml"))
        for playbook in playbooks:
            run("ansible-playbook", "--syntax-check", f"lastgood.aws.{playbook.stem}", **place)
            found.append(f"lastgood.aws.{playbook.stem}")
    return found


def main() -> int:
    collection = Path.cwd()
    output = BUILD / "artifact"
    run("ansible-galaxy", "collection", "build", "--force", "--output-path", output, collection)
    galaxy = run(sys.executable, "-c", "import yaml; print(yaml.safe_load(open('galaxy.yml'))['version'])").strip()
    artefact = output / f"lastgood-aws-{galaxy}.tar.gz"
    with tarfile.open(artefact) as archive:
        members = archive.getmembers()
    names = [member.name for member in members if member.isfile()]
    directories = [member.name for member in members if member.isdir()]
    problems = [f"should not be in the artefact: {name}" for name in surplus(names)]
    problems += [f"has nothing in it: {name}" for name in hollow(directories, names)]
    problems += [f"is missing in the artefact: {name}" for name in missing(names, collection)]
    for problem in problems:
        print(problem)
    if problems:
        return 1
    found = check_installed(artefact, collection.parents[1])
    print(f"{artefact.relative_to(ROOT)}: {len(names)} files; installed, it has {', '.join(found)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
