# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Deployment groups of the compute platforms Lambda and ECS, in process against the simulator."""

from __future__ import annotations

import io
import json
import typing as t
import zipfile

import pytest

from ansible_collections.lastgood.aws.plugins.modules import codedeploy_deployment_info
from tests.module.code_deploy import BlueGreen, client, content
from tests.module.fleet import Fleet, Run
from tests.module.run import Result, run_module
from tests.module.services import Shop
from tests.world import REGION

NAMED = {"applicationName": "pay", "deploymentGroupName": "live"}


def code(version: int) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("fn.py", f"VERSION = {version}")
    return archive.getvalue()


class Functions:
    """The function ``pay`` with three versions; its alias ``live`` was moved from 1 to 2, and from there to 3."""

    def __init__(self, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sim = shop.sim
        self.fleet = Fleet(shop, monkeypatch)
        monkeypatch.setattr(codedeploy_deployment_info, "Clock", lambda: shop.clock)
        self.functions = client("lambda")
        role = client("iam").create_role(RoleName="pay", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
        self.functions.create_function(
            FunctionName="pay", Runtime="python3.13", Role=role, Handler="fn.f", Code={"ZipFile": code(1)}
        )
        for version in (1, 2, 3):
            self.functions.update_function_code(FunctionName="pay", ZipFile=code(version))
            self.functions.publish_version(FunctionName="pay")
        self.functions.create_alias(FunctionName="pay", Name="live", FunctionVersion="1")
        self.codedeploy = client("codedeploy")
        self.codedeploy.create_application(applicationName="pay", computePlatform="Lambda")
        self.codedeploy.create_deployment_group(
            **NAMED,
            serviceRoleArn="arn:aws:iam::123456789012:role/codedeploy",
            deploymentStyle={"deploymentType": "BLUE_GREEN", "deploymentOption": "WITH_TRAFFIC_CONTROL"},
            deploymentConfigName="CodeDeployDefault.LambdaAllAtOnce",
        )
        self.deploy("1", "2")
        self.deploy("2", "3")

    def deploy(self, current: str, target: str) -> None:
        properties = {"Name": "pay", "Alias": "live", "CurrentVersion": current, "TargetVersion": target}
        resource = {"pay": {"Type": "AWS::Lambda::Function", "Properties": properties}}
        revision = content(json.dumps({"version": 0.0, "Resources": [resource]}))
        self.codedeploy.create_deployment(**NAMED, revision=revision)
        self.sim.advance(120)

    def on(self) -> str:
        return str(self.functions.get_alias(FunctionName="pay", Name="live")["FunctionVersion"])

    def redeploy(self, **options: t.Any) -> Run:
        return self.fleet.redeploy(application="pay", deployment_group="live", **options)

    def info(self) -> Result:
        return run_module(codedeploy_deployment_info, region=REGION, application="pay", deployment_group="live")


@pytest.fixture
def pay(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Functions:
    """On version 3, which is bad."""
    made = Functions(shop, monkeypatch)
    assert made.on() == "3"
    return made


def test_an_alias_goes_back_from_where_it_is(pay: Functions) -> None:
    run = pay.redeploy()
    assert run.outcome == "rolled_back", run.message
    assert pay.on() == "2"
    # As it was recorded it would begin on version 1.
    assert "CurrentVersion is set to 3" in run.findings("current_version")[0]
    again = pay.redeploy()
    assert (again.outcome, again.writes) == ("unchanged", [])
    assert pay.on() == "2"


def test_an_alias_on_two_versions_is_refused(pay: Functions) -> None:
    routing = {"AdditionalVersionWeights": {"2": 0.1}}
    pay.functions.update_alias(FunctionName="pay", Name="live", FunctionVersion="3", RoutingConfig=routing)
    run = pay.redeploy()
    assert (run.outcome, run.writes) == ("refused", [])
    assert "on version 3 and on 2 at once" in run.message


def test_an_alias_that_was_moved_by_hand_is_there_already(pay: Functions) -> None:
    pay.functions.update_alias(FunctionName="pay", Name="live", FunctionVersion="2")
    run = pay.redeploy()
    assert (run.outcome, run.writes) == ("unchanged", [])
    assert "alias live of pay is on version 2 already" in run.message


def test_a_version_that_is_gone_is_refused(pay: Functions) -> None:
    pay.functions.delete_function(FunctionName="pay", Qualifier="2")
    run = pay.redeploy()
    assert (run.outcome, run.writes) == ("refused", [])
    assert "version 2 of pay no longer exists" in run.message


def test_the_verdicts_of_a_function(pay: Functions) -> None:
    result = pay.info()
    assert (result["outcome"], result["method"]) == ("planned", "codedeploy_deployment")
    assert [c["verdict"] for c in result["candidates"]] == ["good", "good"]
    assert result["content_warnings"] == []


def test_an_ecs_service_goes_back_by_its_appspec_file(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    BlueGreen(shop).bad_release()
    fleet = Fleet(shop, monkeypatch)
    named = {"application": "shop", "deployment_group": "web"}
    run = fleet.redeploy(**named)
    assert run.outcome == "rolled_back", run.message
    assert "this deploys web:2" in run.findings("platform")[0]
    assert fleet.redeploy(**named).outcome == "unchanged"
    fleet.deny("GetApplicationRevision", "BatchGetApplicationRevisions")
    refused = fleet.redeploy(**named, deployment_id=run.result["before"]["deployment_id"])
    assert (refused.outcome, refused.writes) == ("refused", [])
    assert "codedeploy:GetApplicationRevision" in refused.message
