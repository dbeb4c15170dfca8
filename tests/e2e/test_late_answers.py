# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The worst that came of answers that show the past, or that never come."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import Rollback
from tests.e2e.stage import CLUSTER, Stage
from tests.ecr import LATEST, Ecr

ACCOUNT = "123456789012"
DAY = 86400
NAMES = ("web", "api", "quiet")


def updates(stage: Stage, service: str) -> list[str]:
    """The versions that the play deployed to a service."""
    sent = [call["params"] for call in stage.control.log() if call["operation"] == "UpdateService"]
    return [str(params["taskDefinition"]).rpartition("/")[2] for params in sent if params["service"] == service]


@pytest.mark.newest
def test_three_services_while_aws_answers_as_it_was_before(stage: Stage, rollback: Rollback) -> None:
    """web: somebody returned from web:3 to web:2 a moment ago. api: scales, and runs a bad version. quiet: the bad
    version is still being deployed, the one before it has served for 100 days.
    """
    stage.good_service("quiet")
    stage.pass_time(100 * DAY)
    for name in ("web", "api"):
        for version in (1, 2, 3):
            stage.good_service(name) if version == 1 else stage.deploy(name, version)
    stage.world.make_scalable(CLUSTER, "api", 1, 5)
    stage.control.image("registry/quiet:2", behaviour="cannot_pull")
    stage.world.register("quiet", "registry/quiet:2")
    stage.world.deploy(CLUSTER, "quiet", "quiet:2")
    stage.pass_time(30)
    before = stage.auto_scaling("api")
    stage.control.reset_calls()
    for operation in ("ListServiceDeployments", "DescribeScalableTargets", "ecs:Tags"):
        stage.control.late(operation, seconds=600)
    stage.control.late("application-autoscaling:ListTagsForResource", seconds=600)
    stage.control.late("DescribeServices", seconds=30, flips=True)
    returned = {"cluster": CLUSTER, "service": "web", "taskDefinition": "web:2"}
    stage.control.on("DescribeServices", {"operation": "UpdateService", "params": returned})
    done = rollback(services=",".join(NAMES), suspend_auto_scaling="true")
    assert done.rc == 0, done.stdout
    assert done.outcomes == dict.fromkeys(NAMES, "rolled_back")
    # Not two versions back, although the list of deployments lacked the return.
    assert (stage.on("web"), done.of("web")["method"], updates(stage, "web")) == ("web:2", "adopt", [])
    # One look that shows the past is no rollback by ECS.
    assert (stage.on("api"), updates(stage, "api")) == ("api:2", ["api:2"])
    assert "by itself" not in done.stdout + done.stderr
    # Scaling goes on, and no record says otherwise.
    assert stage.auto_scaling("api") == before
    # What served for longer than AWS keeps deployments is good.
    assert (stage.on("quiet"), done.of("quiet")["target_source"]) == ("quiet:1", "last_good")


@pytest.mark.long
def test_what_never_answers_does_not_hold_up_the_rollback(stage: Stage, rollback: Rollback) -> None:
    """From a controller that reaches nothing but ECS, the first write came after minutes, which is more patience than a
    play has here.
    """
    ecr = Ecr(stage.world)
    role = f"arn:aws:iam::{ACCOUNT}:role/task"
    watched = {"alarms": {"alarmNames": ["errors"], "enable": True, "rollback": True}}
    for version, content in enumerate(("good", "bad"), start=1):
        ecr.push(content)
        stage.world.ecs.register_task_definition(
            family="web",
            taskRoleArn=role,
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            cpu="256",
            memory="512",
            containerDefinitions=[
                {
                    "name": "app",
                    "image": LATEST,
                    "memory": 128,
                    "environment": [{"name": "RELEASE", "value": str(version)}],
                }
            ],
        )
        for name in ("web", "api"):
            if version == 1:
                stage.world.create_service(CLUSTER, name, "web:1", deploymentConfiguration=watched)
            else:
                stage.world.deploy(CLUSTER, name, "web:2")
        stage.pass_time(600)
    silent = ("DescribeImages", "DescribeAlarms", "GetRole")
    for operation in silent:
        stage.control.fail(operation, kind="hang", times=None)
    stage.control.reset_calls()
    done = rollback(services="web,api")
    assert (done.rc, done.outcomes) == (0, {"web": "rolled_back", "api": "rolled_back"}), done.stdout
    # The second service is no reason to wait again.
    asked = [call["operation"] for call in stage.control.log() if call["operation"] in silent]
    assert sorted(asked) == sorted(silent)
    for check in ("alarms", "target_role"):
        assert done.findings(check), check
