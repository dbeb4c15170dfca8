# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Targets of ansible-test, played by ansible-playbook against the simulator. All of them: `make gate-integration`."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.e2e.warm.programs import ANSIBLE_PLAYBOOK, PYTHON
from tests.simulator_process import ROOT, SimulatorProcess
from tests.world import ACCESS_KEY, REGION, SECRET_KEY, World

TARGETS = ROOT / "tests" / "integration" / "targets"
# They run inside the roles; other tests play them.
WITHOUT = {"role_hosts", "role_inputs", "role_results"}


def test_each_module_has_a_target_or_is_named_here() -> None:
    modules = {path.stem for path in (ROOT / "plugins" / "modules").glob("*.py")}
    targets = {path.parent.name for path in TARGETS.glob("*/aliases")}
    assert targets | WITHOUT == modules
    assert targets & WITHOUT == set()


@pytest.mark.long
@pytest.mark.parametrize("target", ["rollback_notify", "codedeploy_deployment_group"])
def test_target(target: str, tmp_path: Path) -> None:
    play = tmp_path / "play.yml"
    play.write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "roles": [target]}]))
    with SimulatorProcess() as simulator:
        variables = {
            "aws_access_key": ACCESS_KEY,
            "aws_secret_key": SECRET_KEY,
            "aws_region": REGION,
            "aws_endpoint_url": simulator.url,
            "tiny_prefix": "0123456789ab",
            "ansible_python_interpreter": PYTHON,
        }
        done = subprocess.run(
            [str(ANSIBLE_PLAYBOOK), str(play), "-e", json.dumps(variables)],
            cwd=ROOT,
            env={**os.environ, "ANSIBLE_ROLES_PATH": str(TARGETS)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-3000:]
        world = World(simulator.url)
        assert world.client("codedeploy").list_applications()["applications"] == []
        assert world.client("sns").list_topics()["Topics"] == []
