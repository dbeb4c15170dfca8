# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""A revision's bundle, unpacked in a deployment archive or in the uploaded file. Nothing is written.

Uploaded are tar, tar with gzip, and zip.

The agent unpacks them with ``tar -xp``, ``tar -zxp`` and ``unzip`` (unpack_bundle in lib/instance_agent/plugins/
codedeploy/command_executor.rb of aws/aws-codedeploy-agent 1.8.1). If everything is in one directory with an AppSpec
file in it, the agent removes that level.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import stat
import tarfile
import typing as t
import zipfile
import zlib
from dataclasses import dataclass, replace

from ansible_collections.lastgood.aws.plugins.module_utils._content import listing, paths
from ansible_collections.lastgood.aws.plugins.module_utils._content.bundle import appspec
from ansible_collections.lastgood.aws.plugins.module_utils._content.listing import DIRECTORY, FILE, Disk, Entry, digest

_PIECE: t.Final = 1 << 20
# Bytes. An AppSpec file is a page; a tar header is as long as its name and attributes need.
_MOST_OF_APPSPEC: t.Final = 1 << 20
_MOST_AT_ONCE: t.Final = 1 << 22
_GZIP: t.Final = b"\x1f\x8b"
_ZIP: t.Final = (b"PK\x03\x04", b"PK\x05\x06")
_UNREADABLE: t.Final = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    gzip.BadGzipFile,
    EOFError,
    NotImplementedError,
    RuntimeError,
)
_ENCRYPTED: t.Final = 0x1
_UTF8: t.Final = 0x800
_UNIX: t.Final = 3


class BadArchive(Exception):
    """Not an archive, or not safe to read. The message says why."""


@dataclass(frozen=True)
class Limits:
    """What an archive may hold. A few kilobytes can unpack to terabytes."""

    entries: int = 100_000
    size: int = 4 << 30


class _Contents:
    """What has been found so far."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.entries: t.Dict[bytes, Entry] = {}
        self.appspecs: t.Dict[bytes, bytes] = {}
        self._size = 0
        self._members = 0

    def announce(self, size: int) -> None:
        """Call this before a member is read. Raises :class:`BadArchive` if it is over the limits."""
        self._members += 1
        if self._members > self.limits.entries:
            raise BadArchive(f"it holds more than {self.limits.entries} files (max_files)")
        self._grow(size, "says that it holds")

    def _grow(self, size: int, says: str) -> None:
        self._size += size
        if self._size > self.limits.size:
            raise BadArchive(f"it {says} more than {self.limits.size} bytes (max_bundle_size)")

    def add(self, name: bytes, entry: Entry) -> None:
        path = _within(name)
        if path:
            self.entries[path] = entry

    def add_file(self, name: bytes, entry: Entry, stream: t.Optional[t.IO[bytes]]) -> None:
        """Add a file. Its content is read once, in pieces; only an AppSpec file's is kept.

        Raises :class:`BadArchive` if it is over the limits.
        """
        path = _within(name)
        keep = paths.name(path) in appspec.NAMES and path.count(paths.SLASH) < 2
        sha256, size, kept = hashlib.sha256(), 0, b""
        while stream is not None:
            piece = stream.read(_PIECE)
            if not piece:
                break
            size += len(piece)
            if size > (entry.size or 0):
                self._grow(len(piece), "holds")
            sha256.update(piece)
            if keep:
                kept += piece
                if len(kept) > _MOST_OF_APPSPEC:
                    raise BadArchive(f"{paths.text(path)} in it is longer than {_MOST_OF_APPSPEC} bytes")
        self.add(name, replace(entry, size=size, digest=sha256.hexdigest()))
        if keep:
            self.appspecs[path] = kept

    def bundle(self, root: bytes) -> Bundle:
        """The whole bundle, without a single top-level directory. Raises :class:`BadArchive`."""
        top = {path.partition(paths.SLASH)[0] for path in self.entries}
        strip = b""
        if len(top) == 1:
            only = top.pop()
            if any(b"appspec" in path[len(only) + 1 :].partition(paths.SLASH)[0].lower() for path in self.entries):
                strip = only + paths.SLASH
        entries = {path[len(strip) :]: entry for path, entry in self.entries.items() if path != strip.rstrip(b"/")}
        for name in appspec.NAMES:
            content = self.appspecs.get(strip + name)
            if content is not None:
                return Bundle(entries=_with_directories(entries), appspec=content, appspec_name=name, root=root)
        raise BadArchive("there is no appspec.yml or appspec.yaml at the top of it")


def _with_directories(entries: t.Mapping[bytes, Entry]) -> t.Dict[bytes, Entry]:
    # Archives need not list the directories of their files.
    found = dict(entries)
    for path in entries:
        while paths.SLASH in path:
            path = path.rpartition(paths.SLASH)[0]
            found.setdefault(path, Entry(listing.DIRECTORY))
    return found


def _within(name: bytes) -> bytes:
    """A member's path within the bundle; empty for the bundle itself. Raises :class:`BadArchive`."""
    parts = name.split(paths.SLASH)
    if name.startswith(paths.SLASH) or b".." in parts or b"\0" in name:
        raise BadArchive(f"{paths.text(name)!r} in it leads out of the archive")
    return paths.SLASH.join(part for part in parts if part not in (b"", b"."))


class _Guarded:
    """A stream that limits each read and the total, whatever a tar file's headers ask for."""

    def __init__(self, stream: t.IO[bytes], limits: Limits) -> None:
        self._stream = stream
        # Headers and padding: two blocks for each member, plus space for long names.
        self._end = limits.size + limits.entries * 4096

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= _MOST_AT_ONCE:
            raise BadArchive(f"it has a header of {size} bytes")
        return self._stream.read(size)

    def seek(self, position: int) -> int:
        if position > self._end:
            raise BadArchive("it holds more than max_bundle_size and max_files allow")
        return self._stream.seek(position)

    def tell(self) -> int:
        return self._stream.tell()


def _of_tar(stream: t.IO[bytes], contents: _Contents) -> None:
    guarded = t.cast("t.IO[bytes]", _Guarded(stream, contents.limits))
    with tarfile.open(fileobj=guarded, mode="r:", encoding="utf-8", errors="surrogateescape") as archive:
        for member in archive:
            contents.announce(member.size if member.isreg() else 0)
            name = member.name.encode("utf-8", "surrogateescape")
            entry = Entry(listing.OTHER, mode=stat.S_IMODE(member.mode), uid=member.uid, gid=member.gid)
            if member.isdir():
                contents.add(name, replace(entry, kind=listing.DIRECTORY))
            elif member.issym():
                target = member.linkname.encode("utf-8", "surrogateescape")
                contents.add(name, replace(entry, kind=listing.LINK, target=target))
            elif member.islnk():
                linked = _within(member.linkname.encode("utf-8", "surrogateescape"))
                if linked not in contents.entries:
                    raise BadArchive(
                        f"{paths.text(name)!r} in it is a hard link to something not before it in the archive"
                    )
                contents.add(name, contents.entries[linked])
            elif member.isreg():
                file = replace(entry, kind=listing.FILE, size=member.size)
                contents.add_file(name, file, archive.extractfile(member))
            else:
                contents.add(name, entry)


def _of_zip(stream: t.IO[bytes], contents: _Contents) -> None:
    with zipfile.ZipFile(stream) as archive:
        for member in archive.infolist():
            contents.announce(member.file_size)
            # The bytes in the archive: without the UTF-8 flag, zipfile decodes them as code page 437.
            name = member.filename.encode("utf-8" if member.flag_bits & _UTF8 else "cp437")
            bits = member.external_attr >> 16 if member.create_system == _UNIX else 0
            entry = Entry(listing.FILE, mode=stat.S_IMODE(bits) if bits else None, size=member.file_size)
            if member.flag_bits & _ENCRYPTED:
                raise BadArchive(f"{paths.text(name)!r} in it is encrypted")
            if member.is_dir():
                contents.add(name, replace(entry, kind=listing.DIRECTORY, size=None))
            elif stat.S_ISLNK(bits):
                with archive.open(member) as opened:
                    target = opened.read(_PIECE)
                contents.add(name, replace(entry, kind=listing.LINK, size=None, target=target))
            else:
                with archive.open(member) as opened:
                    contents.add_file(name, entry, opened)


def read(path: bytes, limits: t.Optional[Limits] = None, root: t.Optional[bytes] = None) -> Bundle:
    """The bundle in this archive, with the SHA-256 of its files. Raises :class:`BadArchive`."""
    contents = _Contents(limits or Limits())
    try:
        with open(path, "rb") as stream:
            magic = stream.read(4)
            stream.seek(0)
            if magic in _ZIP:
                _of_zip(stream, contents)
            elif magic.startswith(_GZIP):
                with gzip.GzipFile(fileobj=stream) as unpacked:
                    _of_tar(t.cast("t.IO[bytes]", unpacked), contents)
            else:
                _of_tar(stream, contents)
        return contents.bundle(root or Bundle.root)
    except BadArchive as exc:
        raise BadArchive(f"{os.fsdecode(path)!r} is refused: {exc}") from exc
    except _UNREADABLE as exc:
        raise BadArchive(
            f"{os.fsdecode(path)!r} cannot be read as an archive the agent accepts (tar, tar.gz or zip): {exc}"
        ) from exc


@dataclass(frozen=True)
class Bundle:
    """A bundle's entries by path within it (``content/a.txt``), directories included."""

    entries: t.Mapping[bytes, Entry]
    # The AppSpec file and its name.
    appspec: bytes
    appspec_name: bytes = b"appspec.yml"
    # Where it is or will be unpacked; its links are resolved from there.
    root: bytes = b"/opt/codedeploy-agent/deployment-root/deployment-archive"
    # Whether the entries are in the order in which the agent reads its directories.
    ordered: bool = False


def read_unpacked(directory: bytes, *, digests: bool = False) -> Bundle:
    """The bundle unpacked in this directory, with SHA-256 only on demand.

    Raises :class:`FileNotFoundError` if there is no AppSpec file.
    """
    entries = dict(_unpacked_entries(directory, b"", digests))
    for name in appspec.NAMES:
        if name in entries:
            break
    else:
        names = " or ".join(paths.text(name) for name in appspec.NAMES)
        raise FileNotFoundError(f"there is no {names} in {paths.text(directory)}")
    with open(os.path.join(directory, name), "rb") as stream:
        content = stream.read()
    return Bundle(entries, content, name, directory, ordered=True)


def _unpacked_entries(root: bytes, within: bytes, digests: bool) -> t.Iterator[t.Tuple[bytes, Entry]]:
    disk = Disk()
    for name in disk.names(os.path.join(root, within)):
        inner = os.path.join(within, name)
        path = os.path.join(root, inner)
        entry = disk.entry(path)
        if entry is None:
            continue
        if digests and entry.kind == FILE:
            entry = replace(entry, digest=digest(path))
        yield inner, entry
        if entry.kind == DIRECTORY:
            yield from _unpacked_entries(root, inner, digests)
