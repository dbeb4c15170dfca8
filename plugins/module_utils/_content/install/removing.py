# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""The first half of Install: remove what the cleanup file lists, one by one, never recursively. Pure.

RemoveCommand#execute in lib/instance_agent/plugins/codedeploy/install_instruction.rb of aws/aws-codedeploy-agent 1.8.1
and src/installer/commands/remove_command.rs of 2.x.
"""

from __future__ import annotations

import errno
import typing as t
from dataclasses import dataclass

from ansible_collections.lastgood.aws.plugins.module_utils._content.agent import cleanup
from ansible_collections.lastgood.aws.plugins.module_utils._content.agent.agent import Generation
from ansible_collections.lastgood.aws.plugins.module_utils._content.install import prediction
from ansible_collections.lastgood.aws.plugins.module_utils._content.install.prediction import Failure, Removal
from ansible_collections.lastgood.aws.plugins.module_utils._content.install.tree import Refused, Tree
from ansible_collections.lastgood.aws.plugins.module_utils._content.listing import DIRECTORY, LINK


@dataclass(frozen=True)
class Removals:
    """What happened to each line, and what stopped the removal."""

    carried_out: t.Tuple[Removal, ...]
    contexts: t.Tuple[bytes, ...] = ()
    failure: t.Optional[Failure] = None


def remove_all(tree: Tree, commands: t.Sequence[cleanup.Command], generation: Generation) -> Removals:
    """Carry out the commands on the tree."""
    done: t.List[Removal] = []
    contexts: t.List[bytes] = []
    failure: t.Optional[Failure] = None
    for command in commands:
        if failure is not None:
            if command.kind == cleanup.REMOVE:
                done.append(Removal(command.path, prediction.NOT_REACHED))
            continue
        if command.kind == cleanup.CONTEXT:
            contexts.append(command.path)
            continue
        try:
            done.append(_removal(tree, command.path, generation))
        except Refused as problem:
            done.append(Removal(command.path, prediction.FAILED, _kind(tree, command.path)))
            failure = Failure("cleanup", command.path, str(problem))
    return Removals(tuple(done), tuple(contexts), failure)


def _kind(tree: Tree, path: bytes) -> str:
    entry = None if b"\0" in path else tree.lstat(path)
    return entry.kind if entry else ""


def _removal(tree: Tree, path: bytes, generation: Generation) -> Removal:
    """Remove one path. A relative one is resolved from the agent's working directory, where nothing is ours.

    Ruby rejects a path with a NUL in it (ArgumentError); agent 2.x has skipped such lines.
    """
    if b"\0" in path:
        raise Refused(errno.EINVAL, path)
    entry = tree.lstat(path) if tree.platform.is_absolute(path) else None
    if entry is None:
        return Removal(path, prediction.MISSING)
    found = tree.follow(path, last=False)
    outcome = prediction.REMOVED
    if entry.kind == LINK and generation is Generation.RUST and tree.stat(path) is None:
        outcome = prediction.DANGLING
    elif entry.kind == DIRECTORY:
        outcome = _directory(tree, path)
    else:
        tree.unlink(path)
    return Removal(path, outcome, entry.kind, found.real, found.through)


def _directory(tree: Tree, path: bytes) -> str:
    try:
        tree.rmdir(path)
    except Refused as problem:
        if problem.code != errno.ENOTEMPTY:
            raise
        return prediction.NOT_EMPTY
    return prediction.REMOVED
