# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A Lambda function that CodeDeploy deploys: the deployment group ``prod`` of the application ``check``."""

from __future__ import annotations

import io
import json
import typing as t
import zipfile

from tests.e2e.stage import Stage
from tests.module.code_deploy import content


class Function:
    """A function with three versions, and the deployment group ``prod`` of its alias ``live``, on the first of them."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._client = stage.world.client("lambda")
        role = stage.world.client("iam").create_role(RoleName="check", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
        self._client.create_function(
            FunctionName="check", Runtime="python3.13", Role=role, Handler="check.main", Code={"ZipFile": code(1)}
        )
        for version in (1, 2, 3):
            self._client.update_function_code(FunctionName="check", ZipFile=code(version))
            self._client.publish_version(FunctionName="check")
        self._client.create_alias(FunctionName="check", Name="live", FunctionVersion="1")
        self._codedeploy = stage.world.client("codedeploy")
        self._named = {"applicationName": "check", "deploymentGroupName": "prod"}
        self._codedeploy.create_application(applicationName="check", computePlatform="Lambda")
        self._codedeploy.create_deployment_group(
            **self._named,
            serviceRoleArn="arn:aws:iam::123456789012:role/codedeploy",
            deploymentStyle={"deploymentType": "BLUE_GREEN", "deploymentOption": "WITH_TRAFFIC_CONTROL"},
            deploymentConfigName="CodeDeployDefault.LambdaAllAtOnce",
        )

    def deploy(self, old: int, new: int, settle: float = 300, **options: t.Any) -> str:
        """Take the alias from one version to another; returns the deployment's id after so many seconds of AWS's."""
        properties = {"Name": "check", "Alias": "live", "CurrentVersion": str(old), "TargetVersion": str(new)}
        resource = {"check": {"Type": "AWS::Lambda::Function", "Properties": properties}}
        revision = content(json.dumps({"version": 0.0, "Resources": [resource]}))
        started = self._codedeploy.create_deployment(**self._named, revision=revision, **options)
        self._stage.pass_time(settle)
        return str(started["deploymentId"])

    def split(self, version: str, other: str) -> None:
        """Let a part of the traffic go to another version."""
        weights = {"AdditionalVersionWeights": {other: 0.1}}
        self._client.update_alias(FunctionName="check", Name="live", FunctionVersion=version, RoutingConfig=weights)

    def alias(self) -> tuple[str, dict[str, float]]:
        """The version that the alias is on, and others that get a part of the traffic."""
        found = self._client.get_alias(FunctionName="check", Name="live")
        return found["FunctionVersion"], found.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})


def code(version: int) -> bytes:
    """A bundle that differs from that of any other version."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as bundle:
        bundle.writestr("check.py", f"VERSION = {version}")
    return made.getvalue()
