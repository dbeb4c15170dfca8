# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One simulator for all tests of a process (with pytest-xdist: of a worker), emptied for each of them."""

from __future__ import annotations

import signal
import typing as t

import pytest

from tests import reading
from tests.e2e import fleet, play
from tests.e2e.stage import CLUSTER, SPEED, Stage
from tests.e2e.warm import programs
from tests.simulator_process import SimulatorProcess
from tests.world import PROFILE


@pytest.fixture(autouse=True, scope="session")
def signals_arrive() -> None:
    """A shell starts what runs in the background with these ignored, and whatever we start would inherit that."""
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)


@pytest.fixture(autouse=True, scope="session")
def oldest_is_set_up() -> None:
    """For E2E_OLDEST=1."""
    if programs.PLAYS_ON_OLDEST:
        play.set_up_oldest()


@pytest.fixture(autouse=True, scope="session")
def quick() -> t.Iterator[None]:
    """What sets the scene and looks at it reads nothing twice. Plays are other processes."""
    reading.imports_are_no_garbage()
    with reading.once():
        yield


@pytest.fixture(scope="session")
def simulator() -> t.Iterator[SimulatorProcess]:
    """The simulated AWS."""
    with SimulatorProcess(SPEED, PROFILE) as process:
        yield process


@pytest.fixture
def stage(simulator: SimulatorProcess) -> Stage:
    """An empty AWS with one cluster."""
    return Stage(simulator)


class Rollback(t.Protocol):
    """The command of the user."""

    def __call__(self, *options: str, **variables: object) -> play.Play:
        """Run it in the cluster of the stage; ``variables`` go without their prefix."""


@pytest.fixture
def rollback(stage: Stage) -> Rollback:
    """`ansible-playbook lastgood.aws.rollback -e rollback_cluster=shop -e rollback_services=web …`, to its end."""

    def run(*options: str, **variables: object) -> play.Play:
        given = {"cluster": CLUSTER, "services": "web", **variables}
        named = {f"rollback_{name}": value for name, value in given.items()}
        return play.run(stage.url, play.ROLLBACK, *options, *play.arguments(named))

    return run


@pytest.fixture
def redeploy(stage: Stage) -> Rollback:
    """`ansible-playbook lastgood.aws.redeploy -e rollback_application=web -e rollback_deployment_group=prod …`."""

    def run(*options: str, **variables: object) -> play.Play:
        given = {"application": fleet.APPLICATION, "deployment_group": fleet.GROUP, **variables}
        named = {f"rollback_{name}": value for name, value in given.items()}
        return play.run(stage.url, play.REDEPLOY, *options, *play.arguments(named))

    return run
