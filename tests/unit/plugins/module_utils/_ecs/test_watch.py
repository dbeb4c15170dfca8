# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One look at a service, judged: every rollout state, every status of a service deployment, every odd list."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._ecs import watch
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Deployment, Service
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import (
    arn,
    deployment,
    enum,
    service,
)

OURS = watch.Watched(arn(41), "ecs-svc/ours", "", frozenset({"ecs-svc/43"}))
NATIVE = watch.Watched(arn(41), "", "arn:service-deployment", frozenset({"ecs-svc/43", "ecs-svc/41"}))


def ours(rollout: str = "IN_PROGRESS", status: str = "PRIMARY", running: int = 4, **changes: t.Any) -> Deployment:
    return deployment(41, "ecs-svc/ours", status, rollout, running, **changes)


def old(running: int = 4, rollout: str = "COMPLETED", **changes: t.Any) -> Deployment:
    return deployment(43, "ecs-svc/43", "ACTIVE", rollout, running, **changes)


def state(now: Service, watched: watch.Watched = OURS, record: watch.Record | None = None) -> str:
    return watch.assess(watched, now, record).state


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
        ([ours("IN_PROGRESS", "ACTIVE", running=1), deployment(43, "ecs-svc/43")], "failed"),
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
@pytest.mark.parametrize("watched", [OURS, NATIVE])
def test_a_service_that_was_deleted(watched: watch.Watched, status: str) -> None:
    look = watch.assess(watched, service(ours("COMPLETED"), status=status), None)
    assert look.state == "failed"
    assert status in look.reason
    assert "somebody deleted it meanwhile" in look.reason


def test_reasons() -> None:
    broken = service(ours("FAILED", rollout_reason="ECS deployment circuit breaker: tasks failed to start."))
    assert watch.assess(OURS, broken, None).reason == "ECS deployment circuit breaker: tasks failed to start."
    assert "FAILED" in watch.assess(OURS, service(ours("FAILED")), None).reason
    back = service(ours(status="ACTIVE"), deployment(43, "ecs-svc/43"))
    assert watch.assess(OURS, back, None).reason == "ECS went back to web:43 by itself"
    over = service(deployment(44, "ecs-svc/44"))
    assert watch.assess(OURS, over, None).reason == "somebody else deployed web:44 (ecs-svc/44) over it"


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
    record = watch.Record(status, "")
    looks = [service(ON_TARGET), service(TO_TARGET, old(2)), service(NOT_YET)]
    assert tuple(state(now, NATIVE, record) for now in looks) == NATIVE_STATUS[status]


@pytest.mark.parametrize("now", [service(ON_TARGET), service(NOT_YET), service()])
def test_a_native_rollback_whose_record_was_not_read_goes_on(now: Service) -> None:
    assert state(now, NATIVE, None) == "going"


def test_a_native_rollback_with_old_tasks_left_is_not_stable() -> None:
    record = watch.Record("ROLLBACK_SUCCESSFUL", "")
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
    assert watch.assess(NATIVE, service(ON_TARGET), watch.Record(status, reason)).reason == words


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
    assert watch.progress(service(*deployments), arn(41)) == expected


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
    assert watch.healthy_on(service(*deployments, desired=desired)) == (arn(expected) if expected else None)


@pytest.mark.parametrize(
    ("services", "seconds"), [(1, 2.0), (10, 2.0), (60, 2.0), (61, 7 / 3), (100, 10 / 3), (1000, 100 / 3)]
)
def test_sweeps_are_slower_for_many_services(services: int, seconds: float) -> None:
    assert watch.sweep_interval(services) == pytest.approx(seconds)
    # DescribeServices: 20 a second for everybody (API reference, request throttling)
    assert -(-services // 10) / watch.sweep_interval(services) <= 3.0 + 1e-9
