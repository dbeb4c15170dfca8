# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module ecs_rollback, in process, against the simulator: killed at some point, and started again."""

from __future__ import annotations

import pytest

from tests.module.services import Run, Shop

# After UpdateService was answered: the record that it was begun is the first TagResource, the mark of the version that
# was left the second, and the record that all is done the third and last.
NOT_RECORDED = ("tag_resource", 1)
POINTS = [
    ("describe_services", 1),
    ("describe_services", 2),
    ("describe_services", 10),
    ("describe_service_revisions", 1),
    ("tag_resource", 2),
    ("list_clusters", 1),
    ("list_services", 1),
    ("list_tasks", 1),
    ("deregister_task_definition", 1),
    ("tag_resource", 3),
]


def is_over(shop: Shop, run: Run) -> bool:
    """The service is where the rollback was to take it, and nothing of it is left undone."""
    return (
        run.outcome in ("rolled_back", "unchanged")
        and (shop.on(), shop.running()) == ("web:1", {"web:1": 2})
        and "UpdateService" not in run.writes
        and [version for version, _status in shop.history()][:2] == ["web:1", "web:3"]
    )


def is_finished(shop: Shop) -> bool:
    """It is marked and deregistered, and the service tells of it."""
    tags = shop.service_tags()
    return (
        "lastgood:bad" in shop.tags("web:3")
        and shop.status("web:3") == "INACTIVE"
        and (tags.get("lastgood:rolled-back-from"), tags.get("lastgood:rolled-back-to")) == ("web:3", "web:1")
    )


@pytest.mark.parametrize("after", [0.0, 600.0], ids=["at once", "when the deployment has ended"])
@pytest.mark.parametrize("point", POINTS, ids=lambda point: " ".join(map(str, point)))
def test_killed_after_the_write(shop: Shop, point: tuple[str, int], after: float) -> None:
    shop.bad_release()
    shop.killed(before=point, deregister=True, reason="500s")
    shop.sim.advance(after)
    run = shop.rollback(deregister=True, reason="500s")
    assert (run.outcome, run.only["method"]) == ("rolled_back", "adopt")
    assert (is_over(shop, run), is_finished(shop)) == (True, True)


def test_the_record_that_all_is_done_is_the_last_write(shop: Shop) -> None:
    shop.bad_release()
    writes = shop.rollback(deregister=True).writes
    assert writes == ["UpdateService", "TagResource", "TagResource", "DeregisterTaskDefinition", "TagResource"]


def test_killed_before_the_write_was_recorded_and_started_again_at_once(shop: Shop) -> None:
    shop.bad_release()
    done = shop.killed(before=NOT_RECORDED, deregister=True)
    assert done[-1] == "UpdateService"
    run = shop.rollback(deregister=True)
    assert (run.outcome, run.only["method"]) == ("rolled_back", "adopt")
    assert (is_over(shop, run), is_finished(shop)) == (True, True)


def test_killed_before_the_write_was_recorded_and_started_again_after_its_end(shop: Shop) -> None:
    shop.bad_release()
    shop.killed(before=NOT_RECORDED, deregister=True)
    shop.sim.advance(600)
    run = shop.rollback(deregister=True)
    # It cannot be told from somebody's return by hand, and what people do is theirs to finish.
    assert (run.outcome, run.writes) == ("unchanged", [])
    assert is_over(shop, run)


@pytest.mark.parametrize("at_sleep", [1, 2, 8, 12])
def test_killed_while_it_waits(shop: Shop, at_sleep: int) -> None:
    shop.bad_release()
    shop.killed(at_sleep=at_sleep, deregister=True)
    run = shop.rollback(deregister=True)
    assert (is_over(shop, run), is_finished(shop), run.outcome) == (True, True, "rolled_back")


def test_killed_twice(shop: Shop) -> None:
    shop.bad_release()
    shop.killed(at_sleep=3)
    shop.killed(at_sleep=3)
    assert is_over(shop, shop.rollback())


def test_after_all_that_the_next_run_is_unchanged(shop: Shop) -> None:
    shop.bad_release()
    shop.killed(at_sleep=3, deregister=True)
    shop.rollback(deregister=True)
    run = shop.rollback(deregister=True)
    assert (run.outcome, run.writes) == ("unchanged", [])


@pytest.mark.parametrize("at_sleep", [1, 4, 10])
@pytest.mark.parametrize("after", [0.0, 600.0], ids=["at once", "when the rollback has ended"])
def test_killed_while_a_native_rollback_is_followed(shop: Shop, at_sleep: int, after: float) -> None:
    shop.releases(2)
    shop.versions(1)
    shop.deploy("web:3", settle=20)
    shop.killed(at_sleep=at_sleep, deregister=True)
    shop.sim.advance(after)
    run = shop.rollback(deregister=True)
    assert (run.outcome, run.only["method"], shop.on()) == ("rolled_back", "adopt", "web:2")
    assert shop.history()[0] == ("web:3", "ROLLBACK_SUCCESSFUL")
    assert ("lastgood:bad" in shop.tags("web:3"), shop.status("web:3")) == (True, "INACTIVE")


def test_killed_with_a_named_revision(shop: Shop) -> None:
    shop.releases(3)
    shop.killed(at_sleep=3, revision="1")
    shop.sim.advance(600)
    run = shop.rollback(revision="1")
    assert (run.outcome, shop.on()) == ("rolled_back", "web:1")
    assert shop.tags("web:3")["lastgood:bad"]


def test_killed_on_the_way_two_steps_back(shop: Shop) -> None:
    shop.releases(4)
    shop.killed(at_sleep=3, steps_back=2)
    run = shop.rollback(steps_back=2)
    assert (run.outcome, run.only["method"], shop.on()) == ("rolled_back", "adopt", "web:2")


def test_killed_without_marks(shop: Shop) -> None:
    shop.releases(3)
    shop.killed(at_sleep=3, mark=False)
    run = shop.rollback(mark=False)
    assert (run.outcome, run.only["method"], shop.on()) == ("rolled_back", "adopt", "web:2")


def test_killed_and_then_somebody_deployed(shop: Shop) -> None:
    shop.bad_release()
    shop.killed(at_sleep=3)
    shop.sim.advance(600)
    shop.versions(1)
    shop.deploy("web:4")
    run = shop.rollback()
    assert (run.outcome, run.only["method"], run.target, shop.on()) == (
        "rolled_back",
        "update_service",
        "web:1",
        "web:1",
    )


def test_when_the_play_is_gone_it_stops_watching(shop: Shop) -> None:
    shop.bad_release()
    shop.orphan_after(5)
    run = shop.rollback()
    assert (run.failed, run.message) == (
        True,
        "The play that this step belongs to is gone. What AWS has accepted goes on there.",
    )
    assert len(run.sent("DescribeServices")) < 12
    assert is_over(shop, shop.rollback())
