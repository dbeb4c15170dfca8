# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""AppSpec files of the platform Server (EC2/on-premises). Pure.

https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure.html and
lib/instance_agent/plugins/codedeploy/application_specification of aws/aws-codedeploy-agent 1.8.1.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

# Where the agent looks, in this order.
NAMES: t.Final = (b"appspec.yml", b"appspec.yaml")


class Unreadable(ValueError):
    """An AppSpec file that the agent refuses, or that we cannot read. The message says why."""


@dataclass(frozen=True)
class Mapping:
    """One entry of ``files``."""

    source: bytes
    destination: bytes


@dataclass(frozen=True)
class Permission:
    """One entry of ``permissions``."""

    object: bytes
    pattern: bytes = b"**"
    excepted: t.Tuple[bytes, ...] = ()
    types: t.Tuple[str, ...] = ("file", "directory")
    owner: t.Optional[str] = None
    group: t.Optional[str] = None
    mode: t.Optional[int] = None
    acls: t.Tuple[str, ...] = ()
    # Whether there is a ``context``, which is what gets a line in the cleanup file.
    context: bool = False


@dataclass(frozen=True)
class Hook:
    """One script of a lifecycle event."""

    location: bytes
    timeout: t.Optional[int] = None
    runas: t.Optional[str] = None


@dataclass(frozen=True)
class AppSpec:
    """What an AppSpec file says."""

    os: str
    files: t.Tuple[Mapping, ...] = ()
    permissions: t.Tuple[Permission, ...] = ()
    hooks: t.Mapping[str, t.Tuple[Hook, ...]] = field(default_factory=dict)
    # Empty where the AppSpec file does not say: then the option of the deployment counts.
    file_exists_behavior: str = ""


def parse(content: bytes) -> AppSpec:
    """What an AppSpec file says, or Unreadable."""
    raise NotImplementedError
