# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module ecs_rollback, in process, against the simulator: a deployment that ran no task proves nothing."""

from __future__ import annotations

import typing as t

from tests.module.services import CLUSTER, Shop

# ECS records no digests then.
NO_DIGESTS = {"versionConsistency": "disabled"}
DESCRIBE = "DescribeServiceDeployments"


def scale(shop: Shop, tasks: int, name: str = "web") -> None:
    """Give the service another number of tasks, and time."""
    shop.world.ecs.update_service(cluster=CLUSTER, service=name, desiredCount=tasks)
    shop.sim.advance(120)


def deployed_while_empty(shop: Shop, name: str = "web", **container: t.Any) -> None:
    """Version 1 ran; 2 was deployed while the service was scaled to zero; 3 runs now, and is bad."""
    shop.versions(3, name, **container)
    shop.create(f"{name}:1")
    scale(shop, 0, name)
    shop.deploy(f"{name}:2")
    shop.deploy(f"{name}:3")
    scale(shop, 2, name)


def test_a_version_that_never_ran_a_task_is_passed_by(shop: Shop) -> None:
    deployed_while_empty(shop)
    run = shop.rollback()
    assert (run.outcome, run.target, shop.on()) == ("rolled_back", "web:1", "web:1")
    left_out = run.finding("left_out")["message"]
    assert left_out.startswith("web:2: SUCCESSFUL at ")
    assert "ran no task" in left_out
    # The oldest record is described in any case, to see what ran before it, and web:2's because it has no digest.
    assert [len(params["serviceDeploymentArns"]) for params in run.sent(DESCRIBE)[:2]] == [1, 1]


def test_a_version_with_a_digest_on_record_ran_and_costs_no_call(shop: Shop) -> None:
    shop.versions(3)
    shop.create("web:1", desired=0)
    shop.deploy("web:2")
    scale(shop, 2)
    shop.deploy("web:3")
    run = shop.rollback()
    assert (run.outcome, run.target) == ("rolled_back", "web:2")
    assert len(run.sent(DESCRIBE)) == 1


def test_without_digests_the_number_of_tasks_tells(shop: Shop) -> None:
    shop.versions(3, **NO_DIGESTS)
    shop.create("web:1")
    shop.deploy("web:2")
    shop.deploy("web:3")
    run = shop.rollback()
    assert (run.outcome, run.target) == ("rolled_back", "web:2")
    assert len(run.sent(DESCRIBE)) == 2


def test_without_digests_a_version_that_never_ran_a_task_is_passed_by(shop: Shop) -> None:
    deployed_while_empty(shop, **NO_DIGESTS)
    run = shop.rollback()
    assert (run.outcome, run.target) == ("rolled_back", "web:1")
    assert len(run.sent(DESCRIBE)) == 2


def test_what_proved_it_good_before_still_stands(shop: Shop) -> None:
    """web:2 ran, and was deployed once more while the service was scaled to zero."""
    shop.versions(3)
    shop.create("web:1")
    shop.deploy("web:2")
    scale(shop, 0)
    shop.deploy("web:2", forceNewDeployment=True)
    shop.deploy("web:3")
    scale(shop, 2)
    # The image that ran is the one that was good.
    assert shop.info().only["target"]["image_digests"]
    run = shop.rollback()
    assert (run.outcome, run.target) == ("rolled_back", "web:2")


def test_a_service_that_never_ran_anything_goes_back_as_long_as_it_is_scaled_to_zero(shop: Shop) -> None:
    shop.versions(3)
    shop.create("web:1", desired=0)
    shop.deploy("web:2")
    shop.deploy("web:3")
    run = shop.rollback()
    assert (run.outcome, run.target, shop.service()["desiredCount"]) == ("rolled_back", "web:2", 0)
    assert run.finding("unproven")["severity"] == "warn"
    assert "no version of web ever ran a task" in run.finding("unproven")["message"]
    assert shop.rollback().outcome == "unchanged"


def test_once_a_version_ran_those_that_did_not_are_not_candidates(shop: Shop) -> None:
    shop.versions(3)
    shop.create("web:1", desired=0)
    shop.deploy("web:2")
    shop.deploy("web:3")
    scale(shop, 2)
    for desired in (2, 0):
        scale(shop, desired)
        run = shop.rollback()
        assert (run.outcome, run.writes, shop.on()) == ("refused", [], "web:3")
        assert "web:2: SUCCESSFUL at " in run.message
        assert "ran no task" in run.message
    assert shop.rollback(revision="2").outcome == "rolled_back"


def test_steps_are_counted_by_versions_that_ran(shop: Shop) -> None:
    shop.releases(2)
    scale(shop, 0)
    shop.versions(2)
    shop.deploy("web:3")
    shop.deploy("web:4")
    scale(shop, 2)
    assert shop.rollback(steps_back=2).target == "web:1"


def test_what_runs_right_now_has_run(shop: Shop) -> None:
    """Deployed at zero and scaled up, without digests: nothing but its tasks shows that it runs."""
    shop.versions(2, **NO_DIGESTS)
    shop.create("web:1", desired=0)
    scale(shop, 2)
    shop.broken("web:2")
    shop.deploy("web:2", settle=60)
    assert shop.running() == {"web:1": 2}
    run = shop.rollback()
    assert (run.outcome, run.target) == ("rolled_back", "web:1")


def test_where_it_cannot_be_read_it_is_taken_and_said(shop: Shop) -> None:
    deployed_while_empty(shop)
    shop.deny(DESCRIBE)
    run = shop.rollback()
    assert (run.outcome, run.target) == ("rolled_back", "web:2")
    finding = run.finding("unproven")
    assert finding["severity"] == "unknown"
    assert finding["message"].startswith("whether web:2 ever ran a task is not known")


def test_the_plan_shows_it_as_unproven(shop: Shop) -> None:
    deployed_while_empty(shop)
    run = shop.info()
    verdicts = {c["task_definition"].rpartition("/")[2]: c["verdict"] for c in run.only["candidates"]}
    assert verdicts == {"web:1": "good", "web:2": "unknown", "web:3": "good"}


def test_many_services_are_asked_about_together(shop: Shop) -> None:
    services = [f"web{number}" for number in range(1, 13)]
    for name in services:
        shop.versions(3, name)
        shop.create(f"{name}:1", settle=60)
        scale(shop, 0, name)
        for revision in (2, 3):
            shop.deploy(f"{name}:{revision}", settle=60)
    run = shop.rollback(*services, check_mode=True)
    assert {item["target"]["task_definition"].rpartition(":")[2] for item in run.result["services"]} == {"1"}
    assert [len(params["serviceDeploymentArns"]) for params in run.sent(DESCRIBE)] == [12, 12]
