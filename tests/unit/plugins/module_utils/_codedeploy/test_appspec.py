# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""AppSpec files: reading what they deploy, and changing only that."""

from __future__ import annotations

import hashlib
import json

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy import appspec

ARN = "arn:aws:ecs:eu-central-1:123456789012:task-definition/web:41"
OTHER = ARN.replace("41", "40")
AS_JSON = appspec.made_for(ARN, "app", 80)
# As in AWS's documentation of ECS deployments.
AS_YAML = f"""
version: 0.0
Resources:
  - TargetService:
      Type: AWS::ECS::Service
      Properties:
        TaskDefinition: "{ARN}"
        LoadBalancerInfo:
          ContainerName: "app"
          ContainerPort: 80
        PlatformVersion: "LATEST"
Hooks:
  - BeforeInstall: "LambdaFunctionToValidateBeforeInstall"
"""
LOWER = AS_JSON.replace("Resources", "resources")


@pytest.mark.parametrize("content", [AS_JSON, AS_YAML, LOWER])
def test_what_it_deploys_and_where_the_traffic_goes(content: str) -> None:
    assert appspec.task_definition(content) == ARN
    assert appspec.container(content) == ("app", 80)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("", "neither JSON nor YAML"),
        ("[1]", "neither JSON nor YAML"),
        ("a: [", "neither JSON nor YAML"),
        ("{}", "exactly one resource"),
        ('{"Resources": []}', "exactly one resource"),
        ('{"Resources": [{}, {}]}', "exactly one resource"),
        ('{"Resources": [1]}', "exactly one resource"),
        ('{"Resources": [{}]}', "no Properties"),
        ('{"Resources": [{"TargetService": 1}]}', "no Properties"),
        ('{"Resources": [{"TargetService": {"Properties": {}}}]}', "no TaskDefinition"),
        ('{"Resources": [{"TargetService": {"Properties": {"TaskDefinition": 1}}}]}', "no TaskDefinition"),
    ],
)
def test_what_says_nothing(content: str, why: str) -> None:
    with pytest.raises(appspec.Unreadable, match=why):
        appspec.task_definition(content)


def test_yaml_where_there_is_no_pyyaml(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(appspec, "HAS_YAML", False)
    with pytest.raises(appspec.Unreadable, match="no PyYAML"):
        appspec.task_definition(AS_YAML)
    assert appspec.task_definition(AS_JSON) == ARN


@pytest.mark.parametrize(
    "balancer", [None, {}, {"ContainerName": "app"}, {"ContainerName": "app", "ContainerPort": "x"}, 1]
)
def test_a_container_that_is_not_told(balancer: object) -> None:
    properties = {"TaskDefinition": ARN, "LoadBalancerInfo": balancer}
    content = json.dumps({"Resources": [{"TargetService": {"Properties": properties}}]})
    assert appspec.container(content) is None


@pytest.mark.parametrize("content", [AS_JSON, AS_YAML])
def test_another_task_definition_and_all_else_as_it_was(content: str) -> None:
    changed = appspec.with_task_definition(content, OTHER)
    assert appspec.task_definition(changed) == OTHER
    assert appspec.with_task_definition(changed, ARN) == appspec.with_task_definition(
        json.dumps(json.loads(changed)), ARN
    )
    if content == AS_YAML:
        assert json.loads(changed)["Hooks"] == [{"BeforeInstall": "LambdaFunctionToValidateBeforeInstall"}]


@pytest.mark.parametrize("content", [AS_JSON, AS_YAML])
def test_the_same_task_definition_leaves_it_word_for_word(content: str) -> None:
    assert appspec.with_task_definition(content, ARN) == content


def test_locations() -> None:
    made = appspec.location(AS_JSON)
    digest = hashlib.sha256(AS_JSON.encode()).hexdigest()
    assert (appspec.held(made), appspec.digest(made)) == (AS_JSON, digest)
    assert appspec.by_digest(made) == {"revisionType": "AppSpecContent", "appSpecContent": {"sha256": digest}}
    raw = {"revisionType": "String", "string": {"sha256": "1"}}
    assert (appspec.held(raw), appspec.digest(raw), appspec.by_digest(raw)) == ("", "1", raw)


@pytest.mark.parametrize("place", [{}, {"revisionType": "S3", "s3Location": {"bucket": "b", "key": "k"}}])
def test_what_lies_elsewhere_has_neither_content_nor_digest(place: dict[str, object]) -> None:
    assert (appspec.held(place), appspec.digest(place)) == ("", "")
