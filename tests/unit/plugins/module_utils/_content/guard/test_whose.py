# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who wrote a file is told from the agent's records, and nothing is told that they do not show."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._content.agent.agent import Generation
from ansible_collections.lastgood.aws.plugins.module_utils._content.guard import whose
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._content.scratch import GROUP, Instance

BEGAN, ENDED = 1_000_000, 1_000_100


@pytest.fixture
def instance(tmp_path: Path) -> Instance:
    """d-1 was deployed, with index.html in its bundle."""
    found = Instance(tmp_path)
    directory = found.root / GROUP / "d-1"
    archive = directory / "deployment-archive"
    (archive / "content").mkdir(parents=True)
    (archive / "content/index.html").write_text("one")
    (archive / "appspec.yml").write_text(
        f"version: 0.0\nos: linux\nfiles:\n  - source: content\n    destination: {found.app}\n"
    )
    (directory / "logs").mkdir()
    for name, when in (("bundle.tar", BEGAN), ("logs/scripts.log", ENDED)):
        (directory / name).touch()
        os.utime(directory / name, (when, when))
    Path(os.fsdecode(found.layout.last_successful_install(GROUP))).write_text(str(directory))
    found.lists()
    return found


@pytest.mark.parametrize(
    ("name", "when", "words"),
    [
        ("made", BEGAN + 50, "while d-1 ran and is in no bundle: most likely by its scripts"),
        ("made", ENDED + 5_000, "while no deployment on record was running"),
        ("index.html", ENDED + 5_000, "differs from the file that d-1 has for it"),
        ("blank ", BEGAN, "cuts blanks off the end"),
        ("missing", None, "records do not tell who wrote it"),
    ],
)
def test_what_is_known(instance: Instance, name: str, when: int | None, words: str) -> None:
    if when is not None:
        os.utime(instance.write(name, "present"), (when, when))
    assert words in whose.Evidence(instance.layout, GROUP, Generation.RUBY).of(instance.path(name))


def test_nothing_is_said_of_a_time_when_it_is_not_known_what_ran(instance: Instance) -> None:
    path = instance.write("made", "present")
    (instance.root / GROUP / "d-1" / "bundle.tar").unlink()
    (instance.root / GROUP / "d-0" / "deployment-archive").mkdir(parents=True)
    told = whose.Evidence(instance.layout, GROUP, Generation.RUBY).of(os.fsencode(path))
    assert "by hand" not in told
