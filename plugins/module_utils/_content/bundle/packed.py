# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""The members of tar and zip archives, read within bounds that hold for whatever the archive says of itself.

A few hundred bytes of a compressed archive can be a header of many thousand digits, which tarfile of older Pythons
reads in quadratic time (CVE-2024-6232), a negative size, which leads it round in a circle (CVE-2025-8194), or a file of
terabytes with nothing in it.
"""

from __future__ import annotations

import re
import stat
import tarfile
import typing as t
import zipfile
from dataclasses import replace

from ansible_collections.lastgood.aws.plugins.module_utils._content import listing, paths
from ansible_collections.lastgood.aws.plugins.module_utils._content.bundle.contents import (
    PIECE,
    BadArchive,
    Contents,
    Limits,
    within,
)
from ansible_collections.lastgood.aws.plugins.module_utils._content.listing import Entry

# Bytes of one header: two paths, and the attributes of a file, which Linux limits to 64 KiB (xattr(7)).
_MOST_OF_A_HEADER: t.Final = 1 << 17
# Of all headers: this, and a path for each member.
_MOST_OF_HEADERS: t.Final = 1 << 23
_MOST_FOR_A_MEMBER: t.Final = 4096
_MOST_RECORDS: t.Final = 200
_TOO_MANY_DIGITS: t.Final = re.compile(rb"[0-9]{256}")

_ENCRYPTED: t.Final = 0x1
_UTF8: t.Final = 0x800
_UNIX: t.Final = 3
# What Info-ZIP's unzip can read, which the agent uses.
_COMPRESSIONS: t.Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2)
_END: t.Final = b"PK\x05\x06"
_LENGTH_OF_END: t.Final = 22
# A member's entry in the directory of a zip archive: 46 bytes, its name, and what else is said of it.
_MOST_OF_AN_ENTRY: t.Final = 1024


class _Guarded:
    """A tar file's stream that limits what is read, whatever the headers ask for."""

    def __init__(self, stream: t.IO[bytes], limits: Limits) -> None:
        self._stream = stream
        # Headers and padding: two blocks for each member, plus space for long names.
        self._end = limits.size + limits.entries * _MOST_FOR_A_MEMBER
        self._headers = 0
        self.members = 0
        # Whether what is read now is in a file, and so may be anything.
        self.within_file = False
        # The last header that was read.
        self.last = b""

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= (PIECE if self.within_file else _MOST_OF_A_HEADER):
            raise BadArchive(f"it has a header of {size} bytes")
        data = self._stream.read(size)
        if not self.within_file:
            self._check_header(data)
        return data

    def _check_header(self, data: bytes) -> None:
        self.last = data
        self._headers += len(data)
        if self._headers > _MOST_OF_HEADERS + self.members * _MOST_FOR_A_MEMBER:
            raise BadArchive("its headers are longer than the names of its files")
        if data.count(b"\n") > _MOST_RECORDS or _TOO_MANY_DIGITS.search(data):
            raise BadArchive("it has a header that says more than there is to say of a file")

    def seek(self, position: int) -> int:
        if not 0 <= position <= self._end:
            raise BadArchive("it holds more than max_bundle_size and max_files allow")
        return self._stream.seek(position)

    def tell(self) -> int:
        return self._stream.tell()


def of_tar(stream: t.IO[bytes], contents: Contents) -> None:
    """Read a tar archive. Raises :class:`BadArchive` and what tarfile raises."""
    guarded = _Guarded(stream, contents.limits)
    file = t.cast("t.IO[bytes]", guarded)
    with tarfile.open(fileobj=file, mode="r:", encoding="utf-8", errors="surrogateescape") as archive:
        end = -1
        while True:
            member = archive.next()
            if member is None:
                # tarfile takes a header that it cannot read for the end. tar(1) fails on it.
                if guarded.last.strip(b"\0"):
                    raise BadArchive("it has a damaged header, and what is behind it cannot be read")
                break
            # Otherwise it keeps all of them.
            t.cast("t.Any", archive).members = []
            guarded.members += 1
            if member.offset_data <= end or member.size < 0:
                raise BadArchive("its headers lead back to the beginning")
            end = member.offset_data
            if len(archive.pax_headers) > _MOST_RECORDS:
                raise BadArchive("it has a header that says more than there is to say of a file")
            _add_member(archive, member, guarded, contents)


def _add_member(archive: tarfile.TarFile, member: tarfile.TarInfo, guarded: _Guarded, contents: Contents) -> None:
    contents.announce(member.size if member.isreg() else 0)
    name = member.name.encode("utf-8", "surrogateescape")
    entry = Entry(listing.OTHER, mode=stat.S_IMODE(member.mode), uid=member.uid, gid=member.gid)
    if member.isdir():
        contents.add(name, replace(entry, kind=listing.DIRECTORY))
    elif member.issym():
        target = member.linkname.encode("utf-8", "surrogateescape")
        contents.add(name, replace(entry, kind=listing.LINK, target=target))
    elif member.islnk():
        linked = within(member.linkname.encode("utf-8", "surrogateescape"))
        if linked not in contents.entries:
            raise BadArchive(f"{paths.text(name)!r} in it is a hard link to something not before it in the archive")
        contents.add(name, contents.entries[linked])
    elif member.issparse():
        raise BadArchive(f"{paths.text(name)!r} in it is a sparse file, which is not read")
    elif member.isreg():
        guarded.within_file = True
        contents.add_file(name, replace(entry, kind=listing.FILE, size=member.size), archive.extractfile(member))
        guarded.within_file = False
    else:
        contents.add(name, entry)


def of_zip(stream: t.IO[bytes], contents: Contents) -> None:
    """Read a zip archive. Raises :class:`BadArchive` and what zipfile raises."""
    _check_directory(stream, contents.limits)
    with zipfile.ZipFile(stream) as archive:
        for member in archive.infolist():
            contents.announce(member.file_size)
            # The bytes in the archive: without the UTF-8 flag, zipfile decodes them as code page 437.
            name = member.filename.encode("utf-8" if member.flag_bits & _UTF8 else "cp437")
            bits = member.external_attr >> 16 if member.create_system == _UNIX else 0
            entry = Entry(listing.FILE, mode=stat.S_IMODE(bits) if bits else None, size=member.file_size)
            if member.flag_bits & _ENCRYPTED:
                raise BadArchive(f"{paths.text(name)!r} in it is encrypted")
            if member.compress_type not in _COMPRESSIONS:
                raise BadArchive(f"{paths.text(name)!r} in it is compressed in a way that unzip does not know")
            if member.is_dir():
                contents.add(name, replace(entry, kind=listing.DIRECTORY, size=None))
            elif stat.S_ISLNK(bits):
                with archive.open(member) as opened:
                    target = opened.read(PIECE)
                contents.add(name, replace(entry, kind=listing.LINK, size=None, target=target))
            else:
                with archive.open(member) as opened:
                    contents.add_file(name, entry, opened)


def _check_directory(stream: t.IO[bytes], limits: Limits) -> None:
    """Raises :class:`BadArchive` if the directory is so long that zipfile, which reads all of it, needs much memory."""
    size = stream.seek(0, 2)
    # Behind it there may be a comment of up to 64 KiB (APPNOTE.TXT, 4.3.16).
    stream.seek(max(0, size - _LENGTH_OF_END - 0xFFFF))
    tail = stream.read()
    end = tail.rfind(_END)
    length = int.from_bytes(tail[end + 12 : end + 16], "little") if end >= 0 else 0
    # With that, the real number is elsewhere (zip64).
    if length == 0xFFFFFFFF:
        length = size
    if length > limits.entries * _MOST_OF_AN_ENTRY:
        raise BadArchive(f"its directory has {length} bytes, too many for {limits.entries} files (max_files)")
    stream.seek(0)
