# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Variables that nobody has, and values that cannot be meant, before AWS is asked anything."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest

from tests.e2e import play
from tests.e2e.conftest import Rollback
from tests.e2e.stage import CLUSTER, Stage

NAMED = {
    play.ROLLBACK: {"rollback_cluster": CLUSTER, "rollback_services": "web"},
    play.REDEPLOY: {"rollback_application": "web", "rollback_deployment_group": "prod"},
    "lastgood.aws.deploy": {"deploy_cluster": CLUSTER, "deploy_services": "web", "deploy_revision": "1"},
    "lastgood.aws.history": {"history_cluster": CLUSTER, "history_services": "web"},
    "lastgood.aws.restore_scaling": {"rollback_cluster": CLUSTER, "rollback_services": "web"},
}
REVISION = "There is no variable rollback_revison (did you mean rollback_revision?). Nothing was changed."


@pytest.fixture
def stage(stage: Stage) -> Stage:
    """Nothing was asked yet."""
    stage.control.reset_calls()
    return stage


def refused(name: str, value: str) -> str:
    return f"{name} is '{value}', which is neither true nor false. Nothing was changed."


@pytest.mark.parametrize(
    ("playbook", "given", "message"),
    [
        *((playbook, {"rollback_revison": "1"}, REVISION) for playbook in NAMED),
        (
            play.REDEPLOY,
            {"rollback_guard_content": "true", "rollback_instance": "web"},
            "There is no variable rollback_instance (did you mean rollback_instances?). Nothing was changed.",
        ),
        (play.ROLLBACK, {"rollback_wait": "flase"}, refused("rollback_wait", "flase")),
        (play.ROLLBACK, {"rollback_suspend_auto_scaling": "ture"}, refused("rollback_suspend_auto_scaling", "ture")),
        (play.REDEPLOY, {"rollback_guard_content": "flase"}, refused("rollback_guard_content", "flase")),
        ("lastgood.aws.deploy", {"deploy_wait": "si"}, refused("deploy_wait", "si")),
        (
            "lastgood.aws.deploy",
            {"deploy_force": "si"},
            "deploy_force: there is no guard 'si'. Give any of again, marked, barrier, family and stack. "
            "Nothing was changed.",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused_first(
    stage: Stage, playbook: str, given: dict[str, str], message: str
) -> None:
    done = play.run(stage.url, playbook, *play.arguments({**NAMED[playbook], **given}))
    assert (done.rc, done.messages) == (2, [message]), done.stdout + done.stderr
    assert stage.control.calls() == {}


def test_the_oldest_core_refuses_it_too(stage: Stage) -> None:
    play.set_up_oldest()
    env = play.environment(stage.url, play.OLDEST, ANSIBLE_STDOUT_CALLBACK="lastgood_test.probe.json_lines")
    command = [str(play.OLDEST / "ansible-playbook"), play.ROLLBACK]
    given = play.arguments({**NAMED[play.ROLLBACK], "rollback_revison": "1"})
    done = play.run_as_users_do(stage.url, [*command, *given], env=env)
    assert (done.rc, done.messages) == (2, [REVISION]), done.stdout + done.stderr
    assert stage.control.calls() == {}


def test_what_comes_from_elsewhere_is_warned_of(stage: Stage, tmp_path: Path, rollback: Rollback) -> None:
    stage.story()
    inventory = tmp_path / "hosts.json"
    hosts: dict[str, t.Any] = {"web": {"rollback_resaon": "a typo", "history_cluser": "x", "rollback_user": "me"}}
    inventory.write_text(json.dumps({"all": {"hosts": hosts}}))
    extra = play.arguments({"deploy_revison": "7", "rollback_hosts": "web"})
    done = rollback("-i", str(inventory), "--check", *extra)
    assert done.rc == 0, done.stdout + done.stderr
    assert done.warns(
        "There is no variable deploy_revison (did you mean deploy_revision?) and no variable history_cluser (did you "
        "mean history_cluster?) and no variable rollback_resaon (did you mean rollback_reason?)."
    ), done.stderr


def test_artifacts_of_an_earlier_job_are_not_a_mistake(stage: Stage, rollback: Rollback) -> None:
    stage.story()
    artifacts = {"result": {"web": {}}, "result_4711": {"web": {}}, "summary": "", "run_id": "x", "outcome": "failed"}
    done = rollback("--check", **artifacts, plan={"web": {}}, colour="of somebody else")
    assert (done.rc, done.variables.get("warnings", [])) == (0, []), done.stdout + done.stderr
