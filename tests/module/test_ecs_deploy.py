# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Deploying a revision, and going back when it fails: by ECS where ECS can, by the run where it cannot."""

from __future__ import annotations

import typing as t

import pytest

from tests.module import strategies
from tests.module.services import BREAKER, CLUSTER, NEVER_STARTS, Shop, short
from tests.world import REGION

FAILURE = ["DEPLOYMENT_FAILURE"]
ON_ALARM = ["DEPLOYMENT_STOP_ON_ALARM"]
ON_REQUEST = ["DEPLOYMENT_STOP_ON_REQUEST"]


@pytest.fixture
def web(shop: Shop) -> Shop:
    """The service web on web:1, healthy and without protection, and two more versions."""
    shop.versions(3)
    shop.create("web:1")
    return shop


def configuration(shop: Shop, name: str = "web") -> dict[str, t.Any]:
    return dict(shop.service(name)["deploymentConfiguration"])


# -- it comes up


@pytest.mark.parametrize("revision", ["2", 2, "web:2"])
def test_a_good_revision_is_deployed_and_verified(web: Shop, revision: str | int) -> None:
    done = web.release(revision, rollback_events=FAILURE)
    assert not done.failed, done.message
    assert (done.outcome, done.only["changed"], done.result["changed"]) == ("deployed", True, True)
    assert done.only["deployment_id"] == web.primary()["id"]
    assert (web.running(), web.history()[0]) == ({"web:2": 2}, ("web:2", "SUCCESSFUL"))
    assert done.writes == ["UpdateService"]
    assert done.only["event"] is None
    assert done.message.startswith("[web] deployed: web:2 in ")
    assert any(line.startswith("[web] web:1 → web:2: update_service accepted") for line in done.lines)


def test_the_second_run_changes_nothing(web: Shop) -> None:
    web.release(2, rollback_events=FAILURE)
    again = web.release(2, rollback_events=FAILURE)
    assert (again.failed, again.outcome, again.result["changed"]) == (False, "unchanged", False)
    assert again.writes == []
    assert "it is on web:2 already, with 2 of 2 tasks" in again.message


def test_what_is_being_deployed_already_is_followed(web: Shop) -> None:
    web.deploy("web:2", settle=2)
    deployment = web.primary()["id"]
    done = web.release(2)
    assert (done.outcome, done.only["changed"], done.only["deployment_id"]) == ("deployed", False, deployment)
    assert done.writes == []
    assert any("following what is being deployed already" in line for line in done.lines)


def test_nothing_is_set_that_was_not_asked_for(web: Shop) -> None:
    before = configuration(web)
    done = web.release(2)
    assert set(done.sent("UpdateService")[0]) == {"cluster", "service", "taskDefinition"}
    assert configuration(web) == before
    assert done.only["protection"]["before"] == done.only["protection"]["after"]


def test_a_deployment_that_could_not_move_is_refused_unless_checks_only_warn(web: Shop) -> None:
    exact = {"minimumHealthyPercent": 100, "maximumPercent": 100}
    web.world.ecs.update_service(cluster=CLUSTER, service="web", deploymentConfiguration=exact)
    refused = web.release(2)
    assert (refused.outcome, refused.writes) == ("refused", [])
    assert "If this is wrong, give checks: warn" in refused.message
    done = web.release(2, checks="warn", wait=False)
    assert (done.outcome, done.finding("room_to_move")["severity"]) == ("started", "warn")


def test_check_mode_writes_nothing_and_shows_the_difference(web: Shop) -> None:
    done = web.release(2, rollback_events=FAILURE, check_mode=True, diff=True)
    assert (done.failed, done.outcome, done.result["changed"]) == (False, "planned", True)
    assert done.writes == []
    [diff] = done.result["diff"]
    assert "registry/web:1" in diff["before"]
    assert "registry/web:2" in diff["after"]
    assert '"enable": true' in diff["after"]
    assert '"enable": true' not in diff["before"]


def test_without_waiting_it_is_only_started(web: Shop) -> None:
    web.at_once = True
    done = web.release(2, wait=False)
    assert (done.failed, done.outcome) == (False, "started")
    assert web.history()[0] == ("web:2", "PENDING")


def test_no_tasks_prove_little(web: Shop) -> None:
    web.world.ecs.update_service(cluster=CLUSTER, service="web", desiredCount=0)
    web.sim.advance(100)
    done = web.release(2)
    assert done.outcome == "deployed"
    assert done.finding("no_tasks")["severity"] == "warn"


# -- it fails, and ECS goes back


@pytest.mark.parametrize(("behaviour", "more"), [("cannot_pull", {}), ("crash", {"after": 0})])
def test_what_never_starts_is_rolled_back_by_ecs_and_that_is_verified(
    web: Shop, behaviour: str, more: dict[str, t.Any]
) -> None:
    web.broken("web:2", behaviour, **more)
    done = web.release(2, rollback_events=FAILURE)
    assert (done.failed, done.outcome, done.only["event"]) == (True, "rolled_back", "DEPLOYMENT_FAILURE")
    assert (short(done.only["rolled_back_to"]), done.only["rolled_back_by"]) == ("web:1", "ECS")
    assert done.only["tasks_over_time"][-1]["running"].get("web:1") == 2
    # Not rolled back once more.
    assert done.writes == ["UpdateService"]
    [sent] = done.sent("UpdateService")
    assert set(sent["deploymentConfiguration"]) == {"deploymentCircuitBreaker"}
    breaker = sent["deploymentConfiguration"]["deploymentCircuitBreaker"]
    assert (breaker["enable"], breaker["rollback"]) == (True, True)
    assert web.history()[0] == ("web:2", "ROLLBACK_SUCCESSFUL")
    assert (web.running(), web.primary()["rolloutState"]) == ({"web:1": 2}, "COMPLETED")
    assert done.message.startswith("[web] rolled_back: web:2 does not come up: ")
    assert "ECS itself rolled it back to web:1 (DEPLOYMENT_FAILURE), which is verified" in done.message
    assert "web is serving on web:1 with 2 of 2 tasks" in done.message
    assert done.only["service_deployment"]
    assert done.only["diagnosis"]["stopped_tasks"]


def test_the_protection_stays_and_the_rest_of_the_configuration_too(shop: Shop) -> None:
    shop.versions(2)
    own = {"minimumHealthyPercent": 50, "maximumPercent": 150}
    shop.create("web:1", deploymentConfiguration=own)
    done = shop.release(2, rollback_events=FAILURE)
    now = configuration(shop)
    assert {key: now[key] for key in own} == own
    breaker = now["deploymentCircuitBreaker"]
    assert (breaker["enable"], breaker["rollback"]) == (True, True)
    assert done.only["protection"]["before"]["circuit_breaker"]["enable"] is False
    assert done.only["protection"]["after"]["circuit_breaker"]["enable"] is True


def test_a_version_that_has_failed_is_not_deployed_again_unless_forced(web: Shop) -> None:
    web.broken("web:2")
    web.release(2, rollback_events=FAILURE)
    again = web.release(2, rollback_events=FAILURE)
    assert (again.failed, again.outcome, again.writes) == (True, "refused", [])
    assert "web:2 is known to be bad: ECS rolled it back at " in again.message
    assert "give force: [marked]. Nothing was written" in again.message
    web.sim.image("registry/web:2", "ok")
    forced = web.release(2, rollback_events=FAILURE, force=["marked"])
    assert forced.outcome == "deployed"
    assert forced.finding("known_bad")["severity"] == "warn"


def test_an_alarm_rolls_it_back(web: Shop) -> None:
    web.world.alarm()

    def ring(line: str) -> None:
        if "2/2 on web:2" in line:
            web.world.alarm(state="ALARM")

    web.on_line(ring)
    done = web.release(2, rollback_events=ON_ALARM, alarms=["errors"])
    assert (done.outcome, done.only["event"]) == ("rolled_back", "DEPLOYMENT_STOP_ON_ALARM")
    assert [name for name in done.writes if not name.endswith(("Alarm", "AlarmState"))] == ["UpdateService"]
    assert configuration(web)["alarms"] == {"alarmNames": ["errors"], "enable": True, "rollback": True}
    assert web.running() == {"web:1": 2}
    assert "ECS itself rolled it back to web:1 (DEPLOYMENT_STOP_ON_ALARM)" in done.message


def test_an_alarm_that_rings_already_is_reported(web: Shop) -> None:
    web.world.alarm(state="ALARM")
    done = web.release(2, rollback_events=ON_ALARM, alarms=["errors", "nosuch"])
    assert done.outcome == "deployed"
    told = " ".join(finding["message"] for finding in done.findings("alarms"))
    assert "errors is in ALARM now" in told
    assert "no alarm nosuch" in told


def test_the_alarms_of_the_service_are_enough(shop: Shop) -> None:
    shop.world.alarm()
    shop.versions(2)
    own = {"alarms": {"alarmNames": ["errors"], "enable": False, "rollback": False}}
    shop.create("web:1", deploymentConfiguration=own)
    assert shop.release(2, rollback_events=ON_ALARM).outcome == "deployed"
    assert configuration(shop)["alarms"] == {"alarmNames": ["errors"], "enable": True, "rollback": True}


@pytest.mark.parametrize("events", [[], FAILURE, ON_REQUEST])
def test_somebody_stops_it(web: Shop, events: list[str]) -> None:
    """Whether it was asked for or not: ECS rolls back what is stopped."""

    def stop(line: str) -> None:
        if "update_service accepted" in line:
            listed = web.world.ecs.list_service_deployments(cluster=CLUSTER, service="web")["serviceDeployments"]
            web.world.ecs.stop_service_deployment(serviceDeploymentArn=listed[0]["serviceDeploymentArn"])

    web.on_line(stop)
    done = web.release(2, rollback_events=events)
    assert (done.failed, done.outcome, done.only["event"]) == (True, "rolled_back", ON_REQUEST[0])
    assert done.only["rolled_back_by"] == "ECS"
    assert done.writes.count("UpdateService") == 1
    assert web.running() == {"web:1": 2}


def test_a_stop_that_comes_too_late_stops_nothing(web: Shop) -> None:
    """It ends SUCCESSFUL: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stop-service-deployment.html"""
    web.sim.timings(stop_requested=3600.0)

    def stop(line: str) -> None:
        if "update_service accepted" in line:
            listed = web.world.ecs.list_service_deployments(cluster=CLUSTER, service="web")["serviceDeployments"]
            web.world.ecs.stop_service_deployment(serviceDeploymentArn=listed[0]["serviceDeploymentArn"])

    web.on_line(stop)
    done = web.release(2, rollback_events=[*FAILURE, *ON_REQUEST], wait_timeout=25)
    assert (done.failed, done.outcome) == (False, "deployed")
    assert (web.history()[0], web.running()) == (("web:2", "SUCCESSFUL"), {"web:2": 2})


# -- it fails, and this run goes back


def test_a_crash_loop_that_the_breaker_does_not_see_is_rolled_back_by_the_run(web: Shop) -> None:
    web.broken("web:2", "crash")
    done = web.release(2, rollback_events=FAILURE, reason="release 7")
    assert (done.failed, done.outcome, done.only["event"]) == (True, "rolled_back", "DEPLOYMENT_FAILURE")
    assert (short(done.only["rolled_back_to"]), done.only["rolled_back_by"]) == ("web:1", "lastgood")
    assert "Essential container in task exited (exit code 1)" in done.message
    assert "It was rolled back to web:1 (DEPLOYMENT_FAILURE), which is verified" in done.message
    assert web.running() == {"web:1": 2}
    assert "StopServiceDeployment" in done.writes
    mark = web.tags("web:2")["lastgood:bad"]
    assert "DEPLOYMENT_FAILURE _release 7_: web:2 does not come up" in mark


def test_a_deployment_that_gets_nowhere_is_rolled_back_when_the_time_is_up(web: Shop) -> None:
    web.sim.image("registry/web:2", "slow")
    done = web.release(2, rollback_events=FAILURE, wait_timeout=60)
    assert (done.failed, done.outcome, done.only["rolled_back_by"]) == (True, "rolled_back", "lastgood")
    assert "still going after 60 s" in done.message
    assert web.running() == {"web:1": 2}


@pytest.mark.parametrize(
    ("behaviour", "options", "outcome"), [("crash", {}, "failed"), ("slow", {"wait_timeout": 60}, "timeout")]
)
def test_what_nobody_asked_to_roll_back_stays(
    web: Shop, behaviour: str, options: dict[str, t.Any], outcome: str
) -> None:
    web.broken("web:2", behaviour)
    done = web.release(2, rollback_events=ON_REQUEST, **options)
    assert (done.failed, done.outcome) == (True, outcome)
    assert done.writes == ["UpdateService"]
    assert "It is not rolled back: rollback_events lacks DEPLOYMENT_FAILURE" in done.message
    assert web.on() == "web:2"


def test_a_breaker_that_only_stops_is_told_to_roll_back(shop: Shop) -> None:
    shop.versions(2)
    only_stops = {"deploymentCircuitBreaker": {"enable": True, "rollback": False}}
    shop.create("web:1", deploymentConfiguration=only_stops)
    shop.broken("web:2", **NEVER_STARTS)
    assert shop.release(2).outcome == "failed"
    shop.sim.advance(600)
    assert shop.release(2, rollback_events=FAILURE, force=["marked"]).only["rolled_back_by"] == "ECS"


def test_a_rollback_that_fails_too(web: Shop) -> None:
    web.broken("web:2", "crash")

    def and_the_old_one_too(line: str) -> None:
        if "update_service accepted" in line and "→ web:2" in line:
            web.broken("web:1")
            tasks = web.world.ecs.list_tasks(cluster=CLUSTER, serviceName="web")["taskArns"]
            for task in tasks:
                web.world.ecs.stop_task(cluster=CLUSTER, task=task)

    web.on_line(and_the_old_one_too)
    done = web.release(2, rollback_events=FAILURE, wait_timeout=300)
    assert (done.failed, done.outcome) == (True, "rollback_failed")
    assert "web:2 does not come up" in done.message
    assert "CannotPullContainerError" in done.message


def test_nothing_to_go_back_to(shop: Shop) -> None:
    shop.versions(2)
    shop.broken("web:1", "crash")
    shop.create("web:1", settle=200)
    shop.broken("web:2", "crash")
    done = shop.release(2, rollback_events=FAILURE)
    assert (done.failed, done.outcome) == (True, "rollback_failed")
    assert "Rolling it back ended as refused" in done.message


def test_somebody_deploys_over_it(web: Shop) -> None:
    def deploy(line: str) -> None:
        if "update_service accepted" in line:
            web.world.deploy(CLUSTER, "web", "web:3")

    web.on_line(deploy)
    done = web.release(2, rollback_events=[*FAILURE, *ON_REQUEST])
    assert (done.failed, done.outcome) == (True, "superseded")
    assert web.on() == "web:3"


# -- what is refused, and what is in the way


@pytest.mark.parametrize(
    ("revision", "options", "message"),
    [
        ("9", {}, "there is no task definition web:9"),
        ("nonsense?", {}, "revision: 'nonsense?' is neither a revision number"),
        ("", {}, "missing required arguments: revision"),
        ("2", {"rollback_events": ["DEPLOYMENT_SUCCESS"]}, "value of rollback_events must be one or more of"),
        ("2", {"rollback_events": ON_ALARM}, "no alarms are named"),
        ("2", {"rollback_events": FAILURE, "wait": False}, "rollback_events and wait: false contradict each other"),
        ("2", {"wait_timeout": 0}, "wait_timeout: 0 is not a number of seconds"),
        ("2", {"service": []}, "service: no service is named"),
        ("2", {"service": ["web", "nosuch"]}, "there is no service nosuch in cluster shop"),
        ("2", {"cluster": "nowhere"}, "there is no cluster nowhere. Check its name"),
    ],
)
def test_what_cannot_be_done_is_refused_before_any_write(
    web: Shop, revision: str, options: dict[str, t.Any], message: str
) -> None:
    done = web.release(revision, **options)
    assert done.failed
    assert message in done.message
    assert done.writes == []
    assert web.on() == "web:1"


@pytest.mark.parametrize("controller", ["CODE_DEPLOY", "EXTERNAL"])
def test_other_controllers_without_what_deploys_them_are_refused_before_any_write(web: Shop, controller: str) -> None:
    web.versions(2, "other")
    more: dict[str, t.Any] = {"deploymentController": {"type": controller}}
    if controller == "EXTERNAL":
        web.world.ecs.create_service(cluster=CLUSTER, serviceName="other", desiredCount=1, **more)
    else:
        group = f"arn:aws:elasticloadbalancing:{REGION}:123456789012:targetgroup/web/73e2d6bc24d8a067"
        more["loadBalancers"] = [{"targetGroupArn": group, "containerName": "app", "containerPort": 80}]
        web.create("other:1", settle=1, **more)
    done = web.release(2, "web", "other", rollback_events=FAILURE)
    assert done.failed
    assert done.outcomes == {"web": "not_attempted", "other": "refused"}
    assert done.message.startswith("2 services: 1 refused, 1 not_attempted. [other] refused: ")
    missing = {"CODE_DEPLOY": "no deployment group of CodeDeploy", "EXTERNAL": "no task set of other is PRIMARY"}
    assert missing[controller] in done.message
    assert done.writes == []


def test_a_revision_that_is_not_active_any_more(web: Shop) -> None:
    web.deregister("web:2")
    done = web.release(2)
    assert (done.outcome, done.writes) == ("refused", [])
    assert "web:2 is INACTIVE" in done.message


def test_a_marked_revision(web: Shop) -> None:
    web.mark("web:2", "lastgood:bad", "leaks memory")
    done = web.release(2)
    assert (done.outcome, done.writes) == ("refused", [])
    assert "web:2 is known to be bad: marked bad: leaks memory" in done.message


def test_another_deployment_that_is_running(web: Shop) -> None:
    web.deploy("web:3", settle=2)
    refused = web.release(2, in_flight="refuse")
    assert (refused.outcome, refused.writes) == ("refused", [])
    assert "a deployment of web:3 is running (IN_PROGRESS), and in_flight is refuse" in refused.message
    done = web.release(2)
    assert done.outcome == "deployed"
    assert done.finding("in_flight")["severity"] == "warn"
    assert web.history()[:2] == [("web:2", "SUCCESSFUL"), ("web:3", "STOPPED")]


def test_somebody_deploys_while_it_is_prepared(web: Shop) -> None:
    web.meanwhile("DescribeServices", nth=2, deploy="web:3")
    done = web.release(2)
    assert (done.outcome, done.writes) == ("refused", [])
    assert "somebody deployed while this deployment was being prepared" in done.message


def test_a_lost_answer_is_cleared_up(web: Shop) -> None:
    web.sim.fail("UpdateService", kind="drop", after=True, times=None)
    done = web.release(2)
    assert done.outcome == "deployed"
    assert done.finding("answer_lost")["severity"] == "warn"
    assert web.history()[0] == ("web:2", "SUCCESSFUL")


def test_a_denied_write(web: Shop) -> None:
    web.deny("UpdateService")
    done = web.release(2, rollback_events=FAILURE)
    assert (done.failed, done.outcome) == (True, "refused")
    assert "ecs:UpdateService" in done.message


def test_a_history_that_may_not_be_read(web: Shop) -> None:
    """ECS's own rollback is followed by what is PRIMARY."""
    web.deny("ListServiceDeployments")
    web.broken("web:2")
    done = web.release(2, rollback_events=FAILURE)
    assert (done.outcome, done.only["rolled_back_by"]) == ("rolled_back", "ECS")
    assert done.finding("history")["severity"] == "unknown"
    assert web.running() == {"web:1": 2}


def test_several_services_end_each_for_itself(web: Shop) -> None:
    web.versions(2, "api")
    web.create("api:1")
    web.broken("api:2", "crash")
    done = web.release(2, "web", "api", rollback_events=FAILURE)
    assert done.failed
    assert done.outcomes == {"web": "deployed", "api": "rolled_back"}
    assert (web.running("web"), web.running("api")) == ({"web:2": 2}, {"api:1": 2})
    assert done.message.startswith("2 services: 1 rolled_back, 1 deployed. [api] rolled_back: api:2 does not come up")


@pytest.mark.parametrize("events", [FAILURE, None])
@pytest.mark.parametrize("seconds", [60, None])
def test_an_outage_in_the_middle_of_the_wait(web: Shop, seconds: int | None, events: list[str] | None) -> None:
    gone = {"operation": "*", "kind": "drop", "times": None, "seconds": seconds}
    web.sim.on("DescribeServices", {"control": "fail", "params": gone}, "before", 4)
    done = web.release(2, rollback_events=events)
    web.sim.clear_failures()
    assert done.outcome == ("deployed" if seconds else "lost_contact")
    assert done.writes == ["UpdateService"]
    assert seconds or done.message.endswith("Nothing was undone. The same command goes on watching it")


def test_contact_that_is_lost_while_it_is_rolled_back_is_not_a_failed_rollback(web: Shop) -> None:
    web.broken("web:2", "slow")
    gone = {"operation": "*", "kind": "drop", "times": None}
    web.sim.on("StopServiceDeployment", {"control": "fail", "params": gone}, "after")
    done = web.release(2, rollback_events=FAILURE, wait_timeout=60, contact_timeout=30)
    web.sim.clear_failures()
    assert (done.outcome, done.only["event"]) == ("lost_contact", "DEPLOYMENT_FAILURE")
    assert "Rolling it back ended as lost_contact: AWS was going back from deployment " in done.message


def test_what_nobody_may_see_is_not_rolled_back_on_a_guess(web: Shop) -> None:
    web.broken("web:2", "crash")

    def hide(line: str) -> None:
        if "update_service accepted" in line:
            web.deny("DescribeServices")

    web.on_line(hide)
    done = web.release(2, rollback_events=FAILURE)
    assert (done.failed, done.outcome) == (True, "lost_contact")
    assert done.message.startswith("[web] lost_contact: AWS has accepted the deployment of web:2 (ecs-svc/")
    assert "needs the permission ecs:DescribeServices" in done.message
    assert done.writes == ["UpdateService"]


def test_a_killed_run_is_finished_by_the_next(web: Shop) -> None:
    web.broken("web:2", "crash")
    web.deploy("web:2", settle=20, deploymentConfiguration=BREAKER)
    done = web.release(2, rollback_events=FAILURE)
    assert (done.outcome, done.only["rolled_back_by"]) == ("rolled_back", "lastgood")
    assert "UpdateService" not in done.writes
    assert web.running() == {"web:1": 2}


# -- strategies that shift traffic


@pytest.mark.parametrize("strategy", strategies.STRATEGIES)
def test_every_strategy_is_followed_to_its_end(shop: Shop, strategy: str) -> None:
    strategies.releases(shop, 1, **strategies.STRATEGIES[strategy])
    shop.versions(1)
    done = shop.release(2, wait_timeout=7200)
    assert done.outcome == "deployed"
    assert (shop.history()[0], shop.running()) == (("web:2", "SUCCESSFUL"), {"web:2": 2})
    assert shop.release(2).outcome == "unchanged"


@pytest.mark.parametrize("strategy", strategies.STRATEGIES)
@pytest.mark.parametrize(("behaviour", "by"), [("cannot_pull", {"ECS", "lastgood"}), ("crash", {"lastgood"})])
def test_every_strategy_goes_back(shop: Shop, strategy: str, behaviour: str, by: set[str]) -> None:
    strategies.releases(shop, 1, **strategies.STRATEGIES[strategy])
    shop.versions(1)
    shop.broken("web:2", behaviour)
    done = shop.release(2, rollback_events=FAILURE, wait_timeout=7200)
    assert (done.failed, done.outcome, done.only["event"]) == (True, "rolled_back", "DEPLOYMENT_FAILURE")
    assert done.only["rolled_back_by"] in by
    assert shop.running() == {"web:1": 2}


def test_somebody_answers_a_hook_with_a_rollback(shop: Shop) -> None:
    strategies.releases(shop, 1, lifecycleHooks=[strategies.pause()])
    shop.versions(1)

    def no(line: str) -> None:
        if "waits for a person" in line:
            wanted = strategies.answer(shop, "ROLLBACK")["params"]
            shop.world.ecs.continue_service_deployment(**wanted)

    shop.on_line(no)
    done = shop.release(2, wait_timeout=7200)
    assert (done.outcome, done.only["event"]) == ("rolled_back", "DEPLOYMENT_STOP_ON_REQUEST")
    assert (short(done.only["rolled_back_to"]), done.only["rolled_back_by"]) == ("web:1", "ECS")
    assert shop.running() == {"web:1": 2}
