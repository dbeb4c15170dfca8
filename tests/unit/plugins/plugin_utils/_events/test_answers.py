# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an event calls for: a table for each kind, and what speaks against a rollback in each of them."""

from __future__ import annotations

import shlex
import typing as t
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from ansible_collections.lastgood.aws.plugins.plugin_utils._events.answers import Answer, Rules, answer, command
from ansible_collections.lastgood.aws.plugins.plugin_utils._events.seen import Seen

NOW = datetime(2026, 11, 20, 14, 10)
RULES = Rules(now=NOW)
SEEN = Seen(
    account="123456789012",
    deployment="ecs-svc/43",
    runs="web:43",
    failed=True,
    going_back="",
    settled="",
    problem="",
    goes_to="web:41 (SUCCESSFUL)",
    marked_bad="",
    deployed_at=datetime(2026, 11, 20, 14, 0),
    last_rollback=None,
    unfinished=False,
)
PLACE = {"account": "123456789012", "name": "web.prod.eu-central-1", "platform": "ecs"}
FAILED = {
    **PLACE,
    "kind": "deployment",
    "state": "failed",
    "deployment_id": "ecs-svc/43",
    "reason": "tasks failed to start.",
    "time": "2026-11-20T14:08:00Z",
}
BEGUN = {**FAILED, "state": "in_progress", "reason": ""}
ALARM = {
    "account": "123456789012",
    "kind": "alarm",
    "state": "alarm",
    "alarm": "web-5xx",
    "reason": "Threshold Crossed",
    "time": "2026-11-20T14:08:00Z",
}
HOOK = {
    **PLACE,
    "kind": "hook",
    "state": "waiting",
    "stage": "POST_TEST_TRAFFIC_SHIFT",
    "service_deployment": "arn:aws:ecs:eu-central-1:123456789012:service-deployment/prod/web/0EYS",
    "hook_id": "ecs-pause-e7tK",
    "expires_at": "2026-11-20T15:00:00Z",
}
CATCH_UP = {"kind": "catch_up"}
BAD = replace(SEEN, marked_bad="2026-11-20T12:00:00Z leaks", failed=False)
CLEAR = replace(RULES, on_alarm="rollback", on_bad_version="rollback")
# Events that would each lead to a rollback, with what is seen.
EAGER: t.Final = {
    "failed": (FAILED, SEEN),
    "alarm": (ALARM, replace(SEEN, failed=False)),
    "bad version": (BEGUN, BAD),
    "catch up": (CATCH_UP, SEEN),
}


@pytest.mark.parametrize("case", list(EAGER))
def test_each_of_these_leads_to_a_rollback(case: str) -> None:
    assert answer(*EAGER[case], CLEAR).do == "rollback"


@pytest.mark.parametrize(
    ("rules", "do", "why"),
    [
        ({"enabled": False}, "nothing", "it is switched off by on_event_enabled"),
        ({"switches": ("off",)}, "nothing", "it is switched off: a switch does not say on"),
        ({"switches": ("on", "")}, "nothing", "it is switched off: a switch does not say on"),
        ({"switches": (" ON\n",)}, "rollback", ""),
        ({"dry_run": True}, "tell", "but this is a dry run"),
    ],
)
@pytest.mark.parametrize("case", list(EAGER))
def test_the_switches(case: str, rules: dict[str, t.Any], do: str, why: str) -> None:
    found = answer(*EAGER[case], replace(CLEAR, **rules))
    assert (found.do, why in found.why) == (do, True)


@pytest.mark.parametrize(
    ("against", "do", "why"),
    [
        (
            {"going_back": "ECS takes it back by itself (ROLLBACK_IN_PROGRESS)"},
            "nothing",
            "ECS takes it back by itself",
        ),
        ({"settled": "already rolled back by this tool"}, "nothing", "already rolled back"),
        ({"problem": "there is no good version"}, "tell", "it cannot go back: there is no good version"),
        ({"last_rollback": datetime(2026, 11, 20, 13, 50)}, "tell", "but it was rolled back"),
        ({"last_rollback": datetime(2026, 11, 20, 13, 30)}, "rollback", ""),
    ],
)
@pytest.mark.parametrize("case", list(EAGER))
def test_what_speaks_against_it(case: str, against: dict[str, t.Any], do: str, why: str) -> None:
    event, seen = EAGER[case]
    found = answer(event, replace(seen, **against), CLEAR)
    assert (found.do, why in found.why) == (do, True), found


@pytest.mark.parametrize("case", ["failed", "alarm", "bad version"])
def test_an_old_event_is_only_told(case: str) -> None:
    event, seen = EAGER[case]
    late = replace(CLEAR, now=NOW + timedelta(hours=1))
    assert answer(event, seen, late) == Answer("tell", answer(event, seen, late).why)
    assert "but the event is 62 minutes old" in answer(event, seen, late).why


@pytest.mark.parametrize("case", ["failed", "alarm", "bad version"])
def test_the_account_has_to_be_that_of_the_event(case: str) -> None:
    event, seen = EAGER[case]
    assert answer(event, replace(seen, account="999999999999"), CLEAR) == Answer(
        "tell", "the event is of account 123456789012, and the credentials are of 999999999999"
    )


def test_a_deployment_that_failed() -> None:
    assert answer(FAILED, SEEN, RULES) == Answer("rollback", "ecs-svc/43 failed (tasks failed to start)")


def test_a_deployment_that_failed_and_somebody_is_asked() -> None:
    assert answer(FAILED, SEEN, replace(RULES, on_failure="ask")) == Answer(
        "ask", "ecs-svc/43 failed (tasks failed to start). It would go back to web:41 (SUCCESSFUL)"
    )


def test_something_was_deployed_since() -> None:
    assert answer(FAILED, replace(SEEN, deployment="ecs-svc/44", failed=False), RULES) == Answer(
        "nothing", "ecs-svc/43 failed (tasks failed to start), and the newest deployment is ecs-svc/44"
    )


def test_an_event_is_believed_before_the_list_shows_it() -> None:
    assert answer(FAILED, replace(SEEN, failed=False), RULES).do == "rollback"


def test_an_event_that_names_no_deployment_is_not() -> None:
    event = {**FAILED, "deployment_id": ""}
    assert answer(event, SEEN, RULES).do == "rollback"
    assert answer(event, replace(SEEN, failed=False), RULES) == Answer("nothing", "ecs-svc/43 has not failed")


def test_a_service_that_cannot_be_looked_at() -> None:
    gone = replace(SEEN, deployment="", runs="", problem="there is no service web in cluster prod", deployed_at=None)
    assert answer(FAILED, gone, RULES) == Answer(
        "tell", "ecs-svc/43 failed (tasks failed to start), and there is no service web in cluster prod"
    )
    assert answer(ALARM, gone, RULES).do == "tell"


@pytest.mark.parametrize(
    ("deployed", "do", "why"),
    [
        (
            datetime(2026, 11, 20, 14, 7, 30),
            "ask",
            "web-5xx is in ALARM (Threshold Crossed), 30 s after web:43 was deployed",
        ),
        (datetime(2026, 11, 20, 13, 38), "ask", "30 minutes after"),
        (datetime(2026, 11, 20, 13, 37, 59), "nothing", "which is too long after it"),
        (datetime(2026, 11, 20, 14, 8, 1), "nothing", "since before web:43 was deployed"),
        (None, "tell", "it is not known how long after the last deployment"),
    ],
)
def test_an_alarm_counts_only_after_a_deployment(deployed: datetime | None, do: str, why: str) -> None:
    found = answer(ALARM, replace(SEEN, deployed_at=deployed), RULES)
    assert (found.do, why in found.why) == (do, True), found


def test_an_alarm_that_is_not_dated() -> None:
    assert answer({**ALARM, "time": ""}, SEEN, RULES).do == "tell"


@pytest.mark.parametrize("state", ["ok", "insufficient_data", "suppressed"])
def test_an_alarm_that_does_not_ring(state: str) -> None:
    assert answer({**ALARM, "state": state}, SEEN, CLEAR).do == "nothing"


def test_a_bad_version_is_told_of_and_left_to_whoever_deploys_it() -> None:
    assert answer(BEGUN, BAD, RULES) == Answer(
        "tell",
        "web:43 is deployed, which is marked bad (2026-11-20T12:00:00Z leaks). It would go back to web:41 (SUCCESSFUL)",
    )
    assert answer(BEGUN, replace(BAD, marked_bad=""), CLEAR) == Answer("nothing", "web:43 is not marked bad")
    assert answer(BEGUN, replace(BAD, deployment="ecs-svc/44"), CLEAR).do == "nothing"


def test_a_hook_that_waits() -> None:
    found = answer(HOOK, SEEN, CLEAR)
    assert found.do == "tell"
    words = shlex.split(found.why.partition("Z: ")[2])
    assert words[:3] == ["aws", "ecs", "continue-service-deployment"]
    assert words[3:9] == [
        *("--service-deployment-arn", HOOK["service_deployment"]),
        *("--hook-id", "ecs-pause-e7tK", "--action", "CONTINUE"),
    ]
    assert "waits at POST_TEST_TRAFFIC_SHIFT until 2026-11-20T15:00:00Z" in found.why
    assert answer({**HOOK, "state": "succeeded"}, SEEN, CLEAR).do == "nothing"


@pytest.mark.parametrize(
    ("seen", "do"),
    [
        ({}, "rollback"),
        ({"failed": False}, "nothing"),
        # What failed yesterday somebody has seen.
        ({"deployed_at": NOW - timedelta(seconds=3601)}, "nothing"),
        ({"deployed_at": None}, "nothing"),
        # A run that was cut off is finished, cool-down or not.
        ({"failed": False, "unfinished": True, "last_rollback": NOW - timedelta(minutes=5)}, "rollback"),
        ({"failed": False, "unfinished": True, "last_rollback": NOW - timedelta(hours=2)}, "nothing"),
        ({"unfinished": True, "last_rollback": NOW, "problem": "denied"}, "tell"),
        ({"failed": False, "unfinished": True, "last_rollback": NOW, "settled": "done"}, "nothing"),
    ],
)
def test_what_nobody_answered(seen: dict[str, t.Any], do: str) -> None:
    assert answer(CATCH_UP, replace(SEEN, **seen), RULES).do == do


@pytest.mark.parametrize(
    "event",
    [
        {**FAILED, "state": "succeeded"},
        {**FAILED, "state": "stopped"},
        {**PLACE, "kind": "service", "state": "error", "reported": "SERVICE_TASK_PLACEMENT_FAILURE"},
        {**PLACE, "kind": "instance", "state": "failed"},
        {},
    ],
)
def test_the_rest_calls_for_nothing(event: dict[str, str]) -> None:
    assert answer(event, SEEN, CLEAR).do == "nothing"


def test_the_command_for_people() -> None:
    service = {"kind": "service", "cluster": "prod", "service": "web", "region": "eu-central-1"}
    assert command(service, SEEN) == (
        "ansible-playbook lastgood.aws.rollback -e rollback_cluster=prod -e rollback_services=web "
        "-e rollback_from_revision=web:43 -e rollback_region=eu-central-1"
    )
    group = {"kind": "group", "application": "my shop", "deployment_group": "green", "region": "eu-central-1"}
    assert command(group, SEEN) == (
        'ansible-playbook lastgood.aws.redeploy -e \'{"rollback_application": "my shop"}\' '
        "-e rollback_deployment_group=green -e rollback_region=eu-central-1"
    )
