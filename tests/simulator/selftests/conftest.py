# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A simulator in process, with a cluster, for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import reading
from tests.simulator import Simulator
from tests.simulator.selftests.cluster import START, Cluster
from tests.simulator.selftests.code_deploy import BlueGreen


@pytest.fixture(autouse=True, scope="session")
def quick() -> Iterator[None]:
    """Nothing is read twice."""
    reading.imports_are_no_garbage()
    with reading.once():
        yield


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with Simulator(start=START) as simulator:
        yield simulator


@pytest.fixture
def cluster(sim: Simulator) -> Cluster:
    return Cluster(sim)


@pytest.fixture
def blue_green(sim: Simulator) -> BlueGreen:
    return BlueGreen(sim)
