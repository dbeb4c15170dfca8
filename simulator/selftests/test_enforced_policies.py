# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a user with a policy may do: the conditions of its statements are evaluated as AWS evaluates them."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import settings

from selftests.cluster import Cluster

ROLE = "arn:aws:iam::123456789012:role/app"
SERVICE = "arn:aws:ecs:us-east-1:123456789012:service/prod/web"
TASK_DEFINITION = "arn:aws:ecs:us-east-1:123456789012:task-definition/web:1"
HERE = {"ArnLike": {"ecs:cluster": "arn:aws:ecs:*:*:cluster/prod"}}
ELSEWHERE = {"ArnEquals": {"ecs:cluster": "arn:aws:ecs:us-east-1:123456789012:cluster/other"}}
OUR_TAGS = {"ForAllValues:StringLike": {"aws:TagKeys": "lastgood:*"}}
TO_TASKS = {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}
TO_ECS = {"StringEquals": {"iam:PassedToService": ["ecs.amazonaws.com"]}}
OURS, THEIRS = ([{"key": key, "value": "x"}] for key in ("lastgood:bad", "team"))


@pytest.fixture
def enforced(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A function that gives the user's client of ECS, with these statements. ``web`` runs in ``prod``."""
    cluster.ecs.register_task_definition(
        family="web", taskRoleArn=ROLE, containerDefinitions=[{"name": "app", "image": "web:1", "memory": 128}]
    )
    cluster.create(launchType="EC2")
    iam = boto3.client("iam")
    iam.create_user(UserName="on-call")

    def user(*statements: dict[str, Any]) -> Any:
        policy = {"Version": "2012-10-17", "Statement": list(statements)}
        iam.put_user_policy(UserName="on-call", PolicyName="some", PolicyDocument=json.dumps(policy))
        key = iam.create_access_key(UserName="on-call")["AccessKey"]
        monkeypatch.setattr(settings, "INITIAL_NO_AUTH_ACTION_COUNT", 0)
        named = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
        return boto3.client("ecs", aws_session_token=None, **named)

    return user


def allow(*actions: str, resource: Any = "*", **condition: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource, "Condition": condition}


ALL = allow("*")


@pytest.mark.parametrize(
    ("statements", "operation", "params", "answered"),
    [
        ([allow("ecs:*", **HERE)], "describe_services", {"cluster": "prod", "services": ["web"]}, True),
        ([allow("ecs:*", **ELSEWHERE)], "describe_services", {"cluster": "prod", "services": ["web"]}, False),
        ([allow("ecs:*", **HERE)], "list_tasks", {"cluster": "prod"}, True),
        ([allow("ecs:*", **HERE)], "list_tasks", {}, False),
        ([ALL, {**allow("ecs:*", **HERE), "Effect": "Deny"}], "list_tasks", {"cluster": "prod"}, False),
        ([ALL, {**allow("ecs:*", **ELSEWHERE), "Effect": "Deny"}], "list_tasks", {"cluster": "prod"}, True),
        # A task definition is in no cluster, and an operation without the key has no cluster either.
        ([allow("ecs:*", **HERE)], "tag_resource", {"resourceArn": SERVICE, "tags": OURS}, True),
        ([allow("ecs:*", **HERE)], "tag_resource", {"resourceArn": TASK_DEFINITION, "tags": OURS}, False),
        ([allow("ecs:*", **HERE)], "describe_task_definition", {"taskDefinition": "web:1"}, False),
        ([allow("ecs:*", **OUR_TAGS)], "describe_task_definition", {"taskDefinition": "web:1"}, True),
        ([allow("ecs:*", **OUR_TAGS)], "tag_resource", {"resourceArn": TASK_DEFINITION, "tags": OURS}, True),
        ([allow("ecs:*", **OUR_TAGS)], "tag_resource", {"resourceArn": TASK_DEFINITION, "tags": OURS + THEIRS}, False),
        ([allow("ecs:*", **OUR_TAGS)], "untag_resource", {"resourceArn": SERVICE, "tagKeys": ["team"]}, False),
        ([allow("ecs:*", resource=SERVICE)], "describe_services", {"cluster": "prod", "services": ["web"]}, True),
        ([allow("ecs:*", resource=SERVICE)], "describe_services", {"cluster": "prod", "services": ["api"]}, False),
    ],
)
def test_what_a_policy_allows(
    enforced: Any, statements: list[dict[str, Any]], operation: str, params: dict[str, Any], answered: bool
) -> None:
    assert _answers(enforced(*statements), operation, params) == answered


@pytest.mark.parametrize(
    ("condition", "deployed"),
    [({}, True), (TO_TASKS, True), (TO_ECS, False), (HERE, False)],
)
def test_to_which_service_a_role_is_passed(enforced: Any, condition: dict[str, Any], deployed: bool) -> None:
    ecs = enforced(allow("ecs:*"), allow("iam:PassRole", **condition))
    assert _answers(ecs, "update_service", {"cluster": "prod", "service": "web", "taskDefinition": "web:1"}) == deployed
    assert _answers(ecs, "update_service", {"cluster": "prod", "service": "web", "desiredCount": 3})


def test_an_operator_that_nobody_evaluates_is_an_error(enforced: Any) -> None:
    ecs = enforced(allow("ecs:*", NumericEquals={"ecs:cluster": "1"}))
    with pytest.raises(ClientError, match="does not evaluate the condition operator NumericEquals"):
        ecs.list_tasks(cluster="prod")


def _answers(ecs: Any, operation: str, params: dict[str, Any]) -> bool:
    try:
        getattr(ecs, operation)(**params)
    except ecs.exceptions.AccessDeniedException:
        return False
    return True
