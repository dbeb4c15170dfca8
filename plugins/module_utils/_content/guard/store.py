# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Where saved sets are kept: ``<store>/<deployment group id>/<run>/``. Private, and always consistent after a crash.

A file appears under its name only once it is complete and on the disk. The manifest is written last, so a set without
one is not finished. A writer holds a lock on the group's directory.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import stat
import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._content.guard import attributes, walking
from ansible_collections.lastgood.aws.plugins.module_utils._content.guard.walking import Refused, shown
from ansible_collections.lastgood.aws.plugins.module_utils._core.advice import RUN_AGAIN

MANIFEST: t.Final = b"manifest.json"
JOURNAL: t.Final = b"restored.json"
PARTIAL: t.Final = b".partial"
# Bytes that must stay free wherever something is written.
HEADROOM: t.Final = 64 << 20
_BLOB: t.Final = re.compile(rb"[0-9a-f]{64}")


class Place(t.NamedTuple):
    """A saved set: the store, the id of the deployment group, the name of the run."""

    store: bytes
    group: bytes
    run: bytes

    @property
    def path(self) -> bytes:
        return b"/".join(self)


def check_private(held: int, path: bytes) -> None:
    """Raises :class:`Refused` if somebody else could have written, or can read, a directory or file of the store."""
    found = os.fstat(held)
    if found.st_uid != os.geteuid():
        raise Refused(
            f"{shown(path)} belongs to the user id {found.st_uid}, and saved files are trusted only if they "
            f"belong to the one who restores them ({os.geteuid()})"
        )
    if stat.S_IMODE(found.st_mode) & 0o077:
        raise Refused(
            f"{shown(path)} is open to others (mode {stat.S_IMODE(found.st_mode):04o}); saved files are secrets. Find "
            f"out who used it, then: chmod go= {shown(path)}"
        )


@contextlib.contextmanager
def reading(place: Place) -> t.Iterator[t.Optional[int]]:
    """The directory of the set, held open; None if there is none. Creates nothing. Raises :class:`Refused`."""
    with contextlib.ExitStack() as stack:
        held: t.Optional[int] = None
        try:
            for path in _levels(place):
                held = stack.enter_context(walking.directory(path))
                check_private(held, path)
        except FileNotFoundError:
            held = None
        yield held


@contextlib.contextmanager
def writing(place: Place) -> t.Iterator[int]:
    """The directory of the set, created if missing, open and locked against other runs. Raises :class:`Refused`."""
    _make_above(place.store)
    with contextlib.ExitStack() as stack:
        held = -1
        for number, path in enumerate(_levels(place)):
            make_directory(path, 0o700)
            held = stack.enter_context(walking.directory(path))
            check_private(held, path)
            if number == 1:
                _lock(held, path)
        yield held


def _levels(place: Place) -> t.Tuple[bytes, bytes, bytes]:
    return (place.store, place.store + b"/" + place.group, place.path)


def _lock(held: int, path: bytes) -> None:
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as exc:
        raise Refused(f"another run is working in {shown(path)}; wait for it to end, then {RUN_AGAIN}") from exc


def _make_above(store: bytes) -> None:
    way = b""
    for part in store.split(b"/")[1:-1]:
        way += b"/" + part
        make_directory(way, 0o755)


def make_directory(path: bytes, mode: int) -> bool:
    """Create one directory. Returns False if it exists. Its parent must exist and not be a link."""
    with walking.parent(path) as (held, name):
        try:
            os.mkdir(name, mode, dir_fd=held)
        except FileExistsError:
            return False
        os.fsync(held)
        return True


def put(held: int, name: bytes, content: bytes) -> None:
    """Write the file ``name`` of a set: completely or not at all."""
    discard(held, PARTIAL)
    descriptor = create(held, PARTIAL)
    try:
        write_all(descriptor, content)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    os.rename(PARTIAL, name, src_dir_fd=held, dst_dir_fd=held)
    os.fsync(held)


def create(held: int, name: bytes) -> int:
    """A descriptor of a new file that nobody else can open."""
    return os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=held)


def write_all(descriptor: int, content: bytes) -> None:
    """Write everything; ``os.write`` may write less than it is given."""
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]


def discard(held: int, name: bytes) -> None:
    """Delete the file or link ``name`` if there is one."""
    try:
        os.unlink(name, dir_fd=held)
    except FileNotFoundError:
        pass


def get(held: int, name: bytes) -> t.Optional[bytes]:
    """The content of the file ``name`` of a set; None if there is none."""
    try:
        descriptor = walking.open_file(held, name)
    except FileNotFoundError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        check_private(descriptor, name)
        return file.read()


def blob_is_whole(held: int, sha256: str) -> bool:
    """Whether the saved content with this SHA-256 exists and is undamaged."""
    try:
        descriptor = walking.open_file(held, sha256.encode("ascii"))
    except FileNotFoundError:
        return False
    try:
        return attributes.digest(descriptor) == sha256
    finally:
        os.close(descriptor)


def check_room(held: int, path: bytes, wanted: int) -> None:
    """Raises :class:`Refused` if this would fill the file system of an open directory."""
    found = os.fstatvfs(held)
    free = found.f_bavail * found.f_frsize
    if wanted and free < wanted + HEADROOM:
        raise Refused(
            f"{shown(path)} has {free >> 20} MiB free, and {wanted >> 20} MiB and {HEADROOM >> 20} MiB to "
            "spare are needed"
        )


def remove(place: Place) -> None:
    """Delete one set: only files that this package writes, then directories that are empty. Raises :class:`Refused`."""
    with writing(place) as held:
        left = strange(held)
        if left:
            raise Refused(not_removed(place, left))
        names = sorted(os.listdir(held), key=lambda name: name != os.fsdecode(MANIFEST))
        # The manifest goes first: what is left is then an unfinished set, which the next run deletes.
        for name in names:
            os.unlink(name, dir_fd=held)
        with walking.parent(place.path) as (above, run):
            os.rmdir(run, dir_fd=above)
        with walking.parent(_levels(place)[1]) as (above, group):
            try:
                os.rmdir(group, dir_fd=above)
            except OSError:
                # Other runs of the group are still there.
                pass


def strange(held: int) -> t.List[bytes]:
    """What is in the directory of a set but was not written by this package."""
    return [name for name in sorted(map(os.fsencode, os.listdir(held))) if not _is_ours(held, name)]


def not_removed(place: Place, left: t.Sequence[bytes]) -> str:
    """Why a set with ``left`` in it is kept."""
    return f"{shown(place.path)} also holds {shown(left[0])}, which was not written by this module; nothing was removed"


def _is_ours(held: int, name: bytes) -> bool:
    known = name in (MANIFEST, JOURNAL, PARTIAL) or _BLOB.fullmatch(name)
    return bool(known) and stat.S_ISREG(os.lstat(name, dir_fd=held).st_mode)
