# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One look at a service, judged: every rollout state, every status of a service deployment, every odd list."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import (
    deployments as controllers_deployments,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.ecs import records
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Deployment, Pause, Service
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move.run import (
    counts,
    healthy_on,
    shifting,
)
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import (
    arn,
    at,
    deployment,
    enum,
    service,
)

OURS = controllers_deployments.Going(arn(41), "ecs-svc/ours", "", frozenset({"ecs-svc/43"}))
NATIVE = controllers_deployments.Going(arn(41), "", "arn:service-deployment", frozenset({"ecs-svc/43", "ecs-svc/41"}))


def ours(rollout: str = "IN_PROGRESS", status: str = "PRIMARY", running: int = 4, **changes: t.Any) -> Deployment:
    return deployment(41, "ecs-svc/ours", status, rollout, running, **changes)


def old(running: int = 4, rollout: str = "COMPLETED", **changes: t.Any) -> Deployment:
    return deployment(43, "ecs-svc/43", "ACTIVE", rollout, running, **changes)


def state(
    now: Service, going: controllers_deployments.Going = OURS, record: controllers_deployments.Record | None = None
) -> str:
    return records.assess(going, now, record).state


# rollout state: alone with all tasks, not all tasks yet
ROLLOUT = {
    "COMPLETED": ("stable", "going"),
    "IN_PROGRESS": ("serving", "going"),
    "FAILED": ("failed", "failed"),
    # A Classic Load Balancer: the counts must do.
    "": ("stable", "going"),
    "SOMETHING_NEW": ("serving", "going"),
}


@pytest.mark.parametrize("rollout", sorted({*enum("DeploymentRolloutState"), "", "SOMETHING_NEW"}))
def test_every_rollout_state(rollout: str) -> None:
    assert (state(service(ours(rollout))), state(service(ours(rollout, running=3)))) == ROLLOUT[rollout]


@pytest.mark.parametrize(
    ("deployments", "expected"),
    [
        ([ours(running=0), old()], "going"),
        ([ours(running=4), old(4)], "going"),
        ([ours(running=4), old(1)], "going"),
        ([ours(running=4), old(0, pending=1)], "going"),
        # the old tasks drain: they get no new requests
        ([ours(running=4), old(0)], "serving"),
        ([ours("COMPLETED"), old(0)], "serving"),
        ([ours("COMPLETED"), old(1)], "going"),
        # one that is completely replaced is no longer in the way
        ([ours("COMPLETED"), deployment(43, "ecs-svc/43", "INACTIVE", running=0)], "stable"),
        ([ours("COMPLETED", pending=1)], "going"),
        ([ours("COMPLETED", running=5)], "serving"),
        # one that failed and has no task left: nothing drains
        ([ours("COMPLETED"), deployment(43, "ecs-svc/43", "ACTIVE", "FAILED", running=0)], "stable"),
        ([ours("COMPLETED"), deployment(43, "ecs-svc/43", "ACTIVE", "FAILED", running=1)], "going"),
        # PRIMARY need not be the first
        ([old(0), ours()], "serving"),
        ([old(), ours(running=0)], "going"),
        # three at once: a failed release, what it came from, and ours
        ([old(2), deployment(42, "ecs-svc/42", "ACTIVE", running=2), ours(running=2)], "going"),
        ([old(0), deployment(42, "ecs-svc/42", "ACTIVE", running=1), ours()], "going"),
        ([old(0), deployment(42, "ecs-svc/42", "ACTIVE", running=0), ours()], "serving"),
        # two deployments of the target: only ours counts
        ([ours(running=2), deployment(41, "ecs-svc/41", "ACTIVE", running=2)], "going"),
        # ECS gave up on ours
        ([ours("FAILED", running=0), old()], "failed"),
        ([ours("FAILED", "ACTIVE", running=0), deployment(43, "ecs-svc/43")], "failed"),
        ([ours("IN_PROGRESS", "ACTIVE", running=1), deployment(43, "ecs-svc/43")], "went_back"),
        # somebody deployed over it
        ([ours("IN_PROGRESS", "ACTIVE"), deployment(44, "ecs-svc/44", rollout="IN_PROGRESS")], "replaced"),
        ([deployment(44, "ecs-svc/44")], "replaced"),
        # the same version by somebody else's deployment is not ours
        ([deployment(41, "ecs-svc/theirs")], "replaced"),
        ([ours("IN_PROGRESS", "ACTIVE"), deployment(41, "ecs-svc/theirs")], "replaced"),
        # an answer from before the write, or ECS went back and forgot ours: one look cannot tell
        ([deployment(43, "ecs-svc/43")], "unlisted"),
        ([], "going"),
        ([ours(status="ACTIVE")], "going"),
    ],
)
def test_our_deployment_among_others(deployments: list[Deployment], expected: str) -> None:
    assert state(service(*deployments, running=sum(d.running for d in deployments))) == expected


# ECS calls it COMPLETED when half of the tasks are healthy.
BLOCKING = {"enable": True, "healthyPercent": 50, "sourceServiceRevisionCleanup": "BLOCKING"}
DEFERRED = {**BLOCKING, "sourceServiceRevisionCleanup": "DEFERRED"}


@pytest.mark.parametrize(
    ("criteria", "deployments", "expected", "left"),
    [
        # Whatever ECS calls it, the counts decide.
        (BLOCKING, [ours("COMPLETED", running=2, pending=2)], "going", ""),
        (BLOCKING, [ours("COMPLETED", running=3)], "going", ""),
        (BLOCKING, [ours("COMPLETED")], "stable", ""),
        (BLOCKING, [ours("COMPLETED"), old(1)], "going", ""),
        (DEFERRED, [ours("COMPLETED", running=2, pending=2), old(2)], "going", ""),
        # What ECS stops later is not waited for: it may take two weeks.
        (DEFERRED, [ours("COMPLETED"), old(1)], "stable", "1 task of web:43 still runs"),
        (DEFERRED, [ours("COMPLETED"), old(2)], "stable", "2 tasks of web:43 still run"),
        (DEFERRED, [ours("COMPLETED"), old(0)], "stable", ""),
        (
            DEFERRED,
            [ours("COMPLETED"), old(1), deployment(42, "ecs-svc/42", "ACTIVE", running=1)],
            "stable",
            "1 task of web:43 and 1 task of web:42 still run",
        ),
        # It is not complete yet.
        (DEFERRED, [ours("IN_PROGRESS"), old(1)], "going", ""),
        ({**DEFERRED, "enable": False}, [ours("COMPLETED"), old(1)], "going", ""),
    ],
)
def test_early_success(criteria: dict[str, t.Any], deployments: list[Deployment], expected: str, left: str) -> None:
    running = sum(d.running for d in deployments)
    now = service(*deployments, running=running, configuration={"earlySuccessCriteria": criteria})
    look = records.assess(OURS, now, None)
    assert (look.state, look.left.partition(", and may")[0]) == (expected, left)


def test_what_a_way_back_of_ecs_leaves_for_later() -> None:
    now = service(deployment(41, "ecs-svc/41"), old(1), running=5, configuration={"earlySuccessCriteria": DEFERRED})
    look = records.assess(NATIVE, now, controllers_deployments.Record("ROLLBACK_SUCCESSFUL", ""))
    assert (look.state, look.left.startswith("1 task of web:43 still runs")) == ("stable", True)


def test_counts_of_the_service_count_too() -> None:
    # An old task that no deployment lists any more.
    assert state(service(ours("COMPLETED"), running=5)) == "serving"
    # Auto scaling raised the count a moment ago: our deployment follows.
    assert state(service(ours("COMPLETED"), desired=6)) == "going"


@pytest.mark.parametrize("rollout", ["COMPLETED", ""])
def test_a_service_of_no_tasks(rollout: str) -> None:
    none = ours(rollout, running=0, desired=0)
    assert state(service(none, desired=0)) == "stable"
    assert state(service(ours("IN_PROGRESS", running=0, desired=0), desired=0)) == "serving"
    assert state(service(none, old(1), desired=0)) == "going"


@pytest.mark.parametrize("status", ["DRAINING", "INACTIVE"])
@pytest.mark.parametrize("going", [OURS, NATIVE])
def test_a_service_that_was_deleted(going: controllers_deployments.Going, status: str) -> None:
    look = records.assess(going, service(ours("COMPLETED"), status=status), None)
    assert look.state == "failed"
    assert status in look.reason
    assert "somebody deleted it meanwhile" in look.reason


def test_reasons() -> None:
    broken = service(ours("FAILED", rollout_reason="ECS deployment circuit breaker: tasks failed to start."))
    assert records.assess(OURS, broken, None).reason == "ECS deployment circuit breaker: tasks failed to start."
    assert "FAILED" in records.assess(OURS, service(ours("FAILED")), None).reason
    back = service(ours(status="ACTIVE"), deployment(43, "ecs-svc/43"))
    assert records.assess(OURS, back, None).reason == "ECS went back to web:43 by itself"
    over = service(deployment(44, "ecs-svc/44"))
    assert records.assess(OURS, over, None).reason == "somebody else deployed web:44 (ecs-svc/44) over it"


# -- ECS's own rollback, followed by its record

ON_TARGET, TO_TARGET = deployment(41, "ecs-svc/41"), deployment(41, "ecs-svc/41", rollout="IN_PROGRESS", running=2)
NOT_YET = deployment(43, "ecs-svc/43", rollout="IN_PROGRESS")
# status: settled on the target, on the way to it, not on it yet
NATIVE_STATUS = {
    "PENDING": ("serving", "going", "going"),
    "IN_PROGRESS": ("serving", "going", "going"),
    "STOP_REQUESTED": ("serving", "going", "going"),
    "ROLLBACK_REQUESTED": ("serving", "going", "going"),
    "ROLLBACK_IN_PROGRESS": ("serving", "going", "going"),
    "SOMETHING_NEW": ("serving", "going", "going"),
    "ROLLBACK_SUCCESSFUL": ("stable", "going", "replaced"),
    "ROLLBACK_FAILED": ("failed", "failed", "failed"),
    "STOPPED": ("failed", "failed", "replaced"),
    # It finished before it could be stopped: plan again.
    "SUCCESSFUL": ("ended_before", "ended_before", "ended_before"),
}


@pytest.mark.parametrize("status", [*enum("ServiceDeploymentStatus"), "SOMETHING_NEW"])
def test_every_status_of_a_native_rollback(status: str) -> None:
    record = controllers_deployments.Record(status, "")
    looks = [service(ON_TARGET), service(TO_TARGET, old(2)), service(NOT_YET)]
    assert tuple(state(now, NATIVE, record) for now in looks) == NATIVE_STATUS[status]


@pytest.mark.parametrize("rollout", ["IN_PROGRESS", "COMPLETED"])
def test_a_native_rollback_that_somebody_replaced_by_the_same_version(rollout: str) -> None:
    now = service(deployment(41, "ecs-svc/late", rollout=rollout), old(0))
    look = records.assess(NATIVE, now, controllers_deployments.Record("STOPPED", "superseded"))
    assert look.state == "replaced"
    assert look.reason == "somebody else deployed web:41 (ecs-svc/late) over it, which is the same version"


@pytest.mark.parametrize("now", [service(ON_TARGET), service(NOT_YET), service()])
def test_a_native_rollback_whose_record_was_not_read_goes_on(now: Service) -> None:
    assert state(now, NATIVE, None) == "going"


def test_a_native_rollback_with_old_tasks_left_is_not_stable() -> None:
    record = controllers_deployments.Record("ROLLBACK_SUCCESSFUL", "")
    assert state(service(ON_TARGET, old(0)), NATIVE, record) == "serving"
    assert state(service(ON_TARGET, old(1)), NATIVE, record) == "going"
    assert state(service(), NATIVE, record) == "going"


@pytest.mark.parametrize(
    ("status", "reason", "words"),
    [
        ("ROLLBACK_FAILED", "", "ECS could not roll back"),
        ("ROLLBACK_FAILED", "no capacity", "no capacity"),
        ("STOPPED", "", "the rollback was stopped before it ended"),
        ("STOPPED", "by somebody", "by somebody"),
        ("SUCCESSFUL", "", "the deployment finished before ECS could stop it"),
    ],
)
def test_reasons_of_native_rollbacks(status: str, reason: str, words: str) -> None:
    assert records.assess(NATIVE, service(ON_TARGET), controllers_deployments.Record(status, reason)).reason == words


# -- what people read


@pytest.mark.parametrize(
    ("deployments", "expected"),
    [
        ([ours(running=4)], "4/4 on web:41"),
        ([ours(running=2, pending=1), old(4)], "2/4 on web:41, 1 pending, 4 on web:43"),
        ([old(3, pending=1), ours(running=1)], "1/4 on web:41, 4 on web:43"),
        ([ours(running=4), old(0)], "4/4 on web:41, old tasks draining"),
        ([ours(running=0, failed=3), old(4)], "0/4 on web:41, 4 on web:43, 3 failed to start"),
        ([old(4)], "0/4 on web:41, 4 on web:43"),
        ([], "0/4 on web:41"),
        (
            [ours(running=1), old(2), deployment(42, "ecs-svc/42", "ACTIVE", running=1)],
            "1/4 on web:41, 2 on web:43, 1 on web:42",
        ),
    ],
)
def test_progress(deployments: list[Deployment], expected: str) -> None:
    assert counts(service(*deployments), arn(41)) == expected


@pytest.mark.parametrize(
    ("deployments", "desired", "expected"),
    [
        ([ours(running=4)], 4, 41),
        ([ours(running=0), old(4)], 4, 43),
        ([ours(running=2), old(2)], 4, None),
        ([ours(running=0), old(3)], 4, None),
        ([], 4, None),
        ([ours(running=0)], 0, None),
    ],
)
def test_healthy_on(deployments: list[Deployment], desired: int, expected: int | None) -> None:
    assert healthy_on(service(*deployments, desired=desired)) == (arn(expected) if expected else None)


# -- where ECS shifts traffic

SHIFTING = controllers_deployments.Going(arn(41), "ecs-svc/ours", "", frozenset({"ecs-svc/43"}), strategy="BLUE_GREEN")
# Both sets of tasks run until the end, so that the counts tell nothing.
BOTH = service(ours(), old(), strategy="BLUE_GREEN")
ALONE = service(ours("COMPLETED"), strategy="BLUE_GREEN")
# By stage: with all of the traffic asked for, with half of it, and without a load balancer.
STAGES = {
    "RECONCILE_SERVICE": ("going", "going", "going"),
    "PRE_SCALE_UP": ("going", "going", "going"),
    "SCALE_UP": ("going", "going", "going"),
    "POST_SCALE_UP": ("going", "going", "going"),
    "TEST_TRAFFIC_SHIFT": ("going", "going", "going"),
    "POST_TEST_TRAFFIC_SHIFT": ("going", "going", "going"),
    "PRE_PRODUCTION_TRAFFIC_SHIFT": ("going", "going", "going"),
    "PRODUCTION_TRAFFIC_SHIFT": ("going", "going", "going"),
    "POST_PRODUCTION_TRAFFIC_SHIFT": ("serving", "going", "serving"),
    "BAKE_TIME": ("serving", "going", "serving"),
    "CLEAN_UP": ("serving", "going", "serving"),
    "": ("going", "going", "going"),
    "SOMETHING_NEW": ("going", "going", "going"),
}


def in_stage(
    stage: str, weight: float | None, status: str = "IN_PROGRESS", **more: t.Any
) -> controllers_deployments.Record:
    return controllers_deployments.Record(status, "", stage, weight, **more)


@pytest.mark.parametrize("stage", sorted({*enum("ServiceDeploymentLifecycleStage"), *STAGES}))
def test_every_stage_of_a_shift(stage: str) -> None:
    looks = tuple(state(BOTH, SHIFTING, in_stage(stage, weight)) for weight in (100.0, 50.0, None))
    assert looks == STAGES[stage]


def test_tasks_that_go_down_once_they_have_all_the_traffic_do_not_serve() -> None:
    crashing = service(ours(running=1), old(), strategy="BLUE_GREEN")
    assert state(crashing, SHIFTING, in_stage("BAKE_TIME", 100.0)) == "going"


def test_a_shift_is_stable_when_the_deployment_is_complete_and_alone() -> None:
    assert state(ALONE, SHIFTING, in_stage("CLEAN_UP", 100.0, "SUCCESSFUL")) == "stable"
    assert state(ALONE, SHIFTING, None) == "stable"


def test_without_its_record_nothing_is_known_of_a_shift() -> None:
    assert state(BOTH, SHIFTING, None) == "going"
    # The same counts in a rolling deployment do tell.
    assert state(service(ours(), old(0))) == "serving"
    assert state(service(ours(), old(0), strategy="BLUE_GREEN"), SHIFTING, None) == "going"


@pytest.mark.parametrize("status", ["ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS"])
def test_a_shift_that_ecs_undoes_has_failed(status: str) -> None:
    assert records.assess(
        SHIFTING, BOTH, controllers_deployments.Record(status, "the alarm errors", "BAKE_TIME", 100.0)
    ) == controllers_deployments.Look("failed", "the alarm errors")
    assert status in records.assess(SHIFTING, BOTH, in_stage("BAKE_TIME", 100.0, status)).reason


# What runs while ECS goes back: both, and the PRIMARY is the target again.
GOING_BACK = service(deployment(41, "ecs-svc/41"), old(), strategy="BLUE_GREEN")


@pytest.mark.parametrize(
    ("status", "stage", "weight", "expected"),
    [
        ("ROLLBACK_REQUESTED", "BAKE_TIME", 0.0, "going"),
        ("ROLLBACK_REQUESTED", "SCALE_UP", 100.0, "going"),
        ("ROLLBACK_IN_PROGRESS", "BAKE_TIME", 0.0, "going"),
        ("ROLLBACK_IN_PROGRESS", "PRODUCTION_TRAFFIC_SHIFT", 100.0, "going"),
        ("ROLLBACK_IN_PROGRESS", "TEST_TRAFFIC_SHIFT", 100.0, "serving"),
        ("ROLLBACK_IN_PROGRESS", "CLEAN_UP", 100.0, "serving"),
        ("ROLLBACK_IN_PROGRESS", "CLEAN_UP", 50.0, "going"),
        ("ROLLBACK_IN_PROGRESS", "CLEAN_UP", None, "going"),
        ("ROLLBACK_SUCCESSFUL", "CLEAN_UP", 100.0, "serving"),
        ("IN_PROGRESS", "CLEAN_UP", 100.0, "going"),
    ],
)
def test_while_ecs_goes_back_the_traffic_decides(status: str, stage: str, weight: float, expected: str) -> None:
    assert state(GOING_BACK, NATIVE, in_stage(stage, weight, status)) == expected


def test_traffic_that_is_back_on_too_few_tasks_is_not_serving() -> None:
    weak = service(deployment(41, "ecs-svc/41", running=2), old(), strategy="BLUE_GREEN")
    assert state(weak, NATIVE, in_stage("CLEAN_UP", 100.0, "ROLLBACK_IN_PROGRESS")) == "going"


PAUSED = Pause("ecs-pause-1", at(90), "ROLLBACK")


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (None, ""),
        (in_stage("", 100.0), ""),
        (in_stage("SCALE_UP", None), "SCALE_UP"),
        (in_stage("PRODUCTION_TRAFFIC_SHIFT", 12.5), "PRODUCTION_TRAFFIC_SHIFT, 12.5 % of the traffic on web:41"),
        (in_stage("BAKE_TIME", 100.0), "BAKE_TIME, 100 % of the traffic on web:41"),
        (
            in_stage("POST_SCALE_UP", 0.0, pause=PAUSED),
            "POST_SCALE_UP, 0 % of the traffic on web:41, waits for a person at POST_SCALE_UP (hook ecs-pause-1) "
            "until 2026-11-20T13:30:00Z, then ROLLBACK",
        ),
        (
            in_stage("POST_SCALE_UP", None, pause=Pause("ecs-pause-1", None, "")),
            "POST_SCALE_UP, waits for a person at POST_SCALE_UP (hook ecs-pause-1)",
        ),
        # A rolling deployment shows no stage.
        (
            in_stage("", None, pause=PAUSED),
            "waits for a person at its hook ecs-pause-1 until 2026-11-20T13:30:00Z, then ROLLBACK",
        ),
    ],
)
def test_how_far_a_shift_has_come(record: controllers_deployments.Record | None, expected: str) -> None:
    assert shifting(record, arn(41)) == expected


# -- DAEMON: a task on each instance, and no count of the service's own


def daemon(*deployments: Deployment, desired: int = 0) -> Service:
    return service(*deployments, scheduling="DAEMON", desired=desired)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (daemon(ours("COMPLETED", desired=3, running=3)), "stable"),
        (daemon(ours("COMPLETED", desired=3, running=3), desired=7), "stable"),
        (daemon(ours(desired=3, running=3), old(0)), "serving"),
        (daemon(ours(desired=3, running=2), old(1)), "going"),
        (daemon(ours("COMPLETED", desired=3, running=2)), "going"),
    ],
)
def test_a_daemon_service_is_measured_by_its_deployment_s_own_count(now: Service, expected: str) -> None:
    assert state(now) == expected


def test_a_daemon_service_is_healthy_on_a_deployment_that_has_all_its_tasks() -> None:
    assert healthy_on(daemon(ours(desired=3, running=3))) == arn(41)
    assert healthy_on(daemon(ours(desired=3, running=2), desired=2)) is None
    assert counts(daemon(ours(desired=3, running=2), desired=7), arn(41)) == "2/3 on web:41"
