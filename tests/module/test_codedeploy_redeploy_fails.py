# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Redeploys that fail: which instances, at what, what helps, and what the instances have then."""

from __future__ import annotations

import typing as t

import pytest

from tests.module.fleet import AUTOMATIC, EVENTS, Fleet, key
from tests.module.services import Shop

BROKEN: dict[str, t.Any] = {"script": "bin/migrate", "code": "ScriptFailed", "log": "[stderr]password=hunter2\n"}


@pytest.fixture
def fleet(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Fleet:
    """Nothing is there yet."""
    return Fleet(shop, monkeypatch)


def test_a_script_that_fails_is_named_with_its_instance_and_its_log(fleet: Fleet) -> None:
    fleet.bad_release()
    fleet.sim.bundle(key(1), "fail", "AfterInstall", **BROKEN)
    run = fleet.redeploy()
    assert (run.outcome, run.failed, run.result["changed"]) == ("failed", True, True)
    diagnosis = run.result["diagnosis"]
    assert diagnosis["error_code"] == "HEALTH_CONSTRAINTS"
    first = diagnosis["failed_targets"][0]
    assert (first["target"], first["event"], first["script"]) == (fleet.instances[0], "AfterInstall", "bin/migrate")
    assert first["error_code"] == "ScriptFailed"
    assert "hunter2" in first["log_tail"]
    assert "scripts.log" in first["advice"]
    assert f"AfterInstall (bin/migrate): ScriptFailed: {first['message']} on {fleet.instances[0]}" in run.message
    assert run.result["deployment_id"] == diagnosis["deployment_id"]


def test_what_scripts_printed_can_be_left_out(fleet: Fleet) -> None:
    fleet.bad_release()
    fleet.sim.bundle(key(1), "fail", "AfterInstall", **BROKEN)
    run = fleet.redeploy(log_tail=False)
    assert run.result["diagnosis"]["failed_targets"][0]["event"] == "AfterInstall"
    assert "hunter2" not in run.everything
    assert "exit code 1" in run.message


def test_the_last_lines_of_the_script_are_shown(fleet: Fleet) -> None:
    """With its name, its event and its exit code, and without the marks of the agent."""
    fleet.bad_release()
    log = "[stdout]1\n[stdout]2\n[stdout]connecting\n[stdout]migrating\n[stderr]no such table: orders\x1b[0m\n"
    fleet.sim.bundle(key(1), "fail", "AfterInstall", **{**BROKEN, "log": log})
    run = fleet.redeploy()
    last = run.lines[-1]
    for shown in (run.message, last):
        assert "AfterInstall (bin/migrate): ScriptFailed" in shown
        assert f"exit code 1 on {fleet.instances[0]}" in shown
        assert 'It printed last: "connecting", "migrating", "no such table: orders"' in shown
        assert "log_tail" not in shown
    assert run.result["diagnosis"]["failed_targets"][0]["exit_code"] == 1


def test_it_counts_what_the_instances_have(fleet: Fleet) -> None:
    """One after the other: the first has the target, the second failed half way, the third was left alone."""
    fleet.bad_release()
    fleet.sim.bundle(key(1), "fail", "AfterInstall", instances=[fleet.instances[1]])
    run = fleet.redeploy()
    assert run.outcome == "failed"
    assert run.result["instances"] == {"new": 1, "old": 1, "unknown": 1}
    assert f"of 3 instances 1 on s3://bundles/{key(1)}" in run.message


def test_before_install_nothing_is_lost(fleet: Fleet) -> None:
    fleet.bad_release()
    fleet.sim.bundle(key(1), "fail", "BeforeInstall")
    run = fleet.redeploy()
    assert run.outcome == "failed"
    assert run.result["instances"] == {"new": 0, "old": 3, "unknown": 0}


def test_the_application_stop_of_the_bad_revision_is_told_apart(fleet: Fleet) -> None:
    fleet.bad_release()
    fleet.sim.bundle(key(2), "fail", "ApplicationStop", script="bin/stop")
    run = fleet.redeploy()
    assert run.failed
    assert "ignore_application_stop_failures: true" in run.message
    helped = fleet.redeploy(ignore_application_stop_failures=True)
    assert (helped.outcome, helped.target) == ("rolled_back", key(1))


def test_a_file_in_the_way_is_told_with_the_option_that_helps(fleet: Fleet) -> None:
    fleet.bad_release()
    text = "The deployment failed because a specified file already exists at this location: /srv/app/settings.conf"
    fleet.sim.bundle(key(1), "fail", "Install", code="UnknownError", message=text)
    run = fleet.redeploy()
    assert run.failed
    assert "/srv/app/settings.conf" in run.message
    assert "file_exists_behavior: overwrite" in run.message


def test_agents_that_are_down(fleet: Fleet) -> None:
    fleet.bad_release()
    for instance in fleet.instances:
        fleet.sim.agent(instance, running=False)
    run = fleet.redeploy()
    assert run.outcome == "failed"
    assert "the CodeDeploy agent did not answer" in run.message


def test_while_an_agent_is_down_it_is_told_where_to_look(fleet: Fleet) -> None:
    fleet.create()
    fleet.deploy(1)
    for instance in fleet.instances:
        fleet.sim.agent(instance, running=False)
    fleet.start(2)
    run = fleet.redeploy(wait_timeout=120)
    assert (run.outcome, run.method) == ("timeout", "codedeploy_stop")
    assert f"deployment {run.result['deployment_id']} is still going after 120 s" in run.message
    assert "see that the CodeDeploy agent is running" in run.message


def test_no_instances(fleet: Fleet) -> None:
    fleet.bad_release()
    fleet.terminate()
    run = fleet.redeploy()
    assert run.outcome == "failed"
    assert "NO_INSTANCES" in run.message
    assert "look at its tags" in run.message


def test_codedeploy_rolls_our_redeploy_back(fleet: Fleet) -> None:
    fleet.bad_release(autoRollbackConfiguration=AUTOMATIC)
    fleet.sim.bundle(key(1), "fail", "ApplicationStart", **BROKEN)
    run = fleet.redeploy()
    assert run.outcome == "failed"
    ours, rollback = fleet.listed()[-2:]
    assert run.result["deployment_id"] == ours
    assert run.result["diagnosis"]["deployment_id"] == ours
    assert f"CodeDeploy has rolled it back with {rollback}, which succeeded" in run.message
    assert f"prod is on s3://bundles/{key(2)}" in run.message
    assert run.result["after"]["deployment_id"] == rollback


def test_codedeploys_rollback_of_our_redeploy_fails_too(fleet: Fleet) -> None:
    fleet.bad_release(autoRollbackConfiguration=AUTOMATIC)
    fleet.sim.bundle(key(1), "fail", "ApplicationStart")
    fleet.sim.bundle(key(2), "fail", "ApplicationStart")
    run = fleet.redeploy()
    assert run.outcome == "rollback_failed"


def test_automatic_rollback_can_be_switched_off(fleet: Fleet) -> None:
    fleet.bad_release(autoRollbackConfiguration=AUTOMATIC)
    fleet.sim.bundle(key(1), "fail", "ApplicationStart", instances=fleet.instances[1:])
    run = fleet.redeploy(rollback_events=["none"])
    assert run.outcome == "failed"
    assert fleet.listed()[-1] == run.result["deployment_id"]


def test_the_next_good_one_is_named(fleet: Fleet) -> None:
    fleet.create()
    oldest = fleet.deploy(1)
    fleet.deploy(2)
    fleet.deploy(3)
    fleet.sim.bundle(key(2), "fail", "BeforeInstall")
    run = fleet.redeploy()
    assert run.outcome == "failed"
    assert f"Next good: s3://bundles/{key(1)}" in run.message
    assert f"deployment_id: {oldest}" in run.message


def test_targets_that_fail_in_a_deployment_that_succeeds_are_not_rolled_back(fleet: Fleet) -> None:
    """The next run does what is left, and goes back no further."""
    fleet.bad_release()
    fleet.sim.bundle(key(1), "fail", "ValidateService", instances=[fleet.instances[2]], script="bin/check")
    run = fleet.redeploy(deployment_config="CodeDeployDefault.AllAtOnce")
    ours = run.result["deployment_id"]
    assert (run.outcome, run.failed, fleet.status(ours)) == ("failed", True, "Succeeded")
    assert f"{ours} counts as Succeeded, but 1 of 3 targets failed: ValidateService (bin/check)" in run.message
    assert fleet.instances[2] in run.message
    assert run.result["instances"] == {"new": 2, "old": 0, "unknown": 1}
    fleet.sim.bundle(key(1), "ok", "ValidateService")
    again = fleet.redeploy()
    assert (again.outcome, again.target, again.writes) == ("rolled_back", key(1), ["CreateDeployment"])
    assert "1 of 3 targets failed" in again.result["target_why"]
    assert fleet.redeploy().outcome == "unchanged"


def test_a_script_that_hangs_ends_as_timeout_and_nothing_is_undone(fleet: Fleet) -> None:
    fleet.bad_release()
    fleet.sim.bundle(key(1), "hang", "ApplicationStart", timeout=3600)
    run = fleet.redeploy(wait_timeout=120)
    assert (run.outcome, run.failed) == ("timeout", True)
    assert "ApplicationStart on" in run.message
    assert "Nothing was undone" in run.message
    assert fleet.status(run.result["deployment_id"]) == "InProgress"
    assert run.writes == ["CreateDeployment"]
    assert 120 <= run.result["timings"]["ended"] <= 125


def test_the_alarm_of_the_bad_version_does_not_stop_the_good_one(fleet: Fleet) -> None:
    fleet.bad_release(alarmConfiguration={"enabled": True, "alarms": [{"name": "errors"}]})
    fleet.alarm("ALARM")
    run = fleet.redeploy()
    assert run.outcome == "rolled_back"
    fleet.alarm("OK")

    def act(line: str) -> None:
        if "AfterInstall" in line:
            fleet.alarm("ALARM")

    stopped = fleet.redeploy(deployment_id=fleet.listed()[1], override_alarms="false", on_line=act)
    assert stopped.outcome == "failed"
    assert "ALARM_ACTIVE" in stopped.message
    assert "override_alarms: true" in stopped.message


def test_events_for_this_one_deployment(fleet: Fleet) -> None:
    fleet.bad_release()
    fleet.sim.bundle(key(1), "fail", "ApplicationStart", instances=fleet.instances[:1])
    run = fleet.redeploy(rollback_events=EVENTS)
    assert run.outcome == "failed"
    assert fleet.info(fleet.listed()[-1])["creator"] == "codeDeployRollback"


def test_a_large_fleet_is_read_in_batches_and_told_in_short(fleet: Fleet) -> None:
    at_once = "CodeDeployDefault.AllAtOnce"
    fleet.bad_release(count=30, deploymentConfigName=at_once)
    fleet.sim.bundle(key(1), "fail", "AfterInstall")
    run = fleet.redeploy()
    assert run.outcome == "rollback_failed"
    assert len(run.result["diagnosis"]["failed_targets"]) == 25
    assert run.result["diagnosis"]["targets"] == {"Failed": 30}
    assert run.result["instances"] == {"new": 0, "old": 0, "unknown": 30}
    assert "on at least 25 targets" in run.message
    sizes = [len(c["params"]["targetIds"]) for c in run.log if c["operation"] == "BatchGetDeploymentTargets"]
    assert max(sizes) == 25
    assert any("AfterInstall on at least 25 targets" in line for line in run.lines)
