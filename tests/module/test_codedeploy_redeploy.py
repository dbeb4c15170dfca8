# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Taking a deployment group back, in process against the simulator."""

from __future__ import annotations

import itertools
import typing as t
from datetime import UTC, datetime, timedelta, timezone

import pytest
import yaml

from tests.module.fleet import AUTOMATIC, SETTLED, Fleet, key
from tests.module.services import Shop


@pytest.fixture
def fleet(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Fleet:
    """Nothing is there yet."""
    return Fleet(shop, monkeypatch)


def test_a_bad_release_goes_back_to_the_last_good_revision(fleet: Fleet) -> None:
    good, bad = fleet.bad_release()
    run = fleet.redeploy(reason="500s since 13:52")
    assert not run.failed, run.message
    assert (run.outcome, run.method, run.target) == ("rolled_back", "codedeploy_deployment", key(1))
    ours = run.result["deployment_id"]
    assert ours not in (good, bad)
    assert fleet.status(ours) == "Succeeded"
    assert fleet.info(ours)["revision"]["s3Location"]["key"] == key(1)
    assert fleet.info(ours)["description"].startswith("500s since 13:52 (lastgood.aws rollback ")
    assert run.writes == ["CreateDeployment"]
    assert run.result["changed"]
    assert run.result["before"]["deployment_id"] == bad
    assert run.result["after"] == {
        "revision": fleet.info(ours)["revision"],
        "revision_name": run.result["target_name"],
        "deployment_id": ours,
        "status": "Succeeded",
    }


def test_the_second_run_finds_it_done(fleet: Fleet) -> None:
    fleet.bad_release()
    first = fleet.redeploy()
    again = fleet.redeploy()
    assert (again.outcome, again.failed, again.writes) == ("unchanged", False, [])
    assert again.result["deployment_id"] == first.result["deployment_id"]
    assert "already" in again.message
    assert not again.result["changed"]


def test_check_mode_only_plans(fleet: Fleet) -> None:
    _good, bad = fleet.bad_release()
    run = fleet.redeploy(check_mode=True, diff=True)
    assert (run.outcome, run.failed, run.writes) == ("planned", False, [])
    assert run.result["changed"]
    assert run.target == key(1)
    assert key(2) in run.result["diff"]["before"]
    assert key(1) in run.result["diff"]["after"]
    assert fleet.listed()[-1] == bad


def test_without_waiting_it_is_only_started(fleet: Fleet) -> None:
    fleet.bad_release()
    run = fleet.redeploy(wait=False)
    assert (run.outcome, run.failed, run.result["changed"]) == ("started", False, True)
    assert run.log[-1]["operation"] == "CreateDeployment"
    assert run.result["deployment_id"] == fleet.listed()[-1]
    assert "wait: true" in run.message
    followed = fleet.redeploy()
    assert (followed.outcome, followed.method, followed.writes) == ("rolled_back", "adopt", [])
    assert followed.result["deployment_id"] == run.result["deployment_id"]


def test_what_the_options_ask_for_is_what_codedeploy_is_asked_for(fleet: Fleet) -> None:
    fleet.bad_release()
    run = fleet.redeploy(
        file_exists_behavior="retain",
        rollback_events=["DEPLOYMENT_FAILURE"],
        deployment_config="CodeDeployDefault.AllAtOnce",
        ignore_application_stop_failures=True,
        override_alarms="false",
    )
    asked = run.params("CreateDeployment")
    assert asked["fileExistsBehavior"] == "RETAIN"
    assert asked["autoRollbackConfiguration"] == {"enabled": True, "events": ["DEPLOYMENT_FAILURE"]}
    assert asked["deploymentConfigName"] == "CodeDeployDefault.AllAtOnce"
    assert asked["ignoreApplicationStopFailures"] is True
    assert "overrideAlarmConfiguration" not in asked


def test_fail_is_the_guides_word_for_disallow(fleet: Fleet) -> None:
    fleet.create()
    fleet.deploy(1, fileExistsBehavior="OVERWRITE")
    fleet.deploy(2)
    run = fleet.redeploy(file_exists_behavior="fail")
    assert run.params("CreateDeployment")["fileExistsBehavior"] == "DISALLOW"


@pytest.mark.parametrize("events", [[], "none", ["none"], "NONE"])
def test_automatic_rollback_is_off_for_this_deployment(fleet: Fleet, events: t.Any) -> None:
    fleet.bad_release(autoRollbackConfiguration=AUTOMATIC)
    run = fleet.redeploy(rollback_events=events)
    assert run.params("CreateDeployment")["autoRollbackConfiguration"] == {"enabled": False, "events": []}


@pytest.mark.parametrize("events", ["", [""], None])
def test_without_events_those_of_the_group_apply_and_the_advice_works_as_it_stands(fleet: Fleet, events: t.Any) -> None:
    fleet.bad_release(autoRollbackConfiguration=AUTOMATIC)
    planned = fleet.redeploy(rollback_events=events, check_mode=True)
    [warning] = planned.findings("rollback_events")
    advice = yaml.safe_load(warning.rpartition(" give ")[2])
    run = fleet.redeploy(**advice)
    assert run.params("CreateDeployment")["autoRollbackConfiguration"] == {"enabled": False, "events": []}
    assert run.findings("rollback_events") == []


def test_warnings_about_files_say_which_instances_they_are_about(fleet: Fleet) -> None:
    """All have what the last deployment installed; on the first alone, one that failed has written over files."""
    fleet.create()
    fleet.deploy(1, fileExistsBehavior="RETAIN")
    fleet.sim.bundle(key(2), "fail", "ValidateService")
    fleet.deploy(2, fileExistsBehavior="OVERWRITE")
    bad = fleet.listed()[-1]
    removed, trap, *_others = fleet.redeploy(check_mode=True).result["content_warnings"]
    first, *others = fleet.instances
    assert removed.startswith(f"on 1 of the 3 instances of {bad} ({first}), the files that s3://bundles/{key(2)}")
    assert f"got to Install on 1 of 3 instances ({first})" in trap
    assert f"On {', '.join(others)} they can still be saved" in trap


def test_after_a_success_they_are_about_all_instances(fleet: Fleet) -> None:
    _good, bad = fleet.bad_release()
    [removed, *_others] = fleet.redeploy(check_mode=True).result["content_warnings"]
    assert removed.startswith(f"on all 3 instances of {bad}, the files that s3://bundles/{key(2)}")


def test_of_many_instances_a_few_are_named(fleet: Fleet) -> None:
    fleet.create(count=7, deploymentConfigName="CodeDeployDefault.AllAtOnce")
    fleet.deploy(1)
    fleet.sim.bundle(key(2), "fail", "ValidateService")
    fleet.deploy(2)
    [removed, *_others] = fleet.redeploy(check_mode=True).result["content_warnings"]
    assert removed.startswith("on all 7 instances of d-")
    assert " and 2 more), the files that" in removed
    assert sum(instance in removed for instance in fleet.instances) == 5


def test_the_content_option_is_that_of_the_good_deployment(fleet: Fleet) -> None:
    fleet.create()
    fleet.deploy(1, fileExistsBehavior="OVERWRITE")
    fleet.deploy(2)
    run = fleet.redeploy()
    assert run.params("CreateDeployment")["fileExistsBehavior"] == "OVERWRITE"


def test_an_explicit_deployment_wins(fleet: Fleet) -> None:
    fleet.create()
    first = fleet.deploy(1)
    fleet.deploy(2)
    fleet.deploy(3)
    run = fleet.redeploy(deployment_id=first)
    assert (run.outcome, run.target, run.result["target_source"]) == ("rolled_back", key(1), "deployment_id")


def test_progress_is_told_by_lifecycle_event_and_count(fleet: Fleet) -> None:
    fleet.bad_release()
    run = fleet.redeploy()
    assert any(
        line.startswith("[prod] 1/3 instances: ") and f" on {fleet.instances[1]}" in line for line in run.lines
    ), run.lines
    assert run.lines[-1].startswith(f"[prod] rolled_back: s3://bundles/{key(2)}")
    assert "s, deployment d-" in run.lines[-1]


def test_a_long_deployment_is_never_silent(fleet: Fleet) -> None:
    fleet.bad_release()
    fleet.sim.timings(lifecycle_event=400)
    run = fleet.redeploy(wait_timeout=600)
    seconds = [int(line.rpartition(", ")[2].removesuffix(" s")) for line in run.lines[1:-1]]
    assert max(b - a for a, b in itertools.pairwise(seconds)) <= 30


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"deployment_group": "prdo"}, "there is no deployment group prdo"),
        ({"application": "wbe"}, "application wbe"),
        ({"deployment_id": "d-000000000"}, "d-000000000"),
        ({"revision": "bundles/web-1.zip"}, "revision 'bundles/web-1.zip' is not understood"),
        ({"as_of": "lunchtime"}, "as_of"),
        ({"as_of": "2099-01-01T00:00:00Z"}, "as_of 2099-01-01T00:00:00Z is in the future: it is "),
        ({"as_of": "2099-01-01"}, "as_of 2099-01-01 names no zone and was taken as UTC, which is in the future"),
        ({"steps_back": 0}, "steps_back"),
        ({"wait_timeout": 0}, "wait_timeout"),
        ({"rollback_events": ["NEVER"]}, "rollback_events"),
        ({"steps_back": 9}, "reaches beyond the record"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_is_written(
    fleet: Fleet, options: dict[str, t.Any], words: str
) -> None:
    fleet.bad_release()
    run = fleet.redeploy(**options)
    assert run.failed
    assert run.writes == []
    assert words in run.message
    assert "Nothing was" in run.message


def test_as_of_takes_offsets_and_how_long_ago_it_was(fleet: Fleet) -> None:
    fleet.bad_release()
    while_good = datetime.fromtimestamp(fleet.sim.now() - 350, UTC)
    run = fleet.redeploy(as_of="-350s", check_mode=True)
    assert (run.outcome, run.target, run.result["target_source"]) == ("planned", key(1), "as_of")
    assert run.result["as_of"] == while_good.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert run.findings("as_of") == []
    written = while_good.astimezone(timezone(timedelta(hours=2))).isoformat()
    assert fleet.redeploy(as_of=written, check_mode=True).target == key(1)


def test_as_of_without_a_zone_says_that_it_was_taken_as_utc(fleet: Fleet) -> None:
    fleet.bad_release()
    written = datetime.fromtimestamp(fleet.sim.now() - 350, UTC).strftime("%Y-%m-%d %H:%M:%S")
    run = fleet.redeploy(as_of=written)
    words = f"as_of {written} names no zone and was taken as UTC"
    assert (run.outcome, run.target, run.findings("as_of")) == ("rolled_back", key(1), [words])
    assert words in run.result["warnings"]


def test_so_long_ago_means_the_same_after_a_deployment_was_waited_for(fleet: Fleet) -> None:
    """It was five seconds before the second one came. When the running one has ended that would be another time."""
    _good, bad = fleet.bad_release()
    fleet.deploy(3, settle=5)
    ago = fleet.sim.now() - fleet.info(bad)["completeTime"].timestamp() + 5
    run = fleet.redeploy(as_of=f"-{ago:.0f}s", in_flight="wait")
    assert (run.outcome, run.target) == ("rolled_back", key(1))


def test_without_an_earlier_success_there_is_nothing_to_go_back_to(fleet: Fleet) -> None:
    fleet.create()
    fleet.deploy(1)
    run = fleet.redeploy()
    assert (run.outcome, run.writes) == ("refused", [])
    assert "no earlier successful deployment" in run.message


def test_what_codedeploy_has_rolled_back_itself_is_unchanged(fleet: Fleet) -> None:
    fleet.create(autoRollbackConfiguration=AUTOMATIC)
    fleet.deploy(1)
    fleet.sim.bundle(key(2), "fail", "ApplicationStart")
    bad = fleet.deploy(2, settle=600)
    rollback = fleet.listed()[-1]
    assert rollback != bad
    run = fleet.redeploy()
    assert (run.outcome, run.writes) == ("unchanged", [])
    assert run.result["deployment_id"] == rollback
    assert rollback in run.message


def test_a_deployment_that_failed_half_way_is_put_right(fleet: Fleet) -> None:
    """Without automatic rollback the instances are on two revisions."""
    fleet.create()
    fleet.deploy(1)
    fleet.sim.bundle(key(2), "fail", "ValidateService", instances=[fleet.instances[-1]])
    bad = fleet.deploy(2, settle=600)
    assert fleet.status(bad) in ("Failed", "Succeeded")
    run = fleet.redeploy()
    assert (run.outcome, run.target) == ("rolled_back", key(1))


def test_a_revision_that_failed_when_it_was_deployed_again_is_passed_by(fleet: Fleet) -> None:
    """Version 2 succeeds, is deployed again, fails, and is not rolled back: the latest evidence counts."""
    fleet.create()
    fleet.deploy(1)
    second = fleet.bundle(2)
    fleet.deploy(2, revision=second)
    fleet.sim.bundle(key(2), "fail", "ApplicationStart", script="bin/start", code="ScriptFailed")
    again = fleet.deploy(2, revision=second)
    assert fleet.status(again) == "Failed"
    fleet.sim.bundle(key(2), "ok")
    fleet.deploy(3)
    run = fleet.redeploy()
    assert (run.outcome, run.target) == ("rolled_back", key(1))
    assert [text for text in run.findings("left_out") if key(2) in text and "its deployment failed at" in text]
    assert run.findings("failed_since") == []


def test_a_revision_that_failed_for_a_cause_outside_of_it_stays_good_with_a_warning(fleet: Fleet) -> None:
    fleet.create()
    fleet.deploy(1)
    second = fleet.bundle(2)
    fleet.deploy(2, revision=second)
    # While the instances do not answer.
    for instance in fleet.instances:
        fleet.sim.agent(instance, running=False)
    fleet.deploy(2, settle=2 * SETTLED, revision=second)
    for instance in fleet.instances:
        fleet.sim.agent(instance)
    fleet.deploy(3)
    run = fleet.redeploy()
    assert (run.outcome, run.target) == ("rolled_back", key(2))
    (warning,) = run.findings("failed_since")
    assert "counts as good although its deployment failed at" in warning
    assert "AWS names a cause outside of it (the instances)" in warning
