# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Taking a deployment group to a named revision: only a move back is a rollback."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.modules import codedeploy_deployment_info
from tests.module.fleet import APPLICATION, GROUP, Fleet, key
from tests.module.run import Result, run_module
from tests.module.services import Shop
from tests.world import REGION


@pytest.fixture
def fleet(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Fleet:
    """Nothing is there yet."""
    monkeypatch.setattr(codedeploy_deployment_info, "Clock", lambda: shop.clock)
    return Fleet(shop, monkeypatch)


def look(fleet: Fleet, **options: t.Any) -> Result:
    """What codedeploy_deployment_info shows."""
    given = {"region": REGION, "application": APPLICATION, "deployment_group": GROUP, **options}
    return run_module(codedeploy_deployment_info, **given)


def description(fleet: Fleet) -> str:
    """Of the deployment that was created last."""
    return str(fleet.info(fleet.listed()[-1])["description"])


def test_a_rollback_goes_back(fleet: Fleet) -> None:
    fleet.bad_release()
    assert fleet.redeploy(check_mode=True).result["direction"] == "back"
    run = fleet.redeploy()
    assert (run.outcome, run.result["direction"]) == ("rolled_back", "back")
    assert "(forward)" not in run.message
    assert " rollback " in description(fleet)
    again = fleet.redeploy()
    assert (again.outcome, again.result["direction"]) == ("unchanged", "same")


def test_forward_again_and_the_next_rollback_starts_from_there(fleet: Fleet) -> None:
    """It was the database: version 2 is well. Then version 3 breaks."""
    _good, bad = fleet.bad_release()
    fleet.redeploy()
    run = fleet.redeploy(deployment_id=bad)
    assert (run.outcome, run.target, run.result["direction"]) == ("rolled_back", key(2), "forward")
    assert " (forward) in " in run.message
    assert " rollback " not in description(fleet)
    fleet.deploy(3)
    run = fleet.redeploy()
    assert (run.outcome, run.target, run.result["direction"]) == ("rolled_back", key(2), "back")


def test_a_fix_that_is_bad_too_is_left_with_the_next_plain_run(fleet: Fleet) -> None:
    fleet.bad_release()
    fleet.redeploy()
    run = fleet.redeploy(revision=fleet.bundle(3))
    assert (run.outcome, run.target, run.result["direction"]) == ("rolled_back", key(3), "unknown")
    assert "(direction unknown) in " in run.message
    run = fleet.redeploy()
    assert (run.outcome, run.target, run.result["direction"]) == ("rolled_back", key(1), "back")
    assert fleet.redeploy().outcome == "unchanged"


def test_the_bad_fix_is_not_a_candidate_and_what_it_left_is_one(fleet: Fleet) -> None:
    fleet.bad_release()
    fleet.redeploy()
    fleet.redeploy(revision=fleet.bundle(3))
    candidates = look(fleet)["candidates"]
    verdicts = {c["revision"]["s3Location"]["key"]: c["verdict"] for c in candidates}
    assert verdicts == {key(1): "good", key(2): "bad", key(3): "good"}


def test_a_revision_that_is_older_than_what_is_read_at_first_is_known_for_older(fleet: Fleet) -> None:
    fleet.create()
    old = fleet.bundle(1)
    fleet.deploy(1, revision=old)
    for _round in range(26):
        fleet.deploy(2, settle=60)
        fleet.deploy(3, settle=60)
    run = fleet.redeploy(revision=old)
    assert (run.outcome, run.target, run.result["direction"]) == ("rolled_back", key(1), "back")
    assert fleet.redeploy().outcome == "unchanged"


def test_the_same_once_more(fleet: Fleet) -> None:
    _good, bad = fleet.bad_release()
    run = fleet.redeploy(deployment_id=bad, force=["again"])
    assert (run.outcome, run.result["direction"]) == ("rolled_back", "same")


def test_forward_while_a_rollback_is_running(fleet: Fleet) -> None:
    _good, bad = fleet.bad_release()
    fleet.redeploy(wait=False)
    run = fleet.redeploy(deployment_id=bad)
    assert (run.outcome, run.target, run.result["direction"]) == ("rolled_back", key(2), "forward")


def test_nothing_that_could_be_read_has_no_direction(fleet: Fleet) -> None:
    assert fleet.redeploy().result["direction"] is None


def test_the_plan_says_the_direction(fleet: Fleet) -> None:
    _good, bad = fleet.bad_release()
    assert look(fleet)["direction"] == "back"
    fleet.redeploy()
    assert (look(fleet)["direction"], look(fleet, deployment_id=bad)["direction"]) == ("same", "forward")
