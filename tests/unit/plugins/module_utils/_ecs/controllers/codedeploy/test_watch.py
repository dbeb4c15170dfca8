# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a look at a service that CodeDeploy deploys says, as tables."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.codedeploy import watch
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.deployments import Going, Record
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Deployment, Service
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import (
    FakeAws,
    arn,
    at,
    deployment,
    refused_by_aws,
    service,
)

FORWARD = Going(arn(41), "d-ours", "", frozenset({"ecs-svc/42"}))
BACK = Going(arn(41), "", "d-bad", frozenset({"ecs-svc/42", "ecs-svc/41"}))


def task_set(number: int, by: str, status: str = "PRIMARY", **more: t.Any) -> Deployment:
    return deployment(number, f"ecs-svc/{number}", status, external_id=by, **more)


def on(*task_sets: Deployment, **changes: t.Any) -> Service:
    return service(*task_sets, **changes)


OLD = task_set(42, "d-bad")
OLD_STANDS = task_set(42, "d-bad", "ACTIVE")
OLD_DRAINS = task_set(42, "d-bad", "DRAINING")
OURS = task_set(41, "d-ours")
OURS_COMES = task_set(41, "d-ours", "ACTIVE", running=2)
THEIRS = task_set(43, "d-theirs")


def record(status: str, **more: t.Any) -> Record:
    return Record(status, more.pop("reason", ""), **more)


@pytest.mark.parametrize(
    ("looked_at", "seen", "state"),
    [
        (on(OLD), None, "going"),
        (on(OLD), record("PENDING"), "going"),
        (on(OLD, OURS_COMES), record("IN_PROGRESS"), "going"),
        (on(OLD, OURS_COMES), record("SOMETHING_NEW"), "going"),
        (on(OURS, OLD_STANDS), record("IN_PROGRESS"), "serving"),
        (on(OURS, OLD_STANDS), record("IN_PROGRESS", weight=100.0), "serving"),
        (on(OURS, OLD_STANDS), record("IN_PROGRESS", weight=40.0), "going"),
        (on(dataclasses.replace(OURS, running=3), OLD_STANDS), record("IN_PROGRESS"), "going"),
        (on(dataclasses.replace(OURS, pending=1), OLD_STANDS), record("IN_PROGRESS"), "going"),
        (on(dataclasses.replace(OURS, rollout_state="IN_PROGRESS"), OLD_STANDS), record("IN_PROGRESS"), "going"),
        (on(OURS, OLD_DRAINS), record("SUCCESSFUL"), "serving"),
        (on(OURS), record("SUCCESSFUL"), "stable"),
        # Read before CodeDeploy was done with the original one.
        (on(OURS, OLD_STANDS), record("SUCCESSFUL", ended_ago=1), "serving"),
        (on(OURS, OLD_STANDS), record("SUCCESSFUL", ended_ago=61), "stable"),
        (on(OURS, OLD_STANDS), record("SUCCESSFUL", ended_ago=1, keeps_original=True), "stable"),
        (on(OURS, OLD_DRAINS), record("SUCCESSFUL", keeps_original=True), "serving"),
        # An answer of ECS that is older than the status.
        (on(OLD, OURS_COMES), record("SUCCESSFUL"), "going"),
        (on(), record("SUCCESSFUL"), "going"),
        (on(OLD), record("FAILED"), "failed"),
        (on(OLD), record("STOPPED"), "failed"),
        (on(OLD), record("ROLLBACK_IN_PROGRESS"), "failed"),
        (on(OLD), record("ROLLBACK_SUCCESSFUL"), "failed"),
        (on(OLD), record("ROLLBACK_FAILED"), "failed"),
        (on(THEIRS), record("SUCCESSFUL"), "replaced"),
        (on(THEIRS), record("STOPPED"), "replaced"),
        (on(OURS, status="DRAINING"), record("SUCCESSFUL"), "failed"),
    ],
)
def test_a_deployment_of_ours(looked_at: Service, seen: Record | None, state: str) -> None:
    assert watch.assess(FORWARD, looked_at, seen).state == state


GOOD = task_set(41, "d-good")
GOOD_STANDS = task_set(41, "d-good", "ACTIVE")


@pytest.mark.parametrize(
    ("looked_at", "seen", "state"),
    [
        (on(OLD, GOOD_STANDS), None, "going"),
        (on(OLD, GOOD_STANDS), record("IN_PROGRESS"), "going"),
        # The id of the rollback appears later than the status.
        (on(OLD, GOOD_STANDS), record("STOPPED"), "going"),
        (on(OLD, GOOD_STANDS), record("STOPPED", ended_ago=61), "ended_before"),
        (on(OLD, GOOD_STANDS), record("STOPPED", rollback_told=True), "failed"),
        (on(OLD, GOOD_STANDS), record("ROLLBACK_IN_PROGRESS"), "going"),
        (on(GOOD, OLD_STANDS), record("IN_PROGRESS"), "serving"),
        (on(GOOD, OLD_STANDS), record("ROLLBACK_IN_PROGRESS", weight=50.0), "going"),
        (on(GOOD, OLD_DRAINS), record("ROLLBACK_IN_PROGRESS", weight=100.0), "serving"),
        (on(GOOD, OLD_DRAINS), record("ROLLBACK_SUCCESSFUL", rollback_told=True), "serving"),
        (on(GOOD), record("ROLLBACK_SUCCESSFUL", rollback_told=True), "stable"),
        # There was nothing that CodeDeploy could deploy again: it only returned the traffic, and says so.
        (on(GOOD), record("STOPPED", rollback_told=True), "stable"),
        (on(GOOD), record("STOPPED"), "serving"),
        (on(GOOD), record("STOPPED", ended_ago=61), "stable"),
        (on(OLD), record("SUCCESSFUL"), "ended_before"),
        (on(OLD), record("FAILED"), "going"),
        (on(OLD), record("FAILED", ended_ago=61), "ended_before"),
        (on(OLD), record("ROLLBACK_FAILED"), "failed"),
        (on(THEIRS), record("ROLLBACK_SUCCESSFUL", rollback_told=True), "going"),
        (on(THEIRS), record("ROLLBACK_SUCCESSFUL", rollback_told=True, ended_ago=61), "replaced"),
        (on(), record("ROLLBACK_SUCCESSFUL", rollback_told=True, ended_ago=61), "going"),
        (on(GOOD, status="INACTIVE"), record("ROLLBACK_SUCCESSFUL"), "failed"),
    ],
)
def test_a_deployment_that_codedeploy_undoes(looked_at: Service, seen: Record | None, state: str) -> None:
    assert watch.assess(BACK, looked_at, seen).state == state


@pytest.mark.parametrize(
    ("seen", "stopped", "rolled_back"),
    [
        (record("PENDING"), "going", "going"),
        (record("IN_PROGRESS"), "going", "going"),
        (record("SOMETHING_NEW"), "going", "going"),
        (record("ROLLBACK_IN_PROGRESS"), "going", "going"),
        # The id of the rollback appears later than the status.
        (record("STOPPED"), "ended_before", "going"),
        (record("FAILED"), "ended_before", "going"),
        (record("STOPPED", ended_ago=61), "ended_before", "ended_before"),
        (record("STOPPED", rollback_told=True), "ended_before", "ended_before"),
        (record("SUCCESSFUL"), "ended_before", "ended_before"),
        (record("ROLLBACK_SUCCESSFUL", rollback_told=True), "ended_before", "ended_before"),
        (record("ROLLBACK_FAILED", rollback_told=True), "ended_before", "ended_before"),
    ],
)
def test_a_deployment_that_is_in_the_way(seen: Record, stopped: str, rolled_back: str) -> None:
    for way, expected in (("stopped", stopped), ("rolled_back", rolled_back)):
        watched = dataclasses.replace(BACK, makes_room=way)
        assert watch.assess(watched, on(OLD, GOOD_STANDS), seen).state == expected


def test_the_reason_is_codedeploy_s_own() -> None:
    seen = record("FAILED", reason="HOOK_EXECUTION_FAILURE: no")
    assert watch.assess(FORWARD, on(OLD), seen).reason == "HOOK_EXECUTION_FAILURE: no"
    assert watch.assess(FORWARD, on(OLD), record("STOPPED")).reason == "somebody stopped it"


# -- reading


def raw(id: str, status: str, **more: t.Any) -> dict[str, t.Any]:
    return {"deploymentId": id, "status": status, "createTime": at(0), **more}


def test_a_rollback_is_read_in_the_same_sweep_as_what_it_undoes() -> None:
    answers = {
        "d-bad": raw("d-bad", "Stopped", completeTime=at(1), rollbackInfo={"rollbackDeploymentId": "d-back"}),
        "d-back": raw("d-back", "Succeeded", completeTime=at(2), creator="codeDeployRollback"),
    }
    aws = FakeAws(
        batch_get_deployments=lambda deploymentIds: {"deploymentsInfo": [answers[id_] for id_ in deploymentIds]}
    )
    looker = watch.Looker(aws)
    seen = looker.records({"d-bad": (on(GOOD), arn(41))}, at(3))["d-bad"]
    assert (seen.status, seen.ended_ago, seen.rollback_told) == ("ROLLBACK_SUCCESSFUL", 60.0, True)
    looker.records({"d-bad": (on(GOOD), arn(41))}, at(3))
    assert [sent["deploymentIds"] for sent in aws.sent("batch_get_deployments")] == [
        ["d-bad"],
        ["d-back"],
        ["d-bad", "d-back"],
    ]


def test_the_weight_is_that_of_the_newest_task_set_of_the_target() -> None:
    target = {
        "ecsTarget": {
            "lifecycleEvents": [{"lifecycleEventName": "AllowTraffic", "status": "InProgress"}],
            "taskSetsInfo": [
                {"identifer": "ecs-svc/41", "trafficWeight": 30.0},
                {"identifer": "ecs-svc/42", "trafficWeight": 70.0},
            ],
        }
    }
    aws = FakeAws(
        batch_get_deployments={"deploymentsInfo": [raw("d-ours", "InProgress")]},
        batch_get_deployment_targets={"deploymentTargets": [target]},
    )
    seen = watch.Looker(aws).records({"d-ours": (on(OLD, OURS_COMES), arn(41))}, at(3))["d-ours"]
    assert (seen.stage, seen.weight) == ("AllowTraffic", 30.0)
    assert aws.sent("batch_get_deployment_targets") == [{"deploymentId": "d-ours", "targetIds": ["prod:web"]}]


def test_in_the_wait_for_the_original_task_set_there_is_nothing_more_to_read() -> None:
    waits = raw("d-ours", "InProgress", instanceTerminationWaitTimeStarted=True)
    aws = FakeAws(batch_get_deployments={"deploymentsInfo": [waits]})
    seen = watch.Looker(aws).records({"d-ours": (on(OURS, OLD_STANDS), arn(41))}, at(3))["d-ours"]
    assert (seen.stage, seen.weight) == ("waiting for the end of the original task set", None)
    assert aws.sent("batch_get_deployment_targets") == []


@pytest.mark.parametrize("answer", [refused_by_aws("BatchGetDeploymentTargets"), {"deploymentTargets": []}])
def test_without_a_target_the_weight_is_not_known(answer: object) -> None:
    aws = FakeAws(
        batch_get_deployments={"deploymentsInfo": [raw("d-ours", "InProgress")]}, batch_get_deployment_targets=answer
    )
    seen = watch.Looker(aws).records({"d-ours": (on(OURS), arn(41))}, at(3))["d-ours"]
    assert (seen.stage, seen.weight) == ("InProgress", None)


def test_of_many_only_the_deployments_are_read() -> None:
    aws = FakeAws(
        batch_get_deployments=lambda deploymentIds: {"deploymentsInfo": [raw(i, "InProgress") for i in deploymentIds]}
    )
    watched = {f"d-{number}": (on(OLD), arn(41)) for number in range(30)}
    assert len(watch.Looker(aws).records(watched, at(3))) == 30
    assert [name for name, _params in aws.requests] == ["batch_get_deployments"] * 2


def test_what_cannot_be_read_says_nothing() -> None:
    aws = FakeAws(batch_get_deployments=refused_by_aws("BatchGetDeployments"))
    looker = watch.Looker(aws)
    with pytest.raises(AwsCallError, match="Failed to describe deployments of CodeDeploy"):
        looker.records({"d-ours": (on(OLD), arn(41))}, at(3))
    assert looker.failed_events("d-ours", on(OLD)) == ()
