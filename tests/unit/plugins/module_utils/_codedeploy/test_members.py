# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which instances are in a deployment group, and what is said of those that no longer are."""

from __future__ import annotations

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy import members
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.members import Removed
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._codedeploy.builders import group, rev
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._codedeploy.test_api import enum

APP, ENV = ("app", "web", "KEY_AND_VALUE"), ("env", "", "KEY_ONLY")
ANY, BLUE = ("", "web", "VALUE_ONLY"), ("app", "blue", "KEY_AND_VALUE")
SCALED = {"aws:autoscaling:groupName": "fleet"}


def test_botocore_knows_no_other_types_of_filters() -> None:
    assert set(enum("EC2TagFilterType")) == set(enum("TagFilterType")) == {"KEY_ONLY", "VALUE_ONLY", "KEY_AND_VALUE"}


@pytest.mark.parametrize(
    ("sets", "tags", "inside"),
    [
        ([[APP]], {"app": "web"}, True),
        ([[APP]], {"app": "api"}, False),
        ([[APP]], {}, False),
        # Any one of a set.
        ([[APP, BLUE]], {"app": "blue"}, True),
        # One of each set.
        ([[APP], [ENV]], {"app": "web"}, False),
        ([[APP], [ENV]], {"app": "web", "env": "prod"}, True),
        ([[ENV]], {"env": "anything"}, True),
        ([[ANY]], {"what": "web"}, True),
        ([[ANY]], {"web": "what"}, False),
        ([], {"app": "web"}, False),
        ([], {}, False),
    ],
)
def test_tags(sets: list[list[tuple[str, str, str]]], tags: dict[str, str], inside: bool) -> None:
    wanted = tuple(tuple(alternatives) for alternatives in sets)
    assert members.belongs(group(ec2_tags=wanted), tags, on_premises=False) is inside
    assert members.belongs(group(on_premises_tags=wanted), tags, on_premises=True) is inside
    assert not members.belongs(group(on_premises_tags=wanted), tags, on_premises=False)


def test_instances_of_an_auto_scaling_group() -> None:
    on = group(auto_scaling_groups=("fleet",))
    assert members.belongs(on, SCALED, on_premises=False)
    assert not members.belongs(on, SCALED, on_premises=True)
    assert not members.belongs(on, {"aws:autoscaling:groupName": "other"}, on_premises=False)


def test_what_is_said() -> None:
    assert members.findings(group(), []) == ()
    [one] = members.findings(group(), [Removed("i-1", rev(1), "d-1")])
    assert one.message.startswith("i-1 (github acct/app@1111111) is no longer in deployment group prod")
    [many] = members.findings(group(), [Removed(f"i-{n}") for n in range(7)])
    assert many.message.startswith("i-0, i-1, i-2, i-3, i-4 and 2 more are no longer in deployment group prod")
    assert (one.check, one.severity) == ("removed_instances", "warn")
