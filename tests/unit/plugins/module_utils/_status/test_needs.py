# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a rollback may write, and what of that is missing."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Denied
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import Need
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Service
from ansible_collections.lastgood.aws.plugins.module_utils._scaling.model import NONE, ScalableTarget
from ansible_collections.lastgood.aws.plugins.module_utils._status import needs
from ansible_collections.lastgood.aws.plugins.module_utils._status.needs import Lack, Wanted
from ansible_collections.lastgood.aws.plugins.module_utils._status.permissions import Weight
from ansible_collections.lastgood.aws.plugins.module_utils._status.simulation import Decision
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import (
    ACCOUNT,
    arn,
    controller_of,
    deployment,
    planned,
    service,
    task_definition,
    told,
)

WEB = f"{ACCOUNT}:service/prod/web"
ROLES = {"taskRoleArn": "arn:aws:iam::123456789012:role/app", "executionRoleArn": "arn:aws:iam::123456789012:role/ecs"}
SCALED = ScalableTarget(
    "service/prod/web", "arn:aws:application-autoscaling:eu-central-1:1:scalable-target/1", 1, 9, NONE
)


def weights(on: Service, *story: t.Any, scaled: ScalableTarget | None = None, **more: t.Any) -> dict[str, Weight]:
    """By permission. Marks are there on two resources."""
    made = planned(on, told(*story) if story else None, **more)
    return {wanted.need.action: wanted.weight for wanted in needs.of_plan(made, controller_of(on), scaled)}


def test_what_a_rolling_rollback_needs() -> None:
    assert weights(service(2), 1, 2) == {
        "ecs:UpdateService": "required",
        "ecs:StopServiceDeployment": "lesser",
        "ecs:ContinueServiceDeployment": "lesser",
        "ecs:TagResource": "lesser",
        "ecs:UntagResource": "lesser",
        "ecs:RegisterTaskDefinition": "lesser",
        "ecs:ListTasks": "lesser",
        "ecs:DescribeTasks": "lesser",
        "ecs:DeregisterTaskDefinition": "option",
        "ecs:ListClusters": "option",
        "ecs:ListServices": "option",
    }


def test_a_running_deployment_has_to_be_stopped() -> None:
    running = deployment(2, rollout="IN_PROGRESS")
    found = weights(service(running, deployment(1, status="ACTIVE")), 1, (2, "IN_PROGRESS"))
    assert (found["ecs:StopServiceDeployment"], found["ecs:UpdateService"]) == ("required", "lesser")


def test_if_there_is_nothing_to_do_the_next_rollback_counts() -> None:
    assert weights(service(1), (1, "SUCCESSFUL"), (2, "ROLLBACK_SUCCESSFUL", 1))["ecs:UpdateService"] == "required"


def test_roles_are_passed() -> None:
    good = task_definition(1)
    good = dataclasses.replace(good, content={**good.content, **ROLES})
    on = service(2)
    made = planned(on, told(1, 2), having={good.arn: good})
    found = [w for w in needs.of_plan(made, controller_of(on), None) if w.need.action == "iam:PassRole"]
    assert found == [Wanted(Need("iam:PassRole", role), "required") for role in ROLES.values()]


def test_load_balancers_and_scalable_targets_need_more() -> None:
    found = weights(service(2, load_balancers=({"targetGroupArn": "tg"},)), 1, 2, scaled=SCALED)
    assert found["elasticloadbalancing:DescribeTargetHealth"] == "lesser"
    assert found["application-autoscaling:RegisterScalableTarget"] == "option"


@pytest.mark.parametrize(
    ("controller", "required", "lesser"),
    [
        ("CODE_DEPLOY", "codedeploy:CreateDeployment", "codedeploy:StopDeployment"),
        ("EXTERNAL", "ecs:UpdateServicePrimaryTaskSet", "ecs:DeleteTaskSet"),
    ],
)
def test_other_controllers_need_other_things(controller: str, required: str, lesser: str) -> None:
    found = weights(service(deployment(2, rollout="STEADY_STATE"), controller=controller))
    assert (found[required], found[lesser]) == ("required", "lesser")
    assert "ecs:UpdateService" not in found


def test_resources() -> None:
    on = service(2)
    found = {w.need.action: w.need.resource for w in needs.of_plan(planned(on, told(1, 2)), controller_of(on), None)}
    assert found["ecs:UpdateService"] == WEB
    assert found["ecs:StopServiceDeployment"].startswith(f"{ACCOUNT}:service-deployment/prod/web/")
    assert (found["ecs:TagResource"], found["ecs:RegisterTaskDefinition"]) == (arn(2), arn(1))
    assert found["ecs:ListTasks"] == ""


UPDATE = Wanted(Need("ecs:UpdateService", WEB), "required")
TAGS = [Wanted(Need("ecs:TagResource", resource), "lesser") for resource in (WEB, arn(2))]
LIST = Wanted(Need("ecs:ListClusters"), "option")


@pytest.mark.parametrize(
    ("said", "met", "asked", "expected"),
    [
        ({}, [], False, []),
        ({need: "allowed" for need in (UPDATE.need, *(tag.need for tag in TAGS), LIST.need)}, [], True, []),
        (
            {UPDATE.need: "denied", LIST.need: "denied", TAGS[0].need: "allowed", TAGS[1].need: "denied"},
            [],
            True,
            [
                Lack("ecs:UpdateService", "missing", "required", (WEB,)),
                Lack("ecs:TagResource", "missing", "lesser", (arn(2),)),
                Lack("ecs:ListClusters", "missing", "option"),
            ],
        ),
        # Doubts come last, and none about options.
        (
            {UPDATE.need: "unknown", TAGS[0].need: "denied", TAGS[1].need: "denied", LIST.need: "unknown"},
            [],
            True,
            [
                Lack("ecs:TagResource", "missing", "lesser", (WEB, arn(2))),
                Lack("ecs:UpdateService", "unknown", "required", (WEB,)),
            ],
        ),
        # What was met is known, whatever IAM says.
        (
            {UPDATE.need: "allowed", TAGS[0].need: "allowed", TAGS[1].need: "allowed", LIST.need: "allowed"},
            [Denied("ecs:ListServiceDeployments", WEB), Denied("ecs:ListServiceDeployments", "")],
            True,
            [Lack("ecs:ListServiceDeployments", "missing", "required", (WEB,), met=True)],
        ),
    ],
)
def test_what_is_missing(said: dict[Need, Decision], met: list[Denied], asked: bool, expected: list[Lack]) -> None:
    assert needs.lacks([UPDATE, *TAGS, LIST], lambda need: said[need], met, asked) == expected


@pytest.mark.parametrize(
    ("lack", "stops"),
    [
        (Lack("ecs:UpdateService", "missing", "required"), True),
        (Lack("ecs:UpdateService", "unknown", "required"), False),
        (Lack("ecs:TagResource", "missing", "lesser"), False),
        # The plan says whether it can do without.
        (Lack("ecs:ListServiceDeployments", "missing", "required", met=True), False),
    ],
)
def test_what_stops_a_rollback(lack: Lack, stops: bool) -> None:
    assert lack.stops is stops


def test_the_result() -> None:
    assert Lack("ecs:UpdateService", "missing", "required", (WEB,)).as_dict() == {
        "permission": "ecs:UpdateService",
        "state": "missing",
        "weight": "required",
        "cost": "AWS refuses the rollback",
        "resources": [WEB],
    }


SECRET = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:db-AbCdEf"


@pytest.mark.parametrize(
    ("denied", "concerns"),
    [
        (Denied("ecs:DescribeTaskDefinition", ""), True),
        (Denied("ecs:ListServiceDeployments", WEB), True),
        (Denied("ecs:ListServiceDeployments", f"{WEB}-api"), False),
        (Denied("ecs:StopServiceDeployment", f"{ACCOUNT}:service-deployment/prod/web/abc"), True),
        (Denied("ecs:StopServiceDeployment", f"{ACCOUNT}:service-deployment/prod/api/abc"), False),
        # Only if it is told of the service.
        (Denied("secretsmanager:DescribeSecret", SECRET), True),
        (Denied("secretsmanager:DescribeSecret", f"{SECRET}2"), False),
    ],
)
def test_whom_a_denial_concerns(denied: Denied, concerns: bool) -> None:
    told_of_it = [f"not known. The identity in use needs the permission secretsmanager:DescribeSecret on {SECRET}."]
    assert needs.concerning([denied], WEB, told_of_it) == ([denied] if concerns else [])
    assert needs.concerning([denied], "", []) == [denied]
