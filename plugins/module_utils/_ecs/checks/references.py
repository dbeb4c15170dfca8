# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""What a task definition needs from outside ECS: secrets, parameters, roles, log groups, files. Pure.

A task whose secret, role, log group, file or file system is gone stops before its containers start
(https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html).
"""

from __future__ import annotations

import functools
import typing as t
from dataclasses import dataclass

from ansible_collections.amazon.aws.plugins.module_utils.arn import parse_aws_arn

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Answer, Aws, batches, require
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import error_handler
from ansible_collections.lastgood.aws.plugins.module_utils._aws.together import Check
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import names
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Finding, Service, TaskDefinition

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
    """Something the target refers to. ``name`` is what we ask its API for; ``where`` is where the target names it.

    ``region`` is empty if it is the service's. ``stage`` and ``version`` are those in a secret's reference, if any.
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
            # IAM knows only the roles of its own account, and would report those of another account as missing.
            continue
        # The path is not part of the name: arn:aws:iam::123456789012:role/service/web.
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
    return [*found, *_files(container, name), *_log_groups(logs, name)]


def _files(container: t.Mapping[str, t.Any], name: str) -> list[Reference]:
    """The S3 objects that a container reads as it starts: its environment, and its log router's configuration."""
    found = [_file(str(f.get("value")), f"{name}, environmentFiles") for f in container.get("environmentFiles") or []]
    router = (container.get("firelensConfiguration") or {}).get("options") or {}
    if router.get("config-file-type") == "s3":
        found.append(_file(str(router.get("config-file-value")), f"the log router {name}"))
    return found


def _log_groups(logs: t.Mapping[str, t.Any], name: str) -> list[Reference]:
    """The log group that a container writes to, unless its log driver creates it."""
    options = logs.get("options") or {}
    group = str(options.get("awslogs-group") or "")
    if logs.get("logDriver") != "awslogs" or options.get("awslogs-create-group") == "true" or not group:
        return []
    return [Reference("log_group", group, f"the log driver of {name}", str(options.get("awslogs-region") or ""))]


def _file(arn: str, where: str) -> Reference:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_EnvironmentFile.html"""
    return Reference("file", arn, where)


def bucket_and_key(arn: str) -> tuple[str, str]:
    """Bucket and key in ``arn:aws:s3:::bucket/path/to/object``."""
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
    """References to another Region are not checked."""
    if reference.region in ("", region):
        return None
    what = f"it is in {reference.region}, and only {region} is looked at"
    return _unknown(reference, what)


def unreadable(reference: Reference, why: str) -> Finding:
    """References that could not be checked: ``why`` names the permission if one is missing."""
    return _unknown(reference, why)


def _unknown(reference: Reference, why: str) -> Finding:
    return Finding(
        reference.check,
        "unknown",
        f"whether {_name(reference)} is still there is not known: {why}",
    )


def _name(reference: Reference) -> str:
    return f"{_WORDS[reference.kind]} {reference.name} ({reference.where})"


def not_there(reference: Reference, target: TaskDefinition) -> Finding:
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


# The limit of a call (https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameters.html).
_PARAMETERS_PER_CALL: t.Final = 10


_NOT_FOUND: t.Final = 404


_Ssm: t.Final = error_handler("ssm")


_SecretsManager: t.Final = error_handler("secretsmanager")


_Iam: t.Final = error_handler("iam")


_Logs: t.Final = error_handler("logs")


_Efs: t.Final = error_handler("efs")


_S3: t.Final = error_handler("s3")


def checks(aws: Aws, service: Service, target: TaskDefinition) -> list[Check]:
    """One for each thing that the target names; parameters are asked for ten at a time."""
    region = str((parse_aws_arn(service.arn) or {}).get("region", ""))
    found = []
    parameters = []
    for reference in of(target):
        away = elsewhere(reference, region)
        if away is not None:
            found.append(Check("", functools.partial(list, [away]), lambda why: []))
        elif reference.kind == "parameter":
            parameters.append(reference)
        else:
            client, look = _LOOKS[reference.kind]
            run = functools.partial(look, aws, target, reference)
            found.append(Check(client, run, functools.partial(_unreadable, [reference])))
    for batch in batches(sorted({p.name for p in parameters}), _PARAMETERS_PER_CALL):
        some = [p for p in parameters if p.name in batch]
        run = functools.partial(_parameters, aws, target, some)
        found.append(Check("ssm", run, functools.partial(_unreadable, some)))
    return found


def _unreadable(some: t.Iterable[Reference], why: str) -> list[Finding]:
    return [unreadable(reference, why) for reference in some]


@_Ssm.common_error_handler("read SSM parameters of {target.arn}")
def _parameters(aws: Aws, target: TaskDefinition, some: t.Sequence[Reference]) -> list[Finding]:
    """Only the names that are missing are looked at: the answer holds values, encrypted where they are secret."""
    wanted = list(dict.fromkeys(reference.name for reference in some))
    answer = aws.call("ssm", "get_parameters", Names=wanted, WithDecryption=False)
    missing = set(answer.get("InvalidParameters") or [])
    require(answer, "Parameters", "get_parameters")
    return [not_there(reference, target) for reference in some if reference.name in missing]


@_SecretsManager.common_error_handler("describe secret {reference.name}")
def _look_at_secret(aws: Aws, target: TaskDefinition, reference: Reference) -> list[Finding]:
    try:
        answer = aws.call("secretsmanager", "describe_secret", SecretId=reference.name)
    except aws.client("secretsmanager").exceptions.ResourceNotFoundException:
        return [not_there(reference, target)]
    require(answer, "ARN", "describe_secret")
    return secret(reference, target, answer)


@_Iam.common_error_handler("read IAM role {reference.name}")
def _role(aws: Aws, target: TaskDefinition, reference: Reference) -> list[Finding]:
    try:
        aws.call("iam", "get_role", RoleName=reference.name)
    except aws.client("iam").exceptions.NoSuchEntityException:
        return [not_there(reference, target)]
    return []


@_Logs.common_error_handler("describe log group {reference.name}")
def _log_group(aws: Aws, target: TaskDefinition, reference: Reference) -> list[Finding]:
    """The answer is sorted, and a name sorts before all that begin with it: it comes first on the first page."""
    answer = aws.call("logs", "describe_log_groups", logGroupNamePrefix=reference.name, limit=1)
    found = require(answer, "logGroups", "describe_log_groups")
    if any(group.get("logGroupName") == reference.name for group in found):
        return []
    return [not_there(reference, target)]


class _EfsCall(t.NamedTuple):
    """How EFS is asked for one of its resources, and how it says that there is no such resource."""

    what: str
    run: t.Callable[[Aws, str], Answer]
    operation: str
    answer: str
    missing: str


# https://docs.aws.amazon.com/efs/latest/ug/API_DescribeFileSystems.html, API_DescribeAccessPoints.html
_EFS_CALLS: t.Final[t.Mapping[Kind, _EfsCall]] = {
    "file_system": _EfsCall(
        "file system",
        lambda aws, id_: aws.call("efs", "describe_file_systems", FileSystemId=id_),
        "describe_file_systems",
        "FileSystems",
        "FileSystemNotFound",
    ),
    "access_point": _EfsCall(
        "access point",
        lambda aws, id_: aws.call("efs", "describe_access_points", AccessPointId=id_),
        "describe_access_points",
        "AccessPoints",
        "AccessPointNotFound",
    ),
}


def _in_efs(aws: Aws, target: TaskDefinition, reference: Reference) -> list[Finding]:
    """A file system or an access point."""
    return _describe_in_efs(aws, target, reference, _EFS_CALLS[reference.kind])


@_Efs.common_error_handler("describe EFS {call.what} {reference.name}")
def _describe_in_efs(aws: Aws, target: TaskDefinition, reference: Reference, call: _EfsCall) -> list[Finding]:
    try:
        answer = call.run(aws, reference.name)
    except getattr(aws.client("efs").exceptions, call.missing):
        return [not_there(reference, target)]
    found = require(answer, call.answer, call.operation)
    return state(reference, target, str(found[0].get("LifeCycleState", "")) if found else "")


@_S3.common_error_handler("look for {reference.name}")
def _look_at_file(aws: Aws, target: TaskDefinition, reference: Reference) -> list[Finding]:
    """The answer to HeadObject has no body: 404 is all that we learn if the object or its bucket is missing.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
    """
    bucket, key = bucket_and_key(reference.name)
    try:
        aws.call("s3", "head_object", Bucket=bucket, Key=key)
    except aws.client("s3").exceptions.ClientError as exc:
        if exc.response.get("ResponseMetadata", {}).get("HTTPStatusCode") == _NOT_FOUND:
            return [not_there(reference, target)]
        raise
    return []


_Look = t.Callable[[Aws, TaskDefinition, Reference], t.List[Finding]]


# The client and the look of each kind that is asked for one by one.
_LOOKS: t.Final[t.Mapping[Kind, tuple[str, _Look]]] = {
    "secret": ("secretsmanager", _look_at_secret),
    "role": ("iam", _role),
    "log_group": ("logs", _log_group),
    "file_system": ("efs", _in_efs),
    "access_point": ("efs", _in_efs),
    "file": ("s3", _look_at_file),
}
