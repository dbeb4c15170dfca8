# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``make release-check``: everything that a release does, in a copy, and what its users do next.

The changelog is written, the artefact is built and read by Galaxy's importer, and installed into fresh environments
with the newest and with the oldest ansible-core that are supported. There every plugin's documentation is read, and a
service is rolled back. The repository is the same afterwards.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path

from artifact import check_installed, run
from setup import BUILD, ENVIRONMENTS, ROOT, Environment, SetupError
from tree import make_tree, search_path

RUN, LINT, OLDEST, RELEASE = (ENVIRONMENTS[name] for name in ("run", "lint", "oldest", "release"))
# What a user installs beside the collection.
PACKAGES = ("ansible-core", "boto3", "botocore")
IMPORTER_CONFIG = "[galaxy-importer]\nCHECK_REQUIRED_TAGS = True\nLOG_LEVEL_MAIN = INFO\nRUN_ANSIBLE_TEST = False\n"
# What the importer says if something is wrong. Its warnings are those of ansible-lint, which cannot find what a gate of
# ours gives it: the collection's own playbooks, and awx.awx.
IMPORTER_COMPLAINS = re.compile(r"^ERROR: .*", re.MULTILINE)


def say(step: str) -> None:
    print(f"release-check: {step}", flush=True)


def state() -> str:
    """What git says of the repository."""
    return run("git", "-C", ROOT, "status", "--porcelain")


def antsibull_changelog(collection: Path, *arguments: str) -> None:
    """It asks ansible-doc for the plugins, and looks for the collection by its path."""
    where = {"PATH": search_path(RUN, LINT), "ANSIBLE_COLLECTIONS_PATH": str(collection.parents[2])}
    run(LINT.path / "bin" / "antsibull-changelog", *arguments, cwd=collection, **where)


def write_changelog(collection: Path, version: str) -> None:
    """As the release does; or, if it was written for this version already, see that it is what comes out."""
    changelog = collection / "CHANGELOG.md"
    changes = collection / "changelogs"
    known = changes / "changelog.yaml"
    if f"\n  {version}:\n" in known.read_text(encoding="utf-8"):
        before = changelog.read_text(encoding="utf-8")
        antsibull_changelog(collection, "generate")
        if changelog.read_text(encoding="utf-8") != before:
            raise SystemExit("CHANGELOG.md is not what changelogs/changelog.yaml says: antsibull-changelog generate")
    else:
        antsibull_changelog(collection, "release", "--version", version, "--date", f"{date.today()}")
    # Markdown has a backslash before each full stop.
    written = changelog.read_text(encoding="utf-8").replace("\\", "")
    if f"v{version}" not in written:
        raise SystemExit(f"the changelog does not name {version}")
    left = ", ".join(path.name for path in (changes / "fragments").glob("*.yml"))
    if left:
        raise SystemExit(f"the changelog of {version} lacks {left}: set the next version in galaxy.yml")


def build(collection: Path, version: str) -> Path:
    """The artefact."""
    output = BUILD / "release"
    run(RUN.path / "bin" / "ansible-galaxy", "collection", "build", "--force", "--output-path", output, collection)
    return output / f"lastgood-aws-{version}.tar.gz"


def import_it(artefact: Path) -> None:
    """As Galaxy does when somebody publishes it. Its ansible-doc finds amazon.aws in the importer's environment."""
    with tempfile.TemporaryDirectory() as directory:
        config = Path(directory) / "galaxy-importer.cfg"
        config.write_text(IMPORTER_CONFIG)
        done = subprocess.run(
            [RELEASE.python, "-m", "galaxy_importer.main", str(artefact)],
            cwd=directory,
            env=os.environ
            | {
                "GALAXY_IMPORTER_CONFIG": str(config),
                "PATH": search_path(RELEASE),
            },
            capture_output=True,
            text=True,
            check=False,
        )
    told = done.stdout + done.stderr
    (BUILD / "release" / "importer.log").write_text(told)
    complaints = [match[0] for match in IMPORTER_COMPLAINS.finditer(told)]
    if done.returncode or complaints:
        raise SystemExit("\n".join(["the importer complains:", *(complaints or [told[-2000:]])]))


def use_it(artefact: Path, collections: Path, like: Environment) -> str:
    """Install it into a fresh environment, read its documentation, and roll a service back. Returns what was used."""
    with tempfile.TemporaryDirectory() as directory:
        home = Path(directory)
        run(like.python, "-m", "venv", home / "venv")
        programs = home / "venv" / "bin"
        run(
            *(programs / "python", "-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"),
            *("--constraint", like.constraints, *PACKAGES),
        )
        # The repository's ansible.cfg would find the collection there, and install nothing.
        config = home / "ansible.cfg"
        config.write_text("[defaults]\n")
        place = {"PATH": f"{programs}:{os.environ['PATH']}", "HOME": directory, "ANSIBLE_CONFIG": str(config)}
        os.environ.update(place)
        found = check_installed(artefact, collections)
        into = ("ansible-galaxy", "collection", "install", "--offline", "--collections-path", home / "collections")
        run(*into, artefact, collections / "amazon/aws")
        rolled_back = run(
            *(RUN.python, "-m", "tests.installed", "--programs", programs, "--collections", home / "collections"),
            PYTHONPATH=str(ROOT),
        )
        core = run(programs / "ansible-playbook", "--version").splitlines()[0]
        return f"{core}: {len(found)} names documented; {rolled_back.strip()}"


def main() -> int:
    os.chdir(ROOT)
    before, environment = state(), dict(os.environ)
    (BUILD / "release").mkdir(parents=True, exist_ok=True)
    collection = make_tree("release-tree", RUN)
    version = re.findall(r"^version: (\S+)$", (collection / "galaxy.yml").read_text(), re.MULTILINE)[0]
    try:
        say(f"the changelog of {version}")
        write_changelog(collection, version)
        say("the artefact")
        artefact = build(collection, version)
        say("Galaxy's importer")
        import_it(artefact)
        for like in (RUN, OLDEST):
            say(use_it(artefact, collection.parents[1], like))
            os.environ.clear()
            os.environ.update(environment)
    except SetupError as error:
        print(f"release-check: {error}", file=sys.stderr)
        return 1
    if state() != before:
        print("release-check: the repository is not as it was before", file=sys.stderr)
        return 1
    say(f"{artefact.relative_to(ROOT)} is fit to be published")
    return 0


if __name__ == "__main__":
    sys.exit(main())
