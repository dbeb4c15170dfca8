# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One deployment without waiting: what is changed, what is put back, and the tags that remember it."""

from __future__ import annotations

import json
import random
import re
import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.ecs import fast

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
CANARY = {"canaryPercent": 5.0, "canaryBakeTimeInMinutes": 10}
# Each with something to skip.
STRATEGIES: list[dict[str, t.Any]] = [
    {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 10, "lifecycleHooks": [PAUSE, CHECK]},
    {"strategy": "LINEAR", "linearConfiguration": LINEAR},
    {"strategy": "CANARY", "canaryConfiguration": CANARY, "lifecycleHooks": [CHECK] * 8 + [PAUSE]},
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
            {"strategy": "CANARY", "canaryConfiguration": CANARY, "bakeTimeInMinutes": 3, **BREAKER},
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
    assert fast.override(configuration) == changes


@pytest.mark.parametrize(
    ("configuration", "back"),
    [
        ({"strategy": "ROLLING"}, []),
        ({"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 10}, ["bakeTimeInMinutes"]),
        ({"strategy": "BLUE_GREEN", "lifecycleHooks": [PAUSE, CHECK]}, ["lifecycleHooks"]),
        ({"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 10, "lifecycleHooks": [CHECK]}, ["bakeTimeInMinutes"]),
        ({"strategy": "LINEAR", "linearConfiguration": LINEAR}, ["strategy", "linearConfiguration"]),
        (
            {"strategy": "CANARY", "canaryConfiguration": CANARY, "bakeTimeInMinutes": 3, "lifecycleHooks": [PAUSE]},
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
    assert fast.restore({**configuration, **BREAKER}) == {key: configuration[key] for key in back}


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ({"bakeTimeInMinutes": 10, "strategy": "BLUE_GREEN", **BREAKER}, False),
        ({"bakeTimeInMinutes": 0, "strategy": "BLUE_GREEN"}, True),
        ({"strategy": "BLUE_GREEN"}, True),
    ],
)
def test_whether_anything_has_to_be_put_back(now: dict[str, t.Any], expected: bool) -> None:
    assert fast.differs(now, {"bakeTimeInMinutes": 10}) is expected


@pytest.mark.parametrize("configuration", [*STRATEGIES], ids=lambda c: str(c["strategy"]))
def test_after_the_override_something_has_to_be_put_back(configuration: dict[str, t.Any]) -> None:
    tags = fast.record(configuration) or {}
    back = fast.recorded(tags) or {}
    changed = {**configuration, **fast.override(configuration)}
    assert fast.differs(changed, back)
    assert not fast.differs({**changed, **back}, back)
    assert {**changed, **back} == configuration


@pytest.mark.parametrize("configuration", STRATEGIES, ids=lambda c: c["strategy"])
def test_what_the_tags_remember_is_what_puts_it_back(configuration: dict[str, t.Any]) -> None:
    tags = fast.record(configuration)
    assert tags is not None
    assert fast.recorded({"team": "shop", **tags}) == json.loads(json.dumps(fast.restore(configuration)))
    assert fast.tag_keys({"team": "shop", **tags}) == sorted(tags)


@pytest.mark.parametrize("configuration", STRATEGIES, ids=lambda c: c["strategy"])
def test_the_tags_hold_what_tags_may_hold(configuration: dict[str, t.Any]) -> None:
    for key, value in (fast.record(configuration) or {"": ""}).items():
        assert re.fullmatch(r"[\w+\-=.:/@]{1,256}", value)
        assert re.fullmatch(r"lastgood:configuration-[1-8]", key)


def hooks(count: int) -> dict[str, t.Any]:
    chance = random.Random(1)
    named = [
        {**CHECK, "hookTargetArn": f"{CHECK['hookTargetArn']}-{chance.getrandbits(256):x}"} for _number in range(count)
    ]
    return {"strategy": "BLUE_GREEN", "lifecycleHooks": [PAUSE, *named]}


def test_a_record_of_several_tags_is_read_in_their_order() -> None:
    tags = fast.record(hooks(12))
    assert tags is not None
    assert len(tags) > 1
    shuffled = dict(sorted(tags.items(), reverse=True))
    assert fast.recorded(shuffled) == fast.restore(hooks(12))


def test_more_than_eight_tags_are_too_much() -> None:
    assert fast.record(hooks(100)) is None


def test_no_record() -> None:
    assert fast.recorded({}) is None
    assert fast.recorded({"lastgood:rolled-back-to": "web:1"}) is None
    assert fast.tag_keys({"lastgood:rolled-back-to": "web:1"}) == []


def garble(spoil: t.Callable[[dict[str, str]], None]) -> dict[str, str]:
    tags = fast.record(hooks(12)) or {}
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
        fast.recorded(tags)


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
    assert fast.waits_for_somebody({"lifecycleHooks": hooks}) == stages
