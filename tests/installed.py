# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``python -m tests.installed``: a rollback with the collection as a user has installed it, against the simulator."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from tests.e2e import play
from tests.e2e.stage import CLUSTER, Stage
from tests.simulator_process import SimulatorProcess


def main() -> int:
    """Roll a service back, and say so; fails if it did not go back."""
    parser = argparse.ArgumentParser(prog="python -m tests.installed", description=__doc__)
    parser.add_argument("--programs", type=Path, required=True, help="where ansible-playbook is")
    parser.add_argument("--collections", type=Path, required=True, help="where the collection is installed")
    options = parser.parse_args()
    with SimulatorProcess() as simulator:
        stage = Stage(simulator)
        stage.story()
        stage.control.start_clock()
        done = subprocess.run(
            [
                str(options.programs / "ansible-playbook"),
                play.ROLLBACK,
                *play.arguments({"rollback_cluster": CLUSTER, "rollback_services": "web"}),
            ],
            cwd=options.collections,
            env=play.environment(
                simulator.url, options.programs, ANSIBLE_COLLECTIONS_PATH=str(options.collections), HOME="/nonexistent"
            ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        runs = stage.runs()
    if done.returncode or runs != {"web:1": 2}:
        print(f"{done.stdout}{done.stderr}\nrunning: {runs}", file=sys.stderr)
        return 1
    print("a rollback: web:3 → web:1")
    return 0


if __name__ == "__main__":
    sys.exit(main())
