# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module ecs_rollback, in process, against the simulator: rollbacks that do not come up, and why."""

from __future__ import annotations

import pytest

from tests.module.services import BREAKER, CLUSTER, NEVER_STARTS, Shop, image
from tests.world import NETWORK

HEALTH = {"healthCheck": {"command": ["CMD", "true"]}}
OTHER_NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-99999999"], "securityGroups": ["sg-99999999"]}}


def test_a_target_that_cannot_be_pulled_fails_early_with_the_image(shop: Shop) -> None:
    shop.releases(3)
    shop.broken("web:2")
    run = shop.rollback()
    assert (run.outcome, run.failed, run.result["changed"]) == ("failed", True, True)
    assert run.only["timings"]["ended"] < 60
    assert "web:2 does not come up: CannotPullContainerError" in run.message
    assert "registry/web:2: not found" in run.message


def test_a_failure_says_where_the_service_is_and_what_to_try_next(shop: Shop) -> None:
    shop.releases(3)
    shop.broken("web:2")
    run = shop.rollback()
    assert run.message.endswith(
        "web is serving on web:3 with 2 of 2 tasks. ECS goes on trying to start web:2. "
        "Next good: web:1. Try: -e rollback_revision=web:1"
    )
    assert shop.running() == {"web:3": 2}


def test_what_a_failure_advises_works(shop: Shop) -> None:
    shop.releases(3)
    shop.broken("web:2")
    shop.rollback()
    run = shop.rollback(revision="web:1")
    assert (run.outcome, shop.running()) == ("rolled_back", {"web:1": 2})


def test_without_another_good_version_a_failure_says_so(shop: Shop) -> None:
    shop.releases(2)
    shop.broken("web:1")
    assert shop.rollback().message.endswith(". No other good version is on record: name one with revision")


def test_a_failed_rollback_marks_nothing(shop: Shop) -> None:
    shop.releases(2)
    shop.broken("web:1")
    shop.rollback()
    assert (shop.tags("web:1"), shop.tags("web:2")) == ({}, {})
    assert set(shop.service_tags()) == {"lastgood:rollback"}


def test_a_target_that_exits_before_it_runs_fails_with_its_exit_code(shop: Shop) -> None:
    shop.releases(2)
    shop.broken("web:1", "crash", after=0, exit_code=137, reason="OutOfMemoryError: container killed")
    run = shop.rollback()
    assert (run.outcome, shop.running()) == ("failed", {"web:2": 2})
    [stopped] = run.only["diagnosis"]["stopped_tasks"]
    assert stopped["reason"] == (
        "Essential container in task exited: OutOfMemoryError: container killed (exit code 137)"
    )
    assert stopped["tasks"] >= 3
    assert stopped["reason"] in run.message


@pytest.mark.parametrize("seconds", [1, 5, 10])
def test_a_target_that_runs_and_crashes_again_and_again_is_not_treated_as_healthy(shop: Shop, seconds: float) -> None:
    shop.releases(2)
    shop.broken("web:1", "crash", after=seconds)
    run = shop.rollback()
    assert (run.outcome, run.failed) == ("rollback_failed", True)
    assert "web:1 does not come up: Essential container in task exited (exit code 1)" in run.message
    assert run.only["timings"]["ended"] < 300


def test_a_target_that_fails_its_health_check_fails_with_that_reason(shop: Shop) -> None:
    shop.versions(2, **HEALTH)
    shop.create("web:1")
    shop.deploy("web:2")
    shop.broken("web:1", "unhealthy")
    run = shop.rollback()
    assert (run.outcome, shop.on()) == ("failed", "web:1")
    assert "web:1 does not come up: Task failed container health checks" in run.message
    assert "web is serving on web:2 with 2 of 2 tasks" in run.message


def test_one_task_that_crashes_once_does_not_fail_a_rollback(shop: Shop) -> None:
    shop.releases(2)
    shop.broken("web:1", **NEVER_STARTS)
    restored = {"control": "image", "params": {"name": image("web:1"), "behaviour": "ok"}}
    shop.sim.on("UpdateService", restored, "after")
    shop.sim.timings(restart=40)
    run = shop.rollback()
    assert (run.outcome, shop.running()) == ("rolled_back", {"web:1": 2})


def test_the_circuit_breaker_undoes_our_rollback(shop: Shop) -> None:
    shop.releases(2, deploymentConfiguration=BREAKER)
    shop.broken("web:1", **NEVER_STARTS)
    run = shop.rollback()
    assert (run.outcome, run.failed, shop.on()) == ("failed", True, "web:2")
    assert "web:1 does not come up: Essential container in task exited (exit code 1)" in run.message
    assert "web is serving on web:2 with 2 of 2 tasks" in run.message
    assert run.only["diagnosis"]["stopped_tasks"][0]["tasks"] >= 2


def test_after_the_circuit_breaker_undid_our_rollback_the_next_run_goes_elsewhere(shop: Shop) -> None:
    shop.releases(3, deploymentConfiguration=BREAKER)
    shop.broken("web:2", **NEVER_STARTS)
    shop.rollback()
    shop.sim.advance(300)
    run = shop.rollback()
    assert (run.outcome, run.target, shop.on()) == ("rolled_back", "web:1", "web:1")


def test_the_circuit_breaker_stops_our_rollback_and_leaves_it_there(shop: Shop) -> None:
    breaker = {"deploymentCircuitBreaker": {"enable": True, "rollback": False}}
    shop.releases(2, deploymentConfiguration=breaker)
    shop.broken("web:1", **NEVER_STARTS)
    run = shop.rollback()
    assert (run.outcome, shop.primary()["rolloutState"], shop.running()) == ("failed", "FAILED", {"web:2": 2})
    assert "ECS: ECS deployment circuit breaker: tasks failed to start" in run.message


def test_nothing_is_healthy_after_a_failed_rollback(shop: Shop) -> None:
    shop.releases(2)
    shop.broken("web:1")
    shop.world.ecs.update_service(
        cluster=CLUSTER, service="web", deploymentConfiguration={"minimumHealthyPercent": 0, "maximumPercent": 100}
    )
    run = shop.rollback()
    assert (run.outcome, run.failed, shop.running()) == ("rollback_failed", True, {})
    assert "web has no running task (desired: 2)" in run.message


def test_a_native_rollback_that_fails_is_a_failure(shop: Shop) -> None:
    shop.releases(2, deploymentConfiguration=BREAKER | {"minimumHealthyPercent": 0, "maximumPercent": 100})
    shop.versions(1)
    shop.deploy("web:3", settle=20)
    shop.broken("web:2", **NEVER_STARTS)
    run = shop.rollback()
    assert (run.only["method"], run.outcome) == ("stop_deployment", "rollback_failed")
    assert "web:2 does not come up" in run.message


def test_a_service_that_is_deleted_meanwhile(shop: Shop) -> None:
    shop.releases(2)
    deed = {"operation": "DeleteService", "params": {"cluster": CLUSTER, "service": "web", "force": True}}
    shop.sim.on("DescribeServices", deed, "before", 6)
    run = shop.rollback()
    assert (run.outcome, shop.service()["status"]) == ("failed", "DRAINING")
    assert "the service is DRAINING now: somebody deleted it meanwhile" in run.message


def test_an_image_whose_tag_moved_is_found_out(shop: Shop) -> None:
    good, other = "sha256:" + "1" * 64, "sha256:" + "2" * 64
    shop.versions(2)
    shop.sim.image(image("web:1"), digest=good)
    shop.create("web:1")
    shop.deploy("web:2")
    shop.sim.image(image("web:1"), digest=other)
    run = shop.rollback()
    assert run.only["after"]["image_digests"] == {"app": other}
    finding = run.finding("image_identity")
    assert finding["severity"] == "warn"
    assert "container app of web:1 runs an image with another digest than when it was good" in finding["message"]
    assert f"app@{good}" in finding["message"]


def test_settings_that_changed_since_are_named_as_not_reverted(shop: Shop) -> None:
    shop.releases(2)
    shop.versions(1)
    shop.deploy("web:3", networkConfiguration=OTHER_NETWORK)
    run = shop.rollback()
    assert run.outcome == "rolled_back"
    finding = run.finding("not_reverted")
    assert (finding["severity"], finding["message"].rpartition(": ")[2]) == ("warn", "networkConfiguration")
    assert any("does not revert them: networkConfiguration" in warning for warning in run.result["warnings"])
    assert shop.service()["networkConfiguration"]["awsvpcConfiguration"]["subnets"] == ["subnet-99999999"]


def test_settings_that_stayed_are_not_named(shop: Shop) -> None:
    shop.releases(2)
    shop.versions(1)
    shop.deploy("web:3", networkConfiguration=NETWORK)
    assert shop.rollback().findings("not_reverted") == []


def test_why_tasks_stopped_is_unknown_where_that_is_denied(shop: Shop) -> None:
    shop.releases(2, deploymentConfiguration=BREAKER)
    shop.broken("web:1", **NEVER_STARTS)
    shop.deny("ListTasks")
    run = shop.rollback()
    assert run.outcome == "failed"
    assert "needs the permission ecs:ListTasks" in run.only["diagnosis"]["unknown"][0]


def test_events_since_the_rollback_began_are_shown(shop: Shop) -> None:
    shop.releases(2)
    shop.broken("web:1")
    before = {event["message"] for event in shop.service()["events"]}
    events = shop.rollback().only["diagnosis"]["events"]
    assert events
    assert not before & {event["message"] for event in events}
    assert len(events) <= 10
