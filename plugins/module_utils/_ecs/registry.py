# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""What ECR says of images: whether a tag still names one, and whether two digests are of the same."""

from __future__ import annotations

import json
import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Answer, Aws, require
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import (
    AwsCallError,
    IncompleteAnswerError,
    error_handler,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.images import Image, Resolution

_EcrErrorHandler: t.Final = error_handler("ecr")


# What BatchGetImage may answer with; without them it makes a manifest of one platform out of an index
# (https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_BatchGetImage.html, acceptedMediaTypes).
_MANIFESTS: t.Final = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
# ImageStatus in ECR's model; an archived image is restored first, and while that goes on it cannot be pulled either.
_NOT_PULLABLE: t.Final = frozenset({"ARCHIVED", "ACTIVATING"})


def resolve(aws: Aws, image: Image, recorded: str) -> Resolution | None:
    """What ECR says about the image; None if it is not in a private ECR registry of this Region.

    Never raises for a permission that is missing: what it hides is unknown.
    """
    registry = image.ecr
    if registry is None or not _is_asked(aws, image):
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
    found = compare(aws, image, recorded, now)
    if found.state != "unknown":
        return found
    # What is not known to be the same is pinned.
    why = f"it names {now} now, and whether one is an image for several platforms is not known: {found.why}"
    return Resolution("moved", now, why)


def compare(aws: Aws, image: Image, recorded: str, now: str) -> Resolution:
    """Whether two digests are of the same image, as far as ECR says so. Raises nothing.

    One may be that of an index (an image for several platforms), and the other that of the image for one of these.
    """
    if now == recorded:
        return Resolution("same", now)
    if not _is_asked(aws, image):
        return Resolution("unknown", now, "it is not in a private ECR registry of this Region")
    account = image.ecr["account"] if image.ecr is not None else ""
    try:
        members = _members(aws, account, image.repository, (now, recorded))
    except (AwsCallError, IncompleteAnswerError) as exc:
        return Resolution("unknown", now, exc.explain().rstrip("."))
    if recorded in members.get(now, ()) or now in members.get(recorded, ()):
        return Resolution("same", now)
    unread = [digest for digest in (recorded, now) if digest not in members]
    # What cannot be read may be an index of the other one, unless that is an index itself.
    if unread and not any(members.values()):
        return Resolution("unknown", now, f"ECR does not show the manifest of {unread[0]}")
    return Resolution("moved", now, f"it names {now} now")


def _is_asked(aws: Aws, image: Image) -> bool:
    """Whether this ECR has it."""
    return image.ecr is not None and image.ecr["region"] == aws.client("ecr").meta.region_name


def _members(aws: Aws, account: str, repository: str, digests: t.Sequence[str]) -> dict[str, set[str]]:
    """By the digest of each of these that ECR shows, the digests that it lists: none, unless it is an index.

    https://github.com/opencontainers/image-spec/blob/main/image-index.md (Docker's manifest lists are alike).
    """
    found: dict[str, set[str]] = {}
    for image in require(_batch_get_image(aws, account, repository, digests), "images", "batch_get_image"):
        try:
            listed = json.loads(image["imageManifest"]).get("manifests") or []
        except (KeyError, ValueError):
            continue
        digest = str((image.get("imageId") or {}).get("imageDigest", ""))
        found[digest] = {str(item.get("digest", "")) for item in listed}
    return found


@_EcrErrorHandler.common_error_handler("read the manifests of images of ECR repository {repository}")
def _batch_get_image(aws: Aws, account: str, repository: str, digests: t.Sequence[str]) -> Answer:
    ids = [{"imageDigest": digest} for digest in digests]
    kinds = list(_MANIFESTS)
    answer: Answer = aws.call(
        "ecr",
        "batch_get_image",
        registryId=account,
        repositoryName=repository,
        imageIds=ids,
        acceptedMediaTypes=kinds,
    )
    return answer


def _describe(aws: Aws, account: str, repository: str, image_id: t.Mapping[str, str]) -> Answer | None:
    """One image of a repository; None if it, or the repository, does not exist."""
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
