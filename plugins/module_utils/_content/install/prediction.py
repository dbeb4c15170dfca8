# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""What one Install does to an instance's files: the result of install.predict. Pure data."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.lastgood.aws.plugins.module_utils._content.listing import Source

# What happens to a line of the cleanup file.
REMOVED: t.Final = "removed"
NOT_EMPTY: t.Final = "left_not_empty"
MISSING: t.Final = "already_missing"
DANGLING: t.Final = "left_dangling_link"
FAILED: t.Final = "failed"
NOT_REACHED: t.Final = "not_reached"

# What happens to a destination of the new bundle.
INSTALLED: t.Final = "installed"
CREATED: t.Final = "directory_created"
OVERWRITTEN: t.Final = "overwritten"
INSIDE: t.Final = "put_inside_directory"
KEPT: t.Final = "kept"
REFUSED: t.Final = "refused"


@dataclass(frozen=True)
class Removal:
    """One line of the old cleanup file."""

    path: bytes
    outcome: str
    # "file", "dir", "link", "other"; empty if there is nothing.
    kind: str = ""
    # The path really removed, if a parent of the path is a link.
    real: bytes = b""
    # The path's directories that are links.
    through: t.Tuple[bytes, ...] = ()


@dataclass(frozen=True)
class Placement:
    """One destination of the new bundle."""

    path: bytes
    outcome: str
    kind: str
    # Path within the bundle; empty for a directory above the destinations.
    source: bytes = b""
    # The path really written, if the destination or a parent is a link, or if it goes inside a directory.
    real: bytes = b""
    through: t.Tuple[bytes, ...] = ()


@dataclass(frozen=True)
class Failure:
    """Why Install fails, and how far it gets."""

    # "cleanup": while removing; "instructions": after all removals, before any copy; "copy": while copying.
    stage: str
    path: bytes
    message: str


@dataclass(frozen=True)
class Orphan:
    """A file that no later deployment will remove, and why."""

    path: bytes
    reason: str


@dataclass(frozen=True)
class Dangling:
    """A link that is lost because what it leads to is removed first."""

    path: bytes
    # Where it led, without links on the way.
    target: bytes


@dataclass(frozen=True)
class Prediction:
    """What one Install does."""

    # In the order in which they happen.
    removals: t.Tuple[Removal, ...]
    placements: t.Tuple[Placement, ...]
    failure: t.Optional[Failure]
    # The files afterwards.
    after: Source
    # The cleanup file afterwards; None if there is none.
    cleanup: t.Optional[bytes]
    orphans: t.Tuple[Orphan, ...] = ()
    # Whether the new cleanup file's lines are in their final order; the set of lines is right in any case.
    ordered: bool = False
    # The paths whose SELinux contexts are removed (semanage fcontext -d).
    contexts: t.Tuple[bytes, ...] = ()
    # The option that counts, and whether the AppSpec file sets it.
    option: str = "DISALLOW"
    option_of_appspec: bool = False
    # What the next Install will remove although no bundle has it: a name with a line end in it names it.
    strays: t.Tuple[bytes, ...] = ()
    dangling: t.Tuple[Dangling, ...] = ()
    # Sentences for people about what is odd.
    notes: t.Tuple[str, ...] = ()

    def removed(self, *outcomes: str) -> t.Tuple[bytes, ...]:
        """The paths of removals with these outcomes."""
        return tuple(removal.path for removal in self.removals if removal.outcome in (outcomes or (REMOVED,)))

    def placed(self, *outcomes: str) -> t.Tuple[bytes, ...]:
        """The paths of placements with these outcomes."""
        return tuple(place.path for place in self.placements if place.outcome in (outcomes or (INSTALLED,)))
