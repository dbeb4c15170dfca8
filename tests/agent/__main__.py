# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``python -m tests.agent --scratch DIR --group ID BUNDLE``: deploy a bundle below a scratch directory."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.agent.agent import Agent, Deployment
from tests.agent.appspec import BEHAVIORS


def main() -> int:
    """Deploy, say how each event went, and return 1 if one failed."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.agent",
        description="What the CodeDeploy agent does with a bundle, in a scratch directory.",
    )
    parser.add_argument("bundle", type=Path, help="a directory or an archive, with an appspec.yml")
    parser.add_argument("--scratch", type=Path, required=True, help="nothing outside of it is touched")
    parser.add_argument("--root", type=Path, help="the agent's :root_dir: (default: deployment-root in the scratch)")
    parser.add_argument("--group", required=True, help="id of the deployment group")
    parser.add_argument("--deployment", default="", help="id of the deployment (default: one is made up)")
    parser.add_argument("--file-exists-behavior", choices=BEHAVIORS, default="DISALLOW")
    options = parser.parse_args()
    agent = Agent(options.root or options.scratch / "deployment-root", options.scratch)
    deployment = Deployment(options.group, options.bundle, options.file_exists_behavior, options.deployment)
    outcome = agent.deploy(deployment, before=print)
    if outcome.succeeded:
        print(f"{outcome.deployment} succeeded")
        return 0
    print(f"{outcome.deployment} failed in {outcome.event}: {outcome.code}: {outcome.message}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
