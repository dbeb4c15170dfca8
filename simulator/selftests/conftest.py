# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A simulator in process, with a cluster, for each test."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from unittest import mock

import botocore.loaders
import pytest

from lastgood_simulator import Simulator
from selftests.cluster import START, Cluster
from selftests.code_deploy import BlueGreen


@pytest.fixture(autouse=True, scope="session")
def quick() -> Iterator[None]:
    """botocore parses each model once, and the collector does not look at all of moto again and again."""
    gc.collect()
    gc.freeze()
    with mock.patch("botocore.session.create_loader", return_value=botocore.loaders.create_loader()):
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
