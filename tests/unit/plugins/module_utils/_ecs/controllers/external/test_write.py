# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The writes that make a task set PRIMARY: create or reuse one, and let it take over."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError
from ansible_collections.lastgood.aws.plugins.module_utils._aws.writes import AnswerLost, PlanIsStale
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.external import write
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.external.task_sets import TaskSet
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import Plan, Way
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Deployment, Service
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import (
    FakeAws,
    arn,
    connection_lost,
    deployment,
    planned,
    raw_service,
    refused_by_aws,
    service,
    task_definition,
    told,
)

PRIMARY = deployment(42, "ecs-svc/42", settings={"launchType": "FARGATE", "platformVersion": "1.4.0"}, scale=80.0)
STANDING = deployment(41, "ecs-svc/41", "ACTIVE", scale=80.0)
ON = service(PRIMARY, STANDING, controller="EXTERNAL")


LEFT, OURS = dataclasses.replace(PRIMARY, status="ACTIVE"), dataclasses.replace(STANDING, status="PRIMARY")


def plan_with(change: object, on: Service = ON) -> Plan:
    target = task_definition(41)
    whole = dataclasses.replace(target, content={**target.content, "family": "web"})
    made = planned(service(42), told(41, 42), having={whole.arn: whole})
    return dataclasses.replace(made, service=on, way=Way("act", "primary_task_set", change=change))


def raw_task_set(id_: str, number: int, status: str = "ACTIVE") -> dict[str, t.Any]:
    return {"id": id_, "status": status, "taskDefinition": arn(number), "computedDesiredCount": 4, "runningCount": 4}


def seen(*task_sets: dict[str, t.Any]) -> dict[str, t.Any]:
    return {"services": [{**raw_service(ON), "taskSets": list(task_sets)}], "failures": []}


def test_a_task_set_is_created_like_the_primary_one() -> None:
    aws = FakeAws(create_task_set={"taskSet": raw_task_set("ecs-svc/new", 41)})
    begun = write.begin(aws, plan_with(TaskSet()), None)
    [sent] = aws.sent("create_task_set")
    assert (sent["taskDefinition"], sent["scale"]) == (arn(41), {"value": 80.0, "unit": "PERCENT"})
    assert (sent["launchType"], sent["platformVersion"]) == ("FARGATE", "1.4.0")
    assert (begun.deployment_id, begun.wrote, begun.copy) == ("ecs-svc/new", True, "")


def token(change: TaskSet, on: Service = ON) -> str:
    aws = FakeAws(create_task_set={"taskSet": raw_task_set("ecs-svc/new", 41)})
    write.begin(aws, plan_with(change, on), None)
    return str(aws.sent("create_task_set")[0]["clientToken"])


def test_the_same_step_creates_one_task_set_and_a_new_one_another() -> None:
    assert token(TaskSet()) == token(TaskSet())
    assert token(TaskSet(is_anew=True)) != token(TaskSet(is_anew=True))
    later = service(dataclasses.replace(PRIMARY, id="ecs-svc/later"), controller="EXTERNAL")
    assert token(TaskSet(), later) != token(TaskSet())
    # ECS takes at most 32 characters of it.
    assert len(token(TaskSet())) == 32


def test_a_copy_is_registered_first() -> None:
    aws = FakeAws(
        describe_task_definition={"taskDefinition": task_definition(43).content},
        register_task_definition={"taskDefinition": {**task_definition(44).content, "taskDefinitionArn": arn(44)}},
        create_task_set={"taskSet": raw_task_set("ecs-svc/new", 44)},
    )
    begun = write.begin(aws, plan_with(TaskSet(copy={"app": "sha256:good"})), None)
    [sent] = aws.sent("create_task_set")
    assert (sent["taskDefinition"], begun.copy, [f.check for f in begun.findings]) == (arn(44), arn(44), ["copy"])


def test_one_that_stands_too_small_is_scaled_up_first() -> None:
    small = dataclasses.replace(STANDING, scale=40.0)
    aws = FakeAws(update_task_set={"taskSet": raw_task_set("ecs-svc/41", 41)})
    begun = write.begin(aws, plan_with(TaskSet(small)), None)
    [sent] = aws.sent("update_task_set")
    assert (sent["taskSet"], sent["scale"]["value"]) == ("ecs-svc/41", 80.0)
    assert begun.deployment_id == "ecs-svc/41"
    assert aws.sent("update_service_primary_task_set") == []


@pytest.mark.parametrize("tasks", [None, 4, 3])
def test_one_that_is_steady_becomes_primary_at_once(tasks: int | None) -> None:
    aws = FakeAws(
        update_service_primary_task_set={},
        describe_services=[primary_is("ecs-svc/42"), primary_is("ecs-svc/41")],
    )
    begun = write.begin(aws, plan_with(TaskSet(STANDING)), tasks)
    [sent] = aws.sent("update_service_primary_task_set")
    assert (sent["primaryTaskSet"], begun.deployment_id, begun.wrote) == ("ecs-svc/41", "ecs-svc/41", True)
    assert begun.service.primary is not None
    assert begun.service.primary.id == "ecs-svc/41"


def test_one_that_is_steady_gets_more_tasks_before_it_takes_over() -> None:
    more = dataclasses.replace(ON, desired=8)
    aws = FakeAws(update_service={"service": raw_service(more)})
    begun = write.begin(aws, plan_with(TaskSet(STANDING)), 8)
    assert aws.sent("update_service") == [{"cluster": ON.cluster_arn, "service": "web", "desiredCount": 8}]
    assert (begun.service.desired, begun.deployment_id, len(aws.requests)) == (8, "ecs-svc/41", 1)


def test_one_that_is_not_steady_yet_is_only_followed() -> None:
    unsteady = dataclasses.replace(STANDING, rollout_state="IN_PROGRESS")
    aws = FakeAws()
    begun = write.begin(aws, plan_with(TaskSet(unsteady)), None)
    assert (begun.deployment_id, aws.requests) == ("ecs-svc/41", [])


def test_without_a_primary_task_set_the_plan_is_stale() -> None:
    aws = FakeAws()
    with pytest.raises(PlanIsStale):
        write.begin(aws, plan_with(TaskSet(STANDING), service(STANDING, controller="EXTERNAL")), None)
    assert aws.requests == []


@pytest.mark.parametrize(
    ("operation", "change"),
    [
        ("create_task_set", TaskSet()),
        ("update_task_set", TaskSet(dataclasses.replace(STANDING, scale=40.0))),
        ("delete_task_set", TaskSet(in_preparation=STANDING)),
    ],
)
def test_a_lost_answer_to_a_write_says_so(operation: str, change: TaskSet) -> None:
    aws = FakeAws(**{operation: connection_lost()})
    with pytest.raises(AnswerLost, match=operation.replace("_", " ").title().replace(" ", "")):
        write.begin(aws, plan_with(change), None)


def test_without_a_target_the_plan_is_stale() -> None:
    aws = FakeAws()
    with pytest.raises(PlanIsStale):
        write.begin(aws, dataclasses.replace(plan_with(TaskSet(STANDING)), target=None), None)
    assert aws.requests == []


def test_one_whose_scale_aws_does_not_say_is_not_scaled() -> None:
    unsteady = dataclasses.replace(STANDING, rollout_state="IN_PROGRESS", scale=None)
    aws = FakeAws()
    assert write.begin(aws, plan_with(TaskSet(unsteady)), None).deployment_id == "ecs-svc/41"
    assert aws.requests == []


# -- taking away what is still being brought up


@pytest.mark.parametrize("is_seen", [True, False])
def test_one_in_preparation_is_deleted_and_the_primary_one_stays(is_seen: bool) -> None:
    look = seen(raw_task_set("ecs-svc/42", 42, "PRIMARY")) if is_seen else refused_by_aws("DescribeServices")
    aws = FakeAws(delete_task_set={}, describe_services=look)
    begun = write.begin(aws, plan_with(TaskSet(in_preparation=STANDING)), None)
    [sent] = aws.sent("delete_task_set")
    assert (sent["service"], sent["taskSet"]) == ("web", "ecs-svc/41")
    assert (begun.deployment_id, begun.wrote) == ("ecs-svc/42", True)
    assert [d.id for d in begun.service.deployments] == ["ecs-svc/42"] if is_seen else begun.service is ON
    [said] = begun.findings
    assert (said.check, said.severity) == ("task_set_deleted", "info")
    assert "task set ecs-svc/41 of web:41 was deleted" in said.message
    assert aws.sent("create_task_set") == []


# -- taking over


def primary_is(id_: str) -> dict[str, t.Any]:
    other: Deployment = PRIMARY if id_ == STANDING.id else STANDING
    return seen(raw_task_set(id_, 41, "PRIMARY"), raw_task_set(other.id, 42))


def test_a_lost_answer_is_made_up_for_by_a_look() -> None:
    aws = FakeAws(update_service_primary_task_set=connection_lost(), describe_services=primary_is("ecs-svc/41"))
    now = write.promote(aws, ON, "ecs-svc/41").service
    assert now.primary is not None
    assert now.primary.id == "ecs-svc/41"


@pytest.mark.parametrize(
    ("answer", "look"),
    [
        (connection_lost(), primary_is("ecs-svc/42")),
        (connection_lost(), seen(raw_task_set("ecs-svc/41", 41))),
        (connection_lost(), refused_by_aws("DescribeServices")),
        # It was refused: what is PRIMARY then is not our doing.
        (refused_by_aws("UpdateServicePrimaryTaskSet"), primary_is("ecs-svc/41")),
    ],
    ids=["another is PRIMARY", "none is PRIMARY", "no look", "refused"],
)
def test_what_did_not_take_over_is_said(answer: Exception, look: t.Any) -> None:
    aws = FakeAws(update_service_primary_task_set=answer, describe_services=look)
    with pytest.raises(AwsCallError):
        write.promote(aws, ON, "ecs-svc/41")


def test_if_the_service_cannot_be_read_afterwards_it_is_as_aws_has_accepted_it() -> None:
    aws = FakeAws(update_service_primary_task_set={}, describe_services=refused_by_aws("DescribeServices"))
    assert [d.status for d in write.promote(aws, ON, "ecs-svc/41").service.deployments] == ["ACTIVE", "PRIMARY"]


@pytest.mark.parametrize(
    ("after", "told"),
    [
        ((PRIMARY, STANDING), 0),
        ((LEFT, OURS), 0),
        ((LEFT, OURS, deployment(43, "ecs-svc/43", "ACTIVE")), 1),
        # Whoever came after us is told of by watching.
        ((LEFT, STANDING, deployment(43, "ecs-svc/43")), 0),
        ((LEFT, STANDING, deployment(43, "ecs-svc/43", "ACTIVE")), 1),
    ],
    ids=["nothing", "ours", "another was created", "another is PRIMARY", "another was created and none is PRIMARY"],
)
def test_what_was_created_at_the_moment_of_the_write_is_told(after: tuple[Deployment, ...], told: int) -> None:
    found = write.superseded(ON, dataclasses.replace(ON, deployments=after), "ecs-svc/41")
    assert [(finding.check, finding.severity) for finding in found] == [("superseded_another", "warn")] * told
    assert all("web:43" in finding.message for finding in found)


def test_before_the_write_somebody_has_made_another_one_primary() -> None:
    aws = FakeAws(describe_services=seen(raw_task_set("ecs-svc/43", 43, "PRIMARY"), raw_task_set("ecs-svc/41", 41)))
    with pytest.raises(PlanIsStale, match="another task set is PRIMARY"):
        write.begin(aws, plan_with(TaskSet(STANDING)), None)
    assert aws.sent("update_service_primary_task_set") == []


def test_a_service_that_is_gone_is_seen_as_inactive() -> None:
    aws = FakeAws(describe_services={"services": [], "failures": [{"arn": ON.arn, "reason": "MISSING"}]})
    now = write.look(aws, ON)
    assert (now.name, now.status, now.deployments) == ("web", "INACTIVE", ())
    assert not write.is_replaceable(now, {"ecs-svc/42"})


@pytest.mark.parametrize(("known", "may"), [({"ecs-svc/42"}, True), ({"ecs-svc/41"}, False), (set(), False)])
def test_only_a_primary_one_that_was_known_is_replaced(known: set[str], may: bool) -> None:
    assert write.is_replaceable(ON, known) is may


def test_a_plan_that_asks_for_no_task_set_has_an_empty_one() -> None:
    assert write.task_set_of(plan_with(None)) == TaskSet()
    assert write.task_set_of(plan_with(TaskSet(STANDING))).standing is STANDING
