# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Deployments of the simulator's CodeDeploy, done on disk."""

from __future__ import annotations

import io
import typing as t
import zipfile
from pathlib import Path

import pytest

from tests.agent.agent import Agent
from tests.agent.serving import ENDED, Serving
from tests.simulator_process import SimulatorProcess
from tests.world import REGION, World

NAMED = {"applicationName": "web", "deploymentGroupName": "prod"}
TAG = {"Key": "app", "Value": "web"}


class Group:
    """A deployment group with one instance, in a simulator, and bundles for it."""

    def __init__(self, url: str, site: Path) -> None:
        world = World(url)
        self._site = site
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

    def deploy(self, name: str, fails_at: str = "", **options: t.Any) -> dict[str, t.Any]:
        """Deploy a bundle with one file to its end; returns the DeploymentInfo."""
        text = f"version: 0.0\nos: linux\nfiles:\n  - source: content\n    destination: {self._site}\n"
        if fails_at:
            text += f"hooks:\n  {fails_at}:\n    - location: fail.sh\n"
        body = io.BytesIO()
        with zipfile.ZipFile(body, "w") as archive:
            archive.writestr("appspec.yml", text)
            archive.writestr("fail.sh", "#!/bin/sh\necho it is broken\nexit 1\n")
            archive.writestr("content/index.html", name)
        self._s3.put_object(Bucket="bundles", Key=f"{name}.zip", Body=body.getvalue())
        place = {"bucket": "bundles", "key": f"{name}.zip", "bundleType": "zip"}
        revision = {"revisionType": "S3", "s3Location": place}
        id_ = self._codedeploy.create_deployment(**NAMED, revision=revision, **options)["deploymentId"]
        while True:
            info: dict[str, t.Any] = self._codedeploy.get_deployment(deploymentId=id_)["deploymentInfo"]
            if info["status"] in ENDED:
                return info

    def failed_event(self, deployment: dict[str, t.Any]) -> dict[str, t.Any]:
        """The lifecycle event that has failed on the instance."""
        target = self._codedeploy.get_deployment_target(
            deploymentId=deployment["deploymentId"], targetId=self.instance
        )["deploymentTarget"]["instanceTarget"]
        [event] = [event for event in target["lifecycleEvents"] if event["status"] == "Failed"]
        return dict(event)


@pytest.fixture(scope="module")
def simulator() -> t.Iterator[SimulatorProcess]:
    with SimulatorProcess(speed=60) as process:
        yield process


def test_deployments_are_done_on_disk(simulator: SimulatorProcess, tmp_path: Path) -> None:
    simulator.control.reset()
    site = tmp_path / "site"
    group = Group(simulator.url, site)
    agent = Agent(tmp_path / "deployment-root", tmp_path)
    with Serving(simulator.url, agent, group.instance, "web", "prod") as serving:
        assert group.deploy("one")["status"] == "Succeeded"
        assert (site / "index.html").read_text() == "one"

        bad = group.deploy("two", "ValidateService")
        event = group.failed_event(bad)
        assert (bad["status"], event["lifecycleEventName"]) == ("Failed", "ValidateService")
        assert event["diagnostics"]["errorCode"] == "ScriptFailed"
        assert "it is broken" in event["diagnostics"]["logTail"]
        assert (site / "index.html").read_text() == "two"

        # What somebody has put there is in the way, on disk as well as for CodeDeploy.
        cleanup = agent.layout.cleanup(serving.group_id)
        cleanup.write_text("")
        conflict = group.deploy("three")
        assert conflict["status"] == "Failed"
        assert "already exists at this location" in group.failed_event(conflict)["diagnostics"]["message"]
        assert group.deploy("three", fileExistsBehavior="OVERWRITE")["status"] == "Succeeded"
        assert (site / "index.html").read_text() == "three"
    assert [outcome.event for outcome in serving.outcomes] == ["", "ValidateService", "Install", ""]
    assert {outcome.deployment for outcome in serving.outcomes} >= {bad["deploymentId"], conflict["deploymentId"]}


def test_a_broken_application_stop_is_that_of_the_bundle_before(simulator: SimulatorProcess, tmp_path: Path) -> None:
    simulator.control.reset()
    group = Group(simulator.url, tmp_path / "site")
    agent = Agent(tmp_path / "deployment-root", tmp_path)
    with Serving(simulator.url, agent, group.instance, "web", "prod"):
        assert group.deploy("one", "ApplicationStop")["status"] == "Succeeded"
        stuck = group.deploy("two")
        assert (stuck["status"], group.failed_event(stuck)["lifecycleEventName"]) == ("Failed", "ApplicationStop")
        assert group.deploy("two", ignoreApplicationStopFailures=True)["status"] == "Succeeded"
    assert (tmp_path / "site" / "index.html").read_text() == "two"
