# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The way back, by the status of what runs, the hook that it waits at, where ECS would land, and what is wanted."""

from __future__ import annotations

import itertools
import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import deployments, goals, plans
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.ecs import way_back
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.ecs.write import Update
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.of import Controllers
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import TERMINAL, Pause
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past import history
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.choices import Choice
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import (
    FakeAws,
    FakeClock,
    arn,
    deployment,
    enum,
    flown,
    service,
    steps,
    told,
)

DEPLOYS = plans.Way("act", "update_service", change=Update(), deploys=True)
AGAIN = plans.Way("act", "update_service", change=Update(force_new_deployment=True), deploys=True)
HOOK = Pause("ecs-pause-1", None, "ROLLBACK")
# web:43 is being deployed over web:42, which is the target: where ECS itself goes back to.
LANDS = {"target": [42], "elsewhere": [40], "nobody knows": [40, 42], "not on record": []}
STATUSES = sorted({*enum("ServiceDeploymentStatus"), "SOMETHING_NEW"} - TERMINAL)


def expected(status: str, parked: bool, lands: str, in_flight: str) -> str:
    """The rules of the design, said once more."""
    if status.startswith("ROLLBACK"):
        # It is on its way already; where that is not the target it is superseded.
        if lands == "target":
            return "adopt"
    elif status in ("PENDING", "IN_PROGRESS") and lands == "target" and in_flight == "stop":
        return "continue_rollback" if parked else "stop_deployment"
    return "refuse" if in_flight == "refuse" else "update_service"


@pytest.mark.parametrize("in_flight", t.get_args(goals.InFlight))
@pytest.mark.parametrize(("status", "parked", "lands"), list(itertools.product(STATUSES, (False, True), LANDS)))
def test_way_back_of_a_deployment_that_runs(status: str, parked: bool, lands: str, in_flight: goals.InFlight) -> None:
    running = flown(43, status, 180, LANDS[lands], paused_at=HOOK if parked else None)
    past = history.read([*steps(40, 41, 42), running])
    on = service(deployment(43, rollout="IN_PROGRESS"), deployment(42, status="ACTIVE"), strategy="BLUE_GREEN")
    step = way_back.of(in_flight, on, past, Choice("revision", arn(42)), arn(42), arn(43))
    assert (step.verb if step.verb == "refuse" else step.method) == expected(status, parked, lands, in_flight)
    assert step.change in (None, Update())


@pytest.mark.parametrize("in_flight", t.get_args(goals.InFlight))
def test_what_is_being_deployed_is_the_target(in_flight: goals.InFlight) -> None:
    past = history.read([*steps(41, 42), flown(41, "IN_PROGRESS", 120, [42], paused_at=HOOK)])
    on = service(deployment(41, rollout="IN_PROGRESS"), deployment(42, status="ACTIVE"))
    step = way_back.of(in_flight, on, past, Choice("running_rollback", arn(41)), arn(41), arn(41))
    # Parked at a hook it waits for its owner: a rollback of ours answers no hook in the name of somebody.
    assert step == plans.Way("act", "adopt")


@pytest.mark.parametrize(
    ("rollout", "target", "step"),
    [
        ("COMPLETED", 42, DEPLOYS),
        ("COMPLETED", 43, plans.Way("nothing", "none", "it is on web:43 already")),
        ("FAILED", 43, AGAIN),
        ("FAILED", 42, DEPLOYS),
        # A Classic Load Balancer: no rollout state.
        ("", 42, DEPLOYS),
        ("", 43, plans.Way("nothing", "none", "it is on web:43 already")),
    ],
)
@pytest.mark.parametrize("recorded", [True, False])
def test_nothing_runs(rollout: str, target: int, step: plans.Way, recorded: bool) -> None:
    past = told(42, 43) if recorded else None
    on = service(deployment(43, rollout=rollout))
    assert way_back.of("stop", on, past, Choice("revision", arn(target)), arn(target), arn(43)) == step


@pytest.mark.parametrize(
    ("in_flight", "target", "verb", "way"),
    [
        ("stop", 42, "act", "update_service"),
        ("supersede", 42, "act", "update_service"),
        ("refuse", 42, "refuse", "none"),
        ("stop", 43, "act", "adopt"),
        ("refuse", 43, "act", "adopt"),
    ],
)
@pytest.mark.parametrize("recorded", [True, False], ids=["the record lags behind", "no record"])
def test_a_deployment_that_runs_and_is_not_on_record(
    in_flight: goals.InFlight, target: int, verb: str, way: str, recorded: bool
) -> None:
    on = service(deployment(43, rollout="IN_PROGRESS"), deployment(42, status="ACTIVE"))
    past = told(41, 42) if recorded else None
    step = way_back.of(in_flight, on, past, Choice("revision", arn(target)), arn(target), arn(43))
    assert (step.verb, step.method) == (verb, way)


def test_what_an_earlier_run_left_unfinished_is_adopted() -> None:
    choice = Choice("running_rollback", arn(42), unfinished=True)
    assert way_back.of("refuse", service(42), told(42, 43, 42), choice, arn(42), arn(42)).method == "adopt"


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({"load_balancers": ({"targetGroupArn": "arn:blue"},)}, "running"),
        ({}, "serving"),
        # ECS shifts the traffic, and its record tells.
        ({"load_balancers": ({"targetGroupArn": "arn:blue"},), "strategy": "CANARY"}, "serving"),
    ],
)
def test_behind_load_balancers_the_counts_alone_do_not_say_that_it_serves(
    changes: dict[str, t.Any], state: str
) -> None:
    old = deployment(42, "ecs-svc/old", status="ACTIVE", running=0)
    now = service(deployment(41, "ecs-svc/ours", rollout="IN_PROGRESS"), old, **changes)
    going = deployments.Going(arn(41), "ecs-svc/ours", "", frozenset({"ecs-svc/old"}))
    look = Controllers(FakeAws(), FakeClock()).of(now).assess(going, now, None)
    assert (look.state, look.ours) == (state, now.primary)
