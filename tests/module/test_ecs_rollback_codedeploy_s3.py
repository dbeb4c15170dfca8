# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module ecs_rollback, in process, against the simulator: AppSpec files of CodeDeploy that are kept in S3."""

from __future__ import annotations

import typing as t

import pytest

from tests.module.code_deploy import FINISHED, SHIFTED, BlueGreen, appspec, client
from tests.module.services import Shop, arn

BUCKET = "specs"
AS_YAML = f"""version: 0.0
Resources:
  - TargetService:
      Type: AWS::ECS::Service
      Properties:
        TaskDefinition: "{arn("web:2")}"
        LoadBalancerInfo:
          ContainerName: app
          ContainerPort: 80
"""


class Bucket:
    """A bucket of AppSpec files, with versions or without."""

    def __init__(self, versions: bool = False) -> None:
        self.s3 = client("s3")
        self.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        if versions:
            self.s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})

    def put(self, text: str, key: str = "web.json", pinned: bool = False, kind: str = "JSON") -> dict[str, t.Any]:
        """The revision of what was put there; ``pinned`` by what S3 says of it, its version or else its ETag."""
        answer = self.s3.put_object(Bucket=BUCKET, Key=key, Body=text.encode())
        place = {"bucket": BUCKET, "key": key, "bundleType": kind}
        if pinned and "VersionId" in answer:
            place["version"] = answer["VersionId"]
        elif pinned:
            place["eTag"] = answer["ETag"].strip('"')
        return {"revisionType": "S3", "s3Location": place}


@pytest.fixture
def blue_green(shop: Shop) -> BlueGreen:
    made = BlueGreen(shop)
    made.create(versions=4)
    return made


def released(blue_green: BlueGreen, *revisions: dict[str, t.Any]) -> None:
    """web:2, web:3 and so on were deployed with these revisions."""
    for number, revision in enumerate(revisions, 2):
        blue_green.deploy(f"web:{number}", revision=revision)


@pytest.mark.parametrize("versions", [True, False])
def test_a_revision_in_s3_is_deployed_again_as_it_is(shop: Shop, blue_green: BlueGreen, versions: bool) -> None:
    bucket = Bucket(versions)
    good = bucket.put(appspec("web:2"), "2.json", pinned=True)
    released(blue_green, good, bucket.put(appspec("web:3"), "3.json", pinned=True))
    run = shop.rollback()
    assert (run.outcome, run.only["method"], run.target) == ("rolled_back", "codedeploy_deployment", "web:2")
    assert blue_green.sets() == {"PRIMARY": "web:2"}
    assert run.sent("CreateDeployment")[0]["revision"] == good
    assert run.findings("history") == []
    assert shop.rollback().outcome == "unchanged"


def test_the_version_of_then_is_deployed_although_the_object_was_replaced(shop: Shop, blue_green: BlueGreen) -> None:
    bucket = Bucket(versions=True)
    good = bucket.put(appspec("web:2"), pinned=True)
    released(blue_green, good, bucket.put(appspec("web:3"), pinned=True))
    run = shop.rollback()
    assert (run.outcome, blue_green.sets()) == ("rolled_back", {"PRIMARY": "web:2"})
    assert run.sent("CreateDeployment")[0]["revision"] == good


def test_what_is_not_pinned_is_deployed_again_with_the_etag_that_was_read(shop: Shop, blue_green: BlueGreen) -> None:
    """Nothing else than what was looked at can be deployed so, whoever writes to the bucket meanwhile."""
    bucket = Bucket()
    good, bad = bucket.put(appspec("web:2"), "2.json"), bucket.put(appspec("web:3"), "3.json")
    etag = bucket.s3.head_object(Bucket=BUCKET, Key="2.json")["ETag"].strip('"')
    released(blue_green, good, bad)
    run = shop.rollback()
    assert (run.outcome, blue_green.sets()) == ("rolled_back", {"PRIMARY": "web:2"})
    assert run.sent("CreateDeployment")[0]["revision"]["s3Location"] == {**good["s3Location"], "eTag": etag}


def test_an_object_that_is_replaced_between_the_plan_and_the_deployment_is_not_deployed(
    shop: Shop, blue_green: BlueGreen
) -> None:
    bucket = Bucket()
    released(blue_green, bucket.put(appspec("web:2"), "2.json"), bucket.put(appspec("web:3"), "3.json"))
    assert shop.rollback(wait=False).outcome == "started"
    bucket.put(appspec("web:4"), "2.json")
    shop.sim.advance(FINISHED)
    assert blue_green.info(blue_green.listed()[0])["errorInformation"]["code"] == "REVISION_MISSING"
    assert blue_green.sets() == {"PRIMARY": "web:3"}


def test_a_file_in_yaml(shop: Shop, blue_green: BlueGreen) -> None:
    bucket = Bucket()
    released(blue_green, bucket.put(AS_YAML, "2.yaml", kind="YAML"), bucket.put(appspec("web:3"), "3.json"))
    assert (shop.rollback().outcome, blue_green.sets()) == ("rolled_back", {"PRIMARY": "web:2"})


def test_a_copy_of_its_task_definition_is_sent_along(shop: Shop, blue_green: BlueGreen) -> None:
    bucket = Bucket()
    released(blue_green, bucket.put(appspec("web:2"), "2.json"), bucket.put(appspec("web:3"), "3.json"))
    shop.deregister("web:2")
    run = shop.rollback(revision="2", pin_images="always")
    assert (run.outcome, run.target) == ("rolled_back", "web:5")
    assert run.sent("CreateDeployment")[0]["revision"]["revisionType"] == "AppSpecContent"


def test_a_deployment_that_runs_is_stopped_whatever_its_file_says(shop: Shop, blue_green: BlueGreen) -> None:
    bucket = Bucket()
    released(blue_green, bucket.put(appspec("web:2"), "2.json"))
    blue_green.deploy("web:3", settle=SHIFTED, revision=bucket.put(appspec("web:3"), "3.json"))
    shop.sim.fail("GetObject", code="AccessDenied", times=None)
    run = shop.rollback()
    assert (run.outcome, run.only["method"], blue_green.sets()) == (
        "rolled_back",
        "codedeploy_stop",
        {"PRIMARY": "web:2"},
    )


def denied(shop: Shop, bucket: Bucket) -> str:
    shop.sim.fail("GetObject", code="AccessDenied", message="Access Denied", times=None, when={"Key": "web.json"})
    return "s3://specs/web.json: Failed to read s3://specs/web.json: AccessDenied (Access Denied). The identity in use "


def gone(shop: Shop, bucket: Bucket) -> str:
    bucket.s3.delete_object(Bucket=BUCKET, Key="web.json")
    return "s3://specs/web.json: Failed to read s3://specs/web.json: NoSuchKey"


def replaced(shop: Shop, bucket: Bucket) -> str:
    bucket.put(appspec("web:2"))
    return "recorded neither a version nor an ETag, and the object was replaced at 20"


def too_large(shop: Shop, bucket: Bucket) -> str:
    bucket.s3.put_object(Bucket=BUCKET, Key="web.json", Body=b" " * 300_000)
    return "is larger than 256 KiB"


def not_a_text(shop: Shop, bucket: Bucket) -> str:
    bucket.s3.put_object(Bucket=BUCKET, Key="web.json", Body=b"\xff\xfe\x00")
    return "not UTF-8 text"


@pytest.mark.parametrize("happens", [denied, gone, replaced, too_large, not_a_text])
def test_nothing_is_guessed_where_the_last_good_file_cannot_be_read(
    shop: Shop, blue_green: BlueGreen, happens: t.Callable[[Shop, Bucket], str]
) -> None:
    """web:2 is known to be good, but web:3 came after it: only that may be the last good version."""
    bucket = Bucket()
    blue_green.deploy("web:2")
    unread = blue_green.deploy("web:3", revision=bucket.put(appspec("web:3")))
    then = shop.clock.now().isoformat()
    blue_green.deploy("web:4")
    why = happens(shop, bucket)
    run = shop.rollback()
    assert (run.outcome, run.writes) == ("refused", [])
    assert f"deployment {unread} succeeded after web:2 did, and what it deployed is not known" in run.message
    assert why in run.message
    assert run.finding("history")["severity"] == "unknown"
    assert unread in run.finding("history")["message"]
    assert "Nothing is guessed" in shop.rollback(as_of=then).message
    assert shop.rollback(revision="2").outcome == "rolled_back"
    assert blue_green.sets() == {"PRIMARY": "web:2"}


def test_one_that_was_replaced_after_a_pinned_etag(shop: Shop, blue_green: BlueGreen) -> None:
    bucket = Bucket()
    released(blue_green, bucket.put(appspec("web:2"), pinned=True), bucket.put(appspec("web:3"), pinned=True))
    run = shop.rollback()
    assert (run.outcome, run.writes) == ("refused", [])
    assert "the object was replaced since (its ETag is" in run.finding("history")["message"]


def test_a_bundle_is_not_an_appspec_file(shop: Shop, blue_green: BlueGreen) -> None:
    bucket = Bucket()
    released(blue_green, bucket.put(appspec("web:2"), kind="zip"), bucket.put(appspec("web:3"), "3.json"))
    run = shop.rollback()
    assert (run.outcome, run.writes) == ("refused", [])
    assert "its bundleType is zip" in run.finding("history")["message"]


def test_where_the_permission_for_a_version_is_missing_it_is_named(shop: Shop, blue_green: BlueGreen) -> None:
    bucket = Bucket(versions=True)
    released(blue_green, bucket.put(appspec("web:2"), pinned=True), bucket.put(appspec("web:3"), pinned=True))
    shop.sim.fail("GetObject", code="AccessDenied", times=None)
    run = shop.rollback()
    assert (run.outcome, run.writes) == ("refused", [])
    assert "s3:GetObjectVersion" in run.finding("history")["message"]


def test_each_object_is_read_once(shop: Shop, blue_green: BlueGreen) -> None:
    bucket = Bucket()
    same = bucket.put(appspec("web:2"))
    for _turn in range(3):
        blue_green.deploy("web:2", settle=FINISHED, revision=same)
    run = shop.info()
    assert run.result["api_calls"]["GetObject"] == 1
