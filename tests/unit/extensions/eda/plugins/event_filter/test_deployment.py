# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each event that AWS documents, on each way that it can take, becomes the same thing; nothing else gets through."""

from __future__ import annotations

import copy
import json
import runpy
import typing as t
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[6]
# By its path, as ansible-rulebook runs it.
FILTER = runpy.run_path(str(ROOT / "extensions" / "eda" / "plugins" / "event_filter" / "deployment.py"))
main = FILTER["main"]
SHAPES = {
    path.stem: yaml.safe_load(path.read_text(encoding="utf-8"))
    for path in sorted((Path(__file__).parent / "data").glob("*.yml"))
}
META = {"MessageId": "5f0c9ba8-5a8d-4a0c-8f6e-1f9d2a3b4c5d", "event": {"uuid": "5f0c9ba8-5a8d-4a0c-8f6e-1f9d2a3b4c5d"}}


def from_sns(message: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html#http-notification-json"""
    return {
        "Type": "Notification",
        "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
        "TopicArn": "arn:aws:sns:us-west-2:123456789012:MyTopic",
        "Subject": "My First Message",
        "Message": json.dumps(message),
        "Timestamp": "2012-05-02T00:54:06.655Z",
        "SignatureVersion": "1",
        "Signature": "EXAMPLEw6JRN...",
        "SigningCertURL": "https://sns.us-west-2.amazonaws.com/SimpleNotificationService-f3ecfb7224c7233fe7bb5f59f96de52f.pem",
        "UnsubscribeURL": "https://sns.us-west-2.amazonaws.com/?Action=Unsubscribe",
    }


# By what the source says, and what the filter calls it. Raw message delivery of SNS looks as if there were no SNS.
WAYS: t.Final[dict[str, t.Callable[[dict[str, t.Any]], dict[str, t.Any]]]] = {
    "sqs": lambda message: {"body": message, "meta": META},
    "sqs+sns": lambda message: {"body": from_sns(message), "meta": META},
    "webhook": lambda message: {"payload": message, "meta": {"endpoint": "endpoint", "headers": {}}},
    "webhook+sns": lambda message: {"payload": from_sns(message), "meta": {"endpoint": "endpoint", "headers": {}}},
    "": lambda message: {**message, "meta": {}},
}
WRONG = (None, 5, -1.5e300, True, [], ["x"], {}, {"x": 1}, "", "x" * 5000, "{{ 7 * 7 }}", "\x1b[2J", "\ud800")
EVERY = [(name, way) for name in SHAPES for way in WAYS]


def deployment(event: t.Any) -> dict[str, str]:
    found = main(event)
    assert "set_aside" not in found, found
    return dict(found["deployment"])


def set_aside(event: t.Any) -> tuple[str, str]:
    found = main(event)
    assert "deployment" not in found
    assert set(found["set_aside"]) == {"why", "text"}
    return found["set_aside"]["why"], found["set_aside"]["text"]


def shape(name: str) -> dict[str, t.Any]:
    return copy.deepcopy(SHAPES[name]["message"])


@pytest.mark.parametrize(("name", "way"), EVERY)
def test_each_event_on_each_way(name: str, way: str) -> None:
    expected = {key: "" for key in FILTER["KEYS"]} | SHAPES[name]["expect"] | {"wrapper": way}
    if SHAPES[name]["ways"] == ["sns"] and way.endswith("sns"):
        # It has no id of its own, so it gets that of the message, which is the same if the message comes twice.
        expected["id"] = "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324"
    assert deployment(WAYS[way](shape(name))) == expected


@pytest.mark.parametrize(("name", "way"), EVERY)
def test_the_message_itself_is_dropped_and_its_meta_kept(name: str, way: str) -> None:
    event = WAYS[way](shape(name))
    assert main(event) == {"deployment": main(event)["deployment"], "meta": event["meta"]}


def test_there_is_a_shape_for_each_type_and_state() -> None:
    seen = {(found["expect"]["kind"], found["expect"]["platform"]) for found in SHAPES.values()}
    assert seen == {
        ("deployment", "ecs"),
        ("service", "ecs"),
        ("hook", "ecs"),
        ("deployment", "codedeploy"),
        ("instance", "codedeploy"),
        ("alarm", "cloudwatch"),
    }
    states = {found["expect"]["state"] for found in SHAPES.values()}
    for table in ("_ECS_DEPLOYMENT", "_ECS_HOOK", "_ECS_ACTION", "_CODEDEPLOY", "_ALARM"):
        assert set(FILTER[table].values()) <= states, table


def test_each_shape_has_its_source() -> None:
    for path in (Path(__file__).parent / "data").glob("*.yml"):
        assert (
            "https://docs.aws.amazon.com/" in (text := path.read_text(encoding="utf-8"))
            or "https://github.com/aws/" in text
        )


def test_an_event_that_was_encoded_twice() -> None:
    message = shape("ecs_deployment_failed")
    assert deployment({"body": json.dumps(json.dumps(message))})["state"] == "failed"


@pytest.mark.parametrize(
    ("event", "text"),
    [
        ({"body": "not JSON at all"}, "it is not JSON: not JSON at all"),
        ({"body": '{"detail-type": "ECS Depl'}, 'it is not JSON: {"detail-type": "ECS Depl'),
        ({"body": ""}, "it is not JSON:"),
        ({"body": None}, "it is NoneType, not a JSON object"),
        ({"body": [1, 2]}, "it is list, not a JSON object"),
        ({"body": "17"}, "it is int, not a JSON object"),
        ({"body": "[" * 100_000}, "it is not JSON: " + "[" * 80),
        ({"payload": True}, "it is bool, not a JSON object"),
        ("a text", "the source sent str, not a dictionary"),
        (None, "the source sent NoneType, not a dictionary"),
        ([], "the source sent list, not a dictionary"),
    ],
)
def test_what_is_no_json_object_is_malformed(event: t.Any, text: str) -> None:
    assert set_aside(event) == ("malformed", text)


@pytest.mark.parametrize("shape_name", list(SHAPES))
def test_no_event_that_lacks_something_or_has_something_else_crashes_the_filter(shape_name: str) -> None:
    message = shape(shape_name)
    places = [(message, key) for key in message]
    places += [(inner, key) for inner in list(message.values()) if isinstance(inner, dict) for key in inner]
    for holder, key in places:
        kept = holder.pop(key)
        main({"body": message})
        for wrong in (
            None,
            5,
            -1.5e300,
            [],
            ["x"],
            {},
            {"x": 1},
            "",
            "x" * 5000,
            "{{ 7 * 7 }}",
            "\x1b[2J",
            "\ud800",
            True,
        ):
            holder[key] = wrong
            found = main({"body": message})
            assert ("deployment" in found) != ("set_aside" in found)
            # What is foreign is handed on as it came.
            text = json.dumps({key: value for key, value in found.items() if key != "body"})
            assert "{{" not in text.replace("}}", "")
            assert "\\u001b" not in text
            assert "\\ud800" not in text
            assert len(text) < 4000
        holder[key] = kept
    assert deployment({"body": message})


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"resources": []}, "no ARN does not name a service of ECS"),
        ({"resources": None}, "no ARN does not name a service of ECS"),
        ({"resources": [7, "arn:aws:ecs:eu-central-1:1:service/a b/c"]}, "service/a b/c does not name"),
        ({"resources": ["arn:aws:ecs:us-west-2:111122223333:service/{{ x }}/web"]}, "does not name a service of ECS"),
        ({"account": "1234"}, "its account is 1234"),
        ({"region": "Frankfurt"}, "its region is Frankfurt"),
        ({"id": None}, "its id is None"),
        ({"detail": "text"}, "ECS Deployment State Change without a detail"),
    ],
)
def test_ours_without_what_it_has_to_have_is_malformed(change: dict[str, t.Any], text: str) -> None:
    why, said = set_aside({"body": {**shape("ecs_deployment_failed"), **change}})
    assert why == "malformed"
    assert text in said


def test_the_deployment_that_it_is_about_must_be_named() -> None:
    message = shape("ecs_deployment_failed")
    del message["detail"]["deploymentId"]
    assert set_aside({"body": message}) == ("malformed", "its deploymentId is None")


@pytest.mark.parametrize(
    "body",
    [
        {"version": "0", "detail-type": "EC2 Instance State-change Notification", "source": "aws.ec2", "detail": {}},
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
        {"Records": [{"eventSource": "aws:s3", "eventName": "ObjectCreated:Put"}]},
        {"text": "hello"},
        {},
    ],
)
def test_an_event_of_others_is_foreign_and_keeps_what_it_had(body: dict[str, t.Any]) -> None:
    event = {"body": body, "meta": META}
    assert set_aside(event)[0] == "foreign"
    assert main(event)["body"] == body
    assert main(event)["meta"] == META


def test_a_message_of_a_topic_that_is_not_json_is_foreign() -> None:
    event = {"body": {**from_sns({}), "Message": "lunch is ready"}}
    assert set_aside(event) == (
        "foreign",
        "a message of the topic arn:aws:sns:us-west-2:123456789012:MyTopic that is not JSON",
    )


def test_what_ecs_may_say_one_day_is_unknown() -> None:
    message = shape("ecs_deployment_failed")
    message["detail"]["eventName"] = "SERVICE_DEPLOYMENT_RECONSIDERED"
    why, text = set_aside({"body": message})
    assert (why, "SERVICE_DEPLOYMENT_RECONSIDERED" in text) == ("unknown", True)
    message["detail-type"] = "ECS Task State Change"
    assert set_aside({"body": message}) == (
        "unknown",
        "it is of the type ECS Task State Change, which is none about a deployment or an alarm",
    )


def test_a_short_arn_without_its_cluster_is_unknown() -> None:
    message = {**shape("ecs_deployment_failed"), "resources": ["arn:aws:ecs:us-west-2:111122223333:service/web"]}
    assert set_aside({"body": message}) == (
        "unknown",
        "the ARN of the service web has the old short form, without its cluster",
    )


def test_a_topic_that_wants_to_be_confirmed() -> None:
    # https://docs.aws.amazon.com/sns/latest/dg/http-subscription-confirmation-json.html
    body = {"Type": "SubscriptionConfirmation", "TopicArn": "arn:aws:sns:us-west-2:1:T", "SubscribeURL": "https://…"}
    assert set_aside({"payload": body}) == (
        "unknown",
        "SNS asks to confirm the subscription to arn:aws:sns:us-west-2:1:T: somebody has to open its SubscribeURL",
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("{{ lookup('pipe', 'id') }}", "{ { lookup('pipe', 'id') } }"),
        ("{%set x%}{#c#}", "{ %set x% }{ #c# }"),
        ("{{{{", "{ { { {"),
        ("two\nlines\tand \x1b[31mred\x1b[0m", "two lines and [31mred [0m"),
        ("right\u202eleft", "right left"),
        ("x" * 600, "x" * 500),
    ],
)
def test_text_of_others_is_one_harmless_line(text: str, expected: str) -> None:
    assert FILTER["clean"](text) == expected


def test_a_reason_is_no_template() -> None:
    message = shape("ecs_deployment_failed")
    message["detail"]["reason"] = "CannotPullContainerError: {{ lookup('pipe', 'id') }}"
    assert deployment({"body": message})["reason"] == "CannotPullContainerError: { { lookup('pipe', 'id') } }"


def test_a_name_that_is_a_template_is_refused() -> None:
    message = shape("codedeploy_deployment_failure")
    message["detail"]["application"] = "{{ lookup('pipe', 'id') }}"
    assert set_aside({"body": message}) == ("malformed", "its application is a template")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-03-05T15:54:41.618059641Z", "2026-03-05T15:54:41Z"),
        ("2022-07-22T15:57:45.394+0000", "2022-07-22T15:57:45Z"),
        ("2022-07-22T17:57:45+02:00", "2022-07-22T15:57:45Z"),
        ("1446744190.402", "2015-11-05T17:23:10Z"),
        (1446744190, "2015-11-05T17:23:10Z"),
        ("Thu Oct 13 15:59:37 UTC 2022", "2022-10-13T15:59:37Z"),
        ("2026-13-45T99:99:99Z", ""),
        ("yesterday", ""),
        ("nan", ""),
        ("1e300", ""),
        ("", ""),
        (None, ""),
        ([], ""),
    ],
)
def test_each_form_of_a_time(value: t.Any, expected: str) -> None:
    assert FILTER["moment"](value) == expected


def test_the_filter_needs_nothing_but_the_standard_library() -> None:
    source = (ROOT / "extensions" / "eda" / "plugins" / "event_filter" / "deployment.py").read_text(encoding="utf-8")
    imported = {line.split()[1] for line in source.splitlines() if line.startswith(("import ", "from "))}
    assert imported == {"__future__", "json", "re", "typing", "datetime"}
