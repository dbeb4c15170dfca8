# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks that run at the same time: none of them raises, and none is silent."""

from __future__ import annotations

import threading
import typing as t
from types import SimpleNamespace

import botocore.exceptions
import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._aws import together
from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError, IncompleteAnswerError
from ansible_collections.lastgood.aws.plugins.module_utils._core.findings import Finding

DENIED = botocore.exceptions.ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "GetRole")


def client(service: str) -> t.Any:
    if service == "none":
        raise botocore.exceptions.UnknownServiceError(service_name=service, known_service_names="ecs")
    return SimpleNamespace(meta=SimpleNamespace(events=SimpleNamespace(register=lambda *_args: None)))


def told(*made: together.Check) -> list[tuple[str, str, str]]:
    return [(f.check, f.severity, f.message) for f in together.together(Aws(client), made)]


def finds(name: str) -> together.Check:
    return together.check("ecs", name, "whether it is so", lambda: [Finding(name, "info", "found")])


def fails(error: Exception) -> together.Check:
    def run() -> list[Finding]:
        raise error

    return together.check("ecs", "bad", "whether it is so", run)


def test_findings_come_in_the_order_of_the_checks() -> None:
    assert [check for check, _severity, _message in told(*(finds(f"c{n}") for n in range(20)))] == [
        f"c{n}" for n in range(20)
    ]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (AwsCallError("Failed to read it", DENIED, service="iam"), "needs the permission iam:GetRole"),
        (IncompleteAnswerError("The answer to get_role lacks 'Role'"), "lacks 'Role'"),
        (KeyError("Arn"), "KeyError: 'Arn'"),
    ],
)
def test_what_fails_is_unknown_and_says_why(error: Exception, words: str) -> None:
    (good, bad) = told(finds("good"), fails(error))
    assert good == ("good", "info", "found")
    assert bad[:2] == ("bad", "unknown")
    assert bad[2].startswith("whether it is so is not known. ")
    assert words in bad[2]


def test_a_client_that_cannot_be_made_costs_its_own_checks_only() -> None:
    never = together.Check("none", list, lambda why: [Finding("never", "unknown", why)])
    (never_told, good) = told(never, finds("good"))
    assert never_told[:2] == ("never", "unknown")
    assert never_told[2].startswith("UnknownServiceError: Unknown service: 'none'")
    assert good == ("good", "info", "found")


def test_who_does_not_answer_in_time_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(together, "PATIENCE_SECONDS", 0.05)
    released = threading.Event()

    def hang() -> list[Finding]:
        released.wait(30)
        return []

    slow = together.check("ecs", "slow", "whether it is so", hang)
    found = told(finds("good"), slow)
    released.set()
    assert [(check, severity) for check, severity, _message in found] == [("good", "info"), ("slow", "unknown")]
    assert "No answer came within 0.05 s" in found[1][2]
