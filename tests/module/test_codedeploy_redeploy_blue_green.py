# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Redeploys to instances that each deployment makes anew, behind a load balancer."""

from __future__ import annotations

import pytest

from tests.module.fleet import Fleet, key
from tests.module.services import Shop

# Until the originals are ended, too.
WHOLE = 600.0


@pytest.fixture
def fleet(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Fleet:
    """Nothing is there yet."""
    return Fleet(shop, monkeypatch)


def bad_release(fleet: Fleet, wait: int = 5) -> None:
    """Version 1 was good; 2 was deployed as well as that and is bad all the same."""
    fleet.blue_green(wait)
    fleet.deploy(1, settle=WHOLE + 60 * wait)
    fleet.deploy(2, settle=WHOLE + 60 * wait)


def test_a_new_fleet_gets_the_last_good_revision(fleet: Fleet) -> None:
    bad_release(fleet)
    run = fleet.redeploy()
    assert (run.outcome, run.method, run.target) == ("rolled_back", "codedeploy_deployment", key(1)), run.message
    assert any("(Green)" in line for line in run.lines), run.lines
    assert any("waiting for the end of the originals" in line for line in run.lines), run.lines


def test_the_originals_stand_longer_than_is_waited_for(fleet: Fleet) -> None:
    bad_release(fleet, wait=60)
    run = fleet.redeploy(wait_timeout=600)
    assert run.outcome == "timeout"
    assert "waiting for the end of the originals" in run.message
    assert "keeps the originals for 60 minutes" in run.findings("termination_wait")[0]


def test_while_the_traffic_is_not_on_it_yet_a_stop_is_enough(fleet: Fleet) -> None:
    fleet.blue_green()
    fleet.deploy(1, settle=WHOLE)
    bad = fleet.deploy(2, settle=5)
    assert fleet.status(bad) == "InProgress"
    run = fleet.redeploy()
    assert (run.outcome, run.method, run.target) == ("rolled_back", "codedeploy_stop", key(1)), run.message
    assert run.writes == ["StopDeployment"]


def test_it_waits_for_somebody_and_says_so(fleet: Fleet) -> None:
    ready = {"actionOnTimeout": "STOP_DEPLOYMENT", "waitTimeInMinutes": 60}
    fleet.blue_green(deploymentReadyOption=ready)
    for version in (1, 2):
        started = fleet.deploy(version, settle=60)
        fleet.client.continue_deployment(deploymentId=started, deploymentWaitType="READY_WAIT")
        fleet.sim.advance(WHOLE)
        assert fleet.status(started) == "Succeeded"
    late = fleet.redeploy(wait_timeout=300)
    assert late.outcome == "timeout"
    assert "Ready: it waits for somebody's ContinueDeployment" in late.message
    fleet.client.continue_deployment(deploymentId=late.result["deployment_id"], deploymentWaitType="READY_WAIT")
    done = fleet.redeploy()
    assert (done.outcome, done.method, done.writes) == ("rolled_back", "adopt", [])


def test_a_failure_leaves_the_originals_and_nothing_is_counted(fleet: Fleet) -> None:
    bad_release(fleet)
    fleet.sim.bundle(key(1), "fail", "ApplicationStart")
    run = fleet.redeploy()
    assert run.outcome == "failed"
    assert run.result["instances"] is None
    assert f"The traffic has not left the original instances, which are on s3://bundles/{key(2)}" in run.message
    assert "ApplicationStart" in run.message
