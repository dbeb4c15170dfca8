# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`ansible-playbook lastgood.aws.deploy` on services that CodeDeploy, or something outside of AWS, deploys."""

from __future__ import annotations

import typing as t

import pytest

from tests.e2e import play
from tests.e2e.code_deploy import PORT, CodeDeploy
from tests.e2e.stage import CLUSTER, Stage
from tests.e2e.test_deploy import deploy, outcome, result, short
from tests.module.code_deploy import ALARMS, BLUE
from tests.world import NETWORK


@pytest.fixture
def blue_green(stage: Stage) -> CodeDeploy:
    """web:2 is in service, web:3 is registered."""
    made = CodeDeploy(stage, alarmConfiguration=ALARMS)
    stage.world.alarm()
    made.deploy(2)
    stage.world.register("web", "registry/web:3", **PORT)
    stage.control.reset_calls()
    return made


def ended_as(done: play.Play, event: str, to: str, by: str) -> str:
    """The play has failed, and the artifacts say that the service went back; returns why."""
    assert done.rc == 2, done.stdout + done.stderr
    found = result(done)
    assert (found["outcome"], found["event"]) == ("rolled_back", event), found["reason"]
    assert (short(found["rolled_back_to"]), found["rolled_back_by"]) == (to, by)
    [message] = done.messages
    assert message == done.published["deploy_summary"]
    assert found["reason"].rstrip(".") in message
    return str(found["reason"])


def test_codedeploy_deploys_and_a_second_run_changes_nothing(stage: Stage, blue_green: CodeDeploy) -> None:
    done = deploy(stage, revision="3", events="DEPLOYMENT_FAILURE")
    assert (done.rc, outcome(done)) == (0, "deployed"), done.stdout + done.stderr
    assert (blue_green.primary(), stage.writes()) == ("web:3", ["CreateDeployment"])
    again = deploy(stage, revision="3", events="DEPLOYMENT_FAILURE")
    assert (again.rc, outcome(again)) == (0, "unchanged")
    assert stage.writes() == ["CreateDeployment"]


@pytest.mark.parametrize(("events", "sent"), [("", None), ("none", {"enabled": False, "events": []})])
def test_events_of_the_group_apply_unless_they_are_switched_off(
    stage: Stage, blue_green: CodeDeploy, events: str, sent: dict[str, t.Any] | None
) -> None:
    done = deploy(stage, revision="3", events=events, wait=False)
    assert (done.rc, outcome(done), blue_green.primary()) == (0, "started", "web:2"), done.stdout + done.stderr
    [request] = [call["params"] for call in stage.control.log() if call["operation"] == "CreateDeployment"]
    assert request.get("autoRollbackConfiguration") == sent


def test_codedeploy_rolls_a_crashing_image_back_by_itself(stage: Stage, blue_green: CodeDeploy) -> None:
    stage.control.image("registry/web:3", behaviour="crash")
    stage.control.timings(replacement_timeout=600)
    done = deploy(stage, revision="3", events="DEPLOYMENT_FAILURE")
    why = ended_as(done, "DEPLOYMENT_FAILURE", "web:2", "CodeDeploy")
    assert why.startswith("web:3 does not come up: Essential container in task exited")
    assert "CodeDeploy: TIMEOUT: The deployment timed out" in why
    assert "CodeDeploy itself rolled it back to web:2" in why
    assert (blue_green.primary(), stage.writes()) == ("web:2", ["CreateDeployment"])


def test_a_crashing_image_is_rolled_back_before_codedeploy_gives_up(stage: Stage, blue_green: CodeDeploy) -> None:
    stage.control.image("registry/web:3", behaviour="crash")
    done = deploy(stage, revision="3", events="DEPLOYMENT_FAILURE", reason="release 7")
    why = ended_as(done, "DEPLOYMENT_FAILURE", "web:2", "lastgood")
    assert why.startswith("web:3 does not come up: Essential container in task exited")
    assert blue_green.primary() == "web:2"
    moves = [name for name in stage.writes() if name != "TagResource"]
    assert moves[:2] == ["CreateDeployment", "StopDeployment"]


def test_an_alarm_of_the_deployment_group_rolls_it_back(stage: Stage, blue_green: CodeDeploy) -> None:
    def ring_when_it_has_the_traffic() -> None:
        if blue_green.primary() == "web:3":
            stage.world.alarm(state="ALARM")

    done = deploy(stage, revision="3", events="DEPLOYMENT_STOP_ON_ALARM", between=ring_when_it_has_the_traffic)
    assert "ALARM_ACTIVE" in ended_as(done, "DEPLOYMENT_STOP_ON_ALARM", "web:2", "CodeDeploy")
    assert blue_green.primary() == "web:2"


def test_somebody_stops_the_deployment_of_codedeploy(stage: Stage, blue_green: CodeDeploy) -> None:
    stage.control.image("registry/web:3", behaviour="slow")
    codedeploy = stage.world.client("codedeploy")

    def stop() -> None:
        """The rollback is what the deployment was created with, not what this asks for."""
        named = {"applicationName": "shop", "deploymentGroupName": "web"}
        for begun in codedeploy.list_deployments(**named, includeOnlyStatuses=["InProgress"])["deployments"]:
            if codedeploy.get_deployment(deploymentId=begun)["deploymentInfo"]["creator"] == "user":
                codedeploy.stop_deployment(deploymentId=begun)

    done = deploy(stage, revision="3", events="DEPLOYMENT_STOP_ON_REQUEST", between=stop)
    ended_as(done, "DEPLOYMENT_STOP_ON_REQUEST", "web:2", "CodeDeploy")
    assert blue_green.primary() == "web:2"


def test_alarms_that_the_group_does_not_have_are_asked_for(stage: Stage) -> None:
    made = CodeDeploy(stage)
    stage.world.register("web", "registry/web:2", **PORT)
    stage.control.reset_calls()
    done = deploy(stage, revision="2", events="DEPLOYMENT_STOP_ON_ALARM")
    assert (done.rc, outcome(done), stage.writes()) == (2, "refused", [])
    assert "the deployment group web has none enabled" in done.published["deploy_summary"]
    assert made.primary() == "web:1"


def test_a_task_set_that_does_not_come_up_is_deleted(stage: Stage) -> None:
    ecs = stage.world.ecs
    for version in (1, 2):
        stage.world.register("web", f"registry/web:{version}", **PORT)
    stage.control.image("registry/web:2", behaviour="crash", after=0)
    ecs.create_service(cluster=CLUSTER, serviceName="web", desiredCount=2, deploymentController={"type": "EXTERNAL"})
    made = ecs.create_task_set(
        cluster=CLUSTER,
        service="web",
        taskDefinition="web:1",
        launchType="FARGATE",
        networkConfiguration=NETWORK,
        loadBalancers=[{"targetGroupArn": BLUE, "containerName": "app", "containerPort": 80}],
        scale={"value": 100, "unit": "PERCENT"},
    )
    ecs.update_service_primary_task_set(cluster=CLUSTER, service="web", primaryTaskSet=made["taskSet"]["id"])
    stage.pass_time(300)
    stage.control.reset_calls()
    done = deploy(stage, revision="2", events="DEPLOYMENT_FAILURE")
    why = ended_as(done, "DEPLOYMENT_FAILURE", "web:1", "lastgood")
    assert "was deleted, and the service is still on web:1" in why
    # The tags: web:2 is marked bad, and the service records what it was taken back from.
    assert (stage.on(), stage.writes()) == ("web:1", ["CreateTaskSet", "DeleteTaskSet", "TagResource", "TagResource"])
    stage.control.image("registry/web:2", behaviour="ok")
    forced = deploy(stage, revision="2", events="DEPLOYMENT_FAILURE", force="marked")
    assert (forced.rc, outcome(forced), stage.on()) == (0, "deployed", "web:2"), forced.stdout
