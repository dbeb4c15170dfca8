# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The cleanup file: what an Install has written, for the next one to remove."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from tests.agent.layout import Fence

_CONTEXT = b"semanage\0"
# What String#strip takes off in Ruby: blanks of ASCII on both sides, and NUL at the end.
_BLANKS = b"\t\n\v\f\r "


def parse(contents: bytes) -> list[tuple[str, bytes]]:
    """``remove`` or ``semanage`` with its path, in the order in which it is done: the last line first."""
    # Only \n ends a line. What follows the last one was not written to its end.
    lines = contents.split(b"\n")[:-1]
    commands = [
        ("semanage", _strip(line[len(_CONTEXT) :])) if line.startswith(_CONTEXT) else ("remove", _strip(line))
        for line in lines
    ]
    return commands[::-1]


def _strip(line: bytes) -> bytes:
    return line.lstrip(_BLANKS).rstrip(_BLANKS + b"\0")


def run(path: Path, fence: Fence) -> None:
    """Remove what the file lists, then the file. An error ends it at once, and the file stays."""
    for command, name in parse(path.read_bytes()):
        # A context would be taken away with semanage(8), whose failures count for nothing; here there is no SELinux.
        if command == "remove":
            _remove(name, fence)
    path.unlink()


def _remove(name: bytes, fence: Fence) -> None:
    if b"\0" in name:
        raise ValueError("string contains null byte")
    if not os.path.lexists(name):
        return
    path = os.fsdecode(name)
    if os.path.islink(path):
        fence.check(os.path.dirname(path))
        os.unlink(path)
    elif os.path.isdir(fence.check(path)):
        _remove_directory(path)
    else:
        os.unlink(path)


def _remove_directory(path: str) -> None:
    """It is always tried. That there is something in it is no error, and all else is, such as a mount point's EBUSY."""
    try:
        os.rmdir(path)
    except OSError as problem:
        if problem.errno != errno.ENOTEMPTY:
            raise


def line(path: str) -> bytes:
    """As Ruby's IO#puts writes it."""
    name = os.fsencode(path)
    return name if name.endswith(b"\n") else name + b"\n"


def context_line(path: str) -> bytes:
    """For an object whose SELinux context was set."""
    return _CONTEXT + line(os.path.realpath(path))
