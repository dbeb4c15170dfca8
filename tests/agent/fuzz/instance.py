# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Scenarios below a scratch directory: made, listed, and changed by hand."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from ansible_collections.lastgood.aws.plugins.module_utils._content.listing import (
    FILE,
    LINK,
    Disk,
    Entry,
    Source,
    below,
    digest,
)
from tests.agent.fuzz.generate import Change, Directory, File, Link, Node
from tests.agent.layout import Layout

GROUP = "3f1c6f0e-5b1d-4c7a-9d55-1f2e3a4b5c6d"


@contextlib.contextmanager
def instance(before: Directory) -> Iterator[Path]:
    """An instance in a directory of its own, which goes afterwards."""
    mask = os.umask(0o022)
    with tempfile.TemporaryDirectory() as directory:
        scratch = Path(directory).resolve()
        make(scratch / "app", before, scratch)
        # Lines of the cleanup file that are no absolute paths are taken from here.
        (scratch / "empty").mkdir()
        Layout(scratch / "agent").instructions.mkdir(parents=True)
        try:
            with contextlib.chdir(scratch / "empty"):
                yield scratch
        finally:
            os.umask(mask)


def make(path: Path, node: Node, scratch: Path) -> None:
    """Put this there, where nothing is."""
    if isinstance(node, Directory):
        path.mkdir()
        for name, inner in node.entries.items():
            make(path / name, inner, scratch)
    elif isinstance(node, Link):
        path.symlink_to(node.target.format(scratch=scratch))
    elif isinstance(node, File):
        path.write_text(node.content)
        path.chmod(node.mode)


def change(scratch: Path, what: Change) -> None:
    """What somebody does by hand. It is left if something on the way is no directory."""
    path = Path(what.path.format(scratch=scratch))
    if any(os.path.lexists(above) and (above.is_symlink() or not above.is_dir()) for above in path.parents):
        return
    if os.path.lexists(path):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    if what.node is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        make(path, what.node, scratch)


def read(scratch: Path) -> dict[bytes, Entry]:
    """Everything there is, with digests."""
    found = dict(below(Disk(), os.fsencode(scratch)))
    return {path: replace(entry, digest=digest(path)) if entry.kind == FILE else entry for path, entry in found.items()}


def comparable(source: Source, scratch: Path) -> dict[bytes, tuple[Any, ...]]:
    """What a prediction and the disk have in common, outside the agent's own directory."""
    found = {}
    for path, entry in below(source, os.fsencode(scratch / "app")):
        mode = None if entry.kind == LINK else entry.mode
        owner = entry.uid if entry.kind == FILE else None
        found[path] = (entry.kind, mode, owner, entry.target, entry.digest)
    return found
