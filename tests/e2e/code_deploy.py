# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A service of the stage's cluster that CodeDeploy deploys, and short ways to deploy to it."""

from __future__ import annotations

import typing as t

from tests.e2e.stage import Stage
from tests.module.code_deploy import BLUE, appspec, content, group_settings
from tests.world import REGION

PORT = {"portMappings": [{"containerPort": 80}]}


class CodeDeploy:
    """A service with the controller CODE_DEPLOY, on version 1, and its deployment group, both of this name.

    ``settings`` are those of the deployment group.
    """

    def __init__(self, stage: Stage, name: str = "web", **settings: t.Any) -> None:
        self._stage = stage
        self._name = name
        self._named = {"applicationName": "shop", "deploymentGroupName": name}
        self._client = stage.world.client("codedeploy")
        stage.good_service(
            name,
            container=PORT,
            deploymentController={"type": "CODE_DEPLOY"},
            loadBalancers=[{"targetGroupArn": BLUE, "containerName": "app", "containerPort": 80}],
        )
        self._client.create_application(applicationName="shop", computePlatform="ECS")
        self._client.create_deployment_group(**self._named, **group_settings(name, **settings))

    def deploy(
        self, version: int, behaviour: str = "ok", settle: float = 600, bucket: str = "", **options: t.Any
    ) -> str:
        """The next version is registered and deployed; returns the deployment's id after so many seconds of AWS's.

        The AppSpec file is in the revision, or in a ``bucket``.
        """
        image = f"registry/{self._name}:{version}"
        self._stage.control.image(image, behaviour=behaviour)
        self._stage.world.register(self._name, image, **PORT)
        text = appspec(f"{self._name}:{version}")
        revision = content(text)
        if bucket:
            revision = {"revisionType": "S3", "s3Location": self._upload(bucket, f"web-{version}.json", text)}
        started = self._client.create_deployment(**self._named, revision=revision, **options)
        self._stage.pass_time(settle)
        return str(started["deploymentId"])

    def _upload(self, bucket: str, key: str, text: str) -> dict[str, str]:
        s3 = self._stage.world.client("s3")
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
        s3.put_object(Bucket=bucket, Key=key, Body=text.encode())
        return {"bucket": bucket, "key": key, "bundleType": "JSON"}

    def let_go_on(self, deployment: str) -> None:
        """Somebody's answer to a deployment that waits for the traffic to be shifted."""
        self._client.continue_deployment(deploymentId=deployment, deploymentWaitType="READY_WAIT")

    def stop(self, deployment: str) -> None:
        """Somebody stops it, and CodeDeploy rolls it back."""
        self._client.stop_deployment(deploymentId=deployment, autoRollbackEnabled=True)

    def status(self, deployment: str) -> str:
        """Of a deployment."""
        return str(self._client.get_deployment(deploymentId=deployment)["deploymentInfo"]["status"])

    def primary(self) -> str:
        """``family:revision`` of the PRIMARY task set."""
        return self._stage.on(self._name)
