# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import gzip
import hashlib
import io
import os
import stat
import tarfile
import typing as t
import zipfile
from pathlib import Path

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._content.bundle import appspec, archives, contents
from ansible_collections.lastgood.aws.plugins.module_utils._content.listing import Entry

APPSPEC = b"version: 0.0\nos: linux\nfiles: []\n"
CONTENT = b"content of a file\n"
DIGEST = hashlib.sha256(CONTENT).hexdigest()

Members = t.Mapping[str, "bytes | None"]


def tar(path: Path, members: Members, *more: tarfile.TarInfo, mode: t.Literal["w", "w:gz"] = "w") -> bytes:
    with tarfile.open(path, mode) as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            if content is None:
                info.type = tarfile.DIRTYPE
                info.mode = 0o755
                archive.addfile(info)
            else:
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
        for info in more:
            archive.addfile(info)
    return os.fsencode(path)


def tgz(path: Path, members: Members) -> bytes:
    return tar(path, members, mode="w:gz")


def zipped(path: Path, members: Members) -> bytes:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            if content is None:
                archive.mkdir(name)
            else:
                info = zipfile.ZipInfo(name)
                info.external_attr = (stat.S_IFREG | 0o644) << 16
                archive.writestr(info, content)
    return os.fsencode(path)


KINDS = pytest.mark.parametrize("make", [tar, tgz, zipped])


def link(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type = kind
    info.linkname = target
    return info


@KINDS
def test_what_is_in_an_archive(make: t.Callable[[Path, Members], bytes], tmp_path: Path) -> None:
    found = archives.read(make(tmp_path / "bundle", {"appspec.yml": APPSPEC, "content": None, "content/ä": CONTENT}))
    assert found.appspec == APPSPEC
    assert found.appspec_name == b"appspec.yml"
    assert set(found.entries) == {b"appspec.yml", b"content", "content/ä".encode()}
    assert found.entries[b"content"].kind == "dir"
    file = found.entries["content/ä".encode()]
    assert (file.kind, file.mode, file.size, file.digest) == ("file", 0o644, len(CONTENT), DIGEST)


@KINDS
def test_directories_that_an_archive_does_not_name_are_there(
    make: t.Callable[[Path, Members], bytes], tmp_path: Path
) -> None:
    found = archives.read(make(tmp_path / "bundle", {"./appspec.yaml": APPSPEC, "./a/b/c": CONTENT}))
    assert {path: entry.kind for path, entry in found.entries.items()} == {
        b"appspec.yaml": "file",
        b"a": "dir",
        b"a/b": "dir",
        b"a/b/c": "file",
    }


@KINDS
def test_one_directory_around_everything_is_taken_away(
    make: t.Callable[[Path, Members], bytes], tmp_path: Path
) -> None:
    found = archives.read(
        make(tmp_path / "bundle", {"shop-1.2": None, "shop-1.2/appspec.yml": APPSPEC, "shop-1.2/a": b""})
    )
    assert set(found.entries) == {b"appspec.yml", b"a"}


@KINDS
@pytest.mark.parametrize(
    "members", [{"a": CONTENT}, {"x/y/appspec.yml": APPSPEC}, {"x/appspec.yml": APPSPEC, "a": b""}]
)
def test_an_archive_without_an_appspec_file_at_the_top_is_refused(
    make: t.Callable[[Path, Members], bytes], members: Members, tmp_path: Path
) -> None:
    with pytest.raises(contents.BadArchive, match=r"no appspec\.yml"):
        archives.read(make(tmp_path / "bundle", members))


@KINDS
@pytest.mark.parametrize("name", ["../a", "a/../../b", "/etc/passwd", "a/.."])
def test_names_that_lead_out_of_the_archive_are_refused(
    make: t.Callable[[Path, Members], bytes], name: str, tmp_path: Path
) -> None:
    with pytest.raises(contents.BadArchive, match="leads out of the archive"):
        archives.read(make(tmp_path / "bundle", {"appspec.yml": APPSPEC, name: CONTENT}))


@KINDS
@pytest.mark.parametrize(
    ("limits", "option"),
    [(contents.Limits(entries=2), "max_files"), (contents.Limits(size=1 << 20), "max_bundle_size")],
)
def test_an_archive_that_unpacks_to_more_than_is_allowed_is_refused(
    make: t.Callable[[Path, Members], bytes], limits: contents.Limits, option: str, tmp_path: Path
) -> None:
    path = make(tmp_path / "bundle", {"appspec.yml": APPSPEC, "a": b"", "zeroes": bytes(2 << 20)})
    with pytest.raises(contents.BadArchive, match=option):
        archives.read(path, limits)


def test_a_header_that_wants_all_memory_is_refused(tmp_path: Path) -> None:
    header = tarfile.TarInfo("x")
    header.type = tarfile.XHDTYPE
    header.size = 1 << 32
    path = tmp_path / "bomb.tgz"
    path.write_bytes(gzip.compress(header.tobuf(tarfile.GNU_FORMAT) + bytes(1 << 20)))
    with pytest.raises(contents.BadArchive, match="header of"):
        archives.read(os.fsencode(path))


def test_links_are_kept_as_what_they_are(tmp_path: Path) -> None:
    path = tar(
        tmp_path / "bundle.tar",
        {"appspec.yml": APPSPEC, "a": CONTENT},
        link("to", "../../etc/passwd"),
        link("hard", "a", tarfile.LNKTYPE),
    )
    found = archives.read(path)
    assert found.entries[b"to"] == Entry("link", mode=0o644, uid=0, gid=0, target=b"../../etc/passwd")
    assert found.entries[b"hard"].digest == DIGEST


def test_a_hard_link_out_of_the_archive_is_refused(tmp_path: Path) -> None:
    for target in ("../x", "nothing"):
        path = tar(tmp_path / "bundle.tar", {"appspec.yml": APPSPEC}, link("hard", target, tarfile.LNKTYPE))
        with pytest.raises(contents.BadArchive):
            archives.read(path)


def test_symbolic_links_and_old_names_in_a_zip(tmp_path: Path) -> None:
    path = zipped(tmp_path / "bundle.zip", {"appspec.yml": APPSPEC})
    with zipfile.ZipFile(path.decode(), "a") as archive:
        info = zipfile.ZipInfo("to")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, "target")
        archive.writestr("pl\xe4ce", b"")
    raw = Path(os.fsdecode(path)).read_bytes().replace("pl\xe4ce".encode(), b"pl\x84!ce")
    Path(os.fsdecode(path)).write_bytes(_without_utf8(raw))
    found = archives.read(path)
    assert found.entries[b"to"].target == b"target"
    assert b"pl\x84!ce" in found.entries


def _without_utf8(raw: bytes) -> bytes:
    # The flag that says UTF-8, in the local header and in the directory.
    for magic, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = raw.rindex(magic)
        raw = raw[: at + offset] + b"\0\0" + raw[at + offset + 2 :]
    return raw


@pytest.mark.parametrize("content", [b"", b"no archive at all" * 100, b"PK\x03\x04 cut off", b"\x1f\x8b\x08 cut off"])
def test_what_is_no_archive_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "bundle"
    path.write_bytes(content)
    with pytest.raises(contents.BadArchive, match="bundle"):
        archives.read(os.fsencode(path))


def test_nothing_is_written(tmp_path: Path) -> None:
    archives.read(tgz(tmp_path / "bundle", {"appspec.yml": APPSPEC, "a": CONTENT}))
    assert os.listdir(tmp_path) == ["bundle"]


def test_an_unpacked_bundle_has_bounds_too(tmp_path: Path) -> None:
    """A RecursionError would say nothing of it."""
    deep = tmp_path / "deep"
    (deep / "/".join(["d"] * 300)).mkdir(parents=True)
    (deep / "appspec.yml").write_text("")
    with pytest.raises(contents.BadArchive, match="directories more than 200 deep"):
        archives.read_unpacked(os.fsencode(deep))
    long = tmp_path / "long"
    long.mkdir()
    (long / "appspec.yml").write_bytes(b"#" * (1 << 20))
    found = archives.read_unpacked(os.fsencode(long))
    with pytest.raises(appspec.Unreadable, match="longer than 262144 bytes"):
        appspec.parse(found.appspec)
