# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lifecycle event Install: remove, look what is there, then copy. All of it in this order."""

from __future__ import annotations

import grp
import json
import os
import pwd
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from tests.agent import cleanup
from tests.agent.appspec import AppSpec, Permission
from tests.agent.layout import Fence, Layout, archive

# The names in a directory of the bundle, given where they go to: as the file system lists them.
Order = Callable[[str, list[str]], list[str]]


class InstallError(Exception):
    """The agent's own words for what it refuses."""


def as_listed(_destination: str, names: list[str]) -> list[str]:
    """The order of the file system."""
    return names


@dataclass
class Instructions:
    """What is to be done, found out against the files that are there."""

    behavior: str
    order: Order
    commands: list[tuple[str, ...]] = field(default_factory=list)
    copies: dict[str, str] = field(default_factory=dict)
    directories: dict[str, None] = field(default_factory=dict)
    permitted: set[str] = field(default_factory=set)

    def add(self, source: str, destination: str) -> None:
        """One entry of ``files``."""
        if os.path.isdir(source):
            self._ancestors(destination)
            self._tree(source, destination)
        else:
            target = os.path.join(destination, os.path.basename(source.rstrip("/")))
            self._ancestors(target)
            self._file(source, target)

    def _ancestors(self, path: str) -> None:
        missing = []
        parent = _above(path)
        while not os.path.exists(parent) and parent not in (".", "/", ""):
            missing.append(parent)
            parent = _above(parent)
        for directory in reversed(missing):
            self._mkdir(directory)

    def _tree(self, source: str, destination: str) -> None:
        if not os.path.isdir(destination):
            self._mkdir(destination)
        for name in self.order(destination, os.listdir(source)):
            inner, target = os.path.join(source, name), os.path.join(destination, name)
            if os.path.isdir(inner):
                self._tree(inner, target)
            else:
                self._file(inner, target)

    def _file(self, source: str, destination: str) -> None:
        # A link that leads nowhere counts as nothing.
        if os.path.exists(destination):
            if self.behavior == "DISALLOW":
                raise InstallError(
                    f"The deployment failed because a specified file already exists at this location: {destination}"
                )
            if self.behavior == "RETAIN":
                return
            if self.behavior != "OVERWRITE":
                raise InstallError(
                    "The deployment failed because an invalid option was specified for fileExistsBehavior: "
                    f"{self.behavior}. Valid options include OVERWRITE, RETAIN, and DISALLOW."
                )
        self._copy(source, _expanded(destination))

    def _copy(self, source: str, destination: str) -> None:
        if destination in self.copies:
            raise InstallError(f"two source files for the same destination ({destination})")
        if destination in self.directories:
            raise InstallError(f"a directory is made where the file {source} goes ({destination})")
        self.copies[destination] = source
        self.commands.append(("copy", source, destination))

    def _mkdir(self, path: str) -> None:
        directory = _expanded(path)
        if directory in self.copies:
            raise InstallError(f"a file is copied where a directory is made ({directory})")
        if directory not in self.directories:
            self.directories[directory] = None
            self.commands.append(("mkdir", directory))

    def permit(self, permission: Permission) -> None:
        """One entry of ``permissions``; nothing that is kept or was there before is touched."""
        target = _expanded(permission.object)
        if target in self.copies:
            if "file" in permission.types:
                if permission.pattern != "**" or permission.excepted:
                    raise InstallError(f"an object ({permission.object}) with a pattern or exceptions that is a file")
                self._permit(target, permission)
        elif target in self.directories or os.path.isdir(permission.object):
            known = [*(self.copies if "file" in permission.types else ())]
            known += [*(self.directories if "directory" in permission.types else ())]
            for path in filter(permission.matches, known):
                self._permit(path, permission)

    def _permit(self, path: str, permission: Permission) -> None:
        if path in self.permitted:
            raise InstallError(f"the permissions setting for ({path}) is specified more than once")
        self.permitted.add(path)
        if permission.mode is not None:
            self.commands.append(("chmod", permission.mode, path))
        if permission.context:
            self.commands.append(("semanage", path))
        if permission.owner is not None or permission.group is not None:
            self.commands.append(("chown", permission.owner or "", permission.group or "", path))


def install(
    layout: Layout, fence: Fence, group: str, directory: Path, spec: AppSpec, option: str, order: Order
) -> None:
    """Install what a deployment has downloaded. ``option`` is that of the deployment; the AppSpec file's wins."""
    listed = layout.cleanup(group)
    if listed.exists():
        cleanup.run(listed, fence)
    instructions = Instructions(spec.file_exists_behavior or option, order)
    for source, destination in spec.files:
        instructions.add(os.path.join(archive(directory), source.lstrip("/")), destination)
    for permission in spec.permissions:
        instructions.permit(permission)
    layout.install_json(group).write_text(_json(instructions.commands))
    with listed.open("wb") as lines:
        for command in instructions.commands:
            _execute(command, lines, fence)


def _json(commands: list[tuple[str, ...]]) -> str:
    keys = {
        "copy": ("type", "source", "destination"),
        "mkdir": ("type", "directory"),
        "chmod": ("type", "mode", "file"),
        "semanage": ("type", "file"),
        "chown": ("type", "owner", "group", "file"),
    }
    text = json.dumps({"instructions": [dict(zip(keys[item[0]], item, strict=True)) for item in commands]})
    for command in commands:
        # A name that is no UTF-8 ends the deployment here, when what was there before is gone.
        os.fsencode(command[-1]).decode()
    return text


def _execute(command: tuple[str, ...], lines: IO[bytes], fence: Fence) -> None:
    kind, path = command[0], fence.check(command[-1])
    if kind == "mkdir":
        # The agent's umask is that of a daemon.
        os.mkdir(path, 0o755)
        lines.write(cleanup.line(path))
    elif kind == "copy":
        # Written before it is true.
        lines.write(cleanup.line(path))
        _copy(command[1], path)
    elif kind == "chmod":
        os.chmod(path, int(command[1], 8))
    elif kind == "chown":
        owner, owners = command[1:3]
        os.chown(path, pwd.getpwnam(owner).pw_uid if owner else -1, grp.getgrnam(owners).gr_gid if owners else -1)
    else:
        lines.write(cleanup.context_line(path))


def _copy(source: str, destination: str) -> None:
    """Into the file that is there, through a link to it, and into a directory."""
    linked = os.readlink(source) if os.path.islink(source) else ""
    if os.path.isdir(destination):
        # FileUtils names a link in a directory after what it leads to, as ln -s does.
        destination = os.path.join(destination, os.path.basename((linked or source).rstrip("/")))
    if linked:
        os.symlink(linked, destination)
        return
    shutil.copyfile(source, destination)
    status = os.stat(source)
    try:
        os.chown(destination, status.st_uid, status.st_gid)
    except PermissionError:
        # Only root gives files away.
        pass
    shutil.copystat(source, destination)


def _expanded(path: str) -> str:
    return os.path.abspath(path)


def _above(path: str) -> str:
    """Ruby's File.dirname, which does not take a slash at the end for a name."""
    return os.path.dirname(path.rstrip("/"))
