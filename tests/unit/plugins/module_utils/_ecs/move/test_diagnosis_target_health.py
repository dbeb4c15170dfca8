# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When a load balancer takes the tasks of a service for healthy: every state of a target."""

from __future__ import annotations

import functools
import typing as t

import botocore.model
import botocore.session
import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move import diagnosis
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import (
    FakeAws,
    connection_lost,
    refused_by_aws,
    service,
)

BLUE = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/blue/0123456789abcdef"
GREEN = BLUE.replace("blue", "green")

# Two tasks are wanted and two targets are healthy; what one more in this state means.
ONE_MORE: dict[str, bool | None] = {
    "healthy": True,
    "initial": False,
    "unhealthy": False,
    "unhealthy.draining": True,
    "draining": True,
    "unused": False,
    "unavailable": False,
    "SOMETHING_NEW": False,
}


@functools.cache
def states() -> list[str]:
    model: botocore.model.ServiceModel = botocore.session.get_session().get_service_model("elbv2")
    shape = model.shape_for("TargetHealthStateEnum")
    assert isinstance(shape, botocore.model.StringShape)
    return list(shape.enum)


@pytest.mark.parametrize("state", [*states(), "SOMETHING_NEW"])
def test_every_state_of_a_target(state: str) -> None:
    assert diagnosis.judge({BLUE: ["healthy", "healthy", state]}, 2).serves is ONE_MORE[state]


@pytest.mark.parametrize(
    ("groups", "wanted", "serves", "note"),
    [
        ({BLUE: ["healthy"] * 4}, 4, True, ""),
        ({BLUE: ["healthy", "initial"]}, 2, False, "1 of 2 targets healthy in blue"),
        # not registered yet
        ({BLUE: []}, 2, False, "0 of 2 targets healthy in blue"),
        ({BLUE: ["healthy"]}, 2, False, "1 of 2 targets healthy in blue"),
        ({BLUE: []}, 0, True, ""),
        # every target group counts
        ({BLUE: ["healthy"], GREEN: ["unhealthy"]}, 1, False, "0 of 1 targets healthy in green"),
        # the old tasks drain
        ({BLUE: ["healthy", "draining", "draining"]}, 1, True, ""),
        ({BLUE: ["unused", "unused"]}, 2, None, "target group blue makes no health checks (unused)"),
        ({BLUE: ["unavailable"]}, 1, None, "target group blue makes no health checks (unavailable)"),
    ],
)
def test_all_targets_together(groups: dict[str, list[str]], wanted: int, serves: bool | None, note: str) -> None:
    health = diagnosis.judge(groups, wanted)
    assert (health.serves, health.note) == (serves, note)


def answer(*found: str) -> dict[str, t.Any]:
    return {"TargetHealthDescriptions": [{"TargetHealth": {"State": state}} for state in found]}


def test_each_target_group_is_asked_once() -> None:
    balancers = tuple({"targetGroupArn": arn, "containerPort": port} for arn, port in ((BLUE, 80), (GREEN, 81)))
    aws = FakeAws(describe_target_health=answer("healthy", "healthy"))
    assert diagnosis.target_health(aws, service(41, load_balancers=balancers), 2).serves is True
    assert [params["TargetGroupArn"] for params in aws.sent("describe_target_health")] == [BLUE, GREEN]


@pytest.mark.parametrize("trouble", [refused_by_aws("DescribeTargetHealth"), connection_lost(), {}])
def test_what_cannot_be_read_is_not_known(trouble: t.Any) -> None:
    on = service(41, load_balancers=({"targetGroupArn": BLUE},))
    health = diagnosis.target_health(FakeAws(describe_target_health=trouble), on, 2)
    assert health.serves is None
    assert "cannot be read" in health.note


def test_a_denied_read_names_the_permission() -> None:
    on = service(41, load_balancers=({"targetGroupArn": BLUE},))
    health = diagnosis.target_health(FakeAws(describe_target_health=refused_by_aws("DescribeTargetHealth")), on, 2)
    assert "elasticloadbalancing:DescribeTargetHealth" in health.note


def test_a_classic_load_balancer_is_not_asked() -> None:
    on = service(41, load_balancers=({"loadBalancerName": "old"},))
    assert diagnosis.target_health(FakeAws(), on, 2).serves is None
