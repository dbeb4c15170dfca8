# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What docs/events.md shows for AWS: the stack is made in the simulator, and the Terraform file says the same."""

from __future__ import annotations

import json
import operator
import time
import typing as t

import yaml

from tests.e2e import play
from tests.e2e.stage import Stage
from tests.eda.conftest import STACK, TEMPLATE
from tests.eda.rulebook import PYTHON, run

SHAPES = play.ROOT / "tests" / "unit" / "extensions" / "eda" / "plugins" / "event_filter" / "data"
TERRAFORM = play.ROOT / "extensions" / "eda" / "aws" / "main.tf"
# Of the recorded events, those that a rule of the rulebooks is about.
WANTED = {
    "ecs_deployment_failed",
    "ecs_deployment_in_progress",
    "ecs_action_deployment_failed",
    "ecs_hook_waiting",
    "codedeploy_deployment_failure",
    "cloudwatch_alarm",
    "cloudwatch_composite",
    # Whether its actions are suppressed a pattern can say too, but the filter has to know it anyway.
    "cloudwatch_composite_suppressed",
}


def received(stage: Stage, queue: str, count: int) -> list[dict[str, t.Any]]:
    """The messages in the queue, which are deleted: all of them, and at least so many, if they come within a while."""
    sqs = stage.world.client("sqs")
    found: list[dict[str, t.Any]] = []
    until = time.monotonic() + 30
    while True:
        answer = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
        if not answer and (len(found) >= count or time.monotonic() > until):
            break
        for message in answer:
            found.append(json.loads(message["Body"]))
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    return found


def test_what_rules_are_about_reaches_the_queue_and_nothing_else(stage: Stage, queue: str) -> None:
    shapes = {path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in SHAPES.glob("*.yml")}
    events = {name: shape["message"] for name, shape in shapes.items() if shape["ways"] == ["eventbridge"]}
    assert events.keys() >= WANTED
    client = stage.world.client("events")
    for name, event in events.items():
        found = client.put_events(
            Entries=[
                {
                    "Source": event["source"],
                    "DetailType": event["detail-type"],
                    "Resources": event["resources"],
                    "Detail": json.dumps(event["detail"]),
                }
            ]
        )
        assert found["FailedEntryCount"] == 0, name

    def key(event: dict[str, t.Any]) -> tuple[str, str]:
        return event["detail-type"], json.dumps(event["detail"], sort_keys=True)

    assert sorted(map(key, received(stage, queue, len(WANTED)))) == sorted(key(events[name]) for name in WANTED)


def test_only_the_rules_may_write_to_the_queues() -> None:
    """By the text of the template: moto's CloudFormation does not make an AWS::SQS::QueuePolicy."""
    resources = yaml.safe_load(TEMPLATE.read_text(encoding="utf-8"))["Resources"]
    properties = resources["QueuePolicy"]["Properties"]
    queues = [name for name, made in resources.items() if made["Type"] == "AWS::SQS::Queue"]
    rules = [name for name, made in resources.items() if made["Type"] == "AWS::Events::Rule"]
    assert properties["Queues"] == [{"Ref": name} for name in queues]
    [statement] = properties["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Principal"]) == ("Allow", {"Service": "events.amazonaws.com"})
    assert statement["Action"] == "sqs:SendMessage"
    assert statement["Resource"] == [{"Fn::GetAtt": [name, "Arn"]} for name in queues]
    assert statement["Condition"]["ArnEquals"]["aws:SourceArn"] == [{"Fn::GetAtt": [name, "Arn"]} for name in rules]


def test_what_cannot_be_delivered_is_kept(stage: Stage) -> None:
    client = stage.world.client("events")
    for rule in client.list_rules()["Rules"]:
        [target] = client.list_targets_by_rule(Rule=rule["Name"])["Targets"]
        assert target["DeadLetterConfig"]["Arn"].endswith(":lastgood-deployments-undelivered")


def test_the_reader_may_do_what_the_source_does(stage: Stage) -> None:
    [made] = stage.world.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
    [arn] = [output["OutputValue"] for output in made["Outputs"] if output["OutputKey"] == "ReadTheQueue"]
    iam = stage.world.client("iam")
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    document = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
    [statement] = document["Statement"]
    assert set(statement["Action"]) == {"sqs:GetQueueUrl", "sqs:ReceiveMessage", "sqs:DeleteMessage"}


def test_the_template_is_valid() -> None:
    """By cfn-lint, which knows AWS's own schemas of resources."""
    run(PYTHON.parent / "cfn-lint", "--", "extensions/eda/aws/cloudformation.yml")


def test_terraform_says_the_same(stage: Stage) -> None:
    """Its form alone is checked: it is parsed, and its patterns are those of the stack. It was not applied."""
    code = "import hcl2, json, sys; print(json.dumps(hcl2.load(open(sys.argv[1]))))"
    parsed = json.loads(run(PYTHON, "-c", code, TERRAFORM))
    [found] = parsed["locals"]
    texts = {name: text for name, text in found["patterns"].items() if not name.startswith("__")}
    patterns = [json.loads(document(text)) for text in texts.values()]
    client = stage.world.client("events")
    made = [json.loads(rule["EventPattern"]) for rule in client.list_rules()["Rules"]]
    source = operator.itemgetter("source")
    assert sorted(patterns, key=source) == sorted(made, key=source)


def document(text: str) -> str:
    """The JSON of a heredoc, with the alarms that the stack has."""
    lines = [line for line in text.strip().strip('"').splitlines() if "EOT" not in line]
    return "\n".join(lines).replace("${jsonencode(var.alarm_names)}", '["web-5xx", "ServiceAggregatedAlarm"]')
