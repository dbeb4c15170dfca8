# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""AppSpec files in S3: reading them, and whether they are what was deployed."""

from __future__ import annotations

import io
import typing as t
from datetime import UTC, datetime, timedelta

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy import s3
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import (
    FakeAws,
    connection_lost,
    refused_by_aws,
)

AT = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
LATER = AT + timedelta(hours=1)
EARLIER = AT - timedelta(hours=1)


def location(**place: str) -> dict[str, t.Any]:
    return {"revisionType": "S3", "s3Location": {"bucket": "b", "key": "a/web.json", "bundleType": "JSON", **place}}


def answer(data: bytes = b"{}", **more: t.Any) -> dict[str, t.Any]:
    return {"Body": io.BytesIO(data), "ETag": '"1"', "LastModified": AT, **more}


@pytest.mark.parametrize(
    ("place", "key"),
    [
        (location(), "s3://b/a/web.json"),
        (location(version="v1"), "s3://b/a/web.json?versionId=v1"),
        ({"revisionType": "AppSpecContent", "appSpecContent": {"sha256": "1"}}, ""),
        ({"revisionType": "GitHub", "gitHubLocation": {"repository": "r"}}, ""),
        ({"revisionType": "S3"}, ""),
        ({"revisionType": "S3", "s3Location": {"bucket": "b"}}, ""),
        ({}, ""),
    ],
)
def test_where_it_is(place: dict[str, t.Any], key: str) -> None:
    assert s3.key(place) == key


@pytest.mark.parametrize(
    ("kind", "fits"), [("JSON", True), ("YAML", True), ("yaml", True), ("zip", False), ("tar", False), ("", False)]
)
def test_what_can_be_an_appspec_file(kind: str, fits: bool) -> None:
    assert (s3.unreadable(location(bundleType=kind)) == "") is fits


@pytest.mark.parametrize(
    ("place", "etag", "modified", "changed"),
    [
        ({}, "1", EARLIER, ""),
        ({}, "1", AT, ""),
        ({}, "1", LATER, "recorded neither a version nor an ETag"),
        ({}, "1", None, ""),
        ({"eTag": "1"}, "1", LATER, ""),
        ({"eTag": '"1"'}, "1", LATER, ""),
        ({"eTag": "1"}, "2", EARLIER, "its ETag is 2, and was 1"),
        ({"version": "v"}, "1", LATER, ""),
        ({"version": "v", "eTag": "1"}, "2", EARLIER, "its ETag is 2, and was 1"),
    ],
)
def test_whether_it_is_what_was_deployed(
    place: dict[str, str], etag: str, modified: datetime | None, changed: str
) -> None:
    why = s3.changed(location(**place), s3.Stored("{}", etag, modified), AT)
    assert (changed in why) if changed else why == ""


@pytest.mark.parametrize(
    ("place", "sent"),
    [({}, {"eTag": "1"}), ({"eTag": '"1"'}, {"eTag": '"1"'}), ({"version": "v"}, {"version": "v"})],
)
def test_only_what_was_read_can_be_deployed(place: dict[str, str], sent: dict[str, str]) -> None:
    assert s3.guarded(location(**place), s3.Stored("{}", "1", AT)) == location(**sent)


def test_what_is_read() -> None:
    aws = FakeAws(get_object=lambda **_: answer(b"text"))
    assert s3.read(aws, location()) == s3.Stored("text", "1", AT)
    s3.read(aws, location(version="v"))
    assert aws.sent("get_object") == [
        {"Bucket": "b", "Key": "a/web.json"},
        {"Bucket": "b", "Key": "a/web.json", "VersionId": "v"},
    ]


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (refused_by_aws("GetObject", "NoSuchKey", "gone"), "NoSuchKey (gone)"),
        (refused_by_aws("GetObject", "NoSuchBucket", "gone"), "NoSuchBucket (gone)"),
        (refused_by_aws("GetObject", "AccessDenied"), "needs the permission s3:GetObject."),
        (connection_lost(), "No answer came from AWS"),
        ({}, "lacks 'Body'"),
        (answer(b"x" * (s3.LARGEST + 1)), "larger than 256 KiB"),
        (answer(b"\xff"), "not UTF-8 text"),
    ],
)
def test_why_it_cannot_be_read(given: t.Any, why: str) -> None:
    found = s3.read(FakeAws(get_object=[given]), location())
    assert isinstance(found, str)
    assert why in found


def test_a_version_takes_another_permission() -> None:
    found = s3.read(FakeAws(get_object=refused_by_aws("GetObject", "AccessDenied")), location(version="v"))
    assert "s3:GetObjectVersion" in str(found)
