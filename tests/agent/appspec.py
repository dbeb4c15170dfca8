# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""AppSpec files of bundles for Linux, as the agent reads them.

https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

BEHAVIORS = ("DISALLOW", "OVERWRITE", "RETAIN")
# Of a script, in seconds.
_TIMEOUT = 3600.0


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
        base = self.object.rstrip("/") + "/"
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
    """The AppSpec file of an unpacked bundle."""
    found = [directory / name for name in ("appspec.yml", "appspec.yaml") if (directory / name).exists()]
    if not found:
        raise FileNotFoundError(f"there is no appspec.yml in {directory}")
    spec = yaml.safe_load(found[0].read_bytes())
    behavior = spec.get("file_exists_behavior")
    if behavior is not None and behavior not in BEHAVIORS:
        raise ValueError(f"invalid file_exists_behavior {behavior!r}")
    return AppSpec(
        tuple((str(item["source"]), str(item["destination"])) for item in spec.get("files") or []),
        {event: tuple(map(_script, scripts or [])) for event, scripts in (spec.get("hooks") or {}).items()},
        tuple(map(_permission, spec.get("permissions") or [])),
        behavior,
    )


def _script(item: dict[str, Any]) -> Script:
    return Script(item["location"], float(item.get("timeout", _TIMEOUT)), item.get("runas"))


def _permission(item: dict[str, Any]) -> Permission:
    if item.get("acls"):
        raise ValueError("the stand-in sets no ACLs")
    mode = item.get("mode")
    return Permission(
        item["object"],
        item.get("pattern", "**"),
        tuple(item.get("except") or []),
        tuple(item.get("type") or ("file", "directory")),
        item.get("owner"),
        item.get("group"),
        None if mode is None else str(mode),
        bool(item.get("context")),
    )


def _glob(pattern: str, name: str) -> bool:
    return re.fullmatch(re.escape(pattern).replace(r"\*", "[^/]*"), name, re.DOTALL) is not None
