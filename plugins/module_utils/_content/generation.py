# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""The two generations of the agent, where they treat files differently.

1.8 is written in Ruby and was run; 2.x is written in Rust and was read (github.com/aws/aws-codedeploy-agent,
src/installer/core.rs and commands/).
"""

from __future__ import annotations

import enum
import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._content import agent


class Generation(enum.Enum):
    """Of the agent."""

    RUBY = "1"
    RUST = "2"


def of_agent(version: t.Optional[agent.Version]) -> Generation:
    """Of an agent with this version; one whose version is not known is taken for the stable one."""
    return Generation.RUST if version and version[0] >= 2 else Generation.RUBY


def of_version(text: str) -> Generation:
    """Of what ``/opt/codedeploy-agent/.version`` says, such as ``OFFICIAL_1.8.1-26_rpm`` or ``2.1.0``."""
    return of_agent(agent.version_of(text))
