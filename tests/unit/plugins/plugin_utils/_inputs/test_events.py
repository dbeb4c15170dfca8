# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.plugin_utils._inputs import specs
from ansible_collections.lastgood.aws.plugins.plugin_utils._inputs.entries import ENTRIES, Around
from ansible_collections.lastgood.aws.plugins.plugin_utils._inputs.values import BadInput, Values, cleaned

WEB, API = "web.prod.eu-central-1", "api.prod.eu-central-1"
FAILED = {"kind": "deployment", "platform": "ecs", "name": WEB, "state": "failed", "deployment_id": "ecs-svc/1"}
CODEDEPLOY = {"kind": "deployment", "platform": "codedeploy", "name": "green.shop.eu-central-1", "state": "failed"}
ALARM = {"kind": "alarm", "platform": "cloudwatch", "name": "web-5xx", "alarm": "web-5xx", "state": "alarm"}


def inputs(**given: t.Any) -> Values:
    """What the variables of the role come to; they are named without their prefix."""
    prefix, finish = ENTRIES["on_event", "main"]
    named = {f"{prefix}{name}": value for name, value in {"services": f"{WEB}, {API}", **given}.items()}
    return finish(cleaned(specs.entry_points()["on_event"]["main"], prefix, named), Around(lambda _path, _skip: {}))


def targets(**given: t.Any) -> list[str]:
    return [target["name"] for target in inputs(**given)["targets"]]


@pytest.mark.parametrize("event", [FAILED, json.dumps(FAILED)])
@pytest.mark.parametrize(
    "services", [f"{WEB},{API}", [API, WEB], [{"service": "web", "cluster": "prod", "region": "eu-central-1"}]]
)
def test_an_event_is_about_the_service_that_it_names(event: t.Any, services: t.Any) -> None:
    found = inputs(deployment=event, services=services)
    assert found["event"] == FAILED
    assert found["about"] == WEB
    assert found["targets"] == [
        {"kind": "service", "name": WEB, "service": "web", "cluster": "prod", "region": "eu-central-1"}
    ]


@pytest.mark.parametrize(
    "event",
    [
        {**FAILED, "name": "mail.prod.eu-central-1"},
        {**FAILED, "name": "web.prod.eu-west-1"},
        {**FAILED, "name": ""},
        {**FAILED, "name": "web.prod"},
        # A deployment group of the same name as a service is not that service.
        {**CODEDEPLOY, "name": WEB},
    ],
)
def test_what_is_not_listed_is_not_meant(event: dict[str, str]) -> None:
    assert targets(deployment=event, deployment_groups="green.shop.eu-central-1") == []


def test_a_deployment_group() -> None:
    found = inputs(deployment=CODEDEPLOY, deployment_groups=["green.shop.eu-central-1"], services="")
    assert found["targets"] == [
        {
            "kind": "group",
            "name": "green.shop.eu-central-1",
            "deployment_group": "green",
            "application": "shop",
            "region": "eu-central-1",
        }
    ]


def test_a_deployment_group_whose_name_has_a_dot() -> None:
    group = {"deployment_group": "v1.2", "application": "my.shop", "region": "eu-central-1"}
    event = {**CODEDEPLOY, "name": "v1.2.my.shop.eu-central-1"}
    assert targets(deployment=event, deployment_groups=[group]) == ["v1.2.my.shop.eu-central-1"]


def test_an_alarm_speaks_for_what_it_is_mapped_to() -> None:
    alarms = {"web-5xx": [WEB], "slow": f"{WEB} {API}"}
    assert targets(deployment=ALARM, alarms=alarms) == [WEB]
    assert targets(deployment={**ALARM, "alarm": "slow"}, alarms=json.dumps(alarms)) == [WEB, API]
    assert targets(deployment={**ALARM, "alarm": "disk"}, alarms=alarms) == []
    assert targets(deployment=ALARM) == []


def test_catching_up_is_about_all_that_is_listed() -> None:
    found = inputs(deployment='{"kind": "catch_up"}', deployment_groups="green.shop.eu-central-1")
    assert [target["name"] for target in found["targets"]] == [WEB, API, "green.shop.eu-central-1"]
    assert found["about"] == "catch_up"


def test_the_defaults_act_against_nobody() -> None:
    found = inputs(deployment=FAILED)
    assert found["rules"] == {
        "enabled": True,
        "dry_run": False,
        "on_failure": "rollback",
        "on_alarm": "ask",
        "on_bad_version": "tell",
        "within": 1800,
        "max_age": 3600,
        "cool_down": 1800,
    }
    assert found["look_again"] == 60
    assert (found["switch_file"], found["switch_parameter"], found["notify_topic_arn"]) == (None, None, None)
    assert found["switch_module_defaults"] == {}


def test_blank_variables_are_not_given() -> None:
    blank = dict.fromkeys(name.removeprefix("on_event_") for name in specs.entry_points()["on_event"]["main"])
    assert inputs(**{**blank, "deployment": FAILED, "services": WEB}) == inputs(deployment=FAILED, services=WEB)


def test_what_is_given() -> None:
    found = inputs(
        deployment=FAILED,
        enabled="no",
        dry_run="true",
        on_failure="ask",
        on_alarm="rollback",
        on_bad_version="rollback",
        within="60",
        max_age=120,
        cool_down="1",
        switch_region="eu-west-1",
        switch_parameter="/lastgood/switch",
    )
    assert (found["rules"]["enabled"], found["rules"]["dry_run"], found["rules"]["within"]) == (False, True, 60)
    assert (found["rules"]["max_age"], found["rules"]["cool_down"]) == (120, 1)
    assert [found["rules"][name] for name in ("on_failure", "on_alarm", "on_bad_version")] == [
        "ask",
        "rollback",
        "rollback",
    ]
    assert (found["switch_parameter"], found["switch_module_defaults"]) == ("/lastgood/switch", {"region": "eu-west-1"})


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "on_event_deployment is not given"),
        ({"deployment": "web failed"}, "on_event_deployment is neither a dictionary nor JSON"),
        ({"deployment": "[1]"}, "on_event_deployment is not a dictionary"),
        (
            {"deployment": {"body": {}}},
            "on_event_deployment is not an event: give event.deployment of the filter lastgood.aws.deployment",
        ),
        (
            {"deployment": FAILED, "services": ""},
            "Nothing may be rolled back: give on_event_services or on_event_deployment_groups",
        ),
        (
            {"deployment": FAILED, "services": "web"},
            "on_event_services has 'web', which is not service.cluster.region",
        ),
        (
            {"deployment": FAILED, "services": [{"service": "web", "cluster": "prod"}]},
            "on_event_services has {'service': 'web', 'cluster': 'prod'}, which is not service.cluster.region",
        ),
        (
            {"deployment": FAILED, "deployment_groups": "v1.2.shop.eu-central-1"},
            "on_event_deployment_groups has 'v1.2.shop.eu-central-1', which is not deployment_group.application.region",
        ),
        (
            {"deployment": ALARM, "alarms": {"web-5xx": ["mail.prod.eu-central-1"]}},
            "on_event_alarms has mail.prod.eu-central-1 for web-5xx, which is neither in on_event_services nor in "
            "on_event_deployment_groups",
        ),
        ({"deployment": FAILED, "alarms": "web-5xx"}, "on_event_alarms is neither a dictionary nor JSON"),
        ({"deployment": FAILED, "on_failure": "panic"}, "on_event_on_failure is 'panic': give rollback or ask"),
        ({"deployment": FAILED, "on_bad_version": "ask"}, "on_event_on_bad_version is 'ask': give rollback or tell"),
        ({"deployment": FAILED, "cool_down": "0"}, "on_event_cool_down is '0': give a number of seconds, at least 1"),
        (
            {"deployment": FAILED, "notify_topic_arn": "people"},
            "on_event_notify_topic_arn is not the ARN of an SNS topic (arn:aws:sns:REGION:ACCOUNT:NAME)",
        ),
    ],
)
def test_what_is_refused(given: dict[str, t.Any], message: str) -> None:
    with pytest.raises(BadInput) as refused:
        inputs(**given)
    assert str(refused.value) == message
