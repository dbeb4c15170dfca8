# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes that several controllers make."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError, IncompleteAnswerError
from ansible_collections.lastgood.aws.plugins.module_utils._aws.writes import AnswerLost
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import writes
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.deployments import NotDeployed
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Finding
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import (
    FakeAws,
    connection_lost,
    deployment,
    raw_service,
    refused_by_aws,
    service,
    task_definition,
)

COPY = Finding("copy", "info", "web:44 was registered")
DENIED = AwsCallError("Failed to create a task set", refused_by_aws("CreateTaskSet"))
LOST = AwsCallError("Failed to create a task set", connection_lost())


@pytest.mark.parametrize(
    ("error", "notes", "becomes"),
    [
        (LOST, (), AnswerLost),
        (LOST, (COPY,), AnswerLost),
        (DENIED, (), AwsCallError),
        # The copy is there, and the next run uses it.
        (DENIED, (COPY,), NotDeployed),
        (DENIED, (Finding("other", "info", "x"),), AwsCallError),
        (IncompleteAnswerError("there is nothing in it"), (COPY,), (IncompleteAnswerError, AnswerLost)),
    ],
)
def test_a_write_that_cannot_be_looked_for_afterwards(
    error: Exception, notes: tuple[Finding, ...], becomes: type[Exception] | tuple[type[Exception], ...]
) -> None:
    with pytest.raises(becomes), writes.writing("CreateTaskSet", notes):
        raise error


def test_an_answer_that_is_lost_says_that_nobody_knows() -> None:
    with pytest.raises(AnswerLost) as lost, writes.writing("CreateTaskSet"):
        raise LOST
    assert str(lost.value).startswith("the answer to CreateTaskSet was lost (")
    assert "whether AWS applied it is not known" in str(lost.value)


@pytest.mark.parametrize(("tasks", "sent"), [(None, []), (4, []), (3, []), (6, [6])])
def test_only_a_higher_task_count_is_set_at_once(tasks: int | None, sent: list[int]) -> None:
    aws = FakeAws(update_service={"service": raw_service(service(deployment(41), desired=6))})
    now, found = writes.more_tasks(aws, service(41), tasks)
    assert [request["desiredCount"] for request in aws.sent("update_service")] == sent
    assert (now.desired, found) == (6 if sent else 4, ())


def test_a_task_count_that_cannot_be_set_holds_nothing_up() -> None:
    now, [finding] = writes.more_tasks(FakeAws(update_service=refused_by_aws("UpdateService")), service(41), 6)
    assert (now.desired, finding.severity) == (4, "warn")
    assert finding.message.startswith("the task count is still 4, not 6. ")


def test_the_roles_that_are_passed() -> None:
    app, pull = (f"arn:aws:iam::123456789012:role/{name}" for name in ("app", "pull"))
    bare = task_definition(41)

    def passed(**roles: str) -> list[str]:
        return [need.resource for need in writes.passed_roles(replace(bare, content={**bare.content, **roles}))]

    assert passed() == []
    assert passed(taskRoleArn=app, executionRoleArn=pull) == [app, pull]
    assert passed(taskRoleArn=app, executionRoleArn=app) == [app]
    # A name is no resource of a policy.
    assert passed(taskRoleArn="app") == []
    assert writes.passed_roles(None) == ()
