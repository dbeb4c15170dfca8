# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``python -m tests.agent.fuzz --seed N``: 500 random deployments, done and predicted."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.agent.fuzz.compare import main_of
from tests.agent.fuzz.installers import RealAgent, StandIn


def main() -> int:
    """Return 1 if one differs."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.agent.fuzz", description="Compare the model of the agent with what an agent does."
    )
    parser.add_argument("--seed", default="1")
    parser.add_argument("--deployments", type=int, default=500)
    parser.add_argument("--agent", type=Path, help="the source of the real agent 1.8, to compare with that")
    options = parser.parse_args()
    installer = RealAgent(options.agent) if options.agent else StandIn()
    return main_of(print, options.seed, options.deployments, installer)


if __name__ == "__main__":
    sys.exit(main())
