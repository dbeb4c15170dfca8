# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A change for one deployment only is written down before it is made, and undone when that is safe."""

from __future__ import annotations

import dataclasses
import json
import random
import re
import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.deployments import Standing
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.ecs import overriding
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.ecs.write import Update
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import Plan
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Service
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import (
    FakeAws,
    deployment,
    planned,
    raw_service,
    refused_by_aws,
    service,
    told,
)

CANARY: t.Final = {"strategy": "CANARY", "bakeTimeInMinutes": 10, "canaryConfiguration": {"canaryPercent": 5.0}}
SKIPPED: t.Final = {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 0}
BACK: t.Final = {"strategy": "CANARY", "bakeTimeInMinutes": 10, "canaryConfiguration": {"canaryPercent": 5.0}}
RECORD: t.Final = overriding.tags_for(CANARY) or {}


def on(**changes: t.Any) -> Service:
    return service(deployment(42, "ecs-svc/42"), strategy="CANARY", configuration=CANARY, **changes)


def plan_for(where: Service, override: t.Mapping[str, t.Any]) -> Plan:
    made = planned(where, told(41, 42))
    return dataclasses.replace(made, way=dataclasses.replace(made.way, change=Update(override=override)))


def seen(where: Service, configuration: t.Mapping[str, t.Any], **changes: t.Any) -> dict[str, t.Any]:
    raw = raw_service(dataclasses.replace(where, **changes))
    return {"services": [{**raw, "deploymentConfiguration": dict(configuration)}], "failures": []}


# -- before the deployment


def test_what_has_to_be_put_back_is_written_down_first() -> None:
    aws = FakeAws(tag_resource={})
    assert overriding.prepare(aws, plan_for(on(), SKIPPED)) == (SKIPPED, overriding.Written(RECORD), ())
    [request] = aws.sent("tag_resource")
    assert {tag["key"]: tag["value"] for tag in request["tags"]} == RECORD
    assert overriding.recorded_in(RECORD) == BACK


@pytest.mark.parametrize(
    ("override", "tags"),
    [
        ({}, {}),
        # The tags hold what the service had before the run that was killed.
        (SKIPPED, RECORD),
    ],
    ids=["nothing to change", "a record of a run that was killed"],
)
def test_nothing_is_written_without_a_change_or_over_an_older_record(
    override: dict[str, t.Any], tags: dict[str, str]
) -> None:
    aws = FakeAws()
    assert overriding.prepare(aws, plan_for(on(tags=tags), override)) == (override, overriding.Written(), ())
    assert aws.requests == []


def test_without_a_record_nothing_is_changed() -> None:
    aws = FakeAws(tag_resource=refused_by_aws("TagResource"))
    override, _written, [finding] = overriding.prepare(aws, plan_for(on(), SKIPPED))
    assert (override, finding.check, finding.severity) == ({}, "fast", "warn")
    assert "could not be undone after a crash" in finding.message
    assert "ecs:TagResource" in finding.message


def test_a_configuration_that_does_not_fit_into_tags_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overriding, "tags_for", lambda _configuration: None)
    aws = FakeAws()
    override, _written, [finding] = overriding.prepare(aws, plan_for(on(), SKIPPED))
    assert (override, "too large for the tags" in finding.message, aws.requests) == ({}, True, [])


# -- after it


def test_the_configuration_is_put_back_and_the_record_removed() -> None:
    after = on(tags=RECORD)
    aws = FakeAws(
        describe_services=seen(after, SKIPPED), update_service={"service": raw_service(after)}, untag_resource={}
    )
    done = overriding.restore(aws, after, plan_for(on(), SKIPPED), "ended")
    assert (done.changed, [f.severity for f in done.findings]) == (True, ["info"])
    [update] = aws.sent("update_service")
    assert update["deploymentConfiguration"] == BACK
    [untag] = aws.sent("untag_resource")
    assert untag["tagKeys"] == sorted(RECORD)


def test_tags_that_were_written_after_the_service_was_read_are_found() -> None:
    before = on()
    aws = FakeAws(
        describe_services=seen(before, SKIPPED, tags=RECORD),
        update_service={"service": raw_service(before)},
        untag_resource={},
    )
    assert overriding.restore(aws, before, plan_for(on(), SKIPPED), "ended").changed
    assert aws.sent("untag_resource")[0]["tagKeys"] == sorted(RECORD)


@pytest.mark.parametrize(
    ("shown", "is_changed", "writes"),
    [
        # AWS took it a moment ago, and shows what was before.
        (CANARY, True, ["update_service", "untag_resource"]),
        # The write was refused.
        (CANARY, False, ["untag_resource"]),
        (SKIPPED, True, ["update_service", "untag_resource"]),
    ],
)
def test_what_this_run_has_written_counts_before_aws_shows_it(
    shown: dict[str, t.Any], is_changed: bool, writes: list[str]
) -> None:
    before = on()
    aws = FakeAws(
        describe_services=seen(before, shown), update_service={"service": raw_service(before)}, untag_resource={}
    )
    written = overriding.Written(RECORD, is_changed)
    done = overriding.restore(aws, before, plan_for(on(), SKIPPED), "ended", written)
    assert ([name for name, _params in aws.requests][1:], done.changed) == (writes, is_changed)
    assert aws.sent("untag_resource")[0]["tagKeys"] == sorted(RECORD)


def test_what_is_right_already_is_not_written_again() -> None:
    after = on(tags=RECORD)
    aws = FakeAws(describe_services=seen(after, CANARY), untag_resource={})
    assert overriding.restore(aws, after, None, "ended").changed
    assert [name for name, _params in aws.requests] == ["describe_services", "untag_resource"]


def test_nothing_is_asked_if_nothing_was_changed() -> None:
    aws = FakeAws()
    done = overriding.restore(aws, on(), plan_for(on(), {}), "ended")
    assert (done.findings, done.changed, aws.requests) == ((), False, [])


def test_if_contact_was_lost_the_next_run_is_left_to_do_it() -> None:
    aws = FakeAws()
    done = overriding.restore(aws, on(tags=RECORD), None, "lost")
    [finding] = done.findings
    assert (done.changed, finding.severity, "not yet what it was" in finding.message) == (False, "warn", True)
    assert aws.requests == []


@pytest.mark.parametrize(
    ("state", "rollout", "waits"),
    [
        ("going", "COMPLETED", True),
        ("not_ours", "IN_PROGRESS", True),
        ("not_ours", "COMPLETED", False),
        # Ours has ended; a deployment that began since then is not held to what is put back.
        ("ended", "IN_PROGRESS", False),
    ],
)
def test_a_deployment_that_may_still_take_it_over_is_waited_for(state: Standing, rollout: str, waits: bool) -> None:
    after = on(tags=RECORD)
    now = seen(after, SKIPPED, deployments=(deployment(42, "ecs-svc/42", rollout=rollout),))
    aws = FakeAws(describe_services=now, update_service={"service": raw_service(after)}, untag_resource={})
    done = overriding.restore(aws, after, None, state)
    assert done.changed is not waits
    assert bool(aws.sent("update_service")) is not waits


def test_another_run_was_faster() -> None:
    aws = FakeAws(describe_services=seen(on(), CANARY))
    done = overriding.restore(aws, on(tags=RECORD), None, "ended")
    assert (done.findings, done.changed) == ((), False)


def test_a_record_that_cannot_be_read_changes_nothing() -> None:
    odd = on(tags=dict.fromkeys(RECORD, "?"))
    aws = FakeAws(describe_services=seen(odd, SKIPPED))
    done = overriding.restore(aws, odd, None, "ended")
    [finding] = done.findings
    assert (done.changed, finding.severity) == (False, "warn")
    assert finding.message.endswith("the deployment configuration was left as it is")


def test_a_write_that_is_refused_is_left_to_the_next_run() -> None:
    after = on(tags=RECORD)
    aws = FakeAws(describe_services=seen(after, SKIPPED), update_service=refused_by_aws("UpdateService"))
    done = overriding.restore(aws, after, None, "ended")
    [finding] = done.findings
    assert (done.changed, finding.message.endswith("The next run puts it back")) == (False, True)
    assert aws.sent("untag_resource") == []


def test_a_record_that_stays_is_named_with_its_tags() -> None:
    after = on(tags=RECORD)
    aws = FakeAws(
        describe_services=seen(after, SKIPPED),
        update_service={"service": raw_service(after)},
        untag_resource=refused_by_aws("UntagResource"),
    )
    done = overriding.restore(aws, after, None, "ended")
    [finding] = done.findings
    assert (done.changed, finding.severity) == (True, "warn")
    assert f"remove the tags {', '.join(sorted(RECORD))} of the service" in finding.message


PAUSE = {"targetType": "PAUSE", "lifecycleStages": ["POST_SCALE_UP"]}
CHECK = {
    "targetType": "AWS_LAMBDA",
    "hookTargetArn": "arn:aws:lambda:eu-central-1:123456789012:function:check",
    "roleArn": "arn:aws:iam::123456789012:role/hooks",
    "lifecycleStages": ["POST_TEST_TRAFFIC_SHIFT"],
}
# Before 2026 a hook had no targetType: all of them were Lambda functions.
OLD_CHECK = {key: value for key, value in CHECK.items() if key != "targetType"}
LINEAR = {"stepPercent": 10.0, "stepBakeTimeInMinutes": 6}
STEPS = {"canaryPercent": 5.0, "canaryBakeTimeInMinutes": 10}
# Each with something to skip.
STRATEGIES: list[dict[str, t.Any]] = [
    {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 10, "lifecycleHooks": [PAUSE, CHECK]},
    {"strategy": "LINEAR", "linearConfiguration": LINEAR},
    {"strategy": "CANARY", "canaryConfiguration": STEPS, "lifecycleHooks": [CHECK] * 8 + [PAUSE]},
    {"strategy": "BLUE_GREEN", "lifecycleHooks": [{**PAUSE, "hookDetails": {"note": "größer als 5 €?"}}]},
]
BREAKER = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}, "minimumHealthyPercent": 100}


@pytest.mark.parametrize(
    ("configuration", "changes"),
    [
        ({}, {}),
        ({"strategy": "ROLLING", **BREAKER}, {}),
        ({"strategy": "ROLLING", "bakeTimeInMinutes": 5}, {"bakeTimeInMinutes": 0}),
        ({"strategy": "BLUE_GREEN"}, {}),
        ({"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 0, "lifecycleHooks": []}, {}),
        ({"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 10}, {"bakeTimeInMinutes": 0}),
        ({"strategy": "LINEAR", "linearConfiguration": LINEAR}, {"strategy": "BLUE_GREEN"}),
        (
            {"strategy": "CANARY", "canaryConfiguration": STEPS, "bakeTimeInMinutes": 3, **BREAKER},
            {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 0},
        ),
        ({"strategy": "BLUE_GREEN", "lifecycleHooks": [CHECK]}, {}),
        ({"strategy": "BLUE_GREEN", "lifecycleHooks": [OLD_CHECK]}, {}),
        ({"strategy": "BLUE_GREEN", "lifecycleHooks": [PAUSE]}, {"lifecycleHooks": []}),
        # As an older botocore shows a PAUSE hook.
        ({"strategy": "BLUE_GREEN", "lifecycleHooks": [{"lifecycleStages": ["BAKE_TIME"]}]}, {"lifecycleHooks": []}),
        (
            {"strategy": "BLUE_GREEN", "lifecycleHooks": [PAUSE, CHECK, PAUSE, OLD_CHECK]},
            {"lifecycleHooks": [CHECK, OLD_CHECK]},
        ),
        ({"strategy": "SOMETHING_NEW", "bakeTimeInMinutes": 3}, {"bakeTimeInMinutes": 0}),
    ],
)
def test_what_is_changed_for_one_deployment(configuration: dict[str, t.Any], changes: dict[str, t.Any]) -> None:
    assert overriding.changes_for(configuration) == changes


@pytest.mark.parametrize(
    ("configuration", "back"),
    [
        ({"strategy": "ROLLING"}, []),
        ({"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 10}, ["bakeTimeInMinutes"]),
        ({"strategy": "BLUE_GREEN", "lifecycleHooks": [PAUSE, CHECK]}, ["lifecycleHooks"]),
        ({"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 10, "lifecycleHooks": [CHECK]}, ["bakeTimeInMinutes"]),
        ({"strategy": "LINEAR", "linearConfiguration": LINEAR}, ["strategy", "linearConfiguration"]),
        (
            {"strategy": "CANARY", "canaryConfiguration": STEPS, "bakeTimeInMinutes": 3, "lifecycleHooks": [PAUSE]},
            ["strategy", "canaryConfiguration", "bakeTimeInMinutes", "lifecycleHooks"],
        ),
        # What only stands there is not touched.
        (
            {"strategy": "BLUE_GREEN", "linearConfiguration": LINEAR, "bakeTimeInMinutes": 1},
            ["bakeTimeInMinutes"],
        ),
    ],
)
def test_what_puts_it_back(configuration: dict[str, t.Any], back: list[str]) -> None:
    assert overriding.what_restores({**configuration, **BREAKER}) == {key: configuration[key] for key in back}


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ({"bakeTimeInMinutes": 10, "strategy": "BLUE_GREEN", **BREAKER}, False),
        ({"bakeTimeInMinutes": 0, "strategy": "BLUE_GREEN"}, True),
        ({"strategy": "BLUE_GREEN"}, True),
    ],
)
def test_whether_anything_has_to_be_put_back(now: dict[str, t.Any], expected: bool) -> None:
    assert overriding.differs(now, {"bakeTimeInMinutes": 10}) is expected


@pytest.mark.parametrize("configuration", [*STRATEGIES], ids=lambda c: str(c["strategy"]))
def test_after_the_override_something_has_to_be_put_back(configuration: dict[str, t.Any]) -> None:
    tags = overriding.tags_for(configuration) or {}
    back = overriding.recorded_in(tags) or {}
    changed = {**configuration, **overriding.changes_for(configuration)}
    assert overriding.differs(changed, back)
    assert not overriding.differs({**changed, **back}, back)
    assert {**changed, **back} == configuration


@pytest.mark.parametrize("configuration", STRATEGIES, ids=lambda c: c["strategy"])
def test_what_the_tags_remember_is_what_puts_it_back(configuration: dict[str, t.Any]) -> None:
    tags = overriding.tags_for(configuration)
    assert tags is not None
    assert overriding.recorded_in({"team": "shop", **tags}) == json.loads(
        json.dumps(overriding.what_restores(configuration))
    )
    assert overriding.tag_keys({"team": "shop", **tags}) == sorted(tags)


@pytest.mark.parametrize("configuration", STRATEGIES, ids=lambda c: c["strategy"])
def test_the_tags_hold_what_tags_may_hold(configuration: dict[str, t.Any]) -> None:
    for key, value in (overriding.tags_for(configuration) or {"": ""}).items():
        assert re.fullmatch(r"[\w+\-=.:/@]{1,256}", value)
        assert re.fullmatch(r"lastgood:configuration-[1-8]", key)


def hooks(count: int) -> dict[str, t.Any]:
    chance = random.Random(1)
    named = [
        {**CHECK, "hookTargetArn": f"{CHECK['hookTargetArn']}-{chance.getrandbits(256):x}"} for _number in range(count)
    ]
    return {"strategy": "BLUE_GREEN", "lifecycleHooks": [PAUSE, *named]}


def test_a_record_of_several_tags_is_read_in_their_order() -> None:
    tags = overriding.tags_for(hooks(12))
    assert tags is not None
    assert len(tags) > 1
    shuffled = dict(sorted(tags.items(), reverse=True))
    assert overriding.recorded_in(shuffled) == overriding.what_restores(hooks(12))


def test_more_than_eight_tags_are_too_much() -> None:
    assert overriding.tags_for(hooks(100)) is None


def test_no_record() -> None:
    assert overriding.recorded_in({}) is None
    assert overriding.recorded_in({"lastgood:rolled-back-to": "web:1"}) is None
    assert overriding.tag_keys({"lastgood:rolled-back-to": "web:1"}) == []


def garble(spoil: t.Callable[[dict[str, str]], None]) -> dict[str, str]:
    tags = overriding.tags_for(hooks(12)) or {}
    spoil(tags)
    return tags


FIRST, SECOND = "lastgood:configuration-1", "lastgood:configuration-2"


@pytest.mark.parametrize(
    "tags",
    [
        garble(lambda tags: tags.pop(FIRST)),
        garble(lambda tags: tags.pop(SECOND)),
        garble(lambda tags: tags.update({FIRST: tags[FIRST][:-9]})),
        garble(lambda tags: tags.update({FIRST: tags[FIRST].swapcase()})),
        garble(lambda tags: tags.update({FIRST: "not base64 at all!"})),
        {FIRST: ""},
        {FIRST: "AAAA"},
        {"lastgood:configuration-x": "AAAA"},
        # zlib of `[1]`
        {FIRST: "eJyLNowFAAHUAOc="},
        # zlib of a byte that is no UTF-8
        {FIRST: "eJz7DwABAAEA"},
    ],
    ids=[
        "the first lacks",
        "one lacks",
        "cut",
        "changed",
        "no base64",
        "empty",
        "no zlib",
        "no number",
        "no configuration",
        "no text",
    ],
)
def test_a_record_that_cannot_be_read(tags: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"the tags lastgood:configuration-\* of the service"):
        overriding.recorded_in(tags)


@pytest.mark.parametrize(
    ("hooks", "stages"),
    [
        (None, []),
        ([{"targetType": "AWS_LAMBDA", "lifecycleStages": ["PRE_SCALE_UP"]}], []),
        ([{"targetType": "PAUSE", "lifecycleStages": ["POST_SCALE_UP"]}], ["POST_SCALE_UP"]),
        (
            [
                {"targetType": "PAUSE", "lifecycleStages": ["POST_SCALE_UP", "POST_TEST_TRAFFIC_SHIFT"]},
                {"targetType": "PAUSE", "lifecycleStages": ["POST_SCALE_UP"]},
            ],
            ["POST_SCALE_UP", "POST_TEST_TRAFFIC_SHIFT"],
        ),
    ],
    ids=["no hooks", "a function", "a pause", "several"],
)
def test_where_it_waits_for_somebody(hooks: t.Any, stages: list[str]) -> None:
    assert overriding.waits_for_somebody({"lifecycleHooks": hooks}) == stages
