# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What IAM says an identity may do: SimulatePrincipalPolicy.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
"""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from lastgood_simulator import Simulator

ACCOUNT = "123456789012"
USER = f"arn:aws:iam::{ACCOUNT}:user/deployer"
WEB, API = (f"arn:aws:ecs:us-east-1:{ACCOUNT}:service/prod/{name}" for name in ("web", "api"))


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: Any, resource: Any = "*") -> dict[str, Any]:
    return {"Effect": "Deny", "Action": action, "Resource": resource}


def user(*statements: dict[str, Any]) -> Any:
    """A client of IAM, and a user with these permissions."""
    iam = boto3.client("iam")
    iam.create_user(UserName="deployer")
    if statements:
        iam.put_user_policy(UserName="deployer", PolicyName="some", PolicyDocument=document(*statements))
    return iam


def decisions(iam: Any, *actions: str, resources: list[str], source: str = USER, **more: Any) -> list[str]:
    """By action, then by resource."""
    answer = iam.simulate_principal_policy(
        PolicySourceArn=source, ActionNames=list(actions), ResourceArns=resources, **more
    )
    return [
        one["EvalResourceDecision"]
        for result in answer["EvaluationResults"]
        for one in result["ResourceSpecificResults"]
    ]


@pytest.mark.parametrize(
    ("statements", "decision"),
    [
        ([], "implicitDeny"),
        ([allow("ecs:UpdateService")], "allowed"),
        ([allow("ECS:updateservice")], "allowed"),
        ([allow(["ecs:Update*"], [WEB])], "allowed"),
        ([allow("ecs:UpdateService", API)], "implicitDeny"),
        ([allow("ecs:*"), deny("ecs:UpdateService", WEB)], "explicitDeny"),
        ([{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}], "allowed"),
        ([{"Effect": "Allow", "Action": "ecs:*", "NotResource": WEB}], "implicitDeny"),
    ],
)
def test_policies_of_a_user(sim: Simulator, statements: list[dict[str, Any]], decision: str) -> None:
    assert decisions(user(*statements), "ecs:UpdateService", resources=[WEB]) == [decision]


def test_each_action_on_each_resource(sim: Simulator) -> None:
    iam = user(allow("ecs:*", WEB))
    assert decisions(iam, "ecs:UpdateService", "iam:PassRole", resources=[WEB, API]) == [
        "allowed",
        "implicitDeny",
        "implicitDeny",
        "implicitDeny",
    ]


def test_without_a_resource_all_of_them_are_meant(sim: Simulator) -> None:
    iam = user(allow("ecs:UpdateService", WEB), allow("ecs:ListTasks"))
    answer = iam.simulate_principal_policy(PolicySourceArn=USER, ActionNames=["ecs:UpdateService", "ecs:ListTasks"])
    found = [(r["EvalResourceName"], r["EvalDecision"]) for r in answer["EvaluationResults"]]
    assert found == [("*", "implicitDeny"), ("*", "allowed")]
    assert all(not result.get("ResourceSpecificResults") for result in answer["EvaluationResults"])


def test_policies_of_groups_and_managed_ones(sim: Simulator) -> None:
    iam = user()
    managed = iam.create_policy(PolicyName="update", PolicyDocument=document(allow("ecs:UpdateService")))
    iam.attach_user_policy(UserName="deployer", PolicyArn=managed["Policy"]["Arn"])
    iam.create_group(GroupName="all")
    iam.put_group_policy(GroupName="all", PolicyName="tag", PolicyDocument=document(allow("ecs:TagResource")))
    iam.add_user_to_group(GroupName="all", UserName="deployer")
    assert decisions(iam, "ecs:UpdateService", "ecs:TagResource", "ecs:DeleteService", resources=[WEB]) == [
        "allowed",
        "allowed",
        "implicitDeny",
    ]


def test_a_role_goes_by_its_whole_arn(sim: Simulator) -> None:
    iam = boto3.client("iam")
    role = iam.create_role(RoleName="on-call", Path="/team/", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    iam.put_role_policy(RoleName="on-call", PolicyName="some", PolicyDocument=document(allow("ecs:*")))
    assert decisions(iam, "ecs:UpdateService", resources=[WEB], source=role) == ["allowed"]
    with pytest.raises(ClientError) as caught:
        decisions(iam, "ecs:UpdateService", resources=[WEB], source=f"arn:aws:iam::{ACCOUNT}:role/on-call")
    assert caught.value.response["Error"]["Code"] == "NoSuchEntity"


PASS = allow("iam:PassRole", Condition={"StringEquals": {"iam:PassedToService": ["ecs-tasks.amazonaws.com"]}})


@pytest.mark.parametrize(
    ("value", "decision", "missing"),
    [
        ("ecs-tasks.amazonaws.com", "allowed", []),
        ("lambda.amazonaws.com", "implicitDeny", []),
        (None, "implicitDeny", ["iam:PassedToService"]),
    ],
)
def test_conditions(sim: Simulator, value: str | None, decision: str, missing: list[str]) -> None:
    entry = {"ContextKeyName": "iam:PassedToService", "ContextKeyType": "string"}
    given = {"ContextEntries": [{**entry, "ContextKeyValues": [value]}]} if value else {}
    answer = user(PASS).simulate_principal_policy(
        PolicySourceArn=USER, ActionNames=["iam:PassRole"], ResourceArns=[f"arn:aws:iam::{ACCOUNT}:role/app"], **given
    )
    [one] = answer["EvaluationResults"][0]["ResourceSpecificResults"]
    assert (one["EvalResourceDecision"], one["MissingContextValues"]) == (decision, missing)


@pytest.mark.parametrize(
    ("options", "decision"),
    [
        ({}, "implicitDeny"),
        ({"explicit": True}, "explicitDeny"),
        ({"policy": "scp"}, "implicitDeny"),
        ({"policy": "boundary", "explicit": True}, "explicitDeny"),
        # It does not evaluate these.
        ({"policy": "session"}, "allowed"),
        ({"policy": "endpoint", "explicit": True}, "allowed"),
    ],
)
def test_what_a_test_has_forbidden(sim: Simulator, options: dict[str, Any], decision: str) -> None:
    iam = user(allow("*"))
    sim.deny("ecs:UpdateService", "web", **options)
    assert decisions(iam, "ecs:UpdateService", resources=[WEB, API]) == [decision, "allowed"]


def test_pages(sim: Simulator) -> None:
    iam = user(allow("*"))
    pages = iam.get_paginator("simulate_principal_policy").paginate(
        PolicySourceArn=USER, ActionNames=["ecs:A", "ecs:B", "ecs:C"], PaginationConfig={"PageSize": 2}
    )
    assert [[r["EvalActionName"] for r in page["EvaluationResults"]] for page in pages] == [
        ["ecs:A", "ecs:B"],
        ["ecs:C"],
    ]


def test_whoever_may_not_ask_is_refused(sim: Simulator) -> None:
    sim.deny("iam:SimulatePrincipalPolicy")
    with pytest.raises(ClientError) as caught:
        decisions(user(), "ecs:UpdateService", resources=[WEB])
    assert caught.value.response["Error"]["Code"] == "AccessDenied"
