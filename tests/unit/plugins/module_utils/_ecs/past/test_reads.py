# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading services and task definitions: as few calls as possible, and nothing that is missing goes unnoticed."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError

from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError, IncompleteAnswerError
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Pause
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past import reads
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import (
    FakeAws,
    NoSuchTaskDefinition,
    arn,
    at,
    raw_service,
    refused_by_aws,
    service,
)


def describe_services(services: list[str], **_params: t.Any) -> dict[str, t.Any]:
    """All but those with "gone" in their name."""
    return {
        "services": [raw_service(service(42, name=name)) for name in services if "gone" not in name],
        "failures": [{"arn": name, "reason": "MISSING"} for name in services if "gone" in name],
    }


@pytest.mark.parametrize(("count", "calls"), [(0, []), (1, [1]), (10, [10]), (11, [10, 1]), (25, [10, 10, 5])])
def test_services_are_asked_for_ten_a_call(count: int, calls: list[int]) -> None:
    aws = FakeAws(describe_services=describe_services)
    wanted = [f"web-{n}" for n in range(count)]
    assert list(reads.services(aws, "prod", wanted)) == wanted
    assert [len(request["services"]) for request in aws.sent("describe_services")] == calls


def test_a_service_that_is_missing_keeps_the_reason() -> None:
    found = reads.services(FakeAws(describe_services=describe_services), "prod", ["web", "gone"])
    assert found["gone"] == "MISSING"
    assert not isinstance(found["web"], str)
    assert found["web"].name == "web"


def test_a_service_that_the_answer_passes_over_is_no_missing_one() -> None:
    aws = FakeAws(describe_services={"services": [raw_service(service(42))], "failures": []})
    with pytest.raises(IncompleteAnswerError, match=r"services\[api\]"):
        reads.services(aws, "prod", ["web", "api"])


@pytest.mark.parametrize(
    ("hooks", "expected"),
    [
        (None, None),
        ([], None),
        ([{"hookId": "h1", "status": "SUCCEEDED"}, {"hookId": "h2", "status": "IN_PROGRESS"}], None),
        # without an id nobody could continue it
        ([{"status": "AWAITING_ACTION"}], None),
        ([{"hookId": "h1", "status": "AWAITING_ACTION"}], Pause("h1", None, "")),
        (
            [
                {"hookId": "h1", "status": "SUCCEEDED"},
                {"hookId": "h2", "status": "AWAITING_ACTION", "expiresAt": at(60), "timeoutAction": "ROLLBACK"},
            ],
            Pause("h2", at(60), "ROLLBACK"),
        ),
    ],
)
def test_the_hook_that_a_deployment_waits_at(hooks: t.Any, expected: Pause | None) -> None:
    assert reads.pause({} if hooks is None else {"lifecycleHookDetails": hooks}) == expected


def described(taskDefinition: str, **_params: t.Any) -> t.Any:
    """Revisions from 42 on do not exist."""
    number = int(taskDefinition.rpartition(":")[2])
    if number >= 42:
        return NoSuchTaskDefinition()
    content = {"taskDefinitionArn": arn(number), "status": "ACTIVE"}
    return {"taskDefinition": content, "tags": [{"key": "lastgood:bad", "value": "slow"}]}


def test_a_task_definition_is_read_once() -> None:
    aws = FakeAws(describe_task_definition=described)
    task_definitions = reads.TaskDefinitions(aws)
    # By its ARN it is known, even if it was asked for by its short name.
    found = [task_definitions.read(name) for name in ("web:41", "web:41", arn(41))]
    assert {one.arn for one in found} == {arn(41)}
    assert (found[0].status, found[0].tags) == ("ACTIVE", {"lastgood:bad": "slow"})
    assert [request["taskDefinition"] for request in aws.sent("describe_task_definition")] == ["web:41"]


def test_a_task_definition_that_is_missing_is_asked_for_once() -> None:
    aws = FakeAws(describe_task_definition=described)
    task_definitions = reads.TaskDefinitions(aws)
    for _time in range(2):
        found = task_definitions.read(arn(42))
        assert (found.arn, found.status, found.content) == (arn(42), reads.MISSING, {})
    assert len(aws.sent("describe_task_definition")) == 1


def test_a_task_definition_that_could_not_be_read_is_asked_for_again() -> None:
    aws = FakeAws(describe_task_definition=[refused_by_aws("DescribeTaskDefinition"), described])
    task_definitions = reads.TaskDefinitions(aws)
    with pytest.raises(AwsCallError, match=arn(41)):
        task_definitions.read(arn(41))
    assert task_definitions.known == {}
    assert task_definitions.read(arn(41)).status == "ACTIVE"


def test_the_revisions_of_a_family_are_listed_once_with_all_pages() -> None:
    pages: list[t.Any] = [
        {"taskDefinitionArns": [arn(42)], "nextToken": "more"},
        {"taskDefinitionArns": [arn(41)]},
        {"taskDefinitionArns": []},
    ]
    aws = FakeAws(list_task_definitions=pages)
    task_definitions = reads.TaskDefinitions(aws)
    assert [task_definitions.registered("web") for _time in range(2)] == [[arn(42), arn(41)]] * 2
    # A family without revisions is no reason to ask twice either.
    assert [task_definitions.registered("api") for _time in range(2)] == [[], []]
    sent = aws.sent("list_task_definitions")
    assert [(request["familyPrefix"], request["status"], request["sort"]) for request in sent] == [
        ("web", "ACTIVE", "DESC"),
        ("web", "ACTIVE", "DESC"),
        ("api", "ACTIVE", "DESC"),
    ]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (AwsCallError("Failed to read it", refused_by_aws("DescribeServices"), service="ecs"), "ecs:DescribeServices"),
        (IncompleteAnswerError("The answer to describe_services lacks 'services'"), "lacks 'services'"),
        (AnsibleAWSError(message="Something else failed"), "Something else failed"),
    ],
)
def test_whatever_went_wrong_is_explained(error: AnsibleAWSError, words: str) -> None:
    assert words in reads.explain(error)
