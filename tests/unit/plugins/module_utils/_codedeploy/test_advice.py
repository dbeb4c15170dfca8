# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import botocore.session
import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy import advice


def enum(shape: str) -> set[str]:
    """The values of an enumeration of CodeDeploy in botocore's model."""
    return set(botocore.session.get_session().get_service_model("codedeploy").shape_for(shape).enum)


def test_every_error_code_of_a_deployment_has_its_line() -> None:
    assert enum("ErrorCode") <= set(advice.DEPLOYMENT)


def test_every_error_code_of_a_lifecycle_event_has_its_line() -> None:
    assert enum("LifecycleErrorCode") <= set(advice.EVENT)


@pytest.mark.parametrize(
    ("event", "code", "message", "words"),
    [
        (
            "Install",
            "UnknownError",
            "The deployment failed because a specified file already exists at this location: /srv/app/a",
            "file_exists_behavior: overwrite",
        ),
        (
            "ApplicationStop",
            "UnknownError",
            "CodeDeploy agent was not able to receive the lifecycle event. Check the CodeDeploy agent logs",
            "the CodeDeploy agent did not answer",
        ),
        ("ApplicationStop", "ScriptFailed", "Script at specified location: stop.sh failed", "ignore_application_stop"),
        ("ApplicationStop", "ScriptMissing", "Script does not exist", "ignore_application_stop_failures: true"),
        ("BeforeBlockTraffic", "ScriptFailed", "", "ignore_application_stop_failures: true"),
        ("AfterInstall", "ScriptMissing", "Script does not exist at specified location: x", "the bundle does not have"),
        ("AfterInstall", "ScriptNotExecutable", "", "not executable"),
        ("ApplicationStart", "ScriptTimedOut", "", "3600 s"),
        ("ValidateService", "ScriptFailed", "failed with exit code 1", "scripts.log"),
        (
            "Install",
            "UnknownError",
            "Failing in-progress lifecycle event after an agent restart.",
            "agent restarted in the middle",
        ),
        ("DownloadBundle", "UnknownError", "Expected deployment artifact bundle etag a but was actually b", "replaced"),
        ("DownloadBundle", "UnknownError", "Access Denied", "s3:GetObject"),
        ("DownloadBundle", "UnknownError", "The specified key does not exist.", "no longer in S3"),
        ("Install", "UnknownError", "No space left on device @ io_write", "the disk"),
        ("Install", "UnknownError", "something that nobody has seen yet", ""),
        ("Install", "SomethingNew", "", ""),
    ],
)
def test_what_helps_where_an_event_failed(event: str, code: str, message: str, words: str) -> None:
    found = advice.on_event(event, code, message)
    assert words in found
    assert bool(words) == bool(found)


def test_what_helps_where_a_deployment_failed() -> None:
    assert "override_alarms: true" in advice.on_deployment("ALARM_ACTIVE")
    assert advice.on_deployment("HEALTH_CONSTRAINTS") == ""
    assert advice.on_deployment("SOMETHING_NEW") == ""


@pytest.mark.parametrize(
    ("event", "message", "cause"),
    [
        ("Install", "a specified file already exists at this location: /srv/app/a", "the instances"),
        ("BeforeInstall", "CodeDeploy agent was not able to receive the lifecycle event.", "the instances"),
        ("Install", "No space left on device @ io_write", "the instances"),
        ("DownloadBundle", "Access Denied", "a role"),
        ("DownloadBundle", "Missing credentials - please check", "a role"),
        ("DownloadBundle", "execution expired: i/o timeout", "the network"),
        ("ApplicationStop", "Script at specified location: stop.sh failed", "the revision that was there before"),
        # What the revision itself is to blame for, or can be.
        ("DownloadBundle", "The specified key does not exist.", ""),
        ("DownloadBundle", "Expected deployment artifact bundle etag a but was actually b", ""),
        ("Install", "Failing in-progress lifecycle event after an agent restart.", ""),
        ("ApplicationStart", "Script at specified location: start.sh failed", ""),
        ("Install", "", ""),
    ],
)
def test_which_events_name_a_cause_outside_of_the_revision(event: str, message: str, cause: str) -> None:
    assert advice.cause(event, message) == cause
