# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A service of the cluster ``shop`` that CodeDeploy deploys, and short ways to deploy to it."""

from __future__ import annotations

import json
import typing as t

import boto3

from tests.module.services import CLUSTER, Shop, arn
from tests.world import ACCESS_KEY, OBSERVER, REGION, SECRET_KEY

LISTENER = f"arn:aws:elasticloadbalancing:{REGION}:123456789012:listener/app/web/1/2"
BLUE = f"arn:aws:elasticloadbalancing:{REGION}:123456789012:targetgroup/blue/0123456789abcdef"
NAMED = {"applicationName": "shop", "deploymentGroupName": "web"}
EVENTS = ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"]
ALARMS = {"enabled": True, "alarms": [{"name": "errors"}]}
# Until the whole of a deployment is over, the five minutes' wait for the original task set included.
FINISHED = 420.0
# Until the traffic is on the replacement, while the original task set still stands.
SHIFTED = 60.0


def appspec(version: str, **properties: t.Any) -> str:
    """An AppSpec file for ``family:revision``."""
    balancer = {"ContainerName": "app", "ContainerPort": 80}
    resource = {
        "Type": "AWS::ECS::Service",
        "Properties": {"TaskDefinition": arn(version), "LoadBalancerInfo": balancer, **properties},
    }
    return json.dumps({"version": 0.0, "Resources": [{"TargetService": resource}]})


def content(text: str) -> dict[str, t.Any]:
    """A revision that holds its AppSpec file."""
    return {"revisionType": "AppSpecContent", "appSpecContent": {"content": text}}


def group_settings(
    service: str, keep: bool = False, wait: int = 5, ready: str = "CONTINUE_DEPLOYMENT", **settings: t.Any
) -> dict[str, t.Any]:
    """A deployment group for a service; ``wait`` is how many minutes the original task set stands on.

    With ``ready="STOP_DEPLOYMENT"`` the traffic waits an hour for somebody's ContinueDeployment.
    """
    original = {"action": "KEEP_ALIVE"} if keep else {"action": "TERMINATE", "terminationWaitTimeInMinutes": wait}
    pair = {
        "targetGroups": [{"name": "blue"}, {"name": "green"}],
        "prodTrafficRoute": {"listenerArns": [LISTENER]},
    }
    return {
        "serviceRoleArn": "arn:aws:iam::123456789012:role/codedeploy",
        "deploymentStyle": {"deploymentType": "BLUE_GREEN", "deploymentOption": "WITH_TRAFFIC_CONTROL"},
        "blueGreenDeploymentConfiguration": {
            "terminateBlueInstancesOnDeploymentSuccess": original,
            "deploymentReadyOption": {
                "actionOnTimeout": ready,
                **({"waitTimeInMinutes": 60} if ready == "STOP_DEPLOYMENT" else {}),
            },
        },
        "loadBalancerInfo": {"targetGroupPairInfoList": [pair]},
        "ecsServices": [{"serviceName": service, "clusterName": CLUSTER}],
        **settings,
    }


def client(service: str) -> t.Any:
    """A client of the tests' own."""
    return boto3.client(
        service, region_name=REGION, aws_access_key_id=ACCESS_KEY, aws_secret_access_key=SECRET_KEY, config=OBSERVER
    )


class BlueGreen:
    """The service ``web`` with the controller CODE_DEPLOY, on web:1, and its deployment group ``web``."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.codedeploy = client("codedeploy")

    def create(self, versions: int = 3, desired: int = 2, name: str = "web", **settings: t.Any) -> None:
        """The service, up and running, and its group."""
        self.shop.versions(versions, name, portMappings=[{"containerPort": 80}])
        self.shop.create(
            f"{name}:1",
            desired,
            settle=120,
            deploymentController={"type": "CODE_DEPLOY"},
            loadBalancers=[{"targetGroupArn": BLUE, "containerName": "app", "containerPort": 80}],
        )
        if not self.codedeploy.list_applications()["applications"]:
            self.codedeploy.create_application(applicationName="shop", computePlatform="ECS")
        self.group(name, **settings)

    def group(self, name: str = "web", **options: t.Any) -> None:
        """A deployment group for this service; ``options`` are those of :func:`group_settings`."""
        given = group_settings(name, **options)
        self.codedeploy.create_deployment_group(applicationName="shop", deploymentGroupName=name, **given)

    def regroup(self, **options: t.Any) -> None:
        """The group of ``web`` anew, with other options of :meth:`group`."""
        self.codedeploy.delete_deployment_group(**NAMED)
        self.group(**options)

    def deploy(self, version: str, settle: float = FINISHED, **options: t.Any) -> str:
        """A deployment, and so many seconds of time."""
        family = version.partition(":")[0]
        given = {"revision": content(appspec(version)), **options}
        started = self.codedeploy.create_deployment(applicationName="shop", deploymentGroupName=family, **given)
        self.shop.sim.advance(settle)
        return str(started["deploymentId"])

    def bad_release(self, settle: float = FINISHED) -> str:
        """web:2 is good, web:3 came up and is bad. Returns the deployment of web:3."""
        self.create()
        self.deploy("web:2")
        return self.deploy("web:3", settle)

    def info(self, deployment: str) -> dict[str, t.Any]:
        """GetDeployment."""
        return dict(self.codedeploy.get_deployment(deploymentId=deployment)["deploymentInfo"])

    def status(self, deployment: str) -> str:
        """Of a deployment."""
        return str(self.info(deployment)["status"])

    def listed(self) -> list[str]:
        """All deployments of the group."""
        return list(self.codedeploy.list_deployments(**NAMED)["deployments"])

    def sets(self, name: str = "web") -> dict[str, str]:
        """Version by status of the task sets."""
        return {s["status"]: s["taskDefinition"].rpartition("/")[2] for s in self.shop.service(name)["taskSets"]}

    def alarm(self, state: str) -> None:
        """The alarm ``errors`` is in this state now."""
        self.shop.world.alarm(state=state)
