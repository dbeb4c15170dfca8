# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Deployments and groups for tables."""

from __future__ import annotations

import typing as t
from datetime import UTC, datetime, timedelta

from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.model import Deployment, Group, Location

START = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def s3(name: str, version: str = "", etag: str = "", bundle: str = "zip") -> dict[str, t.Any]:
    place = {"bucket": "releases", "key": name, "bundleType": bundle}
    place.update({"version": version} if version else {})
    place.update({"eTag": etag} if etag else {})
    return {"revisionType": "S3", "s3Location": place}


def rev(number: int) -> dict[str, t.Any]:
    """A revision that is pinned: a commit."""
    return {
        "revisionType": "GitHub",
        "gitHubLocation": {"repository": "acct/app", "commitId": f"{number:x}" * 40},
    }


def made(
    number: int, revision: int | Location | None, status: str = "Succeeded", creator: str = "user", **more: t.Any
) -> Deployment:
    """``d-<number>``, created ``number`` hours after the start, and ended ten minutes later."""
    location = rev(revision) if isinstance(revision, int) else revision or {}
    ended = at(number * 60 + 10) if status in ("Succeeded", "Failed", "Stopped") else None
    given: dict[str, t.Any] = {"completed_at": ended, "revision": location, "creator": creator, **more}
    return Deployment(f"d-{number}", "app", "prod", status, at(number * 60), **given)


def rollback(number: int, of: int, revision: int | None, status: str = "Succeeded", **more: t.Any) -> Deployment:
    return made(number, revision, status, "codeDeployRollback", triggered_by=f"d-{of}", **more)


def group(**more: t.Any) -> Group:
    given: dict[str, t.Any] = {
        "platform": "Server",
        "style": "IN_PLACE",
        "service_role": "arn:aws:iam::123456789012:role/codedeploy",
        "has_instance_tags": True,
        **more,
    }
    return Group("app", "prod", **given)
