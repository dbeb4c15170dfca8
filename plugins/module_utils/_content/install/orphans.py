# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Files that no later deployment will remove. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._content import paths
from ansible_collections.lastgood.aws.plugins.module_utils._content.agent import cleanup
from ansible_collections.lastgood.aws.plugins.module_utils._content.agent.agent import Generation
from ansible_collections.lastgood.aws.plugins.module_utils._content.install import prediction
from ansible_collections.lastgood.aws.plugins.module_utils._content.install.prediction import Orphan, Placement, Removal
from ansible_collections.lastgood.aws.plugins.module_utils._content.install.tree import Tree


def find(
    tree: Tree,
    old: cleanup.Cleanup,
    removals: t.Iterable[Removal],
    placements: t.Iterable[Placement],
    generation: Generation,
    distrusted: cleanup.Cleanup,
) -> t.Tuple[Orphan, ...]:
    """The orphans that this Install makes, if they exist afterwards.

    ``distrusted`` is what agent 2.x did not follow.
    """
    found: t.Dict[bytes, str] = {}
    for path, reason in [
        *_of_distrusted(distrusted),
        *_of_old(old),
        *_of_removals(removals),
        *_of_placements(tree, placements, generation),
    ]:
        if b"\0" not in path and tree.platform.is_absolute(path) and tree.lstat(path) is not None:
            found.setdefault(path, reason)
    again = {place.path for place in placements if place.outcome in _LISTED and not broken(place.path, generation)}
    return tuple(Orphan(path, reason) for path, reason in found.items() if path not in again)


# What gets a line in the new cleanup file.
_LISTED: t.Final = (prediction.INSTALLED, prediction.CREATED, prediction.OVERWRITTEN)
_Found = t.Iterator[t.Tuple[bytes, str]]


def _of_distrusted(old: cleanup.Cleanup) -> _Found:
    for command in old.commands:
        if command.kind == cleanup.REMOVE:
            yield command.path, "agent 2.x does not trust the cleanup file that lists it"


def _of_old(old: cleanup.Cleanup) -> _Found:
    for command in old.commands:
        if command.kind == cleanup.REMOVE and command.line not in (command.path, command.path + b"\r"):
            yield (
                command.line,
                "blanks at the start or end of its name are cut off, so the agent looked for another name",
            )
    for skipped in old.skipped:
        yield skipped.line, f"the agent leaves its line out: {skipped.reason}"
    if old.partial:
        yield old.partial, "its line in the cleanup file was not finished"


def _of_removals(removals: t.Iterable[Removal]) -> _Found:
    for removal in removals:
        if removal.outcome == prediction.NOT_EMPTY:
            yield removal.path, "it was not empty, and existing directories are never listed again"
        elif removal.outcome == prediction.DANGLING:
            yield removal.path, "agent 2.x does not see a link that leads nowhere"


def _of_placements(tree: Tree, placements: t.Iterable[Placement], generation: Generation) -> _Found:
    for place in placements:
        if place.outcome in _LISTED:
            reason = broken(place.path, generation)
            if reason:
                yield place.path, reason
        if place.outcome == prediction.INSIDE:
            yield place.real, "it was put inside a directory, and the cleanup file lists the directory"
        elif place.outcome == prediction.INSTALLED and place.through and tree.platform.key(place.path) != place.real:
            link = tree.lstat(place.path)
            if link is not None and link.kind == "link" and place.kind == "file":
                yield place.real, "it was written through a link, and the agent will remove the link only"


def broken(path: bytes, generation: Generation) -> str:
    """Why a line in the cleanup file would not name this path again; empty if it would."""
    if b"\n" in path:
        return "a line end in its name breaks its line in the cleanup file"
    try:
        commands = cleanup.parse(cleanup.line_of(path, generation), generation).commands
    except UnicodeDecodeError:
        return "its name is not UTF-8"
    if [command.path for command in commands] == [path]:
        return ""
    if paths.text(path).encode() != path:
        return "its name is not UTF-8, and the cleanup file has something else for it"
    return "blanks at the start or end of its name will be cut off, so the agent will look for another name"
