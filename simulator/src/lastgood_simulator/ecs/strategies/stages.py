# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lifecycle stages of BLUE_GREEN, LINEAR and CANARY, as data.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/blue-green-deployment-how-it-works.html,
deployment-type-linear.html, canary-deployment.html and deployment-lifecycle-hooks.html beside it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lastgood_simulator.ecs.model import Step
from lastgood_simulator.timings import Timings

# Where a hook may hang: deployment-lifecycle-hooks.html. Pausing where traffic shifts would pause rollbacks too.
HOOK_STAGES = (
    "RECONCILE_SERVICE",
    "PRE_SCALE_UP",
    "POST_SCALE_UP",
    "TEST_TRAFFIC_SHIFT",
    "POST_TEST_TRAFFIC_SHIFT",
    "PRE_PRODUCTION_TRAFFIC_SHIFT",
    "PRODUCTION_TRAFFIC_SHIFT",
    "POST_PRODUCTION_TRAFFIC_SHIFT",
)
NEVER_PAUSED = frozenset({"TEST_TRAFFIC_SHIFT", "PRODUCTION_TRAFFIC_SHIFT"})
# "Each lifecycle stage can last up to 24 hours. … The system times out, fails the deployment, and then initiates a
# rollback after a stage reaches 24 hours."
LONGEST_STAGE = 86400.0


def shares(configuration: dict[str, Any]) -> Iterator[tuple[float, float]]:
    """(per cent of production traffic on the target, minutes until the next shift), one after the other."""
    strategy = configuration["strategy"]
    if strategy == "LINEAR":
        linear = configuration.get("linearConfiguration") or {}
        step, bake = float(linear.get("stepPercent", 10.0)), float(linear.get("stepBakeTimeInMinutes", 6))
        number = 1
        # In tenths of a per cent, which stepPercent is a multiple of: sums of floats miss the 100.
        while round(number * step * 10) < 1000:
            yield round(number * step, 1), bake
            number += 1
    elif strategy == "CANARY":
        canary = configuration.get("canaryConfiguration") or {}
        percent = float(canary.get("canaryPercent", 5.0))
        if percent < 100:
            yield percent, float(canary.get("canaryBakeTimeInMinutes", 10))
    # "The last step bake time is skipped once traffic is shifted 100.0%."
    yield 100.0, 0.0


def forward(configuration: dict[str, Any], first: bool, reconciles: bool, slow: bool, timings: Timings) -> list[Step]:
    """The steps of a deployment.

    ``first``: there is nothing to replace, so all traffic comes at once and there is nothing to bake beside.
    ``reconciles``: more than one service revision was ACTIVE before. ``slow``: behind a Network Load Balancer.
    """
    stage = timings.stage
    shift = timings.network_traffic_shift if slow else timings.traffic_shift
    limit = timings.scaled(LONGEST_STAGE)
    steps = []
    if reconciles:
        steps.append(Step("RECONCILE_SERVICE", stage, green=False, empty=True, limit=limit))
    steps += [
        Step("PRE_SCALE_UP", stage, green=False),
        Step("SCALE_UP", ready="green", limit=limit),
        Step("POST_SCALE_UP", stage),
        Step("TEST_TRAFFIC_SHIFT", shift, test=100.0),
        Step("POST_TEST_TRAFFIC_SHIFT", stage),
    ]
    for percent, minutes in [(100.0, 0.0)] if first else shares(configuration):
        steps.append(Step("PRE_PRODUCTION_TRAFFIC_SHIFT", stage))
        steps.append(Step("PRODUCTION_TRAFFIC_SHIFT", shift + timings.scaled(minutes * 60), production=percent))
    steps.append(Step("POST_PRODUCTION_TRAFFIC_SHIFT", stage))
    if not first:
        steps.append(Step("BAKE_TIME", timings.scaled((configuration.get("bakeTimeInMinutes") or 0) * 60)))
    steps.append(Step("CLEAN_UP", timings.clean_up, blue=False, empty=True))
    return steps


def backward(production: float, test: float, stands: bool, slow: bool, timings: Timings) -> list[Step]:
    """The steps of a rollback: traffic first, then the tasks of the revision that is given up.

    ``production`` and ``test`` are the weights that this revision has; ``stands``: all tasks of the other are ready.
    """
    shift = timings.network_traffic_shift if slow else timings.traffic_shift
    steps = []
    if not stands:
        steps.append(Step("SCALE_UP", ready="blue", limit=timings.scaled(LONGEST_STAGE)))
    if production > 0:
        steps.append(Step("PRODUCTION_TRAFFIC_SHIFT", shift, production=0.0))
    if test > 0:
        steps.append(Step("TEST_TRAFFIC_SHIFT", shift, test=0.0))
    steps.append(Step("CLEAN_UP", timings.clean_up, green=False, empty=True))
    return steps
