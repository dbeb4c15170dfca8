# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What CodeDeploy is asked for."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy import appspec
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.model import Group
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.codedeploy import records
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.codedeploy import (
    request as codedeploy_request,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.codedeploy.request import Request
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Finding, Revision, Service
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past import history
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import arn, at, flown, service

GROUP = Group("app", "group")
SPEC = appspec.made_for(arn(41), "app", 80)
BALANCED = service(42, controller="CODE_DEPLOY", load_balancers=({"containerName": "web", "containerPort": 8080},))


def ask(on: Service = BALANCED, **changes: t.Any) -> tuple[Request | None, list[Finding]]:
    given: dict[str, t.Any] = {
        "group": GROUP,
        "history": None,
        "target": arn(41),
        "good": Revision("", arn(41), settings={"appSpec": SPEC}),
        "alarms": None,
        "fast": False,
        "rollback_events": None,
        **changes,
    }
    return codedeploy_request.request(on, **given)


def asked(on: Service = BALANCED, **changes: t.Any) -> Request:
    request, _findings = ask(on, **changes)
    assert request is not None
    return request


def content(request: Request, copy: str = "") -> str:
    return str(request.parameters("why", copy)["revision"]["appSpecContent"]["content"])


def test_the_file_that_was_good_word_for_word_and_the_group_s_own_settings() -> None:
    request, findings = ask()
    assert request is not None
    assert (findings, content(request)) == ([], SPEC)
    assert set(request.parameters("why")) == {"revision", "description"}


def test_a_copy_takes_the_place_of_the_task_definition() -> None:
    assert appspec.task_definition(content(asked(), arn(44))) == arn(44)


@pytest.mark.parametrize(
    ("events", "sent"),
    [
        ((), {"enabled": False, "events": []}),
        (("DEPLOYMENT_FAILURE",), {"enabled": True, "events": ["DEPLOYMENT_FAILURE"]}),
    ],
)
def test_rollback_events(events: tuple[str, ...], sent: dict[str, object]) -> None:
    assert asked(rollback_events=events).parameters("why")["autoRollbackConfiguration"] == sent


def test_fast() -> None:
    assert asked(fast=True).parameters("why")["deploymentConfigName"] == "CodeDeployDefault.ECSAllAtOnce"


def test_alarms_that_are_firing_are_overridden_and_told() -> None:
    group = dataclasses.replace(GROUP, alarms=("errors",))
    request, (finding,) = ask(group=group, alarms={"errors": "ALARM"})
    assert request is not None
    assert request.parameters("why")["overrideAlarmConfiguration"] == {"enabled": False}
    assert (finding.check, finding.severity, "errors" in finding.message) == ("alarms", "warn", True)


@pytest.mark.parametrize(("tolerant", "more"), [(False, {}), (True, {"ignorePollAlarmFailure": True})])
def test_alarms_that_are_quiet_stay_in_force_beside_one_that_is_not(tolerant: bool, more: dict[str, bool]) -> None:
    group = dataclasses.replace(GROUP, alarms=("errors", "latency"), ignores_unreadable_alarms=tolerant)
    request, (finding,) = ask(group=group, alarms={"errors": "ALARM", "latency": "OK"})
    assert request is not None
    assert request.overrides_alarms
    assert request.parameters("why")["overrideAlarmConfiguration"] == {
        "enabled": True,
        "alarms": [{"name": "latency"}],
        **more,
    }
    assert "errors is ignored for this one deployment, and latency stays in force" in finding.message


def test_alarms_that_are_not_known_are_left_in_force() -> None:
    request, (finding,) = ask(alarms="No permission.")
    assert request is not None
    assert "overrideAlarmConfiguration" not in request.parameters("why")
    assert (finding.severity, "No permission. If one is" in finding.message) == ("unknown", True)


def other(number: int, status: str, minute: float, spec: str) -> t.Any:
    return dataclasses.replace(
        flown(number, status, minute), target=Revision("", arn(number), settings={"appSpec": spec} if spec else {})
    )


@pytest.mark.parametrize(
    ("story", "port"),
    [
        ([(40, "SUCCESSFUL", 1), (42, "SUCCESSFUL", 2)], 2),
        ([(40, "SUCCESSFUL", 1), (42, "FAILED", 2)], 1),
        ([(42, "FAILED", 2)], 2),
        ([(40, "SUCCESSFUL", 1), (42, "SUCCESSFUL", 0)], 1),
    ],
)
def test_what_was_never_deployed_gets_the_newest_file_that_succeeded(story: t.Any, port: int) -> None:
    """The port says which file it is; 0: its file cannot be read."""
    told = [
        other(number, status, place * 60, appspec.made_for(arn(number), "app", number_of) if number_of else "")
        for place, (number, status, number_of) in enumerate(story)
    ]
    request, (finding,) = ask(good=None, history=history.read(told))
    assert request is not None
    assert (appspec.task_definition(request.content), appspec.container(request.content)) == (arn(41), ("app", port))
    assert finding.severity == "warn"


def test_without_any_file_one_is_made_of_the_load_balancer() -> None:
    request, (finding,) = ask(good=None)
    assert request is not None
    assert (appspec.task_definition(request.content), appspec.container(request.content)) == (arn(41), ("web", 8080))
    assert (finding.severity, "without hooks" in finding.message) == ("warn", True)


def test_without_a_load_balancer_there_is_nothing_to_make_one_of() -> None:
    request, (finding,) = ask(service(42, controller="CODE_DEPLOY"), good=None)
    assert (request, finding.severity) == (None, "block")


def test_without_a_group_there_is_nothing_to_ask() -> None:
    request, (finding,) = ask(group=None)
    assert (request, finding.severity) == (None, "block")


PLACE = {"revisionType": "S3", "s3Location": {"bucket": "b", "key": "k", "version": "v"}}


def test_a_file_in_s3_is_deployed_from_there_unless_something_else_is_to_be_in_it() -> None:
    good = Revision("", arn(41), settings={"appSpec": SPEC, "revisionLocation": PLACE})
    assert asked(good=good).parameters("why")["revision"] == PLACE
    assert appspec.task_definition(content(asked(good=good), arn(44))) == arn(44)
    assert appspec.task_definition(content(asked(good=good, target=arn(40)))) == arn(40)


@pytest.mark.parametrize(
    ("status", "minute", "as_of", "blocks"),
    [
        ("SUCCESSFUL", 120, None, True),
        ("SUCCESSFUL", 10, None, False),
        ("FAILED", 120, None, False),
        ("ROLLBACK_SUCCESSFUL", 120, None, False),
        ("SUCCESSFUL", 120, 100, False),
        ("SUCCESSFUL", 120, 130, True),
        ("SUCCESSFUL", 120, 10, False),
    ],
)
def test_a_good_one_that_is_not_known_stands_against_an_older_target(
    status: str, minute: float, as_of: float | None, blocks: bool
) -> None:
    past = history.read([other(41, "SUCCESSFUL", 60, SPEC), other(42, "SUCCESSFUL", 180, SPEC)])
    unread = [records.Unread("d-9", status, at(minute), "denied")]
    found = codedeploy_request.passed_by(past, unread, arn(41), at(as_of) if as_of is not None else None)
    assert [(f.check, f.severity) for f in found] == ([("unread_deployment", "block")] if blocks else [])


def test_the_container_that_gets_the_traffic_is_the_file_s() -> None:
    assert codedeploy_request.balanced(BALANCED, asked()).load_balancers == (
        {"containerName": "app", "containerPort": 80},
    )
    assert codedeploy_request.balanced(BALANCED, None) is BALANCED
