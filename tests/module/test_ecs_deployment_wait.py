# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The waiter waits for one deployment, and is not content with whatever stands there."""

from __future__ import annotations

import typing as t

import pytest

from tests.module import strategies
from tests.module.services import BREAKER, CLUSTER, NEVER_STARTS, Shop
from tests.world import REGION

ALARMS = {"alarms": {"alarmNames": ["errors"], "enable": True, "rollback": True}, "bakeTimeInMinutes": 5}


def began(shop: Shop, version: str, settle: float = 2, **more: t.Any) -> str:
    """Somebody deploys; the deployment's id."""
    shop.deploy(version, settle=settle, **more)
    return str(shop.primary()["id"])


def record_arn(shop: Shop, position: int = 0) -> str:
    """The ARN of a service deployment, newest first."""
    listed = shop.world.ecs.list_service_deployments(cluster=CLUSTER, service="web")["serviceDeployments"]
    return str(listed[position]["serviceDeploymentArn"])


@pytest.fixture
def web(shop: Shop) -> Shop:
    """The service web on web:1, healthy, with two more versions that nobody has deployed yet."""
    shop.versions(3)
    shop.create("web:1")
    return shop


def test_what_is_going_is_followed_to_its_end(web: Shop) -> None:
    deployment = began(web, "web:2")
    done = web.wait()
    assert not done.failed
    assert done.result["changed"] is False
    assert (done.outcome, done.only["deployment_id"]) == ("stable", deployment)
    assert done.only["service_deployment"] == record_arn(web)
    assert done.only["now"]["task_definition"].endswith("/web:2")
    assert web.running() == {"web:2": 2}
    assert done.writes == []
    assert done.only["timings"]["stable"] > 0
    assert done.only["tasks_over_time"][-1]["running"] == {"web:2": 2}
    assert done.message == (
        "[web] stable: the deployment of web:2 is complete, and nothing of the other versions is left"
    )
    assert any("1/2 on web:2" in line or "0/2 on web:2" in line for line in done.lines)


def test_serving_is_there_before_stable(web: Shop) -> None:
    began(web, "web:2")
    serving = web.wait(wait_until="serving")
    assert serving.outcome == "serving"
    assert web.primary()["rolloutState"] == "IN_PROGRESS"
    assert web.wait().outcome == "stable"


@pytest.mark.parametrize("wanted", ["", "id", "arn"])
def test_what_is_complete_already_needs_no_waiting(web: Shop, wanted: str) -> None:
    deployment = began(web, "web:2", settle=600)
    named = {"": "", "id": deployment, "arn": record_arn(web)}[wanted]
    done = web.wait(deployment=named)
    assert (done.failed, done.outcome, done.only["deployment_id"]) == (False, "stable", deployment)
    assert web.clock.sleeps == 0


def test_what_ecs_rolls_back_meanwhile_has_failed(shop: Shop) -> None:
    shop.versions(2)
    shop.create("web:1", deploymentConfiguration=BREAKER)
    shop.broken("web:2")
    began(shop, "web:2")
    done = shop.wait()
    assert (done.failed, done.outcome) == (True, "failed")
    assert done.message.startswith("[web] failed: web:2 does not come up: CannotPullContainerError")
    assert "web is serving on web:1 with 2 of 2" in done.message
    assert done.only["diagnosis"]["stopped_tasks"]


@pytest.mark.parametrize("wanted", ["", "id", "arn"])
def test_what_ecs_has_rolled_back_has_failed(shop: Shop, wanted: str) -> None:
    """services_stable is content: there is one deployment, and it has all its tasks."""
    shop.versions(2)
    shop.create("web:1", deploymentConfiguration=BREAKER)
    good = shop.primary()["id"]
    shop.broken("web:2")
    deployment = began(shop, "web:2")
    shop.sim.advance(600)
    assert [d["id"] for d in shop.service()["deployments"]] == [good]
    done = shop.wait(deployment={"": "", "id": deployment, "arn": record_arn(shop)}[wanted])
    assert (done.failed, done.outcome) == (True, "failed")
    assert "ECS rolled web:2 back to web:1 at " in done.message
    assert "circuit breaker" in done.message
    assert (f"Give deployment={good} to wait for web:1, which is PRIMARY now" in done.message) == (wanted == "")
    assert shop.clock.sleeps == 0
    # And what it went back to is what somebody may want to be sure of.
    assert shop.wait(deployment=good).outcome == "stable"


def test_while_ecs_rolls_back_it_has_failed_already(shop: Shop) -> None:
    shop.versions(2)
    shop.create("web:1", deploymentConfiguration=BREAKER)
    shop.broken("web:2", **NEVER_STARTS)
    began(shop, "web:2")
    while shop.history()[0][1] != "ROLLBACK_IN_PROGRESS":
        shop.sim.advance(1)
    done = shop.wait()
    assert (done.outcome, shop.clock.sleeps) == ("failed", 0)
    assert "ECS is rolling web:2 back to web:1" in done.message


def test_bake_time_is_part_of_it(shop: Shop) -> None:
    """services_stable is content: one deployment with all its tasks. But an alarm can still roll it back."""
    shop.world.alarm()
    shop.versions(2)
    shop.create("web:1", settle=1200, deploymentConfiguration=ALARMS)
    began(shop, "web:2", settle=60)
    assert [d["runningCount"] for d in shop.service()["deployments"]] == [2]
    assert shop.wait(wait_timeout=20).outcome == "timeout"
    done = shop.wait()
    assert done.outcome == "stable"
    assert shop.primary()["rolloutState"] == "COMPLETED"


def test_no_tasks_prove_nothing(web: Shop) -> None:
    """services_stable is content with 0 of 0."""
    web.world.ecs.update_service(cluster=CLUSTER, service="web", desiredCount=0)
    began(web, "web:2", settle=600)
    done = web.wait()
    assert (done.failed, done.outcome) == (True, "failed")
    assert "the service wants 0 tasks" in done.message


@pytest.mark.parametrize("wanted", ["id", "arn"])
def test_what_was_complete_once_and_was_deployed_over_is_superseded(web: Shop, wanted: str) -> None:
    deployment = began(web, "web:2", settle=600)
    named = {"id": deployment, "arn": record_arn(web)}[wanted]
    theirs = began(web, "web:3", settle=600)
    done = web.wait(deployment=named)
    assert (done.failed, done.outcome) == (True, "superseded")
    assert "the deployment of web:2 was complete at " in done.message
    assert f"web:3 ({theirs}) was deployed over web:2" in done.message
    assert "web is serving on web:3 with 2 of 2" in done.message


@pytest.mark.parametrize("wanted", ["id", "arn"])
def test_what_was_never_complete_and_was_deployed_over_is_superseded(web: Shop, wanted: str) -> None:
    deployment = began(web, "web:2")
    named = {"id": deployment, "arn": record_arn(web)}[wanted]
    began(web, "web:3")
    while_it_drains = web.wait(deployment=named)
    web.sim.advance(600)
    for done in (while_it_drains, web.wait(deployment=named)):
        assert (done.failed, done.outcome) == (True, "superseded")
        assert "was deployed over web:2" in done.message


def test_somebody_deploys_over_it_meanwhile(web: Shop) -> None:
    began(web, "web:2")
    web.meanwhile("DescribeServices", nth=4, deploy="web:3")
    done = web.wait()
    assert (done.failed, done.outcome) == (True, "superseded")
    assert "somebody else deployed web:3" in done.message


def test_older_than_the_newest_few(web: Shop) -> None:
    first = began(web, "web:2", settle=300)
    for _time in range(21):
        began(web, "web:3", settle=100, forceNewDeployment=True)
    done = web.wait(deployment=first)
    assert done.outcome == "superseded"
    assert "the deployment of web:2 was complete at " in done.message


def test_a_crash_loop_that_the_circuit_breaker_does_not_see(web: Shop) -> None:
    web.broken("web:2", "crash")
    began(web, "web:2")
    done = web.wait()
    assert (done.failed, done.outcome) == (True, "failed")
    assert "Essential container in task exited (exit code 1)" in done.message
    assert done.only["timings"]["ended"] < 300


def test_the_time_is_up(web: Shop) -> None:
    web.sim.image("registry/web:2", "slow")
    began(web, "web:2")
    done = web.wait(wait_timeout=30)
    assert (done.failed, done.outcome) == (True, "timeout")
    assert "still going after 30 s" in done.message
    assert done.writes == []


def gone(shop: Shop, nth: int = 3, **fault: t.Any) -> None:
    """From the n-th look on nothing answers."""
    params = {"operation": "*", "kind": "drop", "times": None, **fault}
    shop.sim.on("DescribeServices", {"control": "fail", "params": params}, "before", nth)


def test_an_outage_is_outlasted(web: Shop) -> None:
    began(web, "web:2")
    gone(web, seconds=60)
    assert web.wait().outcome == "stable"


def test_an_outage_that_is_too_long(web: Shop) -> None:
    id_ = began(web, "web:2")
    gone(web)
    done = web.wait(contact_timeout=60)
    assert (done.failed, done.outcome) == (True, "lost_contact")
    assert done.message.startswith(f"[web] lost_contact: AWS has accepted the deployment of web:2 ({id_}), and then")


def test_credentials_that_expire(web: Shop) -> None:
    began(web, "web:2")
    gone(web, kind="error", code="ExpiredTokenException")
    done = web.wait()
    assert (done.failed, done.outcome) == (True, "lost_contact")
    assert "have expired: renew them" in done.message


def test_check_mode_looks_once(web: Shop) -> None:
    began(web, "web:2")
    done = web.wait(check_mode=True)
    assert (done.failed, done.outcome) == (False, "in_progress")
    assert web.clock.sleeps == 0
    assert done.operations.count("DescribeServices") == 2
    assert "the deployment of web:2 is still going" in done.message
    web.sim.advance(600)
    assert web.wait(check_mode=True).outcome == "stable"


def test_check_mode_that_sees_nothing_claims_nothing(web: Shop) -> None:
    began(web, "web:2")
    gone(web, nth=2)
    done = web.wait(check_mode=True)
    assert (done.failed, done.outcome) == (True, "lost_contact")


def test_several_services_each_end_for_themselves(web: Shop) -> None:
    web.versions(2, "api")
    web.create("api:1")
    web.broken("api:2")
    began(web, "web:2", settle=0)
    web.deploy("api:2", settle=2)
    arn = web.service()["serviceArn"]
    done = web.wait("web", "api", arn, "nosuch")
    assert done.failed
    assert done.outcomes == {"web": "stable", "api": "failed", "nosuch": "refused"}
    assert "3 services: 1 failed, 1 refused, 1 stable. [api] failed: api:2 does not come up" in done.message
    assert "there is no service nosuch in cluster shop (MISSING)" in done.everything


@pytest.mark.parametrize(
    ("services", "options", "message"),
    [
        ([], {}, "service: no service is named"),
        ([""], {}, "service: no service is named"),
        (["web", "api"], {"deployment": "ecs-svc/1"}, "deployment: ecs-svc/1 belongs to one service, and 2 are named"),
        (["web"], {"wait_timeout": 0}, "wait_timeout: 0 is not a number of seconds"),
        (["web"], {"deployment": "ecs-svc/1"}, "there is no deployment ecs-svc/1 of web, now or in its history"),
        (["web"], {"cluster": "nowhere"}, "Failed to describe services"),
    ],
)
def test_what_cannot_be_waited_for(web: Shop, services: list[str], options: dict[str, t.Any], message: str) -> None:
    done = web.wait(*services, **{"service": services, **options})
    assert done.failed
    assert message in done.message


@pytest.mark.parametrize(
    ("controller", "message"),
    [("CODE_DEPLOY", "no deployment group of CodeDeploy"), ("EXTERNAL", "no task set is PRIMARY")],
)
def test_other_controllers_where_nobody_deploys_yet(shop: Shop, controller: str, message: str) -> None:
    shop.versions(1)
    more: dict[str, t.Any] = {"deploymentController": {"type": controller}}
    if controller == "EXTERNAL":
        shop.world.ecs.create_service(cluster=CLUSTER, serviceName="web", desiredCount=1, **more)
    else:
        group = f"arn:aws:elasticloadbalancing:{REGION}:123456789012:targetgroup/web/73e2d6bc24d8a067"
        more["loadBalancers"] = [{"targetGroupArn": group, "containerName": "app", "containerPort": 80}]
        shop.create("web:1", settle=1, **more)
    done = shop.wait()
    assert done.outcome == "refused"
    assert message in done.message


def test_a_deleted_service(web: Shop) -> None:
    web.world.ecs.delete_service(cluster=CLUSTER, service="web", force=True)
    assert web.wait().outcome == "refused"


def test_a_history_that_may_not_be_read_is_reported(web: Shop) -> None:
    began(web, "web:2")
    web.deny("ListServiceDeployments")
    done = web.wait()
    assert done.outcome == "stable"
    assert done.finding("history")["severity"] == "unknown"
    assert "whether a newer deployment has been rolled back is not known" in done.result["warnings"][0]
    lost = web.wait(deployment="ecs-svc/1")
    assert lost.outcome == "refused"
    assert "ecs:ListServiceDeployments" in lost.message


# -- strategies that shift traffic


@pytest.mark.parametrize("strategy", strategies.STRATEGIES)
def test_a_shift_is_waited_for_with_its_bake_time(shop: Shop, strategy: str) -> None:
    strategies.releases(shop, 1, **strategies.STRATEGIES[strategy])
    shop.versions(1)
    began(shop, "web:2")
    serving = shop.wait(wait_until="serving", wait_timeout=7200)
    assert (serving.outcome, shop.history()[0][1]) == ("serving", "IN_PROGRESS")
    done = shop.wait(wait_timeout=7200)
    assert (done.outcome, shop.history()[0][1], shop.running()) == ("stable", "SUCCESSFUL", {"web:2": 2})


def test_a_shift_that_ecs_takes_back(shop: Shop) -> None:
    strategies.releases(shop, 1, **BREAKER)
    shop.versions(1)
    shop.broken("web:2")
    began(shop, "web:2")
    done = shop.wait(wait_timeout=7200)
    assert (done.failed, done.outcome) == (True, "failed")
    assert "web:1 with 2 of 2 tasks" in done.message
