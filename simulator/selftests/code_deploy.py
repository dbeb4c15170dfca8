# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An ECS service that CodeDeploy deploys to, and short ways to do so."""

from __future__ import annotations

import json
from typing import Any

from lastgood_simulator import Simulator
from selftests.cluster import Cluster, client

ROLE = "arn:aws:iam::123456789012:role/codedeploy"
BLUE_GROUP = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/blue/0123456789abcdef"
LISTENER = "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/web/1/2"
NAMED = {"applicationName": "app", "deploymentGroupName": "group"}
EVENTS = ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"]
ROLLS_BACK = {"enabled": True, "events": EVENTS}
GROUP: dict[str, Any] = {
    "serviceRoleArn": ROLE,
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
    "ecsServices": [{"serviceName": "web", "clusterName": "prod"}],
}
BUCKET = "bundles"
BUNDLE = {"revisionType": "S3", "s3Location": {"bucket": BUCKET, "key": "app.zip", "bundleType": "zip"}}
# The service's tasks behind a load balancer are ready 45 s after their start, the last of them 1 s later for each.
GREEN_IS_UP = 60
FINISHED = 420


def appspec(revision: str, hooks: dict[str, str] | None = None, **properties: Any) -> str:
    """An AppSpec file for ``family:revision``."""
    arn = f"arn:aws:ecs:us-east-1:123456789012:task-definition/{revision}"
    balancer = {"ContainerName": "app", "ContainerPort": 80}
    resource = {
        "Type": "AWS::ECS::Service",
        "Properties": {"TaskDefinition": arn, "LoadBalancerInfo": balancer, **properties},
    }
    document: dict[str, Any] = {"version": 0.0, "Resources": [{"TargetService": resource}]}
    if hooks:
        document["Hooks"] = [{event: function} for event, function in hooks.items()]
    return json.dumps(document)


def content(text: str) -> dict[str, Any]:
    """A revision that holds its AppSpec file."""
    return {"revisionType": "AppSpecContent", "appSpecContent": {"content": text}}


def commit(character: str) -> dict[str, Any]:
    """A revision in GitHub."""
    return {"revisionType": "GitHub", "gitHubLocation": {"repository": "acme/web", "commitId": character * 40}}


def put_bundle(body: str = "1", key: str = "app.zip") -> dict[str, Any]:
    """Write a bundle to Amazon S3; returns a revision with its version and ETag."""
    s3 = client("s3")
    if BUCKET not in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]:
        s3.create_bucket(Bucket=BUCKET)
        s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    written = s3.put_object(Bucket=BUCKET, Key=key, Body=body.encode())
    place = {"bucket": BUCKET, "key": key, "bundleType": "zip", "version": written["VersionId"]}
    return {"revisionType": "S3", "s3Location": place | {"eTag": written["ETag"].strip('"')}}


def run_instances(count: int) -> list[str]:
    """Ids of new EC2 instances with the tag app=web."""
    ec2 = client("ec2")
    tags = [{"ResourceType": "instance", "Tags": [{"Key": "app", "Value": "web"}]}]
    image = ec2.describe_images()["Images"][0]["ImageId"]
    answer = ec2.run_instances(ImageId=image, MinCount=count, MaxCount=count, TagSpecifications=tags)
    return [instance["InstanceId"] for instance in answer["Instances"]]


class BlueGreen(Cluster):
    """The service ``web`` under the controller CODE_DEPLOY with the images web:1 to web:3, and a deployment group."""

    def __init__(self, sim: Simulator) -> None:
        super().__init__(sim)
        self.codedeploy: Any = client("codedeploy")
        for number in (1, 2, 3):
            self.register(f"web:{number}")
        self.create(
            count=2,
            deploymentController={"type": "CODE_DEPLOY"},
            loadBalancers=[{"targetGroupArn": BLUE_GROUP, "containerName": "app", "containerPort": 80}],
        )
        sim.advance(GREEN_IS_UP)
        self.codedeploy.create_application(applicationName="app", computePlatform="ECS")

    def group(self, **settings: Any) -> None:
        """Create the deployment group."""
        self.codedeploy.create_deployment_group(**NAMED, **(GROUP | settings))

    def ready(self, **option: Any) -> None:
        """Create the group with this deploymentReadyOption."""
        blue_green = GROUP["blueGreenDeploymentConfiguration"] | {"deploymentReadyOption": option}
        self.group(blueGreenDeploymentConfiguration=blue_green)

    def start(self, number: int = 2, **options: Any) -> str:
        """Create a deployment of the task definition with this number."""
        options = {"revision": content(appspec(f"web:{number}"))} | options
        started: str = self.codedeploy.create_deployment(**NAMED, **options)["deploymentId"]
        return started

    def done(self, number: int = 2, **options: Any) -> str:
        """Deploy until it has succeeded."""
        started = self.start(number, **options)
        self.sim.advance(FINISHED)
        assert self.status(started) == "Succeeded"
        return started

    def info(self, deployment: str) -> dict[str, Any]:
        """GetDeployment."""
        found: dict[str, Any] = self.codedeploy.get_deployment(deploymentId=deployment)["deploymentInfo"]
        return found

    def status(self, deployment: str) -> str:
        """The deployment's status."""
        return str(self.info(deployment)["status"])

    def stop(self, deployment: str, **options: Any) -> str:
        """StopDeployment."""
        return str(self.codedeploy.stop_deployment(deploymentId=deployment, **options)["status"])

    def rollback_of(self, deployment: str) -> str:
        """The id of its rollback deployment."""
        return str(self.info(deployment)["rollbackInfo"]["rollbackDeploymentId"])

    def target(self, deployment: str) -> dict[str, Any]:
        """The ecsTarget."""
        (target_id,) = self.codedeploy.list_deployment_targets(deploymentId=deployment)["targetIds"]
        shown = self.codedeploy.get_deployment_target(deploymentId=deployment, targetId=target_id)["deploymentTarget"]
        found: dict[str, Any] = shown["ecsTarget"]
        return found

    def events(self, deployment: str) -> dict[str, str]:
        """Lifecycle event to status."""
        return {event["lifecycleEventName"]: event["status"] for event in self.target(deployment)["lifecycleEvents"]}

    def weights(self, deployment: str) -> list[float]:
        """Percentages of the traffic of the original and of the replacement task set."""
        return [entry["trafficWeight"] for entry in self.target(deployment)["taskSetsInfo"]]

    def sets(self) -> dict[str, str]:
        """Status of each task set to its task definition."""
        return {entry["status"]: entry["taskDefinition"].split("/")[1] for entry in self.service()["taskSets"]}

    def listed(self, **filters: Any) -> list[str]:
        """ListDeployments of the group."""
        found: list[str] = self.codedeploy.list_deployments(**NAMED, **filters)["deployments"]
        return found
