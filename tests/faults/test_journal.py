# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was right is not tried again, on the same commit only."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.faults.journal import Journal, path_of

CASE = "kill/rolling/act/ecs.UpdateService-1/after/at-once"


def git(where: Path, *arguments: str) -> None:
    names = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", str(where), *names, *arguments], check=True, capture_output=True)


def test_what_was_right_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a-1.jsonl"
    assert Journal(path).read() == {}
    Journal(path).add(CASE, 0.51)
    Journal(path).add("proxy/rolling/x", 2.0)
    with path.open("a") as file:
        file.write('{"case": "half a li')
    assert Journal(path).read() == {CASE: 0.51, "proxy/rolling/x": 2.0}


def test_without_a_commit_nothing_is_written_down(tmp_path: Path) -> None:
    assert path_of(1, tmp_path) is None
    Journal(None).add(CASE, 0.5)
    assert Journal(None).read() == {}


def test_each_commit_and_seed_has_its_own(tmp_path: Path) -> None:
    git(tmp_path, "init")
    paths = []
    for number in (1, 2):
        (tmp_path / "file").write_text(str(number))
        assert path_of(1, tmp_path) is None
        git(tmp_path, "add", "file")
        git(tmp_path, "commit", "-m", "another")
        paths += [path_of(1, tmp_path), path_of(2, tmp_path)]
    assert None not in paths
    assert len(set(paths)) == 4
