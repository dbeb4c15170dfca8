# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Instances that CodeDeploy deploys to: the deployment group ``prod`` of the application ``web``, in process."""

from __future__ import annotations

import itertools
import json
import typing as t
from dataclasses import dataclass

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws
from ansible_collections.lastgood.aws.plugins.module_utils._core import progress
from ansible_collections.lastgood.aws.plugins.modules import codedeploy_redeploy
from tests.module.code_deploy import client
from tests.module.run import ModuleFailed, Result, run_module
from tests.module.services import Killed, Shop, _deadly
from tests.world import REGION

APPLICATION = "web"
GROUP = "prod"
BUCKET = "bundles"
NAMED = {"applicationName": APPLICATION, "deploymentGroupName": GROUP}
EVENTS = ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"]
AUTOMATIC = {"enabled": True, "events": EVENTS}
ALARMS = {"enabled": True, "alarms": [{"name": "errors"}]}
# Until all instances have a revision, one after the other, or a deployment was rolled back.
SETTLED = 300.0
READS = ("BatchGet", "Describe", "Get", "Head", "List")


@dataclass(frozen=True)
class Run:
    """One run of the module: its result, the requests it sent and the lines it printed."""

    result: Result
    failed: bool
    log: list[dict[str, t.Any]]
    lines: list[str]

    @property
    def outcome(self) -> str:
        """How it ended."""
        return str(self.result["outcome"])

    @property
    def method(self) -> str:
        """How it went back."""
        return str(self.result["method"])

    @property
    def target(self) -> str:
        """The key of the target's bundle."""
        return str(self.result["target"]["s3Location"]["key"])

    @property
    def message(self) -> str:
        """The one line that the user sees: msg on failure, summary on success."""
        return str(self.result["msg"] if self.failed else self.result["summary"])

    @property
    def writes(self) -> list[str]:
        """The operations that write."""
        return [call["operation"] for call in self.log if not call["operation"].startswith(READS)]

    def params(self, operation: str) -> dict[str, t.Any]:
        """Those of the one request of this operation."""
        [params] = [call["params"] for call in self.log if call["operation"] == operation]
        return dict(params)

    def findings(self, check: str) -> list[str]:
        """The findings of this check."""
        return [finding["message"] for finding in self.result["findings"] if finding["check"] == check]

    @property
    def everything(self) -> str:
        """Everything that leaves the module, as one string."""
        shown = {name: value for name, value in self.result.items() if name != "invocation"}
        return "\n".join([json.dumps(shown, ensure_ascii=False), *self.lines])


class Fleet:
    """Three instances, and bundles in a bucket with versions. ``settings`` are those of the deployment group."""

    def __init__(self, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sim = shop.sim
        self.clock = shop.clock
        self._world = shop.world
        self._monkeypatch = monkeypatch
        self._lines: list[str] = []
        monkeypatch.setattr(codedeploy_redeploy, "Clock", lambda: shop.clock)
        self.client = client("codedeploy")
        self.s3 = client("s3")
        self.scaling = client("autoscaling")
        self.instances: list[str] = []

    def create(self, count: int = 3, versioned: bool = True, **settings: t.Any) -> None:
        """The instances and the deployment group."""
        self.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        if versioned:
            self.s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        tag = {"Key": "app", "Value": "web"}
        self.instances = [
            instance["InstanceId"]
            for instance in client("ec2").run_instances(
                ImageId="ami-12c6146b",
                MinCount=count,
                MaxCount=count,
                TagSpecifications=[{"ResourceType": "instance", "Tags": [tag]}],
            )["Instances"]
        ]
        self.client.create_application(applicationName=APPLICATION, computePlatform="Server")
        role = "arn:aws:iam::123456789012:role/codedeploy"
        given = {"serviceRoleArn": role, "ec2TagFilters": [{**tag, "Type": "KEY_AND_VALUE"}], **settings}
        self.client.create_deployment_group(**NAMED, **given)

    def scaling_group(self, desired: int) -> None:
        """The Auto Scaling group ``web``."""
        self.scaling.create_launch_configuration(
            LaunchConfigurationName="any", ImageId="ami-12c6146b", InstanceType="t3.micro"
        )
        self.scaling.create_auto_scaling_group(
            AutoScalingGroupName="web",
            LaunchConfigurationName="any",
            MinSize=0,
            MaxSize=9,
            DesiredCapacity=desired,
            AvailabilityZones=[f"{REGION}a"],
        )

    def blue_green(self, wait: int = 5, **settings: t.Any) -> None:
        """The group of an Auto Scaling group that each deployment makes anew, and ends ``wait`` minutes later."""
        self.scaling_group(desired=2)
        ec2, elb = client("ec2"), client("elbv2")
        vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
        elb.create_target_group(Name="web", Protocol="HTTP", Port=80, VpcId=vpc)
        original = {"action": "TERMINATE", "terminationWaitTimeInMinutes": wait}
        self.create(
            count=1,
            **{
                "ec2TagFilters": [],
                "autoScalingGroups": ["web"],
                "deploymentConfigName": "CodeDeployDefault.AllAtOnce",
                "deploymentStyle": {"deploymentOption": "WITH_TRAFFIC_CONTROL", "deploymentType": "BLUE_GREEN"},
                "loadBalancerInfo": {"targetGroupInfoList": [{"name": "web"}]},
                "blueGreenDeploymentConfiguration": {
                    "terminateBlueInstancesOnDeploymentSuccess": original,
                    "greenFleetProvisioningOption": {"action": "COPY_AUTO_SCALING_GROUP"},
                    **settings,
                },
            },
        )

    def bundle(self, version: int) -> dict[str, t.Any]:
        """Put the bundle of a version into S3; returns the revision."""
        written = self.s3.put_object(Bucket=BUCKET, Key=key(version), Body=f"version {version}".encode())
        place = {"bucket": BUCKET, "key": key(version), "bundleType": "zip"}
        if written.get("VersionId"):
            place["version"] = written["VersionId"]
        return {"revisionType": "S3", "s3Location": {**place, "eTag": written["ETag"].strip('"')}}

    def put(self, version: int, content: str) -> None:
        """Put something else where the bundle of a version is."""
        self.s3.put_object(Bucket=BUCKET, Key=key(version), Body=content.encode())

    def start(self, version: int, **options: t.Any) -> str:
        """Begin to deploy a version; returns the deployment's id."""
        revision = options.pop("revision", None) or self.bundle(version)
        return str(self.client.create_deployment(**NAMED, revision=revision, **options)["deploymentId"])

    def deploy(self, version: int, settle: float = SETTLED, **options: t.Any) -> str:
        """Deploy a version; returns the deployment's id after so many seconds."""
        started = self.start(version, **options)
        self.sim.advance(settle)
        return started

    def bad_release(self, **settings: t.Any) -> tuple[str, str]:
        """Version 1 was good. Version 2 was deployed successfully too, but is bad. Returns the deployments."""
        self.create(**settings)
        return self.deploy(1), self.deploy(2)

    def terminate(self) -> None:
        """All instances are gone."""
        client("ec2").terminate_instances(InstanceIds=self.instances)

    def info(self, deployment: str) -> dict[str, t.Any]:
        """GetDeployment."""
        return dict(self.client.get_deployment(deploymentId=deployment)["deploymentInfo"])

    def status(self, deployment: str) -> str:
        """Of a deployment."""
        return str(self.info(deployment)["status"])

    def listed(self) -> list[str]:
        """All deployments of the group, the oldest first."""
        ids = self.client.list_deployments(**NAMED)["deployments"]
        return sorted(ids, key=lambda id_: self.info(id_)["createTime"])

    def redeploy(self, on_line: t.Callable[[str], None] = lambda line: None, **options: t.Any) -> Run:
        """Run codedeploy_redeploy; ``on_line`` gets each line of progress as it is printed."""
        self._lines.clear()
        self.sim.reset_calls()

        def tell(line: str) -> None:
            self._lines.append(line)
            on_line(line)

        self._monkeypatch.setattr(progress, "_sink", tell)
        # A plan says which group.
        named = {} if "plan" in options else {"application": APPLICATION, "deployment_group": GROUP}
        given = {"region": REGION, **named, **options}
        try:
            result, failed = run_module(codedeploy_redeploy, **given), False
        except ModuleFailed as failure:
            result, failed = failure.result, True
        return Run(result, failed, self.sim.log(), list(self._lines))

    def killed(self, at_sleep: int = 0, before: tuple[str, int] | None = None, **options: t.Any) -> list[str]:
        """Run it and kill it in its n-th sleep of 2 s, or before the n-th request after the write.

        Returns the operations that it got done. Fails the test if the run ended before that.
        """
        self.clock.slept, self.clock.kill_at = 0.0, at_sleep or None
        with self._monkeypatch.context() as patches:
            if before:
                patches.setattr(Aws, "call", _deadly(Aws.call, *before))
            with pytest.raises(Killed):
                self.redeploy(**options)
        return [entry["operation"] for entry in self.sim.log()]

    def orphan_after(self, looks: int) -> None:
        """The play is killed; the module notices on its n-th check."""
        seen = itertools.count(1)
        self._monkeypatch.setattr(progress, "orphaned", lambda: next(seen) == looks)

    def meanwhile(self, operation: str, nth: int = 1, when: str = "before", **params: t.Any) -> None:
        """At the n-th request somebody else deploys; ``params`` are those of CreateDeployment besides the group."""
        self.sim.on(
            operation,
            {"service": "codedeploy", "operation": "CreateDeployment", "params": {**NAMED, **params}},
            when,
            nth,
        )

    def deny(self, *operations: str) -> None:
        """The identity lacks these permissions."""
        for operation in operations:
            self.sim.fail(operation, code="AccessDeniedException", times=None)

    def alarm(self, state: str) -> None:
        """The alarm ``errors`` is in this state now."""
        self._world.alarm(state=state)


def key(version: int) -> str:
    """The object that has the bundle of a version."""
    return f"web-{version}.zip"
