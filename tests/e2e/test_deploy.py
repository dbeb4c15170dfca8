# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`ansible-playbook lastgood.aws.deploy`: what fails goes back by itself, and the play fails and says why."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest

from tests.e2e import play
from tests.e2e.stage import CLUSTER, Stage
from tests.world import REGION

DEPLOY = "lastgood.aws.deploy"


def deploy(
    stage: Stage,
    *options: str,
    events: object = None,
    between: t.Callable[[], object] = lambda: None,
    **variables: object,
) -> play.Play:
    """Run it in the cluster of the stage; ``variables`` go without their prefix, ``between`` goes to play.run."""
    given = {"cluster": CLUSTER, "services": "web", "revision": "2", **variables}
    named = {f"deploy_{name}": value for name, value in given.items()}
    if events is not None:
        named["rollback_events"] = events
    return play.run(stage.url, DEPLOY, *options, *play.arguments(named), between=between)


def result(done: play.Play, service: str = "web") -> dict[str, t.Any]:
    return dict(play.named(done.published["deploy_result"], service))


def outcome(done: play.Play, service: str = "web") -> str:
    return str(result(done, service)["outcome"])


def short(task_definition: str) -> str:
    return task_definition.rpartition("/")[2]


@pytest.fixture
def released(stage: Stage) -> Stage:
    """web:1 is in service, web:2 is registered, and nothing protects the service."""
    stage.good_service()
    stage.world.register("web", "registry/web:2")
    stage.control.reset_calls()
    return stage


def test_a_good_one_succeeds_and_a_second_run_changes_nothing(released: Stage, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    done = deploy(released, events="DEPLOYMENT_FAILURE", report=str(report))
    assert done.rc == 0, done.stdout + done.stderr
    assert outcome(done) == "deployed"
    assert done.published["deploy_summary"].startswith("[web] deployed: web:2 in ")
    assert done.tasks["Deploy and watch"][1]["changed"] is True
    assert play.named(json.loads(report.read_text())["services"], "web")["outcome"] == "deployed"
    assert released.runs() == {"web:2": 2}
    released.control.reset_calls()
    again = deploy(released, events="DEPLOYMENT_FAILURE")
    assert again.rc == 0
    assert outcome(again) == "unchanged"
    assert again.tasks["Deploy and watch"][1]["changed"] is False
    assert released.writes() == []


@pytest.mark.parametrize(
    ("behaviour", "more", "reason", "by"),
    [
        ("cannot_pull", {}, "CannotPullContainerError", "ECS"),
        ("crash", {"after": 0}, "Essential container in task exited", "ECS"),
        # One whose tasks are RUNNING for a while is not seen by the circuit breaker.
        ("crash", {}, "Essential container in task exited", "lastgood"),
    ],
)
def test_what_fails_is_rolled_back_and_fails_the_play(
    released: Stage, behaviour: str, more: dict[str, t.Any], reason: str, by: str
) -> None:
    released.control.image("registry/web:2", behaviour=behaviour, **more)
    done = deploy(released, events="DEPLOYMENT_FAILURE", reason="release 7")
    assert done.rc == 2
    found = result(done)
    assert (found["outcome"], found["event"]) == ("rolled_back", "DEPLOYMENT_FAILURE")
    assert (short(found["rolled_back_to"]), found["rolled_back_by"]) == ("web:1", by)
    assert reason in found["reason"]
    [message] = done.messages
    assert message == done.published["deploy_summary"]
    assert "\n" not in message
    assert message.startswith("[web] rolled_back: web:2 does not come up: ")
    assert "web is serving on web:1 with 2 of 2 tasks" in message
    assert released.runs() == {"web:1": 2}
    assert released.count("UpdateService") == 1

    released.control.reset_calls()
    again = deploy(released, events="DEPLOYMENT_FAILURE")
    assert (again.rc, outcome(again)) == (2, "refused")
    assert "web:2 is known to be bad" in again.published["deploy_summary"]
    assert released.writes() == []


def test_an_alarm_rolls_it_back(released: Stage) -> None:
    released.world.alarm("web 5xx")

    def ring_while_it_bakes() -> None:
        if released.runs().get("web:2") == 2:
            released.world.alarm("web 5xx", "ALARM")

    done = deploy(released, events="DEPLOYMENT_STOP_ON_ALARM", alarms="web 5xx", between=ring_while_it_bakes)
    assert done.rc == 2, done.stdout
    found = result(done)
    assert (found["outcome"], found["event"]) == ("rolled_back", "DEPLOYMENT_STOP_ON_ALARM")
    assert found["protection"]["after"]["alarms"] == {"enable": True, "rollback": True, "names": ["web 5xx"]}
    assert released.runs() == {"web:1": 2}
    assert released.count("UpdateService") == 1


def test_somebody_stops_it(released: Stage) -> None:
    released.control.image("registry/web:2", behaviour="slow")
    ecs = released.world.ecs

    def stop() -> None:
        begun = ecs.list_service_deployments(cluster=CLUSTER, service="web", status=["IN_PROGRESS"])
        for deployment in begun["serviceDeployments"]:
            ecs.stop_service_deployment(serviceDeploymentArn=deployment["serviceDeploymentArn"], stopType="ROLLBACK")

    done = deploy(released, events="DEPLOYMENT_STOP_ON_REQUEST", between=stop)
    assert done.rc == 2, done.stdout
    found = result(done)
    assert (found["outcome"], found["event"]) == ("rolled_back", "DEPLOYMENT_STOP_ON_REQUEST")
    assert released.runs() == {"web:1": 2}


def test_without_events_it_fails_and_stays(released: Stage) -> None:
    released.control.image("registry/web:2", behaviour="cannot_pull")
    done = deploy(released)
    assert done.rc == 2
    assert outcome(done) == "failed"
    assert "It is not rolled back: deploy_rollback_events lacks DEPLOYMENT_FAILURE" in done.published["deploy_summary"]
    assert released.writes() == ["UpdateService"]


def test_check_mode_shows_what_would_be_done_and_writes_nothing(released: Stage) -> None:
    done = deploy(released, "--check", "--diff", events="DEPLOYMENT_FAILURE")
    assert done.rc == 0, done.stdout + done.stderr
    assert released.writes() == []
    assert "deploy_result" not in done.published
    assert play.named(done.published["deploy_plan"], "web")["outcome"] == "planned"
    status, shown = done.tasks["Deploy and watch"]
    assert (status, shown["changed"]) == ("ok", True)
    assert "registry/web:2" in shown["diff"][0]["after"]


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"services": ""}, "No service is named: give deploy_services"),
        ({"services": " , "}, "No service is named: give deploy_services"),
        ({"revision": ""}, "No revision is named: give deploy_revision"),
        ({"revision": "77"}, "there is no task definition web:77"),
        ({"services": "nosuch"}, "there is no service nosuch"),
        ({"events": "DEPLOYMENT_FAILURE,DEPLOYMENT_SUCCESS"}, "no match for: DEPLOYMENT_SUCCESS"),
        ({"events": "DEPLOYMENT_STOP_ON_ALARM"}, "no alarms are named"),
        (
            {"events": "DEPLOYMENT_FAILURE", "wait": "false"},
            "deploy_rollback_events and -e deploy_wait=false contradict each other",
        ),
    ],
)
def test_what_cannot_be_done_is_refused_before_any_write(
    released: Stage, variables: dict[str, object], message: str
) -> None:
    done = deploy(released, **variables)
    assert done.rc == 2
    assert len(done.messages) == 1, done.messages
    assert message in done.messages[0]
    assert released.writes() == []
    assert released.runs() == {"web:1": 2}


BLANK = ("config", "region", "alarms", "in_flight", "force", "reason", "wait", "wait_until", "wait_timeout", "report")
EMPTY = dict.fromkeys(BLANK, "")


def test_an_empty_text_means_unset(released: Stage) -> None:
    done = deploy(released, events="", **EMPTY)
    assert done.rc == 0, done.stdout
    assert outcome(done) == "deployed"
    update = next(call for call in released.control.log() if call["operation"] == "UpdateService")
    assert set(update["params"]) == {"cluster", "service", "taskDefinition"}


def test_every_variable_takes_text_and_several_services_end_each_for_itself(released: Stage) -> None:
    released.good_service("api")
    released.control.image("registry/api:2", behaviour="cannot_pull")
    released.world.register("api", "registry/api:2")
    texts = {
        "services": "web, api",
        "region": REGION,
        "in_flight": "supersede",
        "force": "no",
        "reason": "a 'quoted' \"reason\": ä",
        "wait": "yes",
        "wait_until": "serving",
        "wait_timeout": "60",
    }
    done = deploy(released, events="DEPLOYMENT_FAILURE, DEPLOYMENT_STOP_ON_REQUEST", **texts)
    assert done.rc == 2
    assert (outcome(done, "web"), outcome(done, "api")) == ("deployed", "rolled_back")
    assert "2 services: 1 rolled_back, 1 deployed. [api] rolled_back" in done.published["deploy_summary"]
    assert released.runs("api") == {"api:1": 2}


def test_from_a_configuration_of_ecspresso(released: Stage, tmp_path: Path) -> None:
    (tmp_path / "ecspresso.yml").write_text(f"region: {REGION}\ncluster: {CLUSTER}\nservice: web\n")
    done = deploy(released, cluster="", services="", config=str(tmp_path / "ecspresso.yml"))
    assert done.rc == 0, done.stdout
    assert outcome(done) == "deployed"
