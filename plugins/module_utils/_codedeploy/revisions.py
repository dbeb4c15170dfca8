# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Revisions: which are the same, what people call them, and how users write them. Pure.

https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_RevisionLocation.html
"""

from __future__ import annotations

import hashlib
import json
import re
import typing as t
from urllib.parse import unquote

from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.model import Location
from ansible_collections.lastgood.aws.plugins.module_utils._core.options import BadOption

# revisionType, and the member that holds its location.
MEMBERS: t.Final = {
    "S3": "s3Location",
    "GitHub": "gitHubLocation",
    "String": "string",
    "AppSpecContent": "appSpecContent",
}
# What each platform can deploy (API_CreateDeployment.html, revision; botocore's RevisionLocationType).
_ALLOWED: t.Final = {
    "Server": ("S3", "GitHub"),
    "Lambda": ("S3", "String", "AppSpecContent"),
    "ECS": ("S3", "String", "AppSpecContent"),
}
# bundleType by the end of the key (BundleType in botocore's model).
_BUNDLES: t.Final = {
    ".zip": "zip",
    ".tar": "tar",
    ".tgz": "tgz",
    ".tar.gz": "tgz",
    ".yaml": "YAML",
    ".yml": "YAML",
    ".json": "JSON",
}
BUNDLE_TYPES: t.Final = ("tar", "tgz", "zip", "YAML", "JSON")
_FILES: t.Final = frozenset({"yaml", "json"})
# Names of members as users may write them: lower case, no underscores.
_NAMES: t.Final = {
    "": {"revisiontype": "revisionType", **{member.lower(): member for member in MEMBERS.values()}},
    "s3Location": {
        "bucket": "bucket",
        "key": "key",
        "bundletype": "bundleType",
        "version": "version",
        "versionid": "version",
        "etag": "eTag",
    },
    "gitHubLocation": {"repository": "repository", "commitid": "commitId"},
    "string": {"content": "content", "sha256": "sha256"},
    "appSpecContent": {"content": "content", "sha256": "sha256"},
}
_GITHUB: t.Final = re.compile(
    r"(?:github[: ]\s*|https://github\.com/)(?P<repository>[^/\s@]+/[^/\s@]+?)(?:\.git)?(?:@|/commit/)(?P<commit>\S+)"
)
_COMMIT: t.Final = re.compile(r"[0-9a-fA-F]{7,40}")
_FORMS: t.Final = (
    "Write it as s3://bucket/key?versionId=…, as github:owner/repository@commit, or as the dictionary that "
    "CreateDeployment takes"
)


class NotARevision(BadOption):
    """The text or dictionary is not a revision. The message says why."""


def where(location: Location) -> t.Mapping[str, t.Any]:
    """The member that says where the revision is; empty if there is none."""
    found = location.get(MEMBERS.get(str(location.get("revisionType")), ""))
    return found if isinstance(found, dict) else {}


def key(location: Location) -> str:
    """A key that is equal for equal revisions, however they are written; empty if there is no revision.

    A version id says it all: its ETag cannot differ. ETags come with and without quotes; GitHub names ignore case.
    """
    kind, place = str(location.get("revisionType")), where(location)
    if kind == "S3" and place.get("bucket") and place.get("key"):
        return f"s3://{place['bucket']}/{place['key']}{_pin(place)}"
    if kind == "GitHub" and place.get("repository") and place.get("commitId"):
        return f"github:{str(place['repository']).lower()}@{str(place['commitId']).lower()}"
    digest = place.get("sha256") or _digest(place)
    return f"sha256:{str(digest).lower()}" if digest and kind in ("String", "AppSpecContent") else ""


def same(one: Location, other: Location) -> bool:
    """Whether both are the same revision."""
    return bool(key(one)) and key(one) == key(other)


def text(location: Location) -> str:
    """What people call the revision."""
    kind, place = str(location.get("revisionType")), where(location)
    if kind == "S3" and place.get("bucket"):
        name = f"s3://{place['bucket']}/{place.get('key')}"
        if place.get("version"):
            return f"{name} (version {place['version']})"
        return f"{name} (ETag {etag(place)})" if etag(place) else name
    if kind == "GitHub" and place.get("repository"):
        return f"github {place['repository']}@{str(place.get('commitId'))[:7]}"
    digest = key(location).partition(":")[2]
    return f"AppSpec {digest[:12]}" if digest else "an unknown revision"


def etag(place: t.Mapping[str, t.Any]) -> str:
    """The ETag of an S3 location, without quotes."""
    return str(place.get("eTag") or "").strip('"').lower()


def with_versions(locations: t.Sequence[Location]) -> list[Location]:
    """The same locations; one that has only an ETag gets the version that another location gives for it."""
    known = {_content(location): location for location in locations if where(location).get("version")}
    return [
        known.get(_content(location), location)
        if etag(where(location)) and not where(location).get("version")
        else location
        for location in locations
    ]


def _content(location: Location) -> tuple[str, str, str]:
    place = where(location)
    return str(place.get("bucket")), str(place.get("key")), etag(place)


def is_pinned(location: Location) -> bool:
    """Whether its content cannot change: true of a commit, and of an S3 object with a version or an ETag."""
    return location.get("revisionType") != "S3" or bool(_pin(where(location)))


def unfit(location: Location, platform: str) -> str:
    """Why the platform cannot deploy it; empty if it can, or if the platform is not known."""
    kind = str(location.get("revisionType"))
    allowed = _ALLOWED.get(platform, tuple(MEMBERS))
    if kind not in allowed:
        return f"the platform {platform} deploys revisions of the types {', '.join(allowed)}, and this one is {kind}"
    bundle = str(where(location).get("bundleType") or "")
    if kind == "S3" and platform in _ALLOWED and bundle:
        is_file = bundle.lower() in _FILES
        if is_file == (platform == "Server"):
            wanted = "tar, tgz or zip" if platform == "Server" else "YAML or JSON"
            return f"its bundleType is {bundle}, and on the platform {platform} it has to be {wanted}"
    return ""


def if_given(given: t.Any) -> dict[str, t.Any] | None:
    """A location from what a user wrote, or None if that is empty. Raises :class:`NotARevision`."""
    if given is None or given == {} or (isinstance(given, str) and not given.strip()):
        return None
    return from_option(given.strip() if isinstance(given, str) else given)


def from_option(given: t.Any) -> dict[str, t.Any]:
    """A location from what a user wrote. Raises :class:`NotARevision`."""
    if isinstance(given, str) and given.lstrip().startswith("{"):
        try:
            given = json.loads(given)
        except ValueError as exc:
            raise NotARevision(f"revision is not valid JSON: {exc}") from exc
    if isinstance(given, t.Mapping):
        return _from_dictionary(given)
    if isinstance(given, str) and given.startswith("s3://"):
        return _from_s3(given)
    match = _GITHUB.fullmatch(given.strip()) if isinstance(given, str) else None
    if match is None:
        raise NotARevision(f"revision {given!r} is not understood. {_FORMS}")
    return _checked({"revisionType": "GitHub", "gitHubLocation": _commit(match["repository"], match["commit"])})


def matches(wanted: Location, candidate: Location) -> bool:
    """Whether the user meant this one: the same revision, the start of its commit, or just its place."""
    if same(wanted, candidate):
        return True
    mine, theirs = where(wanted), where(candidate)
    if wanted.get("revisionType") != candidate.get("revisionType"):
        return False
    if wanted.get("revisionType") == "GitHub":
        return key(candidate).startswith(key(wanted))
    if wanted.get("revisionType") == "S3":
        if (mine.get("bucket"), mine.get("key")) != (theirs.get("bucket"), theirs.get("key")):
            return False
        if mine.get("version"):
            return bool(mine["version"] == theirs.get("version"))
        return not etag(mine) or etag(mine) == etag(theirs)
    return False


def is_whole(location: Location) -> bool:
    """Whether it can be deployed as written; the start of a commit cannot."""
    return location.get("revisionType") != "GitHub" or len(str(where(location).get("commitId"))) == 40


def _pin(place: t.Mapping[str, t.Any]) -> str:
    if place.get("version"):
        return f"?versionId={place['version']}"
    return f"?etag={etag(place)}" if etag(place) else ""


def _digest(place: t.Mapping[str, t.Any]) -> str:
    content = place.get("content")
    return hashlib.sha256(str(content).encode()).hexdigest() if content else ""


def _from_s3(given: str) -> dict[str, t.Any]:
    path, _mark, query = given.partition("?")
    bucket, _slash, name = path[len("s3://") :].partition("/")
    place: dict[str, t.Any] = {"bucket": bucket, "key": name}
    names = _NAMES["s3Location"]
    for part in query.split("&") if query else ():
        option, _equals, value = part.partition("=")
        member = names.get(option.replace("_", "").lower(), "")
        if member not in ("version", "eTag", "bundleType") or not value:
            raise NotARevision(
                f"revision {given!r}: {part!r} is not understood; after the question mark there can be versionId, etag "
                "and bundleType. A key that holds a question mark has to be given as a dictionary"
            )
        place[member] = unquote(value)
    return _checked({"revisionType": "S3", "s3Location": place})


def _from_dictionary(given: t.Mapping[t.Any, t.Any]) -> dict[str, t.Any]:
    outer = _renamed(given, "")
    members = [member for member in MEMBERS.values() if outer.get(member)]
    if len(members) != 1 or not isinstance(outer[members[0]], t.Mapping):
        raise NotARevision(f"revision must have exactly one of {', '.join(MEMBERS.values())}, as a dictionary")
    kind = next(kind for kind, member in MEMBERS.items() if member == members[0])
    if outer.get("revisionType", kind) != kind:
        raise NotARevision(f"revision has the revisionType {outer['revisionType']}, and {members[0]} belongs to {kind}")
    return _checked({"revisionType": kind, members[0]: _renamed(outer[members[0]], members[0])})


def _renamed(given: t.Mapping[t.Any, t.Any], member: str) -> dict[str, t.Any]:
    found: dict[str, t.Any] = {}
    for name, value in given.items():
        known = _NAMES[member].get(str(name).replace("_", "").lower())
        if known is None:
            allowed = ", ".join(dict.fromkeys(_NAMES[member].values()))
            raise NotARevision(f"revision: {f'{member}.' if member else ''}{name} is not known; there are {allowed}")
        if value not in (None, ""):
            found[known] = value
    return found


def _commit(repository: str, commit: str) -> dict[str, t.Any]:
    return {"repository": repository, "commitId": commit.lower()}


def _checked(location: dict[str, t.Any]) -> dict[str, t.Any]:
    """The same location, with what it leaves out but shows. Raises :class:`NotARevision` if it cannot be deployed."""
    kind, place = location["revisionType"], location[MEMBERS[location["revisionType"]]]
    check = {"S3": _check_object, "GitHub": _check_commit}.get(kind, _check_appspec)
    check(place)
    return location


def _check_object(place: dict[str, t.Any]) -> None:
    if not place.get("bucket") or not place.get("key"):
        raise NotARevision(f"revision needs a bucket and a key. {_FORMS}")
    bundle = place.get("bundleType") or _bundle(place["key"])
    found = next((known for known in BUNDLE_TYPES if known.lower() == str(bundle).lower()), None)
    if found is None:
        raise NotARevision(
            f"revision: {place['key']} does not show what kind of bundle it is; give bundleType: "
            f"{', '.join(BUNDLE_TYPES)}"
        )
    place["bundleType"] = found


def _check_commit(place: dict[str, t.Any]) -> None:
    if str(place.get("repository") or "").count("/") != 1:
        raise NotARevision(f"revision: {place.get('repository')!r} is not a repository: write owner/repository")
    if not _COMMIT.fullmatch(str(place.get("commitId") or "")):
        raise NotARevision(
            f"revision: {place.get('commitId')!r} is not a commit. CodeDeploy accepts only the SHA of a commit, "
            "no branch and no tag"
        )


def _check_appspec(place: dict[str, t.Any]) -> None:
    if place.get("sha256"):
        return
    if not place.get("content"):
        raise NotARevision("revision must have content, or the sha256 of content that is registered")
    place["sha256"] = _digest(place)


def _bundle(name: str) -> str:
    return next((kind for end, kind in _BUNDLES.items() if name.lower().endswith(end)), "")
