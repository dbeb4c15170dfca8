# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""AppSpec files in S3: reading them, and whether they are still what was deployed.

"If the version is not specified, the system uses the most recent version", and "If the ETag is not specified as an
input parameter, ETag validation of the object is skipped"
(https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_S3Location.html). So a location with neither is, today,
whatever was put there last.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from datetime import datetime

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws, require
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import (
    AwsCallError,
    IncompleteAnswerError,
    error_handler,
)
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.model import Location
from ansible_collections.lastgood.aws.plugins.module_utils._core.as_of import stamp

_S3ErrorHandler: t.Final = error_handler("s3")

# What an AppSpec file of ECS may be (bundleType of S3Location in botocore's model).
_FILES: t.Final = frozenset({"yaml", "json"})
# Bytes. Far more than an AppSpec file needs; anything larger is something else.
LARGEST: t.Final = 256 * 1024


@dataclass(frozen=True)
class Stored:
    """An object as it is in S3 now. ``etag`` has no quotes."""

    content: str
    etag: str
    modified: datetime | None = None


def place(location: Location) -> t.Mapping[str, t.Any]:
    """Bucket, key, version and so on; empty if the revision is not in S3."""
    found = location.get("s3Location") if location.get("revisionType") == "S3" else None
    return found if isinstance(found, dict) and found.get("bucket") and found.get("key") else {}


def key(location: Location) -> str:
    """``s3://bucket/key?versionId=…``: what to read for this revision."""
    where = place(location)
    version = f"?versionId={where['version']}" if where.get("version") else ""
    return f"s3://{where['bucket']}/{where['key']}{version}" if where else ""


def is_pinned(location: Location) -> bool:
    """Whether its content cannot change, because CodeDeploy checks it."""
    where = place(location)
    return bool(where.get("version") or where.get("eTag"))


def guarded(location: Location, stored: Stored) -> dict[str, t.Any]:
    """The same revision, tied so that CodeDeploy accepts only what was read."""
    where = dict(place(location))
    if not is_pinned(location) and stored.etag:
        where["eTag"] = stored.etag
    return {**location, "s3Location": where}


def unreadable(location: Location) -> str:
    """Why this revision cannot be an AppSpec file; empty if it can."""
    kind = str(place(location).get("bundleType") or "")
    if kind.lower() in _FILES:
        return ""
    return f"its bundleType is {kind or 'not given'}, and an AppSpec file is YAML or JSON"


def changed(location: Location, stored: Stored, deployed_at: datetime) -> str:
    """Why the object is not what was deployed then; empty if it is."""
    where = place(location)
    etag = str(where.get("eTag") or "").strip('"')
    if etag and etag != stored.etag:
        return f"the object was replaced since (its ETag is {stored.etag}, and was {etag})"
    if is_pinned(location) or stored.modified is None or stored.modified <= deployed_at:
        return ""
    return (
        f"the deployment recorded neither a version nor an ETag, and the object was replaced at "
        f"{stamp(stored.modified)}, after the deployment"
    )


def read(aws: Aws, location: Location) -> Stored | str:
    """The object, or why it cannot be read: denied, missing, too large, not text."""
    where = place(location)
    version = str(where.get("version") or "")
    try:
        return _get(aws, str(where["bucket"]), str(where["key"]), version)
    except AwsCallError as exc:
        denied = exc.is_denied and version
        return exc.explain() + (" For a version that is s3:GetObjectVersion." if denied else "")
    except IncompleteAnswerError as exc:
        return exc.explain()
    except _NotAFile as exc:
        return str(exc)


class _NotAFile(ValueError):
    """The object is not an AppSpec file."""


@_S3ErrorHandler.common_error_handler("read s3://{bucket}/{name}")
def _get(aws: Aws, bucket: str, name: str, version: str) -> Stored:
    chosen = {"VersionId": version} if version else {}
    answer = aws.beside.call("s3", "get_object", Bucket=bucket, Key=name, **chosen)
    body, etag = require(answer, "Body", "get_object"), str(answer.get("ETag") or "")
    try:
        return Stored(_text(body.read(LARGEST + 1)), etag.strip('"'), answer.get("LastModified"))
    finally:
        body.close()


def _text(data: bytes) -> str:
    if len(data) > LARGEST:
        raise _NotAFile(f"the object is larger than {LARGEST // 1024} KiB, too large for an AppSpec file")
    try:
        return data.decode()
    except UnicodeDecodeError as exc:
        raise _NotAFile("the object is not UTF-8 text") from exc
