# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The image that was good: references taken apart, what is decided of them, and copies that pin them."""

from __future__ import annotations

import itertools
import typing as t

import botocore.session
import botocore.validate
import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._ecs import images
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.images import Check, Image, Resolution
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import TaskDefinition
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import (
    arn,
    revision,
    task_definition,
)

D1, D2, D3 = (f"sha256:{digit * 64}" for digit in "123")
ECR = "123456789012.dkr.ecr.eu-central-1.amazonaws.com"


# -- references


@pytest.mark.parametrize(
    ("reference", "name", "tag", "digest"),
    [
        ("web", "web", "latest", ""),
        ("web:1.2", "web", "1.2", ""),
        ("shop/web", "shop/web", "latest", ""),
        ("shop/web:1.2", "shop/web", "1.2", ""),
        ("registry:5000/web", "registry:5000/web", "latest", ""),
        ("registry:5000/web:1.2", "registry:5000/web", "1.2", ""),
        ("registry:5000/shop/web:1.2", "registry:5000/shop/web", "1.2", ""),
        (f"web@{D1}", "web", "", D1),
        (f"web:1.2@{D1}", "web", "1.2", D1),
        (f"registry:5000/web@{D1}", "registry:5000/web", "", D1),
        (f"registry:5000/web:1.2@{D1}", "registry:5000/web", "1.2", D1),
        (f"{ECR}/shop/web:1.2", f"{ECR}/shop/web", "1.2", ""),
        ("", "", "latest", ""),
    ],
)
def test_a_reference_in_its_parts(reference: str, name: str, tag: str, digest: str) -> None:
    assert images.parse(reference) == Image(name, tag, digest)


@pytest.mark.parametrize(
    ("host", "account", "region"),
    [
        (ECR, "123456789012", "eu-central-1"),
        ("123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com", "123456789012", "us-gov-west-1"),
        ("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn", "123456789012", "cn-north-1"),
        ("123456789012.dkr-ecr.eu-central-1.on.aws", "123456789012", "eu-central-1"),
        # The European Sovereign Cloud: dnsSuffix of the partition aws-eusc in botocore's partitions.json.
        ("123456789012.dkr.ecr.eusc-de-east-1.amazonaws.eu", "123456789012", "eusc-de-east-1"),
        ("123456789012.dkr-ecr-fips.us-east-1.on.aws", "123456789012", "us-east-1"),
    ],
)
def test_a_private_registry_of_ecr(host: str, account: str, region: str) -> None:
    image = images.parse(f"{host}/shop/web:1.2")
    assert image.ecr is not None
    assert (image.ecr["account"], image.ecr["region"], image.repository) == (account, region, "shop/web")


@pytest.mark.parametrize(
    "reference",
    [
        "web:1",
        "registry:5000/web:1",
        "public.ecr.aws/shop/web:1",
        "ghcr.io/shop/web:1",
        "12345.dkr.ecr.eu-central-1.amazonaws.com/web:1",
        f"mirror.example/{ECR}/web:1",
        f"{ECR}.example/web:1",
    ],
)
def test_any_other_registry(reference: str) -> None:
    assert images.parse(reference).ecr is None


@pytest.mark.parametrize(("reference", "repository"), [("web:1", "web"), ("registry:5000/a/b:1", "a/b")])
def test_the_repository_is_the_name_without_the_host(reference: str, repository: str) -> None:
    assert images.parse(reference).repository == repository


# -- what is known without the registry


def ran(number: int, image: str, digest: str = "") -> t.Any:
    container = {"containerName": "app", "image": image, **({"imageDigest": digest} if digest else {})}
    return revision(number, digest, containerImages=[container])


NO_PROOF = "the registry was not asked, and nothing shows that the tag moved"


@pytest.mark.parametrize(
    ("newest_first", "expected"),
    [
        ([], Resolution("unknown", "", "the registry was not asked")),
        ([ran(3, "web:other", D2)], Resolution("unknown", "", "the registry was not asked")),
        ([ran(3, "web:1", D1)], Resolution("unknown", "", NO_PROOF)),
        (
            [ran(3, "web:1", D2), ran(1, "web:1", D1)],
            Resolution("moved", D2, "a later deployment pulled another image by the same tag"),
        ),
        # The newest deployment decides: the tag was moved there and back.
        ([ran(3, "web:1", D1), ran(2, "web:1", D2), ran(1, "web:1", D1)], Resolution("unknown", "", NO_PROOF)),
        # One without a digest tells nothing.
        (
            [ran(3, "web:1"), ran(2, "web:1", D2)],
            Resolution("moved", D2, "a later deployment pulled another image by the same tag"),
        ),
        ([revision(3)], Resolution("unknown", "", "the registry was not asked")),
    ],
    ids=["nothing ran", "another image", "the same", "moved", "there and back", "no digest", "no images"],
)
def test_what_later_deployments_show_of_a_tag(newest_first: list[t.Any], expected: Resolution) -> None:
    assert images.last_known("web:1", newest_first, D1) == expected


@pytest.mark.parametrize(("image", "expected"), [("web:1", False), (f"web@{D1}", True), (f"web:1@{D1}", True)])
def test_a_revision_that_names_an_image_by_digest(image: str, expected: bool) -> None:
    assert images.by_digest(ran(3, image, D1)) is expected


# -- deciding


def of_container(state: images.State, recorded: str = D1, why: str = "", name: str = "app") -> Check:
    return Check(name, "web:1", recorded, Resolution(state, why=why))


STATES = t.get_args(images.State)
# By mode, what the registry says, and whether a digest is on record: whether it is pinned, and what is found.
UNKNOWN = ("image_identity", "unknown")
DECISIONS: dict[tuple[str, str, bool], tuple[bool, tuple[str, str] | None]] = {
    ("auto", "same", True): (False, None),
    ("auto", "moved", True): (True, ("image_moved", "warn")),
    ("auto", "gone", True): (False, ("image_gone", "block")),
    ("auto", "archived", True): (False, ("image_archived", "block")),
    ("auto", "unknown", True): (False, UNKNOWN),
    ("always", "same", True): (True, None),
    ("always", "moved", True): (True, ("image_moved", "warn")),
    ("always", "gone", True): (False, ("image_gone", "block")),
    ("always", "archived", True): (False, ("image_archived", "block")),
    ("always", "unknown", True): (True, UNKNOWN),
    **{(mode, state, False): (False, UNKNOWN) for mode in ("auto", "always") for state in t.get_args(images.State)},
    **{
        ("never", state, on_record): (False, UNKNOWN)
        for state in t.get_args(images.State)
        for on_record in (False, True)
    },
}


@pytest.mark.parametrize(
    ("mode", "state", "on_record"),
    list(itertools.product(t.get_args(images.PinImages), STATES, (True, False))),
)
def test_decision(mode: images.PinImages, state: images.State, on_record: bool) -> None:
    pinned, found = DECISIONS[mode, state, on_record]
    decision = images.decide(mode, task_definition(1), [of_container(state, D1 if on_record else "")])
    assert decision.pin == ({"app": D1} if pinned else {})
    assert [(f.check, f.severity) for f in decision.findings] == ([found] if found else [])
    for finding in decision.findings:
        assert finding.message.startswith("container app of web:1 ")


def test_what_is_pinned_may_still_be_gone() -> None:
    [finding] = images.decide("always", task_definition(1), [of_container("unknown", why="it was not asked")]).findings
    assert f"it is pinned to {D1}; whether the registry still has that image is not known (it was not asked)" in (
        finding.message
    )


@pytest.mark.parametrize("state", ["gone", "archived"])
@pytest.mark.parametrize("mode", ["auto", "always"])
def test_an_image_out_of_sight_is_pinned_if_the_record_is_trusted(mode: images.PinImages, state: images.State) -> None:
    decision = images.decide(mode, task_definition(1), [of_container(state, D1)], trusts_record=True)
    assert decision.pin == {"app": D1}
    assert decision.findings[0].message.endswith(". It is pinned to that image all the same")
    assert images.decide(mode, task_definition(1), [of_container(state, "")], trusts_record=True).pin == {}


def test_without_images_by_tag_there_is_nothing_to_decide() -> None:
    for mode in t.get_args(images.PinImages):
        assert images.decide(mode, task_definition(1), []) == images.Decision({}, ())


def test_a_copy_pins_all_that_is_on_record() -> None:
    checks = [of_container("moved"), of_container("same", D2, name="log"), of_container("same", "", name="new")]
    assert images.decide("auto", task_definition(1), checks).pin == {"app": D1, "log": D2}


def test_one_image_that_is_gone_blocks_whatever_the_others_are() -> None:
    found = images.decide("auto", task_definition(1), [of_container("moved"), of_container("gone", name="log")])
    assert [f.severity for f in found.findings] == ["warn", "block"]


@pytest.mark.parametrize("state", ["moved", "gone", "archived", "unknown"])
def test_why_is_told(state: images.State) -> None:
    [finding] = images.decide("auto", task_definition(1), [of_container(state, why="the tag 1 is gone")]).findings
    assert "(the tag 1 is gone)" in finding.message


def test_with_never_the_finding_says_that_identity_is_not_proven() -> None:
    [finding] = images.decide("never", task_definition(1), [of_container("moved")]).findings
    assert finding.message.endswith("pin_images is never: that it is the image that was good is not proven")


# -- copies


def full(number: int, *containers: dict[str, t.Any], **changes: t.Any) -> TaskDefinition:
    """As DescribeTaskDefinition shows it, with all that RegisterTaskDefinition does not take back."""
    content = {
        "taskDefinitionArn": arn(number),
        "family": "web",
        "revision": number,
        "status": changes.pop("status", "ACTIVE"),
        "volumes": [],
        "placementConstraints": [],
        "networkMode": "awsvpc",
        "cpu": "256",
        "memory": "512",
        "requiresCompatibilities": ["FARGATE"],
        "compatibilities": ["EC2", "FARGATE"],
        "requiresAttributes": [{"name": "com.amazonaws.ecs.capability.ecr-auth"}],
        "registeredAt": "2026-11-20",
        "registeredBy": "arn:aws:iam::123456789012:user/ci",
        "deregisteredAt": "2026-11-21",
        "deleteRequestedAt": "2026-11-22",
        "containerDefinitions": list(containers) or [container("app", "registry/web:1")],
        **changes,
    }
    return TaskDefinition(arn(number), content["status"], {}, content)


def container(name: str, image: str, **changes: t.Any) -> dict[str, t.Any]:
    return {"name": name, "image": image, "essential": True, "environment": [], **changes}


def tagged(made: TaskDefinition, **tags: str) -> TaskDefinition:
    return TaskDefinition(made.arn, made.status, tags, made.content)


def shapes() -> tuple[t.Any, t.Any]:
    model = botocore.session.get_session().get_service_model("ecs")
    return model.operation_model("RegisterTaskDefinition").input_shape, model.shape_for("TaskDefinition")


def test_a_copy_drops_all_that_register_task_definition_does_not_take() -> None:
    takes, shows = shapes()
    content = {name: "x" for name in shows.members if name != "containerDefinitions"}
    copy = images.pinned_copy(TaskDefinition(arn(1), "ACTIVE", {}, {**content, "containerDefinitions": []}), {})
    assert set(copy) <= set(takes.members)
    assert set(shows.members) & set(takes.members) == set(copy) - {"tags"}


def test_a_copy_is_a_request_that_botocore_takes() -> None:
    copy = images.pinned_copy(tagged(full(1), team="shop"), {"app": D1})
    assert botocore.validate.ParamValidator().validate(copy, shapes()[0]).generate_report() == ""


def test_a_copy_is_the_same_in_all_but_the_image() -> None:
    original = full(1, container("app", "registry:5000/web:1"), container("log", "log:2"))
    copy = images.pinned_copy(original, {"app": D1})
    assert copy["containerDefinitions"] == [container("app", f"registry:5000/web@{D1}"), container("log", "log:2")]
    assert {key: value for key, value in copy.items() if key not in ("containerDefinitions", "tags")} == {
        key: original.content[key]
        for key in ("family", "volumes", "placementConstraints", "networkMode", "cpu", "memory")
        + ("requiresCompatibilities",)
    }
    assert original.content["containerDefinitions"][0]["image"] == "registry:5000/web:1"


def test_a_copy_keeps_the_tags_of_its_owner_and_none_of_ours_or_of_aws() -> None:
    tags = {"team": "shop", "lastgood:good": "yes", "lastgood:pinned": "x", "aws:cloudformation:stack-name": "web"}
    assert images.pinned_copy(tagged(full(1), **tags), {})["tags"] == [
        {"key": "team", "value": "shop"},
        {"key": "lastgood:copy-of", "value": "web:1"},
    ]


def test_of_more_tags_than_aws_takes_ours_goes() -> None:
    owners = {f"owner-{number}": "x" for number in range(50)}
    assert [tag["key"] for tag in images.pinned_copy(tagged(full(1), **owners), {})["tags"]] == list(owners)
    owners.popitem()
    assert len(images.pinned_copy(tagged(full(1), **owners), {})["tags"]) == 50


POLICY = "The tag policy does not allow the specified value for the following tag key: '%s'."


@pytest.mark.parametrize(
    ("tags", "refusal", "left"),
    [
        (["team", "Project", "lastgood:copy-of"], POLICY % "Project", ["team", "lastgood:copy-of"]),
        (["team", "Project", "lastgood:copy-of"], POLICY % "lastgood:copy-of", ["team", "Project"]),
        # Neither a part of another word nor a tag that it has not.
        (["team", "lastgood:copy-of"], POLICY % "teams", ["team"]),
        (["team", "lastgood:copy-of"], "User is not authorized to perform: ecs:TagResource", ["team"]),
        (["team"], "User is not authorized to perform: ecs:TagResource", []),
        (["Project"], POLICY % "Project", []),
    ],
)
def test_the_tags_to_try_again_with(tags: list[str], refusal: str, left: list[str]) -> None:
    assert images.fewer_tags(tags, refusal) == left


def registered(number: int, original: TaskDefinition, pin: t.Mapping[str, str]) -> TaskDefinition:
    """The copy as it is described later, with its tags."""
    request = images.pinned_copy(original, pin)
    tags = {tag["key"]: tag["value"] for tag in request.pop("tags")}
    return tagged(full(number, *request.pop("containerDefinitions"), **request), **tags)


def test_round_trip() -> None:
    original = full(1)
    copy = registered(4, original, {"app": D1})
    assert images.copied_from(copy) == "web:1"
    assert images.is_copy(copy, original)
    assert images.is_the_copy(copy, original, {"app": D1})
    assert images.original_of(copy, [copy, full(3, container("app", "registry/web:3")), original]) == arn(1)


APP = container("app", "web:1")


@pytest.mark.parametrize(
    ("copy", "original", "expected"),
    [
        ([container("app", f"web@{D1}")], [APP], True),
        ([container("app", f"web:1@{D1}")], [APP], True),
        ([container("app", f"web@{D1}"), container("log", "log:1")], [APP, container("log", "log:1")], True),
        ([container("app", f"web@{D1}"), container("log", "log:2")], [APP, container("log", "log:1")], False),
        ([container("app", f"other@{D1}")], [APP], False),
        ([container("app", "web:2")], [APP], False),
        ([APP], [APP], False),
        ([container("app", f"web@{D1}", cpu=1)], [APP], False),
        ([container("app", f"web@{D1}"), container("log", f"log@{D2}")], [APP], False),
        ([container("app", f"web@{D1}")], [container("app", f"web@{D1}")], False),
        ([container("app", f"web@{D2}")], [container("app", f"web@{D1}")], False),
    ],
    ids=[
        "pinned",
        "pinned beside its tag",
        "one of two pinned",
        "another tag beside it",
        "another repository",
        "another tag",
        "the very same",
        "another setting",
        "one container more",
        "both by the same digest",
        "both by digest",
    ],
)
def test_known_by_content(copy: list[t.Any], original: list[t.Any], expected: bool) -> None:
    assert images.is_copy(full(4, *copy), full(1, *original)) is expected


def test_the_tag_outweighs_the_content() -> None:
    same_content = [full(1), full(2), full(3)]
    copy = tagged(registered(4, full(1), {"app": D1}), **{"lastgood:copy-of": "web:2"})
    assert images.original_of(copy, same_content) == arn(2)
    assert images.original_of(tagged(copy), same_content) == arn(1)


@pytest.mark.parametrize("value", ["", "web", "web:x", "?"])
def test_a_tag_that_cannot_be_read_leaves_the_content(value: str) -> None:
    copy = tagged(registered(4, full(1), {"app": D1}), **{"lastgood:copy-of": value})
    assert images.copied_from(copy) is None
    assert images.original_of(copy, [full(1)]) == arn(1)


def test_one_whose_original_is_not_there() -> None:
    copy = registered(4, full(1), {"app": D1})
    assert images.original_of(copy, [full(2), copy]) is None
    assert images.original_of(tagged(copy), [copy]) is None


@pytest.mark.parametrize(
    ("found", "pin", "expected"),
    [
        ({"app": D1}, {"app": D1}, True),
        ({"app": D2}, {"app": D1}, False),
        ({}, {"app": D1}, False),
        ({"app": D1}, {}, False),
        ({}, {}, True),
    ],
)
def test_a_copy_that_an_earlier_run_registered(found: dict[str, str], pin: dict[str, str], expected: bool) -> None:
    original = full(1, status="INACTIVE")
    assert images.is_the_copy(registered(4, original, found), original, pin) is expected


def test_another_setting_is_not_the_copy() -> None:
    original = full(1)
    other = full(4, container("app", f"registry/web@{D1}"), cpu="512")
    assert not images.is_the_copy(other, original, {"app": D1})


def test_images_by_tag() -> None:
    made = full(1, container("app", "web:1"), container("log", f"log@{D1}"), container("side", "side"))
    assert images.by_tag(made) == {"app": "web:1", "side": "side"}


@pytest.mark.parametrize(
    ("copy", "original", "expected"),
    [
        (ran(4, f"web@{D1}", D1), ran(1, "web:1", D1), True),
        # ECS recorded nothing, and the name tells.
        (ran(4, f"web@{D1}"), ran(1, "web:1", D1), True),
        (ran(4, f"web@{D1}", D1), ran(1, "web:1", D2), False),
        (ran(4, f"web@{D1}", D1), ran(1, "web:1"), False),
        (ran(4, f"web@{D1}", D1), ran(1, "other:1", D1), False),
        # As a copy of what was deregistered.
        (ran(4, f"web@{D1}", D1), ran(1, f"web@{D1}", D1), True),
        (ran(4, f"web@{D1}", D1), ran(1, f"web@{D2}", D2), False),
        (ran(4, "web:1", D1), ran(1, "web:1", D1), False),
        (ran(4, f"web@{D1}", D1), revision(1), False),
        (revision(4), revision(1), False),
    ],
)
def test_what_may_be_a_copy_by_what_was_recorded(copy: t.Any, original: t.Any, expected: bool) -> None:
    assert images.may_pin(copy, original) is expected


def test_every_container_counts_for_what_may_be_a_copy() -> None:
    def two(number: int, *references: str) -> t.Any:
        recorded = [
            {"containerName": name, "image": image, "imageDigest": D1}
            for name, image in zip(("app", "log"), references, strict=False)
        ]
        return revision(number, containerImages=recorded)

    assert images.may_pin(two(4, f"web@{D1}", f"log@{D1}"), two(1, "web:1", "log:1"))
    assert images.may_pin(two(4, f"web@{D1}", "log:1"), two(1, "web:1", "log:1"))
    assert not images.may_pin(two(4, f"web@{D1}", "log:2"), two(1, "web:1", "log:1"))
    assert not images.may_pin(two(4, f"web@{D1}"), two(1, "web:1", "log:1"))


def test_a_copy_of_a_copy_is_one_of_the_first() -> None:
    copy = registered(4, full(1), {"app": D1})
    again = registered(6, copy, {})
    assert images.copied_from(again) == "web:1"
