# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""What is mounted where. A bind mount of the same file system shows in ``/proc`` only, and may be of a single file."""

from __future__ import annotations

import typing as t


def mount_points(mountinfo: bytes) -> t.Set[bytes]:
    """The mount points in ``/proc/self/mountinfo`` (proc(5): the fifth field, blanks in octal)."""
    found = set()
    for line in mountinfo.splitlines():
        fields = line.split(b" ")
        if len(fields) > 4:
            found.add(_without_octal(fields[4]))
    return found


def _without_octal(field: bytes) -> bytes:
    for escaped, plain in ((b"\\040", b" "), (b"\\011", b"\t"), (b"\\012", b"\n"), (b"\\134", b"\\")):
        field = field.replace(escaped, plain)
    return field


def mounted_here() -> t.Set[bytes]:
    """The mount points this process sees; none if there is no ``/proc``."""
    try:
        with open("/proc/self/mountinfo", "rb") as file:
            return mount_points(file.read())
    except OSError:
        return set()
