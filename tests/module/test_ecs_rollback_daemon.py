# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module ecs_rollback, in process: DAEMON services, and services whose description names no controller."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws
from tests.module.services import BREAKER, CLUSTER, NEVER_STARTS, Shop, short

INSTANCES = 3


@pytest.fixture
def daemon(shop: Shop) -> Shop:
    """The DAEMON service ``web`` on three container instances: web:1 was good, web:2 is in service."""
    for number in (1, 2, 3):
        container = {"name": "app", "image": f"registry/web:{number}", "essential": True, "memory": 128}
        shop.world.ecs.register_task_definition(
            family="web", containerDefinitions=[container], requiresCompatibilities=["EC2"]
        )
    shop.world.add_instances(CLUSTER, INSTANCES)
    shop.world.ecs.create_service(
        cluster=CLUSTER,
        serviceName="web",
        taskDefinition="web:1",
        schedulingStrategy="DAEMON",
        deploymentConfiguration=BREAKER,
    )
    shop.sim.advance(600)
    shop.deploy("web:2")
    assert shop.running() == {"web:2": INSTANCES}
    return shop


def test_the_plan_for_a_daemon(daemon: Shop) -> None:
    run = daemon.info()
    assert (run.only["method"], short(run.only["target"]["task_definition"])) == ("update_service", "web:1")
    assert {finding["severity"] for finding in run.only["findings"]} <= {"info", "unknown"}


def test_a_daemon_is_rolled_back_on_every_instance(daemon: Shop) -> None:
    run = daemon.rollback()
    assert (run.outcome, run.target, daemon.running()) == ("rolled_back", "web:1", {"web:1": INSTANCES})
    assert [set(sent) for sent in run.sent("UpdateService")] == [{"cluster", "service", "taskDefinition"}]
    assert run.only["after"]["desired_count"] == INSTANCES
    assert daemon.rollback().outcome == "unchanged"


def test_a_daemon_whose_deployment_runs_goes_back_by_itself(daemon: Shop) -> None:
    daemon.deploy("web:3", settle=5)
    run = daemon.rollback()
    assert (run.outcome, run.only["method"], run.target) == ("rolled_back", "stop_deployment", "web:2")
    assert daemon.running() == {"web:2": INSTANCES}


def test_a_daemon_that_gets_an_instance_more_meanwhile(daemon: Shop) -> None:
    daemon.world.add_instances(CLUSTER, 1)
    run = daemon.rollback()
    assert (run.outcome, daemon.running()) == ("rolled_back", {"web:1": INSTANCES + 1})


def test_a_daemon_whose_target_does_not_come_up(daemon: Shop) -> None:
    daemon.broken("web:1", **NEVER_STARTS)
    run = daemon.rollback()
    assert (run.failed, run.outcome) == (True, "rollback_failed")
    daemon.sim.advance(600)
    assert daemon.running() == {"web:2": INSTANCES}


def test_a_daemon_takes_no_task_count(daemon: Shop) -> None:
    run = daemon.rollback(tasks=2)
    assert (run.outcome, run.writes) == ("refused", [])
    assert "service web is scheduled as DAEMON, so tasks cannot be set" in run.message


# -- without a controller


@pytest.fixture
def without_controller(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """web:2 is in service, and no answer that the module gets has a ``deploymentController``: ECS is the default."""
    call = Aws.call

    def bare(self: Aws, service: str, method: str, /, **params: t.Any) -> t.Any:
        answer = call(self, service, method, **params)
        for item in [*answer.get("services", []), answer.get("service", {})]:
            item.pop("deploymentController", None)
        return answer

    shop.releases(2)
    monkeypatch.setattr(Aws, "call", bare)
    return shop


def test_the_plan_without_a_controller(without_controller: Shop) -> None:
    run = without_controller.info()
    assert (run.only["method"], short(run.only["target"]["task_definition"])) == ("update_service", "web:1")
    assert "block" not in {finding["severity"] for finding in run.only["findings"]}


def test_a_rollback_without_a_controller(without_controller: Shop) -> None:
    run = without_controller.rollback(tasks=3)
    assert (run.outcome, without_controller.running()) == ("rolled_back", {"web:1": 3})


def test_a_native_rollback_without_a_controller(without_controller: Shop) -> None:
    without_controller.versions(1)
    without_controller.deploy("web:3", settle=5)
    run = without_controller.rollback()
    assert (run.outcome, run.only["method"], run.target) == ("rolled_back", "stop_deployment", "web:2")
