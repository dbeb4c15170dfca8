# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook for deployment groups while a deployment is in flight, judged by what CodeDeploy and instances have."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.e2e import play
from tests.e2e.code_deploy import CodeDeploy
from tests.e2e.conftest import Rollback
from tests.e2e.fleet import NAMED, SCALING_GROUP, TAG, Fleet
from tests.e2e.function import Function
from tests.e2e.stage import Stage

ROLE = "arn:aws:iam::123456789012:role/codedeploy"
CANARY = "CodeDeployDefault.LambdaCanary10Percent5Minutes"


def half_way(stage: Stage, fleet: Fleet) -> str:
    """Version 1 is good. 2 hangs on the first instance, after Install. Returns its deployment."""
    fleet.deploy(1)
    stage.control.bundle("web-2.zip", "hang", "ValidateService")
    bad = fleet.deploy(2, settle=30)
    assert fleet.deployment(bad)["status"] == "InProgress"
    stage.control.reset_calls()
    return bad


def targets(fleet: Fleet, deployment: str) -> dict[str, str]:
    """The status of each instance in a deployment."""
    ids = fleet.client.list_deployment_targets(deploymentId=deployment)["targetIds"]
    found = fleet.client.batch_get_deployment_targets(deploymentId=deployment, targetIds=ids)["deploymentTargets"]
    return {item["instanceTarget"]["targetId"]: item["instanceTarget"]["status"] for item in found}


def test_nothing_is_stopped_for_a_deployment_that_would_be_refused(stage: Stage, redeploy: Rollback) -> None:
    fleet = Fleet(stage)
    bad = half_way(stage, fleet)
    for options in (["--check"], []):
        done = redeploy(*options, deployment_config="Nope")
        assert (done.rc, stage.writes()) == (2, []), done.stdout
        assert "there is no deployment configuration Nope" in done.messages[0]
        assert fleet.deployment(bad)["status"] == "InProgress"
    assert done.outcomes == {"prod": "refused"}
    stage.control.fail("CreateDeployment", "AccessDeniedException")
    done = redeploy(deployment_config="CodeDeployDefault.AllAtOnce")
    assert (done.rc, done.outcomes) == (2, {"prod": "failed"}), done.stdout
    assert stage.writes() == ["StopDeployment", "CreateDeployment"]
    [finding] = done.findings("stopped_then_refused", "prod")
    assert fleet.deployment(bad)["status"] == "Stopped"
    assert bad in finding
    assert all(instance in finding for instance in targets(fleet, bad))
    assert finding in done.summary
    stage.control.clear_failures()
    # By now it is certain that CodeDeploy does not roll back what was stopped.
    stage.pass_time(120)
    done = redeploy(deployment_config="CodeDeployDefault.AllAtOnce")
    assert (done.rc, done.outcomes, fleet.on()) == (0, {"prod": "rolled_back"}, "web-1.zip"), done.stdout


def test_instances_on_premises(stage: Stage, redeploy: Rollback) -> None:
    fleet = Fleet(stage, onPremisesInstanceTagFilters=[{**TAG, "Type": "KEY_AND_VALUE"}])
    user = "arn:aws:iam::123456789012:user/machine"
    fleet.client.register_on_premises_instance(instanceName="basement", iamUserArn=user)
    fleet.client.add_tags_to_on_premises_instances(instanceNames=["basement"], tags=[TAG])
    bad = half_way(stage, fleet)
    done = redeploy()
    assert (done.rc, done.outcomes, fleet.on()) == (0, {"prod": "rolled_back"}, "web-1.zip"), done.stdout
    assert (fleet.deployment(bad)["status"], stage.writes()) == ("Stopped", ["StopDeployment"])
    reached = targets(fleet, done.of("prod")["deployment_id"])
    assert (reached["basement"], set(reached.values())) == ("Succeeded", {"Succeeded"})


def test_an_auto_scaling_group(stage: Stage, redeploy: Rollback) -> None:
    fleet = Fleet(stage, scales=True)
    bad = half_way(stage, fleet)
    done = redeploy(suspend_auto_scaling="true", file_exists_behavior="fail")
    assert (done.rc, done.outcomes, fleet.on()) == (0, {"prod": "rolled_back"}, "web-1.zip"), done.stdout
    assert (fleet.deployment(bad)["status"], fleet.suspended()) == ("Stopped", set())
    order = [name for name in stage.writes() if name.endswith(("Processes", "Deployment"))]
    assert order == ["SuspendProcesses", "StopDeployment", "CreateDeployment", "ResumeProcesses"]
    group = fleet.scaling.describe_auto_scaling_groups(AutoScalingGroupNames=[SCALING_GROUP])["AutoScalingGroups"][0]
    reached = targets(fleet, done.of("prod")["deployment_id"])
    assert reached == {instance["InstanceId"]: "Succeeded" for instance in group["Instances"]}


def test_a_service_of_ecs(stage: Stage, redeploy: Rollback) -> None:
    code_deploy = CodeDeploy(stage)
    code_deploy.deploy(2)
    bad = code_deploy.deploy(3, settle=20)
    stage.control.reset_calls()
    done = redeploy(application="shop", deployment_group="web")
    assert (done.rc, done.outcomes, code_deploy.primary()) == (0, {"web": "rolled_back"}, "web:2"), done.stdout
    assert (code_deploy.status(bad), stage.writes()) == ("Stopped", ["StopDeployment"])
    assert redeploy(application="shop", deployment_group="web").outcomes == {"web": "unchanged"}


def test_a_function_half_of_whose_traffic_has_moved(stage: Stage, redeploy: Rollback) -> None:
    function = Function(stage)
    function.deploy(1, 2)
    function.deploy(2, 3, settle=60, deploymentConfigName=CANARY)
    version, others = function.alias()
    assert others, version
    stage.control.reset_calls()
    done = redeploy(application="check")
    assert (done.rc, done.outcomes, function.alias()) == (0, {"prod": "rolled_back"}, ("2", {})), done.stdout
    assert stage.writes() == ["StopDeployment"]


# What the guide says besides.


def task(name: str, module: str, **options: object) -> dict[str, object]:
    return {"name": name, f"lastgood.aws.{module}": options, "register": "done"}


@pytest.fixture
def plays(tmp_path: Path) -> Path:
    return tmp_path / "play.yml"


def run(stage: Stage, playbook: Path, *tasks: dict[str, object]) -> play.Play:
    playbook.write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": list(tasks)}]))
    return play.run(stage.url, playbook)


def test_automatic_rollback_is_set_when_a_group_is_created(stage: Stage, plays: Path, redeploy: Rollback) -> None:
    """The first bad deployment is rolled back already."""
    fleet = Fleet(stage)
    fleet.client.delete_deployment_group(**NAMED)
    fleet.client.delete_application(applicationName=NAMED["applicationName"])
    wanted = task(
        "Make",
        "codedeploy_deployment_group",
        application="web",
        deployment_group="prod",
        service_role=ROLE,
        ec2_tags=[{"key": TAG["Key"], "value": TAG["Value"]}],
        auto_rollback=True,
    )
    done = run(stage, plays, wanted, {**wanted, "name": "Once more"})
    assert done.rc == 0, done.stdout
    assert done.tasks["Make"][1]["outcome"] == "created"
    assert done.tasks["Once more"][1]["outcome"] == "unchanged"
    fleet.deploy(1)
    stage.control.bundle("web-2.zip", "fail", "ValidateService")
    bad = fleet.deploy(2)
    assert fleet.deployment(bad)["rollbackInfo"]["rollbackDeploymentId"]
    assert (redeploy().outcomes, fleet.on()) == ({"prod": "unchanged"}, "web-1.zip")


def test_an_instance_that_was_removed_from_the_group_is_named(stage: Stage, plays: Path) -> None:
    fleet = Fleet(stage)
    _good, bad = fleet.story()
    removed = next(iter(targets(fleet, bad)))
    stage.world.client("ec2").delete_tags(Resources=[removed], Tags=[{"Key": TAG["Key"]}])
    latest = fleet.deploy(3)
    assert removed not in targets(fleet, latest)
    done = run(stage, plays, task("Look", "codedeploy_deployment_info", application="web", deployment_group="prod"))
    [found] = done.tasks["Look"][1]["removed_instances"]
    assert (found["instance_id"], found["deployment_id"]) == (removed, bad)
    assert "web-2.zip" in found["revision_name"]
