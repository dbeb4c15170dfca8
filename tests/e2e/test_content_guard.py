# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files on an instance, through a rollback, with and without the guard: a real agent's work on a real disk."""

from __future__ import annotations

import os
import shutil
import tempfile
import typing as t
from pathlib import Path

import pytest

from tests.agent.group import NAMED as GROUP
from tests.e2e import play
from tests.e2e.conftest import Rollback
from tests.e2e.instance import BY_HAND, Instance
from tests.e2e.stage import Stage

NAMED = {"rollback_application": "web", "rollback_deployment_group": "prod"}


@pytest.fixture
def instance(stage: Stage) -> t.Iterator[Instance]:
    """As in real life, everybody may see that the agent is there."""
    with tempfile.TemporaryDirectory() as scratch:
        os.chmod(scratch, 0o755)
        yield Instance(stage, Path(scratch))


@pytest.fixture
def redeploy(instance: Instance) -> Rollback:
    """The command of the user, during which the agent works."""

    def run(*options: str, **variables: object) -> play.Play:
        given = {**NAMED, **{f"rollback_{name}": value for name, value in variables.items()}}
        url, work = instance.stage.url, instance.serving.work
        return play.run(url, play.REDEPLOY, *options, *play.arguments(given), between=work)

    return run


def test_a_file_stays_through_a_guarded_redeploy(instance: Instance, redeploy: Rollback) -> None:
    instance.trap()
    done = redeploy(*instance.inventory, **instance.guarded)
    assert (done.rc, done.outcomes) == (0, {"prod": "rolled_back"}), done.stdout + done.stderr
    assert instance.stage.writes() == ["CreateDeployment"]
    assert instance.content == BY_HAND
    assert (instance.settings.parent / "index.html").read_text() == "one"
    assert str(instance.settings) not in instance.agent.layout.cleanup(instance.serving.group_id).read_text()
    assert not list(instance.store.rglob("manifest.json"))
    instance.deploy_again()
    assert instance.content == BY_HAND


def test_without_the_guard_it_is_lost(instance: Instance, redeploy: Rollback) -> None:
    instance.trap()
    done = redeploy(*instance.inventory)
    assert (done.rc, done.outcomes) == (0, {"prod": "rolled_back"}), done.stdout + done.stderr
    assert instance.content == "one"
    instance.deploy_again()
    assert instance.content == "three"


def test_a_copy_from_before_the_bad_deployment_comes_back(instance: Instance, redeploy: Rollback) -> None:
    """Nobody has put the file back in the meantime."""
    saved = instance.guard(state="saved", paths=str(instance.settings))
    assert saved.rc == 0, saved.stdout
    instance.trap(edited=False)
    instance.hosts["web1"]["content_guard_keep_copies"] = True
    done = redeploy(*instance.inventory, **instance.guarded)
    assert (done.rc, instance.content) == (0, BY_HAND), done.stdout + done.stderr
    # As the inventory says.
    assert list(instance.store.rglob("manifest.json"))
    instance.deploy_again()
    assert instance.content == BY_HAND


def test_files_come_back_although_the_redeploy_fails(instance: Instance, redeploy: Rollback) -> None:
    broken = instance.settings.parent.parent / "broken"
    instance.trap("AfterInstall", f"test ! -e {broken}\n")
    broken.touch()
    done = redeploy(*instance.inventory, **instance.guarded)
    assert done.rc == 2
    assert done.outcomes == {"prod": "rollback_failed"}
    assert "scripts" in done.messages[-1]
    assert done.summary.endswith("Files put back: 1 on 1 of 1 instances")
    assert instance.content == BY_HAND


def test_copies_are_kept_while_the_deployment_goes_on(instance: Instance) -> None:
    """It has not come to the instance when the wait ends. What was put back is off the list by the time it comes."""
    instance.trap()
    # It has reported the bad one, and is silent again.
    instance.serving.work()
    given = {f"rollback_{name}": value for name, value in {**instance.guarded, "wait_timeout": "3"}.items()}
    options = [*instance.inventory, *play.arguments({**NAMED, **given})]
    done = play.run(instance.stage.url, play.REDEPLOY, *options)
    assert (done.rc, done.outcomes, instance.content) == (2, {"prod": "timeout"}, BY_HAND), done.messages
    assert "The deployment had not ended: it may take them away again" in done.summary
    assert list(instance.store.rglob("manifest.json"))
    ended = instance.group.to_its_end(done.of("prod")["deployment_id"])
    assert (ended["status"], instance.content) == ("Succeeded", BY_HAND)


def test_it_waits_until_the_agent_is_idle(instance: Instance) -> None:
    """When CodeDeploy shows the deployment as ended, the agent has already begun another group's. Up to the limit."""
    ongoing = instance.agent.layout.ongoing("d-OTHER")
    instance.trap("ValidateService", f"test ! -e {instance.settings.parent}/../begins || echo c > {ongoing}\n")
    (instance.settings.parent.parent / "begins").touch()
    waits: list[bool] = []

    def work() -> None:
        instance.serving.work()
        if ongoing.exists() and instance.serving.is_idle:
            waits.append(True)
            if len(waits) == 3:
                ongoing.unlink()

    given = {f"rollback_{name}": value for name, value in {**instance.guarded, "restore_timeout": "60"}.items()}
    options = [*instance.inventory, *play.arguments({**NAMED, **given})]
    done = play.run(instance.stage.url, play.REDEPLOY, *options, between=work)
    assert (done.rc, done.outcomes, instance.content) == (0, {"prod": "rolled_back"}, BY_HAND), done.messages
    assert done.tasks["Restore what was saved"][1]["attempts"] > 1


def test_an_instance_that_cannot_be_saved_stops_it_before_anything_is_deployed(
    instance: Instance, redeploy: Rollback
) -> None:
    instance.trap()
    instance.hosts["web2"] = {**instance.hosts["web1"], "content_guard_agent_root": "/nonexistent"}
    done = redeploy(*instance.inventory, **instance.guarded)
    assert (done.rc, instance.stage.writes(), instance.content) == (2, [], BY_HAND), done.stdout
    # That, too, is published: nothing was deployed, and why.
    assert done.outcomes == {"prod": "not_attempted"}
    assert "could not be saved on web2: " in done.summary
    assert "/nonexistent" in done.summary
    # The copy would be older than the file next time.
    assert not list(instance.store.rglob("manifest.json"))
    told = redeploy(*instance.inventory, **instance.guarded, guard_max_fail_percentage="50")
    assert (told.rc, told.outcomes, instance.content) == (2, {"prod": "failed"}, BY_HAND), told.stdout
    assert "Not back on web2: perhaps files: not saved before the redeploy" in told.summary
    assert "ended as rolled_back" in told.summary


def test_check_mode_shows_and_changes_nothing(instance: Instance, redeploy: Rollback) -> None:
    instance.trap()
    done = redeploy("--check", *instance.inventory, **instance.guarded)
    assert (done.rc, instance.stage.writes(), instance.content) == (0, [], BY_HAND), done.stdout
    first, second = done.tasks["Show what the deployment does to files"][1]["msg"]
    assert (first, second) == (f"lost: {instance.settings}: removed", "2 removed, 2 installed")
    # All of it is in the result.
    assert "placements" in done.tasks["Look what the deployment does to files"][1]["prediction"]
    assert not instance.store.exists()
    assert BY_HAND not in done.stdout + done.stderr
    # What was shown is carried out if it is approved, and only with what keeps the files.
    plan = done.published["rollback_plan"]
    nobody = {"application": "", "deployment_group": "", "approved_plan": plan}
    refused = redeploy(*instance.inventory, **nobody)
    assert (refused.rc, instance.stage.writes()) == (2, [])
    assert "was made with rollback_guard_content=true" in refused.messages[0]
    done = redeploy(*instance.inventory, **instance.guarded, **nobody)
    assert (done.rc, done.outcomes, instance.content) == (0, {"prod": "rolled_back"}, BY_HAND), done.messages
    assert done.of("prod")["plan_id"] == play.named(plan, "prod")["plan_id"]


def test_what_somebody_deploys_while_files_are_saved_is_left_alone(instance: Instance, redeploy: Rollback) -> None:
    """The look-up of the play that redeploys is bound to what was shown before files were saved for it."""
    instance.trap()
    place = {"bucket": "bundles", "key": "two.zip", "bundleType": "zip"}
    params = {**GROUP, "revision": {"revisionType": "S3", "s3Location": place}, "fileExistsBehavior": "RETAIN"}
    deed = {"service": "codedeploy", "operation": "CreateDeployment", "params": params}
    instance.stage.control.on("BatchGetDeploymentGroups", deed, nth=2)
    done = redeploy(*instance.inventory, **instance.guarded)
    assert (done.rc, done.outcomes, instance.stage.writes()) == (2, {"prod": "refused"}, []), done.stdout
    assert len(done.findings("plan_changed", "prod")) == 1
    assert "two.zip" in done.summary
    assert "Nothing was" not in done.summary


def test_a_second_run_finds_the_work_done(instance: Instance, redeploy: Rollback) -> None:
    instance.trap()
    assert redeploy(*instance.inventory, **instance.guarded).rc == 0
    instance.stage.control.reset_calls()
    again = redeploy(*instance.inventory, **instance.guarded)
    assert (again.rc, again.outcomes, instance.stage.writes()) == (0, {"prod": "unchanged"}, []), again.stdout
    assert instance.content == BY_HAND


@pytest.mark.parametrize("left_out", ["instances", "application", "deployment_group"])
def test_what_is_missing_is_said_before_anything_is_done(instance: Instance, redeploy: Rollback, left_out: str) -> None:
    instance.stage.control.reset_calls()
    done = redeploy(*instance.inventory, **{**instance.guarded, left_out: ""})
    assert (done.rc, instance.stage.writes()) == (2, [])
    assert f"rollback_{left_out}" in done.messages[0]
    assert "Nothing was changed" in done.messages[0]


def test_an_ordinary_user_is_told_what_is_needed(instance: Instance) -> None:
    instance.trap()
    root = instance.agent.layout.root
    if os.geteuid() == 0:
        python = instance.settings.parent.parent / "python"
        system = shutil.which("python3", path="/usr/bin:/bin:/usr/local/bin")
        drop = "setpriv --reuid=65534 --regid=65534 --clear-groups"
        python.write_text(f'#!/bin/sh\nexec {drop} {system} "$@"\n')
        python.chmod(0o755)
        instance.hosts["web1"] |= {"ansible_python_interpreter": str(python), "ansible_pipelining": True}
    root.chmod(0)
    try:
        for state in ("predicted", "saved"):
            done = instance.guard(state=state, paths=str(instance.settings) if state == "saved" else "")
            assert done.rc == 2, done.stdout
            assert "become" in done.messages[-1], done.messages
    finally:
        root.chmod(0o755)
    assert instance.content == BY_HAND
