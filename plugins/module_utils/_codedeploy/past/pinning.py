# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Whether a bundle is still what was deployed, and how to make sure nothing else is installed.

"If the version is not specified, the system uses the most recent version", and "If the ETag is not specified as an
input parameter, ETag validation of the object is skipped"
(https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_S3Location.html). So such a deployment took the version
that was newest at the time, and a bucket with versioning still knows which that was.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, replace
from datetime import datetime

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import (
    AwsCallError,
    IncompleteAnswerError,
    error_handler,
)
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy import revisions
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.model import Deployment, Location
from ansible_collections.lastgood.aws.plugins.module_utils._core.as_of import stamp
from ansible_collections.lastgood.aws.plugins.module_utils._core.findings import Finding

_S3ErrorHandler: t.Final = error_handler("s3")
# The version id of an object put into a bucket without versioning; the next such object replaces it
# (https://docs.aws.amazon.com/AmazonS3/latest/userguide/versioning-workflows.html).
_NO_VERSION: t.Final = "null"
_MISSING: t.Final = frozenset({"404", "NoSuchKey", "NotFound", "NoSuchVersion", "NoSuchBucket"})


@dataclass(frozen=True)
class Version:
    """A version of an object, or its deletion. ``etag`` has no quotes."""

    id: str
    etag: str
    modified: datetime
    deleted: bool = False


@dataclass(frozen=True)
class Head:
    """What S3 has now, at the version asked for or the newest. ``missing`` says that there is nothing."""

    etag: str = ""
    version: str = ""
    modified: datetime | None = None
    missing: str = ""


@dataclass(frozen=True)
class Decision:
    """What to deploy, and what to say about it.

    ``same``: it is certainly what was deployed then. ``moved``: given its recorded location, CodeDeploy would deploy
    something else, or might.
    """

    location: Location
    findings: tuple[Finding, ...] = ()
    same: bool = False
    moved: bool = False


Place = t.Tuple[str, str]


def place(location: Location) -> Place | None:
    """Bucket and key; None if the revision is not in S3."""
    found = revisions.where(location) if location.get("revisionType") == "S3" else {}
    return (str(found["bucket"]), str(found["key"])) if found.get("bucket") and found.get("key") else None


def worth_asking(deployments: t.Iterable[Deployment]) -> list[Place]:
    """Objects deployed several times, and not always with a version, so their names do not tell them apart."""
    found: dict[Place, list[Location]] = {}
    for deployment in deployments:
        where = place(deployment.revision)
        if where is not None:
            found.setdefault(where, []).append(deployment.revision)
    return [
        where
        for where, locations in found.items()
        if len(locations) > 1 and not all(revisions.is_pinned(location) for location in locations)
    ]


def then(versions: t.Sequence[Version], began: datetime, ended: datetime | None) -> Version | None:
    """The version that a deployment took; None if that is not certain.

    It is not certain if the object changed while instances downloaded it, or if an object without a version may have
    overwritten it.
    """
    if ended is None:
        return None
    before = [v for v in versions if v.modified <= began]
    if any(began < v.modified <= ended or (v.id == _NO_VERSION and v.modified > began) for v in versions):
        return None
    newest = max(before, key=lambda v: v.modified, default=None)
    # S3 gives times in whole seconds: nobody knows the order of two in the same second.
    if newest is None or newest.deleted or sum(v.modified == newest.modified for v in before) > 1:
        return None
    return newest


def told(deployment: Deployment, versions: t.Mapping[Place, t.Sequence[Version]]) -> Deployment:
    """The deployment, with the version it took added if that is certain."""
    where = place(deployment.revision)
    if where is None or where not in versions or revisions.is_pinned(deployment.revision):
        return deployment
    version = then(versions[where], deployment.created_at, deployment.completed_at)
    return replace(deployment, revision=pinned(deployment.revision, version)) if version else deployment


def pinned(location: Location, version: Version) -> dict[str, t.Any]:
    """The same place, tied so that CodeDeploy accepts only this version."""
    where = {**revisions.where(location)}
    if version.id and version.id != _NO_VERSION:
        where["version"] = version.id
    if version.etag:
        where["eTag"] = version.etag
    return {**location, "s3Location": where}


def decide(
    target: Location,
    recorded: Location | None,
    good: Deployment | None,
    head: Head | str,
    as_it_is_now: bool = False,
    require_pinned: bool = False,
) -> Decision:
    """What to deploy for ``target``.

    ``recorded``: CodeDeploy's recorded location for ``good``, the deployment that proved it. ``head``: what S3 says
    about the target, or why that is not known. ``as_it_is_now``: the user named the place without a version, and so
    wants what is there now.
    """
    name = revisions.text(target)
    if place(target) is None:
        return Decision(target, same=True)
    by_itself = recorded is not None and revisions.is_pinned(recorded)
    if isinstance(head, str):
        return Decision(target, tuple(_unasked(target, name, head, require_pinned)), moved=not by_itself)
    if head.missing:
        what = f"the bundle {name} is no longer there ({head.missing}), so it cannot be deployed"
        return Decision(target, (Finding("bundle", "block", what),))
    wanted = revisions.etag(revisions.where(target))
    if wanted and head.etag and wanted != head.etag:
        what = (
            f"the bundle {name} was replaced: its ETag is {head.etag} now, and instances would refuse to install it. "
            "Put the old one back, or choose another revision"
        )
        return Decision(target, (Finding("bundle", "block", what),))
    if revisions.is_pinned(target):
        found = [] if by_itself or recorded is None else [_found_version(name, good)]
        return Decision(target, tuple(found), same=True, moved=not by_itself)
    return _unpinned(target, name, good, head, as_it_is_now, require_pinned)


def as_shown(target: Location, recorded: Location | None) -> Decision:
    """What to deploy for a version of an object that was decided on a moment ago. S3 is not asked again."""
    return Decision(target, same=True, moved=recorded is None or not revisions.is_pinned(recorded))


def _unasked(target: Location, name: str, why: str, require_pinned: bool) -> list[Finding]:
    """The decision if S3 does not say what is there."""
    found = [Finding("bundle", "unknown", f"it is not known whether the bundle {name} is still there. {why}")]
    if revisions.is_pinned(target):
        return found
    what = (
        f"{name} has neither a version nor an ETag, so CodeDeploy deploys what is there now, whatever that is. Deploy "
        "revisions with their version, so that they can be redeployed"
    )
    found.append(Finding("unpinned", "block" if require_pinned else "warn", what))
    return found


def _found_version(name: str, good: Deployment | None) -> Finding:
    which = f" when {good.id} deployed it" if good is not None else ""
    what = f"the deployment recorded no version; {name} is what was there{which}, and that version is deployed"
    return Finding("pinned", "info", what)


def _unpinned(
    target: Location, name: str, good: Deployment | None, head: Head, as_it_is_now: bool, require_pinned: bool
) -> Decision:
    """The decision for an untied bundle: tie it to what is there now, if that is what was deployed, or what the user
    asked for.
    """
    tied = pinned(target, Version(head.version, head.etag, head.modified or datetime.min))
    if good is not None and head.modified is not None and head.modified <= good.created_at:
        what = f"{name} was not changed since {good.id} deployed it; it is tied to its {_tie(tied)} for this deployment"
        return Decision(tied, (Finding("pinned", "info", what),), same=True)
    since = f"the object was replaced at {stamp(head.modified)}" if head.modified else "S3 does not say when it changed"
    if as_it_is_now or good is None:
        after = f", after {good.id} had deployed it" if good is not None and head.modified else ""
        what = f"{name} has neither a version nor an ETag: what is there now is deployed ({since}{after})"
        return Decision(tied, (Finding("unpinned", "block" if require_pinned else "warn", what),), moved=True)
    what = (
        f"{good.id} recorded neither a version nor an ETag of {name}, and {since}, after that deployment: what was "
        "deployed then is gone. Put it back, or name what to deploy with revision"
    )
    return Decision(target, (Finding("bundle", "block", what),), moved=True)


def _tie(location: Location) -> str:
    where = revisions.where(location)
    return f"version {where['version']}" if where.get("version") else f"ETag {revisions.etag(where)}"


def read_versions(aws: Aws, places: t.Sequence[Place]) -> tuple[dict[Place, list[Version]], list[Finding]]:
    """The versions of these objects, and findings for those that could not be read."""
    found: dict[Place, list[Version]] = {}
    unknown: list[Finding] = []
    for bucket, key in places:
        try:
            found[bucket, key] = _versions(aws, bucket, key)
        except (AwsCallError, IncompleteAnswerError) as exc:
            what = (
                f"s3://{bucket}/{key} was deployed several times without a version, and it is not known which version "
                "was deployed when"
            )
            unknown.append(Finding("versions", "unknown", f"{what}. {exc.explain()}{_which_permission(exc)}"))
            # What is there now at least identifies the deployments since it was put there.
            head = read_head(aws, {"revisionType": "S3", "s3Location": {"bucket": bucket, "key": key}})
            if isinstance(head, Head) and head.modified is not None:
                found[bucket, key] = [Version(head.version or _NO_VERSION, head.etag, head.modified)]
    return found, unknown


def read_head(aws: Aws, location: Location) -> Head | str:
    """What S3 says about this place now, or why that is not known."""
    where = revisions.where(location)
    try:
        return _head(aws, str(where["bucket"]), str(where["key"]), str(where.get("version") or ""))
    except AwsCallError as exc:
        return Head(missing=exc.detail or exc.code) if exc.code in _MISSING else exc.explain()
    except IncompleteAnswerError as exc:
        return exc.explain()


def _which_permission(error: AwsCallError | IncompleteAnswerError) -> str:
    # https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html
    return " That permission is called s3:ListBucketVersions." if error.is_denied else ""


@_S3ErrorHandler.common_error_handler("list the versions of s3://{bucket}/{key}")
def _versions(aws: Aws, bucket: str, key: str) -> list[Version]:
    found: list[Version] = []
    marker: dict[str, str] = {}
    while True:
        answer = aws.beside.call("s3", "list_object_versions", Bucket=bucket, Prefix=key, **marker)
        for item in [*(answer.get("Versions") or []), *(answer.get("DeleteMarkers") or [])]:
            if item.get("Key") == key:
                etag = str(item.get("ETag") or "").strip('"').lower()
                found.append(Version(str(item["VersionId"]), etag, item["LastModified"], deleted="ETag" not in item))
        if not answer.get("IsTruncated") or str(answer.get("NextKeyMarker")) > key:
            return found
        marker = {"KeyMarker": answer["NextKeyMarker"], "VersionIdMarker": answer["NextVersionIdMarker"]}


@_S3ErrorHandler.common_error_handler("look at s3://{bucket}/{key}")
def _head(aws: Aws, bucket: str, key: str, version: str) -> Head:
    chosen = {"VersionId": version} if version else {}
    answer = aws.beside.call("s3", "head_object", Bucket=bucket, Key=key, **chosen)
    etag = str(answer.get("ETag") or "").strip('"').lower()
    found = str(answer.get("VersionId") or "")
    return Head(etag, "" if found == _NO_VERSION else found, answer.get("LastModified"))
