# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options and the request that they make."""

from __future__ import annotations

import re
import typing as t
from datetime import UTC, datetime

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._scaling import options
from ansible_collections.lastgood.aws.plugins.module_utils._scaling.model import PROCESSES

NOW = datetime(2026, 11, 22, 14, 2, 11, tzinfo=UTC)
DEFAULTS: dict[str, t.Any] = {
    "state": "suspended",
    "cluster": "default",
    "service": None,
    "resource_id": None,
    "service_namespace": "ecs",
    "scalable_dimension": "ecs:service:DesiredCount",
    "dynamic_scaling_in": True,
    "dynamic_scaling_out": True,
    "scheduled_scaling": True,
    "auto_scaling_group": None,
    "processes": None,
    "missing": "warn",
    "journal": "required",
    "reason": None,
}


def either(**given: t.Any) -> options.Request | options.GroupRequest:
    return options.request({**DEFAULTS, **given}, NOW, "4f3a9c2e", "ops@host")


def request(**given: t.Any) -> options.Request:
    made = either(**given)
    assert isinstance(made, options.Request)
    return made


@pytest.mark.parametrize(
    ("given", "ids"),
    [
        ({"service": ["web"]}, ("service/default/web",)),
        ({"service": ["web", "api", "web"], "cluster": "prod"}, ("service/prod/web", "service/prod/api")),
        ({"service": ["web", ""]}, ("service/default/web",)),
        ({"service": ["web"], "cluster": "arn:aws:ecs:eu-central-1:123456789012:cluster/prod"}, ("service/prod/web",)),
        ({"service": ["arn:aws-cn:ecs:cn-north-1:123456789012:service/prod/web"]}, ("service/prod/web",)),
        ({"service": ["arn:aws:ecs:eu-central-1:123456789012:service/web"], "cluster": "prod"}, ("service/prod/web",)),
        ({"resource_id": ["service/prod/web"]}, ("service/prod/web",)),
        (
            {
                "resource_id": ["table/orders", "table/users"],
                "service_namespace": "dynamodb",
                "scalable_dimension": "dynamodb:table:ReadCapacityUnits",
            },
            ("table/orders", "table/users"),
        ),
    ],
)
def test_what_the_targets_are(given: dict[str, t.Any], ids: tuple[str, ...]) -> None:
    made = request(**given)
    assert (made.resource_ids, made.everything_in) == (ids, "")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"service": []}, "there is nothing to work on: the list of services or resource ids is empty"),
        ({"service": ["", " "]}, "there is nothing to work on"),
        ({"resource_id": [""]}, "there is nothing to work on"),
        ({"service": [""], "state": "restored"}, "is empty. service=* restores all that is recorded in a cluster"),
        ({"service": ["prod/web"]}, "'prod/web' is neither the name nor the ARN of an ECS service"),
        ({"service": ["web"], "cluster": "a b"}, "'a b' is neither the name nor the ARN of an ECS cluster"),
        (
            {"service": ["arn:aws:ecs:eu-central-1:123456789012:task/prod/web"]},
            "arn:aws:ecs:eu-central-1:123456789012:task/prod/web is not the ARN of an ECS service",
        ),
        ({"service": ["arn:nonsense"]}, "arn:nonsense is not the ARN of an ECS service"),
        (
            {"service": ["arn:aws:ecs:eu-central-1:123456789012:service/prod/web"], "cluster": "test"},
            "is in cluster prod, not in test",
        ),
        (
            {"service": ["web"], "dynamic_scaling_in": False, "dynamic_scaling_out": False, "scheduled_scaling": False},
            "at least one of dynamic_scaling_in, dynamic_scaling_out, scheduled_scaling must be true",
        ),
        ({"service": ["web"], "service_namespace": "dynamodb"}, "service is always about ECS"),
        (
            {"resource_id": ["table/orders"], "service_namespace": "dynamodb"},
            "scalable_dimension ecs:service:DesiredCount is not in the service namespace dynamodb",
        ),
        ({"service": ["*"]}, "service=* stands alone and goes with state=restored only"),
        ({"service": ["*", "web"], "state": "restored"}, "service=* stands alone"),
        ({"service": ["*"], "state": "resumed"}, "service=* stands alone"),
        ({"service": ["web"], "processes": ["Launch"]}, "processes go with auto_scaling_group"),
        ({"auto_scaling_group": []}, "there is nothing to work on: the list of Auto Scaling groups is empty"),
        (
            {"auto_scaling_group": [" "], "state": "restored"},
            "is empty. auto_scaling_group=* restores all that is recorded",
        ),
        ({"auto_scaling_group": ["*"]}, "auto_scaling_group=* stands alone and goes with state=restored only"),
        ({"auto_scaling_group": ["*"], "state": "resumed"}, "auto_scaling_group=* stands alone"),
        ({"auto_scaling_group": ["web"], "processes": []}, "the list of processes is empty, which AWS would treat as"),
        ({"auto_scaling_group": ["web"], "cluster": "prod"}, "cluster: not for an Auto Scaling group"),
        (
            {"auto_scaling_group": ["web"], "service_namespace": "dynamodb", "dynamic_scaling_in": False},
            "service_namespace, dynamic_scaling_in: not for an Auto Scaling group",
        ),
    ],
)
def test_what_does_not_make_sense_is_told(given: dict[str, t.Any], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        request(**given)


def test_everything_in_a_cluster() -> None:
    made = request(service=["*"], cluster="prod", state="restored")
    assert (made.resource_ids, made.everything_in) == ((), "prod")


@pytest.mark.parametrize(
    ("names", "state", "taken"),
    [
        (["web", " api ", "web", ""], "suspended", ("web", "api")),
        (["a b/c"], "resumed", ("a b/c",)),
        (["*"], "restored", ("*",)),
        # A group can have any name.
        (["*", "web"], "suspended", ("*", "web")),
    ],
)
def test_auto_scaling_groups(names: list[str], state: str, taken: tuple[str, ...]) -> None:
    made = either(auto_scaling_group=names, state=state, missing="ignore")
    assert isinstance(made, options.GroupRequest)
    assert (made.names, made.missing) == (taken, "ignore")
    default = {"AZRebalance", "AlarmNotification", "ScheduledActions", "ReplaceUnhealthy"}
    assert made.wish.flags == (set(PROCESSES) if state == "restored" else default)


@pytest.mark.parametrize("state", ["suspended", "resumed", "restored"])
def test_processes_that_are_named(state: str) -> None:
    made = either(auto_scaling_group=["web"], state=state, processes=["Launch", "Terminate"])
    assert made.wish.flags == {"Launch", "Terminate"}


def test_the_wish() -> None:
    made = request(service=["web"], scheduled_scaling=False, journal="best_effort", reason="500s", missing="fail")
    assert made.wish.flags == {"dynamic_scaling_in", "dynamic_scaling_out"}
    assert not made.wish.journal_required
    assert str(made.wish.origin) == "run 4f3a9c2e of ops@host at 2026-11-22T14:02:11Z (500s)"
    assert made.missing == "fail"


@pytest.mark.parametrize(
    ("environ", "by"),
    [
        ({}, "ops@host"),
        ({"AWX_HOST": "https://awx.example.com", "JOB_ID": "4711"}, "awx/4711"),
        ({"JOB_ID": "4711"}, "ops@host"),
        ({"AWX_HOST": "https://awx.example.com"}, "ops@host"),
    ],
)
def test_who_asks(environ: dict[str, str], by: str) -> None:
    assert options.asked_by(environ, "ops", "host") == by
