# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What IAM forbids for one service, or for a role that it passes on, in AWS's own words."""

from __future__ import annotations

import pytest

from tests.module.services import ACCOUNT, CLUSTER, Shop
from tests.world import REGION

SECRET = f"arn:aws:ecs:{REGION}:{ACCOUNT}:service/{CLUSTER}/secret"


def test_a_service_that_may_not_be_read_does_not_refuse_the_others(shop: Shop) -> None:
    shop.releases(2)
    shop.create("web:2", name="secret")
    shop.sim.deny("ecs:DescribeServices", SECRET)
    run = shop.rollback("web", "secret", max_fail_percentage=50)
    assert run.outcomes == {"web": "rolled_back", "secret": "refused"}, run.message
    [secret] = [item for item in run.result["services"] if item["service"] == "secret"]
    assert f"needs the permission ecs:DescribeServices on {SECRET}" in secret["reason"]
    assert shop.on() == "web:1"


@pytest.mark.parametrize(
    ("writes", "outcome"), [(1, "refused"), (3, "lost_contact")], ids=["before its write", "while it is watched"]
)
def test_one_that_may_not_be_read_any_more_takes_no_other_with_it(shop: Shop, writes: int, outcome: str) -> None:
    """The last look before the writes, and each look afterwards, are at all services at once."""
    shop.releases(2)
    for name in ("api", "secret"):
        shop.create("web:1", name=name)
        shop.deploy("web:2", name=name)
    denied = {"control": "deny", "params": {"action": "ecs:DescribeServices", "resource": SECRET}}
    shop.sim.on("UpdateService", denied, "after", writes)
    run = shop.rollback("web", "api", "secret", max_fail_percentage=50)
    assert run.outcomes == {"web": "rolled_back", "api": "rolled_back", "secret": outcome}, run.message
    assert f"needs the permission ecs:DescribeServices on {SECRET}" in run.message


def test_a_service_control_policy_is_named(shop: Shop) -> None:
    shop.releases(2)
    shop.sim.deny("ecs:UpdateService", policy="scp", explicit=True)
    run = shop.rollback()
    assert run.failed
    assert "A service control policy denies ecs:UpdateService" in run.message
    assert "only whoever manages the organization can change that" in run.message
    assert shop.on() == "web:2"
