# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""What a saved set holds, as plain data and as the JSON kept beside it.

A blob is named by the SHA-256 of its content, so a copy finished before a crash is recognised.
"""

from __future__ import annotations

import base64
import json
import typing as t

FORMAT: t.Final = 1


class BadManifest(Exception):
    """Not a manifest written by this version of the module. The text says why."""


class Attributes(t.NamedTuple):
    """What belongs to a file or directory besides its content. ACLs and SELinux contexts are extended attributes."""

    mode: int
    uid: int
    gid: int
    mtime_ns: int
    xattrs: t.Tuple[t.Tuple[str, bytes], ...] = ()


class Entry(t.NamedTuple):
    """One saved file, or a link with its ``target``; ``parents`` are the directories above it, outermost first."""

    path: bytes
    attributes: Attributes
    size: int = 0
    sha256: str = ""
    target: t.Optional[bytes] = None
    parents: t.Tuple[t.Tuple[bytes, Attributes], ...] = ()


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")


def _attributes_to_plain(attributes: Attributes) -> t.Dict[str, t.Any]:
    return {
        "mode": attributes.mode,
        "uid": attributes.uid,
        "gid": attributes.gid,
        "mtime_ns": attributes.mtime_ns,
        "xattrs": {name: _text(value) for name, value in attributes.xattrs},
    }


def _attributes_from_plain(plain: t.Mapping[str, t.Any]) -> Attributes:
    xattrs = tuple(sorted((name, base64.b64decode(value)) for name, value in plain["xattrs"].items()))
    return Attributes(int(plain["mode"]), int(plain["uid"]), int(plain["gid"]), int(plain["mtime_ns"]), xattrs)


def dumps(entries: t.Mapping[bytes, Entry]) -> bytes:
    """The manifest of ``entries``. Paths are base64, with a readable copy that nothing reads."""
    plain = [
        {
            "path": _text(entry.path),
            "readable": entry.path.decode("utf-8", "backslashreplace"),
            "attributes": _attributes_to_plain(entry.attributes),
            "size": entry.size,
            "sha256": entry.sha256,
            "target": None if entry.target is None else _text(entry.target),
            "parents": [
                {"path": _text(path), "attributes": _attributes_to_plain(attributes)}
                for path, attributes in entry.parents
            ],
        }
        for entry in sorted(entries.values())
    ]
    return (json.dumps({"format": FORMAT, "entries": plain}, indent=1) + "\n").encode("ascii")


def loads(content: bytes) -> t.Dict[bytes, Entry]:
    """The entries of a manifest by path. Raises :class:`BadManifest`."""
    try:
        document = json.loads(content)
        if document["format"] != FORMAT:
            raise BadManifest(f"it has the format {document['format']}, and this version reads {FORMAT}")
        return {entry.path: entry for entry in map(_entry, document["entries"])}
    except (AttributeError, KeyError, TypeError, ValueError) as exc:
        raise BadManifest(f"it cannot be read as a manifest ({type(exc).__name__})") from exc


def _entry(plain: t.Mapping[str, t.Any]) -> Entry:
    sha256 = str(plain["sha256"])
    target = plain["target"]
    if target is None and (len(sha256) != 64 or set(sha256) - set("0123456789abcdef")):
        raise ValueError("sha256")
    return Entry(
        path=base64.b64decode(plain["path"]),
        attributes=_attributes_from_plain(plain["attributes"]),
        size=int(plain["size"]),
        sha256=sha256,
        target=None if target is None else base64.b64decode(target),
        parents=tuple(
            (base64.b64decode(above["path"]), _attributes_from_plain(above["attributes"])) for above in plain["parents"]
        ),
    )


def journal_dumps(replaced: t.Mapping[bytes, str]) -> bytes:
    """The journal of a restoration: by path, the identity of what was there before (see ``attributes``)."""
    plain = {_text(path): identity for path, identity in sorted(replaced.items())}
    return (json.dumps({"format": FORMAT, "replaced": plain}, indent=1) + "\n").encode("ascii")


def journal_loads(content: bytes) -> t.Dict[bytes, str]:
    """Parse what :func:`journal_dumps` wrote. Raises :class:`BadManifest`."""
    try:
        document = json.loads(content)
        if document["format"] != FORMAT:
            raise BadManifest(f"the journal has the format {document['format']}, and this version reads {FORMAT}")
        return {base64.b64decode(path): str(identity) for path, identity in document["replaced"].items()}
    except (AttributeError, KeyError, TypeError, ValueError) as exc:
        raise BadManifest(f"the journal cannot be read ({type(exc).__name__})") from exc
