# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ways that lead through links, and places where nothing is touched."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._content.guard import walking
from ansible_collections.lastgood.aws.plugins.module_utils._content.guard.places import Places

GUARDED = Places((b"/srv/agent", b"/var/lib/lastgood/content-guard"))


def refusal(path: bytes) -> str:
    """Why nothing is touched at this place; empty if it is the guard's."""
    try:
        walking.check_place(path, GUARDED)
    except walking.Refused as refused:
        return str(refused)
    return ""


@pytest.mark.parametrize(
    ("path", "why"),
    [
        (b"srv/app/a", "not an absolute path"),
        (b"", "not an absolute path"),
        (b"/srv//a", "an empty part"),
        (b"/srv/app/", "an empty part"),
        (b"/srv/./a", "an empty part"),
        (b"/srv/../etc/shadow", "an empty part"),
        (b"/srv/a\0b", "a NUL"),
        (b"/srv/a\nb", "a newline"),
        (b"/", "an empty part"),
        (b"/etc", "in the root directory itself"),
        (b"/vmlinuz", "in the root directory itself"),
        (b"/etc/passwd", "the system itself needs"),
        (b"/etc/sudoers", "the system itself needs"),
        (b"/usr/bin", "where nothing is saved"),
        (b"/usr/bin/python3", "where nothing is saved"),
        (b"/lib/systemd/systemd", "where nothing is saved"),
        (b"/proc/self/mem", "where nothing is saved"),
        (b"/srv/agent/deployment-instructions/x-cleanup", "where nothing is saved"),
        (b"/var/lib/lastgood/content-guard/x/y/manifest.json", "where nothing is saved"),
    ],
)
def test_places_that_are_refused(path: bytes, why: str) -> None:
    assert why in refusal(path)


@pytest.mark.parametrize(
    "path",
    [
        b"/srv/app/a",
        b"/etc/shop/settings.conf",
        b"/usr/share/shop/a",
        b"/srv/agents",
        b"/srv/a b ",
        b"/srv/\xff",
        b"/binary/x",
    ],
)
def test_places_that_are_not_refused(path: bytes) -> None:
    assert refusal(path) == ""


def test_a_message_holds_no_control_characters() -> None:
    assert walking.shown(b"/srv/a\x1b[2J\xff\n\xc3\xa4") == "/srv/a\\x1b[2J\\xff\\nä"


@pytest.mark.parametrize("linked", ["app", "app/web"])
def test_a_linked_parent_is_refused_and_named(tmp_path: Path, linked: str) -> None:
    outside = tmp_path / "outside"
    (outside / "web").mkdir(parents=True)
    (outside / "web" / "a").write_text("precious")
    link = tmp_path / linked
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(outside if linked == "app" else outside / "web")
    with (
        pytest.raises(walking.Refused, match=f"{link} is a symbolic link"),
        walking.parent(os.fsencode(tmp_path / "app" / "web" / "a")),
    ):
        pass


def test_a_file_on_the_way_is_refused(tmp_path: Path) -> None:
    (tmp_path / "app").write_text("")
    with pytest.raises(walking.Refused, match="app is not a directory"):
        walking.open_directory(os.fsencode(tmp_path / "app" / "web"))


def test_neither_a_link_nor_a_pipe_is_opened(tmp_path: Path) -> None:
    (tmp_path / "target").write_text("precious")
    (tmp_path / "link").symlink_to("target")
    os.mkfifo(tmp_path / "pipe")
    with walking.directory(os.fsencode(tmp_path)) as held:
        with pytest.raises(walking.Refused, match="link is a symbolic link"):
            walking.open_file(held, b"link")
        with pytest.raises(walking.Refused, match="not a regular file"):
            walking.open_file(held, b"pipe")
