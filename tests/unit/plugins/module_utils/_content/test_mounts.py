# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is mounted where."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._content import mounts
from ansible_collections.lastgood.aws.plugins.module_utils._content.listing import Disk


def test_mount_points_are_read_with_their_blanks() -> None:
    text = (
        b"36 35 98:0 / / rw,noatime shared:1 - ext3 /dev/root rw\n"
        b"37 36 0:20 / /srv/a\\040b rw - tmpfs tmpfs rw\n"
        b"38 36 0:20 /x /srv/settings\\134.conf rw - tmpfs tmpfs rw\n"
    )
    assert mounts.mount_points(text) == {b"/", b"/srv/a b", b"/srv/settings\\.conf"}


def test_a_mount_of_the_same_file_system_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bind mount has the device of what it is mounted on, and a file can be one."""
    directory, file, other = tmp_path / "directory", tmp_path / "file", tmp_path / "other"
    directory.mkdir()
    file.touch()
    other.touch()
    monkeypatch.setattr(mounts, "mounted_here", lambda: {os.fsencode(directory), os.fsencode(file)})
    disk = Disk()
    found = {path.name: disk.entry(os.fsencode(path)) for path in (directory, file, other)}
    assert {name: entry and entry.mounted for name, entry in found.items()} == {
        "directory": True,
        "file": True,
        "other": False,
    }
