# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the person on call reads: which version, why, how it ended, what was left, what to do next."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import deployments
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import Refusal
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Finding, Outcome, Service
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.choices import Selection
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.history import History, read
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps import wording
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps.rollback_run import RollbackRun
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import (
    accepted_of,
    accepted_run,
    arn,
    deployment,
    known,
    planned,
    service,
    steps,
    task_definition,
    told,
)

PAST = told(38, 39, (40, "ROLLBACK_SUCCESSFUL", 39), 41, 42)
BAD = service(42)


def ended(
    outcome: Outcome,
    reason: str = "",
    now: Service = BAD,
    past: History = PAST,
    selection: Selection | None = None,
    **having: t.Any,
) -> RollbackRun:
    run = accepted_run(planned(BAD, past, selection, **having))
    run.service, run.changed = now, True
    run.end(outcome, reason)
    return run


# -- the plan


@pytest.mark.parametrize(
    ("selection", "label", "why"),
    [
        (Selection(), "last good", "SUCCESSFUL at 2026-11-20T15:10:00Z"),
        (Selection(steps_back=2), "last good", "2 good versions back: "),
        (Selection(revision="38"), "named", "you named it"),
    ],
)
def test_a_plan_says_which_version_and_why(selection: Selection, label: str, why: str) -> None:
    made = planned(BAD, PAST, selection)
    assert made.target is not None
    line = wording.plan_line(made)
    assert line.startswith(f"web:42 → {made.target.arn.rpartition('/')[2]}  {label}: {why}")


def test_a_plan_names_what_was_left_out_and_why() -> None:
    line = wording.plan_line(planned(BAD, PAST, having=known(task_definition(41, bad="slow"))))
    assert line.startswith("web:42 → web:39  last good: ")
    assert "web:41 left out: marked bad: slow" in line
    assert "web:40 left out: ECS rolled it back" in line


def test_plans_to_do_nothing_and_to_refuse() -> None:
    assert wording.plan_line(planned(service(41), told(41, 42, 41))).startswith("unchanged: web:41: somebody returned")
    assert wording.plan_line(planned(BAD, told(42))).startswith("refused: web:42: the recorded history holds no good")
    assert wording.plan_line(Refusal("web", "there is no service web", ())) == "refused: there is no service web"


def test_a_running_rollback_is_planned_as_its_own_way() -> None:
    made = planned(service(deployment(41, rollout="IN_PROGRESS")), told(41, 42, (41, "IN_PROGRESS")))
    assert wording.plan_line(made) == "web:42 → web:41  running rollback: a rollback from web:42 is already running"


# -- what AWS took


def test_what_aws_took() -> None:
    run = accepted_run(planned(BAD, PAST))
    assert wording.accepted_line(run, "ecs-svc/ours") == (
        "web:42 → web:41 (last good): update_service accepted, deployment ecs-svc/ours"
    )
    flying = planned(service(deployment(42, rollout="IN_PROGRESS")), told(41, (42, "IN_PROGRESS")))
    assert "ECS stops the running deployment and goes back" in wording.accepted_line(accepted_run(flying), "D60")
    running = planned(service(deployment(41, rollout="IN_PROGRESS")), told(41, 42, (41, "IN_PROGRESS")))
    assert "following the rollback that is already running" in wording.accepted_line(accepted_run(running), "x")


# -- the end

SPLIT = service(deployment(41, rollout="IN_PROGRESS", running=1), deployment(42, status="ACTIVE", running=3))
OUTCOMES: dict[Outcome, tuple[RollbackRun, list[str]]] = {
    "unchanged": (ended("unchanged", "it is on web:42 already"), ["it is on web:42 already"]),
    "rolled_back": (ended("rolled_back", "", service(41)), ["web:42 → web:41", "in 0 s"]),
    "started": (ended("started"), ["web:42 → web:41", "did not wait for its end", "Run the same command again"]),
    "planned": (ended("planned"), ["web:42 → web:41", "by update_service", "nothing was written"]),
    "superseded": (
        ended("superseded", "somebody else deployed web:43 (ecs-svc/x) over it", service(43)),
        [
            "web:43",
            "web is serving on web:43 with 4 of 4",
            "Nothing else of web was changed",
            "run the same command again",
        ],
    ),
    "failed": (
        ended("failed", "web:41 does not come up: no image (3 of 3 failed tasks)"),
        [
            "web:41 does not come up: no image",
            "web is serving on web:42 with 4 of 4 tasks",
            "Next good: web:39",
            "-e rollback_revision=web:39",
        ],
    ),
    "rollback_failed": (
        ended("rollback_failed", "web:41 does not come up: no image", SPLIT),
        [
            "web:41 does not come up",
            "web is serving on web:41 with 1 of 4 and web:42 with 3 of 4 tasks",
            "ECS goes on trying to start web:41",
            "Next good: web:39",
        ],
    ),
    "timeout": (
        ended("timeout", "still going after 60 s (1/4 on web:41). Nothing was undone. Run the same command again"),
        ["still going after 60 s", "1/4 on web:41", "Nothing was undone", "Run the same command again"],
    ),
    "lost_contact": (
        ended("lost_contact", "AWS has accepted the deployment of web:41. Nothing was undone"),
        ["AWS has accepted the deployment of web:41", "Nothing was undone"],
    ),
    "not_attempted": (
        dataclasses.replace(ended("not_attempted", "api ended as failed"), changed=False),
        ["api ended as failed. Nothing was written"],
    ),
    "refused": (
        dataclasses.replace(ended("refused", "service web is INACTIVE."), changed=False),
        ["service web is INACTIVE. Nothing was written"],
    ),
}


@pytest.mark.parametrize("outcome", t.get_args(Outcome))
def test_every_outcome(outcome: Outcome) -> None:
    run, words = OUTCOMES[outcome]
    line = wording.final_line(run)
    assert line.startswith(f"{outcome}: ")
    assert [word for word in words if word not in line] == []
    assert ".." not in line
    assert "\n" not in line


def test_the_mark_is_told_with_the_end() -> None:
    run = ended("rolled_back")
    run.timings["ended"] = 74.4
    run.findings.append(Finding("marked", "info", 'web:42 is marked bad: "500s"'))
    assert wording.final_line(run) == 'rolled_back: web:42 → web:41 in 74 s. web:42 is marked bad: "500s"'


def test_where_it_is() -> None:
    assert wording.where_it_is(RollbackRun("web", "prod")) == "where web is now is not known"
    down = ended("rollback_failed", now=service(deployment(41, rollout="FAILED", running=0)))
    assert wording.where_it_is(down) == "web has no running task (desired: 4)"


@pytest.mark.parametrize(
    ("past", "selection", "expected"),
    [
        (PAST, Selection(), "web:39"),
        (PAST, Selection(steps_back=2), "web:38"),
        # what the user passed by is not proposed
        (PAST, Selection(revision=arn(38)), None),
        # a version that history does not know says nothing about the others
        (PAST, Selection(revision=arn(7)), "web:41"),
        (told(41, 42), Selection(), None),
    ],
)
def test_the_next_good_one(past: History, selection: Selection, expected: str | None) -> None:
    line = wording.final_line(ended("failed", "no image", past=past, selection=selection))
    if expected:
        assert line.endswith(f"Next good: {expected}. Try: -e rollback_revision={expected}")
    else:
        assert line.endswith("No other good version is on record: name one with revision")


def test_a_version_of_which_it_is_not_known_whether_it_ran_is_not_proposed() -> None:
    oldest, *others = steps(40, 41, 42)
    past = read([dataclasses.replace(oldest, requested_tasks=None), *others])
    line = wording.final_line(ended("failed", "no image", past=past))
    assert line.endswith("No other good version is on record: name one with revision")


def test_the_version_that_is_being_left_is_not_proposed() -> None:
    # A rollback from web:42 that was adopted fails: web:42 is what everybody wants to get away from.
    past = told(40, 41, 42, (41, "IN_PROGRESS"))
    run = accepted_run(planned(service(deployment(41, rollout="IN_PROGRESS")), past))
    run.end("failed", "no image")
    assert "Next good: web:40" in wording.final_line(run)


def test_a_refusal_after_a_write_says_where_it_is() -> None:
    run = ended("refused", "it is gone")
    assert wording.final_line(run) == "refused: it is gone. web is serving on web:42 with 4 of 4 tasks"


# -- the whole call


def test_one_service_is_summed_up_by_its_own_line() -> None:
    run = ended("rolled_back")
    assert wording.summary([run]) == f"[web] {wording.final_line(run)}"


def test_many_services_are_counted_and_every_culprit_is_told() -> None:
    good, bad = ended("rolled_back"), ended("timeout", "still going")
    assert wording.summary([good, good]) == "2 services: 2 rolled_back"
    assert wording.summary([good, bad, good, bad]) == (
        "4 services: 2 timeout, 2 rolled_back. [web], [web] timeout: still going"
    )


def test_no_services() -> None:
    assert wording.summary([]) == "0 services: "


@pytest.mark.parametrize(
    ("begun", "name"),
    [({"back_of": "arn:aws:ecs:r:1:service-deployment/c/web/D1"}, "D1"), ({"deployment_id": "ecs-svc/1"}, "ecs-svc/1")],
)
def test_what_was_accepted_is_named_in_the_tags(begun: dict[str, str], name: str) -> None:
    made = planned(BAD, PAST)
    assert accepted_of(made, deployments.Begun(BAD, True, **begun)).going.id == name
