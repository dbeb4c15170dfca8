# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""AWS does not answer for a while, or not any more, in the middle of a wait. Time is the simulator's."""

from __future__ import annotations

import typing as t

import pytest

from tests.e2e import play
from tests.e2e.conftest import Rollback
from tests.e2e.fleet import Fleet
from tests.e2e.stage import CLUSTER, Stage

PART = {"scale_in": True, "scale_out": False, "scheduled": True}


@pytest.fixture
def slow(stage: Stage) -> Stage:
    """A service with auto scaling that an operator has suspended in part; time passes as fast as it does in AWS."""
    stage.story()
    stage.world.make_scalable(CLUSTER, "web", **PART)
    stage.control.set_speed(1)
    stage.control.reset_calls()
    return stage


def gone(stage: Stage, after: str, nth: int = 1, **fault: t.Any) -> None:
    """After the n-th answer to an operation nothing answers any more, for so many seconds or for good."""
    params = {"operation": "*", "kind": "drop", "times": None, **fault}
    stage.control.on(after, {"control": "fail", "params": params}, "after", nth)


def test_an_outage_in_mid_wait_with_auto_scaling_suspended(slow: Stage, rollback: Rollback) -> None:
    before = slow.auto_scaling()
    gone(slow, "UpdateService", seconds=60)
    done = rollback(suspend_auto_scaling=True)
    assert (done.rc, done.outcomes) == (0, {"web": "rolled_back"}), done.stderr
    assert slow.auto_scaling() == before
    assert (slow.count("UpdateService"), slow.runs()) == (1, {"web:1": 2})
    assert "[web] no contact with AWS for " in done.stderr


def test_an_outage_while_auto_scaling_is_put_back(slow: Stage, rollback: Rollback) -> None:
    """It has the whole of rollback_contact_timeout, whatever the wait has used up."""
    before = slow.auto_scaling()
    slow.control.timings(task_start=20)
    # The last write of the rollback is the third tag: begun, bad, done.
    gone(slow, "ecs:TagResource", nth=3, seconds=90)
    done = rollback(suspend_auto_scaling=True, wait_timeout=80)
    assert (done.rc, done.outcomes) == (0, {"web": "rolled_back"}), done.stderr
    assert slow.auto_scaling() == before


def test_an_outage_that_is_too_long(slow: Stage, rollback: Rollback) -> None:
    before = slow.auto_scaling()
    gone(slow, "UpdateService")
    done = rollback(suspend_auto_scaling=True, contact_timeout=60)
    slow.control.clear_failures()
    assert (done.rc, done.outcomes, done.of()["changed"]) == (2, {"web": "lost_contact"}, True)
    assert "lost_contact: AWS has accepted the deployment of web:1 (ecs-svc/" in done.summary
    assert "contact was lost for 6" in done.summary
    assert "Nothing was undone. The same command goes on watching it" in done.summary
    # What it says is true, also of auto scaling: the same command finishes both.
    assert slow.auto_scaling() != before
    again = rollback(suspend_auto_scaling=True)
    assert (again.rc, again.of()["method"]) == (0, "adopt")
    assert (slow.auto_scaling(), slow.count("UpdateService")) == (before, 1)


def test_credentials_that_expire_in_mid_wait(slow: Stage, rollback: Rollback) -> None:
    gone(slow, "UpdateService", kind="error", code="ExpiredTokenException")
    began = slow.control.now()
    done = rollback(suspend_auto_scaling=True)
    seconds = slow.control.now() - began
    slow.control.clear_failures()
    assert (done.rc, done.outcomes) == (2, {"web": "lost_contact"})
    assert "have expired: renew them and run the same command again" in done.summary
    assert "AWS has accepted the deployment of web:1 (ecs-svc/" in done.summary
    assert seconds < 30


def test_an_outage_while_a_group_is_redeployed(stage: Stage, redeploy: Rollback) -> None:
    fleet = Fleet(stage)
    fleet.story()
    gone(stage, "CreateDeployment")
    done = redeploy(contact_timeout=60)
    stage.control.clear_failures()
    [result] = done.published["rollback_result"].values()
    assert (done.rc, result["outcome"]) == (2, "lost_contact")
    assert result["deployment_id"] == fleet.newest()["deploymentId"]
    assert f"AWS has accepted deployment {result['deployment_id']}" in done.summary


def test_an_outage_while_a_revision_is_deployed(slow: Stage) -> None:
    gone(slow, "UpdateService")
    variables = {"cluster": CLUSTER, "services": "web", "revision": "1", "contact_timeout": 60}
    named = {f"deploy_{name}": value for name, value in variables.items()}
    done = play.run(slow.url, "lastgood.aws.deploy", *play.arguments(named))
    slow.control.clear_failures()
    [result] = done.published["deploy_result"].values()
    assert (done.rc, result["outcome"]) == (2, "lost_contact")
