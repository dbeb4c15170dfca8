# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Nothing is stopped for a deployment that CodeDeploy would refuse, and what is said if it refuses one after all."""

from __future__ import annotations

import typing as t

import pytest

from tests.module.code_deploy import BlueGreen
from tests.module.fleet import ALARMS, BUCKET, Fleet, key
from tests.module.services import Shop

AUTO_SCALED = {"ec2TagFilters": [], "autoScalingGroups": ["web"]}


@pytest.fixture
def fleet(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Fleet:
    """Nothing is there yet."""
    return Fleet(shop, monkeypatch)


def rolling_out(fleet: Fleet, **settings: t.Any) -> tuple[str, str]:
    """Version 1 is good, and 2 is being deployed to the first of three instances."""
    fleet.create(**settings)
    good = fleet.deploy(1)
    return good, fleet.deploy(2, settle=4)


@pytest.mark.parametrize("in_flight", ["stop", "wait"])
@pytest.mark.parametrize("check_mode", [False, True])
@pytest.mark.parametrize(
    ("config", "words"),
    [
        ("Nope", "there is no deployment configuration Nope"),
        ("CodeDeployDefault.ECSAllAtOnce", "is for the compute platform ECS, and deployment group prod is on Server"),
        ("x" * 101, "deployment_config"),
    ],
)
def test_a_configuration_that_does_not_fit(
    fleet: Fleet, config: str, words: str, check_mode: bool, in_flight: str
) -> None:
    _good, bad = rolling_out(fleet)
    run = fleet.redeploy(deployment_config=config, check_mode=check_mode, in_flight=in_flight)
    assert (run.outcome, run.failed, run.writes, run.result["changed"]) == ("refused", True, [], False)
    assert words in run.message
    assert run.findings("deployment_config")
    assert fleet.status(bad) == "InProgress"


def test_a_configuration_of_ones_own_is_accepted(fleet: Fleet) -> None:
    fleet.create()
    fleet.deploy(1)
    healthy = {"type": "HOST_COUNT", "value": 1}
    fleet.client.create_deployment_config(deploymentConfigName="two-at-once", minimumHealthyHosts=healthy)
    fleet.deploy(2, settle=4)
    run = fleet.redeploy(deployment_config="two-at-once")
    assert (run.outcome, run.writes) == ("rolled_back", ["StopDeployment", "CreateDeployment"])
    assert run.params("CreateDeployment")["deploymentConfigName"] == "two-at-once"


def test_a_configuration_that_may_not_be_read_is_a_warning(fleet: Fleet) -> None:
    rolling_out(fleet)
    fleet.deny("GetDeploymentConfig")
    run = fleet.redeploy(deployment_config="CodeDeployDefault.AllAtOnce")
    assert (run.outcome, run.writes) == ("rolled_back", ["StopDeployment", "CreateDeployment"])
    [unknown] = run.findings("deployment_config")
    assert "codedeploy:GetDeploymentConfig" in unknown
    assert any(unknown in warning for warning in run.result["warnings"])


def test_an_object_that_was_replaced(fleet: Fleet) -> None:
    """Without versions in the bucket, the ETag of then is no longer there."""
    _good, bad = rolling_out(fleet, versioned=False)
    fleet.bundle(1)
    fleet.put(1, "something else")
    run = fleet.redeploy(file_exists_behavior="overwrite")
    assert (run.outcome, run.writes, fleet.status(bad)) == ("refused", [], "InProgress")
    assert "was replaced" in run.message


def test_a_version_of_an_object_that_is_gone(fleet: Fleet) -> None:
    good, bad = rolling_out(fleet)
    place = fleet.info(good)["revision"]["s3Location"]
    fleet.s3.delete_object(Bucket=BUCKET, Key=key(1), VersionId=place["version"])
    run = fleet.redeploy(file_exists_behavior="overwrite")
    assert (run.outcome, run.writes, fleet.status(bad)) == ("refused", [], "InProgress")
    assert "no longer there" in run.message


@pytest.mark.parametrize("options", [{}, {"file_exists_behavior": "overwrite"}])
def test_an_alarm_that_would_stop_it_refuses_it_before_the_write(fleet: Fleet, options: dict[str, str]) -> None:
    """Also CodeDeploy's own rollback, which the alarms stop as well."""
    fleet.create(alarmConfiguration=ALARMS)
    fleet.alarm("OK")
    fleet.deploy(1)
    bad = fleet.deploy(2, settle=4)
    fleet.alarm("ALARM")
    for check_mode in (True, False):
        run = fleet.redeploy(override_alarms="false", check_mode=check_mode, **options)
        assert (run.outcome, run.writes, run.result["changed"]) == ("refused", [], False)
        assert "errors of deployment group prod is in ALARM now and would stop the deployment" in run.message
        assert "override_alarms: auto" in run.message
    fleet.alarm("OK")
    assert fleet.status(bad) == "InProgress"


def test_alarms_that_may_not_be_read_are_a_warning(fleet: Fleet) -> None:
    fleet.alarm("OK")
    # CodeDeploy itself may not read them either, and goes on.
    rolling_out(fleet, alarmConfiguration={**ALARMS, "ignorePollAlarmFailure": True})
    fleet.deny("DescribeAlarms")
    run = fleet.redeploy(override_alarms="false", file_exists_behavior="overwrite")
    assert run.outcome == "rolled_back", run.message
    assert "cloudwatch:DescribeAlarms" in run.findings("alarms")[0]


def test_what_takes_connections_and_never_answers_costs_seconds(fleet: Fleet) -> None:
    """The simulator's clock moves on by what a client waits."""
    fleet.alarm("OK")
    fleet.scaling_group(desired=2)
    rolling_out(fleet, count=1, alarmConfiguration={**ALARMS, "ignorePollAlarmFailure": True}, **AUTO_SCALED)
    silent = ("DescribeAlarms", "DescribeAutoScalingGroups")
    for operation in silent:
        fleet.sim.fail(operation, kind="hang", times=None)
    run = fleet.redeploy(override_alarms="false", file_exists_behavior="overwrite", suspend_processes=["Terminate"])
    assert run.outcome == "rolled_back", run.message
    assert run.result["timings"]["planned"] <= 15
    assert [[call["operation"] for call in run.log].count(operation) for operation in silent] == [1, 1]
    assert {finding["check"] for finding in run.result["findings"]} >= {"alarms", "instances"}


def test_auto_scaling_groups_that_are_gone(fleet: Fleet) -> None:
    fleet.scaling_group(desired=2)
    _good, bad = rolling_out(fleet, count=1, **AUTO_SCALED)
    fleet.scaling.delete_auto_scaling_group(AutoScalingGroupName="web", ForceDelete=True)
    run = fleet.redeploy(file_exists_behavior="overwrite")
    assert (run.outcome, run.writes, fleet.status(bad)) == ("refused", [], "InProgress")
    assert "there is no Auto Scaling group web" in run.message


def test_auto_scaling_groups_that_may_not_be_read_are_a_warning(fleet: Fleet) -> None:
    fleet.scaling_group(desired=2)
    rolling_out(fleet, count=1, **AUTO_SCALED)
    fleet.deny("DescribeAutoScalingGroups")
    run = fleet.redeploy(file_exists_behavior="overwrite")
    assert run.outcome == "rolled_back"
    assert "autoscaling:DescribeAutoScalingGroups" in run.findings("instances")[0]


# CodeDeploy refuses it all the same.


def test_what_is_refused_after_the_stop(fleet: Fleet) -> None:
    _good, bad = rolling_out(fleet)
    fleet.deny("CreateDeployment")
    run = fleet.redeploy(file_exists_behavior="overwrite")
    assert (run.outcome, run.failed, run.result["changed"]) == ("failed", True, True)
    assert run.writes == ["StopDeployment", "CreateDeployment"]
    assert fleet.status(bad) == "Stopped"
    [finding] = run.findings("stopped_then_refused")
    first, *others = fleet.instances
    assert f"deployment {bad} of s3://bundles/{key(2)}" in finding
    assert "codedeploy:CreateDeployment" in finding
    assert f"1 on s3://bundles/{key(2)}" in finding or "1 on neither for certain" in finding
    assert f"2 on s3://bundles/{key(1)}" in finding
    assert first in finding
    assert all(instance in finding for instance in others)
    assert "run the same command again" in finding
    assert f"deployment_id: {bad}" in finding
    assert finding in run.message
    assert "Nothing was written" not in run.message
    assert run.result["instances"]["old"] == 2

    fleet.sim.clear_failures()
    again = fleet.redeploy(file_exists_behavior="overwrite")
    assert (again.outcome, again.target) == ("rolled_back", key(1))


def test_what_cannot_be_planned_any_more_after_the_stop(fleet: Fleet) -> None:
    """The bundle is deleted while the running deployment is stopped."""
    deleted: list[str] = []
    _good, bad = rolling_out(fleet, versioned=False)

    def act(line: str) -> None:
        if f"deployment {bad} is in the way" in line and not deleted:
            deleted.append(line)
            fleet.s3.delete_object(Bucket=BUCKET, Key=key(1))

    run = fleet.redeploy(file_exists_behavior="overwrite", on_line=act)
    assert (run.outcome, run.writes) == ("failed", ["StopDeployment", "DeleteObject"])
    [finding] = run.findings("stopped_then_refused")
    assert bad in finding
    assert "no longer there" in finding


def test_somebody_who_deploys_after_the_stop(fleet: Fleet) -> None:
    _good, bad = rolling_out(fleet)
    fleet.meanwhile("CreateDeployment", revision=fleet.bundle(3))
    run = fleet.redeploy(file_exists_behavior="overwrite")
    theirs = fleet.listed()[-1]
    assert (run.outcome, fleet.status(theirs) == "Stopped") == ("failed", False)
    [finding] = run.findings("stopped_then_refused")
    assert bad in finding
    assert theirs in finding


@pytest.mark.parametrize(
    ("settle", "told"),
    [
        # Stopped with a rollback, so all instances have what they had.
        (5, (f"is on s3://bundles/{key(1)}", "where CodeDeploy's rollback")),
        # Stopped without one: the traffic is on the replacement, and would only move once more.
        (20, (f"is on s3://bundles/{key(2)}", "which has all the traffic")),
    ],
)
def test_where_the_traffic_is_after_the_stop(fleet: Fleet, settle: float, told: tuple[str, ...]) -> None:
    fleet.blue_green()
    fleet.deploy(1, settle=1800)
    bad = fleet.deploy(2, settle=settle)
    fleet.deny("CreateDeployment")
    run = fleet.redeploy(deployment_config="CodeDeployDefault.AllAtOnce")
    assert (run.outcome, run.writes) == ("failed", ["StopDeployment", "CreateDeployment"])
    [finding] = run.findings("stopped_then_refused")
    assert f"deployment {bad} of s3://bundles/{key(2)}" in finding
    assert all(part in finding for part in told)


def test_a_service_of_ecs_that_may_not_be_read_is_a_warning(shop: Shop, fleet: Fleet) -> None:
    blue_green = BlueGreen(shop)
    blue_green.bad_release(settle=20)
    fleet.deny("DescribeServices")
    run = fleet.redeploy(application="shop", deployment_group="web", rollback_events=["none"])
    assert (run.outcome, run.writes) == ("rolled_back", ["StopDeployment", "CreateDeployment"])
    assert "ecs:DescribeServices" in run.findings("instances")[0]
