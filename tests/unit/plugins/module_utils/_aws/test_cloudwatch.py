# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import botocore.session
import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._aws import cloudwatch

MEANS = "That is bad."


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ({"5xx": "OK", "slow": "INSUFFICIENT_DATA"}, []),
        (
            {"5xx": "ALARM"},
            [
                ("warn", "there is no alarm slow in this account and Region, so it cannot go off"),
                ("warn", "5xx is in ALARM now. That is bad."),
            ],
        ),
        ({"5xx": "ALARM", "slow": "ALARM"}, [("warn", "5xx, slow are in ALARM now. That is bad.")]),
        (
            "Denied.",
            [("unknown", "whether the alarms 5xx, slow exist and what state they are in is not known: Denied.")],
        ),
    ],
)
def test_what_is_to_be_known_of_alarms(found: dict[str, str] | str, expected: list[tuple[str, str]]) -> None:
    findings = cloudwatch.alarm_findings(["5xx", "slow"], found, MEANS)
    assert [(finding.severity, finding.message) for finding in findings] == expected


@pytest.mark.parametrize(
    "state", [*botocore.session.get_session().get_service_model("cloudwatch").shape_for("StateValue").enum, "NEW"]
)
def test_only_alarm_is_an_alarm(state: str) -> None:
    assert bool(cloudwatch.alarm_findings(["5xx"], {"5xx": state}, MEANS)) is (state == "ALARM")


def test_what_the_states_say() -> None:
    states = {"a": "ALARM", "b": "OK", "c": "INSUFFICIENT_DATA", "other": "ALARM"}
    assert cloudwatch.judge(["a", "b", "c", "d"], states) == (("a",), ("d",))
    assert cloudwatch.judge([], states) == ((), ())


def test_alarms_in_words() -> None:
    assert cloudwatch.say_ringing(["a"]) == "a is in ALARM now"
    assert cloudwatch.say_ringing(["a", "b"], "prod") == "a, b of deployment group prod are in ALARM now"
    assert cloudwatch.say_missing(["a", "b"]) == "there is no alarm a and no alarm b in this account and Region"
