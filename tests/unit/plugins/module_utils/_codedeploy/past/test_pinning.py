# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a bundle is still what was deployed, and what it is tied to."""

from __future__ import annotations

import typing as t
from datetime import timedelta

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy import revisions
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.past import pinning
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.past.pinning import Head, Version
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._codedeploy.builders import at, made, rev, s3

DELETED = Version("v9", "", at(50), deleted=True)


def version(name: str, minutes: float) -> Version:
    return Version(name, f"e-{name}", at(minutes))


@pytest.mark.parametrize(
    ("versions", "taken"),
    [
        # The deployment began at 60 and ended at 70.
        ([version("v1", 0)], "v1"),
        ([version("v1", 0), version("v2", 50)], "v2"),
        ([version("v2", 50), version("v1", 0)], "v2"),
        ([version("v1", 0), version("v2", 80)], "v1"),
        ([version("v1", 60)], "v1"),
        # It changed while instances downloaded it.
        ([version("v1", 0), version("v2", 65)], None),
        ([version("v1", 0), version("v2", 70)], None),
        # What was there then is gone, or was not there.
        ([version("v2", 80)], None),
        ([], None),
        ([version("v1", 0), DELETED], None),
        # What has no version is overwritten by the next one that has none.
        ([version("null", 0)], "null"),
        ([version("v1", 0), version("null", 80)], None),
        ([version("null", 0), version("v2", 80)], "null"),
        # S3 tells whole seconds.
        ([version("v1", 50), version("v2", 50)], None),
    ],
)
def test_the_version_that_a_deployment_took(versions: list[Version], taken: str | None) -> None:
    found = pinning.then(versions, at(60), at(70))
    assert (found.id if found else None) == taken
    assert pinning.then(versions, at(60), None) is None


@pytest.mark.parametrize(
    ("revision", "told"),
    [
        (s3("app.zip"), s3("app.zip", "v1", "e-v1")),
        (s3("app.zip", "v7"), s3("app.zip", "v7")),
        (s3("app.zip", etag="x"), s3("app.zip", etag="x")),
        (s3("other.zip"), s3("other.zip")),
        (rev(1), rev(1)),
    ],
)
def test_a_deployment_is_told_with_the_version_that_it_took(revision: dict[str, t.Any], told: dict[str, t.Any]) -> None:
    versions = {("releases", "app.zip"): [version("v1", 0)]}
    assert pinning.told(made(1, revision), versions).revision == told


def test_what_has_no_version_is_told_by_its_etag() -> None:
    versions = {("releases", "app.zip"): [version("null", 0)]}
    assert pinning.told(made(1, s3("app.zip")), versions).revision == s3("app.zip", etag="e-null")


@pytest.mark.parametrize(
    ("locations", "asked"),
    [
        ([s3("a.zip"), s3("b.zip")], []),
        ([s3("a.zip"), s3("a.zip")], [("releases", "a.zip")]),
        ([s3("a.zip"), s3("a.zip", "v1")], [("releases", "a.zip")]),
        ([s3("a.zip", "v2"), s3("a.zip", "v1")], []),
        ([rev(1), rev(1)], []),
    ],
)
def test_only_what_names_do_not_tell_apart_is_asked(locations: list[dict[str, t.Any]], asked: list[t.Any]) -> None:
    assert pinning.worth_asking([made(n, location) for n, location in enumerate(locations)]) == asked


HEAD = Head("e1", "", at(0))
NOW = Head("e2", "v2", at(500))


@pytest.mark.parametrize(
    ("target", "recorded", "head", "severities", "same", "moved", "sent"),
    [
        # A commit is what it was.
        (rev(1), rev(1), Head(), {}, True, False, None),
        # As it was recorded, with a version or an ETag.
        (s3("a.zip", "v1"), s3("a.zip", "v1"), HEAD, {}, True, False, None),
        (s3("a.zip", etag='"E1"'), s3("a.zip", etag='"E1"'), HEAD, {}, True, False, None),
        (s3("a.zip", "v1", "e9"), s3("a.zip", "v1", "e9"), HEAD, {"bundle": "block"}, False, False, None),
        (s3("a.zip", etag="e9"), s3("a.zip", etag="e9"), HEAD, {"bundle": "block"}, False, False, None),
        (s3("a.zip", "v1"), s3("a.zip", "v1"), Head(missing="404"), {"bundle": "block"}, False, False, None),
        (s3("a.zip"), s3("a.zip"), Head(missing="404"), {"bundle": "block"}, False, False, None),
        # The version that it took was found; CodeDeploy by itself would not take it.
        (s3("a.zip", "v1", "e1"), s3("a.zip"), HEAD, {"pinned": "info"}, True, True, None),
        # Nothing changed since: tied to what is there.
        (s3("a.zip"), s3("a.zip"), HEAD, {"pinned": "info"}, True, False, s3("a.zip", etag="e1")),
        (s3("a.zip"), s3("a.zip"), Head("e1", "v1", at(0)), {"pinned": "info"}, True, False, s3("a.zip", "v1", "e1")),
        # It was replaced since.
        (s3("a.zip"), s3("a.zip"), NOW, {"bundle": "block"}, False, True, None),
        # Not known.
        (s3("a.zip", "v1"), s3("a.zip", "v1"), "denied.", {"bundle": "unknown"}, False, False, None),
        (s3("a.zip"), s3("a.zip"), "denied.", {"bundle": "unknown", "unpinned": "warn"}, False, True, None),
    ],
)
def test_what_is_deployed_in_the_end(
    target: dict[str, t.Any],
    recorded: dict[str, t.Any],
    head: Head | str,
    severities: dict[str, str],
    same: bool,
    moved: bool,
    sent: dict[str, t.Any] | None,
) -> None:
    found = pinning.decide(target, recorded, made(1, recorded), head)
    assert {finding.check: finding.severity for finding in found.findings} == severities
    assert (found.same, found.moved) == (same, moved)
    assert found.location == (sent or target)


@pytest.mark.parametrize("good", [None, made(1, s3("a.zip"))])
def test_a_place_that_was_named_is_deployed_as_it_is_now(good: t.Any) -> None:
    found = pinning.decide(s3("a.zip"), None, good, NOW, as_it_is_now=True)
    assert [(f.check, f.severity) for f in found.findings] == [("unpinned", "warn")]
    assert found.location == s3("a.zip", "v2", "e2")
    refused = pinning.decide(s3("a.zip"), None, good, NOW, as_it_is_now=True, require_pinned=True)
    assert [(f.check, f.severity) for f in refused.findings] == [("unpinned", "block")]
    # Between this look and the deployment nobody can put something else there.
    assert revisions.is_pinned(found.location)


@pytest.mark.parametrize(
    ("target", "head", "blocks"),
    [
        (s3("a.zip"), "denied.", True),
        (s3("a.zip", "v1"), "denied.", False),
        (s3("a.zip"), HEAD, False),
        (s3("a.zip"), NOW, True),
        (rev(1), Head(), False),
    ],
)
def test_require_pinned(target: dict[str, t.Any], head: Head | str, blocks: bool) -> None:
    found = pinning.decide(target, target, made(1, target), head, require_pinned=True)
    assert any(f.severity == "block" for f in found.findings) is blocks


def test_when_it_changed_can_be_unknown() -> None:
    found = pinning.decide(s3("a.zip"), s3("a.zip"), made(1, s3("a.zip")), Head("e1"))
    assert [(f.check, f.severity) for f in found.findings] == [("bundle", "block")]
    assert "S3 does not say when it changed" in found.findings[0].message


def test_a_second_earlier_is_early_enough() -> None:
    good = made(1, s3("a.zip"))
    just = Head("e1", "", good.created_at - timedelta(seconds=1))
    assert pinning.decide(s3("a.zip"), s3("a.zip"), good, just).same
    late = Head("e1", "", good.created_at + timedelta(seconds=1))
    assert not pinning.decide(s3("a.zip"), s3("a.zip"), good, late).same
