# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which deployment after ours counts as another one."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.model import Deployment
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.move import later
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._codedeploy.builders import made, rev, s3

OURS = made(5, 1)


@pytest.mark.parametrize(
    ("after", "stays"),
    [
        (made(6, 1), True),
        (made(6, 2), False),
        (made(6, None, mode="RESTART"), True),
        (made(6, 2, mode="RESTART"), False),
        (made(6, None), False),
    ],
)
def test_what_leaves_the_group_on_the_target(after: Deployment, stays: bool) -> None:
    assert later.stays_with(after, OURS, rev(1)) is stays


def test_a_place_without_a_version_may_hold_something_else_by_now() -> None:
    ours = made(5, s3("a.zip", version="1"))
    assert not later.stays_with(made(6, s3("a.zip")), ours, s3("a.zip", version="1"))


@pytest.mark.parametrize(
    ("deployed", "target", "is_it"),
    [
        (rev(1), rev(1), True),
        (rev(2), rev(1), False),
        (s3("a.zip"), s3("a.zip", version="1"), True),
        (s3("a.zip", version="1"), s3("a.zip"), True),
        (s3("a.zip", version="2"), s3("a.zip", version="1"), False),
    ],
)
def test_whether_ours_deployed_the_target(deployed: t.Any, target: t.Any, is_it: bool) -> None:
    assert later.is_of(made(5, deployed), target) is is_it
