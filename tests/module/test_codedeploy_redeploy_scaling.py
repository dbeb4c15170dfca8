# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What CodeDeploy suspends in Auto Scaling groups during a redeploy, in process against the simulator."""

from __future__ import annotations

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy import api
from tests.module.code_deploy import client
from tests.module.fleet import Fleet
from tests.module.services import Shop

WANTED = ["AZRebalance", "ScheduledActions"]


def suspend() -> None:
    """AZRebalance is suspended by somebody."""
    client("autoscaling").suspend_processes(AutoScalingGroupName="web", ScalingProcesses=["AZRebalance"])


@pytest.fixture
def fleet(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Fleet:
    """Version 2 was deployed in place, to instances by their tags and to an Auto Scaling group, and is bad."""
    made = Fleet(shop, monkeypatch)
    made.scaling_group(desired=0)
    made.bad_release(autoScalingGroups=["web"])
    return made


def test_codedeploy_is_asked_to_suspend_and_is_looked_after(fleet: Fleet) -> None:
    run = fleet.redeploy(suspend_processes=WANTED)
    assert run.outcome == "rolled_back"
    assert run.params("CreateDeployment")["ec2DeploymentOptions"] == {"autoScalingGroupProcessesToSuspend": WANTED}
    assert run.result["suspended_by_codedeploy"] == WANTED
    assert run.findings("suspend_processes") == []
    assert run.result["left_suspended"] == []
    assert [call["operation"] for call in run.log].count("DescribeAutoScalingGroups") == 2


def test_without_being_asked_nobody_looks_at_auto_scaling(fleet: Fleet) -> None:
    run = fleet.redeploy()
    assert "ec2DeploymentOptions" not in run.params("CreateDeployment")
    assert "DescribeAutoScalingGroups" not in [call["operation"] for call in run.log]


def test_what_codedeploy_does_not_resume_is_told(fleet: Fleet) -> None:
    run = fleet.redeploy(lambda line: suspend() if "has created" in line else None, suspend_processes=WANTED)
    assert run.outcome == "rolled_back"
    [told] = run.findings("suspend_processes")
    assert "AZRebalance of the Auto Scaling group web is still suspended" in told
    assert "aws autoscaling resume-processes --auto-scaling-group-name web --scaling-processes AZRebalance" in told
    assert run.result["left_suspended"] == [{"resource_id": "web", "suspended": ["AZRebalance"]}]


def test_what_was_suspended_before_is_left_alone(fleet: Fleet) -> None:
    suspend()
    run = fleet.redeploy(suspend_processes=WANTED)
    assert run.params("CreateDeployment")["ec2DeploymentOptions"] == {
        "autoScalingGroupProcessesToSuspend": ["ScheduledActions"]
    }
    assert run.findings("suspend_processes")[0].startswith("CodeDeploy does not suspend AZRebalance")
    assert len(run.findings("suspend_processes")) == 1


def test_where_auto_scaling_may_not_be_read_codedeploy_suspends_nothing(fleet: Fleet) -> None:
    fleet.deny("DescribeAutoScalingGroups")
    run = fleet.redeploy(suspend_processes=WANTED)
    assert run.outcome == "rolled_back"
    assert "ec2DeploymentOptions" not in run.params("CreateDeployment")
    assert "autoscaling:DescribeAutoScalingGroups" in run.findings("suspend_processes")[0]


def test_an_older_botocore_cannot_ask_for_it(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "suspends_processes", lambda aws: False)
    run = fleet.redeploy(suspend_processes=WANTED)
    assert run.outcome == "rolled_back"
    assert "ec2DeploymentOptions" not in run.params("CreateDeployment")
    assert "botocore is older than 1.44.0" in run.findings("suspend_processes")[0]
