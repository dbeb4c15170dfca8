# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A deployment group of the simulator with one instance, and real bundles for it."""

from __future__ import annotations

import io
import typing as t
import zipfile
from pathlib import Path

from tests.simulator.control import Control
from tests.world import REGION, World

NAMED = {"applicationName": "web", "deploymentGroupName": "prod"}
TAG = {"Key": "app", "Value": "web"}
ENDED = ("Succeeded", "Failed", "Stopped")


class Group:
    """A deployment group with one instance, in a simulator, and bundles for it."""

    def __init__(self, url: str, site: Path) -> None:
        world = World(url)
        self._control = Control(url)
        self._site = site
        self._workers: list[t.Callable[[], object]] = []
        self._s3 = world.client("s3")
        self._codedeploy = world.client("codedeploy")
        self._s3.create_bucket(Bucket="bundles", CreateBucketConfiguration={"LocationConstraint": REGION})
        ec2 = world.client("ec2")
        tags = [{"ResourceType": "instance", "Tags": [TAG]}]
        started = ec2.run_instances(ImageId="ami-12c6146b", MinCount=1, MaxCount=1, TagSpecifications=tags)
        self.instance = str(started["Instances"][0]["InstanceId"])
        self._codedeploy.create_application(applicationName="web", computePlatform="Server")
        self._codedeploy.create_deployment_group(
            **NAMED,
            serviceRoleArn="arn:aws:iam::123456789012:role/codedeploy",
            ec2TagFilters=[{**TAG, "Type": "KEY_AND_VALUE"}],
        )

    def works_on_it(self, work: t.Callable[[], object]) -> None:
        """Somebody who has to be given a chance to work again and again, for a deployment to end."""
        self._workers.append(work)

    def deploy(
        self,
        name: str,
        fails_at: str = "",
        script: str = "echo it is broken\nexit 1\n",
        files: t.Collection[str] = ("index.html",),
        **options: t.Any,
    ) -> dict[str, t.Any]:
        """Deploy a bundle, whose files have its name as their content, to its end; returns the DeploymentInfo."""
        text = f"version: 0.0\nos: linux\nfiles:\n  - source: content\n    destination: {self._site}\n"
        if fails_at:
            text += f"hooks:\n  {fails_at}:\n    - location: fail.sh\n"
        body = io.BytesIO()
        with zipfile.ZipFile(body, "w") as archive:
            archive.writestr("appspec.yml", text)
            archive.writestr("fail.sh", f"#!/bin/sh\n{script}")
            for file in files:
                archive.writestr(f"content/{file}", name)
        self._s3.put_object(Bucket="bundles", Key=f"{name}.zip", Body=body.getvalue())
        place = {"bucket": "bundles", "key": f"{name}.zip", "bundleType": "zip"}
        revision = {"revisionType": "S3", "s3Location": place}
        id_ = self._codedeploy.create_deployment(**NAMED, revision=revision, **options)["deploymentId"]
        while True:
            info: dict[str, t.Any] = self._codedeploy.get_deployment(deploymentId=id_)["deploymentInfo"]
            if info["status"] in ENDED:
                return info
            for work in self._workers:
                work()
            self._control.advance(1)

    def failed_event(self, deployment: dict[str, t.Any]) -> dict[str, t.Any]:
        """The lifecycle event that has failed on the instance."""
        target = self._codedeploy.get_deployment_target(
            deploymentId=deployment["deploymentId"], targetId=self.instance
        )["deploymentTarget"]["instanceTarget"]
        [event] = [event for event in target["lifecycleEvents"] if event["status"] == "Failed"]
        return dict(event)
