# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Reading what :mod:`.references` decides on: whether what a task definition names is still there."""

from __future__ import annotations

import functools
import typing as t

from ansible_collections.amazon.aws.plugins.module_utils.arn import parse_aws_arn

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws, batches, require
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import error_handler
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import references
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.checks import Check
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Finding, Service, TaskDefinition
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.references import Reference

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
    for reference in references.of(target):
        away = references.elsewhere(reference, region)
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
    return [references.unreadable(reference, why) for reference in some]


@_Ssm.common_error_handler("read SSM parameters of {target.arn}")
def _parameters(aws: Aws, target: TaskDefinition, some: t.Sequence[Reference]) -> list[Finding]:
    """Only the names that are missing are looked at: the answer holds values, encrypted where they are secret."""
    wanted = list(dict.fromkeys(reference.name for reference in some))
    answer = aws.call("ssm", "get_parameters", Names=wanted, WithDecryption=False)
    missing = set(answer.get("InvalidParameters") or [])
    require(answer, "Parameters", "get_parameters")
    return [references.missing(reference, target) for reference in some if reference.name in missing]


@_SecretsManager.common_error_handler("describe secret {reference.name}")
def _secret(aws: Aws, target: TaskDefinition, reference: Reference) -> list[Finding]:
    try:
        answer = aws.call("secretsmanager", "describe_secret", SecretId=reference.name)
    except aws.client("secretsmanager").exceptions.ResourceNotFoundException:
        return [references.missing(reference, target)]
    require(answer, "ARN", "describe_secret")
    return references.secret(reference, target, answer)


@_Iam.common_error_handler("read IAM role {reference.name}")
def _role(aws: Aws, target: TaskDefinition, reference: Reference) -> list[Finding]:
    try:
        aws.call("iam", "get_role", RoleName=reference.name)
    except aws.client("iam").exceptions.NoSuchEntityException:
        return [references.missing(reference, target)]
    return []


@_Logs.common_error_handler("describe log group {reference.name}")
def _log_group(aws: Aws, target: TaskDefinition, reference: Reference) -> list[Finding]:
    """The name is the shortest with its own prefix, and the answer is sorted: it is the first of the first page."""
    answer = aws.call("logs", "describe_log_groups", logGroupNamePrefix=reference.name, limit=1)
    found = require(answer, "logGroups", "describe_log_groups")
    if any(group.get("logGroupName") == reference.name for group in found):
        return []
    return [references.missing(reference, target)]


@_Efs.common_error_handler("describe EFS file system {reference.name}")
def _file_system(aws: Aws, target: TaskDefinition, reference: Reference) -> list[Finding]:
    try:
        answer = aws.call("efs", "describe_file_systems", FileSystemId=reference.name)
    except aws.client("efs").exceptions.FileSystemNotFound:
        return [references.missing(reference, target)]
    found = require(answer, "FileSystems", "describe_file_systems")
    return references.state(reference, target, str(found[0].get("LifeCycleState", "")) if found else "")


@_Efs.common_error_handler("describe EFS access point {reference.name}")
def _access_point(aws: Aws, target: TaskDefinition, reference: Reference) -> list[Finding]:
    try:
        answer = aws.call("efs", "describe_access_points", AccessPointId=reference.name)
    except aws.client("efs").exceptions.AccessPointNotFound:
        return [references.missing(reference, target)]
    found = require(answer, "AccessPoints", "describe_access_points")
    return references.state(reference, target, str(found[0].get("LifeCycleState", "")) if found else "")


@_S3.common_error_handler("look for {reference.name}")
def _file(aws: Aws, target: TaskDefinition, reference: Reference) -> list[Finding]:
    """The answer to HeadObject has no body: 404 is all that is said of an object that is missing, or of its bucket.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
    """
    bucket, key = references.bucket_and_key(reference.name)
    try:
        aws.call("s3", "head_object", Bucket=bucket, Key=key)
    except aws.client("s3").exceptions.ClientError as exc:
        if exc.response.get("ResponseMetadata", {}).get("HTTPStatusCode") == _NOT_FOUND:
            return [references.missing(reference, target)]
        raise
    return []


_Look = t.Callable[[Aws, TaskDefinition, Reference], t.List[Finding]]
# The client and the look of each kind that is asked for one by one.
_LOOKS: t.Final[t.Mapping[references.Kind, tuple[str, _Look]]] = {
    "secret": ("secretsmanager", _secret),
    "role": ("iam", _role),
    "log_group": ("logs", _log_group),
    "file_system": ("efs", _file_system),
    "access_point": ("efs", _access_point),
    "file": ("s3", _file),
}
