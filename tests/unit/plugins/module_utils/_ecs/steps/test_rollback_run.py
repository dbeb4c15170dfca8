# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import dataclasses
import typing as t
from dataclasses import replace

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import deployments
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.deployments import Begun
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import Refusal
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.images import Resolution
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Finding, Outcome, Revision, Service
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move.diagnosis import Diagnosis
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move.run import target_of, where_it_is
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.choices import Selection
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.history import History, read
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps import rollback_run
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps.rollback_run import RollbackRun
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import (
    accepted_of,
    accepted_run,
    arn,
    deployment,
    known,
    new_run,
    planned,
    revision,
    service,
    steps,
    task_definition,
    told,
)


def test_a_run_begins_with_its_plan() -> None:
    going = new_run(planned(service(42), told(41, 42)))
    assert (going.outcome, going.ok, going.changed, going.target) == (None, True, False, arn(41))
    settled = new_run(planned(service(41), told(41, 42, 41)))
    assert (settled.outcome, settled.ok) == ("unchanged", True)
    assert settled.reason
    blocked = new_run(planned(service(42, status="INACTIVE"), told(41, 42)))
    assert (blocked.outcome, blocked.ok) == ("refused", False)
    refused = new_run(Refusal("web", "no such service", (Finding("x", "block", "y"),)))
    assert (refused.outcome, refused.plan, refused.target, refused.route) == ("refused", None, "", "")
    assert [f.check for f in refused.findings] == ["x"]


def test_a_second_plan_replaces_the_first() -> None:
    run = new_run(planned(service(42), told(40, 41, 42)))
    run.findings.append(Finding("old", "warn", "stale"))
    run.take_plan(planned(service(43), told(41, 43)))
    assert (run.outcome, run.route) == (None, "web:43 → web:41")
    assert run.service is not None
    assert run.service.task_definition == arn(43)
    assert "old" not in [f.check for f in run.findings]


def test_a_service_named_by_its_arn_goes_by_its_name() -> None:
    assert new_run(planned(service(42), told(41, 42))).name == "web"


@pytest.mark.parametrize("outcome", t.get_args(Outcome))
def test_which_outcomes_are_well(outcome: Outcome) -> None:
    run = RollbackRun("web", "prod")
    run.end(outcome, "because")
    assert run.ok is (outcome in ("unchanged", "rolled_back", "started", "planned"))
    assert run.reason == "because"


def test_for_results() -> None:
    run = accepted_run(planned(service(42), told(41, 42)))
    run.end("rolled_back", "verified")
    run.changed, run.service, run.revision_after = True, service(41), revision(41, "sha256:a")
    run.timings, run.deregistered = {"planned": 0.12345}, arn(42)
    run.diagnosis = Diagnosis(rollout_reason="slow")
    shown = run.as_dict()
    assert {key: shown[key] for key in ("service", "cluster", "outcome", "changed", "method", "reason")} == {
        "service": "web",
        "cluster": "prod",
        "outcome": "rolled_back",
        "changed": True,
        "method": "update_service",
        "reason": "verified",
    }
    assert (shown["target_source"], shown["left"]) == ("last_good", arn(42))
    assert shown["target"] == {
        "task_definition": arn(41),
        "status": "ACTIVE",
        "service_revision": revision(41).arn,
        "image_digests": {},
    }
    assert shown["target_why"].startswith("SUCCESSFUL at")
    assert shown["before"] == {
        "task_definition": arn(42),
        "service_revision": revision(42).arn,
        "deployment_id": "ecs-svc/42",
        "image_digests": {},
        "desired_count": 4,
        "running_count": 4,
    }
    assert shown["after"]["task_definition"] == arn(41)
    assert shown["after"]["image_digests"] == {"app": "sha256:a"}
    assert (shown["timings"], shown["deregistered"]) == ({"planned": 0.123}, arn(42))
    assert shown["diagnosis"]["rollout_reason"] == "slow"


def test_the_target_of_a_copy_for_results() -> None:
    gone = replace(planned(service(42), told(41, 42)), target=task_definition(41, status="INACTIVE"))
    shown = target_of(gone, arn(43))
    assert shown is not None
    assert (shown["task_definition"], shown["status"], shown["service_revision"]) == (
        arn(43),
        "ACTIVE",
        revision(41).arn,
    )
    as_it_is = target_of(gone, arn(41))
    assert as_it_is is not None
    assert (as_it_is["task_definition"], as_it_is["status"]) == (arn(41), "INACTIVE")


def test_a_revision_of_another_version_is_not_shown_as_this_one_s() -> None:
    run = accepted_run(planned(service(42), told(41, 42)))
    run.revision_after = revision(41, "sha256:a")
    shown = run.as_dict()["after"]
    assert (shown["task_definition"], shown["service_revision"], shown["image_digests"]) == (arn(42), None, {})


def test_where_nothing_moves_before_and_after_are_the_same() -> None:
    run = new_run(planned(service(42), told(41, 42), Selection(revision="42")))
    shown = run.as_dict()
    assert shown["before"] == shown["after"]
    assert shown["after"]["service_revision"] == revision(42).arn
    assert shown["left"] is None


def test_a_refusal_for_results() -> None:
    shown = new_run(Refusal("web", "no", ())).as_dict()
    assert [key for key in ("before", "after", "target", "left", "diagnosis", "deregistered") if shown[key]] == []
    assert (shown["method"], shown["target_source"], shown["target_why"]) == ("none", "none", "")


def test_a_service_without_a_primary_deployment() -> None:
    run = new_run(planned(service(task_definition=arn(42)), told(41, 42)))
    assert run.as_dict()["before"]["deployment_id"] is None
    assert run.as_dict()["before"]["task_definition"] == arn(42)


ON = service(41, revision_arns=("arn:1", "arn:2"))


def ended(good: t.Mapping[str, str], after: t.Mapping[str, str] | None) -> RollbackRun:
    made = planned(service(42), told(41, 42))
    proof = dataclasses.replace(revision(41), digests=good)
    candidates = tuple(dataclasses.replace(c, revision=proof) for c in made.candidates)
    run = accepted_run(dataclasses.replace(made, candidates=candidates))
    run.service = ON
    run.revision_after = None if after is None else dataclasses.replace(revision(41), digests=after)
    return run


@pytest.mark.parametrize(
    ("good", "after", "known", "moved"),
    [
        ({"app": "a"}, {"app": "a"}, True, []),
        ({"app": "a"}, {"app": "b"}, True, ["app"]),
        ({"app": "a", "log": "x"}, {"app": "b"}, False, ["app"]),
        ({}, {"app": "b"}, False, []),
        ({"app": "a"}, {}, False, []),
        ({"app": "a"}, None, False, []),
    ],
)
def test_digests_are_compared_as_far_as_they_are_known(
    good: t.Mapping[str, str], after: t.Mapping[str, str] | None, known: bool, moved: list[str]
) -> None:
    run = ended(good, after)
    assert rollback_run.images_are_known(run) is known
    apart = rollback_run.images_apart(run)
    assert [one.container for one in apart] == moved
    found = rollback_run.compare_images(run, [(one, Resolution("moved", one.now)) for one in apart])
    assert [f.severity for f in found] == (["warn"] if moved else [])
    assert not moved or f"container {', '.join(moved)} of web:41 runs another image" in found[0].message


def test_digests_of_one_image_are_no_warning_and_what_is_not_known_is_not_said() -> None:
    run = ended({"app": "a", "log": "x", "web": "k"}, {"app": "b", "log": "y", "web": "l"})
    said = [Resolution("same", "b"), Resolution("unknown", "y", "ECR is out of reach"), Resolution("moved", "l")]
    moved, unknown = rollback_run.compare_images(run, list(zip(rollback_run.images_apart(run), said, strict=True)))
    assert moved.message.startswith("container web of web:41 runs another image than when it was good")
    assert unknown.message == (
        "container log of web:41 runs an image with another digest than when it was good, and the two cannot be "
        "compared: ECR is out of reach. Either its tag has moved since, or one of them is an image for several "
        "platforms. Recorded then: log@x, now: y"
    )


def test_of_the_revisions_of_a_service_the_newest_of_the_target_counts() -> None:
    run = ended({}, None)

    def at(number: int, created: str) -> Revision:
        return dataclasses.replace(revision(number), settings={"createdAt": created})

    old, new = at(41, "2026-01-01"), at(41, "2026-02-01")
    assert rollback_run.revision_on_target(run, {"arn:1": new, "arn:2": old}) is new
    assert rollback_run.revision_on_target(run, {"arn:1": at(42, "2026-03-01"), "arn:2": old}) is old
    assert rollback_run.revision_on_target(run, {"arn:3": new}) is None


BY_ECS = planned(service(deployment(42, rollout="IN_PROGRESS")), told(41, (42, "IN_PROGRESS")))


@pytest.mark.parametrize(("tasks", "told_of"), [(None, False), (4, False), (6, True)])
def test_a_task_count_that_ecs_s_own_rollback_does_not_take(tasks: int | None, told_of: bool) -> None:
    run = accepted_run(BY_ECS, Begun(BY_ECS.service, True, back_of="arn:x/D1"))
    found = rollback_run.unfinished(run, tasks)
    assert [f.check for f in found] == (["tasks"] if told_of else [])


def test_an_update_has_taken_the_task_count() -> None:
    assert rollback_run.unfinished(accepted_run(planned(service(42), told(41, 42))), 6) == []


@pytest.mark.parametrize(("ours", "told_of"), [("ecs-svc/41", True), ("ecs-svc/42", False)])
def test_a_task_set_that_is_not_primary_yet(ours: str, told_of: bool) -> None:
    on = service(deployment(42), deployment(41, status="ACTIVE"), controller="EXTERNAL")
    made = planned(on, told(41, 42))
    assert made.method == "primary_task_set"
    found = rollback_run.unfinished(accepted_run(made, Begun(on, True, ours)), None)
    assert [f.check for f in found] == (["task_set"] if told_of else [])
    assert not told_of or found[0].message.endswith("Run the same command again with wait: true to make it so")


PAST = told(38, 39, (40, "ROLLBACK_SUCCESSFUL", 39), 41, 42)
BAD = service(42)


def ended_as(
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
    line = rollback_run.plan_line(made)
    assert line.startswith(f"web:42 → {made.target.arn.rpartition('/')[2]}  {label}: {why}")


def test_a_plan_names_what_was_left_out_and_why() -> None:
    line = rollback_run.plan_line(planned(BAD, PAST, having=known(task_definition(41, bad="slow"))))
    assert line.startswith("web:42 → web:39  last good: ")
    assert "web:41 left out: marked bad: slow" in line
    assert "web:40 left out: ECS rolled it back" in line


def test_plans_to_do_nothing_and_to_refuse() -> None:
    assert rollback_run.plan_line(planned(service(41), told(41, 42, 41))).startswith(
        "unchanged: web:41: somebody returned"
    )
    assert rollback_run.plan_line(planned(BAD, told(42))).startswith(
        "refused: web:42: the recorded history holds no good"
    )
    assert rollback_run.plan_line(Refusal("web", "there is no service web", ())) == "refused: there is no service web"


def test_a_running_rollback_is_planned_as_its_own_way() -> None:
    made = planned(service(deployment(41, rollout="IN_PROGRESS")), told(41, 42, (41, "IN_PROGRESS")))
    assert (
        rollback_run.plan_line(made) == "web:42 → web:41  running rollback: a rollback from web:42 is already running"
    )


# -- what AWS took


def test_what_aws_took() -> None:
    run = accepted_run(planned(BAD, PAST))
    assert rollback_run.accepted_line(run, "ecs-svc/ours") == (
        "web:42 → web:41 (last good): update_service accepted, deployment ecs-svc/ours"
    )
    flying = planned(service(deployment(42, rollout="IN_PROGRESS")), told(41, (42, "IN_PROGRESS")))
    assert "ECS stops the running deployment and goes back" in rollback_run.accepted_line(accepted_run(flying), "D60")
    running = planned(service(deployment(41, rollout="IN_PROGRESS")), told(41, 42, (41, "IN_PROGRESS")))
    assert "following the rollback that is already running" in rollback_run.accepted_line(accepted_run(running), "x")


# -- the end

SPLIT = service(deployment(41, rollout="IN_PROGRESS", running=1), deployment(42, status="ACTIVE", running=3))
OUTCOMES: dict[Outcome, tuple[RollbackRun, list[str]]] = {
    "unchanged": (ended_as("unchanged", "it is on web:42 already"), ["it is on web:42 already"]),
    "rolled_back": (ended_as("rolled_back", "", service(41)), ["web:42 → web:41", "in 0 s"]),
    "started": (ended_as("started"), ["web:42 → web:41", "did not wait for its end", "Run the same command again"]),
    "planned": (ended_as("planned"), ["web:42 → web:41", "by update_service", "nothing was written"]),
    "superseded": (
        ended_as("superseded", "somebody else deployed web:43 (ecs-svc/x) over it", service(43)),
        [
            "web:43",
            "web is serving on web:43 with 4 of 4",
            "Nothing else of web was changed",
            "run the same command again",
        ],
    ),
    "failed": (
        ended_as("failed", "web:41 does not come up: no image (3 of 3 failed tasks)"),
        [
            "web:41 does not come up: no image",
            "web is serving on web:42 with 4 of 4 tasks",
            "Next good: web:39",
            "-e rollback_revision=web:39",
        ],
    ),
    "rollback_failed": (
        ended_as("rollback_failed", "web:41 does not come up: no image", SPLIT),
        [
            "web:41 does not come up",
            "web is serving on web:41 with 1 of 4 and web:42 with 3 of 4 tasks",
            "ECS goes on trying to start web:41",
            "Next good: web:39",
        ],
    ),
    "timeout": (
        ended_as("timeout", "still going after 60 s (1/4 on web:41). Nothing was undone. Run the same command again"),
        ["still going after 60 s", "1/4 on web:41", "Nothing was undone", "Run the same command again"],
    ),
    "lost_contact": (
        ended_as("lost_contact", "AWS has accepted the deployment of web:41. Nothing was undone"),
        ["AWS has accepted the deployment of web:41", "Nothing was undone"],
    ),
    "not_attempted": (
        dataclasses.replace(ended_as("not_attempted", "api ended as failed"), changed=False),
        ["api ended as failed. Nothing was written"],
    ),
    "refused": (
        dataclasses.replace(ended_as("refused", "service web is INACTIVE."), changed=False),
        ["service web is INACTIVE. Nothing was written"],
    ),
}


@pytest.mark.parametrize("outcome", t.get_args(Outcome))
def test_every_outcome(outcome: Outcome) -> None:
    run, words = OUTCOMES[outcome]
    line = rollback_run.final_line(run)
    assert line.startswith(f"{outcome}: ")
    assert [word for word in words if word not in line] == []
    assert ".." not in line
    assert "\n" not in line


def test_the_mark_is_told_with_the_end() -> None:
    run = ended_as("rolled_back")
    run.timings["ended"] = 74.4
    run.findings.append(Finding("marked", "info", 'web:42 is marked bad: "500s"'))
    assert rollback_run.final_line(run) == 'rolled_back: web:42 → web:41 in 74 s. web:42 is marked bad: "500s"'


def test_where_it_is() -> None:
    assert where_it_is(RollbackRun("web", "prod")) == "where web is now is not known"
    down = ended_as("rollback_failed", now=service(deployment(41, rollout="FAILED", running=0)))
    assert where_it_is(down) == "web has no running task (desired: 4)"


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
    line = rollback_run.final_line(ended_as("failed", "no image", past=past, selection=selection))
    if expected:
        assert line.endswith(f"Next good: {expected}. Try: -e rollback_revision={expected}")
    else:
        assert line.endswith("No other good version is on record: name one with revision")


def test_a_version_of_which_it_is_not_known_whether_it_ran_is_not_proposed() -> None:
    oldest, *others = steps(40, 41, 42)
    past = read([dataclasses.replace(oldest, requested_tasks=None), *others])
    line = rollback_run.final_line(ended_as("failed", "no image", past=past))
    assert line.endswith("No other good version is on record: name one with revision")


def test_the_version_that_is_being_left_is_not_proposed() -> None:
    # A rollback from web:42 that was adopted fails: web:42 is what everybody wants to get away from.
    past = told(40, 41, 42, (41, "IN_PROGRESS"))
    run = accepted_run(planned(service(deployment(41, rollout="IN_PROGRESS")), past))
    run.end("failed", "no image")
    assert "Next good: web:40" in rollback_run.final_line(run)


def test_a_refusal_after_a_write_says_where_it_is() -> None:
    run = ended_as("refused", "it is gone")
    assert rollback_run.final_line(run) == "refused: it is gone. web is serving on web:42 with 4 of 4 tasks"


# -- the whole call


def test_one_service_is_summed_up_by_its_own_line() -> None:
    run = ended_as("rolled_back")
    assert rollback_run.summary([run]) == f"[web] {rollback_run.final_line(run)}"


def test_many_services_are_counted_and_every_culprit_is_told() -> None:
    good, bad = ended_as("rolled_back"), ended_as("timeout", "still going")
    assert rollback_run.summary([good, good]) == "2 services: 2 rolled_back"
    assert rollback_run.summary([good, bad, good, bad]) == (
        "4 services: 2 timeout, 2 rolled_back. [web], [web] timeout: still going"
    )


def test_no_services() -> None:
    assert rollback_run.summary([]) == "0 services: "


@pytest.mark.parametrize(
    ("begun", "name"),
    [({"back_of": "arn:aws:ecs:r:1:service-deployment/c/web/D1"}, "D1"), ({"deployment_id": "ecs-svc/1"}, "ecs-svc/1")],
)
def test_what_was_accepted_is_named_in_the_tags(begun: dict[str, str], name: str) -> None:
    made = planned(BAD, PAST)
    assert accepted_of(made, deployments.Begun(BAD, True, **begun)).going.id == name
