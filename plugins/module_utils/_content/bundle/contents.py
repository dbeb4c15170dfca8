# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""What is in a bundle, collected within bounds. Pure."""

from __future__ import annotations

import hashlib
import typing as t
from dataclasses import dataclass, replace

from ansible_collections.lastgood.aws.plugins.module_utils._content import listing, paths
from ansible_collections.lastgood.aws.plugins.module_utils._content.bundle import appspec, documents
from ansible_collections.lastgood.aws.plugins.module_utils._content.listing import Entry

PIECE: t.Final = 1 << 20
# What the agent could unpack: PATH_MAX and NAME_MAX of Linux (limits.h), in bytes, and directories in directories.
_MOST_OF_A_PATH: t.Final = 4096
_MOST_OF_A_NAME: t.Final = 255
DEEPEST: t.Final = 200
# Bytes of all paths together. A hundred thousand files have a tenth of it.
_MOST_OF_PATHS: t.Final = 1 << 25


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


class BadArchive(Exception):
    """Not an archive, or not safe to read. The message says why."""


@dataclass(frozen=True)
class Limits:
    """What an archive may hold. A few kilobytes can unpack to terabytes."""

    entries: int = 100_000
    size: int = 4 << 30


class Contents:
    """What has been found so far."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.entries: t.Dict[bytes, Entry] = {}
        self.appspecs: t.Dict[bytes, bytes] = {}
        self._size = 0
        self._members = 0
        self._length_of_paths = 0

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
        """Add an entry. Raises :class:`BadArchive` if its names are over the limits."""
        path = within(name)
        if len(entry.target or b"") > _MOST_OF_A_PATH:
            raise BadArchive(f"{paths.text(path)!r} in it is a link to more than {_MOST_OF_A_PATH} bytes")
        self._length_of_paths += len(path) + len(entry.target or b"")
        if self._length_of_paths > _MOST_OF_PATHS:
            raise BadArchive(f"the names in it are longer than {_MOST_OF_PATHS} bytes")
        if path:
            self.entries[path] = entry

    def add_file(self, name: bytes, entry: Entry, stream: t.Optional[t.IO[bytes]]) -> None:
        """Add a file. Its content is read once, in pieces; only an AppSpec file's is kept.

        Raises :class:`BadArchive` if it is over the limits.
        """
        path = within(name)
        keep = paths.name(path) in appspec.NAMES and path.count(paths.SLASH) < 2
        sha256, size, kept = hashlib.sha256(), 0, b""
        while stream is not None:
            piece = stream.read(PIECE)
            if not piece:
                break
            size += len(piece)
            if size > (entry.size or 0):
                self._grow(len(piece), "holds")
            sha256.update(piece)
            if keep:
                kept += piece
                if len(kept) > documents.MOST_BYTES:
                    raise BadArchive(f"{paths.text(path)} in it is longer than {documents.MOST_BYTES} bytes")
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
                return Bundle(entries=self._with_directories(entries), appspec=content, appspec_name=name, root=root)
        raise BadArchive("there is no appspec.yml or appspec.yaml at the top of it")

    def _with_directories(self, entries: t.Mapping[bytes, Entry]) -> t.Dict[bytes, Entry]:
        """Archives need not list the directories of their files. Raises :class:`BadArchive` for too many."""
        found = dict(entries)
        for path in entries:
            above = path.rpartition(paths.SLASH)[0]
            while above and above not in found:
                self._length_of_paths += len(above)
                if len(found) - len(entries) >= self.limits.entries:
                    raise BadArchive(f"its files are in more than {self.limits.entries} directories (max_files)")
                if self._length_of_paths > _MOST_OF_PATHS:
                    raise BadArchive(f"the names in it are longer than {_MOST_OF_PATHS} bytes")
                found[above] = Entry(listing.DIRECTORY)
                above = above.rpartition(paths.SLASH)[0]
        return found


def within(name: bytes) -> bytes:
    """A member's path within the bundle; empty for the bundle itself. Raises :class:`BadArchive`."""
    if len(name) > _MOST_OF_A_PATH:
        raise BadArchive(f"a name in it has {len(name)} bytes, and Linux allows {_MOST_OF_A_PATH}")
    parts = name.split(paths.SLASH)
    if max(map(len, parts)) > _MOST_OF_A_NAME:
        raise BadArchive(f"{paths.text(name)[:40]!r}... in it has a part of more than {_MOST_OF_A_NAME} bytes")
    if len(parts) > DEEPEST:
        raise BadArchive(f"{paths.text(name)[:40]!r}... in it is in more than {DEEPEST} directories")
    if name.startswith(paths.SLASH) or b".." in parts or b"\0" in name:
        raise BadArchive(f"{paths.text(name)!r} in it leads out of the archive")
    return paths.SLASH.join(part for part in parts if part not in (b"", b"."))
