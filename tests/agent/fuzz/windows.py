# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The same deployment on Windows, predicted only: but for the form of its paths, it has to end as it does here.

There is no stand-in for Windows. What can be checked is that drives, backslashes and the case of names change nothing.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from ansible_collections.lastgood.aws.plugins.module_utils._content.bundle.appspec import AppSpec
from ansible_collections.lastgood.aws.plugins.module_utils._content.bundle.appspec import Mapping as FileMapping
from ansible_collections.lastgood.aws.plugins.module_utils._content.bundle.contents import Bundle
from ansible_collections.lastgood.aws.plugins.module_utils._content.install.install import predict
from ansible_collections.lastgood.aws.plugins.module_utils._content.install.instructions import Unpredictable
from ansible_collections.lastgood.aws.plugins.module_utils._content.install.prediction import Prediction
from ansible_collections.lastgood.aws.plugins.module_utils._content.listing import Entry, Listing, Source, below
from ansible_collections.lastgood.aws.plugins.module_utils._content.paths import WINDOWS


class Counting(Protocol):
    """Where it is counted."""

    on_windows: int


def difference(
    before: Listing,
    old: bytes | None,
    bundle: Bundle,
    spec: AppSpec,
    option: str,
    here: Prediction,
    scratch: Path,
    report: Counting,
) -> str:
    """How the prediction for Windows differs from ``here``; empty if it does not, or if it cannot be compared."""
    entries = dict(below(before, os.fsencode(scratch)))
    # Windows takes the ".." out of a path before it looks along it, so it may end otherwise.
    up = any(b".." in item.destination + item.source for item in spec.files)
    if up or spec.permissions or not _possible([*entries, *bundle.entries, old or b""]):
        return ""
    there = Listing({_path(path): _entry(entry) for path, entry in entries.items()}, [b"C:/"], WINDOWS)
    moved = Bundle(
        {path: _entry(entry) for path, entry in bundle.entries.items()},
        bundle.appspec,
        bundle.appspec_name,
        _path(bundle.root),
        bundle.ordered,
    )
    # The directory that all is in is there already, and may be written in any case.
    root = os.fsencode(scratch)
    files = tuple(
        FileMapping(_back(item.source), _back(_path(item.destination.replace(root, root.upper()))))
        for item in spec.files
    )
    listed = None if old is None else b"".join(_path(line) + b"\r\n" for line in old.split(b"\n")[:-1])
    if old and not old.endswith(b"\n"):
        return ""
    try:
        found = predict(there, listed, moved, replace(spec, os="windows", files=files), option, platform=WINDOWS)
    except Unpredictable as problem:
        return f"on Windows it cannot be predicted: {problem}"
    report.on_windows += 1
    if (found.failure is None) is not (here.failure is None):
        return f"on Windows: {found.failure or 'success'}, here: {here.failure or 'success'}"
    expected = _comparable(here.after, os.fsencode(scratch / "app"), windows=False)
    after = _comparable(found.after, _path(os.fsencode(scratch / "app")), windows=True)
    if after != expected:
        only = {path: entry for path, entry in after.items() if expected.get(path) != entry}
        missing = {path: entry for path, entry in expected.items() if after.get(path) != entry}
        return f"on Windows: {only}, here: {missing}"
    lines = [] if found.cleanup is None else found.cleanup.split(b"\n")
    wanted = [] if here.cleanup is None else [_path(line) if line else b"" for line in here.cleanup.split(b"\n")]
    same = [WINDOWS.key(line) for line in lines] == [WINDOWS.key(line) for line in wanted]
    # A cleanup that fails keeps the file as it was.
    return "" if same or found.cleanup == listed else f"on Windows the cleanup file is {lines}, here {wanted}"


def _possible(texts: list[bytes]) -> bool:
    """Whether Windows could have these names, no two of them equal but for their case."""
    folded = [WINDOWS.key(text) for text in texts]
    odd = any(set(text) & set(b'\\:*?"<>|\t\r') or b" /" in text + b"/" for text in texts)
    return not odd and all(b"\n" not in text for text in texts[:-1]) and len(set(folded)) == len(set(texts))


def _path(path: bytes) -> bytes:
    return b"C:" + path if path.startswith(b"/") else path


def _back(path: bytes) -> bytes:
    return path.replace(b"/", b"\\")


def _entry(entry: Entry) -> Entry:
    return replace(entry, target=_back(_path(entry.target))) if entry.target else entry


def _comparable(source: Source, root: bytes, *, windows: bool) -> Mapping[bytes, tuple[Any, ...]]:
    found = {}
    for path, entry in below(source, root):
        entry = entry if windows else _entry(entry)
        target = WINDOWS.key(entry.target) if entry.target else None
        found[WINDOWS.key(path if windows else _path(path))] = (entry.kind, entry.mode, target, entry.digest)
    return found
