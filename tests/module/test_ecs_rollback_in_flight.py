# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module ecs_rollback, in process, against the simulator: a deployment that is running already."""

from __future__ import annotations

import pytest

from tests.module.services import BREAKER, NEVER_STARTS, Shop, image


def half_way(shop: Shop, **more: object) -> None:
    """web:2 is good, and web:3 is being deployed."""
    shop.releases(2, desired=4, **more)
    shop.versions(1)
    shop.deploy("web:3", settle=20)


def test_a_running_deployment_is_stopped_where_that_lands_on_the_target(shop: Shop) -> None:
    half_way(shop)
    before = shop.service()["deployments"]
    run = shop.rollback()
    assert (run.outcome, run.only["method"], run.target, shop.on()) == (
        "rolled_back",
        "stop_deployment",
        "web:2",
        "web:2",
    )
    assert shop.history()[0] == ("web:3", "ROLLBACK_SUCCESSFUL")
    assert len(shop.history()) == 3
    assert (shop.running(), shop.primary()["id"]) == ({"web:2": 4}, before[1]["id"])


def test_a_native_stop_is_the_only_write_but_for_the_marks(shop: Shop) -> None:
    half_way(shop)
    run = shop.rollback()
    assert run.writes == ["TagResource", "StopServiceDeployment", "TagResource", "TagResource"]
    assert run.sent("StopServiceDeployment")[0]["stopType"] == "ROLLBACK"
    assert shop.tags("web:3")["lastgood:bad"]


def test_while_a_native_stop_is_followed_its_end_is_read_from_its_record(shop: Shop) -> None:
    half_way(shop)
    run = shop.rollback()
    assert len(run.sent("DescribeServiceDeployments")) > 3
    assert any("ECS stops the running deployment and goes back to where it came from" in line for line in run.lines)


def test_a_half_done_fix_is_superseded_because_a_stop_would_land_on_the_bad_version(shop: Shop) -> None:
    shop.releases(2)
    shop.mark("web:2", "lastgood:bad")
    shop.versions(1)
    shop.deploy("web:3", settle=20)
    run = shop.rollback()
    assert (run.outcome, run.only["method"], run.target, shop.on()) == (
        "rolled_back",
        "update_service",
        "web:1",
        "web:1",
    )
    assert shop.history()[:2] == [("web:1", "SUCCESSFUL"), ("web:3", "STOPPED")]


def test_a_running_deployment_is_superseded_when_another_target_is_named(shop: Shop) -> None:
    half_way(shop)
    run = shop.rollback(revision="1")
    assert (run.outcome, run.only["method"], shop.on()) == ("rolled_back", "update_service", "web:1")


def test_a_running_deployment_is_superseded_when_that_is_asked_for(shop: Shop) -> None:
    half_way(shop)
    run = shop.rollback(in_flight="supersede")
    assert (run.outcome, run.only["method"], run.target, shop.on()) == (
        "rolled_back",
        "update_service",
        "web:2",
        "web:2",
    )
    assert shop.history()[:2] == [("web:2", "SUCCESSFUL"), ("web:3", "STOPPED")]


def test_a_running_deployment_is_refused_when_that_is_asked_for(shop: Shop) -> None:
    half_way(shop)
    run = shop.rollback(in_flight="refuse")
    assert (run.outcome, run.writes, shop.on()) == ("refused", [], "web:3")
    assert "a deployment to web:3 is running (IN_PROGRESS), and in_flight is refuse" in run.message
    assert run.message.endswith("Nothing was written")


def test_refuse_does_not_concern_a_rollback_that_is_running(shop: Shop) -> None:
    shop.releases(3)
    shop.deploy("web:2", settle=10)
    run = shop.rollback(in_flight="refuse")
    assert (run.outcome, run.only["method"]) == ("rolled_back", "adopt")


def test_a_deployment_that_is_still_pending_is_stopped_too(shop: Shop) -> None:
    shop.releases(2)
    shop.versions(1)
    shop.deploy("web:3", settle=0)
    run = shop.rollback()
    assert (run.outcome, run.only["method"], shop.on()) == ("rolled_back", "stop_deployment", "web:2")


def test_the_first_deployment_of_a_service_has_nothing_to_go_back_to(shop: Shop) -> None:
    shop.versions(1)
    shop.create("web:1", settle=10)
    run = shop.rollback()
    assert (run.outcome, run.writes) == ("refused", [])


def test_a_return_by_hand_that_is_running_is_adopted(shop: Shop) -> None:
    shop.releases(3)
    shop.deploy("web:2", settle=10)
    deployment = shop.primary()["id"]
    run = shop.rollback()
    assert (run.outcome, run.only["method"], run.only["target_source"]) == ("rolled_back", "adopt", "running_rollback")
    assert (run.only["after"]["deployment_id"], shop.on()) == (deployment, "web:2")
    assert "UpdateService" not in run.writes


def test_a_rollback_by_the_circuit_breaker_that_is_running_is_adopted(shop: Shop) -> None:
    shop.releases(2, deploymentConfiguration=BREAKER)
    shop.versions(1)
    shop.broken("web:3", **NEVER_STARTS)
    shop.deploy("web:3", settle=0)
    while shop.history()[0] != ("web:3", "ROLLBACK_IN_PROGRESS"):
        shop.sim.advance(1)
    run = shop.rollback()
    assert (run.outcome, run.only["method"], run.target) == ("rolled_back", "adopt", "web:2")
    assert (shop.on(), shop.history()[0][1]) == ("web:2", "ROLLBACK_SUCCESSFUL")
    assert set(run.writes) == {"TagResource"}


def test_a_native_stop_by_hand_that_is_running_is_adopted(shop: Shop) -> None:
    half_way(shop)
    running = shop.world.ecs.list_service_deployments(cluster="shop", service="web")["serviceDeployments"][0]
    shop.world.ecs.stop_service_deployment(serviceDeploymentArn=running["serviceDeploymentArn"])
    run = shop.rollback()
    assert (run.outcome, run.only["method"], shop.on()) == ("rolled_back", "adopt", "web:2")


def test_the_target_is_named_and_already_being_deployed(shop: Shop) -> None:
    shop.releases(3)
    shop.deploy("web:1", settle=10)
    run = shop.rollback(revision="1")
    assert (run.outcome, run.only["method"], shop.on()) == ("rolled_back", "adopt", "web:1")


def test_another_target_than_the_running_rollback_supersedes_it(shop: Shop) -> None:
    shop.releases(3)
    shop.deploy("web:2", settle=10)
    run = shop.rollback(revision="1")
    assert (run.outcome, run.only["method"], shop.on()) == ("rolled_back", "update_service", "web:1")


def test_from_revision_also_means_the_version_that_is_being_deployed(shop: Shop) -> None:
    half_way(shop)
    assert shop.rollback(from_revision="2").outcome == "unchanged"
    assert shop.rollback(from_revision="3").outcome == "rolled_back"


def test_without_the_history_a_running_deployment_is_superseded(shop: Shop) -> None:
    half_way(shop)
    shop.deny("ListServiceDeployments")
    run = shop.rollback(fallback="previous_registered")
    assert (run.outcome, run.only["method"], run.target, shop.on()) == (
        "rolled_back",
        "update_service",
        "web:2",
        "web:2",
    )


def test_without_the_details_of_deployments_a_running_one_is_superseded(shop: Shop) -> None:
    half_way(shop)
    shop.deny("DescribeServiceDeployments")
    run = shop.rollback()
    assert (run.outcome, run.only["method"], shop.on()) == ("rolled_back", "update_service", "web:2")
    assert "needs the permission ecs:DescribeServiceDeployments" in run.finding("history")["message"]


def test_the_images_of_a_native_rollback_are_the_very_ones(shop: Shop) -> None:
    shop.versions(2)
    shop.sim.image(image("web:1"), digest="sha256:" + "1" * 64)
    shop.create("web:1")
    shop.sim.image(image("web:1"), digest="sha256:" + "2" * 64)
    shop.deploy("web:2", settle=20)
    run = shop.rollback()
    assert (run.outcome, run.only["method"]) == ("rolled_back", "stop_deployment")
    assert run.only["after"]["image_digests"] == {"app": "sha256:" + "1" * 64}
    assert run.findings("image_identity") == []


@pytest.mark.parametrize("seconds", [2, 30, 45, 60, 75])
def test_a_deployment_can_be_stopped_at_any_time(shop: Shop, seconds: float) -> None:
    shop.releases(2)
    shop.versions(1)
    shop.deploy("web:3", settle=seconds)
    run = shop.rollback()
    assert (run.outcome, run.target, shop.on(), shop.running()) == ("rolled_back", "web:2", "web:2", {"web:2": 2})
