# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Services with earlySuccessCriteria: ECS calls a deployment SUCCESSFUL before all its tasks run.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/early-success-criteria.html
"""

from __future__ import annotations

import typing as t

import pytest

from tests.module.services import BREAKER, CLUSTER, Shop
from tests.module.strategies import record

TASKS = 4


def early(cleanup: str) -> dict[str, t.Any]:
    """A deploymentConfiguration: half of the tasks are enough."""
    criteria = {"enable": True, "healthyPercent": 50, "sourceServiceRevisionCleanup": cleanup}
    return {"minimumHealthyPercent": 50, "maximumPercent": 150, "earlySuccessCriteria": criteria}


def on_web_2(shop: Shop, cleanup: str = "BLOCKING", **more: t.Any) -> None:
    """web:1 and web:2 came up as a whole, and the next deployment is successful early. ECS starts a task a minute."""
    shop.releases(2, desired=TASKS)
    shop.world.ecs.update_service(cluster=CLUSTER, service="web", deploymentConfiguration={**early(cleanup), **more})
    shop.sim.timings(launch_interval=60)


def protect_a_task(shop: Shop) -> None:
    """ECS stops it last, and not before an hour is over."""
    tasks = shop.world.ecs.list_tasks(cluster=CLUSTER, serviceName="web")["taskArns"]
    shop.world.ecs.update_task_protection(
        cluster=CLUSTER, tasks=tasks[-1:], protectionEnabled=True, expiresInMinutes=60
    )


def test_it_is_rolled_back_when_all_tasks_run_and_not_when_ecs_calls_it_successful(shop: Shop) -> None:
    on_web_2(shop)
    run = shop.rollback()
    found = record(shop)
    assert (run.outcome, shop.running()) == ("rolled_back", {"web:1": TASKS})
    assert (found["status"], found["targetServiceRevision"]["runningTaskCount"]) == ("SUCCESSFUL", TASKS // 2)
    assert shop.sim.now() > found["finishedAt"].timestamp() + 30


def test_old_tasks_that_ecs_stops_later_are_named(shop: Shop) -> None:
    on_web_2(shop, "DEFERRED")
    protect_a_task(shop)
    run = shop.rollback(deregister=True)
    assert (run.outcome, shop.running()) == ("rolled_back", {"web:1": TASKS, "web:2": 1})
    finding = run.finding("deferred")
    assert finding["severity"] == "warn"
    assert "1 task of web:2 still runs" in finding["message"]
    assert "nothing of the other versions is left" not in run.everything
    # It is not deregistered while a task of it runs, and the next run does that.
    assert (shop.status("web:2"), run.only["timings"]["ended"] < 1800) == ("ACTIVE", True)
    shop.sim.advance(7200)
    again = shop.rollback(deregister=True)
    assert (shop.running(), shop.status("web:2"), again.failed) == ({"web:1": TASKS}, "INACTIVE", False)


def test_the_waiter_names_them_too(shop: Shop) -> None:
    on_web_2(shop, "DEFERRED")
    protect_a_task(shop)
    shop.deploy("web:1", settle=0)
    run = shop.wait()
    assert (run.outcome, shop.running()) == ("stable", {"web:1": TASKS, "web:2": 1})
    assert "1 task of web:2 still runs" in run.finding("deferred")["message"]


@pytest.mark.parametrize("breaker", [{}, BREAKER])
def test_tasks_that_fail_after_ecs_called_it_successful(shop: Shop, breaker: dict[str, t.Any]) -> None:
    """The circuit breaker looks no further, and ECS tries for ever."""
    on_web_2(shop, **breaker)
    seen: list[int] = []
    sleep = shop.clock.sleep

    def breaks(seconds: float) -> None:
        sleep(seconds)
        if not seen and record(shop)["status"] == "SUCCESSFUL":
            seen.append(1)
            shop.sim.image("registry/web:1", "cannot_pull")
            tasks = shop.world.ecs.list_tasks(cluster=CLUSTER, serviceName="web")["taskArns"]
            for task in tasks:
                shop.world.ecs.stop_task(cluster=CLUSTER, task=task)

    t.cast("t.Any", shop.clock).sleep = breaks
    run = shop.rollback()
    assert (seen, shop.primary()["rolloutState"], run.failed) == ([1], "COMPLETED", True)
    assert run.outcome in ("failed", "rollback_failed")
    assert "CannotPullContainerError" in run.message
    assert shop.tags("web:2") == {}
