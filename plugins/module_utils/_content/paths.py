# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Paths as the agent reads them, in bytes, on Linux and on Windows. Pure.

The agent puts every destination through Ruby's ``File.expand_path`` (lib/instance_agent/plugins/codedeploy/
install_instruction.rb of aws/aws-codedeploy-agent 1.8.1): no ``.`` or ``..``, no doubled or trailing slash, and on
Windows forward slashes.
"""

from __future__ import annotations

import base64
import typing as t
from dataclasses import dataclass

SLASH: t.Final = b"/"


@dataclass(frozen=True)
class Platform:
    """The form of paths."""

    windows: bool = False

    def slashes(self, path: bytes) -> bytes:
        return path.replace(b"\\", SLASH) if self.windows else path

    def root(self, path: bytes) -> bytes:
        """The root of an absolute path; empty for a relative one."""
        path = self.slashes(path)
        if not self.windows:
            return SLASH if path.startswith(SLASH) else b""
        if path[1:2] == b":" and path[:1].isalpha() and path[2:3] == SLASH:
            return path[:3]
        return b""

    def is_absolute(self, path: bytes) -> bool:
        return bool(self.root(path))

    def expand(self, path: bytes) -> bytes:
        """An absolute path in its shortest form. Raises :class:`ValueError` if the path is relative."""
        root = self.root(path)
        if not root:
            raise ValueError(f"{text(path)!r} is not an absolute path")
        parts: t.List[bytes] = []
        for part in self.slashes(path)[len(root) :].split(SLASH):
            if part == b"..":
                del parts[-1:]
            elif part not in (b"", b"."):
                parts.append(part)
        return root + SLASH.join(parts)

    def key(self, path: bytes) -> bytes:
        """A key that is equal for two paths to the same thing."""
        if not self.windows:
            return path
        return os_fold(self.slashes(path))

    def parent(self, path: bytes) -> bytes:
        """The directory of an expanded path; the root for the root itself."""
        root = self.root(path)
        head, _slash, _name = path[len(root) :].rpartition(SLASH)
        return root + head

    def above(self, path: bytes) -> bytes:
        """The directory of an absolute path as it is written, with its ``..`` (Ruby's ``File.dirname``)."""
        root = self.root(path)
        head, _slash, _name = path[len(root) :].rstrip(SLASH).rpartition(SLASH)
        return root + head.rstrip(SLASH)


LINUX: t.Final = Platform()
WINDOWS: t.Final = Platform(windows=True)


def os_fold(path: bytes) -> bytes:
    """The name with case folded; byte by byte if it is not UTF-8."""
    try:
        return path.decode().casefold().encode()
    except UnicodeDecodeError:
        return path.lower()


def name(path: bytes) -> bytes:
    """The last part of an expanded path."""
    return path.rpartition(SLASH)[2]


def join(directory: bytes, entry: bytes) -> bytes:
    return directory + entry if directory.endswith(SLASH) else directory + SLASH + entry


def text(path: bytes) -> str:
    """For people and for JSON; bytes that are not UTF-8 are replaced."""
    return path.decode("utf-8", "replace")


def shown(path: bytes) -> t.Dict[str, str]:
    """A path in a result: as text, plus base64 if the text is not exact."""
    result = {"path": text(path)}
    if result["path"].encode() != path:
        result["path_base64"] = base64.b64encode(path).decode()
    return result
