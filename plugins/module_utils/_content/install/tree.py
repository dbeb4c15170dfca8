# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""A tree of files to try things on: it reads from a source and keeps all changes in memory.

Names, links and errors behave as on Linux; nothing on disk changes.
"""

from __future__ import annotations

import errno
import os
import typing as t
from dataclasses import dataclass, replace

from ansible_collections.lastgood.aws.plugins.module_utils._content import paths
from ansible_collections.lastgood.aws.plugins.module_utils._content.listing import DIRECTORY, FILE, LINK, Entry, Source

# path_resolution(7)
_MOST_LINKS: t.Final = 40


class Refused(Exception):
    """The operating system would refuse this."""

    def __init__(self, code: int, path: bytes) -> None:
        super().__init__(code, path)
        self.code = code
        self.path = path

    def __str__(self) -> str:
        return f"{os.strerror(self.code)}: {paths.text(self.path)}"


@dataclass(frozen=True)
class Found:
    """Where a path leads."""

    # The path without links in its directories.
    real: bytes
    entry: t.Optional[Entry]
    # The links followed on the way.
    through: t.Tuple[bytes, ...] = ()
    # Whether there is a slash after the last name, of the path or of a link's target.
    slash: bool = False


def _leads_nowhere_else(ahead: t.Iterable[bytes]) -> bool:
    return all(part in (b"", b".") for part in ahead)


class Tree:
    """Files that can be changed, over a source that cannot."""

    def __init__(self, source: Source, platform: paths.Platform = paths.LINUX) -> None:
        self._source = source
        self.platform = platform
        self._changes: t.Dict[bytes, t.Optional[Entry]] = {}
        self._added: t.Dict[bytes, t.Dict[bytes, None]] = {}
        # Paths that are no longer the directory they are in the source: the source's entries below them are gone.
        self._hiding: t.Set[bytes] = set()

    def entry(self, path: bytes) -> t.Optional[Entry]:
        """What is at a path that has no links in its directories."""
        key = self.platform.key(path)
        if key in self._changes:
            return self._changes[key]
        return None if self._hidden(path) else self._source.entry(path)

    def _hidden(self, path: bytes) -> bool:
        """Whether a directory above it has been replaced."""
        directory = self.platform.parent(path)
        while self._hiding and directory != path:
            if self.platform.key(directory) in self._hiding:
                return True
            path, directory = directory, self.platform.parent(directory)
        return False

    def names(self, directory: bytes) -> t.Sequence[bytes]:
        found: t.Dict[bytes, bytes] = {}
        key = self.platform.key
        hidden = key(directory) in self._hiding or self._hidden(directory)
        source = None if hidden else self._source.entry(directory)
        if source is not None and source.kind == DIRECTORY:
            found.update((key(name), name) for name in self._source.names(directory))
        for name in self._added.get(key(directory), ()):
            found.setdefault(key(name), name)
        return [name for name in found.values() if self.entry(paths.join(directory, name)) is not None]

    def put(self, path: bytes, entry: t.Optional[Entry]) -> None:
        """Put this entry at that path, whatever was there."""
        before = self.entry(path)
        same = entry is not None and before is not None and entry.kind == before.kind == DIRECTORY
        if not same:
            self._hiding.add(self.platform.key(path))
        self._changes[self.platform.key(path)] = entry
        directory = self.platform.parent(path)
        self._added.setdefault(self.platform.key(directory), {})[paths.name(path)] = None

    def follow(self, path: bytes, *, last: bool) -> Found:
        """Where a path leads; with ``last``, a link at its end is followed too. Raises :class:`Refused`."""
        root = self.platform.root(path)
        ahead = path[len(root) :].split(paths.SLASH)[::-1]
        current = root
        through: t.List[bytes] = []
        while ahead:
            part = ahead.pop()
            if part in (b"", b"."):
                continue
            if part == b"..":
                current = self.platform.parent(current)
                continue
            at_the_end = _leads_nowhere_else(ahead)
            current = paths.join(current, part)
            found = self.entry(current)
            if found is not None and found.kind == LINK and (last or not at_the_end):
                through.append(current)
                if len(through) > _MOST_LINKS:
                    raise Refused(errno.ELOOP, path)
                current, more = self._behind(current, found)
                ahead += more
            elif at_the_end:
                return self._last_name(Found(current, found, tuple(through), bool(ahead)), path)
            elif found is None or found.kind != DIRECTORY:
                raise Refused(errno.ENOENT if found is None else errno.ENOTDIR, path)
        return Found(current, self.entry(current), tuple(through))

    @staticmethod
    def _last_name(found: Found, path: bytes) -> Found:
        """What the last name leads to. A slash after it asks for a directory (path_resolution(7))."""
        if found.slash and found.entry is not None and found.entry.kind not in (DIRECTORY, LINK):
            raise Refused(errno.ENOTDIR, path)
        return found

    def _behind(self, path: bytes, link: Entry) -> t.Tuple[bytes, t.List[bytes]]:
        """Where to go on from a link, and the parts of its target that are still ahead, the first one last."""
        target = self.platform.slashes(link.target or b"")
        root = self.platform.root(target)
        ahead = target.split(paths.SLASH)[::-1]
        return (root, ahead[:-1]) if root else (self.platform.parent(path), ahead)

    def stat(self, path: bytes) -> t.Optional[Entry]:
        """What a path leads to; None if it leads nowhere."""
        try:
            return self.follow(path, last=True).entry
        except Refused:
            return None

    def lstat(self, path: bytes) -> t.Optional[Entry]:
        """What is at a path itself, even if it is a link."""
        try:
            return self.follow(path, last=False).entry
        except Refused:
            return None

    def is_directory(self, path: bytes) -> bool:
        found = self.stat(path)
        return found is not None and found.kind == DIRECTORY

    def unlink(self, path: bytes) -> None:
        """Remove a file or link. Raises :class:`Refused`."""
        found = self._there(path)
        if found[1].kind == DIRECTORY:
            raise Refused(errno.EISDIR, path)
        if found[1].mounted:
            raise Refused(errno.EBUSY, path)
        self._changeable(found[0], found[1])
        self.put(found[0], None)

    def rmdir(self, path: bytes) -> None:
        """Remove an empty directory. Raises :class:`Refused`."""
        real, entry = self._there(path)
        if entry.kind != DIRECTORY:
            raise Refused(errno.ENOTDIR, path)
        if entry.mounted or real == self.platform.root(real):
            raise Refused(errno.EBUSY, path)
        self._changeable(real, entry)
        if self.names(real):
            raise Refused(errno.ENOTEMPTY, path)
        self.put(real, None)

    def _there(self, path: bytes) -> t.Tuple[bytes, Entry]:
        found = self.follow(path, last=False)
        if found.entry is None:
            raise Refused(errno.ENOENT, path)
        return found.real, found.entry

    def _changeable(self, real: bytes, entry: t.Optional[Entry]) -> None:
        directory = self.entry(self.platform.parent(real))
        if (entry is not None and entry.immutable) or (directory is not None and directory.immutable):
            raise Refused(errno.EPERM, real)

    def mkdir(self, path: bytes, entry: Entry) -> bytes:
        """Make a directory; returns its real path. Raises :class:`Refused`."""
        found = self.follow(path, last=False)
        if found.entry is not None:
            raise Refused(errno.EEXIST, path)
        self._changeable(found.real, None)
        self.put(found.real, entry)
        return found.real

    def symlink(self, path: bytes, target: bytes) -> bytes:
        """Make a symbolic link; returns its real path. Raises :class:`Refused`."""
        found = self.follow(path, last=False)
        if found.entry is not None:
            raise Refused(errno.EEXIST, path)
        self._changeable(found.real, None)
        self.put(found.real, Entry(LINK, mode=0o777, target=target))
        return found.real

    def write(self, path: bytes, content: Entry, *, follow: bool = True) -> bytes:
        """Open a file with O_TRUNC and O_CREAT, and give it this content, mode and owner. Raises :class:`Refused`."""
        found = self.follow(path, last=follow)
        old = found.entry
        if old is not None and old.kind == DIRECTORY:
            raise Refused(errno.EISDIR, path)
        if old is not None and old.kind == LINK:
            raise Refused(errno.ELOOP, path)
        if old is None and found.slash:
            # open(2) makes no directory.
            raise Refused(errno.EISDIR, path)
        if old is None:
            self._changeable(found.real, None)
        elif old.immutable:
            raise Refused(errno.EPERM, found.real)
        inode, links = (None, 1) if old is None else (old.inode, old.links)
        self.put(found.real, replace(content, kind=FILE, inode=inode, links=links))
        return found.real

    def change(self, path: bytes, **values: t.Any) -> None:
        """Set attributes of what a path leads to. Raises :class:`Refused`."""
        found = self.follow(path, last=True)
        if found.entry is None:
            raise Refused(errno.ENOENT, path)
        if found.entry.immutable:
            raise Refused(errno.EPERM, found.real)
        self.put(found.real, replace(found.entry, **values))
