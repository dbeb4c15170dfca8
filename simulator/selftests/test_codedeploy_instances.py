# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Deployments of CodeDeploy to instances that do not go well, and the minimum of healthy hosts."""

from __future__ import annotations

from typing import Any

import pytest

from lastgood_simulator import Simulator
from selftests.cluster import client
from selftests.code_deploy import put_bundle
from selftests.fleet import AT_ONCE, Fleet

GOOD, BAD = "a", "b"


def _config(fleet: Fleet, kind: str, value: int) -> str:
    fleet.codedeploy.create_deployment_config(
        deploymentConfigName="mine", minimumHealthyHosts={"type": kind, "value": value}
    )
    return "mine"


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("ScriptMissing", "Script does not exist at specified location: scripts/start.sh"),
        ("ScriptNotExecutable", "Unable to set script at specified location: scripts/start.sh as executable"),
        ("ScriptFailed", "Script at specified location: scripts/start.sh failed with exit code 1"),
        ("ScriptTimedOut", "Script at specified location: scripts/start.sh failed to complete in 3600 seconds"),
        ("UnknownError", "ApplicationStart failed"),
    ],
)
def test_a_failing_script_is_diagnosed(sim: Simulator, code: str, message: str) -> None:
    fleet = Fleet(sim, 1)
    sim.bundle(BAD * 40, event="ApplicationStart", code=code, script="scripts/start.sh", log="[stderr]no port\n")
    bad = fleet.start(BAD)
    sim.advance(30)
    assert fleet.outcome(bad) == ("Failed", "HEALTH_CONSTRAINTS")
    event = fleet.event(bad, "ApplicationStart")
    assert (event["status"], event["diagnostics"]) == (
        "Failed",
        {
            "errorCode": code,
            "scriptName": "scripts/start.sh",
            "message": message,
            "logTail": "LifecycleEvent - ApplicationStart\nScript - scripts/start.sh\n[stderr]no port\n",
        },
    )
    assert list(fleet.statuses(bad).values()) == ["Succeeded"] * 5 + ["Failed", "Skipped"]
    assert fleet.target(bad)["status"] == "Failed"


def test_a_file_in_the_way(sim: Simulator) -> None:
    fleet = Fleet(sim, 1)
    text = "The deployment failed because a specified file already exists at this location: /srv/app/a"
    sim.bundle(f"acme/web@{BAD * 40}", event="Install", message=text)
    bad = fleet.start(BAD)
    sim.advance(30)
    shown = fleet.event(bad, "Install")["diagnostics"]
    assert shown == {"errorCode": "UnknownError", "scriptName": "", "message": text, "logTail": ""}


def test_a_script_that_hangs_is_given_its_time(sim: Simulator) -> None:
    fleet = Fleet(sim, 2, deploymentConfigName=AT_ONCE)
    sim.bundle(BAD * 40, "hang", instances=[fleet.ids[1]], timeout=600)
    deployment = fleet.start(BAD)
    sim.advance(500)
    assert fleet.counts(deployment) == {"Succeeded": 1, "InProgress": 1}
    assert fleet.statuses(deployment, 1)["ValidateService"] == "InProgress"
    sim.advance(200)
    # With AllAtOnce one instance is enough.
    assert fleet.outcome(deployment) == ("Succeeded", None)
    assert fleet.counts(deployment) == {"Succeeded": 1, "Failed": 1}
    assert fleet.event(deployment, "ValidateService", 1)["diagnostics"]["errorCode"] == "ScriptTimedOut"


# instances-health.html: ten instances there, fewer here.
@pytest.mark.parametrize(
    ("kind", "value", "failing", "status", "counts"),
    [
        ("HOST_COUNT", 3, [0], "Failed", {"Failed": 1, "Skipped": 3}),
        ("HOST_COUNT", 3, [3], "Succeeded", {"Succeeded": 3, "Failed": 1}),
        ("HOST_COUNT", 2, [0], "Succeeded", {"Succeeded": 3, "Failed": 1}),
        ("HOST_COUNT", 2, [0, 1], "Failed", {"Failed": 2, "Skipped": 2}),
        ("HOST_COUNT", 2, [0, 3], "Succeeded", {"Succeeded": 2, "Failed": 2}),
        ("HOST_COUNT", 0, [0, 1, 2], "Succeeded", {"Succeeded": 1, "Failed": 3}),
        ("HOST_COUNT", 0, [0, 1, 2, 3], "Failed", {"Failed": 4}),
        ("FLEET_PERCENT", 50, [0, 1], "Failed", {"Failed": 2, "Skipped": 2}),
        ("FLEET_PERCENT", 90, [], "Failed", {"Skipped": 4}),
        ("HOST_COUNT", 4, [], "Failed", {"Skipped": 4}),
    ],
)
def test_the_minimum_of_healthy_hosts(
    sim: Simulator, kind: str, value: int, failing: list[int], status: str, counts: dict[str, int]
) -> None:
    fleet = Fleet(sim, 4)
    if failing:
        sim.bundle(BAD * 40, instances=[fleet.ids[number] for number in failing])
    deployment = fleet.start(BAD, deploymentConfigName=_config(fleet, kind, value))
    sim.advance(120)
    assert (fleet.info(deployment)["status"], fleet.counts(deployment)) == (status, counts)
    if status == "Failed":
        code = "HEALTH_CONSTRAINTS" if failing else "HEALTH_CONSTRAINTS_INVALID"
        assert fleet.outcome(deployment)[1] == code


def test_the_last_of_one_at_a_time_may_fail(sim: Simulator) -> None:
    fleet = Fleet(sim, 3)
    sim.bundle(BAD * 40, instances=[fleet.ids[2]])
    deployment = fleet.start(BAD)
    sim.advance(60)
    assert fleet.outcome(deployment) == ("Succeeded", None)
    assert fleet.counts(deployment) == {"Succeeded": 2, "Failed": 1}
    (failed,) = fleet.targets(deployment, targetFilters={"TargetStatus": ["Failed"]})
    assert failed["targetId"] == fleet.ids[2]


def test_unhealthy_instances_come_first(sim: Simulator) -> None:
    fleet = Fleet(sim, 3)
    fleet.done(GOOD)
    sim.bundle(BAD * 40, instances=[fleet.ids[2]])
    fleet.done(BAD)
    deployment = fleet.start(GOOD)
    sim.advance(5)
    assert fleet.targets(deployment)[0]["targetId"] == fleet.ids[2]


def test_application_stop_is_that_of_what_was_installed(sim: Simulator) -> None:
    fleet = Fleet(sim, 1)
    for event in ("ApplicationStop", "ValidateService"):
        sim.bundle(BAD * 40, event=event)
    fleet.done(GOOD)
    bad = fleet.start(BAD)
    sim.advance(30)
    assert fleet.statuses(bad)["ApplicationStop"] == "Succeeded"
    # Its Install went well, so the next deployment runs its ApplicationStop, though it has failed.
    again = fleet.start(GOOD)
    sim.advance(30)
    assert fleet.outcome(again) == ("Failed", "HEALTH_CONSTRAINTS")
    assert list(fleet.statuses(again).values()) == ["Failed"] + ["Skipped"] * 6
    forced = fleet.done(GOOD, ignoreApplicationStopFailures=True)
    assert list(fleet.statuses(forced).values()) == ["Failed"] + ["Succeeded"] * 6
    assert fleet.target(forced)["status"] == "Succeeded"
    fleet.done(GOOD)


def test_a_failure_before_install_leaves_what_was_installed(sim: Simulator) -> None:
    fleet = Fleet(sim, 1)
    fleet.done(GOOD)
    for event in ("ApplicationStop", "BeforeInstall"):
        sim.bundle(BAD * 40, event=event)
    sim.advance(1)
    bad = fleet.start(BAD)
    sim.advance(30)
    assert fleet.info(bad)["status"] == "Failed"
    assert fleet.statuses(fleet.done(GOOD))["ApplicationStop"] == "Succeeded"


def test_a_rollback_fails_at_the_failed_revisions_application_stop(sim: Simulator) -> None:
    fleet = Fleet(sim, 1, autoRollbackConfiguration={"enabled": True, "events": ["DEPLOYMENT_FAILURE"]})
    fleet.done(GOOD)
    for event in ("ApplicationStop", "AfterInstall"):
        sim.bundle(BAD * 40, event=event)
    bad = fleet.start(BAD)
    sim.advance(60)
    rollback = fleet.rollback_of(bad)
    assert fleet.outcome(rollback) == ("Failed", "HEALTH_CONSTRAINTS")
    assert fleet.event(rollback, "ApplicationStop")["diagnostics"]["scriptName"] == "scripts/ApplicationStop.sh"


class TestAgents:
    def test_one_that_is_silent_fails_the_target_after_five_minutes(self, sim: Simulator) -> None:
        fleet = Fleet(sim, 1)
        sim.agent(fleet.ids[0], running=False)
        deployment = fleet.start(GOOD)
        sim.advance(4 + 299)
        assert (fleet.info(deployment)["status"], fleet.target(deployment)["status"]) == ("InProgress", "Pending")
        sim.advance(1)
        assert fleet.outcome(deployment) == ("Failed", "HEALTH_CONSTRAINTS")
        shown = fleet.event(deployment, "ApplicationStop")
        assert (shown["status"], shown["diagnostics"]["errorCode"]) == ("Failed", "UnknownError")
        assert shown["diagnostics"]["message"].startswith("CodeDeploy agent was not able to receive the lifecycle ev")

    def test_one_that_is_started_in_time_goes_on(self, sim: Simulator) -> None:
        fleet = Fleet(sim, 1)
        deployment = fleet.start(GOOD)
        sim.advance(6.5)
        sim.agent(fleet.ids[0], running=False)
        sim.advance(100)
        assert list(fleet.statuses(deployment).values())[2:4] == ["Succeeded", "Pending"]
        sim.agent(fleet.ids[0])
        assert fleet.statuses(deployment)["Install"] == "InProgress"
        sim.advance(10)
        assert fleet.outcome(deployment) == ("Succeeded", None)

    def test_a_stopped_instance_is_deployed_to_and_fails(self, sim: Simulator) -> None:
        fleet = Fleet(sim, 2, deploymentConfigName=AT_ONCE)
        client("ec2").stop_instances(InstanceIds=fleet.ids[:1])
        deployment = fleet.start(GOOD)
        sim.advance(400)
        assert fleet.outcome(deployment) == ("Succeeded", None)
        assert fleet.counts(deployment) == {"Succeeded": 1, "Failed": 1}


class TestBundlesInS3:
    def _failure(self, sim: Simulator, fleet: Fleet, place: dict[str, Any]) -> str:
        location = {"bucket": "bundles", "key": "app.zip", "bundleType": "zip"} | place
        bad = fleet.start("", revision={"revisionType": "S3", "s3Location": location})
        sim.advance(30)
        assert fleet.outcome(bad) == ("Failed", "HEALTH_CONSTRAINTS")
        shown = fleet.event(bad, "DownloadBundle")["diagnostics"]
        assert (shown["errorCode"], fleet.statuses(bad)["ApplicationStop"]) == ("UnknownError", "Succeeded")
        return str(shown["message"])

    def test_what_is_missing_or_other_fails_the_download(self, sim: Simulator) -> None:
        fleet = Fleet(sim, 1)
        assert self._failure(sim, fleet, {}) == "The specified bucket does not exist"
        put_bundle()
        assert self._failure(sim, fleet, {"key": "other.zip"}) == "The specified key does not exist."
        assert self._failure(sim, fleet, {"version": "other"}) == "The specified version does not exist."
        text = self._failure(sim, fleet, {"eTag": "other"})
        assert text.startswith("Expected deployment artifact bundle etag other but was actually ")

    def test_without_a_version_it_is_what_is_there_now(self, sim: Simulator) -> None:
        fleet = Fleet(sim, 1)
        first = put_bundle("1")
        moving = {"revisionType": "S3", "s3Location": {"bucket": "bundles", "key": "app.zip", "bundleType": "zip"}}
        fleet.done("", revision=moving)
        place = put_bundle("2")["s3Location"]
        sim.bundle(f"bundles/app.zip@{place['version']}")
        bad = fleet.start("", revision=moving)
        sim.advance(30)
        assert fleet.info(bad)["status"] == "Failed"
        fleet.done("", revision=first)


def test_only_outdated_instances(sim: Simulator) -> None:
    fleet = Fleet(sim, 3)
    fleet.done(GOOD)
    sim.bundle(BAD * 40, instances=[fleet.ids[2]])
    fleet.done(BAD)
    sim.bundle(BAD * 40, "ok")
    deployment = fleet.done(BAD, updateOutdatedInstancesOnly=True)
    assert [target["targetId"] for target in fleet.targets(deployment)] == [fleet.ids[2]]


def test_what_cannot_be_scripted(sim: Simulator) -> None:
    for given in ({"behaviour": "sing"}, {"event": "Lunch"}, {"code": "Nonsense"}):
        with pytest.raises(ValueError, match="unknown"):
            sim.bundle("x", **given)


def test_small_steps_are_as_good_as_a_big_one(sim: Simulator) -> None:
    fleet = Fleet(sim, 3, deploymentConfigName="CodeDeployDefault.HalfAtATime")
    sim.bundle(BAD * 40, "hang", instances=fleet.ids[:1], timeout=20)
    first = fleet.start(BAD)
    for _second in range(60):
        sim.advance(1)
        fleet.info(first)
    again = Fleet.start(fleet, BAD)
    sim.advance(60)

    def times(deployment: str) -> list[Any]:
        begin = fleet.info(deployment)["createTime"]
        targets = sorted(fleet.targets(deployment), key=lambda target: str(target["targetId"]))
        return [[event.get("endTime", begin) - begin for event in target["lifecycleEvents"]] for target in targets]

    assert times(first) == times(again)
