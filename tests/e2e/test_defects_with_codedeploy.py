# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What goes wrong with ecspresso where CodeDeploy deploys the service. docs/comparison.md has the source of each."""

from __future__ import annotations

import pytest

from tests.e2e.code_deploy import CodeDeploy
from tests.e2e.conftest import Rollback
from tests.e2e.stage import Stage

ROLLS_BACK = {"autoRollbackConfiguration": {"enabled": True, "events": ["DEPLOYMENT_FAILURE"]}}


@pytest.fixture
def code_deploy(stage: Stage) -> CodeDeploy:
    """web:1 is good, and so is web:2 after it."""
    deploys = CodeDeploy(stage)
    assert deploys.status(deploys.deploy(2)) == "Succeeded"
    return deploys


def test_w2_a_deployment_that_failed_is_not_one_that_succeeded(
    stage: Stage, rollback: Rollback, code_deploy: CodeDeploy
) -> None:
    """CodeDeploy has rolled web:3 back by itself: the service is on the good web:2."""
    stage.control.timings(replacement_timeout=60)
    assert code_deploy.status(code_deploy.deploy(3, "cannot_pull", **ROLLS_BACK)) == "Failed"
    stage.control.reset_calls()
    done = rollback(deregister="true")
    assert (done.rc, done.outcomes) == (0, {"web": "unchanged"}), done.summary
    assert (stage.writes(), code_deploy.primary(), stage.status("web:2")) == ([], "web:2", "ACTIVE")


def test_w4_w5_a_rollback_that_fails_at_once_is_followed_by_its_id(
    stage: Stage, rollback: Rollback, code_deploy: CodeDeploy
) -> None:
    """By the time of the first look nothing is in progress in the group any more."""
    code_deploy.deploy(3)
    stage.control.image("registry/web:2", behaviour="cannot_pull")
    stage.control.timings(replacement_timeout=1)
    stage.control.reset_calls()
    done = rollback(deregister="true")
    assert (done.rc, done.outcomes) == (2, {"web": "failed"}), done.summary
    assert "DeregisterTaskDefinition" not in stage.writes()
    assert (code_deploy.primary(), stage.status("web:3")) == ("web:3", "ACTIVE")


def test_w8_a_revision_that_is_in_a_bucket_is_rolled_back_like_any_other(
    stage: Stage, rollback: Rollback, code_deploy: CodeDeploy
) -> None:
    stage.control.timings(slow_start=6000)
    stopped = code_deploy.deploy(3, "slow", settle=60, bucket="revisions")
    done = rollback()
    assert done.rc == 0, done.stdout
    assert (done.of()["outcome"], done.of()["method"]) == ("rolled_back", "codedeploy_stop")
    assert (code_deploy.status(stopped), code_deploy.primary()) == ("Stopped", "web:2")


def test_w11_a_stop_that_takes_its_time_is_followed_to_its_end(
    stage: Stage, rollback: Rollback, code_deploy: CodeDeploy
) -> None:
    """CodeDeploy needs five minutes until it has created the rollback deployment."""
    stage.control.timings(rollback_started=300, slow_start=6000)
    stopped = code_deploy.deploy(3, "slow", settle=60)
    stage.control.reset_calls()
    done = rollback()
    assert done.rc == 0, done.stdout
    assert (done.of()["outcome"], done.of()["method"]) == ("rolled_back", "codedeploy_stop")
    assert (code_deploy.status(stopped), code_deploy.primary()) == ("Stopped", "web:2")
    assert stage.count("CreateDeployment") == 0


def test_r3_a_service_of_codedeploy_is_taken_back_by_codedeploy(
    stage: Stage, rollback: Rollback, code_deploy: CodeDeploy
) -> None:
    """UpdateService refuses the task definition of such a service."""
    code_deploy.deploy(3)
    stage.control.reset_calls()
    done = rollback()
    assert done.rc == 0, done.stdout
    assert (done.of()["outcome"], done.of()["method"]) == ("rolled_back", "codedeploy_deployment")
    assert code_deploy.primary() == "web:2"
    assert stage.count("UpdateService") == 0
