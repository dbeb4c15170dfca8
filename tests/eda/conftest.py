# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A simulator that has CloudFormation, which takes packages that only this environment has."""

from __future__ import annotations

import subprocess
import sys
import typing as t
from pathlib import Path

import pytest

from tests.e2e import play
from tests.e2e.stage import SPEED, Stage
from tests.eda.rulebook import PYTHON
from tests.simulator_process import SimulatorProcess

TEMPLATE = play.ROOT / "extensions" / "eda" / "aws" / "cloudformation.yml"
STACK = "events"


@pytest.fixture(scope="session")
def simulator() -> t.Iterator[SimulatorProcess]:
    """The simulated AWS."""
    # If this is not run by the gate, which has set it up; then it takes milliseconds.
    setup = Path(play.ROOT / "dev" / "setup.py")
    subprocess.run([sys.executable, "-B", str(setup), "eda"], check=True, stdout=subprocess.DEVNULL)
    with SimulatorProcess(SPEED, python=PYTHON) as process:
        yield process


@pytest.fixture(scope="module")
def stage(simulator: SimulatorProcess) -> Stage:
    """An empty AWS with one cluster, and the stack that docs/events.md shows."""
    stage = Stage(simulator)
    client = stage.world.client("cloudformation")
    client.create_stack(
        StackName=STACK,
        TemplateBody=TEMPLATE.read_text(encoding="utf-8"),
        Parameters=[{"ParameterKey": "AlarmNames", "ParameterValue": "web-5xx,ServiceAggregatedAlarm"}],
        Capabilities=["CAPABILITY_IAM"],
    )
    [made] = client.describe_stacks(StackName=STACK)["Stacks"]
    assert made["StackStatus"] == "CREATE_COMPLETE"
    return stage


@pytest.fixture(scope="module")
def queue(stage: Stage) -> str:
    """URL of the queue that the stack has made."""
    [made] = stage.world.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
    return next(str(output["OutputValue"]) for output in made["Outputs"] if output["OutputKey"] == "QueueUrl")
