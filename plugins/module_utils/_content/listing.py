# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Files: one entry, and the two sources of entries: a listing in memory, and the disk, read on demand.

Nothing here writes.
"""

from __future__ import annotations

import errno
import functools
import hashlib
import os
import stat
import typing as t
from dataclasses import dataclass

from ansible_collections.lastgood.aws.plugins.module_utils._content import mounts, paths

FILE: t.Final = "file"
DIRECTORY: t.Final = "dir"
LINK: t.Final = "link"
OTHER: t.Final = "other"

# Errors that Ruby and Rust also treat as "it does not exist".
_NOT_THERE: t.Final = (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP)
_KINDS: t.Final = {stat.S_IFREG: FILE, stat.S_IFDIR: DIRECTORY, stat.S_IFLNK: LINK}


@dataclass(frozen=True)
class Entry:
    """One name in a directory. Fields nobody has looked up are None."""

    kind: str
    mode: t.Optional[int] = None
    uid: t.Optional[int] = None
    gid: t.Optional[int] = None
    size: t.Optional[int] = None
    # SHA-256 of a file's content in hex.
    digest: t.Optional[str] = None
    # The target of a symbolic link.
    target: t.Optional[bytes] = None
    # Device and inode number; two names with the same pair are hard links.
    inode: t.Optional[t.Tuple[int, int]] = None
    # Something else is mounted on this directory or file; removing it fails.
    mounted: bool = False
    # chattr +i and the like: removing it or writing to it fails.
    immutable: bool = False
    # The number of names of the inode.
    links: t.Optional[int] = None


class Source(t.Protocol):
    """What a prediction reads. Paths are absolute and expanded, and their directories are not links."""

    def entry(self, path: bytes) -> t.Optional[Entry]:
        """What is at a path, None if there is nothing."""

    def names(self, directory: bytes) -> t.Sequence[bytes]:
        """What is in a directory."""


class Listing:
    """Entries in memory by path. Directories above ``roots`` exist without being listed."""

    def __init__(
        self,
        entries: t.Mapping[bytes, Entry],
        roots: t.Iterable[bytes] = (paths.SLASH,),
        platform: paths.Platform = paths.LINUX,
    ) -> None:
        self.entries: t.Dict[bytes, Entry] = dict(entries)
        self._platform = platform
        self._known: t.Dict[bytes, Entry] = {}
        self._names: t.Dict[bytes, t.Dict[bytes, None]] = {}
        for root in roots:
            self._add(root, Entry(DIRECTORY))
        for path, entry in self.entries.items():
            self._add(path, entry)

    def _add(self, path: bytes, entry: Entry) -> None:
        self._known[self._platform.key(path)] = entry
        directory = self._platform.parent(path)
        while directory != path:
            self._names.setdefault(self._platform.key(directory), {})[paths.name(path)] = None
            self._known.setdefault(self._platform.key(directory), Entry(DIRECTORY))
            path, directory = directory, self._platform.parent(directory)

    def entry(self, path: bytes) -> t.Optional[Entry]:
        return self._known.get(self._platform.key(path))

    def names(self, directory: bytes) -> t.Sequence[bytes]:
        return list(self._names.get(self._platform.key(directory), ()))


class Disk:
    """What is on this machine, read on demand. Contents are not read."""

    @functools.cached_property
    def _mounts(self) -> t.Set[bytes]:
        return mounts.mounted_here()

    def entry(self, path: bytes) -> t.Optional[Entry]:
        try:
            found = os.lstat(path)
        except OSError as problem:
            if problem.errno in _NOT_THERE:
                return None
            raise
        kind = _KINDS.get(stat.S_IFMT(found.st_mode), OTHER)
        return Entry(
            kind=kind,
            mode=stat.S_IMODE(found.st_mode),
            uid=found.st_uid,
            gid=found.st_gid,
            size=found.st_size if kind == FILE else None,
            target=os.readlink(path) if kind == LINK else None,
            inode=(found.st_dev, found.st_ino),
            links=found.st_nlink if kind == FILE else None,
            mounted=path in self._mounts or (kind == DIRECTORY and os.path.ismount(path)),
        )

    def names(self, directory: bytes) -> t.Sequence[bytes]:
        return os.listdir(directory)


def below(source: Source, directory: bytes) -> t.Iterator[t.Tuple[bytes, Entry]]:
    """Everything in a directory, at any depth, by path. Links are not followed."""
    for name in source.names(directory):
        path = paths.join(directory, name)
        entry = source.entry(path)
        if entry is None:
            continue
        yield path, entry
        if entry.kind == DIRECTORY:
            yield from below(source, path)


def digest(path: bytes) -> str:
    """The SHA-256 of a file, read in pieces."""
    sha256 = hashlib.sha256()
    with open(path, "rb") as stream:
        for piece in iter(lambda: stream.read(1 << 20), b""):
            sha256.update(piece)
    return sha256.hexdigest()
