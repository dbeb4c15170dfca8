# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module ecs_rollback, in process, against the simulator: undoing the last rollback."""

from __future__ import annotations

from tests.module.external import External
from tests.module.services import Shop


def bad(shop: Shop, version: str) -> set[str]:
    """The tags of its bad mark."""
    return {key for key in shop.tags(version) if key.startswith("lastgood:bad")}


def test_back_to_what_the_last_rollback_left(shop: Shop) -> None:
    shop.releases(3)
    shop.rollback(reason="500s")
    assert bad(shop, "web:3") == {"lastgood:bad", "lastgood:bad-of"}
    run = shop.rollback(undo=True)
    assert (run.outcome, run.only["target_source"], run.only["direction"]) == ("rolled_back", "undo", "forward")
    assert (shop.on(), shop.running(), bad(shop, "web:3"), bad(shop, "web:2")) == ("web:3", {"web:3": 2}, set(), set())
    assert run.finding("unmarked")["message"] == "web:3 is no longer marked bad"
    # Twice is unchanged, and the next plain rollback starts from there.
    run = shop.rollback(undo=True)
    assert (run.outcome, run.writes) == ("unchanged", [])
    run = shop.rollback()
    assert (run.outcome, run.target) == ("rolled_back", "web:2")


def test_it_is_refused_if_anything_was_deployed_since(shop: Shop) -> None:
    shop.releases(3)
    shop.rollback()
    shop.versions(1)
    shop.deploy("web:4")
    run = shop.rollback(undo=True)
    assert (run.outcome, run.writes, shop.on()) == ("refused", [], "web:4")
    assert "web:4 was deployed since the last rollback of web by this tool, from web:3 to web:2" in run.message


def test_without_a_rollback_there_is_nothing_to_undo(shop: Shop) -> None:
    shop.releases(2)
    run = shop.rollback(undo=True)
    assert (run.outcome, run.writes) == ("refused", [])
    assert "no rollback of web by this tool is on record" in run.message


def test_after_a_deregistration_the_way_out_is_named(shop: Shop) -> None:
    shop.releases(3)
    assert shop.rollback(deregister=True).only["deregistered"]
    run = shop.rollback(undo=True)
    assert (run.outcome, run.writes, shop.on()) == ("refused", [], "web:2")
    assert "web:3 is INACTIVE" in run.message
    assert "pin_images: always" in run.message
    run = shop.rollback(undo=True, pin_images="always")
    assert (run.outcome, shop.on(), bad(shop, "web:3")) == ("rolled_back", "web:4", set())


def test_two_at_once_end_as_one(shop: Shop) -> None:
    shop.releases(3)
    shop.rollback()
    first = shop.rollback(undo=True, wait=False)
    assert first.outcome == "started"
    run = shop.rollback(undo=True)
    assert (run.outcome, run.only["method"], shop.on()) == ("rolled_back", "adopt", "web:3")
    assert "UpdateService" not in run.writes
    assert bad(shop, "web:3") == set()
    assert shop.history()[0] == ("web:3", "SUCCESSFUL")
    assert shop.rollback(undo=True).outcome == "unchanged"


def test_undo_with_another_choice_is_refused(shop: Shop) -> None:
    shop.releases(2)
    run = shop.rollback(undo=True, revision="1")
    assert (run.failed, run.operations) == (True, [])
    assert run.message == (
        "undo: it goes to what the last rollback left, so it cannot be given with revision. Nothing was changed."
    )


def test_a_service_that_something_else_deploys(shop: Shop) -> None:
    external = External(shop)
    external.released()
    assert shop.rollback().target == "web:1"
    run = shop.rollback(undo=True)
    assert (run.outcome, run.target, external.sets()["web:2"]) == ("rolled_back", "web:2", ("PRIMARY", 100))
    assert bad(shop, "web:2") == set()
