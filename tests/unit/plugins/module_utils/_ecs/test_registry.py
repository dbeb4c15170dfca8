# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What ECR says of an image, with a client that is scripted."""

from __future__ import annotations

import json
import typing as t
from types import SimpleNamespace

import botocore.model
import botocore.session
import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._ecs import images, registry
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.images import Resolution
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import (
    FakeAws,
    connection_lost,
    refused_by_aws,
)

D1, D2 = (f"sha256:{digit * 64}" for digit in "12")
IMAGE = images.parse("123456789012.dkr.ecr.eu-central-1.amazonaws.com/shop/web:1.2")


def manifest(digest: str, *members: str) -> dict[str, t.Any]:
    """An image as BatchGetImage answers, an index if it has members."""
    content = {"manifests": [{"digest": member} for member in members]} if members else {"layers": []}
    return {"imageId": {"imageDigest": digest}, "imageManifest": json.dumps(content)}


PLAIN = {"images": [manifest(D1), manifest(D2)]}


class Registry(FakeAws):
    """ECR of one Region. ``by`` is what it says of an image by digest, and by tag."""

    def __init__(
        self, by_digest: t.Any, by_tag: t.Any = None, region: str = "eu-central-1", manifests: t.Any = None
    ) -> None:
        super().__init__(describe_images=self._describe, batch_get_image=PLAIN if manifests is None else manifests)
        self._by = {"imageDigest": by_digest, "imageTag": by_tag}
        self._region = region

    def client(self, service: str) -> t.Any:
        return SimpleNamespace(meta=SimpleNamespace(region_name=self._region))

    def _describe(self, registryId: str, repositoryName: str, imageIds: list[dict[str, str]]) -> t.Any:
        [[kind]] = imageIds
        return self._by[kind]


def details(digest: str = D1, **more: str) -> dict[str, t.Any]:
    return {"imageDetails": [{"imageDigest": digest, **more}]}


def no(code: str) -> Exception:
    return refused_by_aws("DescribeImages", code, "no")


@pytest.mark.parametrize(
    ("by_digest", "by_tag", "expected"),
    [
        (details(), details(), Resolution("same", D1)),
        (details(), details(D2), Resolution("moved", D2, f"it names {D2} now")),
        (details(), no("ImageNotFoundException"), Resolution("moved", "", "the tag 1.2 is gone")),
        (details(), {"imageDetails": []}, Resolution("moved", "", "the tag 1.2 is gone")),
        (
            no("ImageNotFoundException"),
            details(D2),
            Resolution("gone", "", "ECR does not find it by its digest"),
        ),
        (
            no("RepositoryNotFoundException"),
            no("RepositoryNotFoundException"),
            Resolution("gone", "", "ECR does not find it by its digest"),
        ),
    ],
    ids=["same", "moved", "tag deleted", "no details", "image deleted", "repository deleted"],
)
def test_what_ecr_says(by_digest: t.Any, by_tag: t.Any, expected: Resolution) -> None:
    assert registry.resolve(Registry(by_digest, by_tag), IMAGE, D1) == expected


@pytest.mark.parametrize(
    ("manifests", "state"),
    [
        ({"images": [manifest(D2, "sha256:arm", D1), manifest(D1)]}, "same"),
        ({"images": [manifest(D2), manifest(D1, D2)]}, "same"),
        ({"images": [manifest(D2, "sha256:arm"), manifest(D1)]}, "moved"),
        # An index is in no other one.
        ({"images": [manifest(D2, "sha256:arm")]}, "moved"),
        (PLAIN, "moved"),
        ({"images": [manifest(D2)]}, "unknown"),
        ({"images": [{"imageId": {"imageDigest": D2}, "imageManifest": "?"}, manifest(D1)]}, "unknown"),
        ({}, "unknown"),
        (refused_by_aws("BatchGetImage"), "unknown"),
    ],
    ids=["platform", "index", "another index", "index alone", "no index", "gone", "garbled", "cut off", "denied"],
)
def test_the_digest_of_an_index_and_that_of_its_platform_are_one_image(manifests: t.Any, state: str) -> None:
    aws = Registry(details(), details(D2), manifests=manifests)
    compared = registry.compare(aws, IMAGE, D1, D2)
    assert (compared.state, compared.now, bool(compared.why)) == (state, D2, state != "same")
    found = registry.resolve(aws, IMAGE, D1)
    # Before the move, what is not known to be the same is pinned.
    assert (found and found.state, found and found.now) == ("moved" if state == "unknown" else state, D2)
    assert found is not None
    assert ("is not known" in found.why) is (state == "unknown")
    asked = [request["imageIds"] for request in aws.sent("batch_get_image")]
    assert asked == [[{"imageDigest": D2}, {"imageDigest": D1}]] * 2


def test_what_is_in_another_registry_cannot_be_compared() -> None:
    aws = Registry(details())
    elsewhere = images.parse("ghcr.io/shop/web:1")
    assert registry.compare(aws, elsewhere, D1, D1).state == "same"
    assert registry.compare(aws, elsewhere, D1, D2) == Resolution(
        "unknown", D2, "it is not in a private ECR registry of this Region"
    )
    assert aws.requests == []


def test_manifests_are_read_only_if_the_digests_differ() -> None:
    aws = Registry(details(), details())
    registry.resolve(aws, IMAGE, D1)
    assert aws.sent("batch_get_image") == []


def statuses() -> list[str]:
    model = botocore.session.get_session().get_service_model("ecr")
    try:
        return list(model.shape_for("ImageStatus").enum)
    except botocore.model.NoShapeFoundError:
        # An older botocore.
        return []


STATES = {"ACTIVE": "same", "ARCHIVED": "archived", "ACTIVATING": "archived", "SOMETHING_NEW": "same"}


@pytest.mark.parametrize("status", sorted({*STATES, *statuses()}))
def test_each_status_of_an_image(status: str) -> None:
    found = registry.resolve(Registry(details(imageStatus=status), details()), IMAGE, D1)
    assert found is not None
    assert found.state == STATES[status]
    assert found.why == (f"ECR shows it as {status}" if found.state == "archived" else "")


def test_an_image_is_asked_for_in_its_own_registry() -> None:
    aws = Registry(details(), details())
    registry.resolve(aws, IMAGE, D1)
    assert [request["imageIds"] for request in aws.sent("describe_images")] == [
        [{"imageDigest": D1}],
        [{"imageTag": "1.2"}],
    ]
    assert {(r["registryId"], r["repositoryName"]) for r in aws.sent("describe_images")} == {
        ("123456789012", "shop/web")
    }


@pytest.mark.parametrize("reference", ["web:1", "ghcr.io/shop/web:1", "public.ecr.aws/shop/web:1"])
def test_other_registries_are_not_asked(reference: str) -> None:
    aws = Registry(details())
    assert registry.resolve(aws, images.parse(reference), D1) is None
    assert aws.requests == []


def test_another_region_is_not_asked() -> None:
    aws = Registry(details(), region="us-east-1")
    assert registry.resolve(aws, IMAGE, D1) is None
    assert aws.requests == []


@pytest.mark.parametrize(
    ("by_digest", "by_tag"),
    [
        (no("AccessDeniedException"), details()),
        (details(), no("AccessDeniedException")),
    ],
    ids=["by digest", "by tag"],
)
def test_a_missing_permission_hides_it(by_digest: t.Any, by_tag: t.Any) -> None:
    found = registry.resolve(Registry(by_digest, by_tag), IMAGE, D1)
    assert found is not None
    assert found.state == "unknown"
    assert "Failed to describe images of ECR repository shop/web" in found.why
    assert "needs the permission ecr:DescribeImages" in found.why


@pytest.mark.parametrize("trouble", [connection_lost(), {"cut": "here"}, no("ServerException")])
def test_an_answer_that_does_not_come_is_unknown(trouble: t.Any) -> None:
    found = registry.resolve(Registry(trouble), IMAGE, D1)
    assert (found.state, bool(found.why)) == ("unknown", True) if found else False
