# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Ways to a file without symbolic links.

Paths are bytes. A directory is held by its descriptor, so that nobody can replace it by a link afterwards.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._content.guard.places import Places, refusal
from ansible_collections.lastgood.aws.plugins.module_utils._core import text

_DIRECTORY: t.Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class Refused(Exception):
    """Nothing is done with this path, or in this state of the instance. The text says why."""


def shown(path: bytes) -> str:
    """``path`` for a message: no control characters, nothing that cannot be encoded."""
    return text.visible(path.decode("utf-8", "backslashreplace"))


def check_form(path: bytes) -> None:
    """Raises :class:`Refused` unless the path is absolute and in its plain form."""
    if not path.startswith(b"/"):
        raise Refused(f"{shown(path)} is not an absolute path")
    if b"\0" in path or b"\n" in path:
        raise Refused(f"{shown(path)} has a NUL or a newline in it, which the agent's cleanup file cannot hold")
    if any(part in (b"", b".", b"..") for part in path.split(b"/")[1:]):
        raise Refused(f"{shown(path)} has an empty part, '.' or '..' in it")


def check_place(path: bytes, places: Places) -> None:
    """Raises :class:`Refused` for places that the guard never touches, or only if the user has named them."""
    check_form(path)
    reason = refusal(path, places)
    if reason:
        raise Refused(f"{shown(path)} {reason}")


def open_directory(path: bytes) -> int:
    """A descriptor of the directory ``path``. Raises :class:`Refused` if any part of the way is a link."""
    if path != b"/":
        check_form(path)
    held = os.open(b"/", _DIRECTORY)
    way = b""
    for part in [part for part in path.split(b"/") if part]:
        way += b"/" + part
        try:
            deeper = os.open(part, _DIRECTORY, dir_fd=held)
        except OSError as exc:
            # With O_DIRECTORY the kernel says ENOTDIR, not ELOOP, for a link too.
            if exc.errno in (errno.ELOOP, errno.ENOTDIR):
                raise Refused(_not_a_directory(way, part, held)) from exc
            raise
        finally:
            os.close(held)
            held = -1
        held = deeper
    return held


def _not_a_directory(way: bytes, part: bytes, held: int) -> str:
    if stat.S_ISLNK(os.lstat(part, dir_fd=held).st_mode):
        return f"{shown(way)} is a symbolic link, and nothing is read or written through a link"
    return f"{shown(way)} is not a directory"


@contextlib.contextmanager
def directory(path: bytes) -> t.Iterator[int]:
    """The directory ``path``, held open."""
    held = open_directory(path)
    try:
        yield held
    finally:
        os.close(held)


@contextlib.contextmanager
def parent(path: bytes) -> t.Iterator[t.Tuple[int, bytes]]:
    """The directory of ``path``, held open, and the name in it."""
    above, name = os.path.split(path)
    with directory(above) as held:
        yield held, name


def status(held: int, name: bytes) -> t.Optional[os.stat_result]:
    """What is at ``name``, or the link itself; None if there is nothing."""
    try:
        return os.lstat(name, dir_fd=held)
    except FileNotFoundError:
        return None


def open_file(held: int, name: bytes) -> int:
    """A descriptor for reading the regular file ``name``. Never follows a link or waits for a pipe. Raises
    :class:`Refused`.
    """
    try:
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=held)
    except OSError as exc:
        if exc.errno == errno.ELOOP:
            raise Refused(f"{shown(name)} is a symbolic link, and nothing is read or written through a link") from exc
        raise
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise Refused(f"{shown(name)} is not a regular file any more")
    return descriptor
