# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module ecs_rollback, in process, against the simulator: what is refused before anything is written."""

from __future__ import annotations

import typing as t

import pytest

from tests.module.services import CLUSTER, Run, Shop
from tests.world import NETWORK

PORT = {"portMappings": [{"containerPort": 8080}]}


def balancer(port: int = 8080, container: str = "app") -> dict[str, t.Any]:
    """A service behind a load balancer."""
    group = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/web/0123456789abcdef"
    return {"loadBalancers": [{"targetGroupArn": group, "containerName": container, "containerPort": port}]}


def is_refused(run: Run) -> bool:
    """It failed, wrote nothing and says so."""
    return (run.failed, run.outcome, run.result["changed"], run.writes) == (True, "refused", False, []) and (
        run.message.endswith(". Nothing was written")
    )


def test_an_unknown_cluster(shop: Shop) -> None:
    run = shop.rollback(cluster="nonesuch")
    assert is_refused(run)
    assert run.message == (
        "[web] refused: there is no cluster nonesuch. Check its name, the Region and the account. Nothing was written"
    )


def test_an_unknown_service(shop: Shop) -> None:
    run = shop.rollback("nonesuch")
    assert is_refused(run)
    assert run.message == (
        "[nonesuch] refused: there is no service nonesuch in cluster shop. Check the names, the Region and the account."
        " Nothing was written"
    )
    assert run.finding("service_missing")["severity"] == "block"


def test_the_arn_of_an_unknown_service(shop: Shop) -> None:
    shop.releases(2)
    unknown = shop.service()["serviceArn"].replace("/web", "/nonesuch")
    run = shop.rollback(unknown)
    assert is_refused(run)
    assert "there is no service" in run.message


def test_the_arn_of_a_service_of_another_cluster(shop: Shop) -> None:
    shop.releases(2)
    elsewhere = shop.service()["serviceArn"].replace("/shop/", "/other/")
    run = shop.rollback(elsewhere)
    assert is_refused(run)
    assert "Identifier is for other. Your cluster is shop" in run.message


def test_an_inactive_service(shop: Shop) -> None:
    shop.releases(2)
    shop.world.ecs.delete_service(cluster=CLUSTER, service="web", force=True)
    shop.sim.advance(120)
    run = shop.rollback()
    assert is_refused(run)
    assert "service web is INACTIVE, and ECS updates only ACTIVE services. Create it again, or name" in run.message


def test_a_draining_service(shop: Shop) -> None:
    shop.releases(2)
    shop.world.ecs.delete_service(cluster=CLUSTER, service="web", force=True)
    run = shop.rollback()
    assert is_refused(run)
    assert "service web is DRAINING, and ECS updates only ACTIVE services" in run.message


def test_a_service_that_no_deployment_group_of_codedeploy_deploys(shop: Shop) -> None:
    shop.versions(2)
    shop.create("web:2", deploymentController={"type": "CODE_DEPLOY"})
    run = shop.rollback(revision="1")
    assert is_refused(run)
    assert "no deployment group of CodeDeploy in this Region names service web of cluster shop" in run.message


def test_a_service_without_any_task_set(shop: Shop) -> None:
    shop.world.ecs.create_service(
        cluster=CLUSTER, serviceName="web", desiredCount=2, deploymentController={"type": "EXTERNAL"}
    )
    run = shop.rollback()
    assert is_refused(run)
    assert "no task set of web is PRIMARY" in run.message


def test_a_deployment_configuration_that_lets_nothing_move(shop: Shop) -> None:
    shop.releases(2)
    shop.world.ecs.update_service(
        cluster=CLUSTER,
        service="web",
        deploymentConfiguration={"minimumHealthyPercent": 100, "maximumPercent": 100},
    )
    run = shop.rollback()
    assert is_refused(run)
    assert (
        "with 2 tasks, minimumHealthyPercent 100 and maximumPercent 100, ECS may neither start nor stop" in run.message
    )


def test_a_target_without_the_port_that_the_load_balancer_uses(shop: Shop) -> None:
    shop.versions(1)
    shop.versions(1, **PORT)
    shop.create("web:2", **balancer())
    run = shop.rollback(revision="1")
    assert is_refused(run)
    assert (
        "sends traffic to port 8080 of container app, which web:1 does not open. Name another revision" in run.message
    )


def test_a_target_without_the_container_that_the_load_balancer_uses(shop: Shop) -> None:
    shop.versions(1, **PORT)
    shop.versions(1, **{**PORT, "name": "front"})
    shop.create("web:2", **balancer(container="front"))
    run = shop.rollback(revision="1")
    assert is_refused(run)
    assert "sends traffic to container front, which web:1 does not have" in run.message


def test_a_target_with_the_port_is_fine(shop: Shop) -> None:
    shop.versions(2, **PORT)
    shop.create("web:1", **balancer())
    shop.deploy("web:2")
    run = shop.rollback()
    assert (run.outcome, shop.running()) == ("rolled_back", {"web:1": 2})


def test_tasks_of_a_daemon(shop: Shop) -> None:
    shop.versions(2)
    shop.world.ecs.create_service(
        cluster=CLUSTER,
        serviceName="web",
        taskDefinition="web:2",
        schedulingStrategy="DAEMON",
        networkConfiguration=NETWORK,
    )
    shop.sim.advance(600)
    run = shop.rollback(revision="1", tasks=3)
    assert is_refused(run)
    assert "service web is scheduled as DAEMON, so tasks cannot be set" in run.message


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"service": []}, "service: no service is named. Give at least one"),
        ({"service": ["web", " "]}, "service: no service is named. Give at least one, and no empty names"),
        ({"revision": "newest"}, "revision: 'newest' is neither a revision number (41), nor family:number (web:41)"),
        ({"revision": "0"}, "revision: '0' is neither a revision number"),
        ({"revision": "web"}, "revision: 'web' is neither a revision number"),
        ({"from_revision": "web:x"}, "from_revision: 'web:x' is neither a revision number"),
        ({"as_of": "yesterday"}, "as_of: 'yesterday' is not a time in ISO 8601, such as 2026-11-20T13:50:00Z"),
        ({"steps_back": 0}, "steps_back: 0 is not a number of steps: give 1 or more"),
        ({"tasks": -1}, "tasks: -1 is not a number of tasks: give 0 or more"),
        ({"wait_timeout": 0}, "wait_timeout: 0 is not a number of seconds to wait"),
        ({"max_fail_percentage": 101}, "max_fail_percentage: 101 is not between 0 and 100"),
        ({"max_fail_percentage": -1}, "max_fail_percentage: -1 is not between 0 and 100"),
    ],
)
def test_an_option_that_cannot_be_meant(shop: Shop, options: dict[str, t.Any], message: str) -> None:
    run = shop.rollback(**options)
    assert (run.failed, run.operations) == (True, [])
    assert run.message.startswith(message)
    assert run.message.endswith(". Nothing was changed.")


@pytest.mark.parametrize(
    "options",
    [
        {"revision": "1", "steps_back": 2},
        {"revision": "1", "as_of": "2026-11-20T13:50:00Z"},
        {"as_of": "2026-11-20T13:50:00Z", "steps_back": 1},
    ],
)
def test_two_ways_of_choosing_at_once(shop: Shop, options: dict[str, t.Any]) -> None:
    run = shop.rollback(**options)
    assert (run.failed, run.operations) == (True, [])
    assert run.message == "parameters are mutually exclusive: revision|as_of|steps_back"


@pytest.mark.parametrize("option", ["revision", "as_of", "from_revision", "reason"])
def test_an_empty_string_is_not_an_option_at_all(shop: Shop, option: str) -> None:
    shop.releases(2)
    run = shop.rollback(**{option: ""})
    assert (run.outcome, run.target) == ("rolled_back", "web:1")


def test_the_same_service_twice_is_one_service(shop: Shop) -> None:
    shop.releases(2)
    run = shop.rollback("web", "web")
    assert (run.outcome, len(run.sent("UpdateService"))) == ("rolled_back", 1)


def test_the_same_service_by_name_and_by_arn_is_one_service(shop: Shop) -> None:
    shop.releases(2)
    run = shop.rollback("web", shop.service()["serviceArn"])
    assert (run.outcome, len(run.sent("UpdateService"))) == ("rolled_back", 1)
