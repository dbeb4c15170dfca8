# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Looks whose answers are a moment old, while a deployment is watched."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._core import bound
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import api, model
from tests.module.services import Shop


def test_an_old_answer_is_not_a_rollback_by_ecs(shop: Shop) -> None:
    shop.releases(3)
    # New, old, new, old, for half a minute after the write.
    shop.sim.late("DescribeServices", seconds=30, flips=True)
    run = shop.rollback()
    assert (run.outcome, shop.on(), run.message.count("by itself")) == ("rolled_back", "web:2", 0)


def test_an_old_answer_does_not_tell_that_somebody_deployed_over_it(shop: Shop) -> None:
    shop.releases(3)
    shop.deploy("web:2", settle=1)
    shop.sim.late("DescribeServices", seconds=30, flips=True)
    run = shop.wait()
    assert (run.outcome, shop.on()) == ("stable", "web:2")


def test_what_somebody_deploys_over_it_is_still_told(shop: Shop) -> None:
    shop.releases(3)
    shop.sim.late("DescribeServices", seconds=1, flips=True)
    shop.meanwhile("DescribeServices", nth=6, deploy="web:1")
    run = shop.rollback()
    assert (run.outcome, shop.on()) == ("superseded", "web:1")
    assert "somebody else deployed web:1" in run.message


def test_somebody_deploys_while_the_marks_are_written(shop: Shop) -> None:
    shop.releases(3)
    shop.versions(1)
    shop.meanwhile("TagResource", nth=2, deploy="web:4")
    run = shop.rollback()
    assert (run.outcome, run.failed, run.result["changed"], shop.on()) == ("superseded", True, True, "web:4")
    assert "our deployment of web:2 was complete, and then somebody else deployed web:4" in run.message
    assert "web:3 is marked bad" in run.message
    assert run.only["after"]["task_definition"].endswith("web:4")


def test_the_last_look_is_one_request_for_ten_services_and_comes_last(shop: Shop) -> None:
    shop.versions(2)
    names = [f"web-{number}" for number in range(3)]
    for name in names:
        shop.create("web:1", 1, name, settle=60)
        shop.deploy("web:2", name=name, settle=300)
    run = shop.rollback(*names)
    assert set(run.outcomes.values()) == {"rolled_back"}
    assert run.operations[-1] == "DescribeServices"
    assert run.operations[-2] == "TagResource"


def test_if_the_last_look_fails_what_was_verified_stands(shop: Shop) -> None:
    shop.releases(2)
    shop.sim.on("TagResource", {"control": "fail", "params": {"operation": "DescribeServices", "times": 9}}, nth=3)
    run = shop.rollback()
    assert (run.outcome, run.operations[-1]) == ("rolled_back", "DescribeServices")


def test_an_old_answer_to_the_act_is_not_a_deployment_since_the_look_up(shop: Shop) -> None:
    """A run was killed after its write, and is run again at once: its look-up sees the rollback, its act does not."""
    shop.releases(3)
    # From now on it is known what was there before.
    shop.sim.late("DescribeServices", seconds=0)
    assert shop.rollback(wait=False).outcome == "started"
    look = shop.rollback(check_mode=True)
    assert look.only["method"] == "adopt"
    shop.sim.late("DescribeServices", seconds=5)
    run = shop.rollback(plan=[look.only["plan"]])
    assert (run.outcome, run.only["method"], shop.on()) == ("rolled_back", "adopt", "web:2"), run.message
    assert "UpdateService" not in run.writes
    assert "AWS shows older deployments of web than before. Looking again" in run.lines


def test_what_was_deployed_right_before_the_look_up_is_a_change_although_answers_flip(shop: Shop) -> None:
    """The look-up got an old answer. An answer that lacks the deployment once more is no proof that there is none."""
    shop.releases(3)
    # From now on it is known what was there before.
    shop.sim.late("DescribeServices", seconds=0)
    shop.versions(1)
    shown = shop.rollback(check_mode=True).only["plan"]
    assert shop.rollback(revision="web:4", force=["marked"], wait=False).outcome == "started"
    later = bound.sealed({**shown, "made": "2099-01-01T00:00:00Z"})
    shop.sim.late("DescribeServices", seconds=60, flips=True)
    run = shop.rollback(plan=[later])
    assert (run.outcome, "UpdateService" in run.writes) == ("refused", False), run.message
    assert "somebody deployed web:4 (" in run.message


@pytest.mark.parametrize("seconds", [5, 600])
def test_with_an_older_botocore_a_list_that_lags_is_no_second_way_back(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, seconds: float
) -> None:
    """Somebody has just returned from web:3 to web:2. The botocore hides which deployment is the current one."""
    parse = api._service

    def older(item: dict[str, t.Any]) -> model.Service:
        return parse({key: value for key, value in item.items() if key != "currentServiceDeployment"})

    monkeypatch.setattr(api, "_service", older)
    shop.releases(3)
    shop.sim.late("ListServiceDeployments", seconds=0)
    assert shop.rollback(wait=False, mark=False).outcome == "started"
    shop.sim.late("ListServiceDeployments", seconds=seconds)
    run = shop.rollback()
    if seconds == 5:
        assert (run.outcome, shop.on()) == ("rolled_back", "web:2"), run.message
    else:
        assert (run.outcome, run.writes) == ("refused", []), run.message
        assert "a deployment that AWS does not list yet" in run.message
    assert "UpdateService" not in run.writes
    assert any(line.startswith("AWS does not list the current deployment of web yet.") for line in run.lines)


def test_an_older_version_that_stays_primary_is_a_change(shop: Shop) -> None:
    """What AWS goes on showing is true, however old it is."""
    shop.releases(3)
    shown = [item["plan"] for item in shop.rollback(check_mode=True).result["services"]]
    shop.deploy("web:1", settle=1)
    shop.sim.advance(100)
    later = {**shown[0], "made": "2099-01-01T00:00:00Z"}
    began = shop.sim.now()
    run = shop.rollback(plan=[bound.sealed(later)])
    assert (run.outcome, run.writes) == ("refused", [])
    assert "somebody deployed web:1 (" in run.message
    assert 10 <= shop.sim.now() - began < 15


def test_what_is_throttled_for_good_does_not_go_past_the_time(shop: Shop) -> None:
    shop.releases(2)
    shop.sim.timings(slow_start=3600)
    shop.broken("web:1", "slow")
    throttled = {"operation": "ListTasks", "code": "ThrottlingException", "times": None}
    shop.sim.on("UpdateService", {"control": "fail", "params": throttled}, "after")
    began = shop.sim.now()
    run = shop.rollback(wait_timeout=60)
    assert run.outcome == "timeout"
    assert shop.sim.now() - began < 75
    assert "the stopped tasks cannot be read" in str(run.only["diagnosis"]["unknown"])
