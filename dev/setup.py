# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes the virtual environments that everything else runs in, and brings them up to date.

``python dev/setup.py run lint`` costs a few milliseconds when nothing changed: a stamp in each environment says what it
was made from. Standard library only, because it runs before anything is installed.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / ".build"
REQUIREMENTS = ROOT / "dev" / "requirements"
COLLECTIONS = ("amazon/aws", "community/aws")
STAMP = "lastgood-stamp.json"


class SetupError(Exception):
    """The environment could not be made; the message is for the person at the terminal."""


@dataclass(frozen=True)
class Environment:
    """A virtual environment: where it is, which Pythons may carry it (in order of preference), what is in it."""

    directory: str
    pythons: tuple[str, ...]
    requirements: Path
    constraints: Path
    with_collections: bool = False

    @property
    def path(self) -> Path:
        return ROOT / self.directory

    @property
    def python(self) -> Path:
        return self.path / "bin" / "python"


# ansible-core 2.21 runs on 3.12 to 3.14, ansible-core 2.18 on 3.11 to 3.13 ("Requires-Python" and the classifiers of
# their wheels). 3.14 comes after the versions that were tried.
NEWEST = ("3.13", "3.12", "3.14", "3.11")
ENVIRONMENTS = {
    "run": Environment(
        ".venv", NEWEST, REQUIREMENTS / "run.txt", REQUIREMENTS / "constraints.txt", with_collections=True
    ),
    "lint": Environment(".venv-lint", NEWEST, REQUIREMENTS / "lint.txt", REQUIREMENTS / "constraints.txt"),
    # The proxy of `make faults`, which is a program and imports nothing of ours.
    "faults": Environment(".venv-faults", NEWEST, REQUIREMENTS / "faults.txt", REQUIREMENTS / "constraints.txt"),
    # ansible-rulebook. Its source for queues stands on aiobotocore, which pins an older botocore than that of .venv.
    "eda": Environment(
        ".venv-eda",
        NEWEST,
        REQUIREMENTS / "eda.txt",
        REQUIREMENTS / "constraints-eda.txt",
        with_collections=True,
    ),
    # Galaxy's importer, for `make release-check`.
    "release": Environment(
        ".venv-release",
        NEWEST,
        REQUIREMENTS / "release.txt",
        REQUIREMENTS / "constraints-release.txt",
        with_collections=True,
    ),
    # The documentation as a site, for `make docs`.
    "docs": Environment(".venv-docs", NEWEST, REQUIREMENTS / "docs.txt", REQUIREMENTS / "constraints-docs.txt"),
    # What others use, for `make bench` to compare with.
    "peers": Environment(".venv-peers", NEWEST, REQUIREMENTS / "peers.txt", REQUIREMENTS / "constraints-peers.txt"),
    "oldest": Environment(
        ".venv-oldest",
        ("3.11", "3.12", "3.13"),
        REQUIREMENTS / "oldest.txt",
        ROOT / "tests" / "unit" / "constraints.txt",
    ),
}


def say(line: str) -> None:
    print(f"setup: {line}", flush=True)


def run(*command: str | Path) -> str:
    done = subprocess.run([str(part) for part in command], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SetupError(f"{' '.join(str(part) for part in command)}\nfailed:\n{done.stdout}{done.stderr}")
    return done.stdout.strip()


def find_python(versions: tuple[str, ...]) -> Path:
    return Path(run(ROOT / "dev" / "python", *versions))


def fingerprint(*files: Path) -> str:
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()


def wanted_stamp(environment: Environment, base: str) -> dict[str, str]:
    """What an up-to-date environment was made from. ``root``: scripts in a venv name its absolute path."""
    stamp = {
        "root": str(ROOT),
        "base": base,
        "packages": fingerprint(environment.requirements, environment.constraints),
    }
    stamp["compiled"] = stamp["packages"]
    if environment.with_collections:
        stamp["collections"] = fingerprint(REQUIREMENTS / "collections.txt")
    return stamp


def read_stamp(environment: Environment) -> dict[str, str]:
    try:
        stamp: dict[str, str] = json.loads((environment.path / STAMP).read_text())
    except (OSError, ValueError):
        return {}
    # A venv dies with the interpreter under it; "bin/python" is then a dangling link.
    return stamp if environment.python.exists() else {}


def site_packages(environment: Environment) -> Path:
    return Path(run(environment.python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"))


def compile_packages(environment: Environment) -> None:
    """Compiles what was installed, on all processors.

    With PYTHONDONTWRITEBYTECODE in the environment nothing else ever would, and each play would compile it again.
    """
    # Templates of packages are no Python yet, so that some files cannot be compiled.
    command = (environment.python, "-m", "compileall", "-q", "-j", "0", site_packages(environment))
    subprocess.run([str(part) for part in command], cwd=ROOT, capture_output=True, check=False)


def unpack_collections(environment: Environment) -> None:
    """Puts amazon.aws, community.aws and, as a link, this repository where the environment's Python finds them."""
    collections = site_packages(environment) / "ansible_collections"
    with tempfile.TemporaryDirectory() as directory:
        # The wheel has no code of its own that runs; its Requires-Python follows ansible-core's and is of no concern.
        run(
            *(environment.python, "-m", "pip", "download", "--quiet", "--no-deps", "--ignore-requires-python"),
            *("--dest", directory, "--requirement", REQUIREMENTS / "collections.txt"),
        )
        (wheel,) = Path(directory).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            for collection in COLLECTIONS:
                shutil.rmtree(collections / collection, ignore_errors=True)
                prefix = f"ansible_collections/{collection}/"
                archive.extractall(collections.parent, [name for name in archive.namelist() if name.startswith(prefix)])
    for collection in COLLECTIONS:
        manifest = json.loads((collections / collection / "MANIFEST.json").read_text())["collection_info"]
        say(f"{environment.directory} has {manifest['namespace']}.{manifest['name']} {manifest['version']}")
    link(collections / "lastgood" / "aws", ROOT)
    # The one name that ansible.cfg can give as collections_path: site-packages has the Python version in its path.
    link(environment.path / "collections" / "ansible_collections", collections)


def link(path: Path, target: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.symlink_to(os.path.relpath(target, path.parent), target_is_directory=True)


def ensure(name: str) -> Environment:
    """Makes or updates the environment ``name``; returns at once when its stamp says that nothing changed.

    Raises SetupError. A run that was cut off leaves no stamp, so the next one starts afresh.
    """
    environment = ENVIRONMENTS[name]
    stamp = read_stamp(environment)
    if stamp and stamp == wanted_stamp(environment, stamp.get("base", "")):
        return environment

    python = find_python(environment.pythons)
    wanted = wanted_stamp(environment, run(python, "-c", "import sys; print(sys.base_prefix, sys.version)"))
    stamp_file = environment.path / STAMP
    if stamp.get("root") != wanted["root"] or stamp.get("base") != wanted["base"]:
        stamp = {}
        say(f"making {environment.directory} with {python}")
        shutil.rmtree(environment.path, ignore_errors=True)
        run(python, "-m", "venv", environment.path)
    stamp_file.unlink(missing_ok=True)
    if stamp.get("packages") != wanted["packages"]:
        say(f"installing {environment.requirements.relative_to(ROOT)} into {environment.directory}")
        # Without compiling: pip does that file by file, on one processor.
        run(
            *(environment.python, "-m", "pip", "install", "--quiet", "--no-input", "--no-compile"),
            *("--disable-pip-version-check", "--constraint", environment.constraints),
            *("--requirement", environment.requirements),
        )
    if stamp.get("compiled") != wanted["compiled"]:
        compile_packages(environment)
    if stamp.get("collections") != wanted.get("collections"):
        unpack_collections(environment)
    stamp_file.write_text(json.dumps(wanted, indent=2) + "\n")
    return environment


@contextmanager
def one_at_a_time() -> Iterator[None]:
    BUILD.mkdir(exist_ok=True)
    with (BUILD / "setup.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def main(names: list[str]) -> int:
    unknown = sorted(set(names) - set(ENVIRONMENTS))
    if unknown or not names:
        print(f"usage: dev/setup.py {'|'.join(ENVIRONMENTS)} ...", file=sys.stderr)
        return 2
    try:
        with one_at_a_time():
            for name in names:
                ensure(name)
    except SetupError as error:
        print(f"setup: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
