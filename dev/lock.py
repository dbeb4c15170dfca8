# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes dev/requirements/constraints.txt and constraints-eda.txt anew: the newest versions that resolve today.

``dev/lock.py`` installs run.txt, lint.txt and faults.txt, unconstrained, with the newest Python (ansible-core's current
line) and with 3.11 (the last line that still runs there) and writes one file for both, with a marker where they differ.
Then it does the same with eda.txt, which has a file of its own because aiobotocore pins an older botocore.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from setup import NEWEST, REQUIREMENTS, SetupError, find_python, run

# By the file to write: the files of requirements, and the environments that it is for.
LOCKS = {
    "constraints.txt": (("run", "lint", "faults"), ".venv, .venv-lint and .venv-faults"),
    "constraints-eda.txt": (("eda",), ".venv-eda"),
    "constraints-release.txt": (("release",), ".venv-release"),
    "constraints-docs.txt": (("docs",), ".venv-docs"),
    "constraints-peers.txt": (("peers",), ".venv-peers"),
}
# The first Python of ansible-core's current line: what differs from 3.11 differs from here on.
BOUNDARY = "3.12"


def resolve(names: tuple[str, ...], versions: tuple[str, ...]) -> dict[str, str]:
    """Names and versions that these requirements files resolve to with the first Python found of ``versions``."""
    with tempfile.TemporaryDirectory() as directory:
        run(find_python(versions), "-m", "venv", directory)
        python = Path(directory) / "bin" / "python"
        requirements = [part for name in names for part in ("-r", REQUIREMENTS / f"{name}.txt")]
        run(python, "-m", "pip", "install", "--quiet", "--no-compile", "--disable-pip-version-check", *requirements)
        frozen = run(python, "-m", "pip", "freeze", "--disable-pip-version-check")
    return dict(line.split("==") for line in frozen.splitlines())


def merge(newest: dict[str, str], oldest: dict[str, str]) -> list[str]:
    """Lines of a constraints file that serves both: a bare pin where they agree, else one line for each side."""
    lines = []
    for name in sorted(newest.keys() | oldest.keys(), key=str.lower):
        if newest.get(name) == oldest.get(name):
            lines.append(f"{name}=={newest[name]}")
            continue
        if name in newest:
            lines.append(f'{name}=={newest[name]}; python_version >= "{BOUNDARY}"')
        if name in oldest:
            lines.append(f'{name}=={oldest[name]}; python_version < "{BOUNDARY}"')
    return lines


def main() -> int:
    for file, (names, environments) in LOCKS.items():
        try:
            lines = merge(resolve(names, NEWEST), resolve(names, ("3.11",)))
        except SetupError as error:
            print(f"lock: {error}", file=sys.stderr)
            return 1
        header = f"# Exact versions of everything in {environments}. Written by `make lock`.\n"
        (REQUIREMENTS / file).write_text(header + "".join(f"{line}\n" for line in lines))
        print(f"lock: {len(lines)} lines written to {file}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
