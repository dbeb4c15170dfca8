# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._notify import message

TOPIC = "arn:aws:sns:eu-central-1:123456789012:on-call"
TASK_DEFINITION = "arn:aws:ecs:eu-central-1:123456789012:task-definition/"


def result(outcome: str = "rolled_back", service: str = "web", **more: t.Any) -> dict[str, t.Any]:
    """What ecs_rollback returns for a service, as far as it matters here."""
    return {
        "cluster": "prod",
        "service": service,
        "outcome": outcome,
        "left": f"{TASK_DEFINITION}{service}:43",
        "target": {"task_definition": f"{TASK_DEFINITION}{service}:41", "status": "ACTIVE"},
        "reason": "in service with 4 of 4 tasks",
        "before": {"task_definition": f"{TASK_DEFINITION}{service}:43"},
        "diagnosis": {"events": ["what a program has logged"]},
        **more,
    }


def told(*results: dict[str, t.Any], **more: t.Any) -> dict[str, t.Any]:
    return message.message(message.Run(id="run-1", results=results, **more))


@pytest.mark.parametrize(
    ("arn", "region", "fifo"),
    [
        (TOPIC, "eu-central-1", False),
        (f" {TOPIC} ", "eu-central-1", False),
        ("arn:aws:sns:us-west-2:123456789012:on_call-2.fifo", "us-west-2", True),
        ("arn:aws-cn:sns:cn-north-1:123456789012:a", "cn-north-1", False),
        ("arn:aws-us-gov:sns:us-gov-west-1:123456789012:a", "us-gov-west-1", False),
    ],
)
def test_a_topic_is_where_its_arn_says(arn: str, region: str, fifo: bool) -> None:
    topic = message.Topic.of(arn)
    assert (topic.arn, topic.region, topic.fifo) == (arn.strip(), region, fifo)


@pytest.mark.parametrize(
    "arn",
    [
        "",
        "on-call",
        "arn:aws:sns:eu-central-1:123456789012",
        "arn:aws:sns:eu-central-1:123456789012:",
        f"{TOPIC}:5be8f5b2-6a4f-4a33-9d3a-subscription",
        "arn:aws:sns::123456789012:on-call",
        "arn:aws:sqs:eu-central-1:123456789012:on-call",
        "arn:aws:sns:eu-central-1:12345:on-call",
        f"{TOPIC}.fif",
        f"{TOPIC} x",
    ],
)
def test_what_is_no_topic(arn: str) -> None:
    with pytest.raises(message.BadTopic, match="must be the ARN of an SNS topic"):
        message.Topic.of(arn)


def test_a_message_says_who_what_where_and_why() -> None:
    assert told(
        result(), summary="[web] rolled_back", reason="500s since 13:52", account="123456789012", region="eu-central-1"
    ) == {
        "source": "lastgood.aws",
        "run_id": "run-1",
        "outcome": "rolled_back",
        "summary": "[web] rolled_back",
        "still_suspended": None,
        "reason": "500s since 13:52",
        "account": "123456789012",
        "region": "eu-central-1",
        "results": [
            {
                "cluster": "prod",
                "service": "web",
                "outcome": "rolled_back",
                "from": f"{TASK_DEFINITION}web:43",
                "to": f"{TASK_DEFINITION}web:41",
                "reason": "in service with 4 of 4 tasks",
            }
        ],
        "results_left_out": 0,
    }


@pytest.mark.parametrize(
    ("more", "ends"),
    [
        ({}, ("web:43", "web:41")),
        # Nothing was left, so it is on what it was on.
        ({"left": None}, ("web:43", "web:41")),
        ({"left": None, "before": None}, (None, "web:41")),
        ({"target": None}, ("web:43", None)),
        # As ecs_rollback_info tells of it.
        (
            {
                "left": None,
                "before": None,
                "current": {"task_definition": f"{TASK_DEFINITION}web:43"},
                "target": {"task_definition": f"{TASK_DEFINITION}web:41", "pinned": False},
            },
            ("web:43", "web:41"),
        ),
    ],
)
def test_from_and_to(more: dict[str, t.Any], ends: tuple[str | None, str | None]) -> None:
    [item] = told(result(**more))["results"]
    expected = tuple(end and f"{TASK_DEFINITION}{end}" for end in ends)
    assert (item["from"], item["to"]) == expected


def redeployed(**more: t.Any) -> dict[str, t.Any]:
    """What codedeploy_redeploy returns, as far as it matters here."""
    return {
        "application": "shop",
        "deployment_group": "prod",
        "outcome": "rolled_back",
        "deployment_id": "d-4KAMTWJPI",
        "target": {"revisionType": "S3", "s3Location": {"bucket": "bundles", "key": "web-1.zip"}},
        "target_name": "s3://bundles/web-1.zip",
        "before": {
            "revision": {"revisionType": "S3"},
            "revision_name": "s3://bundles/web-2.zip",
            "status": "Succeeded",
        },
        "reason": "d-4KAMTWJPI has succeeded",
        **more,
    }


def test_a_deployment_group() -> None:
    document = told(redeployed())
    assert document["results"] == [
        {
            "application": "shop",
            "deployment_group": "prod",
            "deployment_id": "d-4KAMTWJPI",
            "outcome": "rolled_back",
            "from": "s3://bundles/web-2.zip",
            "to": "s3://bundles/web-1.zip",
            "reason": "d-4KAMTWJPI has succeeded",
        }
    ]
    assert message.subject(document) == "rolled_back: shop/prod web-2.zip -> web-1.zip"


@pytest.mark.parametrize(
    ("left", "target", "expected"),
    [
        ("web-2.zip (version 3sL4)", "web-1.zip (version 9f2a)", "web-2.zip -> web-1.zip"),
        ("web.zip (version 3sL4)", "web.zip (version 9f2a)", "web.zip (version 3sL4) -> web.zip (version 9f2a)"),
        ("github acme/web@3f2a1c9", "github acme/web@77aa012", "web@3f2a1c9 -> web@77aa012"),
    ],
)
def test_a_subject_names_versions_where_they_are_the_difference(left: str, target: str, expected: str) -> None:
    document = told(redeployed(before={"revision_name": f"s3://bundles/{left}"}, target_name=f"s3://bundles/{target}"))
    assert message.subject(document) == f"rolled_back: shop/prod {expected}"


def test_a_deployment_group_that_could_not_be_read() -> None:
    refused = redeployed(outcome="refused", deployment_id=None, target=None, target_name=None, before=None)
    [item] = told(refused)["results"]
    assert (item["from"], item["to"], "deployment_id" in item) == (None, None, False)


@pytest.mark.parametrize(
    ("outcomes", "worst"),
    [
        ([], "failed"),
        (["unchanged"], "unchanged"),
        (["rolled_back", "unchanged"], "rolled_back"),
        (["rolled_back", "failed", "unchanged"], "failed"),
        (["failed", "rollback_failed"], "rollback_failed"),
        (["refused", "timeout"], "timeout"),
        (["refused", "superseded"], "superseded"),
        (["timeout", "lost_contact", "refused"], "lost_contact"),
        (["lost_contact", "superseded"], "superseded"),
        (["started", "refused"], "refused"),
        # Whatever nobody has thought of is looked at first.
        (["rollback_failed", "exploded"], "exploded"),
        # It was planned, and the run ended before it could begin.
        (["planned"], "not_attempted"),
    ],
)
def test_the_worst_comes_first(outcomes: list[str], worst: str) -> None:
    document = told(*(result(outcome) for outcome in outcomes))
    assert document["outcome"] == worst
    assert [item["outcome"] for item in document["results"]][:1] == [worst] * bool(outcomes)


def test_what_was_logged_is_not_told() -> None:
    assert "logged" not in json.dumps(told(result("failed")))


def test_texts_of_others_are_cleaned() -> None:
    hostile = "no\x1b[2J such image\n[web] rolled_back"
    sent = told(result("failed", reason=hostile), summary=hostile, reason=hostile)
    tamed = "no such image [web] rolled_back"
    assert (sent["results"][0]["reason"], sent["summary"], sent["reason"]) == (tamed, tamed, tamed)


def test_a_large_run_fits_into_a_message() -> None:
    """256 KiB: https://docs.aws.amazon.com/sns/latest/dg/large-message-payloads.html."""
    fine = [result(service=f"{'s' * 250}-{number}", reason="→" * 9999) for number in range(999)]
    document = told(*fine, result("failed", service="web"), summary="→" * 9999, reason="→" * 9999)
    assert (document["outcome"], document["results"][0]["service"]) == ("failed", "web")
    assert (len(document["results"]), document["results_left_out"]) == (50, 950)
    sent = message.request(message.Topic.of(TOPIC), document)
    assert len(sent["Message"].encode()) < 256 * 1024
    assert message.subject(document) == "failed: 1 failed, 49 rolled_back and 950 more"


def test_a_rollback_that_was_only_planned_says_so() -> None:
    [item] = told(result("planned", reason="SUCCESSFUL at 2026-11-14 09:12:40 UTC"))["results"]
    assert item["reason"] == "the run ended before anything was done for it"


def test_a_subject_of_a_run_without_results() -> None:
    assert message.subject(told()) == "failed: the rollback did not begin"
    assert message.subject(told(summary="No Region\nwas found")) == "failed: No Region was found"


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        ([result()], "rolled_back: prod/web web:43 -> web:41"),
        ([result("refused", target=None)], "refused: prod/web web:43"),
        ([result("refused", left=None, before=None, target=None)], "refused: prod/web"),
        ([result(), result("failed", "api"), result()], "failed: 1 failed, 2 rolled_back"),
        ([result(service="wéb\n")], "rolled_back: prod/w?b w?b :43 -> w?b :41"),
    ],
)
def test_a_subject(results: list[dict[str, t.Any]], expected: str) -> None:
    assert message.subject(told(*results)) == expected


def test_a_subject_has_less_than_100_characters() -> None:
    line = message.subject(told(result(service="s" * 90)))
    assert (len(line), line[-3:]) == (99, "...")


def test_a_request_can_be_filtered_by_outcome() -> None:
    sent = message.request(message.Topic.of(TOPIC), told(result()))
    assert set(sent) == {"TopicArn", "Subject", "Message", "MessageAttributes"}
    assert sent["MessageAttributes"] == {"outcome": {"DataType": "String", "StringValue": "rolled_back"}}
    assert json.loads(sent["Message"]) == told(result())


def test_a_fifo_topic_drops_a_second_message_of_one_run() -> None:
    sent = message.request(message.Topic.of(f"{TOPIC}.fifo"), told(result()))
    assert (sent["MessageGroupId"], sent["MessageDeduplicationId"]) == ("lastgood.aws", "run-1")
