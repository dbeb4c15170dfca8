# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t
from datetime import UTC, datetime

from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.model import Deployment
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.move import diagnosis
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.targets import LifecycleEvent, Target

AT = datetime(2026, 11, 20, 14, tzinfo=UTC)
ENDED = {"error_code": "HEALTH_CONSTRAINTS", "error": "The overall deployment failed."}


def deployment(**more: t.Any) -> Deployment:
    """A deployment that failed."""
    return Deployment("d-1", "shop", "web", "Failed", AT, **{**ENDED, **more})


def failed(name: str, event: str = "AfterInstall", **more: str) -> Target:
    """An instance that failed at an event."""
    told = {"error_code": "ScriptFailed", "message": "exit code 1", "script": "bin/migrate", **more}
    events = (LifecycleEvent("Install", "Succeeded"), LifecycleEvent(event, "Failed", **told))
    return Target(name, "InstanceTarget", "Failed", events=events)


def test_the_most_frequent_cause_comes_first() -> None:
    found = diagnosis.of(deployment(), [failed("i-1", "ValidateService"), failed("i-2"), failed("i-3")], log_tail=True)
    cause = "AfterInstall (bin/migrate): ScriptFailed: exit code 1"
    assert found.causes()[0] == (cause, 2)
    assert found.headline() == f"{cause} on 2 targets, i-2 among them"
    assert len(found.advice) == 1, "the same advice is given once"


def test_one_target_is_named() -> None:
    found = diagnosis.of(deployment(), [failed("i-1", error_code="UnknownError", script="")], log_tail=True)
    assert found.headline() == "AfterInstall: exit code 1 on i-1"


def test_without_targets_codedeploy_has_the_word() -> None:
    found = diagnosis.of(deployment(error_code="NO_INSTANCES", error="None was found."), [], log_tail=True)
    assert found.headline() == "NO_INSTANCES: None was found"
    assert "no instance is in the deployment group" in found.advice[0]


def test_a_target_that_failed_at_nothing_known() -> None:
    found = diagnosis.of(deployment(), [Target("i-1", "InstanceTarget", "Failed")], log_tail=True)
    assert found.as_dict()["failed_targets"][0]["event"] == ""


def test_a_log_is_short_or_not_told_at_all() -> None:
    printed = "x" * 5000 + "the end"
    told = diagnosis.of(deployment(), [failed("i-1", log_tail=printed, message="m" * 5000)], log_tail=True)
    [target] = told.as_dict()["failed_targets"]
    assert len(target["log_tail"]) == 2000
    assert target["log_tail"].endswith("the end")
    assert len(target["message"]) == 500
    silent = diagnosis.of(deployment(), [failed("i-1", log_tail=printed)], log_tail=False)
    assert silent.as_dict()["failed_targets"][0]["log_tail"] == ""
