# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What IAM's simulation says, and whom it can be asked about."""

from __future__ import annotations

import typing as t

import botocore.exceptions
import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import Need
from ansible_collections.lastgood.aws.plugins.module_utils._status import simulation
from ansible_collections.lastgood.aws.plugins.module_utils._status.simulation import Simulation
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import FakeAws, refused_by_aws

ACCOUNT = "123456789012"
WEB = f"arn:aws:ecs:eu-central-1:{ACCOUNT}:service/prod/web"
API = f"arn:aws:ecs:eu-central-1:{ACCOUNT}:service/prod/api"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/app"
USER = f"arn:aws:iam::{ACCOUNT}:user/on-call"
ASSUMED = f"arn:aws:sts::{ACCOUNT}:assumed-role/on-call/session"
UPDATE, TAG = Need("ecs:UpdateService", WEB), Need("ecs:TagResource", WEB)


def specific(resource: str, decision: str, *missing: str) -> dict[str, t.Any]:
    return {"EvalResourceName": resource, "EvalResourceDecision": decision, "MissingContextValues": list(missing)}


def result(action: str, decision: str, *each: dict[str, t.Any], missing: t.Sequence[str] = ()) -> dict[str, t.Any]:
    return {
        "EvalActionName": action,
        # Not the resource that was asked about, but the template of its kind.
        "EvalResourceName": "arn:${Partition}:ecs:${Region}:${Account}:service/${ClusterName}/${ServiceName}",
        "EvalDecision": decision,
        "ResourceSpecificResults": list(each),
        "MissingContextValues": list(missing),
    }


def answer(*results: dict[str, t.Any], marker: str = "") -> dict[str, t.Any]:
    return {"EvaluationResults": list(results), "IsTruncated": bool(marker), **({"Marker": marker} if marker else {})}


@pytest.mark.parametrize(
    ("identity", "source"),
    [
        (USER, USER),
        (f"arn:aws:iam::{ACCOUNT}:user/team/on-call", f"arn:aws:iam::{ACCOUNT}:user/team/on-call"),
        (ASSUMED, f"arn:aws:iam::{ACCOUNT}:role/on-call"),
        (f"arn:aws-cn:sts::{ACCOUNT}:assumed-role/r/s", f"arn:aws-cn:iam::{ACCOUNT}:role/r"),
    ],
)
def test_whom_iam_is_asked_about(identity: str, source: str) -> None:
    assert simulation.source_of(identity) == source


@pytest.mark.parametrize(
    ("identity", "called"),
    [
        (f"arn:aws:iam::{ACCOUNT}:root", "the root user of the account."),
        (f"arn:aws:sts::{ACCOUNT}:federated-user/bob", "federated-user/bob."),
    ],
)
def test_whom_iam_cannot_be_asked_about(identity: str, called: str) -> None:
    asked = Simulation(FakeAws(get_caller_identity={"Arn": identity}))
    asked.ask([UPDATE])
    assert asked.problem.startswith("IAM can be asked about users and roles only, and the identity in use is ")
    assert asked.problem.endswith(called)
    assert asked.of(UPDATE) == "unknown"


@pytest.mark.parametrize(
    ("results", "need", "decision"),
    [
        ([result("ecs:UpdateService", "allowed", specific(WEB, "allowed"))], UPDATE, "allowed"),
        ([result("ecs:UpdateService", "implicitDeny", specific(WEB, "implicitDeny"))], UPDATE, "denied"),
        ([result("ecs:UpdateService", "explicitDeny", specific(WEB, "explicitDeny"))], UPDATE, "denied"),
        # The decision on the resource counts.
        ([result("ecs:UpdateService", "implicitDeny", specific(WEB, "allowed"))], UPDATE, "allowed"),
        ([result("ecs:UpdateService", "allowed", specific(API, "allowed"))], UPDATE, None),
        # It depends on what only a request brings along.
        (
            [result("ecs:UpdateService", "implicitDeny", specific(WEB, "implicitDeny", "aws:SourceIp"))],
            UPDATE,
            "unknown",
        ),
        ([result("ecs:UpdateService", "allowed", specific(WEB, "allowed", "aws:SourceIp"))], UPDATE, "allowed"),
        ([result("ecs:UpdateService", "newWord", specific(WEB, "newWord"))], UPDATE, "unknown"),
        # On all resources: what is denied there may be allowed on the one that matters.
        ([result("ecs:ListTasks", "allowed")], Need("ecs:ListTasks"), "allowed"),
        ([result("ecs:ListTasks", "implicitDeny")], Need("ecs:ListTasks"), "unknown"),
    ],
)
def test_decisions(results: list[dict[str, t.Any]], need: Need, decision: str | None) -> None:
    assert simulation.decisions(results).get(need) == decision


def test_needs_on_the_same_kind_of_resource_go_together() -> None:
    others = [Need("iam:PassRole", ROLE), Need("ecs:ListTasks"), Need("ecs:UpdateService", API)]
    assert simulation.grouped([UPDATE, *others, TAG]) == [[UPDATE, others[2], TAG], [others[0]], [others[1]]]


def test_each_is_asked_once_and_pages_are_followed() -> None:
    first = answer(result("ecs:UpdateService", "allowed", specific(WEB, "allowed")), marker="2")
    second = answer(result("ecs:TagResource", "implicitDeny", specific(WEB, "implicitDeny")))
    aws = FakeAws(get_caller_identity={"Arn": USER}, simulate_principal_policy=[first, second])
    asked = Simulation(aws)
    asked.ask([UPDATE, TAG, UPDATE])
    asked.ask([TAG])
    assert (asked.of(UPDATE), asked.of(TAG), asked.problem, asked.identity) == ("allowed", "denied", "", USER)
    one, two = aws.sent("simulate_principal_policy")
    assert (one["PolicySourceArn"], one["ActionNames"], one["ResourceArns"]) == (
        USER,
        ["ecs:UpdateService", "ecs:TagResource"],
        [WEB],
    )
    assert two["Marker"] == "2"


def test_each_cluster_is_asked_about_by_itself() -> None:
    allowed = answer(result("ecs:UpdateService", "allowed", specific(WEB, "allowed")))
    denied = answer(result("ecs:UpdateService", "implicitDeny", specific(WEB, "implicitDeny")))
    aws = FakeAws(get_caller_identity={"Arn": USER}, simulate_principal_policy=[allowed, denied])
    asked = Simulation(aws)
    found = []
    for cluster in ("arn:one", "arn:two"):
        asked.ask([UPDATE], cluster)
        found.append(asked.of(UPDATE))
    assert found == ["allowed", "denied"]
    context = [
        {entry["ContextKeyName"]: entry["ContextKeyValues"] for entry in params["ContextEntries"]}
        for params in aws.sent("simulate_principal_policy")
    ]
    passed = {"iam:PassedToService": ["ecs-tasks.amazonaws.com"]}
    assert context == [{**passed, "ecs:cluster": ["arn:one"]}, {**passed, "ecs:cluster": ["arn:two"]}]


def test_without_a_resource_all_of_them_are_meant() -> None:
    aws = FakeAws(
        get_caller_identity={"Arn": USER}, simulate_principal_policy=answer(result("ecs:ListTasks", "allowed"))
    )
    asked = Simulation(aws)
    asked.ask([Need("ecs:ListTasks")])
    assert asked.of(Need("ecs:ListTasks")) == "allowed"
    assert "ResourceArns" not in aws.sent("simulate_principal_policy")[0]


def test_many_resources_are_asked_about_in_batches() -> None:
    arns = [f"{WEB}{number}" for number in range(60)]

    def simulate(**params: t.Any) -> dict[str, t.Any]:
        return answer(
            result("ecs:UpdateService", "allowed", *(specific(arn, "allowed") for arn in params["ResourceArns"]))
        )

    aws = FakeAws(get_caller_identity={"Arn": USER}, simulate_principal_policy=simulate)
    asked = Simulation(aws)
    needs = [Need("ecs:UpdateService", arn) for arn in arns]
    asked.ask(needs)
    assert {asked.of(need) for need in needs} == {"allowed"}
    assert [len(params["ResourceArns"]) for params in aws.sent("simulate_principal_policy")] == [50, 10]


def test_the_path_of_a_role_is_looked_up() -> None:
    whole = f"arn:aws:iam::{ACCOUNT}:role/aws-reserved/sso.amazonaws.com/on-call"

    def simulate(**params: t.Any) -> dict[str, t.Any]:
        if params["PolicySourceArn"] != whole:
            raise refused_by_aws("SimulatePrincipalPolicy", "NoSuchEntity")
        return answer(result("ecs:UpdateService", "allowed", specific(WEB, "allowed")))

    aws = FakeAws(
        get_caller_identity={"Arn": ASSUMED}, get_role={"Role": {"Arn": whole}}, simulate_principal_policy=simulate
    )
    asked = Simulation(aws)
    asked.ask([UPDATE])
    asked.ask([Need("iam:PassRole", ROLE)])
    assert (asked.of(UPDATE), asked.problem) == ("allowed", "")
    assert len(aws.sent("get_role")) == 1


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ({"simulate_principal_policy": refused_by_aws("SimulatePrincipalPolicy")}, "iam:SimulatePrincipalPolicy"),
        ({"simulate_principal_policy": {}}, "lacks 'EvaluationResults'"),
        ({"get_caller_identity": refused_by_aws("GetCallerIdentity")}, "sts:GetCallerIdentity"),
        (
            {"simulate_principal_policy": refused_by_aws("SimulatePrincipalPolicy", "NoSuchEntity", "not found")},
            "NoSuchEntity",
        ),
        (
            {"simulate_principal_policy": botocore.exceptions.EndpointConnectionError(endpoint_url="https://iam/")},
            "No answer came from AWS",
        ),
    ],
)
def test_if_iam_cannot_be_asked_that_is_said_and_nothing_is_asked_again(answers: dict[str, t.Any], told: str) -> None:
    aws = FakeAws(**{"get_caller_identity": {"Arn": USER}, **answers})
    asked = Simulation(aws)
    asked.ask([UPDATE])
    requests = len(aws.requests)
    asked.ask([TAG])
    assert told in asked.problem
    assert (asked.of(UPDATE), len(aws.requests)) == ("unknown", requests)
