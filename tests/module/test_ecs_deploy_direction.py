# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module ecs_deploy, in process, against the simulator: its own way back leads forward from an older revision."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.external import write
from tests.module.code_deploy import BlueGreen
from tests.module.external import External
from tests.module.services import Run, Shop, short

FAILURE = ["DEPLOYMENT_FAILURE"]


def unmarked(shop: Shop, *versions: str) -> bool:
    """None of these is marked bad."""
    return not any("lastgood:bad" in shop.tags(version) for version in versions)


def went_back_to(run: Run, version: str) -> bool:
    """This run itself took the service there, and says so."""
    item = run.only
    return (item["outcome"], short(item["rolled_back_to"] or ""), item["rolled_back_by"]) == (
        "rolled_back",
        version,
        "lastgood",
    )


def test_an_older_revision_that_fails_is_left_for_what_ran_before(shop: Shop) -> None:
    shop.releases(3)
    shop.broken("web:2", "crash")
    run = shop.release(2, rollback_events=FAILURE)
    assert went_back_to(run, "web:3"), run.message
    assert shop.running() == {"web:3": 2}
    assert unmarked(shop, "web:1", "web:2", "web:3")
    assert any("web:2 → web:3 (forward)" in line for line in run.lines)


def test_an_older_revision_that_fails_and_was_followed(shop: Shop) -> None:
    shop.releases(3)
    shop.broken("web:2", "crash")
    shop.deploy("web:2", settle=10)
    run = shop.release(2, rollback_events=FAILURE)
    assert went_back_to(run, "web:3"), run.message
    assert (shop.running(), unmarked(shop, "web:2", "web:3")) == ({"web:3": 2}, True)


def test_of_two_that_fail_each_goes_its_way(shop: Shop) -> None:
    shop.releases(3)
    shop.versions(2, "api")
    shop.create("api:1")
    shop.broken("web:2", "crash")
    shop.broken("api:2", "crash")
    run = shop.release(2, "web", "api", rollback_events=FAILURE)
    assert run.outcomes == {"web": "rolled_back", "api": "rolled_back"}
    assert (shop.running(), shop.running("api")) == ({"web:3": 2}, {"api:1": 2})
    assert (unmarked(shop, "web:2"), unmarked(shop, "api:2")) == (True, False)


def test_an_older_revision_that_fails_with_codedeploy(shop: Shop) -> None:
    blue_green = BlueGreen(shop)
    blue_green.create()
    blue_green.deploy("web:3")
    shop.broken("web:2", "crash")
    run = shop.release(2, rollback_events=FAILURE)
    assert run.outcome == "rolled_back", run.message
    assert (blue_green.sets()["PRIMARY"], unmarked(shop, "web:2", "web:3")) == ("web:3", True)


def test_an_older_revision_that_has_taken_over_is_left_for_the_task_set_that_stands(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    external = External(shop)
    external.promote(external.stand("web:3"))
    shop.world.alarm("errors", "OK")
    promote = write.promote

    def ring(*given: t.Any) -> t.Any:
        done = promote(*given)
        shop.world.alarm("errors", "ALARM")
        return done

    monkeypatch.setattr(write, "promote", ring)
    run = shop.release(2, rollback_events=["DEPLOYMENT_STOP_ON_ALARM"], alarms=["errors"])
    assert went_back_to(run, "web:3"), run.message
    assert (external.sets()["web:3"][0], unmarked(shop, "web:2", "web:3")) == ("PRIMARY", True)


@pytest.mark.parametrize("by", ["ecs_rollback", "ecs_deploy"])
def test_a_forced_deployment_of_what_a_rollback_left_takes_its_mark_back(shop: Shop, by: str) -> None:
    shop.releases(3)
    if by == "ecs_rollback":
        shop.rollback()
    else:
        shop.versions(1)
        shop.deploy("web:2")
        shop.broken("web:3", "crash")
        assert went_back_to(shop.release(3, rollback_events=FAILURE, force=["marked"]), "web:2")
        shop.sim.image("registry/web:3", "ok")
    assert not unmarked(shop, "web:3")
    run = shop.release(3, force=["marked"])
    assert (run.outcome, unmarked(shop, "web:2", "web:3")) == ("deployed", True)
    assert run.finding("unmarked")["message"] == "web:3 is no longer marked bad"
    assert run.message.endswith("web:3 is no longer marked bad")
    shop.versions(1)
    shop.deploy("web:4")
    assert shop.rollback().target == "web:3"


def test_a_mark_that_somebody_set_stays(shop: Shop) -> None:
    shop.releases(3)
    shop.rollback()
    shop.mark("web:3", "lastgood:bad", "loses orders")
    run = shop.release(3, force=["marked"])
    assert (run.outcome, unmarked(shop, "web:3")) == ("deployed", False)
    assert "web:3 stays marked bad (loses orders)" in run.finding("marked_bad")["message"]
    assert "UntagResource" not in run.operations


def test_a_mark_that_may_not_be_taken_back(shop: Shop) -> None:
    shop.releases(3)
    shop.rollback()
    shop.deny("UntagResource")
    run = shop.release(3, force=["marked"])
    assert (run.outcome, run.failed) == ("deployed", False)
    assert "web:3 is still marked bad" in run.finding("mark")["message"]


def test_a_deployment_without_a_mark_writes_no_more_than_before(shop: Shop) -> None:
    shop.releases(2)
    shop.versions(1)
    assert shop.release(3).writes == ["UpdateService"]


def test_a_task_set_that_was_deleted_is_a_rollback_like_any_other(shop: Shop) -> None:
    external = External(shop)
    for version in ("web:1", "web:2"):
        external.promote(external.stand(version))
    shop.broken("web:3")
    run = shop.release(3, rollback_events=FAILURE)
    assert went_back_to(run, "web:2")
    assert not unmarked(shop, "web:3")
    # And not once more.
    run = shop.rollback()
    assert (run.outcome, run.writes) == ("unchanged", [])
    assert "already rolled back from web:3 to web:2" in run.message
    shop.sim.image("registry/web:3", "ok")
    run = shop.release(3, force=["marked"])
    assert (run.outcome, unmarked(shop, "web:2", "web:3")) == ("deployed", True)
    assert shop.rollback().target == "web:2"
