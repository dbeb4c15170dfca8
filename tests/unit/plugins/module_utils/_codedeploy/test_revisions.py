# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which revisions are the same, what they are called, and how users write them."""

from __future__ import annotations

import hashlib
import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy import revisions
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._codedeploy.builders import rev, s3
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._codedeploy.test_api import enum

SHA = "3f2a1c" + "0" * 34
HELLO = hashlib.sha256(b"hello").hexdigest()


def github(repository: str = "acct/app", commit: str = SHA) -> dict[str, t.Any]:
    return {"revisionType": "GitHub", "gitHubLocation": {"repository": repository, "commitId": commit}}


def held(**place: str) -> dict[str, t.Any]:
    return {"revisionType": "AppSpecContent", "appSpecContent": place}


def test_botocore_knows_nothing_that_we_do_not() -> None:
    assert set(revisions.MEMBERS) == set(enum("RevisionLocationType"))
    assert set(revisions.BUNDLE_TYPES) == set(enum("BundleType"))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (s3("a.zip"), s3("a.zip"), True),
        (s3("a.zip"), s3("b.zip"), False),
        (s3("a.zip"), s3("A.zip"), False),
        (s3("a.zip", "v1"), s3("a.zip", "v1"), True),
        (s3("a.zip", "v1"), s3("a.zip", "v2"), False),
        # Not pinned is whatever is there: it is not known to be any version.
        (s3("a.zip"), s3("a.zip", "v1"), False),
        (s3("a.zip", etag='"ABC"'), s3("a.zip", etag="abc"), True),
        (s3("a.zip", etag="abc"), s3("a.zip", etag="abd"), False),
        # A version says all.
        (s3("a.zip", "v1", '"abc"'), s3("a.zip", "v1"), True),
        (s3("a.zip", bundle="zip"), s3("a.zip", bundle="tar"), True),
        (github("Acct/App"), github("acct/app", SHA.upper()), True),
        (github(), github("acct/other"), False),
        (github(), github(commit="4" * 40), False),
        (held(content="hello"), held(sha256=HELLO.upper()), True),
        (held(content="hello"), {"revisionType": "String", "string": {"sha256": HELLO}}, True),
        (held(content="hello"), held(content="hallo"), False),
        ({}, {}, False),
        ({"revisionType": "S3"}, {"revisionType": "S3"}, False),
        ({"revisionType": "SomethingNew"}, {"revisionType": "SomethingNew"}, False),
    ],
)
def test_the_same(one: dict[str, t.Any], other: dict[str, t.Any], same: bool) -> None:
    for first, second in ((one, other), (other, one)):
        assert revisions.same(first, second) is same


@pytest.mark.parametrize(
    ("location", "text", "pinned"),
    [
        (s3("app.zip"), "s3://releases/app.zip", False),
        (s3("app.zip", "v1"), "s3://releases/app.zip (version v1)", True),
        (s3("app.zip", "v1", "abc"), "s3://releases/app.zip (version v1)", True),
        (s3("app.zip", etag='"ABC"'), "s3://releases/app.zip (ETag abc)", True),
        (github(), "github acct/app@3f2a1c0", True),
        (held(content="hello"), f"AppSpec {HELLO[:12]}", True),
        ({}, "an unknown revision", True),
    ],
)
def test_what_people_call_it(location: dict[str, t.Any], text: str, pinned: bool) -> None:
    assert revisions.text(location) == text
    assert revisions.is_pinned(location) is pinned


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("s3://releases/app.zip", s3("app.zip")),
        ("s3://releases/a/b/app.zip?versionId=v1", s3("a/b/app.zip", "v1")),
        ("s3://releases/app.zip?version=v1&etag=abc", s3("app.zip", "v1", "abc")),
        ("s3://releases/app.zip?eTag=%22abc%22", s3("app.zip", etag='"abc"')),
        ("s3://releases/app.tar.gz", s3("app.tar.gz", bundle="tgz")),
        ("s3://releases/app.tgz", s3("app.tgz", bundle="tgz")),
        ("s3://releases/app.tar", s3("app.tar", bundle="tar")),
        ("s3://releases/appspec.yml", s3("appspec.yml", bundle="YAML")),
        ("s3://releases/appspec.json", s3("appspec.json", bundle="JSON")),
        ("s3://releases/app?bundleType=ZIP", s3("app")),
        (f"github:acct/app@{SHA}", github()),
        (f"github acct/app@{SHA.upper()}", github()),
        (f"https://github.com/acct/app/commit/{SHA}", github()),
        ("github:acct/app@3f2a1c0", github(commit="3f2a1c0")),
        (s3("app.zip", "v1"), s3("app.zip", "v1")),
        (
            {"s3_location": {"bucket": "releases", "key": "app.zip", "bundle_type": "zip", "e_tag": "abc"}},
            s3("app.zip", etag="abc"),
        ),
        (
            {"revision_type": "S3", "s3_location": {"bucket": "releases", "key": "app.zip", "version": ""}},
            s3("app.zip"),
        ),
        ({"git_hub_location": {"repository": "acct/app", "commit_id": SHA}}, github()),
        ({"gitHubLocation": {"repository": "acct/app", "commitId": SHA}, "s3Location": None}, github()),
        ('{"s3Location": {"bucket": "releases", "key": "app.zip"}}', s3("app.zip")),
        ({"app_spec_content": {"content": "hello"}}, held(content="hello", sha256=HELLO)),
        ({"appSpecContent": {"sha256": HELLO}}, held(sha256=HELLO)),
        ({"string": {"content": "hello"}}, {"revisionType": "String", "string": {"content": "hello", "sha256": HELLO}}),
    ],
)
def test_as_users_write_it(written: t.Any, meant: dict[str, t.Any]) -> None:
    assert revisions.from_option(written) == meant


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("app.zip", "is not understood. Write it as s3://"),
        (41, "is not understood"),
        ("s3://releases", "needs a bucket and a key"),
        ("s3:///app.zip", "needs a bucket and a key"),
        ("s3://releases/app", "give bundleType: tar, tgz, zip, YAML, JSON"),
        ("s3://releases/app.zip?colour=red", "'colour=red' is not understood"),
        ("s3://releases/app.zip?bucket=other", "'bucket=other' is not understood"),
        ("s3://releases/app.zip?versionId=", "'versionId=' is not understood"),
        ("github:acct/app@main", "'main' is not a commit"),
        ("github:app@3f2a1c0", "is not understood"),
        ({"git_hub_location": {"repository": "app", "commit_id": SHA}}, "is not a repository"),
        ({"git_hub_location": {"repository": "acct/app"}}, "is not a commit"),
        ("{not json", "is not valid JSON"),
        ({}, "exactly one of s3Location"),
        ({"s3Location": "releases/app.zip"}, "as a dictionary"),
        ({"s3Location": {"bucket": "a"}, "gitHubLocation": {"repository": "b"}}, "exactly one of"),
        ({"revisionType": "GitHub", "s3Location": {"bucket": "a", "key": "b.zip"}}, "belongs to S3"),
        ({"s3_location": {"bucket": "a", "name": "b"}}, "s3Location.name is not known; there are bucket, key"),
        ({"place": {}}, "place is not known"),
        ({"app_spec_content": {"content": ""}}, "must have content, or the sha256"),
        ({"app_spec_content": {"x": ""}}, "appSpecContent.x is not known"),
    ],
)
def test_what_is_no_revision(written: t.Any, why: str) -> None:
    with pytest.raises(revisions.NotARevision) as caught:
        revisions.from_option(written)
    assert why in str(caught.value)


@pytest.mark.parametrize(
    ("wanted", "candidate", "fits"),
    [
        (github(commit="3f2a1c0"), github(), True),
        (github(commit="3f2a1c1"), github(), False),
        (github("acct/other", "3f2a1c0"), github(), False),
        (github(), github(), True),
        (s3("a.zip", etag='"abc"'), s3("a.zip", "v1", "ABC"), True),
        (s3("a.zip", etag="abc"), s3("a.zip", "v1", "abd"), False),
        (s3("a.zip", etag="abc"), s3("a.zip", "v1"), False),
        (s3("a.zip", "v1"), s3("a.zip", "v1", "abc"), True),
        (s3("a.zip", "v2"), s3("a.zip", "v1", "abc"), False),
        (s3("b.zip", etag="abc"), s3("a.zip", etag="abc"), False),
        # Whatever version it was.
        (s3("a.zip"), s3("a.zip", "v1"), True),
        (s3("a.zip"), s3("b.zip", "v1"), False),
        (s3("a.zip"), s3("a.zip"), True),
        (s3("a.zip"), github(), False),
        (held(sha256=HELLO), held(content="hello"), True),
        (held(sha256=HELLO), held(content="hallo"), False),
    ],
)
def test_what_was_written_means_this_one(wanted: dict[str, t.Any], candidate: dict[str, t.Any], fits: bool) -> None:
    assert revisions.matches(wanted, candidate) is fits


@pytest.mark.parametrize(
    ("location", "platform", "unfit"),
    [
        (s3("a.zip"), "Server", ""),
        (rev(1), "Server", ""),
        (s3("a.yaml", bundle="YAML"), "Server", "it has to be tar, tgz or zip"),
        (held(content="x"), "Server", "deploys revisions of the types S3, GitHub"),
        (s3("a.zip"), "ECS", "it has to be YAML or JSON"),
        (s3("a.yaml", bundle="YAML"), "Lambda", ""),
        (held(content="x"), "Lambda", ""),
        (rev(1), "ECS", "and this one is GitHub"),
        (rev(1), "SomethingNew", ""),
        (s3("a.zip"), "SomethingNew", ""),
    ],
)
def test_what_a_platform_deploys(location: dict[str, t.Any], platform: str, unfit: str) -> None:
    found = revisions.unfit(location, platform)
    assert (unfit in found) if unfit else not found


@pytest.mark.parametrize(("location", "whole"), [(github(), True), (github(commit="3f2a1c0"), False), (s3("a"), True)])
def test_only_a_whole_commit_can_be_deployed(location: dict[str, t.Any], whole: bool) -> None:
    assert revisions.is_whole(location) is whole
