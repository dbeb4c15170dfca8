# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a rollback and a deployment have in common, what watching needs, and the counts of one look in one line."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._core import keys
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.deployments import (
    Begun,
    Going,
    Meant,
    Record,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.ecs.write import Update
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import Refusal
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Finding, Pause, Service
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move.diagnosis import Diagnosis
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move.run import (
    UNPROVEN,
    Outcome,
    Run,
    Subject,
    Track,
    counts,
    healthy_on,
    running_and_others,
    shifting,
    sweep_interval,
    verified,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps.deploy_run import DeployRun
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps.rollback_run import RollbackRun
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps.wait import Waiter
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import (
    accepted_of,
    arn,
    at,
    deployment,
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


HALF = service(deployment(41, running=2, pending=1), deployment(42, status="ACTIVE", running=3))
DRAINS = service(deployment(41), deployment(42, status="ACTIVE", running=0))
FAILED = service(deployment(41), deployment(42, status="ACTIVE", rollout="FAILED", running=0))
CRASHES = service(deployment(41, running=0, failed=3))


@pytest.mark.parametrize(
    ("on", "line", "tasks", "healthy"),
    [
        (HALF, "2/4 on web:41, 1 pending, 3 on web:42", (2, 3), None),
        (DRAINS, "4/4 on web:41, old tasks draining", (4, 0), arn(41)),
        (FAILED, "4/4 on web:41", (4, 0), arn(41)),
        (CRASHES, "0/4 on web:41, 3 failed to start", (0, 0), None),
        (service(42), "0/4 on web:41, 4 on web:42", (0, 4), arn(42)),
    ],
)
def test_the_counts_of_one_look(on: Service, line: str, tasks: tuple[int, int], healthy: str | None) -> None:
    assert counts(on, arn(41)) == line
    assert running_and_others(on, arn(41)) == tasks
    assert healthy_on(on) == healthy


@pytest.mark.parametrize(
    ("record", "line"),
    [
        (None, ""),
        (Record("IN_PROGRESS", ""), ""),
        (Record("IN_PROGRESS", "", "BAKE_TIME", 100.0), "BAKE_TIME, 100 % of the traffic on web:41"),
        (
            Record("IN_PROGRESS", "", "POST_SCALE_UP", pause=Pause("hook-1", at(0), "ROLLBACK")),
            "POST_SCALE_UP, waits for a person at POST_SCALE_UP (hook hook-1) until 2026-11-20",
        ),
    ],
)
def test_how_far_the_traffic_has_shifted(record: Record | None, line: str) -> None:
    found = shifting(record, arn(41))
    assert found.startswith(line)
    assert bool(found) is bool(line)


def interval(services: int, *seconds_ago: float) -> float:
    """Of so many services, of which these had tasks that came or went so many seconds ago, all others long ago."""
    moved = [*seconds_ago, *[3600.0] * (services - len(seconds_ago))]
    tracks: list[Track[Run]] = [Track(t.cast(t.Any, None), GOING, t.cast(t.Any, None), moved_at=-ago) for ago in moved]
    return sweep_interval(tracks, 0.0)


# Services, seconds while something moves, seconds while nothing does.
@pytest.mark.parametrize(
    ("services", "moving", "still"),
    [
        (1, 0.5, 1.0),
        (10, 0.5, 1.0),
        (11, 2 / 3, 1.0),
        (30, 1.0, 1.0),
        (60, 2.0, 2.0),
        (61, 7 / 3, 7 / 3),
        (1000, 100 / 3, 100 / 3),
    ],
)
def test_how_often_services_are_looked_at(services: int, moving: float, still: float) -> None:
    assert interval(services, 19.9) == pytest.approx(moving)
    assert interval(services, 20.0) == pytest.approx(still)
    # DescribeServices: 20 a second for everybody (API reference, request throttling)
    assert -(-services // 10) / interval(services, 0.0) <= 3.0 + 1e-9


def test_no_more_is_said_than_was_seen() -> None:
    assert UNPROVEN in verified("running", arn(41))
    assert "old tasks may still drain" in verified("serving", arn(41))
    assert "nothing of the other versions is left" in verified("stable", arn(41))


PLAN = planned(service(42), told(41, 42))
ACCEPTED = accepted_of(PLAN, Begun(PLAN.service, wrote=True, deployment_id="ecs-svc/ours"))
GOING = dataclasses.replace(ACCEPTED.going, deployment_id="ecs-svc/ours")


def subjects(place: keys.Place) -> list[Subject]:
    meant = Meant(Going(arn(41), "ecs-svc/ours", "", frozenset()))
    return [
        RollbackRun("web", "prod", PLAN, accepted=ACCEPTED, place=place),
        DeployRun("web", "prod", PLAN, accepted=ACCEPTED, place=place),
        Waiter("web", "prod", meant=meant, place=place),
    ]


@pytest.mark.parametrize("subject", subjects(keys.PLAIN), ids=lambda subject: type(subject).__name__)
def test_what_is_watched_is_known_by_its_names(subject: Subject) -> None:
    assert (subject.name, subject.label, subject.cluster) == ("web", "web", "prod")
    assert (subject.going.id, subject.going.target) == ("ecs-svc/ours", arn(41))
    assert (subject.outcome, subject.service is None or subject.service.name == "web") == (None, True)


@pytest.mark.parametrize(
    "subject", subjects(keys.Place("eu-central-1", full_names=True)), ids=lambda one: type(one).__name__
)
def test_the_same_name_elsewhere_is_told_apart_by_its_label(subject: Subject) -> None:
    assert subject.name == "web"
    assert subject.label != "web"
    assert "prod" in subject.label


@pytest.mark.parametrize("subject", subjects(keys.PLAIN), ids=lambda subject: type(subject).__name__)
def test_an_end_is_an_outcome(subject: Subject) -> None:
    subject.diagnosis, subject.timings["ended"] = Diagnosis(rollout_reason="slow"), 1.0
    subject.end("timeout", "it took too long")
    assert subject.outcome == "timeout"


@pytest.mark.parametrize(
    ("subject", "outcome"),
    list(zip(subjects(keys.PLAIN), ["rolled_back", "deployed", "stable"], strict=True)),
    ids=["RollbackRun", "DeployRun", "Waiter"],
)
def test_each_step_has_its_own_word_for_where_it_should_be(subject: Subject, outcome: str) -> None:
    subject.reached("stable")
    assert subject.outcome == outcome


def test_every_member_that_watching_uses_is_declared() -> None:
    declared = {name for name in vars(Subject) if not name.startswith("_")} | set(t.get_type_hints(Subject))
    for subject in subjects(keys.PLAIN):
        assert {name for name in declared if not hasattr(subject, name)} == set()
