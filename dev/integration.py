# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs ``ansible-test integration`` against the simulator, in a copy of the collection.

``dev/integration.py [TARGET …]``. With a ``tests/integration/cloud-config-aws.ini`` of your own, as for amazon.aws, it
runs against that account. Used by the gate "integration".
"""

from __future__ import annotations

import configparser
import os
import subprocess
import sys
from pathlib import Path

from setup import ROOT

sys.path.insert(0, str(ROOT))

from tests.simulator_process import SimulatorProcess
from tests.world import ACCESS_KEY, REGION, SECRET_KEY

CONFIGURATION = Path("tests") / "integration" / "cloud-config-aws.ini"
SPEED = 60.0


def main(targets: list[str]) -> int:
    """The exit code of ansible-test. The working directory is the copy of the collection."""
    if (ROOT / CONFIGURATION).exists():
        CONFIGURATION.write_text((ROOT / CONFIGURATION).read_text())
        return integration(targets)
    with SimulatorProcess(speed=SPEED) as simulator:
        configuration = configparser.ConfigParser()
        configuration["default"] = {
            "aws_access_key": ACCESS_KEY,
            "aws_secret_key": SECRET_KEY,
            "security_token": "",
            "aws_region": REGION,
            "aws_endpoint_url": simulator.url,
        }
        with CONFIGURATION.open("w") as file:
            configuration.write(file)
        return integration(targets)


def integration(targets: list[str]) -> int:
    program = Path(sys.executable).parent / "ansible-test"
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    command = [str(program), "integration", "--color", "no", "--python", version, *targets]
    return subprocess.run(command, env=dict(os.environ), check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
