# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What goes wrong with ecspresso in the field, played with ours. docs/comparison.md has the source of each defect."""

from __future__ import annotations

import typing as t

from tests.e2e import play
from tests.e2e.altered import Altered
from tests.e2e.conftest import Rollback
from tests.e2e.permissions import allowed, documented
from tests.e2e.stage import CLUSTER, Stage

WEB = {"rollback_cluster": CLUSTER, "rollback_services": "web"}
BREAKER = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}
BREAKER_ALONE = {"deploymentCircuitBreaker": {"enable": True, "rollback": False}}
NETWORK_OF_THE_BAD_RELEASE = {
    "awsvpcConfiguration": {"subnets": ["subnet-99999999"], "securityGroups": ["sg-0a1b2c3d"]}
}


def subnets(stage: Stage, name: str) -> list[str]:
    """Where the service's tasks are placed."""
    network = stage.world.service(CLUSTER, name)["networkConfiguration"]
    return list(network["awsvpcConfiguration"]["subnets"])


def begin(stage: Stage, name: str, version: int, behaviour: str, **more: object) -> None:
    """The next version is registered and its deployment has begun."""
    stage.control.image(f"registry/{name}:{version}", behaviour=behaviour)
    stage.world.register(name, f"registry/{name}:{version}")
    stage.world.deploy(CLUSTER, name, f"{name}:{version}", **more)


def test_w1_a_version_that_never_worked_is_not_a_target(stage: Stage, rollback: Rollback) -> None:
    """web:2 was only ever registered, web:3 failed and ECS went back to web:1, web:4 is the bad release."""
    stage.good_service(deploymentConfiguration=BREAKER)
    stage.world.register("web", "registry/migration:1")
    stage.deploy("web", 3, "cannot_pull")
    stage.deploy("web", 4)
    assert stage.runs() == {"web:4": 2}
    stage.control.reset_calls()
    done = rollback()
    assert done.rc == 0, done.stdout
    assert (done.of()["outcome"], done.of()["target_source"], stage.runs()) == (
        "rolled_back",
        "last_good",
        {"web:1": 2},
    )
    assert "web:3 left out: ECS rolled it back" in done.stderr
    assert stage.writes().count("UpdateService") == 1


def test_w2_a_service_that_ecs_has_rolled_back_keeps_its_good_version(stage: Stage, rollback: Rollback) -> None:
    """There is an older good version to go to, and it would be the good web:2 that is deregistered."""
    stage.good_service(deploymentConfiguration=BREAKER)
    stage.deploy("web", 2)
    stage.deploy("web", 3, "cannot_pull")
    assert stage.runs() == {"web:2": 2}
    stage.control.reset_calls()
    done = rollback(deregister="true")
    assert (done.rc, done.outcomes) == (0, {"web": "unchanged"})
    assert "ECS itself rolled it back from web:3 to web:2" in done.summary
    assert (stage.writes(), stage.runs(), stage.status("web:2")) == ([], {"web:2": 2}, "ACTIVE")


def test_w4_a_revision_in_use_is_not_deregistered(stage: Stage, rollback: Rollback) -> None:
    """Another service runs web:2 as well; api's rollback fails, so that api:2 has to stay where it is."""
    for name in ("web", "api"):
        stage.good_service(name)
        stage.deploy(name, 2)
    stage.world.create_service(CLUSTER, "sibling", "web:2")
    stage.pass_time(300)
    stage.control.image("registry/api:1", behaviour="cannot_pull")
    stage.control.reset_calls()
    done = rollback(services="web,api", deregister="true")
    assert (done.rc, done.outcomes) == (2, {"web": "rolled_back", "api": "failed"})
    assert done.findings("deregister") == ["web:2 was not deregistered: it is still in use by service shop/sibling"]
    assert (stage.status("web:2"), stage.status("api:2")) == ("ACTIVE", "ACTIVE")
    assert stage.runs("sibling") == {"web:2": 2}
    assert "DeregisterTaskDefinition" not in stage.writes()


def test_w5_the_deployment_that_is_followed_is_our_own(stage: Stage, rollback: Rollback) -> None:
    """Somebody deploys right after our write. Theirs succeeds, which is no success of ours."""
    stage.good_service()
    stage.deploy("web", 2)
    stage.world.register("web", "registry/web:3")
    theirs = {"cluster": CLUSTER, "service": "web", "taskDefinition": "web:3"}
    stage.control.on("UpdateService", {"operation": "UpdateService", "params": theirs}, when="after")
    done = rollback(deregister="true")
    assert (done.rc, done.outcomes) == (2, {"web": "superseded"})
    assert "web:3" in done.summary
    assert stage.status("web:2") == "ACTIVE"


def test_w6_a_rollback_that_ecs_undoes_or_has_not_begun_is_not_a_success(stage: Stage, rollback: Rollback) -> None:
    """Deployments are PENDING for half a minute. Then web's fails and ECS undoes it; api's goes on and succeeds."""
    for name in ("web", "api"):
        stage.good_service(name, deploymentConfiguration=BREAKER)
        stage.deploy(name, 2)
    stage.control.image("registry/web:1", behaviour="cannot_pull")
    stage.control.timings(pending=30)
    done = rollback(services="web,api", deregister="true")
    assert (done.rc, done.outcomes) == (2, {"web": "failed", "api": "rolled_back"})
    assert "web is serving on web:2 with 2 of 2" in done.summary
    assert (stage.runs("web"), stage.status("web:2")) == ({"web:2": 2}, "ACTIVE")
    assert (stage.runs("api"), stage.status("api:2")) == ({"api:1": 2}, "INACTIVE")


def test_w7_a_stop_is_judged_by_where_ecs_goes_back_to(stage: Stage, rollback: Rollback) -> None:
    """The revision before web:3 was never deployed, so ECS goes back past it."""
    stage.good_service()
    stage.world.register("web", "registry/migration:1")
    begin(stage, "web", 3, "cannot_pull")
    stage.control.reset_calls()
    done = rollback(deregister="true")
    assert done.rc == 0, done.stdout
    assert (done.of()["outcome"], done.of()["method"], stage.runs()) == ("rolled_back", "stop_deployment", {"web:1": 2})
    assert (stage.status("web:3"), stage.status("web:2")) == ("INACTIVE", "ACTIVE")
    assert "UpdateService" not in stage.writes()


def test_w8_a_service_without_a_controller_is_one_of_ecs(stage: Stage) -> None:
    """Samples of DescribeServices in AWS's own documentation have no deploymentController."""
    stage.story()

    def strip(answer: dict[str, t.Any]) -> None:
        for service in answer["services"]:
            del service["deploymentController"]

    with Altered(stage.url, "DescribeServices", strip) as aws:
        done = play.run(aws.url, play.ROLLBACK, *play.arguments(WEB))
    assert aws.altered > 3
    assert done.rc == 0, done.stdout
    assert (done.outcomes, stage.runs()) == ({"web": "rolled_back"}, {"web:1": 2})


def test_w10_settings_of_the_bad_release_are_reverted_or_named(stage: Stage, rollback: Rollback) -> None:
    """Both bad releases moved the service to other subnets. web's is still in flight, api's is complete."""
    for name in ("web", "api"):
        stage.good_service(name)
    begin(stage, "api", 2, "ok", networkConfiguration=NETWORK_OF_THE_BAD_RELEASE)
    stage.pass_time(300)
    begin(stage, "web", 2, "cannot_pull", networkConfiguration=NETWORK_OF_THE_BAD_RELEASE)
    done = rollback(services="web,api")
    assert done.rc == 0, done.stdout
    assert done.outcomes == {"web": "rolled_back", "api": "rolled_back"}
    assert (done.of("web")["method"], subnets(stage, "web")) == ("stop_deployment", ["subnet-0a1b2c3d"])
    assert (done.of("api")["method"], subnets(stage, "api")) == ("update_service", ["subnet-99999999"])
    [named] = done.findings("not_reverted", "api")
    assert named.endswith("does not revert them: networkConfiguration")
    assert done.findings("not_reverted", "web") == []


def test_w12_a_rollout_that_failed_is_told_at_once_with_its_reason(stage: Stage, rollback: Rollback) -> None:
    """A circuit breaker that does not roll back leaves both deployments: a waiter for stability waits to its end."""
    stage.good_service(deploymentConfiguration=BREAKER_ALONE)
    stage.deploy("web", 2)
    stage.control.image("registry/web:1", behaviour="crash", after=0, exit_code=137)
    done = rollback(wait_timeout="1800")
    assert (done.rc, done.outcomes) == (2, {"web": "failed"})
    assert "exit code 137" in done.summary
    assert "web is serving on web:2 with 2 of 2" in done.summary
    assert done.of()["timings"]["ended"] < play.PATIENCE


def test_w14_a_dry_run_tells_change_from_no_change(stage: Stage, rollback: Rollback) -> None:
    stage.good_service()
    stage.deploy("web", 2)
    stage.good_service("api", deploymentConfiguration=BREAKER)
    stage.deploy("api", 2, "cannot_pull")
    stage.control.reset_calls()
    both = rollback("--check", "--diff", services="web,api")
    assert both.rc == 0, both.stdout
    assert {play.name_of(plan): plan["outcome"] for plan in both.published["rollback_plan"].values()} == {
        "web": "planned",
        "api": "unchanged",
    }
    _status, result = both.tasks["Roll back and watch"]
    assert result["changed"]
    [diff] = [diff for diff in result["diff"] if "registry/web" in str(diff)]
    assert ("registry/web:2" in str(diff["before"]), "registry/web:1" in str(diff["after"])) == (True, True)
    done = rollback("--check", "--diff", services="api")
    assert not done.tasks["Roll back and watch"][1]["changed"]
    assert stage.writes() == []


def test_w15_the_documented_permissions_are_enough_and_no_file_is_needed(stage: Stage) -> None:
    """web's bad release is complete, api's is in flight."""
    for name in ("web", "api"):
        stage.good_service(name)
    stage.deploy("web", 2)
    begin(stage, "api", 2, "cannot_pull")
    variables = {**WEB, "rollback_services": "web,api"}
    with allowed(stage, documented("permissions.md")) as credentials:
        done = play.run(stage.url, play.ROLLBACK, *play.arguments(variables), env=credentials)
    assert done.rc == 0, done.stdout
    assert {name: (done.of(name)["outcome"], done.of(name)["method"]) for name in ("web", "api")} == {
        "web": ("rolled_back", "update_service"),
        "api": ("rolled_back", "stop_deployment"),
    }
    assert (stage.runs("web"), stage.runs("api")) == ({"web:1": 2}, {"api:1": 2})
    assert "ecs:TagResource" in str(done.of("web")["findings"])
