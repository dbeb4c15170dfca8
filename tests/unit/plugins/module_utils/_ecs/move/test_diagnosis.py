# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Why a deployment does not come up, when that is certain, and how many looks it takes to believe a bad end."""

from __future__ import annotations

import typing as t
from datetime import datetime

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import deployments
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.deployments import Look
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move import diagnosis
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move.diagnosis import Diagnosis, Doubt, StoppedTask
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import (
    FakeAws,
    at,
    connection_lost,
    deployment,
    enum,
    event,
    refused_by_aws,
    service,
)

PULL = "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve web:9: not found"


def stopped(
    reason: str = "Essential container in task exited",
    code: str = "EssentialContainerExited",
    exit_code: int | None = 1,
    started: datetime | None = None,
) -> StoppedTask:
    return StoppedTask("arn:task", code, reason, exit_code, started, None)


def pull(reason: str = PULL) -> StoppedTask:
    return stopped(reason, "TaskFailedToStart", None)


# -- which stopped tasks count as failed

FAILED = {
    "TaskFailedToStart": True,
    "EssentialContainerExited": True,
    "UserInitiated": False,
    "ServiceSchedulerInitiated": False,
    "SpotInterruption": False,
    "TerminationNotice": False,
    "InfrastructureHealth": False,
    "SomethingNew": False,
    "": False,
}


@pytest.mark.parametrize("code", [*enum("TaskStopCode"), "SomethingNew", ""])
def test_every_stop_code(code: str) -> None:
    assert stopped("Scaling activity initiated by (deployment ecs-svc/1)", code).failed is FAILED[code]


@pytest.mark.parametrize(
    ("reason", "failed"),
    [
        ("Task failed ELB health checks in (target-group arn:aws:elasticloadbalancing:tg/1)", True),
        ("Task failed container health checks", True),
        ("service web task failed elb health checks", True),
        ("Scaling activity initiated by (deployment ecs-svc/1)", False),
        ("", False),
    ],
)
def test_failed_health_checks_have_no_stop_code_of_their_own(reason: str, failed: bool) -> None:
    assert stopped(reason, "ServiceSchedulerInitiated").failed is failed


@pytest.mark.parametrize(
    ("task", "expected"),
    [
        (stopped("it exited", exit_code=137), "it exited (exit code 137)"),
        (stopped("it exited", exit_code=0), "it exited (exit code 0)"),
        (stopped("no image", exit_code=None), "no image"),
        (stopped("", "TaskFailedToStart", None), "TaskFailedToStart"),
        (stopped("", "", None), "no reason given"),
    ],
)
def test_causes(task: StoppedTask, expected: str) -> None:
    assert task.cause == expected


# -- when it is certain


@pytest.mark.parametrize(
    ("tasks", "running_since", "desired", "expected"),
    [
        ([], None, 4, False),
        # an image that is not there: one after the other is enough of it, also below the general threshold
        ([pull()], None, 1, True),
        ([pull()], None, 4, False),
        ([pull()] * 2, None, 4, False),
        ([pull()] * 3, None, 4, True),
        ([pull()] * 3, None, 400, True),
        ([pull()] * 3, at(0), 400, False),
        ([pull()], None, 0, True),
        # one that waiting may cure
        ([pull("CannotPullContainerError: context deadline exceeded")] * 2, None, 1, False),
        ([pull("CannotPullContainerError: toomanyrequests: rate limit")] * 2, None, 2, False),
        # the words alone do not make a pull error
        ([stopped("config not found")] * 2, None, 2, False),
        # crash loops: half of the desired count, at least 3, at most 200
        ([stopped()] * 2, None, 4, False),
        ([stopped()] * 3, None, 4, True),
        ([stopped()] * 3, None, 1, True),
        ([stopped()] * 3, None, 0, True),
        ([stopped()] * 4, None, 10, False),
        ([stopped()] * 5, None, 10, True),
        ([stopped()] * 4, None, 9, False),
        ([stopped()] * 5, None, 9, True),
        ([stopped()] * 199, None, 4000, False),
        ([stopped()] * 200, None, 4000, True),
        # tasks that were wanted gone do not count
        ([stopped("scaled in", "ServiceSchedulerInitiated")] * 9, None, 4, False),
        ([stopped("by hand", "UserInitiated")] * 9, None, 4, False),
        ([stopped("spot", "SpotInterruption")] * 9, None, 4, False),
        ([stopped()] * 2 + [stopped("by hand", "UserInitiated")] * 9, None, 4, False),
        # health checks
        ([stopped("Task failed ELB health checks in (x)", "ServiceSchedulerInitiated")] * 3, None, 4, True),
        # a task that runs now was there before the last failure began: not all of them go down
        ([stopped(started=at(m)) for m in (1, 2, 3)], at(2), 4, False),
        ([stopped(started=at(m)) for m in (1, 2, 3)], at(0), 4, False),
        # it has only just been started, as all the others were
        ([stopped(started=at(m)) for m in (1, 2, 3)], at(4), 4, True),
        ([stopped(started=at(m)) for m in (1, 2, 3)], at(3), 4, True),
        # tasks that never started say nothing about when, and one that runs is one that runs
        ([stopped(code="TaskFailedToStart")] * 3, at(4), 4, False),
    ],
)
def test_when_it_is_certain_that_it_will_not_come_up(
    tasks: list[StoppedTask], running_since: datetime | None, desired: int, expected: bool
) -> None:
    found = Diagnosis(tuple(tasks), running_since)
    why = diagnosis.certain(found, desired, circuit_breaker=False)
    assert (why is not None) is expected
    assert why == (found.headline() if expected else None)
    # Where the circuit breaker is on, ECS decides about all that it counts.
    unseen = all(task.started_at for task in tasks)
    assert (diagnosis.certain(found, desired, circuit_breaker=True) is not None) is (expected and unseen)


@pytest.mark.parametrize(
    "words",
    [
        "failed to resolve ref docker.io/library/web:9: not found",
        "manifest unknown: Requested image not found",
        "repository does not exist or may require 'docker login'",
        "pull access denied: repository web, access denied",
        "invalid reference format",
        "no basic auth credentials",
    ],
)
def test_pull_errors_that_waiting_does_not_cure(words: str) -> None:
    assert diagnosis.certain(Diagnosis((pull(f"CannotPullContainerError: {words}"),)), 1, False)


def test_the_headline_is_the_most_frequent_cause() -> None:
    found = Diagnosis((pull(), stopped(), stopped(), stopped("by hand", "UserInitiated")))
    assert found.headline() == "Essential container in task exited (exit code 1) (2 of 3 failed tasks)"
    assert Diagnosis(rollout_reason="circuit breaker").headline() == "circuit breaker"
    assert Diagnosis().headline() == ""


def test_for_results() -> None:
    found = Diagnosis((pull(), pull()), None, tuple(event(str(n)) for n in range(40)), "breaker", ("no permission",))
    shown = found.as_dict()
    assert shown["stopped_tasks"] == [{"reason": PULL, "tasks": 2}]
    assert (shown["rollout_reason"], shown["unknown"]) == ("breaker", ["no permission"])
    assert len(shown["events"]) == 10
    assert shown["events"][0] == {
        "at": "2026-11-20T12:00:00Z",
        "message": "(service web) has started 1 tasks",
    }


@pytest.mark.parametrize(
    ("failed", "seconds", "expected"), [(0, 0, False), (1, 0, True), (0, 19.9, False), (0, 20, True)]
)
def test_when_a_diagnosis_is_worth_its_calls(failed: int, seconds: float, expected: bool) -> None:
    assert diagnosis.in_trouble(deployment(41, failed=failed), seconds) is expected
    assert diagnosis.in_trouble(None, 0)


# -- reading


def test_a_stopped_task_says_also_what_its_container_says() -> None:
    read = diagnosis.stopped_task(
        {
            "taskArn": "arn:task",
            "stopCode": "EssentialContainerExited",
            "stoppedReason": "Essential container in task exited",
            "startedAt": at(1),
            "stoppedAt": at(2),
            "containers": [{"name": "log"}, {"exitCode": 137, "reason": "OutOfMemoryError: Container killed"}],
        }
    )
    assert read == StoppedTask(
        "arn:task",
        "EssentialContainerExited",
        "Essential container in task exited: OutOfMemoryError: Container killed",
        137,
        at(1),
        at(2),
    )


@pytest.mark.parametrize(
    ("task", "reason"),
    [
        ({}, ""),
        ({"containers": [{"reason": "OutOfMemory"}]}, "OutOfMemory"),
        ({"stoppedReason": PULL, "containers": [{"reason": PULL}]}, PULL),
        ({"stoppedReason": "x" * 900}, "x" * 500),
    ],
)
def test_reasons_of_stopped_tasks(task: dict[str, t.Any], reason: str) -> None:
    assert diagnosis.stopped_task(task).reason == reason


def task(arn: str, by: str, **more: t.Any) -> dict[str, t.Any]:
    return {"taskArn": arn, "startedBy": by, **more}


def test_only_our_deployment_s_tasks_and_the_events_since_then_are_read() -> None:
    lists = {"STOPPED": ["a", "b"], "RUNNING": ["c", "d", "e"]}
    described = {
        ("a", "b"): [task("a", "ecs-svc/ours", stopCode="TaskFailedToStart"), task("b", "ecs-svc/old")],
        ("c", "d", "e"): [
            task("c", "ecs-svc/ours", startedAt=at(3)),
            task("d", "ecs-svc/ours"),
            task("e", "ecs-svc/old", startedAt=at(1)),
        ],
    }
    aws = FakeAws(
        list_tasks=lambda **params: {"taskArns": lists[params["desiredStatus"]]},
        describe_tasks=lambda **params: {"tasks": described[tuple(params["tasks"])]},
    )
    on = service(
        deployment(41, "ecs-svc/ours", rollout="FAILED", rollout_reason="circuit breaker"),
        events=(event("new"), event("old")),
    )
    found = diagnosis.collect(aws, on, "ecs-svc/ours", frozenset({"old"}))
    assert [s.arn for s in found.stopped] == ["a"]
    assert (found.running_since, found.rollout_reason, found.unknown) == (at(3), "circuit breaker", ())
    assert [e.id for e in found.events] == ["new"]
    assert aws.sent("list_tasks")[0] == {"cluster": on.cluster_arn, "serviceName": "web", "desiredStatus": "STOPPED"}


@pytest.mark.parametrize("error", [refused_by_aws("ListTasks"), connection_lost()])
def test_what_cannot_be_read_is_reported_and_not_raised(error: Exception) -> None:
    found = diagnosis.collect(FakeAws(list_tasks=error), service(41), "ecs-svc/41", frozenset())
    assert found.stopped == ()
    assert found.unknown[0].startswith("the stopped tasks cannot be read. Failed to list the tasks")


def test_a_cut_answer_is_reported_and_not_raised() -> None:
    found = diagnosis.collect(FakeAws(list_tasks={}), service(41), "ecs-svc/41", frozenset())
    assert "cut off on the way" in found.unknown[0]


OURS = deployment(41, "ecs-svc/ours")


def believed_at(
    state: deployments.State, *, every: float = 2.0, listed: bool = True, once: bool = False, contradicted: int = 0
) -> int:
    """The number of the look that is believed, one ``every`` so many seconds; 0 if none of sixty is."""
    doubt = Doubt(once)
    if listed:
        doubt.looked(Look("going", ours=OURS), 100.0)
    for number in range(1, 61):
        look = Look(state, "it ended")
        doubt.looked(look, 100.0 + every * number)
        if doubt.is_over(look, lambda number=number: number <= contradicted):  # type: ignore[misc]
            return number
    return 0


# listed before, never listed, the only look, the record contradicts four times, it always does
BELIEVED: t.Final[dict[str, tuple[int, int, int, int, int]]] = {
    "went_back": (3, 3, 1, 5, 10),
    "replaced": (3, 3, 1, 5, 10),
    "unlisted": (3, 5, 1, 5, 10),
    # A rollout that ECS calls FAILED was not FAILED before.
    "failed": (1, 1, 1, 1, 1),
}


@pytest.mark.parametrize("state", sorted(BELIEVED))
def test_looks_until_it_is_believed(state: deployments.State) -> None:
    found = (
        believed_at(state),
        believed_at(state, listed=False),
        believed_at(state, once=True),
        believed_at(state, contradicted=4),
        believed_at(state, contradicted=60),
    )
    assert found == BELIEVED[state]


@pytest.mark.parametrize(
    ("every", "listed", "unlisted", "in_spite"),
    [
        pytest.param(0.5, 9, 17, 37, id="looks are short of each other, so that answers can be equally old"),
        pytest.param(1.0, 5, 9, 19, id="a few services"),
        pytest.param(10.0, 3, 3, 3, id="hundreds of services: three looks are the least"),
    ],
)
def test_how_long_looks_have_to_agree(every: float, listed: int, unlisted: int, in_spite: int) -> None:
    assert believed_at("unlisted", every=every) == listed
    assert believed_at("unlisted", every=every, listed=False) == unlisted
    assert believed_at("unlisted", every=every, contradicted=60) == in_spite


def test_another_look_in_between_begins_anew() -> None:
    doubt = Doubt()
    over = []
    for number, state in enumerate(("going", "went_back", "went_back", "going", "went_back", "went_back", "unlisted")):
        look = Look(t.cast(deployments.State, state), ours=OURS if state != "unlisted" else None)
        doubt.looked(look, 2.0 * number)
        over.append(state != "going" and doubt.is_over(look, lambda: False))
    assert over == [False, False, False, False, False, False, True]
