# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import botocore.session
import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy import targets


def model() -> t.Any:
    """botocore's model of CodeDeploy."""
    return botocore.session.get_session().get_service_model("codedeploy")


def answer(kind: str, member: str, **shown: t.Any) -> dict[str, t.Any]:
    """A DeploymentTarget."""
    event = {
        "lifecycleEventName": "AfterInstall",
        "status": "Failed",
        "diagnostics": {"errorCode": "ScriptFailed", "scriptName": "bin/x", "message": "m", "logTail": "[stderr]no"},
    }
    return {"deploymentTargetType": kind, member: {"targetId": "one", "lifecycleEvents": [event], **shown}}


@pytest.mark.parametrize(
    ("kind", "member"),
    [
        ("InstanceTarget", "instanceTarget"),
        ("LambdaTarget", "lambdaTarget"),
        ("ECSTarget", "ecsTarget"),
        ("CloudFormationTarget", "cloudFormationTarget"),
    ],
)
def test_every_kind_of_target_is_read(kind: str, member: str) -> None:
    found = targets.of(answer(kind, member, status="Failed"))
    assert (found.id, found.kind, found.status, found.ended) == ("one", kind, "Failed", True)
    assert found.failed_event is not None
    assert (found.failed_event.script, found.failed_event.log_tail) == ("bin/x", "[stderr]no")


def test_the_table_knows_every_kind() -> None:
    assert set(targets._MEMBERS) == set(model().shape_for("DeploymentTargetType").enum)
    assert set(targets._MEMBERS.values()) < set(model().shape_for("DeploymentTarget").members)


def test_a_kind_that_is_not_known_is_a_target_of_no_name() -> None:
    found = targets.of({"deploymentTargetType": "MoonTarget", "moonTarget": {"targetId": "x"}})
    assert (found.id, found.kind, found.ended) == ("", "MoonTarget", False)


STATUSES = {
    "Pending": False,
    "InProgress": False,
    "Ready": False,
    "Unknown": False,
    "Succeeded": True,
    "Failed": True,
    "Skipped": True,
    "SomethingNew": False,
}


@pytest.mark.parametrize(("status", "ended"), STATUSES.items())
def test_which_statuses_are_ends(status: str, ended: bool) -> None:
    assert targets.Target("i-1", "InstanceTarget", status).ended is ended


def test_every_status_of_botocore_is_in_the_table() -> None:
    assert set(model().shape_for("TargetStatus").enum) <= set(STATUSES)


def test_what_goes_on_and_what_a_script_printed() -> None:
    events = (targets.LifecycleEvent("Install", "Succeeded"), targets.LifecycleEvent("AfterInstall", "InProgress"))
    target = targets.Target("i-1", "InstanceTarget", "InProgress", events=events)
    assert target.going() == "AfterInstall"
    assert target.event("Install") == events[0]
    assert target.event("ApplicationStop") is None
    secret = targets.LifecycleEvent("Install", "Failed", log_tail="password=x")
    assert "password" not in repr(secret)
    assert "password" not in str(secret.as_dict())
