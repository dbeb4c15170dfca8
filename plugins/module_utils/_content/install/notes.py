# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""What is odd about an Install, in words. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._content import paths
from ansible_collections.lastgood.aws.plugins.module_utils._content.agent import cleanup
from ansible_collections.lastgood.aws.plugins.module_utils._content.agent.agent import Generation
from ansible_collections.lastgood.aws.plugins.module_utils._content.install import instructions, prediction
from ansible_collections.lastgood.aws.plugins.module_utils._content.install.prediction import Placement
from ansible_collections.lastgood.aws.plugins.module_utils._content.install.tree import Tree
from ansible_collections.lastgood.aws.plugins.module_utils._content.listing import Source

# Commands that the agent runs as other programs; Install fails if they fail.
_PROGRAMS: t.Final = {instructions.ACL: "setfacl", instructions.CONTEXT: "semanage and restorecon"}


def notes(
    before: Source,
    tree: Tree,
    old: cleanup.Cleanup,
    todo: t.Iterable[instructions.Instruction],
    placements: t.Iterable[Placement],
) -> t.Tuple[str, ...]:
    """The notes, one sentence each."""
    return (*_lines(tree, old), *_programs(todo), *_hard_links(before, placements))


def _lines(tree: Tree, old: cleanup.Cleanup) -> t.Iterator[str]:
    for command in old.commands:
        if command.path and not tree.platform.is_absolute(command.path):
            yield (
                f"line {command.number + 1} of the cleanup file is not an absolute path: the agent resolves it from "
                "its working directory"
            )
    for skipped in old.skipped:
        yield f"line {skipped.number + 1} of the cleanup file is left out: {skipped.reason}"
    if old.partial:
        yield "the last line of the cleanup file is not finished, and is left out: the agent was stopped while it wrote"


def _programs(todo: t.Iterable[instructions.Instruction]) -> t.Iterator[str]:
    used = {instruction.kind for instruction in todo}
    for kind, program in _PROGRAMS.items():
        if kind in used:
            yield f"the AppSpec file needs {program}; Install fails if that fails, which cannot be predicted"


def _hard_links(before: Source, placements: t.Iterable[Placement]) -> t.Iterator[str]:
    for place in placements:
        entry = before.entry(place.real) if place.outcome in (prediction.OVERWRITTEN, prediction.INSIDE) else None
        if entry is not None and (entry.links or 1) > 1:
            yield f"{paths.text(place.real)} is overwritten in place: its other hard links change with it"


def strays(tree: Tree, new: bytes, placements: t.Iterable[Placement], generation: Generation) -> t.Tuple[bytes, ...]:
    """What the next Install will remove although this one did not write it: a name with a line end in it names it."""
    try:
        commands = cleanup.parse(new, generation).commands
    except UnicodeDecodeError:
        return ()
    written = {place.path for place in placements}
    named = (command.path for command in commands if command.kind == cleanup.REMOVE and command.path not in written)
    found = (path for path in named if tree.platform.is_absolute(path) and tree.lstat(path) is not None)
    return tuple(dict.fromkeys(found))
