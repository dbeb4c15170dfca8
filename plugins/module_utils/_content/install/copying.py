# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""The last part of Install: carry out the instructions and list the results in the new cleanup file. Pure.

The commands in lib/instance_agent/plugins/codedeploy/install_instruction.rb of aws/aws-codedeploy-agent 1.8.1, what
Ruby's FileUtils does below them, and src/installer/commands of 2.x.
"""

from __future__ import annotations

import errno
import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._content import paths
from ansible_collections.lastgood.aws.plugins.module_utils._content.agent import cleanup
from ansible_collections.lastgood.aws.plugins.module_utils._content.agent.agent import Generation
from ansible_collections.lastgood.aws.plugins.module_utils._content.bundle.appspec import Permission
from ansible_collections.lastgood.aws.plugins.module_utils._content.install import prediction
from ansible_collections.lastgood.aws.plugins.module_utils._content.install.instructions import (
    CHMOD,
    CHOWN,
    CONTEXT,
    COPY,
    MKDIR,
    Instruction,
    Instructions,
)
from ansible_collections.lastgood.aws.plugins.module_utils._content.install.prediction import Failure, Placement
from ansible_collections.lastgood.aws.plugins.module_utils._content.install.tree import Found, Refused, Tree
from ansible_collections.lastgood.aws.plugins.module_utils._content.listing import DIRECTORY, FILE, LINK, Entry

Names = t.Optional[t.Mapping[str, int]]


class Stopped(Exception):
    """An instruction failed for a reason other than the files."""


class Copying:
    """Carrying out instructions on a tree."""

    def __init__(
        self, tree: Tree, instructions: Instructions, generation: Generation, owners: Names = None, groups: Names = None
    ) -> None:
        self._tree = tree
        self._instructions = instructions
        self._generation = generation
        self._owners = owners
        self._groups = groups
        self.placements: t.List[Placement] = []
        self.lines: t.List[bytes] = []
        self.failure: t.Optional[Failure] = None
        # What this Install has written, so that to write it again, through a link, is no loss.
        self._written: t.Set[bytes] = set()

    def run(self) -> t.Sequence[Placement]:
        """Carry out all of them, up to the first that fails."""
        for instruction in self._instructions.all:
            if self.failure is not None:
                self._leave(instruction, prediction.NOT_REACHED)
                continue
            try:
                self._carry_out(instruction)
            except (Refused, Stopped) as problem:
                self.failure = Failure("copy", instruction.path, str(problem))
                self._leave(instruction, prediction.FAILED)
        return self.placements

    def _leave(self, instruction: Instruction, outcome: str) -> None:
        if instruction.kind in (COPY, MKDIR):
            kind = DIRECTORY if instruction.kind == MKDIR else FILE
            within = self._instructions.within(instruction.source) if instruction.source else b""
            self.placements.append(Placement(instruction.path, outcome, kind, within))

    def _carry_out(self, instruction: Instruction) -> None:
        if instruction.kind == MKDIR:
            self._mkdir(instruction.path)
        elif instruction.kind == COPY:
            self._copy(instruction)
        elif instruction.permission is not None:
            self._permit(instruction.kind, instruction.path, instruction.permission)

    def _mkdir(self, path: bytes) -> None:
        if self._tree.stat(path) is not None:
            raise Refused(errno.EEXIST, path)
        found = self._tree.follow(path, last=False)
        real = self._tree.mkdir(path, Entry(DIRECTORY, mode=0o755, uid=0, gid=0))
        self.lines.append(cleanup.line_of(path, self._generation))
        self.placements.append(Placement(path, prediction.CREATED, DIRECTORY, b"", real, found.through))

    def _copy(self, instruction: Instruction) -> None:
        self.lines.append(cleanup.line_of(instruction.path, self._generation))
        source = self._tree.follow(instruction.source, last=False).entry
        if source is None:
            raise Refused(errno.ENOENT, instruction.source)
        if instruction.source.endswith(paths.SLASH):
            # A directory is never copied by itself.
            raise Refused(errno.ENOTDIR, instruction.source)
        before = self._seen(instruction.path)
        if source.kind == LINK:
            real = self._link(instruction.path, source.target or b"")
        else:
            real = self._write(instruction, source)
        within = self._instructions.within(instruction.source)
        outcome = self._outcome(before, real)
        self._written.add(real)
        through = before.through if before is not None else self._tree.follow(instruction.path, last=False).through
        self.placements.append(Placement(instruction.path, outcome, source.kind, within, real, through))

    def _seen(self, path: bytes) -> t.Optional[Found]:
        """What is at a destination before it is written to; links are followed."""
        try:
            return self._tree.follow(path, last=True)
        except Refused:
            return None

    def _outcome(self, before: t.Optional[Found], real: bytes) -> str:
        if before is None or before.entry is None or before.real in self._written:
            return prediction.INSTALLED
        return prediction.INSIDE if before.entry.kind == DIRECTORY and real != before.real else prediction.OVERWRITTEN

    def _target(self, path: bytes, name: bytes) -> bytes:
        """FileUtils copies into a directory that is in the way."""
        into = self._generation is Generation.RUBY and self._tree.is_directory(path)
        return paths.join(path, name) if into else path

    def _link(self, path: bytes, target: bytes) -> bytes:
        name = paths.name(self._tree.platform.slashes(target).rstrip(paths.SLASH))
        return self._tree.symlink(self._target(path, name), target)

    def _write(self, instruction: Instruction, source: Entry) -> bytes:
        path = self._target(instruction.path, paths.name(instruction.source))
        if self._tree.follow(instruction.source, last=False).real == self._real(path):
            raise Stopped(f"{paths.text(instruction.source)} and {paths.text(path)} are the same file")
        content = Entry(FILE, source.mode, source.uid, source.gid, source.size, source.digest)
        if self._generation is Generation.RUST:
            there = self._tree.follow(path, last=False).entry
            if there is not None and there.kind == LINK:
                self._tree.unlink(path)
        return self._tree.write(path, content)

    def _real(self, path: bytes) -> bytes:
        return self._tree.follow(path, last=True).real

    def _permit(self, kind: str, path: bytes, permission: Permission) -> None:
        if kind == CHMOD:
            self._tree.change(path, mode=permission.mode)
        elif kind == CHOWN:
            values: t.Dict[str, t.Any] = {}
            if permission.owner is not None:
                values["uid"] = self._number(permission.owner, self._owners, "user")
            if permission.group is not None:
                values["gid"] = self._number(permission.group, self._groups, "group")
            self._tree.change(path, **values)
        elif kind == CONTEXT:
            found = self._tree.follow(path, last=True)
            if found.entry is None:
                raise Refused(errno.ENOENT, path)
            self.lines.append(cleanup.context_line_of(found.real, self._generation))

    def _number(self, name: str, known: Names, what: str) -> t.Optional[int]:
        if known is None:
            return None
        if name not in known:
            raise Stopped(f"can't find {what} for {name}")
        return known[name]
