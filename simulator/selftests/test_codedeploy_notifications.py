# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the triggers of CodeDeploy's deployment groups publish."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lastgood_simulator import Simulator
from selftests.cluster import client
from selftests.code_deploy import ROLLS_BACK, BlueGreen
from selftests.fleet import Fleet

EVENTS = [
    *(f"Deployment{what}" for what in ("Start", "Success", "Failure", "Stop", "Rollback", "Ready")),
    *(f"Instance{what}" for what in ("Start", "Success", "Failure", "Ready")),
]


class Inbox:
    """A topic whose messages arrive in a queue."""

    def __init__(self) -> None:
        self._sqs = client("sqs")
        self._queue = self._sqs.create_queue(QueueName="q")["QueueUrl"]
        asked = self._sqs.get_queue_attributes(QueueUrl=self._queue, AttributeNames=["QueueArn"])
        self.sns = client("sns")
        self.topic = self.sns.create_topic(Name="t")["TopicArn"]
        self.sns.subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint=asked["Attributes"]["QueueArn"])

    def triggers(self, *events: str) -> list[dict[str, Any]]:
        return [{"triggerName": "tell", "triggerTargetArn": self.topic, "triggerEvents": list(events)}]

    def read(self) -> list[dict[str, Any]]:
        """What SNS has put into the queue since the last time."""
        found: list[dict[str, Any]] = []
        while messages := self._sqs.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                found.append(json.loads(message["Body"]))
                self._sqs.delete_message(QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"])
        return found

    def statuses(self) -> list[tuple[str, str]]:
        """(id of the deployment, status of it or of an instance) of what was published."""
        messages = [json.loads(item["Message"]) for item in self.read()]
        return [(item["deploymentId"], item.get("status") or item["instanceStatus"]) for item in messages]


@pytest.fixture
def inbox(sim: Simulator) -> Inbox:
    return Inbox()


def test_a_deployment_that_fails_and_is_rolled_back(sim: Simulator, inbox: Inbox) -> None:
    names = ("DeploymentStart", "DeploymentSuccess", "DeploymentFailure", "DeploymentRollback")
    fleet = Fleet(sim, 1, triggerConfigurations=inbox.triggers(*names), autoRollbackConfiguration=ROLLS_BACK)
    good = fleet.done("a")
    assert inbox.statuses() == [(good, "Created"), (good, "Succeeded")]
    sim.bundle("b" * 40)
    bad = fleet.start("b")
    sim.advance(60)
    messages = inbox.read()
    rollback = fleet.rollback_of(bad)
    (start, failure, rolled_back, _started, success) = [json.loads(item["Message"]) for item in messages]
    info = fleet.info(bad)
    assert failure == {
        "region": "us-east-1",
        "accountId": "123456789012",
        "eventTriggerName": "tell",
        "applicationName": "app",
        "deploymentId": bad,
        "deploymentGroupName": "group",
        "createTime": f"{info['createTime'].timestamp():.3f}",
        "completeTime": f"{info['completeTime'].timestamp():.3f}",
        "deploymentOverview": {
            "Failed": "1",
            "InProgress": "0",
            "Pending": "0",
            "Ready": "0",
            "Skipped": "0",
            "Succeeded": "0",
        },
        "status": "Failed",
        "errorInformation": {
            "ErrorCode": "HEALTH_CONSTRAINTS",
            "ErrorMessage": info["errorInformation"]["message"],
        },
    }
    assert "completeTime" not in start
    assert (rolled_back["deploymentId"], success["deploymentId"]) == (rollback, rollback)
    assert rolled_back["rollbackInformation"] == {"RollbackTriggeringDeploymentId": bad}
    assert messages[1]["Subject"] == f"FAILED: AWS CodeDeploy {bad} in us-east-1 to app"
    assert (messages[1]["Type"], messages[1]["TopicArn"]) == ("Notification", inbox.topic)


def test_instances(sim: Simulator, inbox: Inbox) -> None:
    fleet = Fleet(sim, 2, triggerConfigurations=inbox.triggers("InstanceStart", "InstanceSuccess", "InstanceFailure"))
    sim.bundle("a" * 40, instances=[fleet.ids[1]], event="Install")
    fleet.done("a")
    messages = [json.loads(item["Message"]) for item in inbox.read()]
    assert [item["instanceStatus"] for item in messages] == ["InProgress", "Succeeded", "InProgress", "Failed"]
    last = messages[-1]
    assert last["instanceId"] == f"arn:aws:ec2:us-east-1:123456789012:instance/{fleet.ids[1]}"
    events = last["lifecycleEvents"]
    assert set(events[0]) == {"LifecycleEvent", "LifecycleEventStatus", "StartTime", "EndTime"}
    assert [event["LifecycleEventStatus"] for event in events][3:] == ["Failed", "Skipped", "Skipped", "Skipped"]
    assert float(last["lastUpdatedAt"]) == float(events[3]["EndTime"])


def test_only_what_a_trigger_asks_for_and_only_to_topics_that_exist(sim: Simulator, inbox: Inbox) -> None:
    gone = {"triggerName": "gone", "triggerTargetArn": inbox.topic + "x", "triggerEvents": EVENTS}
    fleet = Fleet(sim, 1, triggerConfigurations=[*inbox.triggers("DeploymentStop"), gone])
    stopped = fleet.start("a")
    fleet.codedeploy.stop_deployment(deploymentId=stopped)
    fleet.done("a")
    assert inbox.statuses() == [(stopped, "Stopped")]
    fleet.update(triggerConfigurations=[])
    fleet.codedeploy.stop_deployment(deploymentId=fleet.start("a"))
    assert inbox.read() == []


def test_deployments_to_a_service_are_told_too(sim: Simulator, blue_green: BlueGreen, inbox: Inbox) -> None:
    wait = {"actionOnTimeout": "STOP_DEPLOYMENT", "waitTimeInMinutes": 60}
    blue_green.ready(**wait)
    blue_green.codedeploy.update_deployment_group(
        applicationName="app", currentDeploymentGroupName="group", triggerConfigurations=inbox.triggers(*EVENTS)
    )
    started = blue_green.start()
    sim.advance(120)
    blue_green.codedeploy.continue_deployment(deploymentId=started)
    sim.advance(420)
    assert inbox.statuses() == [(started, "Created"), (started, "Ready"), (started, "Succeeded")]


def test_anybody_may_publish(inbox: Inbox) -> None:
    inbox.sns.publish(TopicArn=inbox.topic, Subject="s", Message="m")
    (message,) = inbox.read()
    assert (message["Subject"], message["Message"]) == ("s", "m")
