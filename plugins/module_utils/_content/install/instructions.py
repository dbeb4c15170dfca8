# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""The second part of Install: make instructions from the AppSpec file, the bundle, and the files that are left. Pure.

generate_instructions in lib/instance_agent/plugins/codedeploy/installer.rb and CommandBuilder in install_instruction.rb
of aws/aws-codedeploy-agent 1.8.1; src/installer/core.rs of 2.x does the same.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.lastgood.aws.plugins.module_utils._content import paths
from ansible_collections.lastgood.aws.plugins.module_utils._content.bundle import appspec as bundle_appspec
from ansible_collections.lastgood.aws.plugins.module_utils._content.bundle.appspec import AppSpec, Mapping, Permission
from ansible_collections.lastgood.aws.plugins.module_utils._content.bundle.contents import Bundle
from ansible_collections.lastgood.aws.plugins.module_utils._content.install import prediction
from ansible_collections.lastgood.aws.plugins.module_utils._content.install.prediction import Placement
from ansible_collections.lastgood.aws.plugins.module_utils._content.install.tree import Tree
from ansible_collections.lastgood.aws.plugins.module_utils._content.listing import FILE

COPY: t.Final = "copy"
MKDIR: t.Final = "mkdir"
CHMOD: t.Final = "chmod"
ACL: t.Final = "setfacl"
CONTEXT: t.Final = "semanage"
CHOWN: t.Final = "chown"

# Links in circles produce more and more instructions: one such link up to 41 for each file, two without end.
_MOST: t.Final = 3_000
_MOST_OF_EACH: t.Final = 50
# Directories in directories, which links in circles make deep.
_DEEPEST: t.Final = 400
# How often a file may be compared with a permission.
_MOST_COMPARISONS: t.Final = 2_000_000


class Unpredictable(ValueError):
    """Something cannot be predicted. The message says why."""


class Rejected(Exception):
    """The agent gives up before it has copied anything."""

    def __init__(self, path: bytes, message: str) -> None:
        super().__init__(message)
        self.path = path


@dataclass(frozen=True)
class Instruction:
    """One thing to do."""

    kind: str
    path: bytes
    # What a copy copies, within the unpacked bundle.
    source: bytes = b""
    permission: t.Optional[Permission] = None


class Instructions:
    """The instructions of one Install, as they are made."""

    def __init__(self, tree: Tree, bundle: Bundle, option: str) -> None:
        self._tree = tree
        self._bundle = bundle
        self._option = option
        self.all: t.List[Instruction] = []
        # What is not copied because something is already there.
        self.held_back: t.List[Placement] = []
        self.problem: t.Optional[Rejected] = None
        self._copied: t.Dict[bytes, bytes] = {}
        self._made: t.Dict[bytes, None] = {}
        self._permitted: t.Set[bytes] = set()
        self._comparisons = 0
        self._most = _MOST + _MOST_OF_EACH * len(bundle.entries)

    def make(self, appspec: AppSpec) -> None:
        """Make all of them. Afterwards ``problem`` is the first error the agent fails with."""
        try:
            for mapping in appspec.files:
                self._mapping(mapping)
            for permission in appspec.permissions:
                self._permission(permission)
        except Rejected as problem:
            self._reject(problem)

    def _reject(self, problem: Rejected) -> None:
        if self.problem is None:
            self.problem = problem

    def _mapping(self, mapping: Mapping) -> None:
        if not self._tree.platform.is_absolute(mapping.destination):
            raise Unpredictable(
                f"the destination {paths.text(mapping.destination)!r} in the AppSpec file is not absolute: the agent "
                "resolves it from its working directory"
            )
        # As it is written: the agent looks along it with its "..", and takes them out only of what it makes. Windows
        # itself takes them out before it looks (learn.microsoft.com, "Naming Files, Paths, and Namespaces").
        destination = self._tree.platform.slashes(mapping.destination)
        if self._tree.platform.windows:
            destination = self._tree.platform.expand(destination)
        inner = self._tree.platform.slashes(mapping.source).lstrip(paths.SLASH)
        source = paths.join(self._bundle.root, inner) if inner else self._bundle.root
        if self._tree.is_directory(source):
            self._ancestors(destination)
            self._directory(source, destination, 1)
        else:
            destination = paths.join(destination, paths.name(source.rstrip(paths.SLASH)))
            self._ancestors(destination)
            self._file(source, destination)

    def _ancestors(self, destination: bytes) -> None:
        missing: t.List[bytes] = []
        directory = self._tree.platform.above(destination)
        while self._tree.stat(directory) is None and directory != self._tree.platform.root(directory):
            missing.append(directory)
            directory = self._tree.platform.above(directory)
        for path in reversed(missing):
            self._mkdir(path)

    def _directory(self, source: bytes, destination: bytes, depth: int) -> None:
        if depth > _DEEPEST:
            raise Unpredictable(f"its directories are more than {_DEEPEST} deep: links in it lead in circles")
        if not self._tree.is_directory(destination):
            self._mkdir(destination)
        for name in self._tree.names(self._tree.follow(source, last=True).real):
            inner, place = paths.join(source, name), paths.join(destination, name)
            if self._tree.is_directory(inner):
                self._directory(inner, place, depth + 1)
            else:
                self._file(inner, place)

    def _file(self, source: bytes, destination: bytes) -> None:
        if self._tree.stat(destination) is None or self._option == "OVERWRITE":
            self._copy(source, destination)
        elif self._option == "RETAIN":
            self._hold_back(source, destination, prediction.KEPT)
        elif self._option == "DISALLOW":
            self._hold_back(source, destination, prediction.REFUSED)
            message = "The deployment failed because a specified file already exists at this location: "
            self._reject(Rejected(self._tree.platform.expand(destination), message + paths.text(destination)))
        else:
            message = f"an invalid option was specified for fileExistsBehavior: {self._option}"
            raise Rejected(destination, "The deployment failed because " + message)

    def _hold_back(self, source: bytes, destination: bytes, outcome: str) -> None:
        found = self._tree.follow(destination, last=True)
        destination = self._tree.platform.expand(destination)
        kind = found.entry.kind if found.entry else FILE
        within = self.within(source)
        self.held_back.append(Placement(destination, outcome, kind, within, found.real, found.through))

    def within(self, source: bytes) -> bytes:
        """The path within the bundle."""
        return source[len(self._bundle.root) :].lstrip(paths.SLASH)

    def _add(self, instruction: Instruction) -> None:
        if len(self.all) >= self._most:
            raise Unpredictable(
                f"the bundle has {len(self._bundle.entries)} entries, and they produce more than {self._most} "
                "instructions: links in it lead in circles, or out of it to something large"
            )
        self.all.append(instruction)

    def _copy(self, source: bytes, destination: bytes) -> None:
        destination = self._tree.platform.expand(destination)
        if destination in self._copied:
            message = "the application specification file specifies two source files for the same destination"
            raise Rejected(destination, f"The deployment failed because {message} ({paths.text(destination)})")
        if destination in self._made:
            message = "a file is to be installed where a directory is to be made"
            raise Rejected(destination, f"The deployment failed because {message} ({paths.text(destination)})")
        self._add(Instruction(COPY, destination, source))
        self._copied[destination] = source

    def _mkdir(self, path: bytes) -> None:
        path = self._tree.platform.expand(path)
        if path in self._copied:
            message = "a directory is to be made where a file is to be installed"
            raise Rejected(path, f"The deployment failed because {message} ({paths.text(path)})")
        if path not in self._made:
            self._add(Instruction(MKDIR, path))
        self._made[path] = None

    def _permission(self, permission: Permission) -> None:
        if not self._tree.platform.is_absolute(permission.object):
            raise Unpredictable(f"the object {paths.text(permission.object)!r} of a permission is not absolute")
        path = self._tree.platform.expand(permission.object)
        if path in self._copied:
            if "file" in permission.types:
                self._check(bundle_appspec.problem_of_file(permission), path)
                self._permit(path, permission)
        elif path in self._made or self._tree.is_directory(self._tree.platform.slashes(permission.object)):
            for match in self._matches(path, permission):
                self._permit(match, permission)

    def _check(self, problem: str, path: bytes) -> None:
        if problem:
            raise Rejected(path, problem)

    def _matches(self, base: bytes, permission: Permission) -> t.List[bytes]:
        """The files and directories of this Install that a permission is for; never the object itself."""
        self._comparisons += (len(self._copied) + len(self._made)) * (1 + len(permission.excepted))
        if self._comparisons > _MOST_COMPARISONS:
            raise Unpredictable(
                f"its permissions would have to be compared with its files more than {_MOST_COMPARISONS} times"
            )
        found: t.List[bytes] = []
        if "file" in permission.types:
            for path in self._copied:
                if bundle_appspec.matches(base, path, permission):
                    self._check(bundle_appspec.problem_of_acl(permission), path)
                    found.append(path)
        if "directory" in permission.types:
            found += [path for path in self._made if bundle_appspec.matches(base, path, permission)]
        return found

    def _permit(self, path: bytes, permission: Permission) -> None:
        if path in self._permitted:
            message = f"the permissions setting for ({paths.text(path)}) is specified more than once"
            raise Rejected(path, "The deployment failed because " + message)
        self._permitted.add(path)
        if permission.mode is not None:
            self._add(Instruction(CHMOD, path, permission=permission))
        if permission.acls:
            self._add(Instruction(ACL, path, permission=permission))
        if permission.context:
            self._add(Instruction(CONTEXT, path, permission=permission))
        if permission.owner is not None or permission.group is not None:
            self._add(Instruction(CHOWN, path, permission=permission))
