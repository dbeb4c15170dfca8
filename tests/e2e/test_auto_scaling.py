# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Auto scaling ends as it began, or as it was asked for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.e2e import play
from tests.e2e.conftest import Rollback
from tests.e2e.stage import CLUSTER, Stage

NOTHING = {"scale_in": False, "scale_out": False, "scheduled": False}
PART = {"scale_in": True, "scale_out": False, "scheduled": True}
ALL = {"scale_in": True, "scale_out": True, "scheduled": True}


def flags(state: dict[str, bool]) -> dict[str, bool]:
    """The state as AWS names it."""
    return {
        "DynamicScalingInSuspended": state["scale_in"],
        "DynamicScalingOutSuspended": state["scale_out"],
        "ScheduledScalingSuspended": state["scheduled"],
    }


@pytest.mark.parametrize(
    ("before", "fails"),
    [
        (NOTHING, False),
        (PART, False),
        (ALL, False),
        (PART, True),
        pytest.param(NOTHING, True, marks=pytest.mark.long),
        pytest.param(ALL, True, marks=pytest.mark.long),
    ],
)
def test_it_ends_as_it_began(stage: Stage, rollback: Rollback, before: dict[str, bool], fails: bool) -> None:
    stage.story()
    stage.world.make_scalable(CLUSTER, "web", **before)
    began = stage.auto_scaling()
    assert began["SuspendedState"] == flags(before)
    stage.control.reset_calls()
    if fails:
        stage.control.image("registry/web:1", behaviour="cannot_pull")
    done = rollback(suspend_auto_scaling="true")
    assert done.rc == (2 if fails else 0)
    assert stage.auto_scaling() == began
    log = [call for call in stage.control.log() if call["operation"] in ("RegisterScalableTarget", "UpdateService")]
    if before != ALL:
        assert [call["operation"] for call in log] == [
            "RegisterScalableTarget",
            "UpdateService",
            "RegisterScalableTarget",
        ]
        assert log[0]["params"]["SuspendedState"] == flags(ALL)


@pytest.mark.parametrize(("resume", "after"), [("true", NOTHING), ("false", ALL)])
def test_it_ends_as_asked(stage: Stage, rollback: Rollback, resume: str, after: dict[str, bool]) -> None:
    stage.story()
    stage.world.make_scalable(CLUSTER, "web", **PART)
    done = rollback(suspend_auto_scaling="true", resume_auto_scaling=resume)
    assert done.rc == 0, done.stdout
    assert stage.auto_scaling()["SuspendedState"] == flags(after)


def test_a_service_that_does_not_scale_is_rolled_back_all_the_same(stage: Stage, rollback: Rollback) -> None:
    stage.story()
    done = rollback(suspend_auto_scaling="true")
    assert done.rc == 0, done.stdout
    assert done.outcomes == {"web": "rolled_back"}


def test_the_result_is_published_also_where_auto_scaling_cannot_be_put_back(
    stage: Stage, rollback: Rollback, tmp_path: Path
) -> None:
    stage.story()
    stage.world.make_scalable(CLUSTER, "web")
    # Suspending goes well, putting back does not.
    stage.control.on(
        "UpdateService",
        {
            "control": "fail",
            "params": {"operation": "DescribeScalableTargets", "code": "AccessDeniedException", "times": None},
        },
    )
    done = rollback(suspend_auto_scaling="true", report=str(tmp_path / "report.json"))
    assert done.rc == 2
    assert done.outcomes == {"web": "rolled_back"}
    assert play.named(json.loads((tmp_path / "report.json").read_text())["services"], "web")["outcome"] == "rolled_back"


def test_it_ends_as_it_began_also_where_records_cannot_be_read(stage: Stage, rollback: Rollback) -> None:
    stage.story()
    stage.world.make_scalable(CLUSTER, "web", **PART)
    stage.control.fail("ListTagsForResource", code="AccessDeniedException", times=None)
    done = rollback(suspend_auto_scaling="true")
    stage.control.clear_failures()
    assert done.outcomes == {"web": "rolled_back"}
    assert stage.auto_scaling()["SuspendedState"] == flags(PART)
    # Whether an earlier run has left a record there is not known, and that is no success.
    assert done.rc == 2


def test_nothing_is_rolled_back_where_auto_scaling_cannot_be_suspended(stage: Stage, rollback: Rollback) -> None:
    """Auto scaling that goes on could undo the task counts under the rollback, which is why it was asked for."""
    stage.story()
    stage.world.make_scalable(CLUSTER, "web")
    before = stage.auto_scaling()
    stage.control.reset_calls()
    stage.control.fail("RegisterScalableTarget", code="AccessDeniedException", times=None)
    done = rollback(suspend_auto_scaling="true")
    assert done.rc == 2
    assert "application-autoscaling:RegisterScalableTarget" in done.messages[0]
    assert stage.count("UpdateService") == 0
    assert stage.runs() == {"web:3": 2}
    stage.control.clear_failures()
    assert stage.auto_scaling() == before
