# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
"""Reading what a redeploy on the platforms ECS and Lambda depends on: the AppSpec file, and the function's alias."""

from __future__ import annotations

import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Answer, Aws, require
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import (
    AwsCallError,
    IncompleteAnswerError,
    error_handler,
)
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy import appspec, platforms, s3
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.model import Location
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.past import reads

_LambdaErrorHandler: t.Final = error_handler("lambda")
_MISSING: t.Final = "ResourceNotFoundException"


def file(aws: Aws, platform: str, application: str, target: Location) -> platforms.File | None:
    """The AppSpec file of a revision; None on the platform Server, where it is in the bundle."""
    if platform == "Server":
        return None
    try:
        content = _content(aws, application, target)
    except (AwsCallError, IncompleteAnswerError) as exc:
        return platforms.File(unknown=exc.explain())
    except appspec.Unreadable as exc:
        return platforms.File(unknown=f"{exc}".rstrip(".") + ".")
    function = platforms.asks(content) if platform == "Lambda" else None
    return platforms.File(content, alias=_alias(aws, function) if function is not None else None)


def _content(aws: Aws, application: str, target: Location) -> str:
    """Raises AwsCallError, IncompleteAnswerError or :class:`.appspec.Unreadable`."""
    if s3.place(target):
        why = s3.unreadable(target)
        stored = why or s3.read(aws, target)
        if isinstance(stored, str):
            raise appspec.Unreadable(f"{s3.key(target)}: {stored}")
        return stored.content
    content = reads.contents(aws, application, [target]).get(appspec.digest(target), "")
    if not content:
        raise appspec.Unreadable("CodeDeploy does not show it")
    return content


def _alias(aws: Aws, function: appspec.Function) -> platforms.Alias:
    try:
        answer = _get_alias(aws, function.name, function.alias)
        version = str(require(answer, "FunctionVersion", "get_alias"))
        weights = (answer.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
        return platforms.Alias(version, tuple(sorted(weights)), _has_version(aws, function.name, function.target))
    except (AwsCallError, IncompleteAnswerError) as exc:
        return platforms.Alias(unknown=exc.explain())


@_LambdaErrorHandler.common_error_handler("read alias {alias} of function {name}")
def _get_alias(aws: Aws, name: str, alias: str) -> Answer:
    answer: Answer = aws.call("lambda", "get_alias", FunctionName=name, Name=alias)
    return answer


def _has_version(aws: Aws, name: str, version: str) -> bool:
    try:
        _get_version(aws, name, version)
    except AwsCallError as exc:
        if exc.code == _MISSING:
            return False
        raise
    return True


@_LambdaErrorHandler.common_error_handler("read version {version} of function {name}")
def _get_version(aws: Aws, name: str, version: str) -> None:
    aws.call("lambda", "get_function_configuration", FunctionName=name, Qualifier=version)
