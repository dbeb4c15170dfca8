# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A deployment group of the simulator with instances, and real bundles for them."""

from __future__ import annotations

import io
import typing as t
import zipfile
from pathlib import Path

from tests.simulator import Control
from tests.world import REGION, World

NAMED = {"applicationName": "web", "deploymentGroupName": "prod"}
TAG = {"Key": "app", "Value": "web"}
ENDED = ("Succeeded", "Failed", "Stopped")


class Group:
    """A deployment group with instances, in a simulator, and bundles for it.

    ``site`` is the directory that the bundles install to; ``settings`` are those of the group.
    """

    def __init__(self, url: str, site: Path, instances: int = 1, name: str = "prod", **settings: t.Any) -> None:
        world = World(url)
        self.named = {**NAMED, "deploymentGroupName": name}
        self.site = site
        self._control = Control(url)
        self._workers: list[t.Callable[[], object]] = []
        self._s3 = world.client("s3")
        self._codedeploy = world.client("codedeploy")
        if not self._s3.list_buckets()["Buckets"]:
            self._s3.create_bucket(Bucket="bundles", CreateBucketConfiguration={"LocationConstraint": REGION})
            self._codedeploy.create_application(applicationName="web", computePlatform="Server")
        tag = TAG if name == "prod" else {**TAG, "Value": name}
        tags = [{"ResourceType": "instance", "Tags": [tag]}]
        started = world.client("ec2").run_instances(
            ImageId="ami-12c6146b", MinCount=instances, MaxCount=instances, TagSpecifications=tags
        )
        self.instances = [str(one["InstanceId"]) for one in started["Instances"]]
        self._codedeploy.create_deployment_group(
            **self.named,
            serviceRoleArn="arn:aws:iam::123456789012:role/codedeploy",
            ec2TagFilters=[{**tag, "Type": "KEY_AND_VALUE"}],
            **settings,
        )

    @property
    def instance(self) -> str:
        """The first, or only, instance."""
        return self.instances[0]

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
        return self.to_its_end(self.begin(name, fails_at, script, files, **options))

    def begin(
        self,
        name: str,
        fails_at: str = "",
        script: str = "echo it is broken\nexit 1\n",
        files: t.Collection[str] = ("index.html",),
        **options: t.Any,
    ) -> str:
        """Begin to deploy such a bundle; returns the id of the deployment."""
        revision = self.bundle(name, fails_at, script, files)
        return str(self._codedeploy.create_deployment(**self.named, revision=revision, **options)["deploymentId"])

    def bundle(self, name: str, fails_at: str, script: str, files: t.Collection[str]) -> dict[str, t.Any]:
        """Put such a bundle into S3; returns the revision."""
        text = f"version: 0.0\nos: linux\nfiles:\n  - source: content\n    destination: {self.site}\n"
        if fails_at:
            text += f"hooks:\n  {fails_at}:\n    - location: fail.sh\n"
        body = io.BytesIO()
        with zipfile.ZipFile(body, "w") as archive:
            archive.writestr("appspec.yml", text)
            archive.writestr("fail.sh", f"#!/bin/sh\n{script}")
            for file in files:
                archive.writestr(f"content/{file}", name)
        key = f"{name}.zip" if self.named == NAMED else f"{self.named['deploymentGroupName']}-{name}.zip"
        self._s3.put_object(Bucket="bundles", Key=key, Body=body.getvalue())
        place = {"bucket": "bundles", "key": key, "bundleType": "zip"}
        return {"revisionType": "S3", "s3Location": place}

    def to_its_end(self, id_: str) -> dict[str, t.Any]:
        """Let time pass, and whoever works on it work, until a deployment has ended; returns the DeploymentInfo."""
        while True:
            info: dict[str, t.Any] = self._codedeploy.get_deployment(deploymentId=id_)["deploymentInfo"]
            if info["status"] in ENDED:
                return info
            self.work()
            self._control.advance(1)

    def work(self) -> None:
        """Give everybody who works on it a chance."""
        for work in self._workers:
            work()

    def statuses(self, deployment: dict[str, t.Any]) -> dict[str, str]:
        """How a deployment ended on each instance."""
        id_ = deployment["deploymentId"]
        found = {}
        for instance in self._codedeploy.list_deployment_targets(deploymentId=id_)["targetIds"]:
            target = self._codedeploy.get_deployment_target(deploymentId=id_, targetId=instance)["deploymentTarget"]
            found[instance] = str(target["instanceTarget"]["status"])
        return found

    def failed_event(self, deployment: dict[str, t.Any]) -> dict[str, t.Any]:
        """The lifecycle event that has failed on the instance."""
        target = self._codedeploy.get_deployment_target(
            deploymentId=deployment["deploymentId"], targetId=self.instance
        )["deploymentTarget"]["instanceTarget"]
        [event] = [event for event in target["lifecycleEvents"] if event["status"] == "Failed"]
        return dict(event)
