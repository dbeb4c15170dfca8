# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module ecs_rollback, in process, against the simulator: killed at some point, and started again."""

from __future__ import annotations

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._ecs import marks
from tests.module.services import Run, Shop

# After UpdateService was answered: the mark of the version that was left is the first TagResource, and the end of the
# record that was written before it the last.
POINTS = [
    ("describe_services", 1),
    ("describe_services", 2),
    ("describe_services", 10),
    ("describe_service_revisions", 1),
    ("tag_resource", 1),
    ("list_clusters", 1),
    ("list_services", 1),
    ("list_tasks", 1),
    ("deregister_task_definition", 1),
    ("tag_resource", 2),
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
    last = marks.rolled_back(shop.service_tags())
    return (
        "lastgood:bad" in shop.tags("web:3")
        and shop.status("web:3") == "INACTIVE"
        and last is not None
        and (last.left, last.target, last.still_open) == ("web:3", "web:1", ())
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
    assert writes == ["TagResource", "UpdateService", "TagResource", "DeregisterTaskDefinition", "TagResource"]


@pytest.mark.parametrize("more", [{}, {"fast": True}], ids=["plain", "fast"])
@pytest.mark.parametrize("after", [0.0, 600.0, 7200.0], ids=["at once", "after its end", "two hours later"])
def test_killed_as_soon_as_the_write_was_answered(shop: Shop, after: float, more: dict[str, bool]) -> None:
    """Nothing that comes after the write was done, and the reason is in the mark that the same command sets."""
    shop.bad_release()
    done = shop.killed(at_sleep=1, deregister=True, reason="500s", **more)
    assert done[-1] == "DescribeServices"
    shop.sim.advance(after)
    run = shop.rollback(deregister=True, reason="500s", **more)
    assert (run.outcome, run.only["method"]) == ("rolled_back", "adopt")
    assert (is_over(shop, run), is_finished(shop)) == (True, True)
    assert shop.tags("web:3")["lastgood:bad"].endswith("Z 500s")
    assert shop.rollback(deregister=True, reason="500s", **more).writes == []


def test_killed_between_the_record_and_the_write(shop: Shop) -> None:
    shop.bad_release()
    shop.killed_at("update_service")
    assert set(shop.service_tags()) == {"lastgood:rollback"}
    run = shop.rollback()
    assert (run.outcome, run.only["method"], shop.on()) == ("rolled_back", "update_service", "web:1")


def test_a_record_is_void_if_somebody_deployed_in_between(shop: Shop) -> None:
    """What people do is theirs: nothing of it is marked, and the record goes."""
    shop.bad_release()
    shop.killed_at("update_service", reason="500s")
    shop.versions(1)
    shop.deploy("web:4")
    shop.deploy("web:1")
    run = shop.rollback(reason="500s")
    assert (run.outcome, run.only["unchanged_because"]) == ("unchanged", "returned_by_somebody")
    assert (run.writes, shop.service_tags(), shop.tags("web:3"), shop.tags("web:4")) == (["UntagResource"], {}, {}, {})
    assert shop.rollback().writes == []


def test_what_an_earlier_run_was_to_deregister_is_not_without_being_asked_for(shop: Shop) -> None:
    shop.bad_release()
    shop.killed(at_sleep=3, deregister=True)
    run = shop.rollback()
    assert (run.outcome, shop.status("web:3")) == ("rolled_back", "ACTIVE")
    run = shop.rollback()
    assert (run.outcome, run.writes) == ("unchanged", [])
    assert "but web:3 is not deregistered yet. The same command with deregister: true does that" in run.message
    run = shop.rollback(deregister=True)
    assert (run.outcome, run.only["deregistered"] is not None, is_finished(shop)) == ("rolled_back", True, True)
    assert shop.rollback(deregister=True).writes == []


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
