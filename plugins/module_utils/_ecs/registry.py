# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Asking ECR what a tag names now. Other registries are not asked: their credentials are not ours to use."""

from __future__ import annotations

import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Answer, Aws, require
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import (
    AwsCallError,
    IncompleteAnswerError,
    error_handler,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.images import Image, Resolution

_EcrErrorHandler: t.Final = error_handler("ecr")
# ImageStatus in ECR's model; an archived image is restored first, and while that goes on it cannot be pulled either.
_NOT_PULLABLE: t.Final = frozenset({"ARCHIVED", "ACTIVATING"})


def resolve(aws: Aws, image: Image, recorded: str) -> Resolution | None:
    """What ECR says of the image, None where it is not in a private ECR registry of this Region.

    Never raises for a permission that is missing: what it hides is unknown.
    """
    registry = image.ecr
    if registry is None or registry["region"] != aws.client("ecr").meta.region_name:
        return None
    try:
        good = _describe(aws, registry["account"], image.repository, {"imageDigest": recorded})
        tagged = _describe(aws, registry["account"], image.repository, {"imageTag": image.tag})
    except (AwsCallError, IncompleteAnswerError) as exc:
        return Resolution("unknown", "", exc.explain().rstrip("."))
    if good is None:
        return Resolution("gone", why="ECR does not find it by its digest")
    if str(good.get("imageStatus", "")) in _NOT_PULLABLE:
        return Resolution("archived", why=f"ECR shows it as {good['imageStatus']}")
    if tagged is None:
        return Resolution("moved", why=f"the tag {image.tag} is gone")
    now = str(tagged.get("imageDigest", ""))
    if now == recorded:
        return Resolution("same", now)
    return Resolution("moved", now, f"it names {now} now")


def _describe(aws: Aws, account: str, repository: str, image_id: t.Mapping[str, str]) -> Answer | None:
    """One image of a repository, None where there is none (or no repository)."""
    try:
        answer = _describe_images(aws, account, repository, image_id)
    except AwsCallError as exc:
        if exc.code in ("ImageNotFoundException", "RepositoryNotFoundException"):
            return None
        raise
    found = require(answer, "imageDetails", "describe_images")
    return dict(found[0]) if found else None


@_EcrErrorHandler.common_error_handler("describe images of ECR repository {repository}")
def _describe_images(aws: Aws, account: str, repository: str, image_id: t.Mapping[str, str]) -> Answer:
    answer: Answer = aws.call(
        "ecr", "describe_images", registryId=account, repositoryName=repository, imageIds=[dict(image_id)]
    )
    return answer
