# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What one deployment proves: that it ran tasks, how many were enough for it, and that what it replaced served."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._ecs import marks
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Service, ServiceDeployment, TaskDefinition
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past import evidence, history, target
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.target import Selection
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import (
    arn,
    deployment,
    enum,
    flown,
    known,
    planned,
    revision,
    service,
)


def source(running: int | None, requested: int | None) -> dict[str, t.Any]:
    return {"arn": "arn:revision", "runningTaskCount": running, "requestedTaskCount": requested}


@pytest.mark.parametrize(
    ("sources", "shows"),
    [
        ([source(4, 4)], True),
        ([source(2, 2), source(2, 2)], True),
        # A snapshot of the end, when its tasks were gone.
        ([source(4, 4), source(0, 0)], True),
        ([source(0, 0)], False),
        ([source(3, 4)], False),
        ([source(4, 4), source(0, 1)], False),
        ([source(None, None)], False),
        ([], False),
    ],
)
def test_all_tasks_that_were_wanted_were_running(sources: list[dict[str, t.Any]], shows: bool) -> None:
    assert bool(evidence.served_on_record({"sourceServiceRevisions": sources})) is shows
    assert evidence.served_on_record({}) == ""


RUNNING = flown(42, "IN_PROGRESS", sources=[41])
OLD = deployment(41, status="ACTIVE")
NEW = deployment(42, rollout="IN_PROGRESS", running=0)


@pytest.mark.parametrize(
    ("deployments", "on", "shows"),
    [
        ([RUNNING], service(NEW, OLD), True),
        ([flown(40, minute=-60), RUNNING], service(NEW, OLD), True),
        ([RUNNING], service(NEW, deployment(41, status="ACTIVE", running=0)), False),
        ([RUNNING], service(NEW, deployment(41, status="ACTIVE", rollout="IN_PROGRESS")), False),
        ([RUNNING], service(NEW), False),
        # It lists another version.
        ([RUNNING], service(NEW, deployment(40, status="ACTIVE")), False),
        # The running deployment has ended.
        ([flown(42, sources=[41])], service(42, OLD), False),
        ([], service(42), False),
    ],
)
def test_ecs_lists_it_as_completed(deployments: list[ServiceDeployment], on: Service, shows: bool) -> None:
    found = evidence.with_what_still_serves(deployments, on)
    assert [bool(d.served) for d in found] == [shows and d is deployments[-1] for d in deployments]


WHY = "all were running"


@pytest.mark.parametrize("status", ["IN_PROGRESS", "SUCCESSFUL"])
def test_it_is_a_target(status: str) -> None:
    """A service that was not deployed for ninety days."""
    past = history.read([flown(42, status, sources=[41], served=WHY)])
    on = service(NEW, OLD) if status == "IN_PROGRESS" else service(42)
    choice = target.choose(Selection(natively=False), on, past, {})
    assert (choice.source, choice.target, choice.left) == ("last_good", arn(41), arn(42))
    assert choice.why == f"it served when web:42 was deployed: {WHY}"


@pytest.mark.parametrize(
    ("story", "verdict"),
    [
        # What else is known of it counts more.
        ([flown(41, "ROLLBACK_FAILED"), flown(42, minute=60, sources=[41], served=WHY)], "bad"),
        ([flown(41, "STOPPED"), flown(42, minute=60, sources=[41], served=WHY)], "good"),
        ([flown(42, minute=60, sources=[41], served=WHY), flown(40, minute=120)], "good"),
        # It was left for an older one.
        ([flown(39, sources=[41], served=WHY)], "bad"),
        # Several versions were replaced: which of them served is not known.
        ([flown(42, minute=60, sources=[41, 40], served=WHY)], None),
    ],
)
def test_how_much_it_proves(story: list[ServiceDeployment], verdict: str | None) -> None:
    found = {c.task_definition: c.verdict for c in history.read(story).candidates({}, "prod/web")}
    assert found.get(arn(41)) == verdict


@pytest.mark.parametrize(
    ("story", "natively", "expected"),
    [
        ([flown(42, "IN_PROGRESS", sources=[41])], True, "source_revision"),
        # ECS is not asked to go back.
        ([flown(42, "IN_PROGRESS", sources=[41])], False, "none"),
        ([flown(42, "STOP_REQUESTED", sources=[41])], True, "none"),
        # Where it goes is not certain, or known to be bad.
        ([flown(42, "IN_PROGRESS", sources=[41, 40])], True, "none"),
        ([flown(41, "ROLLBACK_FAILED"), flown(42, "IN_PROGRESS", minute=60, sources=[41])], True, "none"),
        # Something better is on record.
        ([flown(40), flown(41, "STOPPED", 60), flown(42, "IN_PROGRESS", 120, [41])], True, "last_good"),
        # A return under way is not undone.
        ([flown(41, "IN_PROGRESS", sources=[42])], True, "none"),
    ],
)
def test_a_native_stop_needs_no_proof(story: list[ServiceDeployment], natively: bool, expected: str) -> None:
    past = history.read(story)
    choice = target.choose(Selection(natively=natively), service(NEW, OLD), past, {})
    if expected == "none" and choice.source == "running_rollback":
        return
    assert choice.source == expected
    if expected == "source_revision":
        assert (choice.target, choice.left) == (arn(41), arn(42))
        assert choice.why.startswith("ECS itself goes back to it if the running deployment is stopped")


def test_steps_back_and_force_do_not_change_that() -> None:
    past = history.read([flown(42, "IN_PROGRESS", sources=[41])])
    assert target.choose(Selection(steps_back=2), service(NEW, OLD), past, {}).problem


BAD = known(TaskDefinition(arn(41), "ACTIVE", {marks.BAD: "500s"}, {}))


@pytest.mark.parametrize("past", [None, history.read([])])
@pytest.mark.parametrize(
    ("on", "read", "stands"),
    [
        (service(NEW, OLD), {}, True),
        (service(NEW, OLD), BAD, False),
        (service(NEW, deployment(41, status="ACTIVE", running=0)), {}, False),
        (service(NEW, deployment(41, status="ACTIVE", rollout="IN_PROGRESS")), {}, False),
        (service(NEW, OLD, deployment(40, status="ACTIVE")), {}, False),
        # A return to an older version is not undone, and of another family it is not known which one is older.
        (service(NEW, deployment(43, status="ACTIVE")), {}, False),
        (service(NEW, deployment(arn(7, "api"), status="ACTIVE")), {}, False),
        # Nothing is running, or task sets are.
        (service(42, OLD), {}, False),
        (service(NEW, deployment(41, status="ACTIVE", arn="arn:task-set")), {}, False),
    ],
)
def test_without_a_record_the_deployments_of_the_service_count(
    past: history.History | None, on: Service, read: dict[str, TaskDefinition], stands: bool
) -> None:
    choice = target.choose(Selection(), on, past, read)
    assert (choice.target == arn(41)) is stands
    if stands:
        assert (choice.source, choice.left, choice.direction) == ("last_good", arn(42), "back")
        assert "ECS lists its deployment as COMPLETED, with 4 running tasks" in choice.why
    assert target.choose(Selection(steps_back=2), on, past, read).target is None


@pytest.mark.parametrize("status", [*enum("ServiceDeploymentStatus"), "FAILED", "SOMETHING_NEW"])
@pytest.mark.parametrize("digest", ["", "sha256:1"])
@pytest.mark.parametrize("tasks", [None, 0, 1])
def test_every_status(status: str, digest: str, tasks: int | None) -> None:
    made = dataclasses.replace(flown(41, status, requested_tasks=tasks), target=revision(41, digest=digest))
    ended = status == "SUCCESSFUL" and not digest
    assert evidence.ran_none(made) is (ended and tasks == 0)
    assert evidence.is_not_told(made) is (ended and tasks is None)
    assert evidence.ran_some(made) is (bool(digest) or bool(tasks) or (ended and tasks is None))


@pytest.mark.parametrize(
    ("back", "tasks", "without"),
    [(None, None, False), (None, 0, False), ("", 0, True), ("", 4, False), ("", None, False), ("sha256:1", 0, False)],
)
def test_what_was_rolled_back_to(back: str | None, tasks: int | None, without: bool) -> None:
    to = None if back is None else revision(41, digest=back)
    made = dataclasses.replace(flown(42, "ROLLBACK_SUCCESSFUL"), rolled_back_to=to, tasks_back=tasks)
    assert evidence.went_back_without(made) is without


CRITERIA = {"earlySuccessCriteria": {"enable": True, "healthyPercent": 50, "sourceServiceRevisionCleanup": "DEFERRED"}}
OFF = {"earlySuccessCriteria": {"enable": False}}
WEAK = "with earlySuccessCriteria, when 2 of 4 tasks were running"


@pytest.mark.parametrize(
    ("configuration", "status", "counts", "expected"),
    [
        (CRITERIA, "SUCCESSFUL", {"runningTaskCount": 2, "requestedTaskCount": 4}, WEAK),
        (CRITERIA, "SUCCESSFUL", {"runningTaskCount": 4, "requestedTaskCount": 4}, ""),
        (CRITERIA, "SUCCESSFUL", {}, "with earlySuccessCriteria, 50 % of its tasks were enough"),
        (CRITERIA, "IN_PROGRESS", {"runningTaskCount": 2, "requestedTaskCount": 4}, ""),
        (OFF, "SUCCESSFUL", {"runningTaskCount": 2, "requestedTaskCount": 4}, ""),
        # As an older botocore shows it.
        ({}, "SUCCESSFUL", {"runningTaskCount": 2, "requestedTaskCount": 4}, ""),
    ],
)
def test_a_share_of_the_tasks_is_weaker_evidence(
    configuration: dict[str, t.Any], status: str, counts: dict[str, int], expected: str
) -> None:
    detail = {"status": status, "deploymentConfiguration": configuration, "targetServiceRevision": counts}
    assert evidence.weakness(detail) == expected


def test_the_member_is_looked_for_by_its_name() -> None:
    assert [evidence.may_end_early(each) for each in (CRITERIA, OFF, {})] == [True, False, False]


@pytest.mark.parametrize(
    ("on", "weak", "short"),
    [
        (service(42), "", False),
        (service(deployment(42, running=3)), f"{WEAK}; now 3 of 4 are", True),
        (
            service(42, deployment(41, status="ACTIVE", running=2)),
            f"{WEAK}; now 4 of 4 are, and 2 of other versions",
            True,
        ),
        # It brought something else than what runs now.
        (service(43), WEAK, False),
    ],
)
def test_of_what_runs_now_the_live_counts_decide(on: Service, weak: str, short: bool) -> None:
    found = evidence.with_live_counts(flown(42, weak=WEAK), on)
    assert (found.weak, found.short) == (weak, short)
    plain = flown(42)
    assert evidence.with_live_counts(plain, on) == plain


def test_it_is_good_with_a_warning() -> None:
    past = history.read([flown(41, weak=WEAK), flown(42, minute=60)])
    made = planned(service(42), past)
    assert made.target is not None
    assert (made.target.arn, made.verb) == (arn(41), "act")
    assert WEAK in made.choice.why
    (found,) = [f for f in made.findings if f.check == "early_success"]
    assert (found.severity, found.message) == (
        "warn",
        f"web:41 counts as good on weaker evidence: its deployment ended SUCCESSFUL {WEAK}",
    )


def test_what_succeeded_whole_later_is_good_without_one() -> None:
    past = history.read([flown(41, weak=WEAK), flown(42, minute=60), flown(41, minute=120), flown(43, minute=180)])
    assert not [f for f in planned(service(43), past).findings if f.check == "early_success"]


def test_what_runs_now_without_all_its_tasks_is_not_known_to_be_good() -> None:
    short = dataclasses.replace(flown(42, minute=60), weak=f"{WEAK}; now 2 of 4 are", short=True)
    past = history.read([flown(41), short])
    assert {c.task_definition: c.verdict for c in past.candidates({}, "prod/web")} == {
        arn(41): "good",
        arn(42): "unknown",
    }
    # It came into service all the same: a return with it is a return, and nothing older is taken.
    back = history.read([flown(41), flown(42, minute=60), dataclasses.replace(flown(41, minute=120), short=True)])
    assert target.choose(Selection(), service(41), back, {}).settled
