# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Where the CodeDeploy agent keeps its files, which version it is, and whether it is at work. Pure.

Paths are bytes, like file names. Names and formats are those of aws-codedeploy-agent 1.8 and 2.x:
conf/codedeployagent.yml, deployment_command_tracker.rb and command_executor.rb in its repository.
"""

from __future__ import annotations

import enum
import os
import re
import typing as t
from dataclasses import dataclass

DEFAULT_CONFIG: t.Final = b"/etc/codedeploy-agent/conf/codedeployagent.yml"
DEFAULT_ROOT: t.Final = b"/opt/codedeploy-agent/deployment-root"
VERSION_FILE: t.Final = b"/opt/codedeploy-agent/.version"
# Seconds. deployment_command_tracker.rb: anything older does not keep the agent from the next command.
STALE_AFTER: t.Final = 24 * 3600

Version = t.Tuple[int, int, int]
_VERSION: t.Final = re.compile(r"(?<![\d.])(\d+)\.(\d+)(?:\.(\d+))?")
_ROOT_DIR: t.Final = re.compile(rb"^:?root_dir:(?:[ \t]+(.*?))?[ \t]*\r?$", re.MULTILINE)
_QUOTED: t.Final = re.compile(rb"""^(?:'((?:[^']|'')*)'|"([^"\\]*)")[ \t]*(?:#.*)?$""")
_COMMENT: t.Final = re.compile(rb"(?:^|[ \t]+)#.*$")
_CLEANUP: t.Final = b"-cleanup"
_LAST: t.Final = b"_last_successful_install"
_RECENT: t.Final = b"_most_recent_install"
_INSTALL: t.Final = b"-install.json"
# What is in the root besides a directory for each deployment group.
_NO_GROUPS: t.Final = frozenset({b"deployment-instructions", b"deployment-logs", b"ongoing-deployment"})


class AgentUnknown(Exception):
    """The agent's files cannot be read or understood. The message says which, and what to give instead."""


def root_of(config: bytes) -> bytes | None:
    """The deployment root that a configuration file names; None if it names none.

    The file is YAML whose keys are Ruby symbols. Only this one line is read, so neither PyYAML nor an understanding of
    the rest is needed. Raises :class:`AgentUnknown` if the line is not a plain path.
    """
    found = _ROOT_DIR.findall(config)
    if not found:
        return None
    # Psych uses the last of equal keys.
    value: bytes = found[-1]
    quoted = _QUOTED.match(value)
    if quoted:
        single, double = quoted.groups()
        value = single.replace(b"''", b"'") if single is not None else double
    else:
        value = _COMMENT.sub(b"", value)
    if not value:
        return None
    if not value.startswith(b"/"):
        raise AgentUnknown(
            f"root_dir in the agent's configuration is {os.fsdecode(value)!r}, which is not an absolute path. "
            "Give agent_root"
        )
    return os.path.normpath(value)


def version_of(text: str) -> Version | None:
    """The version in the agent's own file, such as ``agent_version: OFFICIAL_1.8.1-2_rpm``, or in an option.

    Raises :class:`AgentUnknown` if there is no version in it.
    """
    found = _VERSION.search(text)
    return (int(found.group(1)), int(found.group(2)), int(found.group(3) or 0)) if found else None


@dataclass(frozen=True)
class Layout:
    """The paths below a deployment root."""

    root: bytes

    @property
    def instructions(self) -> bytes:
        return os.path.join(self.root, b"deployment-instructions")

    @property
    def ongoing(self) -> bytes:
        return os.path.join(self.root, b"ongoing-deployment")

    def cleanup(self, group: str) -> bytes:
        """The file that lists what the group's next Install removes."""
        return os.path.join(self.instructions, group.encode() + _CLEANUP)

    def install_json(self, group: str) -> bytes:
        """The file with the instructions of the group's newest Install."""
        return os.path.join(self.instructions, group.encode() + _INSTALL)

    def last_successful_install(self, group: str) -> bytes:
        """The file that names the deployment whose Install last succeeded, whatever came after Install."""
        return os.path.join(self.instructions, group.encode() + _LAST)

    def most_recent_install(self, group: str) -> bytes:
        """The file that names the deployment whose bundle was downloaded last."""
        return os.path.join(self.instructions, group.encode() + _RECENT)

    def group(self, group: str) -> bytes:
        """The directory with one directory for each deployment still there."""
        return os.path.join(self.root, group.encode())

    def deployment(self, group: str, deployment: str) -> bytes:
        return os.path.join(self.group(group), deployment.encode())

    @staticmethod
    def archive(deployment: bytes) -> bytes:
        """The directory with a deployment's unpacked revision."""
        return os.path.join(deployment, b"deployment-archive")

    @staticmethod
    def script_log(deployment: bytes) -> bytes:
        return os.path.join(deployment, b"logs", b"scripts.log")


# An id becomes part of a path, so it must be a plain name that leads nowhere else.
_ID: t.Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


def is_id(text: str) -> bool:
    """Whether this can be the id of a deployment group or a deployment."""
    return bool(_ID.fullmatch(text))


def groups_of(in_root: t.Iterable[bytes], in_instructions: t.Iterable[bytes]) -> list[str]:
    """The ids of all deployment groups the agent has served, from names of directories and files."""
    found = {name for name in in_root if name not in _NO_GROUPS}
    for name in in_instructions:
        for ending in (_CLEANUP, _INSTALL, _LAST, _RECENT):
            if name.endswith(ending):
                found.add(name[: -len(ending)])
    return sorted(text for text in map(os.fsdecode, found) if is_id(text))


@dataclass(frozen=True)
class Ongoing:
    """A file in ongoing-deployment: one command the agent is, or was, working on."""

    deployment: str
    mtime: float


@dataclass(frozen=True)
class Busy:
    """Whether the agent is at work."""

    busy: bool
    deployments: tuple[str, ...]
    stale: tuple[str, ...]


def busy(ongoing: t.Iterable[Ongoing], now: float) -> Busy:
    """Whether the agent is at work: a file exists while a lifecycle event runs. A crash's file counts for a day."""
    found = sorted(ongoing, key=lambda item: item.deployment)
    fresh = tuple(item.deployment for item in found if now - item.mtime < STALE_AFTER)
    stale = tuple(item.deployment for item in found if now - item.mtime >= STALE_AFTER)
    return Busy(bool(fresh), fresh, stale)


class Generation(enum.Enum):
    """The two generations of the agent, which treat files differently.

    We ran 1.8, which is written in Ruby, and read 2.x, which is written in Rust (github.com/aws/aws-codedeploy-agent,
    src/installer/core.rs and commands/).
    """

    RUBY = "1"
    RUST = "2"


def of_agent(version: t.Optional[Version]) -> Generation:
    """The generation for an agent version; an unknown version counts as the stable one."""
    return Generation.RUST if version and version[0] >= 2 else Generation.RUBY


def of_version(text: str) -> Generation:
    """The generation for the text of ``/opt/codedeploy-agent/.version``, such as ``OFFICIAL_1.8.1-26_rpm`` or
    ``2.1.0``.
    """
    return of_agent(version_of(text))
