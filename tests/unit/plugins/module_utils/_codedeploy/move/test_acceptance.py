# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What CreateDeployment would refuse, as far as it can be read beforehand."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.move import acceptance
from ansible_collections.lastgood.aws.plugins.module_utils._core.findings import Finding
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._codedeploy.builders import group
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import FakeAws, refused_by_aws

SERVICE = {"serviceName": "web", "status": "ACTIVE", "deploymentController": {"type": "CODE_DEPLOY"}}
ECS = group(platform="ECS", style="BLUE_GREEN", ecs_services=(("shop", "web"),))
SCALED = group(auto_scaling_groups=("a", "b"), has_instance_tags=False)
TAGGED = group(auto_scaling_groups=("a", "b"))


def told(found: t.Iterable[Finding]) -> list[tuple[str, str]]:
    return [(finding.check, finding.severity) for finding in found]


def config(**members: str) -> dict[str, t.Any]:
    return {"deploymentConfigInfo": {"deploymentConfigName": "x", **members}}


MISSING = "there is no deployment configuration x"
UNREAD = "it is not known whether there is"


@pytest.mark.parametrize(
    ("answer", "severity", "words"),
    [
        (config(computePlatform="Server"), None, ""),
        (config(), None, ""),
        (config(computePlatform="Lambda"), "block", "is for the compute platform Lambda"),
        ("DeploymentConfigDoesNotExistException", "block", MISSING),
        ("InvalidDeploymentConfigNameException", "block", MISSING),
        ("AccessDeniedException", "unknown", UNREAD),
        ("ThrottlingException", "unknown", UNREAD),
        ({}, "unknown", UNREAD),
    ],
)
def test_configurations(answer: t.Any, severity: str | None, words: str) -> None:
    given = refused_by_aws("GetDeploymentConfig", answer) if isinstance(answer, str) else answer
    found = acceptance.of_config(FakeAws(get_deployment_config=given), group(), "x")
    assert told(found) == ([("deployment_config", severity)] if severity else [])
    assert words in "".join(finding.message for finding in found)


def test_the_configuration_of_the_group_is_not_read() -> None:
    """One that is in use cannot be deleted."""
    assert acceptance.of_config(FakeAws(), group(), "") == ()


@pytest.mark.parametrize(
    ("service", "words"),
    [
        (SERVICE, ""),
        (None, "there is no active ECS service web"),
        ({**SERVICE, "status": "INACTIVE"}, "there is no active ECS service web"),
        ({**SERVICE, "status": "DRAINING"}, "there is no active ECS service web"),
        ({**SERVICE, "deploymentController": {"type": "ECS"}}, "has the deployment controller ECS"),
        ({**SERVICE, "deploymentController": None}, "has the deployment controller ECS"),
    ],
)
def test_services_of_ecs(service: dict[str, t.Any] | None, words: str) -> None:
    aws = FakeAws(describe_services={"services": [service] if service else []})
    found = acceptance.of_targets(aws, ECS)
    assert told(found) == ([("instances", "block")] if words else [])
    assert words in "".join(finding.message for finding in found)
    assert aws.sent("describe_services") == [{"cluster": "shop", "services": ["web"]}]


@pytest.mark.parametrize(
    ("on", "existing", "severity"),
    [
        (SCALED, ("a", "b"), None),
        (SCALED, ("a",), "warn"),
        (SCALED, (), "block"),
        (TAGGED, (), "warn"),
    ],
)
def test_auto_scaling_groups(on: t.Any, existing: tuple[str, ...], severity: str | None) -> None:
    found = acceptance.judge_scaling_groups(on, existing)
    assert told(found) == ([("instances", severity)] if severity else [])
    assert all(name in finding.message for finding in found for name in ("a", "b") if name not in existing)


@pytest.mark.parametrize("code", ["AccessDeniedException", "ClusterNotFoundException", "ThrottlingException"])
def test_what_may_not_be_read_refuses_nothing(code: str) -> None:
    assert told(acceptance.of_targets(FakeAws(describe_services=refused_by_aws("DescribeServices", code)), ECS)) == [
        ("instances", "unknown")
    ]


def test_what_names_neither_is_not_read() -> None:
    assert acceptance.of_targets(FakeAws(), group()) == ()
