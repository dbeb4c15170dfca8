# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""AppSpec files of bundles for Linux, as the agent reads them.

https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure.html
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.lastgood.aws.plugins.module_utils._content.bundle import appspec

BEHAVIORS = appspec.BEHAVIORS


@dataclass(frozen=True)
class Script:
    """One script of a lifecycle event."""

    location: str
    timeout: float
    runas: str | None


@dataclass(frozen=True)
class Permission:
    """An entry of ``permissions``, which is about files that are copied and directories that are made."""

    object: str
    pattern: str
    excepted: tuple[str, ...]
    types: tuple[str, ...]
    owner: str | None
    group: str | None
    mode: str | None
    context: bool

    def matches(self, path: str) -> bool:
        """A pattern other than ``**`` is about what is directly in the object."""
        base = os.path.abspath(self.object).rstrip("/") + "/"
        if not path.startswith(base):
            return False
        name = path[len(base) :]
        wanted = self.pattern == "**" or _glob(self.pattern, name)
        return wanted and not any(_glob(pattern, name) for pattern in self.excepted)


@dataclass(frozen=True)
class AppSpec:
    """What a bundle says of itself."""

    files: tuple[tuple[str, str], ...]
    hooks: dict[str, tuple[Script, ...]]
    permissions: tuple[Permission, ...]
    file_exists_behavior: str | None


def read(directory: Path) -> AppSpec:
    """The AppSpec file of an unpacked bundle, read by the collection's own reader. The recordings check both."""
    found = [directory / name for name in ("appspec.yml", "appspec.yaml") if (directory / name).exists()]
    if not found:
        raise FileNotFoundError(f"there is no appspec.yml in {directory}")
    spec = appspec.parse(found[0].read_bytes())
    return AppSpec(
        tuple((os.fsdecode(item.source), os.fsdecode(item.destination)) for item in spec.files),
        {event: tuple(map(_script, scripts)) for event, scripts in spec.hooks.items()},
        tuple(map(_permission, spec.permissions)),
        spec.file_exists_behavior or None,
    )


def _script(hook: appspec.Hook) -> Script:
    return Script(os.fsdecode(hook.location), float(hook.timeout or 0), hook.runas)


def _permission(item: appspec.Permission) -> Permission:
    if item.acls:
        raise ValueError("the stand-in sets no ACLs")
    return Permission(
        os.fsdecode(item.object),
        os.fsdecode(item.pattern),
        tuple(map(os.fsdecode, item.excepted)),
        item.types,
        item.owner,
        item.group,
        None if item.mode is None else f"{item.mode:o}",
        item.context,
    )


def _glob(pattern: str, name: str) -> bool:
    return re.fullmatch(re.escape(pattern).replace(r"\*", "[^/]*"), name, re.DOTALL) is not None
