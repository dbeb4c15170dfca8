# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""No more is said of a redeploy than what is known, in process against the simulator."""

from __future__ import annotations

import pytest

from tests.module.fleet import BUCKET, NAMED, Fleet, key
from tests.module.services import Shop
from tests.world import REGION


@pytest.fixture
def fleet(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Fleet:
    """Nothing is there yet."""
    return Fleet(shop, monkeypatch)


def test_the_same_place_without_a_version_is_something_else(fleet: Fleet) -> None:
    """All releases have one key: what somebody deploys from there after ours is what was put there last."""
    fleet.create()
    fleet.deploy(1)
    fleet.deploy(1)
    place = {"bucket": BUCKET, "key": key(1), "bundleType": "zip"}
    fleet.meanwhile("BatchGetDeploymentGroups", nth=3, revision={"revisionType": "S3", "s3Location": place})
    run = fleet.redeploy()
    assert (run.outcome, run.failed) == ("superseded", True)
    assert fleet.listed()[-1] in run.message


def test_a_deployment_to_new_instances_does_not_hide_what_somebody_deployed_before_it(fleet: Fleet) -> None:
    fleet.bad_release()
    asked = {**NAMED, "revision": fleet.bundle(3)}
    adds = {"creator": "autoscaling", "params": asked, "instances": fleet.instances[:1], "region": REGION}
    fleet.meanwhile("BatchGetDeploymentGroups", nth=3, revision=asked["revision"])
    fleet.sim.on("BatchGetDeploymentGroups", {"control": "deployment_by", "params": adds}, "before", 3)
    run = fleet.redeploy()
    last = fleet.client.get_deployment_group(**NAMED)["deploymentGroupInfo"]["lastAttemptedDeployment"]["deploymentId"]
    assert fleet.info(last)["creator"] == "autoscaling"
    assert (run.outcome, run.failed) == ("superseded", True)
    assert key(3) in run.message


def test_what_the_group_got_last_has_to_be_known(fleet: Fleet) -> None:
    fleet.bad_release()
    gone = {"service": "codedeploy", "operation": "DeleteDeploymentGroup", "params": NAMED}
    fleet.sim.on("BatchGetDeploymentGroups", gone, "before", 3)
    run = fleet.redeploy()
    assert (run.outcome, run.failed) == ("lost_contact", True)
    assert "we could not read whether anything was deployed after it" in run.message
    assert run.message.count("un the same command again") == 1


def test_a_group_that_stays_busy_is_told_with_what_keeps_it(fleet: Fleet) -> None:
    """As for deployments to new instances, should CodeDeploy run nothing beside them."""
    fleet.bad_release()
    asked = {**NAMED, "revision": fleet.bundle(2)}
    fleet.sim.bundle(key(2), "hang", "ApplicationStart", timeout=3600)
    adds = fleet.sim.deployment_by("autoscaling", asked, instances=fleet.instances[:1], region=REGION)
    fleet.sim.fail("CreateDeployment", code="DeploymentLimitExceededException", message="Busy", times=None)
    run = fleet.redeploy()
    assert run.outcome == "refused"
    assert f"another deployment of prod is running: {adds}" in run.message
    assert len(fleet.listed()) == 3


def many(fleet: Fleet) -> None:
    """More deployments than one request describes, listed from the oldest; the newest is bad."""
    fleet.create(deploymentConfigName="CodeDeployDefault.AllAtOnce")
    good = fleet.bundle(1)
    for _n in range(25):
        fleet.deploy(1, settle=60, revision=good)
    fleet.sim.listing_order("oldest_first")


def test_ours_is_found_wherever_it_is_listed(fleet: Fleet) -> None:
    many(fleet)
    fleet.deploy(2)
    fleet.sim.fail("CreateDeployment", kind="drop", after=True)
    run = fleet.redeploy()
    assert (run.outcome, run.method) == ("rolled_back", "codedeploy_deployment")
    assert run.findings("answer_lost")[0].startswith("the answer to CreateDeployment was lost")


def test_codedeploys_rollback_is_found_wherever_it_is_listed(fleet: Fleet) -> None:
    many(fleet)
    fleet.deploy(2, settle=4)
    fleet.sim.timings(rollback_named=3600)
    run = fleet.redeploy()
    assert (run.outcome, run.method) == ("rolled_back", "codedeploy_stop")
    assert fleet.info(run.result["deployment_id"])["creator"] == "codeDeployRollback"


def test_whether_a_write_without_an_answer_was_applied_is_not_known(fleet: Fleet) -> None:
    fleet.bad_release()
    fleet.sim.fail("CreateDeployment", kind="drop", times=None)
    run = fleet.redeploy()
    assert (run.outcome, run.failed, run.result["changed"]) == ("lost_contact", True, True)
    assert "the answer to CreateDeployment was lost" in run.message
    assert "Run the same command again" in run.message
