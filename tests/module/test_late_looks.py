# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Looks whose answers are a moment old, while a deployment is watched."""

from __future__ import annotations

from tests.module.services import Shop


def test_an_old_answer_is_no_rollback_by_ecs(shop: Shop) -> None:
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
