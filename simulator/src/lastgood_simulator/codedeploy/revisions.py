# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Revisions: where they are, how they are told apart, and the register of an application."""

from __future__ import annotations

import hashlib
from typing import Any

from lastgood_simulator.codedeploy import errors
from lastgood_simulator.codedeploy.model import Application, Revision, Shape

# revisionType: the member that holds the location, and its required members.
_MEMBERS = {
    "S3": ("s3Location", ("bucket", "key")),
    "GitHub": ("gitHubLocation", ("repository", "commitId")),
    "String": ("string", ()),
    "AppSpecContent": ("appSpecContent", ()),
}
# https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_RevisionLocation.html
_ALLOWED = {
    "Server": ("S3", "GitHub"),
    "Lambda": ("S3", "String", "AppSpecContent"),
    "ECS": ("S3", "String", "AppSpecContent"),
}


def located(given: Any, platform: str) -> Shape:
    """A revision location as it is kept: with the hash of its content, if it has any.

    Raises RevisionRequiredException and InvalidRevisionException.
    """
    if not given:
        raise errors.error("RevisionRequired", "Revision must be specified")
    kind = given.get("revisionType")
    if kind not in _ALLOWED[platform]:
        allowed = ", ".join(_ALLOWED[platform])
        raise errors.error("InvalidRevision", f"revisionType must be one of {allowed} for the {platform} platform")
    member, needed = _MEMBERS[kind]
    place = dict(given.get(member) or {})
    missing = [name for name in needed if not place.get(name)]
    if missing:
        raise errors.error("InvalidRevision", f"{member} must have {' and '.join(missing)}")
    if not needed:
        content, digest = place.get("content"), place.get("sha256")
        if not content and not digest:
            raise errors.error("InvalidRevision", f"{member} must have content")
        if content:
            place["sha256"] = hashlib.sha256(content.encode()).hexdigest()
            if digest not in (None, place["sha256"]):
                raise errors.error("InvalidRevision", "sha256 is not the SHA256 hash value of the content")
    return {"revisionType": kind, member: place}


def key(location: Shape) -> tuple[Any, ...]:
    """What makes two locations the same revision."""
    kind = location["revisionType"]
    place = location[_MEMBERS[kind][0]]
    if kind == "S3":
        version, tag = place.get("version"), place.get("eTag")
        return (kind, place["bucket"], place["key"], version, tag and tag.strip('"'))
    if kind == "GitHub":
        return (kind, place["repository"], place["commitId"])
    return (kind, place["sha256"])


def same(one: Shape, other: Shape) -> bool:
    """Whether two locations are the same revision."""
    return key(one) == key(other)


def found(application: Application, location: Shape) -> Revision | None:
    """The registered revision of this location."""
    return next((item for item in application.revisions if key(item.location) == key(location)), None)


def registered(application: Application, location: Shape) -> Revision:
    """The same. Raises RevisionDoesNotExistException."""
    revision = found(application, location)
    if revision is None:
        raise errors.error("RevisionDoesNotExist", f"No revision found for the location in {application.name}")
    return revision


def register(application: Application, location: Shape, description: str, at: float) -> Revision:
    """Register a location, or return the revision that it is already."""
    revision = found(application, location)
    if revision is None:
        revision = Revision(location, description, at)
        application.revisions.append(revision)
    return revision


def content_of(location: Shape) -> str | None:
    """The AppSpec file that the location itself holds."""
    place = location[_MEMBERS[location["revisionType"]][0]]
    content = place.get("content")
    return None if content is None else str(content)


def without_content(location: Shape) -> Shape:
    """The location as every operation but GetApplicationRevision and BatchGetApplicationRevisions shows it.

    "The content property of the appSpecContent object in the returned revision is always null. Use
    GetApplicationRevision and the sha256 property … to get the content": API_GetDeployment.html.
    """
    return {
        name: {inner: item for inner, item in value.items() if inner != "content"} if isinstance(value, dict) else value
        for name, value in location.items()
    }
