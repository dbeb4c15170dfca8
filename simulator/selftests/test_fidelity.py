# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What moto alone and the simulator answer, asked of both and compared with the table in docs/fidelity.md."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from lastgood_simulator import Simulator
from selftests.cluster import BREAKER

PAGE = Path(__file__).resolve().parents[1] / "docs" / "fidelity.md"
Advance = Callable[[float], object]


class Place:
    """A cluster with a service of two tasks, in the simulator or in moto, where time changes nothing."""

    def __init__(self, sim: Simulator | None) -> None:
        self.sim = sim
        self.ecs: Any = boto3.client("ecs", region_name="us-east-1")
        self.deploy: Any = boto3.client("codedeploy", region_name="us-east-1")
        self.ecs.create_cluster(clusterName="prod")
        self.register("web:1")
        self.create("web", deploymentConfiguration=BREAKER)
        self.advance(300)

    def advance(self, seconds: float) -> None:
        if self.sim is not None:
            self.sim.advance(seconds)

    def register(self, image: str, **options: Any) -> None:
        self.ecs.register_task_definition(
            family="web",
            containerDefinitions=[{"name": "app", "image": image}],
            requiresCompatibilities=["FARGATE"],
            networkMode="awsvpc",
            cpu="256",
            memory="512",
            **options,
        )

    def create(self, name: str, **options: Any) -> None:
        self.ecs.create_service(
            cluster="prod",
            serviceName=name,
            taskDefinition="web:1",
            desiredCount=2,
            launchType="FARGATE",
            **options,
        )

    def update(self, **options: Any) -> None:
        self.ecs.update_service(cluster="prod", service="web", **options)

    def service(self) -> dict[str, Any]:
        return dict(self.ecs.describe_services(cluster="prod", services=["web"])["services"][0])

    def revision(self) -> str:
        return str(self.service()["taskDefinition"].rpartition(":")[2])

    def created(self) -> str:
        """A deployment of CodeDeploy to no instance."""
        self.deploy.create_application(applicationName="shop")
        role = "arn:aws:iam::123456789012:role/codedeploy"
        self.deploy.create_deployment_group(
            applicationName="shop", deploymentGroupName="prod", serviceRoleArn=role, ec2TagFilters=[]
        )
        commit = {"revisionType": "GitHub", "gitHubLocation": {"repository": "shop/web", "commitId": "a" * 40}}
        return str(
            self.deploy.create_deployment(applicationName="shop", deploymentGroupName="prod", revision=commit)[
                "deploymentId"
            ]
        )


def reaches_a_steady_state(place: Place) -> bool:
    """A new service reaches a steady state, with tasks that can be listed"""
    listed = place.ecs.list_tasks(cluster="prod", serviceName="web")["taskArns"]
    (deployment,) = place.service()["deployments"]
    return (len(listed), deployment.get("rolloutState")) == (2, "COMPLETED")


def takes_time(place: Place) -> bool:
    """An update is a deployment of its own: the old one is still ACTIVE while the new one is PRIMARY"""
    place.register("web:2")
    place.update(taskDefinition="web:2")
    place.advance(5)
    return [entry["status"] for entry in place.service()["deployments"]] == ["PRIMARY", "ACTIVE"]


def resolves_names(place: Place) -> bool:
    """A service names its task definition by ARN, however it was given"""
    place.register("web:2")
    place.update(taskDefinition="web:2")
    return str(place.service()["taskDefinition"]).startswith("arn:aws:ecs:")


def breaks(place: Place) -> bool:
    """An image that cannot be pulled trips the circuit breaker, and the service goes back"""
    if place.sim is not None:
        place.sim.image("web:2", "cannot_pull")
    place.register("web:2")
    place.update(taskDefinition="web:2")
    tried = place.revision()
    place.advance(3600)
    return (tried, place.revision()) == ("2", "1")


def has_a_history(place: Place) -> bool:
    """Service deployments and revisions can be listed"""
    return bool(place.ecs.list_service_deployments(cluster="prod", service="web")["serviceDeployments"])


def can_be_stopped(place: Place) -> bool:
    """A deployment can be stopped, and the service goes back"""
    place.register("web:2")
    place.update(taskDefinition="web:2")
    place.advance(5)
    (newest, *_rest) = place.ecs.list_service_deployments(cluster="prod", service="web")["serviceDeployments"]
    place.ecs.stop_service_deployment(serviceDeploymentArn=newest["serviceDeploymentArn"], stopType="ROLLBACK")
    place.advance(600)
    return place.revision() == "1"


def shifts_traffic(place: Place) -> bool:
    """The strategy BLUE_GREEN is kept"""
    place.create("blue", deploymentConfiguration={"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 5})
    (service,) = place.ecs.describe_services(cluster="prod", services=["blue"])["services"]
    return bool(service.get("deploymentConfiguration", {}).get("strategy") == "BLUE_GREEN")


def has_a_limit(place: Place) -> bool:
    """DescribeServices of eleven services is refused"""
    try:
        place.ecs.describe_services(cluster="prod", services=[f"s{number}" for number in range(11)])
    except ClientError as error:
        return bool(error.response["Error"]["Code"] == "InvalidParameterException")
    return False


def pages(place: Place) -> bool:
    """Lists have pages"""
    for number in range(2, 5):
        place.register(f"web:{number}")
    return len(place.ecs.list_task_definitions(familyPrefix="web", maxResults=2)["taskDefinitionArns"]) == 2


def refuses_what_others_deploy(place: Place) -> bool:
    """UpdateService refuses another task definition for a service that CodeDeploy deploys"""
    place.create("green", deploymentController={"type": "CODE_DEPLOY"})
    place.register("web:2")
    try:
        place.ecs.update_service(cluster="prod", service="green", taskDefinition="web:2")
    except ClientError as error:
        return bool(error.response["Error"]["Code"] == "InvalidParameterException")
    return False


def ends(place: Place) -> bool:
    """A deployment of CodeDeploy ends"""
    deployment = place.created()
    place.advance(3600)
    status = place.deploy.get_deployment(deploymentId=deployment)["deploymentInfo"]["status"]
    return status in ("Failed", "Succeeded")


def can_be_stopped_by_codedeploy(place: Place) -> bool:
    """A deployment of CodeDeploy can be stopped"""
    answer = place.deploy.stop_deployment(deploymentId=place.created())
    return answer["status"] in ("Pending", "Succeeded")


QUESTIONS = [
    reaches_a_steady_state,
    takes_time,
    resolves_names,
    breaks,
    has_a_history,
    can_be_stopped,
    shifts_traffic,
    has_a_limit,
    pages,
    refuses_what_others_deploy,
    ends,
    can_be_stopped_by_codedeploy,
]


def answer(question: Callable[[Place], bool], place: Place) -> str:
    """``yes``, ``no``, or ``no such operation``."""
    try:
        return "yes" if question(place) else "no"
    except NotImplementedError:
        return "no such operation"


def table() -> dict[str, tuple[str, str]]:
    """The table of the page: question to what moto and the simulator answer."""
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    return {question: (moto, ours) for question, moto, ours in rows[1:]}


def test_the_table_has_every_question() -> None:
    assert list(table()) == [str(question.__doc__) for question in QUESTIONS]


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: str(question.__name__))
def test_both_answer_as_the_table_says(question: Callable[[Place], bool], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        moto = answer(question, Place(None))
    with Simulator() as sim:
        ours = answer(question, Place(sim))
    assert (moto, ours) == table()[str(question.__doc__)]
