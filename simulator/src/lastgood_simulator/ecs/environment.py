# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the engine of Amazon ECS needs from the rest of the simulated world."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lastgood_simulator.ecs.past import EcsPast
from lastgood_simulator.functions import Functions
from lastgood_simulator.images import Registry
from lastgood_simulator.listeners import Listeners
from lastgood_simulator.timings import Timings


@dataclass
class Environment:
    """``alarms_in_alarm`` tells which of some CloudWatch alarms are in ALARM, ``instances`` how many container
    instances a cluster has to place tasks on, ``functions`` how Lambda functions answer as lifecycle hooks,
    ``listeners`` leads traffic, ``past`` notes what changes.
    """

    timings: Timings
    registry: Registry
    functions: Functions
    listeners: Listeners
    alarms_in_alarm: Callable[[list[str]], list[str]]
    instances: Callable[[str], int]
    past: EcsPast
