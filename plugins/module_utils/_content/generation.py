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


class Generation(enum.Enum):
    """Of the agent."""

    RUBY = "1"
    RUST = "2"


def of_version(version: str) -> Generation:
    """Of what ``/opt/codedeploy-agent/.version`` says, such as ``OFFICIAL_1.8.1-26_rpm`` or ``2.1.0``."""
    digits = version.rpartition("_")[2] if version.rpartition("_")[2][:1].isdigit() else version.partition("_")[2]
    major = (digits or version).partition(".")[0]
    return Generation.RUST if major.isdigit() and int(major) >= 2 else Generation.RUBY
