# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""codedeploy_redeploy bound to what an earlier look has shown, in process against the simulator."""

from __future__ import annotations

import typing as t

import pytest

from tests.module.code_deploy import client
from tests.module.fleet import AUTOMATIC, BUCKET, Fleet, Run, key
from tests.module.services import Shop

PROCESSES = ["AZRebalance", "ScheduledActions"]


@pytest.fixture
def fleet(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Fleet:
    """Nothing is there yet."""
    return Fleet(shop, monkeypatch)


def shown(fleet: Fleet, **options: t.Any) -> dict[str, t.Any]:
    """What a look hands on to the step that acts."""
    look = fleet.redeploy(check_mode=True, **options)
    assert (look.failed, look.writes) == (False, []), look.message
    return dict(look.result["expect"])


def refused(run: Run, fleet: Fleet, deployment: str) -> bool:
    """It was refused because of this deployment, and nothing was written."""
    [why] = run.findings("plan_changed")
    assert deployment in why
    assert why.rstrip(".") in run.message
    assert "prod was not changed" in run.message
    assert "Nothing was" not in run.message
    assert (run.failed, run.outcome, run.result["changed"], run.writes) == (True, "refused", False, [])
    return True


def test_what_was_shown_is_carried_out(fleet: Fleet) -> None:
    good, bad = fleet.bad_release()
    expect = shown(fleet)
    assert (expect["deployment"], expect["target"]["deployment_id"]) == (bad, good)
    assert expect["target"]["revision"]["s3Location"]["key"] == key(1)
    run = fleet.redeploy(expect=expect)
    assert (run.outcome, run.target, run.result["target_source"]) == ("rolled_back", key(1), "last_good")
    again = fleet.redeploy(expect=expect)
    assert (again.outcome, again.writes) == ("unchanged", [])


def test_what_was_shown_is_not_shown_again(fleet: Fleet) -> None:
    fleet.bad_release()
    look = fleet.redeploy(check_mode=True)
    assert [key(1) in line for line in look.lines] == [True]
    assert fleet.redeploy(check_mode=True, expect=look.result["expect"]).lines == []


def test_only_a_look_hands_something_on(fleet: Fleet) -> None:
    fleet.bad_release()
    assert "expect" not in fleet.redeploy().result


@pytest.mark.parametrize("settle", [0, 300])
def test_what_somebody_deploys_in_between_is_left_alone(fleet: Fleet, settle: float) -> None:
    """Otherwise the group would go from the fix to the bad revision."""
    fleet.bad_release()
    expect = shown(fleet)
    fix = fleet.deploy(3, settle=settle, description="release 3 of the pipeline")
    run = fleet.redeploy(expect=expect)
    assert refused(run, fleet, fix)
    assert key(3) in run.message
    assert "release 3 of the pipeline" in run.message
    assert fleet.status(fix) == ("Succeeded" if settle else "Created")
    assert fleet.redeploy().target == key(2)


def test_what_somebody_deploys_at_the_very_moment_is_left_alone(fleet: Fleet) -> None:
    fleet.bad_release()
    expect = shown(fleet)
    revision = fleet.bundle(3)
    fleet.meanwhile("BatchGetDeploymentGroups", nth=2, revision=revision)
    run = fleet.redeploy(expect=expect)
    assert refused(run, fleet, fleet.listed()[-1])


def test_what_somebody_deployed_and_codedeploy_rolled_back_counts_too(fleet: Fleet) -> None:
    fleet.bad_release(autoRollbackConfiguration=AUTOMATIC)
    expect = shown(fleet)
    fleet.sim.bundle(key(3), "fail", "AfterInstall")
    fix = fleet.deploy(3, settle=600)
    assert fleet.info(fleet.listed()[-1])["creator"] == "codeDeployRollback"
    assert refused(fleet.redeploy(expect=expect), fleet, fix)


@pytest.mark.parametrize("behaviour", ["ok", "fail", "hang"])
def test_a_deployment_that_only_ended_in_between_is_not_a_change(fleet: Fleet, behaviour: str) -> None:
    fleet.create()
    fleet.deploy(1)
    fleet.sim.bundle(key(2), behaviour, "ValidateService")
    fleet.deploy(2, settle=5)
    expect = shown(fleet)
    fleet.sim.advance(600)
    run = fleet.redeploy(expect=expect)
    assert (run.outcome, run.target, fleet.info(fleet.listed()[-1])["status"]) == ("rolled_back", key(1), "Succeeded")


@pytest.mark.parametrize(("settle", "outcome"), [(0, "rolled_back"), (900, "unchanged")])
def test_codedeploys_own_rollback_to_the_same_target_is_not_a_change(fleet: Fleet, settle: float, outcome: str) -> None:
    fleet.create(autoRollbackConfiguration=AUTOMATIC)
    fleet.deploy(1)
    fleet.sim.bundle(key(2), "fail", "ValidateService")
    fleet.deploy(2, settle=5)
    expect = shown(fleet, in_flight="wait")
    while len(fleet.listed()) < 3:
        fleet.sim.advance(5)
    fleet.sim.advance(settle)
    run = fleet.redeploy(expect=expect, in_flight="wait")
    assert (run.outcome, run.writes) == (outcome, [])
    assert len(fleet.listed()) == 3


def test_another_run_that_went_to_the_same_target_is_not_a_change(fleet: Fleet) -> None:
    fleet.bad_release()
    expect = shown(fleet)
    assert fleet.redeploy(wait=False).outcome == "started"
    run = fleet.redeploy(expect=expect)
    assert (run.outcome, run.method, run.writes) == ("rolled_back", "adopt", [])


def test_nothing_to_do_stays_nothing_to_do(fleet: Fleet) -> None:
    fleet.bad_release()
    fleet.redeploy()
    expect = shown(fleet)
    assert expect["target"] is None
    assert fleet.redeploy(expect=expect).outcome == "unchanged"
    fix = fleet.deploy(3)
    assert refused(fleet.redeploy(expect=expect), fleet, fix)


def test_an_object_that_was_replaced_in_between_is_not_deployed(fleet: Fleet) -> None:
    """A place without a version means what is there now: what was there when it was shown is deployed."""
    fleet.bad_release()
    wanted = f"s3://{BUCKET}/{key(4)}"
    before = fleet.bundle(4)["s3Location"]["version"]
    expect = shown(fleet, revision=wanted)
    assert fleet.bundle(4)["s3Location"]["version"] != before
    run = fleet.redeploy(expect=expect, revision=wanted)
    assert (run.outcome, run.result["target"]["s3Location"]["version"]) == ("rolled_back", before)


def test_an_object_that_is_gone_for_good_is_refused(fleet: Fleet) -> None:
    fleet.bad_release(versioned=False)
    wanted = f"s3://{BUCKET}/{key(1)}"
    expect = shown(fleet, revision=wanted)
    client("s3").put_object(Bucket=BUCKET, Key=key(1), Body=b"something else")
    run = fleet.redeploy(expect=expect, revision=wanted)
    assert (run.outcome, run.writes) == ("refused", [])
    assert "was replaced" in run.message


def test_nothing_is_deployed_without_what_codedeploy_was_to_suspend(fleet: Fleet) -> None:
    """The look could read the Auto Scaling groups, and left the rest to whoever suspends processes by itself."""
    fleet.scaling_group(desired=0)
    fleet.bad_release(autoScalingGroups=["web"])
    expect = shown(fleet, suspend_processes=PROCESSES)
    assert expect["suspended_by_codedeploy"] == PROCESSES
    fleet.sim.fail("DescribeAutoScalingGroups", code="AccessDeniedException")
    run = fleet.redeploy(expect=expect, suspend_processes=PROCESSES)
    assert (run.outcome, run.writes) == ("refused", [])
    [why] = run.findings("plan_changed")
    assert "CodeDeploy was to suspend AZRebalance, ScheduledActions, and would not now" in why
    assert fleet.redeploy(expect=expect, suspend_processes=PROCESSES).outcome == "rolled_back"


def test_what_is_followed_without_being_suspended_is_said(fleet: Fleet) -> None:
    fleet.scaling_group(desired=0)
    fleet.bad_release(autoScalingGroups=["web"])
    expect = shown(fleet, suspend_processes=PROCESSES)
    fleet.redeploy(wait=False)
    run = fleet.redeploy(expect=expect, suspend_processes=PROCESSES)
    assert (run.outcome, run.method) == ("rolled_back", "adopt")
    assert run.findings("suspend_processes")[0].startswith("AZRebalance, ScheduledActions are not suspended")
