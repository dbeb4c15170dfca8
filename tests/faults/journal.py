# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which cases of a commit were right already, so that all of them can be tried in parts."""

from __future__ import annotations

import json
import subprocess
import typing as t
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def path_of(seed: int, root: Path = ROOT) -> Path | None:
    """Where they are written down; None if the files are not those of a commit."""
    try:
        if _git(root, "status", "--porcelain"):
            return None
        return root / ".build" / "faults" / f"{_git(root, 'rev-parse', 'HEAD')}-{seed}.jsonl"
    except (OSError, subprocess.CalledProcessError):
        return None


def _git(root: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip()


class Journal:
    """The cases that were right, each with the seconds of a processor that it took."""

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def read(self) -> dict[str, float]:
        """All of them, by name. Half a line is left out: its run was killed."""
        if self._path is None or not self._path.exists():
            return {}
        found: dict[str, float] = {}
        for line in self._path.read_text(encoding="utf-8").splitlines():
            try:
                entry: t.Any = json.loads(line)
            except ValueError:
                continue
            found[entry["case"]] = entry["seconds"]
        return found

    def add(self, case: str, seconds: float) -> None:
        """Another one. Several processes may do this at the same time: each line is one write at the end."""
        if self._path is None:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"case": case, "seconds": round(seconds, 3)}) + "\n")
