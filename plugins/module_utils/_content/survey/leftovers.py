# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""What is where a deployment group installs but does not belong to it, and where it probably comes from.

Also which of its own files were edited, which paths two groups share, and which names the agent handles wrongly. Pure.
"""

from __future__ import annotations

import functools
import os
import typing as t
from dataclasses import dataclass

from ansible_collections.lastgood.aws.plugins.module_utils._content import listing, paths
from ansible_collections.lastgood.aws.plugins.module_utils._content.agent.cleanup import REMOVE, Cleanup
from ansible_collections.lastgood.aws.plugins.module_utils._content.listing import Entry

# Where a leftover comes from.
OTHER_GROUP: t.Final = "other_group"
ORPHANED: t.Final = "orphaned"
KEPT: t.Final = "kept"
SCRIPT: t.Final = "script"
HAND: t.Final = "hand"
UNKNOWN: t.Final = "unknown"

# What happened to a deployed file.
EDITED: t.Final = "edited"
REPLACED: t.Final = "replaced"
MISSING: t.Final = "missing"

# What Ruby's String#strip removes from the end of a line of the cleanup file.
_BLANKS: t.Final = b"\t\n\v\f\r \0"

# Seconds. A deployment's end is the last line in its scripts' log. The agent writes one when it starts a script, and
# whatever the script prints: one that prints nothing continues after that line.
_GRACE: t.Final = 60
# No SHA-256 looks like this.
_LINK: t.Final = "-> "


def link_mark(target: bytes) -> str:
    """The mark of a symbolic link, in place of a file's SHA-256."""
    return _LINK + os.fsdecode(target)


@dataclass(frozen=True)
class Found:
    """One name below a destination."""

    path: bytes
    entry: Entry
    mtime: float = 0.0


@dataclass(frozen=True)
class Deployed:
    """A deployment whose archive still exists: what it put where, and when it ran."""

    id: str
    # By destination: a file's SHA-256, a link's mark, empty if unknown, None for a directory.
    digests: t.Mapping[bytes, t.Optional[str]]
    began: t.Optional[float] = None
    ended: t.Optional[float] = None

    def ran_at(self, when: float) -> bool:
        return self.began is not None and self.ended is not None and self.began <= when <= self.ended + _GRACE


@dataclass(frozen=True)
class Leftover:
    """A file that no Install of this group will remove."""

    found: Found
    origin: str
    evidence: str


def listed(cleanup: Cleanup) -> t.Set[bytes]:
    """The paths that the next Install removes."""
    return {command.path for command in cleanup.commands if command.kind == REMOVE}


@dataclass(frozen=True)
class Known:
    """The facts by which leftovers are recognised."""

    cleanup: Cleanup
    # The deployment whose Install last succeeded; None if its archive is gone.
    newest: t.Optional[Deployed]
    # All others whose archives exist, newest first.
    earlier: t.Tuple[Deployed, ...]
    # The paths in the cleanup files of other groups.
    others: t.Mapping[bytes, t.Tuple[str, ...]]
    # Directories that belong where they are: destinations of this and the next bundle, and those above.
    places: t.FrozenSet[bytes] = frozenset()

    @property
    def deployments(self) -> t.Tuple[Deployed, ...]:
        return ((self.newest,) if self.newest else ()) + self.earlier

    @functools.cached_property
    def cut_off(self) -> t.Set[bytes]:
        """Names that end in blanks in the cleanup file: the agent looks for something else."""
        return {command.line for command in self.cleanup.commands if command.line != command.path}


def leftovers(found: t.Iterable[Found], known: Known) -> t.List[Leftover]:
    """Existing files that are not in the group's cleanup file, with their origin, sorted by path."""
    owned = listed(known.cleanup)
    return [
        Leftover(item, *_origin(item, known))
        for item in sorted(found, key=lambda item: item.path)
        if item.path not in owned and not _in_its_place(item, known)
    ]


def _in_its_place(item: Found, known: Known) -> bool:
    """Whether it is a directory that existed before the group, and that its files go into."""
    installed_into = item.path in known.places or bool(known.newest and item.path in known.newest.digests)
    return item.entry.kind == listing.DIRECTORY and installed_into and item.path not in known.cut_off


def _origin(item: Found, known: Known) -> t.Tuple[str, str]:
    groups = known.others.get(item.path)
    if groups:
        return OTHER_GROUP, f"it is in the cleanup file of {', '.join(groups)}"
    if item.path in known.cut_off:
        return ORPHANED, "the cleanup file lists it, but its name ends in blanks, which the agent cuts off"
    return _by_bundle(item, known) or _by_time(item, known)


def _by_bundle(item: Found, known: Known) -> t.Optional[t.Tuple[str, str]]:
    for deployed in known.deployments:
        # Something of another kind at its place is not what was deployed.
        if _kind(item.path, deployed) == _kind_of(item.entry):
            return _deployed(item, deployed, deployed is known.newest)
        # A file copied onto a directory goes into it, under its own name.
        parent = paths.LINUX.parent(item.path)
        if _kind(parent, deployed) == listing.FILE and paths.name(parent) == paths.name(item.path):
            return ORPHANED, (
                f"{deployed.id} had a file for {paths.text(parent)}, which is a directory: the file went inside, "
                "and the cleanup file lists the directory only"
            )
    return None


def _kind(path: bytes, deployed: Deployed) -> str:
    if path not in deployed.digests:
        return ""
    return listing.DIRECTORY if deployed.digests[path] is None else listing.FILE


def _kind_of(entry: Entry) -> str:
    return listing.DIRECTORY if entry.kind == listing.DIRECTORY else listing.FILE


def _deployed(item: Found, deployed: Deployed, newest: bool) -> t.Tuple[str, str]:
    if b"\n" in item.path:
        return ORPHANED, f"{deployed.id} had it in its bundle, and {oddity(item.path)}"
    same = item.entry.digest is not None and item.entry.digest == deployed.digests[item.path]
    if newest:
        content = "has the content of" if same else "differs from"
        return KEPT, (
            f"it {content} the file that {deployed.id} has for it, and is not in the cleanup file: kept by RETAIN, or "
            "removed from the list"
        )
    content = ", with this content" if same else ""
    return ORPHANED, f"{deployed.id} had it in its bundle{content}, and no cleanup file lists it any more"


def _by_time(item: Found, known: Known) -> t.Tuple[str, str]:
    for deployed in known.deployments:
        if deployed.ran_at(item.mtime):
            return (
                SCRIPT,
                f"it was last changed while {deployed.id} ran and is in no bundle: most likely by its scripts",
            )
    if any(deployed.ended is not None for deployed in known.deployments):
        return (
            HAND,
            "it was last changed while no deployment on record was running: by hand, or by a program",
        )
    return UNKNOWN, "there is no deployment on record to compare its time with"


@dataclass(frozen=True)
class Drift:
    """A deployed file that is no longer what the deployment put there. The next Install removes it all the same."""

    path: bytes
    change: str


def drift(owned: t.Iterable[bytes], deployed: Deployed, now: t.Mapping[bytes, t.Optional[Entry]]) -> t.List[Drift]:
    """How the files that the deployment installed differ from its archive. Other deployments' files are left out."""
    found = []
    for path in sorted(set(owned) & set(deployed.digests)):
        digest, entry = deployed.digests[path], now.get(path)
        if digest:
            change = _change(digest, entry)
            if change:
                found.append(Drift(path, change))
    return found


def _change(digest: str, entry: t.Optional[Entry]) -> str:
    if entry is None:
        return MISSING
    if entry.kind != (listing.LINK if digest.startswith(_LINK) else listing.FILE):
        return REPLACED
    return EDITED if entry.digest is not None and entry.digest != digest else ""


def shared(
    own: t.Iterable[bytes], wanted: t.Iterable[bytes], others: t.Mapping[bytes, t.Tuple[str, ...]]
) -> t.Dict[bytes, t.Tuple[str, ...]]:
    """Paths of this group, installed or about to be, that other groups will remove."""
    return {path: others[path] for path in sorted(set(own) | set(wanted)) if path in others}


def by_path(cleanups: t.Mapping[str, Cleanup]) -> t.Dict[bytes, t.Tuple[str, ...]]:
    """The groups whose cleanup files list a path, by path."""
    found: t.Dict[bytes, t.Tuple[str, ...]] = {}
    for group, content in sorted(cleanups.items()):
        for path in listed(content):
            found[path] = found.get(path, ()) + (group,)
    return found


def oddity(path: bytes) -> str:
    """What the agent does wrong with this name; empty if nothing."""
    if b"\n" in path:
        return (
            "its line end breaks its line of the cleanup file in two, and the agent removes what the second half names"
        )
    if path.rstrip(_BLANKS) != path:
        return "agent 1.8 cuts blanks off the end of a line of the cleanup file, so it never removes this"
    try:
        text = path.decode()
    except UnicodeDecodeError:
        return "it is not UTF-8: agent 1.8 fails on it in Install, after the old files are gone"
    if text.rstrip() != text:
        return "agent 2.x cuts Unicode's blanks off the end of a line of the cleanup file, so it never removes this"
    return ""
