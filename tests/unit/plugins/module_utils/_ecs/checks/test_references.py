# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a task definition names outside of ECS, and what is said when it is gone."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._ecs.checks import references
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.checks.references import Kind, Reference
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import TaskDefinition
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import START, task_definition

SSM = "arn:aws:ssm:eu-central-1:123456789012:parameter"
SECRET = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:db-AbCdEf"
HERE = "eu-central-1"
FSX = "fsxWindowsFileServerVolumeConfiguration"


def target(container: dict[str, t.Any] | None = None, **content: t.Any) -> TaskDefinition:
    made = task_definition(41, containers=[{"name": "app", **(container or {})}])
    return dataclasses.replace(made, content={**made.content, **content})


def test_a_plain_task_definition_names_nothing() -> None:
    assert references.of(target()) == ()


@pytest.mark.parametrize(
    ("value", "reference"),
    [
        ("key", Reference("parameter", "key", "container app, KEY")),
        ("/shop/key", Reference("parameter", "/shop/key", "container app, KEY")),
        (f"{SSM}/shop/key", Reference("parameter", f"{SSM}/shop/key", "container app, KEY", HERE)),
        (SECRET, Reference("secret", SECRET, "container app, KEY", HERE)),
        (f"{SECRET}:password::", Reference("secret", SECRET, "container app, KEY", HERE)),
        (f"{SECRET}::AWSPREVIOUS:", Reference("secret", SECRET, "container app, KEY", HERE, "AWSPREVIOUS")),
        (f"{SECRET}:::v-1", Reference("secret", SECRET, "container app, KEY", HERE, "", "v-1")),
    ],
)
def test_secrets(value: str, reference: Reference) -> None:
    assert references.of(target({"secrets": [{"name": "KEY", "valueFrom": value}]})) == (reference,)


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ({"awslogs-group": "/shop"}, ["/shop"]),
        ({"awslogs-group": "/shop", "awslogs-create-group": "false"}, ["/shop"]),
        ({"awslogs-group": "/shop", "awslogs-create-group": "true"}, []),
        ({}, []),
    ],
)
@pytest.mark.parametrize("driver", ["awslogs", "splunk"])
def test_log_groups(options: dict[str, str], found: list[str], driver: str) -> None:
    made = references.of(target({"logConfiguration": {"logDriver": driver, "options": options}}))
    assert [r.name for r in made if r.kind == "log_group"] == (found if driver == "awslogs" else [])


def test_roles_file_systems_and_the_rest() -> None:
    container = {
        "repositoryCredentials": {"credentialsParameter": "registry"},
        "logConfiguration": {"logDriver": "splunk", "secretOptions": [{"name": "token", "valueFrom": "token"}]},
        "environmentFiles": [{"type": "s3", "value": "arn:aws:s3:::shop/web/prod.env"}],
    }
    access = {"fileSystemId": "fs-1", "authorizationConfig": {"accessPointId": "fsap-1"}}
    windows = {"fileSystemId": "fs-2", "authorizationConfig": {"credentialsParameter": SECRET, "domain": "corp"}}
    role = "arn:aws:iam::123456789012:role"
    made = target(
        container,
        taskRoleArn=f"{role}/shop/web",
        executionRoleArn=f"{role}/pull",
        volumes=[{"name": "tmp"}, {"name": "data", "efsVolumeConfiguration": access}, {"name": "w", FSX: windows}],
    )
    assert [(r.kind, r.name) for r in references.of(made)] == [
        ("role", "web"),
        ("role", "pull"),
        ("parameter", "token"),
        ("secret", "registry"),
        ("file", "arn:aws:s3:::shop/web/prod.env"),
        ("file_system", "fs-1"),
        ("access_point", "fsap-1"),
        ("secret", SECRET),
    ]


def test_each_thing_is_named_once() -> None:
    secrets = [{"name": name, "valueFrom": f"{SECRET}:{name}::"} for name in ("user", "password")]
    assert [r.where for r in references.of(target({"secrets": secrets}))] == ["container app, user"]


@pytest.mark.parametrize(("region", "away"), [("", False), (HERE, False), ("us-east-1", True)])
def test_another_region_is_not_looked_at(region: str, away: bool) -> None:
    finding = references.elsewhere(Reference("secret", SECRET, "container app, KEY", region), HERE)
    assert (finding is not None) == away
    if finding:
        assert (finding.check, finding.severity) == ("target_secret", "unknown")
        assert "it is in us-east-1, and only eu-central-1 is looked at" in finding.message


@pytest.mark.parametrize("kind", t.get_args(Kind))
def test_what_is_gone_and_what_cannot_be_read(kind: Kind) -> None:
    reference = Reference(kind, "thing", "somewhere")
    gone, unread = references.not_there(reference, target()), references.unreadable(reference, "no permission")
    assert (gone.check, gone.severity) == (f"target_{kind}", "block")
    assert "web:41 needs" in gone.message
    assert "thing (somewhere)" in gone.message
    assert (unread.check, unread.severity) == (f"target_{kind}", "unknown")
    assert unread.message.endswith("is not known: no permission")


VERSIONS = {"VersionIdsToStages": {"v-1": ["AWSPREVIOUS"], "v-2": ["AWSCURRENT", "blue"]}}


@pytest.mark.parametrize(
    ("stage", "version", "described", "severity"),
    [
        ("", "", {}, []),
        ("", "", VERSIONS, []),
        ("blue", "", VERSIONS, []),
        ("", "v-1", VERSIONS, []),
        ("green", "", VERSIONS, ["block"]),
        ("", "v-0", VERSIONS, ["warn"]),
        ("", "", {**VERSIONS, "DeletedDate": START}, ["block"]),
        ("green", "v-0", {**VERSIONS, "DeletedDate": START}, ["block"]),
    ],
)
def test_a_secret(stage: str, version: str, described: dict[str, t.Any], severity: list[str]) -> None:
    reference = Reference("secret", SECRET, "container app, KEY", HERE, stage, version)
    found = references.secret(reference, target(), described)
    assert [(f.check, f.severity) for f in found] == [("target_secret", s) for s in severity]


@pytest.mark.parametrize("kind", ["file_system", "access_point"])
@pytest.mark.parametrize(
    ("lifecycle", "severity"),
    [("available", []), ("updating", []), ("creating", ["block"]), ("deleting", ["block"]), ("", ["block"])],
)
def test_a_file_system_and_an_access_point(kind: Kind, lifecycle: str, severity: list[str]) -> None:
    found = references.state(Reference(kind, "fs-1", "volume data"), target(), lifecycle)
    assert [(f.check, f.severity) for f in found] == [(f"target_{kind}", s) for s in severity]


@pytest.mark.parametrize(("kind", "found"), [("s3", ["arn:aws:s3:::shop/fluent.conf"]), ("file", []), ("", [])])
def test_the_configuration_of_a_log_router(kind: str, found: list[str]) -> None:
    options = {"config-file-type": kind, "config-file-value": "arn:aws:s3:::shop/fluent.conf"}
    router = {"firelensConfiguration": {"type": "fluentbit", "options": options}}
    assert [r.name for r in references.of(target(router)) if r.kind == "file"] == found


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("arn:aws:s3:::shop/prod.env", ("shop", "prod.env")),
        ("arn:aws-cn:s3:::shop/a/b:c/prod.env", ("shop", "a/b:c/prod.env")),
    ],
)
def test_bucket_and_key(name: str, parts: tuple[str, str]) -> None:
    assert references.bucket_and_key(name) == parts


def test_roles_of_another_account_are_not_asked_for() -> None:
    made = target(taskRoleArn="arn:aws:iam::999999999999:role/web", executionRoleArn="pull")
    assert [(r.kind, r.name) for r in references.of(made) if r.kind == "role"] == [("role", "pull")]
