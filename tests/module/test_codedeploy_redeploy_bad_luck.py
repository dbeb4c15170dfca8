# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Redeploys that are killed, whose answers are lost, or that lack a permission."""

from __future__ import annotations

import pytest

from tests.module.fleet import ALARMS, Fleet, key
from tests.module.services import Shop


@pytest.fixture
def fleet(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Fleet:
    """Nothing is there yet."""
    return Fleet(shop, monkeypatch)


# -- killed


@pytest.mark.parametrize("at_sleep", [1, 2, 4])
def test_killed_while_it_waits_the_next_run_follows(fleet: Fleet, at_sleep: int) -> None:
    fleet.bad_release()
    assert "CreateDeployment" in fleet.killed(at_sleep=at_sleep)
    run = fleet.redeploy()
    assert (run.outcome, run.method, run.target, run.writes) == ("rolled_back", "adopt", key(1), [])
    assert run.result["target_source"] == "running_rollback"
    assert len(fleet.listed()) == 3
    assert fleet.redeploy().outcome == "unchanged"


def test_killed_and_run_again_when_it_has_long_ended(fleet: Fleet) -> None:
    fleet.bad_release()
    fleet.killed(at_sleep=1)
    fleet.sim.advance(300)
    run = fleet.redeploy()
    assert (run.outcome, run.writes) == ("unchanged", [])
    assert run.result["deployment_id"] == fleet.listed()[-1]
    assert "by this tool" in run.message


def test_killed_between_the_stop_and_ours(fleet: Fleet) -> None:
    """A deployment was stopped to make room, without a rollback: the instances are on two revisions then."""
    fleet.create()
    fleet.deploy(1)
    fleet.deploy(2, settle=4)
    done = fleet.killed(at_sleep=1, file_exists_behavior="overwrite")
    assert "StopDeployment" in done
    assert "CreateDeployment" not in done
    run = fleet.redeploy(file_exists_behavior="overwrite")
    assert (run.outcome, run.target) == ("rolled_back", key(1))
    assert run.writes[-1] == "CreateDeployment"


def test_killed_while_codedeploy_rolls_back(fleet: Fleet) -> None:
    fleet.create()
    fleet.deploy(1)
    fleet.deploy(2, settle=4)
    assert "StopDeployment" in fleet.killed(at_sleep=2)
    run = fleet.redeploy()
    assert (run.outcome, run.method, run.writes) == ("rolled_back", "adopt", [])


def test_an_orphan_stops_asking(fleet: Fleet) -> None:
    fleet.bad_release()
    fleet.sim.timings(lifecycle_event=100)
    fleet.orphan_after(5)
    run = fleet.redeploy()
    assert run.failed
    assert "What AWS has accepted goes on there" in run.result["msg"]
    assert fleet.status(fleet.listed()[-1]) == "InProgress"


# -- lost answers


def test_the_answer_to_create_deployment_is_lost(fleet: Fleet) -> None:
    fleet.bad_release()
    fleet.sim.fail("CreateDeployment", kind="drop", after=True)
    run = fleet.redeploy()
    assert run.outcome == "rolled_back"
    assert len(fleet.listed()) == 3
    assert run.result["deployment_id"] == fleet.listed()[-1]
    assert "the answer to CreateDeployment was lost" in run.findings("answer_lost")[0]


def test_the_answer_to_stop_deployment_is_lost(fleet: Fleet) -> None:
    fleet.create()
    fleet.deploy(1)
    fleet.deploy(2, settle=4)
    fleet.sim.fail("StopDeployment", kind="drop", after=True)
    run = fleet.redeploy()
    assert (run.outcome, run.method) == ("rolled_back", "codedeploy_stop")


@pytest.mark.parametrize("kind", ["truncate", "empty"])
def test_answers_that_were_cut_conclude_nothing(fleet: Fleet, kind: str) -> None:
    fleet.bad_release()
    fleet.sim.on("CreateDeployment", {"control": "fail", "params": _cut(kind)}, "after")
    run = fleet.redeploy()
    assert run.outcome == "rolled_back"


def _cut(kind: str) -> dict[str, object]:
    return {"operation": "BatchGetDeployments", "kind": kind, "times": 2}


def test_what_cannot_be_watched_is_not_called_done(fleet: Fleet) -> None:
    fleet.bad_release()
    denied = {"operation": "BatchGetDeployments", "code": "AccessDeniedException", "times": None}
    fleet.sim.on("CreateDeployment", {"control": "fail", "params": denied}, "after")
    run = fleet.redeploy()
    assert (run.outcome, run.failed, run.result["changed"]) == ("lost_contact", True, True)
    assert "codedeploy:BatchGetDeployments" in run.message
    assert run.result["deployment_id"] in fleet.listed()


def _gone(fleet: Fleet, operation: str, when: str = "after", **fault: object) -> None:
    """From then on nothing answers."""
    params = {"operation": "*", "kind": "drop", "times": None, **fault}
    fleet.sim.on(operation, {"control": "fail", "params": params}, when)


@pytest.mark.parametrize("kind", ["drop", "truncate", "empty", "error"])
def test_an_outage_in_the_middle_of_the_wait_is_outlasted(fleet: Fleet, kind: str) -> None:
    fleet.bad_release()
    _gone(fleet, "CreateDeployment", kind=kind, seconds=60)
    run = fleet.redeploy()
    assert (run.outcome, run.result["warnings"]) == ("rolled_back", [])
    assert any(line.startswith("[prod] no contact with AWS for ") for line in run.lines)


def test_an_outage_that_is_too_long(fleet: Fleet) -> None:
    fleet.bad_release()
    _gone(fleet, "CreateDeployment")
    run = fleet.redeploy(contact_timeout=60)
    fleet.sim.clear_failures()
    assert (run.outcome, run.failed, run.result["changed"]) == ("lost_contact", True, True)
    [made] = [id_ for id_ in fleet.listed() if id_ == run.result["deployment_id"]]
    assert run.message.startswith(f"[prod] lost_contact: AWS has accepted deployment {made}, and then contact was lost")
    assert run.message.endswith("Nothing was undone. The same command goes on watching it")
    assert fleet.redeploy().outcome in ("rolled_back", "unchanged")


def test_credentials_that_expire_in_the_middle_of_the_wait(fleet: Fleet) -> None:
    fleet.bad_release()
    _gone(fleet, "CreateDeployment", kind="error", code="ExpiredTokenException")
    began = fleet.sim.now()
    run = fleet.redeploy()
    assert (run.outcome, run.result["changed"], fleet.sim.now() - began < 30) == ("lost_contact", True, True)
    assert "have expired: renew them and run the same command again" in run.message


def test_an_outage_right_after_the_end_is_outlasted(fleet: Fleet) -> None:
    """Whether anything was deployed after it is still to be seen."""
    fleet.bad_release()
    fleet.sim.on("CreateDeployment", {"control": "on", "params": _at_the_end()}, "after")
    assert fleet.redeploy().outcome == "rolled_back"


def _at_the_end() -> dict[str, object]:
    gone = {"operation": "*", "kind": "drop", "times": None, "seconds": 120}
    return {"operation": "BatchGetDeploymentGroups", "do": {"control": "fail", "params": gone}}


@pytest.mark.parametrize("applied", [True, False])
def test_an_outage_that_begins_with_the_write(fleet: Fleet, applied: bool) -> None:
    fleet.bad_release()
    fleet.sim.fail("CreateDeployment", kind="drop", after=applied, times=None)
    _gone(fleet, "CreateDeployment", when="after" if applied else "before", seconds=120)
    run = fleet.redeploy()
    fleet.sim.clear_failures()
    assert run.outcome == ("rolled_back" if applied else "lost_contact")
    assert len(fleet.listed()) == (3 if applied else 2)


def test_an_outage_while_another_deployment_is_in_the_way(fleet: Fleet) -> None:
    fleet.create()
    fleet.deploy(1)
    fleet.deploy(2, settle=4)
    _gone(fleet, "StopDeployment")
    run = fleet.redeploy(file_exists_behavior="overwrite", contact_timeout=60)
    fleet.sim.clear_failures()
    assert (run.outcome, run.result["changed"]) == ("lost_contact", True)
    assert f"deployment {fleet.listed()[-1]} has to end before ours can be created" in run.message


def test_a_success_that_cannot_be_verified_is_not_called_rolled_back(fleet: Fleet) -> None:
    fleet.bad_release()
    denied = {"operation": "BatchGetDeploymentGroups", "code": "AccessDeniedException", "times": None}
    fleet.sim.on("CreateDeployment", {"control": "fail", "params": denied}, "after")
    run = fleet.redeploy()
    assert (run.outcome, run.failed) == ("lost_contact", True)
    assert "could not read whether anything was deployed after it" in run.message


# -- permissions and throttling


@pytest.mark.parametrize("operation", ["BatchGetDeploymentGroups", "ListDeployments", "BatchGetDeployments"])
def test_what_cannot_be_read_is_refused(fleet: Fleet, operation: str) -> None:
    fleet.bad_release()
    fleet.deny(operation)
    run = fleet.redeploy()
    assert (run.outcome, run.writes) == ("refused", [])
    assert f"codedeploy:{operation}" in run.message


def test_create_deployment_is_denied(fleet: Fleet) -> None:
    fleet.bad_release()
    fleet.deny("CreateDeployment")
    run = fleet.redeploy()
    assert (run.outcome, run.result["changed"]) == ("refused", False)
    assert "codedeploy:CreateDeployment" in run.message
    assert "Nothing was written" in run.message


def test_overriding_alarms_is_denied(fleet: Fleet) -> None:
    fleet.bad_release(alarmConfiguration=ALARMS)
    fleet.alarm("ALARM")
    fleet.deny("CreateDeployment")
    run = fleet.redeploy()
    assert run.outcome == "refused"
    assert "codedeploy:UpdateDeploymentGroup" in run.message
    assert "override_alarms: false" in run.message


@pytest.mark.parametrize("operation", ["ListDeploymentTargets", "BatchGetDeploymentTargets"])
def test_without_the_targets_it_works_and_tells_less(fleet: Fleet, operation: str) -> None:
    fleet.bad_release()
    fleet.deny(operation)
    run = fleet.redeploy()
    assert run.outcome == "rolled_back"
    assert any("/3 instances" in line for line in run.lines)


def test_a_failure_without_the_targets_says_what_it_does_not_know(fleet: Fleet) -> None:
    fleet.bad_release()
    fleet.sim.bundle(key(1), "fail", "AfterInstall")
    fleet.deny("ListDeploymentTargets")
    run = fleet.redeploy()
    assert run.outcome == "failed"
    assert "codedeploy:ListDeploymentTargets" in run.result["diagnosis"]["unknown"][0]
    assert "is not certain" in run.message


def test_throttling_is_waited_out(fleet: Fleet) -> None:
    fleet.bad_release()
    fleet.sim.fail("CreateDeployment", code="ThrottlingException", times=2)
    fleet.sim.fail("BatchGetDeployments", code="ThrottlingException", times=3)
    run = fleet.redeploy()
    assert run.outcome == "rolled_back"
    assert len(fleet.listed()) == 3


def test_the_group_is_deleted_meanwhile(fleet: Fleet) -> None:
    fleet.bad_release()
    gone = {
        "service": "codedeploy",
        "operation": "DeleteDeploymentGroup",
        "params": {"applicationName": "web", "deploymentGroupName": "prod"},
    }
    fleet.sim.on("HeadObject", gone, "after")
    run = fleet.redeploy()
    assert (run.outcome, run.writes) == ("refused", [])
    assert "there is no deployment group prod" in run.message
