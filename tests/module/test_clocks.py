# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The clock of the machine decides nothing: AWS's is known from the Date of its answers."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ansible_collections.lastgood.aws.plugins.modules import ecs_revision_mark
from tests.module.fleet import Fleet, key
from tests.module.run import run_module
from tests.module.services import Shop
from tests.world import REGION

# Seconds that AWS is ahead of the machine. Beyond five minutes it refuses every request.
SKEWS = [0, 120, -120, 290]


@pytest.mark.parametrize("skew", SKEWS)
def test_a_rollback_of_codedeploy_that_appears_late_is_waited_for(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, skew: int
) -> None:
    """A controller two minutes off took the deployment for one that nobody rolls back, and created a second one."""
    fleet = Fleet(shop, monkeypatch)
    fleet.sim.skew(skew)
    fleet.create()
    fleet.deploy(1)
    fleet.deploy(2, settle=4)
    fleet.sim.timings(rollback_started=20, rollback_named=300)
    began = fleet.sim.now()
    run = fleet.redeploy()
    assert (run.outcome, run.method, run.target) == ("rolled_back", "codedeploy_stop", key(1)), run.message
    assert run.writes == ["StopDeployment"]
    assert fleet.sim.now() - began < 60


@pytest.mark.parametrize("skew", SKEWS)
def test_a_mark_has_the_time_of_aws(shop: Shop, skew: int) -> None:
    shop.versions(1)
    shop.sim.skew(skew)
    result = run_module(ecs_revision_mark, region=REGION, task_definition=["web:1"], mark="bad", reason="500s")
    stamp = result["task_definitions"][0]["after"]["bad"].split()[0]
    found = datetime.fromisoformat(stamp).astimezone(UTC).timestamp()
    assert abs(found - shop.sim.now()) <= 2


@pytest.mark.parametrize("skew", SKEWS)
def test_a_rollback_marks_with_the_time_of_aws_and_is_recognised(shop: Shop, skew: int) -> None:
    shop.versions(2)
    shop.sim.skew(skew)
    shop.create("web:1")
    shop.deploy("web:2")
    assert shop.rollback().outcome == "rolled_back"
    stamp = shop.tags("web:2")["lastgood:bad"].split()[0]
    assert abs(datetime.fromisoformat(stamp).timestamp() - shop.sim.now()) <= 5
    assert shop.rollback().outcome == "unchanged"
