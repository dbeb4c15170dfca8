# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files in memory, on disk, in a bundle, and in a tree that is changed."""

from __future__ import annotations

import errno
import hashlib
import os
from pathlib import Path

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._content.bundle import archives
from ansible_collections.lastgood.aws.plugins.module_utils._content.install.tree import Refused, Tree
from ansible_collections.lastgood.aws.plugins.module_utils._content.listing import (
    DIRECTORY,
    FILE,
    LINK,
    OTHER,
    Disk,
    Entry,
    Listing,
    below,
    digest,
)
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._content.trees import Link, listing


def test_directories_above_are_there_without_being_listed() -> None:
    found = Listing({b"/a/b/c": Entry(FILE)}, roots=[b"/x/y"])
    assert found.entry(b"/a/b/c") == Entry(FILE)
    assert found.entry(b"/a/b") == found.entry(b"/x") == found.entry(b"/x/y") == found.entry(b"/") == Entry(DIRECTORY)
    assert found.entry(b"/x/y/z") is None
    assert found.names(b"/") == [b"x", b"a"]
    assert found.names(b"/a/b") == [b"c"]
    assert found.names(b"/x/y") == []


def test_what_is_on_disk(tmp_path: Path) -> None:
    root = os.fsencode(tmp_path)
    (tmp_path / "file").write_text("content")
    (tmp_path / "file").chmod(0o640)
    os.link(tmp_path / "file", tmp_path / "again")
    (tmp_path / "link").symlink_to("nowhere")
    (tmp_path / "dir").mkdir()
    (tmp_path / "dir" / "inner").touch()
    os.mkfifo(tmp_path / "pipe")
    found = dict(below(Disk(), root))
    assert {path[len(root) + 1 :]: entry.kind for path, entry in found.items()} == {
        b"file": FILE,
        b"again": FILE,
        b"link": LINK,
        b"dir": DIRECTORY,
        b"dir/inner": FILE,
        b"pipe": OTHER,
    }
    file = found[root + b"/file"]
    assert (file.mode, file.size, file.links, file.uid) == (0o640, 7, 2, os.geteuid())
    assert file.inode == found[root + b"/again"].inode
    assert file.digest is None
    assert found[root + b"/link"].target == b"nowhere"
    assert digest(root + b"/file") == hashlib.sha256(b"content").hexdigest()
    assert Disk().entry(root + b"/none") is Disk().entry(root + b"/file/none") is None
    assert Disk().entry(root + b"/" + b"x" * 300) is None
    root_entry = Disk().entry(b"/")
    assert root_entry is not None
    assert root_entry.mounted


@pytest.mark.parametrize("name", ["appspec.yml", "appspec.yaml"])
def test_a_bundle_is_read_where_it_lies(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("spec")
    (tmp_path / "content" / "sub").mkdir(parents=True)
    (tmp_path / "content" / "sub" / "a").write_text("1")
    found = archives.read_unpacked(os.fsencode(tmp_path), digests=True)
    assert (found.appspec, found.appspec_name, found.root) == (b"spec", name.encode(), os.fsencode(tmp_path))
    assert set(found.entries) == {name.encode(), b"content", b"content/sub", b"content/sub/a"}
    assert found.entries[b"content/sub/a"].digest == hashlib.sha256(b"1").hexdigest()
    assert archives.read_unpacked(os.fsencode(tmp_path)).entries[b"content/sub/a"].digest is None


def test_a_bundle_without_an_appspec_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="there is no appspec"):
        archives.read_unpacked(os.fsencode(tmp_path))


FILES = {
    "/srv/app/d": None,
    "/srv/app/d/f": "1",
    "/srv/app/l": Link("d"),
    "/srv/app/up": Link("../app/d/../d"),
    "/srv/app/root": Link("/srv/app/d/f"),
    "/srv/app/round": Link("round"),
    "/srv/app/dangling": Link("none"),
}


@pytest.mark.parametrize(
    ("path", "last", "real", "through"),
    [
        (b"/srv/app/d/f", True, b"/srv/app/d/f", ()),
        (b"/srv/app/l", False, b"/srv/app/l", ()),
        (b"/srv/app/l", True, b"/srv/app/d", (b"/srv/app/l",)),
        (b"/srv/app/l/f", False, b"/srv/app/d/f", (b"/srv/app/l",)),
        (b"/srv/app/up/f", True, b"/srv/app/d/f", (b"/srv/app/up",)),
        (b"/srv/app/root", True, b"/srv/app/d/f", (b"/srv/app/root",)),
        (b"/srv/app/dangling", True, b"/srv/app/none", (b"/srv/app/dangling",)),
        (b"/srv/app/none", True, b"/srv/app/none", ()),
    ],
)
def test_where_a_path_leads(path: bytes, last: bool, real: bytes, through: tuple[bytes, ...]) -> None:
    found = Tree(listing(FILES)).follow(path, last=last)
    assert (found.real, found.through) == (real, through)


@pytest.mark.parametrize(
    ("path", "code"),
    [
        (b"/srv/app/round", errno.ELOOP),
        (b"/srv/app/none/x", errno.ENOENT),
        (b"/srv/app/d/f/x", errno.ENOTDIR),
        (b"/srv/app/dangling/x", errno.ENOENT),
    ],
)
def test_where_it_does_not_lead(path: bytes, code: int) -> None:
    tree = Tree(listing(FILES))
    with pytest.raises(Refused) as problem:
        tree.follow(path, last=True)
    assert problem.value.code == code
    assert tree.stat(path) is None


def test_what_was_below_a_link_is_gone_with_it() -> None:
    tree = Tree(listing(FILES))
    assert tree.names(b"/srv/app/d") == [b"f"]
    tree.unlink(b"/srv/app/l")
    tree.mkdir(b"/srv/app/l", Entry(DIRECTORY))
    assert tree.stat(b"/srv/app/l/f") is None
    tree.unlink(b"/srv/app/d/f")
    tree.rmdir(b"/srv/app/d")
    tree.mkdir(b"/srv/app/d", Entry(DIRECTORY))
    assert list(tree.names(b"/srv/app/d")) == []
    tree.write(b"/srv/app/d/new", Entry(FILE))
    assert list(tree.names(b"/srv/app/d")) == [b"new"]


@pytest.mark.parametrize(
    ("do", "path", "code"),
    [
        ("unlink", b"/srv/app/d", errno.EISDIR),
        ("unlink", b"/srv/app/none", errno.ENOENT),
        ("rmdir", b"/srv/app/d", errno.ENOTEMPTY),
        ("rmdir", b"/srv/app/l", errno.ENOTDIR),
        ("rmdir", b"/", errno.EBUSY),
    ],
)
def test_what_is_refused(do: str, path: bytes, code: int) -> None:
    with pytest.raises(Refused) as problem:
        getattr(Tree(listing(FILES)), do)(path)
    assert problem.value.code == code
    assert os.strerror(code) in str(problem.value)
