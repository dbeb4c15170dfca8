# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Instances that CodeDeploy deploys to: the deployment group ``prod`` of the application ``web``."""

from __future__ import annotations

import typing as t

from tests.e2e.stage import Stage
from tests.world import REGION

APPLICATION = "web"
GROUP = "prod"
BUCKET = "bundles"
SCALING_GROUP = "web-fleet"
NAMED = {"applicationName": APPLICATION, "deploymentGroupName": GROUP}
TAG = {"Key": "app", "Value": "web"}
EVENTS = ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"]
# Until three instances have a revision, one after the other, or a deployment was rolled back.
SETTLED = 300.0


class Fleet:
    """Three instances, in an Auto Scaling group if ``scales``. ``settings`` are those of the deployment group."""

    def __init__(self, stage: Stage, scales: bool = False, **settings: t.Any) -> None:
        self._stage = stage
        self.client = stage.world.client("codedeploy")
        self._s3 = stage.world.client("s3")
        self._s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        self._s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        self.scaling = stage.world.client("autoscaling")
        where: dict[str, t.Any] = {"ec2TagFilters": [{**TAG, "Type": "KEY_AND_VALUE"}]}
        if scales:
            self._scaling_group()
            where = {"autoScalingGroups": [SCALING_GROUP]}
        else:
            ec2 = stage.world.client("ec2")
            tags = [{"ResourceType": "instance", "Tags": [TAG]}]
            ec2.run_instances(ImageId="ami-12c6146b", MinCount=3, MaxCount=3, TagSpecifications=tags)
        self.client.create_application(applicationName=APPLICATION, computePlatform="Server")
        role = "arn:aws:iam::123456789012:role/codedeploy"
        self.client.create_deployment_group(**NAMED, serviceRoleArn=role, **{**where, **settings})

    def _scaling_group(self) -> None:
        self.scaling.create_launch_configuration(
            LaunchConfigurationName="any", ImageId="ami-12c6146b", InstanceType="t3.micro"
        )
        self.scaling.create_auto_scaling_group(
            AutoScalingGroupName=SCALING_GROUP,
            MinSize=3,
            MaxSize=6,
            DesiredCapacity=3,
            LaunchConfigurationName="any",
            AvailabilityZones=[f"{REGION}a"],
        )

    def bundle(self, version: int) -> dict[str, t.Any]:
        """The bundle of a version is put into S3; returns the revision, with the version and the ETag of the object."""
        written = self._s3.put_object(Bucket=BUCKET, Key=key(version), Body=f"version {version}".encode())
        place = {"bucket": BUCKET, "key": key(version), "bundleType": "zip", "version": written["VersionId"]}
        return {"revisionType": "S3", "s3Location": {**place, "eTag": written["ETag"].strip('"')}}

    def deploy(self, version: int, settle: float = SETTLED, **options: t.Any) -> str:
        """Deploy a version; returns the deployment's id after so many seconds of AWS's."""
        revision = options.pop("revision", None) or self.bundle(version)
        started = self.client.create_deployment(**NAMED, revision=revision, **options)
        self._stage.pass_time(settle)
        return str(started["deploymentId"])

    def story(self, **options: t.Any) -> tuple[str, str]:
        """Version 1 was good; 2 was deployed as well as that and is bad all the same. Returns the deployments."""
        deployed = self.deploy(1, **options), self.deploy(2)
        self._stage.control.reset_calls()
        return deployed

    def deployment(self, id_: str) -> dict[str, t.Any]:
        """GetDeployment."""
        found: dict[str, t.Any] = self.client.get_deployment(deploymentId=id_)["deploymentInfo"]
        return found

    def newest(self) -> dict[str, t.Any]:
        """The deployment that was created last."""
        ids = self.client.list_deployments(**NAMED)["deployments"]
        return max((self.deployment(id_) for id_ in ids), key=lambda found: found["createTime"])

    def on(self) -> str:
        """The key of the bundle that the last deployment which succeeded has deployed."""
        group = self.client.get_deployment_group(**NAMED)["deploymentGroupInfo"]
        info = self.deployment(group["lastSuccessfulDeployment"]["deploymentId"])
        return str(info["revision"]["s3Location"]["key"])

    def suspended(self) -> set[str]:
        """The processes of the Auto Scaling group that are suspended."""
        [group] = self.scaling.describe_auto_scaling_groups(AutoScalingGroupNames=[SCALING_GROUP])["AutoScalingGroups"]
        return {process["ProcessName"] for process in group["SuspendedProcesses"]}

    def alarm(self, firing: bool) -> None:
        """The alarm ``errors`` goes into ALARM, or back to OK."""
        self._stage.world.alarm(state="ALARM" if firing else "OK")


def key(version: int) -> str:
    """The object that has the bundle of a version."""
    return f"web-{version}.zip"
