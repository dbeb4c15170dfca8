# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Deployments of CodeDeploy on the compute platforms Server and Lambda, and what CodeDeploy needs of moto."""

from __future__ import annotations

import inspect
import io
import json
import zipfile
from typing import Any

import pytest
from moto.awslambda.models import LambdaBackend
from moto.codedeploy.models import CodeDeployBackend
from moto.elbv2.models import ELBv2Backend
from moto.s3.models import S3Backend

from lastgood_simulator import Simulator
from selftests.cluster import client, refused
from selftests.code_deploy import BUNDLE, NAMED, ROLE, ROLLS_BACK, content, put_bundle, run_instances

TAGS = [{"Key": "app", "Value": "web", "Type": "KEY_AND_VALUE"}]


@pytest.fixture
def codedeploy(sim: Simulator) -> Any:
    return client("codedeploy")


def _server_group(codedeploy: Any, **settings: Any) -> None:
    codedeploy.create_application(applicationName="app", computePlatform="Server")
    codedeploy.create_deployment_group(**NAMED, serviceRoleArn=ROLE, **settings)


def _info(codedeploy: Any, deployment: str) -> dict[str, Any]:
    found: dict[str, Any] = codedeploy.get_deployment(deploymentId=deployment)["deploymentInfo"]
    return found


def test_instances_are_deployed_to_one_at_a_time(sim: Simulator, codedeploy: Any) -> None:
    instances = run_instances(3)
    put_bundle()
    _server_group(codedeploy, ec2TagFilters=TAGS)
    deployment = codedeploy.create_deployment(**NAMED, revision=BUNDLE, fileExistsBehavior="OVERWRITE")["deploymentId"]
    sim.advance(4 + 3)
    counts = _info(codedeploy, deployment)["deploymentOverview"]
    assert (counts["Pending"], counts["InProgress"], counts["Succeeded"]) == (2, 1, 0)
    assert sorted(codedeploy.list_deployment_targets(deploymentId=deployment)["targetIds"]) == sorted(instances)
    sim.advance(7 * 3)
    info = _info(codedeploy, deployment)
    assert (info["status"], info["deploymentOverview"]["Succeeded"]) == ("Succeeded", 3)
    assert (info["revision"], info["fileExistsBehavior"]) == (BUNDLE, "OVERWRITE")
    target = codedeploy.get_deployment_target(deploymentId=deployment, targetId=instances[0])["deploymentTarget"]
    events = target["instanceTarget"]["lifecycleEvents"]
    assert [event["lifecycleEventName"] for event in events][:2] == ["ApplicationStop", "DownloadBundle"]
    assert {event["diagnostics"]["errorCode"] for event in events} == {"Success"}
    again = codedeploy.create_deployment(**NAMED, deploymentMode="RESTART")["deploymentId"]
    assert (_info(codedeploy, again)["revision"], _info(codedeploy, again)["deploymentMode"]) == (BUNDLE, "RESTART")


def test_a_stopped_deployment_to_instances_is_rolled_back(sim: Simulator, codedeploy: Any) -> None:
    run_instances(2)
    put_bundle()
    _server_group(codedeploy, ec2TagFilters=TAGS, deploymentConfigName="CodeDeployDefault.AllAtOnce")
    codedeploy.create_deployment(**NAMED, revision=BUNDLE, fileExistsBehavior="RETAIN")
    sim.advance(60)
    other = {"revisionType": "GitHub", "gitHubLocation": {"repository": "a/b", "commitId": "c" * 40}}
    bad = codedeploy.create_deployment(**NAMED, revision=other)["deploymentId"]
    sim.advance(6)
    assert codedeploy.stop_deployment(deploymentId=bad, autoRollbackEnabled=True)["status"] == "Pending"
    sim.advance(60)
    info = _info(codedeploy, bad)
    assert (info["status"], info["deploymentOverview"]["Skipped"]) == ("Stopped", 2)
    rollback = _info(codedeploy, info["rollbackInfo"]["rollbackDeploymentId"])
    assert (rollback["status"], rollback["revision"], rollback["fileExistsBehavior"]) == ("Succeeded", BUNDLE, "RETAIN")


def test_a_group_without_instances_fails(sim: Simulator, codedeploy: Any) -> None:
    tags = [[{"Key": "app", "Type": "KEY_ONLY"}], [{"Value": "db", "Type": "VALUE_ONLY"}]]
    run_instances(1)
    _server_group(codedeploy, ec2TagSet={"ec2TagSetList": tags})
    deployment = codedeploy.create_deployment(**NAMED, revision=BUNDLE)["deploymentId"]
    sim.advance(10)
    info = _info(codedeploy, deployment)
    assert (info["status"], info["errorInformation"]["code"]) == ("Failed", "NO_INSTANCES")


def test_in_place_deployments_cannot_be_continued(codedeploy: Any) -> None:
    _server_group(codedeploy, ec2TagFilters=TAGS)
    deployment = codedeploy.create_deployment(**NAMED, revision=BUNDLE)["deploymentId"]
    code, _message = refused(codedeploy.continue_deployment, deploymentId=deployment)
    assert code == "UnsupportedActionForDeploymentTypeException"


def _function() -> Any:
    """The function ``fn`` with the versions 1 and 2; its alias ``live`` points to 1."""
    role = client("iam").create_role(RoleName="fn", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    functions = client("lambda")
    code = []
    for number in (1, 2):
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as file:
            file.writestr("fn.py", f"VERSION = {number}")
        code.append(archive.getvalue())
    functions.create_function(
        FunctionName="fn", Runtime="python3.13", Role=role, Handler="fn.f", Code={"ZipFile": code[0]}
    )
    functions.publish_version(FunctionName="fn")
    functions.update_function_code(FunctionName="fn", ZipFile=code[1])
    functions.publish_version(FunctionName="fn")
    functions.create_alias(FunctionName="fn", Name="live", FunctionVersion="1")
    return functions


def _lambda_spec(current: str, wanted: str, alias: str = "live") -> dict[str, Any]:
    properties = {"Name": "fn", "Alias": alias, "CurrentVersion": current, "TargetVersion": wanted}
    resource = {"fn": {"Type": "AWS::Lambda::Function", "Properties": properties}}
    return content(json.dumps({"version": 0.0, "Resources": [resource]}))


def test_an_alias_moves_from_version_to_version(sim: Simulator, codedeploy: Any) -> None:
    functions = _function()
    codedeploy.create_application(applicationName="app", computePlatform="Lambda")
    config = "CodeDeployDefault.LambdaCanary10Percent5Minutes"
    codedeploy.create_deployment_group(**NAMED, serviceRoleArn=ROLE, deploymentConfigName=config)
    deployment = codedeploy.create_deployment(**NAMED, revision=_lambda_spec("1", "2"))["deploymentId"]
    sim.advance(60)
    alias = functions.get_alias(FunctionName="fn", Name="live")
    assert (alias["FunctionVersion"], alias["RoutingConfig"]) == ("1", {"AdditionalVersionWeights": {"2": 0.1}})
    (target_id,) = codedeploy.list_deployment_targets(deploymentId=deployment)["targetIds"]
    target = codedeploy.get_deployment_target(deploymentId=deployment, targetId=target_id)["deploymentTarget"]
    assert target["lambdaTarget"]["lambdaFunctionInfo"]["targetVersionWeight"] == 0.1
    sim.advance(300)
    assert _info(codedeploy, deployment)["status"] == "Succeeded"
    assert functions.get_alias(FunctionName="fn", Name="live")["FunctionVersion"] == "2"
    # The earlier AppSpec file moves the alias from the version it had then.
    for revision, code in (
        (_lambda_spec("1", "2"), "INVALID_LAMBDA_FUNCTION"),
        (_lambda_spec("2", "1", "none"), "INVALID_LAMBDA_FUNCTION"),
        (_lambda_spec("2", "9"), "INVALID_LAMBDA_FUNCTION"),
        (content("{}"), "INVALID_REVISION"),
        (_lambda_spec("2", ""), "INVALID_REVISION"),
    ):
        bad = codedeploy.create_deployment(**NAMED, revision=revision)["deploymentId"]
        sim.advance(10)
        info = _info(codedeploy, bad)
        assert (info["status"], info["errorInformation"]["code"]) == ("Failed", code)


def _lambda_group(codedeploy: Any, **settings: Any) -> None:
    codedeploy.create_application(applicationName="app", computePlatform="Lambda")
    config = "CodeDeployDefault.LambdaCanary10Percent5Minutes"
    codedeploy.create_deployment_group(**NAMED, serviceRoleArn=ROLE, deploymentConfigName=config, **settings)


def test_an_alias_that_is_left_between_two_versions_blocks_deployments(sim: Simulator, codedeploy: Any) -> None:
    functions = _function()
    _lambda_group(codedeploy)
    stopped = codedeploy.create_deployment(**NAMED, revision=_lambda_spec("1", "2"))["deploymentId"]
    sim.advance(60)
    codedeploy.stop_deployment(deploymentId=stopped)
    sim.advance(60)
    assert functions.get_alias(FunctionName="fn", Name="live")["RoutingConfig"]
    blocked = codedeploy.create_deployment(**NAMED, revision=_lambda_spec("1", "2"))["deploymentId"]
    sim.advance(60)
    info = _info(codedeploy, blocked)
    assert (info["status"], info["errorInformation"]["code"]) == ("Failed", "INVALID_LAMBDA_CONFIGURATION")


def test_a_rollback_leads_all_traffic_to_the_version_before(sim: Simulator, codedeploy: Any) -> None:
    functions = _function()
    _lambda_group(codedeploy, autoRollbackConfiguration=ROLLS_BACK)
    good = codedeploy.create_deployment(**NAMED, revision=_lambda_spec("1", "2"))["deploymentId"]
    sim.advance(400)
    assert _info(codedeploy, good)["status"] == "Succeeded"
    bad = codedeploy.create_deployment(**NAMED, revision=_lambda_spec("2", "1"))["deploymentId"]
    sim.advance(60)
    codedeploy.stop_deployment(deploymentId=bad)
    sim.advance(60)
    rollback = _info(codedeploy, _info(codedeploy, bad)["rollbackInfo"]["rollbackDeploymentId"])
    assert (rollback["status"], rollback["revision"]) == ("Succeeded", _info(codedeploy, good)["revision"])
    alias = functions.get_alias(FunctionName="fn", Name="live")
    assert (alias["FunctionVersion"], alias.get("RoutingConfig")) == ("2", None)


@pytest.mark.parametrize(
    ("option", "code"),
    [
        ("ignoreApplicationStopFailures", "InvalidIgnoreApplicationStopFailuresValueException"),
        ("updateOutdatedInstancesOnly", "InvalidUpdateOutdatedInstancesOnlyValueException"),
    ],
)
def test_lambda_has_no_options_of_instances(codedeploy: Any, option: str, code: str) -> None:
    codedeploy.create_application(applicationName="app", computePlatform="Lambda")
    codedeploy.create_deployment_group(**NAMED, serviceRoleArn=ROLE)
    revision = _lambda_spec("1", "2")
    assert refused(codedeploy.create_deployment, **NAMED, revision=revision, **{option: True})[0] == code


def test_moto_keeps_its_things_where_we_look() -> None:
    """When this fails, read the simulator before raising the pin."""
    codedeploy = CodeDeployBackend("us-east-1", "123456789012")
    codedeploy.__dict__["ours"] = 1
    codedeploy.reset()
    assert "ours" not in codedeploy.__dict__
    assert ELBv2Backend("us-east-1", "123456789012").target_groups == {}
    assert S3Backend("aws", "123456789012").buckets == {}
    parameters = ["self", "name", "function_name", "function_version", "description", "routing_config"]
    assert list(inspect.signature(LambdaBackend.update_alias).parameters) == parameters
    assert list(inspect.signature(LambdaBackend.list_versions_by_function).parameters) == ["self", "function_name"]
    assert list(inspect.signature(LambdaBackend.get_alias).parameters) == ["self", "name", "function_name"]
