# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Manifests and journals survive the way to the disk, and nothing else is taken for one."""

from __future__ import annotations

import json

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._content.guard import manifest
from ansible_collections.lastgood.aws.plugins.module_utils._content.guard.manifest import Attributes, Entry

OWNED = Attributes(0o640, 33, 34, 1_700_000_000_123_456_789, (("security.selinux", b"etc_t\0"), ("user.x", b"\xff")))
FILE = Entry(b"/srv/\xff\xc3\xa4 ", OWNED, 5, "a" * 64, None, ((b"/srv", Attributes(0o755, 0, 0, 1)),))
LINK = Entry(b"/srv/current", Attributes(0o777, 0, 0, 2), target=b"releases/\xff")


def test_entries_come_back_as_they_were() -> None:
    entries = {entry.path: entry for entry in (FILE, LINK)}
    assert manifest.loads(manifest.dumps(entries)) == entries


def test_a_journal_comes_back_as_it_was() -> None:
    journal = {FILE.path: "absent", LINK.path: "link eA== 0:0"}
    assert manifest.journal_loads(manifest.journal_dumps(journal)) == journal


def _changed(**changes: object) -> bytes:
    document = json.loads(manifest.dumps({FILE.path: FILE}))
    document["entries"][0].update(changes)
    return json.dumps(document).encode()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{}",
        b"\xff",
        b'{"format": 2, "entries": []}',
        b'{"format": 1, "entries": [{}]}',
        b'{"format": 1, "entries": {"x": 1}}',
        _changed(sha256="../../../etc/shadow"),
        _changed(sha256="A" * 64),
        _changed(path="not base64!"),
        _changed(attributes={}),
    ],
)
def test_what_is_no_manifest_is_refused(content: bytes) -> None:
    with pytest.raises(manifest.BadManifest):
        manifest.loads(content)


@pytest.mark.parametrize("content", [b"", b"[]", b'{"format": 2, "replaced": {}}', b'{"format": 1, "replaced": []}'])
def test_what_is_no_journal_is_refused(content: bytes) -> None:
    with pytest.raises(manifest.BadManifest):
        manifest.journal_loads(content)
