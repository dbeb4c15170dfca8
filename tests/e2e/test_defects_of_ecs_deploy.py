# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What goes wrong with ecs-deploy in the field, played with ours. docs/comparison.md has the source of each defect."""

from __future__ import annotations

from tests.e2e import play
from tests.e2e.conftest import Rollback
from tests.e2e.stage import CLUSTER, Stage

HEALTH_CHECK = {"healthCheck": {"command": ["CMD-SHELL", "curl -f localhost"]}}


def deploy(stage: Stage, **variables: str) -> play.Play:
    """`ansible-playbook lastgood.aws.deploy` of the service web."""
    given = {"deploy_cluster": CLUSTER, "deploy_services": "web", **variables}
    return play.run(stage.url, "lastgood.aws.deploy", *play.arguments(given))


def breaker(rolls_back: bool) -> dict[str, dict[str, dict[str, bool]]]:
    """A service's circuit breaker that is on, as CreateService takes it."""
    return {"deploymentConfiguration": {"deploymentCircuitBreaker": {"enable": True, "rollback": rolls_back}}}


def test_e1_a_deployment_that_ecs_undid_is_not_a_success(stage: Stage) -> None:
    """Nobody asked us to roll back: the service's own circuit breaker does."""
    stage.good_service(**breaker(rolls_back=True))
    stage.world.register("web", "registry/web:2")
    stage.control.image("registry/web:2", behaviour="crash", after=0)
    stage.control.reset_calls()
    done = deploy(stage, deploy_revision="2")
    assert done.rc == 2
    assert play.named(done.published["deploy_result"], "web")["outcome"] == "rolled_back"
    assert "web is serving on web:1 with 2 of 2" in done.messages[0]
    assert (stage.runs(), stage.status("web:1")) == ({"web:1": 2}, "ACTIVE")
    assert "DeregisterTaskDefinition" not in stage.writes()


def test_e2_e3_what_ecs_calls_failed_goes_back_to_what_ran_before(stage: Stage) -> None:
    """The circuit breaker alone would leave it there. web:2 is older than web:3, which ran, and never ran itself."""
    stage.good_service(**breaker(rolls_back=False))
    stage.world.register("web", "registry/web:2")
    stage.control.image("registry/web:2", behaviour="cannot_pull")
    stage.deploy("web", 3)
    done = deploy(stage, deploy_revision="2", rollback_events="DEPLOYMENT_FAILURE")
    assert done.rc == 2
    found = play.named(done.published["deploy_result"], "web")
    assert (found["outcome"], found["event"]) == ("rolled_back", "DEPLOYMENT_FAILURE")
    assert found["rolled_back_to"].endswith("/web:3")
    assert (stage.runs(), stage.on()) == ({"web:3": 2}, "web:3")


def test_e4_what_was_asked_for_holds_for_the_rollback(stage: Stage, rollback: Rollback) -> None:
    """Three seconds and no deregistering."""
    stage.good_service()
    stage.deploy("web", 2)
    stage.control.timings(task_start=6000)
    stage.control.reset_calls()
    done = rollback(wait_timeout="3", deregister="false")
    assert (done.rc, done.outcomes) == (2, {"web": "timeout"})
    assert 3 <= done.of()["timings"]["ended"] < 60
    assert stage.status("web:2") == "ACTIVE"
    assert stage.writes() == ["TagResource", "UpdateService"]
    assert stage.on() == "web:1", "what was begun goes on"


def test_e5_a_timeout_that_makes_no_sense_is_refused(stage: Stage, rollback: Rollback) -> None:
    stage.good_service()
    stage.deploy("web", 2)
    stage.control.reset_calls()
    done = rollback(wait_timeout="-1", deregister="true")
    assert done.rc == 2
    assert "wait_timeout: -1 is not a number of seconds to wait" in done.messages[0]
    assert "Nothing was" in done.messages[0]
    assert stage.writes() == []
    assert (stage.on(), stage.status("web:2")) == ("web:2", "ACTIVE")


def test_e6_a_good_version_that_was_deregistered_is_passed_by_or_copied(stage: Stage, rollback: Rollback) -> None:
    """As ecs-deploy leaves them behind: each deployment has deregistered the version before."""
    for name in ("web", "api"):
        stage.good_service(name)
        stage.deploy(name, 2)
        stage.deploy(name, 3)
        stage.world.ecs.deregister_task_definition(taskDefinition=f"{name}:2")
    stage.control.reset_calls()
    done = rollback(services="web")
    assert (done.rc, done.outcomes, stage.runs("web")) == (0, {"web": "rolled_back"}, {"web:1": 2})
    assert "web:2 left out: it was good, but is INACTIVE" in done.stderr
    copied = rollback(services="api", revision="2", pin_images="always")
    assert (copied.rc, copied.outcomes, stage.runs("api")) == (0, {"api": "rolled_back"}, {"api:4": 2})
    assert stage.status("api:3") == "ACTIVE", "nothing is deregistered that nobody asked for"


def test_e7_crash_loops_and_unhealthy_tasks_are_seen_long_before_the_timeout(stage: Stage, rollback: Rollback) -> None:
    """Both targets reach RUNNING again and again: web exits after ten seconds, api never becomes healthy."""
    stage.good_service("web")
    stage.deploy("web", 2)
    stage.good_service("api", container=HEALTH_CHECK)
    stage.deploy("api", 2, container=HEALTH_CHECK)
    stage.control.image("registry/web:1", behaviour="crash", after=10)
    stage.control.image("registry/api:1", behaviour="unhealthy")
    done = rollback(services="web,api", wait_timeout="1800")
    assert done.rc == 2
    for name, why in (("web", "exited (exit code 1)"), ("api", "failed container health checks")):
        assert done.of(name)["outcome"] in ("failed", "rollback_failed")
        assert why in done.of(name)["reason"]
        assert done.of(name)["timings"]["ended"] < play.PATIENCE
