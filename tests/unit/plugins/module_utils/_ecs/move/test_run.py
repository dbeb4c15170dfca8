# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a rollback and a deployment have in common."""

from __future__ import annotations

import dataclasses

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.deployments import Begun
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.ecs.write import Update
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import Refusal
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Finding
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move.run import Outcome, Run
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import (
    accepted_of,
    arn,
    planned,
    service,
    told,
)

MADE = planned(service(42), told(41, 42))


def taken(begun: Begun | None = None) -> Run:
    run = Run("web", "prod")
    run.take_plan(MADE)
    run.accepted = accepted_of(MADE, begun) if begun is not None else None
    return run


def test_a_refusal_is_the_end_of_it() -> None:
    run = Run("web", "prod")
    run.take_plan(Refusal("web", "no such service", (Finding("x", "block", "y"),)))
    assert (run.outcome, run.reason, run.plan, run.route) == ("refused", "no such service", None, "")
    assert run.common()["findings"] == [{"check": "x", "severity": "block", "message": "y"}]


def test_without_a_write_there_is_nothing_to_watch() -> None:
    with pytest.raises(ValueError, match="web was not acted on"):
        _going = taken().going
    assert taken(Begun(MADE.service, True, "ecs-svc/ours")).going.id == "ecs-svc/ours"


@pytest.mark.parametrize(
    ("begun", "outcome", "goes_on", "makes_room"),
    [
        (None, None, False, False),
        (Begun(MADE.service, True, "ecs-svc/ours"), None, True, False),
        (Begun(MADE.service, True, back_of="d-3", makes_room="stopped"), None, True, True),
        (Begun(MADE.service, True, back_of="d-3", makes_room="stopped"), "timeout", True, False),
        (None, "lost_contact", True, False),
        (Begun(MADE.service, True, "ecs-svc/ours"), "rolled_back", False, False),
        (Begun(MADE.service, True, "ecs-svc/ours"), "failed", False, False),
        (None, "refused", False, False),
    ],
)
def test_whether_a_deployment_of_ours_goes_on(
    begun: Begun | None, outcome: Outcome | None, goes_on: bool, makes_room: bool
) -> None:
    run = taken(begun)
    run.outcome = outcome
    assert (run.goes_on, run.makes_room) == (goes_on, makes_room)


def test_a_copy_takes_the_place_of_the_target() -> None:
    assert (taken().target, taken().route) == (arn(41), "web:42 → web:41")
    copied = taken(Begun(MADE.service, True, "ecs-svc/ours", copy=arn(44)))
    assert (copied.target, copied.route, copied.going.target) == (
        arn(44),
        "web:42 → web:44 (a copy of web:41)",
        arn(44),
    )
    pins = dataclasses.replace(MADE, way=dataclasses.replace(MADE.way, change=Update(copy={"app": "sha256:1"})))
    copied.plan = pins
    assert copied.route == "web:42 → web:44 (web:41 with its image pinned)"


def test_what_all_results_have() -> None:
    run = taken(Begun(MADE.service, True, "ecs-svc/ours"))
    run.reached("serving")
    run.timings["planned"] = 0.12345
    shown = run.common()
    assert (shown["service"], shown["cluster"], shown["outcome"], shown["timings"]) == (
        *("web", "prod", "rolled_back"),
        {"planned": 0.123},
    )
    assert shown["diagnosis"] is None
    assert dataclasses.replace(run, outcome="failed").ok is False
