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
import os
import struct
import tarfile
import typing as t
import zipfile
import zlib
from dataclasses import replace

from ansible_collections.lastgood.aws.plugins.module_utils._content import paths
from ansible_collections.lastgood.aws.plugins.module_utils._content.bundle import appspec, documents, packed
from ansible_collections.lastgood.aws.plugins.module_utils._content.bundle.contents import (
    DEEPEST,
    BadArchive,
    Bundle,
    Contents,
    Limits,
)
from ansible_collections.lastgood.aws.plugins.module_utils._content.listing import DIRECTORY, FILE, Disk, Entry, digest

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
    # Numbers that no archive has.
    OverflowError,
    ValueError,
    struct.error,
)


def read(path: bytes, limits: t.Optional[Limits] = None, root: t.Optional[bytes] = None) -> Bundle:
    """The bundle in this archive, with the SHA-256 of its files. Raises :class:`BadArchive`."""
    contents = Contents(limits or Limits())
    try:
        with open(path, "rb") as stream:
            magic = stream.read(4)
            stream.seek(0)
            if magic in _ZIP:
                packed.of_zip(stream, contents)
            elif magic.startswith(_GZIP):
                with gzip.GzipFile(fileobj=stream) as unpacked:
                    packed.of_tar(t.cast("t.IO[bytes]", unpacked), contents)
            else:
                packed.of_tar(stream, contents)
        return contents.bundle(root or Bundle.root)
    except BadArchive as exc:
        raise BadArchive(f"{os.fsdecode(path)!r} is refused: {exc}") from exc
    except RecursionError as exc:
        raise BadArchive(f"{os.fsdecode(path)!r} is refused: it has headers of headers without end") from exc
    except _UNREADABLE as exc:
        raise BadArchive(
            f"{os.fsdecode(path)!r} cannot be read as an archive the agent accepts (tar, tar.gz or zip): {exc}"
        ) from exc


def read_unpacked(directory: bytes, *, digests: bool = False) -> Bundle:
    """The bundle unpacked in this directory, with SHA-256 only on demand.

    Raises :class:`FileNotFoundError` if there is no AppSpec file, :class:`BadArchive` if it is over the limits.
    """
    entries = dict(_unpacked_entries(directory, b"", digests))
    for name in appspec.NAMES:
        if name in entries:
            break
    else:
        names = " or ".join(paths.text(name) for name in appspec.NAMES)
        raise FileNotFoundError(f"there is no {names} in {paths.text(directory)}")
    with open(os.path.join(directory, name), "rb") as stream:
        content = stream.read(documents.MOST_BYTES + 1)
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
            if inner.count(paths.SLASH) >= DEEPEST:
                raise BadArchive(f"{os.fsdecode(root)!r} is refused: it has directories more than {DEEPEST} deep")
            yield from _unpacked_entries(root, inner, digests)
