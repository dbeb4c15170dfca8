# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""What a task definition needs that lies outside of ECS: secrets, parameters, roles, log groups, files. Pure.

A task whose secret, role, log group, file or file system is gone stops before its containers start
(https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html).
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.amazon.aws.plugins.module_utils.arn import parse_aws_arn

from ansible_collections.lastgood.aws.plugins.module_utils._ecs import names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Finding, TaskDefinition

Kind = t.Literal["secret", "parameter", "role", "log_group", "file_system", "access_point", "file"]
_WORDS: t.Final[t.Mapping[Kind, str]] = {
    "secret": "secret",
    "parameter": "SSM parameter",
    "role": "IAM role",
    "log_group": "log group",
    "file_system": "EFS file system",
    "access_point": "EFS access point",
    "file": "S3 object",
}
_CHECKS: t.Final[t.Mapping[Kind, str]] = {
    "secret": "target_secret",
    "parameter": "target_parameter",
    "role": "target_role",
    "log_group": "target_log_group",
    "file_system": "target_file_system",
    "access_point": "target_access_point",
    "file": "target_file",
}


@dataclass(frozen=True)
class Reference:
    """Something that the target names. ``name`` is what its API is asked for, ``where`` who names it.

    ``region`` is empty where it is that of the service. ``stage`` and ``version`` are those of a secret that names one.
    """

    kind: Kind
    name: str
    where: str
    region: str = ""
    stage: str = ""
    version: str = ""

    @property
    def check(self) -> str:
        """The check that its findings belong to."""
        return _CHECKS[self.kind]


def of(target: TaskDefinition) -> tuple[Reference, ...]:
    """All that a task definition names, each thing once, in the order of the task definition."""
    found: list[Reference] = []
    for key, what in (("taskRoleArn", "the task role"), ("executionRoleArn", "the task execution role")):
        role = str(target.content.get(key) or "")
        if role.startswith("arn:") and _account(role) != _account(target.arn):
            # IAM knows the roles of its own account only, and would call another's missing.
            continue
        # The path is no part of the name: arn:aws:iam::123456789012:role/service/web.
        found += [Reference("role", role.rpartition("/")[2], what)] if role else []
    for container in target.content.get("containerDefinitions") or []:
        found += _of_container(container)
    for volume in target.content.get("volumes") or []:
        found += _of_volume(volume)
    once: dict[tuple[str, ...], Reference] = {}
    for reference in found:
        once.setdefault((reference.kind, reference.name, reference.stage, reference.version), reference)
    return tuple(once.values())


def _account(arn: str) -> str:
    return str((parse_aws_arn(arn) or {}).get("account_id", ""))


def _of_volume(volume: t.Mapping[str, t.Any]) -> list[Reference]:
    name = f"volume {volume.get('name')}"
    efs = volume.get("efsVolumeConfiguration") or {}
    wanted: list[tuple[Kind, t.Any]] = [
        ("file_system", efs.get("fileSystemId")),
        ("access_point", (efs.get("authorizationConfig") or {}).get("accessPointId")),
    ]
    found = [Reference(kind, str(id_), name) for kind, id_ in wanted if id_]
    fsx = volume.get("fsxWindowsFileServerVolumeConfiguration") or {}
    credentials = (fsx.get("authorizationConfig") or {}).get("credentialsParameter")
    return [*found, _secret(str(credentials), f"the credentials of {name}")] if credentials else found


def _of_container(container: t.Mapping[str, t.Any]) -> list[Reference]:
    name = f"container {container.get('name')}"
    logs = container.get("logConfiguration") or {}
    found = [_secret(str(s.get("valueFrom")), f"{name}, {s.get('name')}") for s in container.get("secrets") or []]
    found += [_secret(str(s.get("valueFrom")), f"the log driver of {name}") for s in logs.get("secretOptions") or []]
    credentials = (container.get("repositoryCredentials") or {}).get("credentialsParameter")
    if credentials:
        found.append(_in_secrets_manager(str(credentials), f"the registry credentials of {name}"))
    found += [_file(str(f.get("value")), f"{name}, environmentFiles") for f in container.get("environmentFiles") or []]
    router = (container.get("firelensConfiguration") or {}).get("options") or {}
    if router.get("config-file-type") == "s3":
        found.append(_file(str(router.get("config-file-value")), f"the log router {name}"))
    options = logs.get("options") or {}
    if logs.get("logDriver") == "awslogs" and options.get("awslogs-create-group") != "true":
        group = str(options.get("awslogs-group") or "")
        where = f"the log driver of {name}"
        found += [Reference("log_group", group, where, str(options.get("awslogs-region") or ""))] if group else []
    return found


def _file(arn: str, where: str) -> Reference:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_EnvironmentFile.html"""
    return Reference("file", arn, where)


def bucket_and_key(arn: str) -> tuple[str, str]:
    """Those of ``arn:aws:s3:::bucket/path/to/object``."""
    bucket, _slash, key = arn.rpartition(":::")[2].partition("/")
    return bucket, key


def _secret(value_from: str, where: str) -> Reference:
    """``valueFrom``: the ARN of a secret, or else the name or the ARN of an SSM parameter.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Secret.html
    """
    parts = value_from.split(":")
    if value_from.startswith("arn:") and len(parts) > 3:
        if parts[2] == "secretsmanager":
            return _in_secrets_manager(value_from, where)
        return Reference("parameter", value_from, where, parts[3])
    return Reference("parameter", value_from, where)


def _in_secrets_manager(value: str, where: str) -> Reference:
    """A name, or an ARN that may go on with ``:json-key:version-stage:version-id``, each of which may be empty.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html
    """
    if not value.startswith("arn:"):
        return Reference("secret", value, where)
    parts = [*value.split(":"), "", "", ""]
    return Reference("secret", ":".join(parts[:7]), where, parts[3], stage=parts[8], version=parts[9])


def elsewhere(reference: Reference, region: str) -> Finding | None:
    """What is in another Region is not looked at."""
    if reference.region in ("", region):
        return None
    what = f"it is in {reference.region}, and only {region} is looked at"
    return _unknown(reference, what)


def unreadable(reference: Reference, why: str) -> Finding:
    """What could not be asked for: ``why`` names the permission, where it is one that lacks."""
    return _unknown(reference, why)


def _unknown(reference: Reference, why: str) -> Finding:
    return Finding(
        reference.check,
        "unknown",
        f"whether {_name(reference)} is still there is not known: {why}",
    )


def _name(reference: Reference) -> str:
    return f"{_WORDS[reference.kind]} {reference.name} ({reference.where})"


def missing(reference: Reference, target: TaskDefinition) -> Finding:
    """It is gone, and no task of the target would start."""
    return Finding(
        reference.check,
        "block",
        f"{names.short(target.arn)} needs {_name(reference)}, which does not exist any more, so its tasks would not "
        "start. Create it again, or name another revision",
    )


def secret(reference: Reference, target: TaskDefinition, described: t.Mapping[str, t.Any]) -> list[Finding]:
    """``described`` is DescribeSecret's answer, which holds no value.

    It lists only versions that have a stage; others may be deleted at any time
    (https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DescribeSecret.html).
    """
    short = names.short(target.arn)
    if described.get("DeletedDate"):
        text = f"{short} needs {_name(reference)}, which is scheduled for deletion and cannot be read. Restore it"
        return [Finding(reference.check, "block", f"{text}, or name another revision")]
    versions: t.Mapping[str, t.Sequence[str]] = described.get("VersionIdsToStages") or {}
    stages = {stage for of_version in versions.values() for stage in of_version}
    if reference.stage and reference.stage not in stages:
        text = f"{short} needs the version {reference.stage} of {_name(reference)}, which has no such version any more"
        return [Finding(reference.check, "block", f"{text}. Label one, or name another revision")]
    if reference.version and reference.version not in versions:
        text = f"{short} needs the version {reference.version} of {_name(reference)}, which has no label any more"
        return [Finding(reference.check, "warn", f"{text}, so Secrets Manager may have deleted it")]
    return []


def state(reference: Reference, target: TaskDefinition, lifecycle: str) -> list[Finding]:
    """Only an ``available`` or ``updating`` file system, or access point, can be mounted (LifeCycleState of EFS)."""
    if lifecycle in ("available", "updating"):
        return []
    text = f"{names.short(target.arn)} needs {_name(reference)}, which is {lifecycle or 'in no known state'}"
    return [Finding(reference.check, "block", f"{text}, so its tasks would not start. Name another revision")]
