# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Taking a deployment group back, in process against the simulator."""

from __future__ import annotations

import pytest

from tests.module.fleet import Fleet, key
from tests.module.services import Shop


@pytest.fixture
def fleet(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Fleet:
    """Nothing is there yet."""
    return Fleet(shop, monkeypatch)


def test_a_bad_release_goes_back_to_the_last_good_revision(fleet: Fleet) -> None:
    good, bad = fleet.bad_release()
    run = fleet.redeploy(reason="500s since 13:52")
    assert not run.failed, run.message
    assert (run.outcome, run.method, run.target) == ("rolled_back", "codedeploy_deployment", key(1))
    ours = run.result["deployment_id"]
    assert ours not in (good, bad)
    assert fleet.status(ours) == "Succeeded"
    assert fleet.info(ours)["revision"]["s3Location"]["key"] == key(1)
    assert fleet.info(ours)["description"].startswith("500s since 13:52 (lastgood.aws rollback ")
    assert run.writes == ["CreateDeployment"]
    assert run.result["changed"]
    assert run.result["before"]["deployment_id"] == bad
    assert run.result["after"] == {
        "revision": fleet.info(ours)["revision"],
        "revision_name": run.result["target_name"],
        "deployment_id": ours,
        "status": "Succeeded",
    }


def test_the_second_run_finds_it_done(fleet: Fleet) -> None:
    fleet.bad_release()
    first = fleet.redeploy()
    again = fleet.redeploy()
    assert (again.outcome, again.failed, again.writes) == ("unchanged", False, [])
    assert again.result["deployment_id"] == first.result["deployment_id"]
    assert "already" in again.message
    assert not again.result["changed"]
