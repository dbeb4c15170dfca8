# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""The cleanup file of a deployment group: what the next Install is going to remove. Pure.

The format, and how the agent reads it: parse_remove_commands in lib/instance_agent/plugins/codedeploy/
install_instruction.rb of aws/aws-codedeploy-agent 1.8.1, and src/installer/core.rs of 2.x.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.lastgood.aws.plugins.module_utils._content.generation import Generation

REMOVE: t.Final = "remove"
# semanage fcontext -d
CONTEXT: t.Final = "semanage"


@dataclass(frozen=True)
class Command:
    """What the agent makes of one line."""

    kind: str
    path: bytes
    # The line as it is in the file, without its end, and its number from 0.
    line: bytes
    number: int


@dataclass(frozen=True)
class Skipped:
    """A line that the agent leaves out, and why."""

    line: bytes
    number: int
    reason: str


@dataclass(frozen=True)
class Cleanup:
    """A cleanup file as the agent reads it: commands in the order in which they are executed."""

    commands: t.Tuple[Command, ...] = ()
    skipped: t.Tuple[Skipped, ...] = ()
    # What stands after the last line end: the agent was killed while it wrote. It is never removed.
    partial: bytes = b""


def parse(content: bytes, generation: Generation = Generation.RUBY) -> Cleanup:
    """What the agent is going to do with a cleanup file of this content."""
    raise NotImplementedError


def distrusted(*, regular: bool, uid: int, mode: int, agent_uid: int = 0) -> str:
    """Why agent 2.x would not follow a cleanup file (it skips the removals and deletes it), empty where it would."""
    raise NotImplementedError
