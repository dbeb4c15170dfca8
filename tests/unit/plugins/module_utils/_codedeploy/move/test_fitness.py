# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Redeploys on the platforms ECS and Lambda: what is sent, and what is refused."""

from __future__ import annotations

import json
import typing as t
from dataclasses import replace

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy import appspec
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.move import fitness
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.move.fitness import Alias, File
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._codedeploy.builders import rev, s3
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._codedeploy.test_api import enum

ALIAS = Alias("3", has_target=True)
ECS = appspec.made_for("arn:aws:ecs:eu-central-1:123456789012:task-definition/web:41", "app", 80)


def lambda_file(current: str, target: str, **more: t.Any) -> str:
    properties = {"Name": "pay", "Alias": "live", "CurrentVersion": current, "TargetVersion": target, **more}
    resource = {"pay": {"Type": "AWS::Lambda::Function", "Properties": properties}}
    return json.dumps({"version": 0.0, "Resources": [resource], "Hooks": [{"BeforeAllowTraffic": "check"}]})


def location(content: str) -> dict[str, t.Any]:
    return appspec.location(content)


def fit(content: str, alias: Alias | None = ALIAS, platform: str = "Lambda", moving: bool = False) -> fitness.Fit:
    return fitness.fit(platform, location(content), File(content, alias=alias), moving)


def test_every_platform_has_its_way() -> None:
    assert set(enum("ComputePlatform")) == {"Server", "Lambda", "ECS"}
    assert fitness.fit("Server", rev(1), None, in_motion=False) == fitness.Fit(rev(1))
    new = fit(ECS, platform="SomethingNew")
    assert [(f.check, f.severity) for f in new.findings] == [("platform", "block")]


@pytest.mark.parametrize("platform", ["ECS", "Lambda", "SomethingNew"])
def test_without_the_file_nothing_can_be_deployed(platform: str) -> None:
    found = fitness.fit(platform, location(ECS), File(unknown="Denied."), in_motion=False)
    assert [(f.check, f.severity) for f in found.findings] == [("appspec", "block")]
    assert "Denied." in found.findings[0].message


@pytest.mark.parametrize(("platform", "severity"), [("ECS", "unknown"), ("Lambda", "block")])
def test_a_file_in_s3_that_only_codedeploy_may_read(platform: str, severity: str) -> None:
    """It reads it itself. On Lambda, the version that the file starts from must be the one that the alias is on."""
    place = s3("appspec.json", "v1", bundle="JSON")
    found = fitness.fit(platform, place, File(unknown="Denied."), in_motion=False)
    assert (found.location, [(f.check, f.severity) for f in found.findings]) == (place, [("appspec", severity)])
    assert "Denied." in found.findings[0].message


def test_an_ecs_service_is_better_taken_back_by_another_module() -> None:
    hash_only = {"revisionType": "AppSpecContent", "appSpecContent": {"sha256": appspec.digest(location(ECS))}}
    found = fitness.fit("ECS", hash_only, File(ECS), in_motion=False)
    assert found.location == location(ECS)
    assert [(f.check, f.severity) for f in found.findings] == [("platform", "warn")]
    assert "this deploys web:41" in found.findings[0].message
    assert "ecs_rollback" in found.findings[0].message


def test_a_file_in_s3_stays_there() -> None:
    place = s3("appspec.json", "v1", bundle="JSON")
    assert fitness.fit("ECS", place, File(ECS), in_motion=False).location == place
    assert fitness.fit("Lambda", place, File(lambda_file("3", "2"), alias=ALIAS), in_motion=False).location == place
    moved = fitness.fit("Lambda", place, File(lambda_file("1", "2"), alias=ALIAS), in_motion=False)
    assert moved.location["revisionType"] == "AppSpecContent"


@pytest.mark.parametrize(
    ("current", "target", "alias", "moving", "check", "words"),
    [
        # From where it is.
        ("3", "2", ALIAS, False, "", ""),
        # From where it was then: that is changed.
        ("1", "2", ALIAS, False, "current_version", "CurrentVersion is set to 3"),
        # On two versions at once.
        ("3", "2", replace(ALIAS, others=("4",)), False, "alias", "on version 3 and on 4 at once"),
        # While a deployment moves it, that is what it is on.
        ("1", "2", replace(ALIAS, others=("4",)), True, "", ""),
        ("1", "2", replace(ALIAS, has_target=False), False, "version", "version 2 of pay no longer exists"),
        ("1", "2", replace(ALIAS, has_target=False), True, "version", "publish it again"),
        ("1", "2", Alias(unknown="Denied."), False, "alias", "a redeploy is not safe. Denied."),
        ("1", "2", None, False, "alias", "a redeploy is not safe"),
    ],
)
def test_an_alias(current: str, target: str, alias: Alias | None, moving: bool, check: str, words: str) -> None:
    found = fit(lambda_file(current, target), alias, moving=moving)
    assert [f.check for f in found.findings] == ([check] if check else [])
    if check:
        assert words in found.findings[0].message
        assert found.findings[0].severity == ("info" if check == "current_version" else "block")
    if not check or check == "current_version":
        sent = json.loads(found.location["appSpecContent"]["content"])
        assert sent["Hooks"] == [{"BeforeAllowTraffic": "check"}]
        properties = sent["Resources"][0]["pay"]["Properties"]
        assert properties["CurrentVersion"] == ("1" if moving else "3")
        assert properties["TargetVersion"] == "2"


def test_what_is_there_is_told() -> None:
    assert fit(lambda_file("1", "3")).there == "alias live of pay is on version 3 already"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (lambda_file("", "2"), "it has no CurrentVersion"),
        (lambda_file("1", "2", Alias=None, Name=None), "it has no Name and no Alias"),
        (json.dumps({"Resources": []}), "does not name exactly one resource"),
    ],
)
def test_a_file_that_says_nothing(content: str, words: str) -> None:
    found = fit(content)
    assert [f.severity for f in found.findings] == ["block"]
    assert words in found.findings[0].message
    assert fitness.asks(content) is None


def test_versions_can_be_numbers() -> None:
    assert fitness.asks(json.dumps(json.loads(lambda_file("1", "2")))) == appspec.Function("pay", "live", "1", "2")
    assert fit(lambda_file(t.cast(str, 3), t.cast(str, 2))).findings == ()


@pytest.mark.parametrize("content", [ECS.replace("TaskDefinition", "Task")])
def test_an_ecs_file_that_says_nothing(content: str) -> None:
    assert [f.severity for f in fit(content, platform="ECS").findings] == ["block"]
