# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who suspends which processes of Auto Scaling groups."""

from __future__ import annotations

import itertools
import typing as t

import botocore
import botocore.session
import botocore.validate
import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy import api
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.model import Group
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.move.asg_processes import (
    NATIVE,
    Suspension,
    left_suspended,
    of,
    split,
)
from ansible_collections.lastgood.aws.plugins.module_utils._scaling.model import PROCESSES
from ansible_collections.lastgood.aws.plugins.module_utils._scaling.options import DEFAULT_PROCESSES

# The tests run with the oldest botocore that is supported, too.
KNOWS = tuple(int(part) for part in botocore.__version__.split(".")[:2]) >= (1, 44)


def group(**given: t.Any) -> Group:
    fields = {"platform": "Server", "style": "IN_PLACE", "auto_scaling_groups": ("web",), **given}
    return Group("app", "group", **fields)


def test_what_codedeploy_can_is_what_botocore_says() -> None:
    model = botocore.session.Session().get_service_model("codedeploy")
    knows = "AutoScalingGroupProcess" in model.shape_names
    assert knows == KNOWS
    assert set(NATIVE) == (set(model.shape_for("AutoScalingGroupProcess").enum) if knows else set(NATIVE))
    assert set(NATIVE) < set(PROCESSES)


@pytest.mark.parametrize(
    ("wanted", "own", "suspended", "by_codedeploy", "by_us"),
    [
        (DEFAULT_PROCESSES, (), {}, ("AZRebalance", "ScheduledActions"), ("AlarmNotification", "ReplaceUnhealthy")),
        (("Terminate",), (), {"web": ["Launch"]}, ("Terminate",), ()),
        (("AlarmNotification",), (), {}, (), ("AlarmNotification",)),
        # It might be resumed with the rest.
        (("AZRebalance", "Terminate"), (), {"web": ["AZRebalance"]}, ("Terminate",), ("AZRebalance",)),
        (("AZRebalance",), (), {"web": [], "api": ["AZRebalance"]}, (), ("AZRebalance",)),
        # The group's own setting stays, whatever else is wanted.
        (("AZRebalance",), ("Terminate",), {}, ("Terminate", "AZRebalance"), ()),
        (("AZRebalance",), ("AZRebalance",), {"web": ["AZRebalance"]}, ("AZRebalance",), ()),
        ((), ("InstanceRefresh",), {}, ("InstanceRefresh",), ()),
        ((), (), {}, (), ()),
        # One that AWS adds one day.
        (("Launch",), ("Launch",), {}, ("Launch",), ()),
    ],
)
def test_in_place(
    wanted: t.Sequence[str],
    own: tuple[str, ...],
    suspended: dict[str, list[str]],
    by_codedeploy: tuple[str, ...],
    by_us: tuple[str, ...],
) -> None:
    made = split(wanted, group(suspends=own), suspended, known_to_botocore=True)
    assert (made.by_codedeploy, made.by_us) == (by_codedeploy, by_us)


def test_every_process_that_is_wanted_has_exactly_one_who_suspends_it() -> None:
    for wanted, own, before in itertools.product(
        itertools.combinations(PROCESSES, 2), itertools.combinations(NATIVE, 2), itertools.combinations(PROCESSES, 2)
    ):
        made = split(wanted, group(suspends=own), {"web": before}, known_to_botocore=True)
        assert not set(made.by_codedeploy) & set(made.by_us)
        assert set(made.by_codedeploy) | set(made.by_us) == set(wanted) | set(own)
        # None that was suspended before is given to CodeDeploy, unless it is the group's own setting.
        assert set(made.by_codedeploy) & set(before) <= set(own)


def test_what_was_suspended_before_is_told() -> None:
    made = split(["AZRebalance"], group(), {"web": ["AZRebalance"]}, known_to_botocore=True)
    assert made.why == "AZRebalance suspended before, and it is not known whether CodeDeploy would keep that"


def test_an_old_botocore_leaves_all_to_us() -> None:
    made = split(DEFAULT_PROCESSES, group(), {}, known_to_botocore=False)
    assert made == Suspension((), DEFAULT_PROCESSES, "the installed botocore is older than 1.44.0")
    assert made.request() == {}


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"style": "BLUE_GREEN"}, "a blue/green deployment goes to instances of its own"),
        ({"auto_scaling_groups": ()}, "the deployment group has no Auto Scaling group"),
        ({"auto_scaling_groups": (), "platform": "ECS"}, "the deployment group has no Auto Scaling group"),
    ],
)
@pytest.mark.parametrize("known", [True, False])
def test_where_nothing_is_in_the_way(given: dict[str, t.Any], why: str, known: bool) -> None:
    made = split(DEFAULT_PROCESSES, group(**given), {}, known)
    assert (made.by_codedeploy, made.by_us, made.request()) == ((), (), {})
    assert made.why.startswith(why)


def test_the_request_is_one_that_botocore_takes() -> None:
    client = botocore.session.Session().create_client(
        "codedeploy", region_name="eu-central-1", aws_access_key_id="x", aws_secret_access_key="x"
    )
    assert api.suspends_processes(Aws(lambda service: client)) == KNOWS
    request = split(DEFAULT_PROCESSES, group(), {}, known_to_botocore=True).request()
    assert request == {
        "ec2DeploymentOptions": {"autoScalingGroupProcessesToSuspend": ["AZRebalance", "ScheduledActions"]}
    }
    shape = client.meta.service_model.operation_model("CreateDeployment").input_shape
    report = botocore.validate.ParamValidator().validate({"applicationName": "app", **request}, shape)
    assert report.has_errors() != KNOWS


@pytest.mark.parametrize(
    ("given", "groups", "suspended"),
    [
        (group(suspends=("Terminate",)), ["web"], ["Terminate"]),
        (group(auto_scaling_groups=()), [], []),
        (group(style="BLUE_GREEN"), [], []),
        (None, [], []),
    ],
)
def test_results_name_the_groups_that_are_in_the_way(
    given: Group | None, groups: list[str], suspended: list[str]
) -> None:
    assert of(given) == {"auto_scaling_groups": groups, "suspended_by_codedeploy": suspended}


def test_what_codedeploy_is_asked_for_counts_in_results() -> None:
    made = split(["AZRebalance"], group(suspends=("Terminate",)), {}, known_to_botocore=True)
    assert of(group(suspends=("Terminate",)), made)["suspended_by_codedeploy"] == ["Terminate", "AZRebalance"]
    unknown = split(["AZRebalance"], group(suspends=("Terminate",)), {}, known_to_botocore=False)
    assert of(group(suspends=("Terminate",)), unknown)["suspended_by_codedeploy"] == ["Terminate"]


@pytest.mark.parametrize(
    ("now", "left"),
    [
        ({"web": ["AZRebalance", "Launch"]}, {"web": ["AZRebalance"]}),
        ({"web": ["Terminate"]}, {}),
        ({"web": []}, {}),
        ({}, {}),
    ],
)
def test_what_codedeploy_has_not_resumed(now: dict[str, list[str]], left: dict[str, list[str]]) -> None:
    on = group(suspends=("Terminate",))
    assert left_suspended(split(["AZRebalance"], on, {}, known_to_botocore=True), on, now) == left
