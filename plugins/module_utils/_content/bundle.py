# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""The bundle of a revision, as it lies unpacked in a deployment archive."""

from __future__ import annotations

import os
import typing as t
from dataclasses import dataclass, replace

from ansible_collections.lastgood.aws.plugins.module_utils._content import appspec, paths
from ansible_collections.lastgood.aws.plugins.module_utils._content.listing import DIRECTORY, FILE, Disk, Entry, digest


@dataclass(frozen=True)
class Bundle:
    """What is in a bundle: entries by their path within it (``content/a.txt``), directories too."""

    entries: t.Mapping[bytes, Entry]
    # The AppSpec file, and its name.
    appspec: bytes
    appspec_name: bytes = b"appspec.yml"
    # Where it is, or will be, unpacked: links in it are resolved from there.
    root: bytes = b"/opt/codedeploy-agent/deployment-root/deployment-archive"
    # Whether the entries are in the order in which the agent reads its directories.
    ordered: bool = False


def read(directory: bytes, *, digests: bool = False) -> Bundle:
    """The bundle that lies unpacked in this directory. SHA-256 of its files only on demand.

    FileNotFoundError where there is no AppSpec file.
    """
    entries = dict(_entries(directory, b"", digests))
    for name in appspec.NAMES:
        if name in entries:
            break
    else:
        names = " or ".join(paths.text(name) for name in appspec.NAMES)
        raise FileNotFoundError(f"there is no {names} in {paths.text(directory)}")
    with open(os.path.join(directory, name), "rb") as stream:
        content = stream.read()
    return Bundle(entries, content, name, directory, ordered=True)


def _entries(root: bytes, within: bytes, digests: bool) -> t.Iterator[t.Tuple[bytes, Entry]]:
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
            yield from _entries(root, inner, digests)
