# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Settings by which ECS itself rolls back: what is planned for each service, and what is written."""

from __future__ import annotations

import re
import types
import typing as t

import botocore.session
import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import IncompleteAnswerError
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.ecs.protection import (
    AlarmsWish,
    BreakerWish,
    Wish,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps import auto_rollback
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import (
    FakeAws,
    connection_lost,
    raw_service,
    refused_by_aws,
    service,
)

ON: t.Final = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}
OFF: t.Final = {"deploymentCircuitBreaker": {"enable": False, "rollback": False}}
WISH = Wish(BreakerWish(enable=True, rollback=True), None)
WATCH = Wish(None, AlarmsWish(enable=True, rollback=True, names=("errors", "latency")))


class Aws(FakeAws):
    """Knows the members and types of the installed botocore."""

    def client(self, service: str) -> t.Any:
        return types.SimpleNamespace(
            meta=types.SimpleNamespace(service_model=botocore.session.get_session().get_service_model(service))
        )


def raw(name: str = "web", configuration: t.Mapping[str, t.Any] | None = None, **more: t.Any) -> dict[str, t.Any]:
    return {**raw_service(service(42, name=name)), "deploymentConfiguration": dict(configuration or OFF), **more}


def aws_with(*services: dict[str, t.Any], **answers: t.Any) -> Aws:
    failures = [{"arn": "arn:aws:ecs:eu-central-1:1:service/prod/gone", "reason": "MISSING"}]
    return Aws(describe_services={"services": list(services), "failures": failures}, **answers)


def planned(aws: Aws, *names: str, wish: Wish = WISH) -> list[auto_rollback.Result]:
    return auto_rollback.plan(aws, "prod", names or ("web",), wish)


# -- planning


@pytest.mark.parametrize(
    ("now", "outcome", "changed"), [(OFF, "planned", True), (ON, "unchanged", False), ({}, "planned", True)]
)
def test_only_what_differs_is_planned(now: dict[str, t.Any], outcome: str, changed: bool) -> None:
    [result] = planned(aws_with(raw(configuration=now)))
    assert (result.outcome, result.changed, bool(result.request)) == (outcome, changed, changed)
    assert result.names == {"service": "web", "cluster": "prod"}


@pytest.mark.parametrize(
    ("wish", "says"),
    [
        (WISH, "circuit breaker on, with rollback"),
        (Wish(BreakerWish(enable=True, rollback=False), None), "circuit breaker on, without rollback"),
        (WATCH, "alarms on, with rollback: errors, latency"),
        (
            Wish(WISH.circuit_breaker, WATCH.alarms),
            "circuit breaker on, with rollback; alarms on, with rollback: errors, latency",
        ),
    ],
)
def test_what_is_planned_is_said(wish: Wish, says: str) -> None:
    aws = aws_with(raw(), describe_alarms={"MetricAlarms": []})
    [result] = planned(aws, wish=wish)
    assert result.reason == says


def test_what_is_switched_off_is_said() -> None:
    off = Wish(BreakerWish(enable=False, rollback=False), None)
    [result] = planned(aws_with(raw(configuration=ON)), wish=off)
    assert result.reason == "circuit breaker off"


def test_a_service_that_does_not_exist_is_refused_with_aws_s_reason() -> None:
    gone, web = planned(aws_with(raw()), "gone", "web")
    assert (gone.outcome, gone.reason) == ("refused", "there is no service gone in cluster prod (MISSING)")
    assert [f.severity for f in gone.findings] == ["block"]
    assert web.outcome == "planned"


def test_each_that_is_missing_has_its_own_reason_by_name_or_arn() -> None:
    arn = "arn:aws:ecs:eu-central-1:1:service/prod/away"
    failures = [
        {"arn": arn, "reason": "MISSING"},
        {"arn": "arn:aws:ecs:eu-central-1:1:service/prod/gone", "reason": "ACCESS_DENIED"},
        {"arn": "short", "reason": "INACTIVE"},
    ]
    found = planned(Aws(describe_services={"services": [], "failures": failures}), "gone", arn, "short")
    reasons = [result.reason.rpartition(" ")[2] for result in found]
    assert reasons == ["(ACCESS_DENIED)", "(MISSING)", "(INACTIVE)"]


def test_one_of_which_aws_says_nothing_was_cut_off_on_the_way() -> None:
    with pytest.raises(IncompleteAnswerError, match=re.escape("services[api]")):
        planned(aws_with(raw()), "api")


def test_a_service_named_twice_is_planned_once() -> None:
    made = raw()
    results = planned(aws_with(made), "web", made["serviceArn"])
    assert [result.names["service"] for result in results] == ["web"]


@pytest.mark.parametrize("change", [{"status": "INACTIVE"}, {"deploymentController": {"type": "EXTERNAL"}}])
def test_what_cannot_be_protected_is_refused(change: dict[str, t.Any]) -> None:
    [result] = planned(aws_with(raw(**change)))
    assert (result.outcome, result.reason != "", result.changed) == ("refused", True, False)


def test_a_service_without_a_controller_in_the_answer_is_ecs_s() -> None:
    made = raw()
    del made["deploymentController"]
    assert planned(aws_with(made))[0].outcome == "planned"


@pytest.mark.parametrize(
    ("deployments", "said"), [(["COMPLETED", "IN_PROGRESS"], True), (["COMPLETED"], False), ([], False)]
)
def test_a_deployment_that_is_in_flight_is_said(deployments: list[str], said: bool) -> None:
    [result] = planned(aws_with(raw(deployments=[{"rolloutState": state} for state in deployments])))
    assert ("in_flight" in [f.check for f in result.findings]) is said


@pytest.mark.parametrize(("wish", "reads"), [(WISH, False), (WATCH, True)])
def test_alarms_are_read_only_if_they_are_asked_for(wish: Wish, reads: bool) -> None:
    aws = aws_with(raw(), describe_alarms={"MetricAlarms": [{"AlarmName": "errors", "StateValue": "OK"}]})
    [result] = planned(aws, wish=wish)
    assert bool(aws.sent("describe_alarms")) is reads
    assert ("there is no alarm latency" in " ".join(f.message for f in result.findings)) is reads


def test_alarms_of_refused_services_are_not_read() -> None:
    watched = {"alarms": {"enable": True, "rollback": True, "alarmNames": ["errors"]}}
    aws = aws_with(raw(status="INACTIVE", configuration=watched))
    assert [item.outcome for item in planned(aws, "web", "gone", wish=WATCH)] == ["refused", "refused"]
    assert aws.sent("describe_alarms") == []


def test_alarms_that_cannot_be_read_are_unknown_and_block_nothing() -> None:
    aws = aws_with(raw(), describe_alarms=refused_by_aws("DescribeAlarms"))
    [result] = planned(aws, wish=WATCH)
    assert (result.outcome, [f.severity for f in result.findings if f.check == "alarms"]) == ("planned", ["unknown"])


def test_the_members_that_botocore_can_send() -> None:
    assert {"enable", "rollback"} <= auto_rollback.circuit_breaker_members(Aws())


# -- writing


def act(aws: Aws, *names: str, check_mode: bool = False) -> tuple[list[auto_rollback.Result], list[str]]:
    said: list[str] = []
    return auto_rollback.act(aws, planned(aws, *names), check_mode, said.append), said


def test_only_the_settings_are_sent_and_the_answer_is_checked() -> None:
    aws = aws_with(raw(), update_service={"service": raw(configuration=ON)})
    [result], said = act(aws)
    [sent] = aws.sent("update_service")
    assert set(sent) == {"cluster", "service", "deploymentConfiguration"}
    assert sent["deploymentConfiguration"]["deploymentCircuitBreaker"]["rollback"] is True
    assert (result.outcome, len(said)) == ("updated", 1)


def test_a_change_that_aws_does_not_show_has_failed() -> None:
    aws = aws_with(raw(), update_service={"service": raw(configuration=OFF)})
    [result], _said = act(aws)
    assert (result.outcome, "does not show it" in result.reason) == ("failed", True)


@pytest.mark.parametrize(("error", "changed"), [(refused_by_aws("UpdateService"), False), (connection_lost(), True)])
def test_a_write_that_failed_says_whether_anything_changed(error: Exception, changed: bool) -> None:
    [result], _said = act(aws_with(raw(), update_service=error))
    assert (result.outcome, result.changed) == ("failed", changed)
    assert "update the deployment configuration of service web" in result.reason


def test_nothing_is_written_in_check_mode_or_beside_a_refusal() -> None:
    aws = aws_with(raw())
    assert [result.outcome for result in act(aws, check_mode=True)[0]] == ["planned"]
    assert [result.outcome for result in act(aws, "gone", "web")[0]] == ["refused", "not_attempted"]
    assert aws.sent("update_service") == []
    assert "there is no service gone" in auto_rollback.summary(planned(aws, "gone", "web"))
