# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run leaves suspended is told wherever it ends up, with a command that really puts it back."""

from __future__ import annotations

import json
import shlex
import typing as t
from pathlib import Path

import pytest

from tests.e2e import play
from tests.e2e.conftest import Rollback
from tests.e2e.stage import CLUSTER, Stage
from tests.mailbox import Mailbox
from tests.world import REGION

PARTS = ["dynamic_scaling_out", "scheduled_scaling"]
DENIED = {"code": "AccessDeniedException", "times": None}


@pytest.fixture
def before(stage: Stage) -> dict[str, t.Any]:
    """web:3 is bad. Somebody has suspended scale-in on purpose."""
    stage.story()
    stage.world.make_scalable(CLUSTER, "web", scale_in=True)
    return stage.auto_scaling()


def command_of(text: str) -> list[str]:
    """The command that a text ends with, as a shell takes it."""
    _text, found, command = text.partition("Put it back with: ")
    assert found, text
    return shlex.split(command)


def put_back(stage: Stage, text: str) -> None:
    """Somebody copies the command and runs it."""
    program, *arguments = command_of(text)
    if program == "ansible-playbook":
        done = play.run(stage.url, *arguments)
    else:
        done = play.run_as_users_do(stage.url, [str(play.BIN / program), *arguments])
    assert done.rc == 0, done.stdout + done.stderr


def later(stage: Stage, operation: str) -> None:
    """From the write on this is denied: suspending went well, putting back does not."""
    stage.control.on("UpdateService", {"control": "fail", "params": {"operation": operation, **DENIED}})


@pytest.mark.parametrize("operation", ["RegisterScalableTarget", "DescribeScalableTargets"])
def test_it_cannot_be_put_back(
    stage: Stage, rollback: Rollback, before: dict[str, t.Any], tmp_path: Path, operation: str
) -> None:
    mailbox = Mailbox(stage.world)
    later(stage, operation)
    report = tmp_path / "report.json"
    done = rollback(suspend_auto_scaling="true", report=str(report), notify_topic_arn=mailbox.topic)
    assert (done.rc, done.outcomes) == (2, {"web": "rolled_back"})
    [message] = done.messages
    assert operation in message
    assert "lastgood.aws.restore_scaling" in message
    told = f"Auto scaling is still suspended: scale-out, scheduled scaling of service/{CLUSTER}/web. Put it back with: "
    assert f". {told}ansible-playbook lastgood.aws.restore_scaling -e rollback_cluster={CLUSTER} " in done.summary
    assert done.summary.startswith("[web] rolled_back: ")
    left = [{"resource_id": f"service/{CLUSTER}/web", "suspended": PARTS, "recorded": True, "region": REGION}]
    assert done.published["rollback_still_suspended"] == left
    assert json.loads(report.read_text())["still_suspended"] == left
    [mail] = mailbox.read()
    text = json.loads(mail["Message"])["still_suspended"]
    assert text.startswith(told)
    assert "othing was changed" not in done.stdout + done.stderr

    stage.control.clear_failures()
    put_back(stage, text)
    assert stage.auto_scaling() == before


def test_it_is_left_so_on_purpose(stage: Stage, rollback: Rollback, before: dict[str, t.Any]) -> None:
    done = rollback(suspend_auto_scaling="true", resume_auto_scaling="false")
    assert done.rc == 0, done.stdout
    assert [left["suspended"] for left in done.published["rollback_still_suspended"]] == [PARTS]
    put_back(stage, done.summary)
    assert stage.auto_scaling() == before


def test_no_record_could_be_written(stage: Stage, rollback: Rollback, before: dict[str, t.Any]) -> None:
    """What restore_scaling would not find is resumed by name, and what somebody else has suspended stays so."""
    stage.control.fail("application-autoscaling:TagResource", **DENIED)
    later(stage, "RegisterScalableTarget")
    done = rollback(suspend_auto_scaling="true", region="eu-central-1")
    assert done.rc == 2
    assert [left["recorded"] for left in done.published["rollback_still_suspended"]] == [False]
    assert "othing was changed" not in done.stdout + done.stderr
    stage.control.clear_failures()
    put_back(stage, done.summary)
    assert stage.auto_scaling() == before


def test_nothing_is_left(stage: Stage, rollback: Rollback, before: dict[str, t.Any]) -> None:
    done = rollback(suspend_auto_scaling="true")
    assert (done.rc, done.published["rollback_still_suspended"], stage.auto_scaling()) == (0, [], before)
    assert "suspended" not in done.summary
