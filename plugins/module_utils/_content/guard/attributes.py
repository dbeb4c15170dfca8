# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""What belongs to a file besides its content, and how to tell whether a file is unchanged."""

from __future__ import annotations

import base64
import errno
import hashlib
import os
import stat
import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._content.guard import walking
from ansible_collections.lastgood.aws.plugins.module_utils._content.guard.manifest import Attributes, Entry

ABSENT: t.Final = "absent"
PIECE: t.Final = 1 << 20
# Compared, because it decides who may read. Other attributes are restored but not compared: they may come from the file
# system or a policy.
_ACL: t.Final = "system.posix_acl_access"


def take(descriptor: int) -> Attributes:
    """The attributes of an open file or directory."""
    found = os.fstat(descriptor)
    return _attributes(found, _xattrs(descriptor))


def of_link(found: os.stat_result) -> Attributes:
    """The attributes of a symbolic link."""
    return _attributes(found, ())


def _attributes(found: os.stat_result, xattrs: t.Tuple[t.Tuple[str, bytes], ...]) -> Attributes:
    return Attributes(stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid, found.st_mtime_ns, xattrs)


def _xattrs(descriptor: int) -> t.Tuple[t.Tuple[str, bytes], ...]:
    if not hasattr(os, "listxattr"):
        return ()
    try:
        return tuple((name, os.getxattr(descriptor, name)) for name in sorted(os.listxattr(descriptor)))
    except OSError as exc:
        if exc.errno in (errno.ENOTSUP, errno.ENODATA):
            return ()
        raise


def give(descriptor: int, attributes: Attributes) -> t.List[str]:
    """Give an open file or directory these attributes. Returns the names of extended attributes it did not accept.

    The order matters: a new owner clears set-uid bits and capabilities, and a mode is the mask of an ACL.
    """
    if os.fstat(descriptor)[4:6] != (attributes.uid, attributes.gid):
        os.fchown(descriptor, attributes.uid, attributes.gid)
    refused = []
    for name, value in attributes.xattrs:
        try:
            os.setxattr(descriptor, name, value)
        except (AttributeError, OSError):
            refused.append(name)
    os.fchmod(descriptor, attributes.mode)
    os.utime(descriptor, ns=(attributes.mtime_ns, attributes.mtime_ns))
    return refused


def digest(descriptor: int) -> str:
    """The SHA-256 of an open file, from its current position to the end."""
    found = hashlib.sha256()
    while True:
        piece = os.read(descriptor, PIECE)
        if not piece:
            return found.hexdigest()
        found.update(piece)


def identity(held: int, name: bytes) -> str:
    """A text that identifies what is at ``name``: it changes if content, mode, owner or ACL change. It holds no
    content.

    Raises :class:`Refused` if it is neither a regular file nor a link.
    """
    found = walking.status(held, name)
    if found is None:
        return ABSENT
    if stat.S_ISLNK(found.st_mode):
        return _of_link(os.readlink(name, dir_fd=held), found.st_uid, found.st_gid)
    if not stat.S_ISREG(found.st_mode):
        raise walking.Refused(f"{walking.shown(name)} is neither a regular file nor a symbolic link")
    descriptor = walking.open_file(held, name)
    try:
        return _of_file(digest(descriptor), take(descriptor))
    finally:
        os.close(descriptor)


def identity_of(entry: Entry) -> str:
    """What :func:`identity` returns for a file that is as it was saved."""
    if entry.target is not None:
        return _of_link(entry.target, entry.attributes.uid, entry.attributes.gid)
    return _of_file(entry.sha256, entry.attributes)


def _of_link(target: bytes, uid: int, gid: int) -> str:
    return f"link {base64.b64encode(target).decode('ascii')} {uid}:{gid}"


def _of_file(sha256: str, attributes: Attributes) -> str:
    acl = dict(attributes.xattrs).get(_ACL, b"").hex()
    return f"file {sha256} {attributes.mode:o} {attributes.uid}:{attributes.gid} {acl}".rstrip()
