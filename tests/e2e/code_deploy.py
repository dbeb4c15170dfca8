# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A service of the stage's cluster that CodeDeploy deploys, and short ways to deploy to it."""

from __future__ import annotations

import json
import typing as t

import boto3

from tests.e2e.stage import CLUSTER, Stage
from tests.world import ACCESS_KEY, REGION, SECRET_KEY

ELB = f"arn:aws:elasticloadbalancing:{REGION}:123456789012"
BLUE = f"{ELB}:targetgroup/blue/0123456789abcdef"
LISTENER = f"{ELB}:listener/app/web/1/2"
NAMED = {"applicationName": "shop", "deploymentGroupName": "web"}
BALANCER = {"containerName": "app", "containerPort": 80}
GROUP: dict[str, t.Any] = {
    "serviceRoleArn": "arn:aws:iam::123456789012:role/codedeploy",
    "deploymentStyle": {"deploymentType": "BLUE_GREEN", "deploymentOption": "WITH_TRAFFIC_CONTROL"},
    "blueGreenDeploymentConfiguration": {
        "terminateBlueInstancesOnDeploymentSuccess": {"action": "TERMINATE", "terminationWaitTimeInMinutes": 5},
        "deploymentReadyOption": {"actionOnTimeout": "CONTINUE_DEPLOYMENT"},
    },
    "loadBalancerInfo": {
        "targetGroupPairInfoList": [
            {
                "targetGroups": [{"name": "blue"}, {"name": "green"}],
                "prodTrafficRoute": {"listenerArns": [LISTENER]},
            }
        ]
    },
    "ecsServices": [{"serviceName": "web", "clusterName": CLUSTER}],
}


def client(stage: Stage, service: str) -> t.Any:
    """A client of the stage's AWS."""
    return boto3.client(
        service,
        region_name=REGION,
        endpoint_url=stage.url,
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
    )


class CodeDeploy:
    """The service ``web`` with the controller CODE_DEPLOY, on web:1, and its deployment group."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._client = client(stage, "codedeploy")
        stage.good_service(
            container={"portMappings": [{"containerPort": 80}]},
            deploymentController={"type": "CODE_DEPLOY"},
            loadBalancers=[{"targetGroupArn": BLUE, **BALANCER}],
        )
        self._client.create_application(applicationName="shop", computePlatform="ECS")
        self._client.create_deployment_group(**NAMED, **GROUP)

    def deploy(
        self, version: int, behaviour: str = "ok", settle: float = 600, bucket: str = "", **options: t.Any
    ) -> str:
        """The next version is registered and deployed; returns the deployment's id after so many seconds of AWS's.

        The AppSpec file is in the revision, or in a ``bucket``.
        """
        self._stage.control.image(f"registry/web:{version}", behaviour=behaviour)
        made = self._stage.world.register("web", f"registry/web:{version}", portMappings=[{"containerPort": 80}])
        balancer = {"ContainerName": "app", "ContainerPort": 80}
        service = {"Type": "AWS::ECS::Service", "Properties": {"TaskDefinition": made, "LoadBalancerInfo": balancer}}
        text = json.dumps({"version": 0.0, "Resources": [{"TargetService": service}]})
        revision: dict[str, t.Any] = {"revisionType": "AppSpecContent", "appSpecContent": {"content": text}}
        if bucket:
            revision = {"revisionType": "S3", "s3Location": self._upload(bucket, f"web-{version}.json", text)}
        started = self._client.create_deployment(**NAMED, revision=revision, **options)
        self._stage.pass_time(settle)
        return str(started["deploymentId"])

    def _upload(self, bucket: str, key: str, text: str) -> dict[str, str]:
        s3 = client(self._stage, "s3")
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
        s3.put_object(Bucket=bucket, Key=key, Body=text.encode())
        return {"bucket": bucket, "key": key, "bundleType": "JSON"}

    def status(self, deployment: str) -> str:
        """Of a deployment."""
        return str(self._client.get_deployment(deploymentId=deployment)["deploymentInfo"]["status"])

    def primary(self) -> str:
        """``family:revision`` of the PRIMARY task set."""
        sets = self._stage.world.service(CLUSTER, "web")["taskSets"]
        return str(next(s["taskDefinition"] for s in sets if s["status"] == "PRIMARY")).rpartition("/")[2]
