# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module ecs_rollback, in process, against the simulator: CodeDeploy answers what it seldom does."""

from __future__ import annotations

import typing as t

import pytest

from lastgood_simulator.codedeploy import views
from lastgood_simulator.codedeploy.state import all_states
from tests.module.code_deploy import FINISHED, SHIFTED, BlueGreen, group_settings
from tests.module.services import Shop


@pytest.fixture
def blue_green(shop: Shop) -> BlueGreen:
    return BlueGreen(shop)


def altered(monkeypatch: pytest.MonkeyPatch, change: t.Callable[[dict[str, t.Any]], None]) -> None:
    """Deployments as CodeDeploy shows them, changed."""
    original = views.deployment

    def show(item: t.Any) -> dict[str, t.Any]:
        shown = dict(original(item))
        change(shown)
        return shown

    monkeypatch.setattr(views, "deployment", show)


def test_a_status_that_nobody_knows_counts_as_running(
    shop: Shop, blue_green: BlueGreen, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = blue_green.bad_release(settle=SHIFTED)

    def pausing(shown: dict[str, t.Any]) -> None:
        shown["status"] = "Pausing" if shown["status"] == "InProgress" else shown["status"]

    altered(monkeypatch, pausing)
    run = shop.rollback()
    assert (run.outcome, run.only["method"], blue_green.sets()) == (
        "rolled_back",
        "codedeploy_stop",
        {"PRIMARY": "web:2"},
    )
    assert blue_green.status(bad) == "Stopped"


@pytest.mark.parametrize("creator", ["CloudFormation", "CodeDeployAutoUpdate", "somethingNew", None])
def test_a_deployment_was_wanted_no_matter_who_created_it_unless_it_is_a_rollback(
    shop: Shop, blue_green: BlueGreen, monkeypatch: pytest.MonkeyPatch, creator: str | None
) -> None:
    blue_green.bad_release()

    def by(shown: dict[str, t.Any]) -> None:
        del shown["creator"]
        if creator is not None:
            shown["creator"] = creator

    altered(monkeypatch, by)
    run = shop.rollback()
    assert (run.outcome, run.target, blue_green.sets()) == ("rolled_back", "web:2", {"PRIMARY": "web:2"})


def test_a_rollback_that_names_nothing_is_still_no_release(
    shop: Shop, blue_green: BlueGreen, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It belongs to the deployment that ended before it."""
    bad = blue_green.bad_release(settle=SHIFTED)
    blue_green.codedeploy.stop_deployment(deploymentId=bad, autoRollbackEnabled=True)
    shop.sim.advance(FINISHED)
    altered(monkeypatch, lambda shown: shown.pop("rollbackInfo", None))
    run = shop.rollback()
    assert (run.outcome, run.writes) == ("unchanged", [])
    assert "CodeDeploy itself rolled it back from web:3 to web:2" in run.message


def test_a_group_that_is_busy_with_what_cannot_be_found(shop: Shop, blue_green: BlueGreen) -> None:
    """The blocking deployment is not listed yet: CodeDeploy's own words are all there is to say which one it is."""
    blue_green.bad_release()
    text = "The Deployment Group 'web' already has an active Deployment 'd-THEIRS123'"
    shop.sim.fail("CreateDeployment", code="DeploymentLimitExceededException", message=text, times=None)
    run = shop.rollback()
    assert (run.outcome, run.only["changed"]) == ("refused", False)
    assert "d-THEIRS123" in run.message


def test_a_group_that_was_busy_for_a_moment(shop: Shop, blue_green: BlueGreen) -> None:
    blue_green.bad_release()
    shop.sim.fail("CreateDeployment", code="DeploymentLimitExceededException", message="busy")
    assert (shop.rollback().outcome, blue_green.sets()) == ("rolled_back", {"PRIMARY": "web:2"})


@pytest.mark.parametrize("pending", [60, 200, 3600])
@pytest.mark.parametrize("revision", [None, "1"])
def test_a_stop_that_is_pending_for_long(
    shop: Shop, blue_green: BlueGreen, revision: str | None, pending: float
) -> None:
    """Where the deployment ends by itself before that, it has ended."""
    blue_green.bad_release(settle=20)
    shop.sim.timings(stop_requested=pending)
    run = shop.rollback(revision=revision)
    assert (run.outcome, blue_green.sets()) == ("rolled_back", {"PRIMARY": f"web:{revision or 2}"})


def test_what_was_in_the_way_has_ended_and_answers_flip(shop: Shop, blue_green: BlueGreen) -> None:
    """Planned anew at once, it met the same old answers three times, and ended as failed."""
    blue_green.bad_release(settle=20)
    shop.sim.timings(stop_requested=60)
    shop.sim.late("DescribeServices", seconds=1, flips=True)
    run = shop.rollback(revision="1")
    assert (run.outcome, blue_green.sets()) == ("rolled_back", {"PRIMARY": "web:1"})


@pytest.mark.parametrize("revision", [None, "1"])
def test_a_stop_that_is_pending_longer_than_there_is_time(
    shop: Shop, blue_green: BlueGreen, revision: str | None
) -> None:
    blue_green.bad_release(settle=20)
    shop.sim.timings(stop_requested=400)
    run = shop.rollback(revision=revision, wait_timeout=30)
    assert (run.outcome, run.only["changed"]) == ("timeout", True)
    run = shop.rollback(revision=revision)
    assert (run.outcome, blue_green.sets()) == ("rolled_back", {"PRIMARY": f"web:{revision or 2}"})


def test_task_sets_of_a_deployment_that_codedeploy_has_forgotten(shop: Shop, blue_green: BlueGreen) -> None:
    bad = blue_green.bad_release()
    for state in all_states():
        forgotten = state.deployments.pop(bad)
        forgotten.group.deployments.remove(forgotten)
    run = shop.rollback()
    assert "ListApplications" in run.operations
    assert (run.outcome, run.target, blue_green.sets()) == ("rolled_back", "web:2", {"PRIMARY": "web:2"})
    assert (run.only["left"] or "").endswith("web:3")


def test_several_groups_that_name_the_same_service(shop: Shop, blue_green: BlueGreen) -> None:
    """By the cluster's name and by its ARN: neither of them has deployed it yet."""
    blue_green.create()
    settings = group_settings("web")
    cluster = shop.service()["clusterArn"]
    settings["ecsServices"] = [{"serviceName": "web", "clusterName": cluster}]
    blue_green.codedeploy.create_deployment_group(applicationName="shop", deploymentGroupName="other", **settings)
    run = shop.rollback(revision="2")
    assert (run.outcome, run.writes) == ("refused", [])
    assert "shop/web and shop/other" in run.message


def test_of_several_groups_the_one_that_deployed_it_counts(shop: Shop, blue_green: BlueGreen) -> None:
    blue_green.bad_release()
    settings = group_settings("web")
    settings["ecsServices"] = [{"serviceName": "web", "clusterName": shop.service()["clusterArn"]}]
    blue_green.codedeploy.create_deployment_group(applicationName="shop", deploymentGroupName="other", **settings)
    run = shop.rollback()
    assert (run.outcome, blue_green.sets()) == ("rolled_back", {"PRIMARY": "web:2"})
    assert run.sent("CreateDeployment")[0]["deploymentGroupName"] == "web"


@pytest.mark.parametrize(
    "operation",
    [
        "BatchGetDeployments",
        "BatchGetDeploymentGroups",
        "ListDeployments",
        "BatchGetApplicationRevisions",
        "CreateDeployment",
        "StopDeployment",
        "BatchGetDeploymentTargets",
    ],
)
@pytest.mark.parametrize("settle", [20, FINISHED])
def test_throttling_is_waited_out(shop: Shop, blue_green: BlueGreen, operation: str, settle: float) -> None:
    blue_green.bad_release(settle=settle)
    shop.sim.fail(operation, code="ThrottlingException", message="Rate exceeded", times=2)
    run = shop.rollback()
    assert (run.outcome, blue_green.sets()) == ("rolled_back", {"PRIMARY": "web:2"})


@pytest.mark.parametrize("operation", ["CreateDeployment", "ListDeployments"])
def test_throttling_without_end_is_told(shop: Shop, blue_green: BlueGreen, operation: str) -> None:
    blue_green.bad_release()
    shop.sim.fail(operation, code="ThrottlingException", message="Rate exceeded", times=None)
    run = shop.rollback()
    assert (run.outcome, run.only["changed"]) == ("refused", False)
    assert "run the same command again in a minute" in run.message
    assert blue_green.sets() == {"PRIMARY": "web:3"}
