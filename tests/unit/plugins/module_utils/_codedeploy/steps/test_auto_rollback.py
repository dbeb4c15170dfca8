# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a deployment group's protection should be, and what is sent for that."""

from __future__ import annotations

import typing as t

import botocore.session
import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.steps import auto_rollback
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.steps.auto_rollback import (
    BadRequest,
    Notification,
    Settings,
    Subject,
)

TOPIC = "arn:aws:sns:eu-central-1:123456789012:on-call"
OTHER_TOPIC = "arn:aws:sns:eu-central-1:123456789012:builds"
FAILURE, ALARM, REQUEST = "DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"
# Somebody else's, with a member that a later AWS may add.
BUILDS = {"triggerName": "builds", "triggerTargetArn": OTHER_TOPIC, "triggerEvents": ["DeploymentStart"], "later": 1}
ON_CALL = {
    "triggerName": "on-call",
    "triggerTargetArn": TOPIC,
    "triggerEvents": ["DeploymentFailure", "DeploymentRollback"],
}
BARE: dict[str, t.Any] = {"deploymentGroupName": "prod", "triggerConfigurations": []}
ROLLS_BACK = {"enabled": True, "events": [FAILURE]}
WATCHED = {"enabled": True, "ignorePollAlarmFailure": False, "alarms": [{"name": "5xx"}, {"name": "slow"}]}


def enum(shape: str) -> list[str]:
    return list(botocore.session.get_session().get_service_model("codedeploy").shape_for(shape).enum)


def options(**given: t.Any) -> dict[str, t.Any]:
    names = ("enabled", "events", "alarms", "alarms_enabled", "ignore_poll_alarm_failure", "notifications")
    return {**dict.fromkeys(names), "purge_notifications": False, **given}


def told(name: str = "on-call", topic_arn: str | None = TOPIC, **given: t.Any) -> dict[str, t.Any]:
    """A notification as the argument spec hands it over."""
    return {
        "name": name,
        "topic_arn": topic_arn,
        "events": list(auto_rollback.DEFAULT_NOTIFICATION_EVENTS),
        "state": "present",
        **given,
    }


def gone(name: str) -> dict[str, t.Any]:
    return told(name, None, state="absent")


def group(**members: t.Any) -> dict[str, t.Any]:
    return {**BARE, **members}


def sent(info: dict[str, t.Any], params: dict[str, t.Any]) -> dict[str, t.Any]:
    """What is asked of UpdateDeploymentGroup, for what is there and what the options say."""
    present = Settings.read(info)
    return auto_rollback.request(present, auto_rollback.desired(present, auto_rollback.wish(params)))


@pytest.mark.parametrize(
    ("info", "params", "expected"),
    [
        # Without events of its own, the group gets those that make sense.
        (BARE, options(enabled=True), {"autoRollbackConfiguration": ROLLS_BACK}),
        (
            group(alarmConfiguration=WATCHED),
            options(enabled=True),
            {"autoRollbackConfiguration": {"enabled": True, "events": [FAILURE, ALARM]}},
        ),
        (
            group(alarmConfiguration={**WATCHED, "enabled": False}),
            options(enabled=True),
            {"autoRollbackConfiguration": ROLLS_BACK},
        ),
        (
            group(autoRollbackConfiguration={"enabled": False, "events": [REQUEST]}),
            options(enabled=True),
            {"autoRollbackConfiguration": {"enabled": True, "events": [REQUEST]}},
        ),
        (
            group(autoRollbackConfiguration=ROLLS_BACK),
            options(enabled=False),
            {"autoRollbackConfiguration": {"enabled": False, "events": [FAILURE]}},
        ),
        (
            group(autoRollbackConfiguration=ROLLS_BACK),
            options(enabled=False, events=[]),
            {"autoRollbackConfiguration": {"enabled": False, "events": []}},
        ),
        (
            group(autoRollbackConfiguration=ROLLS_BACK),
            options(events=[FAILURE, REQUEST]),
            {"autoRollbackConfiguration": {"enabled": True, "events": [FAILURE, REQUEST]}},
        ),
        # What is as asked for already, in whatever order.
        (BARE, options(enabled=False), {}),
        (group(autoRollbackConfiguration=ROLLS_BACK), options(enabled=True), {}),
        (
            group(autoRollbackConfiguration={"enabled": True, "events": [FAILURE, REQUEST]}),
            options(events=[REQUEST, FAILURE]),
            {},
        ),
        (group(alarmConfiguration=WATCHED), options(alarms=["slow", "5xx"]), {}),
        # Alarms: who names them wants them watched, and an empty list takes them away.
        (
            BARE,
            options(alarms=["5xx"]),
            {"alarmConfiguration": {"enabled": True, "ignorePollAlarmFailure": False, "alarms": [{"name": "5xx"}]}},
        ),
        (
            group(alarmConfiguration=WATCHED),
            options(alarms=[]),
            {"alarmConfiguration": {"enabled": False, "ignorePollAlarmFailure": False, "alarms": []}},
        ),
        (
            group(alarmConfiguration=WATCHED),
            options(alarms_enabled=False),
            {"alarmConfiguration": {**WATCHED, "enabled": False}},
        ),
        (
            group(alarmConfiguration={**WATCHED, "enabled": False}),
            options(alarms_enabled=True),
            {"alarmConfiguration": WATCHED},
        ),
        (
            group(alarmConfiguration=WATCHED),
            options(alarms=["5xx"], alarms_enabled=False),
            {"alarmConfiguration": {"enabled": False, "ignorePollAlarmFailure": False, "alarms": [{"name": "5xx"}]}},
        ),
        # The rest of the block goes along, whatever a later AWS may add to it.
        (
            group(alarmConfiguration={**WATCHED, "later": 1}),
            options(ignore_poll_alarm_failure=True),
            {"alarmConfiguration": {**WATCHED, "ignorePollAlarmFailure": True, "later": 1}},
        ),
        (group(alarmConfiguration=WATCHED), options(ignore_poll_alarm_failure=False), {}),
        # An empty string means that nothing was given.
        (group(alarmConfiguration=WATCHED), options(enabled=False, alarms=[""]), {}),
        # Triggers: all of them are sent, those of others as they are.
        (BARE, options(notifications=[told()]), {"triggerConfigurations": [ON_CALL]}),
        ({"deploymentGroupName": "prod"}, options(notifications=[told()]), {"triggerConfigurations": [ON_CALL]}),
        (
            group(triggerConfigurations=[BUILDS]),
            options(notifications=[told()]),
            {"triggerConfigurations": [BUILDS, ON_CALL]},
        ),
        (
            group(triggerConfigurations=[{**ON_CALL, "later": 2}, BUILDS]),
            options(notifications=[told(topic_arn=OTHER_TOPIC, events=["DeploymentStop"])]),
            {
                "triggerConfigurations": [
                    {**ON_CALL, "triggerTargetArn": OTHER_TOPIC, "triggerEvents": ["DeploymentStop"], "later": 2},
                    BUILDS,
                ]
            },
        ),
        (
            group(triggerConfigurations=[BUILDS, ON_CALL]),
            options(notifications=[told(events=["DeploymentRollback", "DeploymentFailure"])]),
            {},
        ),
        (
            group(triggerConfigurations=[BUILDS, ON_CALL]),
            options(notifications=[gone("on-call")]),
            {"triggerConfigurations": [BUILDS]},
        ),
        (group(triggerConfigurations=[BUILDS]), options(notifications=[gone("on-call")]), {}),
        (
            group(triggerConfigurations=[BUILDS]),
            options(notifications=[told()], purge_notifications=True),
            {"triggerConfigurations": [ON_CALL]},
        ),
        # The last one goes only where that was asked for.
        (group(triggerConfigurations=[BUILDS]), options(enabled=False, notifications=[]), {}),
        (
            group(triggerConfigurations=[BUILDS]),
            options(notifications=[], purge_notifications=True),
            {"triggerConfigurations": []},
        ),
        (group(triggerConfigurations=[BUILDS]), options(enabled=False, purge_notifications=True), {}),
        (
            group(triggerConfigurations=[ON_CALL]),
            options(notifications=[gone("on-call")]),
            {"triggerConfigurations": []},
        ),
        # Several at once are several members of one request, and nothing else is.
        (
            group(triggerConfigurations=[BUILDS], autoScalingGroups=[{"name": "fleet"}], ec2TagFilters=[{"Key": "a"}]),
            options(enabled=True, notifications=[told()]),
            {"autoRollbackConfiguration": ROLLS_BACK, "triggerConfigurations": [BUILDS, ON_CALL]},
        ),
    ],
)
def test_only_what_differs_is_sent(
    info: dict[str, t.Any], params: dict[str, t.Any], expected: dict[str, t.Any]
) -> None:
    assert sent(info, params) == expected
    # What AWS then has is what was asked for.
    assert sent({**info, **expected}, params) == {}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (options(), "nothing is asked for"),
        (options(purge_notifications=True), "nothing is asked for"),
        (options(notifications=[]), "nothing is asked for"),
        (options(events=[""]), "nothing is asked for"),
        (options(notifications=[told(), gone("on-call")]), "notifications: the name 'on-call' is empty or given twice"),
        (options(notifications=[told(" ")]), "notifications: the name '' is empty or given twice"),
        (options(notifications=[told(topic_arn=None)]), "topic_arn of on-call: '' is not the ARN of an SNS topic"),
        (options(notifications=[told(topic_arn="on-call")]), "'on-call' is not the ARN of an SNS topic"),
        (options(notifications=[told(topic_arn="arn:aws:sqs:eu-central-1:123456789012:q")]), "is not the ARN of an"),
        (options(notifications=[told(topic_arn=f"{TOPIC}:7f3c")]), "is not the ARN of an SNS topic"),
    ],
)
def test_senseless_options(given: dict[str, t.Any], message: str) -> None:
    with pytest.raises(BadRequest, match=message):
        auto_rollback.wish(given)


def test_deployment_groups() -> None:
    assert auto_rollback.group_names({"deployment_group": [" prod", "test", "prod"]}) == ["prod", "test"]
    for names in ([], [""], ["prod", " "]):
        with pytest.raises(BadRequest, match="no deployment group is named"):
            auto_rollback.group_names({"deployment_group": names})


def found(info: dict[str, t.Any], params: dict[str, t.Any]) -> list[tuple[str, str]]:
    """Check and severity of what is to be known."""
    subject, wanted = Subject.read(info), auto_rollback.wish(params)
    after = auto_rollback.desired(subject.settings, wanted)
    return [(item.check, item.severity) for item in auto_rollback.findings(subject, after, wanted)]


SUCCEEDED = {"lastSuccessfulDeployment": {"deploymentId": "d-1", "status": "Succeeded"}}


@pytest.mark.parametrize(
    ("info", "params", "expected"),
    [
        (group(**SUCCEEDED), options(enabled=True), []),
        (BARE, options(enabled=True), [("history", "info")]),
        (BARE, options(notifications=[told()]), []),
        # Refused.
        (group(**SUCCEEDED), options(enabled=True, events=[]), [("events", "block")]),
        (group(autoRollbackConfiguration=ROLLS_BACK), options(events=[]), [("events", "block")]),
        (BARE, options(alarms_enabled=True), [("alarms", "block")]),
        (group(alarmConfiguration=WATCHED), options(alarms=[], alarms_enabled=True), [("alarms", "block")]),
        (BARE, options(enabled=True, events=[FAILURE, ALARM]), [("alarms", "block")]),
        (
            group(alarmConfiguration=WATCHED),
            options(enabled=True, events=[ALARM], alarms_enabled=False),
            [("alarms", "block")],
        ),
        # An event without alarms that was there before is told, whoever asks for something else.
        (
            group(autoRollbackConfiguration={"enabled": True, "events": [ALARM]}, **SUCCEEDED),
            options(notifications=[told()]),
            [("alarms", "warn")],
        ),
        (
            group(
                autoRollbackConfiguration={"enabled": True, "events": [ALARM]}, alarmConfiguration=WATCHED, **SUCCEEDED
            ),
            options(alarms=[]),
            [("alarms", "warn")],
        ),
        # Half of what is needed.
        (BARE, options(events=[FAILURE]), [("events", "warn")]),
        (group(**SUCCEEDED), options(enabled=True, events=[FAILURE], alarms=["5xx"]), [("events", "warn")]),
        (group(**SUCCEEDED), options(alarms=["5xx"]), [("events", "info")]),
        (group(**SUCCEEDED), options(enabled=True, alarms=["5xx"]), []),
        (
            group(**SUCCEEDED),
            options(enabled=True, alarms=["5xx"], ignore_poll_alarm_failure=True),
            [("alarms", "info")],
        ),
    ],
)
def test_what_is_to_be_known(info: dict[str, t.Any], params: dict[str, t.Any], expected: list[tuple[str, str]]) -> None:
    assert found(info, params) == expected


@pytest.mark.parametrize("status", [*enum("DeploymentStatus"), "SomethingNew"])
def test_a_deployment_in_flight(status: str) -> None:
    info = group(lastAttemptedDeployment={"deploymentId": "d-2", "status": status}, **SUCCEEDED)
    running = status not in ("Succeeded", "Failed", "Stopped")
    assert found(info, options(enabled=True)) == ([("in_flight", "info")] if running else [])
    # Who changes nothing need not know.
    assert found(info, options(enabled=False)) == []


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ({"5xx": "OK", "slow": "OK"}, []),
        ({"5xx": "ALARM", "slow": "OK"}, [("warn", "5xx is in ALARM now. Until that ends, CodeDeploy stops each ")]),
        ({"5xx": "OK"}, [("warn", "there is no alarm slow in this account and Region")]),
        ("Denied.", [("unknown", "whether the alarms 5xx, slow exist and what state they are in is not known: ")]),
    ],
)
def test_alarms_that_cannot_help(states: dict[str, str] | str, expected: list[tuple[str, str]]) -> None:
    findings = auto_rollback.alarm_findings(Settings.read(group(alarmConfiguration=WATCHED)), states)
    assert [finding.severity for finding in findings] == [severity for severity, _says in expected]
    for finding, (_severity, says) in zip(findings, expected, strict=True):
        assert finding.message.startswith(says)
    off = Settings.read(group(alarmConfiguration={**WATCHED, "enabled": False}))
    assert auto_rollback.alarm_findings(off, states) == ()


@pytest.mark.parametrize(
    ("info", "params", "expected"),
    [
        (BARE, options(enabled=True), "automatic rollback on DEPLOYMENT_FAILURE"),
        (group(autoRollbackConfiguration=ROLLS_BACK), options(enabled=False), "automatic rollback off"),
        (
            BARE,
            options(enabled=True, alarms=["5xx", "slow"], ignore_poll_alarm_failure=True),
            "automatic rollback on DEPLOYMENT_FAILURE, DEPLOYMENT_STOP_ON_ALARM; alarms on: 5xx, slow, also while they "
            "cannot be read",
        ),
        (group(alarmConfiguration=WATCHED), options(alarms_enabled=False), "alarms off"),
        (
            group(triggerConfigurations=[BUILDS]),
            options(notifications=[told(), gone("builds")]),
            f"{TOPIC} gets DeploymentFailure, DeploymentRollback (on-call); notifications removed: builds",
        ),
    ],
)
def test_what_people_are_told(info: dict[str, t.Any], params: dict[str, t.Any], expected: str) -> None:
    present = Settings.read(info)
    assert auto_rollback.told(present, auto_rollback.desired(present, auto_rollback.wish(params))) == expected


def test_what_is_shown() -> None:
    read = Settings.read(
        group(autoRollbackConfiguration=ROLLS_BACK, alarmConfiguration=WATCHED, triggerConfigurations=[ON_CALL, BUILDS])
    )
    assert read.as_dict() == {
        "enabled": True,
        "events": [FAILURE],
        "alarms_enabled": True,
        "alarms": ["5xx", "slow"],
        "ignore_poll_alarm_failure": False,
        "notifications": [
            {"name": "on-call", "topic_arn": TOPIC, "events": ["DeploymentFailure", "DeploymentRollback"]},
            {"name": "builds", "topic_arn": OTHER_TOPIC, "events": ["DeploymentStart"]},
        ],
    }
    assert Settings.read(BARE).as_dict() == Settings().as_dict()


def test_what_comes_to_the_same() -> None:
    read = Settings.read(group(triggerConfigurations=[ON_CALL, BUILDS]))
    assert read.same_as(Settings.read(group(triggerConfigurations=[BUILDS, ON_CALL])))
    assert not read.same_as(Settings.read(BARE))
    assert Notification.read({}) == Notification("", "", ())


def test_botocore_knows_nothing_that_we_do_not() -> None:
    assert set(enum("TriggerEventType")) == set(auto_rollback.NOTIFICATION_EVENTS)
